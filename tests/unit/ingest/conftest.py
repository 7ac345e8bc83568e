"""What the tests of loaders share."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ingest.chunk import chunk
from ingest.loaders import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Chunk, Document

Read = tuple["Document", "list[Chunk]"]


def checked(document: Document, size: int = 40) -> list[Chunk]:
    """A document's passages, after everything that must hold of any document was checked."""
    text = document.text
    assert unicodedata.is_normalized("NFC", text)
    assert "\r" not in text
    assert list(document.pages) == sorted(document.pages)
    assert [s.start for s in document.sections] == sorted(s.start for s in document.sections)
    assert [link.start for link in document.links] == sorted(link.start for link in document.links)
    assert all(0 <= link.start <= link.end <= len(text) for link in document.links)
    chunks = chunk(document, size)
    assert all(text[c.start : c.end] == c.text for c in chunks)
    assert all(a.end <= b.start for a, b in pairwise(chunks))
    rest = list(text)
    covered = [*((c.start, c.end) for c in chunks), *((m.start, m.end) for m in document.masks)]
    for start, end in covered:
        rest[start:end] = " " * (end - start)
    assert not "".join(rest).strip()
    return chunks


@pytest.fixture
def read() -> Callable[[str, bytes | str], Read]:
    """Loads a file and cuts it into passages, which are exact."""

    def loaded(name: str, data: bytes | str) -> Read:
        document = load(f"notes/{name}", data.encode() if isinstance(data, str) else data)
        return document, checked(document)

    return loaded
