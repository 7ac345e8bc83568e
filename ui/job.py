"""The sync that a reader has started: one at a time, in a thread of its own, seen by all tabs, and to be stopped."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.errors import FootnotesError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.pipeline import Progress, SyncReport
    from rag.engine import Engine

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """Where it is, or how it ended.

    Attributes:
        progress: what was last heard of a run.
        report: of one that has come to its end.
        error: what broke it; an unexpected error by its kind alone.
        stopped: somebody has asked it to end.
        seconds: how long it has run.
    """

    running: bool = False
    progress: Progress | None = None
    report: SyncReport | None = None
    error: Exception | None = None
    stopped: bool = False
    seconds: float = 0.0


class _Stopped(Exception):  # noqa: N818 - it is no error
    """Raised inside a sync: what was done so far stays, the rest is done by the next one."""


class Job:
    """Runs syncs of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._state = State()
        self._began = 0.0
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> State:
        """As of now."""
        with self._lock:
            state = self._state
        return replace(state, seconds=time.monotonic() - self._began) if state.running else state

    def start(self, names: Sequence[str] | None = None, *, accept_deletions: bool = False) -> bool:
        """Begin to sync these roots, or all; False: one is running already."""
        with self._lock:
            if self._state.running:
                return False
            self._began, self._state = time.monotonic(), State(running=True)
            self._thread = threading.Thread(
                target=self._run,
                args=(
                    lambda: self._engine.sync(names, accept_deletions=accept_deletions, progress=self._heard),
                ),
                name="footnotes-sync",
                daemon=True,
            )
        self._thread.start()
        return True

    def stop(self) -> None:
        """Ask the one that is running to end after the batch in hand."""
        with self._lock:
            if self._state.running:
                self._state = replace(self._state, stopped=True)

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop, and wait for the end."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _heard(self, progress: Progress) -> None:
        with self._lock:
            if self._state.stopped:
                raise _Stopped
            self._state = replace(self._state, progress=progress)

    def _run(self, sync: Callable[[], SyncReport]) -> None:
        report: SyncReport | None = None
        error: Exception | None = None
        try:
            report = sync()
        except _Stopped:
            pass
        except FootnotesError as e:
            error = e
        except Exception as e:  # noqa: BLE001 - a reader gets a sentence, never a trace
            _log.error("a sync broke off: %s", type(e).__name__)
            error = e
        with self._lock:
            seconds = time.monotonic() - self._began
            self._state = replace(self._state, running=False, report=report, error=error, seconds=seconds)
