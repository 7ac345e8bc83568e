"""What the makers of questions know of the notes, and the order in which they take them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rag.store.script import is_chinese
from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rag.engine import Engine
    from rag.types import Chunk

T = TypeVar("T")

_SAMPLE = 2_000  # characters of a note that tell its language


@dataclass(frozen=True, slots=True)
class Note:
    """One indexed note. ``folder`` is the part of its id before the file's name."""

    id: str
    title: str
    folder: str
    chinese: bool


@dataclass(frozen=True)
class Notes:
    """All notes, and what is counted over them.

    Attributes:
        headings: how many notes have a heading, by its folded text.
    """

    engine: Engine
    all: tuple[Note, ...]
    seed: int
    headings: Counter[str]

    def of(self, kind: str, draft: Callable[[Note], Iterable[T]]) -> Iterator[T]:
        """What a kind drafts, note by note: the first draft of each note, then the second, ..."""
        ordered = balanced(
            self.all, lambda note: (note.chinese, note.folder), lambda n: n.id, self.salt(kind)
        )
        return round_robin([draft(note) for note in ordered])

    def salt(self, kind: str) -> str:
        """What fixes the order of a kind."""
        return f"{self.seed}:{kind}"

    def passages(self, note: Note) -> list[Chunk]:
        """A note's passages whose words are its own: no machine's, and no model's."""
        chunks = self.engine.catalogue.chunks_of(note.id)
        return [chunk for chunk in chunks if chunk.speaker not in {"model", "machine"}]

    def is_unique(self, quote: str) -> bool:
        """Whether words stand in all notes but once, so that the passage that holds them is the only one meant."""
        with self.engine.catalogue.database.reading() as db:
            texts = db.execute("SELECT text FROM texts WHERE instr(text, ?) LIMIT 2", (quote,)).fetchall()
        return len(texts) == 1 and texts[0][0].count(quote) == 1


def survey(engine: Engine, seed: int) -> Notes:
    """Look over all indexed notes; images are left out."""
    with engine.catalogue.database.reading() as db:
        rows = db.execute(
            "SELECT d.id, d.title, substr(t.text, 1, ?) FROM documents d JOIN texts t ON t.doc_id = d.id "
            "WHERE d.status = 'indexed' AND d.format <> 'image' ORDER BY d.id",
            (_SAMPLE,),
        ).fetchall()
        headings = db.execute("SELECT DISTINCT doc_id, heading FROM chunks WHERE heading <> '[]'").fetchall()
    notes = tuple(Note(i, title, i.rpartition("/")[0], is_chinese(text)) for i, title, text in rows)
    named = {(doc_id, fold(path[-1])) for doc_id, heading in headings if (path := json.loads(heading))}
    return Notes(engine, notes, seed, Counter(heading for _, heading in named))


def balanced(
    items: Iterable[T], group: Callable[[T], tuple[bool, str]], name: Callable[[T], str], salt: str
) -> list[T]:
    """Items in an order fixed by ``salt``: languages take turns, and so do the folders of each."""
    languages: dict[bool, dict[str, list[T]]] = defaultdict(lambda: defaultdict(list))
    for item in sorted(items, key=lambda item: mark(salt, name(item))):
        chinese, folder = group(item)
        languages[chinese][folder].append(item)
    turns = [
        round_robin([folders[f] for f in sorted(folders, key=lambda f: mark(salt, f))])
        for _, folders in sorted(languages.items())
    ]
    return list(round_robin(turns))


def mark(salt: str, name: str) -> str:
    """Where a name stands in the order: as good as random, and always the same."""
    return hashlib.sha256(f"{salt}:{name}".encode()).hexdigest()


def round_robin(streams: Sequence[Iterable[T]]) -> Iterator[T]:
    """One of each stream in turn, until all have ended."""
    waiting = [iter(stream) for stream in streams]
    while waiting:
        left = []
        for stream in waiting:
            for item in stream:
                yield item
                left.append(stream)
                break
        waiting = left
