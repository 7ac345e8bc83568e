"""Whether evaluation text is in the training text: n-grams of letters and Han characters, exactly.

::

    python -m training.overlap DATA SETS

For each set: how many questions stand word for word in the training text, and how many passages and questions share a
window of 60 (English) or 24 (Chinese) characters with it, and the sources that they share it with.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rag.store.tokens import fold
from training import corpus

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHINESE, _ENGLISH = 24, 60
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_KEPT: Final = re.compile(r"[^\w]+|_")
_STRIDE: Final = 8  # every eighth window of the training text meets every window of the sets


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", type=Path)
    options = parser.parse_args()
    wanted, questions = _wanted(options.sets)
    shared, asked = _found(options.data, wanted, questions)
    sys.stdout.write(
        "| set | passages | sharing a window | questions | sharing | word for word | sources |\n"
    )
    sys.stdout.write("|---|---:|---:|---:|---:|---:|---|\n")
    for folder in sorted(path for path in options.sets.iterdir() if path.is_dir()):
        passages = _shares(folder / "corpus.jsonl", shared)
        queries = _shares(folder / "queries.jsonl", shared)
        exact = sum(_plain(text) in asked for text in _texts(folder / "queries.jsonl"))
        sources = ", ".join(f"{name} {n}" for name, n in (passages[2] + queries[2]).most_common(3))
        sys.stdout.write(
            f"| {folder.name} | {passages[0]} | {passages[1]} | {queries[0]} | {queries[1]} | {exact} | {sources} |\n"
        )


def _wanted(sets: Path) -> tuple[set[int], set[str]]:
    """Hashes of every window of the sets' texts, and all questions."""
    windows: set[int] = set()
    questions: set[str] = set()
    for folder in sorted(path for path in sets.iterdir() if path.is_dir()):
        for name in ("corpus.jsonl", "queries.jsonl"):
            for text in _texts(folder / name):
                windows.update(map(hash, _windows(text, 1)))
        questions.update(map(_plain, _texts(folder / "queries.jsonl")))
    return windows, questions


def _found(data: Path, wanted: set[int], questions: set[str]) -> tuple[dict[int, str], set[str]]:
    """Those of the windows, with a source, and of the questions, that are in the training text."""
    shared: dict[int, str] = {}
    asked: set[str] = set()
    for file in corpus.FILES:
        for row in corpus.rows(data, file):
            for text in (row.left, row.right):
                for window in map(hash, _windows(text, _STRIDE)):
                    if window in wanted:
                        shared[window] = row.source
                plain = _plain(text)
                if plain in questions:
                    asked.add(plain)
    return shared, asked


def _shares(path: Path, shared: dict[int, str]) -> tuple[int, int, Counter[str]]:
    total = hits = 0
    sources: Counter[str] = Counter()
    for text in _texts(path):
        total += 1
        met = {shared[h] for h in map(hash, _windows(text, 1)) if h in shared}
        hits += bool(met)
        sources.update(met)
    return total, hits, sources


def _texts(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def _windows(text: str, stride: int) -> Iterator[str]:
    plain = _plain(text)
    size = _CHINESE if len(_HAN.findall(plain)) * 4 > len(plain) else _ENGLISH
    for start in range(0, len(plain) - size + 1, stride):
        yield plain[start : start + size]


def _plain(text: str) -> str:
    return _KEPT.sub("", fold(text))


if __name__ == "__main__":
    main()
