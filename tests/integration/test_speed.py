"""The speed that users were promised, on ten thousand passages."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import footnotes

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = "第 700 篇笔记: note 700"
# The built-in model needs numpy, faiss and tokenizers, and nothing else that is large.
HEAVY = {
    "torch",
    "gradio",
    "llama_index",
    "sentence_transformers",
    "transformers",
    "pandas",
    "scipy",
    "httpx",
    "onnxruntime",
    "safetensors",
}
DENSE = {"faiss", "numpy", "tokenizers"}
LEXICAL_ONLY = ("--set", "embedding.model=none", "--set", "graph.backend=none")
WITHOUT_MODEL = LEXICAL_ONLY[:2]  # numpy walks the graph
SEARCH = """
import sys
from rag.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of 10,000 passages of 2,500 notes."""
    folder = tmp_path_factory.mktemp("notes")
    rng = random.Random(4)
    for number in range(2_500):
        sections = "\n".join(
            f"## Part {i}\n\nEntry {number * 4 + i} of note {number}: "
            + " ".join(f"word{rng.randrange(20_000)}" for _ in range(40))
            + "".join(chr(rng.randrange(0x4E00, 0x5E00)) for _ in range(80))
            for i in range(4)
        )
        (folder / f"note {number}.md").write_text(f"# Note {number}\n\n{sections}\n", encoding="utf-8")
    place = tmp_path_factory.mktemp("home") / "home"
    with footnotes.open(place) as engine:
        engine.add_root(folder)
        first = engine.sync()
        assert first.chunks >= 10_000
        second = engine.sync()
        assert second.unchanged == 2_500
        assert second.seconds < first.seconds / 5, "an unchanged vault takes under a fifth of the first sync"
    return place


@pytest.mark.parametrize(
    ("options", "unwanted"),
    [((), set()), (WITHOUT_MODEL, DENSE - {"numpy"}), (LEXICAL_ONLY, DENSE)],
    ids=["builtin", "graph", "lexical"],
)
def test_cold_search_is_quick_and_light(home: Path, options: tuple[str, ...], unwanted: set[str]) -> None:
    """A whole process under 0.8 s, without one of the large libraries; without a model, none of the dense side's."""
    # Whoever installs Footnotes has its bytecode; a checkout that may not write any compiles every module anew.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for number in range(6):
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", SEARCH, "search", QUESTION, "--home", str(home), *options],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            env=environment,
        )
        if number:  # the first one compiles
            times.append(time.perf_counter() - started)
        assert "note 700.md" in done.stdout
        assert ("dense #" in done.stdout) == (not options)
        loaded = set(done.stderr.rpartition("loaded:")[2].split())
        assert "rag" in loaded
        assert loaded & (HEAVY | unwanted) == set()
    assert statistics.median(times) < 0.8, times


@pytest.mark.parametrize(
    ("model", "graph", "limit"),
    [("none", "none", 0.005), ("none", "local", 0.02), ("builtin", "local", 0.25)],
)
def test_warm_search_is_quick(home: Path, model: str, graph: str, limit: float) -> None:
    """A warm engine's median search: under 5 ms for full text, 20 with the graph, 250 with the model reading too."""
    with footnotes.open(home, settings={"embedding.model": model, "graph.backend": graph}) as engine:
        engine.search(QUESTION)
        times = []
        for number in range(60):
            started = time.perf_counter()
            assert engine.search(f"第 {number} 篇笔记: note {number} word{number} word7").hits
            times.append(time.perf_counter() - started)
    assert statistics.median(times) < limit, statistics.median(times)
