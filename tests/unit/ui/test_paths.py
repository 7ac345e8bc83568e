"""Where the server's files lie for the reader."""

from __future__ import annotations

from pathlib import Path

import pytest

import footnotes
from ui.paths import Paths, editor

HOST = {"/notes": "/home/me/notes", "/notes/work": "C:\\Users\\me\\work", "/share": "\\\\nas\\share"}


@pytest.mark.parametrize(
    ("file", "there"),
    [
        ("/notes/a/b.md", "/home/me/notes/a/b.md"),
        ("/notes/work/日记/b.md", "C:\\Users\\me\\work\\日记\\b.md"),
        ("/share/b.md", "\\\\nas\\share\\b.md"),
        ("/notesmore/b.md", ""),
    ],
)
def test_folders_are_mapped_by_the_longest_that_fits(file: str, there: str) -> None:
    """Also onto Windows; what lies elsewhere is not known to be there."""
    assert Paths(is_local=False, map=HOST).read_as(Path(file)) == there


def test_what_is_not_mapped_is_the_readers_own_on_this_machine_alone() -> None:
    """Without a map, and beside it."""
    assert Paths(is_local=True, map=HOST).read_as(Path("/other/b.md")) == "/other/b.md"
    assert Paths(is_local=False).read_as(Path("/other/b.md")) == ""


def test_a_windows_path_makes_a_link_that_an_editor_takes() -> None:
    """With slashes, and its drive."""
    assert editor("C:\\Users\\me\\a b.md", 3) == "vscode://file/C:/Users/me/a%20b.md:3"


def test_the_map_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a container gets it."""
    monkeypatch.setenv("FOOTNOTES_PATHS__MAP", "/notes=/home/me/notes,/work=/srv/work")
    with footnotes.open(tmp_path) as engine:
        assert engine.settings.paths.map == {"/notes": "/home/me/notes", "/work": "/srv/work"}
