"""Nothing is missing without a reason: every file has its story, every character its passage or its reason."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import footnotes
from rag.cli import main
from rag.coverage import UNEXPLAINED, WHITE_SPACE, uncovered
from rag.types import Chunk, Document, Mask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine

NOTE = """\
---
title: 苹果笔记
tags: [fruit, 水果]
date: 2023-04-01
---

# Apples

The harvest 丰收 was rich. [[pear]] and [gone](nowhere.md)

%%a remark%%
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Files of every fate."""
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    (folder / "drafts").mkdir()
    (folder / "apple.md").write_text(NOTE, encoding="utf-8")
    (folder / "sub" / "pear.md").write_text("# Pears\n\nGreen.\n", encoding="utf-8")
    (folder / "drafts" / "secret.md").write_text("not yet\n", encoding="utf-8")
    (folder / ".footnotesignore").write_text("drafts/\n", encoding="utf-8")
    (folder / "binary.md").write_bytes(b"\x00\x01\x02" * 200)
    (folder / "table.xyz").write_bytes(b"?")
    return folder


@pytest.fixture
def engine(footnotes_home: Path, notes: Path) -> Iterator[Engine]:
    """A synced engine."""
    with footnotes.open(footnotes_home) as opened:
        opened.add_root(notes)
        opened.sync()
        yield opened


def run(*args: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The command line; its exit code."""
    monkeypatch.setattr("sys.argv", ["footnotes", *args])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_every_file_is_listed_once(engine: Engine) -> None:
    """Found = indexed + skipped + failed; each that is not indexed says why."""
    files = {f.id: f for f in engine.files()}
    assert {i: f.status for i, f in files.items()} == {
        "notes/.footnotesignore": "skipped",
        "notes/apple.md": "indexed",
        "notes/binary.md": "failed",
        "notes/drafts/": "skipped",
        "notes/sub/pear.md": "indexed",
        "notes/table.xyz": "skipped",
    }
    assert all(bool(f.reason) == (f.status != "indexed") for f in files.values())
    assert (files["notes/apple.md"].loader, files["notes/apple.md"].passages) == ("markdown", 1)
    status = engine.status()
    assert status.found == len(files) == status.documents + status.skipped + status.failed
    assert sum(status.skipped_for.values()) == status.skipped == 3


def test_the_story_of_an_indexed_note(engine: Engine, notes: Path) -> None:
    """By its path or its id: how it was read, its dates, masks, links, passages, vectors."""
    told = engine.why(notes / "apple.md")
    assert told == engine.why("notes/apple.md")
    assert (told.id, told.status, told.reason, told.changed) == ("notes/apple.md", "indexed", "", False)
    assert told.seen is not None
    assert told.size == len(NOTE.encode())
    held = told.contents
    assert held is not None
    assert (held.title, held.loader, held.format, held.encoding) == (
        "苹果笔记",
        "markdown",
        "markdown",
        "utf-8",
    )
    assert held.tags == ("fruit", "水果")
    assert (held.dates[0].first, held.dates[0].source, held.dates[0].shared) == (
        "2023-04-01",
        "front matter:date",
        False,
    )
    assert "comment" in {mask.reason for mask in held.masks}
    assert [(k.target, k.resolved) for k in held.links] == [("pear", "notes/sub/pear.md"), ("nowhere.md", "")]
    assert len(held.passages) == held.embedded == 1
    assert held.unexplained == 0
    document = engine.document("notes/apple.md")
    assert document is not None
    covered = sum(p.end - p.start for p in held.passages)
    assert covered + sum(held.uncovered.values()) == held.characters == len(document.text)


@pytest.mark.parametrize(
    ("path", "status", "reason", "remedy"),
    [
        ("table.xyz", "skipped", "no loader for this file type", ""),
        ("binary.md", "failed", "binary.md", ""),
        ("drafts/secret.md", "skipped", "left out by `drafts/` (.footnotesignore)", "change the pattern"),
        ("drafts", "skipped", "left out by `drafts/`", "change the pattern"),
        ("absent.md", "unknown", "there is no such file", ""),
        ("later.md", "unknown", "not synced yet", "footnotes sync"),
        ("later.xyz", "unknown", "no loader for this file type", ""),
        ("sub", "unknown", "it is a folder", "status --files"),
        ("../outside.md", "unknown", "it lies in no registered folder", "footnotes sync"),
    ],
)
def test_why_not(engine: Engine, notes: Path, path: str, status: str, reason: str, remedy: str) -> None:
    """Whatever keeps a file out of the index is named, with what to do about it."""
    for name in ("later.md", "later.xyz", "../outside.md"):
        (notes / name).write_text("new\n", encoding="utf-8")
    told = engine.why(notes / path)
    assert told.status == status
    assert reason in told.reason
    assert remedy in told.remedy
    assert told.contents is None


def test_a_changed_file_is_told_from_the_indexed_one(engine: Engine, notes: Path) -> None:
    """What the story says is as of the last sync."""
    path = notes / "sub" / "pear.md"
    path.write_text("# Pears\n\nYellow by now.\n", encoding="utf-8")
    assert engine.why(path).changed
    engine.sync()
    assert not engine.why(path).changed
    path.unlink()
    assert engine.why(path).changed


def test_paths_relative_to_the_working_directory(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a shell completes them; through a link to the folder too."""
    monkeypatch.chdir(notes / "sub")
    assert engine.why("pear.md").id == "notes/sub/pear.md"
    assert engine.why("../apple.md").id == "notes/apple.md"
    (notes.parent / "link").symlink_to(notes)
    assert engine.why(notes.parent / "link" / "apple.md").id == "notes/apple.md"


def test_dates_of_an_import_are_marked(engine: Engine, notes: Path) -> None:
    """So many notes share the day that it says when they were copied."""
    for i in range(50):
        text = f"---\ndate: 2020-01-01\n---\n# Copy {i}\n\ntext {i}\n"
        (notes / f"copy{i}.md").write_text(text, encoding="utf-8")
    engine.sync()
    held = engine.why("notes/copy7.md").contents
    assert held is not None
    (own,) = (d for d in held.dates if d.source == "front matter:date")
    assert own.shared
    assert own.confidence < 0.5


def test_the_commands(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people and for programs."""
    assert run("status", "--files", "--json", "--status", "failed", monkeypatch=monkeypatch) == 0
    assert [f["id"] for f in json.loads(capsys.readouterr().out)] == ["notes/binary.md"]
    assert run("status", "--files", monkeypatch=monkeypatch) == 0
    assert "skipped  notes/table.xyz: no loader for this file type" in capsys.readouterr().out.splitlines()
    assert run("status", "--status", "failed", monkeypatch=monkeypatch) == 2
    capsys.readouterr()
    assert run("status", monkeypatch=monkeypatch) == 0
    assert f"{len(engine.files())} found: 2 indexed, 3 skipped, 1 failed" in capsys.readouterr().out
    assert run("why", str(notes / "apple.md"), monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    for part in (
        "苹果笔记",
        "markdown by markdown, utf-8",
        "2023-04-01 from front matter:date",
        "pear -> notes/sub/pear.md",
    ):
        assert part in shown
    assert "unexplained: 0 characters" in shown
    assert run("why", str(notes / "apple.md"), "--json", monkeypatch=monkeypatch) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["contents"]["unexplained"]) == ("indexed", 0)


def test_messages_in_chinese_have_no_gaps(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is not translated is shown as it is, and nothing fails."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    for path, code in (("apple.md", 0), ("table.xyz", 0), ("absent.md", 1)):
        assert run("why", str(notes / path), monkeypatch=monkeypatch) == code
        assert path in capsys.readouterr().out
    assert engine.files()


@given(st.data())
def test_gaps_and_passages_make_up_the_text(data: st.DataObject) -> None:
    """Each character is in a passage or in exactly one range with a reason; unexplained is what has none."""
    text = data.draw(st.text(" \nab", max_size=30))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    masks = tuple(Mask(a, b, "comment") for a, b in zip(cuts[::2], cuts[1::2], strict=False) if a < b)
    edges = data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=4))
    chunks = [Chunk("n/a", a, b, text[a:b], text[a:b], "", (1, 1)) for a, b in edges if a < b]
    found = uncovered(Document("n/a", text, "", "", "text", masks=masks), chunks)
    outside = [i for start, end, _ in found for i in range(start, end)]
    inside = {i for c in chunks for i in range(c.start, c.end)}
    assert len(set(outside)) == len(outside)
    assert set(outside) | inside == set(range(len(text)))
    assert not set(outside) & inside
    masked = {i for m in masks for i in range(m.start, m.end)}
    for start, end, reason in found:
        part = text[start:end]
        assert start < end
        assert (reason == "comment") == (start in masked)
        assert all((i in masked) == (reason == "comment") for i in range(start, end))
        if reason != "comment":
            assert reason == (UNEXPLAINED if part.strip() else WHITE_SPACE)


def test_the_doctor_finds_what_nobody_explains(engine: Engine) -> None:
    """And is quick about it."""
    started = time.perf_counter()
    assert all(finding.ok for finding in engine.doctor())
    assert time.perf_counter() - started < 5
    with engine.catalogue.database.writing() as db:
        db.execute("DELETE FROM chunks WHERE doc_id = 'notes/apple.md'")
    bad = {finding.check: finding for finding in engine.doctor() if not finding.ok}
    found = bad["every character is in a passage or has a reason not to be"]
    assert (found.detail, found.remedy) == ("notes/apple.md", "footnotes sync --verify")
