"""The graph as numbers: what rows a document brings, and that changing a table is making it anew."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from graph.matrix import file
from graph.matrix.table import EDGE_KINDS, EMPTY, NODE_KINDS, Part, Table, identify, part
from graph.model import Edge
from rag.errors import IndexDamagedError
from rag.store import manifest

if TYPE_CHECKING:
    from pathlib import Path

    from graph.model import EdgeKind, Extractor


def edge(source: str, kind: EdgeKind, target: str, span: tuple[int, int], how: Extractor) -> Edge:
    """An edge of ``n/a.md``."""
    return Edge(source, kind, target, "n/a.md", *span, how, 0.9)


def document(number: int, rng: random.Random) -> Part:
    """A document of some passages that name entities and link to other documents."""
    doc_id = f"n/{number}.md"
    edges = []
    for n in range(rng.randrange(1, 4)):
        chunk = f"chunk:{doc_id}#{n * 100}"
        edges.append(
            Edge(chunk, "PART_OF", f"note:{doc_id}", doc_id, n * 100, n * 100 + 99, "structure", 1.0)
        )
        for _ in range(rng.randrange(4)):
            at = n * 100 + rng.randrange(90)
            name = f"entity:e{rng.randrange(12)}"
            edges.append(
                Edge(chunk, "MENTIONS", name, doc_id, at, at + 2, "name", rng.choice((0.3, 0.6, 0.9)))
            )
        other = f"note:n/{rng.randrange(20)}.md"
        edges.append(Edge(f"note:{doc_id}", "LINKS_TO", other, doc_id, 0, 9, "link", 1.0))
    return part(doc_id, edges, {n * 100: 1_000 * number + n + 1 for n in range(4)})


def same(one: Table, other: Table) -> bool:
    """Bit by bit."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("docs", "bounds", "nodes", "rows")
    )


def test_edges_that_join_alike_are_one_row() -> None:
    """Counted, as sure as the surest; another extractor's is a row of its own."""
    chunk = "chunk:n/a.md#0"
    edges = [
        edge(chunk, "PART_OF", "note:n/a.md", (0, 90), "structure"),
        edge(chunk, "MENTIONS", "entity:x", (1, 2), "name"),
        Edge(chunk, "MENTIONS", "entity:x", "n/a.md", 5, 6, "name", 0.55),
        edge(chunk, "MENTIONS", "entity:x", (8, 9), "title"),
    ]
    found = part("n/a.md", edges, {0: 77})
    said = [row for row in found.rows if row[2] == EDGE_KINDS.index("MENTIONS")]
    assert sorted(row[4:] for row in said) == [(90, 1), (90, 2)]
    assert {row[:2] for row in said} == {(identify(chunk), identify("entity:x"))}
    assert found.keys == {identify(chunk): 77}
    assert found.nodes[identify("entity:x")] == NODE_KINDS.index("entity")


@pytest.mark.parametrize(
    ("span", "source"), [((120, 130), "chunk:n/a.md#100"), ((95, 99), "note:n/a.md"), ((5, 9), "note:n/a.md")]
)
def test_a_link_is_put_down_to_its_passage(span: tuple[int, int], source: str) -> None:
    """One that stands between passages, or before them, as front matter does, stays the note's."""
    edges = [
        edge("chunk:n/a.md#10", "PART_OF", "note:n/a.md", (10, 90), "structure"),
        edge("chunk:n/a.md#100", "PART_OF", "section:n/a.md#2", (100, 190), "structure"),
        edge("note:n/a.md", "LINKS_TO", "note:n/b.md", span, "link"),
    ]
    rows = part("n/a.md", edges, {}).rows
    (link,) = [row for row in rows if row[2] == EDGE_KINDS.index("LINKS_TO")]
    assert link[:2] == (identify(source), identify("note:n/b.md"))


@pytest.mark.parametrize("seed", range(3))
def test_changed_often_equals_made_anew(seed: int) -> None:
    """Whatever came and went before; nothing of what is gone is left."""
    rng = random.Random(seed)
    known: dict[int, Part] = {}
    table = EMPTY
    for _ in range(60):
        coming = {n: document(n, rng) for n in rng.sample(range(20), rng.randrange(4))}
        going = [n for n in rng.sample(range(20), rng.randrange(3)) if n not in coming]
        table = table.replaced([identify(f"note:n/{n}.md") for n in going], coming.values())
        known = {n: p for n, p in (known | coming).items() if n not in going}
        assert same(table, EMPTY.replaced((), known.values()))
    keys = set(table.nodes["key"].tolist()) - {0}
    assert keys == {key for p in known.values() for key in p.keys.values()}
    empty = table.replaced([p.doc for p in known.values()], ())
    assert (len(empty.docs), len(empty.nodes), len(empty.rows)) == (0, 0, 0)


def test_a_file_holds_what_was_saved(tmp_path: Path) -> None:
    """Numbers and nothing else; the one before goes."""
    table = EMPTY.replaced((), [document(n, random.Random(n)) for n in range(9)])
    file.save(tmp_path, EMPTY, 3)
    made = file.save(tmp_path, table, 4)
    assert made == manifest.read(tmp_path)
    assert (made.generation, made.count) == (4, len(table.rows))
    assert same(file.load(tmp_path, made), table)
    assert len(list(tmp_path.glob("*.rows"))) == 1
    assert b"n/" not in next(tmp_path.glob("*.rows")).read_bytes()
    file.discard(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["bit", "short", "gone", "kind"])
def test_a_damaged_file_is_told(tmp_path: Path, damage: str) -> None:
    """And never trusted."""
    made = file.save(tmp_path, EMPTY.replaced((), [document(1, random.Random(1))]), 4)
    path = next(tmp_path.glob("*.rows"))
    data = bytearray(path.read_bytes())
    if damage == "bit":
        data[-3] ^= 1
        path.write_bytes(data)
    elif damage == "short":
        path.write_bytes(data[:-9])
    elif damage == "gone":
        path.unlink()
    else:
        made = manifest.Manifest("dense", made.version, "", 0, 4, made.count, made.files)
    with pytest.raises(IndexDamagedError):
        file.load(tmp_path, made)
