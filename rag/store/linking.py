"""Which document each link leads to, kept right with every change.

A name (``rag.store.names``) is stored below its key, the last part of it; a link is looked up by the key of its
target. So a document that comes, goes or changes concerns only links that lead to it and links that share a key
with it, and what a link resolves to is a pure function of the documents present.

Where several documents fit, a path as it is written beats one that ends alike, that beats an alias or a
permalink, and these a title; then the exact spelling, then the nearest folder decides. Nothing leads from one
root into another.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from rag.store import names
from rag.store.names import ALIAS, FOLDER, PATH, PERMALINK, STEM, TITLE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from rag.store.names import Parts, Spelled
    from rag.types import Document

_BORDER = "\x1f"  # between key, kind and whole name in a row of `names`
_AFTER_BORDER = "\x20"
_NUMBER = re.compile(r"\d{1,4}")
# What stands before a post's own name in the address of a blog that shows no date.
_SECTIONS = frozenset(
    {"post", "posts", "p", "blog", "article", "articles", "archives", "entry", "note", "notes"}
)
_DATE_PARTS = 3

_Names = dict[str, dict[str, list[str]]]  # kind -> whole name -> document ids


def key_of(target: str, kind: str) -> str:
    """What a link is looked up by; empty for one that leads nowhere but to the web or within its own note."""
    link = names.spelled(target, kind)
    return names.key(link.parts) if link else ""


def put(db: sqlite3.Connection, document: Document) -> None:
    """Replace a document's links and names; ``settle`` then resolves them. Its row in ``documents`` must be there."""
    db.execute("DELETE FROM links WHERE doc_id = ?", (document.id,))
    db.executemany(
        'INSERT INTO links (doc_id, start, "end", target, kind, label, anchor, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        [
            (document.id, k.start, k.end, k.target, k.kind, k.label, k.anchor, key_of(k.target, k.kind))
            for k in document.links
        ],
    )
    db.execute("DELETE FROM names WHERE doc_id = ?", (document.id,))
    db.executemany(
        "INSERT INTO names (key, doc_id) VALUES (?, ?)",
        [(_BORDER.join(name), document.id) for name in sorted(names.names_of(document))],
    )


def settle(db: sqlite3.Connection, doc_ids: set[str]) -> set[str]:
    """Resolve the links of, and to, documents that came, went, failed or changed. The caller holds the transaction.

    Returns:
        Ids of documents of which a link leads elsewhere now.
    """
    changed = json.dumps(sorted(doc_ids), ensure_ascii=False)
    db.execute(
        "DELETE FROM names WHERE doc_id IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM documents WHERE id = names.doc_id AND status = 'indexed')",
        (changed,),
    )
    alike: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    updates: list[tuple[str, int]] = []
    for row, doc_id, target, kind, key, resolved in _concerned(db, changed):
        if key:
            # A wikilink means the same everywhere in a folder; a note's pictures may lie in a folder of its name.
            place = doc_id.rpartition("/")[0] if kind == "wikilink" else doc_id
            alike[place, target, kind].append((row, resolved))
        elif not target and resolved != doc_id:
            updates.append((doc_id, row))  # [[#Heading]]
    resolver = _Resolver(db)
    for link, links in alike.items():
        found = resolver.resolve(*link)
        updates += [(found, row) for row, resolved in links if resolved != found]
    db.executemany("UPDATE links SET resolved = ? WHERE rowid = ?", updates)
    rows = json.dumps([row for _, row in updates])
    turned = db.execute(
        "SELECT DISTINCT doc_id FROM links WHERE rowid IN (SELECT value FROM json_each(?))", (rows,)
    )
    return {doc_id for (doc_id,) in turned}


def backlinks(db: sqlite3.Connection, doc_id: str) -> list[str]:
    """Ids of the other documents that link to one, sorted."""
    found = db.execute(
        "SELECT DISTINCT doc_id FROM links WHERE resolved = ? AND doc_id <> ? ORDER BY doc_id",
        (doc_id, doc_id),
    )
    return [linking for (linking,) in found]


def names_holding(db: sqlite3.Connection, word: str) -> list[str]:
    """What notes are called, folded, where a name holds a word of small letters; no addresses, no folders."""
    found = db.execute("SELECT DISTINCT key FROM names WHERE instr(key, ?)", (word,))
    split = (key.split(_BORDER) for (key,) in found)
    called = {whole if kind in {ALIAS, TITLE} else own for own, kind, whole in split if kind != PERMALINK}
    return sorted(name for name in called if word in name)


def _concerned(db: sqlite3.Connection, changed: str) -> Iterator[tuple[int, str, str, str, str, str]]:
    """Links of the changed documents, to them, and those that one of their names might catch."""
    rows = db.execute(
        "WITH changed AS (SELECT value AS id FROM json_each(?)) "
        "SELECT rowid, doc_id, target, kind, key, resolved FROM links WHERE rowid IN ("
        "SELECT rowid FROM links WHERE doc_id IN changed "
        "UNION SELECT rowid FROM links WHERE resolved IN changed "
        "UNION SELECT rowid FROM links WHERE key IN ("
        f"SELECT substr(key, 1, instr(key, '{_BORDER}') - 1) FROM names WHERE doc_id IN changed))",
        (changed,),
    )
    yield from rows.fetchall()


class _Resolver:
    """Resolves many links against the same state of the catalogue."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[tuple[str, str], _Names] = {}

    def resolve(self, place: str, target: str, kind: str) -> str:
        """The document that a link means, or nothing. ``place``: a wikilink's folder, other links' document id."""
        link = names.spelled(target, kind)
        if link is None:
            return ""
        root, _, relative = place.partition("/")
        near = names.folded(relative)
        paths = list(_paths(link, near, kind))
        known = self._names(root, names.key(link.parts), paths)
        for fitting in _tiers(known, link, paths, kind) if known else ():
            if fitting:
                return min(fitting, key=lambda doc_id: _order(doc_id, link, near))
        return ""

    def _names(self, root: str, key: str, paths: list[str]) -> _Names:
        """The names below a key; below that of all folders' pages only the paths asked for."""
        if key not in names.FOLDER_PAGES or not paths:
            if (root, key) not in self._known:
                self._known[root, key] = self._read(root, key + _BORDER, key + _AFTER_BORDER)
            return self._known[root, key]
        found: _Names = defaultdict(lambda: defaultdict(list))
        for path in paths:
            for of_kind in (PATH, FOLDER):
                row = _BORDER.join((key, of_kind, path))
                found[of_kind].update(self._read(root, row, row + "\0")[of_kind])
        return found

    def _read(self, root: str, first: str, after: str) -> _Names:
        found: _Names = defaultdict(lambda: defaultdict(list))
        # The + keeps SQLite from walking the index of doc_id, which holds the whole root.
        for row, doc_id in self._db.execute(
            "SELECT key, doc_id FROM names WHERE key >= ? AND key < ? AND +doc_id > ? AND +doc_id < ?",
            (first, after, f"{root}/", f"{root}0"),
        ):
            _, kind, whole = row.split(_BORDER)
            found[kind][whole].append(doc_id)
        return found


def _tiers(known: _Names, link: Spelled, paths: list[str], kind: str) -> Iterator[list[str]]:
    """Documents that fit, the best way of fitting first."""
    for path in paths:
        for of_kind in (PATH, FOLDER):
            yield known[of_kind].get(path, [])
    permalinks = (
        i for address, ids in known[PERMALINK].items() if _is_address(link.parts, address) for i in ids
    )
    if link.relative:  # it says where to look: a file of the same name elsewhere would be a guess
        yield list(permalinks) if _numbers(link.parts) and not link.is_file else []
        return
    whole = "/".join(link.parts)
    if kind == "wikilink" or not names.is_folder_page(link.parts):
        for of_kind in (PATH, FOLDER, STEM):
            yield _ending(known[of_kind], whole)
    if kind == "wikilink":
        yield known[ALIAS].get(whole, [])
        yield list(permalinks)
    else:
        yield list(permalinks)
        yield known[ALIAS].get(whole, [])
    yield known[TITLE].get(whole, [])


def _paths(link: Spelled, place: Parts, kind: str) -> Iterator[str]:
    """Whole paths that the link can mean: from the root, and from where it stands."""
    rooted = "/".join(link.parts)
    folder = place if kind == "wikilink" else place[:-1]
    joined = _joined(folder, link)
    if link.absolute:
        yield rooted
    elif link.relative:
        yield joined
        if kind != "wikilink" and not link.is_file:
            yield _joined(place, link)  # on a site a note is a folder, and so it is for its pictures
    elif kind == "wikilink" and not link.ups:
        # A name alone is looked for nearby first, as Obsidian does.
        yield from (rooted, joined) if len(link.parts) > 1 else ()
    else:
        yield joined
        yield rooted


def _joined(folder: Parts, link: Spelled) -> str:
    """The link's path from a folder; steps up beyond the root stay there, as in a browser."""
    return "/".join((*folder[: max(0, len(folder) - link.ups)], *link.parts))


def _ending(paths: dict[str, list[str]], whole: str) -> list[str]:
    """Documents whose path is, or ends with, the whole name."""
    if not whole:
        return []
    tail = "/" + whole
    return [doc_id for path, ids in paths.items() if path == whole or path.endswith(tail) for doc_id in ids]


def _is_address(parts: Parts, address: str) -> bool:
    """Whether a link's path is a permalink: with a site's path before it, or with less of its date."""
    *before, slug = address.split("/")
    if parts[-1:] != (slug,):
        return False
    if parts[-len(before) - 1 : -1] == tuple(before) and before:
        return True
    numbers = _numbers(parts)
    others = [part for part in parts[:-1] if not _NUMBER.fullmatch(part) and part not in _SECTIONS]
    dated = len(before) == _DATE_PARTS and before[0].isdigit()
    return not others and (not before or dated) and numbers == before[: len(numbers)]


def _numbers(parts: Parts) -> list[str]:
    """What of a link's path says a date."""
    return [part.zfill(2) for part in parts[:-1] if _NUMBER.fullmatch(part)]


def _order(doc_id: str, link: Spelled, place: Parts) -> tuple[bool, int, int, str, str]:
    """Sorts what fits equally: the same spelling, the nearest folder, the shortest path."""
    relative = doc_id.partition("/")[2]
    parts = names.folded(relative)
    near = 0
    for a, b in zip(place, parts, strict=False):
        if a != b:
            break
        near += 1
    exact = relative.endswith(link.written) or names.without_suffix(relative).endswith(link.written)
    return (not exact, -near, len(parts), relative.casefold(), relative)
