"""Canvases: cards in reading order, groups as sections, files as links."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ingest.chunk import chunk
from ingest.loaders import load
from rag.errors import LoadError

if TYPE_CHECKING:
    from rag.types import Document


def canvas(*nodes: dict[str, object], edges: list[dict[str, object]] | None = None) -> Document:
    """A canvas with these nodes."""
    return load("v/plan.canvas", json.dumps({"nodes": nodes, "edges": edges or []}).encode())


def card(text: str, x: float, y: float, **more: object) -> dict[str, object]:
    """A text node of 100 by 50."""
    return {"id": text, "type": "text", "text": text, "x": x, "y": y, "width": 100, "height": 50, **more}


def test_cards_are_read_row_by_row() -> None:
    """From the top, in a row from the left, even if its cards do not quite align; edges' labels follow."""
    document = canvas(
        card("four", 0, 300), card("two", 200, 10), card("one", 0, 20), card("three", 0, 200),
        edges=[{"fromNode": "one", "toNode": "two", "label": "leads to"}, {"fromNode": "x"}],
    )  # fmt: skip
    assert document.text == "one\n\nleads to\n\ntwo\n\nthree\n\nfour"
    assert (document.title, document.format, document.encoding) == ("plan", "prose", "utf-8")


def test_groups_are_sections() -> None:
    """With their own cards below them, and groups within groups a level deeper."""
    document = canvas(
        {"id": "g", "type": "group", "label": "Outer", "x": 0, "y": 100, "width": 1000, "height": 500},
        {"id": "h", "type": "group", "label": "Inner", "x": 10, "y": 300, "width": 400, "height": 200},
        card("in both", 20, 320), card("in outer", 20, 120), card("outside", 0, 900), card("# Head\nmore", 600, 320),
    )  # fmt: skip
    assert document.text == "outside\n\nOuter\n\nin outer\n\n# Head\nmore\n\nInner\n\nin both"
    assert [(s.title, s.level) for s in document.sections] == [("Outer", 1), ("Head", 2), ("Inner", 2)]
    assert chunk(document)


def test_files_and_links() -> None:
    """A file is an embed of it, what a card links to is a link, Markdown's noise in it is masked."""
    document = canvas(
        {
            "id": "f",
            "type": "file",
            "file": "a/b.md",
            "subpath": "#part",
            "x": 0,
            "y": 0,
            "width": 9,
            "height": 9,
        },
        {"id": "u", "type": "link", "url": "https://example.org", "x": 0, "y": 50, "width": 9, "height": 9},
        card("see [[c]] #tag <br>", 0, 100),
        {"id": "w", "type": "file", "file": "odd]name|.md", "x": 0, "y": 200, "width": 9, "height": 9},
    )
    assert [(k.kind, k.target, k.anchor) for k in document.links] == [
        ("embed", "a/b.md", "part"),
        ("wikilink", "c", ""),
    ]
    assert document.tags == ("tag",)
    assert [document.text[m.start : m.end] for m in document.masks] == ["<br>"]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"nodes": 3, "edges": [1]}', b'{"nodes": [{"type": "text"}, 4]}']
)
def test_an_empty_canvas_is_a_document(data: bytes) -> None:
    """A new canvas has nothing but its name."""
    assert load("v/new.canvas", data).text == ""


@pytest.mark.parametrize("data", [b"[1]", b"{", b"3", b'{"nodes":' + b"[" * 100_000])
def test_what_is_no_canvas_is_refused(data: bytes) -> None:
    """In one line, with the remedy."""
    with pytest.raises(LoadError, match=r"v/x\.canvas: is not a canvas: .*Open it in Obsidian"):
        load("v/x.canvas", data)


def test_odd_positions_are_no_matter() -> None:
    """Numbers too large, infinite, missing or of another type count as 0."""
    text = '{"nodes": [{"type":"text","text":"a","x":1e999,"y":"b","width":' + "9" * 400 + ',"height":NaN}]}'
    assert load("v/x.canvas", text.encode()).text == "a"
