"""What every store of the graph answers, in the same order, to the same questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from graph.contribution import contributions, entity_nodes
from graph.model import Edge, GraphStats, Node
from tests.contracts import graph_vault

if TYPE_CHECKING:
    from graph.model import Found, Subgraph
    from rag.protocols import GraphStore
    from tests.contracts.conftest import Stored

QDRANT, FAISS, SU, LOOSE = (
    "notes/tech/Qdrant.md",
    "notes/tech/FAISS notes.md",
    "notes/people/苏禾.md",
    "notes/loose.md",
)
DIARY = "notes/diary/2023-09-03.md"
MOOD, CHUNGKING, PAST = "notes/films/花样年华.md", "notes/films/重庆森林.md", "notes/films/Past Lives.md"


def told(found: list[Found]) -> list[tuple[str, int]]:
    """Documents and counts."""
    return [(one.doc_id, one.count) for one in found]


def valued(found: list[Found]) -> list[tuple[str, str]]:
    """Documents and values."""
    return [(one.doc_id, one.value) for one in found]


def ends(edges: list[Edge]) -> list[tuple[str, str, str]]:
    """What edges join, and how."""
    return [(edge.source, edge.kind, edge.target) for edge in edges]


def text_at(graph: Stored, doc_id: str, start: int, end: int) -> str:
    """What stands at a span of a document."""
    document = graph.catalogue.document(doc_id)
    assert document is not None
    return document.text[start:end]


def test_it_is_a_graph_store(graph: Stored) -> None:
    """It satisfies the protocol that the engine speaks."""
    store: GraphStore = graph.store
    assert store.stats().nodes["note"] == len(graph_vault.NOTES)


def test_all_nodes_and_edges_are_those_of_the_documents(graph: Stored) -> None:
    """Each document's contribution, whole, and nothing else; edges by document, nodes by id."""
    with graph.catalogue.database.reading() as db:
        said = list(contributions(db))
        entities = set(entity_nodes(db))
    edges = list(graph.store.edges())
    assert edges == [edge for one in said for edge in one.edges]
    assert edges == sorted(edges, key=lambda edge: (edge.doc_id, edge))
    nodes = list(graph.store.nodes())
    assert nodes == sorted({node for one in said for node in one.nodes} | entities)
    known = {node.id for node in nodes}
    assert all(edge.source in known and edge.target in known for edge in edges)


def test_stats_count_nodes_and_edges_by_kind(graph: Stored) -> None:
    """Equal to what is listed; kinds with none are left out."""
    nodes, edges = list(graph.store.nodes()), list(graph.store.edges())
    stats = graph.store.stats()
    assert stats == GraphStats(
        {kind: sum(n.kind == kind for n in nodes) for kind in {n.kind for n in nodes}},
        {kind: sum(e.kind == kind for e in edges) for kind in {e.kind for e in edges}},
    )
    assert stats.nodes["tag"] == 3
    assert stats.edges["LINKS_TO"] == 2


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Qdrant"], [(QDRANT, 4), (DIARY, 1), (SU, 1), (FAISS, 1)]),
        (["qdrant", "苏禾"], [(SU, 4), (DIARY, 2)]),
        (["苏禾"], [(SU, 3), (DIARY, 1), (PAST, 1), (MOOD, 2)]),
        (["Su He", "Arsenal"], [(MOOD, 3), (PAST, 2)]),
        (["vector database"], [(QDRANT, 2), (FAISS, 1)]),
        (["向量数据库", "FAISS"], [(FAISS, 4), (QDRANT, 3)]),
        (["王家卫"], [(MOOD, 1), (CHUNGKING, 1)]),
        (["#film", "Arsenal"], [(PAST, 2), (MOOD, 2)]),
        (["#香港"], [(MOOD, 1), (CHUNGKING, 1)]),
        (["Atlantis"], []),
        (["Qdrant", "Atlantis"], []),
        (["'); DROP TABLE entities; --"], []),
        ([], []),
    ],
)
def test_notes_naming(graph: Stored, names: list[str], expected: list[tuple[str, int]]) -> None:
    """All names must be there, aliases count, each place once; the most first, then by id."""
    assert told(graph.store.naming(names)) == sorted(expected, key=lambda one: (-one[1], one[0]))


def test_places_of_names_are_where_they_stand(graph: Stored) -> None:
    """A span of text holds a name, or the link to the note so called; a title has none."""
    (first, *others) = graph.store.naming(["苏禾", "Qdrant"])
    assert (first.doc_id, first.title, first.places[0]) == (SU, "苏禾", (0, 0))
    for found in (first, *others):
        words = {text_at(graph, found.doc_id, *place) for place in found.places if place != (0, 0)}
        assert words == {"苏禾", "Qdrant"}
    by_link = next(one for one in graph.store.naming(["Su He"]) if one.doc_id == MOOD)
    assert [text_at(graph, by_link.doc_id, *place) for place in by_link.places] == ["[[苏禾]]", "苏禾"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Qdrant", [("2023-09-03", DIARY), ("2024-02-03", FAISS), ("", SU), ("", QDRANT)]),
        ("Su He", [("2023-05-01", MOOD), ("2023-09-02", PAST), ("2023-09-03", DIARY), ("", SU)]),
        ("arsenal", [("2023-05-01", MOOD), ("2023-09-02", PAST)]),
        ("nobody", []),
    ],
)
def test_timeline(graph: Stored, name: str, expected: list[tuple[str, str]]) -> None:
    """Passages by their date, undated ones last, each with its first mention."""
    found = graph.store.timeline(name)
    assert [(one.day, one.doc_id) for one in found] == expected
    for one in found:
        assert text_at(graph, one.doc_id, one.start, one.end) in {"Qdrant", "苏禾", "Su He", "Arsenal"}


@pytest.mark.parametrize(
    ("node", "kinds", "expected"),
    [
        (
            "entity:qdrant",
            (),
            [
                (f"note:{QDRANT}", ("ALIAS_OF", "MENTIONS"), 4),
                ("entity:berlin", ("MENTIONS",), 2),
                ("entity:faiss", ("MENTIONS",), 2),
                ("entity:vector database", ("MENTIONS",), 2),
                ("entity:苏禾", ("MENTIONS",), 2),
                ("entity:faiss notes", ("MENTIONS",), 1),
                ("entity:向量数据库", ("MENTIONS",), 1),
                (f"note:{DIARY}", ("MENTIONS",), 1),
                (f"note:{SU}", ("MENTIONS",), 1),
                (f"note:{FAISS}", ("MENTIONS",), 1),
            ],
        ),
        ("entity:qdrant", ("person",), [("entity:苏禾", ("MENTIONS",), 2)]),
        ("entity:berlin", ("note",), [(f"note:{DIARY}", ("MENTIONS",), 1), (f"note:{SU}", ("MENTIONS",), 1)]),
        (f"note:{FAISS}", ("note", "tag", "day"), [
            ("day:2024-02-03", ("ON_DATE",), 1), (f"note:{QDRANT}", ("LINKS_TO",), 1), ("tag:search", ("TAGGED",), 1),
        ]),
        ("tag:香港", (), [(f"note:{MOOD}", ("TAGGED",), 1), (f"note:{CHUNGKING}", ("TAGGED",), 1)]),
        ("month:2023-09", (), [(f"note:{DIARY}", ("ON_DATE",), 2), (f"note:{PAST}", ("ON_DATE",), 1)]),
        ("year:2023", ("note",), [
            (f"note:{DIARY}", ("ON_DATE",), 2), (f"note:{MOOD}", ("ON_DATE",), 2), (f"note:{PAST}", ("ON_DATE",), 1),
        ]),
        ("note:nowhere.md", (), []),
        ("entity:", (), []),
    ],
)  # fmt: skip
def test_neighbours(
    graph: Stored, node: str, kinds: tuple[str, ...], expected: list[tuple[str, tuple[str, ...], int]]
) -> None:
    """What stands beside a node, entities also those in the same passages; most places first, then by id."""
    found = graph.store.neighbours(node, kinds)
    assert [(one.node.id, one.kinds, one.count) for one in found] == expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (f"note:{QDRANT}", f"note:{FAISS}", [(f"note:{QDRANT}", "LINKS_TO", f"note:{FAISS}")]),
        (
            f"note:{MOOD}",
            f"note:{PAST}",
            [
                (f"chunk:{MOOD}#69", "MENTIONS", "entity:arsenal"),
                (f"chunk:{PAST}#4", "MENTIONS", "entity:arsenal"),
            ],
        ),
        (
            f"note:{CHUNGKING}",
            f"note:{FAISS}",
            [
                (f"chunk:{CHUNGKING}#4", "MENTIONS", "entity:花样年华"),
                (f"note:{MOOD}", "LINKS_TO", f"note:{SU}"),
                (f"chunk:{SU}#4", "MENTIONS", "entity:qdrant"),
                (f"note:{QDRANT}", "LINKS_TO", f"note:{FAISS}"),
            ],
        ),
        ("entity:杜可风", f"note:{CHUNGKING}", [(f"chunk:{CHUNGKING}#4", "MENTIONS", "entity:杜可风")]),
        (f"note:{QDRANT}", f"note:{QDRANT}", []),
        (f"note:{LOOSE}", f"note:{QDRANT}", []),
        (f"note:{QDRANT}", "note:nowhere.md", []),
    ],
)
def test_path(graph: Stored, source: str, target: str, expected: list[tuple[str, str, str]]) -> None:
    """The shortest chain; of several that through the rarest; a named title leads to its note."""
    assert ends(graph.store.path(source, target)) == expected
    assert len(graph.store.path(target, source)) == len(expected)


@pytest.mark.parametrize(
    ("predicate", "operator", "value", "expected"),
    [
        ("director", "=", "王家卫", [(MOOD, "王家卫"), (CHUNGKING, "王家卫")]),
        ("Director", "=", "celine song", [(PAST, "Celine Song")]),
        ("director", "=", "王", []),
        ("rating", ">", "8.5", [(PAST, "9/10"), (MOOD, "9")]),
        ("rating", ">=", "8.5", [(PAST, "9/10"), (MOOD, "9"), (CHUNGKING, "8.5")]),
        ("RATING", "<", "9", [(FAISS, "4"), (CHUNGKING, "8.5")]),
        ("rating", "<=", "4", [(FAISS, "4")]),
        ("rating", "=", "9", [(PAST, "9/10"), (MOOD, "9")]),
        ("rating", "max", "", [(PAST, "9/10"), (MOOD, "9"), (CHUNGKING, "8.5"), (FAISS, "4")]),
        ("rating", "min", "", [(FAISS, "4"), (CHUNGKING, "8.5"), (PAST, "9/10"), (MOOD, "9")]),
        ("reviewed", "=", "2024-02", [(FAISS, "2024-02-03")]),
        ("reviewed", ">", "2023", [(FAISS, "2024-02-03")]),
        ("reviewed", "<", "2024", []),
        ("rating", ">", "good", []),
        ("weight", "max", "", []),
    ],
)
def test_notes_by_property(
    graph: Stored, predicate: str, operator: str, value: str, expected: list[tuple[str, str]]
) -> None:
    """Names are compared as names, numbers as numbers, days as days; ordered by them, then by id."""
    assert valued(graph.store.having(predicate, operator, value)) == expected


def test_an_unknown_operator_is_refused(graph: Stored) -> None:
    """It is the caller's mistake."""
    with pytest.raises(ValueError, match="LIKE"):
        graph.store.having("rating", "LIKE", "9")


def names(found: Subgraph) -> list[str]:
    """The nodes shown."""
    return [node.id for node in found.nodes]


def test_near_a_note(graph: Stored) -> None:
    """The note first; its names are part of it, so that who says its title is joined to it."""
    found = graph.store.near(f"note:{QDRANT}", 1, 10)
    assert names(found) == [
        f"note:{QDRANT}",
        f"note:{FAISS}",
        "entity:faiss",
        "entity:vector database",
        f"note:{DIARY}",
        f"note:{SU}",
        "entity:向量数据库",
    ]
    assert found.more == 0
    joined = {(one.source, one.target): one for one in found.edges}
    link = joined[f"note:{QDRANT}", f"note:{FAISS}"]
    assert [edge.kind for edge in link.edges] == ["LINKS_TO", "MENTIONS", "MENTIONS"]
    assert link.weight == max(one.weight for one in found.edges)
    assert all(one.weight > 0 and one.edges for one in found.edges)


def test_near_an_entity_that_is_a_notes_title(graph: Stored) -> None:
    """It is the note."""
    assert graph.store.near("entity:qdrant", 2, 8) == graph.store.near(f"note:{QDRANT}", 2, 8)


def test_near_keeps_to_its_limit_and_says_what_it_left_out(graph: Stored) -> None:
    """The strongest stay, and only edges between those shown."""
    whole = graph.store.near(f"note:{MOOD}", 2, 100)
    part = graph.store.near(f"note:{MOOD}", 2, 5)
    assert len(part.nodes) == 5
    assert part.more == len(whole.nodes) - 5
    assert all({one.source, one.target} <= set(names(part)) for one in part.edges)
    assert names(part)[0] == f"note:{MOOD}"
    assert f"note:{CHUNGKING}" in names(part)


def test_plain_values_join_nothing(graph: Stored) -> None:
    """That two notes have the same number says nothing of them."""
    shown = names(graph.store.near(f"note:{MOOD}", 2, 100))
    assert "entity:王家卫" in shown
    assert not {"entity:9", "entity:8.5", "entity:9/10"} & set(shown)


def test_near_what_is_not_there(graph: Stored) -> None:
    """Nothing."""
    assert graph.store.near("note:nowhere.md", 2, 10).nodes == ()


def test_around_seeds(graph: Stored) -> None:
    """The edges at the seeds before those a step further, at most so many."""
    found = graph.store.around(["entity:杜可风"], 100)
    assert len(found) == len(set(found))
    assert {edge.target for edge in found[:2]} == {"entity:杜可风"}
    assert (f"note:{MOOD}", "TAGGED", "tag:香港") in ends(found)
    assert graph.store.around(["entity:杜可风"], 4) == found[:4]
    assert graph.store.around([], 10) == []


def test_a_changed_vault_is_followed(graph: Stored) -> None:
    """What a removed note brought is gone; a new note is there; labels follow the notes that are left."""
    graph_vault.put(
        graph.catalogue, {"new.md": "# New\n\nBerlin again, with FAISS.\n"}, removed=("tech/Qdrant.md",)
    )
    graph.follow()
    with graph.catalogue.database.reading() as db:
        said = list(contributions(db))
    assert list(graph.store.edges()) == [edge for one in said for edge in one.edges]
    assert told(graph.store.naming(["Berlin", "FAISS"])) == [("notes/new.md", 2)]
    assert graph.store.path(f"note:{QDRANT}", f"note:{FAISS}") == []
    assert QDRANT not in {edge.doc_id for edge in graph.store.edges()}
    assert Node("entity:向量数据库", "entity", "向量数据库", "concept") not in set(graph.store.nodes())


def test_odd_names_are_only_names(graph: Stored) -> None:
    """Quotes, braces, emoji, and text in other scripts do no harm and find what they should."""
    odd = 'O\'Neill "Q" {x} 🗂 é'
    graph_vault.put(graph.catalogue, {"odd.md": f"---\ntags: [a’b, 🗂]\n---\n# {odd}\n\nText.\n"})
    graph.follow()
    assert told(graph.store.naming(["#🗂"])) == [("notes/odd.md", 1)]
    assert told(graph.store.naming([odd])) == [("notes/odd.md", 1)]
    assert graph.store.stats().nodes["note"] == len(graph_vault.NOTES) + 1
