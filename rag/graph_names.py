"""From what a user calls a note, a name, a tag or a day to the node of the graph that is meant."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from graph.keys import key_of
from graph.model import Node, NodeKind
from rag import locate
from rag.errors import GraphError
from rag.store import associations

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from rag.store.catalogue import Catalogue

_NEAREST = 3
_DAY = re.compile(r"\d{4}(-\d{2}){0,2}")
_CALENDAR: tuple[NodeKind, ...] = ("year", "month", "day")
_NODE_ID = re.compile(r"(?:note|entity|tag|day|month|year|section|chunk):.")


class Names:
    """Looks names up in a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def find(self, given: str, *, note_first: bool = True) -> Node:
        """The node that a user means: a path, a document's id, a title, a name, ``#tag``, or a day.

        Raises:
            GraphError: nothing is called so; the message has the nearest names.
        """
        text = given.strip().removeprefix("[[").removesuffix("]]").strip()
        if not text:
            raise GraphError("Nothing in the notes is called {name!r}.", name=given)
        with self._catalogue.database.reading() as db:
            finders = [self._titled, self._entity] if note_first else [self._entity, self._titled]
            for finder in (self._by_id, self._tagged, self._on_disk, *finders, self._loosely_tagged, _day):
                if node := finder(db, text):
                    return node
            nearest = self._nearest(db, text)
        if not nearest:
            raise GraphError("Nothing in the notes is called {name!r}.", name=given)
        raise GraphError(
            "Nothing in the notes is called {name!r}. The nearest: {nearest}.",
            name=given,
            nearest=", ".join(nearest),
        )

    def note(self, given: str) -> Node:
        """The note that a user means.

        Raises:
            GraphError: it is none.
        """
        found = self.find(given)
        if found.kind != "note":
            raise GraphError("{name!r} is no note, but a name, a tag or a day. Name a note.", name=given)
        return found

    def knows(self, name: str) -> bool:
        """Whether a note or a name is called so."""
        with self._catalogue.database.reading() as db:
            return bool(self._entity(db, name) or self._titled(db, name))

    def called(self, doc_id: str) -> list[str]:
        """By what names other notes may speak of a note."""
        with self._catalogue.database.reading() as db:
            found = db.execute(
                "SELECT label FROM titles WHERE doc_id = ? ORDER BY kind DESC, label", (doc_id,)
            )
            return [label for (label,) in found]

    def predicates(self) -> list[str]:
        """The names of all properties, as they are written."""
        with self._catalogue.database.reading() as db:
            return associations.predicates(db)

    def values(self, predicate: str) -> list[str]:
        """What stands in a property, over all notes."""
        with self._catalogue.database.reading() as db:
            found = db.execute(
                "SELECT DISTINCT value FROM relations WHERE subject IS NULL AND predicate = ? ORDER BY value",
                (predicate,),
            )
            return [value for (value,) in found]

    # Ways to find a node, in the order in which they are tried

    def _by_id(self, db: sqlite3.Connection, text: str) -> Node | None:
        if not _NODE_ID.match(text):
            return None
        kind, _, rest = text.partition(":")
        finder = {"note": self._note, "entity": self._entity, "tag": self._loosely_tagged}.get(kind, _day)
        return finder(db, rest)

    def _tagged(self, db: sqlite3.Connection, text: str) -> Node | None:
        return self._loosely_tagged(db, text[1:]) if text.startswith("#") else None

    def _loosely_tagged(self, db: sqlite3.Connection, tag: str) -> Node | None:
        found = db.execute(
            "SELECT DISTINCT j.value FROM documents d, json_each(d.tags) j WHERE d.status = 'indexed'"
        )
        same = sorted(known for (known,) in found if known.casefold() == tag.casefold())
        best = tag if tag in same else same[0] if same else ""
        return Node(f"tag:{best}", "tag", best) if best else None

    def _on_disk(self, db: sqlite3.Connection, text: str) -> Node | None:
        if text.startswith("#"):
            return None
        return self._note(db, locate.place_of(self._catalogue, text).id)

    def _note(self, db: sqlite3.Connection, doc_id: str) -> Node | None:
        row = db.execute(
            "SELECT title FROM documents WHERE id = ? AND status = 'indexed'", (doc_id,)
        ).fetchone()
        return Node(f"note:{doc_id}", "note", row[0] or doc_id) if row else None

    def _titled(self, db: sqlite3.Connection, text: str) -> Node | None:
        """By title, file name, path or alias, in this order; of several notes called so, the first by id."""
        key = key_of(text)
        fitting = [
            (fit, doc_id, title)
            for doc_id, title in _documents(db)
            if (fit := _fit(text, key, doc_id, title)) is not None
        ]
        if fitting:
            _, doc_id, title = min(fitting)
            return Node(f"note:{doc_id}", "note", title or doc_id)
        row = db.execute("SELECT min(doc_id) FROM titles WHERE key = ?", (key,)).fetchone()
        return self._note(db, row[0]) if row and row[0] else None

    def _entity(self, db: sqlite3.Connection, text: str) -> Node | None:
        row = db.execute(
            "SELECT key, label, kind FROM entities WHERE shown AND key = ?", (key_of(text),)
        ).fetchone()
        return Node(f"entity:{row[0]}", "entity", row[1], row[2]) if row else None

    def _nearest(self, db: sqlite3.Connection, text: str) -> list[str]:
        """Names that hold this one, the most frequent first; else names that are spelled alike."""
        within = db.execute(
            "SELECT e.label FROM entities e WHERE e.shown AND instr(lower(e.label), lower(?)) ORDER BY "
            "(SELECT count(*) FROM mentions WHERE entity = e.id) + (SELECT count(*) FROM relations WHERE object = e.id) "
            "DESC, e.label LIMIT ?",
            (text, _NEAREST),
        ).fetchall()
        labels = {
            label.casefold(): label for (label,) in db.execute("SELECT label FROM entities WHERE shown")
        }
        for doc_id, title in _documents(db):
            labels[_stem(doc_id).casefold()] = _stem(doc_id)
            labels[title.casefold()] = title
        alike = difflib.get_close_matches(text.casefold(), filter(None, labels), n=_NEAREST, cutoff=0.5)
        return list(dict.fromkeys([*(label for (label,) in within), *(labels[key] for key in alike)]))[
            :_NEAREST
        ]


def _day(db: sqlite3.Connection, text: str) -> Node | None:
    del db  # any day may be asked for
    if not _DAY.fullmatch(text):
        return None
    kind = _CALENDAR[text.count("-")]
    return Node(f"{kind}:{text}", kind, text)


def _documents(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    yield from db.execute("SELECT id, title FROM documents WHERE status = 'indexed' ORDER BY id")


def _fit(text: str, key: str, doc_id: str, title: str) -> int | None:
    """How well a note is called so, 0 the best; None: it is not."""
    if text == title:
        return 0
    if key == key_of(title):
        return 1
    if key == key_of(_stem(doc_id)):
        return 2
    return 3 if doc_id.endswith(f"/{text}") else None


def _stem(doc_id: str) -> str:
    name = doc_id.rpartition("/")[2]
    return name.rpartition(".")[0] or name
