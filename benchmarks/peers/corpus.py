"""Folders of notes of a chosen size, and questions to time searches with. Both are seeded: a rerun has the same."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.chunk import chunk
from ingest.loaders import load
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VAULT = Path(__file__).parents[2] / "tests" / "data" / "vault"
_PASSAGE = 400  # estimated tokens, as Footnotes cuts by default
_REPLACED = 0.3  # share of a copy's lines of prose that come from other notes
_PROSE = re.compile(r"(?![#|>`\-*+!\[\d\s]|---).{8,}")
_SENTENCE = re.compile(r"[\w ,.'，。、：？！“”()（）-]{16,}")  # no markup
_QUESTION = (8, 40)  # characters


@dataclass(frozen=True, slots=True)
class Note:
    """A Markdown note. ``name`` is its path in the folder."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a folder holds.

    Attributes:
        chunks: passages that Footnotes makes of it.
        size: bytes of UTF-8.
    """

    files: int
    chunks: int
    size: int


def sources(folder: Path) -> list[Note]:
    """The notes below a folder that can be read and say something, in an order that mixes its folders."""
    found = []
    for path in sorted(folder.rglob("*.md")):
        name = path.relative_to(folder).as_posix()
        try:
            note = Note(name, path.read_bytes().decode("utf-8-sig"))
        except UnicodeDecodeError:
            continue
        if passages(note):
            found.append(note)
    random.Random(0).shuffle(found)
    return found


def passages(note: Note) -> int:
    """How many passages Footnotes makes of a note."""
    try:
        return len(chunk(load(note.name, note.text.encode()), _PASSAGE))
    except LoadError:
        return 0


def mixed(notes: Sequence[Note]) -> Iterator[Note]:
    """The notes, then copies of them without end, in each of which other lines are replaced by those of other notes."""
    prose = [line for note in notes for line in note.text.splitlines() if _PROSE.fullmatch(line)]
    for turn in itertools.count():
        rng = random.Random(turn)
        for note in notes:
            name = f"{turn:03d}/{note.name}"
            yield Note(name, note.text if turn == 0 else _copied(note.text, prose, rng, turn))


def _copied(text: str, prose: Sequence[str], rng: random.Random, turn: int) -> str:
    lines = [
        rng.choice(prose) if _PROSE.fullmatch(line) and rng.random() < _REPLACED else line
        for line in text.splitlines()
    ]
    return "\n".join([*lines, "", f"Copy {turn} of {rng.randrange(10**9)}.", ""])


def write(folder: Path, notes: Sequence[Note], size: int) -> Corpus:
    """Write notes until they make ``size`` passages or a few more. A smaller folder is the beginning of a larger one."""
    files = chunks = total = 0
    for note in mixed(notes):
        if chunks >= size:
            break
        path, data = folder / note.name, note.text.encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        files, chunks, total = files + 1, chunks + passages(note), total + len(data)
    return Corpus(files, chunks, total)


def questions(notes: Sequence[Note], count: int) -> list[str]:
    """Beginnings of lines of prose, each of another note: they stand in every folder that holds the first notes."""
    rng = random.Random(1)
    found = []
    for note in notes:
        lines = [line for line in note.text.splitlines() if _PROSE.match(line) and _SENTENCE.fullmatch(line)]
        if lines:
            found.append(rng.choice(lines)[: rng.randint(*_QUESTION)].strip())
        if len(found) == count:
            break
    return found


def small_notes(folder: Path, count: int) -> list[Path]:
    """Some notes of 200 to 2,000 bytes, spread over the folder: what is edited to time a sync."""
    paths = [path for path in sorted(folder.rglob("*.md")) if 200 <= path.stat().st_size <= 2_000]
    return random.Random(2).sample(paths, min(count, len(paths)))
