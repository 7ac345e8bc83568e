"""Books (``.epub``): a page for each chapter, in reading order."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ingest.loaders import html
from ingest.loaders.archive import Archive
from ingest.loaders.extract import Block, compose, document, one_line, stamp
from ingest.loaders.page import read
from ingest.loaders.text import title_from_name
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ingest.loaders.source import Source
    from rag.types import Document

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_OBFUSCATIONS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # of fonts only
_CHAPTERS = frozenset(
    {"application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml", "text/xml"}
)
_CONFIDENCE = 0.5  # when a book was published says little of when it was read
_WEB = ("http://", "https://", "mailto:")


def load(source: Source) -> Document:
    """Read a book. A chapter that is missing or no text is left empty, with a warning.

    Raises:
        LoadError: the file is protected or damaged.
    """
    archive = Archive(source.id, source.data)
    _refuse_protected(archive)
    path = _package_path(archive)
    package = archive.xml(path)
    chapters = list(_chapters(package, posixpath.dirname(path)))
    warnings: list[str] = []
    pages = [_blocks(archive, chapter, warnings) for chapter in chapters]
    named = _contents(archive, package, posixpath.dirname(path))
    titles = [
        "" if page and page[0].level else named.get(chapter, "")
        for page, chapter in zip(pages, chapters, strict=True)
    ]
    told = _told(package)
    return document(
        source,
        compose(pages, titles=titles),
        "book",
        told.get("title", [""])[0] or title_from_name(source.id),
        dates=[stamp(day, "epub:date", _CONFIDENCE) for day in told.get("date", [])[:1]],
        tags=told.get("subject", ()),
        meta={"author": ", ".join(told["creator"])} if "creator" in told else None,
        warnings=warnings,
        paged=True,
    )


def _refuse_protected(archive: Archive) -> None:
    """Chapters that are encrypted; fonts may be."""
    if _ENCRYPTION not in archive:
        return
    for one in archive.xml(_ENCRYPTION).iter("{*}EncryptedData"):
        method = one.find("{*}EncryptionMethod")
        if method is not None and method.get("Algorithm") in _OBFUSCATIONS:
            continue
        raise LoadError(
            "{name}: is protected (DRM): its text cannot be read. Leave it out.", name=archive.name
        )


def _package_path(archive: Archive) -> str:
    if _CONTAINER in archive:
        for one in archive.xml(_CONTAINER).iter("{*}rootfile"):
            path = unquote(one.get("full-path") or "")
            if path in archive:
                return path
    path = next((p for p in archive.paths() if p.endswith(".opf")), "")
    if not path:
        raise LoadError(
            "{name}: is not a book: it has no list of its chapters (OPF). Convert it again.",
            name=archive.name,
        )
    return path


def _chapters(package: Any, folder: str) -> Iterator[str]:
    """Paths in reading order."""
    items = {item.get("id"): item for item in package.iter("{*}item")}
    seen: set[str] = set()
    for reference in package.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _CHAPTERS or _is_contents(item):
            continue
        path = _resolved(folder, item.get("href") or "")
        if path not in seen:
            seen.add(path)
            yield path


def _is_contents(item: Any) -> bool:
    return "nav" in (item.get("properties") or "").split()


def _blocks(archive: Archive, chapter: str, warnings: list[str]) -> list[Block]:
    try:
        markup = html.decoded(archive.name, archive.read(chapter)).text
    except LoadError:
        warnings.append(f"chapter {chapter!r} is missing or cannot be read")
        return []
    return [_outward(block) for block in read(markup, site=False).blocks]


def _outward(block: Block) -> Block:
    """Links within a book lead to no note."""
    kept = tuple(a for a in block.links if a.target.lower().startswith(_WEB))
    return Block(block.text, block.level, block.tight, kept)


def _contents(archive: Archive, package: Any, folder: str) -> Mapping[str, str]:
    """The titles of chapters, by path, from the book's table of contents in either form."""
    titles: dict[str, str] = {}
    for item in package.iter("{*}item"):
        path = _resolved(folder, item.get("href") or "")
        newer = _is_contents(item)
        if path not in archive or not (newer or item.get("media-type") == "application/x-dtbncx+xml"):
            continue
        try:
            tree = archive.xml(path)
        except LoadError:
            continue
        for target, title in _entries(tree, newer=newer):
            titles.setdefault(_resolved(posixpath.dirname(path), target), title)
    return titles


def _entries(tree: Any, *, newer: bool) -> Iterator[tuple[str, str]]:
    if newer:
        for a in tree.iter("{*}a"):
            yield a.get("href") or "", one_line("".join(a.itertext()))
        return
    for point in tree.iter("{*}navPoint"):
        label, content = point.find("{*}navLabel"), point.find("{*}content")
        if label is not None and content is not None:
            yield content.get("src") or "", one_line("".join(label.itertext()))


def _resolved(folder: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(target.partition("#")[0])))


def _told(package: Any) -> Mapping[str, list[str]]:
    """What the package says of the book, in the terms of Dublin Core."""
    told: dict[str, list[str]] = {}
    for one in package.iter("{http://purl.org/dc/elements/1.1/}*"):
        text = one_line("".join(one.itertext()))
        if text:
            told.setdefault(one.tag.rpartition("}")[2], []).append(text)
    return told
