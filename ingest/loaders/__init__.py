"""From a file's bytes to a Document, one module a format, imported when the first file of its kind comes."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from ingest.loaders.source import Options, Source
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.types import Document

CHUNKER_VERSION = 4
"""Raised with every change to what the chunker makes of a text: all notes are cut again."""
PLAIN = Options()


@dataclass(frozen=True, slots=True)
class Loader:
    """A loader by name.

    Attributes:
        module: below ``ingest.loaders``; holds ``load(source) -> Document``.
        suffixes: file name endings, lower case, with their dot.
        version: raised with every change to what it makes of a file: its files are read again.
        needs: packages without which it cannot read, as they are imported.
        extra: the extra of Footnotes that installs them.
        helped_by: packages with which it reads more: its files are read again when one comes or goes.
        isolated: hostile files can hold it up or blow it up: it always runs in a worker process.
    """

    module: str
    suffixes: tuple[str, ...]
    version: int = 1
    needs: tuple[str, ...] = ()
    extra: str = ""
    helped_by: tuple[str, ...] = ()
    isolated: bool = False


class _Module(Protocol):
    def load(self, source: Source) -> Document: ...


LOADERS = (
    Loader("markdown", (".md", ".markdown", ".mdx"), version=4),
    Loader("canvas", (".canvas",), version=2),
    Loader("text", (".txt", ".text", ".log"), version=3),
    Loader("chat", (".json", ".jsonl"), isolated=True),
    Loader("html", (".html", ".htm", ".xhtml"), isolated=True),
    Loader("notebook", (".ipynb",), isolated=True),
    Loader("table", (".csv", ".tsv")),
    Loader("mail", (".eml",), isolated=True),
    Loader("rst", (".rst",)),
    Loader("org", (".org",)),
    Loader("adoc", (".adoc", ".asciidoc")),
    Loader("tex", (".tex",)),
    Loader("word", (".docx",), needs=("docx", "lxml"), extra="formats", isolated=True),
    Loader("slides", (".pptx",), needs=("pptx", "lxml"), extra="formats", isolated=True),
    Loader("sheets", (".xlsx",), needs=("openpyxl", "defusedxml", "lxml"), extra="formats", isolated=True),
    Loader("book", (".epub",), needs=("lxml",), extra="formats", isolated=True),
    Loader("opendocument", (".odt", ".odp", ".ods"), needs=("lxml",), extra="formats", isolated=True),
    Loader("pdf", (".pdf",), version=3, helped_by=("pypdfium2", "rapidocr", "onnxruntime"), isolated=True),
    Loader(
        "image",
        (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
        needs=("rapidocr", "onnxruntime"),
        extra="ocr",
        isolated=True,
    ),
)
_BY_SUFFIX: Mapping[str, Loader] = MappingProxyType({s: one for one in LOADERS for s in one.suffixes})

SUFFIXES = frozenset(_BY_SUFFIX)
"""File name endings that ``load`` knows, lower case, with their dot."""


def loader_of(name: str) -> Loader | None:
    """The loader for a file of this name or path."""
    return _BY_SUFFIX.get(_suffix(name))


def supported(name: str) -> bool:
    """Whether a file of this name or path can be loaded, here and now."""
    loader = loader_of(name)
    return loader is not None and not missing(loader)


@cache
def missing(loader: Loader) -> tuple[str, ...]:
    """Packages that a loader needs and that are not installed."""
    return tuple(name for name in loader.needs if importlib.util.find_spec(name) is None)


def recipe(name: str, options: Options = PLAIN) -> str:
    """Names what would make a file's rows now; rows of another recipe are made again."""
    loader = loader_of(name)
    made_by = f"{loader.module}.{loader.version}{_help(loader)}" if loader else "none"
    return f"{made_by}:{CHUNKER_VERSION}:{options.digest}"


@cache
def _help(loader: Loader) -> str:
    """A letter for each helping package: whether it is there."""
    there = (importlib.util.find_spec(name) is not None for name in loader.helped_by)
    return "".join("+" if one else "-" for one in there)


def load(doc_id: str, data: bytes, encoding: str | None = None, options: Options = PLAIN) -> Document:
    """Read one file; its suffix says how. ``encoding`` overrides the detection for text formats.

    Raises:
        LoadError: the file cannot be read; the message names it and the reason in one line.
    """
    loader = loader_of(doc_id)
    if loader is None:
        raise LoadError(
            "{name}: this format is not supported. Supported are {suffixes}.",
            name=doc_id,
            suffixes=" ".join(sorted(SUFFIXES)),
        )
    if absent := missing(loader):
        raise LoadError(
            "{name}: reading this format needs {packages}: pip install 'footnotes[{extra}]'.",
            name=doc_id,
            packages=", ".join(absent),
            extra=loader.extra,
        )
    module = cast("_Module", import_module(f"{__name__}.{loader.module}"))
    document = module.load(Source(doc_id, data, encoding, options))
    return document if document.loader else replace(document, loader=loader.module)


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return f".{suffix.lower()}" if stem and dot else ""
