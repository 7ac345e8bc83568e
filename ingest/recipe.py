"""What made a document's rows, in a word; apart from the code that makes them, which a search need not load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph import extract
from ingest import loaders

if TYPE_CHECKING:
    from ingest.loaders.source import Options


def recipe(doc_id: str, options: Options) -> str:
    """Names what would make a document's rows now; rows of another recipe are made again."""
    return f"{loaders.recipe(doc_id, options)}:{extract.VERSION}"
