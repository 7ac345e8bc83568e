"""The pipelines that are compared, by name, and what each must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found: the path of its note, or the id of its row."""

    source: str
    text: str


class Opened(Protocol):
    """A kept index, opened."""

    def search(self, question: str) -> list[Found]:
        """Best first."""

    def resync(self, notes: Path) -> None:
        """Take in what has changed in the folder, and keep it on disk."""


class Pipeline(Protocol):
    """One way from a folder of notes to passages."""

    def ingest(self, notes: Path, store: Path) -> int:
        """Index a folder and keep the index in ``store``; returns how many passages there are."""

    def open(self, store: Path, k: int) -> Opened:
        """Open what ``ingest`` kept."""

    def resyncable(self, notes: Path, store: Path) -> None:
        """Make ``store`` ready for ``Opened.resync``, where ``ingest`` has not."""


class Ranker(Protocol):
    """A pipeline that ranks rows that were never files."""

    def over(self, rows: Sequence[tuple[str, str]], k: int) -> Callable[[str], list[Found]]:
        """Index (id, text) rows in memory; returns the search."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a pipeline is made and told of.

    Attributes:
        family: what it belongs to: its colour in the plot.
        module: where its class is, below ``benchmarks.peers``.
        words: what it consists of, for the report.
        resync: what brings an edit into the index; ``rebuild``: nothing but a new index does.
        settings: arguments of the class.
        ranks: whether its quality is measured; where two find the same, one is.
    """

    family: str
    module: str
    words: str
    resync: str
    settings: dict[str, object]
    ranks: bool = True

    def made(self) -> Pipeline:
        """The pipeline; loads its library."""
        pipeline: Pipeline = import_module(f"benchmarks.peers.{self.module}").Pipeline(**self.settings)
        return pipeline


REBUILD = "rebuild"
_LLAMA = "SimpleDirectoryReader, SentenceSplitter (1024 tokens, overlap 200), VectorStoreIndex"
_LANG = (
    "DirectoryLoader with TextLoader, RecursiveCharacterTextSplitter (1000 characters, overlap 200), FAISS"
)
_FOLDER = "sync of the folder"

PIPELINES: dict[str, Entry] = {
    "footnotes": Entry(
        "Footnotes",
        "footnotes_pipeline",
        "as installed: full text, built-in model, graph",
        _FOLDER,
        {"settings": {}},
    ),
    "footnotes-nograph": Entry(
        "Footnotes",
        "footnotes_pipeline",
        "the same with graph.backend none",
        _FOLDER,
        {"settings": {"graph.backend": "none"}},
    ),
    "footnotes-lexical": Entry(
        "Footnotes",
        "footnotes_pipeline",
        "full text alone: embedding.model none, graph.backend none",
        _FOLDER,
        {"settings": {"embedding.model": None, "graph.backend": "none"}},
    ),
    "llamaindex": Entry(
        "LlamaIndex",
        "llamaindex_pipeline",
        f"{_LLAMA} in its SimpleVectorStore, storage_context.persist",
        "refresh_ref_docs",
        {"faiss": False, "bm25": False},
        ranks=False,  # what llamaindex-faiss finds: both are exact
    ),
    "llamaindex-faiss": Entry(
        "LlamaIndex",
        "llamaindex_pipeline",
        f"{_LLAMA} in FaissVectorStore (IndexFlatIP)",
        REBUILD,
        {"faiss": True, "bm25": False},
    ),
    "llamaindex-hybrid": Entry(
        "LlamaIndex",
        "llamaindex_pipeline",
        "llamaindex-faiss and BM25Retriever in QueryFusionRetriever (reciprocal_rerank, num_queries 1)",
        REBUILD,
        {"faiss": True, "bm25": True},
    ),
    "langchain": Entry(
        "LangChain",
        "langchain_pipeline",
        f"{_LANG}.from_documents, save_local",
        "index(cleanup='incremental')",
        {"bm25": False},
    ),
    "langchain-hybrid": Entry(
        "LangChain",
        "langchain_pipeline",
        "langchain and BM25Retriever in EnsembleRetriever (0.5, 0.5); BM25 is made anew at every start",
        "index(cleanup='incremental')",
        {"bm25": True},
    ),
}
