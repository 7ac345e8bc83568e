"""The questions that went worst, for people: what was asked, what was right, what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.evals.report import EvalReport, Shown
    from rag.evals.runs import Compared

MOST = 20


@dataclass(frozen=True, slots=True)
class Right:
    """A row that was right, and its rank in what was found; None: it was not."""

    row: str
    title: str
    rank: int | None


@dataclass(frozen=True, slots=True)
class Worst:
    """One question.

    Attributes:
        value: of the metric that decides.
        before: the same of the run that is compared with, if there is one.
        right: rows that were right, the best found first.
        shown: the first rows that were found.
    """

    id: str
    text: str
    value: float
    before: float | None
    right: tuple[Right, ...]
    shown: Sequence[Shown]


def worst(report: EvalReport, metric: str, compared: Compared | None = None) -> list[Worst]:
    """The questions with the lowest values that are not perfect, at most 20; of equals those that lost most, then the first asked."""
    values = report.per_question[report.headline]
    before = compared.before.get(metric, {}) if compared else {}
    titles = {row.id: row.title for row in report.data.rows}
    texts = {question.id: question.text for question in report.questions}
    ordered = sorted(
        (query for query in report.latency if values[query][metric] < 1),
        key=lambda query: (values[query][metric], -before.get(query, 0.0)),
    )
    return [
        Worst(
            query,
            texts[query],
            values[query][metric],
            before.get(query),
            _right(report, query, titles),
            report.shown.get(query, ()),
        )
        for query in ordered[:MOST]
    ]


def _right(report: EvalReport, query: str, titles: Mapping[str, str]) -> tuple[Right, ...]:
    ranks = {row: rank for rank, row in enumerate(report.rankings[report.headline][query], 1)}
    found = [
        Right(row, titles.get(row, ""), ranks.get(row))
        for row, grade in report.data.qrels[query].items()
        if grade > 0
    ]
    return tuple(sorted(found, key=lambda each: each.rank or len(ranks) + 1))
