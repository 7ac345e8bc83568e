"""What a model writes loses what acts, and keeps its words; whatever it writes, and soon."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.fence import Scrubber, neutral, quoted
from rag.answer.verify import whole_sentences

PARTS = (
    *(
        "![",
        "[",
        "](",
        ")",
        "](http://evil.example/",
        "<img src=",
        "<a href='",
        ">",
        "</a>",
        "<script>",
        "javascript:",
        "data:",
    ),
    *(
        "https://evil.example",
        "www.evil.example",
        "//evil.example/x",
        "![[",
        "]]",
        "[1]",
        "x",
        " ",
        "\n",
        "(",
        "<",
        "\x1b]8;;",
        "\x07",
    ),
    *(
        "\u202e",
        "\u200b",
        "\U000e0041",
        "`",
        "<http://evil.example>",
        "word. ",
        "[x]: ",
        "屋顶。",
        "<iframe",
        "\\",
    ),
)
ACTS = re.compile(
    r"\]\(|!\[|<(?:img|a|script|iframe)\b|\x1b|https?://|www\.evil|//evil|[\u200b\u202a-\u202e\U000e0000-\U000e007f]",
    re.IGNORECASE,
)


def clean(text: str, question: str = "Roof?", *read: str) -> str:
    """A text without what acts."""
    return Scrubber(question, read).clean(text)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("The roof leaks [1][2], see 【3】.", "The roof leaks [1][2], see 【3】."),
        (
            "Use `std::vector<int>` and Arc<Mutex<T>>; 1 < 2 > 0.",
            "Use `std::vector<int>` and Arc<Mutex<T>>; 1 < 2 > 0.",
        ),
        ("- **bold** item\n| a | b |", "- **bold** item\n| a | b |"),
        ("看[文档](https://a.example/b_(c)?d=1#e)。", "看文档。"),
        ("A ![cat](x.png) sat on <b>the</b> mat.", "A cat sat on <b>the</b> mat."),
        ("Open https://a.example/x, then wait.", "Open ‹…›, then wait."),
        ("Ratio 3:4 at 10:30, file C:/x, time: now.", "Ratio 3:4 at 10:30, file C:/x, time: now."),
        ("The password is tomato-99.", "The password is ‹masked›."),
    ],
)
def test_words_stay(written: str, shown: str) -> None:
    """Markdown, code, markers and colons are not touched."""
    assert clean(written) == shown


@given(st.lists(st.sampled_from(PARTS), max_size=25).map("".join))
def test_nothing_acts(text: str) -> None:
    """For any mixture."""
    assert not ACTS.search(clean(text))


@given(st.lists(st.sampled_from(PARTS), max_size=25).map("".join))
def test_a_note_never_begins_a_line_by_itself(text: str) -> None:
    """So that no line of it can pass for one of the prompt."""
    lines = quoted(neutral(text)).splitlines()
    assert all(line.startswith(">") for line in lines)


def test_a_reply_without_end_is_dealt_with_soon() -> None:
    """Deep nests, one endless sentence: seconds would be an attack."""
    began = time.perf_counter()
    for text in ("[" * 20_000 + "a" + "](x)" * 20_000, "<a " * 20_000, "![a](" * 20_000, "\x1b]" * 50_000):
        assert not re.search(r"\]\(|!\[|<a\b|\x1b", clean(text))
    pieces = ["word "] * 20_000
    cuts = list(whole_sentences(pieces))
    assert "".join(cuts) == "".join(pieces)
    assert max(map(len, cuts)) <= 3000
    assert time.perf_counter() - began < 20
