"""Stores of the graph, for the suite that every one of them must pass.

``graph`` is a store of the vault in ``graph_vault``, brought up to date by ``graph.follow()`` where the vault changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from graph.local import LocalGraph
from graph.neo4j import Neo4jGraph
from graph.push import home_id, push
from tests.contracts import graph_vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from graph.answers import Answers
    from rag.settings import GraphSettings
    from rag.store.catalogue import Catalogue


@dataclass(frozen=True)
class Stored:
    """A store beside the catalogue that it shows; ``follow`` brings it up to date."""

    catalogue: Catalogue
    store: Answers
    follow: Callable[[], object]


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """The small vault."""
    made = graph_vault.catalogue(tmp_path)
    yield made
    made.close()


@pytest.fixture
def neo4j_graph(catalogue: Catalogue, neo4j_settings: GraphSettings) -> Iterator[Stored]:
    """The small vault on a real server."""
    with Neo4jGraph(neo4j_settings, home_id(catalogue)) as store:
        push(catalogue, store)
        yield Stored(catalogue, store, lambda: push(catalogue, store))


@pytest.fixture(params=["local", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def graph(request: pytest.FixtureRequest, catalogue: Catalogue) -> Stored:
    """The small vault in a store of each kind."""
    if request.param == "local":
        return Stored(catalogue, LocalGraph(catalogue.database), lambda: None)
    stored: Stored = request.getfixturevalue("neo4j_graph")
    return stored
