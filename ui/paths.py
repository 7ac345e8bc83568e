"""A note's file as a program on the reader's own machine opens it: links to editors, never followed by the server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VAULT = ".obsidian"
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the server's files lie for the reader.

    Attributes:
        is_local: only this machine can reach the server: its paths are the reader's.
        map: folders of the server, and where they lie for the reader, be it on Windows; the longest that fits counts.
    """

    is_local: bool = False
    map: Mapping[str, str] = field(default_factory=dict)

    def read_as(self, file: Path) -> str:
        """The file's path on the reader's machine; empty where it is not known to be there."""
        for folder in sorted(self.map, key=len, reverse=True):
            if file.is_relative_to(folder):
                there = self.map[folder]
                flavour = PureWindowsPath if _WINDOWS.match(there) else PurePosixPath
                return str(flavour(there).joinpath(*file.relative_to(folder).parts))
        return str(file) if self.is_local else ""


def editor(path: str, line: int | None) -> str:
    """A link that opens a file, at a line, in Visual Studio Code and what descends from it."""
    at = "" if line is None else f":{line}"
    return f"vscode://file/{quote(path.replace(chr(92), '/').lstrip('/'), safe='/:')}{at}"


def obsidian(path: str) -> str:
    """A link that opens a note in the Obsidian vault that it lies in."""
    return f"obsidian://open?path={quote(path, safe='')}"


def in_vault(file: Path, root: Path) -> bool:
    """Whether a file of a notes folder lies in an Obsidian vault: the folder itself, or one inside or around it."""
    return any((folder / _VAULT).is_dir() for folder in (*file.parents,) if _near(folder, root))


def _near(folder: Path, root: Path) -> bool:
    return folder == root or root in folder.parents or folder in root.parents
