"""Chips, verdict buttons and messages as HTML."""

from __future__ import annotations

import pytest

from rag.types import Answer, Citation, Part, Trace
from ui import text, view
from ui.source import Source

EN, ZH = text.load("en"), text.load("zh")
TURN = view.Turn(1, "and in May?")
MAY = "2022-05-01..2022-05-31"
CITATION = Citation(2, "a.md", "A", 0, 2, "It", (1, 1))


def _html(*parts: Part, words: text.Text = EN) -> str:
    answer = Answer("and in May?", "It rained.[2]", (CITATION,), trace=Trace(filters=parts))
    return view.answer_html(TURN, answer, {2: Source(None)}, words)


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (Part("time", "in May", MAY), f'in May → <span class="keep">{MAY}</span>'),
        (Part("question", "and in May?", "What rained in May?"), "→ What rained in May?"),
        (Part("tag", "tag:rain", "tag:rain"), "tag:rain"),
        (Part("list", "what all", "<b>"), "what all → everything"),
        (Part("words", "", "<rain>"), "&lt;rain&gt;"),
        (Part("phrase", '"<b>"', "<b>"), "&quot;&lt;b&gt;&quot; → &lt;b&gt;"),
    ],
)
def test_a_chip_says_what_was_made_of_what_was_written(part: Part, shown: str) -> None:
    """A whole question is not written twice: it is the heading. All of it is escaped."""
    assert f'<span dir="auto">{shown}</span>' in _html(part)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (EN, ("Footnote 2 is right", "Footnote 2 is wrong", "This answer is right", "This answer is wrong")),
        (ZH, ("脚注 2 是对的", "脚注 2 是错的", "这个回答是对的", "这个回答是错的")),
    ],
)
def test_verdict_buttons_are_named(words: text.Text, named: tuple[str, ...]) -> None:
    """In the page's language, with the number of the footnote, and not yet pressed."""
    html = _html(words=words)
    assert [html.count(f'aria-label="{name}"') for name in named] == [1, 1, 1, 1]
    assert html.count('aria-pressed="false"') == 4


def test_a_command_in_a_message_is_set_as_one() -> None:
    """The rest stays text."""
    assert view.judged_html("Kept. `a <b>`") == '<p role="status">Kept. <code>a &lt;b&gt;</code></p>'
    assert "<p>Try <code>sync</code>.</p>" in view.failed_html(TURN, "Try `sync`.", EN)
