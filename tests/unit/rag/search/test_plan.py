"""Sub-questions by a model: what they find is merged, and whatever goes wrong leaves the plain search."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rag.errors import LLMError
from rag.search.plan import MOST, planned
from rag.types import Chunk, Hit, Query, Retrieval, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Iterable

WHOLE = "Who directed the film that won in 1995?"
FIRST, SECOND = "Which film won in 1995?", "Who directed which film?"
FOUND = {WHOLE: [1, 2, 3], FIRST: [4, 1], SECOND: [2, 5]}


class Searching:
    """Finds what the script says; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, text: str) -> Retrieval:
        self.asked.append(text)
        hits = tuple(
            Hit(Chunk("n/a.md", key, key + 1, "x", "x", "T", (1, 1), key=key), 10.0 / key)
            for key in FOUND.get(text, [])
        )
        trace = Trace((Stage("lexical", len(hits), 0.1),), ("a remark",))
        return Retrieval(Query(text), hits, trace, {"lexical": hits}, dropped=1)


class Model:
    """Replies as scripted, piece by piece; remembers its prompt."""

    def __init__(self, reply: str, error: LLMError | None = None) -> None:
        self.reply, self.error = reply, error
        self.system = self.prompt = ""

    def __call__(self, system: str, prompt: str) -> Iterable[str]:
        self.system, self.prompt = system, prompt
        yield from (self.reply[i : i + 3] for i in range(0, len(self.reply), 3))
        if self.error:
            raise self.error


def keys(found: Retrieval) -> list[int]:
    """Of the hits, best first."""
    return [hit.chunk.key for hit in found.hits]


def test_each_part_is_searched_and_the_best_of_each_come_first() -> None:
    """Hits by their best rank, no passage twice; the trace lists the parts."""
    search, model = Searching(), Model(json.dumps({"questions": [FIRST, SECOND]}))
    found = planned(search, model, Query(WHOLE), 4)
    assert search.asked == [WHOLE, FIRST, SECOND]
    assert keys(found) == [1, 4, 2, 5]
    assert [hit.score for hit in found.hits] == [1.0, 1.0, 1.0, 0.5]
    assert found.query == Query(WHOLE)
    plan = found.trace.stages[0]
    assert (plan.name, plan.count, plan.note) == ("plan", 2, f"{FIRST} | {SECOND}")
    assert [hit.chunk.key for hit in found.stages["plan"]] == [1, 4, 2, 5, 3]
    assert [hit.chunk.key for hit in found.stages["lexical"]] == [1, 2, 3]
    assert found.trace.notes == ("a remark",)
    assert found.dropped == 3
    assert model.prompt == f"Question: {WHOLE}"


@pytest.mark.parametrize(
    "reply",
    [
        f'["{FIRST}", "{SECOND}"]',
        f'<think>{{"questions": []}}</think>\n```json\n{{"sub_questions": ["{FIRST}", "{SECOND}"]}}\n```',
        f'{{"问题": ["{FIRST}", "{SECOND}", "", "{WHOLE}", "{FIRST}", 7]}}',
    ],
    ids=["a list", "thoughts and fences", "other keys and odd items"],
)
def test_replies_are_read_leniently(reply: str) -> None:
    """What cannot be searched for, or was asked already, is left out."""
    search = Searching()
    planned(search, Model(reply), Query(WHOLE), 4)
    assert search.asked == [WHOLE, FIRST, SECOND]


def test_a_plan_has_at_most_four_parts() -> None:
    """Each of them costs a search."""
    search = Searching()
    planned(search, Model(json.dumps({"questions": [f"part {n}" for n in range(9)]})), Query(WHOLE), 4)
    assert search.asked[1:] == [f"part {n}" for n in range(MOST)]


def test_a_question_that_needs_no_plan_is_searched_as_it_is() -> None:
    """An empty list is an answer: no remark."""
    search = Searching()
    found = planned(search, Model('{"questions": []}'), Query(WHOLE), 2)
    assert search.asked == [WHOLE]
    assert keys(found) == [1, 2]
    assert [hit.score for hit in found.hits] == [10.0, 5.0]
    assert found.trace.notes == ("a remark",)
    assert set(found.stages) == {"lexical"}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Model("I would look at both."), "holds none"),
        (Model('{"answer": "Forrest Gump"}'), "holds none"),
        (Model("", LLMError("{url} is away.", url="http://x")), "http://x is away."),
        (Model('{"questions": ["half', LLMError("It stopped.")), "It stopped."),
    ],
    ids=["no json", "other json", "no server", "half"],
)
def test_a_failure_leaves_the_plain_search(model: Model, words: str) -> None:
    """One search, its hits as they are, and a remark that says why."""
    search = Searching()
    found = planned(search, model, Query(WHOLE), 3)
    assert search.asked == [WHOLE]
    assert keys(found) == [1, 2, 3]
    assert words in found.trace.notes[0]
    assert found.trace.stages[0].count == 0


def test_the_prompt_is_in_the_questions_language() -> None:
    """And holds the question alone: no note leaves."""
    model = Model('{"questions": []}')
    planned(Searching(), model, Query("谁导演了1995年获奖的电影？"), 3)
    assert model.prompt == "问题：谁导演了1995年获奖的电影？"
    assert "子问题" in model.system
