"""The real engine on the tiny set, and outside sets that must stay readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.evals import ablation, datasets, harness
from rag.models import opening
from rag.models.static import StaticEmbedder
from rag.store.tokens import ANALYSIS_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Hit, Query

TINY = Path(__file__).parents[3] / "data" / "eval_tiny"
README_COUNTS = {"scifact_en": (5_183, 300), "memdaily_zh": (8_825, 1_000), "gitlab_handbook_en": (50, 250)}


@pytest.mark.parametrize(
    ("model", "stages"),
    [
        ("none", ["lexical", "graph", "linked", "diverse"]),
        ("builtin", ["lexical", "dense", "graph", "hybrid", "linked", "reranked", "diverse"]),
    ],
)
def test_engine_answers_the_tiny_set_within_groups(tmp_path: Path, model: str, stages: list[str]) -> None:
    """Chinese and English questions find their note first, in the right group, without the excluded row."""
    found = harness.run(TINY, cache=tmp_path, overrides={"embedding.model": model})
    assert list(found.stages) == [*stages, "final"]
    assert found.stages["final"] == found.stages[stages[-1]]
    assert found.stages["final"]["mrr@10"] == 1.0
    assert found.stages["final"]["recall@5"] >= 0.8
    # The two bicycle questions read the same; only the group tells them apart.
    assert all(found.per_question["final"][query]["recall@2"] == 1.0 for query in ("q4", "q5"))


def test_second_run_says_the_same_from_the_kept_index(tmp_path: Path) -> None:
    """Reopening the cached index changes no figure."""
    first, second = (harness.run(TINY, cache=tmp_path).per_question for _ in range(2))
    assert first == second


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(README_COUNTS))
def test_outside_sets_are_read_whole(shared: Path, name: str) -> None:
    """As many rows and judged questions as their makers counted, each with a document id of its own."""
    data = datasets.load(shared / "eval" / name)
    assert (len(data.rows), len(data.questions)) == README_COUNTS[name]
    assert len(data.row_ids) == len(data.rows)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("lexical", {"embedding.model": "none", "graph.backend": "none"}),
        ("hybrid", {"graph.backend": "none", "rerank.backend": "none"}),
        ("lexical+graph", {"embedding.model": "none"}),
        ("hybrid+graph", {"rerank.backend": "none"}),
        ("hybrid+rerank", {"graph.backend": "none"}),
        ("hybrid+graph+rerank", {}),
    ],
)
def test_an_ablation_is_the_search_without_the_other_parts(
    tmp_path: Path, name: str, settings: dict[str, object]
) -> None:
    """Its list is what a user who has switched them off gets, from an index of their own, before repeats are moved."""
    chosen = ablation.named([name])
    ablated = harness.run(TINY, cache=tmp_path / "whole", ablations=chosen).rankings[name]
    alone = harness.run(TINY, cache=tmp_path / "alone", overrides=settings).rankings
    *_, last, diverse, final = alone
    assert (diverse, final) == ("diverse", "final")
    assert ablated == alone[last]


def test_ablations_embed_no_passage_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, from the index of the first run; with a reranker, too."""
    embedded: list[int] = []
    embed = StaticEmbedder.embed_and_tokenise  # all passages go through it

    def counted(
        self: StaticEmbedder, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.int64]]]:
        embedded.append(len(texts))
        return embed(self, texts)

    monkeypatch.setattr(StaticEmbedder, "embed_and_tokenise", counted)
    monkeypatch.setattr(opening, "open_reranker", lambda _settings: Backwards())
    whole = harness.run(TINY, cache=tmp_path)
    assert sum(embedded) >= whole.documents
    embedded.clear()
    found = harness.run(TINY, cache=tmp_path, ablations=ablation.ALL)
    assert embedded == []
    assert list(found.stages) == [each.name for each in ablation.ALL]
    assert found.stages["hybrid+rerank"]["mrr@10"] < found.stages["hybrid"]["mrr@10"]
    assert found.rankings["hybrid+graph+rerank"] == whole.rankings["reranked"]
    assert list(found.latency) == list(whole.latency)
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


class Backwards:
    """The worst reranker."""

    identity = "backwards:1"

    def rerank(self, _query: Query, hits: Sequence[Hit]) -> list[Hit]:
        return list(reversed(hits))


def test_a_run_says_what_its_figures_depend_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models by weights, settings that are not as by default, code, machine, index; no secret."""
    monkeypatch.setenv("FOOTNOTES_LLM__API_KEY", "hush")
    monkeypatch.setattr(opening, "open_reranker", lambda _settings: Backwards())
    overrides = {"search.candidates": 50, "rerank.url": "http://me:hush@127.0.0.1:1", "chunk.size": 390}
    first, second = (harness.run(TINY, cache=tmp_path, overrides=overrides).to_json() for _ in range(2))
    assert "hush" not in json.dumps(first)
    assert first["settings"] == {
        "search.candidates": 50,
        "rerank.url": "http://127.0.0.1:1",
        "chunk.size": 390,
    }
    models: Any = first["models"]
    assert models == {
        "embedder": StaticEmbedder().identity,
        "reranker": "backwards:1",
        "analysis": str(ANALYSIS_VERSION),
    }
    index: Any = first["index"]
    assert index["bytes"] > 10_000
    assert index["seconds"] > 0
    assert index["passages"] >= 12
    assert second["index"] == index, "an index that is used again is told of as it was built"
    code: Any = first["code"]
    assert len(code["sha256"]) == 16
    assert code["version"]
    machine: Any = first["machine"]
    assert machine["cores"] >= 1
