"""Whatever a note holds, its chunks are exact spans and nothing falls between them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import chunk
from ingest.loaders import load, supported
from rag.errors import LoadError

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

LINES = st.one_of(
    st.sampled_from(
        [
            "",
            "",
            "   ",
            "\u3000",
            "---",
            "***",
            "===",
            "# 标题",
            "## Heading *two*",
            "###### deep",
            "###no space",
            "Setext",
            "```",
            "```py",
            "~~~~",
            "````",
            "> quote。",
            "- item: one",
            "    - nested",
            "1. first",
            "| a | b |",
            "|---|---|",
            "%%",
            "%% note %%",
            "<!-- open",
            "close -->",
            "{{< fig >}} text",
            "{% raw %}",
            "<div class='x'>inner</div>",
            "<style>",
            "[a](b.md) ![](c.png) ![IMG_1](d) [[e|f]]",
            "[ref]: https://example.org",
            "data:image/png;base64,AAAA",
            "# Drawing",
            "key: value",
            "layout: post",
            "tags: [a, b]",
            "...",
            "`code` and `` more ``",
            "e\u0301\u0323",
            "a\x0bb\x85c\u2028d",
            "as follows：",
        ]
    ),
    st.text("ab .。！，:#`*[](){}<>%|-=~_!中文é😀\t", max_size=60),
    st.text(max_size=30),
    st.integers(1, 60).map(lambda n: "Words and words. " * n),
    st.integers(1, 200).map(lambda n: "没有边界" * n),
)
NOTES = st.lists(LINES, max_size=40).map("\n".join)


def check(document: Document, size: int) -> None:
    """All that a chunk promises."""
    text = document.text
    chunks = chunk(document, size)
    assert chunks == chunk(document, size)
    masked = [(m.start, m.end) for m in document.masks]
    blank = list(text)
    for start, end in masked:
        blank[start:end] = ["\n" if c == "\n" else " " for c in text[start:end]]
    view = "".join(blank)
    if not view.strip():
        assert [(c.start, c.end, c.text, c.body, c.lines) for c in chunks] == [(0, 0, "", "", (1, 1))]
        return
    newlines = [i for i, c in enumerate(text) if c == "\n"]
    at = 0
    for c in chunks:
        assert at <= c.start < c.end
        assert text[c.start : c.end] == c.text == c.text.strip()
        assert view[c.start : c.end] == c.body
        assert c.body.strip()
        assert not view[at : c.start].strip()
        assert c.lines == (
            bisect_right(newlines, c.start) + 1,
            bisect_right(newlines, c.end - 1) + 1 - (text[c.end - 1] == "\n"),
        )
        at = c.end
    assert not view[at:].strip()


def check_document(document: Document) -> None:
    """Masks and links lie in the text, in order."""
    at = 0
    for mask in document.masks:
        assert at <= mask.start < mask.end <= len(document.text)
        at = mask.end
    for link in document.links:
        assert 0 <= link.start < link.end <= len(document.text)


@given(note=NOTES, size=st.sampled_from([20, 60, 400]), suffix=st.sampled_from(["md", "txt"]))
def test_chunks_are_exact_spans(note: str, size: int, suffix: str) -> None:
    """Spans are exact, sorted and disjoint; outside lies only white space or masked text; twice gives the same."""
    try:
        document = load(f"v/a.{suffix}", note.encode("utf-8", "replace"))
    except LoadError:
        return  # control characters made it binary
    check_document(document)
    check(document, size)


@given(front=st.lists(LINES, max_size=8).map("\n".join), body=NOTES)
def test_front_matter_never_breaks_the_spans(front: str, body: str) -> None:
    """Whatever stands between the fences of a front matter block."""
    try:
        document = load("v/a.md", f"---\n{front}\n---\n{body}".encode("utf-8", "replace"))
    except LoadError:
        return
    check_document(document)
    check(document, 100)


def test_real_notes_are_cut_exactly(shared: Path) -> None:
    """Every note of the real collections, however odd."""
    count = 0
    for path in sorted((shared / "notes").rglob("*")):
        if path.is_file() and supported(path.name):
            document = load(path.relative_to(shared).as_posix(), path.read_bytes())
            check_document(document)
            check(document, 400)
            count += 1
    assert count > 100


@pytest.mark.parametrize("size", [1, 2, 7])
def test_even_absurd_sizes_terminate(size: int) -> None:
    """A size smaller than a word cuts words, and loses nothing."""
    check(load("v/a.md", "# 标题\n\nsome words 和中文 😀 ```code```\n\n- list".encode()), size)
