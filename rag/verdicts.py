"""What ``footnotes explain`` says: a search's stages, and what became of one note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rag.types import Chunk, Hit, Retrieval

Cause = Literal[
    "shown",
    "no file",
    "no root",
    "folder",
    "skipped",
    "failed",
    "forgotten",
    "unsynced",
    "changed",
    "empty",
    "filtered",
    "unlike",
    "asked",
    "beyond",
    "outranked",
    "duplicate",
    "dropped",
    "unsure",
    "cut",
    "unlisted",
]
"""What became of a note; of one that was not lost ``shown``.

It is not read: no such file, no registered folder around it, a folder, left out or unreadable or forgotten as the
catalogue says, not met by a sync yet, or changed since; there is nothing in it but its title. A filter keeps it out. No source finds it: it
has no telling word of the question and is not near it, it is a short question of the user's own, or it stands beyond the
candidates that are looked at. It is ranked too low; it says what a better passage says; a stage left it out. Where all of a
time or kind is asked for: it is not surely of that time, it is one of more than are shown, or it is not of that kind.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a note's best passage stands in a stage's list of ``length``; beyond it where a source was asked for more."""

    stage: str
    length: int
    rank: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A field of ``Filters`` that keeps a note out, with those of its values that do."""

    field: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A feature by which a passage falls short of those above it (their mean)."""

    feature: str
    own: float
    above: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one note.

    Attributes:
        stage: which lost it; empty where it was not searched for, or is shown.
        reason: the catalogue's, in English.
        held: the last stage whose list holds it, ``rank`` of its best passage there; of a list that is ``cut``, how long
            it is.
        limit: how many passages of each source are looked at.
        standings: in every stage.
        words: of the question that only the changed file says, or that a list is asked for by.
        passage: its best one.
        before: where it stood among those that are shown until ``stage`` took it down.
        above: the first hits, where it is outranked; of a duplicate the one that says the same.
        changed: the file is not as it was indexed.
    """

    id: str
    cause: Cause
    stage: str = ""
    reason: str = ""
    held: str = ""
    rank: int | None = None
    limit: int = 0
    standings: tuple[Standing, ...] = ()
    blocks: tuple[Block, ...] = ()
    words: tuple[str, ...] = ()
    passage: Chunk | None = None
    before: Standing | None = None
    above: tuple[Hit, ...] = ()
    differences: tuple[Difference, ...] = ()
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """A search, and what became of one note in it; ``k`` passages are shown."""

    found: Retrieval
    k: int
    verdict: Verdict | None = None
