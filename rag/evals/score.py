"""Rankings of other tools, scored on a set by the same metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.errors import EvalError
from rag.evals import datasets, metrics, trec
from rag.evals.report import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rag.evals.datasets import Split


@dataclass(frozen=True, slots=True)
class Scored:
    """Run files on one set.

    Attributes:
        values: file name -> question id -> metric -> value; questions that a file does not rank count 0.
    """

    set: str
    split: Split
    metrics: tuple[str, ...]
    queries: int
    values: Mapping[str, Mapping[str, Mapping[str, float]]]

    def to_json(self) -> dict[str, Any]:
        """Means as fractions of 1."""
        runs = {
            run: {name: round(value, 6) for name, value in metrics.mean(found, self.metrics).items()}
            for run, found in self.values.items()
        }
        return {"set": self.set, "queries": self.queries, "split": self.split, "runs": runs}

    def render(self) -> str:
        """A table in percent, a file a row."""
        rows = [
            (
                self.set,
                self.split,
                run,
                f"{self.queries:,}",
                *(f"{100 * value:.1f}" for value in means.values()),
            )
            for run, means in ((run, metrics.mean(v, self.metrics)) for run, v in self.values.items())
        ]
        return table(("set", "split", "run"), ("queries", *map(metrics.heading, self.metrics)), rows)


def score(folder: Path, files: Sequence[Path], *, names: Sequence[str] = (), split: Split = "all") -> Scored:
    """Score run files.

    Raises:
        EvalError: the set or a file cannot be read, or a file is of another set.
        ExtraMissingError: ir-measures is not installed.
    """
    metrics.check()
    chosen = metrics.parsed(names or metrics.NAMES)
    data = datasets.load(folder)
    asked = [question.id for question in data.chosen(split)]
    if not asked:
        raise EvalError(
            "{set} has no question in the split '{split}'. Use 'all'.", set=data.name, split=split
        )
    qrels = {query: data.qrels[query] for query in asked}
    values = {str(path): metrics.of_scores(qrels, trec.read(path, data), chosen) for path in files}
    return Scored(data.name, split, chosen, len(asked), values)
