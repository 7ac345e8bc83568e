"""Kept runs beside one another: which there are, and what differs between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rag.errors import EvalError
from rag.evals import cases, runs, verdicts
from rag.evals.runs import KeptSet

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from rag.evals.cases import Case
    from rag.evals.runs import Compared, KeptRun

OWN = "own.yaml"
_FINAL = "final"


@dataclass(frozen=True, slots=True)
class Report:
    """A set of a kept run as a report that another kept run can be compared with; see ``runs.Measured``."""

    set: str
    kept: KeptSet

    @property
    def headline(self) -> str:
        """The stage that the run is judged by."""
        return _FINAL if _FINAL in self.kept.values else list(self.kept.values)[-1]

    @property
    def corpus(self) -> str:
        """Hash of what was searched."""
        return self.kept.corpus

    @property
    def marks(self) -> Mapping[str, int]:
        """Question id -> checksum of what was asked and what is right."""
        return self.kept.questions

    @property
    def columns(self) -> Mapping[str, Mapping[str, Sequence[float]]]:
        """Stage -> metric -> value of each question, in the order of ``marks``."""
        return self.kept.values

    @property
    def stages(self) -> Mapping[str, Mapping[str, float]]:
        """Stage -> metric -> mean, as a fraction of 1; nothing where no question was asked."""
        return {
            stage: {name: sum(column) / len(column) for name, column in columns.items() if column}
            for stage, columns in self.kept.values.items()
        }

    @property
    def latency(self) -> Mapping[str, float]:
        """Not read."""
        return {}

    def to_json(self) -> dict[str, object]:
        """The means."""
        return {"set": self.set, "stages": self.stages}

    def narrowed(self, ids: Collection[str]) -> Report:
        """The same over some of the questions only."""
        places = [place for place, query in enumerate(self.kept.questions) if query in ids]
        values = {
            stage: {name: [column[place] for place in places] for name, column in columns.items()}
            for stage, columns in self.kept.values.items()
        }
        marks = {query: mark for query, mark in self.kept.questions.items() if query in ids}
        return Report(self.set, KeptSet(self.kept.corpus, marks, values))


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept run: its name, when its file was written, and its sets."""

    name: str
    written: datetime
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One set of two runs: the comparison, over what both asked alike; and how many questions that leaves out."""

    report: Report
    compared: Compared
    uncompared: int


def all_of(home: Path) -> list[Kept]:
    """The kept runs of a home, the latest first; files that hold none are passed over."""
    found = []
    for path in (home / "evals" / "runs").glob("*.json"):
        try:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone()
            found.append(Kept(path.stem, written, _reports(runs.load(path.stem, path))))
        except (EvalError, OSError):
            continue
    return sorted(found, key=lambda run: (run.written, run.name), reverse=True)


def between(home: Path, before: str, now: str) -> list[Difference]:
    """What the sets that both runs measured have come to, set by set.

    Raises:
        EvalError: one of them is not there, or they share no question.
    """
    was, reports = (
        runs.load(before, runs.place(before, home)),
        _reports(runs.load(now, runs.place(now, home))),
    )
    found = []
    for report in reports:
        kept = was.sets.get(report.set)
        alike = [query for query, mark in report.marks.items() if kept and kept.questions.get(query) == mark]
        if alike:
            compared = runs.compared(report.narrowed(alike), was)
            found.append(Difference(report.narrowed(alike), compared, len(report.marks) - len(alike)))
    if not found:
        raise EvalError("The run '{run}' asked none of these questions. Name another.", run=before)
    return found


def own_cases(home: Path) -> list[Case]:
    """The questions of ``footnotes eval own``: those that were made, and those of verdicts; none is no error.

    Raises:
        EvalError: a file cannot be read.
    """
    path = home / "evals" / OWN
    made = cases.load(path) if path.is_file() else []
    return made + verdicts.cases(verdicts.load(home))


def _reports(run: KeptRun) -> tuple[Report, ...]:
    return tuple(Report(name, kept) for name, kept in run.sets.items() if kept.values)
