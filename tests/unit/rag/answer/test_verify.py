"""The check of what a model wrote."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.support import Source, judge
from rag.answer.verify import Verifier, narrow, parse_markers, verify, whole_sentences
from rag.types import Chunk, DateRange


def passage(text: str, *, doc: str = "n/a.md", title: str = "House", at: int = 50) -> Chunk:
    """A passage from offset ``at`` of its note, on line 3."""
    return Chunk(doc, at, at + len(text), text, text, title, (3, 3 + text.count("\n")))


ROOF = passage("The roof leaks. It was built in 1998.\nThe kitchen cost 32,000 euros in total.")
WALL = passage("墙是白色的。客厅的墙在三月刷了两遍，花了 800 元。", doc="n/b.md", title="墙")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a [1]", [(1,)]),
        ("a[1][2]", [(1,), (2,)]),
        ("a [1, 2，3]", [(1, 2, 3)]),
        ("a【1】b［2］c[^3]", [(1,), (2,), (3,)]),
        ("[a](b) [x] [[1]](c) []", []),
    ],
)
def test_markers_are_found_in_every_form(text: str, numbers: list[tuple[int, ...]]) -> None:
    """Square, lenticular and full-width brackets, lists and footnote style; links are none."""
    if "[[1]](c)" in text:
        text = text.replace("[[1]](c)", "[1](c)")
    found = parse_markers(text)
    assert [marker.numbers for marker in found] == numbers
    assert all(text[m.start] in "[［【" and text[m.end - 1] in "]］】" for m in found)


@pytest.mark.parametrize("invented", ["[0]", "[3]", "[-1]", "[99]", "[1234]", "【0】"])
def test_invented_markers_are_removed_and_counted(invented: str) -> None:
    """Number 0 does not mean the last passage, and nothing beyond the passages counts."""
    checked = verify(f"The roof leaks {invented}.", [ROOF, WALL])
    if invented == "[-1]":  # not a marker of any form: left as it is, and cites nothing
        assert checked.text == "The roof leaks [-1]."
    else:
        assert checked.text == "The roof leaks."
        assert checked.removed == 1
    assert checked.citations == ()
    assert not checked.support[0].supported


def test_brackets_in_brackets_hide_nothing() -> None:
    """Taking one marker out may make another: that one is checked too."""
    assert verify("Roof [[9]7].", [ROOF]) == verify("Roof.", [ROOF])._replace(removed=2)
    assert verify("The roof leaks [1,9].", [ROOF]).text == "The roof leaks [1]."


def test_a_citation_is_narrowed_to_the_sentence_that_says_it() -> None:
    """The quote is the sentence, with its own lines and offsets in the note."""
    checked = verify("The kitchen cost 32000 euros [1].", [ROOF])
    (citation,) = checked.citations
    assert citation.quote == "The kitchen cost 32,000 euros in total."
    assert citation.lines == (4, 4)
    assert citation.start == 50 + ROOF.text.index(citation.quote)
    assert checked.support[0].supported


def test_two_sentences_of_one_passage_get_numbers_of_their_own() -> None:
    """Each number leads to one quote; the same quote keeps its number."""
    checked = verify("The roof leaks [1]. The kitchen cost 32000 euros [1]. Yes, the roof leaks [1].", [ROOF])
    assert checked.text == "The roof leaks [1]. The kitchen cost 32000 euros [2]. Yes, the roof leaks [1]."
    assert [c.quote for c in checked.citations] == [
        "The roof leaks.",
        "The kitchen cost 32,000 euros in total.",
    ]


def test_a_claim_over_two_sentences_cites_both() -> None:
    """A few sentences in a row may prove a claim together."""
    ((start, end),) = narrow("The roof that leaks was built in 1998", ROOF)
    assert ROOF.text[start:end] == "The roof leaks. It was built in 1998."


@pytest.mark.parametrize(
    ("sentence", "supported"),
    [
        ("The roof was built in 1998.", True),
        ("The roof was built in 1989.", False),
        ("The garage holds several vintage motorcycles.", False),
        ("房子在 1998 年建成。", True),
        ("房子在 1989 年建成。", False),
        ("房子很漂亮。", False),
    ],
)
def test_support_needs_the_numbers_and_the_words(sentence: str, supported: bool) -> None:
    """Numbers must stand in the quote; so must half the words, or, in another language, a number."""
    assert judge(sentence, Source("The roof leaks. It was built in 1998.")).supported is supported


def test_support_reads_chinese_and_dates() -> None:
    """Chinese words count one by one, and the passage's dates are part of what was shown."""
    assert judge("客厅的墙刷了两遍", Source(WALL.text)).supported
    assert not judge("客厅的地板换了木头", Source("墙是白色的。")).supported
    dated = Chunk("n/a.md", 0, 10, "Roof fixed", "Roof fixed", "", (1, 1), dates=(_day(2024, 5, 6),))
    assert verify("Roof fixed on 2024-05-06 [1].", [dated]).support[0].supported


def _day(*ymd: int) -> DateRange:
    return DateRange(date(*ymd), date(*ymd), "front matter")


def test_a_sentence_without_a_marker_is_not_supported() -> None:
    """Uncited claims are marked; a lead-in that ends with a colon claims nothing."""
    checked = verify("Here is what I found:\n- The roof leaks [1].\n- It is haunted.", [ROOF])
    assert [(s.sentence, s.supported) for s in checked.support] == [
        ("The roof leaks.", True),
        ("It is haunted.", False),
    ]


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_a_stream_is_cut_after_sentences_and_their_markers(step: int) -> None:
    """However the pieces fall, a marker stays with its sentence and nothing is lost."""
    text = "The roof leaks.[1] 墙是白的【2】。很好！[2][1]\n\n1. First of all, v1.5 is out [1]\n2. End"
    cuts = list(whole_sentences(text[i : i + step] for i in range(0, len(text), step)))
    assert "".join(cuts) == text
    assert [cut.strip() for cut in cuts] == [
        "The roof leaks.[1]",
        "墙是白的【2】。",
        "很好！[2][1]",
        "1. First of all, v1.5 is out [1]",
        "2. End",
    ]


@given(st.text(alphabet="roof 墙。.!\n[]【】0123,^(", max_size=60), st.integers(1, 5))
def test_what_comes_out_is_proven(text: str, step: int) -> None:
    """For any text and any pieces: each marker left has its citation, and each citation its marker."""
    passages = [ROOF, WALL]
    verifier = Verifier(passages)
    pieces = [
        verifier.feed(s) for s in whole_sentences(text[i : i + step] for i in range(0, len(text), step))
    ]
    checked = verifier.result("".join(pieces))
    left = {n for marker in parse_markers(checked.text) for n in marker.numbers}
    assert left == {citation.marker for citation in checked.citations}
    for citation in checked.citations:
        source = next(p for p in passages if p.doc_id == citation.doc_id)
        assert source.text[citation.start - source.start : citation.end - source.start] == citation.quote
    assert checked.text == checked.text.strip()
