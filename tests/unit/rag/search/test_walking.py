"""The graph's way into retrieval: where a walk starts, what it finds, how it is mixed in, and by which way it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import footnotes
from rag.errors import GraphError
from rag.search import walking
from rag.search.walking import MatrixSource, StoreSource
from rag.types import Filters, Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from footnotes import Engine
    from graph.model import Edge

NOTES = {
    "Qdrant.md": "# Qdrant\n\nQdrant is written in Rust and much like [[Milvus]].\n",
    "Milvus.md": "# Milvus\n\nMilvus was made by people at Zilliz.\n",
    "Zilliz.md": "# Zilliz\n\nThe firm has its seat in Redwood City.\n",
    "private/diary.md": "# Diary\n\nWhat I wrote about Milvus is nobody's business.\n",
    "bread.md": "# Bread\n\nFlour, water, salt.\n",
    "向量数据库.md": "# 向量数据库\n\n存储嵌入的地方。\n",
    "检索.md": "# 检索\n\n先查向量数据库，再排序。\n",
}
LEXICAL_ONLY = {"embedding.model": "none", "sync.workers": 0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Notes that speak of each other, and one that does not."""
    made = tmp_path / "notes"
    for name, text in NOTES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, "utf-8")
    return made


@pytest.fixture
def engine(folder: Path, footnotes_home: Path) -> Iterator[Engine]:
    """An engine that has read them."""
    with footnotes.open(footnotes_home, settings=LEXICAL_ONLY) as opened:
        opened.add_root(folder)
        opened.sync()
        yield opened


def found(engine: Engine, question: str, filters: Filters = Filters()) -> dict[str, tuple[str, ...]]:  # noqa: B008 - frozen
    """Documents that the graph found, with the way that their hit shows."""
    retrieval = engine.search(question, filters=filters)
    graph = {hit.chunk.doc_id for hit in retrieval.stages["graph"]}
    return {hit.chunk.doc_id: hit.via for hit in retrieval.hits if hit.chunk.doc_id in graph}


def test_a_linked_note_is_found_by_its_way(engine: Engine) -> None:
    """Full text finds Qdrant; its link leads to Milvus, whose text names Zilliz."""
    hits = found(engine, "Rust")
    assert hits["notes/Qdrant.md"] == ()
    assert hits["notes/Milvus.md"] == ("[[Qdrant]]",)
    assert hits["notes/Zilliz.md"] == ("[[Qdrant]]", "[[Milvus]]")
    assert "notes/bread.md" not in hits


def test_a_name_in_chinese_joins_two_notes(engine: Engine) -> None:
    """From who says it to the note of that title."""
    hits = found(engine, "排序")
    assert hits["notes/向量数据库.md"] == ("[[检索]]",)


def test_filters_hold_for_what_the_graph_finds(engine: Engine) -> None:
    """An excluded folder is neither shown nor walked through."""
    assert "notes/private/diary.md" in found(engine, "Rust")
    assert "notes/private/diary.md" not in found(engine, "Rust", Filters(exclude=("notes/private",)))
    only = found(engine, "Milvus", Filters(folders=("notes/private",)))
    assert set(only) == {"notes/private/diary.md"}
    cut = found(engine, "Rust", Filters(exclude=("notes/Milvus.md",)))
    assert set(cut) == {"notes/Qdrant.md", "notes/private/diary.md"}, "Zilliz is reached through Milvus alone"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who made Milvus?", [["notes/Milvus.md"]]),
        ("who made milvus", []),
        ("Is Qdrant or Milvus better?", [["notes/Qdrant.md"], ["notes/Milvus.md"]]),
        ("Where is Milvus Park?", []),
        ("Milvus Park", []),
        ("Is it Qdrant-Milvus?", []),
        ("向量数据库是什么", [["notes/向量数据库.md"]]),
        ("nothing of the kind", []),
    ],
)
def test_names_in_a_question(engine: Engine, question: str, expected: list[list[str]]) -> None:
    """Titles, as they are written where they are one Latin word, and no part of a longer name."""
    assert sorted(walking.titled(engine.catalogue, question)) == sorted(expected)


def test_ghosts_are_impossible(engine: Engine, folder: Path) -> None:
    """A note that went since the graph was read is not shown, whatever the graph says."""
    assert engine._indexes.matrix is not None
    engine.search("Rust")
    engine._indexes.matrix.refresh = lambda: None  # type: ignore[method-assign] # it stays as it is
    engine._indexes.matrix.follow = lambda: None  # type: ignore[method-assign]
    (folder / "Milvus.md").unlink()
    engine.sync()
    retrieval = engine.search("Rust")
    shown = {hit.chunk.doc_id for hits in (retrieval.hits, *retrieval.stages.values()) for hit in hits}
    assert "notes/Milvus.md" not in shown
    assert retrieval.dropped > 0


def test_weight_moves_how_far_the_graph_lifts(engine: Engine) -> None:
    """Half as much as measured, and twice."""
    lexical = engine.lexical.search(Query("Rust"), 10)
    assert engine._indexes.matrix is not None
    scores = []
    for weight in (0.25, None, 1.0):
        walk = MatrixSource(engine._indexes.matrix, engine.catalogue, weight).walk(
            Query("Rust"), {"lexical": lexical}, 10
        )
        keys = [key for key, _ in walk.found]
        before = [1.0, *(0.5 for _ in keys[1:])]
        scores.append(walk.settled(keys, before, [False] * len(keys), lambda _, o: np.zeros(len(o)))[1])
    assert scores[0] < scores[1] < scores[2]


def test_no_graph_is_told_and_costs_no_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One note; the hits are those of the stage before."""
    assert engine._indexes.matrix is not None
    monkeypatch.setattr(type(engine._indexes.matrix), "woven", lambda _: None)
    retrieval = engine.search("Rust")
    assert retrieval.trace.notes == ("The graph of the notes is not there yet: run `footnotes sync`.",)
    assert [h.chunk.key for h in retrieval.hits] == [h.chunk.key for h in retrieval.stages["lexical"]]


def test_a_store_is_asked_for_what_lies_around(engine: Engine) -> None:
    """The same ways as in the graph in the home, as far as two steps lead: Zilliz is one more away."""
    assert engine._indexes.matrix is not None
    query, lists = Query("Rust"), {"lexical": engine.lexical.search(Query("Rust"), 10)}
    walk = StoreSource(lambda: engine.graph.store, engine.catalogue).walk(query, lists, 10)
    local = MatrixSource(engine._indexes.matrix, engine.catalogue).walk(query, lists, 10)
    ways, local_ways = ({key: one.via(key) for key, _ in one.found} for one in (walk, local))
    assert (len(ways), len(local_ways)) == (3, 4)
    assert ways == {key: local_ways[key] for key in ways}
    assert StoreSource(lambda: engine.graph.store, engine.catalogue).walk(query, {}, 10).found == ()


class Away:
    """A server that fails."""

    def around(self, seeds: Sequence[str], limit: int) -> list[Edge]:
        assert seeds
        assert limit > 0
        raise GraphError("The server is away.")


def test_a_server_that_fails_is_a_note(engine: Engine) -> None:
    """The answer goes on without."""
    retriever = engine.retriever
    retriever._graph = StoreSource(Away, engine.catalogue)  # type: ignore[arg-type] # of the protocol only that
    retrieval = retriever.search(Query("Rust"), 5)
    assert retrieval.trace.notes == ("The server is away.",)
    assert retrieval.hits[0].chunk.doc_id == "notes/Qdrant.md"
