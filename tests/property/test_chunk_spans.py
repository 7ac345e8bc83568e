"""Whatever a note holds, its chunks are exact spans and nothing falls between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders import load, supported
from rag.errors import LoadError
from tests.property.fragments import check_chunks, check_document

if TYPE_CHECKING:
    from pathlib import Path

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


@given(note=NOTES, size=st.sampled_from([20, 60, 400]), suffix=st.sampled_from(["md", "txt"]))
def test_chunks_are_exact_spans(note: str, size: int, suffix: str) -> None:
    """Spans are exact, sorted and disjoint; outside lies only white space or masked text; twice gives the same."""
    try:
        document = load(f"v/a.{suffix}", note.encode("utf-8", "replace"))
    except LoadError:
        return  # control characters made it binary
    check_document(document)
    check_chunks(document, size)


@given(front=st.lists(LINES, max_size=8).map("\n".join), body=NOTES)
def test_front_matter_never_breaks_the_spans(front: str, body: str) -> None:
    """Whatever stands between the fences of a front matter block."""
    try:
        document = load("v/a.md", f"---\n{front}\n---\n{body}".encode("utf-8", "replace"))
    except LoadError:
        return
    check_document(document)
    check_chunks(document, 100)


def test_real_notes_are_cut_exactly(shared: Path) -> None:
    """Every note of the real collections, however odd."""
    count = 0
    for path in sorted((shared / "notes").rglob("*")):
        if path.is_file() and supported(path.name):
            try:
                document = load(path.relative_to(shared).as_posix(), path.read_bytes())
            except LoadError:
                assert path.suffix == ".json"  # settings of an app, no conversation
                continue
            check_document(document)
            check_chunks(document, 400)
            count += 1
    assert count > 100


@pytest.mark.parametrize("size", [1, 2, 7])
def test_even_absurd_sizes_terminate(size: int) -> None:
    """A size smaller than a word cuts words, and loses nothing."""
    check_chunks(load("v/a.md", "# 标题\n\nsome words 和中文 😀 ```code```\n\n- list".encode()), size)
