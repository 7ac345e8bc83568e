"""``footnotes eval make``, ``own``, ``add`` and ``answers``: questions on the user's own notes, and answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rag import show
from rag.cli.options import (
    CompareOption,
    ConfigOption,
    FailBelowOption,
    FailOnLossOption,
    HomeOption,
    JsonOption,
    SaveOption,
    SetOption,
    conclude,
    no_notes,
    open_engine,
    overrides_of,
    print_json,
)
from rag.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.engine import Engine
    from rag.evals.answers import AnswerReport
    from rag.evals.cases import Case
    from rag.evals.making.generated import Tally
    from rag.evals.own import OwnReport
    from rag.evals.own_runs import Outcome
    from rag.evals.verdicts import Cited, Judgement

_FILE = "own.yaml"
_WORST = 10
_COLUMNS = (
    "exact",
    "f1",
    "in_cited",
    "in_two",
    "precision",
    "recall",
    "span_precision",
    "span_recall",
    "leaked",
    "abstained",
    "sentences",
)


def attach(app: typer.Typer) -> None:
    """Put the commands beside ``footnotes eval run``."""
    for command in (make, own, add, answers):
        app.command()(command)


def make(
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to; default: evals/own.yaml in the home.", show_default=False),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="How many questions.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Chooses which.")] = 0,
    kinds: Annotated[
        str | None,
        typer.Option("--kinds", help="Only these of heading,cloze,link,date,generated.", show_default=False),
    ] = None,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Make questions from your notes, into a YAML file to review. An existing file only gets new ones."""
    from rag.evals import cases, making
    from rag.evals.making.generated import Generator

    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()] if kinds else None
    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        path = out or _default(engine)
        asks = making.GENERATED in wanted if wanted else engine.generator is not None
        generator = Generator(engine, count) if asks else None
        found = making.make(engine, count=count, seed=seed, kinds=wanted, generate=generator)
        added = cases.add(path, found)
    if generator:
        _tell_generated(generator.tally)
    typer.echo(
        say(
            "{added} new questions in {path}, {known} stood there. Review them, then: footnotes eval own",
            added=added,
            path=path,
            known=len(found) - added,
        )
    )


def own(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="Made by `footnotes eval make`; default: evals/own.yaml in the home, with your verdicts.",
        ),
    ] = None,
    *,
    reviewed: Annotated[bool, typer.Option("--reviewed", help="Only questions with `keep: true`.")] = False,
    save: SaveOption = None,
    compare: CompareOption = None,
    fail_below: FailBelowOption = None,
    fail_on_loss: FailOnLossOption = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Score search and answers on questions about your own notes."""
    from rag.evals import own_runs

    task = own_runs.Task(
        name=file.stem if file else Path(_FILE).stem,
        reviewed=reviewed,
        save=save,
        compare=compare,
        fail_below=fail_below or (),
        fail_on_loss=fail_on_loss,
    )
    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        found = own_runs.perform(engine, _cases(engine, file), task)
    if as_json:
        print_json(found.to_json())
    else:
        _show_own(found.report)
        _show_comparison(found)
    conclude(found.written, found.failures)


def add(
    question: Annotated[str, typer.Argument(help="The question.")],
    *,
    right: Annotated[
        bool | None, typer.Option("--right/--wrong", help="Your verdict.", show_default=False)
    ] = None,
    doc: Annotated[
        str | None,
        typer.Option(
            "--doc",
            metavar="PATH[:LINE]",
            help="The note that answers it, or does not; default: what the answer cites now.",
            show_default=False,
        ),
    ] = None,
    footnote: Annotated[
        int | None,
        typer.Option(
            "--footnote", min=1, help="Only this footnote of what is answered now.", show_default=False
        ),
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Why.", show_default=False)] = "",
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Say that an answer, or a note as its source, is right or wrong: a question of `eval own` from now on."""
    from datetime import UTC, datetime

    from rag.evals import verdicts

    if right is None:
        raise typer.BadParameter(say("Say --right or --wrong."), param_hint="--right/--wrong")
    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        judgement: Judgement = "right" if right else "wrong"
        day = datetime.now(UTC).astimezone().date()
        if doc is not None:
            verdict = verdicts.Verdict(
                question, judgement, cited=(_named(engine, doc),), day=day, remark=note
            )
        else:
            answer = engine.ask(question)
            verdict = verdicts.on_answer(answer, judgement, footnote=footnote, day=day, remark=note)
        verdicts.record(engine.home, verdict)
    typer.echo(say("Kept as {verdict}: {question}", verdict=verdict.judgement, question=question))
    for cited in verdict.meant:
        typer.echo(f"- {cited.note}: {cited.quote}" if cited.quote else f"- {cited.note}")


def answers(
    sets: Annotated[list[Path], typer.Argument(metavar="SET_DIR...", help="Folders in BEIR form.")],
    *,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first N questions.", show_default=False)
    ] = None,
    split: Annotated[
        Literal["all", "dev", "report"], typer.Option("--split", help="Which questions.")
    ] = "all",
    as_json: JsonOption = False,
    home: HomeOption = None,
    settings: SetOption = None,
) -> None:
    """Score answers and their citations against a set's own answers."""
    from rag.evals import answers as scoring

    reports = [
        scoring.run(folder, home=home, limit=limit, split=split, overrides=overrides_of(settings))
        for folder in sets
    ]
    if as_json:
        values = [report.to_json() for report in reports]
        print_json(values[0] if len(values) == 1 else values)
        return
    header = ("set", "split", "questions", *_COLUMNS, "abstention f1", "p50 ms")
    typer.echo(_table(header, [_answer_row(report) for report in reports]))


def _answer_row(report: AnswerReport) -> tuple[str, ...]:
    means = report.means
    shares = [_percent(means.get(name)) for name in _COLUMNS[:-1]]
    told = report.abstention
    return (
        report.set,
        report.split,
        str(len(report.per_question)),
        *shares,
        f"{means['sentences']:.2f}",
        _percent(told.f1) if told.unanswerable else "",
        f"{report.latency_ms['p50']:.1f}",
    )


def _default(engine: Engine) -> Path:
    from rag.store.database import private_folder

    return private_folder(engine.home / "evals") / _FILE


def _cases(engine: Engine, file: Path | None) -> list[Case]:
    """The questions of a file; of the home's own, with those that verdicts make."""
    from rag.errors import EvalError
    from rag.evals import cases, verdicts

    if file is not None and not file.is_file():
        raise EvalError("There is no file {path}. Make one: footnotes eval make --out {path}", path=file)
    found = cases.load(file or engine.home / "evals" / _FILE)
    if file is None:
        found += verdicts.cases(verdicts.load(engine.home))
    if not found:
        raise EvalError("There are no questions yet. Make some: footnotes eval make")
    return found


def _named(engine: Engine, doc: str) -> Cited:
    """A note, or its line: ``PATH`` or ``PATH:LINE``."""
    from rag import locate
    from rag.errors import EvalError
    from rag.evals.verdicts import Cited

    path, colon, number = doc.rpartition(":")
    if not (colon and number.isdecimal()):
        path, number = doc, ""
    doc_id = locate.place_of(engine.catalogue, path).id
    document = engine.document(doc_id)
    if document is None:
        raise EvalError("{path}: no such note. `footnotes status --files` lists all.", path=path)
    if not number:
        return Cited(doc_id)
    lines = document.text.split("\n")
    quote = lines[int(number) - 1].strip() if 0 < int(number) <= len(lines) else ""
    if not quote:
        raise EvalError("{path} has no text in line {line}. Name another.", path=path, line=number)
    start = sum(len(line) + 1 for line in lines[: int(number) - 1])
    start = document.text.index(quote, start)
    return Cited(doc_id, start, start + len(quote), quote)


def _tell_generated(tally: Tally) -> None:
    show.line(
        say(
            "{asked} passages shown to the model: {kept} questions kept, {unfounded} dropped whose quote does not stand "
            "there, {lost} that did not find their passage again, {empty} replies without a question.",
            asked=tally.asked,
            kept=tally.kept,
            unfounded=tally.unfounded,
            lost=tally.lost,
            empty=tally.empty,
        )
    )
    if tally.held:
        show.line(
            say(
                "{count} notes were held back from the language model (llm.never_send, or `private: true`).",
                count=tally.held,
            )
        )
    if tally.trouble:
        show.line(tally.trouble)


def _show_own(report: OwnReport) -> None:
    from rag.evals.ranked import NAMES

    kinds = report.kinds()
    shares = ("cited", "answered", "avoided", "abstained")
    columns = [name for name in (*NAMES, *shares) if any(name in means for means in kinds.values())]
    rows = [
        (kind, str(int(means["questions"])), *(_percent(means.get(name)) for name in columns))
        for kind, means in kinds.items()
    ]
    typer.echo(_table(("kind", "questions", *columns), rows))
    if report.stale:
        show.line(
            say(
                "{count} questions are stale and were not asked: a note is gone, or a quote no longer stands in it: {ids}",
                count=len(report.stale),
                ids=", ".join(case.id for case in report.stale[:_WORST]),
            )
        )
    if worst := report.worst(_WORST):
        typer.echo("\n" + say("Found worst:"))
    for outcome in worst:
        rank = str(outcome.rank) if outcome.rank else "-"
        typer.echo(
            say(
                "- {id}: {question} (rank {rank}; wanted {wanted}; found {found})",
                id=outcome.case.id,
                question=outcome.case.question,
                rank=rank,
                wanted=", ".join(dict.fromkeys(gold.note for gold in outcome.case.gold)),
                found=", ".join(outcome.found[:3]) or "-",
            )
        )


def _show_comparison(found: Outcome) -> None:
    from rag.evals import runs

    if found.comparison is None:
        return
    typer.echo("\n" + runs.render([found.comparison]))
    if found.uncompared:
        show.line(
            say(
                "{count} questions are new or were changed since the run '{run}': they are not compared.",
                count=found.uncompared,
                run=found.comparison.run,
            )
        )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells as a Markdown table, padded so that it can be read as it is."""
    table = [tuple(header), *map(tuple, rows)]
    widths = [max(show.width(row[n]) for row in table) for n in range(len(header))]
    lines = [
        "| "
        + " | ".join(cell + " " * (width - show.width(cell)) for cell, width in zip(row, widths, strict=True))
        + " |"
        for row in table
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join((lines[0], rule, *lines[1:]))
