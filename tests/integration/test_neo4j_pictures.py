"""The graph's page over a Neo4j server draws what it draws over the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.graph_pictures import View
from tests.integration.test_graph_command import NOTES
from tests.integration.test_neo4j_search import settings_of
from ui import graph_json, text

if TYPE_CHECKING:
    from pathlib import Path

    from rag.settings import GraphSettings

pytestmark = pytest.mark.neo4j

VIEWS = (
    View(),
    View(depth=2, limit=12),
    View(depth=2, nodes=frozenset({"tag"}), edges=frozenset({"MENTIONS"})),
    View(depth=2, since="2023-06", until="2023-06"),
)


def test_both_stores_draw_the_same(tmp_path: Path, neo4j_settings: GraphSettings) -> None:
    """Nodes, edges, sentences and passages, around a note, a name and a tag."""
    for name, note in NOTES.items():
        path = tmp_path / "vault" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(note, encoding="utf-8")
    drawn = []
    for home, settings in (("here", {"embedding.model": "none"}), ("there", settings_of(neo4j_settings))):
        with footnotes.open(tmp_path / home, settings=settings) as engine:
            engine.add_root(tmp_path / "vault")
            engine.sync()
            words = text.load("en")
            drawn.append(
                [
                    *(
                        graph_json.near(engine, name, view, words)
                        for name in ("Leafpick", "#app")
                        for view in VIEWS
                    ),
                    graph_json.node(engine, "entity:qdrant", words),
                    graph_json.node(engine, "Leafpick", words),
                ]
            )
            engine.graph.close()
    here, there = drawn
    assert here == there
    assert len(here[0]["nodes"]) > 3
