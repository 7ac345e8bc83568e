"""Conversations: what was asked, and what was answered from which notes. A SQLite file of its own.

Answers are kept as they were shown (``rag.present.answer``), so that no later change of a note alters what somebody has
read. They belong to a user; nobody else's are found.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from rag.errors import SessionError
from rag.store.database import Database
from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    Stands = Callable[[str, str], bool]

FILE = "sessions.db"
STEPS: tuple[str, ...] = (
    # 1: conversations and their turns.
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        user TEXT NOT NULL,         -- empty: whoever uses the machine
        name TEXT NOT NULL,
        created TEXT NOT NULL,      -- ISO 8601, with its zone
        updated TEXT NOT NULL
    ) STRICT;
    CREATE INDEX sessions_user ON sessions(user, updated);
    CREATE TABLE turns (
        session TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        number INTEGER NOT NULL,    -- from 1
        asked TEXT NOT NULL,
        question TEXT NOT NULL,
        meaning TEXT NOT NULL,      -- as it was searched for
        answer TEXT,                -- JSON; NULL: it quoted a note that was forgotten
        folded TEXT NOT NULL,       -- question and answer, to be searched
        PRIMARY KEY (session, number)
    ) STRICT, WITHOUT ROWID;
    """,
)
_LISTED = "s.id, s.name, s.created, s.updated, (SELECT count(*) FROM turns t WHERE t.session = s.id)"


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation: ``turns`` counts them; times are ISO 8601."""

    id: str
    name: str
    created: str
    updated: str
    turns: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One turn.

    Attributes:
        number: from 1.
        meaning: the question as it was searched for.
        answer: as ``rag.present.answer`` gave it; None: it quoted a note that was forgotten since.
    """

    number: int
    asked: str
    question: str
    meaning: str
    answer: Mapping[str, Any] | None


class Sessions:
    """The store of a home. Close it, or use ``with``; safe to use from many threads.

    Raises:
        HomeError: the file cannot be used.
    """

    def __init__(self, home: Path) -> None:
        self._database = Database(home / FILE, STEPS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def start(self, name: str, now: str, user: str = "") -> Session:
        """Begin a conversation."""
        made = Session(uuid.uuid4().hex[:12], _one_line(name), now, now, 0)
        with self._database.writing() as db:
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", (made.id, user, made.name, now, now))
        return made

    def add(
        self, session: str, question: str, meaning: str, answer: Mapping[str, Any], now: str, user: str = ""
    ) -> int:
        """Keep a turn; returns its number.

        Raises:
            SessionError: the user has no such conversation.
        """
        folded = fold(f"{question}\n{answer['answer']}")
        with self._database.writing() as db:
            if not db.execute(
                "UPDATE sessions SET updated = ? WHERE id = ? AND user = ?", (now, session, user)
            ).rowcount:
                raise SessionError(
                    "There is no conversation {name!r}. `footnotes sessions list` names all.", name=session
                )
            number: int = db.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM turns WHERE session = ?", (session,)
            ).fetchone()[0]
            row = (
                session,
                number,
                now,
                question,
                meaning,
                json.dumps(answer, ensure_ascii=False, default=str),
                folded,
            )
            db.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return number

    def listed(self, user: str = "", words: str = "") -> list[Session]:
        """A user's conversations, the latest first; with words, those that say all of them in name, question or answer."""
        clauses, values = ["s.user = ?"], [user]
        for word in fold(words).split():
            clauses.append(
                "(instr(lower(s.name), ?) OR EXISTS (SELECT 1 FROM turns t WHERE t.session = s.id AND instr(t.folded, ?)))"
            )
            values += [word, word]
        query = f"SELECT {_LISTED} FROM sessions s WHERE {' AND '.join(clauses)} ORDER BY s.updated DESC, s.rowid DESC"
        with self._database.reading() as db:
            return [Session(*row) for row in db.execute(query, values)]

    def find(self, named: str, user: str = "") -> Session | None:
        """A user's conversation by its id or the beginning of it, else the latest of that name."""
        wanted = _one_line(named)
        found = self.listed(user)
        by_id = [one for one in found if wanted and one.id.startswith(wanted.casefold())]
        return next((one for one in found if one.name == wanted), by_id[0] if len(by_id) == 1 else None)

    def turns(self, session: str, user: str = "") -> list[Kept]:
        """A conversation's turns, in order; none of another user's."""
        query = (
            "SELECT t.number, t.asked, t.question, t.meaning, t.answer FROM turns t JOIN sessions s ON s.id = t.session "
            "WHERE s.id = ? AND s.user = ? ORDER BY t.number"
        )
        with self._database.reading() as db:
            return [
                Kept(number, asked, question, meaning, _loaded(answer))
                for number, asked, question, meaning, answer in db.execute(query, (session, user))
            ]

    def rename(self, session: str, name: str, user: str = "") -> None:
        """Name a conversation."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE sessions SET name = ? WHERE id = ? AND user = ?", (_one_line(name), session, user)
            )

    def remove(self, session: str, user: str = "") -> bool:
        """Remove a conversation for good; whether there was one."""
        with self._database.writing() as db:
            count = db.execute("DELETE FROM sessions WHERE id = ? AND user = ?", (session, user)).rowcount
        if count:
            self._database.scrub()
        return bool(count)

    def hand_over(self, old: str, new: str) -> int:
        """Give all conversations of a user to another; how many."""
        with self._database.writing() as db:
            return db.execute("UPDATE sessions SET user = ? WHERE user = ?", (new, old)).rowcount

    def remove_all(self, user: str) -> int:
        """Remove a user's conversations for good; how many."""
        with self._database.writing() as db:
            count = db.execute("DELETE FROM sessions WHERE user = ?", (user,)).rowcount
        if count:
            self._database.scrub()
        return count

    def rename_root(self, old: str, new: str) -> None:
        """Follow a notes folder to its new name, in the conversations of all users."""
        with self._database.writing() as db:
            rows = db.execute("SELECT session, number, answer FROM turns WHERE answer IS NOT NULL").fetchall()
            for session, number, answer in rows:
                moved = _moved(_loaded(answer) or {}, f"{old}/", f"{new}/")
                db.execute(
                    "UPDATE turns SET answer = ? WHERE session = ? AND number = ?",
                    (json.dumps(moved, ensure_ascii=False), session, number),
                )

    def purge(self, stands: Stands) -> bool:
        """Drop answers that cannot be shown to quote only notes that are still there, of all users.

        Args:
            stands: whether a note, by its id, is indexed and holds a quote.

        Returns:
            Whether nothing is left of them in the file; False while somebody reads an older state.
        """
        with self._database.writing() as db:
            rows = db.execute("SELECT session, number, answer FROM turns WHERE answer IS NOT NULL").fetchall()
            for session, number, answer in rows:
                if all(stands(doc_id, quote) for doc_id, quote in _named(_loaded(answer) or {})):
                    continue
                db.execute(
                    "UPDATE turns SET answer = NULL, meaning = question, folded = '' WHERE session = ? AND number = ?",
                    (session, number),
                )
                # What was asked next may have been put in words of that answer.
                db.execute(
                    "UPDATE turns SET meaning = question WHERE session = ? AND number > ?", (session, number)
                )
        return self._database.scrub()


def _named(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The notes that an answer names, each with what it quotes of it."""
    cited: Iterable[Mapping[str, Any]] = answer.get("citations", ())
    for one in cited:
        yield one["path"], one["quote"]
    yield from ((doc_id, "") for doc_id in answer.get("nearest", ()))


def _moved(answer: Mapping[str, Any], old: str, new: str) -> Mapping[str, Any]:
    """The same answer, its notes in a folder of another name."""

    def path(doc_id: str) -> str:
        return new + doc_id.removeprefix(old) if doc_id.startswith(old) else doc_id

    citations = [{**one, "path": path(one["path"])} for one in answer.get("citations", ())]
    return {**answer, "citations": citations, "nearest": [path(one) for one in answer.get("nearest", ())]}


def _loaded(answer: str | None) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] | None = json.loads(answer) if answer is not None else None
    except ValueError as e:
        raise sqlite3.DatabaseError(f"a row holds what is no JSON ({e})") from e
    return found


def _one_line(name: str) -> str:
    return " ".join(name.split())[:200]
