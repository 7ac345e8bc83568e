"""Users: made on the command line, logged in at a real server, each with conversations of their own."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from typer.testing import CliRunner

import footnotes
from rag.cli import app
from rag.store.users import Users
from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALICE, BOB = "alice's own words", "bob's own words"
VARIABLES = {"FOOTNOTES_PASSWORD_ALICE": ALICE, "FOOTNOTES_PASSWORD_BOB": BOB}
OPTIONS = ["serve", "--auth", "alice", "--auth", "bob"]
TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of a server that the test starts


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One note."""
    folder = tmp_path_factory.mktemp("shared") / "notes"
    folder.mkdir()
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced by Ms Aydin in May.\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where users and conversations are kept."""
    return tmp_path_factory.mktemp("users") / "home"


@pytest.fixture(scope="module")
def url(notes: Path, home: Path) -> Iterator[str]:
    """A server for Alice and Bob, and for programs with a token."""
    with serving(notes, home, options=OPTIONS, variables={**VARIABLES, "FOOTNOTES_TOKEN": TOKEN}) as found:
        yield found


@contextmanager
def logged_in(url: str, name: str, password: str) -> Iterator[httpx.Client]:
    """A browser after its login."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        assert client.post("/login", data={"name": name, "password": password}).status_code == 303
        yield client


def cli(home: Path, *words: str, variables: dict[str, str] | None = None) -> Any:
    """What a command does."""
    return CliRunner().invoke(app, ["users", *words, "--home", str(home)], env=variables)


def test_both_log_in_and_the_token_still_works(url: str) -> None:
    """Each with their own password only."""
    with logged_in(url, "alice", ALICE) as alice, logged_in(url, "Bob", BOB) as bob:
        assert {one.get("/v1/status").status_code for one in (alice, bob)} == {200}
        assert alice.post("/login", data={"name": "bob", "password": ALICE}).status_code == 401
        assert alice.post("/login", data={"token": TOKEN}).status_code == 401, "a form without a name"
    with httpx.Client(base_url=url, trust_env=False) as program:
        assert program.get("/v1/status").status_code == 401
        assert program.get("/v1/status", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_restart_needs_no_password(url: str, notes: Path, home: Path) -> None:
    """It is kept, hashed, in a file that its owner alone can read; a login from before goes on."""
    with logged_in(url, "alice", ALICE) as alice, serving(notes, home, options=OPTIONS) as again:
        assert httpx.get(f"{again}config", cookies=alice.cookies, trust_env=False).status_code == 200
    assert (home / "users.db").stat().st_mode & 0o777 == 0o600
    files = b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())
    assert not any(password.encode() in files for password in (ALICE, BOB))


def test_a_login_ends_with_a_new_password_and_with_a_removal(url: str, home: Path) -> None:
    """While the server runs, by another process."""
    with Users(home) as users:
        users.set("carol", "carol's own words")
    assert "carol" in cli(home, "list").output
    with logged_in(url, "alice", ALICE) as alice:
        done = cli(home, "password", "alice", variables=VARIABLES)
        assert (done.exit_code, done.output) == (0, "New password: alice\n")
        assert alice.get("/config").status_code == 401
    with logged_in(url, "bob", BOB) as bob:
        assert cli(home, "remove", "bob", "--yes").exit_code == 0
        assert bob.get("/config").status_code == 401
        assert bob.post("/login", data={"name": "bob", "password": BOB}).status_code == 401
    assert cli(home, "add", "bob", variables=VARIABLES).exit_code == 0


def test_conversations_of_before_go_to_whom_they_are_given(tmp_path: Path) -> None:
    """The first user does not get them by being the first; who is removed leaves none to the next of that name."""
    with footnotes.open(tmp_path) as engine:
        engine.conversations().start("old")
        assert cli(tmp_path, "add", "alice", variables=VARIABLES).exit_code == 0
        assert [one.name for one in engine.conversations().listed()] == ["old"]
        assert engine.conversations("alice").listed() == []
        done = cli(tmp_path, "add", "bob", "--take-over", variables=VARIABLES)
        assert "given to bob: 1" in done.output
        assert [one.name for one in engine.conversations("bob").listed()] == ["old"]
        assert engine.conversations().listed() == []
        assert cli(tmp_path, "remove", "bob").exit_code == 1, "it asks, and nobody answers"
        assert cli(tmp_path, "remove", "bob", "--yes").exit_code == 0
        assert engine.conversations("bob").listed() == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["add", "a b"], "no user's name"),
        (["password", "carol"], "There is no user carol"),
        (["remove", "carol"], "There is no user carol"),
        (["add", "carol"], "Set FOOTNOTES_PASSWORD_CAROL, or run this on a terminal"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, words: list[str], line: str) -> None:
    """With its remedy."""
    done = cli(tmp_path, *words)
    assert done.exit_code == 1
    assert re.search(re.escape(line), str(done.exception))


def test_a_server_without_a_password_does_not_start(notes: Path, tmp_path: Path) -> None:
    """It says how to give one; nothing was registered."""
    done = CliRunner().invoke(
        app, ["serve", str(notes), "--auth", "alice", "--home", str(tmp_path), "--port", "0"]
    )
    assert "The user alice has no password. Set FOOTNOTES_PASSWORD_ALICE" in str(done.exception)
    with footnotes.open(tmp_path) as engine:
        assert engine.roots() == []
