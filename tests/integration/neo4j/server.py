"""A real Neo4j for tests: found or started, with data, port and password of its own.

Tried in this order:

1. ``FOOTNOTES_NEO4J_URI``: a server that runs, with ``FOOTNOTES_NEO4J_USER`` (neo4j) and ``FOOTNOTES_NEO4J_PASSWORD``.
   Its database must hold nothing of Footnotes: tests clear it.
2. ``FOOTNOTES_NEO4J_JARS``: a folder of Neo4j's jars, run by Java 17 or 21.
3. Docker, where an engine runs: the image ``neo4j:5.26-community``.
4. Maven: the jars that ``pom.xml`` names, fetched once into the user's cache folder.

::

    server = server_at_hand()  # raises AbsentError, with what to do
    server.start()
    ...  # server.url, server.user, server.password
    server.remove()
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE = "neo4j:5.26-community"
HERE = Path(__file__).parent
# Tests are given an environment of their own; a server is started in the user's, which ``starting`` puts here.
ENVIRONMENT = dict(os.environ)
OLDEST_JAVA = 17
_START_S = 180
_CONFIGURATION = """\
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.memory.heap.max_size=512m
server.memory.pagecache.size=64m
dbms.usage_report.enabled=false
"""
_TLS = """\
server.bolt.tls_level=OPTIONAL
dbms.ssl.policy.bolt.enabled=true
dbms.ssl.policy.bolt.base_directory={folder}
dbms.ssl.policy.bolt.private_key=private.key
dbms.ssl.policy.bolt.public_certificate=public.crt
dbms.ssl.policy.bolt.client_auth=NONE
"""
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


class AbsentError(Exception):
    """There is no Neo4j at hand; the message says how to get one."""


class Server(Protocol):
    """A Neo4j, while tests run."""

    user: str
    password: str
    is_own: bool
    has_tls: bool

    @property
    def url(self) -> str:
        """Where it listens."""

    def start(self) -> None:
        """Return when it answers."""

    def kill(self) -> None:
        """End it without warning, as a power cut does; ``start`` starts it again with the same data."""

    def freeze(self) -> None:
        """Let it answer nothing and close nothing."""

    def thaw(self) -> None:
        """Let it go on."""

    def remove(self) -> None:
        """End it, and remove what it kept; harmless where it has ended."""


def server_at_hand() -> Server:
    """The first there is; not started.

    Raises:
        AbsentError: none.
    """
    if url := ENVIRONMENT.get("FOOTNOTES_NEO4J_URI"):
        user, password = (ENVIRONMENT.get(f"FOOTNOTES_NEO4J_{name}", "") for name in ("USER", "PASSWORD"))
        return ExistingServer(url, user or "neo4j", password)
    if jars := ENVIRONMENT.get("FOOTNOTES_NEO4J_JARS"):
        return JarServer(_with_java(Path(jars)))
    if _succeeds("docker", "info"):
        return DockerServer()
    return JarServer(_with_java(_fetched()))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class ExistingServer:
    """A server that somebody else runs."""

    url: str
    user: str
    password: str
    is_own: bool = False
    has_tls: bool = False

    def start(self) -> None:
        """It runs; it must not hold a graph that somebody uses."""
        _ask_until_answered(self)
        from neo4j import GraphDatabase

        with GraphDatabase.driver(self.url, auth=(self.user, self.password)) as driver:
            records, _, _ = driver.execute_query("MATCH (n:Footnotes) RETURN count(n) AS found")
        if records[0]["found"]:
            raise RuntimeError(f"FOOTNOTES_NEO4J_URI={self.url} holds notes; tests would clear it")

    def kill(self) -> None:
        """Not ours."""
        raise NotImplementedError

    freeze = thaw = kill

    def remove(self) -> None:
        """It stays."""


@dataclass
class JarServer:
    """Neo4j under Java, from a folder of its jars."""

    jars: Path
    user: str = "neo4j"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    is_own: bool = True
    has_tls: bool = False
    _port: int = field(default_factory=free_port)
    _home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="footnotes-neo4j-")))
    _keeper: subprocess.Popen[str] | None = None
    _pid: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"bolt://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Four seconds; the first time with a password of our own in place of Neo4j's."""
        is_new = not (self._home / "conf").exists()
        if is_new:
            self._configure()
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
        command = [
            "java",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            *opened,
            "-cp",
            str(self.jars / "*"),
        ]
        command += ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={self._home}"]
        command += [f"--config-dir={self._home / 'conf'}"]
        with (self._home / "output.txt").open("a") as output:
            self._keeper = subprocess.Popen(
                [sys.executable, str(HERE / "keep.py"), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=ENVIRONMENT,
                text=True,
            )
        assert self._keeper.stdout is not None
        self._pid = int(self._keeper.stdout.readline())
        if is_new:
            change, first = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new", "neo4j"
            _ask_until_answered(
                self, change, database="system", password=first, runs=self._runs, new=self.password
            )
        _ask_until_answered(self, runs=self._runs)

    def _runs(self) -> bool:
        return self._keeper is not None and self._keeper.poll() is None

    def _configure(self) -> None:
        folder = self._home / "conf"
        folder.mkdir()
        text = _CONFIGURATION.format(port=self._port)
        if shutil.which("openssl"):
            _make_certificate(self._home / "certificates")
            text += _TLS.format(folder=(self._home / "certificates").as_posix())
            self.has_tls = True
        (folder / "neo4j.conf").write_text(text, "utf-8")

    def kill(self) -> None:
        """End it without warning."""
        os.kill(self._pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        self._end_keeper()

    def freeze(self) -> None:
        """Stop the process where it is."""
        assert sys.platform != "win32"
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the process run on."""
        assert sys.platform != "win32"
        os.kill(self._pid, signal.SIGCONT)

    def remove(self) -> None:
        """Closing the keeper's input kills the server."""
        self._end_keeper()
        shutil.rmtree(self._home, ignore_errors=True)

    def _end_keeper(self) -> None:
        if self._keeper is not None:
            for pipe in (self._keeper.stdin, self._keeper.stdout):
                assert pipe is not None
                pipe.close()
            self._keeper.wait(60)
            self._keeper = None


@dataclass
class DockerServer:
    """Neo4j in a container."""

    user: str = "neo4j"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    is_own: bool = True
    has_tls: bool = False
    _port: int = field(default_factory=free_port)
    _name: str = field(default_factory=lambda: f"footnotes-neo4j-{secrets.token_hex(4)}")
    _is_made: bool = False

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"bolt://127.0.0.1:{self._port}"

    def start(self) -> None:
        """The first time the image may have to be fetched."""
        if self._is_made:
            self._docker("start", self._name)
        else:
            options = ["-p", f"127.0.0.1:{self._port}:7687", "-e", f"NEO4J_AUTH={self.user}/{self.password}"]
            self._docker("run", "--detach", "--name", self._name, *options, IMAGE)
            self._is_made = True
        _ask_until_answered(self)

    def kill(self) -> None:
        """End it without warning."""
        self._docker("kill", self._name)

    def freeze(self) -> None:
        """Stop its processes where they are."""
        self._docker("pause", self._name)

    def thaw(self) -> None:
        """Let its processes run on."""
        self._docker("unpause", self._name)

    def remove(self) -> None:
        """With its data."""
        if self._is_made:
            self._docker("rm", "--force", "--volumes", self._name)
            self._is_made = False

    @staticmethod
    def _docker(*arguments: str) -> None:
        subprocess.run(["docker", *arguments], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def _ask_until_answered(
    server: Server,
    query: str = "RETURN 1",
    *,
    database: str = "neo4j",
    password: str = "",
    runs: Callable[[], bool] = lambda: True,
    **values: str,
) -> None:
    """Wait for a server that is starting.

    Raises:
        RuntimeError: it has ended, or says nothing for minutes.
    """
    from neo4j import GraphDatabase
    from neo4j.exceptions import AuthError, DriverError, Neo4jError

    end = time.monotonic() + _START_S
    auth = (server.user, password or server.password)
    with GraphDatabase.driver(server.url, auth=auth, max_transaction_retry_time=0) as driver:
        while True:
            try:
                driver.execute_query(query, values, database_=database)
            except AuthError:
                raise
            except (DriverError, Neo4jError) as e:
                if not runs() or time.monotonic() > end:
                    raise RuntimeError(f"Neo4j did not start: {e}") from e
                time.sleep(0.1)
            else:
                return


def _make_certificate(folder: Path) -> None:
    """One that signs itself, as a server at home has."""
    folder.mkdir()
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(folder / "private.key"), "-out", str(folder / "public.crt")]
    subprocess.run(command, check=True, capture_output=True)


def _with_java(jars: Path) -> Path:
    """The folder, where it holds Neo4j's jars and there is a Java to run them.

    Raises:
        AbsentError: one of the two is missing.
    """
    if not list(jars.glob("neo4j-server-*.jar")):
        raise AbsentError(f"{jars} holds no neo4j-server-*.jar")
    if not shutil.which("java"):
        raise AbsentError(f"install Java {OLDEST_JAVA} (Debian: apt-get install openjdk-17-jre-headless)")
    said = subprocess.run(["java", "-version"], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', said.stderr)
    if not version or int(version[1]) < OLDEST_JAVA:
        raise AbsentError(f"`java` is too old for Neo4j 5: install Java {OLDEST_JAVA}")
    return jars


def _fetched() -> Path:
    """The jars from Maven Central, fetched once.

    Raises:
        AbsentError: there is no Maven, or it cannot fetch them.
    """
    if not shutil.which("mvn"):
        raise AbsentError(
            "start Docker, or install Maven and Java 17, or set FOOTNOTES_NEO4J_URI or FOOTNOTES_NEO4J_JARS"
        )
    cache = Path(
        ENVIRONMENT.get("XDG_CACHE_HOME") or Path(ENVIRONMENT.get("HOME") or "~").expanduser() / ".cache"
    )
    folder = cache / "footnotes-tests" / "neo4j-5.26.30"
    if not (folder / "complete").exists():
        command = ["mvn", "--batch-mode", "--quiet", "--file", str(HERE / "pom.xml")]
        command += ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
        run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        if run.returncode:
            said = re.sub(r"\x1b\[[\d;]*m|\[ERROR\] ?", "", run.stdout).split("\n")
            reason = next(filter(None, map(str.strip, said)), "mvn failed")
            raise AbsentError(
                f"Maven cannot fetch Neo4j ({reason[:200]}); start Docker, or set FOOTNOTES_NEO4J_JARS"
            )
        (folder / "complete").touch()
    return folder


def _succeeds(*command: str) -> bool:
    try:
        return not subprocess.run(
            command, env=ENVIRONMENT, capture_output=True, timeout=30, check=False
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False
