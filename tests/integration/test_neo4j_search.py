"""Searches that follow the graph on a real Neo4j server, kept up to date by syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import footnotes
from graph.pull import pull_check
from graph.push import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from rag.settings import GraphSettings

pytestmark = pytest.mark.neo4j

QUESTION = "Where was the director of Quayside born?"
NOTES = {
    "Quayside.md": "# Quayside\n\nQuayside is a film that was directed by Marguerite Dufresne.",
    "Marguerite Dufresne.md": "# Marguerite Dufresne\n\nShe grew up in Saint-Malo, near the harbour.",
    **{
        f"Town {n}.md": f"# Town {n}\n\nThe director was born in a town, and a film was shown."
        for n in range(30)
    },
}


def settings_of(server: GraphSettings) -> dict[str, Any]:
    """What a user would write."""
    assert server.password is not None
    return {
        "embedding.model": "none",
        "graph.backend": "neo4j",
        "graph.url": server.url,
        "graph.user": server.user,
        "graph.password": server.password.get_secret_value(),
        "graph.timeout_s": server.timeout_s,
    }


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A film, its director, and many notes that share more words with the question."""
    folder = tmp_path / "vault"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def test_a_search_hops_over_the_server_as_it_does_here(
    notes: Path, tmp_path: Path, neo4j_settings: GraphSettings
) -> None:
    """The director's note shares no word with the question; without the graph it is not among the first."""
    found = {}
    for name, settings in (
        ("neo4j", settings_of(neo4j_settings)),
        ("local", {"embedding.model": "none"}),
        ("none", {"embedding.model": "none", "graph.backend": "none"}),
    ):
        with footnotes.open(tmp_path / name, settings=settings) as engine:
            engine.add_root(notes)
            assert engine.sync().unpushed is None
            found[name] = engine.search(QUESTION, 5)
            assert found[name].trace.notes == ()
    titles = {name: [hit.chunk.title for hit in one.hits] for name, one in found.items()}
    assert titles["neo4j"][:2] == titles["local"][:2] == ["Quayside", "Marguerite Dufresne"]
    assert "Marguerite Dufresne" not in titles["none"]
    assert found["neo4j"].hits[1].via == found["local"].hits[1].via != ()


def test_the_server_follows_what_happens_to_notes(
    notes: Path, tmp_path: Path, neo4j_settings: GraphSettings
) -> None:
    """An edit, a forgotten note and a renamed root are there when the call returns."""
    with footnotes.open(tmp_path / "home", settings=settings_of(neo4j_settings)) as engine:
        engine.add_root(notes)
        engine.sync()
        (notes / "Quayside.md").write_text("# Quayside\n\nIt was directed by Odile Hazebrouck.", "utf-8")
        engine.sync()
        engine.forget(notes / "Marguerite Dufresne.md")
        engine.rename_root("vault", "films")
        with open_store(engine.catalogue, engine.settings) as store:
            checked = pull_check(engine.catalogue, store)
        assert checked.is_same
        assert "Marguerite Dufresne" not in {hit.chunk.title for hit in engine.search(QUESTION, 50).hits}


def test_answers_go_on_without_the_server(notes: Path, tmp_path: Path) -> None:
    """One line says that the sync could not push, one that the search had no graph; the notes answer."""
    settings = {"embedding.model": "none", "graph.backend": "neo4j", "graph.url": "bolt://127.0.0.1:9"}
    with footnotes.open(tmp_path / "home", settings=settings) as engine:
        engine.add_root(notes)
        report = engine.sync()
        assert report.unpushed is not None
        assert "127.0.0.1:9" in report.unpushed
        found = engine.search(QUESTION, 5)
    assert found.hits[0].chunk.title == "Quayside"
    (note,) = found.trace.notes
    assert "127.0.0.1:9" in note
