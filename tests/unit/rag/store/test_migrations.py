"""Homes of earlier formats are brought to the present one, and what they held stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.errors import HomeError
from rag.store import migrations
from rag.store.catalogue import Catalogue
from tests.integration.finding import with_words

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "# Apples\n\nThe harvest was rich.\n"


def made_by_migration_one(home: Path, notes: Path) -> None:
    """A home of format 1 that holds a note, its passage, a link and a journal."""
    home.mkdir(mode=0o700)
    with closing(sqlite3.connect(home / "catalogue.db", isolation_level=None)) as db:
        migrations.migrate(db, migrations.CATALOGUE[:1], home / "catalogue.db")
        db.execute("INSERT INTO roots VALUES ('notes', ?)", (str(notes),))
        db.execute(
            "INSERT INTO documents (id, root, status, size, mtime_ns, ctime_ns, inode, scanned_ns, relative, "
            "sha256, recipe, title, dates) VALUES ('notes/apple.md', 'notes', 'indexed', 1, 2, 3, 4, 5, 'apple.md', "
            "'digest', 'markdown.1:1:400', 'Apples', '[[\"2023-04-01\",\"2023-04-30\",\"front matter:date\",1.0]]')"
        )
        db.execute("INSERT INTO texts VALUES ('notes/apple.md', ?)", (TEXT,))
        db.execute(
            'INSERT INTO chunks (doc_id, start, "end", first_line, last_line, heading, text, text_hash) '
            "VALUES ('notes/apple.md', 10, 31, 3, 3, '[\"Apples\"]', 'The harvest was rich.', x'00')"
        )
        db.execute("INSERT INTO links VALUES ('notes/apple.md', 0, 1, 'pear.md', 'markdown', '', '')")
        db.execute("INSERT INTO journal VALUES (4294967296, 1, 'add')")
        db.execute("UPDATE state SET value = 4294967296 WHERE name = 'generation'")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """The folder that the old home knows."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "apple.md").write_text(TEXT + "\n[pear](pear.md)\n", encoding="utf-8")
    (folder / "pear.md").write_text("# Pears\n\nPears are green.\n", encoding="utf-8")
    return folder


def test_rows_of_the_first_format_are_read(tmp_path: Path, notes: Path) -> None:
    """Before any sync: the note, its passage and its dates, without what the first format did not know."""
    made_by_migration_one(tmp_path / "home", notes)
    with closing(Catalogue(tmp_path / "home" / "catalogue.db")) as catalogue:
        document = catalogue.document("notes/apple.md")
        assert document is not None
        assert (document.text, document.loader, document.sections) == (TEXT, "", ())
        assert [(d.first.day, d.last.day, d.zone) for d in document.dates] == [(1, 30, "")]
        assert [(k.target, k.resolved) for k in document.links] == [("pear.md", "")]
        (chunk,) = catalogue.chunks_of("notes/apple.md")
        assert (chunk.text, chunk.speaker, chunk.dates) == ("The harvest was rich.", "", document.dates)
        assert not catalogue.needs_purge()


def test_a_home_of_the_first_format_syncs(footnotes_home: Path, notes: Path) -> None:
    """Every row is made again by the present loaders, links lead somewhere, the doctor is content."""
    made_by_migration_one(footnotes_home, notes)
    with footnotes.open(footnotes_home) as engine:
        report = engine.sync()
        assert (report.added, report.changed, report.failed) == (1, 1, [])
        assert with_words(engine, "harvest") == ["notes/apple.md"]
        document = engine.document("notes/apple.md")
        assert document is not None
        assert [k.resolved for k in document.links] == ["notes/pear.md"]
        assert document.loader == "markdown"
        assert all(finding.ok for finding in engine.doctor())


def test_days_and_languages_are_found_without_reading_again(tmp_path: Path, notes: Path) -> None:
    """A home of format 4, with dates of a note, of its passage, and of an import; one that is damaged is no hindrance."""
    made_by_migration_one(tmp_path / "home", notes)
    path = tmp_path / "home" / "catalogue.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrations.migrate(db, migrations.CATALOGUE[:4], path)
        db.execute("UPDATE documents SET shared_dates = '[\"front matter:date\"]'")
        db.execute(
            'INSERT INTO chunks (doc_id, start, "end", first_line, last_line, heading, dates, text, body, text_hash) '
            "VALUES ('notes/apple.md', 0, 8, 1, 1, '[]', ?, '# Apples', '四月一日', x'01')",
            (
                '[["2022-04-01","2022-04-01","words from front matter:date",0.6,""],["2021-01-01","2021-12-31","words",0.5]]',
            ),
        )
        db.execute("UPDATE chunks SET dates = '[[' WHERE start = 10")
    with closing(Catalogue(path)) as catalogue, catalogue.database.reading() as db:
        assert db.execute("SELECT * FROM times ORDER BY first").fetchall() == [
            ("notes/apple.md", 2, "2021-01-01", "2021-12-31", "words", 0.5),
            ("notes/apple.md", 2, "2022-04-01", "2022-04-01", "words from front matter:date", 0.12),
            ("notes/apple.md", None, "2023-04-01", "2023-04-30", "front matter:date", 0.2),
        ]
        assert db.execute("SELECT language FROM chunks ORDER BY key").fetchall() == [("en",), ("zh",)]


def test_each_format_is_reached_from_each_earlier_one(tmp_path: Path) -> None:
    """The schema is the same, whichever way it came about."""

    def schema(start: int) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(tmp_path / f"{start}.db", isolation_level=None)) as db:
            migrations.migrate(db, migrations.CATALOGUE[:start], tmp_path)
            migrations.migrate(db, migrations.CATALOGUE, tmp_path)
            return db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()

    whole = schema(len(migrations.CATALOGUE))
    assert all(schema(start) == whole for start in range(len(migrations.CATALOGUE)))


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """Nothing is written to it."""
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(HomeError, match="format 99"):
        Catalogue(tmp_path / "catalogue.db")
