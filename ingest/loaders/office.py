"""What the office formats share: a file's properties."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.loaders.extract import CREATED, MODIFIED, one_line, stamp
from rag.errors import LoadError

if TYPE_CHECKING:
    from ingest.loaders.archive import Archive
    from rag.types import DateRange

_TAG_BORDER = re.compile(r"[,，、;；]")
_CORE = "docProps/core.xml"
# What a file carries whose maker never set its properties: those of the libraries' own templates.
_TEMPLATES = frozenset({"2013-12-23T23:15:00Z", "2013-01-27T09:14:16Z"})
_NO_TITLES = frozenset({"untitled", "powerpoint presentation", "presentation", "document", "word document"})
_NO_AUTHORS = frozenset({"python-docx", "openpyxl", "steve canny", "unknown", "user"})


class Properties(NamedTuple):
    """A file's own title ("" where nobody gave one), dates, keywords and author."""

    title: str
    dates: tuple[DateRange | None, ...]
    tags: list[str]
    meta: dict[str, str]


def core(archive: Archive, kind: str) -> Properties:
    """The properties of an Office file, as it carries them: the libraries make up what is missing."""
    told: dict[str, str] = {}
    if _CORE in archive:
        try:
            told = {one.tag.rpartition("}")[2]: one.text or "" for one in archive.xml(_CORE)}
        except LoadError:  # the text is more than its properties
            told = {}
    if told.get("created") in _TEMPLATES:
        told["created"] = told["modified"] = ""
    return properties(
        kind,
        title=told.get("title"),
        author=told.get("creator"),
        keywords=told.get("keywords"),
        created=told.get("created"),
        modified=told.get("modified"),
    )


def properties(
    kind: str,
    *,
    title: str | None,
    author: str | None,
    keywords: str | None,
    created: str | None,
    modified: str | None,
) -> Properties:
    """The properties as a document takes them; ``kind`` names the source of the dates."""
    named = one_line(title or "")
    by = one_line(author or "")
    return Properties(
        "" if named.lower() in _NO_TITLES else named,
        (stamp(created, f"{kind}:created", CREATED), stamp(modified, f"{kind}:modified", MODIFIED)),
        _TAG_BORDER.split(keywords or ""),
        {"author": by} if by and by.lower() not in _NO_AUTHORS else {},
    )
