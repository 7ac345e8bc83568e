"""Measure Footnotes beside LlamaIndex and LangChain.

    python -m benchmarks.peers [--sizes 1000 10000 100000] [--out benchmarks/results/peers] [--only PATTERN ...] [--resume]

Notes are those in ``notes`` of FOOTNOTES_SHARED where that is set, else the sample notes; copies with lines changed make up
what lacks. Quality needs ``eval`` of FOOTNOTES_SHARED. Writes NAME.json after every cell, then NAME.md and NAME.svg.
Cells are called ``growth/PIPELINE/SIZE`` and ``quality/SET/PIPELINE``; ``--only`` takes patterns of these names and keeps
the other cells of NAME.json, ``--resume`` keeps all that are there. Packages: the dependency group ``bench``.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers import corpus, plot, table
from benchmarks.peers.bench import RUNS, Bench, one_core
from benchmarks.peers.pipelines import PIPELINES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_QUESTIONS = 60
_PACKAGES = (
    "footnotes",
    "llama-index-core",
    "llama-index-vector-stores-faiss",
    "llama-index-retrievers-bm25",
    "langchain-core",
    "langchain-classic",
    "langchain-community",
    "langchain-text-splitters",
    "faiss-cpu",
)


def main() -> None:
    """Measure what is asked for and not there yet; write the three files."""
    options = parsed()
    one_core()
    path = options.out.with_suffix(".json")
    results = _begun(path, keep=options.resume or bool(options.only))
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), options.limit)
        for key, cell in _cells(options, bench, results):
            results["cells"][key] = cell
            _write(path, json.dumps(results, indent=1))
    _write(path, json.dumps(results, indent=1))
    _write(options.out.with_suffix(".md"), table.render(results))
    _write(options.out.with_suffix(".svg"), plot.render(results["cells"]))
    print(table.render(results))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/peers"))
    parser.add_argument("--only", nargs="+", default=[], metavar="PATTERN")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--limit", type=int, default=900, help="seconds that one process may take")
    return parser.parse_args()


def _begun(path: Path, *, keep: bool) -> dict[str, Any]:
    """What was measured before, if it is to be kept, with this run's setting."""
    before = json.loads(path.read_text("utf-8")) if keep and path.is_file() else {"corpora": {}, "cells": {}}
    cores = os.cpu_count()
    return {
        **before,
        "setting": {
            "command": f"python -m benchmarks.peers {' '.join(sys.argv[1:])}".strip(),
            "machine": f"{platform.system()} {platform.machine()}, one of {cores} cores, Python {platform.python_version()}",
            "versions": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES),
            "runs": RUNS,
            "plot": path.with_suffix(".svg").name,
        },
    }


def _cells(
    options: argparse.Namespace, bench: Bench, results: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and figures of each cell that is wanted, as they are measured."""
    shared = os.environ.get("FOOTNOTES_SHARED")
    for key, measure in [*_growth(options.sizes, bench, results, shared), *_quality(bench, shared)]:
        chosen = not options.only or any(fnmatch(key, pattern) for pattern in options.only)
        if chosen and not (options.resume and key in results["cells"]):
            started = time.perf_counter()
            cell = measure()
            print(f"{key}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
            yield key, cell


def _growth(sizes: Sequence[int], bench: Bench, results: dict[str, Any], shared: str | None) -> list[Any]:
    """The folders are made when the first cell needs them."""
    notes = corpus.sources(Path(shared) / "notes" if shared else corpus.VAULT)
    asked = corpus.questions(notes, _QUESTIONS)

    def measure(name: str, size: int) -> dict[str, Any]:
        folder = bench.work / str(size)
        if not folder.exists():
            results["corpora"][str(size)] = dataclasses.asdict(corpus.write(folder, notes, size))
        return bench.growth(name, folder, results["corpora"][str(size)]["size"], asked)

    return [
        (f"growth/{name}/{size}", lambda name=name, size=size: measure(name, size))
        for size in sizes
        for name in PIPELINES
    ]


def _quality(bench: Bench, shared: str | None) -> list[Any]:
    if not shared:
        print("Quality is not measured: FOOTNOTES_SHARED is not set.", file=sys.stderr)
        return []
    folders = sorted(path.parent for path in (Path(shared) / "eval").glob("*/corpus.jsonl"))
    return [
        (f"quality/{folder.name}/{name}", lambda name=name, folder=folder: bench.quality(name, folder))
        for folder in folders
        for name, entry in PIPELINES.items()
        if entry.ranks
    ]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
