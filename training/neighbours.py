"""Which words mean nearly the same: the file that the finished model looks synonyms up in.

    python -m training.neighbours [FOLDER]

A translation is a word of the other language with a cosine of at least 0.5, and 0.8 of the best one's. The English of a
Chinese word must also have it among its own better ones (0.7 of the best): the English of 第一步 is not "first". A synonym
is a word of the same language with as high a cosine that has a translation in common, which pairs of first and family
names have not; in English with another stem, in Chinese without a common character, because those find each other anyway.
Two minutes.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rag.models import neighbours, tensors
from rag.models.static import FOLDER, unpacked
from rag.store import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Alike = Mapping[int, Sequence[tuple[float, int]]]  # by word, (cosine, word), best first

LEAST: Final = 0.5
_SHARE: Final = 0.8
_RETURN: Final = 0.7
_TRANSLATIONS: Final = 3
_SYNONYMS: Final = 2
_BLOCK: Final = 1_000
_HAN: Final = re.compile("[\u4e00-\u9fff]{2,}")
_WORD: Final = re.compile(f"[a-z]{{3,}}|{_HAN.pattern}")


class Vocabulary(NamedTuple):
    """The words that are tokens by themselves, in the order of the tokens."""

    texts: list[str]
    rows: list[int]
    vectors: NDArray[np.float32]


def main() -> None:
    """For the model in a folder, by default the built-in one."""
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)


def make(folder: Path) -> None:
    """Write the file into the model's folder."""
    size = int(json.loads((folder / "config.json").read_text("utf-8"))["vocabulary"])
    words = vocabulary(folder)
    write(folder, chosen(words.texts, alike(words.vectors)), words.rows, size)


def vocabulary(folder: Path) -> Vocabulary:
    """Words of at least three letters or two characters that share their row with no other, and are no words of grammar."""
    rows: dict[str, int] = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    sharing = Counter(rows.values())
    kept = sorted(
        (row, text)
        for text, row in rows.items()
        if sharing[row] == 1 and _WORD.fullmatch(text) and text not in tokens.common()
    )
    found = tensors.read(folder / "model.safetensors")
    table = unpacked(found["embeddings"].view(np.uint8), found["scale"].astype(np.float32))
    vectors = table[[row for row, _ in kept]]
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return Vocabulary([text for _, text in kept], [row for row, _ in kept], vectors)


def alike(vectors: NDArray[np.float32]) -> Alike:
    """For each unit vector the others with a cosine of at least ``LEAST``."""
    found: dict[int, list[tuple[float, int]]] = {}
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        for place, other in zip(*np.nonzero(cosines >= LEAST), strict=True):
            if start + place != other:
                found.setdefault(int(start + place), []).append((float(cosines[place, other]), int(other)))
    return {word: sorted(others, reverse=True) for word, others in found.items()}


def chosen(texts: Sequence[str], near: Alike) -> dict[int, list[tuple[float, int]]]:
    """For each word its translations and synonyms, best first."""
    stems = [tuple(tokens.words(text)) for text in texts]
    is_han = [_HAN.fullmatch(text) is not None for text in texts]
    foreign = {
        word: [(c, other) for c, other in others if is_han[other] != is_han[word]]
        for word, others in near.items()
    }
    best = {word: others[0][0] for word, others in foreign.items() if others}
    translations = {
        word: _of_each_stem(
            stems,
            [
                (c, other)
                for c, other in others
                if c >= _SHARE * best[word] and not (is_han[word] and c < _RETURN * best[other])
            ],
        )[:_TRANSLATIONS]
        for word, others in foreign.items()
    }
    meanings = {word: {other for _, other in others} for word, others in translations.items()}
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for word, others in near.items():
        synonyms = [
            (c, other)
            for c, other in others
            if is_han[other] == is_han[word]
            and meanings[other] & meanings[word]
            and not (set(texts[word]) & set(texts[other]) if is_han[word] else stems[word] == stems[other])
        ]
        both = [*translations[word], *_of_each_stem(stems, synonyms)[:_SYNONYMS]]
        if both:
            found[word] = sorted(both, reverse=True)
    return found


def _of_each_stem(
    stems: Sequence[tuple[str, ...]], others: Iterable[tuple[float, int]]
) -> list[tuple[float, int]]:
    """The first of those with the same stem."""
    first: dict[tuple[str, ...], tuple[float, int]] = {}
    for c, other in others:
        first.setdefault(stems[other], (c, other))
    return list(first.values())


def write(
    folder: Path, found: Mapping[int, Sequence[tuple[float, int]]], rows: Sequence[int], size: int
) -> None:
    """Write the file as ``rag.models.neighbours`` reads it: words become rows of a table of ``size``."""
    counts = np.zeros(size, dtype=np.uint8)
    in_order = sorted((rows[word], others) for word, others in found.items())
    for row, others in in_order:
        counts[row] = len(others)
    pairs = [pair for _, others in in_order for pair in others]
    tensors.write(
        folder / neighbours.FILE,
        {
            "counts": counts,
            "tokens": np.array([rows[other] for _, other in pairs], dtype=np.int32),
            "likeness": np.array([round(c * neighbours.ONE) for c, _ in pairs], dtype=np.uint8),
        },
    )


if __name__ == "__main__":
    main()
