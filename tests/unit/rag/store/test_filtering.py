"""Which passages each filter lets through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pytest

from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch
from rag.types import Chunk, Condition, DateRange, Document, Filters, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rag.types import Format, MetaValue

STATE = FileState(1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Note:
    """A note with one passage, which its name stands for."""

    body: str = "some words"
    title: str = ""
    heading: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    format: Format = "markdown"
    meta: Mapping[str, MetaValue] = field(default_factory=dict)
    dates: tuple[DateRange, ...] = ()
    own: tuple[DateRange, ...] = ()


def put(catalogue: Catalogue, notes: Mapping[str, Note]) -> None:
    """Store the notes."""
    with catalogue.database.writing() as db:
        batch = Batch(db)
        for name, n in notes.items():
            document = Document(
                f"r/{name}", n.body, "", n.title, n.format, dates=n.dates, tags=n.tags, meta=n.meta
            )
            end = len(n.body)
            chunk = Chunk(document.id, 0, end, n.body, n.body, n.title, (1, 1), n.heading, dates=n.own)
            batch.put(document, [chunk], STATE, "1")
        batch.finish()


def day(first: str, last: str = "", source: str = "words", confidence: float = 0.8) -> DateRange:
    """A date."""
    return DateRange(date.fromisoformat(first), date.fromisoformat(last or first), source, confidence)


def span(first: str, last: str) -> Span:
    """A span."""
    return Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """One root, no notes."""
    opened = Catalogue(tmp_path / "catalogue.db")
    opened.add_root(Root("r", tmp_path))
    yield opened
    opened.close()


def let_through(catalogue: Catalogue, filters: Filters) -> set[str]:
    """Names of notes."""
    allowed = catalogue.allowed_keys(filters)
    assert allowed is not None
    keys = allowed.tolist()
    assert keys == sorted(keys)
    return {chunk.doc_id.removeprefix("r/") for chunk in catalogue.chunks(keys).values()}


def test_paths_are_parts_of_the_id(catalogue: Catalogue) -> None:
    """Case and Unicode form aside; all must stand in it, none of the unwanted may."""
    put(catalogue, {"2023/Été.md": Note(), "2023/b.md": Note(), "2022/旅行/c.md": Note()})
    assert let_through(catalogue, Filters(paths=("2023/",))) == {"2023/Été.md", "2023/b.md"}
    assert let_through(catalogue, Filters(paths=("e\u0301T", "2023"))) == {"2023/Été.md"}
    assert let_through(catalogue, Filters(paths=("旅行/c",))) == {"2022/旅行/c.md"}
    assert let_through(catalogue, Filters(without_paths=("2023/B", "旅行"))) == {"2023/Été.md"}
    assert let_through(catalogue, Filters(paths=("2024",))) == set()


def test_tags_lie_above_others(catalogue: Catalogue) -> None:
    """``a`` is met by ``a/b`` and not by ``ab``; case, width and script aside."""
    put(
        catalogue,
        {
            "film": Note(tags=("電影/科幻", "Ｗork")),
            "films": Note(tags=("电影节",)),
            "job": Note(tags=("work/Infra",)),
            "none": Note(),
        },
    )
    assert let_through(catalogue, Filters(tags=("电影",))) == {"film"}
    assert let_through(catalogue, Filters(tags=("#電影/",))) == {"film"}
    assert let_through(catalogue, Filters(tags=("WORK",))) == {"film", "job"}
    assert let_through(catalogue, Filters(tags=("work", "電影"))) == {"film"}
    assert let_through(catalogue, Filters(tags=("work/infra",))) == {"job"}
    assert let_through(catalogue, Filters(without_tags=("work",))) == {"films", "none"}
    assert let_through(catalogue, Filters(tags=("work",), without_tags=("电影",))) == {"job"}


def test_types_are_formats_and_endings(catalogue: Catalogue) -> None:
    """``md`` is Markdown; any of several may match, none of the unwanted."""
    put(
        catalogue,
        {
            "a.md": Note(),
            "b.markdown": Note(),
            "c.PDF": Note(format="pdf"),
            "d.docx": Note(format="prose"),
            "md/README": Note(format="text"),
        },
    )
    assert let_through(catalogue, Filters(types=("md",))) == {"a.md", "b.markdown"}
    assert let_through(catalogue, Filters(types=("Markdown",))) == {"a.md", "b.markdown"}
    assert let_through(catalogue, Filters(types=(".pdf", "docx"))) == {"c.PDF", "d.docx"}
    assert let_through(catalogue, Filters(types=("prose",))) == {"d.docx"}
    assert let_through(catalogue, Filters(without_types=("md", "pdf"))) == {"d.docx", "md/README"}


def test_languages_are_those_of_passages(catalogue: Catalogue) -> None:
    """By the share of Han characters; masked ranges have none."""
    put(
        catalogue,
        {"zh": Note("我们用 GPT 写的"), "en": Note("we wrote 它 with a model"), "numbers": Note("12 34")},
    )
    assert let_through(catalogue, Filters(languages=("zh",))) == {"zh"}
    assert let_through(catalogue, Filters(languages=("en",))) == {"en", "numbers"}
    assert let_through(catalogue, Filters(languages=("en", "zh"))) == {"en", "numbers", "zh"}


PROPERTIES: Mapping[str, Mapping[str, MetaValue]] = {
    "nine": {"rating": 9, "Director": "小津安二郎", "watched": "2023-04-15"},
    "ten": {"Rating": "10/10", "导演": ("小津安二郎", "Wim Wenders"), "watched": "2023/5/1 20:00"},
    "stars": {"评分": "★★★", "done": True, "year": 2021},
    "words": {"rating": "good", "director": "[[Denis Villeneuve]]", "watched": "soon"},
    "inner": {"film.director": "Wong Kar-wai", "film.rating": 7.5, "watched": 2023},
    "empty": {"rating": None},
}


@pytest.mark.parametrize(
    ("name", "sign", "value", "names"),
    [
        ("rating", ">", "4", {"nine", "ten", "inner"}),
        ("rating", "<", "10", {"nine", "stars", "inner"}),
        ("rating", "=", "9", {"nine"}),
        ("score", ">=", "10", {"ten"}),
        ("rating", "<=", "7.5", {"stars", "inner"}),
        ("rating", "=", "GOOD", {"words"}),
        ("rating", ">", "bad", {"words"}),
        ("director", "=", "小津", {"nine", "ten"}),
        ("導演", "=", "wim wenders", {"ten"}),
        ("DIRECTOR", "=", "villeneuve", {"words"}),
        ("director", "=", "wong", {"inner"}),
        ("watched", "=", "2023-04", {"nine", "inner"}),
        ("watched", ">", "2023-04", {"ten", "inner"}),
        ("watched", "<=", "2023-04-15", {"nine", "inner"}),
        ("watched", "<", "2023-04-15", {"inner"}),
        ("watched", ">=", "2023年5月1日", {"ten", "inner"}),
        ("watched", "=", "2023/04/15", {"nine", "inner"}),
        ("watched", "=", "soon", {"words"}),
        ("year", "<", "2022", {"stars"}),
        ("year", ">=", "2020-06-01", {"stars"}),
        ("done", "=", "true", {"stars"}),
        ("nothing", "=", "9", set[str]()),
    ],
)
def test_conditions_compare_by_what_values_are(
    catalogue: Catalogue, name: str, sign: str, value: str, names: set[str]
) -> None:
    """Numbers, days and texts; items of lists; names of properties in both languages; what is inside others."""
    put(catalogue, {note: Note(meta=meta) for note, meta in PROPERTIES.items()})
    condition = Condition(name, sign, value)  # type: ignore[arg-type] # a parameter is no literal
    assert let_through(catalogue, Filters(conditions=(condition,))) == names


def test_all_conditions_must_hold(catalogue: Catalogue) -> None:
    """Each of them by some property."""
    put(catalogue, {note: Note(meta=meta) for note, meta in PROPERTIES.items()})
    both = (Condition("rating", ">", "4"), Condition("director", "=", "小津"))
    assert let_through(catalogue, Filters(conditions=both)) == {"nine", "ten"}


def test_phrases_stand_in_passage_title_or_headings(catalogue: Catalogue) -> None:
    """Not across their borders; case, width, script and white space aside; all of several."""
    put(
        catalogue,
        {
            "body": Note("the Borrow\n  checker, explained; 蘋果電腦"),
            "title": Note("words", title="Borrow checker"),
            "heading": Note("words", heading=("Rust", 'The "ＢＯＲＲＯＷ\u3000checker" \\ 2')),
            "apart": Note("checker", title="borrow", heading=("borrow",)),
            "other": Note("borrow the checker"),
        },
    )
    assert let_through(catalogue, Filters(phrases=("borrow checker",))) == {"body", "title", "heading"}
    assert let_through(catalogue, Filters(phrases=("borrow checker", "苹果"))) == {"body"}
    assert let_through(catalogue, Filters(phrases=('checker" \\ 2',))) == {"heading"}
    assert let_through(catalogue, Filters(phrases=("nowhere",))) == set()


def test_spans_touch_dates_of_passage_or_note(catalogue: Catalogue) -> None:
    """A day at the border touches; any of several spans may."""
    put(
        catalogue,
        {
            "own": Note(own=(day("2022-04-30"), day("2020-01-01")), dates=(day("2022-12-31"),)),
            "note": Note(dates=(day("2022-04-01", "2022-06-30"),)),
            "year": Note(own=(day("2022-01-01", "2022-12-31"),)),
            "before": Note(dates=(day("2022-03-31"),)),
            "none": Note(),
        },
    )
    assert let_through(catalogue, Filters(spans=(span("2022-04-01", "2022-04-30"),))) == {
        "own",
        "note",
        "year",
    }
    two = (span("2022-03-01", "2022-03-31"), span("2020-01-01", "2020-01-01"))
    assert let_through(catalogue, Filters(spans=two)) == {"own", "year", "before"}


def test_filters_of_all_kinds_hold_together(catalogue: Catalogue) -> None:
    """Each narrows what the others leave."""
    fits = Note("在柏林看了電影", tags=("film",), meta={"rating": 9}, dates=(day("2022-04-03"),))
    put(
        catalogue,
        {
            "in/a.md": fits,
            "in/b.txt": Note("在柏林", tags=("film",), meta={"rating": 9}, dates=fits.dates, format="text"),
            "in/c.md": Note("在柏林", meta={"rating": 9}, dates=fits.dates),
            "in/d.md": Note("在柏林", tags=("film",), meta={"rating": 3}, dates=fits.dates),
            "in/e.md": Note("in 柏林, seen from afar", tags=("film",), meta={"rating": 9}, dates=fits.dates),
            "in/f.md": Note("在柏林看了电影", tags=("film",), meta={"rating": 9}, dates=(day("2021-04-03"),)),
            "out/g.md": fits,
            "in/not/h.md": fits,
        },
    )
    everything = Filters(
        folders=("r/in",),
        exclude=("r/in/not",),
        paths=("in/",),
        tags=("film",),
        types=("md",),
        languages=("zh",),
        conditions=(Condition("rating", ">", "5"),),
        phrases=("看了电影",),
        spans=(span("2022-04-01", "2022-04-30"),),
    )
    assert let_through(catalogue, everything) == {"in/a.md"}
    assert hash(everything)
    assert catalogue.count_notes(Filters(folders=("r/in",), types=("md",))) == 6


def test_what_is_remembered_follows_every_change(catalogue: Catalogue) -> None:
    """A tag that comes or goes changes no passage, and yet the answer."""
    put(catalogue, {"a": Note(tags=("x",)), "b": Note()})
    generation = catalogue.generation()
    first = catalogue.allowed_keys(Filters(tags=("x",)))
    assert catalogue.allowed_keys(Filters(tags=("x",))) is first
    put(catalogue, {"a": Note(), "b": Note(tags=("x",))})
    assert catalogue.generation() == generation
    assert let_through(catalogue, Filters(tags=("x",))) == {"b"}
    with catalogue.database.writing() as db:
        Batch(db).remove("r/b")
        assert let_through(catalogue, Filters(folders=("r",))) == {"a"}
