"""What an evaluation measured: as data, as JSON and as a table."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rag.evals import metrics
from rag.evals.datasets import Split, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.evals.datasets import EvalSet, Question
    from rag.evals.facts import Facts

    Rankings = Mapping[str, Mapping[str, tuple[str, ...]]]  # stage -> question id -> row ids, best first

_V = TypeVar("_V")
FINAL = "final"
PERCENTILES = (50, 90, 95, 99)
_WIDEST = 1_000  # the table is as wide as its cells, whatever the terminal


@dataclass(frozen=True, slots=True)
class Shown:
    """A row that was found, as a reader sees it: the passage of it that stands highest."""

    row: str
    title: str
    snippet: str


@dataclass(frozen=True, slots=True)
class EvalReport:
    """One set, measured.

    Attributes:
        set: name of the set.
        documents: rows of its corpus.
        split: which questions were asked.
        per_question: stage (or ablation) -> question id -> metric -> value, for paired tests.
        latency: question id -> wall time of its search, in milliseconds.
        seconds: the whole evaluation, indexing included.
        metrics: which were measured.
        data: the set itself.
        rankings: what the metrics were computed from.
        shown: question id -> its first rows, of the headline stage.
    """

    set: str
    documents: int
    split: Split
    per_question: Mapping[str, Mapping[str, Mapping[str, float]]]
    latency: Mapping[str, float]
    seconds: float
    data: EvalSet
    metrics: tuple[str, ...]
    rankings: Rankings
    shown: Mapping[str, tuple[Shown, ...]]
    facts: Facts

    @property
    def queries(self) -> int:
        """How many questions were asked."""
        return len(self.latency)

    @property
    def questions(self) -> tuple[Question, ...]:
        """Those that were asked."""
        return tuple(question for question in self.data.questions if question.id in self.latency)

    @property
    def headline(self) -> str:
        """The stage that a run is judged by: what a user gets, else the last that was asked for."""
        return FINAL if FINAL in self.per_question else list(self.per_question)[-1]

    @property
    def stages(self) -> dict[str, dict[str, float]]:
        """Stage -> metric -> mean over all questions, as a fraction of 1."""
        return {stage: metrics.mean(values, self.metrics) for stage, values in self.per_question.items()}

    @property
    def latency_ms(self) -> dict[str, float]:
        """Percentiles of a search."""
        found = np.percentile(list(self.latency.values()), PERCENTILES)
        return {f"p{name}": round(float(ms), 3) for name, ms in zip(PERCENTILES, found, strict=True)}

    @property
    def corpus(self) -> str:
        """Hash of its rows."""
        return self.data.corpus_hash

    @property
    def marks(self) -> dict[str, int]:
        """Question id -> checksum of its words, its conditions and its judgements, in the order of ``columns``."""
        return {
            question.id: zlib.crc32(
                repr((question.text, question.folder, str(question.day), question.exclude)).encode()
                + repr(sorted(self.data.qrels[question.id].items())).encode()
            )
            for question in self.questions
        }

    @property
    def columns(self) -> dict[str, dict[str, list[float]]]:
        """Stage -> metric -> value of each question."""
        return {
            stage: {name: self.values(stage, name) for name in self.metrics} for stage in self.per_question
        }

    def values(self, stage: str, metric: str) -> list[float]:
        """One metric of each question, in the order in which they were asked."""
        return [self.per_question[stage][query][metric] for query in self.latency]

    def narrowed(self, part: Split) -> EvalReport:
        """The same measurement over the questions of one split; ``seconds`` stay those of the whole."""
        kept = [query for query in self.latency if part in {"all", split(query)}]
        return replace(
            self,
            split=part,
            per_question={stage: _only(kept, values) for stage, values in self.per_question.items()},
            latency=_only(kept, self.latency),
            rankings={stage: _only(kept, found) for stage, found in self.rankings.items()},
            shown=_only([query for query in kept if query in self.shown], self.shown),
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
            **self.facts.to_json(),
        }


def _only(queries: Iterable[str], values: Mapping[str, _V]) -> dict[str, _V]:
    return {query: values[query] for query in queries}


def render(reports: Sequence[EvalReport]) -> str:
    """A table of all reports, in percent, one row a stage."""
    names = tuple(dict.fromkeys(name for report in reports for name in report.metrics))
    words = ("set", "split", "stage")
    numbers = ("docs", "queries", *map(metrics.heading, names), "p50 ms", "p95 ms")
    return table(words, numbers, [row for report in reports for row in _rows(report, names)])


def table(words: Sequence[str], numbers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Plain text that is Markdown too, without a last line feed: columns of words, then columns of numbers."""
    from rich.box import MARKDOWN
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=MARKDOWN)
    for heading in words:
        made.add_column(heading, no_wrap=True)
    for heading in numbers:
        made.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        made.add_row(*(Text(cell.replace("|", "\\|")) for cell in row))
    out = io.StringIO()
    Console(file=out, width=_WIDEST, color_system=None, force_terminal=False).print(made)
    return "\n".join(line.rstrip() for line in out.getvalue().strip("\n ").splitlines())


def _rows(report: EvalReport, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Cells of one report; latency is the whole search's, so it stands with the headline stage."""
    rows = []
    for stage, values in report.stages.items():
        times = (
            f"{report.latency_ms[name]:.1f}" if stage == report.headline else "" for name in ("p50", "p95")
        )
        scores = (f"{100 * values[name]:.1f}" if name in values else "" for name in names)
        counts = (f"{report.documents:,}", f"{report.queries:,}")
        rows.append((report.set, report.split, stage, *counts, *scores, *times))
    return rows
