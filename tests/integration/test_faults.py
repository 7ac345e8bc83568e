"""Damaged files, homes that may not be written, clocks that are wrong: right answers, or one line that says why not."""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.models import transformer
from rag.store import lexical
from tests.integration.counting_embedder import CountingEmbedder
from tests.integration.finding import is_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from footnotes import Engine

REPOSITORY = Path(__file__).parents[2]
SOAK = bool(os.environ.get("FOOTNOTES_SOAK"))
FLIPS = 40 if SOAK else 1  # a file
WORDS = ("apple", "zebra", "walnut", "quartz", "cello", "harbour", "苹果", "石英")
DERIVED = ("lexical", "dense")
ASK = """
import json, sys
import footnotes
with footnotes.open() as engine:
    found = [[h.chunk.doc_id for h in engine.search(w, 3).hits] for w in sys.argv[1:]]
    answer = engine.ask("Where does the zebra stand?")
    told = engine.why("notes/zebra.md")
    bad = [f.check for f in engine.doctor() if not f.ok]
    print(json.dumps([found, answer.text, engine.status().documents, told.status, bad]))
"""


@pytest.fixture(autouse=True)
def _fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """``embedding.model`` loads the fake, whatever its name."""
    monkeypatch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A note for each word."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for word in WORDS:
        (folder / f"{word}.md").write_text(f"# {word}\n\nThe {word} stands here.\n", encoding="utf-8")
    return folder


@pytest.fixture
def engine(footnotes_home: Path, notes: Path) -> Iterator[Engine]:
    """A synced engine."""
    with footnotes.open(footnotes_home) as opened:
        opened.add_root(notes)
        opened.sync()
        yield opened


def is_sound(engine: Engine) -> bool:
    """The doctor finds nothing."""
    return all(finding.ok for finding in engine.doctor())


# --- damage ------------------------------------------------------------------------------------------------------


def answers(home: Path) -> list[list[tuple[str, float]]]:
    """What every word finds, with scores, in a process's first look at the home."""
    with footnotes.open(home, settings={"embedding.model": "a"}) as engine:
        return [[(h.chunk.doc_id, h.score) for h in engine.search(word, 5).hits] for word in WORDS]


def flipped(rng: random.Random, data: bytes) -> bytes:
    """The same with one bit turned."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def truncated(rng: random.Random, data: bytes) -> bytes:
    """Its beginning."""
    return data[: rng.randrange(len(data))]


def zeroed(_: random.Random, data: bytes) -> bytes:
    """As long, and empty: what some file systems leave after a power cut."""
    return bytes(len(data))


@pytest.fixture(scope="module")
def whole_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with both indexes, a kept model, and the folder that it knows."""
    place = tmp_path_factory.mktemp("whole")
    folder = place / "notes"
    folder.mkdir()
    for word in WORDS:
        (folder / f"{word}.md").write_text(f"# {word}\n\nThe {word} stands here.\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)
        for model in ("b", "a"):
            with footnotes.open(place / "home", settings={"embedding.model": model}) as engine:
                engine.add_root(folder)
                engine.sync()
                engine.reindex()
    return place / "home"


@pytest.mark.parametrize("damage", [flipped, truncated, zeroed])
def test_damage_to_anything_derived_is_healed(
    whole_home: Path, tmp_path: Path, damage: Callable[[random.Random, bytes], bytes]
) -> None:
    """Every file but the catalogue, each in turn: the next search answers as before, and then the doctor is content."""
    rng = random.Random(damage.__name__)
    expected = answers(whole_home)
    files = [p.relative_to(whole_home) for p in sorted(whole_home.rglob("*")) if p.is_file()]
    victims = [p for p in files if not p.name.startswith("catalogue.db") and (whole_home / p).stat().st_size]
    assert {p.parts[0] for p in victims} >= {"lexical", "dense", "vectors.db"}
    for number, victim in enumerate(victims * (1 if damage is zeroed else FLIPS)):
        home = tmp_path / str(number)
        shutil.copytree(whole_home, home)
        (home / victim).write_bytes(damage(rng, (whole_home / victim).read_bytes()))
        assert answers(home) == expected, victim
        with footnotes.open(home, settings={"embedding.model": "a"}) as engine:
            engine.sync()
            bad = [f for f in engine.doctor() if not f.ok and f.check != "dense index of the model before"]
            assert bad == [], victim
            if victim.name == "vectors.db":
                engine.reindex()
        assert answers(home) == expected, victim
        shutil.rmtree(home)


@pytest.mark.parametrize("name", DERIVED)
def test_a_deleted_index_is_built_again(whole_home: Path, tmp_path: Path, name: str) -> None:
    """The folder as a whole."""
    shutil.copytree(whole_home, tmp_path / "home")
    expected = answers(whole_home)
    shutil.rmtree(tmp_path / "home" / name)
    assert answers(tmp_path / "home") == expected


def test_damage_to_the_catalogue_is_told(whole_home: Path, tmp_path: Path) -> None:
    """A turned bit in what notes say, or in the file's structure: the doctor says so, or there is one line."""
    rng = random.Random(4)
    data = (whole_home / "catalogue.db").read_bytes()
    passage = b"The zebra stands here."
    places = [i for i in range(len(data)) if data.startswith(passage, i)]
    assert len(places) == 2, "in the note's text and in its passage"
    for at in (*places, 20, 100, 101):  # the last three: the file's and the first page's header
        home = tmp_path / str(at)
        shutil.copytree(whole_home, home)
        where = at + rng.randrange(len(passage)) if at in places else at
        (home / "catalogue.db").write_bytes(data[:where] + bytes([data[where] ^ 4]) + data[where + 1 :])
        assert is_told(home), where


def is_told(home: Path) -> bool:
    """Whether the doctor finds the damage, or the catalogue is refused with one line."""
    try:
        with footnotes.open(home, settings={"embedding.model": "a"}) as engine:
            return not is_sound(engine)
    except footnotes.FootnotesError as e:
        return "catalogue.db" in str(e)


# --- no permission -----------------------------------------------------------------------------------------------


def read_only(folder: Path) -> None:
    """Nobody may write in it."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def writable(folder: Path) -> None:
    """Its owner may, again."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR)


def without_privileges() -> None:
    """In a child process: the superuser, whom no permission stops, becomes like anybody."""
    if os.geteuid() == 0:
        for capability in (1, 2, 3):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def child(*args: str) -> subprocess.CompletedProcess[str]:
    """Run Python as somebody whom permissions stop."""
    return subprocess.run(
        [sys.executable, *args],
        preexec_fn=without_privileges,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the superuser's privileges are dropped as on Linux")
@pytest.mark.parametrize("was_killed", [False, True])
def test_a_home_that_may_not_be_written_answers(
    engine: Engine, footnotes_home: Path, notes: Path, was_killed: bool
) -> None:
    """Search, ask, status, why and doctor; with a log that a killed process left behind, too. Writing is refused."""
    expected = [[h.chunk.doc_id for h in engine.search(w, 3).hits] for w in WORDS]
    if was_killed:
        copy = footnotes_home.with_name("killed")  # while it is open, so that its log is still there
        shutil.copytree(footnotes_home, copy)
        assert (copy / "catalogue.db-wal").stat().st_size
    engine.close()
    if was_killed:
        shutil.rmtree(footnotes_home)
        copy.rename(footnotes_home)
    read_only(footnotes_home)
    try:
        done = child("-c", ASK, *WORDS)
        assert done.returncode == 0, done.stderr
        found, answer, documents, told, bad = json.loads(done.stdout)
        assert found == expected
        assert "zebra" in answer
        assert (documents, told, bad) == (len(WORDS), "indexed", [])
        (notes / "new.md").write_text("new", encoding="utf-8")
        for command in ("sync", "reindex", "forget"):
            code = f"import sys; sys.argv = ['footnotes', {command!r}]; from rag.cli import main; main()"
            code = code.replace("'forget'", "'forget', 'notes/zebra.md'")
            done = child("-c", code)
            assert done.returncode == 1
            assert "cannot be written" in done.stderr
            assert "Traceback" not in done.stderr
    finally:
        writable(footnotes_home)


@pytest.mark.skipif(sys.platform != "linux", reason="the superuser's privileges are dropped as on Linux")
def test_notes_that_may_not_be_read_say_so(engine: Engine, footnotes_home: Path, notes: Path) -> None:
    """A file and a folder: each has its reason, the others are synced, and with permission they are back."""
    engine.close()
    (notes / "locked").mkdir()
    (notes / "locked" / "inner.md").write_text("inner", encoding="utf-8")
    (notes / "apple.md").chmod(0)
    (notes / "locked").chmod(0)
    code = "import sys; sys.argv = ['footnotes', 'sync', '--json']; from rag.cli import main; main()"
    try:
        done = child("-c", code)
    finally:
        (notes / "apple.md").chmod(0o600)
        (notes / "locked").chmod(0o700)
    report = json.loads(done.stdout)
    assert {f["path"] for f in report["failed"]} == {"notes/apple.md", "notes/locked"}
    with footnotes.open(footnotes_home) as again:
        report = again.sync()
        assert (report.failed, report.documents) == ([], len(WORDS) + 1)
        assert is_sound(again)


def test_indexes_read_through_links_find_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where tantivy may not write its lock; where links are refused, through copies."""
    folder = engine.home / "lexical"
    expected = engine.lexical.search(engine.search("zebra").query, 10)
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for refuse in (False, True):
        with monkeypatch.context() as patch:
            if refuse:
                patch.setattr(Path, "symlink_to", _refused)
            index = lexical.LexicalIndex(folder)
            assert index.search(engine.search("zebra").query, 10) == expected
        assert not list(tmp_path.glob("footnotes-*")), "nothing is left behind"


def _refused(*_: object) -> None:
    raise OSError(1, "Operation not permitted")


# --- clocks ------------------------------------------------------------------------------------------------------


def test_a_clock_that_went_back_hides_no_edit(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scans in the past, of files with stamps of the future: an edit of the same size is seen."""
    path = notes / "apple.md"
    future = time.time() + 86_400 * 365
    os.utime(path, (future, future))
    engine.sync()
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 86_400 * 10**9)
    path.write_text(path.read_text("utf-8").replace("stands", "waited"), encoding="utf-8")
    os.utime(path, (future, future))
    assert engine.sync().changed == 1
    document = engine.document("notes/apple.md")
    assert document is not None
    assert "waited" in document.text
    (notes / "zebra.md").unlink()
    assert engine.sync().removed == 1
    assert is_gone(engine, "zebra")
    assert engine.sync().unchanged == len(WORDS) - 1
    assert is_sound(engine)


def test_stamps_of_long_ago_are_as_good_as_any(engine: Engine, notes: Path) -> None:
    """Before 1970, and zero: no note is lost, and nothing fails to be shown."""
    for name, stamp in (("apple", 0), ("zebra", -86_400)):
        os.utime(notes / f"{name}.md", (stamp, stamp))
    assert engine.sync().unchanged == len(WORDS)
    assert engine.why(notes / "zebra.md").modified is not None
    assert engine.sync(verify=True).unchanged == len(WORDS)
    assert is_sound(engine)
