"""What an evaluation measured: as data, as JSON and as a table."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.evals import metrics
from rag.evals.datasets import Split, split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FINAL = "final"
_WIDEST = 1_000  # the table is as wide as its cells, whatever the terminal
_HEADINGS = ("nDCG@10", "R@2", "R@5", "R@10", "MRR@10")


@dataclass(frozen=True, slots=True)
class EvalReport:
    """One set, measured.

    Attributes:
        set: name of the set.
        documents: rows of its corpus.
        split: which questions were asked.
        per_question: stage -> question id -> metric -> value, for paired tests.
        latency: question id -> wall time of its search, in milliseconds.
        seconds: the whole evaluation, indexing included.
    """

    set: str
    documents: int
    split: Split
    per_question: Mapping[str, Mapping[str, Mapping[str, float]]]
    latency: Mapping[str, float]
    seconds: float

    @property
    def queries(self) -> int:
        """How many questions were asked."""
        return len(self.latency)

    @property
    def stages(self) -> dict[str, dict[str, float]]:
        """Stage -> metric -> mean over all questions, as a fraction of 1."""
        return {stage: metrics.mean(values) for stage, values in self.per_question.items()}

    @property
    def latency_ms(self) -> dict[str, float]:
        """Median and 95th percentile of a search."""
        p50, p95 = np.percentile(list(self.latency.values()), (50, 95))
        return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}

    def narrowed(self, part: Split) -> EvalReport:
        """The same measurement over the questions of one split; ``seconds`` stay those of the whole."""
        kept = [query for query in self.latency if part in {"all", split(query)}]
        return EvalReport(
            set=self.set,
            documents=self.documents,
            split=part,
            per_question={
                stage: {query: values[query] for query in kept} for stage, values in self.per_question.items()
            },
            latency={query: self.latency[query] for query in kept},
            seconds=self.seconds,
        )

    def to_json(self) -> dict[str, object]:
        """What ``footnotes eval --json`` prints."""
        return {
            "set": self.set,
            "documents": self.documents,
            "queries": self.queries,
            "split": self.split,
            "stages": {
                stage: {name: round(value, 6) for name, value in values.items()}
                for stage, values in self.stages.items()
            },
            "latency_ms": self.latency_ms,
            "seconds": round(self.seconds, 3),
        }


def render(reports: Sequence[EvalReport]) -> str:
    """A table of all reports, in percent, one row a stage: plain ASCII that is Markdown too, without a last line feed."""
    from rich.box import MARKDOWN
    from rich.console import Console
    from rich.table import Table

    table = Table(box=MARKDOWN)
    for heading in ("set", "split", "stage"):
        table.add_column(heading, no_wrap=True)
    for heading in ("docs", "queries", *_HEADINGS, "p50 ms", "p95 ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    for report in reports:
        for row in _rows(report):
            table.add_row(*row)
    out = io.StringIO()
    Console(file=out, width=_WIDEST, color_system=None, force_terminal=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().strip("\n ").splitlines())


def _rows(report: EvalReport) -> list[tuple[str, ...]]:
    """Cells of one report; latency is the whole search's, so it stands with the final stage."""
    rows = []
    for stage, values in report.stages.items():
        latency = tuple(f"{ms:.1f}" for ms in report.latency_ms.values()) if stage == FINAL else ("", "")
        scores = tuple(f"{100 * values[name]:.1f}" for name in metrics.NAMES)
        counts = (f"{report.documents:,}", f"{report.queries:,}")
        rows.append((report.set, report.split, stage, *counts, *scores, *latency))
    return rows
