"""What is left out of a notes folder: gitignore patterns from the settings and from ``.footnotesignore`` files.

As in git: the last pattern that matches decides, a file deeper down is stronger, and below a folder that is left out
nothing can be let in again, so that such a folder is never entered. Paths are relative to the root, in NFC.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import ConfigError, LoadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pathspec import GitIgnoreSpec

RULES_FILE = ".footnotesignore"
_TRAILING_SPACES = re.compile(r"(?<!\\) +\Z")
_TOKEN = re.compile(
    r"(?P<star>\*+)|(?P<one>\?)|\[(?P<not>[!^])?(?P<inner>\]?(?:\\.|[^\]\\])+)\]|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)
_UNSAFE = re.compile(r"[\[&~|]")  # what a class of Python's would take for more than itself


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: what it says, where it stands, whether it leaves out or lets in, and below which folder it holds.

    ``parts`` match the names on a path, one each; None stands for ``**``, any number of names.
    """

    text: str
    source: str
    leaves_out: bool
    parts: tuple[re.Pattern[str] | None, ...]
    below: str = ""
    folders_only: bool = False

    def matches(self, path: str, *, folder: bool) -> bool:
        """Whether it means this very file or folder, not one around it."""
        if (self.folders_only and not folder) or not path.startswith(self.below):
            return False
        first, *others = self.parts
        if first is None and len(others) == 1 and others[0] is not None:  # most patterns: of a name anywhere
            return others[0].fullmatch(path.rpartition("/")[2]) is not None
        return _match(self.parts, path[len(self.below) :].split("/"))


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
    from ingest.encoding import decode

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
        own = root / before / RULES_FILE
        if own.is_file() and not own.is_symlink():  # as a scan has it
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
        self._specs = [(_spec_of([text]), chosen) for text, chosen in normal.items()]

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
        self._spec = _spec_of(normal) if normal else None

    def __contains__(self, path: str) -> bool:
        return self._spec is None or self._spec.match_file(path)


def _spec_of(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # a search need not load it

    return GitIgnoreSpec.from_lines(lines)


def _parsed(lines: Iterable[str], source: str, below: str) -> tuple[Rules, list[int]]:
    patterns, bad = [], []
    for number, line in enumerate(lines, 1):
        text = unicodedata.normalize("NFC", line.strip("\r\n"))
        if not text.strip() or text.startswith("#"):
            continue
        try:
            (found,) = _spec_of([text]).patterns
            parts = _parts(text)
        except (ValueError, re.error):
            bad.append(number)
            continue
        if found.include is None:
            bad.append(number)
        else:
            shown = text.strip()
            patterns.append(
                Pattern(shown, source, found.include, parts, below, folders_only=shown.endswith("/"))
            )
    return Rules(tuple(patterns)), bad


# A folder of notes may come from anybody, and one regular expression for a whole pattern can take forever on a long
# path. Here names are matched one by one, each without going back on a star that has found its place.


def _parts(line: str) -> tuple[re.Pattern[str] | None, ...]:
    """What a line's names have to match.

    Raises:
        re.error: a class of characters is none.
    """
    glob = _TRAILING_SPACES.sub("", line).removeprefix("!").removesuffix("/")
    names = glob.removeprefix("/").split("/")
    if "/" not in glob:
        names.insert(0, "**")
    if names[-1] == "**":  # what lies in a folder, not the folder
        names.append("*")
    return tuple(None if name == "**" else _name(name) for name in names)


def _name(glob: str) -> re.Pattern[str]:
    """A glob for one name."""
    pieces = [""]
    for m in _TOKEN.finditer(glob):
        if m["star"]:
            pieces.append("")
        elif m["one"]:
            pieces[-1] += "."
        elif m["inner"]:
            inner = _UNSAFE.sub(r"\\\g<0>", m["inner"])
            pieces[-1] += f"[{'^' if m['not'] else ''}{inner}]"
        else:
            pieces[-1] += re.escape(m["escaped"] or m["plain"])
    first, *others = pieces
    between = "".join(f"(?>.*?{piece})" for piece in others[:-1])
    return re.compile(first + between + (".*" + others[-1] if others else ""), re.DOTALL)


def _match(parts: Sequence[re.Pattern[str] | None], names: Sequence[str]) -> bool:
    """Whether parts match all the names: ``at`` is how many of them those so far can have matched."""
    at = {0}
    for part in parts:
        if part is None:
            at = set(range(min(at), len(names)))  # at least one name is left for what follows
        else:
            at = {i + 1 for i in at if i < len(names) and part.fullmatch(names[i])}
        if not at:
            return False
    return len(names) in at
