"""Filters are obeyed inside every index: full text and dense find what a plain reading of the documents allows."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from rag.store import follow
from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch
from rag.store.dense import DenseIndex
from rag.store.lexical import LexicalIndex
from rag.types import Chunk, Condition, DateRange, Document, Filters, Query, Span
from tests.contracts.test_derived_index import HashEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

STATE = FileState(1, 2, 3, 4, 5)
PATHS = ("2022/a", "2022/b", "2023/a", "日记/2023")
TAGS = ("film", "film/old", "films", "工作", "工作/会议")
TYPES = {"md": "markdown", "txt": "text", "pdf": "pdf"}
WORDS = ("roof tiles", "slow train", "屋顶 瓦片", "慢车 去 柏林", "green tea", "绿茶 一 杯")
START = date(2022, 1, 1)


class Vault:
    """Random notes of three passages, each with the word apple, and the indexes over them."""

    def __init__(self, home: Path, seed: int) -> None:
        rng = random.Random(seed)
        self.catalogue = Catalogue(home / "catalogue.db")
        self.catalogue.add_root(Root("r", home))
        self.notes: dict[str, Document] = {}
        self.passages: list[Chunk] = []
        with self.catalogue.database.writing() as db:
            batch = Batch(db)
            for number in range(40):
                note, chunks = _note(rng, number)
                batch.put(note, chunks, STATE, "1")
                self.notes[note.id] = note
                self.passages += chunks
            batch.finish()
        embedder = HashEmbedder()
        self.indexes: list[LexicalIndex | DenseIndex] = [
            LexicalIndex(home / "lexical", self.catalogue),
            DenseIndex(
                home / "dense",
                embedder,
                lambda chunks: embedder.embed_passages([c.body for c in chunks]),
                self.catalogue,
            ),
        ]
        for index in self.indexes:
            follow.rebuild(index, self.catalogue)

    def found(self, index: LexicalIndex | DenseIndex, query: Query, k: int) -> list[tuple[str, int]]:
        """Passages, best first."""
        keys = [key for key, _ in index.search(query, k)]
        chunks = self.catalogue.chunks(keys)
        return [(chunks[key].doc_id, chunks[key].start) for key in keys]

    def allowed(self, filters: Filters) -> set[tuple[str, int]]:
        """By the notes as they were written."""
        return {(p.doc_id, p.start) for p in self.passages if _is_allowed(self.notes[p.doc_id], p, filters)}


def _note(rng: random.Random, number: int) -> tuple[Document, list[Chunk]]:
    ending = rng.choice(sorted(TYPES))
    doc_id = f"r/{rng.choice(PATHS)}/{number}.{ending}"
    bodies = [f"{rng.choice(WORDS)} apple {i}" for i in range(3)]
    meta = {"rating": rng.randint(1, 9)} if rng.random() < 0.7 else {}
    note = Document(
        doc_id,
        "".join(bodies),
        "",
        f"note {number}",
        TYPES[ending],  # type: ignore[arg-type] # a lookup is no literal
        dates=_dates(rng),
        tags=tuple(rng.sample(TAGS, rng.randint(0, 2))),
        meta=meta,
    )
    starts = [sum(map(len, bodies[:i])) for i in range(3)]
    return note, [
        Chunk(doc_id, start, start + len(body), body, body, note.title, (1, 1), dates=_dates(rng))
        for start, body in zip(starts, bodies, strict=True)
    ]


def _dates(rng: random.Random) -> tuple[DateRange, ...]:
    if rng.random() < 0.5:
        return ()
    first = START + timedelta(days=rng.randrange(700))
    return (DateRange(first, first + timedelta(days=rng.choice((0, 30))), "words", 0.5),)


def _some(rng: random.Random, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(rng.sample(values, rng.randint(1, 2))) if rng.random() < 0.2 else ()


def _filters(rng: random.Random) -> Filters:
    first = START + timedelta(days=rng.randrange(600))
    is_rated, is_dated, is_of_language = (rng.random() < 0.2 for _ in range(3))
    return Filters(
        folders=_some(rng, ("r/2022", "r/2023", "r/日记")),
        exclude=_some(rng, ("r/2022/a", "r/日记/2023")),
        paths=_some(rng, ("2022", "A/", "日记")),
        without_paths=_some(rng, ("2022", "/b", "nowhere")),
        tags=_some(rng, ("film", "FILM/old", "工作")),
        without_tags=_some(rng, ("film", "工作/會議")),
        types=_some(rng, ("md", "pdf", "text")),
        without_types=_some(rng, ("txt", "pdf")),
        languages=(rng.choice(("zh", "en")),) if is_of_language else (),
        conditions=(Condition("Rating", rng.choice(("<", ">=")), str(rng.randint(1, 9))),)
        if is_rated
        else (),
        phrases=_some(rng, ("roof", "ROOF  tiles", "慢車 去", "apple 1", "ａｐｐｌｅ")),
        spans=(Span(first, first + timedelta(days=rng.randint(0, 200))),) if is_dated else (),
    )


def _is_allowed(note: Document, passage: Chunk, filters: Filters) -> bool:
    """The docstring of ``Filters``, word by word."""
    path = note.id.casefold()
    types = {note.format, note.id.rpartition(".")[2]}
    above = {tag[:n] for tag in note.tags for n in range(len(tag) + 1) if tag[n : n + 1] in {"", "/"}}
    rating = note.meta.get("rating")
    dates = (*passage.dates, *note.dates)
    language = "zh" if any(char > "\u4e00" for char in passage.body) else "en"

    def within(folder: str) -> bool:
        return note.id == folder or note.id.startswith(folder + "/")

    def folded(words: Sequence[str]) -> set[str]:
        return {
            w.casefold().replace("會議", "会议").replace("慢車", "慢车").replace("  ", " ") for w in words
        }

    return all(
        (
            not filters.folders or any(map(within, filters.folders)),
            not any(map(within, filters.exclude)),
            all(part in path for part in folded(filters.paths)),
            not any(part in path for part in folded(filters.without_paths)),
            folded(filters.tags) <= above,
            not folded(filters.without_tags) & above,
            not filters.types or {"markdown" if t == "md" else t for t in filters.types} & types,
            not set(filters.without_types) & types,
            not filters.languages or language in filters.languages,
            all(
                isinstance(rating, int)
                and (rating < int(c.value) if c.operator == "<" else rating >= int(c.value))
                for c in filters.conditions
            ),
            all(p.replace("ａｐｐｌｅ", "apple") in passage.body for p in folded(filters.phrases)),
            not filters.spans
            or any(d.first <= s.last and d.last >= s.first for s in filters.spans for d in dates),
        )
    )


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Callable[[int], Vault]]:
    """Makes vaults."""
    made: list[Vault] = []

    def make(seed: int) -> Vault:
        folder = tmp_path / str(seed)
        folder.mkdir()
        made.append(Vault(folder, seed))
        return made[-1]

    yield make
    for one in made:
        one.catalogue.close()


def test_indexes_find_what_a_plain_reading_allows(vault: Callable[[int], Vault]) -> None:
    """All of it, and nothing else, for random notes and random filters of all kinds."""
    some = few = 0
    for seed in range(3):
        notes, rng = vault(seed), random.Random(seed)
        for _ in range(60):
            filters = _filters(rng)
            expected = notes.allowed(filters)
            for index in notes.indexes:
                found = notes.found(index, Query("apple", filters), 200)
                assert set(found) == expected, (type(index).__name__, filters)
                assert len(found) == len(expected)
            few += not expected
            some += 0 < len(expected) < len(notes.passages)
    assert some > 60
    assert few > 10


def test_k_passages_are_found_however_many_better_ones_are_not_allowed(vault: Callable[[int], Vault]) -> None:
    """Filters narrow the search itself: what is allowed is not lost behind a list of what is not."""
    notes = vault(7)
    with notes.catalogue.database.writing() as db:
        batch = Batch(db)
        for number in range(400):
            text = f"walnut walnut walnut {number}"
            note = Document(f"r/better/{number}.md", text, "", "walnut", "markdown", tags=("better",))
            chunk = Chunk(note.id, 0, len(text), text, text, "walnut", (1, 1))
            batch.put(note, [chunk], STATE, "1")
        for number in range(20):
            text = f"a walnut among many other words that say nothing of it {number}"
            note = Document(f"r/worse/{number}.md", text, "", "worse", "markdown", tags=("worse",))
            batch.put(note, [Chunk(note.id, 0, len(text), text, text, "worse", (1, 1))], STATE, "1")
        batch.finish()
    for index in notes.indexes:
        follow.rebuild(index, notes.catalogue)
        for filters in (
            Filters(tags=("worse",)),
            Filters(without_tags=("better",)),
            Filters(phrases=("among many",)),
            Filters(without_paths=("better/1", "better/2"), tags=("worse",)),
        ):
            found = notes.found(index, Query("walnut", filters), 10)
            assert len(found) == 10, (type(index).__name__, filters)
            assert all(doc_id.startswith("r/worse/") for doc_id, _ in found)


def test_scores_are_the_same_with_filters(vault: Callable[[int], Vault]) -> None:
    """They limit what is found and say nothing of how well it fits: by few keys, by many, by ranges."""
    notes = vault(11)
    for index in notes.indexes:
        all_scores = dict(index.search(Query("apple train"), 200))
        for filters in (
            Filters(tags=("film",)),
            Filters(without_tags=("film",)),
            Filters(paths=("0.",)),
            Filters(without_paths=("0.",)),
            Filters(paths=("r/",)),
        ):
            found = index.search(Query("apple train", filters), 200)
            assert found
            assert all(score == pytest.approx(all_scores[key], abs=1e-4) for key, score in found)
            assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))


def test_without_a_key_filter_other_filters_are_refused(tmp_path: Path) -> None:
    """Rather than ignored."""
    text = "apple"
    index = LexicalIndex(tmp_path)
    index.rebuild(iter([[Chunk("r/a", 0, 5, text, text, "", (1, 1), key=1)]]), 1)
    assert index.search(Query("apple", Filters(folders=("r",))), 5)
    with pytest.raises(ValueError, match="film"):
        index.search(Query("apple", Filters(tags=("film",))), 5)
