"""Speed of the Markdown loader and chunker against two well-known chunkers, on the same notes in the same run.

    python benchmarks/chunkers.py NOTES [--runs 5] [--write benchmarks/results/chunkers.md]

NOTES is any folder of Markdown files; by default ``$FOOTNOTES_SHARED/notes``. Nothing is downloaded. Each figure
is the median of the runs, which take turns, in processor seconds of one process; MB are 10^6 bytes of UTF-8.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import os
import platform
import re
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.chunk import chunk, tokens
from ingest.loaders import load
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Document

SIZE = 400
SENTENCE = re.compile(r"[^。！？.!?\n]+[。！？.!?\n]*|[。！？.!?\n]+")
WORD = re.compile(r"[\u3040-\u9fff]|[^\s\u3040-\u9fff]+")


def read(folder: Path) -> tuple[list[tuple[str, bytes]], list[Document]]:
    """The folder's readable Markdown files, and what they load to."""
    files, documents = [], []
    for path in sorted(folder.rglob("*.md")):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        try:
            documents.append(load(name, data))
        except LoadError:
            continue
        files.append((name, data))
    return files, documents


def our_loader(files: list[tuple[str, bytes]]) -> Callable[[], int]:
    """Bytes to Document: decoding, front matter, masks, links, tags, dates."""
    return lambda: len([load(name, data) for name, data in files])


def our_chunker(documents: list[Document]) -> Callable[[], int]:
    """Document to Chunks."""
    return lambda: sum(len(chunk(document, SIZE)) for document in documents)


def langchain(texts: list[str]) -> Callable[[], int]:
    """MarkdownHeaderTextSplitter, then RecursiveCharacterTextSplitter with our estimate of tokens."""
    from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

    headers = MarkdownHeaderTextSplitter([("#" * i, f"h{i}") for i in range(1, 7)], strip_headers=False)
    recursive = RecursiveCharacterTextSplitter(
        chunk_size=SIZE,
        chunk_overlap=0,
        length_function=tokens,
        separators=["\n\n", "\n", "。", "！", "？", ". ", " ", ""],
    )
    return lambda: sum(len(recursive.split_documents(headers.split_text(text))) for text in texts)


def llama_index(texts: list[str]) -> Callable[[], int]:
    """SentenceSplitter with tokenizers that need no download: Chinese characters and words; sentences by their marks."""
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(
        chunk_size=SIZE,
        chunk_overlap=0,
        tokenizer=WORD.findall,
        chunking_tokenizer_fn=SENTENCE.findall,
    )
    return lambda: sum(len(splitter.split_text(text)) for text in texts)


def measure(jobs: dict[str, Callable[[], int]], runs: int) -> dict[str, tuple[float, int]]:
    """Median processor seconds and the count of what came out, for each job."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    counts: dict[str, int] = {}
    for _ in range(runs):
        for name, job in jobs.items():
            gc.collect()
            start = time.process_time()
            counts[name] = job()
            seconds[name].append(time.process_time() - start)
    return {name: (statistics.median(seconds[name]), counts[name]) for name in jobs}


def report(results: dict[str, tuple[float, int]], megabytes: float, files: int, runs: int) -> str:
    """The table as Markdown."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("langchain-text-splitters", "llama-index-core")
    )
    rows = [f"| {name} | {megabytes / s:.1f} | {s:.2f} | {count:,} |" for name, (s, count) in results.items()]
    return "\n".join(
        [
            "# Loader and chunker speed",
            "",
            f"{files:,} Markdown notes, {megabytes:.1f} MB, Chinese and English; chunks of about {SIZE} tokens, no overlap;",
            f"medians of {runs} runs that took turns, processor time of one process; Python {platform.python_version()}, {versions}.",
            "Machines differ and may be shared: compare rows, not runs.",
            "",
            "| | MB/s | seconds | out |",
            "|---|---:|---:|---:|",
            *rows,
            "",
            "Made by `python benchmarks/chunkers.py NOTES --write benchmarks/results/chunkers.md`.",
            "",
        ]
    )


def main() -> None:
    """Measure, print, and write the table if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = os.environ.get("FOOTNOTES_SHARED")
    parser.add_argument("notes", nargs="?", type=Path, default=Path(shared) / "notes" if shared else None)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.notes is None:
        parser.error("name a folder of Markdown notes, or set FOOTNOTES_SHARED")
    files, documents = read(options.notes)
    texts = [document.text for document in documents]
    jobs = {
        "Footnotes: load (documents)": our_loader(files),
        "Footnotes: chunk": our_chunker(documents),
        "LangChain: header + recursive splitter": langchain(texts),
        "LlamaIndex: SentenceSplitter": llama_index(texts),
    }
    megabytes = sum(len(data) for _, data in files) / 1e6
    table = report(measure(jobs, options.runs), megabytes, len(files), options.runs)
    print(table)
    if options.write:
        options.write.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
