"""Which passages filters let through."""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from rag.store import conditions, phrases, rows
from rag.store.tokens import fold

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Condition, Filters, MetaValue, Span

    _Test = Callable[["_Note"], bool]

_WITHIN: Final = "(c.doc_id = ? OR (c.doc_id >= ? AND c.doc_id < ?))"
_TOUCHING: Final = (
    "(c.key IN (SELECT key FROM times WHERE key IS NOT NULL AND first <= ? AND last >= ?) OR "
    "c.doc_id IN (SELECT doc_id FROM times WHERE key IS NULL AND first <= ? AND last >= ?))"
)
_MARKDOWN: Final = frozenset({"md", "markdown"})
_NO_META: Final = "{}"
_REMEMBERED: Final = 8


class _Note(NamedTuple):
    """A row of ``documents``; ``tags`` and ``meta`` are JSON."""

    id: str
    format: str
    tags: str
    meta: str


class Remembered:
    """The keys that the last few filters let through: the indexes ask for the same ones, one after the other."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], NDArray[np.int64]] = {}

    def of(self, filters: Filters, db: sqlite3.Connection) -> NDArray[np.int64]:
        """Sorted keys, as of the present transaction."""
        # The journal tells of passages, the graph's generation of everything else in a document.
        now = db.execute("SELECT name, value FROM state WHERE name IN ('generation', 'graph') ORDER BY name")
        asked = (filters, *now.fetchall())
        found = self._known.get(asked)
        if found is None:
            found = allowed(db, filters)
            self._known = dict([*self._known.items(), (asked, found)][-_REMEMBERED:])
        return found


def allowed(db: sqlite3.Connection, filters: Filters) -> NDArray[np.int64]:
    """Sorted keys of the passages that the filters let through."""
    import numpy as np  # 0.1 s at start-up that a full-text search need not pay

    where, values = _condition(db, filters)
    if filters.phrases:
        keys = phrases.holding(db, filters.phrases, where, values)
    else:
        keys = [
            key for (key,) in db.execute(f"SELECT c.key FROM chunks c WHERE {where} ORDER BY c.key", values)
        ]
    return np.array(keys, dtype=np.int64)


def within(doc_id: str) -> tuple[str, str, str]:
    """What a document, or everything below a folder, is found by: an id, and the borders of those below."""
    # "0" is the character after "/": everything below the folder, and nothing beside it.
    doc_id = doc_id.rstrip("/")
    return doc_id, doc_id + "/", doc_id + "0"


def _condition(db: sqlite3.Connection, filters: Filters) -> tuple[str, list[str]]:
    """All filters but phrases as a condition on ``chunks c``, and its values."""
    clauses, values = ["1"], list[str]()
    if filters.folders:
        clauses.append("(" + " OR ".join([_WITHIN] * len(filters.folders)) + ")")
        values += [v for folder in filters.folders for v in within(folder)]
    for folder in filters.exclude:
        clauses.append(f"NOT {_WITHIN}")
        values += within(folder)
    if filters.languages:
        clauses.append("c.language IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(filters.languages))
    if filters.spans:
        clauses.append("(" + " OR ".join([_TOUCHING] * len(filters.spans)) + ")")
        values += [day for span in filters.spans for day in _borders(span)]
    notes = _notes(db, filters)
    if notes is not None:
        clauses.append("c.doc_id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(notes))
    return " AND ".join(clauses), values


def _borders(span: Span) -> list[str]:
    return [span.last.isoformat(), span.first.isoformat()] * 2


# Notes


def _notes(db: sqlite3.Connection, filters: Filters) -> list[str] | None:
    """Documents that their path, type, tags and properties let through; None: these do not matter."""
    tests = list(_tests(filters))
    if not tests:
        return None
    found = map(
        _Note._make, db.execute("SELECT id, format, tags, meta FROM documents WHERE status = 'indexed'")
    )
    return [note.id for note in found if all(test(note) for test in tests)]


def _tests(filters: Filters) -> Iterator[_Test]:
    kinds = (
        (_in_path, filters.paths, filters.without_paths),
        (_under_tag, filters.tags, filters.without_tags),
        (_of_type, (), filters.without_types),
    )
    for made, wanted, unwanted in kinds:
        yield from map(made, wanted)
        yield from (_not(made(one)) for one in unwanted)
    if filters.types:
        yield _any([_of_type(one) for one in filters.types])
    yield from map(_holding, filters.conditions)


def _not(test: _Test) -> _Test:
    return lambda note: not test(note)


def _any(tests: Sequence[_Test]) -> _Test:
    return lambda note: any(test(note) for test in tests)


def _in_path(part: str) -> _Test:
    wanted = _path(part)
    return lambda note: wanted in _path(note.id)


def _under_tag(tag: str) -> _Test:
    wanted = fold(tag).strip("#/ ")
    return lambda note: any(own == wanted or own.startswith(wanted + "/") for own in _tags(note.tags))


def _of_type(name: str) -> _Test:
    wanted = fold(name).strip(". ")
    return lambda note: wanted in _types(note)


def _holding(condition: Condition) -> _Test:
    holds = conditions.test(condition)
    return lambda note: note.meta != _NO_META and holds(_meta(note.meta))


def _path(written: str) -> str:
    return unicodedata.normalize("NFC", written).casefold()


@lru_cache(1 << 14)
def _tags(dumped: str) -> tuple[str, ...]:
    return tuple(fold(tag).strip("#/ ") for tag in rows.load(dumped))


@lru_cache(1 << 14)
def _meta(dumped: str) -> Mapping[str, MetaValue]:
    return rows.load_meta(dumped)


def _types(note: _Note) -> frozenset[str]:
    """A note's format, and the ending of its file's name."""
    found = frozenset({note.format, note.id.rpartition("/")[2].rpartition(".")[2].casefold()})
    return found | _MARKDOWN if found & _MARKDOWN else found
