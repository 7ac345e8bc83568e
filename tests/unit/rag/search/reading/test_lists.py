"""Which questions ask for all of something."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from rag.search.reading import read

QUESTIONS = Path(__file__).parents[4] / "data" / "questions" / "lists.yaml"
TODAY = date(2023, 11, 15)
SINGLE_FACTS = (
    "xquad_zh",
    "xquad_en",
    "drcd_zh_hant",
    "drcd_hans2hant",
    "scifact_en",
    "rgb_zh",
    "hotpotqa_en",
)


def gathers(question: object) -> bool:
    """Whether all is asked for."""
    return read(str(question), today=TODAY).gathers


def test_lists_are_told_from_single_facts() -> None:
    """Of 180 questions of both kinds and languages."""
    questions = yaml.safe_load(QUESTIONS.read_text("utf-8"))
    assert len(questions["all"]) + len(questions["one"]) > 150
    assert [q for q in questions["all"] if not gathers(q)] == []
    assert [q for q in questions["one"] if gathers(q)] == []


@pytest.mark.parametrize("name", SINGLE_FACTS)
def test_facts_of_the_world_are_no_lists_and_no_limits(shared: Path, name: str) -> None:
    """In sets of questions about the world next to none gathers, or limits the search to a time."""
    lines = (shared / "eval" / name / "queries.jsonl").read_text("utf-8").splitlines()
    readings = [read(json.loads(line)["text"], today=TODAY) for line in lines]
    assert sum(r.gathers for r in readings) <= 0.02 * len(readings)
    assert sum(r.strict for r in readings) <= 0.01 * len(readings)


def test_the_words_that_ask_for_all_are_shown() -> None:
    """So that they can be switched off."""
    reading = read("总结一下我关于睡眠的笔记", today=TODAY)
    assert [(p.kind, p.written, p.hard) for p in reading.parts] == [("list", "总结一下", False)]
    assert not read("总结一下我关于睡眠的笔记", today=TODAY, ignore=["总结一下"]).gathers
