"""Ranking metrics, computed by ir-measures (trec_eval's formulas), as fractions of 1.

nDCG is trec_eval's: the gain is the grade itself, discounted by log2(rank + 1), over the best possible order.
Recall and reciprocal rank take every grade above 0 for relevant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import ExtraMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

NAMES = ("ndcg@10", "recall@2", "recall@5", "recall@10", "mrr@10")
_MEASURES = ("nDCG@10", "R@2", "R@5", "R@10", "RR@10")


def per_question(
    qrels: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Metrics of every question in ``qrels``; one that has no ranking, or an empty one, gets zeros.

    ``rankings`` holds row ids, best first, each once.

    Raises:
        ExtraMissingError: ir-measures is not installed.
    """
    ir_measures = _ir_measures()
    measures = {ir_measures.parse_measure(m): name for m, name in zip(_MEASURES, NAMES, strict=True)}
    values = {query: dict.fromkeys(NAMES, 0.0) for query in qrels}
    judged = {query: dict(grades) for query, grades in qrels.items()}
    for metric in ir_measures.iter_calc(list(measures), judged, _scored(rankings)):
        values[metric.query_id][measures[metric.measure]] = float(metric.value)
    return values


def mean(values: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean over questions, each counting the same; zeros where there is none."""
    # ir_measures.calc_aggregate is not used: which questions it averages over has changed between versions.
    count = max(len(values), 1)
    return {name: sum(each[name] for each in values.values()) / count for name in NAMES}


def _scored(rankings: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Scores that say the order alone: trec_eval sorts by score and breaks ties by name."""
    return {query: {row: -float(i) for i, row in enumerate(rows)} for query, rows in rankings.items()}


def check() -> None:
    """Make sure that ir-measures is there, before time is spent.

    Raises:
        ExtraMissingError: it is not installed.
    """
    _ir_measures()


def _ir_measures() -> ModuleType:
    try:
        import ir_measures
    except ImportError as e:
        raise ExtraMissingError(
            "Evaluation needs the package ir-measures. Install it: pip install footnotes[evals]"
        ) from e
    module: ModuleType = ir_measures
    return module
