"""The parent's end of one worker process, and the messages between the two."""

from __future__ import annotations

import contextlib
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rag.errors import ConfigError

if TYPE_CHECKING:
    from ingest.prepare import Job, Outcome

_START_S = 60.0
_END_S = 0.1
_LENGTH = struct.Struct(">Q")
_BOOT = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
try:
    from ingest.workers.serve import serve
except BaseException as e:
    told = f"{type(e).__name__}: {e}".encode("utf-8", "replace")
    sys.stdout.buffer.write(len(told).to_bytes(8, "big") + told)
    raise
serve()
"""
READY = b"ready"
"""A worker's first message, unless it cannot import what it needs: then it says why."""
BEAT = _LENGTH.pack(0)
"""A message that says only: I am alive."""
REPLY = b"reply"
"""A message that says: a pickle follows, as a stream, so that a large note is not held twice."""
NO_MEMORY = 75
"""Exit code of a worker whose memory did not suffice to tell what it had read."""


class LostError(Exception):
    """A worker died at its job; ``late``: it was killed at the time limit."""

    def __init__(self, code: int, *, late: bool) -> None:
        super().__init__(code, late)
        self.code = code
        self.late = late


class Worker:
    """The parent's end of one worker process."""

    def __init__(self, timeout_s: float, memory_mb: int) -> None:
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._lock = threading.Lock()
        self._deadline = time.monotonic() + _START_S
        self._late = False
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as e:
            raise _no_workers(e.strerror or str(e)) from e
        assert self._process.stdin  # noqa: S101 - it is a pipe
        assert self._process.stdout  # noqa: S101 - likewise
        self._to: IO[bytes] = self._process.stdin
        self._from: IO[bytes] = self._process.stdout

    def greet(self) -> None:
        """Tell a new process what it needs, and wait until it is there.

        Raises:
            ConfigError: it did not start.
        """
        try:
            self._to.write(pickle.dumps(_import_path()))
            send(self._to, pickle.dumps((self._timeout_s, self._memory_mb)))
            told = self._hear()
        except (OSError, EOFError) as e:
            raise _no_workers(death(self.end())) from e
        finally:
            self._expect(None)
        if told != READY:
            raise _no_workers(told.decode("utf-8", "replace"))

    def ask(self, job: Job) -> tuple[Outcome | None, bool]:
        """Let the process read a file.

        Returns:
            What came of it, None where its memory did not suffice; and whether the process leaves now.

        Raises:
            LostError: the process died at it.
        """
        self._late = False
        self._expect(self._timeout_s)
        try:
            send(self._to, pickle.dumps(job))
            self._hear()  # REPLY
            outcome, leaves = pickle.load(self._from)  # noqa: S301 - from a process of our own
        except (OSError, EOFError, pickle.UnpicklingError) as e:
            code = self.end()
            if code == NO_MEMORY:
                return None, True
            raise LostError(code, late=self._late) from e
        finally:
            self._expect(None)
        return outcome, leaves

    def _hear(self) -> bytes:
        """The next message; signs of life on the way move the deadline."""
        while not (message := receive(self._from)):
            self._expect(self._timeout_s)
        return message

    def _expect(self, seconds: float | None) -> None:
        with self._lock:
            self._deadline = float("inf") if seconds is None else time.monotonic() + seconds

    def kill_if_late(self) -> None:
        """Called every moment by the watchdog."""
        with self._lock:
            if time.monotonic() > self._deadline:
                self._late = True
                self.kill()

    def kill(self) -> None:
        """End the process at once. Whoever waits for its reply hears of it."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> int:
        """End the process, if it has not ended by itself, and leave nothing of it; returns its exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0 if self._to.closed else _END_S)
        self.kill()
        code = self._process.wait()
        for pipe in (self._to, self._from):
            with contextlib.suppress(OSError):
                pipe.close()
        return code


def _import_path() -> list[str]:
    """Where a worker may import from: where this process does, but for the current folder."""
    home = str(Path(__file__).resolve().parents[2])
    path = [entry for entry in sys.path if Path(entry).is_absolute()]
    return path if home in path else [*path, home]


def _no_workers(reason: str) -> ConfigError:
    return ConfigError(
        "No worker process can be started ({reason}). "
        "Set sync.workers to 0 to read files without: then none of them is limited in time and memory.",
        reason=reason,
    )


def death(code: int) -> str:
    """How a process ended, in a word."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def send(pipe: IO[bytes], message: bytes) -> None:
    """Write one message."""
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """One message; empty for a sign of life.

    Raises:
        EOFError: the other side is gone.
    """
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    message = pipe.read(length)
    if len(message) < length:
        raise EOFError
    return message
