"""The text of printed pages, repaired."""

from __future__ import annotations

import time

import pytest

from ingest.loaders.pages import repaired

PROSE = (
    "The garden on the balcony began with three pots and a",
    "promise that nobody expected to be kept for very long",
    "because the summer had been dry and the watering cans",
    "stood empty in the cellar, behind the old bicycles of",
    "the neighbours. Nobody came.",
    "Then it rained.",
)


def one(text: str) -> str:
    """One page, repaired."""
    return repaired([text])[0].text


def test_wrapped_lines_become_paragraphs() -> None:
    """A line that broke for want of room goes on; one that ended, or is followed by a new beginning, does not."""
    assert one("\n".join(PROSE)) == " ".join(PROSE[:5]) + "\n" + PROSE[5]


def test_chinese_lines_join_without_a_space() -> None:
    """A word that a line end cuts is found again."""
    text = "阳台上的菜园从三个花盆开始，没有人相\n信会坚持很久。第二个夏天有了番茄、罗\n勒和一棵小柠檬树，它在厨房里过了冬\n，浇水成了早上的第一个习惯，在咖啡和\n报纸之前。\n第二段。"
    assert one(text) == text.replace("\n", "", 4)


@pytest.mark.parametrize(
    "text",
    [
        "番茄\n罗勒和一棵小柠檬树在厨房的窗台上过冬\n花盆\n土",
        "a short list\nof lower case\nlines",
        "- milk\n- bread and butter for the whole long weekend in May\n- tea",
        "Total 12.50\nTip 1.00\nPaid by card 13.50",
        "",
    ],
)
def test_lists_stay_as_they_are(text: str) -> None:
    """Without several lines that end at one width nothing was wrapped."""
    assert one(text) == text


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a demon-\nstration of it", "a demonstration\nof it"),
        ("(demon-\nstration), seen", "(demonstration),\nseen"),
        ("a well-\nknown thing", "a well-known\nthing"),
        ("the Jean-\nPaul of it", "the Jean-Paul\nof it"),
        ("an on-\nline shop, an on-line bank", "an on-line\nshop, an on-line bank"),
        ("in Groß-\nstädten", "in Großstädten\n".strip()),
        ("pages 3-\n5", "pages 3-\n5"),
        ("a list -\nof things", "a list -\nof things"),
    ],
)
def test_words_cut_at_a_line_end_are_whole(text: str, whole: str) -> None:
    """A compound keeps its hyphen where the text writes it so elsewhere, or its first part is known for it."""
    assert one(text) == whole


def test_headers_are_found_on_odd_and_even_pages() -> None:
    """The title on one side, the chapter on the other, and the number on both."""
    pages = [
        f"{'My Book' if n % 2 else 'Chapter One'} {n + 16}\n{'x' * n} is what page {n * n + 3} says\nand {n * n * n} more."
        for n in range(8)
    ]
    found = repaired(pages)
    running = [[page.text[a:b] for a, b in page.running] for page in found]
    assert running == [[f"{'My Book' if n % 2 else 'Chapter One'} {n + 16}"] for n in range(8)]


def test_what_only_looks_like_a_footer_stays() -> None:
    """Numbers that do not count pages, lines on few pages, and the only line of a page are content."""
    numbers = [
        f"Title {n}\nTotal {n * 37 % 11}\nbody {n * n} of it\nlast words {n * n * n}" for n in (3, 1, 4, 1, 5)
    ]
    assert all(not page.running for page in repaired(numbers))
    assert all(not page.running for page in repaired(["Thanks", "Thanks", "Thanks"]))
    assert all(not page.running for page in repaired(["Head\na", "Head\nb", "c\nd", "e\nf", "g\nh"]))


def test_a_title_that_many_slides_repeat_is_read_once() -> None:
    """Masked everywhere, no search would find it."""
    found = repaired([f"What is REST?\nPoint {n * n} of it\nmore {n * n * 7}" for n in range(5)])
    assert [bool(page.running) for page in found] == [False, True, True, True, True]


def test_large_documents_take_little_time() -> None:
    """Also of hostile shape: one endless word, hyphens without end."""
    started = time.perf_counter()
    repaired(["word " * 40_000, "a" * 200_000, "a-\n" * 50_000, "-\n" * 50_000, "\n" * 100_000])
    repaired([f"Head {n}\n" + "\n".join(PROSE * 6) for n in range(1_000)])
    assert time.perf_counter() - started < 10
