"""The connection to a Neo4j server, where there is no driver."""

from __future__ import annotations

import sys

import pytest

from graph.bolt import Server
from rag.errors import ExtraMissingError
from rag.settings import GraphSettings


def test_without_the_driver_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the default install: no traceback about a module, for reads and writes alike."""
    monkeypatch.setitem(sys.modules, "neo4j", None)
    server = Server(GraphSettings(backend="neo4j"))
    for ask in (server.read, server.write):
        with pytest.raises(ExtraMissingError, match=r"footnotes\[graph\]"):
            ask(lambda run: run("RETURN 1"))
