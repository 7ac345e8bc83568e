"""What names and values are compared by."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_NUMBERED = re.compile(r"(?<=[a-z])[ \-_](?=\d)")
_STARS = re.compile(r"[★⭐🌟]")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def key_of(name: str) -> str:
    """What names are compared by: NFKC, case folded, white space single; ``GPT-4`` and ``GPT 4`` as ``gpt4``."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _NUMBERED.sub("", _SPACE.sub(" ", folded).strip())


def number_of(text: str) -> float | None:
    """The number that a property's value begins with (``9``, ``8.5/10``, ``9分``), or the stars that it shows."""
    text = unicodedata.normalize("NFKC", text).strip()
    if stars := len(_STARS.findall(text)):
        return float(stars)
    found = _NUMBER.match(text)
    return float(found[0]) if found else None
