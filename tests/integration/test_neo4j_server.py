"""How tests find a Neo4j, and that none outlives them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.neo4j import server
from tests.integration.neo4j.server import (
    HERE,
    IMAGE,
    AbsentError,
    DockerServer,
    ExistingServer,
    JarServer,
    server_at_hand,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables, no Docker, no programs."""
    monkeypatch.setattr(server, "ENVIRONMENT", {"HOME": str(tmp_path)})
    monkeypatch.setattr(server, "_succeeds", lambda *_: False)
    monkeypatch.setattr(shutil, "which", lambda _: None)


def test_the_order_in_which_servers_are_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server that runs, then jars, then Docker; each before the next."""
    monkeypatch.setattr(server, "_with_java", lambda jars: jars)
    monkeypatch.setattr(server, "_succeeds", lambda *_: True)
    assert isinstance(server_at_hand(), DockerServer)
    monkeypatch.setitem(server.ENVIRONMENT, "FOOTNOTES_NEO4J_JARS", str(tmp_path))
    by_jars = server_at_hand()
    by_jars.remove()
    assert isinstance(by_jars, JarServer)
    assert by_jars.jars == tmp_path
    monkeypatch.setitem(server.ENVIRONMENT, "FOOTNOTES_NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setitem(server.ENVIRONMENT, "FOOTNOTES_NEO4J_PASSWORD", "p")
    assert server_at_hand() == ExistingServer("bolt://127.0.0.1:1", "neo4j", "p")


def test_absence_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing at all; a folder without jars; jars without Java."""
    with pytest.raises(AbsentError, match="start Docker, or install Maven and Java 17"):
        server_at_hand()
    monkeypatch.setitem(server.ENVIRONMENT, "FOOTNOTES_NEO4J_JARS", str(tmp_path))
    with pytest.raises(AbsentError, match="holds no neo4j-server"):
        server_at_hand()
    (tmp_path / "neo4j-server-5.26.30.jar").touch()
    with pytest.raises(AbsentError, match="install Java 17"):
        server_at_hand()


def test_docker_and_maven_give_the_same_release() -> None:
    """5.26 LTS."""
    versions = set(re.findall(r"<version>(5[\d.]+)</version>", (HERE / "pom.xml").read_text("utf-8")))
    assert len(versions) == 1
    assert versions.pop().startswith(IMAGE.removeprefix("neo4j:").removesuffix("-community") + ".")


def test_a_kept_command_ends_with_its_starter() -> None:
    """When standard input is closed, as it is when the starter is killed."""
    keeper = subprocess.Popen(
        [sys.executable, str(HERE / "keep.py"), sys.executable, "-c", "import time; time.sleep(600)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    with keeper, keeper.stdin, keeper.stdout:
        assert int(keeper.stdout.readline()) > 0
        assert keeper.poll() is None
        keeper.stdin.close()
        begin = time.monotonic()
        assert keeper.wait(60) != 0
        assert time.monotonic() - begin < 60
