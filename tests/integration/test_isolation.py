"""The promises that tests/conftest.py makes to every other test."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

OUTSIDE = "203.0.113.7"  # RFC 5737: an address for documentation


def test_user_folders_are_temporary(footnotes_home: Path, tmp_path: Path) -> None:
    """The home folder, and what HOME says, are temporary, fresh and not inside ``tmp_path``."""
    assert Path(os.environ["FOOTNOTES_HOME"]) == footnotes_home
    assert not footnotes_home.exists()
    assert Path.home() == footnotes_home.parent
    assert list(tmp_path.iterdir()) == []
    assert [
        name
        for name in os.environ
        if name.startswith("FOOTNOTES_") and os.environ[name] != str(footnotes_home)
    ] == [name for name in ("FOOTNOTES_SHARED", "FOOTNOTES_CHROMIUM") if name in os.environ]


@pytest.mark.parametrize("host", [OUTSIDE, "example.org", "2001:db8::1", b"example.org"])
def test_outside_hosts_are_refused_by_name(host: str | bytes, blocked_hosts: list[str]) -> None:
    """A lookup of a host beyond loopback raises an error that names it, and is remembered."""
    with pytest.raises(RuntimeError, match=str(host if isinstance(host, str) else host.decode())):
        socket.getaddrinfo(host, 80)
    assert blocked_hosts == [str(host)]
    blocked_hosts.clear()


def test_outside_addresses_are_refused(blocked_hosts: list[str]) -> None:
    """Neither a TCP connection nor a datagram leaves the machine."""
    with socket.socket() as tcp, pytest.raises(RuntimeError, match=OUTSIDE):
        tcp.connect((OUTSIDE, 80))
    with socket.socket() as tcp, pytest.raises(RuntimeError, match=OUTSIDE):
        tcp.connect_ex((OUTSIDE, 80))
    with socket.socket(type=socket.SOCK_DGRAM) as udp, pytest.raises(RuntimeError, match=OUTSIDE):
        udp.sendto(b"x", (OUTSIDE, 53))
    with pytest.raises(RuntimeError, match=r"example\.org"):
        urllib.request.urlopen("http://example.org/")
    assert len(blocked_hosts) == 4
    blocked_hosts.clear()


def test_loopback_works() -> None:
    """Servers on loopback answer, by address and by name, also with asyncio."""

    async def echo() -> bytes:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.read(4))
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1])
            writer.write(b"ping")
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(echo()) == b"ping"


INNER_TESTS = """
import contextlib, logging, socket

def test_swallows_the_refusal():
    with contextlib.suppress(Exception):
        socket.getaddrinfo("example.org", 80)

def test_leaves_a_handler_behind():
    handler = logging.StreamHandler()
    handler.name = "left behind"
    logging.getLogger().addHandler(handler)
    logging.getLogger("rag").setLevel(logging.DEBUG)

def test_finds_logging_as_it_was():
    assert "left behind" not in [handler.name for handler in logging.getLogger().handlers]
    assert logging.getLogger("rag").level == logging.NOTSET

def test_asks_for_an_absent_part(require):
    require(False, "the moon", "look up")
"""


@pytest.mark.parametrize(("ci", "absent_part"), [("", "1 skipped"), ("true", "1 failed")])
def test_what_the_fixtures_do_to_other_tests(ci: str, absent_part: str, tmp_path: Path) -> None:
    """A swallowed attempt fails its test at the end, logging is put back, absent parts fail only on CI."""
    (tmp_path / "conftest.py").write_bytes(Path(__file__).parents[1].joinpath("conftest.py").read_bytes())
    (tmp_path / "test_inner.py").write_text(INNER_TESTS, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:randomly", str(tmp_path)]
    run = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "CI": ci}, capture_output=True, text=True, check=False
    )
    assert "the test tried to reach example.org" in run.stdout
    assert "the moon is missing: look up" in run.stdout
    assert "1 error" in run.stdout
    assert absent_part in run.stdout
    assert "3 passed" in run.stdout
