"""From a file on disk to what the catalogue stores of it: read, load, date, cut, prove.

Pure but for reading the file, and picklable both ways: it runs in this process or in a worker process.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from graph import extract
from graph.model import NO_FACTS, Facts
from ingest import dates, loaders
from ingest.chunk import chunk
from rag.errors import LoadError, NotOursError
from rag.store import rows

if TYPE_CHECKING:
    from datetime import date

    from ingest.loaders.source import Options
    from rag.types import Chunk, Document

_LONGEST_REASON = 300
_NO_MEMORY = re.compile(r"bad_?alloc|allocate memory|allocation failed|out of memory", re.IGNORECASE)
"""How native libraries say it in an error of their own kind."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read.

    Attributes:
        id: the document's id.
        path: where the file lies.
        encoding: overrides the detection for text formats.
        state: size in bytes and modification time in nanoseconds, as the scan saw them.
        options: what of the settings bears on reading.
        git: days of the file's first and last commit.
        strict: only the file that the scan saw will do; otherwise whatever it holds by now, if it holds still.
    """

    id: str
    path: str
    encoding: str | None
    state: tuple[int, int]
    options: Options
    git: tuple[date, date] | None = None
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that was read."""

    document: Document
    chunks: tuple[Chunk, ...]
    facts: Facts = NO_FACTS


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that cannot be read, and why in one line.

    ``sha256`` is that of its bytes: the same bytes are not tried again. Empty, where even those could not be read:
    the next sync tries again. ``skipped``: it is no note, which is nobody's fault.
    """

    reason: str
    sha256: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Moving:
    """The file is not the one that the scan saw: it changed or went meanwhile, perhaps it is half written."""


Outcome = Prepared | Failure | Moving


class _MovingError(Exception):
    """The file changed since the scan, or while it was read."""


def prepare(job: Job) -> Outcome:
    """Read one file.

    Raises:
        MemoryError: there is not enough memory for it.
    """
    try:
        data, mtime_ns = _read(job)
    except (FileNotFoundError, _MovingError):
        return Moving()
    except OSError as e:
        return Failure(e.strerror or str(e))
    try:
        return _prepared(job, data, mtime_ns)
    except NotOursError as e:
        return Failure(str(e), rows.sha256(data), skipped=True)
    except LoadError as e:
        reason = str(e)
    except RecursionError:
        reason = f"{job.id}: is nested too deeply to be read."
    except Exception as e:
        if isinstance(e, MemoryError) or _NO_MEMORY.search(str(e)):
            raise MemoryError from e
        reason = f"unexpected {type(e).__name__}: {e}"[:_LONGEST_REASON]
    return Failure(_one_line(reason), rows.sha256(data))


def failed(job: Job, error: LoadError) -> Failure | Moving:
    """The outcome for a file whose reading had to be given up from outside."""
    try:
        data, _ = _read(job)
    except (FileNotFoundError, _MovingError):
        return Moving()
    except OSError as e:
        return Failure(e.strerror or str(e))
    return Failure(_one_line(str(error)), rows.sha256(data))


def of_document(document: Document, options: Options) -> Prepared:
    """What is stored of a document that is no file.

    Raises:
        LoadError: a passage is not its span of the text.
    """
    chunks = cut(document, options.chunk_size)
    return Prepared(document, chunks, extract.facts(document, chunks))


def cut(document: Document, size: int) -> tuple[Chunk, ...]:
    """A document's passages with their own dates, each of them proven to be its span of the text.

    Raises:
        LoadError: one is not.
    """
    passages = dates.passages(document, chunk(document, size))
    for one in passages:
        if document.text[one.start : one.end] != one.text:
            raise LoadError(
                "{path}: a passage is not what stands at {start}-{end} of the text. Please report this.",
                path=document.id,
                start=one.start,
                end=one.end,
            )
    return passages


def _prepared(job: Job, data: bytes, mtime_ns: int) -> Prepared:
    document = loaders.load(job.id, data, job.encoding, job.options)
    document = dates.dated(document, dates.Facts(mtime_ns, job.git))
    # A proxy cannot be pickled, and of a body that is its text one copy travels.
    document = replace(document, meta=dict(document.meta))
    chunks = tuple(_slim(one) for one in cut(document, job.options.chunk_size))
    _check_storable(document, chunks)
    return Prepared(document, chunks, extract.facts(document, chunks))


def _slim(one: Chunk) -> Chunk:
    return replace(one, body=one.text) if one.body == one.text else one


def _read(job: Job) -> tuple[bytes, int]:
    """The file's bytes and modification time, if it held still and, for a strict job, is what the scan saw.

    Raises:
        _MovingError: it is not.
        OSError: it cannot be read.
    """
    path = Path(job.path)
    before = path.lstat()  # a link that took its place may lead anywhere
    expected = job.state if job.strict else (before.st_size, before.st_mtime_ns)
    if not stat.S_ISREG(before.st_mode) or (before.st_size, before.st_mtime_ns) != expected:
        raise _MovingError
    data = path.read_bytes()
    after = path.lstat()
    if (after.st_size, after.st_mtime_ns) != expected or len(data) != after.st_size:
        raise _MovingError
    return data, after.st_mtime_ns


def _check_storable(document: Document, chunks: tuple[Chunk, ...]) -> None:
    """Lone surrogates (from escapes in front matter, or in JSON) cannot be stored.

    Raises:
        LoadError: the document holds one.
    """
    told = (document.title, document.tags, dict(document.meta), document.warnings)
    titles = [s.title for s in document.sections]
    links = [(k.target, k.label, k.anchor) for k in document.links]
    headings = [one.heading for one in chunks if one.heading]
    try:
        document.text.encode("utf-8")
        rows.dump((told, titles, links, headings)).encode("utf-8")
    except UnicodeEncodeError as e:
        raise LoadError(
            "{path}: holds characters that are no valid Unicode ({reason}).",
            path=document.id,
            reason=e.reason,
        ) from e


def _one_line(reason: str) -> str:
    """A reason that can be stored and shown on one line."""
    return " ".join(reason.encode("utf-8", "backslashreplace").decode("utf-8").split())
