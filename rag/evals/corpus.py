"""The rows of an evaluation set as documents, and the name of the index that they make."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import ingest
from graph import extract
from ingest import loaders
from rag import live, store
from rag.store.tokens import ANALYSIS_VERSION
from rag.types import DateRange, Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rag.evals.datasets import EvalSet, Row
    from rag.settings import Settings

_MARKDOWN = (".md", ".markdown", ".mdx")


def key(data: EvalSet, settings: Settings) -> str:
    """Names the index of a set: 16 hexadecimal digits that differ where the index would.

    Which vectors belong to which weights is the engine's own business: it checks its manifests.
    """
    made_of = {
        "code": _code(),
        "root": data.root,
        "corpus": data.corpus_hash,
        "analysis": ANALYSIS_VERSION,
        "passages": settings.chunk.size,
        "embedding": settings.embedding.model_dump(mode="json", include=set(live.MATTERS)),
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


def _code() -> str:
    """Hash of the code that turns rows into an index: figures of an older chunker must never pass for new ones."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for package in (extract, ingest, store):
        for path in sorted(Path(next(iter(package.__path__))).rglob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def documents(data: EvalSet, progress: Callable[[str, int, int], None]) -> Iterator[Document]:
    """Every row as a document; ``progress`` hears of each that is taken."""
    for done, row in enumerate(data.rows, 1):
        yield document(row)
        progress("indexing", done, len(data.rows))


def document(row: Row) -> Document:
    """One row. Text that came from a Markdown file, by the name it bears, is read as such a file is."""
    dates = (DateRange(row.day, row.day, "date"),) if row.day else ()
    name = next((name for name in (row.id, row.source) if name.lower().endswith(_MARKDOWN)), None)
    if name is not None:
        read = loaders.load(name, row.text.encode(), "utf-8")
        return replace(read, id=row.doc_id, title=row.title or read.title, dates=dates or read.dates)
    # A row that is only a title would have no passage, and nobody could find it.
    text = unicodedata.normalize("NFC", row.text if row.text.strip() else row.title)
    return Document(
        id=row.doc_id,
        text=text.replace("\r\n", "\n").replace("\r", "\n"),
        sha256=hashlib.sha256(row.text.encode()).hexdigest(),
        title=row.title,
        format="text",
        dates=dates,
    )
