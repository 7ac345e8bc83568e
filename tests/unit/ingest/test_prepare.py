"""One file from disk to passages: what is proven, what is refused, and in which words."""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from ingest import loaders, prepare
from ingest.loaders.source import Options
from ingest.prepare import Failure, Job, Moving, Prepared
from rag.errors import LoadError
from rag.types import Chunk, Document

if TYPE_CHECKING:
    from pathlib import Path


def job_for(path: Path, text: str | bytes, **changes: Any) -> Job:
    """A job for a file with this content."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    info = path.stat()
    job = Job(f"notes/{path.name}", str(path), None, (info.st_size, info.st_mtime_ns), Options())
    return replace(job, **changes)


def travelled(thing: Any) -> Any:
    """What arrives at the other side of a pipe."""
    return pickle.loads(pickle.dumps(thing))  # noqa: S301 - made here


def test_what_is_prepared_travels(tmp_path: Path) -> None:
    """A job and its outcome survive the way to a worker and back; passages are spans of the text."""
    job = job_for(tmp_path / "a.md", "---\ntags: [x]\nk: {a: 1}\n---\n\n# Title\n\nSome <b>words</b>.\n")
    outcome = travelled(prepare.prepare(travelled(job)))
    assert isinstance(outcome, Prepared)
    document = outcome.document
    assert (document.id, document.title, document.tags) == ("notes/a.md", "Title", ("x",))
    assert document.sha256 == hashlib.sha256((tmp_path / "a.md").read_bytes()).hexdigest()
    assert outcome.chunks
    assert all(document.text[c.start : c.end] == c.text for c in outcome.chunks)


def test_dates_of_git_and_of_the_file_are_told(tmp_path: Path) -> None:
    """A note without a date of its own has those."""
    job = job_for(tmp_path / "a.md", "words", git=(date(2020, 1, 2), date(2021, 3, 4)))
    outcome = prepare.prepare(job)
    assert isinstance(outcome, Prepared)
    days = {d.first for d in outcome.document.dates} | {d.last for d in outcome.document.dates}
    assert {date(2020, 1, 2), date(2021, 3, 4)} & days


def test_encoding_that_the_settings_name(tmp_path: Path) -> None:
    """It overrides what would be detected."""
    outcome = prepare.prepare(job_for(tmp_path / "a.txt", "naïve".encode("cp1252"), encoding="cp1252"))
    assert isinstance(outcome, Prepared)
    assert outcome.document.text == "naïve"


def test_file_that_is_not_the_scanned_one(tmp_path: Path) -> None:
    """It changed or went since the scan: nothing of it is taken, unless the caller takes it as it is."""
    job = job_for(tmp_path / "a.md", "old")
    (tmp_path / "a.md").write_text("newer", "utf-8")
    assert prepare.prepare(job) == Moving()
    assert isinstance(prepare.prepare(replace(job, strict=False)), Prepared)
    (tmp_path / "a.md").unlink()
    assert prepare.prepare(job) == Moving()
    assert prepare.failed(job, LoadError("x")) == Moving()


@pytest.mark.parametrize("strict", [True, False])
def test_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    """Half of the old and half of the new is neither."""
    job = job_for(tmp_path / "a.md", "old", strict=strict)
    real = type(tmp_path).read_bytes

    def interrupted(self: Path) -> bytes:
        data = real(self)
        self.write_text("newer and longer", "utf-8")
        return data

    monkeypatch.setattr(type(tmp_path), "read_bytes", interrupted)
    assert prepare.prepare(job) == Moving()


def test_file_that_cannot_be_opened_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes are unknown, so there is no hash by which it would be left alone."""
    job = job_for(tmp_path / "a.md", "text")

    def refused(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "read_bytes", refused)
    assert prepare.prepare(job) == Failure("Permission denied")
    assert prepare.failed(job, LoadError("too slow")) == Failure("Permission denied")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (LoadError("{path}: is odd.", path="notes/a.md"), "notes/a.md: is odd."),
        (TypeError("two\nlines \ud800"), r"unexpected TypeError: two lines \ud800"),
        (RecursionError(), "notes/a.md: is nested too deeply to be read."),
        (OSError(5, "from a library"), "unexpected OSError: [Errno 5] from a library"),
    ],
)
def test_errors_of_a_loader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    """Each is one line, and belongs to these bytes: they are not tried again."""

    def failing(*_: object) -> Document:
        raise error

    job = job_for(tmp_path / "a.md", "text")
    monkeypatch.setattr(loaders, "load", failing)
    assert prepare.prepare(job) == Failure(reason, hashlib.sha256(b"text").hexdigest())


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("std::bad_alloc")])
def test_lack_of_memory_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Also in the words of native libraries; whoever knows the limit tells it."""

    def failing(*_: object) -> Document:
        raise error

    job = job_for(tmp_path / "a.md", "text")
    monkeypatch.setattr(loaders, "load", failing)
    with pytest.raises(MemoryError):
        prepare.prepare(job)


def test_what_cannot_be_stored_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lone surrogate, wherever it hides."""
    job = job_for(tmp_path / "a.md", "text")

    def odd(doc_id: str, *_: object) -> Document:
        return Document(doc_id, "text", "", "a\ud800", "text")

    monkeypatch.setattr(loaders, "load", odd)
    outcome = prepare.prepare(job)
    assert isinstance(outcome, Failure)
    assert "no valid Unicode" in outcome.reason


def test_a_passage_that_is_no_span_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A citation must never show what does not stand there."""
    document = Document("notes/a.md", "some text", "", "a", "text")
    wrong = Chunk("notes/a.md", 0, 4, "sum", "sum", "a", (1, 1))
    monkeypatch.setattr(prepare, "chunk", lambda *_: [wrong])
    with pytest.raises(LoadError, match="0-4"):
        prepare.cut(document, 400)


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
@pytest.mark.parametrize("strict", [True, False])
def test_a_link_that_took_a_files_place_is_not_followed(tmp_path: Path, *, strict: bool) -> None:
    """It may lead out of the folder; the next scan says what it is."""
    job = job_for(tmp_path / "a.md", "a note", strict=strict)
    secret = tmp_path / "secret"
    secret.write_text("x" * len(str(secret)), "utf-8")  # as long as the link itself
    (tmp_path / "a.md").unlink()
    (tmp_path / "a.md").symlink_to(secret)
    assert prepare.prepare(job) == Moving()
