"""Where Markdown's coarse structure begins and ends: code, headings, front matter. Offsets only, no tree.

Every function is linear in the text, uses no recursion and never looks further than a bounded window back,
so that one line of 100 MB costs no more than as many short ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Span = tuple[int, int]

_INDENT_WINDOW = 80
_HEADING_WINDOW = 200
_LONGEST_CODE_RUN = 8
_DEEPEST_LEVEL = 6
_LONGEST_HEADING = 300

_FENCE_RUN = re.compile(r"```+|~~~+")
_FENCE_OPENS_AFTER = re.compile(r"(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*+")
_FENCE_CLOSES_AFTER = re.compile(r"[ \t>]*+")
_BACKTICKS = re.compile(r"`+")
_FORMULA = re.compile(r"\$\$[^$]{1,4000}+\$\$|(?<![\\\w$])\$(?![\s$])[^$\n]{1,400}+(?<!\s)\$(?!\d)")
_LATEX = re.compile(r"[\\^_{]")
# What ends the paragraph that an inline code span may not leave: a blank line, or the next list item or quote.
_PARAGRAPH_END = re.compile(r"\n[ \t]*+(?:\n|[-*+>#|]|\d{1,9}[.)][ \t])")
_HEADING = re.compile(r"\n {0,3}(?:(#++)([^\n]*+)|(={2,}+|-{2,}+)[ \t]*+(?=\n|\Z))")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_NOT_A_SETEXT_TITLE = re.compile(r"[ \t]*(?:[-*+>|#]|\d{1,9}[.)]|`{3}|~{3})|\t| {4}")
_FRONT_MATTER_START = re.compile(r"(---|\+\+\+)[ \t]*\n|\{(?=\s*\"[^\"\n]*\"\s*:)")
_FRONT_MATTER_END = {
    "---": re.compile(r"\n(?:---|\.\.\.)[ \t]*(?=\n|\Z)"),
    "+++": re.compile(r"\n\+\+\+[ \t]*(?=\n|\Z)"),
    None: re.compile(r"\n\}[ \t]*(?=\n|\Z)"),
}
_ONE_LINE_OBJECT = re.compile(r"\{[^\n]*(?=\}[ \t]*(?:\n|\Z))")

_CLOSING_HASHES = re.compile(r"(?:^|[ \t])#+$")
_BLOCK_ID = re.compile(r"\s?\^[\w-]+$", re.ASCII)  # how Obsidian names a line
_MARKED_UP = re.compile(r"[*_`\[\]<>~=\\!]")
_CLEANINGS = (
    (re.compile(r"!?\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]"), r"\1"),
    (re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])?"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]*>"), ""),
    (re.compile(r"(?<!\\)(?:\*+|`+|~~|==)"), ""),
    (re.compile(r"(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)"), ""),
    (re.compile(r"\\(?=[!-/:-@\[-`{-~])"), ""),
)


class FrontMatter(NamedTuple):
    """What stands between two fences at the start of a file: ``text[start:fence]``; the body begins at ``body``."""

    start: int
    fence: int
    body: int


class Heading(NamedTuple):
    """A heading's lines (``end`` is after a setext underline) and its level, 1 to 6."""

    start: int
    end: int
    level: int


class _Run(NamedTuple):
    """A line that could open or close a code fence."""

    line: int
    end: int
    mark: str
    opens: bool
    closes: bool


def blanked(text: str, spans: Iterable[Span]) -> str:
    """The text with sorted, disjoint spans turned into spaces: same length, same line breaks."""
    parts: list[str] = []
    at = 0
    for start, end in spans:
        lines = text[start:end].split("\n")
        parts += text[at:start], "\n".join(" " * len(line) for line in lines)
        at = end
    return "".join((*parts, text[at:])) if parts else text


def front_matter(text: str) -> FrontMatter | None:
    """The block at the very start between ``---`` lines (``...`` may end it) or ``+++`` lines, or in braces.

    Whatever it holds; the braces are the fences of a block of JSON.
    """
    opening = _FRONT_MATTER_START.match(text)
    if not opening:
        return None
    one_line = _ONE_LINE_OBJECT.match(text) if opening[1] is None else None
    if one_line:
        return FrontMatter(opening.end(), one_line.end(), line_end(text, one_line.end()))
    closing = _FRONT_MATTER_END[opening[1]].search(text, opening.end() - 1)
    return FrontMatter(opening.end(), closing.start() + 1, closing.end()) if closing else None


def line_end(text: str, start: int) -> int:
    """Offset of the line break at or after ``start``, or the text's length."""
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def fences(text: str, start: int = 0) -> list[Span]:
    """Fenced code blocks from their first to their last fence line.

    They may be indented, quoted or open a list item. Unlike in CommonMark a fence that is never closed opens
    nothing: one slip must not cost the rest of a note its headings.
    """
    runs = list(_fence_runs(text, start))
    closable = _longest_closers(runs)
    spans: list[Span] = []
    opener: _Run | None = None
    for run, longest in zip(runs, closable, strict=True):
        if opener is None:
            if run.opens and longest[run.mark[0]] >= len(run.mark):
                opener = run
        elif run.closes and run.mark.startswith(opener.mark):
            spans.append((opener.line, run.end))
            opener = None
    return spans


def _fence_runs(text: str, start: int) -> Iterator[_Run]:
    for m in _FENCE_RUN.finditer(text, start):
        at = m.start()
        line = text.rfind("\n", max(start, at - _INDENT_WINDOW), at) + 1 or max(start, at - _INDENT_WINDOW)
        if line > start and text[line - 1] != "\n":
            continue
        prefix = text[line:at]
        if not _FENCE_OPENS_AFTER.fullmatch(prefix):
            continue
        end = line_end(text, m.end())
        info = text[m.end() : end]
        yield _Run(
            line,
            end,
            m[0],
            opens=m[0][0] == "~" or "`" not in info,
            closes=not info.strip() and _FENCE_CLOSES_AFTER.fullmatch(prefix) is not None,
        )


def _longest_closers(runs: list[_Run]) -> list[dict[str, int]]:
    """For each run the longest closing run of either kind after it."""
    longest = {"`": 0, "~": 0}
    found = []
    for run in reversed(runs):
        found.append(dict(longest))
        if run.closes:
            longest[run.mark[0]] = max(longest[run.mark[0]], len(run.mark))
    return found[::-1]


def inline_code(text: str, start: int = 0) -> list[Span]:
    """Inline code spans with their backticks. ``text`` must have its fenced blocks blanked."""
    runs = [(m.start(), m.end()) for m in _BACKTICKS.finditer(text, start)]
    following = _next_of_same_length(runs)
    spans: list[Span] = []
    at = 0
    for i, (begin, end) in enumerate(runs):
        match = following[i]
        if begin < at or match < 0:
            continue
        close = runs[match]
        if not _PARAGRAPH_END.search(text, end, close[0]):
            spans.append((begin, close[1]))
            at = close[1]
    return spans


def formulas(text: str) -> list[Span]:
    """LaTeX between dollar signs. ``text`` must have its code blanked; sums of money are no formulas."""
    if "$" not in text:
        return []
    return [m.span() for m in _FORMULA.finditer(text) if _LATEX.search(m[0])]


def _next_of_same_length(runs: list[Span]) -> list[int]:
    """For each run of backticks the index of the next one that could close it, or -1."""
    seen: dict[int, int] = {}
    following = [-1] * len(runs)
    for i in range(len(runs) - 1, -1, -1):
        length = runs[i][1] - runs[i][0]
        # Longer runs open nothing: each length costs one pass over the text.
        if length <= _LONGEST_CODE_RUN:
            following[i] = seen.get(length, -1)
            seen[length] = i
    return following


def headings(text: str, start: int = 0) -> list[Heading]:
    """ATX and setext headings. ``text`` must have its fenced blocks blanked.

    ``##Title`` without a space counts from level 2 on (older renderers allow it), ``#tag`` does not.
    """
    padded = "\n" + text[start:]
    found = []
    for m in _HEADING.finditer(padded):
        heading = _setext(padded, m) if m[3] else _atx(m)
        if heading:
            found.append(Heading(heading[0] + start - 1, heading[1] + start - 1, heading[2]))
    return found


def _atx(m: re.Match[str]) -> Heading | None:
    level, rest = len(m[1]), m[2]
    if level > _DEEPEST_LEVEL or (level == 1 and rest and rest[0] not in " \t"):
        return None
    return Heading(m.start() + 1, m.end(), level)


def _setext(text: str, underline: re.Match[str]) -> Heading | None:
    """A title of one line above an underline."""
    end = underline.start()
    line = _line_start(text, end)
    if line < 1 or not text[line:end].strip() or _NOT_A_SETEXT_TITLE.match(text, line, end):
        return None
    before = _line_start(text, line - 1) if line > 1 else 0
    if before < 0:
        return None
    above = text[before : line - 1]
    if above.strip() and not above.startswith("#") and not _UNDERLINE.fullmatch(above):
        return None
    return Heading(line, underline.end(), 1 if underline[3][0] == "=" else 2)


def _line_start(text: str, end: int) -> int:
    """Where the line that ends at ``end`` starts; -1 for one too long to be a title."""
    floor = max(0, end - _HEADING_WINDOW)
    found = text.rfind("\n", floor, end) + 1
    return found or (-1 if floor else 0)


def heading_text(heading: str) -> str:
    """What a heading says: without hashes, underline, emphasis, link targets and tags."""
    plain = _BLOCK_ID.sub("", heading[: min(line_end(heading, 0), _LONGEST_HEADING)].strip())
    if plain.startswith("#"):
        plain = _CLOSING_HASHES.sub("", plain.lstrip("#")).strip()
    if _MARKED_UP.search(plain):
        for pattern, replacement in _CLEANINGS:
            plain = pattern.sub(replacement, plain)
    return " ".join(plain.split())
