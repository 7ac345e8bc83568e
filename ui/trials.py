"""Questions on one's own notes, made and asked from the page: one thing at a time, in a thread of its own, to be stopped."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rag.errors import EvalError, FootnotesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.engine import Engine
    from rag.evals.own import OwnReport

_log = logging.getLogger(__name__)
_STAMP = "page-%Y-%m-%d-%H%M%S"


@dataclass(frozen=True, slots=True)
class State:
    """Where it is, or how the last one ended.

    Attributes:
        doing: ``make`` or ``run``; empty before the first.
        done: questions asked so far, of ``total``.
        stopped: somebody has asked it to end, or it has ended so.
        report: of the last run that came to its end; a later one replaces it.
        name: what that run is kept as.
        added: questions that were made last.
        error: what broke it.
        seconds: how long it has run.
    """

    doing: str = ""
    running: bool = False
    done: int = 0
    total: int = 0
    stopped: bool = False
    report: OwnReport | None = None
    name: str = ""
    added: int = 0
    error: Exception | None = None
    seconds: float = 0.0


class _Stopped(Exception):  # noqa: N818 - it is no error
    """Raised inside a run: nothing of it is kept."""


class Trials:
    """Makes and asks an engine's questions."""

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

    def make(self, count: int) -> None:
        """Make questions, without a language model, in the background.

        Raises:
            EvalError: something is running.
        """
        self._start("make", lambda: self._made(count))

    def run(self) -> None:
        """Ask all questions in the background, and keep the run.

        Raises:
            EvalError: something is running.
        """
        self._start("run", self._ran)

    def stop(self) -> None:
        """Ask what is running to end after the question in hand."""
        with self._lock:
            if self._state.running:
                self._state = replace(self._state, stopped=True)

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop, and wait for the end."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _start(self, doing: str, work: Callable[[], State]) -> None:
        with self._lock:
            if self._state.running:
                raise EvalError("Questions are being made or asked. Wait for the end, or stop it.")
            last = self._state
            self._began = time.monotonic()
            self._state = State(doing, running=True, report=last.report, name=last.name)
            self._thread = threading.Thread(
                target=self._work, args=(work,), name="footnotes-evals", daemon=True
            )
        self._thread.start()

    def _work(self, work: Callable[[], State]) -> None:
        error: Exception | None = None
        ended: State | None = None
        try:
            ended = work()
        except _Stopped:
            pass
        except FootnotesError as e:
            error = e
        except Exception as e:  # noqa: BLE001 - a reader gets a sentence, and the next run its turn
            _log.error("evaluating broke off: %s", type(e).__name__)
            error = e
        with self._lock:
            seconds = time.monotonic() - self._began
            self._state = replace(ended or self._state, running=False, error=error, seconds=seconds)

    def _made(self, count: int) -> State:
        from rag.evals import cases, kept, making
        from rag.store.database import private_folder

        path = private_folder(self._engine.home / "evals") / kept.OWN
        added = cases.add(path, making.make(self._engine, count=count))
        return replace(self.state, added=added)

    def _ran(self) -> State:
        from rag.evals import kept, own, runs

        asked = kept.own_cases(self._engine.home)
        if not asked:
            raise EvalError("There are no questions yet. Make some: footnotes eval make")
        self._engine.refresh()
        report = own.run(self._engine, asked, progress=self._heard)
        name = datetime.now().astimezone().strftime(_STAMP)
        runs.save([report], runs.place(name, self._engine.home))
        return replace(self.state, report=report, name=name)

    def _heard(self, done: int, total: int) -> None:
        with self._lock:
            if self._state.stopped:
                raise _Stopped
            self._state = replace(self._state, done=done, total=total)
