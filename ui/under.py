"""Under the box: filters, and, where a language model writes, who will see what. Pure functions, safe HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui import frame
from ui.source import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.answer.prompts import Prompt
    from ui.text import Text


@dataclass(frozen=True, slots=True)
class Goes:
    """Where questions and passages go.

    Attributes:
        server: as it may be shown.
        far: it is beyond this machine.
        held: notes of the index that it never sees.
    """

    server: str
    model: str
    far: bool
    held: int = 0


def under_html(offers: Mapping[str, Sequence[str]], goes: Goes | None, text: Text) -> str:
    """Filters, and the line about the model with its two switches."""
    filters = frame.filters_html(offers, "#fn-box textarea", text)
    return f'<div class="under">{filters}{_goes(goes, text) if goes else ""}</div>'


def _goes(goes: Goes, text: Text) -> str:
    line = text("goes.far" if goes.far else "goes.near", server=escape(goes.server), model=escape(goes.model))
    held = text.count("goes.held", goes.held) if goes.held else ""
    return (
        f'<p class="goes{" far" if goes.far else ""}"><span>{line}{held}</span>'
        f'<button type="button" class="preview" data-empty="{text("preview.empty")}" '
        f'data-away="{text("search.away")}">{text("preview.button")}</button>'
        f'<label title="{text("deep.long")}"><input type="checkbox" class="deep"> {text("deep.label")}</label></p>'
        f'<dialog class="preview" aria-label="{text("preview.title")}"></dialog>'
    )


def preview_html(prompt: Prompt | None, goes: Goes, text: Text) -> str:
    """What a model would be sent, whole, and of which notes."""
    close = f'<button type="button" class="shut">{text("close")}</button>'
    if prompt is None:
        return f"<h2>{text('preview.title')}</h2><p>{text('preview.none')}</p>{close}"
    notes = tuple(dict.fromkeys(passage.doc_id for passage in prompt.passages))
    items = "".join(f"<li><bdi>{escape(doc_id)}</bdi></li>" for doc_id in notes)
    said = text("preview.said", server=escape(goes.server), model=escape(goes.model), masked=prompt.masked)
    return (
        f"<h2>{text('preview.title')}</h2><p>{said}</p><ul>{items}</ul>"
        f'<pre tabindex="0" dir="auto">{escape(prompt.system)}\n\n{escape(prompt.text)}</pre>{close}'
    )


def failed_html(line: str, text: Text) -> str:
    """Why nothing can be shown."""
    close = f'<button type="button" class="shut">{text("close")}</button>'
    return f'<h2>{text("preview.title")}</h2><p role="alert">{escape(line)}</p>{close}'
