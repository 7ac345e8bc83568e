"""From a file's bytes to a Document, one module a format."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest.loaders import markdown, pdf, text
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rag.types import Document

_LOADERS: Mapping[str, Callable[[str, bytes, str | None], Document]] = MappingProxyType(
    {
        **dict.fromkeys((".md", ".markdown", ".mdx"), markdown.load),
        **dict.fromkeys((".txt", ".text", ".log"), text.load),
        ".pdf": pdf.load,
    }
)

SUFFIXES = frozenset(_LOADERS)
"""File name endings that ``load`` knows, lower case, with their dot."""


def supported(name: str) -> bool:
    """Whether a file of this name or path can be loaded."""
    return _suffix(name) in SUFFIXES


def load(doc_id: str, data: bytes, encoding: str | None = None) -> Document:
    """Read one file; its suffix says how. ``encoding`` overrides the detection for text formats.

    Raises:
        LoadError: the file cannot be read; the message names it and the reason in one line.
    """
    loader = _LOADERS.get(_suffix(doc_id))
    if loader is None:
        raise LoadError(
            "{name}: this format is not supported. Supported are {suffixes}.",
            name=doc_id,
            suffixes=" ".join(sorted(SUFFIXES)),
        )
    return loader(doc_id, data, encoding)


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return f".{suffix.lower()}" if stem and dot else ""
