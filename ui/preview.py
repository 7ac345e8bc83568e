"""Before a question is sent: where it would go, and with which passages. Nothing is sent to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request
from fastapi.responses import PlainTextResponse

from rag import answering, sending
from rag.asking import Asked
from rag.errors import FootnotesError
from rag.messages import explain, speaking
from ui import text, under

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rag.engine import Engine

_LONGEST = 20_000  # characters of a question


def add(app: FastAPI, engine: Engine) -> None:
    """Serve the preview from an engine."""

    def preview(request: Request, q: Annotated[str, Query(max_length=_LONGEST)]) -> PlainTextResponse:
        accepted = request.headers.get("accept-language", "")
        words = text.load(text.choose(engine.settings.language, accepted))
        with speaking(words.language):
            try:
                goes = goes_to(engine)
                prompt = answering.preview(engine, Asked(q))
            except FootnotesError as e:
                return PlainTextResponse(under.failed_html(explain(e), words))
        assert goes is not None  # noqa: S101 - without a model there is no preview
        return PlainTextResponse(under.preview_html(prompt, goes, words))

    app.get("/ask/preview")(preview)


def goes_to(engine: Engine) -> under.Goes | None:
    """Where questions go; None where no language model is set."""
    writer = engine.generator
    if writer is None:
        return None
    ids = [row.id for row in engine.files() if row.status == "indexed"] if writer.place.far else []
    held = len(sending.held_back(engine.catalogue, engine.settings.llm, ids))
    return under.Goes(writer.place.server, writer.llm.name, writer.place.far, held)
