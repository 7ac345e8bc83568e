"""Structured questions are understood by their form, in both languages."""

from __future__ import annotations

import pytest

from graph.asking import Asked, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("director:杨德昌", Asked("property", predicate="director", operator="=", value="杨德昌")),
        ("导演： 杨德昌", Asked("property", predicate="导演", operator="=", value="杨德昌")),
        (
            'director: "Wim Wenders"',
            Asked("property", predicate="director", operator="=", value="Wim Wenders"),
        ),
        ("rating:>4", Asked("property", predicate="rating", operator=">", value="4")),
        ("评分≥8.5", Asked("property", predicate="评分", operator=">=", value="8.5")),
        ("rating <= 3", Asked("property", predicate="rating", operator="<=", value="3")),
        ("year = 2003", Asked("property", predicate="year", operator="=", value="2003")),
    ],
)
def test_properties(text: str, expected: Asked) -> None:
    """A name, a sign (ASCII or full width) and a value."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "predicate", "operator", "sort", "is_mine"),
    [
        ("我评分最高的电影", "评分", "max", "电影", True),
        ("评分最低的书", "评分", "min", "书", False),
        ("评分最高", "评分", "max", "", False),
        ("highest rated films", "rating", "max", "films", False),
        ("my lowest rated book?", "rating", "min", "book", True),
        ("What are my highest-rated movies?", "rating", "max", "movies", True),
        ("films with the highest score", "score", "max", "films", False),
        ("lowest price", "price", "min", "", False),
        ("最高评分的电影", "评分", "max", "电影", False),
    ],
)
def test_extremes(text: str, predicate: str, operator: str, sort: str, *, is_mine: bool) -> None:
    """The most and the least of a property, of some sort of note, perhaps of the asker's own."""
    expected = Asked("property", predicate=predicate, operator=operator, sort=sort, is_mine=is_mine)
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "timeline of Qdrant",
        "Qdrant timeline",
        "Qdrant 的时间线",
        "Qdrant的时间轴",
        "时间线：Qdrant",
        "the history of Qdrant?",
    ],
)
def test_timelines(text: str) -> None:
    """Of one name."""
    assert parse(text) == Asked("timeline", ("Qdrant",))


@pytest.mark.parametrize(
    "text",
    [
        "path from 苏禾 to Berlin",
        "connection between 苏禾 and Berlin",
        "how is 苏禾 related to Berlin?",
        "how are 苏禾 and Berlin connected",
        "苏禾 -> Berlin",
        "[[苏禾]] → [[Berlin|home]]",
        "从苏禾到 Berlin 的路径",
        "苏禾和 Berlin 有什么关系？",
        "苏禾与 Berlin 之间的联系",
    ],
)
def test_paths(text: str) -> None:
    """Between two names, quoted as links or not."""
    assert parse(text) == Asked("path", ("苏禾", "Berlin"))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("people near Leafpick", ("person",)),
        ("places of Leafpick", ("place",)),
        ("neighbours of Leafpick", ()),
        ("和 Leafpick 有关的人", ("person",)),
        ("Leafpick 相关的技术", ("technology",)),
        ("Leafpick 的邻居", ()),
        ("tags of Leafpick", ("tag",)),
    ],
)
def test_neighbours(text: str, kinds: tuple[str, ...]) -> None:
    """By kind, or all."""
    assert parse(text) == Asked("neighbours", ("Leafpick",), kinds)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Qdrant", ("Qdrant",)),
        ("苏禾 和 柏林", ("苏禾", "柏林")),
        ("苏禾、柏林、年糕", ("苏禾", "柏林", "年糕")),
        ("notes naming Qdrant and FAISS", ("Qdrant", "FAISS")),
        ("notes that mention both Qdrant, FAISS", ("Qdrant", "FAISS")),
        ("同时提到苏禾和柏林的笔记", ("苏禾", "柏林")),
        ("哪些笔记提到了柏林", ("柏林",)),
        ("#film and Arsenal", ("#film", "Arsenal")),
        ('"A Name" and [[B]]', ("A Name", "B")),
        ("https://example.org/a", ("https://example.org/a",)),
        ("", ()),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    """Whatever has no other form asks for notes that name all of it."""
    assert parse(text) == Asked("naming", names)


def test_a_known_name_is_not_taken_apart() -> None:
    """Though it holds an "and", a colon, or a word of a question."""
    known = {"War and Peace", "Dune: Part Two", "时间线", "和平饭店"}.__contains__
    for name in ("War and Peace", "Dune: Part Two", "时间线", "和平饭店"):
        assert parse(name, known) == Asked("naming", (name,))
    assert parse("notes about War and Peace", known) == Asked("naming", ("War and Peace",))
