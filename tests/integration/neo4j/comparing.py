"""What a server holds of the graph, beside what the catalogue says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.local import LocalGraph
from graph.pull import pull_check
from rag.settings import GraphSettings, Settings

if TYPE_CHECKING:
    from graph.neo4j import Neo4jGraph
    from rag.store.catalogue import Catalogue

CHANGED = {"people/苏禾.md": "# 苏禾\n\n苏禾 lives in Arsenal now.\n"}
"""One note of ``graph_vault``, as its owner has changed it."""


def cypher(store: Neo4jGraph, query: str, **values: Any) -> list[list[Any]]:
    """Somebody else at the same server."""
    return store.server.write(lambda ask: ask(query, **values))


def assert_same(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """Edge by edge and node by node what the catalogue says, and nothing besides."""
    local = LocalGraph(catalogue.database)
    assert list(store.edges()) == list(local.edges())
    assert list(store.nodes()) == list(local.nodes())
    assert store.stats() == local.stats()
    checked = pull_check(catalogue, store)
    assert checked.is_same, checked.examples
    assert not checked.is_behind
    assert (checked.nodes, checked.edges) == (len(list(local.nodes())), len(list(local.edges())))
    left = "MATCH (n:FootnotesNode) WHERE n:FootnotesLoose OR NOT EXISTS { (n)--() } RETURN n.id"
    assert cypher(store, left) == []


def settings_for(graph: GraphSettings, **changes: object) -> Settings:
    """All settings, with changes to how the server is reached."""
    return Settings(graph=graph.model_copy(update=changes))


def assert_same_answers(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """What is read at every node, and what is made of it, here and there."""
    local = LocalGraph(catalogue.database)
    nodes = [node.id for node in local.nodes()]
    unknown = [
        "note:nowhere.md",
        "entity:nobody",
        "day:1999-01-01",
        "tag:",
        "chunk:x#1",
        "month:1999-01",
        "odd",
    ]
    for node in [*nodes, *unknown]:
        assert store.touching([node]) == local.touching([node]), node
    assert store.touching(nodes) == local.touching(nodes)
    assert store.spread([*nodes, *unknown]) == local.spread([*nodes, *unknown])
    assert store.named([*nodes, *unknown]) == local.named([*nodes, *unknown])
    for predicate in [*sorted({edge.predicate for edge in local.edges()}), "none"]:
        assert store.said(predicate.upper()) == local.said(predicate.upper())
    shown = [node for node in nodes if not node.startswith(("chunk:", "section:"))][::7]
    for node in shown:
        assert store.near(node, 2, 12) == local.near(node, 2, 12)
        assert store.around([node], 30) == local.around([node], 30)
        assert store.neighbours(node) == local.neighbours(node)
        assert store.path(shown[0], node) == local.path(shown[0], node)
        if node.startswith("entity:"):
            name = node.partition(":")[2]
            assert store.naming([name]) == local.naming([name])
            assert store.timeline(name) == local.timeline(name)
