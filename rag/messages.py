"""Messages in the reader's language: English templates, with their Chinese in ``messages.zh.yaml``."""

from __future__ import annotations

import locale
import os
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rag.errors import FootnotesError

Language = Literal["zh", "en"]
_spoken: ContextVar[Language | None] = ContextVar("spoken", default=None)
_state: dict[str, Language | None] = {"language": None}


@cache
def _chinese() -> dict[str, str]:
    path = Path(__file__).with_name("messages.zh.yaml")
    loaded: dict[str, str] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


def locale_language() -> Language:
    """``zh`` or ``en``, from LC_ALL, LC_MESSAGES, LANG, else the system's own setting."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def set_language(language: str) -> None:
    """Fix the language of messages; ``auto`` follows the locale."""
    _state["language"] = "zh" if language == "zh" else "en" if language == "en" else None


def language() -> Language:
    """The language that messages are shown in."""
    return _spoken.get() or _state["language"] or locale_language()


@contextmanager
def speaking(wanted: Language) -> Iterator[None]:
    """Inside, messages are in this language: that of one reader of many."""
    token = _spoken.set(wanted)
    try:
        yield
    finally:
        _spoken.reset(token)


def say(template: str, **values: object) -> str:
    """Fill a message template, in the reader's language."""
    return _filled(template, values, language())


def translated(text: str) -> str:
    """A fixed phrase in the reader's language, anything else as it is."""
    return _chinese().get(text, text) if language() == "zh" else text


def explain(error: FootnotesError, wanted: Language | None = None) -> str:
    """An error's one line, in the reader's language or the one that is wanted."""
    return _filled(error.template, error.values, wanted or language())


def _filled(template: str, values: Mapping[str, object], wanted: Language) -> str:
    return (_chinese().get(template, template) if wanted == "zh" else template).format(**values)
