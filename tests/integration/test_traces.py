"""Random histories of two folders: after each step the index is what a fresh one would be, and nothing old is left.

A step edits files as people and programs do (add, edit, rename, delete, touch, swap, move to the other folder, copy,
change the case of a name) and syncs. Then the catalogue's passages, its links, and the ten best hits of twenty
questions are those of an index made anew from the same folders; words that have gone are found nowhere; and exactly
the passages whose text is new were embedded.
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import footnotes
from rag.models import transformer
from tests.integration.counting_embedder import CountingEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from footnotes import Engine

SOAK = bool(os.environ.get("FOOTNOTES_SOAK"))
STEPS = 1_000 if SOAK else 100
EVERY = 1 if SOAK else 4  # a fresh index costs more than a step
ROOTS = ("diary", "工作")
NAMES = (
    "index.md",
    "计划.md",
    "Trip to Berlin.md",
    "🎈 party.md",
    "a/index.md",
    "a/b/long name " + "长" * 60 + ".md",
    "c.txt",
)
WORDS = (
    "柏林",
    "手表",
    "外公",
    "年糕",
    "厨房",
    "搬家",
    "马拉松",
    "对账",
    "服务器",
    "备份",
    "harbour",
    "kestrel",
    "lantern",
    "marathon",
    "budget",
    "violin",
    "recipe",
    "passport",
    "balcony",
    "invoice",
)
MARK = "zqx"
SETTINGS = {"embedding.model": "fake", "sync.workers": 0}


def mark(number: int) -> str:
    """A word of its own, of letters that no stemmer and no tokeniser takes apart."""
    return MARK + "".join("bcfhjkmptv"[int(digit)] for digit in str(number)) + "z"


@dataclass
class Vault:
    """Two folders and their history.

    Attributes:
        count: versions of notes written so far; each has a word of its own.
        log: what was done.
    """

    folders: list[Path]
    rng: random.Random
    count: int = 0
    log: list[str] = field(default_factory=list)

    def files(self) -> list[Path]:
        """All files, in a fixed order."""
        return sorted(p for folder in self.folders for p in folder.rglob("*") if p.is_file())

    def text(self) -> str:
        """A note with a word that no other version of any note has."""
        self.count += 1
        rng, others = self.rng, self.files()
        link = f"[[{rng.choice(others).stem}]]" if others and rng.random() < 0.5 else ""
        title = f"# {rng.choice(WORDS)} {rng.choice(WORDS)}\n\n" if rng.random() < 0.5 else ""
        parts = [
            f"## {rng.choice(WORDS)}\n\n"
            + " ".join(rng.choices(WORDS, k=rng.randrange(1, 120)))
            + " "
            + link
            + "\n\n"
            for _ in range(rng.randrange(4))
        ]
        return f"{title}{mark(self.count)} {rng.choice(WORDS)}\n\n" + "".join(parts)

    def place(self) -> Path:
        """Somewhere a note may be put; it may be taken."""
        rng = self.rng
        name = rng.choice(NAMES) if rng.random() < 0.4 else f"note {rng.randrange(30)}.md"
        path = rng.choice(self.folders) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def step(self) -> None:
        """One to three changes."""
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            change = self.rng.choice(CHANGES)
            self.log.append(change.__name__)
            change(self)

    def living(self) -> set[str]:
        """The words of versions that stand in some file now."""
        return {w for p in self.files() for w in p.read_text("utf-8").split() if w.startswith(MARK)}


def _add(vault: Vault) -> None:
    vault.place().write_text(vault.text(), "utf-8")


def _edit(vault: Vault) -> None:
    for path in vault.rng.sample(vault.files(), 1):
        kept = path.read_text("utf-8").split("\n\n")
        kept[vault.rng.randrange(len(kept))] = vault.text()
        path.write_text("\n\n".join(kept), "utf-8")


def _edit_in_disguise(vault: Vault) -> None:
    """The same size and the same modification time."""
    path = vault.rng.choice(vault.files())
    before, text = path.stat(), path.read_text("utf-8")
    word = next((w for w in text.split() if w.startswith(MARK)), "")
    if word:
        path.write_text(text.replace(word, word[:-1] + "w"), "utf-8")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _rename(vault: Vault) -> None:
    target = vault.place()
    vault.rng.choice(vault.files()).replace(target)


def _change_case(vault: Vault) -> None:
    path = vault.rng.choice(vault.files())
    path.replace(path.with_name(path.name.swapcase().replace(".MD", ".md").replace(".TXT", ".txt")))


def _delete(vault: Vault) -> None:
    if len(vault.files()) > 6:
        vault.rng.choice(vault.files()).unlink()


def _touch(vault: Vault) -> None:
    os.utime(vault.rng.choice(vault.files()))


def _swap(vault: Vault) -> None:
    first, second = vault.rng.sample(vault.files(), 2)
    between = first.with_name("between")
    first.replace(between)
    second.replace(first)
    between.replace(second)


def _copy(vault: Vault) -> None:
    target = vault.place()
    source = vault.rng.choice(vault.files())
    if source != target:
        shutil.copy2(source, target)


def _move_folder(vault: Vault) -> None:
    folders = [p for folder in vault.folders for p in folder.iterdir() if p.is_dir()]
    if folders:
        folder = vault.rng.choice(folders)
        target = vault.rng.choice(vault.folders) / f"folder {vault.rng.randrange(9)}"
        if not target.exists():
            folder.rename(target)


CHANGES: tuple[Callable[[Vault], None], ...] = (
    *(_add, _add, _add),
    *(_edit, _edit, _edit_in_disguise),
    *(_rename, _change_case, _delete, _delete),
    *(_touch, _swap, _copy, _move_folder),
)


def content(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """What the catalogue says, without its own keys."""
    with engine.catalogue.database.reading() as db:
        return {
            "chunks": sorted(
                db.execute(
                    'SELECT doc_id, start, "end", text, body, heading, dates, speaker FROM chunks'
                ).fetchall(),
                key=repr,
            ),
            "links": sorted(
                db.execute('SELECT doc_id, start, "end", target, anchor, resolved FROM links').fetchall()
            ),
            "documents": sorted(
                db.execute(
                    "SELECT id, status, reason, sha256, title, tags, shared_dates FROM documents"
                ).fetchall()
            ),
        }


def answers(engine: Engine, questions: list[str]) -> list[list[tuple[str, int, float]]]:
    """The ten best hits of each question."""
    return [
        [(h.chunk.doc_id, h.chunk.start, round(h.score, 4)) for h in engine.search(q, 10).hits]
        for q in questions
    ]


def hashes(engine: Engine) -> set[bytes]:
    """What the catalogue's passages are embedded as."""
    return set(engine.catalogue.text_hashes())


def test_every_step_equals_a_fresh_index(
    tmp_path: Path, footnotes_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ghosts: none; passages embedded: those that changed."""
    monkeypatch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)
    vault = Vault([tmp_path / name for name in ROOTS], random.Random(5))
    for folder in vault.folders:
        folder.mkdir()
    for _ in range(12):
        _add(vault)
    everything: set[str] = set()
    embedded: set[bytes] = set()
    compared = ghosts = 0
    with footnotes.open(footnotes_home, settings=SETTINGS) as engine:
        for folder in vault.folders:
            engine.add_root(folder)
        for number in range(STEPS):
            if number:
                vault.step()
            counted = CountingEmbedder.embedded
            report = engine.sync(accept_deletions=True)
            fresh = hashes(engine) - embedded
            assert report.embedded == len(fresh) == CountingEmbedder.embedded - counted, vault.log[-3:]
            embedded |= fresh
            living = vault.living()
            everything |= living
            if number % EVERY == 0:
                questions = [*vault.rng.choices(WORDS, k=10), *_pairs(vault.rng, 10)]
                with footnotes.open(tmp_path / f"fresh {number}", settings=SETTINGS) as other:
                    for folder in vault.folders:
                        other.add_root(folder)
                    other.sync()
                    assert content(engine) == content(other), vault.log[-3:]
                    assert answers(engine, questions) == answers(other, questions), vault.log[-3:]
                shutil.rmtree(tmp_path / f"fresh {number}")
                compared += 1
            gone = sorted(everything - living)
            for word in vault.rng.sample(gone, min(5, len(gone))):
                found = engine.search(word, 50)
                ghosts += len(found.stages["lexical"]) + sum(word in h.chunk.text for h in found.hits)
        assert all(finding.ok for finding in engine.doctor())
    assert ghosts == 0
    print(f"{STEPS} steps, {compared} fresh indexes, {len(embedded)} passages embedded, {ghosts} ghosts")  # noqa: T201 - a figure of `make soak`


def _pairs(rng: random.Random, count: int) -> list[str]:
    return [" ".join(rng.sample(WORDS, 2)) for _ in range(count)]
