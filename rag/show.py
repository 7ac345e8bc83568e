"""What the terminal shows: answers with footnotes, hits, reports, progress."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from rag.messages import explain, say
from rag.types import IN_LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import Console
    from rich.text import Text

    from ingest.pipeline import FileIssue, Progress, SyncReport
    from rag.health import Finding, Status
    from rag.types import Answer, Chunk, Citation, Hit, Part, Retrieval, SentenceSupport, Speaker, Trace

_QUOTE = 300
_LISTED = 10
_LINE_EVERY_S = 2.0


def console() -> Console:
    """Standard output; plain where it is no terminal."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, emoji=False, markup=False)


def line(message: str) -> None:
    """One line on standard error: remarks and errors, so that standard output stays data."""
    sys.stderr.write(message.replace("\n", " ") + "\n")


def streamed(out: Console, pieces: Iterable[str | Answer]) -> Answer:
    """Print an answer as it is written; returns it.

    A model's server may fail half way: then the whole answer that replaces its text is printed after it.
    """
    shown: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            shown.append(piece)
            out.print(piece, end="")
            continue
        out.print()
        if "".join(shown).strip() != piece.text.strip():
            out.print()
            out.print(piece.text)
        return piece
    raise AssertionError  # a stream always ends with its answer


def last(pieces: Iterable[str | Answer]) -> Answer:
    """The answer that a stream ends with."""
    for piece in pieces:
        if not isinstance(piece, str):
            return piece
    raise AssertionError  # a stream always ends with its answer


def trace(found: Trace) -> None:
    """What was understood of the question, what a list was gathered from, and remarks."""
    if found.filters:
        line(say("Understood: {parts}", parts=", ".join(map(_part, found.filters))))
    if found.in_range and found.used is not None:
        line(say("{used} of {count} notes are shown.", used=found.used, count=found.in_range))
    for remark in found.notes:
        line(remark)
    for one in found.sent:
        if one.far:
            line(
                say(
                    "{server} was sent {count} notes for {model}, {masked} secrets masked.",
                    server=one.server,
                    count=len(one.notes),
                    model=one.model,
                    masked=one.masked,
                )
            )


def _part(found: Part) -> str:
    if not found.written or found.written == found.meaning:
        return found.meaning
    return f"{found.written} → {found.meaning}"


def footnotes(out: Console, found: Answer) -> None:
    """Quote, place and heading path of each marker, and what is not sure."""
    if found.doubtful:
        line(say("The notes may not say this. It is the nearest that they do."))
    for cited in found.citations:
        out.print()
        out.print(_footnote(cited))
    for one in found.support if not found.abstained else ():
        if not one.supported:
            line(_doubt(one))


def _doubt(one: SentenceSupport) -> str:
    """What a sentence's footnotes do not support, and what they lack."""
    form = (
        say("Only partly supported by its footnotes: {sentence}", sentence=one.sentence)
        if one.partly
        else say("Not supported by its footnotes: {sentence}", sentence=one.sentence)
    )
    return f"{form} ({say('not found: {what}', what=', '.join(one.missing))})" if one.missing else form


def hits(out: Console, found: Retrieval) -> None:
    """Ranked passages."""
    for rank, one in enumerate(found.hits, 1):
        out.print(_hit(one, rank))
        out.print()


def name(path: str) -> str:
    """A path on one line, whatever characters its maker put into it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in path)


def place(path: str, where: Citation | Chunk) -> str:
    """``root/path:12``, ``root/path:12-14``, ``root/path, page 3``; only the path where lines would be an extract's."""
    path = name(path)
    if where.page is not None:
        return _PAGES.get(where.format, _PAGES["pdf"])(path, where.page)
    if where.format not in IN_LINES:
        return path
    first, last = where.lines
    return f"{path}:{first}" if first == last else f"{path}:{first}-{last}"


def via(names: Sequence[str]) -> str:
    """How the graph led to a passage: ``via [[Qdrant]] → 向量数据库``."""
    return say("via {path}", path=" → ".join(map(name, names)))


def whose(speaker: Speaker) -> str:
    """Whose words a quote is, where that is not simply the note's."""
    if speaker == "user":
        return say("you wrote")
    if speaker == "model":
        return say("a model told you")
    if speaker == "person":
        return say("somebody else wrote")
    return say("written by a machine") if speaker == "machine" else ""


_PAGES: Mapping[str, Callable[[str, int], str]] = MappingProxyType(
    {
        "pdf": lambda path, page: say("{path}, page {page}", path=path, page=page),
        "slides": lambda path, page: say("{path}, slide {page}", path=path, page=page),
        "sheets": lambda path, page: say("{path}, sheet {page}", path=path, page=page),
        "book": lambda path, page: say("{path}, chapter {page}", path=path, page=page),
        "notebook": lambda path, page: say("{path}, cell {page}", path=path, page=page),
    }
)


def sync_report(report: SyncReport) -> None:
    """A summary, then what is missing from the index and why."""
    line(
        say(
            "{documents} notes, {chunks} passages: {added} added, {changed} changed, {moved} moved, "
            "{removed} removed, {unchanged} unchanged, {skipped} skipped, {failed} failed ({seconds} s)",
            documents=report.documents,
            chunks=report.chunks,
            added=report.added,
            changed=report.changed,
            moved=report.moved,
            removed=report.removed,
            unchanged=report.unchanged,
            skipped=len(report.skipped),
            failed=len(report.failed),
            seconds=f"{report.seconds:.1f}",
        )
    )
    for reason, count in Counter(issue.reason for issue in report.skipped).most_common():
        line(say("skipped: {count} x {reason}", count=count, reason=in_words(reason)))
    _issues(say("failed"), report.failed)
    _issues(say("note"), report.warnings)
    for refusal in report.refused:
        line(explain(refusal))
    if report.model and report.model_wished:
        line(other_model(report.model, report.model_wished))
    if report.unpushed:
        line(report.unpushed)


def status(out: Console, found: Status) -> None:
    """What the home holds."""
    rows = [
        (say("home"), f"{found.home} ({found.size_bytes / 1e6:.1f} MB)"),
        *((say("root"), f"{r.name}  {r.path}  ({r.documents})") for r in found.roots),
        (say("notes"), str(found.documents)),
        (say("passages"), str(found.chunks)),
        (say("files"), _found(found)),
        *((say("skipped"), f"{n} x {in_words(reason)}") for reason, n in found.skipped_for.items()),
        *([(say("images of the web"), _images(found))] if found.images else []),
        (say("full text"), _generation(found.lexical, found.generation)),
        (
            say("dense"),
            _generation(found.dense, found.generation)
            if found.dense
            else say("off: no embedding model; search is lexical only"),
        ),
        (say("embedding model"), f"{found.model} [{found.model_hash}]" if found.model else say("none")),
        *([(say("kept for --rollback"), found.model_previous)] if found.model_previous else []),
        (say("language model"), found.llm or say("none; answers are extractive")),
        (say("version"), found.version),
    ]
    widest = max(width(name) for name, _ in rows)
    for name, value in rows:
        out.print(name + " " * (widest - width(name) + 2) + value)
    if found.changed:
        out.print(changed_files(found.changed))
    if found.model and found.model_wished:
        out.print(other_model(found.model, found.model_wished))


def _found(status: Status) -> str:
    return say(
        "{found} found: {indexed} indexed, {skipped} skipped, {failed} failed",
        found=status.found,
        indexed=status.documents,
        skipped=status.skipped,
        failed=status.failed,
    )


def _images(status: Status) -> str:
    return say("{fetched} of {count} fetched", fetched=status.images_fetched, count=status.images)


def in_words(reason: str) -> str:
    """Why a file is not indexed, in the reader's language."""
    from ingest.walk import template_of

    template, values = template_of(reason)
    return say(template, **values)


def findings(out: Console, found: Sequence[Finding]) -> None:
    """One line a check."""
    for one in found:
        mark = "ok  " if one.ok else "FAIL"
        detail = f": {one.detail}" if one.detail else ""
        remedy = say(" Remedy: {remedy}", remedy=one.remedy) if one.remedy else ""
        out.print(f"{mark} {one.check}{detail}{remedy}")


def changed_files(count: int) -> str:
    """The line that search and ask add when files have changed."""
    return say("{count} files changed since the last sync. Run: footnotes sync", count=count)


def other_model(model: str, wished: str) -> str:
    """The line that tells a wish from the fact."""
    return say(
        "Answers still come from {model}. `footnotes reindex` switches to {wished}.",
        model=model,
        wished=wished,
    )


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal, plain lines elsewhere, nothing when quiet."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar() as step:
            yield step
    else:
        yield _PlainSteps()


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        names = {"sync": say("Reading notes"), "embed": say("Embedding passages")}
        task = bar.add_task(names["sync"], total=None)
        yield lambda p: bar.update(task, description=names[p.stage], completed=p.done, total=p.total)


class _PlainSteps:
    """A line a batch of files; while passages are embedded, a line every few seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, step: Progress) -> None:
        if step.stage == "sync":
            line(say("{done} of {total} files read", done=step.done, total=step.total))
        elif time.monotonic() - self._last > _LINE_EVERY_S:
            self._last = time.monotonic()
            line(say("{done} of {total} passages embedded", done=step.done, total=step.total))


def _footnote(cited: Citation) -> Text:
    from rich.text import Text

    text = Text(f"[{cited.marker}] ", style="bold")
    text.append(_quote(cited.quote), style="not bold")
    text.append("\n    ")
    link = f"not bold cyan link {cited.uri}" if cited.uri else "not bold cyan"
    text.append(place(cited.doc_id, cited), style=link)
    if cited.heading:
        text.append("  " + " > ".join(cited.heading), style="not bold dim")
    if said := whose(cited.speaker):
        text.append(f"  ({said})", style="not bold magenta")
    if cited.notes:
        text.append("  " + say("shown in {notes}", notes=", ".join(cited.notes)), style="not bold dim")
    if cited.changed:
        text.append("  " + say("(the file has changed or gone since the last sync)"), style="not bold yellow")
    return text


def _hit(found: Hit, rank: int) -> Text:
    from rich.text import Text

    chunk = found.chunk
    text = Text(f"{rank}. {chunk.title}", style="bold")
    text.append(f"  {place(chunk.doc_id, chunk)}", style="not bold cyan")
    sources = ", ".join(f"{name} #{r}" for name, r in found.ranks.items())
    if said := whose(chunk.speaker):
        text.append(f"  ({said})", style="not bold magenta")
    text.append(f"  {found.score:.3f} ({sources})", style="not bold dim")
    if found.via:
        text.append("\n   " + via(found.via), style="not bold magenta")
    text.append("\n   " + _quote(chunk.text), style="not bold")
    return text


def _quote(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _QUOTE else flat[: _QUOTE - 1] + "…"


def _issues(label: str, issues: Sequence[FileIssue]) -> None:
    for issue in issues[:_LISTED]:
        reason = issue.reason if issue.path in issue.reason else f"{issue.path}: {issue.reason}"
        line(f"{label}: {reason}")
    if len(issues) > _LISTED:
        line(say("... and {count} more; --json lists them all", count=len(issues) - _LISTED))


def _generation(index: dict[str, int], now: int) -> str:
    state = say("up to date") if index["generation"] == now else say("behind")
    return say("{count} passages, {state}", count=index["count"], state=state)


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    from rich.cells import cell_len

    return cell_len(text)
