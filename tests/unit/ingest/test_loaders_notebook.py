"""Notebooks, made on the spot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ingest.loaders import load
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Chunk, Document

    Read = Callable[[str, bytes | str], tuple[Document, list[Chunk]]]


def notebook(*cells: dict[str, Any]) -> str:
    """A notebook of these cells."""
    return json.dumps({"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4})


def text(source: str) -> dict[str, Any]:
    """A Markdown cell, as lists of lines."""
    return {"cell_type": "markdown", "source": source.splitlines(keepends=True)}


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    """A code cell."""
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def test_cells_are_pages_with_code_and_output(read: Read) -> None:
    """Text that was printed is kept, pictures and HTML are not, an error is its last line."""
    document, chunks = read(
        "a.ipynb",
        notebook(
            text("# 计数 Counting\nintro"),
            text(""),
            code(
                "# no heading\ncount()",
                {"output_type": "stream", "text": ["10%\r20%\r", "a godwit\n"]},
                {"output_type": "execute_result", "data": {"text/plain": "42", "text/html": "<b>42</b>"}},
                {
                    "output_type": "display_data",
                    "data": {"image/png": "AAAA", "text/plain": "<Figure size 1x1>"},
                },
                {
                    "output_type": "error",
                    "ename": "ValueError",
                    "evalue": "\x1b[31mbad",
                    "traceback": ["long"],
                },
            ),
        ),
    )
    assert document.text == (
        "# 计数 Counting\nintro\n\n```python\n# no heading\ncount()\n```\n\n```text\na godwit\n42\nValueError: bad\n```"
    )
    assert (document.format, document.title) == ("notebook", "计数 Counting")
    assert [s.title for s in document.sections] == ["计数 Counting"]
    assert [(c.page, c.heading) for c in chunks] == [(1, ("计数 Counting",)), (3, ("计数 Counting",))]


def test_links_and_embedded_pictures(read: Read) -> None:
    """Links of text cells are found, base64 is masked, code within a fence holds none."""
    document, _ = read(
        "a.ipynb", notebook(text("[x](y.md) ![](data:image/png;base64,AAAA)"), code("a[0](b)\n```\n[p](q)"))
    )
    assert [link.target for link in document.links] == ["y.md"]
    assert [m.reason for m in document.masks] == ["markup", "base64"]


def test_a_fence_left_open_ends_with_its_cell(read: Read) -> None:
    """It takes no other cell's headings."""
    document, _ = read("a.ipynb", notebook(text("```\nopen"), text("# Head"), code("x")))
    assert [s.title for s in document.sections] == ["Head"]


def test_the_format_before_2015(read: Read) -> None:
    """Worksheets, heading cells, and ``input`` for the source."""
    old = {
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": "Old"},
                    {"cell_type": "code", "input": "x", "outputs": [{"output_type": "stream", "text": "y"}]},
                ]
            }
        ]
    }
    document, _ = read("a.ipynb", json.dumps(old))
    assert document.text == "## Old\n\n```\nx\n```\n\n```text\ny\n```"


@pytest.mark.parametrize(
    "data", ["", "no json", "[]", '{"cells": 1}', "[" * 100_000, '{"cells": [' * 50_000, "{}"]
)
def test_what_is_no_notebook_is_refused(data: str) -> None:
    """In one line."""
    with pytest.raises(LoadError, match=r"^notes/a\.ipynb: is not a notebook: [^\n]*save it again\.$"):
        load("notes/a.ipynb", data.encode())


def test_cells_of_wrong_types_are_read_around(read: Read) -> None:
    """A wrong value costs its own cell only."""
    document, _ = read(
        "a.ipynb",
        json.dumps(
            {"cells": [1, {"cell_type": "code", "source": 5, "outputs": [3, {"data": [1]}]}, text("kept")]}
        ),
    )
    assert document.text == "kept"


def test_what_cannot_be_printed_in_a_text_cell_is_left_out(read: Read) -> None:
    """As in code: a stray escape does not cost the notebook."""
    document, _ = read("a.ipynb", json.dumps({"cells": [text("a\r\nb\x00c\ud83d")]}))
    assert document.text == "a\nbc"
