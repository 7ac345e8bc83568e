"""Notes of different times that do not say the same: an answer that cites both tells when each is from."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from rag.answer.generate import GeneratedWriter
from rag.models.static import StaticEmbedder
from rag.types import Chunk, DateRange, Hit, Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MODEL = StaticEmbedder()
OLD = ("The rent of the flat is 950 euros a month.", date(2021, 3, 4))
NEW = ("The rent of the flat is 1180 euros a month.", date(2024, 5, 6))
SAME = ("The rent of the flat is 1180 euros a month, warm.", date(2023, 1, 2))
OTHER = ("The cat weighs 5.8 kilograms.", date(2022, 1, 2))
ZH = (("房租每月 950 欧元。", date(2021, 3, 4)), ("房租每月 1180 欧元。", date(2024, 5, 6)))


class Says:
    """A model that says what it is told to."""

    name = "fake"

    def __init__(self, text: str) -> None:
        self.text = text
        self.system = self.prompt = ""

    def stream(self, system: str, prompt: str) -> Iterator[str]:
        """The text."""
        self.system, self.prompt = system, prompt
        yield self.text


def hits(*notes: tuple[str, date]) -> list[Hit]:
    """Notes of their days."""
    return [
        Hit(
            Chunk(
                f"n/{n}.md",
                0,
                len(text),
                text,
                text,
                f"Note {n}",
                (1, 1),
                dates=(DateRange(day, day, "file name"),),
            ),
            1.0,
        )
        for n, (text, day) in enumerate(notes)
    ]


def idf(words: Sequence[str]) -> Mapping[str, float]:
    """Every word counts the same."""
    return dict.fromkeys(words, 1.0)


def remarks(text: str, question: str, *notes: tuple[str, date]) -> tuple[str, ...]:
    """What an answer with this text says beside it."""
    answer = GeneratedWriter(Says(text), comparer=MODEL).write(Query(question), hits(*notes), idf)
    return answer.trace.notes


def test_the_newest_is_told_first_where_the_answer_does_not() -> None:
    """With the days of both and their footnotes."""
    assert remarks(
        "The rent is 950 euros [1]. The rent is 1180 euros [2].", "How much is the rent?", OLD, NEW
    ) == ("The notes cited do not say the same; newest first: 2024-05-06 [2], 2021-03-04 [1].",)
    assert remarks("房租是 950 欧元 [1]。房租是 1180 欧元 [2]。", "房租多少？", *ZH) == (
        "引用的笔记说法不同，从新到旧：2024-05-06 [2], 2021-03-04 [1]。",
    )


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("In 2024 the rent is 1180 euros [2]; in 2021 it was 950 euros [1].", (OLD, NEW)),
        ("2024-05-06: the rent is 1180 euros [2]. March 2021: the rent was 950 euros [1].", (OLD, NEW)),
        ("The rent is 1180 euros [2].", (OLD, NEW)),
        ("The rent is 1180 euros [1][2].", (NEW, SAME)),
        ("The rent is 1180 euros [1]. The cat weighs 5.8 kilograms [2].", (NEW, OTHER)),
    ],
    ids=["by year", "by day and month", "one cited", "they agree", "of other things"],
)
def test_nothing_is_added_where_nothing_is_missing(text: str, notes: tuple[tuple[str, date], ...]) -> None:
    """The answer tells the times itself, or there is no disagreement."""
    assert remarks(text, "How much is the rent?", *notes) == ()


@pytest.mark.parametrize(("question", "words"), [("Rent?", "newest first"), ("房租？", "从新到旧")])
def test_the_model_is_told_to(question: str, words: str) -> None:
    """Both versions, with date and number; each note carries its date."""
    model = Says("x")
    GeneratedWriter(model).write(Query(question), hits(OLD, NEW), idf)
    assert words in model.system
    assert 'date="2021-03-04"' in model.prompt
    assert 'date="2024-05-06"' in model.prompt
