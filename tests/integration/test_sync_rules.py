"""What a sync leaves out, why, and that every file is accounted for."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from ingest.loaders import Loader
from ingest.walk import FORGOTTEN, REASONS, template_of
from rag.errors import ConfigError
from rag.store.changes import Batch
from tests.integration.finding import is_gone
from tests.integration.finding import with_words as found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from footnotes import Engine

posix = pytest.mark.skipif(os.name != "posix", reason="links and such names are POSIX")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Notes with drafts, a blog, and what tools leave behind."""
    folder = tmp_path / "notes"
    for path, text in {
        "apple.md": "apple harvest",
        "birch.md": "birch bark",
        "cedar.md": "cedar cones",
        "blog/post.md": "post about elms",
        "blog/drafts/draft.md": "draft about firs",
        ".obsidian/workspace.json": "{}",
        "node_modules/pkg/readme.md": "package manual",
        "photo.xyz": "?",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


@pytest.fixture
def engine(footnotes_home: Path, notes: Path) -> Iterator[Engine]:
    """An engine that knows the notes, not synced yet."""
    with footnotes.open(footnotes_home) as opened:
        opened.add_root(notes)
        yield opened


def statuses(engine: Engine) -> dict[str, str]:
    """What the catalogue says of each file: its status, or why it is skipped or failed."""
    return {i: r.reason or r.status for i, r in engine.catalogue.records("notes").items()}


def on_disk(notes: Path) -> set[str]:
    """Files, and folders of which no file is known: what must be accounted for."""
    return {
        "notes/" + p.relative_to(notes).as_posix() for p in notes.rglob("*") if p.is_symlink() or p.is_file()
    }


def accounted(engine: Engine, notes: Path) -> None:
    """Each file on the disk has a row of its own, or its folder has one; every row stands for something there."""
    rows = statuses(engine)
    closed = [i for i in rows if i.endswith("/")]
    files = {i for i in on_disk(notes) if not i.startswith(tuple(closed))}
    assert files == {i for i in rows if not i.endswith("/")}
    assert all((notes.parent / i).is_dir() for i in closed)
    counts = engine.catalogue.counts()
    assert counts.indexed + counts.failed + counts.skipped == len(files) + len(closed)
    assert engine.changed_since_sync(5) == 0


def test_every_file_is_accounted_for(engine: Engine, notes: Path) -> None:
    """What is left out is listed with the pattern that does it; a folder is one entry."""
    (notes / ".footnotesignore").write_text("cedar.md\n", "utf-8")
    (notes / "blog" / ".footnotesignore").write_text("drafts/\n", "utf-8")
    report = engine.sync()
    assert statuses(engine) == {
        "notes/.footnotesignore": "says which files are left out",
        "notes/.obsidian/": "left out by `.*` (sync.exclude)",
        "notes/apple.md": "indexed",
        "notes/birch.md": "indexed",
        "notes/blog/.footnotesignore": "says which files are left out",
        "notes/blog/drafts/": "left out by `drafts/` (blog/.footnotesignore)",
        "notes/blog/post.md": "indexed",
        "notes/cedar.md": "left out by `cedar.md` (.footnotesignore)",
        "notes/node_modules/": "left out by `node_modules/` (sync.exclude)",
        "notes/photo.xyz": "no loader for this file type",
    }
    assert len(report.skipped) + report.added == 10
    accounted(engine, notes)
    generation = engine.catalogue.generation()
    again = engine.sync()
    assert (again.unchanged, len(again.skipped)) == (report.added, len(report.skipped))
    assert engine.catalogue.generation() == generation
    assert {template_of(i.reason)[0] for i in report.skipped} <= set(REASONS)


def test_rules_that_change_bring_notes_in_and_out(engine: Engine, notes: Path) -> None:
    """The next sync obeys them, and until then the notes count as changed."""
    engine.sync()
    (notes / "blog" / ".footnotesignore").write_text("drafts/\n", "utf-8")
    (notes / ".footnotesignore").write_text("!node_modules/\n", "utf-8")
    assert engine.changed_since_sync(5) == 2
    report = engine.sync()
    assert (report.added, report.removed) == (1, 1)
    assert is_gone(engine, "firs")
    assert found(engine, "manual") == ["notes/node_modules/pkg/readme.md"]
    accounted(engine, notes)
    (notes / "blog" / ".footnotesignore").unlink()
    assert engine.sync().added == 1
    assert found(engine, "firs") == ["notes/blog/drafts/draft.md"]
    accounted(engine, notes)


def test_a_bad_line_costs_its_line_only(engine: Engine, notes: Path) -> None:
    """It is told with its number until it is mended; a bad setting stops before anything is read."""
    (notes / ".footnotesignore").write_text("cedar.md\n!\nblog/\n", "utf-8")
    for _ in range(2):
        report = engine.sync()
        assert [(i.path, i.reason) for i in report.failed] == [
            ("notes/.footnotesignore", "no gitignore pattern stands in line 2")
        ]
    assert is_gone(engine, "cedar")
    assert is_gone(engine, "elms")
    accounted(engine, notes)
    with (
        footnotes.open(engine.home, settings={"sync.exclude": ["ok", "!"]}) as other,
        pytest.raises(ConfigError, match=r"sync\.exclude: '!'"),
    ):
        other.sync()


def test_rules_that_cannot_be_read_keep_their_folder_closed(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person wanted left out is not read because a file of rules is locked for a moment."""
    (notes / "blog" / ".footnotesignore").write_text("drafts/\n", "utf-8")
    real = Path.read_bytes

    def refusing(self: Path) -> bytes:
        if self.name == ".footnotesignore":
            raise PermissionError(13, "Permission denied")
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refusing)
        report = engine.sync()
        assert [(i.path, i.reason) for i in report.failed] == [
            ("notes/blog", "the folder cannot be listed: Permission denied")
        ]
        assert is_gone(engine, "firs")
    engine.sync()
    assert is_gone(engine, "firs")
    assert found(engine, "elms") == ["notes/blog/post.md"]
    accounted(engine, notes)


def test_only_what_is_included_is_read(engine: Engine, notes: Path) -> None:
    """The others are listed with that reason."""
    with footnotes.open(engine.home, settings={"sync.include": ["blog/", "apple.*"]}) as other:
        report = other.sync()
        assert report.added == 3
        assert Counter(i.reason for i in report.skipped)["not named by sync.include"] == 3
        accounted(other, notes)


def test_an_encoding_is_named_for_files_by_pattern(engine: Engine, notes: Path) -> None:
    """The first pattern that matches says; naming another one reads those files again; a bad name is told."""
    text = "我们的猫叫年糕，它喜欢晒太阳。"
    (notes / "old").mkdir()
    (notes / "old" / "猫.md").write_bytes(text.encode("gb18030"))
    engine.sync()
    settings: dict[str, object] = {"sync.encodings": {"old/": "gb18030", "*.md": "utf-8"}}
    with footnotes.open(engine.home, settings=settings) as other:
        assert other.sync().changed == 6
        document = other.document("notes/old/猫.md")
        assert document is not None
        assert (document.text, document.encoding) == (text, "gb18030")
        assert other.sync().changed == 0
    with pytest.raises(ConfigError, match="no-such-code"):
        footnotes.open(engine.home, settings={"sync.encodings": {"old/": "no-such-code"}})


def test_what_patterns_leave_out_is_not_lost(engine: Engine, notes: Path) -> None:
    """A rule that leaves out most notes was written on purpose: it is applied, and taking it back brings them back."""
    (notes / ".footnotesignore").write_text("*.md\n", "utf-8")
    report = engine.sync()
    assert report.refused == []
    assert not any(engine.catalogue.records("notes")[i.path].status == "indexed" for i in report.skipped)
    (notes / ".footnotesignore").unlink()
    assert engine.sync().added > 2
    accounted(engine, notes)


@posix
def test_links_are_listed_with_where_they_lead(engine: Engine, notes: Path, tmp_path: Path) -> None:
    """Inside, the note is read under its own name; outside, nothing is read."""
    (tmp_path / "secret.md").write_text("top secret", "utf-8")
    (notes / "inside.md").symlink_to(notes / "blog" / "post.md")
    (notes / "outside.md").symlink_to(tmp_path / "secret.md")
    (notes / "folder").symlink_to(tmp_path)
    (notes / "loop").symlink_to(notes)
    (notes / "broken.md").symlink_to("nowhere.md")
    engine.sync()
    rows = statuses(engine)
    assert rows["notes/inside.md"] == "symbolic link to blog/post.md"
    assert rows["notes/outside.md"] == rows["notes/folder"] == "symbolic link out of the folder"
    assert rows["notes/loop"] == "symbolic link to ."
    assert rows["notes/broken.md"] == "symbolic link to nowhere.md"
    assert is_gone(engine, "secret")
    assert engine.changed_since_sync(5) == 0


def test_a_format_whose_extra_is_missing_names_it(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installed later, its files are read without being asked."""
    from ingest import loaders

    (notes / "letter.docx").write_bytes(b"PK")
    loader = Loader("docx", (".docx",), needs=("no_such_package",), extra="formats")
    monkeypatch.setattr(loaders, "_BY_SUFFIX", {**loaders._BY_SUFFIX, ".docx": loader})
    engine.sync()
    assert statuses(engine)["notes/letter.docx"] == "needs footnotes[formats]"
    assert template_of("needs footnotes[formats]") == ("needs footnotes[{extra}]", {"extra": "formats"})


@posix
@pytest.mark.parametrize(
    "name",
    [
        "line\nbreak.md",
        "emoji 🐈‍⬛ 猫.md",
        "长" * 80 + ".md",
        "spaces  .md",
        "-dash.md",
        "%41.md",
        "a'b\"c.md",
        "{x}.md",
    ],
)
def test_odd_names_come_and_go(engine: Engine, notes: Path, name: str) -> None:
    """Indexed under their own names, renamed without being read as new, and removed."""
    (notes / name).write_text("# Tree\n\nwalnut tree", "utf-8")
    engine.sync()
    assert found(engine, "walnut") == [f"notes/{name}"]
    (notes / name).rename(notes / "blog" / name.upper())
    report = engine.sync()
    assert (report.moved, report.added, report.removed, report.embedded) == (1, 0, 0, 0)
    assert found(engine, "walnut") == [f"notes/blog/{name.upper()}"]
    (notes / "blog" / name.upper()).unlink()
    assert engine.sync().removed == 1
    accounted(engine, notes)


def test_a_rename_of_case_or_unicode_form_only_is_a_move(engine: Engine, notes: Path) -> None:
    """Case: another id for the same bytes. NFC to NFD: the same note under another spelling on the disk."""
    (notes / "Café.md").write_text("# Tree\n\nwalnut tree", "utf-8")
    engine.sync()
    (notes / "birch.md").write_text("# Birch", "utf-8")
    engine.sync()
    (notes / "birch.md").rename(notes / "Birch.md")
    (notes / "Café.md").rename(notes / unicodedata.normalize("NFD", "Café.md"))
    report = engine.sync()
    assert (report.moved, report.added, report.removed, report.embedded) == (1, 0, 0, 0)
    assert found(engine, "birch") == ["notes/Birch.md"]
    assert found(engine, "walnut") == ["notes/Café.md"]
    path = engine.file_of("notes/Café.md")
    assert path is not None
    assert path.read_text("utf-8").endswith("walnut tree")
    assert engine.changed_since_sync(5) == 0


# --- forgotten ---------------------------------------------------------------------------------------------------


def forget(engine: Engine, doc_id: str) -> None:
    """Mark a note as its owner's wish does, and nothing else."""
    record = engine.catalogue.record(doc_id)
    assert record is not None
    with engine.catalogue.database.writing() as db:
        batch = Batch(db)
        batch.fail(doc_id, "skipped", FORGOTTEN, record.state, record.sha256, record.recipe)
        batch.finish()


def forgotten(engine: Engine) -> set[str]:
    """Notes that carry the mark."""
    return {i for i, reason in statuses(engine).items() if reason == FORGOTTEN}


def test_a_forgotten_note_stays_forgotten(engine: Engine, notes: Path) -> None:
    """Untouched, edited, touched, moved, and moved again; a full check changes nothing."""
    engine.sync()
    forget(engine, "notes/apple.md")
    for _ in range(2):
        report = engine.sync(verify=True)
        assert ("notes/apple.md", FORGOTTEN) in {(i.path, i.reason) for i in report.skipped}
        assert is_gone(engine, "apple")
        assert engine.changed_since_sync(5) == 0
    (notes / "apple.md").write_text("apple pie", "utf-8")
    assert engine.changed_since_sync(5) == 0
    engine.sync()
    (notes / "apple.md").rename(notes / "blog" / "pie.md")
    report = engine.sync()
    assert forgotten(engine) == {"notes/blog/pie.md"}
    (notes / "blog" / "pie.md").rename(notes / "again.md")
    engine.sync(paths=[notes / "blog" / "pie.md", notes / "again.md"])
    assert forgotten(engine) == {"notes/again.md"}
    assert is_gone(engine, "apple")
    assert is_gone(engine, "pie")
    (notes / "again.md").unlink()
    engine.sync()
    assert forgotten(engine) == set()
    accounted(engine, notes)


def test_no_other_reason_covers_the_mark(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left out and let in again, in a folder that is closed for a while: it is still forgotten."""
    engine.sync()
    forget(engine, "notes/blog/post.md")
    for rules in ("post.md\n", "blog/\n"):
        (notes / ".footnotesignore").write_text(rules, "utf-8")
        engine.sync(accept_deletions=True)
        assert forgotten(engine) == {"notes/blog/post.md"}
        (notes / ".footnotesignore").unlink()
        engine.sync()
        assert forgotten(engine) == {"notes/blog/post.md"}
    real = os.scandir

    def refusing(path: Path | int) -> object:
        if not isinstance(path, int) and Path(path) == notes / "blog":
            raise PermissionError(13, "Permission denied")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        engine.sync()
        assert forgotten(engine) == {"notes/blog/post.md"}
    engine.sync()
    assert forgotten(engine) == {"notes/blog/post.md"}
    assert is_gone(engine, "elms")
    accounted(engine, notes)


def test_a_copy_of_a_forgotten_note_is_another_note(engine: Engine, notes: Path) -> None:
    """The mark moves with a file, it does not spread to files with equal bytes."""
    engine.sync()
    forget(engine, "notes/apple.md")
    (notes / "copy.md").write_bytes((notes / "apple.md").read_bytes())
    assert engine.sync().added == 1
    assert found(engine, "apple") == ["notes/copy.md"]
    assert forgotten(engine) == {"notes/apple.md"}
