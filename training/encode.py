"""Training text as token numbers, in flat arrays that a trainer can draw from at random."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from training import corpus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

PARALLEL: Final = "pairs-parallel"
_SENTENCE: Final = re.compile(r"[^。！？!?\n]+?(?:[。！？!?\n]+|\.(?=\s)|$)")
_BLOCK: Final = 4096


@dataclass(frozen=True, slots=True)
class Ragged:
    """Lists of token numbers: row i is ``tokens[starts[i]:starts[i + 1]]``."""

    tokens: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, i: int) -> NDArray[np.int32]:
        """Row i."""
        return self.tokens[self.starts[i] : self.starts[i + 1]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Texts that belong together, and the number of the source of each pair."""

    name: str
    left: Ragged
    right: Ragged
    source: NDArray[np.int16]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages, cut into sentences: passage i is sentences ``starts[i]`` to ``starts[i + 1]``."""

    name: str
    sentences: Ragged
    starts: NDArray[np.int64]
    source: NDArray[np.int16]
    sources: tuple[str, ...]


def pairs(folder: Path, file: corpus.File, tokenizer: Tokenizer) -> Pairs:
    """One file of pairs, less what is held out."""
    is_parallel = file.name == PARALLEL
    kept = [row for row in corpus.rows(folder, file) if not (is_parallel and corpus.is_held_out(row))]
    left = ragged([row.left for row in kept], tokenizer)
    right = ragged([row.right for row in kept], tokenizer)
    return Pairs(file.name, left, right, *_sources(kept))


def passages(folder: Path, file: corpus.File, tokenizer: Tokenizer) -> Passages:
    """One file of passages."""
    kept = [row for row in corpus.rows(folder, file) if row.left.strip()]
    cut = [_SENTENCE.findall(row.left) for row in kept]
    starts = np.cumsum([0, *map(len, cut)], dtype=np.int64)
    sentences = ragged([sentence for sentences in cut for sentence in sentences], tokenizer)
    return Passages(file.name, sentences, starts, *_sources(kept))


def ragged(texts: Sequence[str], tokenizer: Tokenizer) -> Ragged:
    """Token numbers of texts."""
    parts: list[NDArray[np.int32]] = []
    lengths: list[int] = []
    for at in range(0, len(texts), _BLOCK):
        found = tokenizer.encode_batch_fast(list(texts[at : at + _BLOCK]), add_special_tokens=False)
        ids = [e.ids for e in found]
        lengths += map(len, ids)
        parts.append(np.fromiter((t for row in ids for t in row), dtype=np.int32))
    return Ragged(np.concatenate(parts), np.cumsum([0, *lengths], dtype=np.int64))


def gather(ragged: Ragged, rows: NDArray[np.int64]) -> Ragged:
    """The given rows, in their order."""
    begins, ends = ragged.starts[rows], ragged.starts[rows + 1]
    lengths = ends - begins
    starts = np.concatenate([[0], np.cumsum(lengths)])
    index = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths) + np.repeat(begins, lengths)
    return Ragged(ragged.tokens[index], starts)


def joined(parts: Sequence[Ragged]) -> Ragged:
    """All rows of all parts, one part after another."""
    lengths = np.concatenate([np.diff(part.starts) for part in parts])
    tokens = np.concatenate([part.tokens for part in parts])
    return Ragged(tokens, np.concatenate([[0], np.cumsum(lengths)]))


def texts(kind: Pairs | Passages) -> Ragged:
    """Whole texts: the right side of pairs, or passages."""
    if isinstance(kind, Pairs):
        return kind.right
    return Ragged(kind.sentences.tokens, kind.sentences.starts[kind.starts])


def counts(kinds: Iterable[Pairs | Passages], rows: int) -> NDArray[np.int64]:
    """How often each token occurs, shape (rows,)."""
    found = np.zeros(rows, dtype=np.int64)
    for kind in kinds:
        for part in (kind.left, kind.right) if isinstance(kind, Pairs) else (kind.sentences,):
            found += np.bincount(part.tokens, minlength=rows)
    return found


def _sources(rows: Iterable[corpus.Row]) -> tuple[NDArray[np.int16], tuple[str, ...]]:
    numbers: dict[str, int] = {}
    found = np.array([numbers.setdefault(row.source, len(numbers)) for row in rows], dtype=np.int16)
    return found, tuple(numbers)
