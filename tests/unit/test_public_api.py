"""The public API cannot grow by accident, and the package says that it is typed."""

from __future__ import annotations

import importlib.resources

import footnotes
import rag.errors

PUBLIC = [
    "Answer",
    "BusyError",
    "Chunk",
    "Citation",
    "Condition",
    "ConfigError",
    "DateRange",
    "Document",
    "Engine",
    "EvalError",
    "ExtraMissingError",
    "Filters",
    "FootnotesError",
    "Hit",
    "HomeError",
    "IndexDamagedError",
    "LLMError",
    "Link",
    "LoadError",
    "Mask",
    "ModelError",
    "Part",
    "Query",
    "Retrieval",
    "RootError",
    "SentenceSupport",
    "Span",
    "Stage",
    "Trace",
    "open",
]


def test_all_is_pinned() -> None:
    """A change here is a change of the public API."""
    assert sorted(footnotes.__all__) == sorted(PUBLIC)
    assert all(hasattr(footnotes, name) for name in PUBLIC)


def test_package_is_typed() -> None:
    """PEP 561's marker is there."""
    for package in ("footnotes", "rag", "ingest", "graph", "ui"):
        assert importlib.resources.files(package).joinpath("py.typed").is_file()


def test_error_tree_is_one() -> None:
    """Whoever catches FootnotesError catches all of ours."""
    errors = [getattr(footnotes, name) for name in PUBLIC if name.endswith("Error")]
    assert all(issubclass(error, footnotes.FootnotesError) for error in errors)
    drawn = rag.errors.__doc__ or ""
    assert all(error.__name__ in drawn for error in errors), "the tree in the docstring names each"
