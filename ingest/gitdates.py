"""When git first and last saw the files of a folder: one ``git log``, which runs nothing that the folder names.

A repository's own configuration may name programs (pagers, hooks, monitors, signature checks, transports). A folder
of notes may come from anybody, so all of them are switched off.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path
from threading import Timer
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 1 << 28  # bytes of output
_BLOCK = 1 << 16
_COMMIT = "\x01"
_OFF = (
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "core.sshCommand=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "diff.external=",
    "submodule.recurse=false",
)
_LOG = (
    "--no-pager",
    "log",
    "--no-ext-diff",
    "--no-textconv",
    "--no-show-signature",
    "--no-merges",
    "--no-notes",
    "--no-color",
    "--ignore-submodules=all",
    "--find-renames",
    "--name-status",
    "--relative",
    "-z",
    "--date=short",
    "--format=%x01%ad",
    "--",
    ".",
)


class _Change(NamedTuple):
    """What a commit did to a file; ``old`` is the name before a move."""

    day: date
    status: str
    name: str
    old: str = ""


def dates_of(folder: Path, timeout_s: float = 30.0) -> dict[str, tuple[date, date]]:
    """Days of the first and last commit of each file, by its path in the folder with forward slashes.

    Moves are followed. Empty where the folder is in no repository, git is missing, does not trust the folder's
    owner, or takes longer than ``timeout_s`` seconds.
    """
    git = shutil.which("git")
    # On Windows, one that lies in the current folder is found first.
    if git is None or not Path(git).is_absolute():
        return {}
    settings = [part for setting in _OFF for part in ("-c", setting)]
    command = [git, "-C", str(folder), *settings, *_LOG]
    try:
        run = subprocess.Popen(
            command,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return {}
    with run:
        assert run.stdout is not None  # noqa: S101 - it is a pipe
        clock = Timer(timeout_s, run.kill)
        clock.daemon = True
        clock.start()
        try:
            found = _spans(_changes(_fields(run.stdout)))
        except ValueError:
            run.kill()
            return {}
        finally:
            clock.cancel()
    # What was cut short knows the last commits only.
    return found if run.returncode == 0 else {}


def _environment() -> dict[str, str]:
    """The user's, without what would lead git elsewhere or let it ask or fetch."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }


def _fields(output: IO[bytes]) -> Iterator[str]:
    """The NUL-ended fields of the output.

    Raises:
        ValueError: there is no end of it.
    """
    rest, size = b"", 0
    while block := output.read(_BLOCK):
        size += len(block)
        if size > _LARGEST:
            raise ValueError(size)
        *fields, rest = (rest + block).split(b"\0")
        for field in fields:
            yield os.fsdecode(field)
    if rest.strip():
        yield os.fsdecode(rest)


def _changes(fields: Iterator[str]) -> Iterator[_Change]:
    """What each commit did, the newest first.

    Raises:
        ValueError: this is no log.
    """
    day: date | None = None
    for field in fields:
        word = field.strip("\n")
        if word.startswith(_COMMIT):
            # A commit without changes is followed by the next at once.
            day = date.fromisoformat(word.rpartition(_COMMIT)[2].strip())
        elif word and day is not None:
            name = next(fields, "")
            if word[0] in "RC":
                yield _Change(day, word[0], next(fields, ""), name)
            else:
                yield _Change(day, word[0], name)


def _spans(changes: Iterator[_Change]) -> dict[str, tuple[date, date]]:
    """First and last day of each file that is still there, going back in time."""
    found: dict[str, tuple[date, date]] = {}
    today: dict[str, str] = {}  # the present name of what was once called so; "" where that file is gone
    for change in changes:
        name = today.get(change.name, change.name)
        if change.status == "D":
            today.setdefault(change.name, "")
            continue
        if name:
            first, last = found.get(name, (change.day, change.day))
            found[name] = min(first, change.day), max(last, change.day)
        if change.status in "AC":
            today[change.name] = ""
        elif change.status == "R":
            today[change.name] = ""
            today[change.old] = name
    return found
