"""Whether passages answer a question at all: the signs, and what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.answer import sureness
from rag.answer.extract import ExtractiveWriter
from rag.types import Chunk, Hit, Query

if TYPE_CHECKING:
    from collections.abc import Sequence

QUESTION = "When was the boiler serviced?"
BODY = "The boiler was serviced by Ms Aydin in May."


def idf(words: Sequence[str]) -> dict[str, float]:
    """The boiler is rare."""
    return {word: 3.0 if word == "boiler" else 1.0 for word in words}


def hit(score: float, body: str = BODY, window: float | None = 0.9, n: int = 0) -> Hit:
    """A passage of a note of its own; ``window`` None: no model has read it."""
    features = {} if window is None else {"window": window}
    return Hit(Chunk(f"n/{n}.md", 0, len(body), body, body, "House", (1, 1), key=n), score, {}, features)


def test_signs_are_what_the_search_saw() -> None:
    """The best score, how much it stands out, the share of the question's words by rarity, the best window."""
    hits = [hit(0.8, "The boiler is old.", 0.4, 1), hit(0.4, window=0.7, n=2), hit(0.3, n=3)]
    seen = sureness.signs(QUESTION, hits, idf)
    assert seen is not None
    assert seen.score == 0.8
    assert seen.even == pytest.approx((0.8 + 0.4 + 0.3) / 3 / 0.8)
    assert seen.words == pytest.approx(3 / 4), "boiler, of boiler and serviced"
    assert seen.window == 0.9


def test_only_ten_and_five_are_looked_at() -> None:
    """What follows changes nothing."""
    hits = [hit(0.8), *(hit(0.2, n=n) for n in range(1, 30))]
    assert sureness.signs(QUESTION, hits, idf) == sureness.signs(QUESTION, hits[:10], idf)
    far = [hit(0.8, window=0.1), *(hit(0.2, window=1.0 if n > 4 else 0.1, n=n) for n in range(1, 9))]
    seen = sureness.signs(QUESTION, far, idf)
    assert seen is not None
    assert seen.window == 0.1


@pytest.mark.parametrize(
    "question",
    [
        "我爸爸多大了？另外，我喜欢的家电是啥呢？",
        "When was it serviced? And by whom?",
        "号码是多少？我表姐的电话是多少？",
    ],
)
def test_of_several_questions_in_one_nothing_is_known(question: str) -> None:
    """No passage says all of them."""
    assert sureness.signs(question, [hit(0.8)], idf) is None


def test_without_a_model_that_reads_nothing_is_known() -> None:
    """Full text alone, or another embedding model; and where nothing was found."""
    assert sureness.signs(QUESTION, [hit(0.8, window=None)], idf) is None
    assert sureness.signs(QUESTION, [], idf) is None


def test_every_sign_speaks_for_it_but_evenness() -> None:
    """And the bounds are in order."""
    middle = sureness.Signs(0.5, 0.5, 0.5, 0.5)
    for name in sureness.Signs._fields:
        more = sureness.sureness(middle._replace(**{name: 0.6}))
        assert (more < sureness.sureness(middle)) == (name == "even")
    assert 0 < sureness.REFUSED < sureness.DOUBTED < 0.5


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (sureness.Signs(0.9, 0.3, 1.0, 0.9), "sure"),
        (sureness.Signs(0.5, 0.6, 0.6, 0.4), "doubtful"),
        (sureness.Signs(0.2, 0.9, 0.3, 0.2), "abstained"),
    ],
)
def test_an_answer_is_given_doubted_or_refused(
    monkeypatch: pytest.MonkeyPatch, seen: sureness.Signs, state: str
) -> None:
    """A doubted one keeps its sentences and footnotes; a refused one names the nearest notes."""
    monkeypatch.setattr(sureness, "signs", lambda *_: seen)
    answer = ExtractiveWriter().write(Query(QUESTION), [hit(0.8)], idf)
    assert (answer.doubtful, answer.abstained) == (state == "doubtful", state == "abstained")
    assert bool(answer.citations) == (state != "abstained")
    assert ("House" in answer.text) == (state == "abstained")
