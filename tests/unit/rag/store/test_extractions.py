"""The store of what a model read: by model and text, the last reading counts, and nothing stays of texts that went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.store.extractions import FILE, Cost, Extractions, Reading, Triple, retain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRIPLE = Triple("Qdrant", "technology", "用于", "向量数据库", "concept")
OTHER = Triple("Qdrant", "technology", "written in", "Rust", "technology")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Extractions]:
    """An empty store."""
    with Extractions(tmp_path) as opened:
        yield opened


def test_the_last_reading_of_a_text_counts(kept: Extractions) -> None:
    """Each model knows its own; a failure never takes the place of another model's reading."""
    kept.put("a", [Reading(b"1", (TRIPLE,)), Reading(b"2", reason="cut")])
    kept.put("b", [Reading(b"1", (OTHER,))])
    assert kept.triples([b"1", b"2", b"3"]) == {b"1": (OTHER,)}
    assert kept.reasons("a") == {b"1": "", b"2": "cut"}
    kept.put("b", [Reading(b"1", reason="cut")])
    assert kept.triples([b"1"]) == {b"1": (TRIPLE,)}
    kept.put("a", [Reading(b"2", (OTHER, TRIPLE))])
    assert kept.triples([b"2"]) == {b"2": (OTHER, TRIPLE)}


def test_what_is_new_since_a_number(kept: Extractions) -> None:
    """Failures are no news; a number that this file never gave means that all is."""
    assert kept.news(-1) == (set(), 0)
    kept.put("a", [Reading(b"1", (TRIPLE,)), Reading(b"2", reason="cut")])
    found, last = kept.news(0)
    assert found == {b"1"}
    kept.put("a", [Reading(b"3")])
    assert kept.news(last)[0] == {b"3"}
    assert kept.news(kept.news(0)[1]) == (set(), kept.news(0)[1])
    assert kept.news(1_000)[0] == {b"1", b"3"}
    kept.retain([])
    assert kept.news(last) == (set(), 3)


def test_costs_are_those_of_what_was_read(kept: Extractions) -> None:
    """By model; failures are left out."""
    kept.put("a", [Reading(b"1", cost=Cost(10, 5, 1.5)), Reading(b"2", cost=Cost(10, 7, 0.5))])
    kept.put("a", [Reading(b"3", reason="cut", cost=Cost(99, 99, 99))])
    assert kept.cost("a") == Cost(20, 12, 2.0)
    assert kept.cost("b") == Cost()


def test_many_texts_at_once(kept: Extractions) -> None:
    """More than one statement of SQL can ask for."""
    hashes = [n.to_bytes(16, "big") for n in range(2_000)]
    kept.put("a", [Reading(h, (TRIPLE,)) for h in hashes])
    assert len(kept.triples(hashes)) == 2_000
    assert kept.retain(hashes[:1_500]) == 500
    assert len(kept.triples(hashes)) == 1_500


def test_nothing_stays_of_texts_that_went(tmp_path: Path) -> None:
    """Not even in the free pages or the log; without a file there is nothing to do, and none is made."""
    assert retain(tmp_path, [], scrub=True)
    assert not (tmp_path / FILE).exists()
    with Extractions(tmp_path) as kept:
        kept.put("a", [Reading(b"1", (TRIPLE,)), Reading(b"2", (OTHER,))])
    assert retain(tmp_path, [b"2"], scrub=True)
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert "向量数据库".encode() not in left
    assert b"Rust" in left


def test_only_its_owner_reads_the_file(kept: Extractions, tmp_path: Path) -> None:
    """It holds names from notes."""
    kept.put("a", [Reading(b"1", (TRIPLE,))])
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
