"""``footnotes graph`` and ``footnotes related``, as a user meets them, on a small vault in two languages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

import footnotes
from rag.cli import main
from rag.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from footnotes import Engine

    Run = Callable[..., tuple[int, str, str]]

NOTES = {
    "电影/花样年华.md": "---\n导演: 王家卫\n评分: 9\n---\n\n# 花样年华\n\n和 [[苏禾]] 在运河边的老影院看的，摄影是杜可风。\n",
    "电影/Past Lives.md": "---\ndirector: Celine Song\nrating: 8\n---\n\n# Past Lives\n\nSeen with [[苏禾|Su He]] at Kino Arsenal.\n",
    "读书/置身事内.md": "---\n评分: 10\n---\n\n# 置身事内\n\n读得很慢。\n",
    "people/苏禾.md": "---\naliases: [Su He]\n---\n\n# 苏禾\n\nShe builds [[Leafpick]] with me and lives in Berlin.\n",
    "projects/Leafpick.md": "# Leafpick\n\nA reader for e-books. The database is Qdrant. #app\n",
    "projects/Leafpick changelog.md": "# Leafpick changelog\n\n[[Leafpick]] 0.2 moved to Qdrant. #app\n",
    "日记/2023-05-01.md": "# 2023-05-01\n\n2023-05-01 苏禾说 Leafpick 的数据库换成了 Qdrant，比以前快。\n",
    "日记/2023-06-02.md": "# 2023-06-02\n\n2023-06-02 Leafpick sold its first copy.\n\nNothing else about Leafpick today.\n",
    "island.md": "# Island\n\nNobody lives here.\n",
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The notes, and a home that holds them."""
    base = tmp_path_factory.mktemp("graph")
    for name, text in NOTES.items():
        path = base / "vault" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with footnotes.open(base / "home") as engine:
        engine.add_root(base / "vault")
        engine.sync()
    return base / "vault", base / "home"


@pytest.fixture
def engine(vault: tuple[Path, Path]) -> Iterator[Engine]:
    """The home, opened."""
    with footnotes.open(vault[1]) as opened:
        yield opened


@pytest.fixture
def run(vault: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line: exit code, standard output, standard error."""

    def ran(*args: str) -> tuple[int, str, str]:
        monkeypatch.setenv("FOOTNOTES_HOME", str(vault[1]))
        monkeypatch.setattr("sys.argv", ["footnotes", *args])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return ran


def asked(run: Run, question: str) -> list[dict[str, Any]]:
    """The results of ``graph ask --json``."""
    code, out, _ = run("graph", "ask", question, "--json")
    assert code == 0
    results: list[dict[str, Any]] = json.loads(out)["results"]
    return results


def test_stats(run: Run) -> None:
    """Counts, and the same as JSON."""
    code, out, _ = run("graph", "stats")
    assert code == 0
    assert "note" in out
    counts = json.loads(run("graph", "stats", "--json")[1])
    assert counts["nodes"]["note"] == len(NOTES)
    assert counts["edges"]["LINKS_TO"] == 4


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("导演:王家卫", ["花样年华"]),
        ("director:王家卫", ["花样年华"]),
        ("director:celine", ["Past Lives"]),
        ("评分:>8", ["置身事内", "花样年华"]),
        ("rating:<9", ["Past Lives"]),
        ("我评分最高的电影", ["花样年华", "Past Lives"]),
        ("lowest rated films", ["Past Lives", "花样年华"]),
        ("highest rated books", ["置身事内"]),
        ("苏禾 和 Qdrant", ["2023-05-01"]),
        ("#app and Qdrant", ["Leafpick changelog", "Leafpick"]),
    ],
)
def test_notes_by_name_and_property(run: Run, question: str, titles: list[str]) -> None:
    """In either language, whatever the property is called in the vault."""
    assert [one["title"] for one in asked(run, question)] == titles


def test_answers_name_the_line(run: Run, vault: tuple[Path, Path]) -> None:
    """Each result says where, and the line says it."""
    for result in asked(run, "Qdrant"):
        (where, *_) = result["where"]
        path = vault[0] / where["path"].partition("/")[2]
        line = path.read_text("utf-8").splitlines()[where["line"] - 1]
        assert "Qdrant" in line
        assert where["text"] in line
    _, out, err = run("graph", "ask", "Su He 的时间线")
    assert "Timeline of" in err
    assert "日记/2023-05-01.md:3" in out
    assert out.index("2023-05-01") < out.index("undated")


def test_a_timeline_in_order(run: Run) -> None:
    """By day, with the undated at the end; two passages of a day are two rows at most."""
    days = [one["day"] for one in asked(run, "timeline of Leafpick")]
    dated = [day for day in days if day]
    assert dated == sorted(dated)
    assert {"2023-05-01", "2023-06-02"} <= set(dated)
    assert days == [*dated, *[""] * (len(days) - len(dated))]


def test_neighbours_and_paths(run: Run) -> None:
    """Beside a name by kind; a path says each step with its place."""
    beside = asked(run, "notes near Qdrant")
    assert {one["node"]["label"] for one in beside} >= {"Leafpick", "2023-05-01"}
    assert [one["node"]["label"] for one in asked(run, "tags of Leafpick")] == ["app"]
    assert {one["title"] for one in asked(run, "标签: app")} == {"Leafpick", "Leafpick changelog"}
    steps = asked(run, "path from 花样年华 to Leafpick")
    assert [(one["kind"], one["doc_id"]) for one in steps] == [
        ("LINKS_TO", "vault/电影/花样年华.md"),
        ("LINKS_TO", "vault/people/苏禾.md"),
    ]
    _, out, _ = run("graph", "ask", "花样年华 -> Leafpick")
    assert "[[花样年华]] links to [[苏禾]]" in out
    assert asked(run, "path from Island to Leafpick") == []


def test_what_is_not_there_is_one_line_with_the_nearest_names(run: Run) -> None:
    """Exit code 1; nothing on standard output."""
    for args in (("graph", "ask", "Leafpik"), ("graph", "near", "Leafpik"), ("related", "Leafpik")):
        code, out, err = run(*args)
        assert (code, out) == (1, "")
        assert err.count("\n") == 1
        assert "Leafpick" in err
    code, out, err = run("graph", "ask", "weight:>3")
    assert (code, out) == (1, "")
    assert "评分" in err
    assert run("related", "#app")[0] == 1


def test_nothing_found_is_no_error(run: Run) -> None:
    """It is said, and the exit code is 0."""
    code, out, err = run("graph", "ask", "rating:>11")
    assert (code, out) == (0, "")
    assert "Nothing found." in err


def test_near_gives_what_a_picture_needs(run: Run) -> None:
    """Nodes, edges between them with weights, and a few places of each edge."""
    code, out, _ = run("graph", "near", "Leafpick", "--json")
    found = json.loads(out)
    assert code == 0
    ids = {node["id"] for node in found["nodes"]}
    assert found["nodes"][0]["id"] == "note:vault/projects/Leafpick.md"
    assert {"note:vault/people/苏禾.md", "entity:qdrant", "tag:app"} <= ids
    assert "entity:leafpick" not in ids
    for edge in found["edges"]:
        assert {edge["source"], edge["target"]} <= ids
        assert edge["weight"] > 0
        assert 1 <= len(edge["edges"]) <= 3
        assert {"doc_id", "start", "end", "extractor", "confidence"} <= edge["edges"][0].keys()


@pytest.mark.parametrize(
    "given", ["Leafpick", "vault/projects/Leafpick.md", "projects/Leafpick.md", "[[leafpick]]"]
)
def test_a_note_by_any_of_its_names(engine: Engine, given: str) -> None:
    """Title, id, path in its root, link."""
    assert engine.graph.near(given).nodes[0].id == "note:vault/projects/Leafpick.md"


def test_a_note_by_its_path_on_disk(engine: Engine, vault: tuple[Path, Path]) -> None:
    """Absolute, as a shell completes it."""
    assert engine.graph.near(str(vault[0] / "island.md")).nodes[0].label == "Island"


def test_names_tags_and_days_have_surroundings_too(engine: Engine) -> None:
    """As a node of their kind."""
    for given, node in (
        ("Qdrant", "entity:qdrant"),
        ("#app", "tag:app"),
        ("2023-05", "month:2023-05"),
        ("Su He", "note:vault/people/苏禾.md"),
    ):
        assert engine.graph.near(given).nodes[0].id == node


def test_export_in_every_format(run: Run, tmp_path: Path) -> None:
    """To a file or to standard output; what is written can be read."""
    code, out, _ = run("graph", "export", "--format", "json")
    assert code == 0
    whole = json.loads(out)
    target = tmp_path / "graph.graphml"
    assert run("graph", "export", "--output", str(target))[0] == 0
    root = ET.parse(target).getroot()  # noqa: S314 - our own file
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert (tags.count("node"), tags.count("edge")) == (len(whole["nodes"]), len(whole["edges"]))
    assert "CREATE CONSTRAINT" in run("graph", "export", "-f", "cypher")[1]


def test_related_notes_with_reasons(run: Run) -> None:
    """A link to copy, why, and whether the two are linked already."""
    found = json.loads(run("related", "Leafpick", "--json")[1])
    by_path = {one["doc_id"]: one for one in found["related"]}
    su = by_path["vault/people/苏禾.md"]
    assert (su["link"], su["is_linked"]) == ("[[苏禾]]", True)
    assert "linked" in {reason["why"] for reason in su["reasons"]}
    assert all(one["reasons"] for one in found["related"])
    assert "vault/projects/Leafpick.md" not in by_path
    _, out, err = run("related", "Leafpick")
    assert "Related to [[Leafpick]]" in err
    assert "it links here" in out


def test_unlinked_notes_and_mentions(run: Run) -> None:
    """Only notes that are not linked yet, and each passage that names the note without a link."""
    found = json.loads(run("related", "Leafpick", "--unlinked", "--json")[1])
    assert not any(one["is_linked"] for one in found["related"])
    diary = next(one for one in found["related"] if one["doc_id"] == "vault/日记/2023-05-01.md")
    assert {"why": "named", "names": []} in diary["reasons"]
    assert [(one["path"], one["line"]) for one in found["unlinked_mentions"]] == [
        ("vault/日记/2023-05-01.md", 3),
        ("vault/日记/2023-06-02.md", 3),
    ]
    _, out, _ = run("related", "Leafpick", "--unlinked")
    assert "vault/日记/2023-06-02.md:3" in out


def test_links_of_notes_with_the_same_name_have_their_folder(
    engine: Engine, vault: tuple[Path, Path]
) -> None:
    """The file name alone where it is enough."""
    from rag.related import link_to

    assert link_to(engine.catalogue, "vault/projects/Leafpick.md") == "[[Leafpick]]"
    for folder in ("a", "b"):
        (vault[0] / folder).mkdir()
        (vault[0] / folder / "same.md").write_text(f"# Same\n\nIn {folder}.\n", encoding="utf-8")
    engine.sync()
    assert link_to(engine.catalogue, "vault/b/same.md") == "[[b/same]]"
    for folder in ("a", "b"):
        (vault[0] / folder / "same.md").unlink()
        (vault[0] / folder).rmdir()
    engine.sync()


def test_in_chinese(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word of ours, in a Chinese locale."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    _, out, err = run("graph", "ask", "苏禾 的时间线")
    assert "时间线" in err
    assert "undated" not in out
    _, out, _ = run("related", "Leafpick", "--unlinked")
    assert not any(word in out for word in ("similar", "both", "linked"))


def test_a_home_without_notes(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says what to do."""
    for args in (("graph", "stats"), ("related", "x")):
        code, _, err = run(*args, "--home", str(tmp_path / "none"))
        assert code == 1
        assert "footnotes sync DIR" in err
    del monkeypatch


def test_python_answers_alike(engine: Engine) -> None:
    """The facade gives values, and one clear error."""
    reply = engine.graph.ask("苏禾 和 Berlin")
    assert [one.item.doc_id for one in reply.results] == ["vault/people/苏禾.md"]
    assert reply.asked.names == ("苏禾", "Berlin")
    with pytest.raises(GraphError, match="nearest"):
        engine.graph.ask("timeline of Leafpik")


def test_without_a_backend_the_graph_is_still_shown(vault: tuple[Path, Path]) -> None:
    """``none`` keeps it out of searches only."""
    with footnotes.open(vault[1], settings={"graph.backend": "none"}) as engine:
        assert engine.graph.stats().nodes["note"] == len(NOTES)
