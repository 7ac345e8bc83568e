"""Sentence spans of passages in Chinese, English and Markdown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.sentences import heading_level, sentences


def cut(text: str) -> list[str]:
    """The units themselves."""
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("今天下雨。我们没去！真的？是的；走吧", ["今天下雨。", "我们没去！", "真的？", "是的；", "走吧"]),
        ("他说：“好。”然后走了……后来呢", ["他说：“好。”", "然后走了……", "后来呢"]),
        ("It rained. We stayed! Why? No idea", ["It rained.", "We stayed!", "Why?", "No idea"]),
        ("混合 notes 在这。Next one here. 再来", ["混合 notes 在这。", "Next one here.", "再来"]),
    ],
)
def test_sentences_end_at_the_marks_of_both_languages(text: str, units: list[str]) -> None:
    """Full-width and ASCII marks both count, and closing quotes stay with their sentence."""
    assert cut(text) == units


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith met J. K. Rowling in the U.S. in May.",
        "Version 1.2.3 costs 3.50 euros, e.g. on example.com or not.",
        "See [a. B. c](https://a.b/c?d=1. E) now.",
        "The **first. Second** part.",
        "Run `a. B! C` first.",
        "1. First of all",
    ],
)
def test_a_full_stop_inside_a_unit_does_not_cut(text: str) -> None:
    """Abbreviations, numbers, links, emphasis, code and list numbers are never cut in half."""
    assert cut(text) == [text]


def test_markdown_lines_are_units() -> None:
    """Headings, items, rows, properties and code blocks stand alone; rules and table borders are nothing."""
    text = (
        "# 标题 one. Two\n\n- item one\n* [ ] task\n| a. B | c |\n|---|---|\nstatus: done. Really\n\n"
        "```py\nx = 1\n\ny = 2\n```\n---\nend"
    )
    assert cut(text) == [
        "# 标题 one. Two",
        "- item one",
        "* [ ] task",
        "| a. B | c |",
        "status: done. Really",
        "```py\nx = 1\n\ny = 2\n```",
        "end",
    ]


def test_a_long_code_block_is_cut_into_lines() -> None:
    """A quote of a whole program would prove nothing."""
    text = "```\n" + "some_call(argument)\n" * 40 + "```"
    assert cut(text) == ["some_call(argument)"] * 40


def test_lines_that_an_editor_wrapped_are_joined() -> None:
    """A break that only the width caused carries no meaning; any other break does."""
    wrapped = "This paragraph was wrapped by an editor at seventy columns or so and the\nsentence goes on here. The next one."
    assert cut(wrapped) == [wrapped[: wrapped.index(" The next")], "The next one."]
    assert cut("short line\nanother line") == ["short line", "another line"]


def test_headings_are_told_apart() -> None:
    """A hash makes a heading only before a blank."""
    assert heading_level("## 预算")
    assert not heading_level("#tag 预算")


@given(st.text(alphabet="ab 1.。！?\n#-*|`[]():中文…；\t>~", max_size=120))
def test_spans_are_sorted_disjoint_and_trimmed(text: str) -> None:
    """Whatever the text: spans do not overlap, begin and end with no blank, and lose no word."""
    spans = sentences(text)
    assert all(a < b for a, b in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(unit == unit.strip() for unit in cut(text))
    assert "".join(filter(str.isalnum, "".join(cut(text)))) == "".join(filter(str.isalnum, text))
