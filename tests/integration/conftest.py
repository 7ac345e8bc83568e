"""The small vault of ``graph_vault``, beside a real Neo4j."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from graph.neo4j import Neo4jGraph
    from rag.settings import GraphSettings
    from rag.store.catalogue import Catalogue
    from tests.integration.neo4j.server import Server


@pytest.fixture
def neo4j_catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """The small vault."""
    from tests.contracts import graph_vault

    made = graph_vault.catalogue(tmp_path)
    yield made
    made.close()


@pytest.fixture
def neo4j_store(neo4j_catalogue: Catalogue, neo4j_settings: GraphSettings) -> Iterator[Neo4jGraph]:
    """A server that holds nothing yet."""
    from graph.neo4j import Neo4jGraph
    from graph.push import home_id

    with Neo4jGraph(neo4j_settings, home_id(neo4j_catalogue)) as opened:
        yield opened


@pytest.fixture
def own_neo4j(neo4j_server: Server) -> Server:
    """A server that may be killed."""
    if not neo4j_server.is_own:
        pytest.skip("FOOTNOTES_NEO4J_URI names a server that tests must not kill")
    return neo4j_server


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each document in a transaction of its own."""
    from graph import push as pushing

    monkeypatch.setattr(pushing, "_TOGETHER", 1)
