"""Between the catalogue's rows and the core types."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from rag.store.dating import lowered
from rag.types import Chunk, DateRange, Document, Link, Mask, MetaValue, Outline, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

DOCUMENT_COLUMNS = (
    "d.id, t.text, d.sha256, d.title, d.format, d.pages, d.sections, d.dates, d.shared_dates, d.tags, d.meta, "
    "d.masks, d.encoding, d.loader, d.warnings"
)
LINK_COLUMNS = 'start, "end", target, kind, label, anchor, resolved'
CHUNK_COLUMNS = (
    'c.key, c.doc_id, c.start, c."end", c.first_line, c.last_line, c.page, c.heading, c.dates, '
    "c.text, c.body, c.speaker, c.language, d.title, d.format, d.dates, d.shared_dates"
)
_Made = TypeVar("_Made")
_NOTHING = "[]"
_REMEMBERED = 4096  # lists of dates, and of headings
TEXT, NUMBER = (str,), (int,)
TEXT_OR_NONE, _NUMBER_OR_NONE = (str, type(None)), (int, type(None))
_DOCUMENT_TYPES = (TEXT,) * 15
_LINK_TYPES = (NUMBER, NUMBER, *(TEXT,) * 5)
_OUTLINE_TYPES = (NUMBER, TEXT, NUMBER)
_CHUNK_TYPES = (
    *(NUMBER, TEXT, *(NUMBER,) * 4, _NUMBER_OR_NONE, TEXT, TEXT),
    *(TEXT, TEXT_OR_NONE, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT),
)


def dump(value: object) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Any:
    """What compact JSON says.

    Raises:
        sqlite3.DatabaseError: it is damaged.
    """
    try:
        return json.loads(text)
    except (ValueError, TypeError) as e:
        raise sqlite3.DatabaseError(f"a row holds what is no JSON ({e})") from e


def sound(row: Sequence[Any], types: Sequence[tuple[type, ...]]) -> Sequence[Any]:
    """The row. SQLite enforces a column's type where a value is written, not where it is read.

    Raises:
        sqlite3.DatabaseError: a value is not of its column's type.
    """
    if not all(map(isinstance, row, types)):
        raise sqlite3.DatabaseError("a row holds a value that is not of its column's type")
    return row


def dump_dates(dates: Iterable[DateRange]) -> str:
    """JSON of date ranges."""
    return dump([(d.first.isoformat(), d.last.isoformat(), d.source, d.confidence, d.zone) for d in dates])


def load_dates(text: str) -> tuple[DateRange, ...]:
    """Date ranges from their JSON."""
    if text == _NOTHING:
        return ()
    try:
        return tuple(
            DateRange(date.fromisoformat(first), date.fromisoformat(last), *rest)
            for first, last, *rest in load(text)
        )
    except (ValueError, TypeError) as e:
        raise sqlite3.DatabaseError(f"a row holds what is no day ({e})") from e


@lru_cache(_REMEMBERED)
def _trusted(dates: str, shared: str) -> tuple[DateRange, ...]:
    """Date ranges, with less trust in those from sources that came with an import.

    The last ones are remembered: the passages of a note share its dates.
    """
    return lowered(load_dates(dates), load(shared) if shared != _NOTHING else ())


def dump_masks(masks: Iterable[Mask]) -> str:
    """JSON of masks."""
    return dump([(m.start, m.end, m.reason) for m in masks])


def dump_sections(sections: Iterable[Section]) -> str:
    """JSON of sections."""
    return dump([(s.start, s.title, s.level, s.speaker) for s in sections])


def load_masks(text: str) -> tuple[Mask, ...]:
    """Masks from their JSON."""
    return _each(Mask, text)


def _each(make: Callable[..., _Made], text: str) -> tuple[_Made, ...]:
    """What is made of each list of a list."""
    try:
        return tuple(make(*values) for values in load(text))
    except TypeError as e:
        raise sqlite3.DatabaseError(f"a row holds other JSON than it should ({e})") from e


def load_meta(text: str) -> Mapping[str, MetaValue]:
    """Front-matter properties from their JSON; lists become tuples again."""
    return {key: _frozen(value) for key, value in load(text).items()}


def _frozen(value: Any) -> MetaValue:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def document(row: Sequence[Any], links: Sequence[Sequence[Any]]) -> Document:
    """A document from a row of DOCUMENT_COLUMNS and its link rows."""
    (
        doc_id,
        text,
        sha256,
        title,
        form,
        pages,
        sections,
        dates,
        shared,
        tags,
        meta,
        masks,
        encoding,
        loader,
        warnings,
    ) = sound(row, _DOCUMENT_TYPES)
    return Document(
        id=doc_id,
        text=text,
        sha256=sha256,
        title=title,
        format=form,
        pages=tuple(load(pages)),
        sections=_each(Section, sections),
        dates=_trusted(dates, shared),
        tags=tuple(load(tags)),
        meta=load_meta(meta),
        masks=load_masks(masks),
        links=tuple(Link(*sound(link, _LINK_TYPES)) for link in links),
        encoding=encoding,
        loader=loader,
        warnings=tuple(load(warnings)),
    )


def chunk(row: Sequence[Any]) -> Chunk:
    """A passage from a row of CHUNK_COLUMNS."""
    (
        key,
        doc_id,
        start,
        end,
        first,
        last,
        page,
        heading,
        dates,
        text,
        body,
        speaker,
        language,
        title,
        form,
        note_dates,
        shared,
    ) = sound(row, _CHUNK_TYPES)
    return Chunk(
        doc_id=doc_id,
        start=start,
        end=end,
        text=text,
        body=text if body is None else body,
        title=title,
        lines=(first, last),
        heading=_headings(heading),
        page=page,
        # What the passage names comes first.
        dates=(*_trusted(dates, shared), *_trusted(note_dates, shared)),
        key=key,
        speaker=speaker,
        format=form,
        language=language,
    )


def outlines(db: sqlite3.Connection, keys: Sequence[int]) -> list[Outline]:
    """Those of the passages that are there, by note and place in it."""
    found = db.execute(
        "SELECT key, speaker, length(text) FROM chunks WHERE key IN (SELECT value FROM json_each(?)) "
        "ORDER BY doc_id, start, key",
        (json.dumps(list(keys)),),
    )
    return [Outline(*sound(row, _OUTLINE_TYPES)) for row in found]


@lru_cache(_REMEMBERED)
def _headings(text: str) -> tuple[str, ...]:
    return tuple(load(text)) if text != _NOTHING else ()


def text_hash(index_text: str) -> bytes:
    """128 bits that key the vector cache."""
    return hashlib.blake2b(index_text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def sha256(data: bytes) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
