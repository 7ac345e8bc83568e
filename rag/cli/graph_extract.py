"""``footnotes graph extract``: let the configured language model read facts in the notes."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rag import show
from rag.cli.options import (
    ConfigOption,
    HomeOption,
    JsonOption,
    SetOption,
    no_notes,
    open_engine,
    print_json,
)
from rag.messages import say

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.triples import Estimate, Report, Work

_INTERRUPTED = 130
_MINUTE, _HOUR = 60, 3600


def extract(
    *,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Read at most so many passages.", show_default=False)
    ] = None,
    only_estimate: Annotated[
        bool, typer.Option("--estimate", help="Tell what it would take, and ask the model nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before going on.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Let the configured language model read facts in the notes, for the graph. Run it again to go on."""
    from rag import triples

    with open_engine(home, config_file, settings) as engine:
        if not engine.roots():
            raise no_notes()
        work = triples.work(engine, limit)
        first = triples.estimate(engine, work)
        if only_estimate:
            if as_json:
                print_json(asdict(first))
            else:
                _print_estimate(first)
            return
        report = triples.Report(held_back=work.held_back)
        try:
            _run(engine, work, first, report, quiet=as_json, asks=not (yes or as_json) and _is_interactive())
        except KeyboardInterrupt:
            show.line(say("Stopped. What was committed is kept; run the command again to go on."))
            raise typer.Exit(_INTERRUPTED) from None
        finally:
            report.notes = triples.join(engine)
            if as_json:
                print_json({"estimate": asdict(first), "report": asdict(report)})
            else:
                _print_report(report, work)


def _run(engine: Engine, work: Work, first: Estimate, report: Report, *, quiet: bool, asks: bool) -> None:
    """The first request measures the time, unless that is known; then, on a terminal, the user is asked."""
    from rag import triples

    requests = work.requests
    if requests and first.seconds is None:
        _tell(first, quiet=quiet)
        triples.extract(engine, requests[:1], report)
        requests = requests[1:]
    rest = triples.Work(requests, work.read + report.read, report.held_back, work.left)
    if not requests:
        return
    _tell(triples.estimate(engine, rest), quiet=quiet)
    if asks:
        typer.confirm(say("Go on?"), default=True, abort=True)
    triples.extract(engine, requests, report, _progress)


def _is_interactive() -> bool:
    return sys.stdin.isatty()


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():  # what it writes, it takes back
        sys.stderr.write(f"\r\x1b[2K{done}/{total}" + ("\r\x1b[2K" if done == total else ""))


def _tell(found: Estimate, *, quiet: bool) -> None:
    for told in [] if quiet else _estimate_lines(found):
        show.line(told)


def _print_estimate(found: Estimate) -> None:
    out = show.console()
    for told in _estimate_lines(found):
        out.print(told)
    if found.held_back:
        out.print(_held_back(found.held_back))


def _estimate_lines(found: Estimate) -> list[str]:
    lines = [
        say(
            "{passages} passages to read in {calls} requests: about {tokens_in} tokens in, {tokens_out} out. "
            "{read} are read already, {left} are left for another run.",
            passages=found.passages,
            calls=found.calls,
            tokens_in=found.tokens_in,
            tokens_out=found.tokens_out,
            read=found.read,
            left=found.left,
        )
    ]
    if found.calls and found.seconds is None:
        lines.append(say("How long it takes is measured with the first request."))
    elif found.calls and found.seconds is not None:
        lines.append(say("It takes about {time}, as measured so far.", time=_duration(found.seconds)))
    return lines


def _print_report(report: Report, work: Work) -> None:
    out = show.console()
    if not work.requests:
        out.print(say("Nothing to read: {read} passages are read already.", read=work.read))
    elif report.read or report.failed:
        out.print(
            say(
                "{read} passages read in {calls} requests ({time}): {triples} facts kept, in {notes} notes.",
                read=report.read,
                calls=report.calls,
                time=_duration(report.seconds),
                triples=report.triples,
                notes=report.notes,
            )
        )
    if report.unfounded or report.senseless:
        out.print(
            say(
                "{unfounded} facts dropped whose names do not stand in their passage, {senseless} that are not whole.",
                unfounded=report.unfounded,
                senseless=report.senseless,
            )
        )
    for reason, count in report.failed.most_common():
        out.print(say("{count} passages could not be read: {reason}", count=count, reason=_reason(reason)))
    if report.failed:
        out.print(say("The next run tries them again, one by one."))
    if report.held_back:
        out.print(_held_back(report.held_back))


def _held_back(count: int) -> str:
    return say(
        "{count} passages are held back from the language model (llm.never_send, or `private: true`).",
        count=count,
    )


def _reason(reason: str) -> str:
    from rag import triples

    return {
        triples.NO_JSON: say("the reply holds no JSON"),
        triples.CUT: say("the reply stops halfway"),
        triples.LEFT_OUT: say("the reply leaves them out"),
        triples.SENSELESS: say("the reply's facts are not whole"),
    }.get(reason, reason)


def _duration(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"
