"""The figures as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.peers.pipelines import PIPELINES, REBUILD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Results = Mapping[str, Any]

_ROUGH = 20  # fewer searches than this make a rough p95
_GROWTH = (
    ("chunks", "{:,.0f}"),
    ("ingest_mb_s", "{:.2f}"),
    ("resync_s", "{:.2f}"),
    ("p50_ms", "{:.1f}"),
    ("p95_ms", "{:.1f}"),
    ("cold_s", "{:.2f}"),
    ("ingest_rss_mb", "{:,.0f}"),
    ("query_rss_mb", "{:,.0f}"),
    ("disk_mb", "{:,.1f}"),
)
_HEADINGS = (
    "own chunks",
    "ingest MB/s",
    "one edit, s",
    "query p50, ms",
    "query p95, ms",
    "cold start, s",
    "memory, ingest, MB",
    "memory, query, MB",
    "disk, MB",
)
_INTRODUCTION = """# Footnotes beside LlamaIndex and LangChain

The usual pipelines of their tutorials with their defaults, one run, one machine, one core, one thread, no network. All
use the same embedding model, Footnotes' built-in one, and the same Markdown notes. Nobody was tuned.
{machine}. {versions}.
"""
_NOTES = """
- *Ingest* is from a folder of files to an index on disk; importing the libraries is not in it. MB are 10^6 bytes.
- *One edit*: a note of the folder is saved, and taken into an index that is open, the whole folder looked through, until it
  can be found and is kept on disk. {resyncs}. † nothing but ingesting all anew does it, so that time stands here.
- *Query*: the ten best passages, warm, for beginnings of lines of the notes. ‡ so slow that it had fewer than {rough} searches.
- *Cold start*: a new process, from nothing to one answer; for Footnotes the command `footnotes search`.
- *Memory* is the most that a process held. Medians: of up to {runs} ingests, {colds} starts, {edits} edits, fewer where one is slow.
- Sizes are counted in Footnotes' passages; the others cut the same notes into larger or smaller ones.
"""
_QUALITY = """
## Quality

nDCG@10 in percent on the report questions, 100 passages mapped to their documents. The others index title and text,
joined by a space as BEIR does; where a question asks within a group, they have an index for each group. LlamaIndex's SimpleVectorStore
finds what its FAISS finds. The BM25 of both others takes a run of Chinese for one word, as their defaults do.
"""


def render(results: Results) -> str:
    """The whole report. Cells that were not measured are left empty."""
    parts = [_INTRODUCTION.format(**results["setting"]), _consists(results)]
    if results["corpora"]:
        parts += [
            "## Growth\n",
            *(_growth(results, size) for size in sorted(results["corpora"], key=int)),
            _notes(results),
        ]
    sets = sorted({key.split("/")[1] for key in results["cells"] if key.startswith("quality/")})
    if sets:
        parts += [_QUALITY, _quality(results["cells"], sets)]
    command = results["setting"]["command"]
    return "\n".join([*parts, "", f"Made by `{command}`.", ""])


def _consists(results: Results) -> str:
    measured = {part for key in results["cells"] for part in key.split("/")}
    rows = [f"| {name} | {entry.words} |" for name, entry in PIPELINES.items() if name in measured]
    return "\n".join(["| pipeline | consists of |", "|---|---|", *rows, ""])


def _notes(results: Results) -> str:
    how: dict[str, list[str]] = {}
    for entry in PIPELINES.values():
        if entry.resync != REBUILD and entry.family not in how.setdefault(f"`{entry.resync}`", []):
            how[f"`{entry.resync}`"].append(entry.family)
    resyncs = "; ".join(f"{' and '.join(families)}: {way}" for way, families in how.items())
    return _NOTES.format(resyncs=resyncs, rough=_ROUGH, **results["setting"]["runs"])


def _growth(results: Results, size: str) -> str:
    corpus, cells = results["corpora"][size], results["cells"]
    rows = [
        _row([name, *_figures(cells[key])]) for name in PIPELINES if (key := f"growth/{name}/{size}") in cells
    ]
    about = f"**{corpus['chunks']:,} passages**: {corpus['files']:,} notes, {corpus['size'] / 1e6:.1f} MB\n"
    return "\n".join([about, *_head(["", *_HEADINGS]), *rows, ""])


def _figures(cell: Mapping[str, Any]) -> list[str]:
    if "over_s" in cell:
        return [f"over {cell['over_s']} s", *[""] * (len(_GROWTH) - 1)]
    marks = {
        "resync_s": " †" if cell["resync"] == REBUILD else "",
        "p95_ms": " ‡" if cell["queries"] < _ROUGH else "",
    }
    return [form.format(cell[name]) + marks.get(name, "") for name, form in _GROWTH]


def _quality(cells: Mapping[str, Any], sets: Sequence[str]) -> str:
    names = [name for name, entry in PIPELINES.items() if entry.ranks]
    values = {
        (each, name): 100 * cells[key]["ndcg@10"]
        for each in sets
        for name in names
        if "ndcg@10" in cells.get(key := f"quality/{each}/{name}", {})
    }
    rows = [_row([each, *(_percent(values.get((each, name))) for name in names)]) for each in sets]
    complete = [name for name in names if all((each, name) in values for each in sets)]
    means = [
        _percent(sum(values[each, name] for each in sets) / len(sets) if name in complete else None)
        for name in names
    ]
    return "\n".join([*_head(["set", *names]), *rows, _row(["*mean*", *means])])


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _head(names: Sequence[str]) -> list[str]:
    return [_row(names), "|---|" + "---:|" * (len(names) - 1)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
