"""Dates from a repository's history."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import date
from typing import TYPE_CHECKING

import pytest

from ingest.gitdates import dates_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


class Repository:
    """A repository of notes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet")

    def git(self, *arguments: str, day: str = "2020-01-01") -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        when = f"{day}T23:30:00+0800"
        who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {**kept, **who, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        subprocess.run(
            ["git", "-C", str(self.path), *arguments], check=True, env=environment, capture_output=True
        )

    def write(self, name: str, text: str) -> None:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def commit(self, day: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "notes", day=day)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty one."""
    return Repository(tmp_path / "笔记")


def test_a_file_has_its_first_and_last_commit(repository: Repository) -> None:
    """The day as the author's clock had it; commits that do not touch it do not count."""
    repository.write("日记/五月 3.md", "one\n")
    repository.commit("2021-01-02")
    repository.write("日记/五月 3.md", "one\ntwo\n")
    repository.commit("2021-05-06")
    repository.write("b.md", "b\n")
    repository.commit("2022-01-01")
    repository.commit("2022-02-02")
    assert dates_of(repository.path) == {
        "日记/五月 3.md": (date(2021, 1, 2), date(2021, 5, 6)),
        "b.md": (date(2022, 1, 1), date(2022, 1, 1)),
    }


def test_moves_are_followed_and_names_used_again_are_not(repository: Repository) -> None:
    """A moved note keeps its first day; another note at the old place starts anew."""
    repository.write("a.md", "".join(f"line {i}\n" for i in range(50)))
    repository.commit("2021-01-02")
    repository.git("mv", "a.md", "b.md")
    repository.commit("2021-03-04")
    repository.write("a.md", "another note\n")
    repository.commit("2021-05-06")
    repository.git("rm", "--quiet", "a.md")
    repository.commit("2021-06-07")
    repository.write("a.md", "a third\n")
    repository.commit("2021-07-08")
    found = dates_of(repository.path)
    assert found["b.md"] == (date(2021, 1, 2), date(2021, 3, 4))
    assert found["a.md"] == (date(2021, 7, 8), date(2021, 7, 8))


def test_a_folder_within_a_repository_has_its_own_paths(repository: Repository) -> None:
    """A root need not be the repository's."""
    repository.write("notes/a.md", "a\n")
    repository.write("code.py", "pass\n")
    repository.commit("2021-01-02")
    assert dates_of(repository.path / "notes") == {"a.md": (date(2021, 1, 2), date(2021, 1, 2))}


def test_without_a_repository_there_are_no_dates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor without git, nor in a repository without commits."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert dates_of(tmp_path) == {}
    assert dates_of(tmp_path / "missing") == {}
    assert dates_of(Repository(tmp_path / "empty").path) == {}
    monkeypatch.setenv("PATH", "")
    assert dates_of(tmp_path) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="the slow git is a shell script")
def test_the_time_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a history would give wrong first days: it gives none."""
    slow = tmp_path / "git"
    slow.write_text(
        "#!/bin/sh\nprintf '\\0012021-01-02\\000\\nA\\000a.md\\000'\nexec sleep 60\n", encoding="utf-8"
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    begun = time.monotonic()
    assert dates_of(tmp_path, timeout_s=0.3) == {}
    assert time.monotonic() - begun < 20


@pytest.mark.skipif(sys.platform == "win32", reason="the traps are shell scripts")
def test_nothing_that_the_repository_names_is_run(repository: Repository, tmp_path: Path) -> None:
    """Its configuration and attributes may come from anybody."""
    trap, sprung = tmp_path / "trap.sh", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\necho sprung >> '{sprung}'\n", encoding="utf-8")
    trap.chmod(0o755)
    repository.write(".gitattributes", "*.md diff=trap filter=trap\n")
    repository.write("a.md", "".join(f"line {i}\n" for i in range(50)))
    repository.commit("2021-01-02")
    repository.git("mv", "a.md", "b.md")
    repository.commit("2021-03-04")
    for key in (
        *("core.fsmonitor", "core.pager", "pager.log", "core.sshCommand", "diff.external", "core.editor"),
        *(
            "diff.trap.textconv",
            "diff.trap.command",
            "filter.trap.smudge",
            "filter.trap.clean",
            "gpg.program",
        ),
        *("credential.helper", "core.askPass", "alias.log"),
    ):
        repository.git("config", key, str(trap))
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "core.hooksPath", str(tmp_path))
    sprung.unlink(missing_ok=True)
    assert dates_of(repository.path) == {
        "b.md": (date(2021, 1, 2), date(2021, 3, 4)),
        ".gitattributes": (date(2021, 1, 2), date(2021, 1, 2)),
    }
    assert not sprung.exists()


def test_a_git_in_the_current_folder_is_not_run(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows looks there first, and a folder of notes may hold any program."""
    repository.write("a.md", "x")
    repository.commit("2020-01-02")
    monkeypatch.setattr(shutil, "which", lambda _: f"{os.curdir}{os.sep}git.exe")
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("it was run"))
    assert dates_of(repository.path) == {}
