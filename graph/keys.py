"""What names are compared by."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_NUMBERED = re.compile(r"(?<=[a-z])[ \-_](?=\d)")


def key_of(name: str) -> str:
    """What names are compared by: NFKC, case folded, white space single; ``GPT-4`` and ``GPT 4`` as ``gpt4``."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _NUMBERED.sub("", _SPACE.sub(" ", folded).strip())
