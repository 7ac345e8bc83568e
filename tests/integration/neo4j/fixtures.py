"""A real Neo4j for tests: one server for all of them, each with an empty database."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from rag.settings import GraphSettings
from tests.integration.neo4j.server import AbsentError, server_at_hand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from graph.neo4j import Neo4jGraph
    from rag.store.catalogue import Catalogue
    from tests.integration.neo4j.server import Server

# A loaded machine must not fail a test by being slow.
PATIENCE_S = 60.0


@pytest.fixture(scope="session")
def neo4j_server(require: Callable[[bool, str, str], None]) -> Iterator[Server]:
    """A Neo4j that runs. Absent, it is a visible skip on a contributor's machine and a failure where ``CI=true``."""
    installed = importlib.util.find_spec("neo4j") is not None
    require(installed, "the package neo4j", "`make test` installs it into .venv-test")
    try:
        server = server_at_hand()
    except AbsentError as e:
        require(False, "Neo4j", str(e))
        raise
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def neo4j_settings(neo4j_server: Server) -> GraphSettings:
    """How the server is reached; it holds nothing of Footnotes."""
    from neo4j import GraphDatabase

    with GraphDatabase.driver(
        neo4j_server.url, auth=(neo4j_server.user, neo4j_server.password), notifications_min_severity="OFF"
    ) as driver:
        for label in ("Footnotes", "FootnotesNode"):
            driver.execute_query(f"MATCH (n:{label}) DETACH DELETE n", database_="neo4j")
    return GraphSettings(
        backend="neo4j",
        url=neo4j_server.url,
        user=neo4j_server.user,
        password=SecretStr(neo4j_server.password),
        timeout_s=PATIENCE_S,
    )


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
