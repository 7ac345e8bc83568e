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
_NEAR: Final = 8_192


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
        text = _BORDER.join((title, _unwrapped(heading), body))
        if all(phrase.stands_in(text) for phrase in phrases):
            keys.append(key)
    return keys


def _unwrapped(dumped: str) -> str:
    """The texts of a list in JSON; quicker than reading it, where nothing is escaped."""
    return _BORDER.join(rows.load(dumped)) if "\\" in dumped else dumped[2:-2].replace('","', _BORDER)


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
    parts, doubtful = [], set[str]()
    for char in sought:
        spellings = {char, *known.single.get(char, "")}
        near = re.escape("".join(sorted(one for one in spellings if one <= _BMP or one == char)))
        parts.append(rf"[\s{near}][\s{near}{nothing}]*" if char == " " else f"[{near}]")
        doubtful.update(known.several.get(char, ""), (one for one in spellings if one > _BMP))
    doubt = _class(doubtful)
    first, *rest = parts
    after = "".join(f"[{nothing}]*{part}" for part in rest)
    # One class in front, rather than two branches: so the engine skips quickly to where it may match.
    doubting = f"(?<=([{doubt}]))|" if doubt else "()(?!)|"
    return re.compile(f"{first[:-1]}{doubt}](?:{doubting}{after}[{nothing}]*)")


def _class(chars: Iterable[str]) -> str:
    """The inside of a class that has these characters. Rare ones by rough ranges, which are quickly compared."""
    common = re.escape("".join(sorted(char for char in chars if char <= _BMP)))
    ranges: list[list[int]] = []
    for code in sorted(ord(char) for char in chars if char > _BMP):
        if ranges and code - ranges[-1][1] < _NEAR:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return common + "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


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
