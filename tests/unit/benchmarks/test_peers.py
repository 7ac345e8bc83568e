"""The parts of the comparison that need no other library: its notes, its table, its plot."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.peers import corpus, plot, table
from benchmarks.peers.corpus import Note
from benchmarks.peers.pipelines import PIPELINES

if TYPE_CHECKING:
    from pathlib import Path

NOTES = [
    Note("手表.md", "# 手表\n\n外公的手表表盘背面刻了一行字，没有人认得。\n\n后来送去修过一次。\n"),
    Note(
        "watch.md", "# Watch\n\nThe watch of my grandfather was repaired in spring.\n\n- a list\n- of two\n"
    ),
]
CELL = {
    "chunks": 100,
    "ingest_s": 2.0,
    "ingests": 1,
    "ingest_mb_s": 1.5,
    "ingest_rss_mb": 200.0,
    "disk_mb": 3.25,
    "ready_s": 0.1,
    "p50_ms": 4.0,
    "p95_ms": 9.0,
    "queries": 50,
    "query_rss_mb": 150.0,
    "cold_s": 0.5,
    "colds": 5,
    "resync_s": 0.2,
    "resync": "sync of the folder",
}


def results(cells: dict[str, Any]) -> dict[str, Any]:
    """What a run has written."""
    setting = {
        "command": "python -m benchmarks.peers",
        "machine": "A machine",
        "versions": "some 1.0",
        "plot": "peers.svg",
        "runs": {"runs": 3, "colds": 5, "edits": 5},
    }
    return {
        "setting": setting,
        "corpora": {"1000": {"files": 1, "chunks": 1003, "size": 2_000_000}},
        "cells": cells,
    }


def test_notes_are_the_same_every_time() -> None:
    """Copies are seeded: two runs measure the same folders."""
    first, again = (list(islice(corpus.mixed(NOTES), 8)) for _ in range(2))
    assert first == again


def test_copies_differ_from_what_they_copy() -> None:
    """No two notes are equal, so that nothing that goes by content can save itself the work."""
    made = list(islice(corpus.mixed(NOTES), 20))
    assert len({note.text for note in made}) == len({note.name for note in made}) == 20
    assert [note.text for note in made[:2]] == [note.text for note in NOTES]


def test_a_smaller_folder_is_the_beginning_of_a_larger_one(tmp_path: Path) -> None:
    """Growth is of one and the same collection."""
    small, large = corpus.write(tmp_path / "a", NOTES, 4), corpus.write(tmp_path / "b", NOTES, 12)
    files = [
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.md")}
        for name in "ab"
    ]
    assert files[0].items() < files[1].items()
    assert (small.chunks, small.files) == (4, len(files[0]))
    assert large.size == sum(map(len, files[1].values()))


def test_questions_are_beginnings_of_lines_of_prose() -> None:
    """Neither headings nor lists are asked."""
    asked = corpus.questions(NOTES, 5)
    assert len(asked) == 2
    assert all(any(line.startswith(asked[i]) for line in NOTES[i].text.splitlines()) for i in range(2))
    assert not any(each.startswith(("#", "-")) for each in asked)


@pytest.mark.parametrize("lacking", [0, 1])
def test_table_shows_each_cell_and_marks_what_is_not_measured_alike(lacking: int) -> None:
    """A rebuild and a rough p95 are marked; a set that not every pipeline has ranked gives no mean."""
    rankers = [name for name, entry in PIPELINES.items() if entry.ranks][lacking:]
    cells = {
        "growth/footnotes/1000": CELL,
        "growth/llamaindex-faiss/1000": {**CELL, "resync": "rebuild", "queries": 7},
        "growth/langchain/1000": {"over_s": 900},
        **{f"quality/xquad_en/{name}": {"ndcg@10": 0.5} for name in rankers},
    }
    rows = {
        line.split("|")[1].strip(): line for line in table.render(results(cells)).splitlines() if "|" in line
    }
    assert "| 0.20 | 4.0 | 9.0 |" in rows["footnotes"]
    assert "| 0.20 † | 4.0 | 9.0 ‡ |" in rows["llamaindex-faiss"]
    assert "over 900 s" in rows["langchain"]
    assert rows["xquad_en"].count("50.0") == len(rankers)
    assert rows["*mean*"].count("50.0") == len(rankers)


@pytest.mark.parametrize("sizes", [[], [1000], [1000, 10_000, 100_000]])
def test_plot_is_valid_xml_with_a_line_for_each_pipeline(sizes: list[int]) -> None:
    """Whatever has been measured so far can be drawn; points stay inside the picture."""
    names = ("footnotes", "llamaindex", "langchain-hybrid")
    cells = {f"growth/{name}/{size}": CELL for name in names for size in sizes}
    cells["growth/langchain/1000"] = {"over_s": 900}
    root = ET.fromstring(plot.render(cells))  # noqa: S314 - what the test has made
    lines = root.findall(".//{*}polyline")
    assert len(lines) == (len(plot._PANELS) * len(names) if sizes else 0)
    points = [
        tuple(map(float, point.split(","))) for line in lines for point in line.get("points", "").split()
    ]
    assert all(0 <= x <= plot._WIDTH and 0 <= y <= plot._HEIGHT for x, y in points)
