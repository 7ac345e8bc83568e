"""The cells of the benchmark: each measured in processes of their own, one after another, on one core."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers.corpus import small_notes
from benchmarks.peers.pipelines import PIPELINES, REBUILD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[2]
RUNS = {"runs": 3, "colds": 5, "edits": 5}  # at most
SLOW_S = 10.0  # no more runs of what has taken longer
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
_COMMAND = ("-c", "from rag.cli import main; main()", "search")


class TooLongError(Exception):
    """A process has run over its limit."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how measurements are made.

    Attributes:
        work: an empty folder.
        limit_s: no process may take longer.
    """

    work: Path
    limit_s: int

    def growth(self, name: str, notes: Path, size: int, questions: Sequence[str]) -> dict[str, Any]:
        """All figures of one pipeline over one folder of ``size`` bytes."""
        store = self.work / "store"
        job = {"pipeline": name, "notes": str(notes), "store": str(store)}
        try:
            built = _repeated(lambda: self._ingested(job, store), RUNS["runs"], lambda run: run["seconds"])
            asked = self._child({**job, "op": "query", "questions": questions, "budget_s": SLOW_S})
            colds = _repeated(lambda: self._cold(job, questions[0]), RUNS["colds"], float)
            cell = _figures(built, asked, colds, size)
            return {**cell, **self._resynced(job, cell["ingest_s"], questions[0])}
        except TooLongError:
            return {"over_s": self.limit_s}
        finally:
            shutil.rmtree(store, ignore_errors=True)

    def quality(self, name: str, folder: Path) -> dict[str, Any]:
        """Mean metrics of one pipeline on one set. Footnotes' indexes are kept for its other settings."""
        home = self.work / "quality"
        home.mkdir(exist_ok=True)
        try:
            return self._child({"op": "quality", "pipeline": name, "set": str(folder), "store": str(home)})
        except TooLongError:
            return {"over_s": self.limit_s}

    def _ingested(self, job: dict[str, str], store: Path) -> dict[str, Any]:
        shutil.rmtree(store, ignore_errors=True)
        return self._child({**job, "op": "ingest"})

    def _cold(self, job: dict[str, str], question: str) -> float:
        command = _module({**job, "op": "cold", "question": question})
        if PIPELINES[job["pipeline"]].module == "footnotes_pipeline":
            command = [sys.executable, *_COMMAND, question, "--home", job["store"]]
        started = time.perf_counter()
        self._run(command)
        return time.perf_counter() - started

    def _resynced(self, job: dict[str, str], ingest_s: float, question: str) -> dict[str, Any]:
        how = PIPELINES[job["pipeline"]].resync
        if how == REBUILD:
            return {"resync": how, "resync_s": ingest_s}
        edited = [str(path) for path in small_notes(Path(job["notes"]), RUNS["edits"])]
        found = self._child(
            {**job, "op": "resync", "edited": edited, "question": question, "budget_s": SLOW_S}
        )
        times = found["times_s"]
        return {"resync": how, "resync_s": statistics.median(times), "edits": len(times)}

    def _child(self, job: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._run(_module(job)).splitlines()[-1])
        return found

    def _run(self, command: Sequence[str]) -> str:
        """Standard output of a process; a failure shows its errors and ends the run."""
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                encoding="utf-8",
                env=environment(self.work),
                timeout=self.limit_s,
            )
        except subprocess.TimeoutExpired as e:
            raise TooLongError from e
        if done.returncode:
            raise SystemExit(f"{' '.join(command)[:400]}\n{done.stderr[-4000:]}")
        return done.stdout


def environment(work: Path) -> dict[str, str]:
    """One thread, no settings of the user, no network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTES_")}
    return kept | {
        **dict.fromkeys(_THREADS, "1"),
        "FOOTNOTES_HOME": str(work / "unused"),
        "HF_HUB_OFFLINE": "1",
        "LANGSMITH_TRACING": "false",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }


def one_core() -> None:
    """Pin this process, and all that it starts, to its last core, where the system can do so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _module(job: dict[str, Any]) -> list[str]:
    return [sys.executable, "-m", "benchmarks.peers.measure", json.dumps(job)]


def _repeated(measure: Callable[[], Any], most: int, seconds: Callable[[Any], float]) -> list[Any]:
    """Up to ``most`` runs; no other after one that was slow."""
    found = [measure()]
    while len(found) < most and seconds(found[-1]) < SLOW_S:
        found.append(measure())
    return found


def _figures(
    built: Sequence[dict[str, Any]], asked: dict[str, Any], colds: Sequence[float], size: int
) -> dict[str, Any]:
    middle = {key: statistics.median(run[key] for run in built) for key in built[0]}
    times = asked["times_ms"]
    return {
        "chunks": middle["chunks"],
        "ingest_s": middle["seconds"],
        "ingest_cpu_s": middle["cpu_s"],
        "ingests": len(built),
        "ingest_mb_s": size / 1e6 / middle["seconds"],
        "ingest_rss_mb": middle["rss_mb"],
        "disk_mb": middle["disk_mb"],
        "ready_s": asked["ready_s"],
        "p50_ms": statistics.median(times),
        "p95_ms": statistics.quantiles(times, n=20, method="inclusive")[-1],
        "queries": len(times),
        "query_rss_mb": asked["rss_mb"],
        "cold_s": statistics.median(colds),
        "colds": len(colds),
    }
