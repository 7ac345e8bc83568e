"""What the README shows works."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import footnotes
from rag import config
from tests.integration.embedding_server import EmbeddingServer

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh.md")


def blocks(name: str, language: str) -> list[str]:
    """Fenced code of one language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text("utf-8"), flags=re.DOTALL)


def commands(name: str) -> list[list[str]]:
    """Every ``footnotes ...`` line, without its comment."""
    lines = [line for block in blocks(name, "sh") for line in block.splitlines()]
    split = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in split if words and words[0].endswith("footnotes")]


# A model that the README names is downloaded by its reader; here a fake has that name.
RUN = """
from rag.cli import main
from rag.models import transformer
from tests.integration.counting_embedder import CountingEmbedder
transformer.TransformerEmbedder = CountingEmbedder
main()
"""


@pytest.mark.parametrize("name", READMES)
def test_commands_run(name: str, tmp_path: Path) -> None:
    """In the order shown, on the sample notes, each exits with 0; afterwards the built-in model answers again."""
    vault = tmp_path / "notes"
    shutil.copytree(ROOT / "tests" / "data" / "vault", vault)
    found = commands(name)
    assert [words[0] for words in found] == [
        *("sync", "ask", "sync", "ask"),
        *("search", "ask", "search", "explain"),
        *("ask", "ask", "sessions", "sessions"),
        *("status", "why", "forget"),
        *("related", "related", "graph", "graph", "graph"),
        *("reindex", "reindex", "reindex"),
    ]
    said = {}
    for words in found[2:]:
        args = [word.replace("~/notes", str(vault)) for word in words]
        done = subprocess.run(
            [sys.executable, "-c", RUN, *args],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said[words[0]] = done.stdout
    assert "[1]" in said["ask"], "the question has its footnotes"
    with footnotes.open() as engine:
        status = engine.status()
        assert (status.model, status.model_previous) == ("builtin", None)
        assert all(finding.ok for finding in engine.doctor())


def test_commands_of_the_page_on_evaluation_run(tmp_path: Path) -> None:
    """In the order shown, with its grid, each on two small sets; a reranking server is there, too."""
    for name in ("my-set", "other-set"):
        shutil.copytree(ROOT / "tests" / "data" / "eval_tiny", tmp_path / name)
    (grid,) = blocks("docs/evaluate.md", "yaml")
    (tmp_path / "grid.yaml").write_text(grid, "utf-8")
    found = [words for words in commands("docs/evaluate.md") if words[1] in {"run", "score"}]
    assert len(found) >= 10
    with EmbeddingServer() as server:
        for words in found:
            args = [word.replace("http://127.0.0.1:8080", server.url) for word in words]
            done = subprocess.run(
                [sys.executable, "-c", RUN, *args],
                capture_output=True,
                text=True,
                encoding="utf-8",
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                check=False,
            )
            assert done.returncode == 0, (words, done.stderr)
            assert done.stdout
    for made in ("report.html", "report.md", "trec/my-set.qrels"):
        assert (tmp_path / made).stat().st_size


def test_make_targets_exist() -> None:
    """Every ``make X`` that a README names."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for name in (*READMES, "CONTRIBUTING.md"):
        for target in re.findall(r"^make (\w+)", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_python_snippet_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The example from Python, on the sample notes."""
    with footnotes.open() as notes:
        notes.add_root(ROOT / "tests" / "data" / "vault")
        notes.sync()
    (snippet,) = blocks("README.md", "python")
    exec(compile(snippet, "README.md", "exec"), {})  # noqa: S102 - our own README
    assert "[1] vault/" in capsys.readouterr().out


@pytest.mark.parametrize("name", READMES)
def test_settings_shown_are_settings(name: str, tmp_path: Path) -> None:
    """YAML in the README is accepted as it stands."""
    for number, block in enumerate(blocks(name, "yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        assert config.load(tmp_path, config=path).settings.llm.model


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.name)
def test_example_settings_load(path: Path, tmp_path: Path) -> None:
    """Every file in configs/ is valid."""
    assert config.load(tmp_path, config=path).origins


@pytest.mark.parametrize(
    "name",
    [
        *READMES,
        "CONTRIBUTING.md",
        "docs/answers.md",
        "docs/evaluate.md",
        "docs/questions.md",
        "docs/serve.md",
        "benchmarks/README.md",
    ],
)
def test_links_lead_somewhere(name: str) -> None:
    """Relative links name files that exist."""
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target
