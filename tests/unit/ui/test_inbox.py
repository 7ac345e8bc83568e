"""Uploads: where they go, under which name, and that nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.errors import ConfigError, FootnotesError
from ui import inbox

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("note.md", "note.md"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\日记.md", "日记.md"),
        (".bashrc", "bashrc"),
        ("a\x00b\nc:d?.md", "a b c d.md"),
        ("...md", "md"),
        ("e\u0301.md", "\u00e9.md"),
        ("x" * 300 + ".pdf", "x" * 176 + ".pdf"),
    ],
)
def test_names_are_made_safe(given: str, name: str) -> None:
    """No folders, no hidden files, no characters that a file system refuses, not too long."""
    assert inbox.safe_name(given) == name


@pytest.mark.parametrize("given", ["", "..", "/", " . ", "\x01\x02"])
def test_what_leaves_no_name_is_refused(given: str) -> None:
    """In one line that names it."""
    with pytest.raises(FootnotesError, match="is no name for a file"):
        inbox.safe_name(given)


def test_a_file_never_takes_anothers_place(tmp_path: Path) -> None:
    """The second gets a number, the third the next; a link in the way is not followed."""
    outside = tmp_path / "outside.md"
    outside.write_text("mine", "utf-8")
    folder = tmp_path / "inbox"
    assert inbox.put(folder, "a.md", b"1").name == "a.md"
    (folder / "a 2.md").symlink_to(outside)
    assert inbox.put(folder, "a.md", b"2").name == "a 3.md"
    assert (folder / "a.md").read_bytes() == b"1"
    assert outside.read_text("utf-8") == "mine"


def test_a_folder_that_nobody_reads_is_a_wrong_setting(tmp_path: Path) -> None:
    """It must lie in a registered folder; none set is none; one that cannot be written to is none."""
    notes = tmp_path / "notes"
    notes.mkdir()
    for setting, expected in (
        (None, None),
        (str(notes / "in"), notes / "in"),
        (str(notes / "x" / "y"), None),
    ):
        with footnotes.open(tmp_path / "home", settings={"ui.inbox": setting}) as engine:
            engine.add_root(notes)
            assert inbox.folder_of(engine) == expected
    with (
        footnotes.open(tmp_path / "home", settings={"ui.inbox": str(tmp_path)}) as engine,
        pytest.raises(ConfigError, match="lies in no registered folder"),
    ):
        inbox.folder_of(engine)
