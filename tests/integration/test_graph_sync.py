"""The knowledge graph follows a sync: what is forgotten leaves nothing in it, and what is damaged is seen and repaired."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import footnotes
from graph import extract, titles
from graph.contribution import contributions, entity_nodes
from tests.integration.fresh import content
from tests.integration.test_forget import grep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine

DIARY = """\
---
aliases: [Vexorbit]
director: Zquillon Bramblefax
---
# Kruxwell Pandorium

We met Thwarblin Ostefax in 锟斤市. 《隐秘之书》(Blixbook) is by Krompel Industries; see `frobnicate_zwq()`.
"""
SAID = (
    "Vexorbit",
    "Bramblefax",
    "Kruxwell",
    "Thwarblin",
    "锟斤市",
    "隐秘之书",
    "Blixbook",
    "Krompel",
    "frobnicate_zwq",
)
FINDING = "the graph says what the notes say"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Notes that are to stay; one says what the secret note is called."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "Arrival.md").write_text("# Arrival\n\nDenis Villeneuve made it.\n", "utf-8")
    (folder / "diary.md").write_text("# Diary of mine\n\nSaw Arrival with Denis Villeneuve.\n", "utf-8")
    (folder / "secret.md").write_text(DIARY, "utf-8")
    return folder


@pytest.fixture
def engine(footnotes_home: Path, notes: Path) -> Iterator[Engine]:
    """A synced engine, full text only."""
    with footnotes.open(footnotes_home, settings={"embedding.model": "none", "sync.workers": 0}) as opened:
        opened.add_root(notes)
        opened.sync()
        yield opened


def graph(engine: Engine) -> str:
    """Everything that the graph says."""
    with engine.catalogue.database.reading() as db:
        return repr((list(contributions(db)), list(entity_nodes(db))))


def finding(engine: Engine) -> tuple[bool, str, str]:
    """What the doctor says of the graph."""
    return next((f.ok, f.detail, f.remedy) for f in engine.doctor() if f.check == FINDING)


def test_what_notes_say_is_in_the_graph(engine: Engine) -> None:
    """Names, properties, titles in other notes, after one sync."""
    told = graph(engine)
    for name in ("Bramblefax", "Kruxwell", "Denis Villeneuve", "entity:arrival"):
        assert name in told
    assert finding(engine) == (True, "", "")


def test_forgetting_leaves_nothing_in_the_graph(engine: Engine, notes: Path) -> None:
    """Neither in its rows, nor in free pages of any file; nor of what the note said before, or other notes' mentions."""
    (notes / "secret.md").write_text(DIARY.replace("Krompel", "Hidrogast"), "utf-8")
    (notes / "diary.md").write_text("# Diary of mine\n\nRead Vexorbit with Denis Villeneuve.\n", "utf-8")
    engine.sync()
    with engine.catalogue.database.reading() as db:
        said = db.execute("SELECT count(*) FROM mentions WHERE name = 'Vexorbit' AND extractor = 'title'")
        assert said.fetchone() == (1,)
    (notes / "diary.md").write_text("# Diary of mine\n\nRead with Denis Villeneuve.\n", "utf-8")
    engine.sync()
    assert engine.forget(notes / "secret.md").is_complete
    assert grep(engine.home, [*SAID, *(s.casefold() for s in SAID), "Hidrogast", "hidrogast"]) == []
    assert "Denis Villeneuve" in graph(engine)
    assert finding(engine) == (True, "", "")


def test_forgetting_takes_the_title_out_of_other_notes(engine: Engine, notes: Path) -> None:
    """At once, not only with the next sync."""
    (notes / "diary.md").write_text("# Diary of mine\n\nRead Vexorbit with Denis Villeneuve.\n", "utf-8")
    engine.sync()
    assert "'entity:vexorbit'" in graph(engine)
    engine.forget(notes / "secret.md")
    with engine.catalogue.database.reading() as db:
        assert (
            db.execute("SELECT * FROM mentions WHERE extractor = 'title' AND name = 'Vexorbit'").fetchall()
            == []
        )
    assert not titles.is_behind(engine.catalogue)


DAMAGE = {
    "a span beyond the text": "UPDATE mentions SET \"end\" = 100000 WHERE doc_id = 'notes/diary.md'",
    "another passage": "UPDATE mentions SET chunk = (SELECT key FROM chunks WHERE doc_id = 'notes/Arrival.md') "
    "WHERE doc_id = 'notes/diary.md'",
    "a title that is not said": 'UPDATE mentions SET start = start - 1, "end" = "end" - 1 '
    "WHERE doc_id = 'notes/diary.md' AND extractor = 'title'",
    "a title that is lost": "DELETE FROM mentions WHERE doc_id = 'notes/diary.md' AND extractor = 'title'",
    "a label": "UPDATE entities SET label = 'X' WHERE key = 'denis villeneuve'",
    "a standing": "UPDATE entities SET shown = 0 WHERE key = 'denis villeneuve'",
    "a relation": "UPDATE relations SET start = -1 WHERE doc_id = 'notes/secret.md'",
}


@pytest.mark.parametrize("what", DAMAGE)
def test_the_doctor_sees_damage_and_a_sync_repairs_it(engine: Engine, what: str) -> None:
    """With --verify, as it says; then all is as it was."""
    before = content(engine)
    with closing(sqlite3.connect(engine.home / "catalogue.db")) as db:
        assert db.execute(DAMAGE[what]).rowcount
        db.commit()
    ok, detail, remedy = finding(engine)
    assert not ok
    assert "notes/" in detail
    assert remedy == "footnotes sync --verify"
    engine.sync(verify=True)
    assert finding(engine) == (True, "", "")
    assert content(engine) == before


def test_a_graph_left_behind_is_told_and_followed(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that dies before the end has committed what notes say; names in other notes come with the next."""
    (notes / "new.md").write_text("# Villeneuve Fans\n\nArrival!\n", "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(titles, "follow", lambda *_: None)
        engine.sync()
    assert finding(engine) == (True, "the next sync looks for names in what has changed", "")
    engine.sync()
    assert finding(engine) == (True, "", "")
    assert "entity:villeneuve fans" in graph(engine)


def test_new_rules_of_extraction_read_again_and_embed_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version belongs to each document's recipe."""
    monkeypatch.setattr(extract, "VERSION", "another")
    keys = engine.catalogue.keys().tolist()
    report = engine.sync()
    assert (report.changed, report.unchanged, report.embedded) == (3, 0, 0)
    assert engine.catalogue.keys().tolist() == keys
    assert engine.sync().unchanged == 3


def test_imported_documents_are_read_for_names_too(engine: Engine) -> None:
    """They need not be files."""
    document = engine.document("notes/Arrival.md")
    assert document is not None
    engine.import_documents("elsewhere", [replace(document, id="elsewhere/1")])
    told = graph(engine)
    assert "'note:elsewhere/1'" in told
    with engine.catalogue.database.reading() as db:
        names = {name for (name,) in db.execute("SELECT name FROM mentions WHERE doc_id = 'elsewhere/1'")}
    assert "Denis Villeneuve" in names
