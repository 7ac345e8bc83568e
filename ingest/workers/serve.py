"""What runs inside a worker process."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pickle
import signal
import sys
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from ingest.loaders import pulse
from ingest.prepare import prepare
from ingest.workers.memory import trim
from ingest.workers.process import BEAT, NO_MEMORY, READY, REPLY, receive, send

if TYPE_CHECKING:
    from ingest.prepare import Job, Outcome

_ORPHAN_S = 30.0
_ON_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG
_LARGE = 1_000_000
_JOBS = 500  # then a worker makes room for a fresh one


def serve() -> NoReturn:
    """A worker process's life: read jobs from standard input until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    _die_with_parent()
    source, sink = _own_pipes()
    timeout_s, memory_mb = pickle.loads(receive(source))  # noqa: S301 - from the process that started this one
    _limit(memory_mb)
    pulse.listen(lambda: _beat(sink, timeout_s))
    send(sink, READY)
    with contextlib.suppress(EOFError, BrokenPipeError):
        for number in count(1):
            job = pickle.loads(receive(source))  # noqa: S301 - likewise
            _die_later(timeout_s)
            outcome = _outcome(job)
            leaves = outcome is None or number >= _JOBS or _resident_mb() > memory_mb / 2
            _reply(sink, (outcome, leaves))
            if leaves:
                break
            del outcome
            if job.state[0] > _LARGE:
                trim()
    os._exit(0)  # nothing to tidy up, and a library's threads might wait for ever


def _die_with_parent() -> None:
    """Linux ends this process when the thread that started it ends, even if it hangs or was stopped."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_ON_PARENTS_DEATH, signal.SIGKILL)


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes to the parent, out of the reach of libraries that read or print."""
    source = sys.stdin.buffer
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - open as long as the process lives
    return source, sink


def _outcome(job: Job) -> Outcome | None:
    """What came of a job; None where the memory does not suffice."""
    try:
        return prepare(job)
    except MemoryError:
        return None


def _reply(sink: IO[bytes], reply: tuple[Outcome | None, bool]) -> None:
    send(sink, REPLY)
    try:
        pickle.dump(reply, sink)
        sink.flush()
    except MemoryError:
        os._exit(NO_MEMORY)


def _limit(memory_mb: int) -> None:
    """Let this process have so much memory; where the system cannot tell, the time limit must do."""
    if sys.platform != "linux":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = memory_mb * 1_000_000
    if most == resource.RLIM_INFINITY or limit < most:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _resident_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1_000_000


def _beat(sink: IO[bytes], timeout_s: float) -> None:
    _die_later(timeout_s)
    sink.write(BEAT)
    sink.flush()


def _die_later(timeout_s: float) -> None:
    """Should the parent have been killed, nobody else ends a worker that hangs; this works in a C loop too."""
    faulthandler.dump_traceback_later(timeout_s + _ORPHAN_S, exit=True)
