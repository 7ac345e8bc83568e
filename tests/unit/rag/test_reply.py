"""JSON in what a language model replies."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rag.llama import reply
from rag.llama.reply import heard, values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', [{"a": 1}]),
        ('Sure! Here it is:\n```json\n{"a": [1, 2]}\n```\nAnything else?', [{"a": [1, 2]}]),
        ('<think>{"a": 0} hm</think>{"a": 1}', [{"a": 1}]),
        ('{"a": 0} perhaps\n</think>\n\n{"a": 1}', [{"a": 1}]),
        ('<think>{"a": 1} and so on for ever', []),
        ('{"a": [1, 2,], }', [{"a": [1, 2]}]),
        ('{"a": "line\none"}', [{"a": "line\none"}]),
        ('{"a": [{"b": 1}, {"b": 2}, {"b": ', [{"b": 1}, {"b": 2}]),
        ("好的。｛没有｝", []),
        ("", []),
    ],
    ids=[
        "plain",
        "fence",
        "thoughts",
        "no opening tag",
        "only thoughts",
        "commas",
        "line end",
        "half",
        "none",
        "empty",
    ],
)
def test_values_are_found_among_other_words(text: str, expected: list[Any]) -> None:
    """Fences, thoughts and courtesies do not matter; of half a value, what is whole inside counts."""
    assert list(values(text)) == expected


@pytest.mark.parametrize("evil", ['{"a":' * 40_000, "[" * 200_000, "{" * 200_000, '[{"a":"' * 20_000])
def test_a_mad_reply_costs_little(evil: str) -> None:
    """Nesting without end neither raises nor takes the square of the time."""
    began = time.perf_counter()
    assert list(values(evil)) == []
    assert time.perf_counter() - began < 5


def test_an_endless_reply_is_not_heard_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that repeats itself is left at a fixed length."""
    monkeypatch.setattr(reply, "LONGEST", 10)
    said = []

    def endless() -> Any:
        while True:
            said.append("abc")
            yield "abc"

    assert heard(endless()) == "abcabcabca"
    assert len(said) == 4
