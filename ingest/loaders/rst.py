"""reStructuredText, with the comments in which Nikola and Pelican keep a post's properties."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.links import is_nameless
from ingest.loaders.markup import Marked, document, lines

if TYPE_CHECKING:
    from ingest.loaders.source import Source
    from rag.types import Document

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*")
_EXPLICIT = re.compile(r"(\s*)\.\.(?:\s+|$)(.*)")
_DIRECTIVE = re.compile(r"(?:\|[^|\n]+\|\s+)?([\w:.-]+?)::(?:\s+(.*))?")
_TARGET = re.compile(r"_(?:`[^`]+`|[^:]*):(?:\s+(\S.*))?")
_FIELD = re.compile(r":([^:\n]{1,60}):(?:\s+(.*))?")
_PROPERTY = re.compile(r"([\w-]{2,30}):\s+(\S.*)")
_OPTION = re.compile(r"\s+:([\w-]+):(?:\s+(.*))?")
_REFERENCE = re.compile(r"(?::[\w:]{1,20}:)?`([^`<>\n]{0,300}?)\s{0,9}<([^`<>\s]{1,1000})>`_{0,2}")
_DOC = re.compile(r":doc:`([^`<>\n]{1,300})`")
_KEYS = frozenset(
    {"title", "date", "tags", "category", "author", "slug", "description", "link", "type", "updated"}
)
_PICTURES = frozenset({"image", "figure"})
_UNSPOKEN = _PICTURES | {"class", "rst-class"}  # their arguments are names in a program
# Nothing of what they hold is read by anybody.
_SILENT = frozenset(
    """
    contents toctree include literalinclude raw highlight default-role meta sectnum section-numbering
    automodule autoclass autofunction autosummary index currentmodule module tabularcolumns role
    """.split()  # noqa: SIM905 - one word a line would bury them
)


class _Line(NamedTuple):
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def load(source: Source) -> Document:
    """Read a reStructuredText file.

    Raises:
        LoadError: the bytes are not text.
    """
    return document(source, _read)


def _read(found: Marked) -> None:
    every = [_Line(*line) for line in lines(found.text)]
    styles: dict[tuple[str, bool], int] = {}
    at = 0
    header = True  # until the first paragraph: fields in it are the document's own
    while at < len(every):
        line = every[at]
        if m := _EXPLICIT.fullmatch(line.text):
            at = _explicit(found, every, at, m)
        elif _is_title(every, at):
            _title(found, every, at, styles)
            at += 2
        else:
            field = _FIELD.fullmatch(line.text)
            if header and field:
                _property(found, field[1], field[2] or "")
            header = header and (
                bool(field) or not line.text.strip() or _ADORNMENT.fullmatch(line.text) is not None
            )
            at += 1
    _links(found)


def _is_title(every: list[_Line], at: int) -> bool:
    """A line of text above a line of one mark repeated, after an empty line or an overline."""
    text = every[at].text
    if at + 1 >= len(every) or not text.strip() or _ADORNMENT.fullmatch(text):
        return False
    under = every[at + 1].text.rstrip()
    if not _ADORNMENT.fullmatch(under) or (len(under) < len(text.strip()) and len(under) < 4):  # noqa: PLR2004 - as docutils has it
        return False
    above = every[at - 1].text.rstrip() if at else ""
    return not above or above == under if not text[0].isspace() else above == under


def _title(found: Marked, every: list[_Line], at: int, styles: dict[tuple[str, bool], int]) -> None:
    under = every[at + 1]
    over = at > 0 and every[at - 1].text.rstrip() == under.text.rstrip()
    level = styles.setdefault((under.text[0], over), len(styles) + 1)
    start = every[at - 1].start if over else every[at].start
    found.section(start, every[at].text, level)
    found.mask(under.start, under.end)
    if over:
        found.mask(start, every[at - 1].end)


def _explicit(found: Marked, every: list[_Line], at: int, m: re.Match[str]) -> int:
    """A directive, target, footnote or comment; returns the line after what of it has been dealt with."""
    line, said = every[at], m[2]
    if target := _TARGET.fullmatch(said):
        found.mask(line.start, line.end)
        if target[1]:
            found.link(line.start, line.end, target[1], said[1 : target.start(1)].strip(" :`"))
        return at + 1
    if said.startswith("["):  # a footnote or citation
        return at + 1
    if directive := _DIRECTIVE.match(said):
        return _directive(
            found,
            every,
            at,
            (directive[1].lower(), (directive[2] or "").strip(), m.start(2) + directive.start(2)),
        )
    empty = not said and (
        at + 1 == len(every) or not every[at + 1].text.strip()
    )  # and what follows is no part of it
    end = at + 1 if empty else _block_end(every, at, len(m[1]))
    for one in every[at:end]:
        if p := _PROPERTY.fullmatch(one.text.strip().removeprefix("..").strip()):
            _property(found, p[1], p[2], known=True)
    found.mask(line.start, every[end - 1].end, "comment")
    return end


def _directive(found: Marked, every: list[_Line], at: int, what: tuple[str, str, int]) -> int:
    """Its name and options are left out, its argument and content are read."""
    name, argument, offset = what
    line = every[at]
    indent = len(line.text) - len(line.text.lstrip())
    if name in _SILENT:
        end = _block_end(every, at, indent)
        found.mask(line.start, every[end - 1].end)
        return end
    keep = bool(argument) and name not in _UNSPOKEN
    found.mask(line.start, line.start + offset if keep else line.end)
    if name in _PICTURES:
        found.link(line.start, line.end, argument, kind="embed")
    following = at + 1
    while following < len(every) and (m := _OPTION.fullmatch(every[following].text)):
        option = every[following]
        spoken = m[1] in {"alt", "caption", "name"} and m[2] and not is_nameless(m[2])
        found.mask(option.start, option.start + m.start(2) if spoken else option.end)
        following += 1
    return following


def _block_end(every: list[_Line], at: int, indent: int) -> int:
    """The line after a block that is indented deeper than ``indent``, without empty lines at its end."""
    end = following = at + 1
    while following < len(every):
        text = every[following].text
        if text.strip():
            if len(text) - len(text.lstrip()) <= indent:
                break
            end = following + 1
        following += 1
    return end


def _property(found: Marked, key: str, value: str, *, known: bool = False) -> None:
    name, said = key.strip().lower(), value.strip()
    if not said or (known and name not in _KEYS):
        return
    if name == "title":
        found.title = found.title or said
    found.meta.setdefault(name, said)


def _links(found: Marked) -> None:
    for m in _REFERENCE.finditer(found.text):
        found.link(m.start(), m.end(), m[2], m[1])
        if m[1].strip():
            found.mask(m.start(), m.start(1))
            found.mask(m.end(1), m.end())
    for m in _DOC.finditer(found.text):
        found.link(m.start(), m.end(), m[1])
