"""The page's handlers: what a tab is shown while a question is answered."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from rag.engine import Engine
from rag.errors import HomeError, LLMError
from rag.types import Answer, Citation, Turn
from ui.access import Visitor
from ui.offline import quiet_import

with quiet_import():
    from ui.pages.ask import Page, Talk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rag.store.sessions import Session

OWNERS = SimpleNamespace(visitor=Visitor(""))
ENGLISH = SimpleNamespace(headers={"accept-language": "en"}, state=OWNERS)
CHINESE = SimpleNamespace(headers={"accept-language": "zh-CN"}, state=OWNERS)


class Unkept:
    """Conversations of a home that cannot be written."""

    def start(self, _name: str) -> Session:
        """It cannot be written."""
        raise HomeError("The home {path} cannot be written.", path="home")


class Scripted:
    """An engine that says what it is told to."""

    settings = SimpleNamespace(language="auto", ui=SimpleNamespace(keep=True))

    def __init__(self, *items: str | Answer | Exception, indexed: int = 1) -> None:
        self.items = items
        self.asked: list[tuple[str, tuple[str, ...], tuple[Turn, ...]]] = []
        self.catalogue = SimpleNamespace(counts=lambda: SimpleNamespace(indexed=indexed))

    def ask_stream(
        self, question: str, *, ignore: Sequence[str], history: Sequence[Turn]
    ) -> Iterator[str | Answer]:
        """The script, where an exception is raised in its turn."""
        self.asked.append((question, tuple(ignore), tuple(history)))
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item

    def turn(self, answer: Answer) -> Turn:
        """As it was asked."""
        return Turn(answer.question)

    def conversations(self, _user: str = "") -> Unkept:
        """Nothing can be kept."""
        return Unkept()

    def document(self, _doc_id: str) -> None:
        """No note is known."""

    def file_of(self, _doc_id: str) -> None:
        """No file either."""


def run(question: str, *items: str | Answer | Exception, request: Any = ENGLISH) -> list[tuple[Any, ...]]:
    """All the updates of one question."""
    return list(Page(Scripted(*items)).ask(question, "", Talk(), request))  # type: ignore[arg-type]


def last_shown(updates: list[tuple[Any, ...]]) -> str:
    """The HTML of the turn in its final state."""
    shown: str = updates[-2][2]
    return shown


def test_a_question_is_shown_at_once_and_ends_with_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Echo, pieces, answer; then the box is ready again."""
    monkeypatch.setattr("ui.pages.ask._REDRAW", 0.0)
    answer = Answer("Why?", "Because. [1]", (Citation(1, "n/a.md", "A", 0, 3, "abc", (1, 1)),))
    updates = run(" Why? ", "Bec", "ause. [1]", answer)
    shown = [u[2] for u in updates if isinstance(u[2], str)]
    assert "Why?" in shown[0]
    assert "Reading your notes" in shown[0]
    assert 'dir="auto">Bec<' in shown[1]
    assert 'class="turn done"' in shown[-1]
    assert "<mark>abc</mark>" in shown[-1]
    assert updates[0][3]["stop_btn"] == "Stop"
    assert updates[-1][3]["submit_btn"] is True


def test_an_error_is_its_sentence() -> None:
    """No trace, no code: the line that the error carries."""
    shown = last_shown(run("Why?", LLMError("The server {url} is down. Start it.", url="<x>")))
    assert "The server &lt;x&gt; is down. Start it." in shown
    assert 'role="alert"' in shown


def test_an_unexpected_error_shows_and_logs_no_note_text(caplog: pytest.LogCaptureFixture) -> None:
    """Its kind on the page, its place in the log, its message in neither."""
    with caplog.at_level(logging.ERROR):
        shown = last_shown(run("my secret question", ValueError("my secret note"), request=CHINESE))
    assert "出错了（ValueError）" in shown
    assert "secret note" not in shown
    assert "ValueError at" in caplog.text
    assert "secret" not in caplog.text


def test_turns_pile_up_and_a_stopped_one_keeps_what_was_written() -> None:
    """The next question moves the last answer into the thread."""
    page: Any = Page(Scripted("partly", Answer("b", "whole")))  # type: ignore[arg-type]
    talk = next(page.ask("a", "", Talk(), ENGLISH))[5]
    shown, box, stopped = page.stop(talk, ENGLISH)
    assert "Stopped before" in shown
    assert box["submit_btn"] is True
    thread = next(page.ask("b", "", stopped, ENGLISH))[1]
    assert "Stopped before" in thread
    assert 'data-turn="1"' in thread


def test_without_notes_a_question_is_answered_with_what_to_do() -> None:
    """An empty index knows nothing about the notes, so it must not say what they say."""
    page: Any = Page(Scripted(ValueError("never asked"), indexed=0))  # type: ignore[arg-type]
    shown = last_shown(list(page.ask("Why?", "", Talk(), ENGLISH)))
    assert "There are no notes here yet" in shown
    assert 'href="notes"' in shown, "the way to add some"
    assert "do not say" not in shown


def test_an_empty_question_asks_nothing() -> None:
    """Enter in an empty box."""
    assert len(run("   ", ValueError("never asked"))) == 1


def test_a_tab_that_opens_is_filled_from_the_index(tmp_path: Path, footnotes_home: Path) -> None:
    """How many notes there are, and questions about them, in the reader's language."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("# 阳台菜园\n\n番茄种在左边。\n", "utf-8")
    with Engine.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
        header, welcome, *_ = Page(engine).opened(CHINESE)
    assert "1 篇笔记" in header
    assert "关于「阳台菜园」，我写过什么？" in welcome


def test_what_was_asked_before_and_what_is_words_alone_reach_the_engine() -> None:
    """The turn that was answered is the history of the next; ignored parts come line by line, and are cleared."""
    engine = Scripted(Answer("Where?", "Here."))
    page = Page(engine)  # type: ignore[arg-type]
    *_, last, _ = page.ask("Where?", "", Talk(), ENGLISH)
    updates = list(page.ask("And in May?", "in May\ntag:x", last[5], ENGLISH))
    assert engine.asked == [
        ("Where?", (), ()),
        ("And in May?", ("in May", "tag:x"), (Turn("Where?"),)),
    ]
    assert updates[0][4] == ""


def test_nothing_is_kept_where_the_settings_say_so() -> None:
    """With ``ui.keep: false`` the store of conversations is not even opened."""
    engine = Scripted(Answer("Why?", "Because."))
    engine.settings = SimpleNamespace(language="auto", ui=SimpleNamespace(keep=False))
    engine.conversations = lambda _user="": pytest.fail("opened")  # type: ignore[method-assign]
    updates = list(Page(engine).ask("Why?", "", Talk(), ENGLISH))  # type: ignore[arg-type]
    assert "Because." in last_shown(updates)
    assert updates[-2][5].session == ""
