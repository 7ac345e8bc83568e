"""Run every evaluation set under a folder, and freeze the figures or compare with frozen ones.

::

    python benchmarks/eval_all.py SETS --out benchmarks/results/lexical_baseline
    python benchmarks/eval_all.py SETS --against benchmarks/results/lexical_baseline --set search.dense_weight=0.5

``--out NAME`` writes NAME.json (reports of the splits ``report`` and ``all``), NAME.md (a table) and
NAME.questions.json (the final stage's metrics of each question: what a paired test needs).
``--against NAME`` tests the final stage against a frozen one, on the split ``report``: the two-sided p value of
a paired randomisation test (``rag/evals/significance.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from rag.evals import datasets, harness, report
from rag.evals.significance import paired
from rag.store.tokens import ANALYSIS_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

SPLITS: tuple[datasets.Split, ...] = ("report", "all")
PAIRED = ("ndcg@10", "recall@5")


def main() -> None:
    """Parse the command line and run."""
    options = parsed()
    reports = measure(options)
    print(report.render([each.narrowed(part) for part in SPLITS for each in reports]))
    if options.out:
        freeze(options.out, reports, options.set)
    if options.against:
        print(compared(reports, json.loads(Path(f"{options.against}.questions.json").read_text("utf-8"))))


def parsed() -> argparse.Namespace:
    """The command line."""
    shared = os.environ.get("FOOTNOTES_SHARED")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sets",
        nargs=None if shared is None else "?",
        type=Path,
        default=Path(shared or ".") / "eval",
        help="folder of sets; default: eval in $FOOTNOTES_SHARED",
    )
    parser.add_argument("--cache", type=Path, help="where indexes are kept; default: evals in the home")
    parser.add_argument("--only", nargs="+", default=[], help="names of sets; default: all")
    parser.add_argument("--limit", type=int, help="only the first questions of each set")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a dotted setting")
    parser.add_argument("--out", metavar="NAME", help="freeze the figures")
    parser.add_argument("--against", metavar="NAME", help="compare with frozen figures")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> list[report.EvalReport]:
    """One report a set, over all questions."""
    overrides = {
        name: yaml.safe_load(value) for name, _, value in (pair.partition("=") for pair in options.set)
    }
    found = []
    for corpus in sorted(options.sets.glob("*/corpus.jsonl")):
        if options.only and corpus.parent.name not in options.only:
            continue
        found.append(
            harness.run(corpus.parent, cache=options.cache, limit=options.limit, overrides=overrides)
        )
        print(f"{found[-1].set}: {found[-1].seconds:.1f} s", file=sys.stderr, flush=True)
    if not found:
        raise SystemExit(f"No sets in {options.sets}: name a folder of folders with corpus.jsonl.")
    return found


def freeze(name: str, reports: list[report.EvalReport], settings: list[str]) -> None:
    """Write the three files."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    narrowed = [each.narrowed(part) for part in SPLITS for each in reports]
    whole = {
        "analysis": ANALYSIS_VERSION,
        "settings": settings,
        "reports": [each.to_json() for each in narrowed],
    }
    write(f"{name}.json", json.dumps(whole, indent=1, ensure_ascii=False))
    write(f"{name}.md", report.render(narrowed))
    write(
        f"{name}.questions.json",
        json.dumps({each.set: by_question(each) for each in reports}, separators=(",", ":")),
    )


def write(path: str, text: str) -> None:
    """One text file, the same on every platform."""
    Path(path).write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def by_question(found: report.EvalReport) -> dict[str, Any]:
    """The final stage's values in the order of the questions, and a checksum of the questions' ids."""
    values = found.per_question[report.FINAL].values()
    return {
        "questions": fingerprint(found),
        **{metric: [round(each[metric], 4) for each in values] for metric in PAIRED},
    }


def fingerprint(found: report.EvalReport) -> int:
    """CRC-32 of the ids of the questions asked: values of other questions must not be paired."""
    return zlib.crc32("\n".join(found.latency).encode())


def compared(reports: list[report.EvalReport], frozen: Mapping[str, Any]) -> str:
    """A table: for each set, both means in percent, their difference and its p value."""
    lines = [f"{'set':24} {'metric':9} {'frozen':>7} {'now':>7} {'gain':>6} {'p':>7}"]
    for each in reports:
        before = frozen.get(each.set)
        if before is None or before["questions"] != fingerprint(each):
            lines.append(f"{each.set:24} other questions than the frozen ones: nothing to compare")
            continue
        kept = np.array([datasets.split(query) == "report" for query in each.latency])
        for metric in PAIRED:
            old = np.array(before[metric])[kept]
            new = np.array([values[metric] for values in each.per_question[report.FINAL].values()])[kept]
            both = paired(old, new)
            lines.append(
                f"{each.set:24} {metric:9} {100 * both.before:7.1f} {100 * both.now:7.1f} {round(100 * both.gain, 1) + 0.0:+6.1f} {both.p:7.4f}"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
