"""Kill -9 before any step that leaves a trace on the disk, in every command that writes.

The next start answers from the last commit: each note is its old or its new version, never a mixture, never a ghost,
and the doctor is content but for the folders. Given again, or followed by a sync, the command's work is completed, and
the index is what a fresh one would be. The wall clock's kills are in ``test_crash``.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.models import transformer
from tests.integration.counting_embedder import KILLED, CountingEmbedder
from tests.integration.fresh import Content, answers, content, difference, found_by_words, texts
from tests.integration.image_site import HERE, Site, picture
from tests.integration.random_vault import MARK, WORDS, made, marks_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from footnotes import Engine

SOAK = bool(os.environ.get("FOOTNOTES_SOAK"))
KILLS = 100 if SOAK else 10  # of a sync
OTHERS = 40 if SOAK else 4  # of each other command
REPOSITORY = Path(__file__).parents[2]
# Words that are gone are looked for as they are written, not as others that are spelt like them.
SETTINGS = {"embedding.model": "a", "ocr.enabled": False, "images.hosts": (HERE,), "search.expand": False}
CONFIG = f"embedding: {{model: a}}\nocr: {{enabled: false}}\nimages: {{hosts: [{HERE}]}}\nsearch: {{expand: false}}\n"
QUESTIONS = (*WORDS, "柏林 手表", "kestrel lantern", "马拉松 marathon")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="worker processes are looked for as on POSIX")


@pytest.fixture(autouse=True)
def _fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """``embedding.model`` loads the fake, whatever its name."""
    monkeypatch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)
    monkeypatch.setattr(CountingEmbedder, "weights", "")


def opened(home: Path) -> Engine:
    """The home, as its configuration says."""
    return footnotes.open(home)


@dataclass
class World:
    """A home, how it was in the beginning, and the folders that it knows.

    Attributes:
        versions: by document, what it may say; None: it may be absent.
        words: of all versions.
    """

    home: Path
    folders: list[Path]
    few: str = ""
    versions: dict[str, set[str | None]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    @property
    def beginning(self) -> Path:
        """A copy of the home."""
        return self.home.with_name("beginning")

    def keep(self) -> None:
        """From here on, ``restore`` comes back to now."""
        self.home.mkdir(exist_ok=True)
        (self.home / "config.yaml").write_text(CONFIG, "utf-8")
        shutil.copytree(self.home, self.beginning)

    def restore(self) -> None:
        """Back to the beginning."""
        shutil.rmtree(self.home)
        shutil.copytree(self.beginning, self.home)

    def may_be(self, *states: dict[str, str]) -> None:
        """Every document is as in one of these states."""
        for doc_id in set().union(*states):
            self.versions.setdefault(doc_id, set()).update(state.get(doc_id) for state in states)
        for one in states:
            self.words |= marks_in("\n".join(one.values()).encode())

    def run(self, *args: str, kill_at: int = 0) -> int:
        """``footnotes ARGS`` in a process of its own; the steps that it took."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.counting_embedder", str(kill_at), *args],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=REPOSITORY,
            env={**os.environ, "FOOTNOTES_HOME": str(self.home)}
            | ({"TEST_FEW": self.few} if self.few else {}),
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        if kill_at:
            assert done.returncode in {KILLED, 0}, done.stderr
            return done.returncode
        assert done.returncode == 0, done.stderr
        return int(done.stdout.rsplit(maxsplit=2)[-2])

    def check_committed(self, engine: Engine) -> dict[str, str]:
        """The catalogue holds versions; full text finds exactly what it holds; the doctor agrees."""
        engine.search("harbour")  # heals what was left behind
        found = texts(engine)
        for doc_id in self.versions.keys() | found.keys():
            assert found.get(doc_id) in self.versions.get(doc_id, {None}), doc_id
        for word in self.words:
            holders = {i for i, text in found.items() if word in text}
            hits = engine.search(word, 100)
            assert {h.chunk.doc_id for h in hits.stages["lexical"]} == holders, word
            assert all(h.chunk.text in found[h.chunk.doc_id] for h in hits.hits)
        for finding in engine.doctor():
            assert finding.ok or finding.check.startswith("root ") or "forgotten" in finding.check, finding
        return found

    def check_complete(self, engine: Engine, expected: tuple[Content, object]) -> None:
        """As a fresh index."""
        apart = difference(content(engine), expected[0])
        assert not apart, apart
        assert self.answers(engine) == expected[1]
        assert [f for f in engine.doctor() if not f.ok] == []

    def answers(self, engine: Engine) -> object:
        """What is found, with scores where they are a function of the notes alone."""
        return found_by_words(engine, QUESTIONS) if self.few else answers(engine, QUESTIONS)

    def fresh(self) -> tuple[Content, object]:
        """What an index made anew holds and answers."""
        place = self.home.with_name("fresh")
        with footnotes.open(place, settings=SETTINGS) as engine:
            for folder in self.folders:
                engine.add_root(folder)
            engine.sync(accept_deletions=True)
            made_anew = content(engine), self.answers(engine)
            self.may_be(texts(engine))
        shutil.rmtree(place)
        return made_anew


def steps_of(count: int, kills: int, seed: int) -> list[int]:
    """Random steps, all of them where there are no more."""
    every = range(1, count + 1)
    return list(every) if count <= kills else sorted(random.Random(seed).sample(every, kills))


@pytest.fixture
def world(tmp_path: Path, footnotes_home: Path) -> World:
    """A synced home of two folders, which have changed since."""
    folders = [tmp_path / "diary", tmp_path / "工作"]
    vault = made(folders, 31, 24)
    footnotes_home.mkdir()
    (footnotes_home / "config.yaml").write_text(CONFIG, "utf-8")
    world = World(footnotes_home, folders)
    with opened(footnotes_home) as engine:
        for folder in folders:
            engine.add_root(folder)
        engine.sync()
        before = texts(engine)
    for _ in range(12):
        vault.step()
    for folder in folders:  # formats that worker processes read
        (folder / "page.html").write_text(f"<h1>x</h1><p>{vault.text()}</p>", "utf-8")
    with footnotes.open(tmp_path / "after", settings=SETTINGS) as engine:
        for folder in folders:
            engine.add_root(folder)
        engine.sync()
        world.may_be(before, texts(engine))
    shutil.rmtree(tmp_path / "after")
    world.keep()
    return world


def children_of(home: Path) -> list[str]:
    """Processes that use the home: command lines."""
    wanted = f"FOOTNOTES_HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.name) != os.getpid() and wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def no_orphans(home: Path, seconds: float = 10.0) -> bool:
    """Whether everybody who used the home is gone before long."""
    deadline = time.monotonic() + seconds
    while children_of(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


SYNC = ("sync", "-q", "--accept-deletions", "--set", "sync.batch=3", "--set")


@pytest.mark.parametrize(
    ("workers", "few", "kills"), [("0", "", KILLS), ("0", "1", OTHERS), ("2", "", OTHERS)]
)
def test_a_sync(world: World, workers: str, few: str, kills: int) -> None:
    """Inline; with full text that is changed in place; with worker processes, of which none is left."""
    world.few = few
    command = (*SYNC, f"sync.workers={workers}")
    expected = world.fresh()
    count = world.run(*command)
    with opened(world.home) as engine:
        world.check_complete(engine, expected)
    killed = 0
    for step in steps_of(count, kills, 1):
        world.restore()
        killed += world.run(*command, kill_at=step) == KILLED
        if sys.platform == "linux":
            assert no_orphans(world.home)
        with opened(world.home) as engine:
            world.check_committed(engine)
            engine.sync(accept_deletions=True)
            world.check_complete(engine, expected)
    assert killed
    print(f"sync, {workers} workers: killed at {killed} of {count} steps")  # noqa: T201 - a figure of `make soak`


def test_the_first_sync(world: World) -> None:
    """Of a home that does not exist: the same command completes it."""
    for path in world.beginning.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (world.beginning / "config.yaml").write_text(CONFIG, "utf-8")
    for states in world.versions.values():
        states.add(None)
    expected = world.fresh()
    command = (*SYNC, "sync.workers=0", *map(str, world.folders))
    world.restore()
    count = world.run(*command)
    chosen = steps_of(count, OTHERS, 2)
    for step in chosen:
        world.restore()
        world.run(*command, kill_at=step)
        with opened(world.home) as engine:
            world.check_committed(engine)
        world.run(*command)
        with opened(world.home) as engine:
            world.check_complete(engine, expected)
    print(f"first sync: killed at {len(chosen)} of {count} steps")  # noqa: T201 - likewise


def test_indexes_that_are_built_again(world: World) -> None:
    """A search that heals missing indexes."""
    world.restore()
    with opened(world.home) as engine:
        engine.sync(accept_deletions=True)
    for name in ("lexical", "dense"):
        shutil.rmtree(world.home / name)
    expected = world.fresh()
    shutil.rmtree(world.beginning)
    world.keep()
    count = world.run("search", "harbour", "--json")
    chosen = steps_of(count, OTHERS, 3)
    for step in chosen:
        world.restore()
        world.run("search", "harbour", "--json", kill_at=step)
        with opened(world.home) as engine:
            engine.search("harbour")
            world.check_complete(engine, expected)
    print(f"indexes built again: killed at {len(chosen)} of {count} steps")  # noqa: T201 - likewise


def grep(home: Path, word: str) -> list[str]:
    """Files of the home that hold the word."""
    return [p.name for p in home.rglob("*") if p.is_file() and word.encode() in p.read_bytes()]


def test_forgetting(world: World) -> None:
    """It was forgotten or it was not; given again, or synced, nothing of it is left in any file."""
    with opened(world.home) as engine:
        engine.sync(accept_deletions=True)
        victim = next(i for i, text in sorted(texts(engine).items()) if MARK in text)
        said = texts(engine)[victim]
        others = {w for i, text in texts(engine).items() if i != victim for w in marks_in(text.encode())}
        words = sorted(marks_in(said.encode()) - others)
        world.may_be(texts(engine))
    assert words
    shutil.rmtree(world.beginning)
    world.keep()
    world.versions = {i: {text} for i, text in _texts(world.home).items()}
    world.versions[victim].add(None)
    count = world.run("forget", "-y", victim)
    assert not any(grep(world.home, word) for word in words)
    chosen = steps_of(count, OTHERS, 4)
    for number, step in enumerate(chosen):
        world.restore()
        world.run("forget", "-y", victim, kill_at=step)
        with opened(world.home) as engine:
            found = world.check_committed(engine)
            is_marked = victim not in found
        if is_marked and number % 2:
            world.run(*SYNC, "sync.workers=0")
        else:
            world.run("forget", "-y", victim)
        with opened(world.home) as engine:
            assert victim not in world.check_committed(engine)
            assert [f for f in engine.doctor() if not f.ok] == []
        assert {w: where for w in words if (where := grep(world.home, w))} == {}, step
    print(f"forget: killed at {len(chosen)} of {count} steps")  # noqa: T201 - likewise


def _texts(home: Path) -> dict[str, str]:
    with opened(home) as engine:
        return texts(engine)


@pytest.mark.parametrize("command", [("rename", "diary", "日记"), ("remove", "diary")])
def test_roots(world: World, command: tuple[str, ...]) -> None:
    """Renamed or not, removed or not."""
    with opened(world.home) as engine:
        engine.sync(accept_deletions=True)
        before = texts(engine)
    shutil.rmtree(world.beginning)
    world.keep()
    count = world.run("roots", *command)
    with opened(world.home) as engine:
        after, expected = texts(engine), (content(engine), world.answers(engine))
        engine.search("harbour")
    world.versions = {}
    world.may_be(before, after)
    chosen = steps_of(count, OTHERS, 5)
    for step in chosen:
        world.restore()
        world.run("roots", *command, kill_at=step)
        with opened(world.home) as engine:
            found = world.check_committed(engine)
            assert found in (before, after)
        if found == before:
            world.run("roots", *command)
        with opened(world.home) as engine:
            world.check_complete(engine, expected)
    print(f"roots {command[0]}: killed at {len(chosen)} of {count} steps")  # noqa: T201 - likewise


@pytest.fixture
def site() -> Iterator[Site]:
    """A running site with three images."""
    with Site() as running:
        for color in ("red", "green", "blue"):
            running.show(f"/{color}.png", picture(color=color))
        yield running


def test_fetching_images(world: World, site: Site) -> None:
    """What was fetched is kept; given again, the command completes, and no half file stays."""
    shown = "".join(f"![{c}]({site.url}/{c}.png)\n\n" for c in ("red", "green", "blue"))
    (world.folders[0] / "pictures.md").write_text(shown, "utf-8")
    with opened(world.home) as engine:
        engine.sync(accept_deletions=True)
        world.versions = {i: {text} for i, text in texts(engine).items()}
        world.words = set()
    shutil.rmtree(world.beginning)
    world.keep()
    count = world.run("images", "fetch")
    with opened(world.home) as engine:
        expected = content(engine), world.answers(engine)
        kept = image_files(world.home)
        for doc_id, text in texts(engine).items():
            world.versions.setdefault(doc_id, {None}).add(text)
    assert len(kept) == 3
    chosen = steps_of(count, OTHERS, 6)
    for step in chosen:
        world.restore()
        world.run("images", "fetch", kill_at=step)
        with opened(world.home) as engine:
            world.check_committed(engine)
        world.run("images", "fetch")
        with opened(world.home) as engine:
            engine.sync(accept_deletions=True)
            world.check_complete(engine, expected)
        assert image_files(world.home) == kept
    print(f"images fetch: killed at {len(chosen)} of {count} steps")  # noqa: T201 - likewise


def image_files(home: Path) -> set[str]:
    """What lies in the folder of fetched images."""
    return {p.relative_to(home).as_posix() for p in (home / "images").rglob("*") if p.is_file()}


ENDLESS = """
import sys, subprocess, os, time
from ingest.workers.process import Worker
worker = Worker(600, 1000)
worker.greet()
print(worker._process.pid, flush=True)
worker._to.write((1).to_bytes(8, "big")); worker._to.flush()  # it waits for the rest, or works, for ever
os.kill(worker._process.pid, {signal})
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for as on Linux")
@pytest.mark.parametrize("stopped", [False, True])
def test_no_worker_survives_its_parent(footnotes_home: Path, stopped: bool) -> None:
    """Not even one that hangs and reads nothing any more: there it is stopped, which no closed pipe ends."""
    code = ENDLESS.format(signal="19" if stopped else "0")
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=REPOSITORY)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert no_orphans(footnotes_home), pid
