"""The built-in reranker: order, scores, ties, and weights that are missing or damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rag.errors import ModelError
from rag.models.evidence import FEATURES
from rag.models.learnt import WEIGHTS, LearntReranker
from rag.models.static import StaticEmbedder
from rag.types import Chunk, Hit, Query

if TYPE_CHECKING:
    from pathlib import Path

SCORE_ONLY = {name: float(name == "score") for name in FEATURES}


@pytest.fixture(scope="module")
def model() -> StaticEmbedder:
    """The built-in embedding model."""
    return StaticEmbedder()


def weights(folder: Path, **chosen: float) -> Path:
    """A file of weights: the score's 1, others as given."""
    path = folder / f"{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps({"weights": SCORE_ONLY | chosen}), "utf-8")
    return path


def hit(number: int, body: str, score: float) -> Hit:
    """A passage of a note of its own."""
    return Hit(
        Chunk(f"notes/{number}.md", 0, len(body), body, body, "", (1, 1)),
        score,
        {"lexical": number},
        {"cosine": 0.5},
        ("[[a]]",),
    )


HITS = [hit(1, "a cat sleeps", 0.8), hit(2, "the roof leaks", 0.7), hit(3, "rain on the roof", 0.3)]


def test_with_the_score_alone_nothing_moves(model: StaticEmbedder, tmp_path: Path) -> None:
    """Order and scores stay; ranks, features and the graph's way are kept, evidence is added."""
    found = LearntReranker(model, 50, weights(tmp_path)).rerank(Query("roof"), HITS)
    assert [h.chunk for h in found] == [h.chunk for h in HITS]
    assert [h.score for h in found] == pytest.approx([0.8, 0.7, 0.3])
    assert found[0].ranks == {"lexical": 1}
    assert found[0].via == ("[[a]]",)
    assert found[0].features["cosine"] == 0.5
    assert set(FEATURES) | {"rerank"} <= found[0].features.keys()


def test_evidence_moves_a_passage_up(model: StaticEmbedder, tmp_path: Path) -> None:
    """The best score stays as high as it was."""
    found = LearntReranker(model, 50, weights(tmp_path, window=1.0)).rerank(Query("the roof leaks"), HITS)
    assert found[0].chunk.text == "the roof leaks"
    assert found[0].score == 0.8
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    assert {h.chunk for h in found} == {h.chunk for h in HITS}


def test_ties_are_in_the_order_of_notes(model: StaticEmbedder, tmp_path: Path) -> None:
    """Whichever order they came in."""
    twins = [hit(9, "the roof", 0.5), hit(10, "the roof", 0.5), hit(2, "the roof", 0.5)]
    found = LearntReranker(model, 50, weights(tmp_path)).rerank(Query("roof"), twins)
    assert [h.chunk.doc_id for h in found] == ["notes/10.md", "notes/2.md", "notes/9.md"]


def test_hits_beyond_the_candidates_stay_below(model: StaticEmbedder, tmp_path: Path) -> None:
    """They are not read, and keep their order."""
    found = LearntReranker(model, 1, weights(tmp_path, window=1.0)).rerank(Query("the roof leaks"), HITS)
    assert [h.chunk for h in found] == [h.chunk for h in HITS]
    assert ["rerank" in h.features for h in found] == [True, False, False]
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    assert LearntReranker(model, 5, weights(tmp_path)).rerank(Query("roof"), []) == []


def test_scores_of_nothing_are_no_trouble(model: StaticEmbedder, tmp_path: Path) -> None:
    """All zero."""
    found = LearntReranker(model, 5, weights(tmp_path)).rerank(
        Query("roof"), [hit(1, "x", 0.0), hit(2, "y", 0.0)]
    )
    assert [h.score for h in found] == [0.0, 0.0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"weights": 3}',
        '{"weights": {}}',
        json.dumps({"weights": SCORE_ONLY | {"more": 1}}),
        json.dumps({"weights": SCORE_ONLY | {"echo": "x"}}),
        json.dumps({"weights": SCORE_ONLY | {"echo": float("nan")}}),
    ],
)
def test_damaged_weights_are_told_of(model: StaticEmbedder, tmp_path: Path, text: str) -> None:
    """The path and the remedy in one line; the search goes on with the order as it was."""
    path = tmp_path / "weights.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ModelError, match="missing or damaged"):
        LearntReranker(model, 5, path).rerank(Query("roof"), HITS)


def test_missing_weights_are_told_of(model: StaticEmbedder, tmp_path: Path) -> None:
    """Likewise."""
    with pytest.raises(ModelError, match="missing or damaged"):
        LearntReranker(model, 5, tmp_path / "none.json").rerank(Query("roof"), HITS)


def test_the_shipped_weights_are_few_and_sound() -> None:
    """One a feature, the score's 1, none below 0, in a file of a few kB that says what they were learnt from."""
    shipped = json.loads(WEIGHTS.read_text("utf-8"))
    assert shipped["weights"].keys() == set(FEATURES)
    assert shipped["weights"]["score"] == 1
    assert all(0 <= weight <= 1 for weight in shipped["weights"].values())
    assert sum(weight > 0 for weight in shipped["weights"].values()) > 1
    assert shipped["learnt_from"]
    assert WEIGHTS.stat().st_size < 8_000
