"""What Footnotes makes of real notes: each folder below DIR is synced into a home of its own, then counted.

python benchmarks/vaults.py DIR [--out FILE]

Prints a table for each of: files and passages, links, dates by source, masks by reason. Exit code 1 if a file failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import footnotes


@dataclass
class Figures:
    """Counts of one folder."""

    name: str
    seconds: float = 0.0
    files: Counter[str] = field(default_factory=Counter)
    passages: int = 0
    dated: int = 0
    spoken: int = 0
    links: Counter[str] = field(default_factory=Counter)
    dates: Counter[str] = field(default_factory=Counter)
    masks: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def measure(folder: Path, home: Path) -> Figures:
    """Sync a folder into a new home and look at what came of it."""
    found = Figures(folder.name)
    with footnotes.open(home) as engine:
        engine.add_root(folder, folder.name)
        started = time.perf_counter()
        report = engine.sync()
        found.seconds = time.perf_counter() - started
        found.failures = [f"{issue.path}: {issue.reason}" for issue in report.failed]
        with engine.catalogue.database.reading() as db:
            found.files.update(dict(db.execute("SELECT status, count(*) FROM documents GROUP BY status")))
            found.passages = db.execute("SELECT count(*) FROM chunks").fetchone()[0]
            found.dated = db.execute("SELECT count(*) FROM chunks WHERE dates <> '[]'").fetchone()[0]
            found.spoken = db.execute("SELECT count(*) FROM chunks WHERE speaker <> ''").fetchone()[0]
            ids = [row[0] for row in db.execute("SELECT id FROM documents WHERE status = 'indexed'")]
        for doc_id in ids:
            document = engine.document(doc_id)
            assert document is not None
            for link in document.links:
                web = "://" in link.target or link.target.startswith("mailto:")
                found.links["web" if web else "resolved" if link.resolved else "unresolved"] += 1
            found.dates.update({d.source.partition(":")[0] for d in document.dates} or {"none"})
            for mask in document.masks:
                found.masks[mask.reason] += mask.end - mask.start
    return found


def table(title: str, rows: list[Figures], columns: dict[str, list[str]]) -> str:
    """A Markdown table with a row a folder."""
    names = list(columns)
    lines = [f"| {title} | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for number, figures in enumerate(rows):
        lines.append(f"| {figures.name} | " + " | ".join(columns[name][number] for name in names) + " |")
    return "\n".join(lines) + "\n"


def counted(rows: list[Figures], attribute: str) -> dict[str, list[str]]:
    """A column for each key of a counter, the most frequent first."""
    total: Counter[str] = sum((getattr(figures, attribute) for figures in rows), Counter())
    return {
        key: [f"{getattr(figures, attribute)[key]:,}" for figures in rows] for key, _ in total.most_common()
    }


def report(rows: list[Figures]) -> str:
    """All tables."""
    first = {
        **{status: [f"{r.files[status]:,}" for r in rows] for status in ("indexed", "skipped", "failed")},
        "passages": [f"{r.passages:,}" for r in rows],
        "with dates of their own": [f"{r.dated:,}" for r in rows],
        "with a speaker": [f"{r.spoken:,}" for r in rows],
        "seconds": [f"{r.seconds:.1f}" for r in rows],
    }
    return "\n".join(
        (
            table("files", rows, first),
            table("links", rows, counted(rows, "links")),
            table("notes with a date from", rows, counted(rows, "dates")),
            table("characters masked as", rows, counted(rows, "masks")),
        )
    )


def main() -> int:
    """Measure every folder below the one that is named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, help="write the tables there too")
    options = parser.parse_args()
    folders = sorted(p for p in options.folder.iterdir() if p.is_dir())
    with tempfile.TemporaryDirectory() as homes:
        rows = [measure(folder, Path(homes) / folder.name) for folder in folders]
    text = report(rows)
    print(text)
    for failure in (line for figures in rows for line in figures.failures):
        print("failed:", failure)
    if options.out:
        options.out.write_text(f"`python benchmarks/vaults.py DIR`\n\n{text}", "utf-8")
    return 1 if any(figures.failures for figures in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
