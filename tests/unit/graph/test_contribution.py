"""One document's nodes and edges."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from graph import titles
from graph.contribution import contribution, contributions, entity_nodes, periods
from graph.model import Alias, Contribution, Edge, Facts, Mention, Node, Relation
from ingest import dates, loaders, prepare
from ingest.loaders.source import Options
from rag.store import facts
from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTE = """\
---
title: Arrival (film)
date: 2023-05-01
tags: [film]
---
# Arrival

Seen with [[Su He]] in June 2022. Ada told us.

## Notes

Villeneuve made it.
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Two notes that speak of each other."""
    with closing(Catalogue(tmp_path / "catalogue.db")) as opened:
        opened.add_root(Root("n", None))
        put(
            opened,
            "n/arrival.md",
            NOTE,
            Facts(
                (_mention("Ada"), _mention("Villeneuve"), Mention(0, 3, "Doubtful", "person", "name", 0.3)),
                (Relation(4, 25, "", "title", "Arrival (film)", "property", 0.9),),
                (Alias(70, 80, "Ada", "A. L."),),
            ),
        )
        put(opened, "n/Su He.md", "# Su He\n\nWe saw Arrival together.\n", Facts())
        titles.follow(opened)
        yield opened


def _mention(name: str) -> Mention:
    start = NOTE.index(name)
    return Mention(start, start + len(name), name, "person", "name", 0.9)


def put(catalogue: Catalogue, doc_id: str, text: str, said: Facts) -> None:
    """Store a note as a sync would."""
    document = dates.dated(loaders.load(doc_id, text.encode(), None, Options()), dates.Facts())
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.put(document, prepare.cut(document, 50), FileState(0, 0, 0, 0, 0), "recipe", said)
        batch.finish()


def of(catalogue: Catalogue, doc_id: str) -> Contribution:
    """A document's contribution."""
    with catalogue.database.reading() as db:
        return contribution(db, doc_id)


def spans(found: Contribution, kind: str, text: str = NOTE) -> set[tuple[str, str, str]]:
    """Edges of a kind, with the text that says them."""
    return {(e.source, e.target, text[e.start : e.end]) for e in found.edges if e.kind == kind}


def test_what_a_note_says_is_said_by_spans_of_it(catalogue: Catalogue) -> None:
    """Links, tags, names, properties, aliases, each with its place."""
    found = of(catalogue, "n/arrival.md")
    note, first = "note:n/arrival.md", "chunk:n/arrival.md#4"
    assert spans(found, "LINKS_TO") == {(note, "note:n/Su He.md", "[[Su He]]")}
    assert {target for _, target, _ in spans(found, "TAGGED")} == {"tag:film"}
    said = spans(found, "MENTIONS")
    assert {(target, text) for _, target, text in said} == {
        ("entity:ada", "Ada"),
        ("entity:villeneuve", "Villeneuve"),
        ("entity:su he", "Su He"),
    }
    assert all(source.startswith("chunk:n/arrival.md#") for source, _, _ in said)
    assert {(s, t) for s, t, _ in spans(found, "RELATED")} == {(note, "entity:arrival (film)")}
    assert spans(found, "ALIAS_OF") >= {("entity:ada", "entity:a. l.", NOTE[70:80])}
    assert {s for s, t, _ in spans(found, "ALIAS_OF") if t == note} == {
        "entity:arrival (film)",
        "entity:arrival",
    }
    assert (first, "month:2022-06") in {(s, t) for s, t, _ in spans(found, "ON_DATE")}
    assert (note, "day:2023-05-01") in {(s, t) for s, t, _ in spans(found, "ON_DATE")}


def test_a_note_that_says_anothers_title_mentions_it(catalogue: Catalogue) -> None:
    """Here without the brackets that tell it from namesakes."""
    found = of(catalogue, "n/Su He.md")
    assert [(e.target, e.extractor) for e in found.edges if e.kind == "MENTIONS"] == [
        ("entity:arrival", "title")
    ]


def test_edges_end_at_nodes(catalogue: Catalogue) -> None:
    """Those of the document, of entities, or of other notes; every node but the note hangs on an edge."""
    with catalogue.database.reading() as db:
        found = list(contributions(db))
        nodes = {n.id for one in found for n in one.nodes} | {n.id for n in entity_nodes(db)}
    edges = [e for one in found for e in one.edges]
    assert {end for e in edges for end in (e.source, e.target)} == nodes
    assert all(e.doc_id == one.doc_id for one in found for e in one.edges)
    for one in found:
        assert list(one.nodes) == sorted(set(one.nodes))
        assert list(one.edges) == sorted(set(one.edges))


def test_passages_hang_in_sections_in_their_order(catalogue: Catalogue) -> None:
    """A chain of NEXT from the first to the last; calendars likewise."""
    found = of(catalogue, "n/arrival.md")
    chunks = sorted(int(n.id.rpartition("#")[2]) for n in found.nodes if n.kind == "chunk")
    following = {(e.source, e.target) for e in found.edges if e.kind == "NEXT"}
    ids = [f"chunk:n/arrival.md#{start}" for start in chunks]
    assert following == set(pairwise(ids))
    parts = {(e.source, e.target) for e in found.edges if e.kind == "PART_OF"}
    assert {("day:2023-05-01", "month:2023-05"), ("month:2023-05", "year:2023")} <= parts
    assert {e.source for e in found.edges if e.kind == "PART_OF"} >= set(ids)


def test_doubtful_names_are_not_shown(catalogue: Catalogue) -> None:
    """No edge leads to them, and they are no nodes."""
    with catalogue.database.reading() as db:
        assert "entity:doubtful" not in {node.id for node in entity_nodes(db)}
    assert not [e for e in of(catalogue, "n/arrival.md").edges if e.target == "entity:doubtful"]


def test_entities_that_are_new_or_called_otherwise(catalogue: Catalogue) -> None:
    """Since a generation; others are left out."""
    with catalogue.database.reading() as db:
        before = facts.generation(db)
    put(
        catalogue,
        "n/c.md",
        "ADA ADA Bob",
        Facts(tuple(Mention(0, 3, n, "person", "name", 1.0) for n in ("ADA", "ADA", "Bob"))),
    )
    titles.follow(catalogue)
    with catalogue.database.reading() as db:
        assert list(entity_nodes(db, before)) == [
            Node("entity:ada", "entity", "ADA", "person"),
            Node("entity:bob", "entity", "Bob", "person"),
        ]


def test_what_is_not_there_brings_nothing(catalogue: Catalogue) -> None:
    """A document that is gone, or failed."""
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.fail("n/Su He.md", "failed", "no", FileState(0, 0, 0, 0, 0), "", "")
        batch.finish()
    assert of(catalogue, "n/Su He.md") == Contribution("n/Su He.md", (), ())
    assert of(catalogue, "n/absent.md") == Contribution("n/absent.md", (), ())
    assert not [e for e in of(catalogue, "n/arrival.md").edges if e.kind == "LINKS_TO"]


def test_spans_stay_true(catalogue: Catalogue) -> None:
    """A title's mention holds the title."""
    (edge,) = [e for e in of(catalogue, "n/Su He.md").edges if e.kind == "MENTIONS"]
    document = catalogue.document("n/Su He.md")
    assert document is not None
    assert document.text[edge.start : edge.end] == "Arrival"
    assert isinstance(edge, Edge)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2023, 5, 1), date(2023, 5, 1), ["2023-05-01"]),
        (date(2023, 5, 1), date(2023, 5, 31), ["2023-05"]),
        (date(2023, 5, 20), date(2023, 6, 2), ["2023-05", "2023-06"]),
        (date(2023, 1, 1), date(2023, 12, 31), ["2023"]),
        (date(2022, 11, 5), date(2023, 2, 1), ["2022-11", "2022-12", "2023-01", "2023-02"]),
        (date(2021, 1, 1), date(2023, 12, 31), ["2021", "2022", "2023"]),
        (date(2021, 6, 1), date(2023, 2, 1), ["2021", "2022", "2023"]),
        (date(1, 1, 1), date(9999, 12, 31), []),
        (date(987, 1, 1), date(987, 1, 1), ["0987-01-01"]),
    ],
)
def test_ranges_of_days(first: date, last: date, expected: list[str]) -> None:
    """A day, months, or years; a range that is nearly always says nothing."""
    assert periods(first, last) == expected
