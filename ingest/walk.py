"""What lies in a root's folder: every file with its document id and state, and what is left out and why."""

from __future__ import annotations

import fnmatch
import os
import stat
import time
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import RootError
from rag.store.catalogue import FileState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rag.store.catalogue import Root

# Why a file is skipped; shown to people, in their language.
LINK = "symbolic link"
NOT_A_FILE = "not a regular file"
NO_LOADER = "no loader for this file type"
TOO_LARGE = "larger than sync.max_file_mb"
BAD_NAME = "file name is not valid UTF-8"
LEFT_OUT = "folder left out by sync.exclude"
REASONS = (LINK, NOT_A_FILE, NO_LOADER, TOO_LARGE, BAD_NAME, LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a root: its document id, where it lies, and its state."""

    id: str
    path: Path
    state: FileState


@dataclass(frozen=True, slots=True)
class Skip:
    """A file that is not read, and why."""

    found: Found
    reason: str


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What a scan leaves out, and which rows it does not trust.

    Attributes:
        exclude: glob patterns for names of files and folders.
        max_bytes: larger files are skipped.
        recipe: of a file's name; rows made by another one are made again.
        supported: whether there is a loader for a file name.
        keep_out: folders that are not entered: the home.
        verify: hash every file, whatever its size and times say.
        damaged: documents whose rows are to be made again.
    """

    exclude: tuple[str, ...]
    max_bytes: int
    recipe: Callable[[str], str]
    supported: Callable[[str], bool]
    keep_out: tuple[Path, ...] = ()
    verify: bool = False
    damaged: frozenset[str] = frozenset()


@dataclass(slots=True)
class Walk:
    """What a walk met."""

    found: list[Found] = field(default_factory=list)
    unlisted: dict[str, str] = field(default_factory=dict)  # folders that cannot be entered, and why
    left_out: list[str] = field(default_factory=list)  # folders that sync.exclude names
    skipped: list[Skip] = field(default_factory=list)
    unreadable: list[Skip] = field(default_factory=list)


def document_id(root: str, relative: str) -> str:
    """``root/relative/path``: forward slashes, NFC (macOS stores names decomposed)."""
    return unicodedata.normalize("NFC", f"{root}/{relative.replace(os.sep, '/')}")


def folder_of(root: Root) -> Path:
    """A root's folder, which is there.

    Raises:
        RootError: it is not; what is known of it is kept.
    """
    if root.path is None or not root.path.is_dir():
        raise RootError(
            "The folder {path} of root {name!r} is missing; its notes are kept. "
            "Mount it, or run `footnotes roots remove {name}`.",
            path=root.path,
            name=root.name,
        )
    return root.path


def walk(root: Root, rules: ScanRules) -> Walk:
    """Look at every file of a root.

    Raises:
        RootError: its folder is missing or cannot be listed.
    """
    seen = Walk()
    for entry, relative, doc_id in identified(root, rules, seen):
        path = Path(entry.path)
        try:
            info = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # it went while we looked
        except OSError as e:
            seen.unreadable.append(Skip(nowhere(doc_id, path, relative), e.strerror or str(e)))
            continue
        if not _is_text(relative):
            seen.skipped.append(Skip(Found(doc_id, path, state_of(info, doc_id)), BAD_NAME))
            continue
        found = Found(doc_id, path, state_of(info, relative))
        if reason := _reason_to_skip(entry, info, rules):
            seen.skipped.append(Skip(found, reason))
        else:
            seen.found.append(found)
    return seen


def identified(
    root: Root, rules: ScanRules, seen: Walk, deadline: float | None = None
) -> Iterator[tuple[os.DirEntry[str], str, str]]:
    """Every file with its path in the root and its document id, each id once.

    Names that are NFC claim theirs first; a twin that differs only in Unicode normal form keeps its own spelling.

    Raises:
        TimeoutError: the deadline came first.
    """
    listed = []
    for entry, relative in _entries(root, rules, seen):
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError
        listed.append((entry, relative, document_id(root.name, relative)))
    listed.sort(key=lambda one: one[2] != f"{root.name}/{one[1]}")  # stable
    taken: set[str] = set()
    for entry, relative, wanted in listed:
        doc_id = storable(wanted if wanted not in taken else f"{root.name}/{relative}")
        while doc_id in taken:
            doc_id += "?"  # a name that spells out another's undecodable bytes
        taken.add(doc_id)
        yield entry, relative, doc_id


def _reason_to_skip(entry: os.DirEntry[str], info: os.stat_result, rules: ScanRules) -> str:
    if stat.S_ISLNK(info.st_mode):
        return LINK
    if not stat.S_ISREG(info.st_mode):
        return NOT_A_FILE
    if not rules.supported(entry.name):
        return NO_LOADER
    if info.st_size > rules.max_bytes:
        return TOO_LARGE
    return ""


def _entries(root: Root, rules: ScanRules, seen: Walk) -> Iterator[tuple[os.DirEntry[str], str]]:
    pending = [(folder_of(root), "")]
    while pending:
        folder, prefix = pending.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda e: e.name)
        except FileNotFoundError:
            folder_of(root)
            continue  # a folder that went while we looked
        except OSError as e:
            if prefix:
                seen.unlisted[prefix.rstrip("/")] = e.strerror or str(e)
                continue
            raise RootError(
                "The folder {path} cannot be listed: {reason}. Nothing of root {name!r} was changed.",
                path=folder,
                reason=e.strerror or e,
                name=root.name,
            ) from e
        for entry in listed:
            if Path(entry.path) in rules.keep_out:
                continue
            relative = f"{prefix}{entry.name}"
            is_folder = entry.is_dir(follow_symlinks=False)
            if _excluded(entry.name, rules.exclude):
                if is_folder:
                    seen.left_out.append(relative + "/")
                continue
            if is_folder:
                pending.append((Path(entry.path), relative + "/"))
            else:
                yield entry, relative


def _excluded(name: str, patterns: Sequence[str]) -> bool:
    normal = unicodedata.normalize("NFC", name)
    return any(fnmatch.fnmatchcase(normal, unicodedata.normalize("NFC", p)) for p in patterns)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def storable(name: str) -> str:
    """A name in which bytes that are no UTF-8 are spelled out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def state_of(info: os.stat_result, relative: str) -> FileState:
    """A file's state, looked at now."""
    return FileState(info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, time.time_ns(), relative)


def nowhere(doc_id: str, path: Path, relative: str) -> Found:
    """A file whose state cannot be read."""
    relative = relative if _is_text(relative) else doc_id
    return Found(doc_id, path, FileState(0, 0, 0, 0, 0, relative))
