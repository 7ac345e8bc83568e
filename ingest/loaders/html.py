"""HTML: saved web pages, exports of note applications, bodies of mails and chapters of books."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.encoding import decode
from ingest.loaders.extract import compose, document, stamp
from ingest.loaders.page import Page, read
from ingest.loaders.text import decoding_warnings, title_from_name
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.encoding import Decoded
    from ingest.loaders.source import Source
    from rag.types import DateRange, Document

_HEAD = 4096  # bytes in which a page names its encoding
_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
# What pages say they are written in, and what browsers take it for.
ALIASES = {
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk", "chinese"), "gb18030"),
    **dict.fromkeys(("iso-8859-1", "latin1", "ascii", "us-ascii"), "cp1252"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be", "unicode"), "utf-8"),
    **dict.fromkeys(("x-sjis", "shift_jis", "shift-jis"), "cp932"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr"), "cp949"),
}
_DATES = {
    "article:published_time": 0.9,
    "datepublished": 0.9,
    "date": 0.9,
    "dc.date": 0.9,
    "dcterms.date": 0.9,
    "dcterms.created": 0.8,
    "pubdate": 0.9,
    "publishdate": 0.9,
    "created": 0.8,
    "article:modified_time": 0.5,
    "datemodified": 0.5,
    "dcterms.modified": 0.5,
    "updated": 0.5,
    "last-modified": 0.4,
}
_TAGS = ("keywords", "article:tag", "news_keywords")
_TAG_BORDER = re.compile(r"[,，、;；]")
_SITE = re.compile(r"\s*(?: [-|·»_—–] |[|_])\s*\S")
_META = ("author", "description", "source-url")


def load(source: Source) -> Document:
    """Read a page's text: what a reader would see of its content, without its navigation.

    Raises:
        LoadError: the bytes are not text.
    """
    raw = decoded(source.id, source.data, source.encoding)
    page = read(raw.text)
    found = document(
        source,
        compose([page.blocks]),
        "prose",
        title(page) or title_from_name(source.id),
        dates=dates(page),
        tags=tags(page),
        meta={name: page.meta[name] for name in _META if page.meta.get(name)},
    )
    return _with(found, raw)


def decoded(name: str, data: bytes, encoding: str | None = None) -> Decoded:
    """The markup of a page; what it says of its encoding counts unless it is valid UTF-8.

    Raises:
        LoadError: the bytes are not text.
    """
    told = _CHARSET.search(data[:_HEAD])
    if encoding or not told or data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or is_utf8(data):
        return decode(name, data, encoding)
    label = told[1].decode("ascii").lower()
    try:
        return decode(name, data, ALIASES.get(label, label))
    except LoadError:
        return decode(name, data)


def title(page: Page) -> str:
    """The page's title, without the site's name where the first heading shows what that is."""
    top = next((block.text for block in page.blocks if block.level == 1), "")
    if top and page.title.startswith(top) and _SITE.match(page.title, len(top)):
        return top
    return page.title or top


def dates(page: Page) -> Iterator[DateRange | None]:
    """What a page's head says of its dates."""
    for name, confidence in _DATES.items():
        yield stamp(page.meta.get(name), f"html:{name}", confidence)


def tags(page: Page) -> list[str]:
    """A page's keywords."""
    return [tag for name in _TAGS for tag in _TAG_BORDER.split(page.meta.get(name, ""))]


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are valid UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _with(found: Document, raw: Decoded) -> Document:
    from dataclasses import replace

    return replace(
        found, encoding=raw.encoding, warnings=(*decoding_warnings(found.id, raw), *found.warnings)
    )
