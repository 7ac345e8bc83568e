"""Tables of comma- and tab-separated values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Chunk, Document

    Read = Callable[[str, bytes | str], tuple[Document, list[Chunk]]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_is_the_heading_of_every_passage(read: Read, delimiter: str) -> None:
    """Whatever divides the cells, and whatever their encoding; the text is the file."""
    rows = [("地点", "鸟, 名", "2023"), *(("山上", f"curlew {n}", str(n)) for n in range(60))]
    text = "\n".join(delimiter.join(f'"{c}"' if delimiter in c else c for c in cells) for cells in rows)
    document, chunks = read("birds.csv", text.encode("gb18030"))
    assert (document.text, document.format, document.title) == (text, "table", "birds")
    assert len(chunks) > 2
    assert {c.heading for c in chunks} == {("地点, 鸟, 名, 2023",)}
    assert all(c.end == len(text) or text[c.end] == "\n" for c in chunks)


def test_a_header_with_a_line_break_in_quotes(read: Read) -> None:
    """It is one row of names."""
    document, _ = read("a.csv", 'name,"long\nnote"\nAda,x\n')
    assert [s.title for s in document.sections] == ["name, long note"]


@pytest.mark.parametrize("text", ["1\t2\n3\t4\n", "a,a\nb,c\n", "only one line", "x,1.5\ny,2\n"])
def test_rows_of_values_are_no_header(read: Read, text: str) -> None:
    """Numbers, names that come twice, a single row."""
    document, chunks = read("a.tsv", text)
    assert [s.title for s in document.sections] == [""]
    assert {c.heading for c in chunks} == {()}


def test_an_empty_table(read: Read) -> None:
    """Nothing, found by its name."""
    document, chunks = read("a.csv", "")
    assert (document.sections, len(chunks)) == ((), 1)


def test_a_quoted_line_break_is_no_border_behind_a_space_either(read: Read) -> None:
    """Many programs write a space behind the comma."""
    rows = "".join(f'{i}, "line one {i}\nline two {i}" , end\n' for i in range(100))
    _, chunks = read("a.csv", f"n, note, x\n{rows}")
    assert len(chunks) > 10
    assert not [c.text for c in chunks if c.text.count('"') % 2]
