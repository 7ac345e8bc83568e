"""What a model read in a passage, as facts with spans: nothing that the passage does not say."""

from __future__ import annotations

import pytest

from graph.model import Facts, Mention, Relation
from graph.triples import facts_of
from rag.store.extractions import Triple
from rag.types import Chunk

TEXT = "# 向量库\n\n他用Qdrant建了向量数据库。Qdrant is written in **Rust**. Later it\nbeat Wild  Grass."


def passage(text: str = TEXT, *, title: str = "Weekly", body: str | None = None) -> Chunk:
    """A passage at offset 100 of its note."""
    return Chunk(
        "n/a.md", 100, 100 + len(text), text, text if body is None else body, title, (1, 1 + text.count("\n"))
    )


def triple(subject: str, predicate: str, object_: str) -> Triple:
    """Two technologies."""
    return Triple(subject, "technology", predicate, object_, "technology")


def quoted(facts: Facts, text: str = TEXT) -> list[str]:
    """What the spans of relations hold."""
    return [text[r.start - 100 : r.end - 100] for r in facts.relations]


def test_spans_hold_the_names_and_the_sentence() -> None:
    """A mention is where the name stands first; a relation the sentence that holds both."""
    facts = facts_of([triple("qdrant", "written in", "Rust")], passage())
    assert [(m.name, TEXT[m.start - 100 : m.end - 100]) for m in facts.mentions] == [
        ("Qdrant", "Qdrant"),
        ("Rust", "Rust"),
    ]
    assert quoted(facts) == ["Qdrant is written in **Rust**."]
    (relation,) = facts.relations
    assert (relation.subject, relation.predicate, relation.object) == ("Qdrant", "written in", "Rust")
    assert {m.extractor for m in facts.mentions} == {relation.extractor} == {"llm"}


def test_chinese_names_stand_beside_latin_ones() -> None:
    """Without spaces around them, and found as they are written."""
    facts = facts_of([triple("Qdrant", "用于", "向量数据库")], passage())
    assert quoted(facts) == ["他用Qdrant建了向量数据库。"]


def test_names_in_different_sentences_have_the_passage() -> None:
    """Also where white space differs from the model's."""
    facts = facts_of([triple("Qdrant", "beat", "Wild Grass")], passage())
    assert quoted(facts) == [TEXT]
    assert facts.relations[0].object == "Wild Grass"


@pytest.mark.parametrize(
    ("subject", "object_"),
    [
        ("Qdrant", "PostgreSQL"),
        ("Milvus", "Rust"),
        ("drant", "Rust"),
        ("Qdrant", "Rus"),
        ("他", "Qdrant"),
        ("Qdrant", "it"),
        ("Qdrant", "2023"),
    ],
)
def test_what_the_passage_does_not_say_is_dropped(subject: str, object_: str) -> None:
    """Names that do not stand there, parts of names, pronouns, numbers."""
    assert facts_of([triple(subject, "uses", object_)], passage(TEXT + " 2023")) == Facts()


def test_what_is_masked_is_not_said() -> None:
    """A name that stands only in a masked range was never shown to the model."""
    body = TEXT.replace("**Rust**", " " * len("**Rust**"))
    assert facts_of([triple("Qdrant", "written in", "Rust")], passage(body=body)) == Facts()


def test_the_notes_own_name_means_the_note() -> None:
    """It needs not stand in the passage; where it does, it is a name as any other."""
    told = [triple("Weekly", "covers", "Qdrant")]
    facts = facts_of(told, passage())
    assert [m.name for m in facts.mentions] == ["Qdrant"]
    assert facts.relations == (
        Relation(facts.relations[0].start, facts.relations[0].end, "", "covers", "Qdrant", "llm", 0.8),
    )
    facts = facts_of(told, passage(TEXT + " Weekly"))
    assert facts.relations[0].subject == "Weekly"


def test_the_same_fact_twice_is_one() -> None:
    """In other spellings too."""
    told = [triple("Qdrant", "written in", "Rust"), triple("qdrant", "written in", "RUST")]
    facts = facts_of(told, passage())
    assert len(facts.relations) == 1
    assert facts.mentions[0] == Mention(109, 115, "Qdrant", "technology", "llm", 0.8)
