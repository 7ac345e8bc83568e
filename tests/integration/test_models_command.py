"""``footnotes models`` as a person uses it, and what docs/models.md and configs/ say about models."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from rag import config
from tests.integration.embedding_server import OLLAMA_MODELS, OPENAI_MODELS, EmbeddingServer, Reply

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "models.md"
PROFILES = yaml.safe_load((ROOT / "rag" / "models" / "profiles.yaml").read_text("utf-8"))


@pytest.fixture
def caches(tmp_path: Path) -> dict[str, str]:
    """Where downloaded models would be: nowhere yet. A proxy that nobody runs stands for the network."""
    return {
        "HF_HOME": str(tmp_path / "hf"),
        "MODELSCOPE_CACHE": str(tmp_path / "ms"),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "PYTHONPATH": str(ROOT),
    }


def run(caches: dict[str, str], *args: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """``footnotes models ARGS`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from rag.cli import main; main()", "models", *map(str, args)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **caches, **more},
        check=False,
        timeout=120,
    )


def entries(caches: dict[str, str], *settings: str, **more: str) -> list[dict[str, Any]]:
    """The command's JSON."""
    done = run(caches, "--json", *(f"--set={setting}" for setting in settings), **more)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def configured(found: list[dict[str, Any]], role: str = "embedding") -> dict[str, Any]:
    """The configured model of that role."""
    (entry,) = (entry for entry in found if entry["configured"] and entry["role"] == role)
    return entry


def test_nothing_is_configured(caches: dict[str, str], footnotes_home: Path) -> None:
    """Each role is named as off; what may be downloaded has its size, command and settings; no home is made."""
    found = entries(caches, "embedding.model=none", "rerank.backend=none")
    assert [(e["role"], e["name"], e["state"]) for e in found if e["configured"]] == [
        ("embedding", "none", "off"),
        ("reranker", "none", "off"),
        ("language model", "none", "off"),
    ]
    offered = [e for e in found if e["state"] == "downloadable"]
    assert [e["name"] for e in offered] == [p["name"] for p in PROFILES]
    assert all(e["size_mb"] and e["command"] and e["settings"] for e in offered)
    assert {e["role"] for e in offered} == {"embedding", "reranker", "language model"}
    assert not footnotes_home.exists()


def test_rerankers(caches: dict[str, str], tmp_path: Path) -> None:
    """The built-in one reads with the built-in embedding model, and is idle beside another; a cross-encoder is a model."""
    chosen = "rerank.backend=cross-encoder"
    for settings, name, state in (
        ((), "builtin", {"present"}),
        (("embedding.model=none",), "builtin", {"idle"}),
        (("rerank.backend=none",), "none", {"off"}),
        ((chosen,), "", {"unnamed"}),
        ((chosen, "rerank.model=BAAI/bge-reranker-base"), "BAAI/bge-reranker-base", {"missing"}),
        ((chosen, f"rerank.model={tmp_path}"), str(tmp_path), {"present", "needs extra"}),
    ):
        entry = configured(entries(caches, *settings), "reranker")
        assert (entry["name"], entry["state"] in state) == (name, True), entry


def test_the_table_is_for_people(caches: dict[str, str]) -> None:
    """Three groups, sizes, the command to download."""
    done = run(caches, "--set", "embedding.model=none")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "configured"
    assert "downloadable" in lines
    (line,) = (line for line in lines if "hf download BAAI/bge-m3 " in line)
    assert re.search(
        r"embedding +BAAI/bge-m3 +2\.3 GB +hf download BAAI/bge-m3 .*# configs/bge-m3\.yaml", line
    )
    assert "HF_ENDPOINT" in lines[-1]


def test_a_missing_model_is_told_with_its_command(caches: dict[str, str]) -> None:
    """At once, without asking the network; known models with their size."""
    started = time.monotonic()
    entry = configured(entries(caches, "embedding.model=BAAI/bge-m3"))
    assert (entry["state"], entry["size_mb"]) == ("missing", 2300)
    assert entry["command"].startswith("hf download BAAI/bge-m3")
    entry = configured(entries(caches, "embedding.model=someone/their-model"))
    assert (entry["state"], entry["command"]) == ("missing", "hf download someone/their-model")
    entry = configured(entries(caches, "embedding.model=/no/such/folder"))
    assert (entry["state"], entry["command"]) == ("missing", "")
    assert time.monotonic() - started < 30


def test_what_is_on_this_machine_is_found(caches: dict[str, str], tmp_path: Path) -> None:
    """The hub's cache, ModelScope's, and a folder that is named; sizes are those of the files."""
    commit = "0" * 40
    for name in ("models--BAAI--bge-m3", "models--BAAI--bge-reranker-base", "models--x--classifier"):
        snapshot = tmp_path / "hf" / "hub" / name / "snapshots" / commit
        snapshot.mkdir(parents=True)
        (snapshot.parents[1] / "refs").mkdir()
        (snapshot.parents[1] / "refs" / "main").write_text(commit, encoding="utf-8")
        (snapshot / "config.json").write_text("{}", encoding="utf-8")
        if name.endswith("m3"):
            (snapshot / "modules.json").write_text("[]", encoding="utf-8")
            (snapshot / "pytorch_model.bin").write_bytes(b"0" * 3_000_000)
    scoped = tmp_path / "ms" / "hub" / "models" / "Qwen" / "Qwen3-Embedding-0___6B"
    scoped.mkdir(parents=True)
    (scoped / "modules.json").write_text("[]", encoding="utf-8")
    found = entries(caches, f"embedding.model={scoped}")
    assert configured(found)["state"] in {"present", "needs extra"}
    present = {(e["role"], e["name"]): e for e in found if e["state"] == "present" and not e["configured"]}
    present.pop(("embedding", "builtin"), None)
    assert set(present) == {("embedding", "BAAI/bge-m3"), ("reranker", "BAAI/bge-reranker-base")}
    assert present["embedding", "BAAI/bge-m3"]["size_mb"] == pytest.approx(3, abs=0.1)
    offered = {(e["role"], e["name"]) for e in found if e["state"] == "downloadable"}
    assert offered & set(present) == set()
    entry = configured(entries(caches, "embedding.model=BAAI/bge-m3"))
    assert entry["state"] in {"present", "needs extra"}
    assert "BAAI--bge-m3" in entry["place"]


@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_a_server_that_answers(caches: dict[str, str], kind: str) -> None:
    """It is asked for its list only; a model that it serves need not be downloaded."""
    with EmbeddingServer(models=("bge-m3:latest", "other")) as server:
        address = (f"embedding.url={server.url}/v1", f"embedding.kind={kind}")
        found = entries(caches, "embedding.model=bge-m3", *address)
        assert configured(found)["state"] == "reachable"
        assert configured(found)["serves"] == ["bge-m3:latest", "other"]
        assert "bge-m3" not in {e["name"] for e in found if e["state"] == "downloadable"}
        assert configured(entries(caches, "embedding.model=third", *address))["state"] == "not served"
        done = run(caches, "--set=embedding.model=third", *(f"--set={setting}" for setting in address))
        assert "it serves: bge-m3:latest, other" in done.stdout
    path = OLLAMA_MODELS if kind == "ollama" else OPENAI_MODELS
    assert {request.path for request in server.requests} == {path}


def test_an_address_without_a_model_is_told(caches: dict[str, str]) -> None:
    """Else its server would silently not be used."""
    with EmbeddingServer() as server:
        found = entries(
            caches, "embedding.model=builtin", f"embedding.url={server.url}", f"llm.url={server.url}"
        )
    states = [(e["role"], e["name"], e["state"]) for e in found if e["configured"]]
    assert ("embedding", "", "unnamed") in states
    assert ("language model", "", "unnamed") in states
    assert any(e["name"] == "builtin" and e["configured"] for e in found)


def test_language_model_and_reranker_alike(caches: dict[str, str]) -> None:
    """A reranking server may lack a list and have but one model."""
    with EmbeddingServer(models=("qwen3:8b",)) as chat, EmbeddingServer(serves=frozenset()) as scorer:
        found = entries(
            caches,
            f"llm.url={chat.url}",
            "llm.kind=ollama",
            "llm.model=qwen3:8b",
            f"rerank.url={scorer.url}",
        )
    assert configured(found, "language model")["state"] == "reachable"
    assert configured(found, "reranker")["state"] == "reachable"
    assert "qwen3:8b" not in {e["name"] for e in found if e["state"] == "downloadable"}


def test_servers_that_fail_are_one_word(caches: dict[str, str]) -> None:
    """No error exit and no long wait; a key is sent and not shown."""
    with EmbeddingServer(Reply(status=401)) as refusing, EmbeddingServer(Reply(fault="hang")) as silent:
        started = time.monotonic()
        arguments = (
            "embedding.model=m",
            f"embedding.url={refusing.url}",
            f"llm.url={silent.url}",
            "llm.model=m",
            "rerank.url=http://me:s3cret@127.0.0.1:9",
        )
        done = run(caches, *(f"--set={a}" for a in arguments), FOOTNOTES_EMBEDDING__API_KEY="s3cret")
        assert time.monotonic() - started < 20
    assert done.returncode == 0
    assert "the key is refused" in done.stdout
    assert done.stdout.count("not reachable") == 2
    assert "s3cret" not in done.stdout + done.stderr
    assert refusing.requests[0].headers["authorization"] == "Bearer s3cret"


def test_wrong_settings_are_one_line(caches: dict[str, str]) -> None:
    """As everywhere."""
    done = run(caches, "--set", "embedding.modell=x")
    assert done.returncode == 1
    assert "embedding.model" in done.stderr


def test_export_refuses_a_full_folder(caches: dict[str, str], tmp_path: Path) -> None:
    """One line and exit code 1."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").write_text("", encoding="utf-8")
    done = run(caches, "export", tmp_path / "full")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"{tmp_path / 'full'} is not an empty folder" in done.stderr


def test_export_writes_a_folder(caches: dict[str, str], tmp_path: Path) -> None:
    """With the line of Python that loads it."""
    done = run(caches, "export", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "out") in done.stderr
    assert (tmp_path / "out" / "modules.json").is_file()


# --- documentation -----------------------------------------------------------------------------------------------


def test_settings_in_the_document_are_settings(tmp_path: Path) -> None:
    """YAML as it stands, and each setting that the tables name."""
    text = DOCUMENT.read_text("utf-8")
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        assert config.load(tmp_path, config=path).origins
    named = re.findall(r"`((?:embedding|rerank)\.\w+)", text)
    assert named
    assert set(named) <= set(config.known_keys())


def test_links_in_the_document_lead_somewhere() -> None:
    """Relative ones."""
    for target in re.findall(r"\]\(([^)#:]+)\)", DOCUMENT.read_text("utf-8")):
        assert (DOCUMENT.parent / target).exists(), target


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p["name"])
def test_profiles_have_their_example(profile: dict[str, Any], tmp_path: Path) -> None:
    """Every known model of the hub has a file in configs/ that names it, or one for its kind of server."""
    loaded = config.load(tmp_path, config=ROOT / "configs" / profile["settings"]).settings
    roles = {"embedding": loaded.embedding, "reranker": loaded.rerank, "language model": loaded.llm}
    model = getattr(roles[profile["role"]], "model")  # noqa: B009 - sections have no common class that names it
    assert model
    if profile["role"] == "embedding" and "hub" in profile:
        assert model == profile["name"]
        text = (ROOT / "configs" / profile["settings"]).read_text("utf-8")
        assert all(f'--exclude "{pattern}"' in text for pattern in profile["hub"])
        assert f"hf download {profile['name']}" in text
