"""The graph on a real Neo4j: it becomes what the catalogue says, and nothing else is sent or touched."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from graph.neo4j import Neo4jGraph
from graph.pull import pull_check
from graph.push import home_id, push
from rag.errors import GraphError
from rag.store.catalogue import Catalogue
from tests.contracts import graph_vault
from tests.contracts.graph_vault import NOTES
from tests.integration.neo4j.comparing import CHANGED, assert_same, cypher

if TYPE_CHECKING:
    from pathlib import Path

    from rag.settings import GraphSettings


pytestmark = pytest.mark.neo4j


@pytest.fixture
def catalogue(neo4j_catalogue: Catalogue) -> Catalogue:
    """The small vault."""
    return neo4j_catalogue


@pytest.fixture
def store(neo4j_store: Neo4jGraph) -> Neo4jGraph:
    """A server that holds nothing yet."""
    return neo4j_store


def test_a_push_sends_all_once_and_then_only_what_has_changed(
    catalogue: Catalogue, store: Neo4jGraph
) -> None:
    """The first is whole; the next has nothing to do; a saved note goes with those that name it, and no others."""
    first = push(catalogue, store)
    assert (first.documents, first.is_whole) == (len(NOTES), True)
    assert_same(catalogue, store)
    again = push(catalogue, store)
    assert (again.documents, again.nodes, again.edges, again.is_whole) == (0, 0, 0, False)
    graph_vault.put(catalogue, CHANGED)
    changed = push(catalogue, store)
    assert 1 <= changed.documents < len(NOTES)
    assert not changed.is_whole
    assert_same(catalogue, store)


def test_a_removed_note_leaves_nothing_on_the_server(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """Neither its path nor a name that it alone said; what links to it is no link any more; it may come back."""
    push(catalogue, store)
    text = NOTES["tech/Qdrant.md"]
    graph_vault.put(catalogue, {}, removed=("tech/Qdrant.md",))
    push(catalogue, store)
    assert_same(catalogue, store)
    said = everything(store)
    assert not [value for value in said if "Qdrant.md" in value or "Money" in value or "向量数据库" in value]
    graph_vault.put(catalogue, {"tech/Qdrant.md": text})
    push(catalogue, store)
    assert_same(catalogue, store)


def test_every_note_removed_and_put_back(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """An empty catalogue is an empty server."""
    push(catalogue, store)
    graph_vault.put(catalogue, {}, removed=tuple(NOTES))
    push(catalogue, store)
    assert cypher(store, "MATCH (n:FootnotesNode) RETURN count(n)") == [[0]]
    graph_vault.put(catalogue, NOTES)
    push(catalogue, store)
    assert_same(catalogue, store)


def test_no_text_of_notes_goes_to_the_server(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """Ids, titles, headings, names, tags, dates, properties: no sentence, and no passage."""
    push(catalogue, store)
    said = everything(store)
    assert {"note:notes/tech/Qdrant.md", "Qdrant", "王家卫", "director"} <= said
    for words in ("旗袍和雨", "Seen at", "costs nothing", "leads anywhere", "镜头比", "moved from"):
        assert any(words in text for text in NOTES.values())
        assert not [value for value in said if words in value]
    with catalogue.database.reading() as db:
        texts = {text for (text,) in db.execute("SELECT text FROM chunks")}
    assert not texts & said


def everything(store: Neo4jGraph) -> set[str]:
    """Every text that the server holds of ours."""
    rows = cypher(store, "MATCH (n) RETURN properties(n)") + cypher(
        store, "MATCH ()-[r]->() RETURN properties(r)"
    )
    return {value for (row,) in rows for value in row.values() if isinstance(value, str)}


def test_what_others_keep_in_the_database_stays(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """Neither counted nor cleared, whatever its label."""
    cypher(store, "CREATE (:Note {name: 'not ours'})-[:MENTIONS {doc: 'x'}]->(:Entity {id: 'entity:qdrant'})")
    try:
        push(catalogue, store)
        assert_same(catalogue, store)
        push(catalogue, store, replace=True)
        assert_same(catalogue, store)
        assert cypher(store, "MATCH (n) WHERE NOT n:FootnotesNode AND NOT n:Footnotes RETURN count(n)") == [
            [2]
        ]
    finally:
        cypher(store, "MATCH (n) WHERE NOT n:FootnotesNode AND NOT n:Footnotes DETACH DELETE n")


def test_another_homes_graph_is_neither_read_nor_overwritten(
    catalogue: Catalogue, store: Neo4jGraph, tmp_path: Path, neo4j_settings: GraphSettings
) -> None:
    """Two homes at one database: the second is told so, until it says that it replaces the first."""
    push(catalogue, store)
    (tmp_path / "other").mkdir()
    other = graph_vault.catalogue(tmp_path / "other", {"one.md": "# One\n\nBerlin.\n"})
    try:
        with Neo4jGraph(neo4j_settings, home_id(other)) as theirs:
            for act in (lambda: push(other, theirs), theirs.stats, lambda: pull_check(other, theirs)):
                with pytest.raises(GraphError, match="another home"):
                    act()
            assert_same(catalogue, store)
            push(other, theirs, replace=True)
            assert_same(other, theirs)
    finally:
        other.close()


def test_a_restored_backup_is_sent_anew(catalogue: Catalogue, store: Neo4jGraph, tmp_path: Path) -> None:
    """The same home with another history: what the server has followed is not that."""
    backup = tmp_path / "backup.db"
    home_id(catalogue)
    with contextlib.closing(sqlite3.connect(backup)) as copy, catalogue.database.reading() as db:
        db.backup(copy)
    graph_vault.put(catalogue, CHANGED)
    push(catalogue, store)
    restored = Catalogue(backup)
    try:
        graph_vault.put(restored, {"more.md": "# More\n\nFAISS.\n"})
        assert push(restored, store).is_whole
        assert_same(restored, store)
    finally:
        restored.close()


def test_an_older_format_is_sent_anew(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """A server that an older Footnotes filled holds what this one would not write."""
    push(catalogue, store)
    cypher(store, "MATCH (f:Footnotes) SET f.format = 0")
    assert push(catalogue, store).is_whole
    assert_same(catalogue, store)


@pytest.mark.parametrize(
    ("tampering", "missing", "extra"),
    [
        ("MATCH (:Note)-[r:LINKS_TO]->(:Note) WITH r LIMIT 1 DELETE r", 1, 0),
        (("MATCH (a:Tag), (b:Year) WITH a, b LIMIT 1 CREATE (a)-[:NEXT {doc: 'x', start: 0, end: 0, "
         "extractor: 'link', confidence: 1.0}]->(b)"), 0, 1),
        ("MATCH (a)-[r:TAGGED]->(b) WITH a, r, b LIMIT 1 CREATE (a)-[s:TAGGED]->(b) SET s = properties(r)", 0, 1),
        ("MATCH (n:Entity {name: 'Qdrant'}) SET n.name = 'other'", 1, 1),
        ("MATCH ()-[r:MENTIONS]->() WITH r LIMIT 1 SET r.start = r.start + 1", 1, 1),
        ("CREATE (:FootnotesNode:Tag {id: 'tag:ghost', name: 'ghost'})", 0, 1),
    ],
)  # fmt: skip
def test_pull_check_sees_every_difference(
    catalogue: Catalogue, store: Neo4jGraph, tampering: str, missing: int, extra: int
) -> None:
    """An edge less, an edge more, one twice, another label, another span, a node more."""
    push(catalogue, store)
    cypher(store, tampering)
    checked = pull_check(catalogue, store)
    assert (checked.missing, checked.extra, checked.is_same) == (missing, extra, False)
    assert checked.examples
    push(catalogue, store, replace=True)
    assert_same(catalogue, store)


def test_pull_check_says_that_a_push_is_due(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """The catalogue has gone on."""
    push(catalogue, store)
    graph_vault.put(catalogue, CHANGED)
    checked = pull_check(catalogue, store)
    assert checked.is_behind
    assert not checked.is_same


@pytest.mark.usefixtures("small_batches")
def test_progress_counts_documents(catalogue: Catalogue, store: Neo4jGraph) -> None:
    """Up to all of them."""
    seen: list[tuple[int, int]] = []
    push(catalogue, store, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, len(NOTES)) for done in range(1, len(NOTES) + 1)]


@pytest.mark.usefixtures("small_batches")
def test_a_push_that_is_overtaken_stops(
    catalogue: Catalogue, store: Neo4jGraph, neo4j_settings: GraphSettings
) -> None:
    """The other has read the catalogue later: its state stands."""
    overtaken: list[bool] = []

    def overtake() -> None:
        with Neo4jGraph(neo4j_settings, home_id(catalogue)) as other:
            graph_vault.put(catalogue, CHANGED)
            push(catalogue, other)
            overtaken.append(True)

    def once(_done: int, _total: int) -> None:
        if not overtaken:
            thread = threading.Thread(target=overtake)
            thread.start()
            thread.join()

    with pytest.raises(GraphError, match="Another process"):
        push(catalogue, store, progress=once)
    assert overtaken
    assert_same(catalogue, store)
