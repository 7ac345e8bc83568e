"""What carries a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.answer.expected import expects
from rag.answer.question import asked_keys, asks_in_chinese, content, is_chinese, weigh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def idf(words: Sequence[str]) -> Mapping[str, float]:
    """A roof is rare."""
    return {word: {"roof": 5.0}.get(word, 2.0) for word in words}


def test_question_words_carry_no_weight() -> None:
    """Who, what and how are left out in both languages; the rest weighs its rarity."""
    assert weigh("How much did the roof cost?", idf) == {"roof": 5.0, "cost": 2.0}
    assert not {"谁", "什么", "多少", "吗", "哪些"} & weigh("谁知道什么是多少吗？哪些", idf).keys()


@pytest.mark.parametrize(
    ("question", "kept"),
    [("几何学是谁创立的", "几"), ("多大学生在哪里", "大学生"), ("吗啡是什么", "吗"), ("哪吒是谁", "哪")],
)
def test_words_that_only_look_like_question_words_stay(question: str, kept: str) -> None:
    """几何, 大学生, 吗啡 and 哪吒 are things."""
    assert kept in weigh(question, idf)


def test_characters_weigh_a_part_of_their_word() -> None:
    """富裕 shares 富 with 富人: related, and less than the same."""
    weights = weigh("富人", idf)
    assert weights["富人"] == 2.0
    assert 0 < weights["富"] < 2.0


def test_a_question_of_question_words_alone_still_asks() -> None:
    """Nothing else being said, those words are what is sought."""
    assert weigh("who are you", idf)


def test_both_scripts_and_widths_are_one() -> None:
    """Traditional and full-width spellings give the same words."""
    assert content("電腦 ＡＢＣ") == content("电脑 abc")
    assert is_chinese("裝修")
    assert not is_chinese("roof")


@pytest.mark.parametrize(
    ("question", "sentence", "fits"),
    [
        ("什么时候交作业？", "DDL: 10月下旬", True),
        ("When did we move?", "We moved in April.", True),
        ("When did we move?", "We moved far.", False),
        ("花了多少钱？", "花了三千元。", True),
        ("How many cats?", "Two cats.", True),
        ("Which cat?", "Two cats in 2021.", False),
    ],
)
def test_dates_and_numbers_are_expected_where_they_are_asked_for(
    question: str, sentence: str, fits: bool
) -> None:
    """Questions for a time or a number expect one; others expect nothing."""
    assert bool(expects(question)(sentence)) is fits


def test_keys_are_asked_for_in_either_language() -> None:
    """A Chinese question reaches an English key, and the other way round."""
    assert "author" in asked_keys("这本书的作者？")
    assert "评分" in asked_keys("What rating?")
    assert "author" not in asked_keys("哪一年？")


@pytest.mark.parametrize(
    ("question", "chinese"),
    [
        ("猫叫什么名字？", True),
        ("Docker compose restart 怎么用", True),
        ("牌子 sign?", True),
        ("Who is 余华?", False),
        ("With whom did I watch 活着?", False),
        ("When did we move?", False),
    ],
)
def test_the_language_of_a_question_is_that_of_its_own_words(question: str, chinese: bool) -> None:
    """A Chinese name in an English question does not make the answer's fixed words Chinese, nor the other way round."""
    assert asks_in_chinese(question) is chinese
