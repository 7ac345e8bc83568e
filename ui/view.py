"""Answers as HTML: pure functions. Whatever comes from a note or a model is escaped, without exception."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answer.cite import display
from ui.source import Source, escape, path_html, place, source_html, where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.types import Answer, Citation, SentenceSupport
    from ui.text import Text

Span = tuple[int, int]

_LONGEST_QUOTE = 280  # characters shown of a quote in the footnote list; the panel shows all of it
_INLINE = re.compile(r"\s*\[(?P<n>\d{1,3})\]|\*\*(?P<strong>[^*\n]+)\*\*|`(?P<code>[^`\n]+)`")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
_HEADING = re.compile(r"\s*#{1,6}\s+")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question on the page. ``number`` counts from 1 and keeps element ids apart."""

    number: int
    question: str


def answer_html(turn: Turn, answer: Answer, sources: Mapping[int, Source], text: Text) -> str:
    """A whole answered question: heading, text with footnote markers, footnotes, and a panel for each.

    Args:
        turn: which question this is.
        answer: its ``[n]`` markers become buttons.
        sources: for each marker, where its quote stands.
        text: the words around it.
    """
    body = (
        *([f'<p class="abstained">{text("abstained")}</p>'] if answer.abstained else ()),
        f'<div class="prose-fn">{_prose(answer, text)}</div>',
        _footnotes(answer.citations, text),
        _colophon(answer, text),
        *(
            source_html(c, sources[c.marker], (i, len(answer.citations)), text)
            for i, c in enumerate(answer.citations, start=1)
            if c.marker in sources
        ),
    )
    return _turn(turn, "".join(body), "done")


def live_html(turn: Turn, written: str, text: Text, *, stopped: bool = False) -> str:
    """A question that is still being answered, or whose answering was stopped. Markers are not yet proven."""
    prose = f'<div class="prose-fn">{_blocks(written, (), {}, text)}</div>' if written else ""
    state = text("stopped") if stopped else text("checking" if written else "searching")
    body = f'{prose}<p class="state" role="status">{state}</p>'
    return _turn(turn, body, "stopped" if stopped else "live")


def failed_html(turn: Turn, line: str, text: Text) -> str:
    """A question that ended in an error, told in one line."""
    body = f'<div class="failed" role="alert"><strong>{text("failed")}</strong><p>{escape(line)}</p></div>'
    return _turn(turn, body, "failed")


def _turn(turn: Turn, body: str, state: str) -> str:
    busy = "true" if state == "live" else "false"
    return (
        f'<article class="turn {state}" data-turn="{turn.number}" aria-busy="{busy}" aria-live="polite">'
        f'<h2 dir="auto">{escape(turn.question)}</h2>{body}</article>'
    )


# --- prose -------------------------------------------------------------------------------------------------------


def _prose(answer: Answer, text: Text) -> str:
    citations = {c.marker: c for c in answer.citations}
    return _blocks(answer.text, unsupported_spans(answer.text, answer.support), citations, text)


def unsupported_spans(written: str, support: Sequence[SentenceSupport]) -> tuple[Span, ...]:
    """Where in the answer the sentences stand that their citations do not support, in order."""
    spans: list[Span] = []
    cursor = 0
    for entry in support:
        start = written.find(entry.sentence, cursor) if entry.sentence else -1
        if start < 0:
            continue
        cursor = start + len(entry.sentence)
        if not entry.supported:
            spans.append((start, cursor))
    return tuple(spans)


def _blocks(written: str, doubts: Sequence[Span], citations: Mapping[int, Citation], text: Text) -> str:
    """Paragraphs and list items, one a line; nothing else of Markdown, for nothing else is needed."""
    out: list[str] = []
    in_list = False
    offset = 0
    for line in written.split("\n"):
        start, offset = offset, offset + len(line) + 1
        item = _ITEM.match(line)
        mark = item or _HEADING.match(line)
        at = start + (mark.end() if mark else 0)
        content = _line(written, (at, start + len(line)), doubts, citations, text)
        if in_list != bool(item):
            out.append("</ul>" if in_list else "<ul>")
            in_list = bool(item)
        if content.strip():
            tag = "li" if item else "p"
            out.append(f'<{tag} dir="auto">{content}</{tag}>')
    return "".join(out) + ("</ul>" if in_list else "")


def _line(
    written: str, span: Span, doubts: Sequence[Span], citations: Mapping[int, Citation], text: Text
) -> str:
    """One line, with its unsupported stretches wrapped."""
    start, end = span
    out: list[str] = []
    for first, last in doubts:
        a, b = max(first, start), min(last, end)
        if a >= b:
            continue
        out.append(_inline(written[start:a], citations, text))
        out.append(_doubt(_inline(written[a:b], citations, text), text))
        start = b
    out.append(_inline(written[start:end], citations, text))
    return "".join(out)


def _doubt(content: str, text: Text) -> str:
    label, why = text("unsupported"), text("unsupported_long")
    return f'<span class="doubt" title="{why}">{content}<small class="badge">{label}</small></span>'


def _inline(piece: str, citations: Mapping[int, Citation], text: Text) -> str:
    out: list[str] = []
    at = 0
    for m in _INLINE.finditer(piece):
        out.append(escape(piece[at : m.start()]))
        at = m.end()
        if m["n"]:
            out.append(_chip(int(m["n"]), citations, text) or escape(m[0]))
        else:
            tag = "strong" if m["strong"] else "code"
            out.append(f"<{tag}>{escape(m[tag])}</{tag}>")
    out.append(escape(piece[at:]))
    return "".join(out)


def _chip(n: int, citations: Mapping[int, Citation], text: Text) -> str:
    """A marker that opens its footnote; while an answer is being written, a mere number."""
    if n in citations:
        label = escape(text("open_footnote", n=n, place=place(citations[n], text)))
        return f'<button type="button" class="fn" data-n="{n}" aria-label="{label}">{n}</button>'
    return "" if citations else f'<span class="fn pending">{n}</span>'


# --- footnotes ---------------------------------------------------------------------------------------------------


def _footnotes(citations: Sequence[Citation], text: Text) -> str:
    if not citations:
        return ""
    items = "".join(_footnote(c, text) for c in citations)
    return f'<section class="notes"><h3>{text("footnotes")}</h3><ol>{items}</ol></section>'


def _footnote(citation: Citation, text: Text) -> str:
    quote = display(citation.quote)
    if len(quote) > _LONGEST_QUOTE:
        quote = quote[: _LONGEST_QUOTE - 1] + "…"
    heading = " › ".join(citation.heading)
    changed = f'<em class="badge warn">{text("changed")}</em>' if citation.changed else ""
    return (
        f'<li><button type="button" class="ref" data-n="{citation.marker}">'
        f'<span class="n" aria-hidden="true">{citation.marker}</span>'
        f'<span class="q" dir="auto">{escape(quote)}</span>'
        f'<span class="at">{path_html(citation.doc_id)}'
        f'<span class="where">{escape(where(citation, text))}</span>'
        + (f'<bdi class="under">{escape(heading)}</bdi>' if heading else "")
        + f"{changed}</span></button></li>"
    )


def _colophon(answer: Answer, text: Text) -> str:
    """How the answer came to be: its writer, its time, and what a reader should know about it."""
    extracted = answer.writer == "extract"
    made = text("extracted") if extracted else text("written", model=escape(answer.writer))
    seconds = sum(stage.ms for stage in answer.trace.stages) / 1000
    parts = [] if answer.abstained and extracted else [made]
    if seconds:
        parts.append(text("took", seconds=f"{seconds:.1f}" if seconds >= 0.1 else f"{seconds:.2f}"))
    if answer.removed_markers:
        parts.append(text.count("removed_markers", answer.removed_markers))
    parts += [escape(note) for note in answer.trace.notes]
    return f'<p class="colophon">{" · ".join(parts)}</p>' if parts else ""
