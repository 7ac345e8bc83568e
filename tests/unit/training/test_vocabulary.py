"""The tokenizer: which words get a row, and what a text is cut into."""

from __future__ import annotations

from collections import Counter

import pytest
from tokenizers import Tokenizer

from training import vocabulary

TEXTS = ["我们的猫叫年糕", "猫在屋顶上，猫很好", "The cats sleep; the cat sleeps 2021", "Cats and cat"] * 3


@pytest.fixture(scope="module")
def words() -> list[str]:
    """A small vocabulary."""
    return vocabulary.choose(vocabulary.count_words(TEXTS), chinese=20, english=20)


def test_words_and_characters_are_counted() -> None:
    """Folded; every character of a text once, beside its words."""
    found = vocabulary.count_words(["繁體貓貓 Cat CAT"])
    assert found["cat"] == 2
    assert found["繁体"] == 1
    assert found["猫"] >= 1


def test_order_is_fixed_and_nothing_comes_twice(words: list[str]) -> None:
    """A row's number is part of the model: the same counts, in any order, give the same list."""
    counts = vocabulary.count_words(reversed(TEXTS))
    assert vocabulary.choose(Counter(dict(reversed(counts.items()))), chinese=20, english=20) == words
    assert len(set(words)) == len(words)
    assert words[0] == vocabulary.UNKNOWN
    assert {"猫", "年糕", "cat", "cats", "2021", "a", "z", "0", "07"} <= set(words)


def test_kin_are_characters_and_stems(words: list[str]) -> None:
    """Of those in the vocabulary; a word is no kin of itself."""
    ids = {word: row for row, word in enumerate(words)}
    assert set(vocabulary.components("屋顶", ids)) <= {ids[c] for c in "屋顶" if c in ids}
    assert vocabulary.components("cats", ids) == [ids["cat"]]
    assert vocabulary.components("cat", ids) == []
    assert vocabulary.components("猫", ids) == []


def test_tokenizer_knows_every_character(words: list[str]) -> None:
    """Longest match; rare characters share rows beyond the vocabulary's own."""
    pytest.importorskip("sentencepiece", reason="comes with the dependency group train")
    tokenizer = Tokenizer.from_str(vocabulary.tokenizer_json(words))

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return found

    assert ids("猫年糕") == [words.index("猫"), words.index("年糕")]
    assert ids("ＣＡＴＳ 貓") == [words.index("cats"), words.index("猫")]
    for text in ("𠮷", "龘", "が", "한", "Ж", "ω", "﨑"):
        (row,) = ids(text)
        assert len(words) <= row < vocabulary.size(words), text
    assert 0 not in ids("𠮷野家の猫 zyzzyva")
    assert ids("，。!? \n🙂") == []
