"""Training text: pairs and passages in JSON lines, and what is held out of them."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Passages of these sources are distractors in an open evaluation set.
LEFT_OUT = frozenset({"drcd-dev"})
# Dictionaries and interface texts: no sentences, so none of them is held out.
TERSE = frozenset({"cc-cedict", "wordnet-zh", "godot-editor", "tldr", "tatoeba"})
_HELD_OUT_OF = 50  # one parallel pair in so many


@dataclass(frozen=True, slots=True)
class Row:
    """Two texts that belong together, or one passage (then ``right`` is empty)."""

    left: str
    right: str
    source: str


@dataclass(frozen=True, slots=True)
class File:
    """One kind of training text: the file's stem and its two fields."""

    name: str
    left: str
    right: str | None


FILES = (
    File("pairs-parallel", "a", "b"),
    File("pairs-heading-zh", "q", "d"),
    File("pairs-heading-en", "q", "d"),
    File("pairs-qa-zh", "q", "d"),
    File("pairs-qa-en", "q", "d"),
    File("passages-zh", "text", None),
    File("passages-en", "text", None),
)


def rows(folder: Path, file: File) -> Iterator[Row]:
    """Every row of a file (``NAME.jsonl`` or ``NAME.jsonl.zst``) that may be trained on or held out.

    Raises:
        FileNotFoundError: the folder holds neither.
    """
    with _open(folder, file.name) as lines:
        for line in lines:
            found = json.loads(line)
            if found["src"] not in LEFT_OUT:
                right = found[file.right] if file.right else ""
                yield Row(found[file.left], right, found["src"])


def is_held_out(row: Row) -> bool:
    """Whether a parallel pair is kept for measuring: by its English side, so that a repeat goes with it."""
    return row.source not in TERSE and zlib.crc32(row.right.encode()) % _HELD_OUT_OF == 0


def _open(folder: Path, name: str) -> io.TextIOBase:
    packed = folder / f"{name}.jsonl.zst"
    if packed.is_file():
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
            packed.open("rb"), closefd=True
        )
        return io.TextIOWrapper(reader, encoding="utf-8")
    return (folder / f"{name}.jsonl").open(encoding="utf-8")
