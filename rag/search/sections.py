"""Small to big: what was found in small passages is read as the section that it stands in.

A section is made of passages of one note that follow each other under the same heading, in the same voice and on the same
page; like every passage it is an exact span of its note.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Chunk, Document, Hit

_SIZE: Final = 1_600  # characters that a section may grow to


class Notes(Protocol):
    """The catalogue, as far as sections need it."""

    def chunks_of(self, doc_id: str) -> list[Chunk]:
        """A note's passages, in order."""

    def document(self, doc_id: str) -> Document | None:
        """A note."""


def whole(hits: Sequence[Hit], notes: Notes, size: int = _SIZE) -> tuple[Hit, ...]:
    """The hits with their sections in place of their passages; hits of one section become its best one's.

    A passage grows to both sides, the shorter neighbour first, as long as the section stays within ``size`` characters.
    The key stays that of the passage that was found.
    """
    known: dict[str, _Note] = {}
    found: list[Hit] = []
    for hit in hits:
        note = known.setdefault(hit.chunk.doc_id, _Note(notes, hit.chunk.doc_id))
        if not note.has_read(hit.chunk):
            found.append(replace(hit, chunk=note.section(hit.chunk, size)))
    return tuple(found)


class _Note:
    """A note's passages and text, and which of them stand in a section already."""

    def __init__(self, notes: Notes, doc_id: str) -> None:
        self._chunks = notes.chunks_of(doc_id)
        self._document = notes.document(doc_id)
        self._read: set[int] = set()

    def has_read(self, chunk: Chunk) -> bool:
        return chunk.key in self._read

    def section(self, chunk: Chunk, size: int) -> Chunk:
        """The section around a passage; the passage alone where the note has changed meanwhile."""
        place = next((n for n, other in enumerate(self._chunks) if other.key == chunk.key), None)
        if place is None or self._document is None or self._chunks[place].start != chunk.start:
            return chunk
        first, last = self._grown(place, size)
        parts = self._chunks[first : last + 1]
        self._read |= {part.key for part in parts}
        return _joined(parts, chunk, self._document.text) if len(parts) > 1 else chunk

    def _grown(self, place: int, size: int) -> tuple[int, int]:
        first = last = place
        while True:
            beside = [n for n in (first - 1, last + 1) if self._belongs(n, place)]
            beside.sort(key=lambda n: len(self._chunks[n].text))
            fitting = [n for n in beside if self._length(min(n, first), max(n, last)) <= size]
            if not fitting:
                return first, last
            first, last = min(first, fitting[0]), max(last, fitting[0])

    def _belongs(self, n: int, place: int) -> bool:
        if not 0 <= n < len(self._chunks) or self._chunks[n].key in self._read:
            return False
        one, other = self._chunks[n], self._chunks[place]
        same = (one.heading, one.page, one.speaker) == (other.heading, other.page, other.speaker)
        return same and len(one.body) == len(one.text)

    def _length(self, first: int, last: int) -> int:
        return self._chunks[last].end - self._chunks[first].start


def _joined(parts: Sequence[Chunk], found: Chunk, text: str) -> Chunk:
    """One passage of several; what lies between them (white space, masked text) is blank in its body."""
    start, end = parts[0].start, max(part.end for part in parts)
    body: list[str] = []
    at = start
    for part in parts:
        gap = text[at : part.start]
        body += [gap if gap.isspace() else " " * len(gap), part.body[max(0, at - part.start) :]]
        at = max(at, part.end)
    return replace(
        found,
        start=start,
        end=end,
        text=text[start:end],
        body="".join(body),
        lines=(parts[0].lines[0], max(part.lines[1] for part in parts)),
    )
