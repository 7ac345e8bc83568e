"""Parts of pages that their scripts ask for: what a search found, and a passage in its note. HTML, for our own pages only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from rag.answer import cite
from rag.errors import FootnotesError
from rag.messages import explain, speaking
from ui import found, text
from ui.source import source_html
from ui.views import source_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rag.engine import Engine
    from rag.types import Chunk
    from ui.paths import Paths

_MOST = 30  # passages
_LONGEST = 4_000  # characters of a query


def add(app: FastAPI, engine: Engine, paths: Paths) -> None:
    """Serve them from an engine."""

    def words(request: Request) -> text.Text:
        return text.load(text.choose(engine.settings.language, request.headers.get("accept-language", "")))

    def search(
        request: Request,
        q: Annotated[str, Query(max_length=_LONGEST)] = "",
        ignore: Annotated[list[str] | None, Query()] = None,
    ) -> HTMLResponse:
        said = words(request)
        with speaking(said.language):
            try:
                return HTMLResponse(found.found_html(q, engine.search(q, _MOST, ignore=ignore or ()), said))
            except FootnotesError as e:
                return HTMLResponse(found.failed_html(explain(e), said))

    def passage(request: Request, id: str, start: int, end: int, n: int) -> HTMLResponse:  # noqa: A002 - the name in the URL
        document = engine.document(id)
        chunk = _chunk_at(engine, id, start, end) if document else None
        if document is None or chunk is None:
            return HTMLResponse("", 404)
        citation = cite.citation_for(chunk, (0, len(chunk.text)), n)
        return HTMLResponse(source_html(citation, source_of(engine, id, paths), (n, n), words(request)))

    app.get("/found")(search)
    app.get("/passage")(passage)


def _chunk_at(engine: Engine, doc_id: str, start: int, end: int) -> Chunk | None:
    """The passage of a note that stands there; None: the note has changed since."""
    chunks = engine.catalogue.chunks_of(doc_id)
    return next((chunk for chunk in chunks if (chunk.start, chunk.end) == (start, end)), None)
