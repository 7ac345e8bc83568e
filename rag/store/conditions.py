"""Conditions on the properties of notes: ``rating:>4``, ``director:小津``, ``date:<=2023-04``."""

from __future__ import annotations

import operator
import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from graph.keys import number_of
from rag.store import properties
from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rag.types import Condition, MetaValue, Operator

_ORDER: Final[dict[Operator, Callable[[float | str, float | str], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DAY: Final = re.compile(
    r"(?P<year>\d{4})(?:年|[-/年](?P<month>\d{1,2})(?:月|[-/月](?P<day>\d{1,2})日?(?:[t\s].*)?)?)?", re.DOTALL
)
_WHOLE_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?|[★⭐🌟]+")


class _Value(NamedTuple):
    """What a value can be compared as."""

    text: str
    number: float | None
    days: tuple[date, date] | None


def test(condition: Condition) -> Callable[[Mapping[str, MetaValue]], bool]:
    """The condition as a test of a note's properties."""
    names = properties.same(condition.name)
    wanted = _value(condition.value)
    if not _WHOLE_NUMBER.fullmatch(wanted.text):
        wanted = wanted._replace(number=None)

    def holds(meta: Mapping[str, MetaValue]) -> bool:
        return any(
            _holds(condition.operator, _value(said), wanted)
            for name, value in meta.items()
            if names & _names(name)
            for said in _said(value)
        )

    return holds


@lru_cache(1 << 12)
def _names(name: str) -> frozenset[str]:
    """A property's plain name; one inside another also goes by its own alone."""
    return frozenset({properties.plain(name), properties.plain(name.rpartition(".")[2])})


def _said(value: MetaValue) -> Iterator[str]:
    """Every scalar in a value, as text."""
    if isinstance(value, tuple):
        for item in value:
            yield from _said(item)
    elif isinstance(value, bool):
        yield str(value)
    elif isinstance(value, (int, float)):
        yield f"{value:.15g}"
    elif value is not None:
        yield value


def _holds(sign: Operator, said: _Value, wanted: _Value) -> bool:
    if said.number is not None and wanted.number is not None:
        return _ORDER[sign](said.number, wanted.number)
    if said.days and wanted.days:
        return _is_then(sign, said.days, wanted.days)
    if sign == "=":
        return wanted.text in said.text
    are_words = all(one.number is None and one.days is None for one in (said, wanted))
    return are_words and _ORDER[sign](said.text, wanted.text)


def _is_then(sign: Operator, said: tuple[date, date], wanted: tuple[date, date]) -> bool:
    """Days compare by their borders: those of ``<=2023-04`` begin in April or before, of ``<2023-04`` before April."""
    holds = {
        "=": said[0] <= wanted[1] and said[1] >= wanted[0],
        "<": said[0] < wanted[0],
        "<=": said[0] <= wanted[1],
        ">": said[1] > wanted[1],
        ">=": said[1] >= wanted[0],
    }
    return holds[sign]


@lru_cache(1 << 14)
def _value(text: str) -> _Value:
    folded = fold(text).strip()
    days = _days(folded)
    is_only_days = days is not None and not folded.isdecimal()
    return _Value(folded, None if is_only_days else number_of(folded), days)


def _days(text: str) -> tuple[date, date] | None:
    """The first and the last day of a year, a month or a day, as ISO 8601 or Chinese writes it."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.group("year", "month", "day"))
    try:
        first = date(year or 0, month or 1, day or 1)
        return first, first if day else date(first.year, month or 12, monthrange(first.year, month or 12)[1])
    except ValueError:  # a number that is no day
        return None
