"""A Neo4j server: one connection pool, transactions that end in time, and errors of one line."""

from __future__ import annotations

import logging
import queue
import ssl
import threading
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from rag.errors import ConfigError, ExtraMissingError, GraphError

if TYPE_CHECKING:
    from collections.abc import Callable

    from neo4j import Driver, ManagedTransaction

    from rag.settings import GraphSettings

    Rows = list[list[Any]]
    Ask = Callable[..., Rows]

T = TypeVar("T")

SCHEMES = frozenset({"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"})
OLDEST = "5.7"
_RETRIES_S = 2.0  # for what passes by itself: a deadlock, a connection that a restart has cut
_WRITES_TAKE = 12  # times as long as reads, at most
_LONGEST_REASON = 200


class Server:
    """The database that ``graph.url`` and ``graph.database`` name. It is not contacted before the first transaction.

    Threads may share one. Reads are given up after ``graph.timeout_s``, whatever the network does.

    Raises:
        ConfigError: ``graph.url`` is no address of a Neo4j server.
    """

    def __init__(self, settings: GraphSettings) -> None:
        self.url = _checked(settings.url)
        self._settings = settings
        self._driver: Driver | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections; the next transaction opens new ones."""
        with self._lock:
            driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    def read(self, work: Callable[[Ask], T]) -> T:
        """``work`` in one read transaction. It is given a function of a query and its parameters; it may run twice.

        Raises:
            GraphError: the server failed.
            ExtraMissingError: the driver is not installed.
        """
        return self._within(self._settings.timeout_s, lambda: self._run(work, writes=False))

    def write(self, work: Callable[[Ask], T]) -> T:
        """``work`` in one transaction that is kept whole or not at all; as ``read``."""
        limit = self._settings.timeout_s * _WRITES_TAKE
        return self._within(limit, lambda: self._run(work, writes=True))

    def _run(self, work: Callable[[Ask], T], *, writes: bool) -> T:
        def worked(transaction: ManagedTransaction) -> T:
            return work(lambda query, **values: transaction.run(query, values).values())

        with self._connected().session(database=self._settings.database) as session:
            return session.execute_write(worked) if writes else session.execute_read(worked)

    def _within(self, seconds: float, work: Callable[[], T]) -> T:
        """``work`` in a thread that is left behind when it takes too long: sockets of the driver have no time limit."""
        done: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                done.put((work(), None))
            except BaseException as e:  # noqa: BLE001 - raised again below, in the thread that asked
                done.put((None, e))

        threading.Thread(target=run, name="footnotes-neo4j", daemon=True).start()
        try:
            result, error = done.get(timeout=seconds)
        except queue.Empty:
            raise GraphError(
                "The Neo4j server at {url} has not answered within {seconds} seconds. "
                "Look at its log, or raise graph.timeout_s.",
                url=self.url,
                seconds=round(seconds),
            ) from None
        if error is not None:
            raise self._explained(error) from error
        return result  # type: ignore[return-value] # there is a result where there is no error

    def _connected(self) -> Driver:
        with self._lock:
            if self._driver is None:
                self._driver = self._opened()
            return self._driver

    def _opened(self) -> Driver:
        try:
            from neo4j import GraphDatabase
        except ImportError as e:
            raise ExtraMissingError(
                "graph.backend = neo4j needs the package neo4j. Install it: pip install 'footnotes[graph]'"
            ) from e
        log = logging.getLogger("neo4j")
        if not log.handlers:
            log.addHandler(logging.NullHandler())  # or its remarks on retries would be printed
        s = self._settings
        driver = GraphDatabase.driver(
            self.url,
            auth=(s.user, s.password.get_secret_value()) if s.password else None,
            user_agent="footnotes",
            connection_timeout=s.timeout_s,
            connection_acquisition_timeout=s.timeout_s,
            connection_write_timeout=s.timeout_s,
            max_transaction_retry_time=min(_RETRIES_S, s.timeout_s),
            initial_retry_delay=0.1,
            notifications_min_severity="OFF",
            telemetry_disabled=True,
        )
        try:
            driver.verify_connectivity()  # at once: transactions would try again for a while
        except BaseException:
            driver.close()
            raise
        return driver

    def _explained(self, error: BaseException) -> BaseException:
        """What the driver raised, as one line; anything else as it is."""
        if isinstance(error, ExtraMissingError):
            return error  # there is no driver, nor its errors
        from neo4j import exceptions

        if not isinstance(error, exceptions.DriverError | exceptions.Neo4jError | OSError):
            return error
        if isinstance(error, exceptions.ConfigurationError):  # also: its protocol is older than ours
            return GraphError(
                "The server at {url} is no Neo4j {oldest} or newer. Upgrade it, or set graph.url.",
                url=self.url,
                oldest=OLDEST,
            )
        code = (error.code or "") if isinstance(error, exceptions.Neo4jError) else ""
        if ".Security." in code:
            return self._refused(code)
        if code and not code.endswith("DatabaseUnavailable"):
            return self._failed(code, _one_line(error))
        return self._unreachable(error, _one_line(error))

    def _failed(self, code: str, reason: str) -> GraphError:
        if code.endswith("DatabaseNotFound"):
            return GraphError(
                "The Neo4j server at {url} has no database {database!r}. Set graph.database to one that it has.",
                url=self.url,
                database=self._settings.database,
            )
        return GraphError("The Neo4j server at {url} failed: {reason}.", url=self.url, reason=reason)

    def _unreachable(self, error: BaseException, reason: str) -> GraphError:
        if "+" in urlsplit(self.url).scheme and _is_about_tls(error):
            return GraphError(
                "The Neo4j server at {url} is not trusted: {reason}. "
                "For a certificate of your own write +ssc in graph.url; without TLS, neither +s nor +ssc.",
                url=self.url,
                reason=reason,
            )
        return GraphError(
            "The Neo4j server at {url} cannot be reached: {reason}. Start it, or set graph.url.",
            url=self.url,
            reason=reason,
        )

    def _refused(self, code: str) -> GraphError:
        if self._settings.password is None:
            return GraphError(
                "The Neo4j server at {url} asks for a password. Set FOOTNOTES_GRAPH__PASSWORD.", url=self.url
            )
        if code.endswith("CredentialsExpired"):
            return GraphError(
                "The Neo4j server at {url} still has its first password. Change it there, "
                "then set FOOTNOTES_GRAPH__PASSWORD.",
                url=self.url,
            )
        return GraphError(
            "The Neo4j server at {url} refuses the user {user!r} with this password ({reason}). "
            "Check graph.user and FOOTNOTES_GRAPH__PASSWORD.",
            url=self.url,
            user=self._settings.user,
            reason=code.rpartition(".")[2],
        )


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise _no_address(url) from None
    if "@" in url:
        raise ConfigError(
            "graph.url holds a user or a password. Set graph.user and FOOTNOTES_GRAPH__PASSWORD instead."
        )
    if not is_address:
        raise _no_address(url)
    return url


def _no_address(url: str) -> ConfigError:
    return ConfigError(
        "graph.url = {url!r} is no address of a Neo4j server. Write it as bolt://127.0.0.1:7687, "
        "with TLS as bolt+s://HOST:7687.",
        url=url,
    )


def _one_line(error: BaseException) -> str:
    """What went wrong at the bottom of it: the system's own words where it has some, else the driver's."""
    text = str(getattr(error, "message", "") if _is_of_server(error) else error) or type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            text = getattr(cause, "verify_message", "") or cause.strerror or str(cause) or text
        cause = cause.__cause__
    return " ".join(text.split())[:_LONGEST_REASON].rstrip(". ")


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__
    return error is not None


def _is_of_server(error: BaseException) -> bool:
    from neo4j.exceptions import Neo4jError

    return isinstance(error, Neo4jError)
