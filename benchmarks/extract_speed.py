"""How quickly names, properties and aliases are read out of notes, on one core, per language.

python benchmarks/extract_speed.py [DIR] [--runs 5]

Each folder below DIR is one row; without DIR the sample notes of the tests are one. A note counts as Chinese where
at least a tenth of its characters are. Prints the median of several runs in MB of UTF-8 text a second of processor
time, so that other work on the machine disturbs it little; loading and chunking are not in it.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from pathlib import Path

from graph import extract
from ingest.chunk import chunk
from ingest.loaders import load
from rag.errors import LoadError
from rag.types import Chunk, Document

VAULT = Path(__file__).resolve().parent.parent / "tests" / "data" / "vault"
SUFFIXES = frozenset({".md", ".txt"})
HAN = re.compile(r"[\u4e00-\u9fff]")
Note = tuple[Document, list[Chunk]]


def notes(folder: Path) -> list[Note]:
    """All readable notes of a folder, with their passages."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        try:
            document = load(f"{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes(), None)
        except LoadError:
            continue
        found.append((document, chunk(document, 400)))
    return found


def is_chinese(document: Document) -> bool:
    """Whether a tenth of a note is written in Chinese characters."""
    return 10 * len(HAN.findall(document.text)) >= len(document.text)


def size(some: list[Note]) -> float:
    """MB of UTF-8 text."""
    return sum(len(document.text.encode()) for document, _ in some) / 1e6


def seconds(some: list[Note], runs: int) -> float:
    """Median processor time of a run over all the notes."""
    taken = []
    for _ in range(runs):
        started = time.process_time()
        for document, chunks in some:
            extract.facts(document, chunks)
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def row(name: str, some: list[Note], runs: int) -> str:
    """One line of the table."""
    found = [extract.facts(document, chunks) for document, chunks in some]  # warms up, too
    counts = [sum(len(getattr(f, part)) for f in found) for part in ("mentions", "relations", "aliases")]
    speed = size(some) / seconds(some, runs)
    return f"| {name} | {len(some)} | {size(some):.2f} | {speed:.2f} | {' | '.join(map(str, counts))} |"


def main() -> None:
    """Measure each folder, each language, and all together."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path)
    arguments.add_argument("--runs", type=int, default=5)
    given = arguments.parse_args()
    folders = sorted(p for p in given.folder.iterdir() if p.is_dir()) if given.folder else [VAULT]
    rows = {folder.name: found for folder in folders if (found := notes(folder))}
    everything = [note for found in rows.values() for note in found]
    rows["*Chinese*"] = [note for note in everything if is_chinese(note[0])]
    rows["*English*"] = [note for note in everything if not is_chinese(note[0])]
    rows["*all*"] = everything
    print("| notes | files | MB | MB/s | mentions | relations | aliases |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, found in rows.items():
        if found:
            print(row(name, found, given.runs))


if __name__ == "__main__":
    main()
