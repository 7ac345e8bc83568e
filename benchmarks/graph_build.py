"""How long the graph of many notes takes, part by part, without a language model; and how often one would be asked.

    python benchmarks/graph_build.py [--notes 10000] [--out benchmarks/results/graph_build.md]

Notes are made from the sentences of the sample notes, shuffled with a fixed seed. One process; a sync uses all cores.
LightRAG (arXiv 2410.05779) asks a language model at least once for each piece, by default of 1,200 tokens; pieces do not
span documents. Tokens are estimated as everywhere in Footnotes.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from graph import extract, titles
from graph.contribution import contributions
from graph.matrix.index import Matrix
from ingest import loaders, prepare
from ingest.loaders.source import Options
from rag.answer.packing import estimated_tokens
from rag.home import Home
from rag.store import facts
from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from search_speed import made_notes  # type: ignore[import-not-found] # a script beside this one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graph.model import Facts
    from rag.types import Chunk, Document

    Note = tuple[Document, tuple[Chunk, ...]]

TOGETHER = 64
PIECE = 1_200


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=10_000)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["FOOTNOTES_HOME"] = str(Path(name) / "unused")
        folder = made_notes(Path(name) / "notes", args.notes * 4)
        table = "\n".join(["| what | |", "| --- | --: |", *measured(Path(name) / "home", folder)])
    print(table)
    if args.out:
        command = " ".join(["python", "benchmarks/graph_build.py", *sys.argv[1:]])
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        args.out.write_text(
            f"# Building the graph\n\n`{command}` on {machine}.\n\n{table}\n", encoding="utf-8"
        )


def measured(place: Path, folder: Path) -> list[str]:
    """Rows of the table."""
    home = Home(place)
    catalogue = Catalogue(home.catalogue)
    notes = [read(path, folder) for path in sorted(folder.rglob("*.md"))]
    store(catalogue, notes)
    size = sum(len(document.text.encode()) for document, _ in notes) / 1e6
    rows = [
        f"| notes | {len(notes):,} ({size:.1f} MB) |",
        f"| passages | {sum(len(c) for _, c in notes):,} |",
    ]
    said: list[Facts] = []
    parts: tuple[tuple[str, Callable[[], object]], ...] = (
        ("names, properties, aliases read", lambda: said.extend(extract.facts(*note) for note in notes)),
        ("written", lambda: write(catalogue, notes, said)),
        ("titles found in other notes", lambda: titles.follow(catalogue)),
        ("made ready for searches", lambda: Matrix(home, catalogue).follow()),
    )
    times = [timed(part) for _, part in parts]
    rows += [f"| {name}, s | {seconds:.1f} |" for (name, _), seconds in zip(parts, times, strict=True)]
    with catalogue.database.reading() as db:
        edges = sum(len(one.edges) for one in contributions(db))
    calls = sum(max(1, math.ceil(estimated_tokens(document.text) / PIECE)) for document, _ in notes)
    catalogue.close()
    return [
        *rows,
        f"| **whole graph, s** | **{sum(times):.1f}** |",
        f"| edges | {edges:,} |",
        "| calls of a language model | 0 |",
        f"| LightRAG's for the same notes, at least | {calls:,} |",
    ]


def read(path: Path, folder: Path) -> Note:
    """A note and its passages, as a sync prepares them."""
    doc_id = f"notes/{path.relative_to(folder).as_posix()}"
    document = loaders.load(doc_id, path.read_bytes(), None, Options())
    return document, prepare.cut(document, Options().chunk_size)


def store(catalogue: Catalogue, notes: Sequence[Note]) -> None:
    """Notes without what the graph wants of them."""
    catalogue.add_root(Root("notes", None))
    for start in range(0, len(notes), TOGETHER):
        with catalogue.database.writing() as db:
            batch = Batch(db)
            for document, chunks in notes[start : start + TOGETHER]:
                batch.put(document, chunks, FileState(0, 0, 0, 0, 0), "")
            batch.finish()


def write(catalogue: Catalogue, notes: Sequence[Note], said: Sequence[Facts]) -> None:
    """What notes say, as rows."""
    for start in range(0, len(notes), TOGETHER):
        together = slice(start, start + TOGETHER)
        with catalogue.database.writing() as db:
            lost = set()
            for (document, _), told in zip(notes[together], said[together], strict=True):
                lost |= facts.put(db, document, told)
            facts.sweep(db, lost)
            facts.stamp(db, [document.id for document, _ in notes[together]])


def timed(part: Callable[[], object]) -> float:
    """Wall seconds."""
    started = time.perf_counter()
    part()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
