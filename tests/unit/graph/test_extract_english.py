"""Names in Latin script."""

from __future__ import annotations

import pytest

from graph.extract import english


def names(text: str, at_least: float = 0.5) -> list[str]:
    """Names of at least some confidence, in order."""
    return [m.name for m in english.names(text, han=False) if m.confidence >= at_least]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I met J. K. Rowling and Ludwig van Beethoven.", ["J. K. Rowling", "Ludwig van Beethoven"]),
        ("It is at the University of California in Berkeley.", ["University of California", "Berkeley"]),
        ("The New York Times reported.", ["New York Times"]),
        ("He likes Google and Facebook.", ["Google", "Facebook"]),
        ("We saw Apple's iPhone at MIT.", ["Apple", "iPhone", "MIT"]),
        ("See Simon & Garfunkel live.", ["Simon & Garfunkel"]),
        ("He was the CEO of Qdrant.", ["Qdrant"]),
        ("We use Node.js, C++ and VS Code.", ["Node.js", "C++", "VS Code"]),
        ("On Tuesday Anna Karenina left in March 2019.", ["Anna Karenina"]),
        ("Using React is fine.", ["React"]),
        ("It ran in Alexander the Great’s time.", ["Alexander the Great"]),
        ("Harry Connick Jr. sang.", ["Harry Connick Jr."]),
    ],
)
def test_names_have_their_borders(text: str, expected: list[str]) -> None:
    """Little words join, possessives and "and" part, months and beginnings go."""
    assert names(text) == expected


def test_a_beginning_of_a_sentence_alone_is_weak() -> None:
    """A capital that the grammar asks for says little; the same word within a sentence says more."""
    assert names("Zettlr is quick.") == []
    assert names("Zettlr is quick.", 0.3) == ["Zettlr"]
    assert names("Zettlr is quick. I like Zettlr.") == ["Zettlr", "Zettlr"]


def test_a_word_written_without_a_capital_too_is_no_name() -> None:
    """Case statistics of the document itself."""
    assert names("Caramelising takes time. I love caramelising onions, says the Caramelising Guild") == [
        "Caramelising Guild"
    ]


def test_a_part_of_a_name_is_believed() -> None:
    """After "Brian Keith Bosworth", "Bosworth" at the start of a sentence is he."""
    assert names("It was Brian Keith Bosworth. Bosworth left.") == ["Brian Keith Bosworth", "Bosworth"]


def test_titles_of_articles_are_not_names() -> None:
    """In a heading or a link's label all words bear capitals: only those that are no ordinary ones may be names."""
    text = "## Getting Started With The Basics\n\n[Quentin Tarantino Explains How To Write Movies](x)"
    assert names(text) == ["Quentin Tarantino"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Marie Curie", "person"),
        ("Dr. Who", "person"),
        ("London", "place"),
        ("New York", "place"),
        ("Lake Tahoe", "place"),
        ("Stanford University", "organisation"),
        ("Bank of America", "organisation"),
        ("TypeScript", "technology"),
        ("Django", "technology"),
        ("World Wide Web", "concept"),
    ],
)
def test_kinds(name: str, kind: str) -> None:
    """What a name's own words tell of it."""
    assert english.kind(name, name.split()) == kind


def test_nobody_is_called_the() -> None:
    """An article before it: a team or a thing, not a person."""
    found = list(english.names("They beat the Seattle Kraken and Jaden Schwartz.", han=False))
    assert [(m.name, m.kind) for m in found] == [("Seattle Kraken", "concept"), ("Jaden Schwartz", "person")]


def test_one_long_line_takes_linear_time() -> None:
    """A megabyte of capitals is read in about the time of its length."""
    for text in ("A. " * 200_000, "Aa " * 200_000, "A.B" * 200_000, "[Aa " * 150_000, "aB_" * 200_000):
        list(english.names(text, han=False))
