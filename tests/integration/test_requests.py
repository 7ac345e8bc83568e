"""Whom Footnotes talks to: the servers that are set, and nobody else. Every connection that a command opens is noted."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from rag.cli import main
from rag.models import finding
from tests.integration.embedding_server import OLLAMA_MODELS, OPENAI_MODELS, EmbeddingServer, Reply
from tests.integration.llm_server import LLMServer
from tests.integration.llm_server import Reply as Said

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., str]


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where connections were opened to; names that were looked up count with port 0."""
    seen: list[tuple[str, int]] = []
    connect, connect_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def noted(sock: socket.socket, address: Any) -> Any:
        if sock.family in {socket.AF_INET, socket.AF_INET6}:
            seen.append(address[:2])
        return connect(sock, address)

    def noted_ex(sock: socket.socket, address: Any) -> Any:
        if sock.family in {socket.AF_INET, socket.AF_INET6}:
            seen.append(address[:2])
        return connect_ex(sock, address)

    def looked_up(host: Any, *args: Any, **more: Any) -> Any:
        seen.append((str(host), 0))
        return lookup(host, *args, **more)

    monkeypatch.setattr(socket.socket, "connect", noted)
    monkeypatch.setattr(socket.socket, "connect_ex", noted_ex)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    return seen


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command; what it says."""

    def go(*command: str) -> str:
        monkeypatch.setattr("sys.argv", ["footnotes", *command])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert ended.value.code in {0, None}, said.err
        return str(said.out) + str(said.err)

    return go


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Two notes; one names addresses, which nobody may follow."""
    folder = tmp_path / "vault"
    folder.mkdir()
    (folder / "roof.md").write_text(
        "The roof leaks near the chimney.\n\n![x](http://192.0.2.1/x.png)", "utf-8"
    )
    (folder / "walls.md").write_text("墙是白色的，见 https://example.org/wall 。", "utf-8")
    return folder


def test_without_servers_nobody_is_asked(run: Run, vault: Path, reached: list[tuple[str, int]]) -> None:
    """Sync, search, ask, status, doctor, the list of models: all of it on this machine."""
    run("sync", str(vault))
    for command in (
        ("search", "roof"),
        ("ask", "Where does the roof leak?"),
        ("status",),
        ("doctor",),
        ("models",),
    ):
        run(*command)
    assert reached == []


@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_only_the_servers_that_are_set_are_asked(
    run: Run, vault: Path, reached: list[tuple[str, int]], kind: str
) -> None:
    """A language model, an embedding model and a reranker, each at its own address."""
    with (
        LLMServer(Said("The roof leaks near the chimney [1].")) as chat,
        EmbeddingServer() as vectors,
        EmbeddingServer() as ranks,
    ):
        servers = {
            "llm.url": chat.url,
            "llm.model": "m",
            "llm.kind": kind,
            "embedding.url": vectors.url,
            "embedding.model": "m",
            "rerank.url": ranks.url,
            "rerank.model": "m",
        }
        settings = [f"--set={key}={value}" for key, value in servers.items()]
        run("sync", str(vault), *settings)
        assert "The roof leaks near the chimney [1]." in run("ask", "Where does the roof leak?", *settings)
        run("ask", "Where does the roof leak?", "--show-prompt", *settings)
        assert len(chat.requests) == 1
        run("models", *settings)
    hosts = {f"http://{host}:{port}" for host, port in reached if port}
    assert hosts == {chat.url, vectors.url, ranks.url}
    assert {host for host, port in reached if not port} <= {"127.0.0.1"}


def test_ports_are_tried_only_on_request(
    run: Run, reached: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual ones of 127.0.0.1, each once or twice; what answers is told with the settings to use it."""
    with (
        EmbeddingServer(models=("qwen3:8b",), serves=frozenset((OLLAMA_MODELS,))) as ollama,
        EmbeddingServer(models=("gemma",), serves=frozenset((OPENAI_MODELS,))) as studio,
        EmbeddingServer(Reply(status=401)) as locked,
        EmbeddingServer(serves=frozenset()) as other,
        EmbeddingServer(Reply(raw=b"<html>")) as site,
        socket.create_server(("127.0.0.1", 0)) as held,
    ):
        closed = int(held.getsockname()[1])
        held.close()
        ports = {
            int(server.url.rpartition(":")[2]): server for server in (ollama, studio, locked, other, site)
        }
        programs = dict(zip(ports, ("Ollama", "LM Studio", "vLLM", "Jan", "GPT4All"), strict=True))
        monkeypatch.setattr(finding.local_servers, "__defaults__", ({**programs, closed: "KoboldCpp"},))
        run("models")
        assert reached == []
        said = run("models", "--find")
        found = json.loads(run("models", "--find", "--json"))
    assert {port for _, port in reached} - {0} == {*ports, closed}
    assert {host for host, _ in reached} == {"127.0.0.1"}
    assert [(one["program"], one["kind"], one["serves"]) for one in found] == [
        ("Ollama", "ollama", ["qwen3:8b"]),
        ("LM Studio", "openai", ["gemma"]),
        ("vLLM", "openai", []),
    ]
    assert f"--set llm.url={ollama.url} --set llm.kind=ollama --set llm.model=qwen3:8b" in said
    assert "It wants a key" in said


def test_nothing_found_names_the_ports(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one knows where was looked."""
    monkeypatch.setattr(finding.local_servers, "__defaults__", ({},))
    said = run("models", "--find")
    assert "Ollama 11434" in said
    assert "llama.cpp 8080" in said
