"""A sync that a reader has started: one at a time, to be stopped, and told about."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import footnotes
from ingest.pipeline import Progress
from rag.errors import RootError
from ui import text
from ui.folders import job_html
from ui.job import Job, State

if TYPE_CHECKING:
    from pathlib import Path

EN = text.load("en")


class Slow:
    """An engine whose sync waits between two files."""

    def __init__(self, error: Exception | None = None) -> None:
        self.may_go_on = threading.Event()
        self.began = threading.Event()
        self.ended_early = False
        self.error = error

    def sync(self, *_: object, progress: Any, **__: object) -> None:
        self.began.set()
        if self.error:
            raise self.error
        try:
            for done in range(1, 3):
                progress(Progress("sync", done, 2, f"notes/{done}.md"))
                self.may_go_on.wait(10)
        except Exception:
            self.ended_early = True
            raise


def ended(job: Job) -> State:
    """Its state when it is over."""
    assert job._thread is not None
    job._thread.join(10)
    return job.state


def test_one_at_a_time_and_where_it_is() -> None:
    """A second one is refused while the first runs."""
    engine = Slow()
    job = Job(engine)  # type: ignore[arg-type]
    assert job_html(job.state, EN, is_local=True) == ""
    assert job.start()
    engine.began.wait(10)
    assert not job.start()
    assert job.state.running
    engine.may_go_on.set()
    assert not ended(job).running
    assert job.start(), "and another one when it is over"
    ended(job)


def test_it_is_stopped_between_two_files() -> None:
    """What was read stays; that is said."""
    engine = Slow()
    job = Job(engine)  # type: ignore[arg-type]
    job.start()
    while job.state.progress is None:
        pass
    assert "1 of 2 files" in job_html(job.state, EN, is_local=True)
    job.stop()
    assert "Stopping" in job_html(job.state, EN, is_local=True)
    engine.may_go_on.set()
    state = ended(job)
    assert engine.ended_early
    assert state.error is None
    assert "Stopped. What was read stays" in job_html(state, EN, is_local=True)


def test_errors_are_sentences() -> None:
    """A known one is its line, another its kind without its message, which may hold a note's text."""
    for error, said in (
        (RootError("The folder {path} is <gone>.", path="<x>"), "The folder &lt;x&gt; is &lt;gone&gt;."),
        (ValueError("my secret"), "ValueError"),
    ):
        job = Job(Slow(error))  # type: ignore[arg-type]
        job.start()
        html = job_html(ended(job), EN, is_local=True)
        assert said in html
        assert "secret" not in html


def test_a_stopped_sync_is_finished_by_the_next(tmp_path: Path) -> None:
    """With a real engine: stopped after its first batch, then all is there and nothing twice."""
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(60):
        (notes / f"{number}.md").write_text(f"# Note {number}\n\nIt says {number}.\n", "utf-8")
    with footnotes.open(tmp_path / "home", settings={"sync.batch": 5}) as engine:
        engine.add_root(notes)
        job = Job(engine)
        heard = job._heard

        def stop_soon(progress: Progress) -> None:
            if progress.done >= 10:
                job.stop()
            heard(progress)

        job._heard = stop_soon  # type: ignore[method-assign]
        job.start()
        state = ended(job)
        assert state.stopped
        assert state.report is None
        assert engine.catalogue.counts().indexed < 60
        assert engine.sync().documents == 60
        assert all(finding.ok for finding in engine.doctor())
