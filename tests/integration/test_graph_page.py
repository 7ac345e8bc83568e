"""What the graph's page gets from the server, over a real index: names, neighbourhoods, passages, and their refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import footnotes
from rag import graph_hints, graph_pictures
from rag.graph_pictures import View
from tests.integration.test_graph_command import NOTES
from ui import graph_json, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from footnotes import Engine

    Params = dict[str, str | int]

HOSTILE = "<img src=x onerror=alert(1)>"
EN, ZH = text.load("en"), text.load("zh")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The small vault, and a note whose title is markup."""
    base = tmp_path_factory.mktemp("page")
    more = {
        "hostile.md": f'---\ntitle: "{HOSTILE}"\ntags: ["{HOSTILE}"]\n---\n\nSee [[Leafpick]].\n',
        "plan.md": "# Plan\n\n[[Leafpick]] first.\n",
    }
    for name, note in (NOTES | more).items():
        path = base / "vault" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(note, encoding="utf-8")
    with footnotes.open(base / "home") as opened:
        opened.add_root(base / "vault")
        opened.sync()
        yield opened


@pytest.fixture
def client(engine: Engine) -> TestClient:
    """The routes, as the page's script calls them."""
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from ui import graph_routes
    from ui.paths import Paths
    from ui.work import Work

    app = FastAPI()
    graph_routes.add(app, engine, Work(2), Paths())
    return TestClient(app)


def _labels(engine: Engine, given: str, **view: Any) -> set[str]:
    return {node.label for node in graph_pictures.picture(engine, given, View(**view)).found.nodes}


@pytest.mark.parametrize(
    ("typed", "first", "kind"),
    [
        ("leaf", "Leafpick", "note"),
        ("苏", "苏禾", "note"),
        ("#app", "app", "tag"),
        ("qdr", "Qdrant", "entity"),
        ("电影/", "花样年华", "note"),
    ],
)
def test_what_is_typed_is_found_among_notes_names_and_tags(
    engine: Engine, typed: str, first: str, kind: str
) -> None:
    """The beginning of a name counts before its middle; a path finds notes, a # tags alone."""
    found = [hint.node for hint in graph_hints.hints(engine.catalogue, typed, 5)]
    assert (kind, first) in {(node.kind, node.label) for node in found[:3]}
    if typed.startswith("#"):
        assert {node.kind for node in found} == {"tag"}


def test_it_begins_with_the_note_of_the_most_links(engine: Engine) -> None:
    """Without a choice there is something to see."""
    first = graph_hints.central(engine.catalogue, 6)[0]
    assert (first.node.label, first.count) == ("Leafpick", 4)
    assert graph_json.names(engine, "", EN)["names"][0]["count"] == "4 links"


def test_filters_leave_out_kinds_of_nodes_of_edges_and_times(engine: Engine) -> None:
    """What is left out takes with it what hung on it alone, and makes room for others."""
    everything = _labels(engine, "Leafpick", depth=2)
    assert {"Leafpick changelog", "苏禾", "app", "Qdrant"} <= everything
    assert "app" not in _labels(engine, "Leafpick", depth=2, nodes=frozenset({"tag"}))
    assert "苏禾" not in _labels(engine, "Leafpick", edges=frozenset({"LINKS_TO", "MENTIONS", "ALIAS_OF"}))
    assert len(_labels(engine, "Leafpick", depth=2, limit=3, nodes=frozenset({"tag"}))) == 3


@pytest.mark.parametrize(
    ("since", "until", "seen"),
    [
        ("", "", {"2023-05-01", "2023-06-02"}),
        ("2023-06", "", {"2023-06-02"}),
        ("", "2023-05-31", {"2023-05-01"}),
        ("2023", "2023", {"2023-05-01", "2023-06-02"}),
        ("2024", "", set()),
    ],
)
def test_a_time_shows_what_is_of_it(engine: Engine, since: str, until: str, seen: set[str]) -> None:
    """Bounds may be years, months or days; both are part of the time."""
    found = graph_pictures.picture(engine, "Leafpick", View(depth=2, since=since, until=until)).found
    days = {node.label for node in found.nodes if node.id.startswith("note:") and "日记/" in node.id}
    assert days == seen


def test_every_edge_tells_where_it_is_written(engine: Engine) -> None:
    """The passage's middle part is what the edge rests on, in the note that it names."""
    drawn = graph_json.near(engine, "Leafpick", View(), EN)
    by_ends = {frozenset((edge["source"], edge["target"])): edge for edge in drawn["edges"]}
    leafpick, su, tag = "note:vault/projects/Leafpick.md", "note:vault/people/苏禾.md", "tag:app"
    link = by_ends[frozenset((leafpick, su))]["why"][0]
    assert link["sentence"] == "苏禾 links to Leafpick"
    assert link["doc"] == "vault/people/苏禾.md"
    assert link["parts"][1] == "[[Leafpick]]"
    assert (link["where"], link["how"]) == ("line 7", "from a link")
    tagged = by_ends[frozenset((leafpick, tag))]["why"][0]
    assert tagged["sentence"] == "Leafpick is tagged app"
    assert tagged["parts"][1] == "app"  # tags are kept without a place: it is looked for
    assert {edge["source"] for edge in drawn["edges"]} <= {node["id"] for node in drawn["nodes"]}


def test_every_place_is_the_documents_own_text(engine: Engine) -> None:
    """What is marked stands at the span that is given, for every edge of every note."""
    for hint in graph_hints.hints(engine.catalogue, "", 50):
        for edge in graph_json.near(engine, hint.node.id, View(depth=2), EN)["edges"]:
            for why in edge["why"]:
                document = engine.document(why["doc"])
                assert document is not None
                assert document.text[why["start"] : why["end"]].startswith(why["parts"][1])
                assert "".join(why["parts"]) in document.text


def test_one_place_is_told_once(engine: Engine) -> None:
    """A link's text is often a name, too."""
    for edge in graph_json.near(engine, "Leafpick", View(depth=2), EN)["edges"]:
        places = [(why["doc"], why["start"]) for why in edge["why"]]
        assert len(places) == len(set(places))


def test_a_node_tells_who_says_it(engine: Engine) -> None:
    """A name has the notes that say it, in the reader's language."""
    told = graph_json.node(engine, "entity:qdrant", ZH)
    assert (told["label"], told["notes"]) == ("Qdrant", "见于 3 篇笔记")
    assert {why["doc"] for why in told["why"]} == {
        "vault/projects/Leafpick.md",
        "vault/projects/Leafpick changelog.md",
        "vault/日记/2023-05-01.md",
    }


def test_the_routes_answer_and_refuse(client: TestClient) -> None:
    """JSON for what is there; one sentence in the reader's language for what is not."""
    drawn = client.get("/graph/near", params={"name": "Leafpick", "limit": 3, "depth": 2})
    assert drawn.status_code == 200
    assert len(drawn.json()["nodes"]) == 3
    assert drawn.json()["chosen"].startswith("The 3 closest are drawn")
    missing = client.get("/graph/near", params={"name": "Atlantis"}, headers={"accept-language": "zh"})
    assert missing.status_code == 404
    assert "Atlantis" in missing.json()["error"]
    assert missing.json()["error"].startswith("笔记")
    refused: list[Params] = [
        {"name": ""},
        {"name": "x", "depth": 3},
        {"name": "x", "limit": 1000},
        {"name": "x", "since": "May"},
    ]
    for bad in refused:
        assert client.get("/graph/near", params=bad).status_code == 422, bad
    gone: Params = {"doc": "vault/../../etc/passwd", "start": 0, "end": 5}
    assert client.get("/graph/source", params=gone).status_code == 404
    beyond: Params = {"doc": "vault/island.md", "start": 0, "end": 5_000}
    assert client.get("/graph/source", params=beyond).status_code == 404


def test_the_source_is_escaped_and_marked(client: TestClient, engine: Engine) -> None:
    """The one piece of markup that the script takes holds none of a note's."""
    document = engine.document("vault/hostile.md")
    assert document is not None
    start = document.text.index(HOSTILE)
    place: Params = {"doc": document.id, "start": start, "end": start + len(HOSTILE)}
    page = client.get("/graph/source", params=place).json()["html"]
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<mark>" in page


def test_labels_are_told_as_they_are_written(client: TestClient) -> None:
    """JSON carries them unescaped: the script sets them as text, and an entity would be shown as such."""
    drawn = client.get("/graph/near", params={"name": f"#{HOSTILE}"}).json()
    assert {node["label"] for node in drawn["nodes"]} >= {HOSTILE}


def test_a_server_that_is_down_is_said_so(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph elsewhere that does not answer is no note that is missing."""
    from rag.errors import GraphError

    def broken(*_: object) -> None:
        raise GraphError(
            "The Neo4j server at {url} holds no graph yet. Run `footnotes graph push`.", url="bolt://x"
        )

    monkeypatch.setattr(type(engine.graph.store), "near", broken)
    reply = client.get("/graph/near", params={"name": "Leafpick"})
    assert reply.status_code == 503
    assert "footnotes graph push" in reply.json()["error"]
