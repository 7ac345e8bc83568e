"""Plain text, and what every decoded format shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.dates import document_dates
from ingest.encoding import decode
from ingest.loaders import turns
from ingest.loaders.blocks import blanked, fences
from rag.types import Document

if TYPE_CHECKING:
    from ingest.encoding import Decoded
    from ingest.loaders.source import Source

_FOLDER_PAGES = frozenset({"index", "_index", "readme"})


def load(source: Source) -> Document:
    """Read a plain text file.

    Raises:
        LoadError: the bytes are not text.
    """
    doc_id = source.id
    raw = decode(doc_id, source.data, source.encoding)
    return Document(
        doc_id,
        raw.text,
        source.sha256,
        title_from_name(doc_id),
        "text",
        sections=turns.find(raw.text, blanked(raw.text, fences(raw.text))),
        dates=document_dates(doc_id, {}),
        encoding=raw.encoding,
        warnings=decoding_warnings(doc_id, raw),
    )


def title_from_name(doc_id: str) -> str:
    """The file's name without its suffix; for ``index.md``, ``_index.md`` and ``README.md`` the folder's."""
    *folders, name = doc_id.split("/")
    stem = name.rpartition(".")[0] or name
    return folders[-1] if folders and stem.lower() in _FOLDER_PAGES else stem


def decoding_warnings(doc_id: str, raw: Decoded) -> tuple[str, ...]:
    """One line if bytes had to be replaced, one for each encoding that only some lines were in."""
    lines = [f"{doc_id}: {count} lines are {codec}, the others {raw.encoding}" for codec, count in raw.mixed]
    if raw.replaced:
        lines.append(
            f"{doc_id}: {raw.replaced} byte sequences are not {raw.encoding} and were replaced,"
            f" the first in line {raw.line} (byte {raw.byte})"
        )
    return tuple(lines)
