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
from ingest.workers.process import BEAT, READY, receive, send

if TYPE_CHECKING:
    from ingest.prepare import Job, Outcome

_ORPHAN_S = 30.0
_ON_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG
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
            message, leaves = _work(job, memory_mb, leave=number >= _JOBS)
            send(sink, message)
            if leaves:
                break
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


def _work(job: Job, memory_mb: int, *, leave: bool) -> tuple[bytes, bool]:
    """The reply to a job, and whether the process is worn out."""
    try:
        outcome: Outcome | None = prepare(job)
        worn = leave or _resident_mb() > memory_mb / 2
        return pickle.dumps((outcome, worn)), worn
    except MemoryError:
        return pickle.dumps((None, True)), True


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
