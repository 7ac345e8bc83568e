"""What a source panel shows beside text: a note as a page, a page of a PDF, a picture. Only what is indexed is served.

A file is given out by the id of its document, and only while its bytes are those that were indexed: whatever a name or
a link on the disk leads to, nothing else can come out.
"""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import PlainTextResponse, Response

from rag.errors import LoadError
from rag.messages import speaking
from rag.related import told
from ui import pdf_page, rendered, text
from ui.source import Source

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rag.engine import Engine
    from rag.related import Related
    from rag.types import Document
    from ui.paths import Paths

_RELATED = 6  # notes
_KEPT = {"cache-control": "private, max-age=600"}
_PICTURES = (  # by their first bytes; SVG is not among them, it is a program
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)


def add(app: FastAPI, engine: Engine) -> None:
    """Serve them from an engine."""

    def view(id: str, start: int, end: int, sha256: str, page: int | None = None) -> Response:  # noqa: A002 - the name in the URL
        document = engine.document(id)
        if document is None or document.sha256 != sha256:
            return _nothing()
        shown = view_html(document, (start, end), page)
        # Not as HTML: nobody is to open it as a page of its own.
        return PlainTextResponse(shown) if shown else _nothing()

    def page(
        id: str,  # noqa: A002 - the name in the URL
        page: Annotated[int, Query(ge=1, le=100_000)],
        start: int,
        end: int,
    ) -> Response:
        document = engine.document(id)
        data = indexed_bytes(engine, document) if document and document.format == "pdf" else None
        if document is None or data is None:
            return _nothing()
        try:
            drawn = pdf_page.picture(document.id, data, page, document.text[max(start, 0) : max(end, 0)])
        except LoadError:
            return _nothing()
        return Response(drawn, media_type="image/png", headers=_KEPT)

    def image(id: str) -> Response:  # noqa: A002 - the name in the URL
        document = engine.document(id)
        data = indexed_bytes(engine, document) if document and document.format == "image" else None
        kind = kind_of(data) if data else None
        return Response(data, media_type=kind, headers=_KEPT) if kind else _nothing()

    def related(request: Request, id: str) -> Response:  # noqa: A002 - the name in the URL
        if engine.document(id) is None:
            return _nothing()
        words = text.load(text.choose(engine.settings.language, request.headers.get("accept-language", "")))
        with speaking(words.language):
            return PlainTextResponse(related_html(engine.graph.related(id, limit=_RELATED), words))

    app.get("/source/view")(view)
    app.get("/source/related")(related)
    app.get("/source/page")(page)
    app.get("/source/image")(image)


def source_of(engine: Engine, doc_id: str, paths: Paths) -> Source:
    """Where a note's quotes stand, and what opens its file."""
    from ui.paths import in_vault

    document, file = engine.document(doc_id), engine.file_of(doc_id)
    if file is None:
        return Source(document)
    name = doc_id.partition("/")[0]
    root = next((root.path for root in engine.roots() if root.name == name and root.path), None)
    opens_at = paths.read_as(file)
    return Source(document, str(file), opens_at, bool(opens_at and root and in_vault(file, root)))


def view_html(document: Document, passage: tuple[int, int], page: int | None) -> str:
    """A document as it looks, with a passage marked; empty for one that has no looks."""
    if document.format == "markdown":
        return rendered.note_html(document, passage)
    if document.format == "image":
        return _picture("image", {"id": document.id}, document.title)
    if document.format == "pdf" and page and pdf_page.is_available():
        asked = {"id": document.id, "page": page, "start": passage[0], "end": passage[1]}
        return _picture("page", asked, f"{document.title}, {page}")
    return ""


def related_html(found: Related, words: text.Text) -> str:
    """Notes that belong with one, each with the reason, and a question about it."""
    items = "".join(
        f'<li><button type="button" class="example" dir="auto" '
        f'data-question="{escape(words("example.about", title=one.title))}">{escape(one.title)}</button>'
        f"<small>{escape(' · '.join(told(reason) for reason in one.reasons))}</small></li>"
        for one in found.notes
    )
    return f"<ul>{items}</ul>" if items else f"<p>{words('related.none')}</p>"


def _picture(what: str, asked: dict[str, object], label: str) -> str:
    return f'<img class="sheet" src="source/{what}?{escape(urlencode(asked))}" alt="{escape(label)}">'


def indexed_bytes(engine: Engine, document: Document) -> bytes | None:
    """A document's file, as it was indexed; None where there is none, or another one by now."""
    file = engine.file_of(document.id)
    try:
        if file is None or file.stat().st_size > engine.settings.sync.max_file_mb * 1_000_000:
            return None
        data = file.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == document.sha256 else None


def kind_of(data: bytes) -> str | None:
    """The media type of a picture that browsers show as nothing but a picture; None for everything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _PICTURES if data.startswith(magic)), None)


def _nothing() -> Response:
    return Response(status_code=404)
