"""AsciiDoc."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.links import is_nameless
from ingest.loaders.markup import Marked, document, lines

if TYPE_CHECKING:
    from ingest.loaders.source import Source
    from rag.types import Document

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*")
_ATTRIBUTE = re.compile(r":(!?[\w-]+!?):(?:[ \t]+(.*))?")
_AUTHOR = re.compile(r"[^\s:=/\[].*<[^<>\s]+@[^<>\s]+>.*")
_REVISION = re.compile(r"(?:v[\d.]+,\s*)?(\d{4}-\d\d-\d\d)\b.*")
_DELIMITER = re.compile(r"(-{4,}|\.{4,}|/{4,}|\+{4,}|={4,}|\*{4,}|_{4,}|`{3,}|--|\|={3,})[\w,]*\s*")
_VERBATIM = ("----", "....", "////", "++++", "```")
_BLOCK = re.compile(r"\[[^\[\]\n]*\]\s*|\[\[[^\[\]\n]+\]\]\s*")
_SILENT = re.compile(r"(?:include|toc|ifdef|ifndef|ifeval|endif)::.*|<<<|'''")
_IMAGE = re.compile(
    r"(?:image|video|audio)::?([^\[\]\s:][^\[\]\s]{0,1000})\[([^\[\],\n]{0,500})[^\[\]\n]{0,500}\]"
)
_LINK = re.compile(
    r"(?:link:|xref:)([^\[\]\s]{1,1000})\[([^\[\]\n]{0,500})\]|(https?://[^\[\]\s<>]{1,1000})\[([^\[\]\n]{1,500})\]"
)
_CROSS = re.compile(r"<<([^<>,\n]{1,300})(?:,([^<>\n]{1,300}))?>>")
_LONGEST_HEADING = 500
_SAYS = {
    "revdate": "date",
    "docdate": "date",
    "date": "date",
    "keywords": "keywords",
    "tags": "tags",
    "author": "author",
}


def load(source: Source) -> Document:
    """Read an AsciiDoc file.

    Raises:
        LoadError: the bytes are not text.
    """
    return document(source, _read)


def _read(found: Marked) -> None:
    verbatim, began = "", 0
    header = True
    for start, line in lines(found.text):
        end = start + len(line)
        if m := _DELIMITER.fullmatch(line):
            mark = m[1]
            found.mask(start, end)
            if not verbatim and mark.startswith(_VERBATIM):
                verbatim, began = mark, start
            elif verbatim == mark:
                verbatim = ""
                if mark.startswith("/"):
                    found.mask(began, end, "comment")
        elif not verbatim:
            header = _line(found, start, line, header=header)
    _links(found)


def _line(found: Marked, start: int, line: str, *, header: bool) -> bool:
    """One line outside of verbatim blocks; returns whether the document's header goes on."""
    end = start + len(line)
    if len(line) <= _LONGEST_HEADING and (m := _HEADING.fullmatch(line)):
        if len(m[1]) == 1 and header:
            found.title = m[2]
        found.section(start, m[2], len(m[1]))
    elif m := _ATTRIBUTE.fullmatch(line):
        if (key := _SAYS.get(m[1].lower())) and m[2]:
            found.meta.setdefault(key, m[2].strip())
        found.mask(start, end, "layout")
    elif line.startswith("//"):
        found.mask(start, end, "comment")
    elif _BLOCK.fullmatch(line) or _SILENT.fullmatch(line):
        found.mask(start, end)
    elif header and found.sections and (m := _REVISION.fullmatch(line)):
        found.meta.setdefault("date", m[1])
    elif header and found.sections and _AUTHOR.fullmatch(line):
        found.meta.setdefault("author", line.partition("<")[0].strip())
    else:
        return header and not line.strip() and not found.sections
    return header


def _links(found: Marked) -> None:
    for m in _IMAGE.finditer(found.text):
        found.link(m.start(), m.end(), m[1], m[2], "embed")
        _keep(found, m, 2, spoken=bool(m[2].strip()) and not is_nameless(m[2]))
    for m in _LINK.finditer(found.text):
        label = 2 if m[1] else 4
        found.link(m.start(), m.end(), m[1] or m[3], m[label])
        if m[label]:
            _keep(found, m, label, spoken=True)
    for m in _CROSS.finditer(found.text):
        target = m[1] if "#" in m[1] or m[1].endswith(".adoc") else f"#{m[1]}"
        found.link(m.start(), m.end(), target, m[2] or "")


def _keep(found: Marked, m: re.Match[str], group: int, *, spoken: bool) -> None:
    """Of a macro only its label is read."""
    if spoken:
        found.mask(m.start(), m.start(group))
        found.mask(m.end(group), m.end())
    else:
        found.mask(m.start(), m.end())
