"""Everything that one document says, put together."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from graph.extract import aliases, chinese, english, marked, properties
from graph.extract.view import view
from graph.keys import key_of
from graph.model import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from graph.extract.aliases import Said
    from graph.extract.view import View
    from graph.model import Mention
    from rag.types import Chunk, Document


def facts(document: Document, chunks: Sequence[Chunk]) -> Facts:
    """What a document says; the same for the same document, always.

    A name is mentioned once a passage, where it stands first, and is what it is surest to be there. Mentions do not overlap, but for properties.
    """
    seen = view(document)
    told = properties.read(document, seen.begin)
    names = _names(document, seen)
    said = list(aliases.aliases(seen.text, {m.end: m for m in names}, han=seen.han))
    mentions = _once_a_passage(_apart([*_said_names(said), *names]), chunks)
    return Facts(
        tuple(sorted((*told.mentions, *mentions), key=_place)),
        tuple(sorted(told.relations, key=attrgetter("start", "end"))),
        tuple(sorted((*told.aliases, *(one.alias for one in said)), key=attrgetter("start", "end"))),
    )


def _names(document: Document, seen: View) -> list[Mention]:
    """All names of the text, some within others."""
    return [
        *marked.works(seen),
        *marked.links(document, seen),
        *marked.code(document, seen),
        *english.names(seen.text, han=seen.han),
        *(chinese.names(seen.text) if seen.han else ()),
    ]


def _said_names(said: Iterable[Said]) -> Iterator[Mention]:
    for one in said:
        yield from one.mentions


def _place(mention: Mention) -> tuple[int, int, float, str]:
    return mention.start, -mention.end, -mention.confidence, mention.extractor


def _apart(mentions: Sequence[Mention]) -> Iterator[Mention]:
    """Of mentions that overlap the first, of those the longest, of those the surest."""
    end = -1
    for one in sorted(mentions, key=_place):
        if one.start >= end:
            yield one
            end = one.end


def _once_a_passage(mentions: Iterable[Mention], chunks: Sequence[Chunk]) -> Iterator[Mention]:
    starts = [chunk.start for chunk in chunks]
    keys: dict[str, str] = {}
    said: dict[tuple[int, str], Mention] = {}
    for one in mentions:
        key = keys.get(one.name)
        if key is None:
            key = keys[one.name] = key_of(one.name)
        place = bisect_right(starts, one.start), key
        first = said.setdefault(place, one)
        if first.confidence < one.confidence:
            said[place] = replace(one, start=first.start, end=first.end, name=first.name)
    return iter(said.values())
