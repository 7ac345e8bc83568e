"""The frame of the graph's page, its words, and the library that draws."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import get_args

import pytest

import ui
from graph.model import EdgeKind, EntityKind, Extractor, NodeKind
from ui import graph_html, text

FOLDER = Path(ui.__file__).parent
CYTOSCAPE = "71fa9ebec21a7ca2c40cff6aacc30d1f6464e363662ad4b2c197e1adc770cd94"
EN, ZH = text.load("en"), text.load("zh")


def test_the_drawing_library_is_the_published_one() -> None:
    """Byte for byte, with its licence and where it is from."""
    vendor = FOLDER / "vendor"
    assert hashlib.sha256((vendor / "cytoscape.min.js").read_bytes()).hexdigest() == CYTOSCAPE
    assert "Permission is hereby granted" in (vendor / "cytoscape.LICENSE.txt").read_text("utf-8")
    told = (vendor / "README.md").read_text("utf-8")
    version = re.search(r'\.version="([\d.]+)"', (vendor / "cytoscape.min.js").read_text("utf-8"))
    assert version
    assert f"cytoscape@{version[1]}" in told


@pytest.mark.parametrize("words", [EN, ZH])
def test_every_kind_has_words(words: text.Text) -> None:
    """A kind without would break the page for a reader whose notes have it."""
    for kind in (*get_args(NodeKind), *get_args(EntityKind)):
        assert words(f"graph.kind.{kind}")
    for kind in get_args(EdgeKind):
        assert words(f"graph.says.{kind}", source="a", target="b", predicate="p")
    for extractor in get_args(Extractor):
        assert words(f"graph.by.{extractor}")


@pytest.mark.parametrize("words", [EN, ZH])
def test_the_page_has_a_box_a_kind_and_names_for_all_controls(words: text.Text) -> None:
    """The legend is the filter."""
    page = graph_html.page_html("local", 3, words)
    for kind in graph_html.EDGE_KINDS:
        assert f'name="edges" value="{kind}" checked' in page
    shown = ",".join(re.findall(r'name="nodes" value="([^"]+)"', page))
    assert tuple(shown.split(",")) == graph_html.NODE_KINDS
    assert page.count("<select") == page.count("<label>") - 2 == 2  # and the two days
    assert "{" not in re.sub(r'data-\w+="[^"]*"', "", page)


def test_an_empty_page_teaches() -> None:
    """No notes: how to add some; no graph: which setting brings it."""
    assert EN("empty") in graph_html.page_html("local", 0, EN)
    off = graph_html.page_html("none", 3, EN)
    assert "backend: local" in off
    assert 'id="graph"' not in off


def test_the_script_builds_no_markup_of_notes() -> None:
    """One innerHTML: the source panel, which the server has escaped."""
    script = "".join((FOLDER / name).read_text("utf-8") for name in ("graph.js", "drawing.js"))
    assert re.findall(r"innerHTML.*|insertAdjacentHTML.*|document\.write.*", script) == ["innerHTML = html;"]
    assert not re.search(r"\beval\(|new Function", script)
