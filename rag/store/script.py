"""Which language a text is in, as far as retrieval needs to know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rag.types import Chunk, Language

_HAN_SHARE: Final = 0.15  # of the letters, from which on a text is Chinese
_HAN: Final = re.compile("[\u4e00-\u9fff]+")
_LATIN: Final = re.compile("[A-Za-z]+")


def is_chinese(text: str) -> bool:
    """Whether a good part of a text's letters are Han characters."""
    han = len(text) - len(_HAN.sub("", text))
    return han > 0 and han > _HAN_SHARE * (han + len(text) - len(_LATIN.sub("", text)))


def speaks_chinese(chunk: Chunk) -> bool:
    """Whether a passage is in Chinese, by what the catalogue knows of it where it is stored."""
    return is_chinese(chunk.body) if chunk.language is None else chunk.language == "zh"


def language(text: str) -> Language:
    """The language that a passage's text is in, as the catalogue keeps it."""
    return "zh" if is_chinese(text) else "en"
