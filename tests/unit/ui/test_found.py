"""What a search found, as HTML: grouping, what is shown of a passage, and that nothing in it is markup."""

from __future__ import annotations

import pytest

from rag.types import Chunk, Hit, Part, Query, Retrieval, Stage, Trace
from tests.unit.ui.test_view import PAYLOADS, parsed
from ui import text
from ui.found import failed_html, found_html, snippet_html

EN = text.load("en")


def hit(doc_id: str, body: str, score: float, **more: object) -> Hit:
    """A passage of a note that is called as its file."""
    return Hit(Chunk(doc_id, 0, len(body), body, body, doc_id, (1, 1)), score, {"lexical": 1}, **more)  # type: ignore[arg-type]


def found(*hits: Hit, query: str = "boiler", **trace: object) -> Retrieval:
    """A search that found these."""
    return Retrieval(Query(query), hits, Trace((Stage("lexical", 3, 12.4),), **trace))  # type: ignore[arg-type]


def test_passages_stand_by_note_in_the_order_of_the_best() -> None:
    """Numbers are ranks, so the second note's passage keeps its own."""
    html = found_html(
        "boiler", found(hit("a.md", "one", 3), hit("b.md", "two", 2), hit("a.md", "three", 1)), EN
    )
    assert [line for line in ("a.md", "one", "three", "b.md", "two") if line in html] == [
        "a.md",
        "one",
        "three",
        "b.md",
        "two",
    ]
    assert html.index("three") < html.index("b.md")
    assert html.index('data-n="3"') < html.index('data-n="2"')
    assert "3 passages in 2 notes" in parsed(html).words
    assert "12 ms" in html


def test_the_part_with_the_words_is_shown_and_they_are_marked() -> None:
    """However far down it stands; forms of a word count, and so do both scripts."""
    body = "Nothing of note. " * 40 + "The boilers were serviced in May. " + "Nothing more. " * 40
    shown = snippet_html(hit("a.md", body, 1).chunk, {"boiler"})
    assert "<mark>boilers</mark> were serviced in May" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert "<mark>锅炉</mark>" in snippet_html(hit("a.md", "這個鍋爐和锅炉", 1).chunk, {"锅炉"})


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_of_a_note_or_a_query_is_markup(payload: str) -> None:
    """Title, path, body, heading, what was understood, remarks: all of it is text."""
    chunk = Chunk(f"{payload}/{payload}", 0, 9, payload, payload, payload, (1, 1), heading=(payload,))
    part = Part("tag", payload, payload, hard=True)
    one = Hit(chunk, 1.0, {"lexical": 1}, {payload: 0.5}, via=(payload,))
    html = found_html(payload, found(one, query=payload, notes=(payload,), filters=(part,)), EN)
    assert payload in parsed(html).words or "<mark>" in html
    parsed(failed_html(payload, EN))


def test_nothing_found_is_said() -> None:
    """With the search's own remark."""
    html = found_html("x", found(notes=("No note fits the filters.",)), EN)
    assert "Nothing found · No note fits the filters." in parsed(html).words
