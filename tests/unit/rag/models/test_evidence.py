"""What speaks for a candidate, worked by hand over a model whose tokens are words at right angles."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.models.evidence import FEATURES, features
from rag.models.sheet import read
from rag.models.static import StaticEmbedder
from rag.types import Chunk, Hit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rag.models.sheet import Sheet

WORDS = ("roof", "leak", "chimney", "cat", "rain", "the", "old", "new", "mice", "x")


class FakeReader:
    """A token is a word of WORDS (others are left out); vectors have the length 1, at right angles but for some."""

    def __init__(self, alike: Mapping[tuple[str, str], float] | None = None) -> None:
        self.table = np.eye(len(WORDS), dtype=np.float32)
        for (one, other), cosine in (alike or {}).items():
            self.table[WORDS.index(one)] *= (1 - cosine**2) ** 0.5
            self.table[WORDS.index(one), WORDS.index(other)] = cosine

    @staticmethod
    @cache
    def tokens(text: str) -> NDArray[np.int64]:
        return np.array([WORDS.index(w) for w in text.split() if w in WORDS], dtype=np.int64)

    def sheet(self, question: str, texts: Sequence[str]) -> Sheet:
        asked, *passages = map(self.tokens, (question, *texts))
        return read(asked, passages, lambda tokens: self.table[tokens])


def hit(number: int, body: str, score: float = 0.5) -> Hit:
    """A passage of a note of its own."""
    return Hit(Chunk(f"notes/{number}.md", 0, len(body), body, body, "", (1, 1)), score)


def column(name: str, question: str, *bodies: str, reader: FakeReader | None = None) -> list[float]:
    """One feature of passages with falling scores."""
    hits = [hit(at, body, 1 - at / 10) for at, body in enumerate(bodies)]
    found = features(question, hits, reader or FakeReader())
    return [round(float(number), 4) for number in found[:, FEATURES.index(name)]]


def test_the_score_comes_as_it_is() -> None:
    """One row a candidate, one column a feature."""
    found = features("roof", [hit(0, "roof", 0.7), hit(1, "cat", 0.2)], FakeReader())
    assert found.shape == (2, len(FEATURES))
    assert found[:, 0].tolist() == pytest.approx([0.7, 0.2])


def test_a_window_holds_what_stands_close_together() -> None:
    """Both words within 20 tokens, or farther apart."""
    close, apart = "roof leak", "roof" + " x" * 28 + " leak"
    assert column("window", "roof leak", close, apart) == [1.0, 0.5]


def test_windows_end_where_the_passage_ends() -> None:
    """The next candidate's words are not one's own."""
    assert column("window", "roof leak", "roof", "leak") == [0.5, 0.5]


def test_a_word_that_fewer_candidates_have_weighs_more() -> None:
    """Of 4, three have `cat` and one has `leak`: ln(1 + 1.5 / 3.5) = 0.3567 against ln(1 + 3.5 / 1.5) = 1.204."""
    found = column("window", "cat leak", "cat", "leak", "cat", "cat")
    assert found == pytest.approx([0.2286, 0.7714, 0.2286, 0.2286], abs=1e-3)


def test_a_like_word_counts_by_its_likeness() -> None:
    """`mice` for `cat`, at a cosine of 0.6."""
    assert column("window", "cat", "mice", "rain", reader=FakeReader({("mice", "cat"): 0.6})) == [0.6, 0.0]


def test_an_echo_is_what_the_best_say_beyond_the_question() -> None:
    """The best three speak of a chimney in the rain: so does the fourth, the fifth says only the question's words."""
    bodies = (
        "roof chimney rain",
        "roof chimney rain",
        "roof chimney",
        "roof chimney rain",
        "roof roof roof",
        "cat",
    )
    found = column("echo", "roof", *bodies)
    assert found[3] > 0.2
    assert found[4] == found[5] == 0
    assert found[3] == found[0]


def test_an_echo_is_the_fainter_the_more_the_scores_tell_apart() -> None:
    """One candidate far above the others needs no voices."""
    hits = [hit(at, "roof chimney", score) for at, score in enumerate((1.0, 0.1, 0.1))]
    even = [hit(at, "roof chimney", 0.9) for at in range(3)]
    echo = FEATURES.index("echo")
    assert features("roof", hits, FakeReader())[1, echo] < features("roof", even, FakeReader())[1, echo] / 2


def test_the_chorus_hears_more_than_the_best_three() -> None:
    """What the fourth says is no echo, and in the chorus."""
    bodies = ("roof", "roof", "roof", "roof mice", "mice", "cat")
    assert column("echo", "roof", *bodies) == [0.0] * 6
    assert column("chorus", "roof", *bodies)[4] > 0


@pytest.mark.parametrize("question", ["", "unknown words", "roof"])
@pytest.mark.parametrize("bodies", [("",), ("", "roof"), ("unknown", ""), ("roof",)])
def test_texts_without_known_tokens_are_no_trouble(question: str, bodies: tuple[str, ...]) -> None:
    """All numbers are finite, and from 0 to 1."""
    found = features(question, [hit(at, body) for at, body in enumerate(bodies)], FakeReader())
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


def test_the_real_model_is_a_reader() -> None:
    """Its tokens meet in Chinese and in English, and numbers stay from 0 to 1."""
    hits = [
        hit(0, "屋顶漏水了，烟囱旁边", 0.9),
        hit(1, "the roof leaks near the chimney", 0.8),
        hit(2, "猫在睡觉", 0.1),
    ]
    for question in ("屋顶漏水", "roof leaks"):
        found = features(question, hits, StaticEmbedder())
        assert found.min() >= 0
        assert found.max() <= 1 + 1e-6
        window = found[:, FEATURES.index("window")]
        assert window[2] == window.min()


def test_fifty_candidates_take_few_milliseconds() -> None:
    """Of 300 tokens each; the best of ten runs, so that a busy machine does not matter. Asked: 5 ms; borne here: 25."""
    random = np.random.default_rng(0)
    bodies = [" ".join(random.choice(WORDS, 300)) for _ in range(50)]
    hits = [hit(at, body, 1 - at / 100) for at, body in enumerate(bodies)]
    reader = FakeReader()
    features("roof leak near the chimney", hits, reader)
    took = []
    for _ in range(10):
        started = time.perf_counter()
        features("roof leak near the chimney", hits, reader)
        took.append(time.perf_counter() - started)
    assert min(took) < 0.025
