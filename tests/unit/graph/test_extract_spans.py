"""Whatever a note holds, names stand where they are said to stand."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import extract
from graph.keys import key_of
from ingest.chunk import chunk
from ingest.loaders import load
from rag.errors import LoadError
from tests.property.fragments import TEXTS

if TYPE_CHECKING:
    from rag.types import Document

SAYINGS = st.lists(
    st.sampled_from(
        [
            *(
                "We met Marie Curie. ",
                "Dr. Who's",
                "[[Qdrant]]",
                "[[a/向量数据库|x]]",
                "《三体》",
                "史蒂夫·乔布斯",
                "·",
                "刘慈欣",
                "在北京大学",
            ),
            *(
                "（RAG）",
                "(FBI)",
                "检索增强生成",
                "Federal Bureau of Investigation ",
                "，原名《",
                "also known as ",
                ", aka ",
                "“Big Words” ",
            ),
            *(
                "`useEffect`",
                "https://github.com/a/b",
                "[b](https://github.com/a/b)",
                "https://sspai.com/x",
                "<b>",
                "#标签",
                "@Alan ",
            ),
            *(
                "director:: Ang Lee\n",
                "---\nactor: 巩俐, 姜文\n---\n",
                "\n",
                "\n\n",
                "# Heading One\n",
                "```\n",
                "- ",
                " and ",
                " of the ",
                "臺灣",
                "e\u0301",
            ),
        ]
    ),
    max_size=40,
).map("".join)


def check(document: Document) -> None:
    """Everything that must hold of any document's facts."""
    chunks = chunk(document, 60)
    found = extract.facts(document, chunks)
    assert found == extract.facts(document, chunks)
    text = document.text
    spans = [(m.start, m.end) for m in found.mentions]
    spans += [(r.start, r.end) for r in found.relations]
    spans += [(a.start, a.end) for a in found.aliases]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    placed = [m for m in found.mentions if m.extractor != "property"]
    for m in placed:
        assert text[m.start : m.end] == m.name
        assert key_of(m.name)
        assert "\n" not in m.name
        assert 0 < m.confidence <= 1
    assert all(a.end <= b.start for a, b in pairwise(placed))
    for alias in found.aliases:
        assert alias.name != alias.other
    assert found.mentions == tuple(sorted(found.mentions, key=lambda one: one.start))
    assert found.relations == tuple(sorted(found.relations, key=lambda one: one.start))
    assert found.aliases == tuple(sorted(found.aliases, key=lambda one: one.start))


@given(SAYINGS)
def test_names_in_markdown_stand_where_they_are_said_to(text: str) -> None:
    """Spans are exact, sorted and apart, for any mixture of names and marks."""
    check(load("notes/a.md", text.encode(), None))


@given(TEXTS, st.sampled_from([".md", ".txt", ".html", ".org", ".csv"]))
def test_any_text_can_be_read(text: str, suffix: str) -> None:
    """Broken markup of every kind does no harm."""
    try:
        document = load(f"notes/a{suffix}", text.encode("utf-8", "replace"), None)
    except LoadError:
        return
    check(document)


@pytest.mark.parametrize("suffix", [".md", ".txt"])
def test_windows_lines_and_marks_move_nothing(suffix: str) -> None:
    """Offsets are of the document's text, not of the file."""
    check(load(f"notes/a{suffix}", "\ufeffWe met\r\nMarie Curie（居里夫人）\r\n在北京".encode(), None))


@pytest.mark.parametrize("said", ["《用 `useState` 管理状态》", "《https://github.com/a/b》", "《见 [[x]]》"])
def test_a_title_with_something_left_out_is_no_name(said: str) -> None:
    """What stands for code and addresses never gets into a name."""
    document = load("notes/a.md", f"我们读了{said}。\n".encode(), None)
    check(document)
    assert not [m for m in extract.facts(document, chunk(document, 60)).mentions if m.kind == "work"]
