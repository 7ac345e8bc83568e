"""Notes as tools for assistants, driven by the SDK's own client: over HTTP, and over stdio."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextResourceContents

import footnotes
from tests.browser.serving import REPOSITORY, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of a server that the test starts
VAULT = Path(__file__).parents[1] / "data" / "vault"
TOOLS = {"search_notes", "ask_notes", "read_note", "list_notes", "notes_by_date", "related_notes"}
COMMAND = ("-c", "from rag.cli import main; main()", "mcp")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample notes, indexed."""
    folder = tmp_path_factory.mktemp("home") / "footnotes"
    with footnotes.open(folder) as engine:
        engine.add_root(VAULT)
        engine.sync()
    return folder


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    """A server with a token."""
    with serving(None, home, options=["serve"], variables={"FOOTNOTES_TOKEN": TOKEN}) as found:
        yield found


@asynccontextmanager
async def by_http(url: str) -> AsyncIterator[Client]:
    """A client of ``/mcp``."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http,
        Client(streamable_http_client(f"{url}mcp", http_client=http)) as client,
    ):
        yield client


@asynccontextmanager
async def by_stdio(home: Path) -> AsyncIterator[Client]:
    """A client that starts ``footnotes mcp``."""
    environment = {**os.environ, "FOOTNOTES_HOME": str(home), "PYTHONPATH": REPOSITORY}
    command = StdioServerParameters(command=sys.executable, args=list(COMMAND), env=environment)
    async with Client(command) as client:
        yield client


async def use_every_tool(client: Client) -> None:
    """What an assistant does, and that each tool tells the truth."""
    tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert tool.output_schema
        assert tool.description
    asked = await call(client, "ask_notes", question="Which port does Miniflux use on the home server?")
    cited = asked["citations"][0]
    span = await call(client, "read_note", id=cited["path"], start=cited["start"], end=cited["end"])
    assert span["text"] == cited["quote"]
    found = await call(client, "search_notes", query="年糕", limit=3, folder="vault/日记")
    assert 1 <= len(found["hits"]) <= 3
    assert all(hit["path"].startswith("vault/日记/") for hit in found["hits"])
    listed = await call(client, "list_notes", folder="vault/日记", limit=5)
    assert len(listed["notes"]) == 5 < listed["total"]
    dated = await call(client, "notes_by_date", after="2022-03-01", before="2022-03-31")
    assert dated["passages"]
    related = await call(client, "related_notes", id="vault/people/年糕.md")
    assert all(one["reasons"] for one in related["notes"])
    wrong = await client.call_tool("read_note", {"id": "/etc/passwd"})
    assert wrong.is_error
    assert "no note" in str(wrong.content)
    index = json.loads(await resource(client, "notes://index"))
    text = await resource(client, index["notes"][0]["uri"])
    with footnotes.open(os.environ["NOTES_UNDER_TEST"]) as engine:
        note = engine.document(index["notes"][0]["id"])
    assert note is not None
    assert text == note.text


async def resource(client: Client, uri: str) -> str:
    """The text of a resource."""
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    return content.text


async def call(client: Client, name: str, **arguments: Any) -> Any:
    """The structured reply of a tool."""
    reply = await client.call_tool(name, arguments)
    assert not reply.is_error, reply.content
    return reply.structured_content


def test_an_assistant_uses_the_server(url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTP, with the token."""
    monkeypatch.setenv("NOTES_UNDER_TEST", str(home))

    async def run() -> None:
        async with by_http(url) as client:
            await use_every_tool(client)

    asyncio.run(run())


def test_an_assistant_starts_the_tools_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over stdio."""
    monkeypatch.setenv("NOTES_UNDER_TEST", str(home))

    async def run() -> None:
        async with by_stdio(home) as client:
            await use_every_tool(client)

    asyncio.run(run())


def test_no_tool_answers_without_the_token(url: str) -> None:
    """Nor another web site."""
    with httpx2.Client(trust_env=False) as http:
        assert http.post(f"{url}mcp", json={}).status_code == 401
        headers = {"authorization": f"Bearer {TOKEN}", "sec-fetch-site": "cross-site"}
        assert http.post(f"{url}mcp", json={}, headers=headers).status_code == 403


def test_standard_output_holds_the_protocol_alone(home: Path) -> None:
    """Every line is JSON-RPC, also where the settings are in Chinese and a folder is missing."""
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    done = subprocess.run(
        [sys.executable, *COMMAND],
        input=json.dumps(hello) + "\nthis is no JSON\n",
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "FOOTNOTES_HOME": str(home), "PYTHONPATH": REPOSITORY, "LC_ALL": "zh_CN.UTF-8"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert json.loads(lines[0])["result"]["serverInfo"]["name"] == "footnotes"
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in lines)
