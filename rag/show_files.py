"""What the terminal shows of files: what became of each, and one file's story."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from rag import show
from rag.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import Console

    from rag.coverage import Contents, Dated, Passage, Story
    from rag.forget import Forgotten
    from rag.store.catalogue import FileRow

_LISTED = 20
_WORDS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "indexed": lambda: say("indexed"),
        "skipped": lambda: say("skipped"),
        "failed": lambda: say("failed"),
        "unknown": lambda: say("unknown"),
        "there is no such file": lambda: say("there is no such file"),
        "it lies in no registered folder": lambda: say("it lies in no registered folder"),
        "it is a folder": lambda: say("it is a folder"),
        "not synced yet": lambda: say("not synced yet"),
        "white space": lambda: say("white space"),
        "layout": lambda: say("layout"),
        "shortcode": lambda: say("shortcode"),
        "comment": lambda: say("comment"),
        "base64": lambda: "base64",
        "drawing": lambda: say("drawing"),
        "markup": lambda: say("markup"),
        "boilerplate": lambda: say("boilerplate"),
    }
)
_UNEXPLAINED = "unexplained"

Row = tuple[str, str]


def files(out: Console, found: Sequence[FileRow]) -> None:
    """One line a file."""
    for one in found:
        told = (
            f": {show.in_words(one.reason.removeprefix(one.id + ': '))}"
            if one.reason
            else f": {_passages(one.passages)}"
        )
        out.print(f"{word(one.status)}  {show.name(one.id)}{told}")
        for warning in one.warnings:
            out.print(f"    {warning}")


def word(text: str) -> str:
    """A word of the catalogue's, or a reason, in the reader's language."""
    return _WORDS[text]() if text in _WORDS else show.in_words(text)


def story(out: Console, told: Story) -> None:
    """Everything that is known of one file."""
    rows = story_rows(told)
    width = max(show.width(name) for name, _ in rows)
    for name, value in rows:
        out.print(name + " " * (width - show.width(name) + 2) + value)


def story_rows(told: Story) -> list[Row]:
    """The same as names and values; a name is empty where it is the one before."""
    return [*_outside(told), *(_inside(told.contents) if told.contents else ())]


def forgotten(done: Forgotten, *, undo: bool) -> None:
    """What was forgotten, and that the files are as they were."""
    count = len(done.files)
    if undo:
        show.line(say("{count} files are no longer forgotten. To read them: footnotes sync", count=count))
        return
    show.line(
        say(
            "{count} files forgotten, {passages} passages removed for good. The files themselves were not touched.",
            count=count,
            passages=done.passages,
        )
    )
    if not done.is_complete:
        show.line(
            say("Another process still reads an older state; to clear the rest, run later: footnotes sync")
        )


def _outside(told: Story) -> Iterator[Row]:
    yield say("known as"), show.name(told.id)
    if told.path and told.path != told.id:
        yield say("file"), show.name(told.path)
    reason = f": {word(told.reason)}" if told.reason else ""
    yield say("status"), word(told.status) + reason
    if told.remedy:
        yield say("remedy"), show.name(told.remedy)
    if told.seen:
        yield say("seen"), told.seen + (say(" (the file has changed or gone since)") if told.changed else "")
    if told.size is not None:
        yield say("size"), say("{count} bytes, modified {time}", count=told.size, time=told.modified)
    if told.sha256:
        yield "SHA-256", told.sha256


def _inside(held: Contents) -> Iterator[Row]:
    yield say("title"), show.name(held.title)
    encoding = f", {held.encoding}" if held.encoding else ""
    yield (
        say("read as"),
        say(
            "{format} by {loader}{encoding}, {count} characters",
            format=held.format,
            loader=held.loader or "?",
            encoding=encoding,
            count=held.characters,
        ),
    )
    if held.tags:
        yield say("tags"), " ".join(f"#{tag}" for tag in held.tags)
    yield from ((say("date"), _date(one)) for one in held.dates)
    for mask in held.masks:
        yield (
            say("left out"),
            say(
                "{reason}: {ranges} places, {count} characters",
                reason=word(mask.reason),
                ranges=mask.ranges,
                count=mask.characters,
            ),
        )
    yield from _passage_rows(held)
    yield from _link_rows(held)
    yield from ((say("note that"), warning) for warning in held.warnings)


def _date(one: Dated) -> str:
    days = one.first if one.first == one.last else f"{one.first} - {one.last}"
    shared = say(" (shared by many notes: probably an import)") if one.shared else ""
    return (
        say(
            "{days} from {source}, confidence {confidence}",
            days=days,
            source=one.source,
            confidence=one.confidence,
        )
        + (f" {one.zone}" if one.zone else "")
        + shared
    )


def _passage_rows(held: Contents) -> Iterator[Row]:
    embedded = "" if held.embedded is None else say(", {count} embedded", count=held.embedded)
    yield say("passages"), str(len(held.passages)) + embedded
    for one in held.passages[:_LISTED]:
        heading = "  " + " > ".join(one.heading) if one.heading else ""
        whose = f"  ({show.whose(one.speaker)})" if one.speaker else ""
        yield "", _where(one) + heading + whose
    if len(held.passages) > _LISTED:
        yield "", say("... and {count} more; --json lists them all", count=len(held.passages) - _LISTED)
    parts = [
        say("{reason}: {count} characters", reason=word(reason), count=count)
        for reason, count in held.uncovered.items()
        if reason != _UNEXPLAINED
    ]
    parts.append(say("unexplained: {count} characters", count=held.unexplained))
    yield say("in no passage"), "; ".join(parts)


def _where(one: Passage) -> str:
    if one.page is not None:
        return say("page {page}", page=one.page)
    first, last = one.lines
    return (
        say("line {line}", line=first)
        if first == last
        else say("lines {first}-{last}", first=first, last=last)
    )


def _link_rows(held: Contents) -> Iterator[Row]:
    for link in held.links[:_LISTED]:
        yield (
            say("link"),
            f"{link.target} -> {link.resolved}"
            if link.resolved
            else say("{target} (leads to no note)", target=link.target),
        )
    if len(held.links) > _LISTED:
        yield "", say("... and {count} more; --json lists them all", count=len(held.links) - _LISTED)


def _passages(count: int) -> str:
    return say("{count} passages", count=count)
