"""Above a passage: how it is shown, as text or as page, and what else opens its file. Pure functions."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from rag.types import IN_LINES
from ui import paths

if TYPE_CHECKING:
    from rag.types import Citation
    from ui.source import Source
    from ui.text import Text

PAGED = frozenset({"markdown", "pdf", "image"})
"""Formats of which more can be shown than their text."""


def tools_html(citation: Citation, source: Source, text: Text) -> str:
    """The line of tools; nothing where there are none."""
    tools = _views(citation, source, text) + _openings(citation, source, text)
    return f'<p class="tools">{tools}</p>' if tools else ""


def _views(citation: Citation, source: Source, text: Text) -> str:
    """The switch between text and page, where the note is still the one that was cited."""
    sha256 = source.sha256_for(citation)
    if citation.format not in PAGED or not sha256:
        return ""
    asked = {"id": citation.doc_id, "start": citation.start, "end": citation.end, "sha256": sha256}
    address = "source/view?" + urlencode(asked | ({"page": citation.page} if citation.page else {}))
    return (
        f'<span class="views" role="group" aria-label="{text("view.label")}">'
        f'<button type="button" class="view" data-view="text" aria-pressed="true">{text("view.text")}</button>'
        f'<button type="button" class="view" data-view="page" data-address="{escape(address)}" '
        f'data-failed="{text("view.failed")}" aria-pressed="false">{text("view.page")}</button></span>'
    )


def related_html(citation: Citation, source: Source, text: Text) -> str:
    """What else belongs with the note; asked for when it is unfolded."""
    if source.document is None:
        return ""
    address = escape("source/related?" + urlencode({"id": citation.doc_id}))
    return (
        f'<details class="related" data-address="{address}" data-failed="{text("search.away")}">'
        f"<summary>{text('related.title')}</summary><div></div></details>"
    )


def _openings(citation: Citation, source: Source, text: Text) -> str:
    if not source.opens_at:
        return ""
    line = citation.lines[0] if citation.format in IN_LINES else None
    links = [("editor", paths.editor(source.opens_at, line))] if line else []
    if source.in_vault:
        links.append(("obsidian", paths.obsidian(source.opens_at)))
    return "".join(f'<a class="opens" href="{escape(to)}">{text(f"opens.{name}")}</a>' for name, to in links)
