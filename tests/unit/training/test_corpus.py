"""Training text: what is read, what is left out, what is kept for measuring."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

zstandard = pytest.importorskip("zstandard", reason="comes with the dependency group train")

from tests.unit.training import tiny_data  # noqa: E402 - after the skip
from training import corpus  # noqa: E402
from training.corpus import Row  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

FILES = {file.name: file for file in corpus.FILES}
PAIRS = [("news", f"第{i}句", f"sentence number {i}") for i in range(5_000)]


def test_rows_of_pairs_and_passages(tmp_path: Path) -> None:
    """Both fields by their names in the file; a passage has no right side."""
    folder = tiny_data.write(
        tmp_path,
        {
            "pairs-parallel": [("tatoeba", "猫", "cat")],
            "pairs-qa-zh": [("cmrc", "谁？", "猫。")],
            "passages-en": [("gutenberg", "A cat.")],
        },
    )
    found = {name: list(corpus.rows(folder, file)) for name, file in FILES.items()}
    assert found["pairs-parallel"] == [Row("猫", "cat", "tatoeba")]
    assert found["pairs-qa-zh"] == [Row("谁？", "猫。", "cmrc")]
    assert found["passages-en"] == [Row("A cat.", "", "gutenberg")]
    assert found["passages-zh"] == []


def test_passages_of_an_evaluation_set_are_left_out(tmp_path: Path) -> None:
    """In every file that may hold them."""
    both = [("drcd-dev", "一", "二"), ("drcd-train", "三", "四")]
    folder = tiny_data.write(
        tmp_path, {"pairs-qa-zh": both, "passages-zh": [(source, left) for source, left, _ in both]}
    )
    for name in ("pairs-qa-zh", "passages-zh"):
        assert [row.source for row in corpus.rows(folder, FILES[name])] == ["drcd-train"]


def test_packed_files_are_read_first(tmp_path: Path) -> None:
    """``NAME.jsonl.zst``, line by line, beyond one block."""
    lines = "".join(json.dumps({"src": "s", "text": f"第{i}段" * 20}) + "\n" for i in range(5_000))
    (tmp_path / "passages-zh.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(lines.encode()))
    (tmp_path / "passages-zh.jsonl").write_text("not read", encoding="utf-8")
    found = [row.left for row in corpus.rows(tmp_path, FILES["passages-zh"])]
    assert len(found) == 5_000
    assert found[4_999] == "第4999段" * 20


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    """Never a silently smaller training text."""
    with pytest.raises(FileNotFoundError, match="passages-zh"):
        list(corpus.rows(tmp_path, FILES["passages-zh"]))


def test_held_out_pairs_are_few_and_always_the_same() -> None:
    """About one in fifty; by the text alone, so that order, process and other rows do not matter."""
    rows = [Row(left, right, source) for source, left, right in PAIRS]
    held = [row for row in rows if corpus.is_held_out(row)]
    assert 60 <= len(held) <= 140
    assert held == [row for row in reversed(rows) if corpus.is_held_out(row)][::-1]
    # Another split would measure a model on what it was trained on.
    assert [i for i, row in enumerate(rows) if corpus.is_held_out(row)][:3] == [12, 32, 47]


def test_a_repeat_goes_with_its_first() -> None:
    """The same English side with another Chinese one must not be trained on while it is measured."""
    for _, left, right in PAIRS[:500]:
        assert corpus.is_held_out(Row(left, right, "news")) == corpus.is_held_out(
            Row("另一句", right, "subtitles")
        )


def test_dictionaries_are_not_held_out() -> None:
    """Their entries are no sentences."""
    for source in corpus.TERSE:
        assert not any(corpus.is_held_out(Row(left, right, source)) for _, left, right in PAIRS)
