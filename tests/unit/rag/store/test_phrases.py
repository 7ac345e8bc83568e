"""Phrases in texts as they are written."""

from __future__ import annotations

import random
import re

import pytest

from rag.store.phrases import Phrase
from rag.store.tokens import fold

# Everything that folding treats in its own way: widths, scripts, accents, ligatures, invisible and joining characters.
ODD = (
    "aAbé ÉＡｂ  \u3000\n\u200bﬁfi\u0301e\u00adㄱ가각\u1100\u1161\u11a8がか\u3099ｶﾞカ蘋苹果菓ßsS…..·①1㎏kg\U0001d41a\U0001d7cf１½⁄İi\u0307"
    "한\u1112\u11ab~¨`\x85\U0001f34e\ufe0f株式会社㍿"
)


def plain(text: str) -> str:
    """Folded, white space single."""
    return re.sub(r"\s+", " ", fold(text))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("exact phrase", "an EXACT\n\tphrase."),
        ("苹果", "買了蘋 果".replace(" ", "")),
        ("ABC", "ａｂｃ"),
        ("cafe", "le cafe\u0301"),
        ("final", "the ﬁnal one"),
        ("in visible", "in\u00ad vis\u200bible"),
        ("株式会社", "㍿"),
        ("がく", "か\u3099く"),
        ("", "anything"),
    ],
)
def test_spellings_that_mean_the_same_are_found(phrase: str, text: str) -> None:
    """Whatever folds to the phrase."""
    assert Phrase(phrase).stands_in(text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [("phrase exact", "exact phrase"), ("ab", "a b"), ("か", "が"), ("a", ""), ("苹果", "苹、果")],
)
def test_others_are_not(phrase: str, text: str) -> None:
    """Order, white space between and marks that belong to a letter count."""
    assert not Phrase(phrase).stands_in(text)


def test_a_phrase_stands_where_the_folded_text_holds_it() -> None:
    """The pattern misses nothing, and lets nothing through: random texts of odd characters, against plain folding."""
    rng = random.Random(3)
    found = 0
    for _ in range(3_000):
        text = "".join(rng.choices(ODD, k=rng.randint(0, 12)))
        start = rng.randint(0, len(text))
        phrase = (
            text[start : start + rng.randint(1, 5)] if rng.random() < 0.6 else "".join(rng.choices(ODD, k=2))
        )
        holds = plain(phrase).strip() in plain(text)
        assert Phrase(phrase).stands_in(text) == holds, (phrase, text)
        found += holds
    assert 1_000 < found < 2_900
