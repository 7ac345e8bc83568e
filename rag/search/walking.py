"""The graph in the catalogue, as retrieval asks it: where to start, where that leads, and by which way."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from graph import rank
from graph.matrix.names import names
from graph.matrix.reading import around
from graph.matrix.table import identify
from graph.matrix.woven import woven
from rag.errors import GraphError
from rag.search.linked import NOWHERE
from rag.store import ties

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from graph.matrix.index import Matrix
    from graph.matrix.names import Named
    from graph.matrix.woven import Woven
    from graph.rank import Walk
    from rag.protocols import GraphStore
    from rag.search import linked
    from rag.search.fuse import Scored
    from rag.search.linked import Adds
    from rag.store.catalogue import Catalogue
    from rag.types import Chunk, Query

_SEEDS: Final = 20  # of the full-text list
_POWER: Final = 3
_NEAR_POWER: Final = 4
_BESIDE: Final = 0.1
_DIGITS: Final = 6
_AROUND: Final = 4_000  # edges that a server is asked for
_MEASURED: Final = 0.5  # a share of the graph that stands for its weight as measured
_HOPS: Final = 2  # of a way that is shown
_LEXICAL: Final = "lexical"
_CAPITAL_BEFORE: Final = re.compile(r"[A-Z][\w'’]*[ -]$")
_CAPITAL_AFTER: Final = re.compile(r"[ -][A-Z]")
_LATIN_WORD: Final = re.compile(r"[^\W\d_][\w'’+#.-]*")
_TOUCHED: Final = (
    "SELECT key, label FROM entities WHERE id IN (SELECT entity FROM mentions WHERE doc_id = :doc AND chunk = :chunk "
    "UNION SELECT entity FROM titles WHERE doc_id = :doc)"
)


class MatrixSource:
    """Satisfies ``rag.search.linked.GraphSource`` with the graph that lies in the home.

    Args:
        matrix: the derived index; a walk takes what it holds now.
        catalogue: which names notes have, which passages filters let through, and how things are called.
        weight: share of the graph in the mix where it helps; None: as measured.
    """

    def __init__(self, matrix: Matrix, catalogue: Catalogue, weight: float | None = None) -> None:
        self._matrix = matrix
        self._catalogue = catalogue
        self._weight = weight

    def walk(self, query: Query, lists: Mapping[str, Sequence[Scored]], k: int) -> linked.Walk:
        """See ``GraphSource``.

        Raises:
            GraphError: there is no graph yet.
        """
        woven = self._matrix.woven()
        if woven is None:
            raise GraphError("The graph of the notes is not there yet: run `footnotes sync`.")
        asked = _Asked(query, lists.get(_LEXICAL, ()), titled(self._catalogue, query.text), k, self._weight)
        return _walked(self._catalogue, woven, asked)


class StoreSource:
    """The same over a ``GraphStore``, as on a server: it is asked for what lies around where the walk starts.

    Args:
        store: opened with the first question, and kept by its owner.
    """

    def __init__(
        self, store: Callable[[], GraphStore], catalogue: Catalogue, weight: float | None = None
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._weight = weight

    def walk(self, query: Query, lists: Mapping[str, Sequence[Scored]], k: int) -> linked.Walk:
        """See ``GraphSource``.

        Raises:
            GraphError: the server cannot be asked.
        """
        asked = _Asked(query, lists.get(_LEXICAL, ()), titled(self._catalogue, query.text), k, self._weight)
        best = ties.best(asked.lexical, _SEEDS, self._catalogue.by_place)
        found = self._catalogue.chunks([key for key, _ in best])
        seeds = {f"chunk:{chunk.doc_id}#{chunk.start}" for chunk in found.values()}
        seeds.update(f"note:{chunk.doc_id}" for chunk in found.values())  # whose links these are
        seeds.update(f"note:{doc_id}" for doc_ids in asked.titled for doc_id in doc_ids)
        if not seeds:
            return NOWHERE
        edges = self._store().around(sorted(seeds), _AROUND)
        return _walked(self._catalogue, woven(around(self._catalogue, edges)), asked)


class _Asked(NamedTuple):
    """A question, what full text found for it, and the notes that go by each name in it."""

    query: Query
    lexical: Sequence[Scored]
    titled: list[list[str]]
    k: int
    weight: float | None


def _walked(catalogue: Catalogue, woven: Woven, asked: _Asked) -> linked.Walk:
    keys = catalogue.allowed_keys(asked.query.filters)
    allowed = None if keys is None else woven.mask(keys)
    start = _Start(woven, allowed, asked)
    places = np.flatnonzero(start.weights)
    if not len(places):
        return NOWHERE
    weights = start.weights[places]
    walk = rank.walk(woven.web, (places, weights / weights.sum()), allowed=allowed)
    return _Walked(catalogue, woven, start, walk, asked)


class _Start:
    """Where a walk starts.

    Attributes:
        weights: by passage.
        named: how much the question names each passage, from 0 to 1.
    """

    def __init__(self, woven: Woven, allowed: NDArray[np.bool_] | None, asked: _Asked) -> None:
        self.weights = np.zeros(len(woven.by_key))
        self.named = np.zeros(len(woven.by_key))
        scores = self._found(woven, asked.lexical)
        for doc_ids in asked.titled:
            passages = np.concatenate([woven.passages_of(doc_id) for doc_id in doc_ids])
            if allowed is not None:
                passages = passages[allowed[passages]]
            if len(passages):
                near = (scores[passages] + _BESIDE) ** _NEAR_POWER
                self.weights[passages] += near / near.sum()
                self.named[passages] += near / near.sum() / len(passages)

    def _found(self, woven: Woven, lexical: Sequence[Scored]) -> NDArray[np.float64]:
        """Start at the best; scores of all, by passage, the best 1."""
        scores = np.zeros(len(woven.by_key))
        places = woven.passages(key for key, _ in lexical)
        found = np.array([score for _, score in lexical])[places >= 0]
        places = places[places >= 0]
        if len(places):
            scores[places] = found / lexical[0][1]
            best = places[np.lexsort((places, -found))][:_SEEDS]  # equals by place: keys tell of the past
            self.weights[best] = scores[best] ** _POWER
        return scores


def _best(scores: NDArray[np.floating], woven: Woven, k: int) -> tuple[Scored, ...]:
    """The best k passages by key, ties by number; the best has the score 1."""
    top = float(scores.max(initial=0.0))
    if top <= 0:
        return ()
    scores = np.round(scores / top, _DIGITS)
    places = np.flatnonzero(scores)
    if len(places) > k:
        limit = np.partition(scores[places], -k)[-k]
        places = places[scores[places] >= limit]
    places = places[np.lexsort((places, -scores[places]))][:k]
    keys = woven.numbers.keys[places]
    return tuple(zip(keys.tolist(), scores[places].tolist(), strict=True))


class _Walked:
    """Satisfies ``rag.search.linked.Walk``."""

    def __init__(self, catalogue: Catalogue, woven: Woven, start: _Start, walk: Walk, asked: _Asked) -> None:
        self._catalogue = catalogue
        self._woven = woven
        self._start = start
        self._walk = walk
        self._weight = 1.0 if asked.weight is None else asked.weight / _MEASURED
        self.found: Sequence[Scored] = _best(walk.passages, woven, asked.k)

    def settled(
        self, keys: Sequence[int], scores: Sequence[float], foreign: Sequence[bool], adds: Adds
    ) -> Sequence[float]:
        """See ``Walk``."""
        places = self._woven.passages(keys)
        before = np.array(scores, dtype=np.float64)
        now = rank.settle(
            self._woven.web,
            self._walk,
            places,
            before,
            named=np.where(places >= 0, self._start.named[places], 0.0),
            foreign=np.array(foreign, dtype=bool),
            adds=adds,
            weight=self._weight,
        )
        settled: list[float] = now.tolist()
        return settled

    def via(self, key: int) -> tuple[str, ...]:
        """From where the walk started; the passage's own note is left out."""
        hops = self._hops(int(self._woven.passages([key])[0]))
        keys = [key, *(int(self._woven.numbers.keys[place]) for place, _ in hops)]
        chunks = self._catalogue.chunks(keys)
        if not all(key in chunks for key in keys):
            return ()  # a note has changed meanwhile
        parts: list[str] = []
        here = f"[[{chunks[key].title}]]"
        for (_, anchor), passage, beside in zip(hops, keys[1:], keys, strict=False):
            source = f"[[{chunks[passage].title}]]"
            parts = [source, self._label(anchor, chunks[beside]), *parts]
        after = (*parts, here)[1:]
        return tuple(part for part, following in zip(parts, after, strict=True) if _differ(part, following))

    def _hops(self, place: int) -> list[tuple[int, int]]:
        """(passage, anchor) pairs backwards, to one where the walk started."""
        hops: list[tuple[int, int]] = []
        seen = {place}
        while len(hops) < _HOPS and (not hops or self._start.weights[place] == 0):
            hop = rank.way(self._woven.web, self._walk, place)
            if hop is None or hop[0] in seen:
                break
            hops.append(hop)
            place = hop[0]
            seen.add(place)
        return hops

    def _label(self, anchor: int, passage: Chunk) -> str:
        """What an anchor that a passage touches is called; empty where that is not known any more."""
        wanted = int(self._woven.numbers.ids[anchor])
        first, after = self._woven.numbers.bounds[anchor : anchor + 2]
        if first < after:  # a note
            key = int(self._woven.numbers.keys[first])
            chunk = self._catalogue.chunks([key]).get(key)
            return f"[[{chunk.title}]]" if chunk else ""
        with self._catalogue.database.reading() as db:
            for key, label in db.execute(_TOUCHED, {"doc": passage.doc_id, "chunk": passage.key}):
                if identify(f"entity:{key}") == wanted:
                    return str(label)
        return ""


def _differ(one: str, other: str) -> bool:
    """Whether both are worth being said: a name beside the note that bears it is not."""
    return bool(one) and one.strip("[]").casefold() != other.strip("[]").casefold()


class _Title(NamedTuple):
    label: str
    doc_id: str


def titled(catalogue: Catalogue, question: str) -> list[list[str]]:
    """Notes that go by the names in a question, name by name; the longest names win."""
    candidates = sorted(names(question), key=lambda one: (one.start - one.end, one.start))
    with catalogue.database.reading() as db:
        titles = _titles(db, {one.key for one in candidates})
    found: list[list[str]] = []
    taken: list[tuple[int, int]] = []
    for one in candidates:
        fitting = [t.doc_id for t in titles.get(one.key, ()) if _is_meant(question, one, t.label)]
        if fitting and all(one.end <= start or end <= one.start for start, end in taken):
            taken.append((one.start, one.end))
            found.append(fitting)
    return found


def _titles(db: sqlite3.Connection, keys: set[str]) -> dict[str, list[_Title]]:
    found: dict[str, list[_Title]] = defaultdict(list)
    for key, label, doc_id in db.execute(
        "SELECT e.key, t.label, t.doc_id FROM entities e JOIN titles t ON t.entity = e.id "
        "WHERE e.key IN (SELECT value FROM json_each(?)) ORDER BY t.doc_id",
        (json.dumps(sorted(keys), ensure_ascii=False),),
    ):
        found[key].append(_Title(label, doc_id))
    return found


def _is_meant(question: str, one: Named, label: str) -> bool:
    """A single Latin word is a name only as it is written, and not as a part of a longer one: `Super Junior`."""
    said = question[one.start : one.end]
    if not _LATIN_WORD.fullmatch(said):
        return True
    return said == label and not _is_part(question, one)


def _is_part(question: str, one: Named) -> bool:
    """Whether a capitalised word stands directly beside; the question's first word is always capitalised."""
    before = _CAPITAL_BEFORE.search(question[: one.start])
    return _CAPITAL_AFTER.match(question[one.end :]) is not None or (
        before is not None and before.start() > 0
    )
