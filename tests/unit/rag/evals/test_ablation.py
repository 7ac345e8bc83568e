"""Ablations by name."""

from __future__ import annotations

import pytest

from rag.errors import EvalError
from rag.evals import ablation


def test_plus_adds_to_the_one_before() -> None:
    """The usual ladder, in one line; parts may stand in any order, and each ablation counts once."""
    found = ablation.named(["lexical", "dense", "hybrid", "+graph", "+rerank", "graph+hybrid"])
    assert [each.name for each in found] == [
        *("lexical", "dense", "hybrid", "hybrid+graph", "hybrid+graph+rerank"),
    ]
    assert len(list(ablation.by_settings(found))) == 1, "one search serves them all"


def test_parts_that_a_stage_cannot_leave_out_are_switched_off() -> None:
    """A reranker without the graph needs a search of its own; the fullest search comes first."""
    searches = list(ablation.by_settings(ablation.named(["hybrid+rerank", "lexical+graph", "hybrid"])))
    assert [(dict(off), [each.name for each in together]) for off, together in searches] == [
        ({}, ["hybrid"]),
        ({"embedding.model": "none"}, ["lexical+graph"]),
        ({"graph.backend": "none"}, ["hybrid+rerank"]),
    ]


@pytest.mark.parametrize("names", [["+graph"], ["graph"], ["dense", "+graph"], ["hybrid+colbert"], [""]])
def test_unknown_ablations_say_what_is_possible(names: list[str]) -> None:
    """Parts alone, parts that do not go together, and unknown ones."""
    with pytest.raises(EvalError, match=r"There is no ablation '.*'\. Choose from: lexical, dense, hybrid"):
        ablation.named(names)
