"""Parts of a document: turns and who speaks in them, pages, headings of other formats, tables."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import chunk
from ingest.loaders import load
from rag.types import Document, Section

if TYPE_CHECKING:
    from rag.types import Chunk, Format


def words(n: int, word: str = "word") -> str:
    """A sentence of about n tokens."""
    return " ".join([word] * n).capitalize() + "."


def extract(text: str, fmt: Format, *sections: Section, pages: tuple[int, ...] = ()) -> Document:
    """A document of another format."""
    return Document("v/a", text, "", "A", fmt, pages=pages, sections=sections)


def spoken(text: str, *sections: Section) -> list[Chunk]:
    """The chunks of a Markdown note with these sections."""
    return chunk(replace(load("v/note.md", text.encode()), sections=sections))


def test_a_question_and_its_answer_are_two_passages_however_short() -> None:
    """Each has its speaker; the answer's path says what was asked."""
    text = "# Chat\n\nUser: why?\n\nAI: because.\n"
    title, asked, told = spoken(
        text, Section(8, "", 0, "user"), Section(text.index("AI"), "why?", 0, "model")
    )
    assert (title.text, title.speaker) == ("# Chat", "")
    assert (asked.text, asked.speaker, asked.heading) == ("User: why?", "user", ("Chat",))
    assert (told.text, told.speaker, told.heading) == ("AI: because.", "model", ("Chat", "why?"))
    assert (told.format, told.lines) == ("markdown", (5, 5))


def test_headings_within_a_turn_belong_to_it() -> None:
    """Whatever their level: the path keeps what stands around the turn and what was asked."""
    body = f"# One\n\n{words(60)}\n\n## Two\n\n{words(60)}\n"
    text = f"# Note\n\n## Talk\n\nUser: q\n\nAI: a\n\n{body}\n"
    parts = spoken(
        text, Section(text.index("User"), "", 0, "user"), Section(text.index("AI"), "q", 0, "model")
    )
    assert [(c.heading, c.speaker) for c in parts[1:]] == [
        (("Note", "Talk"), "user"),
        (("Note", "Talk", "q"), "model"),
        (("Note", "Talk", "q", "One", "Two"), "model"),
    ]


def test_after_a_conversation_the_note_goes_on() -> None:
    """A section without speaker and title ends the last turn; headings count again as they stand."""
    text = f"# Note\n\nAI: a\n\n# In it\n\n{words(60)}\n\nMine again. {words(60)}\n\n# Next\n\n{words(60)}\n"
    parts = spoken(text, Section(text.index("AI"), "q", 0, "model"), Section(text.index("Mine"), ""))
    assert [(c.heading, c.speaker) for c in parts] == [
        (("Note",), ""),
        (("Note", "q"), "model"),
        (("Note",), ""),
        (("Next",), ""),
    ]


def test_a_heading_that_marks_a_turn_is_not_in_the_path() -> None:
    """``## Assistant`` says who speaks, not what about."""
    text = f"# Note\n\n## User\n\nq\n\n## Assistant\n\n### Steps\n\n{words(60)}\n"
    parts = spoken(
        text, Section(text.index("## U"), "", 0, "user"), Section(text.index("## A"), "q", 0, "model")
    )
    assert [(c.text.split("\n")[0], c.heading) for c in parts] == [
        ("# Note", ("Note",)),
        ("## User", ("Note",)),
        ("## Assistant", ("Note", "q", "Steps")),
    ]


def test_a_fence_left_open_in_one_turn_reaches_into_no_other() -> None:
    """The answer's own code is found, and its heading too."""
    text = f"why does\n```\nfail?\n\n# Cause\n{words(60)}\n```py\nx = 1  # no heading\n```\n# Cure\n{words(60)}\n"
    answer = text.index("# Cause")
    document = extract(text, "chat", Section(0, "", 0, "user"), Section(answer, "why", 0, "model"))
    assert [c.heading for c in chunk(document)] == [(), ("why", "Cause"), ("why", "Cure")]


def test_headings_of_another_format_give_the_path() -> None:
    """As the loader tells them; a heading with nothing of its own opens what stands below it."""
    text = f"Guide\n\nSetup\n{words(60)}\n\nUse\n{words(60)}"
    sections = (
        Section(0, "Guide", 1),
        Section(text.index("Setup"), "Setup", 2),
        Section(text.index("Use"), "Use", 2),
    )
    first, second = chunk(extract(text, "prose", *sections))
    assert (first.text[:12], first.heading, first.page) == ("Guide\n\nSetup", ("Guide", "Setup"), None)
    assert (second.heading, second.format) == (("Guide", "Use"), "prose")


def test_no_passage_spans_two_pages() -> None:
    """Slides, sheets, chapters and cells too; headings reach over pages, and a page may hold nothing."""
    text = "Title\none\ntwo\n\nthree"
    pages = (0, text.index("two"), text.index("\nthree"), text.index("three"))
    document = extract(text, "slides", Section(0, "Title", 1), Section(15, "End", 1), pages=pages)
    assert [(c.text, c.page, c.heading) for c in chunk(document)] == [
        ("Title\none", 1, ("Title",)),
        ("two", 2, ("Title",)),
        ("three", 4, ("End",)),
    ]


def test_a_table_is_cut_between_rows_and_each_passage_knows_the_columns() -> None:
    """A line break within a quoted field ends no row."""
    rows = [f'{n},"line one of {n}\nline two, still {n}",done' for n in range(40)]
    parts = chunk(load("v/a.csv", "\n".join(["id,note,state", *rows]).encode()), 60)
    assert len(parts) > 5
    assert {c.heading for c in parts} == {("id, note, state",)}
    assert all(c.text.endswith(",done") for c in parts)


def test_what_a_machine_wrote_stays_apart_from_the_text_of_an_image() -> None:
    """A caption is a passage of its own, with its speaker."""
    text = "EXIT\n\nA green sign."
    read, told = chunk(extract(text, "image", Section(6, "", 0, "machine")))
    assert [(read.text, read.speaker), (told.text, told.speaker)] == [
        ("EXIT", ""),
        ("A green sign.", "machine"),
    ]


LINES = st.sampled_from(
    ["", "# One", "## Two", "words of it.", "```", "- item", "文字。" * 30, "a,b", '"x', "| a | b |"]
)


@given(
    lines=st.lists(LINES, max_size=25),
    sections=st.lists(
        st.tuples(
            st.integers(0, 400),
            st.sampled_from(["", "t"]),
            st.integers(0, 3),
            st.sampled_from(["", "user", "model"]),
        ),
        max_size=8,
    ),
    pages=st.lists(st.integers(0, 400), max_size=4),
    fmt=st.sampled_from(["markdown", "text", "chat", "prose", "slides", "sheets", "table"]),
)
def test_sections_never_break_the_spans(
    lines: list[str],
    sections: list[tuple[int, str, int, str]],
    pages: list[int],
    fmt: Format,
) -> None:
    """Spans are exact and lose nothing; none holds words of two speakers or of two pages."""
    text = "\n".join(lines)
    at_start = {min(start, len(text)): (title, level, who) for start, title, level, who in sections}
    told = tuple(Section(start, *at_start[start]) for start in sorted(at_start))  # type: ignore[arg-type]
    starts = (0, *sorted(min(p, len(text)) for p in pages)) if pages else ()
    at = 0
    for c in chunk(extract(text, fmt, *told, pages=starts), 40):
        assert text[c.start : c.end] == c.text == c.body
        assert not text[at : c.start].strip()
        at = c.end
        said = [s.speaker for s in told if s.start <= c.start][-1:] or [""]
        inside = {s.speaker for s in told if c.start < s.start < c.end}
        assert {c.speaker} == {*said, *inside} or not text.strip()
        assert not any(c.start < page < c.end for page in starts)
    assert not text[at:].strip()


def test_empty_questions_nest_in_nothing() -> None:
    """Thousands of turns that say nothing cost no more than as many lines."""
    begin = time.perf_counter()
    assert {c.heading for c in chunk(load("v/a.md", b"Q:\nA:\n" * 6000))} == {()}
    assert time.perf_counter() - begin < 2
