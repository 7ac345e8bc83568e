"""The command line as a person uses it: real processes, real files, exit codes, one clear line an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rag.home import Home
from rag.models.static import StaticEmbedder
from tests.integration.llm_server import LLMServer, Reply

TINY = str(Path(__file__).parents[1] / "data" / "eval_tiny")


def run(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``footnotes ARGS`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from rag.cli import main; main()", *map(str, args)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        check=False,
        timeout=120,
    )


def run_json(*args: str | Path) -> Any:
    """The command's JSON; it must succeed."""
    done = run(*args, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "with --json nothing else is said"
    return json.loads(done.stdout)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Two notes."""
    folder = tmp_path / "my notes"
    folder.mkdir()
    (folder / "猫.md").write_text("# 猫\n\n我们的猫叫年糕。它三岁。\n", encoding="utf-8")
    (folder / "moving.md").write_text(
        "---\ndate: 2022-04-01\n---\n# Moving\n\n## Berlin\n\nWe moved to Berlin in April.\n",
        encoding="utf-8",
    )
    return folder


def test_sync_search_ask(notes: Path) -> None:
    """The main job, in JSON: every field that other programs rely on."""
    report = run_json("sync", notes)
    assert {k: report[k] for k in ("documents", "added", "changed", "moved", "removed", "unchanged")} == {
        "documents": 2,
        "added": 2,
        "changed": 0,
        "moved": 0,
        "removed": 0,
        "unchanged": 0,
    }
    assert report["skipped"] == []
    assert report["failed"] == []
    assert report["chunks"] >= 2
    assert report["seconds"] > 0

    found = run_json("search", "Berlin", "--k", "3")
    hit, *others = found["hits"]
    assert all("Berlin" not in other["text"] for other in others)
    text = (notes / "moving.md").read_text("utf-8")
    assert hit["text"] == text[hit["start"] : hit["end"]]
    assert (hit["rank"], hit["path"], hit["title"]) == (1, "my notes/moving.md", "Moving")
    assert hit["date"] == "2022-04-01"
    assert hit["page"] is None
    assert hit["sources"] == {"lexical": 1, "dense": 1, "graph": 1}
    assert hit["via"] == []
    assert found["query"] == "Berlin"
    assert [s["name"] for s in found["trace"]["stages"]] == [
        "lexical",
        "dense",
        "graph",
        "resolve",
        "hybrid",
        "linked",
        "diverse",
    ]
    found = run_json("search", "Berlin", "--k", "3", "--set", "embedding.model=none")
    assert [(hit["path"], hit["sources"]) for hit in found["hits"]] == [
        ("my notes/moving.md", {"lexical": 1, "graph": 1})
    ]
    assert next(s["name"] for s in found["trace"]["stages"]) == "lexical"

    answer = run_json("ask", "When did we move to Berlin?")
    assert (answer["question"], answer["abstained"]) == ("When did we move to Berlin?", False)
    citation = answer["citations"][0]
    assert citation["quote"] == text[citation["start"] : citation["end"]]
    assert citation["marker"] == 1
    assert citation["lines"] == [8, 8]
    assert citation["heading"][-1] == "Berlin"
    assert citation["uri"].startswith("file://")
    assert f"[{citation['marker']}]" in answer["answer"]
    assert answer["support"][0]["supported"] is True


def test_terminal_answer_shows_footnotes(notes: Path) -> None:
    """Answer, then quote, path:line and heading path."""
    assert run("sync", notes, "--quiet").stderr == ""
    done = run("ask", "猫叫什么名字？")
    assert done.returncode == 0
    assert "年糕" in done.stdout
    assert "[1]" in done.stdout
    assert "my notes/猫.md:3" in done.stdout


def test_changed_files_are_mentioned(notes: Path) -> None:
    """Search and ask say that a sync is due; a changed citation says so itself."""
    run("sync", notes)
    (notes / "猫.md").write_text("# 猫\n\n我们的猫叫年糕。它今年四岁了。\n", encoding="utf-8")
    assert "1 files changed since the last sync" in run("search", "猫").stderr
    done = run("ask", "猫叫什么名字？")
    assert "1 files changed since the last sync" in done.stderr
    assert "the file has changed or gone" in done.stdout
    assert "1 files changed" in run_json("ask", "猫叫什么名字？")["trace"]["notes"][0]


def test_status_doctor_reindex_roots(notes: Path) -> None:
    """What the home holds, and that it equals the folders."""
    run("sync", notes)
    status = run_json("status")
    assert (status["documents"], status["failed"], status["model"]) == (2, 0, "builtin")
    assert status["model_identity"] == StaticEmbedder().identity
    assert status["lexical"]["generation"] == status["dense"]["generation"] == status["generation"]
    assert status["dense"]["count"] == status["chunks"]
    assert f"builtin [{status['model_hash']}]" in run("status").stdout, "the model is named with its hash"
    without = run("status", "--json", FOOTNOTES_EMBEDDING__MODEL="none")
    assert json.loads(without.stdout)["model"] is None
    assert "lexical only" in run("status", FOOTNOTES_EMBEDDING__MODEL="none").stdout
    assert run_json("doctor")["ok"] is True
    assert run("reindex").returncode == 0
    assert run_json("doctor")["ok"] is True
    (notes / "猫.md").write_text("x", encoding="utf-8")
    done = run("doctor")
    assert done.returncode == 1
    assert "footnotes sync" in done.stdout
    assert run("roots", "rename", "my notes", "n").returncode == 0
    assert run_json("roots", "list")[0]["name"] == "n"
    assert run_json("search", "Berlin")["hits"][0]["path"] == "n/moving.md"
    assert run("roots", "remove", "n").returncode == 0
    assert run("search", "Berlin").returncode == 1
    assert (notes / "moving.md").exists(), "the files stay"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["sync", "/no/such/folder"], "/no/such/folder does not exist"),
        (["sync"], "There are no notes yet"),
        (["search", "x"], "There are no notes yet"),
        (["ask", "x"], "There are no notes yet"),
        (["explain", "x"], "There are no notes yet"),
        (["roots", "remove", "nobody"], "no root named 'nobody'"),
        (["status", "--config", "/no/such.yaml"], "/no/such.yaml cannot be read"),
        (["config", "--set", "serch.candidates=3"], "Did you mean 'search.candidates'"),
        (["config", "--set", "chunk.size=many"], "chunk.size = 'many'"),
        (["sync", "--set", "embedding.device=tpu", "--set", "nonsense=1"], "Unknown setting 'nonsense'"),
        (["eval", "/no/such/set"], "/no/such/set"),
        (["eval", TINY, "--metrics", "ndcg@0"], "ndcg@0: k is 0"),
        (["eval", TINY, "--stages", "nonsense"], "no stage 'nonsense' with these settings"),
        (["eval", TINY, "--compare", "nobody"], "no run 'nobody'"),
        (["eval", TINY, "--grid", "/no/grid.yaml"], "/no/grid.yaml cannot be read"),
        (["eval", "score", TINY, "/no/such.run"], "/no/such.run cannot be read"),
    ],
)
def test_wrong_input_is_one_line(args: list[str], says: str) -> None:
    """It names the value and the remedy; exit code 1."""
    done = run(*args)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert says in done.stderr


def test_usage_errors_exit_2() -> None:
    """Unknown options and missing arguments."""
    assert run("search").returncode == 2
    assert run("search", "x", "--wat").returncode == 2
    assert run("sync", "--set", "no-equals-sign").returncode == 2
    assert run("nonsense").returncode == 2


def test_messages_follow_the_locale() -> None:
    """Chinese under a Chinese locale."""
    done = run("sync", LC_ALL="zh_CN.UTF-8")
    assert done.returncode == 1
    assert "还没有笔记" in done.stderr


def test_unknown_key_in_the_settings_file(footnotes_home: Path) -> None:
    """The file and a suggestion are named."""
    Home(footnotes_home)
    (footnotes_home / "config.yaml").write_text("chunk:\n  sise: 3\n", encoding="utf-8")
    done = run("status")
    assert done.returncode == 1
    assert "chunk.sise" in done.stderr
    assert "config.yaml" in done.stderr
    assert "'chunk.size'" in done.stderr


def test_config_prints_values_and_origins(footnotes_home: Path) -> None:
    """Defaults < file < environment < arguments; secrets stay masked."""
    Home(footnotes_home)
    (footnotes_home / "config.yaml").write_text("chunk:\n  size: 300\nsearch: {candidates: 50}\n", "utf-8")
    done = run(
        "config", "--set", "ui.port=9000", FOOTNOTES_SEARCH__CANDIDATES="60", FOOTNOTES_LLM__API_KEY="sk-x"
    )
    assert done.returncode == 0
    lines = {line.split(" = ")[0]: line for line in done.stdout.splitlines()}
    assert lines["chunk.size"].endswith("config.yaml")
    assert "300" in lines["chunk.size"]
    assert lines["search.candidates"] == "search.candidates = 60  # $FOOTNOTES_SEARCH__CANDIDATES"
    assert "9000  # argument" in lines["ui.port"]
    assert lines["language"].endswith("# default")
    assert "sk-x" not in done.stdout


def test_key_in_the_settings_file_is_refused(footnotes_home: Path) -> None:
    """A secret belongs in the environment."""
    Home(footnotes_home)
    (footnotes_home / "config.yaml").write_text("llm: {api_key: sk-secret}\n", encoding="utf-8")
    done = run("status")
    assert done.returncode == 1
    assert "FOOTNOTES_LLM__API_KEY" in done.stderr
    assert "sk-secret" not in done.stderr


def test_second_writer_gets_one_line(notes: Path, footnotes_home: Path) -> None:
    """Who cannot get the write lock in time says so and changes nothing."""
    run("sync", notes)
    (notes / "new.md").write_text("A pelican.", encoding="utf-8")
    with Home(footnotes_home).writing():
        done = run("sync", FOOTNOTES_SYNC__LOCK_WAIT_S="0.3")
    assert done.returncode == 1
    assert "Another Footnotes process" in done.stderr
    assert run_json("sync")["added"] == 1


def test_home_that_cannot_be_made_is_one_line() -> None:
    """A folder where nothing can be created."""
    done = run("status", "--home", os.devnull + "/footnotes")
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_dead_proxies_do_not_matter(notes: Path) -> None:
    """Nothing here needs the network; a dead SOCKS proxy in the environment breaks nothing."""
    dead = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"), "socks5://127.0.0.1:1")
    assert run("sync", notes, **dead).returncode == 0
    assert "Berlin" in run("ask", "When did we move to Berlin?", **dead).stdout
    assert run("status", **dead).returncode == 0


def test_help_of_every_command() -> None:
    """Each command and option says what it does."""
    listed = run("--help").stdout
    for name in (
        "sync",
        "roots",
        "search",
        "ask",
        "explain",
        "status",
        "doctor",
        "reindex",
        "eval",
        "ui",
        "config",
    ):
        assert name in listed
        done = run(name, "--help")
        assert done.returncode == 0
        assert "Usage:" in done.stdout


def test_model_writes_and_a_failing_server_leaves_the_notes_own_sentences(notes: Path) -> None:
    """Streamed text with checked markers; half a stream is replaced by the extractive answer, with a line."""
    run("sync", notes)
    with LLMServer(Reply("You moved to Berlin in April [1]. And to Mars [7].")) as server:
        done = run("ask", "When did we move to Berlin?", *_llm(server))
        assert done.returncode == 0
        assert "You moved to Berlin in April" in done.stdout
        assert "[7]" not in done.stdout
        assert "my notes/moving.md:8" in done.stdout
    with LLMServer(Reply("You moved to", fault="abort")) as server:
        done = run("ask", "When did we move to Berlin?", *_llm(server))
        assert done.returncode == 0
        assert "We moved to Berlin in April." in done.stdout
        assert server.url in done.stderr
    done = run(
        "ask", "When did we move to Berlin?", "--set", "llm.url=http://127.0.0.1:9", "--set", "llm.model=m"
    )
    assert done.returncode == 0
    assert "We moved to Berlin in April." in done.stdout
    assert "127.0.0.1:9 cannot be reached" in done.stderr


def _llm(server: LLMServer) -> list[str]:
    return ["--set", f"llm.url={server.url}", "--set", "llm.model=scripted"]
