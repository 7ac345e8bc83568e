"""Runs that are kept: the values of each question, and what they depend on, in one JSON file.

A later run is compared with it question by question. What cannot be compared is refused: another set, other rows, other
questions, or other judgements under the same names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rag.errors import EvalError
from rag.evals import metrics
from rag.evals.report import table
from rag.evals.significance import Paired, across, paired
from rag.store.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FORMAT = 1
_SUFFIX = ".json"
_NAME = re.compile(r"\w[\w.-]*")


class Measured(Protocol):
    """One set's report: what is kept of it, compared, and judged."""

    @property
    def set(self) -> str:
        """The set's name."""

    @property
    def headline(self) -> str:
        """The stage that a run is judged by."""

    @property
    def stages(self) -> Mapping[str, Mapping[str, float]]:
        """Stage -> metric -> mean, as a fraction of 1."""

    @property
    def corpus(self) -> str:
        """What was searched must be the same: its hash; empty: it need not be."""

    @property
    def marks(self) -> Mapping[str, int]:
        """Question id -> checksum of what was asked and what is right."""

    @property
    def columns(self) -> Mapping[str, Mapping[str, Sequence[float]]]:
        """Stage -> metric -> value of each question, in the order of ``marks``."""

    @property
    def latency(self) -> Mapping[str, float]:
        """Question id -> wall time of its search, in milliseconds."""

    def to_json(self) -> dict[str, object]:
        """The figures, and what they depend on."""


@dataclass(frozen=True, slots=True)
class KeptSet:
    """One set of a kept run.

    Attributes:
        corpus: hash of its rows.
        questions: id -> checksum of what was asked and which rows were right.
        values: stage -> metric -> value of each question, in their order.
    """

    corpus: str
    questions: Mapping[str, int]
    values: Mapping[str, Mapping[str, Sequence[float]]]


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A kept run, by the name that it was asked for."""

    name: str
    sets: Mapping[str, KeptSet]


@dataclass(frozen=True, slots=True)
class Compared:
    """One set against a kept run: the headline stage's metrics, and each question's values before.

    Attributes:
        run: the kept run's name.
        metrics: those that both have, in our order.
        before: metric -> question id -> value.
        differences: metric -> how much more it is now, by question.
    """

    run: str
    set: str
    stage: str
    metrics: Mapping[str, Paired]
    before: Mapping[str, Mapping[str, float]]
    differences: Mapping[str, Sequence[float]]

    def to_json(self) -> dict[str, Any]:
        """What ``footnotes eval --compare --json`` prints of one set; values as fractions of 1."""
        rows = {
            name: {
                "before": round(both.before, 6),
                "now": round(both.now, 6),
                "gain": round(both.gain, 6),
                "p": round(both.p, 6),
                "verdict": both.verdict,
            }
            for name, both in self.metrics.items()
        }
        return {"run": self.run, "stage": self.stage, "metrics": rows}


def place(name: str, home: Path) -> Path:
    """Where a run lies: a path is one, a name stands for a file in the home.

    Raises:
        EvalError: it is neither.
    """
    if "/" in name or "\\" in name or name.endswith(_SUFFIX):
        return Path(name).expanduser()
    if not _NAME.fullmatch(name):
        raise EvalError(
            "{name!r} is no name for a run. Use letters, digits, dots and dashes, or a path that ends in .json.",
            name=name,
        )
    return home / "evals" / "runs" / (name + _SUFFIX)


def save(reports: Sequence[Measured], path: Path) -> None:
    """Keep a run; one of that name is replaced.

    Raises:
        EvalError: the file cannot be written.
    """
    text = json.dumps({"format": FORMAT, "results": [_plain(each) for each in reports]}, ensure_ascii=False)
    try:
        private_folder(path.parent)
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")
        temporary.replace(path)
    except OSError as e:
        raise EvalError("{path} cannot be written: {reason}.", path=path, reason=e.strerror or e) from e


def load(name: str, path: Path) -> KeptRun:
    """A kept run.

    Raises:
        EvalError: there is none, or the file holds something else.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as e:
        kept = ", ".join(sorted(each.stem for each in path.parent.glob("*" + _SUFFIX))) or "none"
        raise EvalError(
            "There is no run '{name}' ({path}). Kept: {kept}. Keep one with --save {name}",
            name=name,
            path=path,
            kept=kept,
        ) from e
    except OSError as e:
        raise EvalError("{path} cannot be read: {reason}.", path=path, reason=e.strerror or e) from e
    except ValueError as e:
        raise _not_a_run(path) from e
    try:
        if found["format"] != FORMAT:
            raise _not_a_run(path)
        return KeptRun(name, {each["set"]: _kept(each) for each in found["results"]})
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise _not_a_run(path) from e


def compared(report: Measured, run: KeptRun, needed: Sequence[str] = ()) -> Compared:
    """A set's headline stage against the same of a kept run; ``needed``: metrics that must be among them.

    Raises:
        EvalError: they do not measure the same questions on the same rows.
    """
    kept = _same(report, run)
    stage = report.headline
    if stage not in kept.values:
        raise EvalError(
            "The run '{run}' has no stage '{stage}' of {set}. It has: {stages}.",
            run=run.name,
            stage=stage,
            set=report.set,
            stages=", ".join(kept.values),
        )
    old = {
        name: dict(zip(kept.questions, values, strict=True)) for name, values in kept.values[stage].items()
    }
    new = report.columns[stage]
    both = [name for name in new if name in old]
    if not both or not set(needed) <= set(both):
        raise EvalError(
            "The run '{run}' lacks {metrics} of {set}. It has: {kept}.",
            run=run.name,
            metrics=", ".join(name for name in (needed or new) if name not in old),
            set=report.set,
            kept=", ".join(old),
        )
    before = {name: {query: old[name][query] for query in report.marks} for name in both}
    found = {name: paired(list(before[name].values()), new[name]) for name in both}
    gains = {
        name: [now - was for now, was in zip(new[name], before[name].values(), strict=True)] for name in both
    }
    return Compared(run.name, report.set, stage, found, before, gains)


def render(comparisons: Sequence[Compared]) -> str:
    """A table: both means in percent, the gain, its p value, and what it is where it is more than chance."""
    rows: list[tuple[str, ...]] = [
        (each.set, each.stage, *_row(name, both))
        for each in comparisons
        for name, both in each.metrics.items()
    ]
    if len(comparisons) > 1:
        rows += [("mean", "", *_row(name, both)) for name, both in means(comparisons)]
    return table(("set", "stage", "metric"), ("before", "now", "gain", "p", "verdict"), rows)


def means(comparisons: Sequence[Compared]) -> Iterator[tuple[str, Paired]]:
    """Each metric's mean over sets, each set counting the same."""
    for name in comparisons[0].metrics:
        if all(name in each.metrics for each in comparisons):
            before, now = (
                sum(getattr(each.metrics[name], side) for each in comparisons) / len(comparisons)
                for side in ("before", "now")
            )
            yield name, Paired(before, now, across([each.differences[name] for each in comparisons]))


def _row(name: str, both: Paired) -> tuple[str, ...]:
    return (metrics.heading(name), *cells(both), f"{both.p:.4f}", both.verdict)


def cells(both: Paired) -> tuple[str, str, str]:
    """Both means in percent, and the gain."""
    return f"{100 * both.before:.1f}", f"{100 * both.now:.1f}", f"{round(100 * both.gain, 1) + 0.0:+.1f}"


def _same(report: Measured, run: KeptRun) -> KeptSet:
    """The kept set, if it holds these questions."""
    kept = run.sets.get(report.set)
    if kept is None:
        raise EvalError(
            "The run '{run}' did not measure {set}. It measured: {sets}.",
            run=run.name,
            set=report.set,
            sets=", ".join(run.sets),
        )
    if kept.corpus != report.corpus:
        raise EvalError(
            "The rows of {set} have changed since the run '{run}'. Measure that run anew.",
            set=report.set,
            run=run.name,
        )
    marks = report.marks
    others = [query for query, mark in marks.items() if kept.questions.get(query) != mark]
    if others:
        raise EvalError(
            "The run '{run}' asked other questions of {set}: {count} of {total} differ, such as '{query}'. "
            "Compare runs of the same --split and --limit.",
            run=run.name,
            set=report.set,
            count=len(others),
            total=len(marks),
            query=others[0],
        )
    return kept


def _plain(report: Measured) -> dict[str, Any]:
    return {
        **report.to_json(),
        "set": report.set,
        "corpus": report.corpus,
        "questions": report.marks,
        "latency": [round(ms, 3) for ms in report.latency.values()],
        "per_question": report.columns,
    }


def _kept(found: Mapping[str, Any]) -> KeptSet:
    questions = {str(query): int(mark) for query, mark in found["questions"].items()}
    values = {
        stage: {name: [float(each) for each in column] for name, column in by_metric.items()}
        for stage, by_metric in found["per_question"].items()
    }
    if any(len(column) != len(questions) for by in values.values() for column in by.values()):
        raise ValueError
    return KeptSet(str(found["corpus"]), questions, values)


def _not_a_run(path: Path) -> EvalError:
    return EvalError("{path} is not a run that --save kept. Name another.", path=path)
