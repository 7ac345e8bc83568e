"""Training text as token numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("zstandard", reason="comes with the dependency group train")

from tests.unit.training import tiny_data
from training import corpus, encode

if TYPE_CHECKING:
    from pathlib import Path

    from training.encode import Ragged

FILES = {file.name: file for file in corpus.FILES}


def words(ragged: Ragged, i: int) -> list[str]:
    """Tokens of a row."""
    return [tiny_data.WORDS[token - 1] for token in ragged.row(i)]


def test_pairs_leave_out_what_is_held_out(tmp_path: Path) -> None:
    """Only of the parallel ones: what is measured is not trained on."""
    many = [("news", "猫", f"cat {number}") for number in range(500)]
    folder = tiny_data.write(tmp_path, {"pairs-parallel": many, "pairs-qa-en": many})
    tokenizer = tiny_data.tokenizer()
    held = sum(map(corpus.is_held_out, corpus.rows(folder, FILES["pairs-parallel"])))
    assert held > 0
    for name, expected in (("pairs-parallel", 500 - held), ("pairs-qa-en", 500)):
        found = encode.pairs(folder, FILES[name], tokenizer)
        assert len(found.left) == len(found.right) == len(found.source) == expected
        assert words(found.left, 0) == ["猫"]
        assert found.sources == ("news",)


def test_passages_are_cut_into_sentences(tmp_path: Path) -> None:
    """In both languages; a full stop inside a number is none. Every sentence is kept."""
    folder = tiny_data.write(
        tmp_path,
        {
            "passages-en": [("a", "cat dog. roof rain"), ("b", "w x.y z\ncat\ndog")],
            "passages-zh": [("c", "猫 狗。雨")],
        },
    )
    found = encode.passages(folder, FILES["passages-en"], tiny_data.tokenizer())
    cut = [words(found.sentences, i) for i in range(len(found.sentences))]
    assert cut == [["cat", "dog", "."], ["roof", "rain"], ["w", "x", ".", "y", "z"], ["cat"], ["dog"]]
    assert found.starts.tolist() == [0, 2, 5]
    assert [found.sources[number] for number in found.source] == ["a", "b"]
    chinese = encode.passages(folder, FILES["passages-zh"], tiny_data.tokenizer())
    assert chinese.starts.tolist() == [0, 2]


def test_whole_texts_are_their_sentences_together(tmp_path: Path) -> None:
    """Of passages; of pairs, the right side."""
    folder = tiny_data.write(
        tmp_path,
        {"passages-en": [("a", "cat. dog"), ("a", "roof")], "pairs-qa-en": [("a", "cat", "dog rain")]},
    )
    whole = encode.texts(encode.passages(folder, FILES["passages-en"], tiny_data.tokenizer()))
    assert [words(whole, i) for i in range(len(whole))] == [["cat", ".", "dog"], ["roof"]]
    pairs = encode.pairs(folder, FILES["pairs-qa-en"], tiny_data.tokenizer())
    assert words(encode.texts(pairs), 0) == ["dog", "rain"]


def test_tokens_are_counted_on_both_sides(tmp_path: Path) -> None:
    """One number for each row of the model."""
    folder = tiny_data.write(
        tmp_path, {"pairs-qa-en": [("a", "cat cat", "dog")], "passages-en": [("a", "cat")]}
    )
    kinds: list[encode.Pairs | encode.Passages] = [
        encode.pairs(folder, FILES["pairs-qa-en"], tiny_data.tokenizer()),
        encode.passages(folder, FILES["passages-en"], tiny_data.tokenizer()),
    ]
    found = encode.counts(kinds, 20)
    assert found.shape == (20,)
    assert {tiny_data.WORDS[i - 1]: found[i] for i in np.flatnonzero(found)} == {"cat": 3, "dog": 1}
