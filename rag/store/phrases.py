"""Passages that hold a phrase as it is written, but for case, width, script, accents and white space.

Folding a hundred thousand passages takes seconds. So a phrase becomes a pattern of everything that folds to it, which
is sought in the texts as they are; only where that leaves a doubt, a text is folded.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from rag.store import rows, tokens

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

_SPACE: Final = re.compile(r"\s+")
_BORDER: Final = "\0"  # between title, headings and text: no phrase runs across
_FOLDING: Final = (
    range(1, 0xAC00),
    range(0xF900, 0x30000),
    range(0xE0000, 0xE0200),
)  # what may fold to another
_BMP: Final = "\uffff"
_BLOCK: Final = 256


class _Spellings(NamedTuple):
    """By folded character, what folds to it, and what folds to it and others; and what folds to nothing."""

    single: Mapping[str, str]
    several: Mapping[str, str]
    nothing: str


class Phrase:
    """What is sought."""

    def __init__(self, written: str) -> None:
        self._folded = _collapsed(tokens.fold(written.replace(_BORDER, " "))).strip()
        sought = max(_runs(self._folded), key=len, default="").strip()
        self._is_whole = sought == self._folded
        self._pattern = _pattern(sought)

    def stands_in(self, text: str) -> bool:
        """Whether the text holds it."""
        found = self._pattern.search(text)
        if found is None:
            return False
        is_doubtful = found[1] is not None or tokens.joins(text[found.end() : found.end() + 1] or " ")
        return (self._is_whole and not is_doubtful) or self._folded in _collapsed(tokens.fold(text))


def holding(db: sqlite3.Connection, wanted: Sequence[str], where: str, values: Sequence[str]) -> list[int]:
    """Sorted keys of passages that hold all phrases, among those of ``chunks c`` that a condition lets through."""
    phrases = [Phrase(one) for one in wanted]
    found = db.execute(
        "SELECT c.key, d.title, c.heading, coalesce(c.body, c.text) FROM chunks c JOIN documents d ON d.id = c.doc_id "
        f"WHERE {where} ORDER BY c.key",
        values,
    )
    keys = []
    for key, title, heading, body in found:
        text = _BORDER.join((title, *rows.load(heading), body))
        if all(phrase.stands_in(text) for phrase in phrases):
            keys.append(key)
    return keys


def _collapsed(text: str) -> str:
    return _SPACE.sub(" ", text)


def _runs(folded: str) -> list[str]:
    """Stretches whose characters come of one character each, never of a letter and its mark."""
    return ["".join(run) for is_single, run in groupby(folded, _is_single) if is_single]


def _is_single(char: str) -> bool:
    return not tokens.joins(char) and unicodedata.normalize("NFD", char) == char


def _pattern(sought: str) -> re.Pattern[str]:
    """What folds to the text, or in its first group, a character that may become a part of it."""
    if not sought:
        return re.compile("()")
    known = _spellings()
    nothing = re.escape(known.nothing)
    parts, doubtful = [], ""
    for char in sought:
        spellings = {char, *known.single.get(char, "")}
        near = re.escape("".join(sorted(one for one in spellings if one <= _BMP or one == char)))
        parts.append(rf"[\s{near}][\s{near}{nothing}]*" if char == " " else f"[{near}]")
        doubtful += re.escape(known.several.get(char, "")) + _blocks(one for one in spellings if one > _BMP)
    first, *rest = parts
    after = "".join(f"[{nothing}]*{part}" for part in rest)
    # One class in front, rather than two branches: so the engine skips quickly to where it may match.
    doubt = f"(?<=([{doubtful}]))|" if doubtful else "()(?!)|"
    return re.compile(f"{first[:-1]}{doubtful}](?:{doubt}{after}[{nothing}]*)")


def _blocks(chars: Iterable[str]) -> str:
    """The blocks of rare characters, which a class can tell by few comparisons."""
    blocks = sorted({ord(char) // _BLOCK for char in chars})
    return "".join(f"{chr(n * _BLOCK)}-{chr((n + 1) * _BLOCK - 1)}" for n in blocks)


@cache
def _spellings() -> _Spellings:
    raw = [chr(code) for codes in _FOLDING for code in codes]
    single: defaultdict[str, str] = defaultdict(str)
    several: defaultdict[str, str] = defaultdict(str)
    nothing = ""
    for char, folded in zip(raw, tokens.fold(_BORDER.join(raw)).split(_BORDER), strict=True):
        if not folded:
            nothing += char
        elif folded != char:
            into = single if len(folded) == 1 else several
            for one in folded:
                into[" " if one.isspace() else one] += char
    return _Spellings(single, several, nothing)
