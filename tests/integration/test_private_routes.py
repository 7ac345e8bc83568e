"""What the pages' scripts ask for is fenced like everything else, and gives nothing but what the index holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "correct-horse-battery"  # noqa: S105 - of a server that lives for this test
GETS = (
    "found?q=boiler",
    "passage?id=notes/a.md&start=0&end=1&n=1",
    "notes/folders",
    "notes/job",
    "notes/files",
    "notes/why?id=notes/a.md",
    "settings/choices",
    "graph/names?q=b",
    "graph/near?name=Boiler",
    "graph/node?name=Boiler",
    "graph/source?doc=notes/a.md&start=0&end=1",
    *(f"evals/{part}" for part in ("questions", "job", "report", "runs", "compare?before=a&now=b")),
)
POSTS = (
    *(f"notes/do/{act}" for act in ("add", "rename", "remove", "sync", "accept", "stop", "watch")),
    "notes/upload?name=x.md",
    "settings/do/set",
    "settings/do/test",
    "settings/do/find",
    *(f"evals/do/{act}" for act in ("make", "run", "stop")),
)


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One note, and a file beside the folder."""
    folder = tmp_path_factory.mktemp("private") / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("# Boiler\n\nThe boiler was serviced in May.\n", "utf-8")
    (folder.parent / "secret.md").write_text("# Secret\n\nNobody may read this.\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def fenced(notes: Path) -> Iterator[str]:
    """A server with a token: others may reach it."""
    with serving(notes, notes.parent / "fenced", variables={"FOOTNOTES_TOKEN": TOKEN}) as url:
        yield url


@pytest.fixture(scope="module")
def local(notes: Path) -> Iterator[str]:
    """A server for this machine alone."""
    variables = {"FOOTNOTES_UI__INBOX": str(notes), "FOOTNOTES_UI__MAX_UPLOAD_MB": "1"}
    with serving(notes, notes.parent / "local", variables=variables) as url:
        yield url


def asked(
    url: str, body: Any = None, token: str = "", raw: bytes | None = None, **headers: str
) -> tuple[int, str]:
    """Status and text of a request; a body makes it a POST."""
    data = raw if raw is not None else None if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    sent |= {"authorization": f"Bearer {token}"} if token else {}
    try:
        with urlopen(Request(url, data, sent)) as reply:  # noqa: S310 - our own server
            return reply.status, reply.read().decode()
    except HTTPError as e:
        return e.code, e.read().decode()


def test_all_of_it_wants_the_login(fenced: str) -> None:
    """Nothing is told and nothing is done without."""
    assert {asked(fenced + path)[0] for path in GETS} == {401}
    assert {asked(fenced + path, {"root": "", "value": ""})[0] for path in POSTS} == {401}
    assert all(asked(fenced + path, token=TOKEN)[0] in {200, 404} for path in GETS)


def test_other_web_sites_can_do_nothing(local: str) -> None:
    """A page elsewhere can make a browser send a POST; the browser says from where."""
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{urlsplit(local).port or 80 + 1}0"):
        assert {asked(local + path, {}, origin=origin)[0] for path in POSTS} == {403}
    assert asked(f"{local}notes/do/stop", {"root": "", "value": ""}, host="evil.example")[0] == 421


def test_where_others_can_come_in_folders_and_settings_are_the_servers_own(fenced: str, notes: Path) -> None:
    """A login may read notes; it must not read the disk, nor send notes elsewhere."""
    for act in ("add", "rename", "remove", "accept", "watch"):
        status, line = asked(f"{fenced}notes/do/{act}", {"root": "notes", "value": str(notes.parent)}, TOKEN)
        assert (act, status, "on the server itself" in line) == (act, 409, True)
    for act in ("sync", "stop"):
        assert asked(f"{fenced}notes/do/{act}", {"root": "", "value": ""}, TOKEN)[0] == 200
    for key, value in (("llm.url", "https://evil.example"), ("ui.inbox", "/")):
        status, line = asked(f"{fenced}settings/do/set", {"key": key, "value": value}, TOKEN)
        assert (status, "on the server itself" in line) == (409, True)
    assert "disabled" in asked(f"{fenced}settings/choices", token=TOKEN)[1]
    assert asked(f"{fenced}settings/do/find", {}, TOKEN)[0] == 409


@pytest.mark.parametrize(
    "name",
    [
        "../secret.md",
        "notes/../../secret.md",
        "%2e%2e/secret.md",
        "/etc/passwd",
        "notes/a.md/../../secret.md",
    ],
)
def test_only_what_the_index_holds_is_told(local: str, notes: Path, name: str) -> None:
    """By its id there, never by a path."""
    for address in (f"notes/why?id={quote(name)}", f"passage?id={quote(name)}&start=0&end=5&n=1"):
        assert asked(local + address) == (404, "")
    assert asked(f"{local}notes/why?id={quote(str(notes.parent / 'secret.md'))}") == (404, "")


def test_uploads_are_bounded_and_confined(local: str, notes: Path) -> None:
    """Too large: refused; a name with folders: its last part."""
    status, line = asked(f"{local}notes/upload?name=big.md", raw=b"x" * (1024 * 1024 + 1))
    assert (status, "larger than" in line) == (413, True)
    assert (
        asked(f"{local}notes/upload?name={quote('../../escaped.md')}", raw=b"# Escaped\n\nIt is here.\n")[0]
        == 200
    )
    assert (notes / "escaped.md").is_file()
    assert not (notes.parent.parent / "escaped.md").exists()
    assert "escaped.md" in asked(f"{local}notes/files")[1]


def test_where_others_can_come_in_nothing_tells_places_on_the_servers_disk(
    fenced: str, local: str, notes: Path
) -> None:
    """Nor are there buttons for what is refused."""
    for path in ("notes/folders", "notes/why?id=notes/a.md", "notes/job", "notes/files"):
        assert str(notes) not in asked(fenced + path, token=TOKEN)[1]
    assert str(notes) in asked(f"{local}notes/folders")[1], "it is told where only this machine sees it"
    assert str(notes) in asked(f"{local}notes/why?id=notes/a.md")[1]
    shown = asked(f"{fenced}notes/folders", token=TOKEN)[1]
    assert ('data-act="sync"' in shown, 'data-act="remove"' in shown) == (True, False)


def test_unknown_acts_and_keys_are_nothing(local: str) -> None:
    """What the page does not offer."""
    assert asked(f"{local}notes/do/destroy", {"root": "", "value": ""})[0] == 404
    assert asked(f"{local}settings/do/set", {"key": "llm.api_key", "value": "x"})[0] == 404
    assert asked(f"{local}settings/do/set", {"key": "serve.hosts", "value": "x"})[0] == 404
