"""Reads a question that may say more than words to look for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.search.reading import gathering, scope
from rag.search.reading.dates import times_named
from rag.search.reading.filtering import merged
from rag.search.reading.titles import named
from rag.search.reading.typed import Typed, meaning, typed_in
from rag.search.reading.view import PLAIN, blanked, viewed, without_filters
from rag.types import Part, Reading, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import date

    from rag.search.reading.times import Time
    from rag.search.reading.titles import Titles
    from rag.types import Filters

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Natural:
    """What natural words say: their times and the words that ask for all."""

    times: Sequence[Time] = ()
    cue: gathering.Cue | None = None
    strict: bool = False
    gathers: bool = False
    empty: bool = False


def understood(
    question: str,
    today: date,
    filters: Filters,
    ignore: Collection[str],
    *,
    exact_in_sentences: bool,
    properties: Callable[[], Collection[str]] | None,
    titles: Titles | None,
) -> Reading:
    """As ``rag.search.reading.read``."""
    found, plain = typed_in(
        question, today, ignore, exact_in_sentences=exact_in_sentences, properties=properties
    )
    typed = [(f.start, f.end) for f in found]
    while True:
        natural = _natural(viewed(question, typed, plain), today)
        off = [place for place, part in _shown(question, found, natural) if part.written in ignore]
        if not off:
            notes = named(without_filters(question, typed), natural.times, titles)
            off = [place for place in notes.places if place not in plain]
            if not off:
                break
        plain += off
    if notes.is_page:
        natural = _Natural(natural.times)
    reading = _reading(question, filters, found, natural, _shown(question, found, natural))
    return replace(reading, page=True, rest=reading.text) if notes.is_page else reading


def _natural(text: str, today: date) -> _Natural:
    """The times of a view, whose they are, and whether all of something is asked for."""
    text = blanked(text, 0, scope.last_words(text), PLAIN)
    found = times_named(text, today)
    bare = text
    for time in found:
        bare = blanked(bare, time.start, time.end, " ")
    beside = scope.without(text, [(t.start, t.end) for t in found]) if found else text
    personal = scope.is_personal(bare) or (bool(found) and scope.drops_the_subject(beside))
    cue = gathering.asks_for_all(bare, personal=personal, times=len(found))
    empty = bool(found) and scope.says_nothing(bare)
    if not (personal or cue or empty) or any(time.when.trust == "sure" for time in found):
        found = [time for time in found if time.when.trust != "weak"]
    if not found:
        return _Natural(cue=cue, gathers=cue is not None)
    gathers = cue is not None or empty
    strict = _is_strict(text, found, today, own=personal or gathers)
    return _Natural(found, cue, strict, gathers, empty)


def _is_strict(text: str, found: Sequence[Time], today: date, *, own: bool) -> bool:
    """Whether only what is of these times is asked for.

    A number that may be none, or a thing's year, never says so, nor does a time that is to come: its plans are older.
    """
    if any(t.days[0] > today for t in found):
        return False
    if any(t.when.trust == "soft" or scope.of_a_thing(text, t.start, t.end) for t in found):
        return False
    return own or all(t.when.relative and not t.when.present for t in found)


def _may_be_a_name(time: Time) -> bool:
    """Whether its words are worth looking for too."""
    return time.when.trust == "soft" and not time.when.relative


def _shown(question: str, found: Sequence[Typed], natural: _Natural) -> list[tuple[_Place, Part]]:
    """The parts with their places in the question, in its order."""
    shown = [((one.start, one.end), one.part) for one in found]
    for time in natural.times:
        written = question[time.start : time.end]
        part = Part("time", written, meaning(Span(*time.days)), hard=natural.strict)
        shown.append(((time.start, time.end), part))
    if natural.cue:
        start, end = natural.cue
        shown.append(((start, end), Part("list", question[start:end], "all")))
    return sorted(shown, key=lambda s: s[0])


def _reading(
    question: str,
    filters: Filters,
    found: Sequence[Typed],
    natural: _Natural,
    shown: Sequence[tuple[_Place, Part]],
) -> Reading:
    cuts = [(one.start, one.end) for one in found]
    phrases = [one.value for one in found if one.part.kind == "phrase"]
    text = " ".join([*filter(None, [scope.without(question, cuts)]), *phrases]) if cuts else question.strip()
    timed = [*cuts, *((t.start, t.end) for t in natural.times if not _may_be_a_name(t))]
    rest = " ".join(filter(None, [scope.without(question, timed), *phrases])) if natural.times else text
    return Reading(
        text=text,
        filters=merged(filters, found),
        spans=tuple(Span(*time.days, guessed=time.when.guessed) for time in natural.times),
        strict=natural.strict,
        gathers=natural.gathers or (not text and bool(found)),
        rest="" if natural.empty and not phrases else rest,
        parts=tuple(part for _, part in shown),
    )
