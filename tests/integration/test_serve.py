"""One server: the page, REST and MCP behind one guard, as other programs see it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import footnotes
from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Require

TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of a server that the test starts
VAULT = Path(__file__).parents[1] / "data" / "vault"
QUESTION = "Which port does Miniflux use on the home server?"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its index."""
    return tmp_path_factory.mktemp("home") / "footnotes"


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample notes, free to be edited."""
    folder = tmp_path_factory.mktemp("served") / "notes"
    shutil.copytree(VAULT, folder)
    return folder


@pytest.fixture(scope="module")
def url(notes: Path, home: Path) -> Iterator[str]:
    """A server with a token."""
    with serving(notes, home, options=["serve"], variables={"FOOTNOTES_TOKEN": TOKEN}) as found:
        yield found


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    """A program that has the token."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as made:
        yield made


@pytest.fixture
def stranger(url: str) -> Iterator[httpx.Client]:
    """Somebody who has not."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as made:
        yield made


def test_a_question_is_answered_with_its_proof(client: httpx.Client) -> None:
    """The quote stands in the document at the very place, and the answer names it."""
    answer = client.post("/v1/ask", json={"question": QUESTION}).raise_for_status().json()
    assert "[1]" in answer["answer"]
    cited = answer["citations"][0]
    span = {"start": cited["start"], "end": cited["end"]}
    found = client.get(f"/v1/documents/{cited['path']}", params=span).raise_for_status().json()
    assert found["text"] == cited["quote"]
    assert found["lines"] == cited["lines"]
    assert found["state"] == "same"


def test_an_answer_can_be_followed_as_it_is_written(client: httpx.Client) -> None:
    """Pieces, then the whole; the last event is the same answer as without a stream."""
    with client.stream("POST", "/v1/ask", json={"question": QUESTION, "stream": True}) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        events = list(events_of("".join(reply.iter_text())))
    assert [name for name, _ in events] == ["piece", "answer"]
    plain = client.post("/v1/ask", json={"question": QUESTION}).json()
    assert events[-1][1]["answer"] == plain["answer"] == events[0][1]["text"]


def events_of(text: str) -> Iterator[tuple[str, Any]]:
    """Name and JSON of each server-sent event."""
    for block in filter(None, text.split("\n\n")):
        name, _, data = block.partition("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_passages_are_found_within_limits(client: httpx.Client) -> None:
    """Folder and time beside the question."""
    found = client.post("/v1/search", json={"query": "cat", "k": 3}).raise_for_status().json()
    assert 1 <= len(found["hits"]) <= 3
    where = {"folders": ["notes/日记"], "after": "2022-01-01", "before": "2022-12-31"}
    some = client.post("/v1/search", json={"query": "年糕", "where": where}).raise_for_status().json()
    assert some["hits"]
    assert all(hit["path"].startswith("notes/日记/") for hit in some["hits"])


def test_a_search_is_explained(client: httpx.Client) -> None:
    """With a note: what became of it; a file that is no note is nobody's business."""
    found = client.post("/v1/search", json={"query": QUESTION}).json()["hits"][0]["path"]
    told = client.post("/v1/explain", json={"query": QUESTION, "id": found}).raise_for_status().json()
    assert told["verdict"]["cause"] == "shown"
    assert client.post("/v1/explain", json={"query": QUESTION, "id": "/etc/passwd"}).status_code == 404


def test_related_status_and_sync(client: httpx.Client, notes: Path) -> None:
    """The rest of REST."""
    related = client.get("/v1/related", params={"id": "notes/people/年糕.md"})
    assert related.raise_for_status().json()["related"]
    (notes / "kettle.md").write_text("# Kettle\n\nThe kettle was descaled by Mr Okafor.\n", "utf-8")
    assert client.post("/v1/sync", json={}).raise_for_status().json()["refused"] == []
    status = client.get("/v1/status").raise_for_status().json()
    assert status["documents"] > 50
    answer = client.post("/v1/ask", json={"question": "Who descaled the kettle?"}).json()
    assert "Okafor" in answer["answer"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v1/search", {"querry": "cat"}, 422, "invalid_request"),
        ("POST", "/v1/search", {"query": " "}, 422, "invalid_request"),
        ("POST", "/v1/search", {"query": "after:soon cat"}, 400, "bad_question"),
        ("GET", "/v1/documents/notes/none.md", None, 404, "not_found"),
        ("GET", "/v1/documents/notes/../../etc/passwd", None, 404, "not_found"),
        ("GET", "/v1/related?id=no-such-note", None, 404, "not_found"),
        ("POST", "/v1/sync", {"roots": ["no-such-root"]}, 404, "not_found"),
        ("GET", "/v1/nothing", None, 404, "not_found"),
        ("GET", "/v1/search", None, 405, "method_not_allowed"),
    ],
)
def test_an_error_is_one_sentence(
    client: httpx.Client, method: str, path: str, body: Any, status: int, code: str
) -> None:
    """One shape for all of them."""
    reply = client.request(method, path, json=body)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert error["code"] == code
    assert error["message"].endswith((".", "?"))
    assert "\n" not in error["message"]


def test_nothing_is_told_without_the_token(stranger: httpx.Client) -> None:
    """REST, Gradio's routes, the page and the state of notes; only that the server lives."""
    asked = {"question": QUESTION}
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": TOKEN},
        {"cookie": "footnotes=9.9"},
    ):
        assert stranger.post("/v1/ask", json=asked, headers=headers).status_code == 401
    assert stranger.post("/v1/ask", json=asked).json()["error"]["code"] == "unauthorized"
    for path in (
        "/config",
        "/gradio_api/queue/data?session_hash=x",
        "/state?id=a&sha256=b",
        "/v1/openapi.json",
    ):
        assert stranger.get(path).status_code == 401
    assert stranger.get("/").headers["location"] == "/login"
    assert stranger.get("/health").json() == {"status": "ok"}
    assert stranger.get("/ready").json() == {"status": "ready"}


def test_the_page_opens_after_a_login(stranger: httpx.Client) -> None:
    """A cookie that scripts cannot read and other sites cannot use; it does not hold the token."""
    assert "password" in stranger.get("/login").text
    assert stranger.post("/login", data={"token": "wrong"}).status_code == 401
    entered = stranger.post("/login", data={"token": TOKEN})
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    assert "Footnotes" in stranger.get("/").raise_for_status().text
    assert stranger.get("/config").status_code == 200
    stranger.get("/logout")  # a link that another site may hold: it only asks
    assert stranger.get("/").status_code == 200
    stranger.post("/logout")
    assert stranger.get("/").status_code == 303


@pytest.mark.parametrize("path", ["/v1/ask", "/mcp", "/login", "/gradio_api/queue/join"])
def test_another_site_cannot_ask(client: httpx.Client, path: str) -> None:
    """Neither from its own page, though it had the token, nor by a name that was rebound to this machine."""
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}):
        assert client.post(path, json={"question": "x"}, headers=headers).status_code == 403
    assert client.post(path, json={"question": "x"}, headers={"host": "evil.example"}).status_code == 421


def test_a_request_that_is_too_large_is_refused(client: httpx.Client) -> None:
    """Whether it says its length or not."""

    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 65536

    assert client.post("/v1/ask", content=b"x" * 2_000_000).status_code == 413
    assert client.post("/v1/ask", content=pieces()).status_code == 413


def test_the_command_line_may_sync_meanwhile(client: httpx.Client, home: Path, notes: Path) -> None:
    """Another process writes in the same home while questions are asked; nobody waits for the other's end."""
    stop = threading.Event()

    def ask() -> list[int]:
        seen = []
        while not stop.is_set():
            seen.append(client.post("/v1/ask", json={"question": QUESTION}).status_code)
        return seen

    with ThreadPoolExecutor() as pool, footnotes.open(home) as engine:
        asking = pool.submit(ask)
        for n in range(3):
            (notes / f"lamp {n}.md").write_text(f"# Lamp {n}\n\nLamp {n} hangs in the hall.\n", "utf-8")
            engine.sync()
        stop.set()
        seen = asking.result()
    assert set(seen) == {200}
    assert "hall" in client.post("/v1/ask", json={"question": "Where does lamp 2 hang?"}).json()["answer"]


def commands() -> list[str]:
    """Every line of curl in docs/serve.md."""
    text = (Path(__file__).parents[2] / "docs" / "serve.md").read_text("utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    return [line for line in lines if line.startswith("curl ")]


def test_the_page_on_serving_shows_every_endpoint(client: httpx.Client) -> None:
    """What the description lists is shown with a command."""
    paths = client.get("/v1/openapi.json").raise_for_status().json()["paths"]
    shown = " ".join(commands())
    assert [path for path in paths if f"/v1{path.partition('{')[0]}" not in shown] == []


@pytest.mark.parametrize("command", commands())
def test_commands_of_the_page_on_serving_run(url: str, require: Require, command: str) -> None:
    """As they stand, but for the port and the token."""
    require(shutil.which("curl") is not None, "curl", "Debian: apt-get install curl")
    words = shlex.split(command.replace("http://127.0.0.1:7865/", url))
    done = subprocess.run(
        [*words, "--fail", "--noproxy", "*", "-H", f"authorization: Bearer {TOKEN}"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "stream" in command or json.loads(done.stdout)


def test_steps_need_a_language_model(client: httpx.Client) -> None:
    """Without one the request is refused in a sentence, streamed or not; asking again would not help."""
    refused = client.post("/v1/ask", json={"question": QUESTION, "deep": True})
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "deep"
    streamed = client.post("/v1/ask", json={"question": QUESTION, "deep": True, "stream": True})
    assert streamed.text.startswith("event: error")
    assert "no_language_model" in streamed.text
