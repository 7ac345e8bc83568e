"""The server: where it listens, and that it needs nothing but this machine."""

from __future__ import annotations

import json
import os
import re
import socket
import time
import urllib.error
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from ingest.scan import sha256_of
from rag.cli import app
from rag.engine import Engine
from rag.errors import ConfigError, RootError
from rag.settings import ServeSettings
from tests.browser.serving import REPOSITORY, serving
from ui.access import access_of
from ui.notes import state_of
from ui.offline import quiet_import
from ui.server import address, listen
from ui.watching import sync_roots

if TYPE_CHECKING:
    from pathlib import Path

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
DEAD_PROXIES = {
    "HTTP_PROXY": "http://127.0.0.1:1",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "ALL_PROXY": "socks5://127.0.0.1:1",
}
# Python runs a module of this name at its start: every address that the server looks up or connects to is noted.
SPY = """
import sys
with open({path!r}, "a") as f:
    print("the spy is here", file=f)
def note(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        address = args[0] if event == "socket.getaddrinfo" else args[1]
        with open({path!r}, "a") as f:
            print(event, address, file=f)
sys.addaudithook(note)
"""


# --- listening ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])  # noqa: S104 - must be refused
def test_an_address_that_others_can_reach_is_refused_without_a_token(host: str) -> None:
    """Nobody else may come in without a login."""
    with pytest.raises(ConfigError, match="without a login"):
        access_of(ServeSettings(), host)
    with pytest.raises(ConfigError, match="can be guessed"):
        access_of(ServeSettings(token=SecretStr("short")), host)
    assert not access_of(ServeSettings(token=SecretStr("a-long-enough-token")), host).is_open


def test_a_token_that_no_header_can_carry_is_refused_and_not_printed() -> None:
    """On loopback, too."""
    with pytest.raises(ConfigError, match="no header") as told:
        access_of(ServeSettings(token=SecretStr("a token with spaces")), "127.0.0.1")
    assert "with spaces" not in str(told.value)


def test_a_taken_port_that_was_asked_for_is_an_error_with_its_remedy() -> None:
    """One line: which port, and what to do."""
    with listen("127.0.0.1", 0, exact=True) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"Port {port} on 127.0.0.1 .* --port"):
            listen("127.0.0.1", port, exact=True)


def test_a_taken_default_port_gives_way_to_the_next_free_one() -> None:
    """Two servers may run side by side without anybody choosing ports."""
    with listen("127.0.0.1", 0, exact=True) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port, exact=False) as second:
            assert port < second.getsockname()[1] <= port + 20


def test_the_url_names_the_port_that_was_given() -> None:
    """Port 0 becomes a real one."""
    with listen("127.0.0.1", 0, exact=True) as bound:
        assert address(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}/"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_loopback_is_served_too() -> None:
    """Its URL has brackets."""
    try:
        bound = listen("::1", 0, exact=True)
    except ConfigError:
        pytest.skip("IPv6 is switched off on this machine")
    with bound:
        assert address(bound).startswith("http://[::1]:")


def test_proxy_settings_return_after_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language model may need its proxy; Gradio must not see it."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with quiet_import():
        assert "ALL_PROXY" not in os.environ
        assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["ALL_PROXY"] == "socks5://127.0.0.1:1"


def test_a_refused_root_is_an_error_for_the_watcher(tmp_path: Path, footnotes_home: Path) -> None:
    """A sync reports a folder that was emptied and goes on; the watcher must tell it and try again."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("a note", "utf-8")
    with Engine.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
        sync_roots(engine, ["notes"])
        (notes / "a.md").unlink()
        with pytest.raises(RootError, match="has lost 1 of its 1 notes"):
            sync_roots(engine, ["notes"])


def test_the_fate_of_a_cited_note_is_read_from_its_file(tmp_path: Path, footnotes_home: Path) -> None:
    """Same, changed and gone, before and after a sync; a file that is no note is never looked at."""
    notes = tmp_path / "notes"
    notes.mkdir()
    file, other = notes / "a.md", notes / "b.md"
    file.write_text("a note", "utf-8")
    other.write_text("another note", "utf-8")
    secret = tmp_path / "secret.md"
    secret.write_text("not a note", "utf-8")
    with Engine.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
        note = engine.document("notes/a.md")
        assert note is not None
        assert state_of(engine, note.id, note.sha256) == "same"
        file.write_text("an edited note", "utf-8")
        assert state_of(engine, note.id, note.sha256) == "changed"
        engine.sync()
        assert state_of(engine, note.id, note.sha256) == "changed"
        file.write_text("a note", "utf-8")
        assert state_of(engine, note.id, note.sha256) == "same"
        file.unlink()
        assert state_of(engine, note.id, note.sha256) == "gone"
        engine.sync()
        assert state_of(engine, note.id, note.sha256) == "gone"
        assert state_of(engine, "notes/../secret.md", sha256_of(secret)) == "gone"
        engine.import_documents("elsewhere", [replace(note, id="elsewhere/a.md")])
        assert state_of(engine, "elsewhere/a.md", note.sha256) == "same"
        assert state_of(engine, "elsewhere/a.md", "0") == "changed"


# --- before serving ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [["--host", "0.0.0.0"], ["--port", "{taken}"]])  # noqa: S104 - must be refused
def test_a_host_or_port_that_cannot_be_used_is_told_before_anything_is_read(
    tmp_path: Path, footnotes_home: Path, given: list[str]
) -> None:
    """No folder is registered and no note is read for a server that will not start."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("a note", "utf-8")
    with listen("127.0.0.1", 0, exact=True) as taken:
        words = [word.format(taken=taken.getsockname()[1]) for word in given]
        outcome = CliRunner().invoke(app, ["ui", str(notes), "--no-browser", *words])
    assert isinstance(outcome.exception, ConfigError)
    with Engine.open(footnotes_home) as engine:
        assert engine.roots() == []


# --- serving -----------------------------------------------------------------------------------------------------


def _get(url: str) -> str:
    body: bytes = DIRECT.open(url, timeout=30).read()
    return body.decode()


def _healthy(url: str) -> bool:
    """The socket listens before the app is up: the first answer may take a while."""
    return bool(json.loads(_get(f"{url}health")) == {"status": "ok"})


def _ask(url: str, question: str) -> str:
    """Ask as the page does; returns everything that was streamed back."""
    dependencies: list[dict[str, Any]] = json.loads(_get(f"{url}config"))["dependencies"]
    ask = next(d for d in dependencies if [t[1] for t in d["targets"]] == ["submit"])
    session = f"s{time.monotonic_ns()}"
    body = {
        "data": [question, "", None, ""],
        "fn_index": ask["id"],
        "session_hash": session,
        "trigger_id": None,
    }
    request = urllib.request.Request(  # noqa: S310 - a loopback URL of our own
        f"{url}gradio_api/queue/join", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    DIRECT.open(request, timeout=30).read()
    streamed: list[str] = []
    with DIRECT.open(f"{url}gradio_api/queue/data?session_hash={session}", timeout=60) as events:
        for raw in events:
            line = raw.decode()
            if line.startswith("data:"):
                message = json.loads(line.removeprefix("data:"))
                streamed.append(json.dumps(message, ensure_ascii=False))
                if message["msg"] == "process_completed":
                    break
    return "\n".join(streamed)


def test_the_ui_starts_and_answers_behind_dead_proxies(tmp_path: Path) -> None:
    """Gradio and httpx read proxy variables; with unusable ones the page still works, and nothing is fetched."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced by Ms Aydin in May.\n", "utf-8")
    seen = tmp_path / "seen.txt"
    (tmp_path / "sitecustomize.py").write_text(SPY.format(path=str(seen)), "utf-8")
    path = os.pathsep.join((str(tmp_path), REPOSITORY))
    with serving(notes, tmp_path / "home", variables={"PYTHONPATH": path, **DEAD_PROXIES}) as url:
        assert _healthy(url)
        page = _get(url)
        assert "Footnotes" in page
        assert "googleapis" not in page
        theme = _get(f"{url}theme.css")
        assert "@import" not in theme
        assert "url(http" not in theme.replace('"', "")
        streamed = _ask(url, "Who serviced the boiler?")
        assert "Ms Aydin" in streamed
        assert "data-n=" in streamed
        assert json.loads(_get(f"{url}state?id=notes/boiler.md&sha256=0")) == {"state": "changed"}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            _get(f"{url}gradio_api/info")
    addresses = [
        it for it in seen.read_text("utf-8").splitlines() if "127.0.0.1" not in it and "localhost" not in it
    ]
    assert set(addresses) == {"the spy is here"}


def test_ctrl_c_ends_the_server_although_a_tab_is_open(tmp_path: Path) -> None:
    """An open tab holds a stream that never ends; the server hangs up, without a word. So it does on tabs of before."""
    (tmp_path / "notes").mkdir()
    began = 0.0
    with serving(tmp_path / "notes", tmp_path / "home") as url:
        assert _healthy(url)
        assert "session_not_found" in _get(f"{url}gradio_api/queue/data?session_hash=of-before")
        held = DIRECT.open(f"{url}gradio_api/heartbeat/tab", timeout=30)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    held.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")
@pytest.mark.parametrize("pauses", [(0.05,), (0.05, 0.05, 0.2, 0.2)])
def test_ctrl_c_again_and_again_ends_as_quietly(tmp_path: Path, pauses: tuple[float, ...]) -> None:
    """A second one must not break into the tidying up of the first. How to stop is said at the start."""
    (tmp_path / "notes").mkdir()
    output: list[str] = []
    with serving(tmp_path / "notes", tmp_path / "home", output=output, pauses=pauses) as url:
        assert _healthy(url)
    assert re.search("Footnotes: .*\nPress Ctrl-C to stop.\n$", "".join(output)), "".join(output)


def test_ctrl_c_while_the_page_is_still_being_made_ends_quietly(tmp_path: Path) -> None:
    """The address is printed some seconds before the first answer."""
    (tmp_path / "notes").mkdir()
    output: list[str] = []
    with serving(tmp_path / "notes", tmp_path / "home", output=output, pauses=(0.05,)):
        pass
    assert "".join(output).endswith("Press Ctrl-C to stop.\n")
