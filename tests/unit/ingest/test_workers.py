"""Worker processes: what hangs, crashes or eats memory there takes its own file with it, and nothing else."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest import prepare
from ingest.loaders.source import Options
from ingest.prepare import Failure, Job, Outcome, Prepared
from ingest.workers import Limits, Workers, process
from rag.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

REPOSITORY = Path(__file__).parents[3]
# Runs in each worker before its first job: some files have side effects.
MISBEHAVING = r"""
import ctypes, os, pathlib, signal, time
from ingest.loaders import pulse
from ingest.workers import serve as module
real = module.prepare

def prepare(job):
    text = pathlib.Path(job.path).read_text("utf-8")
    if "hang" in text:
        while True:
            pass
    if "beat" in text:
        for _ in range(8):
            time.sleep(0.3)
            pulse.beat()
    if "slow" in text:
        time.sleep(0.3)
    if "exit" in text:
        os._exit(3)
    if "crash" in text:
        ctypes.string_at(0)
    if "devour" in text:
        bytearray(2_000_000_000)
    if "print" in text:
        print("noise" * 10_000, flush=True)
        os.write(1, b"noise" * 1000)
        os.write(2, b"noise" * 1000)
        input_is_empty = not __import__("sys").stdin.read()
        assert input_is_empty
    if "stranger" in text:
        mark = pathlib.Path(job.path + ".mark")
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGTERM)
    return real(job)

module.prepare = prepare
"""


@pytest.fixture
def misbehaving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers do what the files say."""
    boot, call = process._BOOT.rstrip().rsplit("\n", 1)
    assert call == "serve()"
    monkeypatch.setattr(process, "_BOOT", f"{boot}\n{MISBEHAVING}\n{call}\n")


def job_of(folder: Path, name: str, text: str) -> Job:
    """A job for a file with this text."""
    path = folder / name
    path.write_text(text, "utf-8")
    info = path.stat()
    return Job(f"notes/{name}", str(path), None, (info.st_size, info.st_mtime_ns), Options())


def jobs_of(folder: Path, *texts: str) -> list[Job]:
    """Jobs of a format that always goes to workers."""
    return [job_of(folder, f"{n}.html", text) for n, text in enumerate(texts)]


def outcomes(jobs: Iterable[Job], limits: Limits) -> list[Outcome]:
    """What comes of them."""
    with Workers(limits) as workers:
        return list(workers.prepare(list(jobs)))


def reasons(found: Iterable[Outcome]) -> list[str]:
    """The reason of each failure, the text of everything else."""
    return [
        o.reason if isinstance(o, Failure) else o.document.text
        for o in found
        if not isinstance(o, prepare.Moving)
    ]


@pytest.mark.usefixtures("misbehaving")
def test_outcomes_come_in_the_order_of_the_jobs(tmp_path: Path) -> None:
    """However long each of them takes."""
    texts = ["slow first", "second", "third", "slow fourth", "fifth"]
    assert reasons(outcomes(jobs_of(tmp_path, *texts), Limits(2))) == texts


@pytest.mark.usefixtures("misbehaving")
def test_a_file_that_hangs_is_given_up(tmp_path: Path) -> None:
    """At the time limit, from outside; the reason names the remedy, the hash keeps it from being tried again."""
    started = time.monotonic()
    found = outcomes(jobs_of(tmp_path, "one", "hang", "three"), Limits(1, timeout_s=1))
    assert time.monotonic() - started < 30
    one, lost, three = found
    assert isinstance(one, Prepared)
    assert isinstance(three, Prepared)
    assert isinstance(lost, Failure)
    assert "took longer than 1 s" in lost.reason
    assert "sync.file_timeout_s" in lost.reason
    assert lost.sha256 == hashlib.sha256(b"hang").hexdigest()
    assert Limits(timeout_s=2).lifted(lost.reason)
    assert not Limits(timeout_s=1).lifted(lost.reason)


@pytest.mark.usefixtures("misbehaving")
def test_signs_of_life_extend_the_limit(tmp_path: Path) -> None:
    """Many pages of a scan may take long, as long as each of them does not."""
    assert reasons(outcomes(jobs_of(tmp_path, "beat"), Limits(1, timeout_s=1.5))) == ["beat"]


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.parametrize(
    ("text", "death"),
    [
        ("exit", "exit code 3"),
        pytest.param(
            "crash", "SIGSEGV", marks=pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
        ),
    ],
)
def test_a_crash_takes_its_own_file_only(tmp_path: Path, text: str, death: str) -> None:
    """The next file gets a fresh process."""
    crashed, next_one = reasons(outcomes(jobs_of(tmp_path, text, "next"), Limits(1)))
    assert death in crashed
    assert next_one == "next"


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_a_worker_that_a_stranger_killed_condemns_nothing(tmp_path: Path) -> None:
    """The file is tried once more."""
    assert reasons(outcomes(jobs_of(tmp_path, "stranger"), Limits(1))) == ["stranger"]


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.skipif(sys.platform != "linux", reason="memory limits as Linux has them")
def test_a_file_that_eats_the_memory(tmp_path: Path) -> None:
    """It fails with the limit's name; the others are read."""
    eaten, next_one = reasons(outcomes(jobs_of(tmp_path, "devour", "next"), Limits(1, memory_mb=300)))
    assert "needs more than 300 MB" in eaten
    assert Limits(memory_mb=400).lifted(eaten)
    assert not Limits(memory_mb=300).lifted(eaten)
    assert next_one == "next"


@pytest.mark.usefixtures("misbehaving")
def test_what_libraries_print_corrupts_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nor is it seen; and they cannot read the jobs."""
    texts = ["print", "after", "print again"]
    assert reasons(outcomes(jobs_of(tmp_path, *texts), Limits(1))) == texts
    assert capfd.readouterr() == ("", "")


def test_few_harmless_files_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved note is read where one is; without workers, everything is."""

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ingest.workers.pool.Worker", refuse)
    notes = [job_of(tmp_path, f"{n}.md", f"note {n}") for n in range(5)]
    assert reasons(outcomes(notes, Limits(2))) == [f"note {n}" for n in range(5)]
    assert reasons(outcomes(jobs_of(tmp_path, "page"), Limits(0))) == ["page"]


def test_many_or_large_files_go_to_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There they are read with a limit, and beside each other."""
    started = list[int]()

    class Counted(process.Worker):
        def __init__(self, timeout_s: float, memory_mb: int) -> None:
            started.append(memory_mb)
            super().__init__(timeout_s, memory_mb)

    monkeypatch.setattr("ingest.workers.pool.Worker", Counted)
    large = job_of(tmp_path, "large.md", "word " * 300_000)
    small = job_of(tmp_path, "small.md", "small")
    assert [type(o) for o in outcomes([small, large], Limits(2))] == [Prepared, Prepared]
    assert len(started) == 1
    many = [job_of(tmp_path, f"{n}.md", f"{n} " * 20_000) for n in range(40)]
    found = outcomes(many, Limits(2))
    assert [o.document.id for o in found if isinstance(o, Prepared)] == [job.id for job in many]
    assert len(started) == 3


def test_lack_of_memory_here_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the machine's: the failure has no hash, so that the next sync reads the file."""

    def starving(_: Job) -> Outcome:
        raise MemoryError

    monkeypatch.setattr("ingest.workers.pool.prepare", starving)
    (lost,) = outcomes([job_of(tmp_path, "a.md", "text")], Limits(0))
    assert isinstance(lost, Failure)
    assert "more memory than there is" in lost.reason
    assert lost.sha256 == ""


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.skipif(os.name != "posix", reason="asks for processes as POSIX does")
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_no_process_outlives_an_error(tmp_path: Path, error: type[BaseException]) -> None:
    """Ctrl-C ends a sync at once, also while a file hangs; nothing is left, not even a zombie."""
    pids: list[int] = []

    def interrupted() -> None:
        with Workers(Limits(2)) as workers:
            for _ in workers.prepare(jobs_of(tmp_path, "one", "two", "hang", "hang")):
                pids.extend(worker._process.pid for worker in workers._all)
                raise error

    started = time.monotonic()
    with pytest.raises(error):
        interrupted()
    assert time.monotonic() - started < 20
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_worker_that_cannot_start_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why, and which setting does without; no file is blamed."""
    monkeypatch.setattr(process, "_BOOT", process._BOOT.replace("ingest.workers.serve", "ingest.nowhere"))
    with pytest.raises(ConfigError, match=r"ModuleNotFoundError.*sync\.workers"):
        outcomes(jobs_of(tmp_path, "x"), Limits(1))
    monkeypatch.setattr(process, "_BOOT", "raise SystemExit(7)")
    with pytest.raises(ConfigError, match=r"exit code 7.*sync\.workers"):
        outcomes(jobs_of(tmp_path, "x"), Limits(1))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"No such file.*sync\.workers"):
        outcomes(jobs_of(tmp_path, "x"), Limits(1))


SCRIPT = """
import sys
from pathlib import Path
import footnotes
import rag.syncing  # whatever the script itself imports it imports before its path is changed

print("started")
sys.path.insert(0, "")  # as in a notebook
with footnotes.open(Path(sys.argv[1]) / "home") as engine:
    engine.add_root(Path(sys.argv[1]) / "notes")
    report = engine.sync()
    print(report.documents, len(report.failed))
"""


def test_scripts_without_a_guard_and_strange_folders(tmp_path: Path) -> None:
    """A caller's script runs once; a worker imports nothing from the current folder."""
    (tmp_path / "notes").mkdir()
    for number in range(3):
        (tmp_path / "notes" / f"{number}.html").write_text(f"<p>page {number}</p>", "utf-8")
    (tmp_path / "script.py").write_text(SCRIPT, "utf-8")
    here = tmp_path / "here"
    here.mkdir()
    trap = f"import pathlib; pathlib.Path({str(tmp_path / 'sprung')!r}).touch(); raise SystemExit(9)"
    for name in ("yaml.py", "ingest.py", "pickle.py", "sitecustomize.py"):
        (here / name).write_text(trap, "utf-8")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path)],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["started", "3", "0"], "")
    assert not (tmp_path / "sprung").exists()
