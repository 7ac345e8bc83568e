"""``footnotes images``: images of the web that notes show."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rag import show
from rag.cli.options import ConfigOption, HomeOption, JsonOption, SetOption, open_engine, print_json
from rag.messages import say, translated

if TYPE_CHECKING:
    from rag.images import FetchReport, HostImages, Status

app = typer.Typer(
    help="Images of the web in your notes: count them, fetch them from listed hosts.", no_args_is_help=True
)
_LISTED = 20
_REASONS = 3


@app.command("status")
def status(
    *,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """How many there are, by host, and what became of them. Nothing is fetched."""
    from rag import images

    with open_engine(home, config_file, settings) as engine:
        found = images.status(engine)
    if as_json:
        print_json(asdict(found))
    else:
        _print_status(found)


@app.command("fetch")
def fetch(
    *,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Ask for at most so many.", show_default=False)
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Also those that failed before.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
    settings: SetOption = None,
) -> None:
    """Fetch images from the hosts in images.hosts, and read them. Run it again to go on."""
    from ingest import ocr
    from rag import images

    with open_engine(home, config_file, settings) as engine:
        report = images.fetch_all(engine, limit=limit, retry=retry, progress=_progress)
        listed = bool(engine.settings.images.hosts)
    if as_json:
        print_json(asdict(report))
    else:
        _print_report(report, listed=listed)
    if report.fetched and not ocr.available():
        show.line(say("They are kept, and read once this is installed: pip install 'footnotes[ocr]'"))


def _progress(number: int, count: int, url: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{number}/{count} {url[:80]}" + ("\r\x1b[2K" if number == count else ""))


def _print_status(found: Status) -> None:
    out = show.console()
    if not found.images:
        out.print(say("No note shows an image of the web."))
        return
    out.print(say("{images} images of the web in {notes} notes", images=found.images, notes=found.notes))
    for host in found.hosts[:_LISTED]:
        out.print("  " + _host_line(host))
    if len(found.hosts) > _LISTED:
        out.print("  " + say("and {count} more hosts (--json lists them)", count=len(found.hosts) - _LISTED))
    closed = [one.host for one in found.hosts if not one.allowed and one.waiting]
    if closed:
        out.print(say("To let `footnotes images fetch` ask a host, list it in config.yaml, for example:"))
        out.print(f"images:\n  hosts: [{', '.join(closed[:_REASONS])}]")
    elif any(one.waiting for one in found.hosts):
        out.print(say("`footnotes images fetch` fetches them."))


def _host_line(host: HostImages) -> str:
    line = say(
        "{host}: {fetched} fetched, {failed} failed, {waiting} not fetched",
        host=host.host or "?",
        fetched=host.fetched,
        failed=host.failed,
        waiting=host.waiting,
    )
    if not host.allowed:
        line += say(" (not in images.hosts)")
    reasons = "; ".join(f"{translated(reason)} ({count})" for reason, count in host.reasons[:_REASONS])
    return f"{line}: {reasons}" if reasons else line


def _print_report(report: FetchReport, *, listed: bool) -> None:
    out = show.console()
    if not listed:
        out.print(
            say(
                "No host is listed in images.hosts: nothing was fetched. `footnotes images status` names the hosts."
            )
        )
    out.print(
        say(
            "{fetched} fetched, {failed} failed, {waiting} left, {closed} of hosts that are not listed",
            fetched=report.fetched,
            failed=len(report.failed),
            waiting=report.waiting,
            closed=report.not_allowed,
        )
    )
    if report.removed:
        out.print(say("{count} removed that no note shows any more", count=report.removed))
    for url, reason in report.failed[:_LISTED]:
        show.line(f"{url}: {translated(reason)}")
