"""Finds the times that a question names. The rules of a language are loaded when a question first needs them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from rag.search.reading.view import HAN, LATIN, MAY_NAME_A_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from rag.search.reading.times import Rule, Time

_HABIT = re.compile(
    r"(?:每一?个?年?的?|逢|\b(?:every|each|per|(?P<some>any|most|all|usual))\s(?:other\s)?)\s?\Z",
    re.IGNORECASE,
)
_LED = re.compile(r"(?:in|on|at|during|over|within|for|of|from|throughout|back)\s", re.IGNORECASE)
_ONE = re.compile(r"\b(?:last|this|past|the|yesterday|today|(?:19|20)[0-9]{2})\b", re.IGNORECASE)
_NUMERIC = re.compile(
    r"(?:19|20)[0-9]{6}|[0-9]{4}[-/.][0-9]|民国|[0-9][-/.][0-9]{4}|[0-9]/[0-9]{1,2}/[0-9]|[0-9]\s?[那当这]"
)


def times_named(text: str, today: date) -> list[Time]:
    """The times that a question's view names, in order, joined where they make one span."""
    if not MAY_NAME_A_TIME.search(text):
        return []
    from rag.search.reading.times import joined

    taken = bytearray(len(text))
    found: list[Time] = []
    for time in _candidates(text, today):
        if not any(taken[time.start : time.end]):
            taken[time.start : time.end] = b"\1" * (time.end - time.start)
            if not _is_habit(text, time.start, time.end):
                found.append(time)
    return joined(text, sorted(found, key=lambda t: t.start), today) if found else []


def _is_habit(text: str, start: int, end: int) -> bool:
    """Whether a time comes again and again: "most Fridays", but not "at all last week", "the most in May"."""
    m = _HABIT.search(text, 0, start)
    return m is not None and not (_LED.match(text, start) or (m["some"] and _ONE.search(text, start, end)))


def _candidates(text: str, today: date) -> Iterator[Time]:
    if _NUMERIC.search(text):
        yield from _read(_numeric(), text, today)
    if HAN.search(text):
        yield from _read(_chinese(), text, today)
    if LATIN.search(text):
        yield from _read(_english(), text, today)


@cache
def _numeric() -> tuple[Rule, ...]:
    from rag.search.reading import numeric

    return numeric.RULES


@cache
def _chinese() -> tuple[Rule, ...]:
    from rag.search.reading import chinese, chinese_relative

    return chinese.RULES + chinese_relative.RULES


@cache
def _english() -> tuple[Rule, ...]:
    from rag.search.reading import english, english_relative

    return english.RULES + english_relative.RULES


def _read(rules: tuple[Rule, ...], text: str, today: date) -> Iterator[Time]:
    from rag.search.reading.times import Time

    low = text.lower()
    for rule in rules:
        if rule.clues and not any(clue in low for clue in rule.clues):
            continue
        for m in rule.pattern.finditer(text):
            try:
                when = rule.read(m, today)
            except (ValueError, OverflowError):
                continue  # a 13th month
            if when is not None:
                start, end = m.span("at") if "at" in rule.pattern.groupindex else m.span()
                written = text[start:end]
                yield Time(start + len(written) - len(written.lstrip()), start + len(written.rstrip()), when)
