"""``footnotes eval``: measure retrieval."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rag.cli import own_evals
from rag.cli.options import HomeOption, JsonOption, SetOption, overrides_of, print_json


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
    split: Annotated[Split, typer.Option("--split", help="Which questions.")] = Split.ALL,
    home: HomeOption = None,
    settings: SetOption = None,
) -> None:
    """Score retrieval, stage by stage."""
    from rag.evals import harness, report

    reports = [
        harness.run(
            folder,
            home=home,
            limit=limit,
            stages=tuple(s.strip() for s in stages.split(",") if s.strip()) if stages else None,
            split=split.value,
            overrides=overrides_of(settings),
        )
        for folder in sets
    ]
    if as_json:
        values = [r.to_json() for r in reports]
        print_json(values[0] if len(values) == 1 else values)
    else:
        typer.echo(report.render(reports))


own_evals.attach(app)
