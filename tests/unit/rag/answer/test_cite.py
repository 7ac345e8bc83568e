"""Citations and the words that are shown for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answer.cite import citation_for, display, plain_markers
from rag.types import Chunk

DOCUMENT = "第一行\n\n# 标题\n一句话。\nAnother line.\n末行"
CHUNK = Chunk(
    doc_id="n/a.md",
    start=5,
    end=len(DOCUMENT),
    text=DOCUMENT[5:],
    body=DOCUMENT[5:],
    title="A",
    lines=(3, 6),
    heading=("标题",),
    page=2,
)


@pytest.mark.parametrize(
    ("quote", "lines"), [("一句话。", (4, 4)), ("一句话。\nAnother line.", (4, 5)), ("末行", (6, 6))]
)
def test_a_citation_is_a_span_of_the_document(quote: str, lines: tuple[int, int]) -> None:
    """Offsets are the document's, and lines are counted in it."""
    start = CHUNK.text.index(quote)
    citation = citation_for(CHUNK, (start, start + len(quote)), 7)
    assert DOCUMENT[citation.start : citation.end] == citation.quote == quote
    assert citation.lines == lines
    assert lines[0] == DOCUMENT[: citation.start].count("\n") + 1
    assert (citation.marker, citation.page, citation.heading, citation.doc_id) == (7, 2, ("标题",), "n/a.md")


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("## 预算", "预算"),
        ("# 预算\n\n共三万元。", "预算：共三万元。"),
        ("- [x] **Done**: see [[a|that]] and [this](http://x.y)", "Done: see that and this"),
        ("> quoted", "quoted"),
        ("| a | b |", "a | b"),
        ("status: done", "status: done"),
        ("wrapped\nline", "wrapped line"),
        ("换行\n中文", "换行中文"),
        ("![roof](http://evil/a.png) plan, ![[b.png|200]]", "roof plan, b.png"),
        ("![](http://evil/a.png)", ""),
        ("see [the page]                 , or [that]             here", "see the page, or that here"),
        ("claim[^1] and [2] and【3】", "claim and (2) and(3)"),
        ("```\na[1]\n```", "```\na(1)\n```"),
    ],
)
def test_a_quote_is_shown_without_decoration(quote: str, shown: str) -> None:
    """Signs and addresses go, and what looks like one of our markers is no longer one."""
    assert display(quote) == shown


def test_a_link_with_a_number_is_not_a_marker() -> None:
    """``[1](address)`` is a link."""
    assert plain_markers("[1](http://x.y) [1]") == "[1](http://x.y) (1)"


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("see [x](https://a/b_(c)) now", "see x now"),
        ("[a](b) and [c](d)", "a and c"),
        ("![p](u(1)) t", "p t"),
        ("[x](unclosed ( y", "[x](unclosed ( y"),
    ],
)
def test_an_address_may_hold_brackets(quote: str, shown: str) -> None:
    """Wikipedia's do; none of it is left in what is shown."""
    assert display(quote) == shown


def test_a_citation_says_whose_words_it_holds() -> None:
    """And in what kind of document."""
    spoken = replace(CHUNK, speaker="model", format="chat")
    cited = citation_for(spoken, (0, 3), 1)
    assert (cited.speaker, cited.format, cited.notes) == ("model", "chat", ())
