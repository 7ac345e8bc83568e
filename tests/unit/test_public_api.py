"""The public API cannot grow by accident, and the package says that it is typed."""

from __future__ import annotations

import importlib.resources
import inspect
import re

import footnotes
import rag.errors
import rag.types
from footnotes import Engine

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
    "QuestionError",
    "Retrieval",
    "RootError",
    "Sent",
    "SentenceSupport",
    "SessionError",
    "Span",
    "Stage",
    "Trace",
    "Turn",
    "open",
]


def test_all_is_pinned() -> None:
    """A change here is a change of the public API."""
    assert sorted(footnotes.__all__) == sorted(PUBLIC)
    assert all(hasattr(footnotes, name) for name in PUBLIC)


def _is_ours(name: str) -> bool:
    return getattr(getattr(rag.types, name, None), "__module__", "") == "rag.types"


def test_what_the_engine_takes_gives_and_raises_is_public() -> None:
    """Whoever passes a history or catches a filter's error need not reach into ``rag``."""
    methods = [value for name, value in inspect.getmembers(Engine, inspect.isfunction) if name[0] != "_"]
    annotated = [str(note) for method in methods for note in inspect.get_annotations(method).values()]
    types = {name for name in re.findall(r"\w+", " ".join(annotated)) if _is_ours(name)}
    raised = set(re.findall(r"\w+Error(?=:)", " ".join(method.__doc__ or "" for method in methods)))
    assert {"Turn", "Answer", "QuestionError", "RootError"} <= types | raised, "names are found at all"
    assert types | raised <= set(footnotes.__all__)


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
