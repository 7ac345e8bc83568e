"""Runs over questions on one's own notes: kept, compared, judged. What is compared is what both runs asked alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import EvalError
from rag.evals import gates, own, runs
from rag.evals.session import DECIDES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rag.engine import Engine
    from rag.evals.cases import Case
    from rag.evals.own import OwnReport
    from rag.evals.runs import Compared, KeptRun


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for; see ``session.Task``.

    Attributes:
        name: what the questions are called together; a run is compared with one of the same name.
        reviewed: only questions with ``keep: true``.
    """

    name: str = "own"
    reviewed: bool = False
    save: str | None = None
    compare: str | None = None
    fail_below: Sequence[str] = ()
    fail_on_loss: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        comparison: with the kept run that was named.
        uncompared: questions that it did not ask, or asked otherwise.
        failures: one line for each condition that does not hold.
        written: the file of the run that was kept.
    """

    report: OwnReport
    comparison: Compared | None
    uncompared: int
    failures: tuple[str, ...]
    written: tuple[Path, ...]

    def to_json(self) -> dict[str, object]:
        """The report, with its comparison."""
        found = self.report.to_json()
        if self.comparison:
            found |= {"comparison": self.comparison.to_json(), "uncompared": self.uncompared}
        return found


def perform(engine: Engine, cases: Iterable[Case], task: Task) -> Outcome:
    """Do it all.

    Raises:
        EvalError: something that was named does not exist, cannot be read, or cannot be compared.
    """
    if task.fail_on_loss and not task.compare:
        raise EvalError("--fail-on-loss needs a run to compare with. Name one with --compare.")
    least = gates.bounds(task.fail_below, [task.name], _known)
    before = runs.load(task.compare, runs.place(task.compare, engine.home)) if task.compare else None
    kept = runs.place(task.save, engine.home) if task.save else None
    report = own.run(engine, cases, name=task.name, reviewed=task.reviewed)
    comparison, uncompared = _compared(report, before) if before else (None, 0)
    if kept:
        runs.save([report], kept)
    failures = [*gates.below([report], least)]
    if task.fail_on_loss and comparison:
        failures += gates.losses([comparison], DECIDES)
    return Outcome(report, comparison, uncompared, tuple(failures), (kept,) if kept else ())


def _known(names: Sequence[str]) -> list[str]:
    """Names of what is measured."""
    found = [name.strip().lower() for name in names]
    for name in found:
        if name not in own.METRICS:
            raise EvalError(
                "`footnotes eval own` does not measure '{metric}'. Choose from: {metrics}.",
                metric=name,
                metrics=", ".join(own.METRICS),
            )
    return found


def _compared(report: OwnReport, run: KeptRun) -> tuple[Compared, int]:
    """What both asked alike; and how many questions that leaves out."""
    marks = report.marks
    kept = run.sets.get(report.set)
    shared = [case for case, mark in marks.items() if kept is None or kept.questions.get(case) == mark]
    if not shared:
        raise EvalError("The run '{run}' asked none of these questions. Name another.", run=run.name)
    return runs.compared(report.narrowed(shared), run), len(marks) - len(shared)
