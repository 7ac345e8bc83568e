"""Filters and times from files to answers: each stage obeys them, the doctor sees damage, a sync mends it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.types import Condition, Filters, Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine

FINDING = "every note and passage is found by its dates"
APRIL = Span(date(2022, 4, 1), date(2022, 4, 30))
NOTES = {
    "电影/东京物语.md": "---\ntags: [電影/日本]\n导演: 小津安二郎\nrating: 9\ndate: 2022-04-02\n---\n\n重看了《东京物语》，火车。\n",
    "film/Arrival.md": "---\ntags: [film]\ndirector: Denis Villeneuve\nrating: 8\ndate: 2021-11-20\n---\n\nSaw a train.\n",
    "review.md": "---\ndate: 2022-12-31\n---\n\n# 2022\n\n## 4 月\n\n坐火车 train 去了柏林。\n\n## 五月\n\n在家，没有火车 train。\n",
    "list.txt": "train 火车 and nothing else\n",
}


@pytest.fixture
def engine(footnotes_home: Path, tmp_path: Path) -> Iterator[Engine]:
    """A synced engine with the default model."""
    for name, text in NOTES.items():
        path = tmp_path / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    with footnotes.open(footnotes_home, settings={"sync.workers": 0}) as opened:
        opened.add_root(tmp_path / "notes")
        opened.sync()
        yield opened


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (Filters(tags=("电影",)), {"电影/东京物语.md"}),
        (Filters(without_tags=("film",), types=("md",)), {"电影/东京物语.md", "review.md"}),
        (Filters(conditions=(Condition("director", "=", "小津"),)), {"电影/东京物语.md"}),
        (Filters(conditions=(Condition("rating", ">", "7"),)), {"电影/东京物语.md", "film/Arrival.md"}),
        (Filters(spans=(APRIL,)), {"电影/东京物语.md", "review.md"}),
        (Filters(phrases=("and nothing",)), {"list.txt"}),
        (Filters(languages=("en",), paths=("FILM/",)), {"film/Arrival.md"}),
    ],
)
def test_every_stage_obeys_filters(engine: Engine, filters: Filters, names: set[str]) -> None:
    """Full text, vectors and graph find nothing else, and what they allow is found."""
    found = engine.search("火车 train", 10, filters=filters)
    stages = {stage: {hit.chunk.doc_id for hit in hits} for stage, hits in found.stages.items()}
    assert stages["lexical"] == {f"notes/{name}" for name in names}
    assert all(ids <= stages["lexical"] for ids in stages.values())
    assert {hit.chunk.doc_id for hit in found.hits} == stages["lexical"]


def test_a_review_is_of_the_months_that_it_speaks_of(engine: Engine) -> None:
    """Not only of the last day of the year, when it was written."""

    def fits(span: Span) -> dict[str, float]:
        keys, weights = engine.catalogue.time_weights([span])
        chunks = engine.catalogue.chunks(keys.tolist())
        return {
            chunks[key].doc_id: weight for key, weight in zip(keys.tolist(), weights.tolist(), strict=True)
        }

    assert fits(APRIL).keys() == {"notes/电影/东京物语.md", "notes/review.md"}
    december = fits(Span(date(2022, 12, 1), date(2022, 12, 31)))
    assert 0 < december["notes/review.md"] <= 0.5


def test_the_doctor_sees_lost_days_and_a_sync_mends_them(engine: Engine) -> None:
    """Though no file has changed."""

    def finding() -> tuple[bool, str, str]:
        return next((f.ok, f.detail, f.remedy) for f in engine.doctor() if f.check == FINDING)

    assert finding() == (True, "", "")
    with engine.catalogue.database.writing() as db:
        db.execute("DELETE FROM times WHERE doc_id = 'notes/review.md' AND key IS NOT NULL")
    assert finding() == (False, "notes/review.md", "footnotes sync --verify")
    engine.sync(verify=True)
    assert finding() == (True, "", "")


def test_what_no_note_has_as_a_property_is_words(engine: Engine) -> None:
    """``rating:9`` limits the search, by any name of the property; ``nginx:latest`` is looked for."""
    assert [part.kind for part in engine.search("train nginx:latest", 10).trace.filters] == []
    assert [part.kind for part in engine.search("火车 score:9", 10).trace.filters] == ["property"]
    assert engine.catalogue.property_names() == ["date", "director", "rating", "tags", "导演"]


@pytest.mark.parametrize(
    ("name", "text", "question"),
    [
        ("2020-年终总结.md", "---\nmodified: 2021-01-03\n---\n\n火车，城市，书。\n", "2020 年终总结"),
        ("fail.md", "---\ntitle: 7月，我失败\ndate: 2024-08-07\n---\n\n打榜，迷茫。\n", "7月，我失败。"),
        ("2018.md", "A quiet one.\n", "2018"),
    ],
)
@pytest.mark.parametrize("graph", ["local", "none"])
def test_a_note_is_found_by_its_own_name(
    footnotes_home: Path, tmp_path: Path, name: str, text: str, question: str, graph: str
) -> None:
    """Though a time stands in it that is not the note's, with or without a graph."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / name).write_text(text, "utf-8")
    for day in ("2018-02-03", "2020-05-06", "2026-07-01", "2026-07-02"):
        body = f"---\ndate: {day}\n---\n\n我 {day} 坐火车，没有失败。In 2018 and 2020, too.\n"
        (notes / f"log-{day}.md").write_text(body, "utf-8")
    with footnotes.open(footnotes_home, settings={"sync.workers": 0, "graph.backend": graph}) as opened:
        opened.add_root(notes)
        opened.sync()
        found = opened.search(question, 10, today=date(2026, 12, 1))
        assert found.hits[0].chunk.doc_id == f"notes/{name}"
        assert not any(part.hard for part in found.trace.filters)
        asked = opened.ask(question, today=date(2026, 12, 1))
        assert not asked.abstained
