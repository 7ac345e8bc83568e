"""How near an answer is to a right one: exact match and F1 over tokens.

English is normalised as SQuAD's evaluation does (lower case, no punctuation, no articles, words between white space). Each
Han character is a token by itself, as in the evaluations of DRCD and CMRC; F1 counts tokens as a bag, as SQuAD's does
(CMRC takes the longest common part instead). Both are folded first, so that script, width and accents do not matter.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_TOKEN = re.compile(
    r"[\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]|[^\s\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]+"
)
_WORD = re.compile(
    r"\d+(?:[.,]\d+)*|[\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3005-\u3007\u3400-\u9fff\uf900-\ufaff]+"
)
_ASCII = dict.fromkeys(map(ord, string.punctuation))  # goes without a trace, as in SQuAD: "U.S." is "us"
_SPACE = {"P": " ", "S": " "}


def tokens(text: str) -> list[str]:
    """The tokens that count."""
    plain = "".join(_SPACE.get(unicodedata.category(c)[0], c) for c in fold(text).translate(_ASCII))
    return _TOKEN.findall(_ARTICLE.sub(" ", plain))


def exact(answer: str, right: Iterable[str]) -> float:
    """1 if the answer is one of the right ones, else 0."""
    told = tokens(answer)
    return float(any(told == tokens(one) for one in right))


def f1(answer: str, right: Iterable[str]) -> float:
    """The harmonic mean of precision and recall over tokens, against the nearest right answer."""
    told = Counter(tokens(answer))
    return max((_f1(told, Counter(tokens(one))) for one in right), default=0.0)


def holds(text: str, right: Iterable[str]) -> bool:
    """Whether a text holds one of the right answers, word by word."""
    said = _lined(text)
    return any((wanted := _lined(one)).strip() and wanted in said for one in right)


def stands(text: str, right: Iterable[str]) -> bool:
    """Whether one of the right answers stands in a text, any sign being the end of a word.

    ``holds`` takes "Six-time" and "Manning's" for one word each, as SQuAD's normalisation does.
    """
    said = _worded(text)
    return any((wanted := _worded(one)).strip() and wanted in said for one in right)


def _worded(text: str) -> str:
    return f" {' '.join(_WORD.findall(fold(text)))} "


def _lined(text: str) -> str:
    return f" {' '.join(tokens(text))} "


def _f1(told: Counter[str], right: Counter[str]) -> float:
    if not told or not right:
        return float(told == right)
    shared = (told & right).total()
    return 2 * shared / (told.total() + right.total())
