"""One measurement in a process of its own: ``python -m benchmarks.peers.measure JOB``, the figures on its last line.

A job is JSON with ``op``, ``pipeline`` and what the operation takes. No process may reach the network.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from benchmarks.peers.pipelines import PIPELINES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.peers.pipelines import Found, Opened, Ranker

K = 10
DEPTH = 100  # passages asked for when quality is measured, as in rag.evals
_FORBIDDEN = frozenset({"socket.connect", "socket.getaddrinfo"})
_ROUNDS = 3
_FEWEST = 5  # questions, however long each takes


def main() -> None:
    """Do the job that the command line holds."""
    sys.addaudithook(_guard)
    job = json.loads(sys.argv[1])
    found = OPERATIONS[job["op"]](job)
    print(json.dumps({**found, "rss_mb": peak_mb()}))


def _guard(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise RuntimeError(event)


def peak_mb() -> float:
    """Most memory that this process has held, in MB of 10^6 bytes."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def disk_mb(folder: Path) -> float:
    """What a folder's files hold, in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def ingest(job: Mapping[str, Any]) -> dict[str, float]:
    """Index a folder; importing the library is not timed."""
    notes, store = Path(job["notes"]), Path(job["store"])
    pipeline = PIPELINES[job["pipeline"]].made()
    store.mkdir(parents=True)
    started, busy = time.perf_counter(), time.process_time()
    chunks = pipeline.ingest(notes, store)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    return {"seconds": seconds, "cpu_s": busy, "chunks": chunks, "disk_mb": disk_mb(store)}


def query(job: Mapping[str, Any]) -> dict[str, Any]:
    """Each question's milliseconds, in turns, until a budget of seconds is spent."""
    pipeline = PIPELINES[job["pipeline"]].made()
    started = time.perf_counter()
    opened = pipeline.open(Path(job["store"]), K)
    opened.search(job["questions"][0])
    ready = time.perf_counter() - started
    times: list[float] = []
    answered = 0
    began = time.perf_counter()
    for question in job["questions"][1:] * _ROUNDS:
        if len(times) >= _FEWEST and time.perf_counter() - began > job["budget_s"]:
            break
        started = time.perf_counter()
        answered += bool(opened.search(question))
        times.append((time.perf_counter() - started) * 1000)
    assert answered > len(times) / 2  # full text alone may find nothing of some
    return {"ready_s": ready, "times_ms": [round(ms, 3) for ms in times]}


def cold(job: Mapping[str, Any]) -> dict[str, Any]:
    """One answer; the caller holds the watch."""
    opened = PIPELINES[job["pipeline"]].made().open(Path(job["store"]), K)
    return {"found": len(opened.search(job["question"]))}


def resync(job: Mapping[str, Any]) -> dict[str, Any]:
    """Seconds from an edit of one note, among the others, until it is searchable and kept on disk."""
    notes, store = Path(job["notes"]), Path(job["store"])
    pipeline = PIPELINES[job["pipeline"]].made()
    pipeline.resyncable(notes, store)
    opened = pipeline.open(store, K)
    opened.search(job["question"])
    times: list[float] = []
    before = {Path(name): Path(name).read_bytes() for name in job["edited"]}
    try:
        for number, path in enumerate(before):
            if sum(times) > job["budget_s"]:
                break
            times.append(_edit(opened, notes, path, f"A quokka{number} was seen."))
    finally:
        for path, data in before.items():
            path.write_bytes(data)
    return {"times_s": times}


def _edit(opened: Opened, notes: Path, path: Path, sentence: str) -> float:
    """Seconds of one edit; that it has arrived is checked by searching for the end of the note."""
    text = f"{path.read_text('utf-8')}\n\n{sentence}\n"
    path.write_text(text, "utf-8")
    started = time.perf_counter()
    opened.resync(notes)
    seconds = time.perf_counter() - started
    assert any(sentence in hit.text for hit in opened.search(text[-200:])), path
    return seconds


def quality(job: Mapping[str, Any]) -> dict[str, float]:
    """Means over the report questions of one set."""
    from rag.evals import datasets, metrics

    entry, folder = PIPELINES[job["pipeline"]], Path(job["set"])
    started = time.perf_counter()
    if entry.module == "footnotes_pipeline":
        values = _ours(job, folder)
    else:
        data = datasets.load(folder)
        qrels = {question.id: data.qrels[question.id] for question in data.chosen("report")}
        values = metrics.per_question(qrels, _rankings(cast("Ranker", entry.made()), data))
    return {**metrics.mean(values), "questions": len(values), "seconds": time.perf_counter() - started}


def _ours(job: Mapping[str, Any], folder: Path) -> Mapping[str, Mapping[str, float]]:
    from rag.evals import harness
    from rag.evals.report import FINAL

    home, overrides = Path(job["store"]), PIPELINES[job["pipeline"]].settings["settings"]
    report = harness.run(
        folder,
        home=home,
        cache=home / "evals",
        split="report",
        overrides=cast("dict[str, object]", overrides),
    )
    return report.per_question[FINAL]


def _rankings(ranker: Ranker, data: Any) -> dict[str, tuple[str, ...]]:
    """Rows by their best passage. A group of rows is a folder of its own, with an index of its own."""
    searches: dict[str, Callable[[str], list[Found]]] = {}
    rankings = {}
    for question in data.chosen("report"):
        if question.folder not in searches:
            prefix = f"{question.folder}/" if question.folder else ""
            rows = [row for row in data.rows if row.doc_id.startswith(prefix)]
            texts = [(row.doc_id, f"{row.title} {row.text}".strip()) for row in rows]
            searches[question.folder] = ranker.over([row for row in texts if row[1]], DEPTH)
        found = dict.fromkeys(hit.source for hit in searches[question.folder](question.text))
        rankings[question.id] = tuple(data.row_ids[name] for name in found if name not in question.exclude)
    return rankings


OPERATIONS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "ingest": ingest,
    "query": query,
    "cold": cold,
    "resync": resync,
    "quality": quality,
}

if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
