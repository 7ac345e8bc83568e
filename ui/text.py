"""The words of the UI: one YAML file a language, chosen by setting or by what the browser asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["zh", "en"]

_LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}


@dataclass(frozen=True, slots=True)
class Text:
    """All strings of one language. Keys of a nested table are joined with a dot."""

    language: Language
    strings: Mapping[str, str | list[str]]

    def __call__(self, key: str, **values: object) -> str:
        """The string under ``key`` with its fields filled. It is markup of ours: values must be escaped."""
        string = self.strings[key]
        assert isinstance(string, str)  # noqa: S101 - a list is asked for by ``choices``
        return string.format(**values) if values else string

    def count(self, key: str, count: int) -> str:
        """The singular or plural form of ``key``, with thousands separated."""
        return self(f"{key}.{'one' if count == 1 else 'many'}", count=f"{count:,}")

    def choices(self, key: str) -> list[str]:
        """The list under ``key``."""
        strings = self.strings[key]
        assert isinstance(strings, list)  # noqa: S101 - see ``__call__``
        return strings


@cache
def load(language: Language) -> Text:
    """The strings of a language."""
    loaded = yaml.safe_load(Path(__file__).with_name(f"text.{language}.yaml").read_text("utf-8"))
    return Text(language, _flat(loaded))


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str | list[str]]:
    flat: dict[str, str | list[str]] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            flat[prefix + key] = [str(item) for item in value]
        else:
            flat[prefix + key] = str(value)
    return flat


def choose(setting: str, accept_language: str = "") -> Language:
    """The language to speak: the setting, or for ``auto`` the first of ours in an Accept-Language header."""
    tags = [setting] if setting in _LANGUAGES else _preferred(accept_language)
    known = (_LANGUAGES[primary] for tag in tags if (primary := tag.partition("-")[0]) in _LANGUAGES)
    return next(known, "en")


def _preferred(accept_language: str) -> list[str]:
    """Language tags in lower case, most wanted first (RFC 9110, 12.5.4)."""
    weighted: list[tuple[float, str]] = []
    for part in accept_language.lower().split(","):
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag.strip() and weight > 0:
            weighted.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]
