"""Org mode outlines, of org-roam too."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from ingest.links import is_nameless
from ingest.loaders.markup import Marked, document, lines

if TYPE_CHECKING:
    from ingest.loaders.source import Source
    from rag.types import Document

_HEADING = re.compile(r"(\*+)\s+(.*)")
_STATE = re.compile(
    r"(?:(?:TODO|DONE|NEXT|WAITING|WAIT|HOLD|CANCELL?ED|STARTED|SOMEDAY|COMMENT)\s+)?(?:\[#\w\]\s*)?"
)
_TAGS = re.compile(r"\s+:((?:[\w@#%]+:)+)\s*$")
_COOKIE = re.compile(r"\s*\[\d*(?:/\d*|%)\]")
_KEYWORD = re.compile(r"\s*#\+([\w-]+):[ \t]*(.*)")
_FENCE = re.compile(r"\s*#\+(begin|end)_(\w+)", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:([\w-]+):\s*")
_PROPERTY = re.compile(r"\s*:([\w+-]+):\s+(.*)")
_COMMENT = re.compile(r"\s*#(?:\s|$)")
_LINK = re.compile(r"\[\[([^\[\]\n]{1,1000})\](?:\[([^\[\]\n]{0,1000})\])?\]")
_IMAGE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|bmp|tiff?)$", re.IGNORECASE)
_LONGEST_HEADING = 500
_SAYS = frozenset(
    {"title", "subtitle", "author", "date", "description", "keywords", "filetags", "caption", "tags"}
)
_DRAWERS = frozenset({"properties", "clock", "results"})
# A logbook's own lines; the notes that are taken in it are their author's words.
_LOG = re.compile(r"\s*(?::(?:LOGBOOK|END):\s*|CLOCK:.*|- State \".*\])", re.IGNORECASE)


def load(source: Source) -> Document:
    """Read an Org file.

    Raises:
        LoadError: the bytes are not text.
    """
    return document(source, _read)


def _read(found: Marked) -> None:
    reader = _Reader(found)
    for start, line in lines(found.text):
        if not (reader.in_block(start, line) or reader.in_drawer(start, line)):
            _line(found, start, line)
    _links(found)


class _Reader:
    """Knows which block or drawer a line lies in. A heading ends either, closed or not."""

    def __init__(self, found: Marked) -> None:
        self._found = found
        self._block = ""
        self._drawer = False
        self._began = 0

    def in_block(self, start: int, line: str) -> bool:
        """Whether a line opens, closes or lies in a block: of code, an example, a comment."""
        fence = _FENCE.match(line)
        if not fence:
            self._block = "" if line.startswith("*") else self._block
            return bool(self._block)
        kind, end = fence[2].lower(), start + len(line)
        if not self._block and fence[1].lower() == "begin":
            self._block, self._began, self._drawer = kind, start, False
        elif self._block == kind:
            self._block = ""
            if kind == "comment":
                self._found.mask(self._began, end, "comment")
        self._found.mask(start, end)
        return True

    def in_drawer(self, start: int, line: str) -> bool:
        """Whether a line opens, closes or lies in a drawer; the file's own properties are taken down."""
        if not self._drawer:
            m = _DRAWER.fullmatch(line)
            self._drawer = m is not None and m[1].lower() in _DRAWERS
            self._began = start
        elif line.strip().lower() == ":end:":
            self._found.mask(self._began, start + len(line), "layout")
            self._drawer = False
            return True
        elif line.startswith("*"):  # never closed: it was no drawer
            self._drawer = False
        elif not self._found.sections and (m := _PROPERTY.fullmatch(line)):
            _property(self._found, m[1], m[2])
        return self._drawer


def _line(found: Marked, start: int, line: str) -> None:
    if len(line) <= _LONGEST_HEADING and (m := _HEADING.fullmatch(line)):
        _heading(found, start, m)
    elif m := _KEYWORD.fullmatch(line):
        _keyword(found, start, m)
    elif _LOG.fullmatch(line):
        found.mask(start, start + len(line), "layout")
    elif _COMMENT.match(line):
        found.mask(start, start + len(line), "comment")


def _heading(found: Marked, start: int, m: re.Match[str]) -> None:
    title = m[2]
    if tags := _TAGS.search(title):
        found.tags += tags[1].strip(":").split(":")
        found.mask(start + m.start(2) + tags.start(), start + m.end())
        title = title[: tags.start()]
    title = _COOKIE.sub("", _STATE.sub("", title, count=1))
    found.section(start, _LINK.sub(lambda link: link[2] or link[1], title), len(m[1]))


def _keyword(found: Marked, start: int, m: re.Match[str]) -> None:
    key, value = m[1].lower(), m[2].strip()
    if key not in _SAYS or not value:
        found.mask(start, start + len(m[0]), "layout")
        return
    found.mask(start, start + m.start(2))
    if key == "title":
        found.title = f"{found.title} {value}"
    elif key in {"filetags", "tags"}:
        found.tags += [tag for part in value.split() for tag in part.split(":") if tag]
    elif key != "caption":
        found.meta.setdefault(key, value)


def _property(found: Marked, key: str, value: str) -> None:
    """Of the file itself: org-roam's aliases, and when it was made."""
    name, said = key.lower(), value.strip()
    if name in {"roam_aliases", "aliases"}:
        try:
            found.meta["aliases"] = tuple(shlex.split(said))
        except ValueError:
            found.meta["aliases"] = (said,)
    elif said:
        found.meta.setdefault(name, said)


def _links(found: Marked) -> None:
    """The label stays, or without one the target; its brackets do not."""
    for m in _LINK.finditer(found.text):
        target = m[1].removeprefix("file:").partition("::")[0]
        image = _IMAGE.search(target) is not None
        found.link(m.start(), m.end(), target, m[2] or "", "embed" if image else "markdown")
        if image and is_nameless((m[2] or target).rpartition("/")[2]):
            found.mask(m.start(), m.end())
        elif m[2]:
            found.mask(m.start(), m.start(2))
            found.mask(m.end(2), m.end())
        else:
            found.mask(m.start(), m.start(1))
            found.mask(m.end(1), m.end())
