"""A small vault with facts read by the simplest of rules, so that no test of stores depends on how names are found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graph import titles
from graph.model import Alias, EntityKind, Facts, Mention, Relation
from ingest import dates, loaders, prepare
from ingest.loaders.source import Options
from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rag.types import Document

ROOT = "notes"
NOTES: dict[str, str] = {
    "films/花样年华.md": """\
---
director: 王家卫
rating: 9
watched: 2023-05-01
tags: [film, 香港]
---
# 花样年华

和 [[苏禾]] 在 Arsenal 看的。摄影是杜可风，旗袍和雨。

2023-05-01 散场以后去了运河边。
""",
    "films/重庆森林.md": """\
---
director: 王家卫
rating: 8.5
tags: [film, 香港]
---
# 重庆森林

杜可风的镜头比《花样年华》晃得多。
""",
    "films/Past Lives.md": """\
---
director: Celine Song
Rating: 9/10
tags: [film]
---
# Past Lives

Seen at Arsenal with Su He on 2023-09-02. Celine Song wrote it herself.
""",
    "people/苏禾.md": """\
---
aliases: [Su He]
---
# 苏禾

苏禾 lives in Berlin and works on Qdrant.
""",
    "tech/Qdrant.md": """\
# Qdrant

Qdrant 是一种向量数据库（vector database）。See [[FAISS notes|the older one]].

## Money

Qdrant costs nothing at home.
""",
    "tech/FAISS notes.md": """\
---
rating: 4
reviewed: 2024-02-03
---
# FAISS notes

FAISS is no vector database. #search

2024-02-03: moved from FAISS to Qdrant.
""",
    "diary/2023-09-03.md": """\
# 2023-09-03

2023-09-03 苏禾说 Qdrant 已经够快。Berlin 下雨。
""",
    "loose.md": """\
# An island

Nothing here leads anywhere.
""",
}
_NAMES: dict[str, EntityKind] = {
    "王家卫": "person",
    "杜可风": "person",
    "苏禾": "person",
    "Su He": "person",
    "Celine Song": "person",
    "Arsenal": "place",
    "Berlin": "place",
    "Qdrant": "technology",
    "FAISS": "technology",
    "向量数据库": "concept",
    "vector database": "concept",
}
_PROPERTY = re.compile(r"^(director|rating|Rating|reviewed): (.+)$", re.MULTILINE)
_ALIAS = re.compile(r"(向量数据库)（([\w ]+)）")


def catalogue(folder: Path, notes: Mapping[str, str] = NOTES) -> Catalogue:
    """A catalogue that holds the notes, with everything settled."""
    made = Catalogue(folder / "catalogue.db")
    made.add_root(Root(ROOT, None))
    put(made, notes)
    return made


def put(into: Catalogue, notes: Mapping[str, str], *, removed: tuple[str, ...] = ()) -> None:
    """Add or replace notes, take others out, and settle what notes say of each other."""
    with into.database.writing() as db:
        batch = Batch(db)
        for path, text in notes.items():
            document = _document(f"{ROOT}/{path}", text)
            chunks = prepare.cut(document, 60)
            batch.put(document, chunks, FileState(0, 0, 0, 0, 0, path), "recipe", said(document))
        for path in removed:
            batch.remove(f"{ROOT}/{path}")
        batch.finish()
    titles.follow(into)


def _document(doc_id: str, text: str) -> Document:
    return dates.dated(loaders.load(doc_id, text.encode(), None, Options()), dates.Facts(0, None))


def said(document: Document) -> Facts:
    """Every name of the list that stands in the text, properties, and one form of alias."""
    return Facts(
        tuple(sorted(_mentions(document.text), key=lambda one: one.start)),
        tuple(
            Relation(m.start(), m.end(), "", m[1], m[2], "property", 1.0)
            for m in _PROPERTY.finditer(document.text)
        ),
        tuple(Alias(m.start(), m.end(), m[1], m[2]) for m in _ALIAS.finditer(document.text)),
    )


def _mentions(text: str) -> Iterator[Mention]:
    body = text.find("\n---\n") + 1
    for name, kind in _NAMES.items():
        for found in re.finditer(re.escape(name), text[body:]):
            yield Mention(body + found.start(), body + found.end(), name, kind, "name", 0.9)
