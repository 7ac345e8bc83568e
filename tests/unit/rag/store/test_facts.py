"""What documents say, as rows that follow every change."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from graph.model import NO_FACTS, Alias, EntityKind, Facts, Mention, Relation
from rag.store import facts
from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch
from rag.types import Chunk, Document

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

STATE = FileState(0, 0, 0, 0, 0)
TEXT = "Ada met Charles. 向量数据库（vector database）."


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """An empty catalogue with a root."""
    with closing(Catalogue(tmp_path / "catalogue.db")) as opened:
        opened.add_root(Root("n", None))
        yield opened


def mention(name: str, start: int = 0, *, kind: EntityKind = "person", sure: float = 0.9) -> Mention:
    """A name at a place."""
    return Mention(start, start + len(name), name, kind, "name", sure)


def put(
    catalogue: Catalogue, doc_id: str, said: Facts = NO_FACTS, *, title: str = "1", text: str = TEXT
) -> None:
    """A document of two passages, without a name unless it gets one."""
    document = Document(doc_id, text, "", title, "text")
    parts = [(0, 16), (17, len(text))]
    chunks = [Chunk(doc_id, a, b, text[a:b], text[a:b], title, (1, 1)) for a, b in parts]
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.put(document, chunks, STATE, "recipe", said)
        batch.finish()


def settled(catalogue: Catalogue) -> dict[str, tuple[str, str, int]]:
    """Label, kind and standing of each entity."""
    with catalogue.database.writing() as db:
        while db.execute("SELECT 1 FROM entities WHERE settled = 0").fetchone():
            facts.settle(db)
        return {key: tuple(row) for key, *row in db.execute("SELECT key, label, kind, shown FROM entities")}


def rows(catalogue: Catalogue, query: str) -> list[tuple[object, ...]]:
    """What a query finds."""
    with catalogue.database.reading() as db:
        return db.execute(query).fetchall()


def changed(catalogue: Catalogue, since: int) -> set[str]:
    """Documents that a derived graph has to read again."""
    with catalogue.database.reading() as db:
        found = facts.changed_since(db, since)
    assert found is not None
    return set(found[0])


def now(catalogue: Catalogue) -> int:
    """The graph's generation."""
    with catalogue.database.reading() as db:
        return facts.generation(db)


def test_rows_of_a_document(catalogue: Catalogue) -> None:
    """Each name leads to its entity, each mention to its passage; one that stands in two passages to none."""
    said = Facts(
        (mention("Ada"), mention("Charles", 8), Mention(0, 30, "Ada", "person", "property", 0.9)),
        (
            Relation(0, 16, "Ada", "met", "Charles", "llm", 0.8),
            Relation(0, 5, "", "rating", "9", "property", 0.9),
        ),
        (Alias(17, 38, "向量数据库", "vector database"),),
    )
    put(catalogue, "n/a", said)
    keys = [key for (key,) in rows(catalogue, "SELECT key FROM chunks ORDER BY start")]
    assert rows(
        catalogue,
        'SELECT m.chunk, m.start, m."end", e.key, m.name FROM mentions m JOIN entities e ON e.id = m.entity '
        "ORDER BY m.start, m.end",
    ) == [(keys[0], 0, 3, "ada", "Ada"), (None, 0, 30, "ada", "Ada"), (keys[0], 8, 15, "charles", "Charles")]
    assert rows(
        catalogue,
        "SELECT s.key, r.predicate, o.key, r.value FROM relations r JOIN entities o ON o.id = r.object "
        "LEFT JOIN entities s ON s.id = r.subject ORDER BY r.predicate",
    ) == [("ada", "met", "charles", "Charles"), (None, "rating", "9", "9")]
    assert rows(
        catalogue,
        "SELECT e.key, o.key FROM aliases a JOIN entities e ON e.id = a.entity JOIN entities o ON o.id = a.other",
    ) == [("向量数据库", "vector database")]


def test_names_of_nothing_are_left_out(catalogue: Catalogue) -> None:
    """As are aliases of a name for itself."""
    put(
        catalogue,
        "n/a",
        Facts(
            (mention("  "),),
            (Relation(0, 1, "", "empty", " ", "property", 1.0),),
            (Alias(0, 1, "GPT-4", "GPT 4"),),
        ),
    )
    assert [len(_of(catalogue, table, "n/a")) for table in ("mentions", "relations", "aliases")] == [0, 0, 0]


def test_the_most_frequent_label_and_kind_hold(catalogue: Catalogue) -> None:
    """Whoever came first; equals are settled by their text."""
    put(catalogue, "n/a", Facts((mention("QDRANT", kind="person"),)))
    assert settled(catalogue) == {"qdrant": ("QDRANT", "person", 1)}
    put(
        catalogue,
        "n/b",
        Facts((mention("Qdrant", kind="technology"), mention("Qdrant", 3, kind="technology"))),
    )
    assert settled(catalogue) == {"qdrant": ("Qdrant", "technology", 1)}
    put(catalogue, "n/c", Facts((mention("QDRANT", kind="person"),)))
    assert settled(catalogue) == {"qdrant": ("QDRANT", "person", 1)}


def test_a_name_of_which_nobody_is_sure_is_not_shown(catalogue: Catalogue) -> None:
    """Until somebody is; then the documents that name it have changed too."""
    put(catalogue, "n/a", Facts((mention("Ada", sure=0.3),)))
    assert settled(catalogue)["ada"] == ("Ada", "person", 0)
    before = now(catalogue)
    put(catalogue, "n/b", Facts((mention("Ada", sure=0.9),)))
    assert settled(catalogue)["ada"] == ("Ada", "person", 1)
    assert changed(catalogue, before) == {"n/a", "n/b"}
    before = now(catalogue)
    put(catalogue, "n/b")
    assert settled(catalogue)["ada"] == ("Ada", "person", 0)
    assert changed(catalogue, before) == {"n/a", "n/b"}


@pytest.mark.parametrize("by", ["put", "fail", "remove", "root"])
def test_what_nobody_names_any_more_goes(catalogue: Catalogue, by: str) -> None:
    """With its rows, in the same transaction."""
    said = Facts(
        (mention("Ada"), mention("Charles")),
        (Relation(0, 1, "Ada", "met", "Grace", "llm", 1.0),),
        (Alias(0, 1, "Ada", "AAL"),),
    )
    put(catalogue, "n/a", said, title="Analytical Engine")
    put(catalogue, "n/b", Facts((mention("Ada"),)))
    catalogue.add_root(Root("m", None))
    put(catalogue, "m/c", Facts((mention("Charles"),)))
    settled(catalogue)
    if by == "root":
        catalogue.remove_root("n")
    else:
        with catalogue.database.writing() as db:
            batch = Batch(db)
            if by == "put":
                batch.put(Document("n/a", "", "", "1", "text"), [], STATE, "recipe")
            elif by == "fail":
                batch.fail("n/a", "failed", "no", STATE, "", "")
            else:
                batch.remove("n/a")
            batch.finish()
    assert set(settled(catalogue)) == ({"charles"} if by == "root" else {"ada", "charles"})
    for table in ("mentions", "relations", "aliases", "titles"):
        assert _of(catalogue, table, "n/a") == []


def test_moved_and_renamed_documents_take_their_rows_along(catalogue: Catalogue) -> None:
    """And both ids have changed."""
    put(catalogue, "n/a", Facts((mention("Ada"),)), title="Analytical Engine")
    before = now(catalogue)
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.move("n/a", "n/b")
        batch.finish()
    assert changed(catalogue, before) == {"n/a", "n/b"}
    before = now(catalogue)
    catalogue.rename_root("n", "new")
    assert changed(catalogue, before) == {"n/b", "new/b"}
    assert (
        rows(catalogue, "SELECT doc_id FROM mentions UNION ALL SELECT doc_id FROM titles") == [("new/b",)] * 2
    )


def test_added_facts_stay_until_the_document_is_read_again(catalogue: Catalogue) -> None:
    """As those of a language model."""
    put(catalogue, "n/a", Facts((mention("Ada"),)))
    with catalogue.database.writing() as db:
        facts.add(db, "n/a", Facts((mention("Grace"),)))
    assert set(settled(catalogue)) == {"ada", "grace"}
    put(catalogue, "n/a", Facts((mention("Ada"),)))
    assert set(settled(catalogue)) == {"ada"}


def test_equal_documents_settle_to_equal_rows_however_they_came(catalogue: Catalogue, tmp_path: Path) -> None:
    """Edits that were taken back leave nothing."""
    put(catalogue, "n/a", Facts((mention("ADA"), mention("Ada"), mention("Bob"))), title="Old Title")
    put(catalogue, "n/b", Facts((mention("ADA"),)))
    put(catalogue, "n/a", Facts((mention("Ada"),)), title="New Title")
    with closing(Catalogue(tmp_path / "fresh.db")) as fresh:
        fresh.add_root(Root("n", None))
        put(fresh, "n/a", Facts((mention("Ada"),)), title="New Title")
        put(fresh, "n/b", Facts((mention("ADA"),)))
        assert settled(catalogue) == settled(fresh)


def test_a_link_that_leads_elsewhere_changes_its_document(catalogue: Catalogue) -> None:
    """Though another document was written."""
    from rag.types import Link

    document = Document("n/a", "[[b]]", "", "1", "text", links=(Link(0, 5, "b", "wikilink"),))
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.put(document, [], STATE, "recipe")
        batch.finish()
    before = now(catalogue)
    put(catalogue, "n/b.md")
    assert changed(catalogue, before) == {"n/a", "n/b.md"}
    before = now(catalogue)
    put(catalogue, "n/b.md")
    assert changed(catalogue, before) == {"n/b.md"}


def test_foreign_and_forgotten_generations_start_anew(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gone documents are told only to those that may have known them."""
    monkeypatch.setattr(facts, "_KEPT_GENERATIONS", 3)
    put(catalogue, "n/a")
    put(catalogue, "n/b")
    old = now(catalogue)
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.remove("n/a")
        batch.finish()
    assert changed(catalogue, old) == {"n/a"}
    with catalogue.database.reading() as db:
        assert facts.changed_since(db, old + 1) is None
        assert facts.changed_since(db, -1) is None
    for _ in range(8):
        put(catalogue, "n/b")
    with catalogue.database.reading() as db:
        assert facts.changed_since(db, old) is None
    assert changed(catalogue, now(catalogue)) == set()
    assert rows(catalogue, "SELECT doc_id FROM graph_changes") == [("n/b",)]


def test_lookups_use_indexes(catalogue: Catalogue) -> None:
    """What each saved note asks for must not read whole tables."""
    queries = (
        "DELETE FROM mentions WHERE doc_id = 'a'",
        "SELECT 1 FROM titles WHERE searched = 0",
        "SELECT 1 FROM documents WHERE searched = 0 AND status = 'indexed'",
        "SELECT 1 FROM entities WHERE settled = 0",
        "SELECT doc_id FROM graph_changes WHERE generation > 3",
        *(_lookup(table, column) for table, column in facts._PARTS),
    )
    with catalogue.database.reading() as db:
        for query in queries:
            assert "SCAN" not in _plan(db, query) or "INDEX" in _plan(db, query), query


def _lookup(table: str, column: str) -> str:
    return f"SELECT * FROM {table} WHERE {column} = 'n/a'"  # noqa: S608 - names of our own


def _of(catalogue: Catalogue, table: str, doc_id: str) -> list[tuple[object, ...]]:
    with catalogue.database.reading() as db:
        return db.execute(_lookup(table, "doc_id").replace("'n/a'", "?"), (doc_id,)).fetchall()


def _plan(db: sqlite3.Connection, query: str) -> str:
    return " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
