"""Random histories of two folders: after each step the index is what a fresh one would be, and nothing old is left.

A step edits files as people and programs do (add, edit, rename, delete, touch, swap, move to the other folder, copy,
change case, encoding, rules, a file's kind; see ``random_vault``) and syncs, in full or only the paths that changed,
while another engine searches. Notes are forgotten and remembered, roots renamed, removed and added again. Then the
catalogue's passages, its links, and the ten best hits of twenty questions are those of an index made anew from the
same folders; words that have gone are found nowhere; and exactly the passages whose text is new were embedded.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import threading
from typing import TYPE_CHECKING, Self

import pytest

import footnotes
from graph.contribution import contributions, entity_nodes
from ingest.walk import FORGOTTEN
from rag.errors import RootError
from rag.models import transformer
from rag.store import facts, lexical
from tests.integration.counting_embedder import CountingEmbedder
from tests.integration.fresh import answers, content, difference, found_by_words
from tests.integration.random_vault import RULES, WORDS, Vault, made, mark

if TYPE_CHECKING:
    from pathlib import Path

    from footnotes import Engine
    from graph.model import Contribution, Node
    from ingest.pipeline import SyncReport
    from rag.store.catalogue import Catalogue

SOAK = bool(os.environ.get("FOOTNOTES_SOAK"))
STEPS = 1_000 if SOAK else 100
EVERY = 1 if SOAK else 4  # a fresh index costs more than a step
SEEDS = range(5, 7) if SOAK else range(5, 6)
ROOTS = ("diary", "工作")
SETTINGS = {"embedding.model": "fake", "sync.workers": 0, "search.expand": False}  # words as they stand
_KEPT_APART = 7  # roots that have had so many names are enough


class Trace:
    """A history and the engine that follows it."""

    def __init__(self, place: Path, home: Path, seed: int) -> None:
        self.place = place
        self.home = home
        self.vault = made([place / name for name in ROOTS], seed, 12)
        self.names = dict(zip(self.vault.folders, ROOTS, strict=True))
        self.engine = footnotes.open(home, settings=SETTINGS)
        self.embedded: set[bytes] = set()
        self.everything: set[str] = set()
        self.seen = self.vault.states()
        self.passages = self.asked = self.partial = self.compared = 0
        self.mirror = Mirror()
        for folder in self.vault.folders:
            self.engine.add_root(folder)

    def hashes(self) -> set[bytes]:
        """What the catalogue's passages are embedded as."""
        return set(self.engine.catalogue.text_hashes())

    # Steps

    def step(self) -> None:
        """Change files; sometimes do what a user does to the index; sync."""
        self.vault.step()
        rng = self.vault.rng
        if rng.random() < 0.2:
            action = rng.choice(
                (self.forget, self.forget, self.undo, self.rename_root, self.leave_and_return, self.reopen)
            )
            self.vault.note(action.__name__)
            action()

    def forget(self) -> None:
        """A note, met by a sync or not."""
        path = self.vault.rng.choice(self.vault.files())
        with contextlib.suppress(RootError):  # it is left out by rules, and no sync has met it
            self.engine.forget(path)
            self.embedded &= self.hashes()  # vectors of texts that are gone were cleared

    def undo(self) -> None:
        """Whatever was forgotten first."""
        for row in self.forgotten()[:1]:
            self.engine.forget(row, undo=True)
            path = self.engine.file_of(row)
            if path is not None:
                self.seen.pop(path, None)  # it must be looked at

    def rename_root(self) -> None:
        """Nothing is embedded again."""
        folder = self.vault.rng.choice(self.vault.folders)
        new = f"{folder.name} {self.vault.rng.randrange(_KEPT_APART)}"
        if new not in self.names.values():
            self.engine.rename_root(self.names[folder], new)
            self.names[folder] = new
            self.seen = {p: s for p, s in self.seen.items() if p.parent != folder}  # some bear its name

    def leave_and_return(self) -> None:
        """A root is removed, and registered again: vectors are still known."""
        folder = self.vault.rng.choice(self.vault.folders)
        self.engine.remove_root(self.names[folder])
        self.engine.add_root(folder, self.names[folder])
        self.seen = {p: s for p, s in self.seen.items() if not p.is_relative_to(folder)}

    def reopen(self) -> None:
        """Another process goes on."""
        self.engine.close()
        self.engine = footnotes.open(self.home, settings=SETTINGS)

    def sync(self) -> SyncReport:
        """In full, or only what a watcher would tell of."""
        rng, now = self.vault.rng, self.vault.states()
        changed = [p for p in sorted(now.keys() | self.seen.keys()) if now.get(p) != self.seen.get(p)]
        self.seen = now
        if rng.random() < 0.5 or not changed:
            return self.engine.sync(accept_deletions=True, verify=rng.random() < 0.1)
        self.partial += 1
        self.vault.note("partial")
        told = [p.parent if rng.random() < 0.2 and p.name != RULES else p for p in changed]
        return self.engine.sync(paths=told, accept_deletions=True)

    # Proofs

    def check_embedded(self, report: SyncReport, counted: int) -> None:
        """Passages embedded: those whose text is new."""
        fresh = self.hashes() - self.embedded
        assert report.embedded == len(fresh) == CountingEmbedder.embedded - counted, self.vault.log[-4:]
        self.embedded |= fresh
        self.passages += len(fresh)

    def check_ghosts(self) -> None:
        """Words that stand in no file any more find nothing."""
        living = self.vault.living()
        self.everything |= living
        gone = sorted(self.everything - living)
        for word in self.vault.rng.sample(gone, min(5, len(gone))):
            found = self.engine.search(word, 50)
            parts = [part for part in found.trace.filters if part.kind == "words"]
            spelt_like_it = {one for part in parts for one in part.meaning.split(", ")}
            assert spelt_like_it <= living, (word, spelt_like_it - living, self.vault.log[-4:])
            ghosts = [
                hit.chunk
                for name, hits in found.stages.items()
                for hit in hits
                if word in hit.chunk.text
                or (name == "lexical" and not any(one in hit.chunk.index_text for one in spelt_like_it))
            ]
            assert not ghosts, (word, ghosts, self.vault.log[-4:])
            self.asked += 1

    def check_equal(self, *, scores: bool) -> None:
        """An index made anew from the same folders holds and finds the same."""
        rng = self.vault.rng
        questions = [*rng.choices(WORDS, k=10), *(" ".join(rng.sample(WORDS, 2)) for _ in range(10))]
        with self.fresh() as other:
            apart = difference(content(self.engine), content(other))
            assert not apart, f"{apart}\nafter {self.vault.log[-4:]}"
            find = answers if scores else found_by_words
            assert find(self.engine, questions) == find(other, questions), self.vault.log[-4:]
        self.mirror.follow(self.engine.catalogue)
        self.mirror.check(self.engine.catalogue)
        self.compared += 1

    def fresh(self) -> _Fresh:
        """A new index of the same folders, with the same notes forgotten."""
        gone = [i for i in self.forgotten() if not _is_file(self.engine.file_of(i))]
        for doc_id in gone:  # a forgotten file that is not there any more: only this index can know
            self.engine.forget(doc_id, undo=True)
        return _Fresh(self, self.forgotten())

    def forgotten(self) -> list[str]:
        """Ids of files that syncs leave out because their owner said so."""
        return [row.id for row in self.engine.files() if row.reason == FORGOTTEN]


class _Fresh:
    """A home made anew, for as long as it is looked at."""

    def __init__(self, trace: Trace, forgotten: list[str]) -> None:
        self._trace = trace
        self._forgotten = forgotten
        self._home = trace.place / "fresh"

    def __enter__(self) -> Engine:
        engine = footnotes.open(self._home, settings=SETTINGS)
        for folder, name in self._trace.names.items():
            engine.add_root(folder, name)
        if self._forgotten:
            engine.sync()
        for doc_id in self._forgotten:
            path = self._trace.engine.file_of(doc_id)
            assert path is not None
            try:
                engine.forget(path)
            except RootError:  # rules leave its folder out by now: only the old index can know
                self._trace.engine.forget(doc_id, undo=True)
        engine.sync()
        self._engine = engine
        return engine

    def __exit__(self, *_: object) -> None:
        self._engine.close()
        shutil.rmtree(self._home)


class Mirror:
    """A graph that reads only what changed since it last looked, as a server far away would."""

    def __init__(self) -> None:
        self._reached = -1
        self._known: dict[str, Contribution] = {}
        self._entities: dict[str, Node] = {}
        self.read = self.started = 0

    def follow(self, catalogue: Catalogue) -> None:
        """Read documents that changed, and entities with a new label."""
        with catalogue.database.reading() as db:
            changes = facts.changed_since(db, self._reached)
            if changes is None:
                self.started += 1
                self._known, self._entities, self._reached = {}, {}, -1
            for one in contributions(db, changes and changes[0]):
                self._known[one.doc_id] = one
                self.read += 1
            self._entities |= {node.id: node for node in entity_nodes(db, self._reached)}
            self._reached = facts.generation(db)

    def check(self, catalogue: Catalogue) -> None:
        """It knows what the catalogue says."""
        with catalogue.database.reading() as db:
            assert [one for _, one in sorted(self._known.items()) if one.nodes] == list(contributions(db))
            assert [n for n in sorted(self._entities.values()) if n.id in self._named()] == list(
                entity_nodes(db)
            )

    def _named(self) -> set[str]:
        return {
            end
            for one in self._known.values()
            for edge in one.edges
            for end in (edge.source, edge.target)
            if end.startswith("entity:")
        }


def _is_file(path: Path | None) -> bool:
    return path is not None and path.is_file()


class Bystander:
    """Another engine of the same home that searches all the time: no error, and never a word that nobody wrote."""

    def __init__(self, home: Path, vault: Vault) -> None:
        self._home = home
        self._vault = vault
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._search, daemon=True)
        self._random = random.Random(1)
        self.searches = 0
        self.errors: list[BaseException] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(60)

    def _search(self) -> None:
        try:
            with footnotes.open(self._home, settings=SETTINGS) as engine:
                while not self._stopped.wait(0.002):
                    found = engine.search(self._random.choice(WORDS), 20)
                    assert len({h.chunk.key for h in found.hits}) == len(found.hits)
                    for hit in found.hits:
                        assert hit.chunk.end - hit.chunk.start == len(hit.chunk.text)
                    self.searches += 1
        except BaseException as e:  # noqa: BLE001 - told in the test's own thread
            self.errors.append(e)


@pytest.fixture
def _fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)
    monkeypatch.setattr(CountingEmbedder, "weights", "")


@pytest.mark.usefixtures("_fake_model")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("by", ["small", "large"])
def test_every_step_equals_a_fresh_index(
    tmp_path: Path, footnotes_home: Path, monkeypatch: pytest.MonkeyPatch, seed: int, by: str
) -> None:
    """Ghosts: none; passages embedded: those that changed. ``large``: full text is changed, not made anew."""
    if by == "large":
        monkeypatch.setattr(lexical, "_FEW", 0)
    trace = Trace(tmp_path, footnotes_home, seed)
    try:
        for number in range(STEPS):
            if number:
                trace.step()
            counted = CountingEmbedder.embedded
            trace.check_embedded(trace.sync(), counted)
            if number % EVERY == 0:
                trace.check_equal(scores=by == "small")
            trace.check_ghosts()
        assert [f for f in trace.engine.doctor() if not f.ok] == []
        assert trace.mirror.started == 1
    finally:
        trace.engine.close()
    print(  # noqa: T201 - a figure of `make soak`
        f"{by}, seed {seed}: {STEPS} steps ({trace.partial} partial syncs), {trace.compared} fresh indexes, "
        f"{trace.passages} passages embedded, 0 ghosts in {trace.asked} searches; {dict(trace.vault.done)}"
    )


@pytest.mark.usefixtures("_fake_model")
def test_equal_passages_are_chosen_by_their_notes(tmp_path: Path) -> None:
    """More of them than candidates; the notes that were indexed last come first in the folder."""
    notes = tmp_path / "notes"
    notes.mkdir()
    settings = SETTINGS | {"search.candidates": 20}
    with footnotes.open(tmp_path / "old", settings=settings) as old:
        old.add_root(notes)
        for numbers in range(130, 200), range(100, 130):
            for number in numbers:
                (notes / f"note {number}.md").write_text(f"{mark(number)} harbour\n", "utf-8")
            old.sync()
        with footnotes.open(tmp_path / "new", settings=settings) as new:
            new.add_root(notes)
            new.sync()
            one, other = (
                {
                    name: [(h.chunk.doc_id, h.score) for h in hits]
                    for name, hits in engine.search("harbour", 10).stages.items()
                }
                for engine in (old, new)
            )
    assert one == other
    assert len(one["lexical"]) < 100


@pytest.mark.usefixtures("_fake_model")
def test_another_process_searches_meanwhile(tmp_path: Path, footnotes_home: Path) -> None:
    """Nothing fails, no passage is shown twice; at the end it finds what a fresh index finds."""
    trace = Trace(tmp_path, footnotes_home, 77)
    trace.sync()
    try:
        with Bystander(footnotes_home, trace.vault) as bystander:
            for _ in range(STEPS // 2):
                trace.step()
                trace.sync()
                assert bystander.errors == []
        assert bystander.errors == []
        assert bystander.searches
        trace.engine.sync(accept_deletions=True)
        trace.check_equal(scores=True)
    finally:
        trace.engine.close()
    print(f"{STEPS // 2} steps, {bystander.searches} searches of a second engine meanwhile")  # noqa: T201 - likewise
