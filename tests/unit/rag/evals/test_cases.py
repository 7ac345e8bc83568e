"""Questions in YAML: read as they were written, kept as their reviewer left them, and broken ones told by line."""

from __future__ import annotations

import stat
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest
import yaml

from rag.errors import EvalError
from rag.evals import cases
from rag.evals.cases import Case, Gold

if TYPE_CHECKING:
    from pathlib import Path

AWKWARD = Case(
    "cloze-1",
    "cloze",
    'what: "is" #this? 猫',
    gold=(Gold("notes/a b.md", "- [x] a: 'b'\n  | c\ttab “引号”"), Gold("notes/猫.md")),
    wrong=(Gold("notes/c.md", "no"),),
    answer="2022-04-01",
    exclude=("notes/d.md",),
    keep=False,
    day=date(2022, 4, 1),
    unanswerable=True,
)
PLAIN = Case("link-2", "link", "yes", gold=(Gold("notes/no.md", "null"),))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Quotes with colons, quotation marks, line ends; texts that YAML would take for dates, booleans or nothing."""
    path = tmp_path / "own.yaml"
    assert cases.load(path) == []
    assert cases.add(path, [AWKWARD, PLAIN]) == 2
    assert cases.load(path) == [AWKWARD, PLAIN]
    assert [item["id"] for item in yaml.safe_load(path.read_text("utf-8"))] == ["cloze-1", "link-2"]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_stands_there_is_left_alone(tmp_path: Path) -> None:
    """Comments and edits too; only new questions are appended."""
    path = tmp_path / "own.yaml"
    cases.add(path, [AWKWARD])
    edited = path.read_text("utf-8").replace("keep: false", "keep: true  # I checked") + "# mine\n"
    path.write_text(edited, "utf-8")
    assert cases.add(path, [AWKWARD, PLAIN]) == 1
    assert path.read_text("utf-8").startswith(edited)
    assert [case.keep for case in cases.load(path)] == [True, None]
    before = path.read_bytes()
    assert cases.add(path, [AWKWARD, PLAIN]) == 0
    assert path.read_bytes() == before


def test_a_comment_line_says_how_to_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the reader's language."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    cases.add(tmp_path / "own.yaml", [PLAIN])
    head = (tmp_path / "own.yaml").read_text("utf-8").partition("\n\n")[0]
    assert all(line.startswith("# ") for line in head.splitlines())
    assert "请逐条看过" in head


GOOD = "- question: q\n  gold: [notes/a.md]\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (GOOD + "- question: [a\n", 4, "not YAML"),
        (GOOD + "- question: a: b\n", 3, "not YAML"),
        ("question: q\n", 1, "a list of questions"),
        (GOOD + "\n- text\n", 4, "an item with"),
        (GOOD + "- gold: [notes/a.md]\n", 3, "`question` is empty"),
        (GOOD + "- question: q\n", 3, "`gold` names no note"),
        (GOOD + "- question: q\n  gold:\n  - quote: x\n", 3, "which names no note"),
        (GOOD + "- question: q\n  gold: [notes/a.md]\n  keep: maybe\n", 3, "not true or false"),
        (GOOD + "- question: q\n  gold: [notes/a.md]\n  day: soon\n", 3, "not a day"),
        (GOOD + "- question: q\n  gold: [notes/a.md]\n  exclude: {a: b}\n", 3, "no list of notes"),
        (GOOD + GOOD, 3, "used twice"),
    ],
)
def test_a_broken_file_is_told_in_one_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    """File, line, reason and remedy."""
    path = tmp_path / "own.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(EvalError) as caught:
        cases.load(path)
    told = str(caught.value)
    assert told.startswith(f"{path}, line {line}: ")
    assert reason in told
    assert "Mend" in told
    assert "\n" not in told


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    """With the remedy."""
    (tmp_path / "own.yaml").write_bytes("- question: 问题\n".encode("gbk"))
    with pytest.raises(EvalError, match="Save it as UTF-8"):
        cases.load(tmp_path / "own.yaml")


def test_short_forms_are_understood(tmp_path: Path) -> None:
    """As somebody writes by hand: a note instead of a list, yes for true, an id of its own."""
    path = tmp_path / "own.yaml"
    path.write_text("- question: 我的猫叫什么\n  gold: notes/a.md\n  keep: yes\n", "utf-8")
    (case,) = cases.load(path)
    assert (case.kind, case.gold, case.keep) == ("own", (Gold("notes/a.md"),), True)
    assert case.id == cases.identity("own", "我的猫叫什么")
