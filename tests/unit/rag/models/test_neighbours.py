"""Words that mean nearly the same: the table's form, what the shipped one says, and what it never says."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models import neighbours, tensors
from rag.models.static import FOLDER, StaticEmbedder
from rag.protocols import Thesaurus
from rag.store import tokens
from tests.unit.rag.models import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CONFIG = json.loads((FOLDER / "config.json").read_text("utf-8"))
LARGEST = 500_000  # bytes
LEAST = 0.5


@pytest.fixture(scope="module")
def shipped() -> StaticEmbedder:
    """The model that comes along."""
    return StaticEmbedder()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A model of four words; b has two neighbours, c one."""
    vectors = dict.fromkeys((tiny_model.UNKNOWN, "a", "b", "c"), ((1, 3), 1.0))
    folder = tiny_model.write(tmp_path / "model", vectors)
    table: dict[str, NDArray[np.generic]] = {
        "counts": np.array([0, 0, 2, 1], dtype=np.uint8),
        "tokens": np.array([3, 1, 2], dtype=np.int32),
        "likeness": np.array([255, 153, 51], dtype=np.uint8),
    }
    tensors.write(folder / neighbours.FILE, table)
    return folder


def test_a_word_has_those_of_its_token(tiny: Path) -> None:
    """Best first, with their cosines; a word that is no token by itself has none."""
    model = StaticEmbedder(folder=tiny)
    assert isinstance(model, Thesaurus)
    assert model.neighbours("b") == [("c", 1.0), ("a", 0.6)]
    assert model.neighbours("c") == [("b", 0.2)]
    assert model.neighbours("a") == model.neighbours("ab") == model.neighbours("nowhere") == []
    assert model.knows("a")
    assert not model.knows("ab")


def test_model_without_the_table_knows_no_neighbours(tiny: Path) -> None:
    """One that somebody trained for themselves still answers."""
    (tiny / neighbours.FILE).unlink()
    assert StaticEmbedder(folder=tiny).neighbours("b") == []


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, b"\x02\0\0\0\0\0\0\0{}"])
def test_damaged_table_is_told(tiny: Path, damage: bytes) -> None:
    """As a damaged model is, in one line."""
    (tiny / neighbours.FILE).write_bytes(damage)
    with pytest.raises(ModelError, match="missing or damaged"):
        StaticEmbedder(folder=tiny).neighbours("b")


def test_shipped_table_fits_its_model_and_is_small() -> None:
    """A count for each row, as many entries as they say, all of them rows."""
    found = tensors.read(FOLDER / neighbours.FILE)
    assert len(found["counts"]) == CONFIG["vocabulary"]
    assert found["counts"].sum() == len(found["tokens"]) == len(found["likeness"])
    assert 0 <= found["tokens"].min() <= found["tokens"].max() < CONFIG["vocabulary"]
    assert (FOLDER / neighbours.FILE).stat().st_size <= LARGEST


@pytest.mark.parametrize(
    ("word", "neighbour"),
    [
        ("bicycle", "自行车"),
        ("自行车", "bicycle"),
        ("hospital", "医院"),
        ("房租", "rent"),
        ("budget", "预算"),
        ("妈妈", "mother"),
        ("database", "数据库"),
        ("电脑", "计算机"),
        ("reboot", "restart"),
    ],
)
def test_everyday_words_have_theirs(shipped: StaticEmbedder, word: str, neighbour: str) -> None:
    """Across the languages, and within one."""
    assert neighbour in dict(shipped.neighbours(word))


@pytest.mark.parametrize("word", ["rachel", "minotaur", "the", "什么", "几点", "两杯", "xqzv", ""])
def test_words_that_only_stand_together_have_none(shipped: StaticEmbedder, word: str) -> None:
    """First names beside family names, words of grammar, parts of a whole: 两杯 is not "two"."""
    assert shipped.neighbours(word) == []


def test_table_is_the_model_s_own(shipped: StaticEmbedder) -> None:
    """Each pair is as near as the table says, by the model's vectors: it was made of these weights, and of no others."""
    found = tensors.read(FOLDER / neighbours.FILE)
    rows = np.repeat(np.arange(CONFIG["vocabulary"]), found["counts"].astype(np.int64))
    places = random.Random(7).sample(range(len(rows)), 500)
    ones, others = (shipped._rows(np.asarray(ids)[places]) for ids in (rows, found["tokens"]))
    cosines = (ones * others).sum(1) / (np.linalg.norm(ones, axis=1) * np.linalg.norm(others, axis=1))
    assert np.abs(cosines - found["likeness"][places].astype(np.float32) / neighbours.ONE).max() < 0.005
    assert cosines.min() >= LEAST - 0.001


def test_neighbours_are_words_in_the_form_that_is_searched(shipped: StaticEmbedder) -> None:
    """Folded, no words of grammar, never the word itself in another form; best first."""
    found = tensors.read(FOLDER / neighbours.FILE)
    some = random.Random(3).sample(np.flatnonzero(found["counts"]).tolist(), 500)
    for row in some:
        word = shipped._tokenizer.id_to_token(row)
        near = shipped.neighbours(word)
        assert [likeness for _, likeness in near] == sorted((c for _, c in near), reverse=True)
        for other, _ in near:
            assert tokens.fold(other) == other
            assert other not in tokens.common()
            assert tokens.words(other) != tokens.words(word), (word, other)
