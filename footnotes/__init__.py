"""Ask your notes; every answer carries footnotes.

>>> import footnotes
>>> with footnotes.open("~/.footnotes") as notes:  # doctest: +SKIP
...     print(notes.ask("When did we move?").text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.engine import Engine
from rag.errors import (
    BusyError,
    ConfigError,
    EvalError,
    ExtraMissingError,
    FootnotesError,
    HomeError,
    IndexDamagedError,
    LLMError,
    LoadError,
    ModelError,
    QuestionError,
    RootError,
    SessionError,
)
from rag.types import (
    Answer,
    Chunk,
    Citation,
    Condition,
    DateRange,
    Document,
    Filters,
    Hit,
    Link,
    Mask,
    Part,
    Query,
    Retrieval,
    Sent,
    SentenceSupport,
    Span,
    Stage,
    Trace,
    Turn,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
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


def open(  # noqa: A001 - footnotes.open reads as it should
    home: Path | str | None = None,
    *,
    config: Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> Engine:
    """Open a home; see ``Engine.open``."""
    return Engine.open(home, config=config, settings=settings)
