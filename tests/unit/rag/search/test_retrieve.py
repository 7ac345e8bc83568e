"""The hybrid retriever: what each stage holds, in which order, and what happens when a part fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.errors import GraphError, ModelError
from rag.search import fuse, retrieve
from rag.search.retrieve import HybridRetriever
from rag.types import Chunk, Comparison, Hit, Outline, Query, Retrieval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.protocols import Comparer, Reranker, Retriever
    from rag.search.fuse import Scored
    from rag.search.linked import Adds, GraphSource, Walk

REASON = "The model is away."
ENGLISH = {1: "apples and pears", 2: "pears only", 3: "a plum", 4: "cherry jam"}
LEXICAL: list[Scored] = [(1, 8.0), (2, 4.0)]
DENSE: list[Scored] = [(2, 0.9), (3, 0.45)]


@dataclass
class FakeSource:
    """An index with a fixed list; remembers how many were asked for; without a list its model is away."""

    found: list[Scored] | None
    asked: list[int] = field(default_factory=list)

    def search(self, query: Query, k: int) -> list[Scored]:
        assert query.text
        self.asked.append(k)
        if self.found is None:
            raise ModelError(REASON)
        return self.found[:k]

    def ceiling(self, query: Query) -> float:
        assert query.text
        return 0.0

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        return {term: {"pear": 3.0}.get(term, 1.0) for term in terms}


@dataclass
class FakeResolver:
    """A catalogue of passages; remembers which keys were asked for together, and which passages were read."""

    bodies: Mapping[int, str]
    asked: list[list[int]] = field(default_factory=list)
    read: list[list[int]] = field(default_factory=list)

    def outlines(self, keys: Sequence[int]) -> list[Outline]:
        self.asked.append(list(keys))
        known = sorted((key for key in keys if key in self.bodies), key=lambda key: f"notes/{key}.md")
        return [Outline(key, chunk(key, self.bodies[key]).speaker, len(self.bodies[key])) for key in known]

    def chunks(self, keys: Sequence[int]) -> dict[int, Chunk]:
        self.read.append(list(keys))
        return {key: chunk(key, self.bodies[key]) for key in keys if key in self.bodies}


@dataclass
class FakeComparer:
    """Gives each passage the cosine and the coverage that stand beside its body; remembers what it read."""

    likeness: Mapping[str, tuple[float, float]]
    read: list[str] = field(default_factory=list)

    def compare(self, question: str, texts: Sequence[str]) -> Comparison:
        assert question
        self.read = list(texts)
        pairs = [self.likeness.get(text.partition("\n")[2], (0.0, 0.0)) for text in texts]
        return Comparison(tuple(c for c, _ in pairs), tuple(c for _, c in pairs))


class Reversing:
    """A reranker that turns the list round and gives scores of its own."""

    def rerank(self, query: Query, hits: Sequence[Hit]) -> list[Hit]:
        assert query.text
        return [Hit(hit.chunk, 100.0 - i, hit.ranks) for i, hit in enumerate(reversed(hits))]


class Failing:
    """A reranker whose server is away."""

    def rerank(self, *_: object) -> list[Hit]:
        raise ModelError(REASON)


@dataclass
class FakeGraph:
    """Leads to a fixed list, and gives candidates fixed scores; remembers what it was given."""

    found: list[Scored]
    settles: Mapping[int, float] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Scored]] = field(default_factory=dict)
    before: dict[int, float] = field(default_factory=dict)
    foreign: dict[int, bool] = field(default_factory=dict)
    added: list[float] = field(default_factory=list)

    def walk(self, query: Query, lists: Mapping[str, Sequence[Scored]], k: int) -> FakeGraph:
        assert query.text
        assert k
        self.lists = dict(lists)
        return self

    def settled(
        self, keys: Sequence[int], scores: Sequence[float], foreign: Sequence[bool], adds: Adds
    ) -> Sequence[float]:
        self.before = dict(zip(keys, scores, strict=True))
        self.foreign = dict(zip(keys, foreign, strict=True))
        if len(keys) > 1:
            self.added = adds(0, np.arange(1, len(keys))).tolist()
        return [self.settles.get(key, score) for key, score in zip(keys, scores, strict=True)]

    def via(self, key: int) -> tuple[str, ...]:
        return (f"[[{key}]]",)


class NoGraph:
    """A graph that cannot be asked."""

    def walk(self, *_: object) -> Walk:
        raise GraphError(REASON)


def chunk(key: int, body: str) -> Chunk:
    """A passage under the title Fruit."""
    return Chunk(f"notes/{key}.md", 0, len(body), body, body, "Fruit", (1, 1), key=key)


def search(
    *,
    lexical: list[Scored] | None = LEXICAL,
    dense: list[Scored] | None = DENSE,
    bodies: Mapping[int, str] = ENGLISH,
    candidates: int = 100,
    share: float | None = 0.25,
    comparer: Comparer | None = None,
    graph: GraphSource | None = None,
    reranker: Reranker | None = None,
    question: str = "pears",
    k: int = 10,
) -> Retrieval:
    """What a retriever over fakes finds."""
    retriever: Retriever = HybridRetriever(
        FakeSource(lexical),
        FakeSource(dense),
        FakeResolver(bodies),
        candidates=candidates,
        share=share,
        comparer=comparer,
        graph=graph,
        reranker=reranker,
    )
    return retriever.search(Query(question), k)


def keys(hits: Sequence[Hit]) -> list[int]:
    """Keys of hits, in their order."""
    return [hit.chunk.key for hit in hits]


def scores(found: Retrieval) -> dict[int, float]:
    """Scores of the hits by key."""
    return {hit.chunk.key: hit.score for hit in found.hits}


def test_ties_are_in_the_order_of_notes_not_of_keys() -> None:
    """Keys tell when a passage was stored first; ranks must not depend on that."""
    bodies = dict.fromkeys((9, 10, 2), "pear")
    found = search(lexical=[(2, 3.0), (9, 1.0), (10, 1.0)], dense=[(9, 0.5), (10, 0.5)], bodies=bodies)
    assert {name: keys(hits) for name, hits in found.stages.items()} == {
        "lexical": [2, 10, 9],
        "dense": [10, 9],
        "hybrid": [2, 10, 9],
    }


# --- without a model that reads -----------------------------------------------------------------------------------


def test_lexical_only_has_one_stage() -> None:
    """No dense source: the full-text list is the answer, and nothing is mixed."""
    retriever = HybridRetriever(
        FakeSource(LEXICAL), None, FakeResolver(ENGLISH), candidates=100, share=None, comparer=None
    )
    found = retriever.search(Query("pears"), 10)
    assert list(found.stages) == ["lexical"]
    assert found.hits == found.stages["lexical"]
    assert [(hit.chunk.key, hit.score) for hit in found.hits] == LEXICAL
    assert [stage.name for stage in found.trace.stages] == ["lexical", "resolve"]


def test_vectors_are_mixed_by_their_share() -> None:
    """Lexical 8, 4 and dense 0.9, 0.45 with a share of 0.25: 0.75, 0.625 and 0.125; ranks tell where from."""
    found = search()
    assert list(found.stages) == ["lexical", "dense", "hybrid"]
    assert found.hits == found.stages["hybrid"]
    assert keys(found.stages["dense"]) == [2, 3]
    assert scores(found) == pytest.approx({1: 0.75, 2: 0.625, 3: 0.125})
    assert keys(found.hits) == [1, 2, 3]
    assert [hit.ranks for hit in found.hits] == [
        {"lexical": 1},
        {"lexical": 2, "dense": 1},
        {"dense": 2},
    ]


@pytest.mark.parametrize(("share", "first"), [(0.0, 1), (1.0, 2)])
def test_share_decides(share: float, first: int) -> None:
    """None of the model, or nothing else."""
    assert keys(search(share=share).hits)[0] == first


def test_a_reading_model_weighs_more_by_default() -> None:
    """Without a setting the share follows from what the model can: 0.2 of vectors, 0.5 of what was read."""
    likeness = {"apples and pears": (0.0, 0.0), "pears only": (1.0, 1.0)}
    assert keys(search(share=None, dense=[(3, 0.5), (2, 0.1)]).hits)[0] == 1
    assert keys(search(share=None, comparer=FakeComparer(likeness)).hits)[0] == 2


def test_every_source_is_asked_for_the_candidates() -> None:
    """As many as the settings say, or as many as are wanted where those are more."""
    for k, expected in ((3, 7), (12, 12)):
        sources = FakeSource(LEXICAL), FakeSource(DENSE)
        HybridRetriever(*sources, FakeResolver(ENGLISH), candidates=7, share=None).search(Query("x"), k)
        assert [source.asked for source in sources] == [[expected], [expected]]


@pytest.mark.parametrize("reads", [False, True])
def test_no_more_hits_than_asked_for(reads: bool) -> None:
    """The hits end at k; the stages keep their candidates."""
    comparer = FakeComparer({}) if reads else None
    for k in (1, 2, 3, 10):
        found = search(k=k, comparer=comparer)
        assert len(found.hits) == min(k, 3)
        assert found.hits == found.stages["hybrid"][:k]
        assert len(found.stages["hybrid"]) == 3


def test_the_mixed_stage_ends_at_the_depth() -> None:
    """Two lists of two candidates do not make a list of four."""
    found = search(lexical=[(1, 2.0), (2, 1.0)], dense=[(3, 0.9), (4, 0.5)], candidates=2, k=2)
    assert len(found.stages["hybrid"]) == 2


@pytest.mark.parametrize("reads", [False, True])
def test_unknown_keys_are_dropped_and_counted(reads: bool) -> None:
    """The catalogue does not hold 2 and 3 any more: they are in no stage, are not read, and one count says so."""
    resolver = FakeResolver({1: ENGLISH[1]})
    comparer = FakeComparer({})
    found = HybridRetriever(
        FakeSource(LEXICAL),
        FakeSource(DENSE),
        resolver,
        candidates=100,
        share=None,
        comparer=comparer if reads else None,
    ).search(Query("pears"), 10)
    assert found.dropped == 2, "a key that two lists name is one passage"
    assert {name: keys(hits) for name, hits in found.stages.items()} == {
        "lexical": [1],
        "dense": [],
        "hybrid": [1],
    }
    assert keys(found.hits) == [1]
    assert resolver.asked == [[1, 2, 3]], "one read transaction tells what is there"
    assert resolver.read == [[1]], "and one reads it"
    assert comparer.read == (["Fruit\napples and pears"] if reads else [])


def test_nothing_found_is_nothing() -> None:
    """Empty lists, empty stages; the model has nothing to read and does not fail over it."""
    for comparer in (None, FakeComparer({})):
        found = search(lexical=[], dense=[], comparer=comparer)
        assert found.hits == ()
        assert found.dropped == 0
        assert dict(found.stages) == {"lexical": (), "dense": (), "hybrid": ()}


# --- failing parts ------------------------------------------------------------------------------------------------


def test_a_model_that_fails_leaves_the_question_to_full_text() -> None:
    """The hits are those of the full text, in its order, and the trace says why."""
    found = search(dense=None)
    assert keys(found.hits) == keys(found.stages["lexical"]) == [1, 2]
    assert found.stages["dense"] == ()
    assert found.trace.notes == (REASON,)


def test_a_model_that_fails_may_still_read() -> None:
    """Its index is away, the model itself is there: what full text found is ordered with what it reads."""
    likeness = {"apples and pears": (0.0, 0.0), "pears only": (1.0, 1.0)}
    found = search(dense=None, share=0.5, comparer=FakeComparer(likeness))
    assert keys(found.hits) == [2, 1]
    assert found.trace.notes == (REASON,)


def test_a_model_that_fails_to_read_leaves_the_question_to_the_rest() -> None:
    """A damaged model cannot read either: what full text found is still the answer."""

    class Damaged:
        def compare(self, *_: object) -> Comparison:
            raise ModelError(REASON)

    found = search(dense=None, comparer=Damaged())
    assert keys(found.hits) == [1, 2]
    assert set(found.trace.notes) == {REASON}


# --- a model that reads -------------------------------------------------------------------------------------------


def test_passages_that_were_read_are_ordered_by_the_blend() -> None:
    """Worked by hand with a share of 0.5: likeness is 0.4 cosine + 0.6 coverage, lexical over its best.

    1: 0.5 * 8/8 + 0.5 * (0.4 * 0.1 + 0.6 * 0.2) = 0.58; 2: 0.5 * 4/8 + 0.5 * (0.4 * 0.9 + 0.6 * 0.9) = 0.7;
    3: 0.5 * (0.4 * 0.5 + 0.6 * 0.5) = 0.25.
    """
    comparer = FakeComparer({"apples and pears": (0.1, 0.2), "pears only": (0.9, 0.9), "a plum": (0.5, 0.5)})
    found = search(share=0.5, comparer=comparer)
    assert scores(found) == pytest.approx({2: 0.7, 1: 0.58, 3: 0.25})
    assert keys(found.hits) == [2, 1, 3]
    assert [hit.features for hit in found.hits] == [
        {"cosine": 0.9, "coverage": 0.9},
        {"cosine": 0.1, "coverage": 0.2},
        {"cosine": 0.5, "coverage": 0.5},
    ]
    assert found.hits[0].ranks == {"lexical": 2, "dense": 1}
    assert comparer.read[0] == "Fruit\napples and pears", "with the passage's context"


@pytest.mark.parametrize(
    ("question", "body", "other"),
    [
        ("where are the pears", "梨子在花园里", "pears only"),
        ("梨子在哪里", "the pears are in the garden", "梨子很好吃"),
        ("梨子 in garden", "only English words", "梨子"),
    ],
)
def test_passages_in_another_language_are_not_held_back(question: str, body: str, other: str) -> None:
    """Equally like the question, unknown to full text: the foreign one gets 0.8 of its likeness as lexical score.

    With a share of 0.5 and a likeness of 0.8: 0.5 * 0.8 * 0.8 + 0.5 * 0.8 = 0.72, the other 0.4.
    """
    comparer = FakeComparer({body: (0.8, 0.8), other: (0.8, 0.8)})
    found = search(
        lexical=[(1, 5.0)],
        dense=[(2, 0.9), (3, 0.8)],
        bodies={1: "梨 pear", 2: other, 3: body},
        share=0.5,
        comparer=comparer,
        question=question,
    )
    assert scores(found)[3] == pytest.approx(0.76)
    assert scores(found)[2] == pytest.approx(0.4)


def test_what_was_not_read_follows_in_its_own_order() -> None:
    """The best of each list are read; the rest stands below every one of them, mixed as without reading."""
    lexical: list[Scored] = [(key, 200.0 - key) for key in range(1, 101)]
    dense: list[Scored] = [(key, 0.9 - key / 1000) for key in range(201, 301)]
    bodies = {key: f"text {key}" for key in (*range(1, 101), *range(201, 301))}
    comparer = FakeComparer({f"text {key}": (0.3, key / 400) for key in bodies})
    found = search(lexical=lexical, dense=dense, bodies=bodies, share=0.5, comparer=comparer, k=300)
    read = {*range(1, 1 + retrieve._READ), *range(201, 201 + retrieve._READ)}
    assert {text.removeprefix("Fruit\ntext ") for text in comparer.read} == {str(key) for key in read}
    order = keys(found.stages["hybrid"])
    assert set(order[: len(read)]) == read
    unread = [key for key, _ in fuse.mix({"a": lexical, "b": dense}, {"a": 0.5, "b": 0.5}) if key not in read]
    assert order[len(read) :] == unread
    falling = [hit.score for hit in found.stages["hybrid"]]
    assert falling == sorted(falling, reverse=True)
    assert all(not hit.features for hit in found.stages["hybrid"][len(read) :])
    assert len(order) == len(set(order)) == 200


# --- the graph ----------------------------------------------------------------------------------------------------


def test_the_graph_starts_at_what_was_found_and_settles_what_was_mixed() -> None:
    """Its passages are read with the others; its scores order the hits; those that it lifted show the way."""
    graph = FakeGraph([(4, 0.5), (2, 0.25)], {4: 9.0, 2: 8.0})
    comparer = FakeComparer({})
    found = search(graph=graph, comparer=comparer)
    assert list(found.stages) == ["lexical", "dense", "graph", "hybrid", "linked"]
    assert [stage.name for stage in found.trace.stages][2:] == ["graph", "resolve", "hybrid", "linked"]
    assert graph.lists == {"lexical": LEXICAL, "dense": DENSE}
    assert len(comparer.read) == 4, "the graph's passage is read too"
    assert graph.before == {hit.chunk.key: hit.score for hit in found.stages["hybrid"]}
    assert keys(found.hits) == keys(found.stages["linked"])
    assert keys(found.hits)[:2] == [4, 2]
    assert found.hits[0].via == ("[[4]]",)
    assert found.hits[0].ranks == {"graph": 1}
    assert found.hits[0].features["graph"] == 0.5
    assert found.hits[-1].via == (), "what only fell was not led to"


def test_what_only_the_graph_finds_stands_below() -> None:
    """Without a model that reads it: its share of the last score, for the graph to lift."""
    graph = FakeGraph([(4, 0.5)])
    found = search(graph=graph)
    last = found.stages["hybrid"][-1].score
    assert graph.before[4] == pytest.approx(last * 0.5)
    assert keys(found.hits)[-1] == 4
    assert found.hits[-1].via == ("[[4]]",)
    assert all(hit.via == () for hit in found.hits[:-1])


def test_the_graph_is_told_what_passages_add() -> None:
    """Of the question's words, by how rare they are, what the first one lacks; and which are in another language."""
    bodies = {1: "a plum", 2: "a ripe pear", 3: "梨"}
    graph = FakeGraph([])
    search(
        graph=graph,
        lexical=[(1, 3.0), (2, 2.0), (3, 1.0)],
        dense=[],
        bodies=bodies,
        question="plum or ripe pear",
    )
    assert list(graph.before) == [1, 2, 3]
    assert graph.added == [pytest.approx(4 / 5), 0.0]
    assert graph.foreign == {1: False, 2: False, 3: True}


def test_a_ghost_of_the_graph_is_dropped_and_told() -> None:
    """As any other source's."""
    found = search(graph=FakeGraph([(77, 1.0), (1, 0.5)]))
    assert 77 not in keys(found.hits)
    assert keys(found.stages["graph"]) == [1]
    assert found.dropped == 1


def test_a_graph_that_fails_leaves_the_hits_as_they_were() -> None:
    """And the trace says why; the stages stay the same ones."""
    plain, found = search(), search(graph=NoGraph())
    assert found.hits == plain.hits
    assert found.stages["linked"] == plain.stages["hybrid"]
    assert found.stages["graph"] == ()
    assert found.trace.notes == (REASON,)


def test_a_reranker_reads_what_the_graph_lifted() -> None:
    """Its list is the graph's, turned round."""
    found = search(graph=FakeGraph([(4, 1.0)], {4: 9.0}), reranker=Reversing())
    assert keys(found.hits) == keys(found.stages["linked"])[::-1]


# --- a reranker ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", [False, True])
def test_a_reranker_has_the_last_word(reads: bool) -> None:
    """It sees the mixed list in its order; its own list is the last stage, and the answer."""
    plain = search(comparer=FakeComparer({}) if reads else None)
    found = search(comparer=FakeComparer({}) if reads else None, reranker=Reversing())
    assert list(found.stages)[-1] == "reranked"
    assert [stage.name for stage in found.trace.stages][-1] == "reranked"
    assert keys(found.stages["reranked"]) == keys(plain.stages["hybrid"])[::-1]
    assert found.stages["hybrid"] == plain.stages["hybrid"], "that stage stays as it was"
    assert found.hits == found.stages["reranked"]


def test_a_reranker_sees_more_than_is_asked_for() -> None:
    """The best one may stand below k before it is read."""
    found = search(k=1, reranker=Reversing())
    assert keys(found.hits) == [3]


def test_a_reranker_works_without_vectors() -> None:
    """Over full text alone."""
    found = HybridRetriever(
        FakeSource(LEXICAL), None, FakeResolver(ENGLISH), candidates=10, share=None, reranker=Reversing()
    ).search(Query("pears"), 10)
    assert list(found.stages) == ["lexical", "reranked"]
    assert keys(found.hits) == [2, 1]


def test_a_reranker_that_fails_keeps_the_hits() -> None:
    """As if there were none; the trace says why."""
    plain, found = search(), search(reranker=Failing())
    assert found.hits == plain.hits
    assert found.stages["reranked"] == plain.stages["hybrid"]
    assert found.trace.notes == (REASON,)
