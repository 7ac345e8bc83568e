"""What lies in a root's folder: every file with its document id and state, and what is left out and why."""

from __future__ import annotations

import os
import re
import stat
import time
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ingest import ignore, loaders
from rag.errors import RootError
from rag.store.catalogue import FileState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rag.store.catalogue import Root

    Only = Mapping[str, "Only | None"]

# Why a file is skipped or cannot be read; shown to people, in their language: see ``template_of``.
LINK = "symbolic link to {target}"
LINK_OUT = "symbolic link out of the folder"
NOT_A_FILE = "not a regular file"
NO_LOADER = "no loader for this file type"
NEEDS = "needs footnotes[{extra}]"
TOO_LARGE = "larger than sync.max_file_mb"
BAD_NAME = "file name is not valid UTF-8"
LEFT_OUT = "left out by `{pattern}` ({source})"
NOT_NAMED = "not named by sync.include"
RULES = "says which files are left out"
FORGOTTEN = "forgotten, as you asked"
BAD_RULES = "no gitignore pattern stands in line {lines}"
LOCKED = "the folder cannot be listed: {reason}"
REASONS = (
    LINK,
    LINK_OUT,
    NOT_A_FILE,
    NO_LOADER,
    NEEDS,
    TOO_LARGE,
    BAD_NAME,
    LEFT_OUT,
    NOT_NAMED,
    RULES,
    FORGOTTEN,
    BAD_RULES,
    LOCKED,
)
_JUNCTION = 0xA0000003  # Windows: a link that looks like a folder


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a root: its document id, where it lies, its state, and its encoding where the settings name one."""

    id: str
    path: Path
    state: FileState
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """A file or folder that is not read, and why. ``sha256``: of a forgotten file, so that it is known again."""

    found: Found
    reason: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What a scan leaves out, and which rows it does not trust.

    Attributes:
        exclude: gitignore patterns of files and folders that are not read; ``.footnotesignore`` files add to them.
        max_bytes: larger files are skipped.
        recipe: of a file's name; rows made by another one are made again.
        supported: whether there is a loader for a file name.
        keep_out: folders that are not entered: the home.
        verify: hash every file, whatever its size and times say.
        damaged: documents whose rows are to be made again.
        include: gitignore patterns of the files that are read; none: all.
        encodings: encoding of files, by gitignore pattern; the first that matches counts.
    """

    exclude: tuple[str, ...]
    max_bytes: int
    recipe: Callable[[str], str]
    supported: Callable[[str], bool]
    keep_out: tuple[Path, ...] = ()
    verify: bool = False
    damaged: frozenset[str] = frozenset()
    include: tuple[str, ...] = ()
    encodings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class Walk:
    """What a walk met."""

    found: list[Found] = field(default_factory=list)
    unlisted: dict[str, str] = field(default_factory=dict)  # folders that cannot be entered, and why
    skipped: list[Skip] = field(default_factory=list)
    unreadable: list[Skip] = field(default_factory=list)


class _Entry(NamedTuple):
    """A file, or a folder that is not entered (its path ends with a slash); ``reason``: it is not to be read."""

    entry: os.DirEntry[str]
    relative: str
    reason: str = ""
    is_bad: bool = False  # it should be read and cannot


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


def only(paths: Iterable[str]) -> Only | None:
    """What a partial walk looks at: names, each with what below it counts; None: everything there.

    Args:
        paths: in the root, as the disk spells them; a folder means all that lies below it, ``""`` the whole root.
    """
    wanted: dict[str, Only | None] = {}
    for path in paths:
        if not path:
            return None
        parts = path.split("/")
        inner: dict[str, Only | None] | None = wanted
        for part in parts[:-1]:
            inner = None if inner is None else inner.setdefault(part, {})  # type: ignore[assignment] # made here
        if inner is not None:
            inner[parts[-1]] = None
    return wanted


def walk(root: Root, rules: ScanRules, wanted: Only | None = None) -> Walk:
    """Look at every file of a root, or at those that are wanted.

    Raises:
        RootError: its folder is missing or cannot be listed.
        ConfigError: a setting holds a pattern that is none.
    """
    seen = Walk()
    judge = Judge(root, rules)
    for one, doc_id in identified(root, rules, seen, wanted):
        path = Path(one.entry.path)
        try:
            state, reason = judge(one, doc_id)
        except FileNotFoundError:
            continue  # it went while we looked
        except OSError as e:
            lost = nowhere(doc_id, path, one.relative)
            seen.unreadable.append(Skip(lost, e.strerror or str(e)))
            continue
        if reason:
            skip = Skip(Found(doc_id, path, state), reason)
            (seen.unreadable if one.is_bad else seen.skipped).append(skip)
        else:
            seen.found.append(Found(doc_id, path, state, judge.encoding_of(one.relative)))
    return seen


def identified(
    root: Root, rules: ScanRules, seen: Walk, wanted: Only | None = None, deadline: float | None = None
) -> Iterator[tuple[_Entry, str]]:
    """Every file, and every folder that is left out, with its document id, each id once.

    Names that are NFC claim theirs first; a twin that differs only in Unicode normal form keeps its own spelling.

    Raises:
        TimeoutError: the deadline came first.
    """
    listed = []
    for one in _entries(root, rules, seen, wanted):
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError
        listed.append((one, document_id(root.name, one.relative)))
    listed.sort(key=lambda pair: pair[1] != f"{root.name}/{pair[0].relative}")  # stable
    taken: set[str] = set()
    for one, wish in listed:
        doc_id = storable(wish if wish not in taken else f"{root.name}/{one.relative}")
        while doc_id in taken:
            doc_id += "?"  # a name that spells out another's undecodable bytes
        taken.add(doc_id)
        yield one, doc_id


class Judge:
    """Says of each file whether it is read, and if not, why.

    Raises:
        ConfigError: a setting holds a pattern that is none.
    """

    def __init__(self, root: Root, rules: ScanRules) -> None:
        self._real = os.path.realpath(folder_of(root))
        self._rules = rules
        self._named = ignore.Named("sync.include", rules.include)
        self._encodings = ignore.Chosen("sync.encodings", rules.encodings)

    def __call__(self, one: _Entry, doc_id: str) -> tuple[FileState, str]:
        """A file's state, and why it is not read; empty: it is.

        Raises:
            OSError: its state cannot be read.
        """
        if one.reason:  # not even its state matters: a folder's times change with every file in it
            return _no_state(doc_id, one.relative), one.reason
        info = one.entry.stat(follow_symlinks=False)
        if not _is_text(one.relative):
            return state_of(info, doc_id), BAD_NAME
        reason = self._reason(one.entry, info, unicodedata.normalize("NFC", one.relative))
        return state_of(info, one.relative), reason

    def encoding_of(self, relative: str) -> str | None:
        """What the settings say that a file is encoded in; None: nothing."""
        return self._encodings.of(unicodedata.normalize("NFC", relative))

    def _reason(self, entry: os.DirEntry[str], info: os.stat_result, relative: str) -> str:
        if _is_link(info):
            return self._target(entry)
        if not stat.S_ISREG(info.st_mode):
            return NOT_A_FILE
        if entry.name == ignore.RULES_FILE:
            return RULES
        if relative not in self._named:
            return NOT_NAMED
        if not self._rules.supported(entry.name):
            loader = loaders.loader_of(entry.name)
            return NEEDS.format(extra=loader.extra) if loader and loader.extra else NO_LOADER
        return TOO_LARGE if info.st_size > self._rules.max_bytes else ""

    def _target(self, entry: os.DirEntry[str]) -> str:
        target = os.path.realpath(entry.path)
        if not Path(target).is_relative_to(self._real):
            return LINK_OUT
        inner = os.path.relpath(target, self._real)
        return LINK.format(target=storable(document_id("", inner)[1:]))


def _entries(root: Root, rules: ScanRules, seen: Walk, wanted: Only | None) -> Iterator[_Entry]:
    kept_out = frozenset(map(str, rules.keep_out))
    pending = [(folder_of(root), "", ignore.of_setting("sync.exclude", rules.exclude), wanted)]
    while pending:
        folder, prefix, outer, names = pending.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda e: e.name)
            inner, bad = _rules_in(folder, prefix, listed)
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
        stack = outer.joined(inner)
        for entry in listed:
            if (names is not None and entry.name not in names) or entry.path in kept_out:
                continue
            relative = prefix + entry.name
            is_folder = entry.is_dir(follow_symlinks=False) and not _is_junction(entry)
            mark = "/" if is_folder else ""
            if bad and entry.name == ignore.RULES_FILE:
                yield _Entry(entry, relative, BAD_RULES.format(lines=", ".join(map(str, bad))), is_bad=True)
            elif reason := _left_out(stack, relative, is_folder=is_folder):
                yield _Entry(entry, relative + mark, reason)
            elif is_folder:
                below = None if names is None else names[entry.name]
                pending.append((Path(entry.path), relative + "/", stack, below))
            else:
                yield _Entry(entry, relative)


def _rules_in(
    folder: Path, prefix: str, listed: Iterable[os.DirEntry[str]]
) -> tuple[ignore.Rules, list[int]]:
    """A folder's own rules, and the numbers of their bad lines. Rules that cannot be read keep its notes unread."""
    if any(e.name == ignore.RULES_FILE and e.is_file(follow_symlinks=False) for e in listed):
        return ignore.of_folder(folder, prefix)
    return ignore.Rules(), []


def _left_out(rules: ignore.Rules, relative: str, *, is_folder: bool) -> str:
    if relative.rpartition("/")[2] == ignore.RULES_FILE and not is_folder:
        return ""  # it says so itself
    pattern = rules.against(unicodedata.normalize("NFC", relative), folder=is_folder)
    return LEFT_OUT.format(pattern=storable(pattern.text), source=storable(pattern.source)) if pattern else ""


def _is_link(info: os.stat_result) -> bool:
    return stat.S_ISLNK(info.st_mode) or getattr(info, "st_reparse_tag", 0) == _JUNCTION


def _is_junction(entry: os.DirEntry[str]) -> bool:
    return os.name == "nt" and _is_link(entry.stat(follow_symlinks=False))


def is_left_out(reason: str) -> bool:
    """Whether patterns say that a file is not read."""
    return reason == NOT_NAMED or reason.startswith(LEFT_OUT.partition("{")[0])


def template_of(reason: str) -> tuple[str, dict[str, str]]:
    """The template that a stored reason was made from, and its values; a foreign text is its own template."""
    for template in REASONS:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.*)", re.escape(template))
        if found := re.fullmatch(pattern, reason, re.DOTALL):
            return template, found.groupdict()
    return reason.replace("{", "{{").replace("}", "}}"), {}


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_plain(path: str) -> bool:
    """Whether a path is its own spelling in a document's id: NFC, and valid UTF-8."""
    return storable(document_id("", path)) == f"/{path}"


def storable(name: str) -> str:
    """A name in which bytes that are no UTF-8 are spelled out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def state_of(info: os.stat_result, relative: str) -> FileState:
    """A file's state, looked at now."""
    return FileState(info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, time.time_ns(), relative)


def nowhere(doc_id: str, path: Path, relative: str) -> Found:
    """A file whose state cannot be read, or does not matter."""
    return Found(doc_id, path, _no_state(doc_id, relative))


def _no_state(doc_id: str, relative: str) -> FileState:
    return FileState(0, 0, 0, 0, 0, relative if _is_text(relative) else doc_id)
