"""Exact match and F1, worked by hand in both languages."""

from __future__ import annotations

import pytest

from rag.evals import texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The U.S. won 3,000 games!", ["us", "won", "3000", "games"]),
        ("An  apple, a pear", ["apple", "pear"]),
        ("吠陀梵語。", ["吠", "陀", "梵", "语"]),
        ("２００８年，Windows 用户", ["2008", "年", "windows", "用", "户"]),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    """SQuAD's normalisation of words, a token for each Han character, script and width folded."""
    assert texts.tokens(text) == expected


@pytest.mark.parametrize(
    ("answer", "right", "exact", "f1"),
    [
        ("the Denver Broncos", ["Denver Broncos"], 1.0, 1.0),
        ("Denver won", ["Denver Broncos"], 0.0, 0.5),  # 1 shared of 2 and 2
        ("It was in Denver, Colorado", ["Denver"], 0.0, 2 / 6),  # 1 shared of 5 and 1
        ("梵语", ["吠陀梵語", "别的"], 0.0, 2 * 2 / 6),  # 2 shared of 2 and 4
        ("《八篇书》", ["八篇書"], 1.0, 1.0),
        ("dog", ["cat", "dog"], 1.0, 1.0),
        ("", ["cat"], 0.0, 0.0),
        ("cat", [], 0.0, 0.0),
    ],
)
def test_worked_by_hand(answer: str, right: list[str], exact: float, f1: float) -> None:
    """The nearest of several right answers counts."""
    assert texts.exact(answer, right) == exact
    assert texts.f1(answer, right) == pytest.approx(f1)


def test_holds_compares_whole_words() -> None:
    """Digits of a longer number are no answer; script and punctuation do not matter."""
    assert texts.holds("He had 136 sacks.", ["136"])
    assert not texts.holds("He had 1,136 sacks.", ["136"])
    assert texts.holds("以吠陀梵語撰寫", ["梵语"])
    assert not texts.holds("anything", ["", "。"])


def test_stands_ends_words_at_any_sign() -> None:
    """A number stays whole, a possessive and a compound do not."""
    assert texts.stands("Six-time winner of Manning's team", ["six"])
    assert texts.stands("Six-time winner of Manning's team", ["Manning"])
    assert not texts.stands("He had 1,136 sacks.", ["136"])
    assert not texts.stands("sixty", ["six"])
    assert texts.stands("以吠陀梵語撰寫", ["梵语"])
    assert not texts.stands("anything", ["", "。"])
