"""Whether evaluation text is found in training text, and only where it is."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("zstandard", reason="comes with the dependency group train")

from tests.unit.training import tiny_data
from training import overlap

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH = (
    "The lighthouse keeper wrote down the weather every morning for thirty one years without missing a day."
)
CHINESE = "灯塔的看守人每天早晨都把天气写在本子里，三十一年没有漏掉过一天，直到灯塔改成自动的为止。"
OTHER = "Nothing of this sentence stands in the other text, although it is about as long as that one is, or longer."


def write_set(folder: Path, passages: list[str], questions: list[str]) -> None:
    """An evaluation set's two files."""
    folder.mkdir(parents=True)
    for name, texts in (("corpus", passages), ("queries", questions)):
        lines = [json.dumps({"_id": str(i), "text": text}) + "\n" for i, text in enumerate(texts)]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


def report(
    data: Path, sets: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[str]]:
    """Cells of the table by set."""
    monkeypatch.setattr(sys, "argv", ["overlap", str(data), str(sets)])
    overlap.main()
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return {name: cells for name, *cells in rows}


def test_report_counts_what_is_shared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passages and questions that share a window, questions word for word, and the sources; folding aside."""
    data = tiny_data.write(
        tmp_path / "data",
        {
            "passages-en": [("books", f"Before it. {ENGLISH.upper()} After it.")],
            "pairs-qa-zh": [("quiz", "灯塔在哪里？", CHINESE)],
        },
    )
    write_set(tmp_path / "sets" / "clean", [OTHER], ["Where is it?"])
    write_set(tmp_path / "sets" / "english", [ENGLISH, OTHER], ["Who wrote?"])
    write_set(tmp_path / "sets" / "chinese", [OTHER], [CHINESE, "燈塔在哪裡"])
    found = report(data, tmp_path / "sets", capsys, monkeypatch)
    assert found["clean"] == ["1", "0", "1", "0", "0", ""]
    assert found["english"][:5] == ["2", "1", "1", "0", "0"]
    assert found["english"][5].startswith("books")
    assert found["chinese"][:5] == ["1", "0", "2", "1", "2"]
    assert found["chinese"][5].startswith("quiz")


def test_any_place_in_the_training_text_is_seen() -> None:
    """The window that is looked at there moves by eight; a shared stretch of a window and seven more has one."""
    wanted = set(overlap._windows("x" * 3 + "abcdefghij" * 7 + "y" * 9, 1))
    for shift in range(16):
        other = "q" * shift + "abcdefghij" * 7
        assert wanted & set(overlap._windows(other, overlap._STRIDE))


def test_window_is_shorter_in_chinese() -> None:
    """24 characters say as much as 60 letters; shorter texts have none."""
    assert {len(window) for window in overlap._windows(CHINESE, 1)} == {24}
    assert {len(window) for window in overlap._windows(ENGLISH, 1)} == {60}
    assert list(overlap._windows("short", 1)) == []
