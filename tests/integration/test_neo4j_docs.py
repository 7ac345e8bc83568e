"""The ten questions of docs/graph-cypher.md, as they stand there, on the small vault."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from graph.push import push
from tests.integration.neo4j.comparing import cypher

if TYPE_CHECKING:
    from graph.neo4j import Neo4jGraph
    from rag.store.catalogue import Catalogue

pytestmark = pytest.mark.neo4j
PAGE = Path(__file__).parents[2] / "docs" / "graph-cypher.md"
QUESTIONS = re.findall(
    r"^### (\d+)\. [^\n]+\n\n```cypher\n(.+?)```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
)
DIARY, FAISS, SU = "notes/diary/2023-09-03.md", "notes/tech/FAISS notes.md", "notes/people/苏禾.md"
EXPECTED: dict[str, list[list[Any]]] = {
    "2": [
        ["Qdrant", "notes/tech/Qdrant.md", 3],
        ["2023-09-03", DIARY, 1],
        ["苏禾", SU, 1],
        ["FAISS notes", FAISS, 1],
    ],
    "3": [["2023-09-03", DIARY], ["苏禾", SU]],
    "4": [
        ["2023-09-03", "2023-09-03", 29],
        ["2024-02-03", "FAISS notes", 124],
        ["undated", "Qdrant", 2],
        ["undated", "Qdrant", 10],
        ["undated", "Qdrant", 89],
        ["undated", "苏禾", 63],
    ],
    "5": [["苏禾", 2]],
    "6": [["花样年华", "notes/films/花样年华.md"], ["重庆森林", "notes/films/重庆森林.md"]],
    "7": [["Past Lives", 9.0], ["花样年华", 9.0], ["重庆森林", 8.5], ["FAISS notes", 4.0]],
    "9": [["2023-09-03", DIARY], ["An island", "notes/loose.md"]],
    "10": [
        ["2023-09-03", "Qdrant", 29],
        ["2023-09-03", "苏禾", 25],
        ["FAISS notes", "Qdrant", 124],
        ["Past Lives", "苏禾", 91],
        ["苏禾", "Qdrant", 63],
        ["重庆森林", "花样年华", 67],
    ],
}


def test_there_are_ten() -> None:
    """Each with a heading that asks, and no other Cypher besides."""
    assert [number for number, _ in QUESTIONS] == [str(number) for number in range(1, 11)]
    assert PAGE.read_text("utf-8").count("```cypher") == len(QUESTIONS)


@pytest.mark.parametrize(("number", "query"), [q for q in QUESTIONS if q[0] in EXPECTED])
def test_question(neo4j_catalogue: Catalogue, neo4j_store: Neo4jGraph, number: str, query: str) -> None:
    """It finds what the notes say."""
    push(neo4j_catalogue, neo4j_store)
    assert cypher(neo4j_store, query) == EXPECTED[number]


def test_how_much_there_is(neo4j_catalogue: Catalogue, neo4j_store: Neo4jGraph) -> None:
    """As many nodes of each kind as the store itself counts."""
    push(neo4j_catalogue, neo4j_store)
    found = cypher(neo4j_store, dict(QUESTIONS)["1"])
    assert {kind: count for kind, count in found} == neo4j_store.stats().nodes  # noqa: C416 - rows are lists


def test_a_way_between_two_notes(neo4j_catalogue: Catalogue, neo4j_store: Neo4jGraph) -> None:
    """From one to the other, for the browser to draw."""
    push(neo4j_catalogue, neo4j_store)
    query = dict(QUESTIONS)["8"]
    ((way,),) = cypher(neo4j_store, query)
    names = [node["name"] for node in way.nodes]
    assert (names[0], names[-1]) == ("重庆森林", "FAISS notes")
    assert len(names) > 2
