"""A Neo4j that is absent, refuses, hangs, dies or is not to be trusted: one line each, and the next push mends it."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from graph.bolt import SCHEMES, Server
from graph.neo4j import Neo4jGraph
from graph.pull import pull_check
from graph.push import after_sync, open_store, push
from rag.errors import ConfigError, GraphError
from rag.settings import GraphSettings, Settings
from tests.contracts import graph_vault
from tests.contracts.graph_vault import NOTES
from tests.integration.neo4j.comparing import CHANGED, assert_same, settings_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.store.catalogue import Catalogue
    from tests.integration.neo4j.server import Server as TestServer

pytestmark = pytest.mark.neo4j
SECRET = "a-wrong-password"  # noqa: S105 - that it is shown nowhere is what is tested


@pytest.fixture
def catalogue(neo4j_catalogue: Catalogue) -> Catalogue:
    """The small vault."""
    return neo4j_catalogue


@pytest.fixture
def store(neo4j_store: Neo4jGraph) -> Neo4jGraph:
    """A server that holds nothing yet."""
    return neo4j_store


@pytest.mark.usefixtures("small_batches")
def test_a_server_killed_in_the_middle_of_a_push_is_repaired_by_the_next(
    catalogue: Catalogue, store: Neo4jGraph, own_neo4j: TestServer
) -> None:
    """First a whole push is cut off, then one of changes; each time the same data starts again."""

    def kill_at(number: int) -> Callable[[int, int], None]:
        return lambda done, _total: own_neo4j.kill() if done == number else None

    with pytest.raises(GraphError, match="cannot be reached"):
        push(catalogue, store, progress=kill_at(4))
    own_neo4j.start()
    for ask in (store.notes, lambda: pull_check(catalogue, store)):
        with pytest.raises(GraphError, match=r"incomplete: .* Run `footnotes graph push`"):
            ask()
    assert push(catalogue, store).is_whole
    assert_same(catalogue, store)

    graph_vault.put(catalogue, {**CHANGED, "new.md": "# New\n\n杜可风 and FAISS.\n"}, removed=("loose.md",))
    with pytest.raises(GraphError, match="cannot be reached"):
        push(catalogue, store, progress=kill_at(2))
    own_neo4j.start()
    checked = pull_check(catalogue, store)
    assert checked.is_behind
    assert not push(catalogue, store).is_whole
    assert_same(catalogue, store)


def test_a_restarted_server_goes_on_answering_the_same_store(
    catalogue: Catalogue, store: Neo4jGraph, own_neo4j: TestServer
) -> None:
    """Connections that the restart has cut are opened anew."""
    push(catalogue, store)
    before = store.naming(["Qdrant"])
    own_neo4j.kill()
    with pytest.raises(GraphError, match="cannot be reached"):
        store.naming(["Qdrant"])
    own_neo4j.start()
    assert store.naming(["Qdrant"]) == before


def test_a_server_that_hangs_is_given_up_in_time(
    catalogue: Catalogue, neo4j_settings: GraphSettings, store: Neo4jGraph, own_neo4j: TestServer
) -> None:
    """A connection that stays open and says nothing; afterwards it answers again."""
    push(catalogue, store)
    hasty = neo4j_settings.model_copy(update={"timeout_s": 2.0})
    with Neo4jGraph(hasty) as waiting:
        count = waiting.notes()
        own_neo4j.freeze()
        try:
            begin = time.monotonic()
            with pytest.raises(GraphError, match="within 2 seconds"):
                waiting.notes()
            assert time.monotonic() - begin < 20
        finally:
            own_neo4j.thaw()
        assert waiting.notes() == count


def test_a_failed_push_is_a_warning_of_the_sync_and_the_next_one_mends_it(
    catalogue: Catalogue, neo4j_settings: GraphSettings, store: Neo4jGraph, capfd: pytest.CaptureFixture[str]
) -> None:
    """One line, with the remedy and without the password; nothing is printed or logged besides."""
    logging.getLogger("neo4j").handlers.clear()
    warning = after_sync(catalogue, settings_for(neo4j_settings, password=SecretStr(SECRET)))
    assert warning is not None
    assert "FOOTNOTES_GRAPH__PASSWORD" in warning
    assert SECRET not in warning
    assert "\n" not in warning
    assert after_sync(catalogue, settings_for(neo4j_settings)) is None
    assert_same(catalogue, store)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_contacted_unless_the_backend_is_neo4j(catalogue: Catalogue) -> None:
    """Not even looked up."""
    for backend in ("local", "none"):
        graph = GraphSettings.model_validate({"backend": backend, "url": "bolt://nowhere.invalid:1"})
        assert after_sync(catalogue, Settings(graph=graph)) is None


def test_an_empty_server_says_what_to_run(store: Neo4jGraph, catalogue: Catalogue) -> None:
    """A question before the first push."""
    with pytest.raises(GraphError, match="footnotes graph push"):
        store.naming(["Qdrant"])
    with pytest.raises(GraphError, match="footnotes graph push"):
        pull_check(catalogue, store)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"password": SecretStr(SECRET)}, "refuses the user 'neo4j' with this password"),
        ({"password": None}, "asks for a password. Set FOOTNOTES_GRAPH__PASSWORD"),
        ({"user": "nobody"}, "refuses the user 'nobody'"),
        ({"database": "films"}, "has no database 'films'"),
    ],
)
def test_refusals_name_the_setting(
    neo4j_settings: GraphSettings, changes: dict[str, Any], expected: str
) -> None:
    """One line that says what to set, in both languages."""
    with (
        Neo4jGraph(neo4j_settings.model_copy(update=changes)) as store,
        pytest.raises(GraphError, match=expected) as raised,
    ):
        store.notes()
    assert "\n" not in str(raised.value)
    assert SECRET not in str(raised.value)
    assert neo4j_settings.url in str(raised.value)


def test_no_server_is_said_at_once() -> None:
    """A refused connection is not tried again for long."""
    begin = time.monotonic()
    with (
        Neo4jGraph(GraphSettings(url="bolt://127.0.0.1:9")) as store,
        pytest.raises(GraphError, match=r"cannot be reached: .*Start it, or set graph\.url"),
    ):
        store.notes()
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("spoken", [b"\0\0\0\0", b"\0\0\x04\x04"])
def test_an_old_server_is_named_as_such(spoken: bytes) -> None:
    """One that speaks no version of the protocol that we speak, or Neo4j 4.4's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(spoken)
                connection.recv(100)

        thread = threading.Thread(target=serve)
        thread.start()
        with (
            Neo4jGraph(GraphSettings(url=f"bolt://127.0.0.1:{listener.getsockname()[1]}")) as store,
            pytest.raises(GraphError, match=r"is no Neo4j 5\.7 or newer"),
        ):
            store.notes()
        thread.join()


def test_a_port_that_says_nothing_is_given_up_in_time() -> None:
    """Something listens there that is no Neo4j."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"bolt://127.0.0.1:{listener.getsockname()[1]}"
        with (
            Neo4jGraph(GraphSettings(url=url, timeout_s=0.5)) as store,
            pytest.raises(GraphError, match=r"has not answered|cannot be reached"),
        ):
            store.notes()


# Addresses


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_addresses_by_scheme(scheme: str) -> None:
    """With and without TLS, to one server or to a cluster; nothing is contacted yet."""
    assert Server(GraphSettings(url=f"{scheme}://127.0.0.1:7687")).url == f"{scheme}://127.0.0.1:7687"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:7474",
        "127.0.0.1:7687",
        "bolt://",
        "bolt://host:port",
        "bolt://host:99999",
        "",
        "bolt+x://h",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """With the value and an example."""
    with pytest.raises(ConfigError, match=r"graph\.url = .* bolt://127\.0\.0\.1:7687"):
        Server(GraphSettings(url=url))


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    """Addresses are printed; passwords are not."""
    with pytest.raises(ConfigError, match="FOOTNOTES_GRAPH__PASSWORD") as raised:
        Server(GraphSettings(url=f"bolt://neo4j:{SECRET}@127.0.0.1:7687"))
    assert SECRET not in str(raised.value)


def test_tls(catalogue: Catalogue, neo4j_settings: GraphSettings, neo4j_server: TestServer) -> None:
    """A certificate that signs itself is accepted with +ssc, and refused with +s, which says so."""
    if not neo4j_server.has_tls:
        pytest.skip("this server has no certificate: openssl makes one for a server that the tests start")
    address = neo4j_settings.url.partition("://")[2]
    for scheme in ("bolt+ssc", "neo4j+ssc", "neo4j"):
        with open_store(catalogue, settings_for(neo4j_settings, url=f"{scheme}://{address}")) as store:
            push(catalogue, store)
            assert store.notes() == len(NOTES)
    with (
        Neo4jGraph(neo4j_settings.model_copy(update={"url": f"bolt+s://{address}"})) as store,
        pytest.raises(GraphError, match=r"is not trusted: .*\+ssc"),
    ):
        store.notes()
