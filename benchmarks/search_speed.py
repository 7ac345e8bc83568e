"""How long a search takes: a cold ``footnotes search`` process, and a warm engine.

    python benchmarks/search_speed.py [--notes DIR] [--chunks 10000] [--runs 7]

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

import footnotes

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


def made_notes(folder: Path, chunks: int) -> Path:
    """Notes of four sections each, about ``chunks`` passages in all."""
    sentences = [
        line.strip()
        for path in sorted(VAULT.rglob("*.md"))
        for line in re.split(r"(?<=[。！？.!?])\s*|\n", path.read_text("utf-8", errors="replace"))
        if len(line.strip()) > 8 and not line.startswith(("#", "|", "-", "`"))
    ]
    rng = random.Random(1)
    for number in range(chunks // 4):
        sections = [f"## Part {i}\n\n" + "\n".join(rng.choices(sentences, k=12)) + "\n" for i in range(4)]
        path = folder / f"{number // 100:03d}" / f"note {number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Note {number}\n\n" + "\n".join(sections), encoding="utf-8")
    return folder


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


def main() -> None:
    """Build, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = args.notes or made_notes(Path(name) / "notes", args.chunks)
        home = Path(name) / "home"
        with footnotes.open(home) as engine:
            engine.add_root(folder)
            report = engine.sync()
            again = engine.sync()
            warm = []
            for turn in range(args.runs + 1):
                for question in QUESTIONS:
                    started = time.perf_counter()
                    engine.search(question)
                    if turn:
                        warm.append((time.perf_counter() - started) * 1000)
        colds = [cold(home, QUESTIONS[i % len(QUESTIONS)]) for i in range(args.runs)]
        floors = [floor() for _ in range(args.runs)]
    rows = [
        ("passages", f"{report.chunks:,} of {report.documents:,} notes"),
        ("first sync", f"{report.seconds:.1f} s"),
        (
            "second sync, nothing changed",
            f"{again.seconds:.2f} s ({again.seconds / report.seconds:.0%} of the first)",
        ),
        ("cold `footnotes search`, median wall", f"{statistics.median(colds):.2f} s"),
        ("... of which an empty Python", f"{statistics.median(floors):.2f} s"),
        ("warm search, p50", f"{statistics.median(warm):.1f} ms"),
        ("warm search, p95", f"{statistics.quantiles(warm, n=20)[-1]:.1f} ms"),
    ]
    table = "\n".join(["| what | measured |", "| --- | ---: |", *(f"| {a} | {b} |" for a, b in rows)])
    print(table)
    if args.notes is None:
        command = f"python benchmarks/search_speed.py --chunks {args.chunks} --runs {args.runs}"
        RESULT.write_text(
            f"# Search speed\n\n`{command}` on {os.cpu_count()} cores, median of {args.runs} runs. "
            f"Absolute times depend on the machine.\n\n{table}\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
