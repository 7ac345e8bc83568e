"""What is left out of a notes folder: gitignore patterns from the settings and from ``.footnotesignore`` files.

As in git: the last pattern that matches decides, a file deeper down is stronger, and below a folder that is left out
nothing can be let in again, so that such a folder is never entered. Paths are relative to the root, in NFC.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from ingest.encoding import decode
from rag.errors import ConfigError, LoadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

RULES_FILE = ".footnotesignore"
_FOLDER_MARK = "ps_d"  # pathspec's group for the slash behind a folder that a pattern names


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: what it says, where it stands, whether it leaves out or lets in, and below which folder it holds."""

    text: str
    source: str
    leaves_out: bool
    regex: re.Pattern[str]
    below: str = ""
    folders_only: bool = False

    def matches(self, path: str, *, folder: bool) -> bool:
        """Whether it means this very file or folder, not one around it."""
        if (self.folders_only and not folder) or not path.startswith(self.below):
            return False
        inner = path[len(self.below) :] if self.below else path
        if not folder and self.regex.search(inner) is None:
            return False  # most files; the rest is slower
        if any(found.lastgroup != _FOLDER_MARK for found in self.regex.finditer(inner)):
            return True
        marks = self.regex.finditer(inner + "/") if folder else ()
        return any(found.lastgroup == _FOLDER_MARK and found.end() > len(inner) for found in marks)


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns that hold in a folder, the weakest first."""

    patterns: tuple[Pattern, ...] = ()

    def against(self, path: str, *, folder: bool) -> Pattern | None:
        """The pattern that leaves a file or folder out; None: it stays. The folders around it are let in."""
        for pattern in reversed(self.patterns):
            if pattern.matches(path, folder=folder):
                return pattern if pattern.leaves_out else None
        return None

    def joined(self, stronger: Rules) -> Rules:
        """These, and others that win over them."""
        return Rules(self.patterns + stronger.patterns) if stronger.patterns else self


def of_setting(key: str, patterns: Sequence[str]) -> Rules:
    """Patterns of a setting.

    Raises:
        ConfigError: one of them is no gitignore pattern.
    """
    rules, bad = _parsed(patterns, key, "")
    for number in bad:
        raise ConfigError(
            "Setting {key}: {pattern!r} is no gitignore pattern. Correct or remove it.",
            key=key,
            pattern=patterns[number - 1],
        )
    return rules


def of_folder(folder: Path, relative: str) -> tuple[Rules, list[int]]:
    """The patterns of a folder's own file.

    Args:
        folder: holds a ``.footnotesignore``.
        relative: the folder's path in the root; empty for the root, else with a slash at its end.

    Returns:
        The patterns, and the numbers of the lines that are none.

    Raises:
        OSError: it cannot be read.
    """
    data = (folder / RULES_FILE).read_bytes()
    try:
        lines = decode(RULES_FILE, data).text.split("\n")
    except LoadError:  # no text at all
        return Rules(), [1]
    below = unicodedata.normalize("NFC", relative)
    return _parsed(lines, below + RULES_FILE, below)


def left_out(root: Path, relative: str, rules: Rules) -> Pattern | None:
    """What leaves a file or folder out, looking at every folder on the way down; None: nothing.

    Raises:
        OSError: a ``.footnotesignore`` cannot be read.
    """
    parts = relative.split("/")
    for depth in range(len(parts)):
        before = "".join(f"{part}/" for part in parts[:depth])
        if (root / before / RULES_FILE).is_file():
            rules = rules.joined(of_folder(root / before, before)[0])
        path = before + parts[depth]
        is_folder = depth + 1 < len(parts) or (root / path).is_dir()
        if pattern := rules.against(unicodedata.normalize("NFC", path), folder=is_folder):
            return pattern
    return None


class Chosen:
    """Which files patterns choose, and what for: the first that matches says.

    Args:
        key: the setting that holds them.
        choices: by pattern.

    Raises:
        ConfigError: one of them is no gitignore pattern.
    """

    def __init__(self, key: str, choices: Mapping[str, str]) -> None:
        of_setting(key, list(choices))
        normal = {unicodedata.normalize("NFC", text): chosen for text, chosen in choices.items()}
        self._specs = [(GitIgnoreSpec.from_lines([text]), chosen) for text, chosen in normal.items()]

    def of(self, path: str) -> str | None:
        """What is chosen for a file; None: no pattern matches it."""
        for spec, chosen in self._specs:
            if spec.match_file(path):
                return chosen
        return None


class Named:
    """Which files are named by patterns, all where there are none. As in git, the last that matches decides.

    Raises:
        ConfigError: one of them is no gitignore pattern.
    """

    def __init__(self, key: str, patterns: Sequence[str]) -> None:
        of_setting(key, patterns)
        normal = [unicodedata.normalize("NFC", text) for text in patterns]
        self._spec = GitIgnoreSpec.from_lines(normal) if normal else None

    def __contains__(self, path: str) -> bool:
        return self._spec is None or self._spec.match_file(path)


def _parsed(lines: Iterable[str], source: str, below: str) -> tuple[Rules, list[int]]:
    patterns, bad = [], []
    for number, line in enumerate(lines, 1):
        text = unicodedata.normalize("NFC", line.strip("\r\n"))
        if not text.strip() or text.startswith("#"):
            continue
        try:
            (found,) = GitIgnoreSpec.from_lines([text]).patterns
        except (ValueError, re.error):
            bad.append(number)
            continue
        if found.include is None or found.regex is None:
            bad.append(number)
        else:
            shown = text.strip()
            patterns.append(
                Pattern(shown, source, found.include, found.regex, below, folders_only=shown.endswith("/"))
            )
    return Rules(tuple(patterns)), bad
