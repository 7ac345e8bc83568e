"""Below an answer: what can be done with it, and what may be asked next. Pure functions, safe HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.loaders.blocks import blanked, fences, heading_text, headings
from rag import present
from rag.conversations import answer_markdown
from ui.source import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.types import Answer, Document
    from ui.text import Text


_MOST, _OF_A_NOTE = 3, 2  # questions
_SHORTEST, _LONGEST = 2, 40  # characters of a heading
_PLAIN = re.compile(r"[\d\s.:/年月日-]*")  # a day or a number: nothing to be asked about


def redo_html(question: str, text: Text) -> str:
    """Two buttons: ask again, and change the question first."""
    asked = escape(question)
    return "".join(
        f'<button type="button" class="{what}" data-question="{asked}">{text(f"after.{what}")}</button>'
        for what in ("again", "edit")
    )


def after_html(answer: Answer, text: Text) -> str:
    """Buttons that copy an answer as Markdown, ask its question again, or let it be changed first."""
    copied = escape(answer_markdown(answer.question, present.answer(answer)))
    copy = f'<button type="button" class="copy" data-copy="{copied}" data-done="{text("copied")}">{text("after.copy")}</button>'
    return f'<p class="after">{copy}{redo_html(answer.question, text)}</p>'


def follow_html(questions: Sequence[str], text: Text) -> str:
    """What may be asked next; nothing where there is nothing to ask."""
    if not questions:
        return ""
    items = "".join(
        f'<li><button type="button" class="example" dir="auto">{escape(question)}</button></li>'
        for question in questions
    )
    return f'<section class="follow"><h3>{text("follow.title")}</h3><ul>{items}</ul></section>'


def steps_html(steps: Sequence[str], text: Text, *, done: bool) -> str:
    """What was looked up on the way, open while it goes on."""
    if not steps:
        return ""
    items = "".join(f'<li dir="auto">{escape(step)}</li>' for step in steps)
    shown = "" if done else " open"
    return f'<details class="steps"{shown}><summary>{text.count("steps", len(steps))}</summary><ol>{items}</ol></details>'


def sections(document: Document) -> list[tuple[int, str]]:
    """The headings of a note, each with the place where it begins."""
    said = [(section.start, section.title) for section in document.sections]
    if document.format != "markdown":
        return said
    view = blanked(document.text, fences(document.text))
    return [(found.start, heading_text(view[found.start : found.end])) for found in headings(view)]


def questions(answer: Answer, titles: Mapping[str, Sequence[tuple[int, str]]], text: Text) -> list[str]:
    """Up to three questions about other sections of the notes that an answer cites.

    Args:
        answer: its question and the sections that it cites are left out.
        titles: by note, where its sections begin and what they are called, in their order.
        text: the words of the questions.
    """
    said = {heading for cited in answer.citations for heading in (*cited.heading, cited.title)}
    for cited in answer.citations:
        before = [name for start, name in titles.get(cited.doc_id, ()) if start <= cited.start]
        said.update(before[-1:])
    made: list[str] = []
    for doc_id, title in {c.doc_id: c.title for c in answer.citations}.items():
        of_it = [
            text("follow.about", title=title, heading=one)
            for one in _askable(titles.get(doc_id, ()))
            if one not in said and one != title
        ]
        made += [question for question in of_it[:_OF_A_NOTE] if question != answer.question]
    return made[:_MOST]


def _askable(titles: Sequence[tuple[int, str]]) -> Iterator[str]:
    for heading in dict.fromkeys(title.strip() for _, title in titles):
        if _SHORTEST <= len(heading) <= _LONGEST and not _PLAIN.fullmatch(heading):
            yield heading
