"""Files of every format that are damaged, hostile or hard to name: none stops a sync, each is accounted for."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import footnotes
from ingest.prepare import Failure, Job, Outcome, prepare
from tests.integration import bad_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from footnotes import Engine

LIMIT_S = 20
MEMORY_MB = 1500
GOOD = 12
# In a process of its own, so that memory is that of this sync alone. A script without a guard: workers must cope.
SYNC = """
import json, sys, threading, footnotes
from pathlib import Path

def resident(pid):
    try:
        return int(Path("/proc", pid, "statm").read_text().split()[1]) * 4096
    except (OSError, IndexError):  # it has ended
        return 0

def watch():
    while not watching.wait(0.01):
        children = set()
        for listed in Path("/proc/self/task").glob("*/children"):
            try:
                children.update(listed.read_text().split())
            except OSError:
                pass
        sizes.append((resident("self"), sum(map(resident, children))))

watching, sizes = threading.Event(), []
threading.Thread(target=watch, daemon=True).start()
settings = {"sync.file_timeout_s": float(sys.argv[2]), "sync.max_file_mb": 200, "ocr.enabled": False}
with footnotes.open(sys.argv[1] + "/home", settings=settings) as engine:
    engine.add_root(Path(sys.argv[1]) / "vault")
    first, second = engine.sync().to_json(), engine.sync().to_json()
    texts = ((i, engine.document(i)) for i in engine.catalogue.records("vault"))
    indexed = {i: "root:x:0" in document.text for i, document in texts if document}  # one at a time in memory
    report = {
        "first": first,
        "second": second,
        "indexed": list(indexed),
        "leaks": [i for i, is_leak in indexed.items() if is_leak],
        "found": [hit.chunk.doc_id for hit in engine.search("pelican good", 50).stages["lexical"]],
        "problems": [f"{f.check}: {f.problem}" for f in engine.doctor() if not f.ok],
    }
watching.set()
try:
    import resource
except ImportError:
    report["memory"] = {}
else:
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    own, workers = (resource.getrusage(w).ru_maxrss // unit for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    report["memory"] = {"parent": own, "workers": workers, "together": own + workers}
    if Path("/proc/self/statm").exists():
        # ru_maxrss counts what a process was before it became another program, too: a worker is as large as its parent.
        own, workers, both = ([o for o, _ in sizes], [w for _, w in sizes], [o + w for o, w in sizes])
        report["memory"] = {"parent": max(own) >> 20, "workers": max(workers) >> 20, "together": max(both) >> 20}
print(json.dumps(report))
"""
# Files in the folders of damaged things that nothing is lost of, and why.
HARMLESS = {
    "pdfs": {
        "huge-count.pdf",  # what it counts wrongly is there
        "negative-count.pdf",
        "prev-loop.pdf",
        "outline-loop.pdf",
        "info-loop.pdf",
        "stream-loop.pdf",
    },
    "offices": {
        "foreign.docx",  # what other files say is no part of it
        "laughs.epub",
        "deep.epub",  # holds no word
        "spaces.odt",
        "endless-spine.epub",  # one chapter, said often
        "far-cell.xlsx",
        "cells.ods",
    },
    "images": {"truncated.png"},  # without text recognition, its name is all there is
}
TOLD = {
    "texts": {"invalid.md", "nul.md", "nul-inside.md", "surrogates.md", "odd-utf16.md", "controls.log"},
    "front": {"open-flow.md", "python.md", "escapes.md", "nul-key.md", "bad-toml.md"},
    "structures": {"not-json.ipynb", "wrong-types.ipynb", "deep.ipynb", "nul.csv", "multiparts.eml"},
    "special": {"pipe.md", "socket.md", "nowhere.md", "itself.md", "outside.md"}
    if os.name == "posix"
    else set(),
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory, soak: bool) -> Iterator[tuple[Path, int]]:
    """A folder that holds ``vault``, with all bad files among good notes; and how many files that are."""
    base = tmp_path_factory.mktemp("bad")
    folder = base / "vault"
    folder.mkdir()
    for number in range(GOOD):
        (folder / f"good{number}.md").write_text(f"# Good {number}\n\nA pelican, number {number}.\n", "utf-8")
    yield base, bad_files.write(folder, 100_000_000 if soak else 2_000_000) + GOOD
    locked = folder / "special" / "locked.md"
    if locked.exists():
        locked.chmod(0o600)


def test_bad_files_are_each_accounted_for(vault: tuple[Path, int], tmp_path: Path) -> None:
    """The sync ends, good notes are found, what is lost is told, memory stays bounded, nothing is tried again."""
    base, total = vault
    done = subprocess.run(
        [sys.executable, "-c", SYNC, str(base), str(LIMIT_S)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report: dict[str, Any] = json.loads(done.stdout)
    first, second = report["first"], report["second"]
    figures = {name: len(first[name]) for name in ("failed", "skipped", "warnings")}
    print(f"{total} files in {first['seconds']} s, {figures}, memory {report['memory']} MB")  # noqa: T201 - a figure
    assert first["refused"] == []
    assert total >= 60 + GOOD
    assert total == first["documents"] + len(first["failed"]) + len(first["skipped"])
    told = _told(first)
    for path, reason in told.items():
        assert reason.strip(), path
        assert len(reason.splitlines()) == 1, path
    assert _lossy(base / "vault") - {path.removeprefix("vault/") for path in told} == set(), "silently lost"
    assert {f"vault/good{n}.md" for n in range(GOOD)} <= set(report["found"])
    assert {f"vault/names/{name}" for name in bad_files.names()} <= set(report["indexed"])
    assert report["leaks"] == []
    assert report["problems"] == []
    assert report["memory"].get("together", 0) < MEMORY_MB, report["memory"]
    assert (second["added"], second["changed"], second["moved"], second["removed"]) == (0, 0, 0, 0)
    assert second["unchanged"] == first["documents"]
    assert _paths(second["failed"]) == _paths(first["failed"])
    assert second["seconds"] < LIMIT_S / 4, "nothing was read again"


def _told(report: dict[str, Any]) -> dict[str, str]:
    return {i["path"]: i["reason"] for kind in ("failed", "skipped", "warnings") for i in report[kind]}


def _paths(issues: list[dict[str, str]]) -> set[str]:
    return {issue["path"] for issue in issues}


def _lossy(vault: Path) -> set[str]:
    """What has lost something, and must be named in one of the three lists."""
    lossy = {f"{folder}/{name}" for folder, names in TOLD.items() for name in names}
    for folder in ("pdfs", "offices", "images"):
        present = {path.name for path in (vault / folder).iterdir()}
        lossy |= {f"{folder}/{name}" for name in present - HARMLESS[folder]}
    return lossy


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder of three notes."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("apple", "pear", "plum"):
        (folder / f"{name}.md").write_text(f"The {name} is ripe.", "utf-8")
    return folder


def test_file_that_changes_while_it_is_read_is_looked_at_again(
    footnotes_home: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same sync, whole; one that never holds still fails, and is read when it does."""
    real = Path.read_bytes
    edits = {"apple.md": 1, "pear.md": 99}

    def edited(self: Path) -> bytes:
        data = real(self)
        if edits.get(self.name, 0) > 0:
            edits[self.name] -= 1
            self.write_text(self.read_text("utf-8") + " More.", "utf-8")
        return data

    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", edited)
            report = engine.sync()
        assert [i.path for i in report.failed] == ["notes/pear.md"]
        assert "is being written to" in report.failed[0].reason
        apple = engine.document("notes/apple.md")
        assert apple is not None
        assert apple.text == "The apple is ripe. More."
        assert report.documents == 2
        report = engine.sync()
        assert (report.failed, report.documents) == ([], 3)


def test_failure_by_a_limit_is_read_again_once_the_limit_is_raised(
    footnotes_home: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its reason promises; until then it is left alone."""

    def failing(job: Job) -> Outcome:
        tried.append(job.id)
        reason = "too long; took longer than 60 s; until it changes, or sync.file_timeout_s is raised"
        return Failure(reason, "0" * 64) if job.id == "notes/pear.md" else prepare(job)

    tried = list[str]()
    monkeypatch.setattr("ingest.workers.pool.prepare", failing)
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(notes)
        assert len(engine.sync().failed) == 1
        _let_it_settle(engine)
        tried.clear()
        assert [i.path for i in engine.sync().failed] == ["notes/pear.md"]
        assert tried == []
    with footnotes.open(footnotes_home, settings={"sync.file_timeout_s": 90}) as engine:
        engine.sync()
        assert tried == ["notes/pear.md"]


def _let_it_settle(engine: Engine) -> None:
    """Pretend that the scan was long after the files were written, and that the failure's hash is right."""
    digest = hashlib.sha256(b"The pear is ripe.").hexdigest()
    with engine.catalogue.database.writing() as db:
        db.execute("UPDATE documents SET scanned_ns = scanned_ns + 10000000000")
        db.execute("UPDATE documents SET sha256 = ? WHERE status = 'failed'", (digest,))
