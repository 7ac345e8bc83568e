"""Below an answer, and under the box."""

from __future__ import annotations

import pytest

from rag.answer.prompts import Prompt
from rag.types import Answer, Chunk, Citation, Document, Section
from tests.payloads import PAYLOADS
from ui import after, text, under

EN, ZH = text.load("en"), text.load("zh")
CITED = Citation(1, "n/a.md", "Garage", 0, 3, "abc", (1, 1), heading=("Garage", "Door"))
ANSWER = Answer("What opens the door?", "A code. [1]", (CITED,))


def test_an_answer_is_copied_with_its_footnotes() -> None:
    """As the export writes it."""
    shown = after.after_html(ANSWER, EN)
    assert "## What opens the door?" in shown
    assert "A code. [^1-1]" in shown
    assert "[^1-1]: `n/a.md:1`: abc" in shown


def test_headings_are_those_of_the_text_and_of_the_loader() -> None:
    """Not those in a block of code."""
    note = Document("n/a.md", "# A\n\n## B *c*\n\n```\n# no\n```\n\nD\n---\n", "0", "A", "markdown")
    assert after.sections(note) == [(0, "A"), (5, "B c"), (29, "D")]
    book = Document("n/b.epub", "text", "0", "B", "book", sections=(Section(0, "One", 1),))
    assert after.sections(book) == [(0, "One")]


def test_what_is_asked_next_is_about_other_sections() -> None:
    """Neither the cited one nor the title, no day, nothing twice, at most two of a note and three in all."""
    names = ("Garage", "Here", "Door", "2023-05-01", "Heating", "Heating", "x", "Roof", "Floor", "y" * 41)
    titles = {
        "n/a.md": [(0 if n < 2 else n, name) for n, name in enumerate(names)]
    }  # two begin before the quote
    assert after.questions(ANSWER, titles, EN) == [
        "What does “Garage” say about “Heating”?",
        "What does “Garage” say about “Roof”?",
    ]
    assert after.questions(ANSWER, titles, ZH)[0] == "「Garage」里关于「Heating」写了什么？"
    assert after.questions(ANSWER, {}, EN) == []
    assert after.follow_html([], EN) == ""


def test_steps_are_open_while_they_happen() -> None:
    """And folded afterwards."""
    assert " open>" in after.steps_html(("search: x",), EN, done=False)
    assert " open>" not in after.steps_html(("search: x",), EN, done=True)
    assert after.steps_html((), EN, done=False) == ""


@pytest.mark.parametrize("far", [True, False])
def test_where_a_question_goes_is_said(*, far: bool) -> None:
    """Beyond this machine with the number of notes that are never sent."""
    shown = under.under_html(
        {"folders": [], "tags": [], "types": []}, under.Goes("http://s", "m", far, 2 if far else 0), EN
    )
    assert ("beyond this machine" in shown) == far
    assert ("2 notes are never sent" in shown) == far
    assert 'class="goes"' not in under.under_html({"folders": [], "tags": [], "types": []}, None, EN)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_markup(payload: str) -> None:
    """In a question, a heading, a step, a server's name, a tag, a prompt."""
    cited = Citation(1, payload, payload, 0, 3, payload, (1, 1))
    goes = under.Goes(payload, payload, far=True)
    prompt = Prompt(payload, payload, (Chunk(payload, 0, 1, payload, payload, payload, (1, 1)),))
    shown = (
        after.after_html(Answer(payload, f"{payload} [1]", (cited,)), EN)
        + after.follow_html(after.questions(Answer("q", "", (cited,)), {payload: [(9, payload)]}, EN), EN)
        + after.steps_html((payload,), EN, done=False)
        + under.under_html({"folders": [payload], "tags": [payload], "types": []}, goes, EN)
        + under.preview_html(prompt, goes, EN)
        + under.failed_html(payload, EN)
    )
    if "<" in payload:
        assert payload not in shown
    assert '"' not in payload or payload not in shown
