"""Front matter and inline fields as relations of the note."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from graph import extract
from ingest.chunk import chunk
from ingest.loaders import load

if TYPE_CHECKING:
    from graph.model import Facts


def facts(text: str) -> tuple[str, Facts]:
    """A note's text, and what it says."""
    document = load("notes/a.md", text.encode(), None)
    return document.text, extract.facts(document, chunk(document, 400))


def relations(front: str) -> list[tuple[str, str]]:
    """Keys and values of a note with this front matter."""
    return [(r.predicate, r.object) for r in facts(f"---\n{front}\n---\n\ntext\n")[1].relations]


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("director: 张艺谋", [("director", "张艺谋")]),
        ("Rating: 9", [("rating", "9")]),
        ("score: 8.6", [("score", "8.6")]),
        ("seen: true", [("seen", "true")]),
        ("actor: 巩俐, 姜文", [("actor", "巩俐"), ("actor", "姜文")]),
        (
            "author: Pang-Ning Tan / Michael Steinbach",
            [("author", "Pang-Ning Tan"), ("author", "Michael Steinbach")],
        ),
        ("director:\n  - A One\n  - B Two", [("director", "A One"), ("director", "B Two")]),
        ('up: "[[ACCESS 笔记组织法]]"', [("up", "ACCESS 笔记组织法")]),
        ('related: "[[a/Qdrant|db]] and [[Milvus]]"', [("related", "a/Qdrant"), ("related", "Milvus")]),
        ("state: 看过", [("state", "看过")]),
        ("book:\n  author: 余华\n  year: 1993", [("book.author", "余华"), ("book.year", "1993")]),
    ],
)
def test_values_are_typed_and_lists_taken_apart(front: str, expected: list[tuple[str, str]]) -> None:
    """Texts, numbers, truth, lists by comma or by line, links, nested keys."""
    assert relations(front) == expected


@pytest.mark.parametrize(
    "front",
    [
        "layout: post",
        "date: 2022-01-01",
        "tags: [a, b]",
        "categories: [life]",
        "title: About",
        "permalink: /a",
        "cover: a.png",
        "lastReadDate: 2022-08-16T00:00:00.000Z",
        "description: a longer remark, about this and that.",
        "source: https://example.org/a",
        "uid: 9f86d081884c7d659a2f",
        "note: this sentence says something. It is no value.",
    ],
)
def test_what_every_note_has_is_no_relation(front: str) -> None:
    """Layout, dates, tags, addresses and prose."""
    assert relations(front) == []


def test_a_value_that_names_something_is_a_mention_of_its_property() -> None:
    """With the kind that the key tells; its span is the whole property, nested lines included."""
    text, found = facts("---\ndirector:\n  - Zhang Yimou\nrating: 9\n---\n\ntext\n")
    (one,) = found.mentions
    assert (one.name, one.kind, one.extractor) == ("Zhang Yimou", "person", "property")
    assert text[one.start : one.end] == "director:\n  - Zhang Yimou"
    assert [text[r.start : r.end] for r in found.relations] == ["director:\n  - Zhang Yimou", "rating: 9"]


def test_aliases_are_names_of_the_note() -> None:
    """``aliases`` and an original title are other names of the title."""
    _, found = facts(
        "---\ntitle: 绿里奇迹\naliases: [绿色奇迹]\noriginalTitle: The Green Mile\n---\n\ntext\n"
    )
    assert [(a.name, a.other) for a in found.aliases] == [
        ("绿里奇迹", "绿色奇迹"),
        ("绿里奇迹", "The Green Mile"),
    ]
    assert found.relations == ()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("+++\ndirector = 'Ang Lee'\n+++\n\ntext\n", "director = 'Ang Lee'"),
        ('{"director": "Ang Lee"}\n\ntext\n', '"director": "Ang Lee"}'),
        ("A film.\n\ndirector:: Ang Lee\n", "director:: Ang Lee"),
    ],
)
def test_other_ways_to_write_properties(text: str, span: str) -> None:
    """TOML, JSON, and fields within the text."""
    read, found = facts(text)
    assert [(r.predicate, r.object) for r in found.relations] == [("director", "Ang Lee")]
    assert span.startswith(read[found.relations[0].start : found.relations[0].end].rstrip("}"))
