"""Patterns mean what they mean to git."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
import unicodedata
from typing import TYPE_CHECKING

import pytest

from ingest import ignore
from rag.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def left_out(root: Path, exclude: tuple[str, ...] = ()) -> set[str]:
    """Files that some pattern leaves out, found one by one."""
    rules = ignore.of_setting("sync.exclude", exclude)
    files = [p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()]
    return {path for path in files if ignore.left_out(root, path, rules)}


def tree(root: Path, *paths: str) -> None:
    """Empty files."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def test_the_last_pattern_and_the_deeper_file_win(tmp_path: Path) -> None:
    """As in git; below a folder that is left out, nothing comes back."""
    tree(tmp_path, "a.md", "b.md", "sub/a.md", "sub/b.md", "out/a.md", "public/a.md", "keep/drafts/x.md")
    (tmp_path / ".footnotesignore").write_text(
        "*.md\n!b.md\nout/\n!out/a.md\n!public/\n# comment\n\n", "utf-8"
    )
    (tmp_path / "sub" / ".footnotesignore").write_text("!a.md\n/b.md\n", "utf-8")
    assert left_out(tmp_path, ("public/", ".*")) == {
        "a.md",
        "keep/drafts/x.md",
        "out/a.md",
        "public/a.md",
        "sub/b.md",
        ".footnotesignore",
        "sub/.footnotesignore",
    }


def test_a_pattern_names_itself_and_its_place(tmp_path: Path) -> None:
    """So that a person can find the line that hides a note."""
    tree(tmp_path, "blog/drafts/a.md")
    (tmp_path / "blog" / ".footnotesignore").write_text("*.tmp\ndrafts/\n", "utf-8")
    pattern = ignore.left_out(tmp_path, "blog/drafts/a.md", ignore.Rules())
    assert pattern is not None
    assert (pattern.text, pattern.source) == ("drafts/", "blog/.footnotesignore")


def test_bad_lines_are_numbered_and_the_rest_holds(tmp_path: Path) -> None:
    """A slip costs its line only; bytes that are no text are one bad line."""
    (tmp_path / ".footnotesignore").write_text("good.md\n!\n[z-a].md\nalso.md\n", "utf-8")
    rules, bad = ignore.of_folder(tmp_path, "")
    assert bad == [2, 3]
    assert [p.text for p in rules.patterns] == ["good.md", "also.md"]
    (tmp_path / ".footnotesignore").write_bytes(b"\x00\x01\x02\x03" * 99)
    assert ignore.of_folder(tmp_path, "") == (ignore.Rules(), [1])


def test_a_bad_pattern_in_the_settings_is_an_error() -> None:
    """The line names the setting and the pattern."""
    for make in (ignore.of_setting, ignore.Named):
        with pytest.raises(ConfigError, match=r"sync\.exclude: '!' is no gitignore pattern"):
            make("sync.exclude", ("ok", "!"))
    with pytest.raises(ConfigError, match=r"sync\.encodings: '!'"):
        ignore.Chosen("sync.encodings", {"!": "gbk"})


def test_patterns_and_names_meet_in_one_unicode_form(tmp_path: Path) -> None:
    """A pattern typed on a Mac, a name stored by one, and Chinese."""
    decomposed = unicodedata.normalize("NFD", "Café")
    tree(tmp_path, "日记/私密/a.md", "日记/b.md")
    (tmp_path / ".footnotesignore").write_text("日记/私密\n", "utf-8")
    assert left_out(tmp_path, (f"{decomposed}.md",)) == {"日记/私密/a.md"}
    rules = ignore.of_setting("sync.exclude", (f"{decomposed}/",))
    assert rules.against("Café", folder=True)
    assert not rules.against("Café", folder=False)


def test_the_first_pattern_chooses_and_the_last_names() -> None:
    """Encodings: first match. Files that are read: as in git, the last one."""
    chosen = ignore.Chosen("sync.encodings", {"old/special.txt": "big5", "old/": "gb18030"})
    assert [chosen.of(p) for p in ("old/special.txt", "old/deep/a.md", "new.md")] == ["big5", "gb18030", None]
    named = ignore.Named("sync.include", ("*.md", "!private/**"))
    assert [p in named for p in ("a.md", "deep/a.md", "a.txt", "private/a.md")] == [True, True, False, False]
    assert "anything" in ignore.Named("sync.include", ())


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    """A git repository, where git is installed."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    subprocess.run([git, "init", "-q", str(tmp_path)], check=True)
    yield tmp_path
    shutil.rmtree(tmp_path / ".git")


def test_random_patterns_mean_what_they_mean_to_git(repository: Path, soak: bool) -> None:
    """Names, folders, anchors, stars, negations, files of patterns at two depths: judged by git itself."""
    random_ = random.Random(11)
    names = ["a", "b", "ab", "c.md", "d.md"]
    for _ in range(300 if soak else 30):
        shutil.rmtree(repository / "t", ignore_errors=True)
        root = repository / "t"
        paths = {"/".join(random_.choices(names, k=random_.randint(1, 4))) for _ in range(25)}
        for path in sorted(paths):
            if not any((root / p).is_file() for p in _around(path)) and not (root / path).is_dir():
                tree(root, path)
        for folder in [root, *[p for p in root.rglob("*") if p.is_dir()][:2]]:
            lines = [_pattern(random_, names) for _ in range(random_.randint(1, 4))]
            for name in (".footnotesignore", ".gitignore"):
                (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
        files = [p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()]
        command = ["git", "-C", str(root), "check-ignore", "--no-index", "--stdin"]
        run = subprocess.run(command, input="\n".join(files), capture_output=True, text=True, check=False)
        expected = {line for line in run.stdout.splitlines() if not line.endswith("ignore")}
        found = {path for path in left_out(root) if not path.endswith("ignore")}
        assert found == expected, {str(p): p.read_text("utf-8") for p in root.rglob(".footnotesignore")}


def _around(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _pattern(random_: random.Random, names: list[str]) -> str:
    """A line. One that ends with ``**/`` is left to git's documentation, which does not speak of it."""
    pieces = [
        random_.choice([*names, "*", "a*", "*.md", "**", "?", "[ab]"]) for _ in range(random_.randint(1, 3))
    ]
    end = "" if pieces[-1] == "**" else random_.choice(["", "", "/"])
    return random_.choice(["", "", "!"]) + random_.choice(["", "/"]) + "/".join(pieces) + end


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("*a" * 12 + "*b", "a" * 250), ("**/a/" * 6 + "b", "a/" * 400 + "c"), ("[a-z]*" * 9 + "1", "a" * 250)],
)
def test_no_pattern_takes_long(pattern: str, path: str) -> None:
    """A folder of notes may come from anybody; a regular expression would go back and forth for years."""
    began = time.perf_counter()
    assert ignore.of_setting("sync.exclude", (pattern,)).against(path, folder=False) is None
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        (r"\!a", "!a", True),
        (r"\#a", "#a", True),
        (r"a\ ", "a ", True),
        ("a  ", "a", True),
        ("[!ab]c", "xc", True),
        ("[^ab]c", "ac", False),
        ("[]-]x", "]x", True),
        ("**b", "xb", True),
        ("/**", "a", True),
        ("a/**/b", "a/b", True),
        ("a/**", "a", False),
        ("*.md.*", "x.md.md.bak", True),
        ("笔记?", "笔记一", True),
    ],
)
def test_signs_in_patterns(pattern: str, path: str, *, expected: bool) -> None:
    """Escaped ones, classes, and stars in all places."""
    rules = ignore.of_setting("sync.exclude", (pattern,))
    assert (rules.against(path, folder=False) is not None) == expected


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_a_link_to_rules_is_none(tmp_path: Path) -> None:
    """A scan does not follow it, so nobody else may."""
    (tmp_path / "rules").write_text("*\n", "utf-8")
    (tmp_path / ".footnotesignore").symlink_to(tmp_path / "rules")
    tree(tmp_path, "a.md")
    assert ignore.left_out(tmp_path, "a.md", ignore.Rules()) is None
