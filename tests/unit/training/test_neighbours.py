"""Which pairs of words become neighbours, and how the table is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from rag.models import neighbours as table
from rag.models.static import StaticEmbedder
from tests.unit.rag.models import tiny_model
from training import neighbours

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

WORDS = [
    "delete",
    "removed",
    "remove",
    "删除",
    "首先",
    "first",
    "第一步",
    "rachel",
    "nabors",
    "移除",
    "删掉",
    "去掉",
]


def near(*pairs: tuple[str, str, float]) -> dict[int, list[tuple[float, int]]]:
    """What ``alike`` gives, both ways."""
    found: dict[int, list[tuple[float, int]]] = {}
    for one, other, cosine in pairs:
        for a, b in ((one, other), (other, one)):
            found.setdefault(WORDS.index(a), []).append((cosine, WORDS.index(b)))
    return {word: sorted(others, reverse=True) for word, others in found.items()}


def chosen(*pairs: tuple[str, str, float]) -> dict[str, list[str]]:
    """The neighbours of each word that has any."""
    found = neighbours.chosen(WORDS, near(*pairs))
    return {WORDS[word]: [WORDS[other] for _, other in others] for word, others in found.items()}


def test_translations_are_the_best_ones() -> None:
    """What is far below the best is none, and of one stem the best stands for all."""
    found = chosen(
        ("delete", "删除", 0.9), ("delete", "首先", 0.6), ("remove", "删除", 0.8), ("removed", "删除", 0.78)
    )
    assert found == {
        "delete": ["删除"],
        "删除": ["delete", "remove"],
        "remove": ["删除"],
        "removed": ["删除"],
    }


def test_english_of_a_chinese_word_must_mean_it_too() -> None:
    """`first` is much nearer to 首先 than to 第一步, which has no better English."""
    found = chosen(("first", "首先", 0.8), ("first", "第一步", 0.52))
    assert found == {"first": ["首先"], "首先": ["first"]}


def test_synonyms_have_a_translation_in_common() -> None:
    """Names that only stand together have none."""
    found = chosen(
        ("delete", "删除", 0.9),
        ("remove", "删除", 0.85),
        ("delete", "remove", 0.6),
        ("rachel", "nabors", 0.7),
    )
    assert found["delete"] == ["删除", "remove"]
    assert found["remove"] == ["删除", "delete"]
    assert "rachel" not in found


def test_what_finds_each_other_anyway_is_no_synonym() -> None:
    """The same stem in English, a common character in Chinese."""
    found = chosen(
        *((word, "删除", 0.8) for word in ("remove", "removed")),
        *(("delete", word, 0.8) for word in ("删除", "移除", "去掉")),
        ("remove", "removed", 0.9),
        ("移除", "删除", 0.9),
        ("移除", "去掉", 0.9),
    )
    assert found["remove"] == found["removed"] == ["删除"]
    assert found["移除"] == ["去掉", "delete"]
    assert found["删除"] == ["remove", "delete"]


def test_alike_is_what_comparing_all_would_give() -> None:
    """Block by block, and a word is not its own neighbour."""
    random = np.random.default_rng(2)
    vectors = random.standard_normal((60, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = neighbours.alike(vectors)
    expected = {
        (a, b) for a, b in np.ndindex(60, 60) if a != b and float(vectors[a] @ vectors[b]) >= neighbours.LEAST
    }
    assert {(a, b) for a, others in found.items() for _, b in others} == expected
    assert all(others == sorted(others, reverse=True) for others in found.values())


def test_table_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a model's folder to the words that its neighbours are; a row that words share is nobody's."""
    monkeypatch.setattr(neighbours, "_BLOCK", 2)
    vectors = {
        tiny_model.UNKNOWN: ((1, 1, 1, 1), 0.0),
        "the": ((15, 15, 1, 1), 1.0),
        "cats": ((15, 13, 1, 1), 1.0),
        "dogs": ((-15, 13, 1, -15), 1.0),
        "小猫": ((15, 15, 1, 1), 1.0),
        "小狗": ((-15, 15, 1, -15), 1.0),
        "猫": ((15, 15, 1, 1), 1.0),
    }
    folder = tiny_model.write(tmp_path / "model", vectors)
    neighbours.make(folder)
    model = StaticEmbedder(folder=folder)
    assert [word for word, _ in model.neighbours("cats")] == ["小猫"]
    assert [word for word, _ in model.neighbours("小狗")] == ["dogs"]
    assert model.neighbours("the") == model.neighbours("猫") == []
    path = folder / "tokenizer.json"
    described = json.loads(path.read_text("utf-8"))
    described["model"]["vocab"]["喵喵"] = described["model"]["vocab"]["小猫"]
    path.write_text(json.dumps(described), "utf-8")
    (folder / table.FILE).unlink()
    neighbours.make(folder)
    assert StaticEmbedder(folder=folder).neighbours("cats") == []
