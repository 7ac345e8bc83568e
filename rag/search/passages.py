"""The passages that sources have named, by their place among each other; what is shown of them is read when it is needed.

Sources name some two hundred passages, of which fifty are read and ten are shown. A place, note by note, is known of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rag.types import Hit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.protocols import ChunkResolver
    from rag.search.fuse import Scored
    from rag.types import Chunk

    Later = Callable[[], tuple[Hit, ...]]

_ASKED: Final = 90  # characters of a turn, up to which its reply carries its words


class Passages:
    """Passages by place: their order by note and place in it, so that ranks depend on the notes alone, not on their past.

    Args:
        resolver: knows the passages; what it does not know is left out, so no ghost is shown.
        keys: of all that were named.

    Attributes:
        ranks: by place, from 1, in each source; set when the lists of the sources are final.
    """

    def __init__(self, resolver: ChunkResolver, keys: Iterable[int]) -> None:
        wanted = sorted(keys)
        self._resolver = resolver
        self._outlines = resolver.outlines(wanted)
        self._chunks: dict[int, Chunk | None] = {}
        self._places = {outline.key: place for place, outline in enumerate(self._outlines)}
        self._unknown = len(wanted) - len(self._outlines)
        self.ranks: Mapping[int, Mapping[str, int]] = {}

    def __len__(self) -> int:
        return len(self._outlines)

    @property
    def dropped(self) -> int:
        """How many were named, or were there at first, and are not there any more."""
        return self._unknown + sum(chunk is None for chunk in self._chunks.values())

    def placed(self, found: Sequence[Scored]) -> list[Scored]:
        """Places instead of keys, best first, ties by place; keys that are gone are left out."""
        known = [(self._places[key], score) for key, score in found if key in self._places]
        return sorted(known, key=lambda pair: (-pair[1], pair[0]))

    def is_asked(self, place: int) -> bool:
        """A short turn of a conversation's user: mostly a question, which is near to every question and answers none.

        The passages of the reply carry its words in their heading path, so nothing is lost to the dense side.
        """
        outline = self._outlines[place]
        return outline.speaker == "user" and outline.length <= _ASKED

    def read(self, places: Sequence[int]) -> dict[int, Chunk]:
        """The passages at these places, in this order; one that has gone meanwhile is left out."""
        missing = [place for place in places if place not in self._chunks]
        if missing:
            found = self._resolver.chunks([self._outlines[place].key for place in missing])
            self._chunks.update((place, found.get(self._outlines[place].key)) for place in missing)
        return {place: chunk for place in places if (chunk := self._chunks[place]) is not None}

    def hits(self, found: Sequence[Scored]) -> tuple[Hit, ...]:
        """Hits with their ranks in each source."""
        chunks = self.read([place for place, _ in found])
        return tuple(Hit(chunks[p], score, self.ranks[p]) for p, score in found if p in chunks)


class Stages(Mapping[str, tuple[Hit, ...]]):
    """Lists by the name of their stage; one that nobody looks at is never made.

    Args:
        lists: or what makes them.
        before: the stages that came before these.
    """

    def __init__(
        self,
        lists: Mapping[str, tuple[Hit, ...] | Later],
        before: Mapping[str, tuple[Hit, ...]] = MappingProxyType({}),
    ) -> None:
        self._lists = dict(lists)
        self._before = before

    def __getitem__(self, name: str) -> tuple[Hit, ...]:
        if name not in self._lists:
            return self._before[name]
        found = self._lists[name]
        if not isinstance(found, tuple):
            found = self._lists[name] = found()
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._lists or name in self._before

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self._before), **dict.fromkeys(self._lists)})

    def __len__(self) -> int:
        return len(set(self))
