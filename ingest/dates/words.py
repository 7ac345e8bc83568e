"""Finds the times that a text names: with numbers, in Chinese, in English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.dates import chinese, english
from ingest.dates.moments import Moment
from ingest.dates.rules import DAY, LESS_SURE, MONTH, YEAR_DIGITS, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_ISO = re.compile(
    rf"(?<![\w.+/-])(?P<year>{YEAR_DIGITS})(?P<sep>[-/.])(?P<month>0?[1-9]|1[0-2])(?:(?P=sep)(?P<day>3[01]|[12][0-9]|0?[1-9])(?![0-9]|[-./][0-9])|(?<=[0-9]{{2}})(?![0-9]|[-./][0-9]))"
)
_PLANNED = re.compile(
    r"(?m)^[ \t>#*-]*(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12][0-9]|0?[1-9])\s?[-~–—]\s?(?P<month2>1[0-2]|0?[1-9])\.(?P<day2>3[01]|[12][0-9]|0?[1-9])[ \t:：]*$"
)
_AFTER_NAME = re.compile(r"(?:[A-Za-z][ \t_-]?|版本?[是为号:： ]{0,3})\Z")


def _read_iso(m: re.Match[str]) -> Moment | None:
    year, month = int(m["year"]), int(m["month"])
    # "PyCharm 2022.1.3" is a version.
    if m["sep"] == "." and _AFTER_NAME.search(m.string, max(0, m.start() - 6), m.start()):
        return None
    if m["day"]:
        return Moment(DAY, year, month, int(m["day"]))
    return Moment(MONTH * LESS_SURE, year, month)


def _read_planned(m: re.Match[str]) -> Moment:
    """``8.29-9.21``, with the line to itself."""
    span = (int(m["month"]), int(m["day"]), int(m["month2"]), int(m["day2"]))
    return Moment(MONTH * LESS_SURE, part=span)


_FOUR_DIGITS = re.compile("[0-9]{4}")
_RULES = (
    *chinese.RULES,
    Rule(_ISO, _read_iso, ("-", "/", "."), digits=True),
    Rule(_PLANNED, _read_planned, (".",)),
    *english.RULES,
)


class Mention(NamedTuple):
    """A span of a text and the time that it names."""

    start: int
    end: int
    moment: Moment


def mentions(text: str) -> list[Mention]:
    """The times that a text names, in order; where two readings overlap, the first rule's."""
    found: list[Mention] = []
    taken = bytearray(len(text))
    digits = _FOUR_DIGITS.search(text) is not None
    for rule in _RULES:
        if (digits or not rule.digits) and any(clue in text for clue in rule.clues):
            for mention in _read(rule, text):
                if not any(taken[mention.start : mention.end]):
                    taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
                    found.append(mention)
    return sorted(found, key=lambda m: m.start)


def _read(rule: Rule, text: str) -> Iterator[Mention]:
    for m in rule.pattern.finditer(text):
        try:
            moment = rule.read(m)
        except ValueError:
            continue  # a 13th month
        if moment is not None:
            yield Mention(m.start(), m.end(), moment)
