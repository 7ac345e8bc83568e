"""Answers as HTML: pure functions. Whatever comes from a note or a model is escaped, without exception."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answer.cite import display
from ui.after import after_html, follow_html, redo_html, steps_html
from ui.prose import Prose, doubts
from ui.source import (
    Source,
    badge_html,
    escape,
    fate,
    heading_path,
    path_html,
    said_html,
    source_html,
    where_html,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.types import Answer, Citation, Part, Trace
    from ui.text import Text

_LONGEST_QUOTE = 280  # characters shown of a quote in the footnote list; the panel shows all of it
_LONGEST_QUESTION = 300  # characters, and lines, of a question that is shown whole at once
_MOST_LINES = 5
_COMMAND = re.compile("`([^`]+)`")
_SIGNS = {"right": "✓", "wrong": "✗"}


@dataclass(frozen=True, slots=True)
class Turn:
    """One question on the page. ``number`` counts from 1 and keeps element ids apart."""

    number: int
    question: str


@dataclass(frozen=True, slots=True)
class Around:
    """What else stands at an answer.

    Attributes:
        session: the conversation that it is kept in; empty where it is not.
        steps: what was looked up on the way, in words.
        follow: what may be asked next.
    """

    session: str = ""
    steps: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()


def answer_html(
    turn: Turn, answer: Answer, sources: Mapping[int, Source], text: Text, around: Around | None = None
) -> str:
    """A whole answered question: heading, text with footnote markers, footnotes, and a panel for each.

    Args:
        turn: which question this is.
        answer: its ``[n]`` markers become buttons.
        sources: for each marker, where its quote stands.
        text: the words around it.
        around: what else is known.
    """
    around = around or Around()
    body = (
        chips(turn.question, answer.trace, text),
        steps_html(around.steps, text, done=True),
        *([f'<p class="abstained">{text(lead)}</p>'] if (lead := _lead(answer)) else ()),
        _prose(answer, text),
        _footnotes(answer.citations, sources, text),
        _colophon(answer, text),
        _judges(text, "answer"),
        after_html(answer, text),
        follow_html(around.follow, text),
        *(
            source_html(c, sources[c.marker], (i, len(answer.citations)), text)
            for i, c in enumerate(answer.citations, start=1)
            if c.marker in sources
        ),
    )
    return _turn(turn, "".join(body), "done", around.session)


def _lead(answer: Answer) -> str:
    """The key of what is said first, where the notes do not say, or may not."""
    return "abstained" if answer.abstained else "doubtful" if answer.doubtful else ""


def live_html(
    turn: Turn, written: str, text: Text, *, stopped: bool = False, steps: Sequence[str] = ()
) -> str:
    """A question that is still being answered, or whose answering was stopped. Markers are not yet proven."""
    prose = Prose(written, text).html() if written else ""
    state = text("stopped") if stopped else text("writing" if written else "searching")
    looked = steps_html(steps, text, done=bool(written))
    redo = f'<p class="after">{redo_html(turn.question, text)}</p>' if stopped else ""
    body = f'{looked}{prose}<p class="state" role="status">{state}</p>{redo}'
    return _turn(turn, body, "stopped" if stopped else "live")


def judged_html(line: str) -> str:
    """What became of a verdict."""
    return f'<p role="status">{_line(line)}</p>'


def unasked_html(turn: Turn, text: Text) -> str:
    """A question to an index that holds no notes: what to do first."""
    body = (
        f'<div class="failed" role="alert"><strong>{text("empty")}</strong><p>{text("empty_body")}</p>'
        f'<p><a class="go" href="notes">{text("empty_go")}</a></p></div>'
    )
    return _turn(turn, body, "failed")


def forgotten_html(turn: Turn, text: Text) -> str:
    """A question of an earlier conversation whose answer quoted a note that was forgotten."""
    return _turn(turn, f'<p class="state">{text("forgotten")}</p>', "stopped")


def failed_html(turn: Turn, line: str, text: Text, *, again: bool = False) -> str:
    """A question that ended in an error, told in one line; ``again``: it can be asked again."""
    redo = f'<p class="after">{redo_html(turn.question, text)}</p>' if again else ""
    return _turn(turn, trouble(line, text("failed")) + redo, "failed")


def trouble(line: str, what: str) -> str:
    """An error, told in one line, and what it kept from being done."""
    return f'<div class="failed" role="alert"><strong>{what}</strong><p>{_line(line)}</p></div>'


def _line(line: str) -> str:
    """A message as in the terminal, where commands stand between backticks."""
    return _COMMAND.sub(r"<code>\1</code>", escape(line))


def _turn(turn: Turn, body: str, state: str, session: str = "") -> str:
    busy = "true" if state == "live" else "false"
    kept = f' data-session="{escape(session)}"' if session else ""
    return (
        f'<article class="turn {state}" data-turn="{turn.number}"{kept} aria-busy="{busy}" aria-live="polite">'
        f"{_question(turn.question)}{body}</article>"
    )


def _question(question: str) -> str:
    """The heading of a turn; a long one is cut by the style sheet until it is opened."""
    heading = f'<h2 dir="auto">{escape(question)}</h2>'
    if len(question) <= _LONGEST_QUESTION and question.count("\n") < _MOST_LINES:
        return heading
    return f'<details class="asked"><summary>{heading}</summary></details>'


def _prose(answer: Answer, text: Text) -> str:
    citations = {c.marker: c for c in answer.citations}
    return Prose(answer.text, text, citations, doubts(answer.text, answer.support)).html()


def _judges(text: Text, what: str, marker: int | None = None) -> str:
    """Two buttons: right, wrong."""
    n = f' data-n="{marker}"' if marker is not None else ""
    names = {judgement: text(f"judge.{what}.{judgement}", n=marker) for judgement in _SIGNS}
    buttons = "".join(
        f'<button type="button" class="judge" data-judgement="{judgement}"{n} aria-pressed="false" '
        f'title="{name}" aria-label="{name}">{_SIGNS[judgement]}</button>'
        for judgement, name in names.items()
    )
    return f'<span class="judges">{buttons}</span>'


def chips(question: str, trace: Trace, text: Text) -> str:
    """What was understood of a question, each with a button that asks again without it."""
    if not trace.filters:
        return ""
    items = "".join(_chip(question, part, text) for part in trace.filters)
    return f'<ul class="chips" aria-label="{text("understood")}">{items}</ul>'


def _chip(question: str, part: Part, text: Text) -> str:
    label = f'<span dir="auto">{_understood(part, text)}</span>'
    kind = f'class="chip {part.kind}{" hard" if part.hard else ""}" title="{text(f"part.{part.kind}")}"'
    if not part.written:
        return f"<li {kind}>{label}</li>"
    off = text("ignore", words=escape(part.written))
    button = (
        f'<button type="button" class="off" data-question="{escape(question)}" '
        f'data-ignore="{escape(part.written)}" aria-label="{off}" title="{off}">×</button>'
    )
    return f"<li {kind}>{label}{button}</li>"


def _understood(part: Part, text: Text) -> str:
    """``in May → 2022-05-01..2022-05-31``. What was written of a whole question is the turn's heading already."""
    meaning = text("all") if part.kind == "list" else part.meaning
    shown = f'<span class="keep">{escape(meaning)}</span>' if part.kind == "time" else escape(meaning)
    if part.kind == "question":
        return f"→ {shown}"
    return shown if part.written in {"", meaning} else f"{escape(part.written)} → {shown}"


# --- footnotes ---------------------------------------------------------------------------------------------------


def _footnotes(citations: Sequence[Citation], sources: Mapping[int, Source], text: Text) -> str:
    if not citations:
        return ""
    items = "".join(_footnote(c, fate(c, sources.get(c.marker)), text) for c in citations)
    return f'<section class="notes"><h3>{text("footnotes")}</h3><ol>{items}</ol></section>'


def _footnote(citation: Citation, state: str, text: Text) -> str:
    quote = display(citation.quote)
    if len(quote) > _LONGEST_QUOTE:
        quote = quote[: _LONGEST_QUOTE - 1] + "…"
    heading = heading_path(citation)
    changed = text("changed" if citation.changed else "changed_since")
    badge = badge_html(state, {"changed": changed, "gone": text("gone")})
    return (
        f'<li><button type="button" class="ref" data-n="{citation.marker}">'
        f'<span class="n" aria-hidden="true">{citation.marker}</span>'
        f'<span class="q" dir="auto">{escape(quote)}</span>'
        f'<span class="at">{path_html(citation.doc_id)}{where_html(citation, text)}'
        + (f'<bdi class="under">{escape(heading)}</bdi>' if heading else "")
        + f"{said_html(citation, text)}{badge}</span></button>{_judges(text, 'footnote', citation.marker)}</li>"
    )


def _colophon(answer: Answer, text: Text) -> str:
    """How the answer came to be: its writer, its time, and what a reader should know about it."""
    extracted = answer.writer == "extract"
    made = text("extracted") if extracted else text("written", model=escape(answer.writer))
    seconds = sum(stage.ms for stage in answer.trace.stages) / 1000
    parts = [] if answer.abstained and extracted else [made]
    if seconds:
        parts.append(text("took", seconds=f"{seconds:.1f}") if seconds >= 1 else f"{seconds * 1000:.0f} ms")
    if answer.removed_markers:
        parts.append(text.count("removed_markers", answer.removed_markers))
    if answer.trace.in_range and answer.trace.used is not None:
        parts.append(text("gathered", used=answer.trace.used, count=answer.trace.in_range))
    parts += [
        text("sent", server=escape(one.server), count=len(one.notes), masked=one.masked)
        for one in answer.trace.sent
        if one.far
    ]
    parts += [escape(note) for note in answer.trace.notes]
    return f'<p class="colophon">{" · ".join(parts)}</p>' if parts else ""
