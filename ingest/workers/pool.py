"""The pool: which files go to workers, in which order outcomes come back, and what is said of a file that was lost."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ingest import loaders
from ingest.prepare import Failure, Job, Outcome, failed, prepare
from ingest.workers.process import LostError, Worker, death
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_FEW = 32  # so many harmless files are read sooner than a worker starts
_SMALL = 1_000_000  # bytes; likewise for their sum, and a larger one is not harmless
_AHEAD_FILES, _AHEAD_BYTES = 256, 32_000_000  # read and not yet taken
_LOOK_S = 0.1
_TOO_LONG = re.compile(r"took longer than ([\d.]+) s; .*sync\.file_timeout_s")
_TOO_MUCH = re.compile(r"needs more than (\d+) MB of memory; .*sync\.file_memory_mb")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many workers there may be, and what one file may cost.

    Attributes:
        workers: processes; None: one a core, at most 8; 0: none, then nothing is limited.
        timeout_s: seconds without a sign of life (``ingest.loaders.pulse``) before a file is given up.
        memory_mb: megabytes that a worker may hold (Linux).
    """

    workers: int | None = None
    timeout_s: float = 60.0
    memory_mb: int = 1000

    @property
    def count(self) -> int:
        """How many workers there may be."""
        if not sys.executable:  # an interpreter inside another program
            return 0
        return min(8, os.cpu_count() or 1) if self.workers is None else self.workers

    def lifted(self, reason: str) -> bool:
        """Whether a file failed for this reason by a smaller limit than there is now."""
        if match := _TOO_LONG.search(reason):
            return float(match[1]) < self.timeout_s
        if match := _TOO_MUCH.search(reason):
            return int(match[1]) < self.memory_mb
        return False


class Workers:
    """A pool of worker processes, started when there is work for them; use it with ``with``."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._count = limits.count
        self._threads = ThreadPoolExecutor(max(1, self._count), "footnotes-worker")
        self._lock = threading.Lock()
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._closed = threading.Event()
        self._watchdog: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill all workers, whatever they do; nothing of them is left."""
        self._closed.set()
        with self._lock:
            for worker in self._all:
                worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._watchdog is not None:
            self._watchdog.join()
        for worker in tuple(self._all):
            self._dismiss(worker)

    def prepare(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Read files; outcomes come in the order of the jobs, and workers run ahead of whoever takes them.

        Raises:
            ConfigError: no worker process can be started.
        """
        is_away = self._division(jobs)
        waiting: deque[tuple[Job, Future[Outcome] | None]] = deque()
        ahead = 0
        for job in jobs:
            while waiting and (len(waiting) >= _AHEAD_FILES or ahead + job.state[0] > _AHEAD_BYTES):
                ahead -= waiting[0][0].state[0]
                yield self._outcome(*waiting.popleft())
            waiting.append((job, self._threads.submit(self._away, job) if is_away(job) else None))
            ahead += job.state[0]
        while waiting:
            yield self._outcome(*waiting.popleft())

    def _division(self, jobs: Sequence[Job]) -> Callable[[Job], bool]:
        """Which jobs go to workers: risky formats and large files always, the rest when there is much of it."""
        if not self._count:
            return lambda _: False
        harmless = [job.state[0] for job in jobs if _is_harmless(job)]
        few = len(harmless) <= _FEW or sum(harmless) <= _SMALL
        return lambda job: not (few and _is_harmless(job))

    def _outcome(self, job: Job, away: Future[Outcome] | None) -> Outcome:
        if away is None:
            try:
                return prepare(job)
            except MemoryError:  # the machine's, not this file's fault: the next sync tries again
                return Failure(
                    str(LoadError("{path}: reading it needs more memory than there is.", path=job.id))
                )
        while not away.done():  # in steps: on Windows Ctrl-C does not end an unlimited wait
            wait([away], timeout=0.5)
        return away.result()

    def _away(self, job: Job) -> Outcome:
        """Let a worker read a file. One that dies may have been killed by a stranger, so the file is tried twice."""
        for last in (False, True):
            worker = self._hire()
            try:
                outcome, leaves = worker.ask(job)
            except LostError as e:
                self._dismiss(worker)
                if e.late or last or self._closed.is_set():
                    return failed(job, self._reason(job, e))
                continue
            if leaves:
                self._dismiss(worker)
            else:
                self._idle.append(worker)
            if outcome is None:
                return failed(job, self._out_of_memory(job))
            return outcome
        raise AssertionError  # pragma: no cover - the second try returns

    def _reason(self, job: Job, lost: LostError) -> LoadError:
        if lost.late:
            return LoadError(
                "{path}: reading it took longer than {seconds} s; "
                "it was given up until it changes, or sync.file_timeout_s is raised.",
                path=job.id,
                seconds=f"{self._limits.timeout_s:g}",
            )
        return LoadError(
            "{path}: reading it crashed the process that read it ({death}); it was given up until it changes.",
            path=job.id,
            death=death(lost.code),
        )

    def _out_of_memory(self, job: Job) -> LoadError:
        return LoadError(
            "{path}: reading it needs more than {limit} MB of memory; "
            "it was given up until it changes, or sync.file_memory_mb is raised.",
            path=job.id,
            limit=self._limits.memory_mb,
        )

    def _hire(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._closed.is_set():
                raise _ClosedError
            worker = Worker(self._limits.timeout_s, self._limits.memory_mb)
            self._all.add(worker)
            if self._watchdog is None:
                self._watchdog = threading.Thread(target=self._watch, daemon=True)
                self._watchdog.start()
        worker.greet()
        return worker

    def _dismiss(self, worker: Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.end()

    def _watch(self) -> None:
        """Kill who is silent for too long."""
        while not self._closed.wait(_LOOK_S):
            with self._lock:
                workers = tuple(self._all)
            for worker in workers:
                worker.kill_if_late()


def _is_harmless(job: Job) -> bool:
    loader = loaders.loader_of(job.id)
    return (loader is None or not loader.isolated) and job.state[0] <= _SMALL


class _ClosedError(Exception):
    """The pool was closed; nobody waits for the outcome any more."""
