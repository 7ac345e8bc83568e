"""Which names a question may say: every run of its words, by the keys that entities are compared with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from graph.keys import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 10  # words or Han characters of a name
# A Han character is a word here; so are runs of letters and digits with what joins them: GPT-4, C++, node.js, O'Brien.
_WORD: Final = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|(?:(?![\u3400-\u9fff\uf900-\ufaff])[^\W_])+"
)
_GLUE: Final = "+#"  # belongs to the word before: C++, C#


class Named(NamedTuple):
    """``question[start:end]`` may be the name of what has this key."""

    start: int
    end: int
    key: str


def names(question: str) -> Iterator[Named]:
    """Runs of words, from each word on, the longest first."""
    words = [_extended(question, m.start(), m.end()) for m in _WORD.finditer(question)]
    for first, (start, _) in enumerate(words):
        for _, end in reversed(words[first : first + _LONGEST]):
            key = key_of(question[start:end])
            if key:
                yield Named(start, end, key)


def _extended(text: str, start: int, end: int) -> tuple[int, int]:
    while end < len(text) and text[end] in _GLUE:
        end += 1
    return start, end
