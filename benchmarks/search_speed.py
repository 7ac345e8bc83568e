"""How long a search takes: a cold ``footnotes search`` process, and a warm engine.

Warm searches are timed as the engine is set up by default, without the graph, and with full text alone.

    python benchmarks/search_speed.py [--notes DIR] [--chunks 10000 100000] [--runs 7]

Without ``--notes``, notes are made from the sentences of the sample notes, shuffled with a fixed seed.
Prints a table and writes ``benchmarks/results/search_speed.md``.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import footnotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).resolve().parent
VAULT = HERE.parent / "tests" / "data" / "vault"
RESULT = HERE / "results" / "search_speed.md"
QUESTIONS = (
    "猫叫什么名字？",
    "Which port does Miniflux use on the home server?",
    "2022 年 4 月 1 日飞柏林",
    "half marathon plan week 10",
    "对账系统的死信放进哪张表",
    "Denis Villeneuve",
)
MORE = 54  # questions, which are beginnings of sentences of the notes
MODES: dict[str, dict[str, object]] = {
    "as installed, with the graph": {},
    "without the graph": {"graph.backend": "none"},
    "full text alone": {"graph.backend": "none", "embedding.model": None},
}


def made_notes(folder: Path, chunks: int) -> Path:
    """Notes of four sections each, about ``chunks`` passages in all."""
    sentences = _sentences(VAULT)
    rng = random.Random(1)
    for number in range(chunks // 4):
        sections = [f"## Part {i}\n\n" + "\n".join(rng.choices(sentences, k=12)) + "\n" for i in range(4)]
        path = folder / f"{number // 100:03d}" / f"note {number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Note {number}\n\n" + "\n".join(sections), encoding="utf-8")
    return folder


def _sentences(folder: Path) -> list[str]:
    """The sentences of all notes of a folder, markup left out as far as it begins a line."""
    return [
        line.strip()
        for path in sorted(folder.rglob("*.md"))
        for line in re.split(r"(?<=[。！？.!?])\s*|\n", path.read_text("utf-8", errors="replace"))
        if len(line.strip()) > 8 and not line.startswith(("#", "|", "-", "`"))
    ]


def questions(folder: Path) -> list[str]:
    """Those above, and some as people would paste them: 8 to 40 characters of a sentence."""
    rng = random.Random(2)
    sentences = sorted(set(_sentences(folder)))
    return [
        *QUESTIONS,
        *(text[: rng.randint(8, 40)] for text in rng.sample(sentences, min(MORE, len(sentences)))),
    ]


def cold(home: Path, question: str) -> float:
    """Seconds of one whole process."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from rag.cli import main; main()", "search", question, "--home", str(home)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def floor() -> float:
    """Seconds of a Python that does nothing."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started


def warm(home: Path, settings: Mapping[str, object], asked: Sequence[str], runs: int) -> list[float]:
    """Milliseconds of each search of a running engine; a first round, in which all is loaded, does not count."""
    times = []
    with footnotes.open(home, settings=settings) as engine:
        for turn in range(runs + 1):
            for question in asked:
                started = time.perf_counter()
                engine.search(question)
                if turn:
                    times.append((time.perf_counter() - started) * 1000)
    return times


def measured(folder: Path, work: Path, runs: int) -> dict[str, str]:
    """The rows of one folder of notes. Full text alone has a home of its own: a home keeps the model that it has."""
    synced = {}
    for home, settings in (("home", {}), ("lexical", MODES["full text alone"])):
        with footnotes.open(work / home, settings=settings) as engine:
            engine.add_root(folder)
            synced[home] = (engine.sync(), engine.sync())
    first, again = synced["home"]
    colds = [cold(work / "home", QUESTIONS[i % len(QUESTIONS)]) for i in range(runs)]
    asked = questions(folder)
    rows = {
        "passages": f"{first.chunks:,} of {first.documents:,} notes",
        "first sync": f"{first.seconds:.1f} s",
        "second sync, nothing changed": f"{again.seconds:.2f} s ({again.seconds / first.seconds:.0%} of the first)",
        "cold `footnotes search`, median wall": f"{statistics.median(colds):.2f} s",
        "... of which an empty Python": f"{statistics.median([floor() for _ in range(runs)]):.2f} s",
    }
    for mode, settings in MODES.items():
        times = warm(work / ("lexical" if mode == "full text alone" else "home"), settings, asked, runs)
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        rows[f"warm search, {mode}: p50, p95"] = f"{p50:.1f}, {p95:.1f} ms"
    return rows


def main() -> None:
    """Build, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000])
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    columns = []
    for chunks in args.chunks[:1] if args.notes else args.chunks:
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            columns.append(measured(args.notes or made_notes(work / "notes", chunks), work, args.runs))
    rows = [f"| {what} | {' | '.join(column[what] for column in columns)} |" for what in columns[0]]
    table = "\n".join(
        [f"| what |{' measured |' * len(columns)}", f"| --- |{' ---: |' * len(columns)}", *rows]
    )
    print(table)
    if args.notes is None:
        sizes = " ".join(map(str, args.chunks))
        command = f"python benchmarks/search_speed.py --chunks {sizes} --runs {args.runs}"
        RESULT.write_text(
            f"# Search speed\n\n`{command}` on {os.cpu_count()} cores, median of {args.runs} runs over "
            f"{len(QUESTIONS) + MORE} questions. Absolute times depend on the machine.\n\n{table}\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
