"""What a user calls a note or a name leads to the node that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.errors import GraphError
from rag.graph_names import Names
from rag.graph_places import cite
from rag.related import link_to
from tests.contracts import graph_vault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.store.catalogue import Catalogue

MORE = {
    "a/Berlin.md": "# Notes on the city\n\nGrey.\n",
    "b/Notes on the city.md": "# Another\n\nSea.\n",
    "a_b/100% same.md": "# One\n\nx\n",
    "axb/100% same.md": "# Two\n\ny\n",
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """The small vault and some notes that are called alike."""
    made = graph_vault.catalogue(tmp_path, graph_vault.NOTES | MORE)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("given", "node"),
    [
        ("花样年华", "note:notes/films/花样年华.md"),
        ("[[FAISS notes]]", "note:notes/tech/FAISS notes.md"),
        ("faiss NOTES", "note:notes/tech/FAISS notes.md"),
        ("Su He", "note:notes/people/苏禾.md"),
        ("notes/tech/Qdrant.md", "note:notes/tech/Qdrant.md"),
        ("tech/Qdrant.md", "note:notes/tech/Qdrant.md"),
        ("note:notes/loose.md", "note:notes/loose.md"),
        ("2023-09-03", "note:notes/diary/2023-09-03.md"),
        ("Berlin", "note:notes/a/Berlin.md"),
        ("Notes on the city", "note:notes/a/Berlin.md"),
        ("Arsenal", "entity:arsenal"),
        ("entity:berlin", "entity:berlin"),
        ("#FILM", "tag:film"),
        ("香港", "tag:香港"),
        ("2023-09", "month:2023-09"),
    ],
)
def test_names_lead_to_nodes(catalogue: Catalogue, given: str, node: str) -> None:
    """A title before a file's name, a note before a name, these before a tag and a day."""
    assert Names(catalogue).find(given).id == node


def test_a_name_can_come_before_a_note(catalogue: Catalogue) -> None:
    """Where it is asked what is said of it."""
    assert Names(catalogue).find("Berlin", note_first=False).id == "entity:berlin"


@pytest.mark.parametrize(
    ("given", "nearest"), [("Qdrnt", "Qdrant"), ("禾", "苏禾"), ("celine", "Celine Song")]
)
def test_what_is_not_there(catalogue: Catalogue, given: str, nearest: str) -> None:
    """The message has names that hold this one, or are spelled alike."""
    with pytest.raises(GraphError, match=nearest):
        Names(catalogue).find(given)


@pytest.mark.parametrize("given", ["", "[[]]", "zzzzzz", "#nothing", "note:nowhere"])
def test_what_is_like_nothing(catalogue: Catalogue, given: str) -> None:
    """It is said all the same."""
    with pytest.raises(GraphError, match="Nothing in the notes is called"):
        Names(catalogue).find(given)


def test_only_a_note_is_a_note(catalogue: Catalogue) -> None:
    """A name is refused."""
    with pytest.raises(GraphError, match="no note"):
        Names(catalogue).note("Arsenal")


def test_links_say_as_much_as_they_must(catalogue: Catalogue) -> None:
    """A file name that is its own alone needs no folder; signs of patterns are only signs."""
    assert link_to(catalogue, "notes/loose.md") == "[[loose]]"
    assert link_to(catalogue, "notes/a_b/100% same.md") == "[[a_b/100% same]]"


def test_a_place_is_its_line(catalogue: Catalogue) -> None:
    """Cut to what is near the span where the line is long; nothing where the document is gone."""
    cited = cite(catalogue, "notes/tech/FAISS notes.md", 124, 130)
    assert cited is not None
    assert (cited.quote, cited.lines) == ("2024-02-03: moved from FAISS to Qdrant.", (9, 9))
    assert cite(catalogue, "notes/nowhere.md", 0, 1) is None
    graph_vault.put(catalogue, {"long.md": "x" * 5_000 + " Qdrant " + "y" * 5_000})
    cited = cite(catalogue, "notes/long.md", 5_001, 5_007)
    assert cited is not None
    assert "Qdrant" in cited.quote
    assert len(cited.quote) < 500
