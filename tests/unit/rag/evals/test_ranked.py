"""Binary metrics against ir-measures, and by hand."""

from __future__ import annotations

import random

import pytest

from rag.evals import ranked


def test_worked_by_hand() -> None:
    """The second of two is found at rank 3: 1/log2(4) over 1/log2(2) + 1/log2(3)."""
    found = ranked.measure(["x", "y", "a"], {"a", "b"})
    assert found["ndcg@10"] == pytest.approx(0.5 / (1 + 0.63092975))
    assert (found["recall@5"], found["success@1"], found["success@5"]) == (0.5, 0.0, 1.0)
    assert found["mrr@10"] == pytest.approx(1 / 3)
    assert set(ranked.measure([], {"a"}).values()) == {0.0}


def test_equal_to_ir_measures() -> None:
    """On random rankings, the library's values are ours."""
    ir_measures = pytest.importorskip("ir_measures")
    named = dict(
        zip(("nDCG@10", "R@5", "Success@1", "Success@5", "RR@10"), ranked.NAMES, strict=True),
    )
    rng = random.Random(3)
    for _ in range(50):
        rows = [str(n) for n in rng.sample(range(30), 20)]
        gold = {str(n) for n in rng.sample(range(30), rng.randrange(1, 14))}
        ours = ranked.measure(rows, gold)
        qrels = {"q": dict.fromkeys(gold, 1)}
        run = {"q": {row: -float(i) for i, row in enumerate(rows)}}
        for metric in ir_measures.iter_calc([ir_measures.parse_measure(n) for n in named], qrels, run):
            assert ours[named[str(metric.measure)]] == pytest.approx(metric.value)
