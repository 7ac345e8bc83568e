"""The notes page: folders, what a sync does, files and one file's story, as HTML. Pure functions; names are escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import show, show_files
from rag.errors import FootnotesError
from rag.messages import explain
from ui.source import escape, path_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.coverage import Story
    from rag.store.catalogue import FileRow, Root
    from ui.job import State
    from ui.text import Text

_STATUSES = ("indexed", "skipped", "failed")
_LISTED = 10  # names of files that a sync says


def folders_html(roots: Sequence[Root], counts: Mapping[str, int], text: Text, *, is_local: bool) -> str:
    """Each folder with its notes and, where only this machine sees it, its place and all that can be done with it."""
    if not roots:
        return f'<p class="none">{text("folders.none")}</p>'
    items = (_folder(root, counts.get(root.name, 0), text, is_local=is_local) for root in roots)
    return f'<ul class="folders">{"".join(items)}</ul>'


def _folder(root: Root, count: int, text: Text, *, is_local: bool) -> str:
    name = escape(root.name)
    there = root.path is None or root.path.is_dir()
    missing = "" if there else f'<em class="badge warn">{text("folders.missing")}</em>'
    where = f'<span class="at"><bdi>{escape(str(root.path))}</bdi></span>' if root.path and is_local else ""
    acts = [_button("sync", text("folders.sync"), root=name)] if root.path else []
    if is_local:
        sure = text("folders.remove_sure", name=name)
        acts += [
            _button("rename", text("folders.rename"), root=name, ask=text("folders.rename_to")),
            _button("remove", text("folders.remove"), root=name, sure=sure),
        ]
    return (
        f"<li><p><b><bdi>{name}</bdi></b> <span>{text.count('documents', count)}</span>{missing}</p>{where}"
        f'<p class="do">{"".join(acts)}</p></li>'
    )


def _button(act: str, label: str, **data: str) -> str:
    attributes = "".join(f' data-{key}="{value}"' for key, value in data.items())
    return f'<button type="button" class="act" data-act="{act}"{attributes}>{label}</button>'


# --- a sync ------------------------------------------------------------------------------------------------------


def job_html(state: State, text: Text, *, is_local: bool) -> str:
    """Where a sync is, or how it ended; nothing where there was none. Lines that name places are for this machine alone."""
    if state.running:
        return _running(state, text)
    if state.error is not None:
        known = is_local and isinstance(state.error, FootnotesError)
        line = explain(state.error) if known else text("unexpected", kind=type(state.error).__name__)  # type: ignore[arg-type]
        return f'<p class="said bad" role="alert">{escape(line)}</p>'
    if state.report is None:
        return f'<p class="said" role="status">{text("sync.stopped")}</p>' if state.stopped else ""
    report = state.report
    numbers = {name: getattr(report, name) for name in ("added", "changed", "moved", "removed", "unchanged")}
    done = text("sync.done", documents=f"{report.documents:,}", seconds=f"{report.seconds:.1f}", **numbers)
    refused = "".join(_refused(error, text, is_local=is_local) for error in report.refused)
    failed = "".join(
        f"<li>{escape(f'{one.path}: {show.in_words(one.reason)}')}</li>" for one in report.failed[:_LISTED]
    )
    more = f'<ul class="issues">{failed}</ul>' if failed else ""
    return f'<p class="said" role="status">{done}</p>{refused}{more}'


def _running(state: State, text: Text) -> str:
    at = state.progress
    if at is None or not at.total:
        line, bar = text("sync.looking"), "<progress></progress>"
    else:
        line = text(
            f"sync.{'embed' if at.stage == 'embed' else 'reading'}",
            done=f"{at.done:,}",
            total=f"{at.total:,}",
        )
        bar = f'<progress max="{at.total}" value="{at.done}"></progress>'
    path = f'<span class="at"><bdi>{escape(at.path)}</bdi></span>' if at and at.path else ""
    stop = text("sync.stopping") if state.stopped else _button("stop", text("stop"))
    return f'<div class="said" data-running="true"><p role="status">{line} · {state.seconds:.0f} s</p>{bar}{path}<p class="do">{stop}</p></div>'


def _refused(error: FootnotesError, text: Text, *, is_local: bool) -> str:
    """A folder that was left alone, and the way to have it synced all the same, if it has only lost notes."""
    name = str(error.values.get("name", ""))
    if not is_local:
        return f'<p class="said bad" role="alert">{text("sync.refused", name=escape(name))}</p>'
    lost = "lost" in error.values
    accept = (
        _button(
            "accept", text("sync.accept"), root=escape(name), sure=text("sync.accept_sure", name=escape(name))
        )
        if lost
        else ""
    )
    return f'<p class="said bad" role="alert">{escape(explain(error))} {accept}</p>'


# --- files -------------------------------------------------------------------------------------------------------


def files_html(rows: Sequence[FileRow], query: str, status: str, most: int, text: Text) -> str:
    """Files whose path holds a text, of one status or all; how many there are of each."""
    held = [row for row in rows if query.casefold() in row.id.casefold()]
    counts = {name: sum(row.status == name for row in held) for name in _STATUSES}
    counts[""] = len(held)
    tabs = "".join(_tab(name, counts[name], name == status, text) for name in ("", *_STATUSES))
    shown = [row for row in held if status in {"", row.status}]
    items = "".join(_file(row, text) for row in shown[:most])
    rest = len(shown) - most
    more = (
        f'<p><button type="button" class="more" data-most="{most * 4}">{text("files.more", count=f"{rest:,}")}</button></p>'
        if rest > 0
        else ""
    )
    return f'<p class="tabs">{tabs}</p><ul class="files">{items}</ul>{more}'


def _tab(status: str, count: int, pressed: bool, text: Text) -> str:
    label = text(f"status.{status or 'all'}")
    return (
        f'<button type="button" class="tab" data-status="{status}" aria-pressed="{str(pressed).lower()}">'
        f"{label} {count:,}</button>"
    )


def _file(row: FileRow, text: Text) -> str:
    reason = (
        show.in_words(row.reason.removeprefix(f"{row.id}: "))
        if row.reason
        else text.count("passages", row.passages)
    )
    return (
        f'<li><details class="file {row.status}" data-id="{escape(row.id)}"><summary>{path_html(row.id)}'
        f'<span class="reason">{escape(reason)}</span></summary><div class="story"></div></details></li>'
    )


def story_html(told: Story) -> str:
    """Everything that is known of one file."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd dir=auto>{escape(value)}</dd>"
        for name, value in show_files.story_rows(told)
    )
    return f"<dl>{rows}</dl>"
