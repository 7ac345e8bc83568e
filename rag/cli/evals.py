"""``footnotes eval``: measure retrieval."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from rag import show
from rag.cli import own_evals
from rag.cli.options import (
    CompareOption,
    FailBelowOption,
    FailOnLossOption,
    HomeOption,
    JsonOption,
    SaveOption,
    SetOption,
    conclude,
    overrides_of,
    print_json,
)
from rag.messages import say

if TYPE_CHECKING:
    from rag.evals.session import Task


class Split(StrEnum):
    """Which questions of a set: dev to tune on, report for figures."""

    DEV = "dev"
    REPORT = "report"
    ALL = "all"


class _RunByDefault(TyperGroup):
    """``footnotes eval SET_DIR`` means ``footnotes eval run SET_DIR``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in {"-h", "--help"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(help="Measure retrieval on question sets.", cls=_RunByDefault, no_args_is_help=True)


MetricsOption = Annotated[
    str | None,
    typer.Option("--metrics", help="Which, as ndcg@5,recall@20,map.", show_default=False),
]


@app.command("run")
def run(
    sets: Annotated[list[Path], typer.Argument(metavar="SET_DIR...", help="Folders in BEIR form.")],
    *,
    as_json: JsonOption = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first N questions.", show_default=False)
    ] = None,
    stages: Annotated[
        str | None, typer.Option("--stages", help="Only these, comma-separated.", show_default=False)
    ] = None,
    ablation: Annotated[
        str | None,
        typer.Option(
            "--ablation",
            help="Parts of the search, as lexical,dense,hybrid,+graph,+rerank.",
            show_default=False,
        ),
    ] = None,
    metrics: MetricsOption = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help="The metric that decides; default: ndcg@10.", show_default=False),
    ] = None,
    split: Annotated[
        Split | None,
        typer.Option("--split", help="Which questions; default: all, with --grid dev.", show_default=False),
    ] = None,
    grid: Annotated[
        Path | None,
        typer.Option("--grid", help="YAML, setting: [values]: tries all combinations.", show_default=False),
    ] = None,
    save: SaveOption = None,
    compare: CompareOption = None,
    fail_below: FailBelowOption = None,
    fail_on_loss: FailOnLossOption = False,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="Write a report.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a report with plots.", show_default=False)
    ] = None,
    trec_out: Annotated[
        Path | None,
        typer.Option("--trec-out", metavar="DIR", help="Write rankings as TREC runs.", show_default=False),
    ] = None,
    home: HomeOption = None,
    settings: SetOption = None,
) -> None:
    """Score retrieval, stage by stage."""
    from rag.evals import session

    task = session.Task(
        sets,
        home=home,
        limit=limit,
        stages=_parts(stages) or None,
        ablations=_parts(ablation),
        metrics=_parts(metrics),
        by=by,
        split=split.value if split else "dev" if grid else "all",
        settings=overrides_of(settings),
        save=save,
        compare=compare,
        fail_below=fail_below or (),
        fail_on_loss=fail_on_loss,
        markdown=markdown,
        html=html,
        trec=trec_out,
    )
    if grid:
        _swept(task, grid, as_json=as_json)
    else:
        _performed(task, as_json=as_json)


@app.command("score")
def score(
    folder: Annotated[Path, typer.Argument(metavar="SET_DIR", help="A folder in BEIR form.")],
    files: Annotated[list[Path], typer.Argument(metavar="RUN_FILE...", help="Rankings in TREC's form.")],
    *,
    as_json: JsonOption = False,
    metrics: MetricsOption = None,
    split: Annotated[Split, typer.Option("--split", help="Which questions.")] = Split.ALL,
) -> None:
    """Score rankings that another tool wrote."""
    from rag.evals import score as scoring

    found = scoring.score(folder, files, names=_parts(metrics), split=split.value)
    if as_json:
        print_json(found.to_json())
    else:
        typer.echo(found.render())


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _performed(task: Task, *, as_json: bool) -> None:
    from rag.evals import session

    found = session.perform(task)
    if as_json:
        values = found.to_json()
        print_json(values[0] if len(values) == 1 else values)
    else:
        typer.echo(found.render())
    conclude(found.written, found.failures)


def _swept(task: Task, path: Path, *, as_json: bool) -> None:
    from rag.evals import grid, session

    by, tried = session.sweep(task, path)
    if as_json:
        print_json(grid.to_json(tried, by))
        return
    typer.echo(grid.render(tried, by))
    best = grid.options(grid.best(tried, by).settings)
    show.line(say("Best by {metric}: {settings}", metric=by, settings=best))


own_evals.attach(app)
