"""Names of notes, found in what other notes say.

Which passages name which notes is a function of the notes present alone, however they came to be there. Each document
is marked as searched for all titles, and each title as searched for in all documents (``rag.store.facts`` takes the
marks off), so that a saved note costs one search of its own text, a new title one search of all texts for that title
alone, and a kill costs nothing that was marked.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from rag.store import facts
from rag.store.called import WORD, beginnings, folded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ahocorasick_rs import AhoCorasick

    from rag.store.catalogue import Catalogue

_DOCUMENTS = 256  # searched in one transaction
_FEW = 16  # documents, for which not all titles are read
_SHORT = 4
_SURE, _LESS_SURE = 0.9, 0.7


_CASED = re.compile(r"[^\x00-\x7f\u2e80-\ud7ff]+")  # may have capitals beyond ASCII

_Passages = list[tuple[int, int, str]]  # key, start, what is indexed
_Row = tuple[int, int, int, int, str]  # key of the passage, start, end, entity, as it is written


class _Found(NamedTuple):
    """A title in a text."""

    start: int
    end: int
    entity: int


def follow(
    catalogue: Catalogue, lock: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext
) -> None:
    """Find titles where notes or titles are new, and let every entity have its label; takes the lock for each step.

    Raises:
        BusyError: another process does not let go of the lock.
        HomeError: no room or no permission.
    """
    known = _Known()
    while is_behind(catalogue):
        with lock(), catalogue.database.writing() as db:
            _step(db, known)


def is_behind(catalogue: Catalogue) -> bool:
    """Whether ``follow`` has something to do."""
    with catalogue.database.reading() as db:
        (behind,) = db.execute(
            "SELECT EXISTS (SELECT 1 FROM titles WHERE searched = 0) "
            "OR EXISTS (SELECT 1 FROM documents WHERE searched = 0 AND status = 'indexed') "
            "OR EXISTS (SELECT 1 FROM entities WHERE settled = 0)"
        ).fetchone()
    return bool(behind)


def misread(db: sqlite3.Connection) -> Iterator[str]:
    """Documents that say other titles than the catalogue knows: none, unless damaged, or searches are still to come."""
    gazetteer = Gazetteer.beginning(db)
    for (doc_id,) in db.execute("SELECT id FROM documents WHERE status = 'indexed'"):
        if set(_mentions(db, doc_id, _passages(db, doc_id), gazetteer)) != _known(db, doc_id):
            yield doc_id


class _Known:
    """The titles that documents are searched for."""

    def __init__(self) -> None:
        self._all: Gazetteer | None = None
        self._generation = -1

    def here(self, db: sqlite3.Connection, passages: Sequence[_Passages]) -> Gazetteer:
        """At least those that these passages say: for a few notes, not all titles are read."""
        if self._all is None and len(passages) <= _FEW:
            begun = {begin for ones in passages for _, _, body in ones for begin in beginnings(body)}
            return Gazetteer.beginning(db, begun)
        if self._all is None or self._generation != facts.generation(db):  # others may have taken titles away
            self._all = Gazetteer.beginning(db)
        return self._all

    def seen(self, db: sqlite3.Connection) -> None:
        """Nobody has written since."""
        self._generation = facts.generation(db)


def _step(db: sqlite3.Connection, known: _Known) -> None:
    if fresh := _new_titles(db):
        _look_for(db, fresh)
        return
    batch = db.execute(
        "SELECT id FROM documents WHERE searched = 0 AND status = 'indexed' LIMIT ?", (_DOCUMENTS,)
    ).fetchall()
    if batch:
        _search(db, [doc_id for (doc_id,) in batch], known)
    else:
        facts.settle(db)


def _new_titles(db: sqlite3.Connection) -> dict[str, int]:
    return dict(db.execute("SELECT label, entity FROM titles WHERE searched = 0").fetchall())


def _look_for(db: sqlite3.Connection, fresh: dict[str, int]) -> None:
    """Let the documents that say a new title be searched again: it may be longer than what was found there."""
    gazetteer, sieve = Gazetteer(fresh.items()), _Sieve(fresh)
    saying = [
        (doc_id,)
        for doc_id, text in db.execute(
            "SELECT d.id, CAST(t.text AS BLOB) FROM documents d JOIN texts t ON t.doc_id = d.id WHERE d.searched = 1"
        )
        if sieve.may_hold(text) and gazetteer.is_in(text.decode())
    ]
    db.executemany("UPDATE documents SET searched = 0 WHERE id = ?", saying)
    db.execute("UPDATE titles SET searched = 1 WHERE searched = 0")


class _Sieve:
    """Tells of most texts, much sooner than a gazetteer, that they say none of some titles.

    Looks for the longest part of each title whose bytes tell its letters apart from case.
    """

    def __init__(self, labels: Iterable[str]) -> None:
        from ahocorasick_rs import BytesAhoCorasick

        parts = {max(_CASED.split(folded(label)), key=len).encode() for label in labels}
        self._automaton = BytesAhoCorasick(sorted(parts)) if all(parts) else None

    def may_hold(self, text: bytes) -> bool:
        """Whether one may stand in it."""
        return self._automaton is None or bool(self._automaton.find_matches_as_indexes(text.lower()))


def _search(db: sqlite3.Connection, doc_ids: list[str], known: _Known) -> None:
    """Write which titles of other notes documents say."""
    passages = [_passages(db, doc_id) for doc_id in doc_ids]
    gazetteer = known.here(db, passages)
    changed, lost = [], set()
    for doc_id, ones in zip(doc_ids, passages, strict=True):
        before = _known(db, doc_id)
        now = set(_mentions(db, doc_id, ones, gazetteer))
        if now != before:
            changed.append(doc_id)
            lost |= {entity for *_, entity, _ in before - now}
            db.execute("DELETE FROM mentions WHERE doc_id = ? AND extractor = 'title'", (doc_id,))
            db.executemany(
                "INSERT INTO mentions VALUES (?, ?, ?, ?, ?, ?, 'concept', 'title', ?)",
                [(doc_id, *row, _confidence(row[-1])) for row in sorted(now)],
            )
    db.executemany("UPDATE documents SET searched = 1 WHERE id = ?", [(doc_id,) for doc_id in doc_ids])
    facts.sweep(db, lost)
    if changed:
        facts.stamp(db, changed)
    known.seen(db)


def _known(db: sqlite3.Connection, doc_id: str) -> set[_Row]:
    """What an earlier search has found."""
    found = db.execute(
        "SELECT chunk, start, \"end\", entity, name FROM mentions WHERE doc_id = ? AND extractor = 'title'",
        (doc_id,),
    )
    return set(found.fetchall())


def _passages(db: sqlite3.Connection, doc_id: str) -> _Passages:
    found = db.execute("SELECT key, start, coalesce(body, text) FROM chunks WHERE doc_id = ?", (doc_id,))
    return found.fetchall()


def _mentions(
    db: sqlite3.Connection, doc_id: str, passages: _Passages, gazetteer: Gazetteer
) -> Iterator[_Row]:
    """Passage, span, entity and spelling of each title of another note that a document says, once a passage."""
    own = {entity for (entity,) in db.execute("SELECT entity FROM titles WHERE doc_id = ?", (doc_id,))}
    for key, at, body in passages:
        seen = set(own)
        for start, end, entity in gazetteer.find(body):
            if entity not in seen:
                seen.add(entity)
                yield key, at + start, at + end, entity, body[start:end]


def _confidence(name: str) -> float:
    """Short single words are often something else."""
    return _LESS_SURE if len(name) < _SHORT and " " not in name else _SURE


class Gazetteer:
    """Finds titles in texts. One of several words is found in any case, a single word as it is written."""

    def __init__(self, titles: Iterable[tuple[str, int]]) -> None:
        labels: dict[str, dict[str, int]] = defaultdict(dict)
        for label, entity in titles:
            labels[folded(label)][label] = entity
        self._labels = list(labels.values())
        self._automaton = _automaton(list(labels)) if labels else None

    @classmethod
    def beginning(cls, db: sqlite3.Connection, begun: Iterable[str] | None = None) -> Gazetteer:
        """Titles that begin so; None: all."""
        if begun is None:
            return cls(db.execute("SELECT DISTINCT label, entity FROM titles"))
        told = json.dumps(sorted(begun), ensure_ascii=False)
        return cls(
            db.execute(
                "SELECT DISTINCT label, entity FROM titles WHERE beginning IN (SELECT value FROM json_each(?))",
                (told,),
            )
        )

    def find(self, text: str) -> list[_Found]:
        """Titles that a text says, in order; of those that overlap the first, and of these the longest."""
        found: list[_Found] = []
        at = 0
        for one in sorted(self._all(text), key=lambda one: (one.start, -one.end)):
            if one.start >= at:
                found.append(one)
                at = one.end
        return found

    def is_in(self, text: str) -> bool:
        """Whether a text says any of the titles."""
        return any(True for _ in self._all(text))

    def _all(self, text: str) -> Iterator[_Found]:
        if self._automaton is None:
            return
        for number, start, end in self._automaton.find_matches_as_indexes(folded(text), overlapping=True):
            if _is_word(text, start, end):
                entity = _meant(self._labels[number], text[start:end])
                if entity is not None:
                    yield _Found(start, end, entity)


def _automaton(patterns: list[str]) -> AhoCorasick:
    from ahocorasick_rs import AhoCorasick  # what reads no notes need not load it

    return AhoCorasick(patterns)


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether no word goes on at either side."""
    return not (_joins(text, start) or _joins(text, end))


def _joins(text: str, at: int) -> bool:
    """Whether the characters before and after a place are of one word."""
    return 0 < at < len(text) and bool(WORD.match(text, at - 1) and WORD.match(text, at))


def _meant(labels: dict[str, int], written: str) -> int | None:
    if written in labels:
        return labels[written]
    if " " in written:
        return next(iter(labels.values()))  # they differ in case only: one entity
    return None
