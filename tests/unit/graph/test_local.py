"""The local store reads from every side exactly the edges that the documents bring."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from graph import walk
from graph.answers import ASSOCIATIONS
from graph.local import LocalGraph
from tests.contracts import graph_vault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from graph.model import Edge
    from rag.store.catalogue import Catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """The small vault."""
    made = graph_vault.catalogue(tmp_path)
    yield made
    made.close()


def standing_at(edges: list[Edge]) -> dict[str, set[Edge]]:
    """Every association, by each node that it stands at."""
    found: dict[str, set[Edge]] = defaultdict(set)
    for edge in edges:
        if edge.kind not in ASSOCIATIONS:
            continue
        found[walk.note_id(edge.doc_id)].add(edge)
        for end in (edge.source, edge.target):
            found[end].add(edge)
            found[walk.folded(end)].add(edge)
            kind, _, period = end.partition(":")
            if kind == "day":
                found[f"month:{period[:7]}"].add(edge)
            if kind in {"day", "month"}:
                found[f"year:{period[:4]}"].add(edge)
    return found


def test_every_node_is_read_with_its_edges(catalogue: Catalogue) -> None:
    """Looked up one by one, by kind of edge, all at once, and counted."""
    store = LocalGraph(catalogue.database)
    nodes = {node.id: node for node in store.nodes() if node.kind != "section"}
    at = standing_at(list(store.edges()))
    for node_id in nodes:
        assert store.touching([node_id]) == sorted(at[node_id])
        assert store.touching([node_id], ("MENTIONS",)) == sorted(
            edge for edge in at[node_id] if edge.kind == "MENTIONS"
        )
    assert store.touching(list(nodes)) == sorted(set().union(*at.values()))
    assert store.named([*nodes, "note:x", "entity:x", "tag:x", "day:1999-01-01", "chunk:x#1"]) == nodes
    spread = {
        n: len({edge.doc_id for edge in at[n]}) for n in nodes if nodes[n].kind not in {"note", "chunk"}
    }
    assert store.spread(list(nodes)) == {node: count for node, count in spread.items() if count}


def test_ids_that_name_nothing_are_harmless(catalogue: Catalogue) -> None:
    """Also those of no form at all."""
    store = LocalGraph(catalogue.database)
    odd = ["", ":", "note:", "entity:", "chunk:x", "chunk:x#y", "day:x", "month:2023", "year:9999", "x:y"]
    assert store.touching(odd) == []
    assert store.spread(odd) == {}
    assert store.named(odd) == {}


def test_the_calendar_follows_changes(catalogue: Catalogue) -> None:
    """Days of a note that came after the store was opened are there, those of one that went are not."""
    store = LocalGraph(catalogue.database)
    assert store.spread(["month:2023-09"]) == {"month:2023-09": 2}
    graph_vault.put(
        catalogue, {"diary/2023-09-09.md": "# 2023-09-09\n\nRain.\n"}, removed=("films/Past Lives.md",)
    )
    assert store.spread(["day:2023-09-09", "day:2023-09-02", "month:2023-09"]) == {
        "day:2023-09-09": 1,
        "month:2023-09": 2,
    }
