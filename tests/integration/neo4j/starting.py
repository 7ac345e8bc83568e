"""A real Neo4j for tests, behind the fixtures ``neo4j_server`` and ``neo4j_settings``."""

from __future__ import annotations

import contextlib
import importlib.util
from typing import TYPE_CHECKING

from pydantic import SecretStr

from rag.settings import GraphSettings
from tests.integration.neo4j import server as servers
from tests.integration.neo4j.server import AbsentError, server_at_hand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.integration.neo4j.server import Server

# A loaded machine must not fail a test by being slow.
PATIENCE_S = 60.0


@contextlib.contextmanager
def running(require: Callable[[bool, str, str], None], environment: Mapping[str, str]) -> Iterator[Server]:
    """A server, found or started in the user's environment, until the context ends.

    Absent, it is what ``require`` makes of that.
    """
    servers.ENVIRONMENT = dict(environment)
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


def cleared(server: Server) -> GraphSettings:
    """How a server is reached, after everything of Footnotes was removed from it."""
    from neo4j import GraphDatabase

    with GraphDatabase.driver(
        server.url, auth=(server.user, server.password), notifications_min_severity="OFF"
    ) as driver:
        for label in ("Footnotes", "FootnotesNode"):
            driver.execute_query(f"MATCH (n:{label}) DETACH DELETE n", database_="neo4j")
    return GraphSettings(
        backend="neo4j",
        url=server.url,
        user=server.user,
        password=SecretStr(server.password),
        timeout_s=PATIENCE_S,
    )
