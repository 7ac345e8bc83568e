"""Ranking metrics, computed by ir-measures (trec_eval's formulas), as fractions of 1.

nDCG is trec_eval's: the gain is the grade itself, discounted by log2(rank + 1), over the best possible order.
All others take every grade above 0 for relevant. MAP averages precision at each relevant row, found or not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.errors import EvalError, ExtraMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    Qrels = Mapping[str, Mapping[str, int]]

NAMES = ("ndcg@10", "recall@2", "recall@5", "recall@10", "mrr@10", "map", "success@5")
DEPTH = 100  # passages that are asked for; several may come from one document
# Ours -> that of ir-measures, what people call it, and whether it needs a depth.
_FAMILIES = {
    "ndcg": ("nDCG", "nDCG", False),
    "recall": ("R", "R", True),
    "mrr": ("RR", "MRR", False),
    "map": ("AP", "MAP", False),
    "success": ("Success", "S", True),
    "precision": ("P", "P", True),
}
# Also by the short names of tables and papers: R@5, AP.
_ALIASES = {alias.lower(): family for family, (*names, _) in _FAMILIES.items() for alias in (family, *names)}
_NAME = re.compile(r"([a-z]+)(?:@(\d{1,9}))?")


def parsed(names: Sequence[str]) -> tuple[str, ...]:
    """Names of metrics as we write them, each once: ``ndcg@10``, ``map``.

    Raises:
        EvalError: there is no such metric, or it looks deeper than what is asked for.
    """
    return tuple(dict.fromkeys(_checked(name) for name in names))


def _checked(name: str) -> str:
    found = _NAME.fullmatch(name.strip().lower())
    family = _ALIASES.get(found[1], "") if found else ""
    if found is None or not family or (found[2] is None and _FAMILIES[family][2]):
        raise EvalError(
            "There is no metric '{metric}'. Choose from: {metrics} (k from 1 to {depth}); mrr, map and ndcg also without @k.",
            metric=name,
            metrics=", ".join(f"{family}@k" for family in _FAMILIES),
            depth=DEPTH,
        )
    if found[2] is None:
        return family
    if not 1 <= int(found[2]) <= DEPTH:
        raise EvalError(
            "{metric}: k is {k}. Choose k from 1 to {depth}, the passages that are asked for.",
            metric=name,
            k=int(found[2]),
            depth=DEPTH,
        )
    return f"{family}@{int(found[2])}"


def heading(name: str) -> str:
    """A metric for people: ``nDCG@10``, ``R@5``, ``MAP``; what is no ranking metric as it is called."""
    family, at, depth = name.partition("@")
    return f"{_FAMILIES[family][1]}{at}{depth}" if family in _FAMILIES else name


def per_question(
    qrels: Qrels, rankings: Mapping[str, Sequence[str]], names: Sequence[str] = NAMES
) -> dict[str, dict[str, float]]:
    """Metrics of every question in ``qrels``; one that has no ranking, or an empty one, gets zeros.

    ``rankings`` holds row ids, best first, each once.

    Raises:
        ExtraMissingError: ir-measures is not installed.
    """
    return of_scores(qrels, _scored(rankings), names)


def of_scores(
    qrels: Qrels, scores: Mapping[str, Mapping[str, float]], names: Sequence[str] = NAMES
) -> dict[str, dict[str, float]]:
    """Likewise, of rows with scores, the highest first, as trec_eval orders them."""
    ir_measures = _ir_measures()
    measures = {ir_measures.parse_measure(_measure(name)): name for name in names}
    values = {query: dict.fromkeys(names, 0.0) for query in qrels}
    judged = {query: dict(grades) for query, grades in qrels.items()}
    run = {query: dict(rows) for query, rows in scores.items() if query in judged}
    for metric in ir_measures.iter_calc(list(measures), judged, run):
        values[metric.query_id][measures[metric.measure]] = float(metric.value)
    return values


def mean(values: Mapping[str, Mapping[str, float]], names: Sequence[str] = NAMES) -> dict[str, float]:
    """The mean over questions, each counting the same; zeros where there is none."""
    # ir_measures.calc_aggregate is not used: which questions it averages over has changed between versions.
    count = max(len(values), 1)
    return {name: sum(each[name] for each in values.values()) / count for name in names}


def _measure(name: str) -> str:
    """What ir-measures calls it."""
    family, at, depth = name.partition("@")
    return f"{_FAMILIES[family][0]}{at}{depth}"


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
