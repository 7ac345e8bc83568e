"""Titles of notes, found in what other notes say."""

from __future__ import annotations

import contextlib
import random
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from graph import titles
from graph.model import NO_FACTS
from graph.titles import Gazetteer
from rag.store import facts
from rag.store.called import folded
from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch
from rag.types import Chunk, Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = ("Amber", "Birch", "Amber Birch", "Birch Cedar", "amber birch", "山水", "山水画", "水画")


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """An empty catalogue with a root."""
    with closing(Catalogue(tmp_path / "catalogue.db")) as opened:
        opened.add_root(Root("n", None))
        yield opened


def put(catalogue: Catalogue, doc_id: str, title: str, body: str, *, masked: str = "") -> None:
    """A note of one passage that begins at 2."""
    text = f"\n\n{body}"
    chunk = Chunk(
        doc_id, 2, len(text), body, body.replace(masked, " " * len(masked)) if masked else body, title, (1, 1)
    )
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.put(Document(doc_id, text, "", title, "text"), [chunk], FileState(0, 0, 0, 0, 0), "", NO_FACTS)
        batch.finish()


def remove(catalogue: Catalogue, doc_id: str) -> None:
    """A note goes."""
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.remove(doc_id)
        batch.finish()


def said(catalogue: Catalogue) -> set[tuple[str, str, int]]:
    """Which document says which title, and where."""
    titles.follow(catalogue)
    with catalogue.database.reading() as db:
        found = db.execute("SELECT doc_id, name, start FROM mentions WHERE extractor = 'title'")
        return set(found.fetchall())


@pytest.mark.parametrize(
    ("label", "text", "expected"),
    [
        ("Qdrant", "We use Qdrant here", ["Qdrant"]),
        ("Qdrant", "用Qdrant做检索", ["Qdrant"]),
        ("Qdrant", "Qdrant's speed; Qdrant-like", ["Qdrant", "Qdrant"]),
        ("Qdrant", "Qdrants and qdrant and QDRANT and XQdrant and Qdrant2 and _Qdrant", []),
        ("New York", "new york and New  York and NEW YORKER", ["new york"]),
        ("山水", "看山水画", ["山水"]),
        ("C++ Primer", "a c++ primer.", ["c++ primer"]),
        ("İstanbul", "İİ in İstanbul", ["İstanbul"]),
        ("Éa Öb", "the ÉA ÖB", ["ÉA ÖB"]),
    ],
)
def test_words_are_found_whole(label: str, text: str, expected: list[str]) -> None:
    """Single words as they are written, several in any case; Chinese wherever it stands."""
    found = Gazetteer([(label, 1)]).find(text)
    assert [text[one.start : one.end] for one in found] == expected


def test_the_longest_of_those_that_begin_first_wins() -> None:
    """Unless a word goes on behind it: then a shorter one may be whole."""
    gazetteer = Gazetteer(
        [("New York", 1), ("New York Times", 2), ("York Times Square", 3), ("New York Tim", 4)]
    )

    def find(text: str) -> list[tuple[str, int]]:
        return [(text[f.start : f.end], f.entity) for f in gazetteer.find(text)]

    assert find("The New York Times Square") == [("New York Times", 2)]
    assert find("The New York Timber") == [("New York", 1)]
    assert find("the york times square") == [("york times square", 3)]


def test_nothing_to_find() -> None:
    """No titles, or no text."""
    assert Gazetteer([]).find("text") == []
    assert Gazetteer([("Text", 1)]).find("") == []


def test_folding_keeps_every_place() -> None:
    """Though some capitals become two small letters."""
    assert folded("İA") == "İa"
    assert folded("ΑΣ ABC") == "ας abc"


def test_spans_count_in_the_document(catalogue: Catalogue) -> None:
    """And lead to the passage."""
    put(catalogue, "n/q", "Qdrant", "It is a store.")
    put(catalogue, "n/a", "1", "See Qdrant.")
    assert said(catalogue) == {("n/a", "Qdrant", 6)}
    with catalogue.database.reading() as db:
        assert db.execute(
            "SELECT m.chunk = c.key FROM mentions m JOIN chunks c ON c.doc_id = 'n/a'"
        ).fetchall() == [(1,)]


def test_once_a_passage(catalogue: Catalogue) -> None:
    """Where it stands first."""
    put(catalogue, "n/q", "Qdrant", "It is a store.")
    put(catalogue, "n/a", "1", "Qdrant and Qdrant")
    assert said(catalogue) == {("n/a", "Qdrant", 2)}


def test_a_note_does_not_mention_itself(catalogue: Catalogue) -> None:
    """Nor a shorter title within its own, nor a namesake."""
    put(catalogue, "n/q", "Amber Birch", "Amber Birch is here.")
    put(catalogue, "n/b", "Birch", "On the amber birch.")
    put(catalogue, "n/c", "Amber Birch", "Amber Birch, too.")
    assert said(catalogue) == {("n/b", "amber birch", 9)}


def test_what_is_left_out_of_the_index_says_nothing(catalogue: Catalogue) -> None:
    """A masked part of a passage."""
    put(catalogue, "n/q", "Qdrant", "It is a store.")
    put(catalogue, "n/a", "1", "See Qdrant.", masked="Qdrant")
    assert said(catalogue) == set()


def test_a_new_title_is_found_in_old_notes(catalogue: Catalogue) -> None:
    """Also where a shorter one was found before; when it goes, the shorter one is back."""
    put(catalogue, "n/a", "1", "The Amber Birch.")
    put(catalogue, "n/b", "2", "Nothing of it.")
    put(catalogue, "n/c", "Birch", "A tree.")
    assert said(catalogue) == {("n/a", "Birch", 12)}
    put(catalogue, "n/d", "Amber Birch", "Another tree.")
    assert said(catalogue) == {("n/a", "Amber Birch", 6)}
    remove(catalogue, "n/d")
    assert said(catalogue) == {("n/a", "Birch", 12)}
    put(catalogue, "n/c", "3", "A tree.")
    assert said(catalogue) == set()
    with catalogue.database.reading() as db:
        assert db.execute("SELECT * FROM entities").fetchall() == []


def test_only_what_may_have_changed_is_searched(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A saved note costs a search of itself; a new title, of those that say it; a second one like it, nothing more."""
    for i in range(20):
        put(catalogue, f"n/{i}", f"Amber {chr(65 + i)}", "Amber A and Amber B." if i < 5 else "Amber Z.")
    titles.follow(catalogue)
    searched: list[str] = []
    real = titles._mentions

    def counted(db: object, doc_id: str, *rest: object) -> object:
        searched.append(doc_id)
        return real(db, doc_id, *rest)  # type: ignore[arg-type] # passed through

    monkeypatch.setattr(titles, "_mentions", counted)
    titles.follow(catalogue)
    assert searched == []
    put(catalogue, "n/3", "Amber D", "Amber A.")
    titles.follow(catalogue)
    assert searched == ["n/3"]
    searched.clear()
    put(catalogue, "n/new", "Amber Z", "nothing")
    titles.follow(catalogue)
    assert sorted(searched) == sorted(["n/new", *(f"n/{i}" for i in range(5, 20))])
    searched.clear()
    put(catalogue, "n/new2", "Amber Z", "nothing")
    titles.follow(catalogue)
    assert searched == ["n/new2"]


def test_documents_that_say_the_same_as_before_have_not_changed(catalogue: Catalogue) -> None:
    """Though they were searched again."""
    put(catalogue, "n/a", "1", "Amber Birch")
    put(catalogue, "n/b", "Amber Birch", "")
    titles.follow(catalogue)
    put(catalogue, "n/c", "Amber Birch Cedar", "")
    with catalogue.database.reading() as db:
        before = facts.generation(db)
    put(catalogue, "n/d", "Birch Cedar", "")
    titles.follow(catalogue)
    with catalogue.database.reading() as db:
        changes = facts.changed_since(db, before)
    assert changes is not None
    assert "n/a" not in changes[0]


@pytest.mark.parametrize("seed", range(4))
def test_the_state_is_a_function_of_the_notes_present(
    catalogue: Catalogue, tmp_path: Path, seed: int
) -> None:
    """After any history, killed anywhere between steps, it is what a fresh catalogue has."""
    rng = random.Random(seed)
    notes: dict[str, tuple[str, str]] = {}
    for _ in range(40):
        doc_id = f"n/{rng.randrange(8)}"
        if doc_id in notes and rng.random() < 0.3:
            del notes[doc_id]
            remove(catalogue, doc_id)
        else:
            notes[doc_id] = (rng.choice(WORDS), " ".join(rng.choices(WORDS, k=6)))
            put(catalogue, doc_id, *notes[doc_id])
        if rng.random() < 0.5 and titles.is_behind(catalogue):
            with catalogue.database.writing() as db:  # one step, then a kill
                titles._step(db, titles._Known())
    with closing(Catalogue(tmp_path / "fresh.db")) as fresh:
        fresh.add_root(Root("n", None))
        for doc_id, note in notes.items():
            put(fresh, doc_id, *note)
        assert said(catalogue) == said(fresh) != set()
        assert _entities(catalogue) == _entities(fresh)


@pytest.mark.parametrize("few", [0, 16])
def test_titles_that_others_take_away_meanwhile(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Between two steps another process may write: nothing is found that is not there any more."""
    monkeypatch.setattr(titles, "_DOCUMENTS", 1)
    monkeypatch.setattr(titles, "_FEW", few)
    for i in range(4):
        put(catalogue, f"n/{i}", str(i), "Amber Birch and Birch.")
    put(catalogue, "n/b", "Birch", "")
    put(catalogue, "n/ab", "Amber Birch", "")
    steps = iter(range(100))

    @contextlib.contextmanager
    def lock() -> Iterator[None]:
        if next(steps) == 3:
            remove(catalogue, "n/ab")
        yield

    titles.follow(catalogue, lock)
    found = said(catalogue)
    assert {name for _, name, _ in found} == {"Birch"}
    assert len(found) == 4


@pytest.mark.parametrize(
    "label", ["Amber Birch", "Привет мир", "Éa Öb", "山水", "三D 打印", "«Amber»", "x 山水"]
)
def test_every_way_of_looking_finds_the_same(catalogue: Catalogue, label: str) -> None:
    """Whether the note or the title came first, and whether few notes or many are searched."""
    body = f"a {label.upper()}, {label}。{label.lower()} {label}x"
    put(catalogue, "n/a", "1", body)
    titles.follow(catalogue)
    put(catalogue, "n/t", label, "")
    first = said(catalogue)
    put(catalogue, "n/a", "1", body)
    assert said(catalogue) == first != set()
    for i in range(titles._FEW + 1):
        put(catalogue, f"n/a{i}", "1", body)
    assert {(name, start) for _, name, start in said(catalogue)} == {
        (name, start) for _, name, start in first
    }
    assert len(said(catalogue)) == titles._FEW + 2


def _entities(catalogue: Catalogue) -> list[tuple[object, ...]]:
    with catalogue.database.reading() as db:
        return db.execute("SELECT key, label, kind, shown, settled FROM entities ORDER BY key").fetchall()
