"""What ``footnotes eval run`` does: sets are measured, compared with a kept run, kept, written out, and judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag import config as settings_of
from rag.errors import EvalError
from rag.evals import ablation, gates, grid, harness, markdown, metrics, page, report, runs, trec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rag.evals.datasets import Split
    from rag.evals.gates import Bound
    from rag.evals.report import EvalReport
    from rag.evals.runs import Compared

DECIDES = "ndcg@10"
_NOT_SWEPT = {
    "save": "--save",
    "compare": "--compare",
    "fail_below": "--fail-below",
    "trec": "--trec-out",
    "markdown": "--markdown",
    "html": "--html",
}


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for.

    Attributes:
        by: the metric that decides: which combination is best, which questions are worst, what is a loss; default:
            nDCG@10 where it is measured, else the first metric.
        metrics: their names; default: ``metrics.NAMES``.
        stages: only these lists of the search; or else ``ablations``, by name.
        save: keep the run by this name; ``compare``: with the kept run of this name.
        fail_below: bounds, as they are written.
        trec: folder for TREC's run files; ``markdown``, ``html``: files.
    """

    sets: Sequence[Path]
    home: Path | None = None
    limit: int | None = None
    stages: Sequence[str] | None = None
    ablations: Sequence[str] = ()
    metrics: Sequence[str] = ()
    by: str | None = None
    split: Split = "all"
    settings: Mapping[str, object] | None = None
    save: str | None = None
    compare: str | None = None
    fail_below: Sequence[str] = ()
    fail_on_loss: bool = False
    trec: Path | None = None
    markdown: Path | None = None
    html: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        comparisons: one a set, where a kept run was named.
        failures: one line for each condition that does not hold.
        written: files.
    """

    reports: tuple[EvalReport, ...]
    comparisons: tuple[Compared, ...]
    failures: tuple[str, ...]
    written: tuple[Path, ...]

    def render(self) -> str:
        """Tables for the terminal."""
        tables = [report.render(self.reports)]
        return "\n\n".join([*tables, *([runs.render(self.comparisons)] if self.comparisons else ())])

    def to_json(self) -> list[dict[str, object]]:
        """A report a set, with its comparison."""
        values = [each.to_json() for each in self.reports]
        for value, each in zip(values, self.comparisons, strict=False):
            value["comparison"] = each.to_json()
        return values


@dataclass(frozen=True, slots=True)
class _Plan:
    """A task whose names have been looked at before any time is spent."""

    metrics: tuple[str, ...]
    by: str
    ablations: tuple[ablation.Ablation, ...]
    least: tuple[Bound, ...]


def perform(task: Task) -> Outcome:
    """Do it all.

    Raises:
        EvalError: something that was named does not exist, cannot be read, or cannot be compared.
    """
    plan, home = _plan(task), task.home or settings_of.default_home()
    before = runs.load(task.compare, runs.place(task.compare, home)) if task.compare else None
    kept = runs.place(task.save, home) if task.save else None
    reports = _measured(task, plan, {})
    needed = (plan.by,) if task.fail_on_loss else ()
    comparisons = tuple(runs.compared(each, before, needed) for each in reports) if before else ()
    if kept:
        runs.save(reports, kept)
    written = [*_written(task, plan.by, reports, comparisons)]
    failures = [*gates.below(reports, plan.least)]
    if task.fail_on_loss:
        failures += gates.losses(comparisons, plan.by)
    return Outcome(reports, comparisons, tuple(failures), (*([kept] if kept else ()), *written))


def _written(
    task: Task, by: str, reports: Sequence[EvalReport], comparisons: Sequence[Compared]
) -> Iterator[Path]:
    for path, whole in ((task.markdown, markdown.text), (task.html, page.page)):
        if path:
            _write(path, whole(reports, comparisons, by))
            yield path
    if task.trec:
        for each in reports:
            yield from trec.write(each, task.trec)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as e:
        raise EvalError("{path} cannot be written: {reason}.", path=path, reason=e.strerror or e) from e


def sweep(task: Task, path: Path) -> tuple[str, list[grid.Tried]]:
    """Measure every combination of a grid; with the metric that decides.

    Raises:
        EvalError: as ``perform``, and where the grid cannot be read.
        ConfigError: it names a setting that does not exist, or a wrong value.
    """
    for name, option in _NOT_SWEPT.items():
        if getattr(task, name):
            raise EvalError(
                "--grid goes without {option}. Give it when you run the best settings.", option=option
            )
    plan, combinations = _plan(task), grid.load(path)
    for each in combinations:
        settings_of.load(task.home or settings_of.default_home(), overrides={**(task.settings or {}), **each})
    return plan.by, [grid.Tried(each, _measured(task, plan, each)) for each in combinations]


def _measured(task: Task, plan: _Plan, settings: Mapping[str, object]) -> tuple[EvalReport, ...]:
    return tuple(
        harness.run(
            folder,
            home=task.home,
            limit=task.limit,
            stages=task.stages,
            ablations=plan.ablations,
            names=plan.metrics,
            split=task.split,
            overrides={**(task.settings or {}), **settings},
        )
        for folder in task.sets
    )


def _plan(task: Task) -> _Plan:
    names = [folder.resolve().name for folder in task.sets]
    for name in names:
        if names.count(name) > 1:
            raise EvalError("{set} is named twice. Name each set once.", set=name)
    if task.stages and task.ablations:
        raise EvalError("--stages and --ablation were both given. Give one of them.")
    if task.fail_on_loss and not task.compare:
        raise EvalError("--fail-on-loss needs a run to compare with. Name one with --compare.")
    chosen = metrics.parsed(task.metrics or metrics.NAMES)
    least = gates.bounds(task.fail_below, names)
    (by,) = metrics.parsed([task.by or (DECIDES if DECIDES in chosen else chosen[0])])
    return _Plan(
        tuple(dict.fromkeys((*chosen, by, *(bound.metric for bound in least)))),
        by,
        ablation.named(task.ablations),
        least,
    )
