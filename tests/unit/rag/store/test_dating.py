"""Dates that came with an import."""

from __future__ import annotations

import random
import sqlite3
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.dates import FROM
from rag.store import dating, migrations
from rag.types import DateRange

if TYPE_CHECKING:
    from collections.abc import Iterator

IMPORTED = date(2023, 1, 24)
KEY = "front matter:date created"


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """An empty catalogue with some roots."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    migrations.migrate(connection, migrations.CATALOGUE, Path("catalogue.db"))
    for root in ("v", "w", "small", "large", "tiny"):
        connection.execute("INSERT INTO roots VALUES (?, ?)", (root, f"/{root}"))
    yield connection
    connection.close()


def put(db: sqlite3.Connection, doc_id: str, *days: date, source: str = KEY) -> None:
    """Insert or replace a note with these dates."""
    db.execute(
        "INSERT INTO documents (id, root, status, size, mtime_ns, ctime_ns, inode, scanned_ns, relative, sha256, "
        "recipe) VALUES (?, ?, 'indexed', 0, 0, 0, 0, 0, ?, '', '') ON CONFLICT DO NOTHING",
        (doc_id, doc_id.partition("/")[0], doc_id.partition("/")[2]),
    )
    dating.put(db, doc_id, [DateRange(day, day, source, 0.8) for day in days])


def shared(db: sqlite3.Connection) -> dict[str, str]:
    """Sources of shared dates by document, where there are any."""
    return dict(db.execute("SELECT id, shared_dates FROM documents WHERE shared_dates <> '[]'"))


def test_a_date_that_many_notes_share_is_an_imports(db: sqlite3.Connection) -> None:
    """The notes of the import are told, the others are not."""
    for i in range(dating.CROWD):
        put(db, f"v/import/{i}.md", IMPORTED)
    for i in range(100):
        put(db, f"v/own/{i}.md", IMPORTED + timedelta(days=1 + i))
    dating.settle(db, ["v"])
    assert set(shared(db)) == {f"v/import/{i}.md" for i in range(dating.CROWD)}
    assert set(shared(db).values()) == {f'["{KEY}"]'}


def test_a_series_of_posts_and_a_busy_day_are_not(db: sqlite3.Connection) -> None:
    """Three posts a day for months, weekly notes, and a day with more notes than half an import."""
    for i in range(300):
        put(db, f"v/posts/{i}.md", date(2009, 1, 1) + timedelta(days=i // 3))
        put(db, f"v/weekly/{i}.md", date(2009, 1, 1) + timedelta(weeks=i))
    for i in range(dating.CROWD - 1):
        put(db, f"v/cards/{i}.md", date(2022, 6, 18))
    dating.settle(db, ["v"])
    assert shared(db) == {}


def test_a_small_vault_that_was_copied_whole_is_one(db: sqlite3.Connection) -> None:
    """Half of all notes on one day; fewer than a dozen notes prove nothing."""
    for i in range(dating.SMALL_CROWD):
        put(db, f"small/{i}.md", IMPORTED)
        put(db, f"large/{i}.md", IMPORTED)
    for i in range(dating.SMALL_CROWD - 1):
        put(db, f"tiny/{i}.md", IMPORTED)
    for i in range(dating.SMALL_CROWD + 1):
        put(db, f"large/own/{i}.md", IMPORTED + timedelta(days=1 + i))
    dating.settle(db, ["small", "large", "tiny"])
    assert {doc_id.partition("/")[0] for doc_id in shared(db)} == {"small"}


def test_file_names_and_spans_are_never_an_imports(db: sqlite3.Connection) -> None:
    """Their author wrote them."""
    for i in range(2 * dating.CROWD):
        put(db, f"v/{i}.md", IMPORTED, source="file name")
        dating.put(db, f"v/{i}.md", [DateRange(IMPORTED, IMPORTED + timedelta(days=6), "front matter:date")])
    dating.settle(db, ["v"])
    assert shared(db) == {}


def test_the_trust_comes_back_when_the_crowd_goes(db: sqlite3.Connection) -> None:
    """Removed, edited, renamed and unreadable notes no longer count."""
    for i in range(dating.CROWD + 3):
        put(db, f"v/{i}.md", IMPORTED)
    for i in range(200):
        put(db, f"v/own/{i}.md", IMPORTED + timedelta(days=1 + i))
    dating.settle(db, ["v"])
    db.execute("DELETE FROM documents WHERE id = 'v/0.md'")
    dating.put(db, "v/1.md", [])
    put(db, "v/2.md", date(2020, 1, 1))
    dating.settle(db, ["v"])
    assert len(shared(db)) == dating.CROWD
    db.execute("UPDATE documents SET id = 'w/3.md', root = 'w' WHERE id = 'v/3.md'")
    dating.settle(db, ["v", "w"])
    assert shared(db) == {}


def test_both_dates_of_a_note_can_be_shared(db: sqlite3.Connection) -> None:
    """A tool that touched every note after they had been imported."""
    for i in range(dating.CROWD):
        doc_id = f"v/{i}.md"
        put(db, doc_id, IMPORTED)
        touched = DateRange(date(2023, 3, 14), date(2023, 3, 14), "front matter:date modified", 0.5)
        dating.put(db, doc_id, [DateRange(IMPORTED, IMPORTED, KEY, 0.8), touched])
    dating.settle(db, ["v"])
    assert set(shared(db).values()) == {f'["{KEY}","front matter:date modified"]'}


def test_the_outcome_does_not_depend_on_the_way(db: sqlite3.Connection) -> None:
    """After any sequence of changes it is what a fresh start would find."""
    chance = random.Random(7)
    days = [IMPORTED + timedelta(days=i) for i in range(2)]
    sizes = set()
    for _ in range(60):
        for _ in range(chance.randrange(12)):
            doc_id = f"{chance.choice('vw')}/{chance.randrange(50)}.md"
            if chance.random() < 0.3:
                db.execute("DELETE FROM documents WHERE id = ?", (doc_id,))
            else:
                put(db, doc_id, *chance.choice(((), days[:1], days[:1], days[:2], days[1:])))
        dating.settle(db, ["v", "w"])
        found = shared(db)
        db.execute("UPDATE documents SET shared_dates = '[]'")
        db.execute("UPDATE days SET shared = 0")
        dating.settle(db, ["v", "w"])
        assert shared(db) == found
        sizes.add(len(found))
    assert len(sizes) > 5


def test_shared_dates_keep_little_trust() -> None:
    """Another date comes first then; what was counted from them is lowered too, the rest is not."""
    day = date(2023, 1, 24)
    dates = (
        DateRange(day, day, KEY, 0.8),
        DateRange(day, day, f"text{FROM}{KEY}", 0.6),
        DateRange(day, day, "file name", 0.3, "+08:00"),
    )
    assert dating.lowered(dates, ()) == dates
    low = dating.lowered(dates, [KEY])
    assert [(d.source, d.confidence) for d in low] == [
        ("file name", 0.3),
        (KEY, 0.16),
        (f"text{FROM}{KEY}", 0.12),
    ]
    assert low[0].zone == "+08:00"


def test_one_note_among_ten_thousand_is_settled_at_once(db: sqlite3.Connection) -> None:
    """A saved note pays for itself, not for the vault."""
    chance = random.Random(1)
    db.execute("BEGIN")
    for i in range(10_000):
        put(db, f"v/{i}.md", IMPORTED if i % 10 == 0 else IMPORTED - timedelta(days=chance.randrange(4000)))
    dating.settle(db, ["v"])
    best = 9.0
    for i in range(5):
        begun = time.perf_counter()
        put(db, f"v/{i}.md", IMPORTED)
        dating.settle(db, ["v"])
        best = min(best, time.perf_counter() - begun)
    assert best < 0.1
