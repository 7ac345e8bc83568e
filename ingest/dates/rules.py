"""A pattern of words and the moment that they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ingest.dates import calendars
from ingest.dates.moments import Moment, Shift

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from ingest.dates.moments import Unit

YEAR_DIGITS = "(?:1[89]|20)[0-9]{2}"

# How surely the words are a date, and how near it comes to the time of what they stand in.
DAY, MONTH, SEASON, YEAR, VAGUE, DECADE = 0.8, 0.7, 0.6, 0.45, 0.4, 0.25
LESS_SURE = 0.9  # times the trust in what may be something else

_MOST_AGO = 60


class Rule(NamedTuple):
    """A pattern and its meaning.

    ``read`` raises ValueError or gives None where the match is no date. A text in which none of the ``clues``
    stands, or no four digits where they are needed, is not searched.
    """

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Moment | None]
    clues: tuple[str, ...]
    digits: bool = False


def ago(n: str, unit: Unit) -> Moment | None:
    """So many units before the base; 半 is half a year."""
    if n == "半":
        return Moment(VAGUE, shift=Shift("month", -6)) if unit == "year" else None
    count = calendars.number(n)
    if not 0 < count <= _MOST_AGO:
        return None
    return Moment(DAY if unit == "day" else VAGUE, shift=Shift(unit, -count))
