"""Conversations: kept as they were shown, and what becomes of them when notes change, go, or are forgotten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.cli import main
from rag.store.sessions import FILE, Sessions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., str]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A vault of three notes."""
    folder = tmp_path / "vault"
    folder.mkdir()
    for name, text in {
        "cat": "# Cat\n\nThe cat is called Niangao. She was found behind the tea shop.\n",
        "watch": "# Grandfather's watch\n\n外公的手表表盘背面刻了一行小字：不急。\n",
        "trip": "# Trip\n\nIn 2022 we went to Berlin by night train.\n",
    }.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(
    notes: Path, footnotes_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command and gives what it prints; the vault is synced."""

    def command(*words: str, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["footnotes", *words, "--home", str(footnotes_home)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == code, capsys.readouterr()
        printed = capsys.readouterr()
        return printed.out + printed.err

    command("sync", str(notes))
    return command


def talked(run: Run) -> None:
    """Two conversations of two turns and one."""
    run("ask", "--session", "cats", "What is the cat called?")
    run("ask", "--continue", "Where was she found?")
    run("ask", "--session", "外公", "外公的手表背面刻了什么字？")


def test_a_question_alone_is_not_kept(run: Run, footnotes_home: Path) -> None:
    """Only in a conversation; nothing is made for others."""
    run("ask", "What is the cat called?")
    assert not (footnotes_home / FILE).exists()


def test_it_goes_on_where_it_was(run: Run) -> None:
    """A follow-up leans on what was kept, in another process too; the list finds it by what was said."""
    talked(run)
    listed = json.loads(run("sessions", "list", "--json"))
    assert [(one["name"], one["turns"]) for one in listed] == [("外公", 1), ("cats", 2)]
    assert [one["name"] for one in json.loads(run("sessions", "list", "niangao TEA", "--json"))] == ["cats"]
    assert json.loads(run("sessions", "list", "nothing like it", "--json")) == []
    turns = json.loads(run("sessions", "show", "cats", "--json"))["turns"]
    assert turns[1]["question"] == "Where was she found?"
    assert "Cat" in turns[1]["meaning"], "what she stands for was taken from the turn before"
    assert "tea shop" in turns[1]["answer"]["answer"]
    assert turns[0]["fates"] == {"1": "same"}


def test_it_is_exported_with_footnotes(run: Run, tmp_path: Path) -> None:
    """Markers of different turns do not meet."""
    talked(run)
    run("sessions", "export", "cats", "-o", str(tmp_path / "out.md"))
    text = (tmp_path / "out.md").read_text("utf-8")
    assert text.startswith("# cats\n")
    for label in ("[^1-1]", "[^2-1]"):
        assert text.count(label) == 2, text
    assert "[^1-1]: `vault/cat.md:3`: The cat is called Niangao." in text


def test_changed_and_gone_notes_are_marked(run: Run, notes: Path) -> None:
    """The words stay as they were shown."""
    talked(run)
    (notes / "cat.md").write_text("# Cat\n\nThe cat has another name now.\n", encoding="utf-8")
    (notes / "watch.md").unlink()
    run("sync")
    assert "the note has changed since" in run("sessions", "show", "cats")
    shown = run("sessions", "show", "外公")
    assert "the note is gone" in shown
    assert "不急" in shown


def test_a_forgotten_note_is_hidden_and_leaves_no_word(run: Run, notes: Path, footnotes_home: Path) -> None:
    """Its answers are gone from the file too; those of other notes stay."""
    talked(run)
    run("ask", "--session", "other", "When did we go to Berlin?")
    run("forget", str(notes / "cat.md"), "--yes")
    shown = run("sessions", "show", "cats")
    assert shown.count("This answer quoted a note that was forgotten.") == 2
    for path in footnotes_home.rglob("*"):
        if path.is_file():
            assert b"Niangao" not in path.read_bytes(), path
    assert "night train" in run("sessions", "show", "other")
    assert (
        json.loads(run("sessions", "show", "cats", "--json"))["turns"][1]["meaning"] == "Where was she found?"
    )


def test_a_renamed_folder_is_followed(run: Run) -> None:
    """Its quotes still stand."""
    talked(run)
    run("roots", "rename", "vault", "diary")
    turns = json.loads(run("sessions", "show", "cats", "--json"))["turns"]
    assert turns[0]["answer"]["citations"][0]["path"] == "diary/cat.md"
    assert turns[0]["fates"] == {"1": "same"}


def test_it_becomes_a_note_only_when_asked(run: Run, notes: Path) -> None:
    """Below `conversations`; the next sync reads it."""
    talked(run)
    assert "0 added" in run("sync")
    run("sessions", "rename", "cats", "Cats / and: more")
    run("sessions", "note", "Cats / and: more")
    (written,) = (notes / "conversations").iterdir()
    assert "Cats and more" in written.name
    assert "1 added" in run("sync")
    run("sessions", "note", "外公", "--root", "nowhere", code=1)


def test_it_is_removed_for_good(run: Run, footnotes_home: Path) -> None:
    """No word is left in the file."""
    talked(run)
    run("sessions", "remove", "cats")
    assert "cats" not in run("sessions", "list")
    for path in footnotes_home.glob(f"{FILE}*"):
        assert b"tea shop" not in path.read_bytes()
    assert "There is no conversation 'cats'" in run("sessions", "show", "cats", code=1)


def test_users_do_not_meet(notes: Path, footnotes_home: Path) -> None:
    """Neither lists, reads, continues nor removes another's."""
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        engine.sync()
        anna, ben = engine.conversations("anna"), engine.conversations("ben")
        talk = anna.start("mine")
        answer = engine.ask("What is the cat called?")
        assert anna.keep(talk.id, answer) == 1
        assert ben.listed() == []
        assert ben.turns(talk.id) == []
        assert ben.history(talk.id) == ()
        assert not ben.remove(talk.id)
        with pytest.raises(footnotes.SessionError):
            ben.keep(talk.id, answer)
        with pytest.raises(footnotes.SessionError):
            ben.find(talk.id)
        assert anna.find(talk.id[:6]) == anna.listed()[0]
        assert anna.history(talk.id)[0].titles == ("Cat",)
        assert engine.conversations().listed() == []


def test_what_is_kept_is_the_owner_s_alone(run: Run, footnotes_home: Path) -> None:
    """The file is not readable for others."""
    talked(run)
    assert (footnotes_home / FILE).stat().st_mode & 0o077 == 0


def test_words_are_found_however_they_are_written(tmp_path: Path) -> None:
    """Case, width, script; all words must be said, in name or turn."""
    with Sessions(tmp_path) as store:
        one = store.start("Berlin 2022", "2022-04-01T10:00:00+02:00")
        store.add(
            one.id,
            "雪山在哪裡？",
            "雪山在哪裡？",
            {"answer": "ＡＢＣ 雪山", "citations": []},
            "2022-04-02T10:00:00+02:00",
        )
        for words in ("berlin", "BERLIN 雪山", "abc", "哪里"):
            assert [found.id for found in store.listed(words=words)] == [one.id], words
        assert store.listed(words="berlin 海") == []
        assert store.listed()[0].updated.startswith("2022-04-02")
