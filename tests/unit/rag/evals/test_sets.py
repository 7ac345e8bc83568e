"""The real engine on the tiny set, and outside sets that must stay readable."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.evals import datasets, harness

TINY = Path(__file__).parents[3] / "data" / "eval_tiny"
README_COUNTS = {"scifact_en": (5_183, 300), "memdaily_zh": (8_825, 1_000), "gitlab_handbook_en": (50, 250)}


@pytest.mark.parametrize(
    ("model", "stages"),
    [
        ("none", ["lexical", "graph", "linked"]),
        ("builtin", ["lexical", "dense", "graph", "hybrid", "linked"]),
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
