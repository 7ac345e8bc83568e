"""The dates of notes and of their passages, each with where it was read and how far it can be trusted.

The modules below hold some thirty patterns, which take a tenth of a second to compile: they are imported when the
first note is read, so that a search does not wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from rag.types import Chunk, DateRange, Document, MetaValue

FROM = " from "
"""In a source: what stands behind it is the source of the date that a passage's date was counted from."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a file beside its bytes.

    Attributes:
        mtime_ns: time of its last change, in nanoseconds since 1970; None where it means nothing.
        git: days of its first and last commit.
    """

    mtime_ns: int | None = None
    git: tuple[date, date] | None = None


def parse(text: str) -> tuple[date, date] | None:
    """First and last day of what a date string names: a day, a week, a month, a year or a span; None if nothing.

    Days are taken as written: a time zone does not move them.
    """
    from ingest.dates.written import read

    found = read(text)
    return (found.first, found.last) if found else None


def document_dates(
    doc_id: str, meta: Mapping[str, MetaValue], keys: Iterable[str] = ()
) -> tuple[DateRange, ...]:
    """A document's dates, the most trustworthy first. Sources: ``front matter:<key>``, ``file name``.

    ``keys`` are further properties that hold a date.
    """
    from ingest.dates import note

    return note.document_dates(doc_id, meta, keys)


def dated(document: Document, facts: Facts) -> Document:
    """The document with the dates that its loader did not look for, the most trustworthy first.

    Sources: ``title``, ``dateline`` (``dateline:<label>``), ``git:first commit``, ``git:last commit``,
    ``file time``.
    """
    from ingest.dates import note

    return note.dated(document, facts)


def passages(document: Document, chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """The passages with their own dates, the best first, at most eight; none where they name no time.

    Sources: ``heading``, ``dateline``, ``text``, ``property:<key>`` (of the passage that holds it); followed by ``FROM`` and the source of the note's date where
    they were counted from one, whose confidence then bears on theirs.
    """
    from ingest.dates import passage

    return passage.passages(document, chunks)
