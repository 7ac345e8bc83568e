"""Kill the process anywhere: the next start answers from the last committed state."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import footnotes

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 100 if os.environ.get("FOOTNOTES_SOAK") else 8
NOTES = 60
SYNC = [sys.executable, "-c", "from rag.cli import main; main()", "sync", "-q", "--set", "sync.batch=2"]


def write_vault(folder: Path, version: int, rng: random.Random) -> dict[str, str]:
    """Write a version of every note: some stay, some change, some go. Returns text by document id."""
    folder.mkdir(exist_ok=True)
    texts = {}
    for i in range(NOTES):
        path = folder / f"note{i}.md"
        fate = rng.random()
        if version and fate < 0.4 and path.exists():
            texts[f"vault/{path.name}"] = path.read_text("utf-8")
            continue
        if version and fate < 0.5:
            path.unlink(missing_ok=True)
            continue
        text = f"# Note {i}\n\nversion{version} of note{i}. " + "笔记内容在这里。" * rng.randrange(40) + "\n"
        path.write_text(text, encoding="utf-8")
        texts[f"vault/{path.name}"] = text
    return texts


def indexed(home: Path) -> dict[str, str]:
    """What the catalogue holds, after the doctor has proved everything but the folders."""
    with footnotes.open(home) as engine:
        engine.refresh()
        for finding in engine.doctor():
            assert finding.ok or finding.check.startswith("root "), finding
        found = {}
        for doc_id, record in engine.catalogue.records("vault").items():
            document = engine.document(doc_id)
            assert record.status == "indexed"
            assert document is not None
            found[doc_id] = document.text
        return found


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_killed_sync_leaves_a_committed_state(tmp_path: Path, footnotes_home: Path) -> None:
    """At a random moment of each of many syncs; every note is either its old or its new version."""
    rng = random.Random(20)
    vault = tmp_path / "vault"
    old = write_vault(vault, 0, rng)
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(vault)
        engine.sync()
    started = time.monotonic()
    subprocess.run(SYNC, check=True)
    idle = time.monotonic() - started
    killed = 0
    for version in range(1, KILLS + 1):
        new = write_vault(vault, version, rng)
        process = subprocess.Popen(SYNC)
        time.sleep(rng.uniform(0.7 * idle, 1.2 * idle))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        found = indexed(footnotes_home)
        for doc_id in old.keys() | new.keys() | found.keys():
            assert found.get(doc_id) in {old.get(doc_id), new.get(doc_id)}, doc_id
        with footnotes.open(footnotes_home) as engine:
            engine.sync()
            assert all(finding.ok for finding in engine.doctor())
        assert indexed(footnotes_home) == new
        old = new
    print(f"{KILLS} syncs, {killed} of them killed")  # noqa: T201 - a figure of `make soak`
    assert killed, "no sync was still running when the signal came"


@pytest.mark.skipif(sys.platform != "linux", reason="file size limits as Linux has them")
def test_full_disk_keeps_the_old_state(tmp_path: Path, footnotes_home: Path) -> None:
    """No file may grow: one line, exit code 1; with room again, the next sync completes."""
    rng = random.Random(3)
    vault = tmp_path / "vault"
    old = write_vault(vault, 0, rng)
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(vault)
        engine.sync()
    new = write_vault(vault, 1, rng)
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); from rag.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "sync"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    found = indexed(footnotes_home)
    for doc_id in old.keys() | new.keys() | found.keys():
        assert found.get(doc_id) in {old.get(doc_id), new.get(doc_id)}, doc_id
    with footnotes.open(footnotes_home) as engine:
        engine.sync()
    assert indexed(footnotes_home) == new


def test_two_syncs_at_once_agree(tmp_path: Path, footnotes_home: Path) -> None:
    """They take turns at the write lock, and the index equals the folder."""
    rng = random.Random(5)
    vault = tmp_path / "vault"
    write_vault(vault, 0, rng)
    with footnotes.open(footnotes_home) as engine:
        engine.add_root(vault)
    new = write_vault(vault, 1, rng)
    command = [
        sys.executable,
        "-c",
        "from rag.cli import main; main()",
        "sync",
        "-q",
        "--set",
        "sync.batch=3",
    ]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert indexed(footnotes_home) == new
    with footnotes.open(footnotes_home) as engine:
        assert engine.sync().unchanged == len(new)
        assert all(finding.ok for finding in engine.doctor())
