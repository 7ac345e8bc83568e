"""Whatever a file holds, its loader gives a sound document or one clear error, in time proportional to its size."""

from __future__ import annotations

import contextlib
import time
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import chunk
from ingest.loaders import LOADERS, load, missing
from rag.errors import LoadError
from tests.property.fragments import PIECES, TEXTS, check_chunks, check_document, wrapped

TEXT_BASED = sorted(
    suffix
    for loader in LOADERS
    if not missing(loader) and loader.module not in {"pdf", "image"} and not loader.extra
    for suffix in loader.suffixes
)
REPEATED = (
    *("[", "<", "{{", "%%", "![[", ":::", "](", "[[", "]]", "[](", "[a](b", "[^", "[x]: ", "<!--", "{%", "{/*", "<a b=", "<A b={", "</A>"),
    *("$", "$$", "`", "```\n", "~~~\n", "---\n", "+++\n", '{"', "::", "a:: ", "[a:: ", "^a ", "((", "#", "# ", "#a/", "> [!", "- [ ", "==="),
    *("{: ", "{#", "\nimport ", "\nexport {", ":LOGBOOK:", "data:image/png;base64,", "{% comment %}", "{% raw %}", "\\", "|-", "||", "\n\n"),
    *("User: a\n", "Q:\nA:\n", "你说：", "## 用户\n", "。", "a. ", "中", "\u0301", "\u3000", " ", "\t", "&", "a@", "http://", '"', "'", "=", "*", "_"),
    *("2022-01-01 ", "4月", "昨天", "去年", "last week ", "\n: ", "..\n", "\n|", "\\begin{", "\\", "#+BEGIN_", ":a:\n", "[cols]\n", "....\n", ",", ";"),
)  # fmt: skip


@given(
    text=TEXTS, suffix=st.sampled_from(TEXT_BASED), size=st.sampled_from([20, 60, 400]), wrap=st.booleans()
)
def test_any_text_loads_soundly(text: str, suffix: str, size: int, *, wrap: bool) -> None:
    """Every text-based format: spans exact, masks and links within the text, no other error than LoadError."""
    try:
        content = wrapped(text, suffix) if wrap else text
        document = load(f"v/a{suffix}", content.encode("utf-8", "replace"))
    except LoadError:
        return
    check_document(document)
    check_chunks(document, size)


@given(text=TEXTS, size=st.sampled_from([20, 60, 400]))
def test_any_note_loads_soundly(text: str, size: int) -> None:
    """The same for Markdown alone, the format that matters most: here it may not even refuse printable text."""
    try:
        document = load("v/a.md", text.encode("utf-8", "replace"))
    except LoadError:
        assert any(category(c) == "Cc" and c not in "\t\n\r" for c in text)
        return
    check_document(document)
    check_chunks(document, size)


@given(data=st.binary(max_size=300), suffix=st.sampled_from(TEXT_BASED))
def test_any_bytes_load_soundly(data: bytes, suffix: str) -> None:
    """Bytes of no encoding at all are an error or a warning, never an exception."""
    try:
        document = load(f"v/a{suffix}", data)
    except LoadError:
        return
    check_document(document)
    check_chunks(document, 60)


def seconds(unit: str, count: int, suffix: str) -> float:
    """What loading and cutting a repetition costs, in processor seconds."""
    start = time.process_time()
    with contextlib.suppress(LoadError):
        chunk(load(f"v/a{suffix}", (unit * count).encode()))
    return time.process_time() - start


@pytest.mark.parametrize("unit", sorted({*REPEATED, *PIECES} - {""}, key=repr))
def test_repetitions_of_marks_cost_linear_time(unit: str, soak: bool) -> None:
    """Thousands of one mark, opened and never closed: no expression or loop blows up."""
    count = 50_000 if soak else 4_000
    for suffix in TEXT_BASED if soak else (".mdx",):
        assert seconds(unit, count, suffix) < 10
