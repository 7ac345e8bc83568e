"""A forgotten note is gone for good: no file of the home holds a word of it, and no sync brings it back."""

from __future__ import annotations

import io
import os
import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import faiss
import numpy as np
import pytest
import tantivy

import footnotes
from ingest import walk
from ingest.recognised import Recognised
from rag.cli import main
from rag.errors import RootError
from rag.evals import cases, verdicts
from rag.evals.cases import Case, Gold
from rag.evals.verdicts import Cited
from rag.home import Home
from rag.models import transformer
from rag.store import dense, follow, manifest, rows, tokens
from rag.store.database import Database
from rag.store.lexical_fields import ANALYSER
from rag.store.vectors import VectorCache
from tests.integration.counting_embedder import CountingEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine

SEEDS = range(30 if os.environ.get("FOOTNOTES_SOAK") else 3)
FIELDS = ("words", "grams", "title_words", "title_grams")


@pytest.fixture(autouse=True)
def _fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """``embedding.model`` loads the fake, whatever its name."""
    monkeypatch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)


class Secrets:
    """Words that nobody else says, and notes made of them."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.said: list[str] = []

    def english(self) -> str:
        """Ten letters and a tail that no stemmer takes off."""
        return self._new("".join(self._rng.choices("bcdfghjklmnpqrtvwxz", k=10)) + "ox")

    def chinese(self) -> str:
        """Five rare characters."""
        return self._new("".join(chr(self._rng.randrange(0x7000, 0x7F00)) for _ in range(5)))

    def _new(self, word: str) -> str:
        self.said.append(word)
        return word

    def note(self) -> str:
        """Secrets in every place that a note has."""
        text = " ".join(self.english() + self.chinese() for _ in range(self._rng.randrange(3, 400)))
        return (
            f"---\ntitle: {self.chinese()}\ntags: [{self.english()}]\naliases: [{self.english()}]\n"
            f"{self.english()}: {self.chinese()}\n---\n# {self.english()}\n\n{text}\n\n## {self.chinese()}\n\n"
            f"[{self.english()}]({self.english()}.md) [[{self.english()}|{self.chinese()}]] %%{self.english()}%%\n"
        )


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Notes that are to stay."""
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    for i in range(30):
        text = f"# Plain {i}\n\nThe harvest of year {i} 收成很好。 [[diary]]\n"
        (folder / f"plain{i}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def engine(footnotes_home: Path) -> Iterator[Engine]:
    """An engine on a home of its own, with a fake model."""
    with footnotes.open(footnotes_home, settings={"embedding.model": "a"}) as opened:
        yield opened


def grep(home: Path, words: list[str]) -> list[tuple[str, str]]:
    """Files of the home that hold a word, in whatever place: live rows, free pages, logs."""
    found = []
    for path in sorted(p for p in home.rglob("*") if p.is_file()):
        data = path.read_bytes()
        found += [(path.relative_to(home).as_posix(), word) for word in words if word.encode() in data]
    return found


def terms_left(home: Path, words: list[str]) -> set[str]:
    """Terms of the words that a segment on the disk still knows, of deleted passages too."""
    left = set()
    for build in [p for p in (home / "lexical").iterdir() if p.is_dir()]:
        index = tantivy.Index.open(str(build))
        index.register_tokenizer(
            ANALYSER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        )
        searcher = index.searcher()
        for word in words:
            terms = {t for t in tokens.analyse(word).words if len(t) > 1}
            left |= {t for t in terms for field in FIELDS if searcher.doc_freq(field, t)}
    return left


def strange_vectors(engine: Engine) -> list[str]:
    """Vectors, in the cache or any index file, of passages that are not in the catalogue."""
    chunks = [c for batch in engine.catalogue.all_chunks()[0] for c in batch]
    hashes = {rows.text_hash(c.index_text) for c in chunks}
    with closing(sqlite3.connect(engine.home / "vectors.db")) as db:
        found = [
            f"vector {h.hex()}" for (h,) in db.execute("SELECT text_hash FROM vectors") if h not in hashes
        ]
    keys = {c.key for c in chunks}
    for path in engine.home.glob("dense/*/*.faiss"):
        data = np.fromfile(path, dtype=np.uint8)
        if path.name.startswith(dense._SINCE):  # numbers of passages that are gone stand before what is new
            data = data[8 * (1 + int(data[:8].view("<i8")[0])) :]
        index = faiss.deserialize_index(data)
        found += [f"{path}: {k}" for k in faiss.vector_to_array(index.id_map).tolist() if k not in keys]
    return found


def assert_no_trace(engine: Engine, words: list[str]) -> None:
    """Nothing of the words is left."""
    assert words
    assert grep(engine.home, words) == []
    assert terms_left(engine.home, words) == set()
    assert strange_vectors(engine) == []


def is_sound(engine: Engine) -> bool:
    """The doctor finds nothing."""
    return all(finding.ok for finding in engine.doctor())


@pytest.mark.parametrize("seed", SEEDS)
def test_no_file_holds_a_word_of_it(engine: Engine, notes: Path, footnotes_home: Path, seed: int) -> None:
    """Of two versions of the note, with an earlier model kept, a text recognised in it, and another reader."""
    secrets = Secrets(seed)
    path = notes / "sub" / "diary.md"
    path.write_text(secrets.note(), encoding="utf-8")
    engine.add_root(notes)
    engine.sync()
    older = engine.catalogue.record("notes/sub/diary.md")
    assert older is not None
    with footnotes.open(footnotes_home, settings={"embedding.model": "b"}) as switching:
        switching.reindex()
    path.write_text(secrets.note(), encoding="utf-8")
    engine.sync()
    newer = engine.catalogue.record("notes/sub/diary.md")
    assert newer is not None
    kept = engine.catalogue.record("notes/plain1.md")
    assert kept is not None
    with closing(Recognised(Home(footnotes_home).recognised)) as store:
        for record in (older, newer):
            store.put("ocr", "reader", record.sha256, secrets.chinese())
        store.put("ocr", "reader", kept.sha256, "to be kept")
    held = {place.removesuffix("-wal") for place, _ in grep(engine.home, secrets.said)}
    assert held >= {"catalogue.db", "recognised.db"}
    assert terms_left(engine.home, secrets.said)
    with footnotes.open(footnotes_home) as other:
        assert other.search(secrets.said[-2], 5).hits
        done = engine.forget(path)
        assert done.files == ("notes/sub/diary.md",)
        assert done.passages > 0
        assert done.is_complete
        assert_no_trace(engine, secrets.said)
        shown = [h.chunk.doc_id for hits in other.search("harvest", 100).stages.values() for h in hits]
        assert shown
        assert "notes/sub/diary.md" not in shown
    with closing(Recognised(Home(footnotes_home).recognised)) as store:
        assert store.get("ocr", "reader", kept.sha256) == "to be kept"
    assert path.exists()
    assert is_sound(engine)
    for report in (engine.sync(), engine.sync(verify=True)):
        assert (report.added, report.changed) == (0, 0)
        assert [(i.path, i.reason) for i in report.skipped] == [("notes/sub/diary.md", walk.FORGOTTEN)]
    engine.rollback()
    assert_no_trace(engine, secrets.said)
    assert is_sound(engine)


STEPS = {
    "segments": (follow, "rebuild"),
    "kept indexes": (dense, "retain"),
    "vectors": (VectorCache, "retain"),
    "pages": (Database, "scrub"),
    "manifest": (manifest, "write"),
}


@pytest.mark.parametrize("step", STEPS)
def test_what_was_interrupted_is_completed(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The note is gone at once; the doctor says that traces are left, and the next sync clears them."""
    secrets = Secrets(7)
    path = notes / "diary.md"
    path.write_text(secrets.note(), encoding="utf-8")
    engine.add_root(notes)
    engine.sync()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    owner, name = STEPS[step]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, stop)
        with pytest.raises(KeyboardInterrupt):
            engine.forget(path)
    assert engine.document("notes/diary.md") is None
    bad = {finding.check: finding.remedy for finding in engine.doctor() if not finding.ok}
    assert bad["forgotten notes are gone for good"] == "footnotes sync"
    engine.sync()
    assert_no_trace(engine, secrets.said)
    assert is_sound(engine)


def test_addresses_of_images_go_too(engine: Engine, notes: Path) -> None:
    """Where only the forgotten note showed them."""
    (notes / "diary.md").write_text(
        "![](https://img.test/quartzberg.png) ![](https://img.test/both.png)\n", encoding="utf-8"
    )
    (notes / "plain1.md").write_text("![](https://img.test/both.png)\n", encoding="utf-8")
    engine.add_root(notes)
    engine.sync()
    with engine.catalogue.database.writing() as db:
        (engine.home / "images").mkdir()
        db.execute("INSERT INTO roots VALUES ('web-images', ?)", (str(engine.home / "images"),))
        for name in ("quartzberg", "both"):
            url = f"https://img.test/{name}.png"
            db.execute("INSERT INTO images VALUES (?, 'failed', '', 'it is gone', 1)", (url,))
    engine.forget("notes/diary.md")
    assert grep(engine.home, ["quartzberg"]) == []
    assert grep(engine.home, ["img.test/both"])


def test_questions_and_verdicts_go_too(engine: Engine, notes: Path) -> None:
    """Where they quote the note, an earlier version of it, or cannot be read; the others stay byte for byte."""
    secrets = Secrets(9)
    path = notes / "diary.md"
    older, newer, label = secrets.english(), secrets.english(), secrets.chinese()
    path.write_text(f"# Diary\n\nThe {older} sank.\n", encoding="utf-8")
    (notes / "moved.md").write_text(f"# Moved\n\nThe {older} sank.\n", encoding="utf-8")
    engine.add_root(notes)
    engine.sync()
    harvest = Cited("notes/plain1.md", quote="The harvest of year 1", marker=1)
    kept = [
        Case("own-1", "own", "harvest", (Gold("notes/plain1.md", harvest.quote),)),
        Case("own-2", "own", "all plain", (Gold("notes/plain2.md"), Gold("notes/plain3.md"))),
    ]
    gone = [
        Case("own-3", "own", f"What is {older}?", (Gold("notes/diary.md", f"The {older} sank."),)),
        Case("own-4", "own", older, (Gold("notes/moved.md", f"The {older} sank."),)),
        Case("own-5", "own", label, (Gold("notes/plain2.md"),), exclude=("notes/diary.md",)),
    ]
    folder = engine.home / "evals"
    folder.mkdir(mode=0o700)
    file = folder / "own.yaml"
    cases.add(file, kept)
    verdicts.record(engine.home, verdicts.Verdict("harvest", "right", cited=(harvest,)))
    before = file.read_bytes(), (folder / verdicts.FILE).read_bytes()
    cases.add(file, gone)
    with file.open("a", encoding="utf-8") as out:
        out.write(f"- question: [{older}\n")
    cited = (harvest, Cited("notes/diary.md", quote=f"The {older} sank.", marker=2))
    verdicts.record(engine.home, verdicts.Verdict(older, "wrong", f"{older} [2]", cited=cited))
    read = verdicts.Verdict(
        "q", "right", f"A model said {older}.", cited=(harvest,), read=("notes/diary.md",)
    )
    verdicts.record(engine.home, read)
    with (folder / verdicts.FILE).open("a", encoding="utf-8") as out:
        out.write('{"question": "' + older)
    path.write_text(f"# Diary\n\nThe {newer} sank.\n", encoding="utf-8")
    (notes / "moved.md").unlink()
    engine.sync()
    assert grep(engine.home / "evals", [older, label])
    engine.forget(path)
    assert grep(engine.home, secrets.said) == []
    assert file.read_bytes().rstrip() == before[0].rstrip()
    assert (folder / verdicts.FILE).read_bytes() == before[1]
    assert is_sound(engine)


def test_a_reader_of_an_older_state_delays_the_end(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log cannot be emptied under it: that is told, and the next sync does it."""
    monkeypatch.setattr("rag.store.database._BUSY_MS", 100)
    secrets = Secrets(8)
    path = notes / "diary.md"
    path.write_text(secrets.note(), encoding="utf-8")
    engine.add_root(notes)
    engine.sync()
    with footnotes.open(engine.home, settings={"embedding.model": "a"}) as slow:
        with closing(sqlite3.connect(engine.home / "catalogue.db")) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM texts").fetchone()
            assert not slow.forget(path).is_complete
        assert grep(engine.home, secrets.said)
        slow.sync()
        assert_no_trace(slow, secrets.said)


def test_forgetting_may_be_undone(engine: Engine, notes: Path) -> None:
    """The next sync reads the note again."""
    path = notes / "plain3.md"
    engine.add_root(notes)
    engine.sync()
    engine.forget("notes/plain3.md")
    assert engine.sync().documents == 29
    assert engine.why(path).status == "skipped"
    assert engine.forget(path, undo=True).files == ("notes/plain3.md",)
    assert engine.sync().added == 1
    assert engine.why(path).status == "indexed"
    with pytest.raises(RootError, match="was not forgotten"):
        engine.forget(path, undo=True)
    assert is_sound(engine)


def test_a_folder_with_all_that_is_in_it(engine: Engine, notes: Path) -> None:
    """Notes that no sync has met yet too; new ones that come later are read."""
    for name in ("one", "two"):
        (notes / "sub" / f"{name}.md").write_text(f"{name} walnut\n", encoding="utf-8")
    engine.add_root(notes)
    engine.sync()
    (notes / "sub" / "three.md").write_text("three walnut\n", encoding="utf-8")
    done = engine.forget(notes / "sub")
    assert done.files == ("notes/sub/one.md", "notes/sub/three.md", "notes/sub/two.md")
    assert done.passages == 2
    (notes / "sub" / "four.md").write_text("four walnut\n", encoding="utf-8")
    report = engine.sync()
    assert (report.added, len(report.skipped)) == (1, 3)
    assert grep(engine.home, ["one walnut", "three walnut"]) == []


def test_an_edited_or_moved_note_stays_forgotten(engine: Engine, notes: Path) -> None:
    """The mark is on the file, not on its text."""
    path = notes / "plain4.md"
    engine.add_root(notes)
    engine.sync()
    engine.forget(path)
    path.write_text("# Rewritten\n\nquartz\n", encoding="utf-8")
    assert engine.sync().documents == 29
    path.rename(notes / "sub" / "elsewhere.md")
    assert engine.sync().documents == 29
    assert grep(engine.home, ["quartz"]) == []


@pytest.mark.parametrize("given", ["/nowhere/at/all.md", "notes/absent.md"])
def test_what_is_not_there_cannot_be_forgotten(engine: Engine, notes: Path, given: str) -> None:
    """One line says so."""
    engine.add_root(notes)
    engine.sync()
    with pytest.raises(RootError, match=r"nothing is known|no such note"):
        engine.forget(given)


def run(*args: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The command line; its exit code."""
    monkeypatch.setattr("sys.argv", ["footnotes", *args])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_command_asks_before_a_folder(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not for one note, not with --yes; and it says that the files stay."""
    engine.add_root(notes)
    engine.sync()
    assert run("forget", str(notes / "plain1.md"), monkeypatch=monkeypatch) == 0
    assert "The files themselves were not touched" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run("forget", str(notes), monkeypatch=monkeypatch) == 1
    assert engine.catalogue.counts().indexed == 29
    assert run("forget", str(notes), "--yes", monkeypatch=monkeypatch) == 0
    assert engine.catalogue.counts().indexed == 0
    assert run("forget", str(notes), "--undo", monkeypatch=monkeypatch) == 0
    assert engine.sync().added == 30
