"""What a language model read in passages (``rag.store.extractions``), as facts of the graph.

A triple counts only as far as its names stand in the passage: a model's own inventions are dropped. The name of the
note that the passage belongs to needs not stand there; it means the note.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from graph.keys import key_of
from graph.model import Facts, Mention, Relation
from rag.store import facts
from rag.store.extractions import FILE, Extractions
from rag.store.rows import text_hash

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rag.store.catalogue import Catalogue
    from rag.store.extractions import Triple
    from rag.types import Chunk

    Span = tuple[int, int]

_STATES = ("triples_graph", "triples_number")  # how far ``follow`` has come, in table ``state``
_DOCUMENTS = 256  # brought up to date in one transaction
_CONFIDENCE = 0.8
_LATIN = re.compile(
    r"[A-Za-z0-9\u00c0-\u024f]"
)  # a name ends where these do: in 用Qdrant建 it stands by itself
_LETTER = re.compile(r"[^\W\d_]")
_BORDER = re.compile(r"[。！？!?；\n]+|\.(?=\s|$)")
_NOT_NAMES = frozenset(
    """
    i me my you your he him his she her it its we us our they them their this that these those who what which user
    author note notes someone something people 我 你 他 她 它 我们 你们 他们 她们 它们 咱们 自己 本人 作者 用户 笔记 这 那
    这个 那个 这些 那些 某人 大家 别人 有人
    """.split()  # noqa: SIM905 - one word a line would bury them
)


def facts_of(triples: Iterable[Triple], chunk: Chunk) -> Facts:
    """What a passage says, by spans of its document; triples whose names do not stand in it are left out."""
    mentions: dict[Mention, None] = {}
    relations: dict[Relation, None] = {}
    passage = _Passage(chunk)
    for triple in triples:
        subjects, objects = passage.places(triple.subject), passage.places(triple.object)
        if not objects or not (subjects or key_of(triple.subject) == key_of(chunk.title)):
            continue
        subject, object_ = passage.written(subjects), passage.written(objects)
        for places, name, kind in (
            (subjects, subject, triple.subject_kind),
            (objects, object_, triple.object_kind),
        ):
            for start, end in places[:1]:
                span = (chunk.start + start, chunk.start + end)
                mentions[Mention(*span, name, kind, "llm", _CONFIDENCE)] = None
        start, end = passage.said(subjects, objects)
        span = (chunk.start + start, chunk.start + end)
        relations[Relation(*span, subject, triple.predicate, object_, "llm", _CONFIDENCE)] = None
    return _sorted(mentions, relations)


def _sorted(mentions: Iterable[Mention], relations: Iterable[Relation]) -> Facts:
    return Facts(
        tuple(sorted(mentions, key=lambda m: (m.start, m.end, m.name, m.kind))),
        tuple(sorted(relations, key=lambda r: (r.start, r.end, r.subject, r.predicate, r.object))),
    )


class _Passage:
    """Finds names in a passage; each is looked for once. Spans are of its text."""

    def __init__(self, chunk: Chunk) -> None:
        self._text, self._body = chunk.text, chunk.body
        self._found: dict[str, list[Span]] = {}
        self._sentences: list[Span] = []

    def places(self, name: str) -> list[Span]:
        """Where a name stands in the text, if it stands in what of it is indexed; pronouns and numbers are no names."""
        if name not in self._found:
            self._found[name] = self._looked_up(name) if _is_name(name) else []
        return self._found[name]

    def written(self, places: Sequence[Span]) -> str:
        """A name as the passage spells it first; empty: it is the note's."""
        return " ".join(self._text[slice(*places[0])].split()) if places else ""

    def said(self, subjects: Sequence[Span], objects: Sequence[Span]) -> Span:
        """The first sentence that holds both names (without subjects: the object), else all of the text."""
        self._sentences = self._sentences or list(_sentences(self._text))

        def holds(sentence: Span, places: Sequence[Span]) -> bool:
            return any(sentence[0] <= start and end <= sentence[1] for start, end in places)

        both = (s for s in self._sentences if holds(s, objects) and (not subjects or holds(s, subjects)))
        return next(both, (0, len(self._text)))

    def _looked_up(self, name: str) -> list[Span]:
        is_masked = self._body != self._text and not _places(name, self._body)
        return [] if is_masked else _places(name, self._text)


def _is_name(name: str) -> bool:
    return _LETTER.search(name) is not None and key_of(name) not in _NOT_NAMES


def _places(name: str, text: str) -> list[Span]:
    """Where a name stands, not within a longer Latin one; spelled otherwise only where it never stands as it is."""
    found = []
    at = text.find(name)
    while at >= 0:
        found.append((at, at + len(name)))
        at = text.find(name, at + len(name))
    if not found:
        words = r"\s+".join(re.escape(word) for word in name.split())
        found = [m.span() for m in re.finditer(words, text, re.IGNORECASE)]
    return [span for span in found if not any(_is_within_word(text, at) for at in span)]


def _is_within_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and bool(_LATIN.match(text, at - 1) and _LATIN.match(text, at))


def _sentences(text: str) -> Iterator[Span]:
    """Spans between marks that end a sentence; coarse, but never across lines."""
    start = 0
    for border in _BORDER.finditer(text):
        yield start, border.end()
        start = border.end()
    yield start, len(text)


# Keeping the catalogue at what was read


def follow(
    catalogue: Catalogue,
    home: Path,
    lock: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext,
) -> int:
    """Give every passage the facts that were read in its text; returns how many documents say something else now.

    Looks only at documents that changed, or in whose passages something was read since the last time, and drops what
    was read in texts that are in no passage any more; may be killed anywhere. Takes the lock for each step.
    ``graph.titles.follow`` is to come after it: it settles the entities.

    Raises:
        BusyError: another process does not let go of the lock.
        HomeError: no room or no permission.
    """
    if not (home / FILE).exists() and _reached(catalogue)[1] < 0:
        return 0
    count = 0
    with Extractions(home) as kept:
        doc_ids, generation, number = _behind(catalogue, kept)
        for first in range(0, len(doc_ids), _DOCUMENTS):
            with lock(), catalogue.database.writing() as db:
                part = doc_ids[first : first + _DOCUMENTS]
                rewritten = [doc_id for doc_id in part if _rewrite(db, catalogue, doc_id, kept)]
                is_alone = facts.generation(db) == generation  # else what others changed is for the next time
                stamped = facts.stamp(db, rewritten) if rewritten else generation
                generation = stamped if is_alone else generation
                count += len(rewritten)
        if doc_ids:
            kept.retain(catalogue.text_hashes())
        if (generation, number) != _reached(catalogue):
            with lock(), catalogue.database.writing() as db:
                reached = zip(_STATES, (generation, number), strict=True)
                db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", reached)
    return count


def _reached(catalogue: Catalogue) -> tuple[int, int]:
    """The graph's generation and the number of the reading that were reached; -1: none yet."""
    with catalogue.database.reading() as db:
        known = dict(db.execute("SELECT name, value FROM state WHERE name IN (?, ?)", _STATES))
    generation, number = (known.get(name, -1) for name in _STATES)
    return generation, number


def _behind(catalogue: Catalogue, kept: Extractions) -> tuple[list[str], int, int]:
    """The documents to look at, and which generation and reading that reaches."""
    generation, number = _reached(catalogue)
    news, last = kept.news(number)
    with catalogue.database.reading() as db:
        changed = facts.changed_since(db, generation)
        if changed is None or last < number:  # of another history: everything is looked at
            doc_ids = _holding(db, kept.news(0)[0]) | _told(db)
        else:
            doc_ids = _holding(db, news) | set(changed[0])
        return sorted(doc_ids), facts.generation(db), last


def _holding(db: sqlite3.Connection, hashes: Iterable[bytes]) -> set[str]:
    """Documents with a passage of one of these texts."""
    return {
        doc_id
        for one in hashes
        for (doc_id,) in db.execute("SELECT DISTINCT doc_id FROM chunks WHERE text_hash = ?", (one,))
    }


def _told(db: sqlite3.Connection) -> set[str]:
    """Documents of which something was read."""
    found = db.execute(
        "SELECT doc_id FROM mentions WHERE extractor = 'llm' UNION SELECT doc_id FROM relations WHERE extractor = 'llm'"
    )
    return {doc_id for (doc_id,) in found}


def _rewrite(db: sqlite3.Connection, catalogue: Catalogue, doc_id: str, kept: Extractions) -> bool:
    """Bring one document's rows up to date; whether they were not."""
    wanted = _read(catalogue.chunks_of(doc_id), kept)
    if wanted == _present(db, doc_id):
        return False
    lost = {
        entity
        for (entity,) in db.execute(
            "SELECT entity FROM mentions WHERE doc_id = ?1 AND extractor = 'llm' UNION "
            "SELECT object FROM relations WHERE doc_id = ?1 AND extractor = 'llm' UNION "
            "SELECT subject FROM relations WHERE doc_id = ?1 AND extractor = 'llm' AND subject IS NOT NULL",
            (doc_id,),
        )
    }
    db.execute("DELETE FROM mentions WHERE doc_id = ? AND extractor = 'llm'", (doc_id,))
    db.execute("DELETE FROM relations WHERE doc_id = ? AND extractor = 'llm'", (doc_id,))
    db.executemany("UPDATE entities SET settled = 0 WHERE id = ?", [(entity,) for entity in lost])
    facts.add(db, doc_id, wanted)
    facts.sweep(db, lost)
    return True


def _read(chunks: Sequence[Chunk], kept: Extractions) -> Facts:
    """What was read in a document's passages."""
    hashes = [text_hash(chunk.index_text) for chunk in chunks]
    triples = kept.triples(hashes)
    said = [facts_of(triples[h], chunk) for h, chunk in zip(hashes, chunks, strict=True) if h in triples]
    return _sorted((m for one in said for m in one.mentions), (r for one in said for r in one.relations))


def _present(db: sqlite3.Connection, doc_id: str) -> Facts:
    """What the catalogue holds of it."""
    mentions = db.execute(
        "SELECT start, \"end\", name, kind, extractor, confidence FROM mentions WHERE doc_id = ? AND extractor = 'llm'",
        (doc_id,),
    )
    relations = db.execute(
        'SELECT start, "end", subject_name, predicate, value, extractor, confidence FROM relations '
        "WHERE doc_id = ? AND extractor = 'llm'",
        (doc_id,),
    )
    return _sorted((Mention(*row) for row in mentions), (Relation(*row) for row in relations))
