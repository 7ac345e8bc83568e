"""Conversations of several users: each sees their own, whatever ids they guess."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import footnotes
from rag.errors import SessionError
from ui.access import Visitor
from ui.offline import quiet_import

with quiet_import():
    from ui.pages.ask import Page, Talk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.engine import Engine

QUESTION = "Who serviced the boiler?"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A home with one note."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced by Ms Aydin in May.\n", "utf-8")
    with footnotes.open(tmp_path / "home") as opened:
        opened.add_root(folder)
        opened.sync()
        yield opened


def request(user: str) -> Any:
    """What a handler of the page gets of a user's browser."""
    return SimpleNamespace(headers={"accept-language": "en"}, state=SimpleNamespace(visitor=Visitor(user)))


def asked(page: Page, user: str, talk: Talk | None = None) -> Talk:
    """What a tab holds after a question."""
    updates = list(page.ask(QUESTION, "", talk or Talk(), request(user)))
    talk = updates[-2][5]
    assert isinstance(talk, Talk)
    return talk


def test_the_page_offers_opens_and_goes_on_with_ones_own_only(engine: Engine) -> None:
    """By the welcome, by an id, and by a tab that another user left."""
    page = Page(engine)
    alice = asked(page, "alice")
    assert alice.session
    welcome = {user: page.clear(request(user))[0] for user in ("alice", "bob", "")}
    assert {user for user, shown in welcome.items() if alice.session in shown} == {"alice"}
    assert "Aydin" in page.reopen(alice.session, request("alice"))[2]
    for user in ("bob", ""):
        for guess in (alice.session, alice.session[:4], QUESTION):
            _, done, shown, talk = page.reopen(guess, request(user))
            assert "Aydin" not in done + shown
            assert talk == Talk()
        assert asked(page, user, alice).session != alice.session
    assert [len(engine.conversations(user).listed()) for user in ("alice", "bob", "")] == [1, 0, 0]
    assert len(engine.conversations("alice").turns(alice.session)) == 1, "nobody else wrote into it"


def test_nothing_of_another_users_is_read_or_changed_by_its_id(engine: Engine) -> None:
    """Whatever a front end asks the conversations for."""
    alice, bob = engine.conversations("alice"), engine.conversations("bob")
    mine = alice.start("mine")
    alice.keep(mine.id, engine.ask(QUESTION))
    assert bob.listed() == bob.listed("boiler") == []
    assert bob.latest() is None
    assert bob.turns(mine.id) == []
    assert bob.history(mine.id) == ()
    assert "Aydin" not in bob.markdown(mine)
    assert not bob.remove(mine.id)
    bob.rename(mine.id, "stolen")
    for attempt in (lambda: bob.find(mine.id), lambda: bob.keep(mine.id, engine.ask(QUESTION))):
        with pytest.raises(SessionError):
            attempt()
    assert alice.find("mine").turns == 1


def test_a_forgotten_note_leaves_the_conversations_of_all(engine: Engine) -> None:
    """Whoever asked of it."""
    for user in ("", "alice", "bob"):
        talks = engine.conversations(user)
        talks.keep(talks.start("kept").id, engine.ask(QUESTION))
    engine.forget("notes/boiler.md")
    for user in ("", "alice", "bob"):
        talks = engine.conversations(user)
        (said,) = talks.turns(talks.listed()[0].id)
        assert said.kept.answer is None
