"""What the terminal shows of a passage: its place, in the words of its format, and whose words it holds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from rag import present, show
from rag.types import Answer, Chunk, Citation, DateRange, Hit, Query, Retrieval

if TYPE_CHECKING:
    from rag.types import Format, Speaker


def cited(fmt: Format = "text", speaker: Speaker = "", page: int | None = None, **more: object) -> Citation:
    """A citation of two lines."""
    return Citation(1, "n/a", "A", 0, 4, "text", (3, 4), page, ("Part",), speaker=speaker, format=fmt, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fmt", "page", "place"),
    [
        ("markdown", None, "n/a:3-4"),
        ("table", None, "n/a:3-4"),
        ("pdf", 7, "n/a, page 7"),
        ("slides", 3, "n/a, slide 3"),
        ("sheets", 2, "n/a, sheet 2"),
        ("book", 4, "n/a, chapter 4"),
        ("notebook", 5, "n/a, cell 5"),
        ("prose", None, "n/a"),
        ("chat", None, "n/a"),
        ("image", None, "n/a"),
    ],
)
def test_a_place_is_told_in_the_words_of_its_format(fmt: Format, page: int | None, place: str) -> None:
    """Lines of an extract would say nothing to a reader."""
    assert show.place("n/a", cited(fmt, page=page)) == place


@pytest.mark.parametrize(
    ("speaker", "words"),
    [
        ("user", "(you wrote)"),
        ("model", "(a model told you)"),
        ("person", "(somebody else wrote)"),
        ("machine", "(written by a machine)"),
    ],
)
def test_footnotes_and_hits_say_whose_words_they_are(
    speaker: Speaker, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only where somebody is known to speak."""
    for who, shown in ((speaker, True), ("", False)):
        chunk = Chunk("n/a", 0, 4, "text", "text", "A", (3, 4), speaker=who)
        show.footnotes(show.console(), Answer("?", "x [1]", (cited(speaker=who),)))
        assert (words in capsys.readouterr().out) is shown
        show.hits(show.console(), Retrieval(Query("?"), (Hit(chunk, 1.0),)))
        assert (words in capsys.readouterr().out) is shown


def test_an_image_names_the_notes_that_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside its own path."""
    show.footnotes(show.console(), Answer("?", "x [1]", (cited("image", notes=("n/b.md", "n/c.md")),)))
    assert "n/a  Part  shown in n/b.md, n/c.md" in capsys.readouterr().out


def test_json_says_it_too() -> None:
    """Of citations and of hits."""
    chunk = Chunk("n/a", 0, 4, "text", "text", "A", (3, 4), speaker="model", format="chat")
    told = present.hit(Hit(chunk, 1.0), 1)
    assert (told["speaker"], told["format"]) == ("model", "chat")
    told = present.citation(cited("image", "machine", notes=("n/b.md",)))
    assert (told["speaker"], told["format"], told["notes"]) == ("machine", "image", ["n/b.md"])


def test_a_hit_shows_by_which_way_the_graph_came_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    """On a line of its own, and in JSON; other hits have none."""
    chunk = Chunk("n/a", 0, 4, "text", "text", "A", (3, 4))
    led, found = Hit(chunk, 1.0, via=("[[Qdrant]]", "向量数据库")), Hit(chunk, 1.0)
    show.hits(show.console(), Retrieval(Query("?"), (led,)))
    assert "\n   via [[Qdrant]] → 向量数据库\n   text" in capsys.readouterr().out
    show.hits(show.console(), Retrieval(Query("?"), (found,)))
    assert "via" not in capsys.readouterr().out
    assert [present.hit(hit, 1)["via"] for hit in (led, found)] == [["[[Qdrant]]", "向量数据库"], []]


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        (
            [("text", "2022-04-01", "2022-04-30", 0.7), ("file name", "2022-04-01", "2022-04-01", 0.9)],
            "2022-04-01",
        ),
        (
            [
                ("heading", "2022-04-01", "2022-04-30", 0.8),
                ("front matter:date", "2022-12-31", "2022-12-31", 1.0),
            ],
            "2022-04",
        ),
        (
            [
                ("dateline from file name", "2022-04-03", "2022-04-03", 0.8),
                ("front matter:date", "2022-12-31", "2022-12-31", 1.0),
            ],
            "2022-04-03",
        ),
        (
            [
                ("heading", "2022-01-01", "2022-12-31", 0.8),
                ("front matter:date", "2022-12-31", "2022-12-31", 1.0),
            ],
            "2022-12-31",
        ),
        (
            [
                ("text", "1945-05-08", "1945-05-08", 0.8),
                ("front matter:date", "2022-12-31", "2022-12-31", 1.0),
            ],
            "2022-12-31",
        ),
        ([("text", "2022-01-01", "2022-12-31", 0.4)], "2022"),
        ([], None),
    ],
)
def test_a_passage_is_of_the_day_that_heads_it_or_of_its_notes(
    dates: list[tuple[str, str, str, float]], shown: str | None
) -> None:
    """A month in its words does not hide the note's day; a day in its heading does."""
    ranges = tuple(
        DateRange(date.fromisoformat(a), date.fromisoformat(b), source, sure) for source, a, b, sure in dates
    )
    assert present.date_of(Chunk("n/a", 0, 1, "x", "x", "A", (1, 1), dates=ranges)) == shown
