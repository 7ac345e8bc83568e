"""Follow-up questions: asked alone by rules, by a model where there is one, and left as they are where they stand alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from rag.errors import LLMError
from rag.search import followup
from rag.types import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[3] / "data" / "questions" / "followups.yaml").read_text("utf-8")
)
HISTORY = [Turn("Who wrote Dune?", ("Dune",))]


def history(case: dict[str, Any]) -> list[Turn]:
    """The turns before a case's question; its titles are those of the last answer."""
    titles = tuple(case.get("titles", ()))
    return [Turn(asked, titles) for asked in case["before"]]


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case['asked']}" for n, case in enumerate(CASES)])
def test_by_rules(case: dict[str, Any]) -> None:
    """As the case says; white space around names does not count."""
    found = followup.rewritten(case["asked"], history(case))
    wanted = case["alone"]
    if wanted is None:
        assert found is None
    else:
        assert found is not None
        assert found.replace(" ", "") in {text.replace(" ", "") for text in wanted}


class Model:
    """Replies as scripted; remembers what it was asked."""

    def __init__(self, reply: str = "", error: LLMError | None = None) -> None:
        self.reply, self.error, self.prompts = reply, error, list[str]()

    def __call__(self, _: str, prompt: str) -> Iterator[str]:
        self.prompts.append(prompt)
        yield self.reply
        if self.error:
            raise self.error


def test_a_model_rewrites_what_leans_on_the_past() -> None:
    """Its thoughts and quotation marks go."""
    model = Model('<think>it is Dune</think>\n"When did I read Dune by Frank Herbert?"')
    assert (
        followup.rewritten("When did I read it?", HISTORY, model) == "When did I read Dune by Frank Herbert?"
    )
    assert "Who wrote Dune?" in model.prompts[0]


def test_a_model_is_not_asked_about_what_stands_alone() -> None:
    """Nothing is sent."""
    model = Model("Something else?")
    assert followup.rewritten("Where is the spare key?", HISTORY, model) is None
    assert model.prompts == []


@pytest.mark.parametrize("model", [Model(error=LLMError("away")), Model(""), Model("word " * 200)])
def test_a_model_that_fails_leaves_the_rules(model: Model) -> None:
    """Away, silent, or telling a story."""
    assert followup.rewritten("When did I read it?", HISTORY, model) == "When did I read Dune?"
