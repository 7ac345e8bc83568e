"""Where a note was lost on a question's way, and why: read, filtered, found, ranked, shown.

Stages are whatever the retriever names, in its order. Those that hits are ranked in (``Hit.ranks``) are sources; each of
the others makes one list of them.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from ingest import scan, walk
from rag import asking, coverage
from rag.errors import ModelError
from rag.models.evidence import FEATURES
from rag.search import diverse, gather
from rag.search.retrieve import DENSE, GRAPH, LEXICAL
from rag.search.understanding import DEPTH, DIVERSE
from rag.store import tokens
from rag.types import IN_LINES, NO_FILTERS
from rag.verdicts import Block, Difference, Explanation, Standing, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rag.asking import Asked
    from rag.coverage import Story
    from rag.engine import Engine
    from rag.protocols import ScoredIndex
    from rag.store.catalogue import Catalogue
    from rag.types import Filters, Hit
    from rag.verdicts import Cause

SHOWN: Final = "shown"  # what a user gets, after all stages
_SOURCES: Final = frozenset({LEXICAL, DENSE, GRAPH})
_ABOVE: Final = 3  # passages that stand above a note, as shown
_DIFFERENCES: Final = 3
_SUM: Final = "rerank"  # what the built-in reranker makes of its evidence: the outcome, not a reason
_UNREAD: Final[Mapping[str, Cause]] = {
    coverage.NO_FILE: "no file",
    coverage.NO_ROOT: "no root",
    coverage.A_FOLDER: "folder",
    coverage.UNSYNCED: "unsynced",
    walk.FORGOTTEN: "forgotten",
}


def explained(engine: Engine, asked: Asked, path: Path | str | None) -> Explanation:
    """See ``Engine.explain``."""
    k = asked.k
    found = asking.search(engine, asked, k)
    if path is None:
        return Explanation(found, k)
    story = engine.why(path)
    story = replace(story, changed=story.changed and _says_something_else(engine, story))
    told = Explanation(found, k)
    return replace(told, verdict=_unread(story) or _Search(engine, asked, told, story).verdict())


def _says_something_else(engine: Engine, story: Story) -> bool:
    """Whether a file whose size or times have changed holds other bytes, or has gone."""
    path = engine.file_of(story.id)
    return path is None or not path.is_file() or scan.sha256_of(path) != story.sha256


def _unread(story: Story) -> Verdict | None:
    """Why there is no passage of a note to be found; None: there is one."""
    if story.contents is None:
        cause = _UNREAD.get(story.reason, "failed" if story.status == "failed" else "skipped")
        return Verdict(story.id, cause, reason=story.reason, changed=story.changed)
    return None


class _Search:
    """One note's way through a search."""

    def __init__(self, engine: Engine, asked: Asked, told: Explanation, story: Story) -> None:
        self._engine = engine
        self._asked = asked
        self._found = told.found
        self._k = told.k
        self._story = story
        stages = told.found.stages
        least = gather.DEEP if gather.GATHERED in stages else DEPTH
        self._limit = max(told.k, least, engine.settings.search.candidates)
        self._sources = _sources(stages)
        self._lists = [name for name in stages if name not in self._sources]
        self._chunks = {chunk.key: chunk for chunk in engine.catalogue.chunks_of(story.id)}
        self._standings = {name: self._standing(name, hits) for name, hits in stages.items()}

    def verdict(self) -> Verdict:
        """The first of all causes that holds."""
        if blocks := blocking(self._engine.catalogue, self._found.query.filters, self._chunks.keys()):
            return self._told("filtered", stage="filters", blocks=blocks)
        for rank, hit in enumerate(self._found.hits, 1):
            if hit.chunk.doc_id == self._story.id:
                return self._told("shown", rank=rank, passage=hit.chunk)
        if words := self._unread_words():
            return self._told("changed", words=words)
        if not any(chunk.body.strip() for chunk in self._chunks.values()) and not self._by_title():
            return self._told("empty", reason=self._masks())
        if gather.GATHERED in self._found.stages:
            return self._unlisted()
        return self._lost() if any(one.rank for one in self._standings.values()) else self._unfound()

    def _told(self, cause: Cause, **more: Any) -> Verdict:
        standings = tuple(self._standings.values())
        return Verdict(
            self._story.id, cause, limit=self._limit, standings=standings, changed=self._story.changed, **more
        )

    def _standing(self, stage: str, hits: Sequence[Hit]) -> Standing:
        own = self._own(hits)
        return Standing(stage, len(hits), own[0], own[1].score) if own else Standing(stage, len(hits))

    def _own(self, hits: Sequence[Hit]) -> tuple[int, Hit] | None:
        """The note's best passage in a list, with its rank."""
        ranked = enumerate(hits, 1)
        return next(((rank, hit) for rank, hit in ranked if hit.chunk.doc_id == self._story.id), None)

    def _unread_words(self) -> tuple[str, ...]:
        """Words of the question that a file says since it was changed; of one that is no plain text, all of them."""
        document = self._engine.document(self._story.id)
        path = self._engine.file_of(self._story.id)
        if not (self._story.changed and document and path and path.is_file()):
            return ()
        words = [w for w in dict.fromkeys(tokens.words(self._found.query.text)) if w not in tokens.common()]
        if document.format not in IN_LINES:
            return tuple(words)
        now = path.read_bytes().decode(document.encoding or "utf-8", "replace")
        new = set(tokens.words(now)) - set(tokens.words(f"{document.title}\n{document.text}"))
        return tuple(word for word in words if word in new)

    def _by_title(self) -> bool:
        """Whether full text finds it, however far down."""
        standing = self._standings.get(LEXICAL)
        return bool(standing and standing.rank) or self._deep(LEXICAL, self._engine.lexical) is not None

    def _masks(self) -> str:
        masks = self._story.contents.masks if self._story.contents else ()
        return ", ".join(mask.reason for mask in masks) or coverage.WHITE_SPACE

    # A list of all there is was asked for

    def _unlisted(self) -> Verdict:
        """The list is longer than what is shown; or the note is not of the time, or not of what is asked for."""
        filters, words = self._found.query.filters, tuple(self._found.query.text.split())
        fitting = gather.fitting(self._engine.catalogue, filters)
        if fitting is not None and fitting.keys().isdisjoint(self._chunks):
            return self._told("unsure", stage=gather.GATHERED, blocks=(Block("spans", filters.spans),))
        whole = asking.search(self._engine, self._asked, gather.MOST).hits
        if any(hit.chunk.doc_id == self._story.id for hit in whole):
            return self._told("cut", stage=gather.GATHERED, held=gather.GATHERED, rank=len(whole))
        return self._told("unlisted", stage=gather.GATHERED, words=words)

    # No source has it

    def _unfound(self) -> Verdict:
        """Ask the sources for all that they have, to tell how far away it is."""
        lexical, dense = self._deep(LEXICAL, self._engine.lexical), self._deep(DENSE, self._engine.dense)
        if lexical is not None:
            cause: Cause = "beyond" if lexical > self._limit else "dropped"
            return self._told(cause, stage=LEXICAL, held=LEXICAL, rank=lexical)
        if dense is not None and dense <= self._limit:
            spoken = any(chunk.speaker == "user" for chunk in self._chunks.values())
            return self._told("asked" if spoken else "dropped", stage=DENSE, held=DENSE, rank=dense)
        return self._told("unlike", stage=LEXICAL, held=DENSE if dense else "", rank=dense)

    def _deep(self, stage: str, source: ScoredIndex | None) -> int | None:
        """The note's rank in a source, however far down; a source that fails has no say."""
        if source is None or stage not in self._standings:
            return None
        try:
            found = source.search(self._found.query, self._engine.catalogue.counts().chunks)
        except ModelError:  # the search has said so
            del self._standings[stage]
            return None
        for rank, (key, score) in enumerate(found, 1):
            if key in self._chunks:
                self._standings[stage] = replace(self._standings[stage], rank=rank, score=score)
                return rank
        return None

    # A source has it, and it is not shown

    def _lost(self) -> Verdict:
        held, rank, hit = self._held()
        following = [*self._lists, SHOWN][self._lists.index(held) + 1 if held in self._lists else 0]
        if held in self._lists and self._was_skipped(held, rank, self._kept(following)):
            return self._told("dropped", stage=following, held=held, rank=rank, passage=hit.chunk)
        return self._repeating() or self._outranked(held, rank, hit)

    def _repeating(self) -> Verdict | None:
        """It would be shown, had its best passage not made room for what says the same.

        A note that fills its places never is lost by that: those who fill them stand above.
        """
        if DIVERSE not in self._lists:
            return None
        before = self._before(DIVERSE)
        if (own := self._own(self._found.stages[before])) is None:
            return None
        _, hit = own
        _, moved = diverse.parted(self._found.stages[before], self._engine.settings.search.per_note, self._k)
        twins = {one.chunk.key: twin for one, twin in moved}
        if (twin := twins.get(hit.chunk.key)) is None:
            return None
        return self._told(
            "duplicate",
            stage=DIVERSE,
            held=DIVERSE,
            rank=self._standings[DIVERSE].rank,
            passage=hit.chunk,
            before=self._standings[before],
            above=(twin,),
        )

    def _before(self, stage: str) -> str:
        names = list(self._found.stages)
        return names[names.index(stage) - 1]

    def _held(self) -> tuple[str, int, Hit]:
        """The last list that holds it, its rank there, and its passage; of sources the one that ranks it best."""
        for names in (*([name] for name in reversed(self._lists)), self._sources):
            found = [(own[0], name, own[1]) for name in names if (own := self._own(self._found.stages[name]))]
            if found:
                rank, name, hit = min(found, key=lambda one: one[0])
                return name, rank, hit
        raise AssertionError  # a stage has it

    def _kept(self, stage: str) -> Sequence[Hit]:
        return self._found.hits if stage == SHOWN else self._found.stages[stage]

    def _was_skipped(self, held: str, rank: int, kept: Sequence[Hit]) -> bool:
        """Whether what stood below it was kept: it was left out for what it is, not for its rank."""
        below = {hit.chunk.key for hit in self._found.stages[held][rank:]}
        return any(hit.chunk.key in below for hit in kept)

    def _outranked(self, held: str, rank: int, hit: Hit) -> Verdict:
        above = self._found.hits[:_ABOVE]
        before, stage = self._fall()
        stage = stage or (
            self._before(DIVERSE) if held == DIVERSE else held
        )  # that one takes no first one down
        return self._told(
            "outranked",
            stage=stage,
            held=held,
            rank=rank,
            passage=hit.chunk,
            before=before,
            above=above,
            differences=tuple(self._differences(hit, above, stage)),
        )

    def _fall(self) -> tuple[Standing | None, str]:
        """Its best standing among the first k, and the stage that then took it out of them; None: it never was there."""
        ranked = [self._standings[name] for name in self._sources if self._is_among(name)]
        best = min(ranked, key=lambda one: one.rank or 0, default=None)
        before, stage = None, ""
        for name in self._lists:
            if best is not None and not self._is_among(name):
                before, stage = best, name
            best = self._standings[name] if self._is_among(name) else None
        return before, stage

    def _is_among(self, stage: str) -> bool:
        rank = self._standings[stage].rank
        return rank is not None and rank <= self._k

    def _differences(self, hit: Hit, above: Sequence[Hit], stage: str) -> list[Difference]:
        """What those above have more of: what the stage that ranked them looked at, then the rest; most telling first."""
        own, others = self._features(hit), [self._features(one) for one in above]
        found = [
            Difference(name, value, sum(one.get(name, 0.0) for one in others) / len(others))
            for name, value in own.items()
        ]
        looked_at = self._looked_at(stage)
        more = [one for one in found if one.above > one.own]
        return sorted(more, key=lambda one: (one.feature not in looked_at, -_gap(one)))[:_DIFFERENCES]

    def _looked_at(self, stage: str) -> frozenset[str]:
        """The features that a stage has added."""
        if stage not in self._lists:
            return frozenset()
        after, before = (
            {name for hit in self._found.stages[which] for name in hit.features}
            for which in (stage, self._before(stage))
        )
        return frozenset(after - before)

    def _features(self, hit: Hit) -> dict[str, float]:
        """What is known of a passage: its score in each source, and what stages have seen in it.

        In full text, one that is not in the whole list has no word in common, and none leads to it in the graph; of
        vectors that are further away, and of what no stage has looked at, nothing is known.
        """
        stages = self._found.stages
        whole = [name for name in self._sources if name != DENSE and len(stages[name]) < self._limit]
        scores = dict.fromkeys(whole, 0.0) | {
            name: one.score
            for name in self._sources
            for one in stages[name]
            if one.chunk.key == hit.chunk.key
        }
        seen = dict(hit.features)
        if seen.keys() >= set(FEATURES):
            seen.pop(_SUM, None)
        return {**scores, **seen}


def blocking(catalogue: Catalogue, filters: Filters, keys: Any) -> tuple[Block, ...]:
    """The filters that let none of some passages through; where only several together do, those."""

    def lets(some: Filters) -> bool:
        allowed = catalogue.allowed_keys(some)
        return allowed is None or not set(keys).isdisjoint(allowed.tolist())

    if lets(filters):
        return ()
    given: dict[str, Any] = {f.name: value for f in fields(filters) if (value := getattr(filters, f.name))}
    alone = {name: value for name, value in given.items() if not lets(replace(NO_FILTERS, **{name: value}))}
    needed = {name: value for name, value in given.items() if lets(replace(filters, **{name: ()}))}
    return tuple(
        Block(name, tuple(v for v in values if not lets(replace(NO_FILTERS, **{name: (v,)}))) or values)
        for name, values in (alone or needed or given).items()
    )


def _sources(stages: Mapping[str, Sequence[Hit]]) -> list[str]:
    """The stages that passages were found by."""
    ranked = {name for hits in stages.values() for hit in hits for name in hit.ranks}
    return [name for name in stages if name in ranked | _SOURCES]


def _gap(found: Difference) -> float:
    """How much more, from 0 to 1 (or beyond where signs differ)."""
    return (found.above - found.own) / max(abs(found.above), abs(found.own))
