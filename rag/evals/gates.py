"""Conditions under which a run fails, for scripts: a metric below a bound, a loss that is more than chance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import EvalError
from rag.evals import metrics, runs
from rag.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rag.evals.runs import Compared, Measured

    Parsed = Callable[[Sequence[str]], Sequence[str]]

_BOUND = re.compile(r"(?:(?P<set>.+):)?(?P<metric>[^:=]+)=(?P<value>[^=]+)")


@dataclass(frozen=True, slots=True)
class Bound:
    """The least that a metric must reach, as a fraction of 1; ``set`` empty: in each set."""

    metric: str
    value: float
    set: str = ""


def bounds(texts: Sequence[str], sets: Sequence[str], parsed: Parsed = metrics.parsed) -> tuple[Bound, ...]:
    """``ndcg@10=0.8`` and ``SET:ndcg@10=0.8``; ``parsed`` gives the names of metrics as reports have them.

    Raises:
        EvalError: one is written otherwise, or names no metric or another set.
    """
    return tuple(_bound(text, sets, parsed) for text in texts)


def _bound(text: str, sets: Sequence[str], parsed: Parsed) -> Bound:
    found = _BOUND.fullmatch(text.strip())
    value = _fraction(found["value"]) if found else None
    if found is None or value is None:
        raise EvalError(
            "--fail-below {text}: not a bound. Write METRIC=VALUE or SET:METRIC=VALUE, VALUE from 0 to 1, as ndcg@10=0.8.",
            text=text,
        )
    of = found["set"] or ""
    if of and of not in sets:
        raise EvalError(
            "--fail-below {text}: the set {set} is not measured. Choose from: {sets}.",
            text=text,
            set=of,
            sets=", ".join(sets),
        )
    (metric,) = parsed([found["metric"]])
    return Bound(metric, value, of)


def _fraction(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def below(reports: Sequence[Measured], least: Sequence[Bound]) -> Iterator[str]:
    """One line for each set whose headline stage stays below a bound."""
    for report in reports:
        means = report.stages[report.headline]
        for bound in least:
            if bound.set not in {"", report.set}:
                continue
            if bound.metric not in means:
                yield say(
                    "{set}, {stage}: no question measures {metric}, which --fail-below asks for.",
                    set=report.set,
                    stage=report.headline,
                    metric=bound.metric,
                )
            elif means[bound.metric] < bound.value:
                yield say(
                    "{set}, {stage}: {metric} is {value:.4f}, below {least}.",
                    set=report.set,
                    stage=report.headline,
                    metric=bound.metric,
                    value=means[bound.metric],
                    least=bound.value,
                )


def losses(comparisons: Sequence[Compared], metric: str) -> Iterator[str]:
    """One line for each set that lost, and for the mean over sets, where that is more than chance."""
    found = [(each.set, each.stage, each.metrics[metric]) for each in comparisons]
    if len(comparisons) > 1:
        found.append((say("mean"), comparisons[0].stage, dict(runs.means(comparisons))[metric]))
    for name, stage, both in found:
        if both.verdict == "loss":
            yield say(
                "{set}, {stage}: {metric} fell from {before:.4f} to {now:.4f} against '{run}' (p = {p:.4f}).",
                set=name,
                stage=stage,
                metric=metric,
                before=both.before,
                now=both.now,
                run=comparisons[0].run,
                p=both.p,
            )
