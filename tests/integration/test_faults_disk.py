"""A disk without room, two writers at once, damage to the catalogue: one line at most, and nothing that is committed is lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.models import transformer
from tests.integration.counting_embedder import CountingEmbedder
from tests.integration.fresh import Content, answers, content, difference, texts
from tests.integration.random_vault import WORDS, Vault, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from footnotes import Engine

SOAK = bool(os.environ.get("FOOTNOTES_SOAK"))
FLIPS = 400 if SOAK else 15
REPOSITORY = Path(__file__).parents[2]
CONFIG = "embedding: {model: none}\nocr: {enabled: false}\nsync: {batch: 3}\n"
COMMAND = [sys.executable, "-c", "from rag.cli import main; main()"]


def started(home: Path, *args: str) -> subprocess.Popen[str]:
    """``footnotes ARGS`` of a home."""
    return subprocess.Popen(
        [*COMMAND, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=REPOSITORY,
        env={**os.environ, "FOOTNOTES_HOME": str(home)},
    )


def ended(process: subprocess.Popen[str], code: int | None = 0) -> str:
    """What it said; no traceback, and the exit code that is due."""
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    assert code is None or process.returncode == code, out + err
    return out + err


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Two folders."""
    return made([tmp_path / "diary", tmp_path / "work"], 12, 24)


def prepared(home: Path, vault: Vault) -> Path:
    """The home, synced."""
    home.mkdir(exist_ok=True)
    (home / "config.yaml").write_text(CONFIG, "utf-8")
    with footnotes.open(home) as engine:
        for folder in vault.folders:
            engine.add_root(folder)
        engine.sync()
    return home


def changed(vault: Vault, steps: int = 10) -> None:
    """Other notes."""
    for _ in range(steps):
        vault.step()


def check_equal(home: Path, vault: Vault, place: Path) -> None:
    """The home holds and finds what a fresh one does; the doctor is content."""
    place.mkdir()
    with footnotes.open(home) as engine, footnotes.open(prepared(place / "fresh", vault)) as other:
        apart = difference(content(engine), content(other))
        assert not apart, apart
        assert answers(engine, WORDS) == answers(other, WORDS)
        assert [f for f in engine.doctor() if not f.ok] == []
    shutil.rmtree(place)


# --- no room -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 3 MB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only the superuser of a Linux can mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.decode(errors='replace').strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk(small_disk: Path, vault: Vault, tmp_path: Path) -> None:
    """However little room is left: each note is its old or its new version, searches go on, and room heals all."""
    home = prepared(small_disk / "home", vault)
    ballast = small_disk / "ballast"
    tried = refused = 0
    for kilobytes in (0, 16, 64, 160, 400, 900, 1500) * (6 if SOAK else 1):
        before = _texts(home)
        changed(vault, 4)
        with footnotes.open(prepared(tmp_path / "after", vault)) as other:
            after = texts(other)
        shutil.rmtree(tmp_path / "after")
        _fill(ballast, small_disk, kilobytes * 1024)
        process = started(home, "sync", "-q", "--accept-deletions")
        said = ended(process, None)
        tried += 1
        if process.returncode:
            refused += 1
            assert process.returncode == 1
            assert said.count("\n") == 1, said
        for question in (("search", "harbour", "--json"), ("status", "--json")):
            asked = started(home, *question)
            said = ended(asked, None)  # not even SQLite's index of its log may have room
            assert asked.returncode == 0 or said.count("\n") == 1, said
        forgotten = started(home, "forget", "-y", min(before))
        said = ended(forgotten, None)
        assert said.count("\n") == 1, said
        ballast.unlink()
        found, marked = _texts(home), _forgotten(home)
        assert marked <= {min(before)}  # the mark and the deletion are one; the purge may have found no room
        assert forgotten.returncode or marked
        for doc_id in before.keys() | after.keys() | found.keys():
            is_gone = doc_id in marked and doc_id not in found
            assert is_gone or found.get(doc_id) in {before.get(doc_id), after.get(doc_id)}, doc_id
        with footnotes.open(home) as engine:
            engine.sync(accept_deletions=True)
            for row in engine.files():
                if row.reason.startswith("forgotten"):
                    engine.forget(row.id, undo=True)
            engine.sync(accept_deletions=True)
        if SOAK:
            check_equal(home, vault, tmp_path / "check")
    check_equal(home, vault, tmp_path / "check")
    assert refused
    print(f"{tried} syncs on a full disk, {refused} of them refused in one line")  # noqa: T201 - a figure of `make soak`


def _forgotten(home: Path) -> set[str]:
    """Ids of notes that are marked as forgotten."""
    with footnotes.open(home) as engine:
        return {row.id for row in engine.files() if row.reason.startswith("forgotten")}


def _fill(ballast: Path, disk: Path, room: int) -> None:
    """Leave so much room on the disk."""
    usage = shutil.disk_usage(disk)
    with contextlib.suppress(OSError), ballast.open("wb") as f:
        f.write(bytes(max(0, usage.free - room)))


def _texts(home: Path) -> dict[str, str]:
    with footnotes.open(home) as engine:
        return texts(engine)


# --- two writers -------------------------------------------------------------------------------------------------


def test_writers_take_turns(vault: Vault, footnotes_home: Path, tmp_path: Path) -> None:
    """Two syncs, a sync and a forget, a sync and a reindex, a sync and a root that is renamed: all complete."""
    home = prepared(footnotes_home, vault)
    rounds = 12 if SOAK else 2
    for number in range(rounds):
        changed(vault)
        name = "diary" if number % 2 == 0 else "renamed"
        other = "renamed" if number % 2 == 0 else "diary"
        pairs: tuple[tuple[str, ...], ...] = (
            ("sync", "-q", "--accept-deletions"),
            ("forget", "-y", min(_texts(home))),
            ("reindex", "-q"),
            ("roots", "rename", name, other),
        )
        for command in pairs:
            first = started(home, "sync", "-q", "--accept-deletions")
            second = started(home, *command)
            told = ended(second, None)  # the sync may find first that the note is gone
            assert second.returncode == 0 or (command[0] == "forget" and "no such note" in told), told
            said = ended(first, None)
            assert first.returncode == 0 or "was removed or renamed while" in said, (said, told)
            changed(vault, 3)
        with footnotes.open(home) as engine:
            for row in engine.files():
                if row.reason.startswith("forgotten"):
                    engine.forget(row.id, undo=True)
            if other == "renamed":
                engine.rename_root(other, name)
            engine.sync(accept_deletions=True)
            if other == "renamed":
                check_equal(home, vault, tmp_path / "check")
                engine.rename_root(name, other)
    print(f"{rounds * len(pairs)} pairs of writers")  # noqa: T201 - likewise


def test_a_watcher_and_a_sync(vault: Vault, footnotes_home: Path, tmp_path: Path) -> None:
    """Both see every change; neither fails; at the end the index is the folder."""
    home = prepared(footnotes_home, vault)
    watcher = started(home, "watch", "-q", "--poll")
    try:
        for _ in range(20 if SOAK else 3):
            changed(vault, 2)
            ended(started(home, "sync", "-q", "--accept-deletions"))
            time.sleep(0.3)
        assert watcher.poll() is None
    finally:
        watcher.terminate()
        ended(watcher, None)
    with footnotes.open(home) as engine:
        engine.sync(accept_deletions=True)
    check_equal(home, vault, tmp_path / "check")


# --- damage to the catalogue -------------------------------------------------------------------------------------


def test_damage_to_the_catalogue_is_never_a_traceback(
    vault: Vault, footnotes_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bit anywhere: what is asked is answered, or refused in one line; where texts differ, the doctor says so.

    What has no checksum (a title, a tag, a link's end) may differ unseen: such turns are counted.
    """
    monkeypatch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)
    home = prepared(footnotes_home, vault)
    data = (home / "catalogue.db").read_bytes()
    assert not (home / "catalogue.db-wal").exists(), "all is in the file"
    with footnotes.open(home) as engine:
        right = content(engine)
    rng = random.Random(6)
    count = {"no difference": 0, "told": 0, "refused": 0, "unseen": 0}
    for number in range(FLIPS):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(home, copy)
        at = rng.randrange(len(data))
        (copy / "catalogue.db").write_bytes(
            data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        )
        count[_outcome(copy, right, at)] += 1
        shutil.rmtree(copy)
    print(f"{FLIPS} bits of the catalogue turned: {json.dumps(count)}")  # noqa: T201 - likewise


def test_values_of_another_type_are_never_a_traceback(
    vault: Vault, footnotes_home: Path, tmp_path: Path
) -> None:
    """What one turned bit in a row's header makes of a column: nothing, bytes, a number.

    SQLite looks at types where it writes. Searches, syncs and the doctor end well, or with one line.
    """
    home = prepared(footnotes_home, vault)
    with closing(sqlite3.connect(home / "catalogue.db")) as db:
        columns = [
            (table, name, kind == "INTEGER")
            for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE '%STRICT'").fetchall()
            for _, name, kind, _, _, is_key in db.execute(f"PRAGMA table_info({table})")
            if not (is_key and kind == "INTEGER") and db.execute(f"SELECT 1 FROM {table}").fetchone()  # noqa: S608
        ]
    assert ("chunks", "body", False) in columns
    chosen = columns if SOAK else [("chunks", "body", False), *random.Random(8).sample(columns, 7)]
    outcomes = Counter[str]()
    for table, column, is_number in chosen:
        for value in (None, b"\xe6\x9f", "x" if is_number else 24_460):
            copy = tmp_path / "copy"
            shutil.copytree(home, copy)
            put_unchecked(copy / "catalogue.db", table, column, value)
            outcomes[_told_or_not(copy)] += 1
            shutil.rmtree(copy)
    assert outcomes["told"] > outcomes["not told"]  # some may be nothing, and a passage's hash is made anew
    print(f"{len(chosen)} columns with values of another type: {json.dumps(outcomes)}")  # noqa: T201 - likewise


def put_unchecked(catalogue: Path, table: str, column: str, value: object) -> None:
    """A value in the middle row of a table, as if nothing were declared of the column."""

    def declared(sql: str) -> None:
        with closing(sqlite3.connect(catalogue, isolation_level=None)) as db:
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, table))

    with closing(sqlite3.connect(catalogue, isolation_level=None)) as db:
        (sql,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
    declared(re.sub(r"\b(NOT NULL|STRICT|TEXT|REAL|BLOB|INTEGER(?! PRIMARY))\b", "", sql))
    with closing(sqlite3.connect(catalogue, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        middle = f"SELECT rowid FROM {table} LIMIT 1 OFFSET (SELECT count(*) / 2 FROM {table})"  # noqa: S608
        update = f'UPDATE {table} SET "{column}" = ? WHERE rowid = ({middle})'  # noqa: S608 - likewise
        assert db.execute(update, (value,)).rowcount == 1
        for _, trigger in triggers:
            db.execute(trigger)
    declared(sql)


def _told_or_not(home: Path) -> str:
    """Whether anybody says that something is wrong; nothing but an error of ours is raised."""
    try:
        with footnotes.open(home) as engine:
            is_refused = sum(_is_refused(engine, question) for question in range(6)) > 0
            return "told" if is_refused or not all(f.ok for f in engine.doctor()) else "not told"
    except footnotes.FootnotesError:
        return "told"


def _outcome(home: Path, right: Content, at: int) -> str:
    """What became of a home with a turned bit: every command ends well, or with an error of ours."""
    try:
        with footnotes.open(home) as engine:
            refused = sum(_is_refused(engine, question) for question in range(5))
            told = not all(f.ok for f in engine.doctor())
            now = right if refused else content(engine)
    except footnotes.FootnotesError:
        return "refused"
    if told or refused:
        return "told" if told else "refused"
    said, wanted = ([row[:5] for row in rows["chunks"]] for rows in (now, right))
    assert said == wanted, f"byte {at}: what notes say is not what it was, and nobody says so"
    return "no difference" if now == right else "unseen"


def _is_refused(engine: Engine, question: int) -> bool:
    try:
        if question == 0:
            engine.search("harbour kestrel")
        elif question == 1:
            engine.ask("柏林 在 哪里?")
        elif question == 2:
            engine.status()
        elif question == 3:
            engine.why("diary/note 1.md")
        elif question == 4:
            engine.files()
        else:
            engine.sync(verify=True)
    except footnotes.FootnotesError:
        return True
    return False
