"""The store of recognised texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.recognised import Recognised, once, opened

if TYPE_CHECKING:
    from pathlib import Path


def test_texts_are_computed_once(tmp_path: Path) -> None:
    """By file, page, kind and reader; an empty text counts, an error does not."""
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text

    path = str(tmp_path / "recognised.db")
    for _ in range(2):
        with opened(path) as store:
            assert once(store, "ocr", "reader 1", "aa", lambda: make("one")) == "one"
            assert once(store, "ocr", "reader 1", "aa", lambda: make("two"), part=2) == "two"
            assert once(store, "ocr", "reader 2", "aa", lambda: make("")) == ""
            assert once(store, "caption", "reader 1", "aa", lambda: make("said")) == "said"
            with pytest.raises(ZeroDivisionError):
                once(store, "ocr", "reader 1", "bb", lambda: str(1 // 0))
    assert made == ["one", "two", "", "said"]


def test_it_is_done_without(tmp_path: Path) -> None:
    """A store that is not there, is damaged, or is a folder costs time only."""
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database" * 1000)
    for path in ("", str(tmp_path), str(damaged)):
        with opened(path) as store:
            assert once(store, "ocr", "r", "aa", lambda: "text") == "text"


def test_files_are_forgotten(tmp_path: Path) -> None:
    """All that came from a file goes; pruning leaves what is named, and no word stays in the file."""
    store = Recognised(tmp_path / "recognised.db")
    for sha256 in ("aa", "bb", "cc"):
        for part in (0, 1):
            store.put("ocr", "r", sha256, f"secret {sha256}", part)
    assert store.forget(["aa", "zz"]) == 2
    assert store.get("ocr", "r", "aa") is None
    assert store.prune(["cc", "yy"]) == 2
    assert store.get("ocr", "r", "bb", 1) is None
    assert store.get("ocr", "r", "cc", 1) == "secret cc"
    store.close()
