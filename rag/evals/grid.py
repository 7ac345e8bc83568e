"""Sweeps: every combination of the values that a file names for settings, and which one does best.

The file is YAML, a setting and its values a line: ``search.dense_weight: [0.2, 0.5]``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import yaml

from rag.errors import EvalError
from rag.evals import metrics, significance
from rag.evals.report import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rag.evals.report import EvalReport


@dataclass(frozen=True, slots=True)
class Tried:
    """One combination of settings, measured on every set."""

    settings: Mapping[str, object]
    reports: tuple[EvalReport, ...]

    def scores(self, metric: str) -> list[float]:
        """The headline stage's metric of each set, as fractions of 1."""
        return [report.stages[report.headline][metric] for report in self.reports]

    def mean(self, metric: str) -> float:
        """The mean over sets, each counting the same."""
        return sum(self.scores(metric)) / len(self.reports)

    def p50(self) -> float:
        """The median search of each set, in milliseconds, as their mean."""
        return sum(report.latency_ms["p50"] for report in self.reports) / len(self.reports)


def load(path: Path) -> list[dict[str, object]]:
    """Every combination, in the order of the file.

    Raises:
        EvalError: the file cannot be read, or is not of that form.
    """
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except OSError as e:
        raise EvalError("{path} cannot be read: {reason}.", path=path, reason=e.strerror or e) from e
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise EvalError(
            "The grid {path} is not valid YAML: {reason}", path=path, reason=" ".join(str(e).split())
        ) from e
    if not isinstance(found, dict) or not found:
        raise EvalError(
            "The grid {path} names no setting. Write a line like search.dense_weight: [0.2, 0.5].", path=path
        )
    for key, values in found.items():
        if not isinstance(values, list) or not values:
            raise EvalError(
                "The grid {path}: {key} is {value!r}. Write its values as a list, as [0.2, 0.5].",
                path=path,
                key=key,
                value=values,
            )
    return [dict(zip(map(str, found), values, strict=True)) for values in product(*found.values())]


def best(tried: Sequence[Tried], metric: str) -> Tried:
    """The combination with the highest mean; of equals the first."""
    return max(tried, key=lambda each: each.mean(metric))


def render(tried: Sequence[Tried], metric: str) -> str:
    """A table: a combination a row, the metric of each set in percent; p: of its difference from the best one."""
    chosen = best(tried, metric)
    sets = [report.set for report in chosen.reports]
    heading = metrics.heading(metric)
    numbers = (*(f"{name} {heading}" for name in sets), "mean", "p50 ms", "p", "")
    rows = [
        (
            *map(written, each.settings.values()),
            *(f"{100 * score:.1f}" for score in each.scores(metric)),
            f"{100 * each.mean(metric):.1f}",
            f"{each.p50():.1f}",
            "" if each is chosen else f"{_apart(each, chosen, metric):.4f}",
            "best" if each is chosen else "",
        )
        for each in tried
    ]
    return table(tuple(chosen.settings), numbers, rows)


def to_json(tried: Sequence[Tried], metric: str) -> dict[str, Any]:
    """All combinations with their reports, and the best one's settings."""
    return {
        "by": metric,
        "best": dict(best(tried, metric).settings),
        "combinations": [
            {
                "settings": dict(each.settings),
                "mean": round(each.mean(metric), 6),
                "reports": [report.to_json() for report in each.reports],
            }
            for each in tried
        ],
    }


def options(settings: Mapping[str, object]) -> str:
    """A combination as the command line takes it."""
    return " ".join(f"--set {key}={written(value)}" for key, value in settings.items())


def written(value: object) -> str:
    """A value as settings take it on a command line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _apart(each: Tried, other: Tried, metric: str) -> float:
    return significance.across(list(_differences(each, other, metric)))


def _differences(each: Tried, other: Tried, metric: str) -> Iterable[list[float]]:
    for one, two in zip(each.reports, other.reports, strict=True):
        pairs = zip(one.values(one.headline, metric), two.values(two.headline, metric), strict=True)
        yield [mine - theirs for mine, theirs in pairs]
