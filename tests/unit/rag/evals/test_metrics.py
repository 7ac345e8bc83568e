"""Ranking metrics against values worked by hand."""

from __future__ import annotations

import sys
from math import log2

import pytest

from rag.errors import EvalError, ExtraMissingError
from rag.evals import metrics

QRELS = {"a": {"d1": 2, "d2": 1, "d3": 0}, "b": {"d1": 1}, "c": {"d4": 1, "d5": 1, "d6": 1}}


def test_metrics_equal_hand_worked_values() -> None:
    """Graded gains, a missed question, and more relevant rows than places."""
    ranked = {"a": ["d2", "d9", "d1"], "b": ["d2"], "c": ["d3", "d6", "d1", "d2", "d4", "d5"]}
    found = metrics.per_question(QRELS, ranked)
    best_a = 2 / log2(2) + 1 / log2(3)
    assert found["a"] == pytest.approx(
        {
            "ndcg@10": (1 / log2(2) + 2 / log2(4)) / best_a,
            "recall@2": 1 / 2,
            "recall@5": 1.0,
            "recall@10": 1.0,
            "mrr@10": 1.0,
            "map": (1 / 1 + 2 / 3) / 2,
            "success@5": 1.0,
        }
    )
    assert found["b"] == dict.fromkeys(metrics.NAMES, 0.0)
    best_c = 1 / log2(2) + 1 / log2(3) + 1 / log2(4)
    assert found["c"] == pytest.approx(
        {
            "ndcg@10": (1 / log2(3) + 1 / log2(6) + 1 / log2(7)) / best_c,
            "recall@2": 1 / 3,
            "recall@5": 2 / 3,
            "recall@10": 1.0,
            "mrr@10": 1 / 2,
            "map": (1 / 2 + 2 / 5 + 3 / 6) / 3,
            "success@5": 1.0,
        }
    )


def test_cut_at_ten() -> None:
    """What stands at rank 11 counts for nothing, but where a metric has no depth."""
    others = [f"x{i}" for i in range(10)]
    eleventh = metrics.per_question({"q": {"d": 1}}, {"q": [*others, "d"]})["q"]
    assert eleventh == pytest.approx(dict.fromkeys(metrics.NAMES, 0.0) | {"map": 1 / 11})
    tenth = metrics.per_question({"q": {"d": 1}}, {"q": [*others[:9], "d"]})["q"]
    assert tenth["mrr@10"] == pytest.approx(0.1)
    assert tenth["ndcg@10"] == pytest.approx(1 / log2(11))


def test_questions_without_results_count_zero_in_the_mean() -> None:
    """A question that the engine found nothing for is not dropped from the average."""
    found = metrics.per_question(QRELS, {"b": ["d1"], "c": []})
    assert set(found) == {"a", "b", "c"}
    assert metrics.mean(found) == pytest.approx(dict.fromkeys(metrics.NAMES, 1 / 3))


def test_order_decides_not_names() -> None:
    """trec_eval breaks ties by row id, so ranks must reach it without ties."""
    many = [f"d{i:03}" for i in range(100)]
    for gold in (many[0], many[1]):
        ranked = [gold, *(row for row in many if row != gold)]
        assert metrics.per_question({"q": {gold: 1}}, {"q": ranked})["q"]["mrr@10"] == 1.0


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ir-measures the error says what to install."""
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(ExtraMissingError, match=r"pip install footnotes\[evals\]"):
        metrics.check()


def test_metrics_are_chosen_by_name_and_depth() -> None:
    """Any k, each once, in any case; the values are of that depth."""
    names = metrics.parsed(["nDCG@3", " recall@1", "mrr", "precision@04", "ndcg@3"])
    assert names == ("ndcg@3", "recall@1", "mrr", "precision@4")
    found = metrics.per_question({"q": {"a": 1, "b": 1}}, {"q": ["x", "a", "y", "b"]}, names)["q"]
    best = 1 + 1 / log2(3)
    assert found == pytest.approx(
        {"ndcg@3": 1 / log2(3) / best, "recall@1": 0.0, "mrr": 0.5, "precision@4": 0.5}
    )
    headings = [metrics.heading(name) for name in names]
    assert headings == ["nDCG@3", "R@1", "MRR", "P@4"]
    assert metrics.parsed(headings) == names, "a heading is a name, too"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bleu", "There is no metric 'bleu'. Choose from: ndcg@k, recall@k"),
        ("recall", "There is no metric 'recall'"),
        ("ndcg@ten", "There is no metric 'ndcg@ten'"),
        ("", "There is no metric ''"),
        ("ndcg@0", "ndcg@0: k is 0. Choose k from 1 to 100"),
        ("recall@101", "recall@101: k is 101. Choose k from 1 to 100"),
    ],
)
def test_wrong_metrics_say_what_is_possible(name: str, said: str) -> None:
    """Unknown ones, ones without the depth that they need, and depths that were never asked for."""
    with pytest.raises(EvalError) as caught:
        metrics.parsed([name])
    assert str(caught.value).startswith(said)
