"""LangChain's usual pipeline, as its tutorial on semantic search and its pages on ensembles and indexing have it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import faiss
from langchain_classic.indexes import SQLRecordManager, index
from langchain_community.docstore.in_memory import InMemoryDocstore
from langchain_community.document_loaders import DirectoryLoader, TextLoader
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from benchmarks.peers.pipelines import Found
from rag.models.static import StaticEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_EMBEDDER = StaticEmbedder()
_SOURCE = "source"
_RECORDS = "records.db"


class _Embeddings(Embeddings):  # type: ignore[misc] # the base has no types
    """Footnotes' built-in model."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = _EMBEDDER.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = _EMBEDDER.embed_query(text).tolist()
        return vector


class Pipeline:
    """FAISS, alone or in an ensemble with BM25."""

    def __init__(self, *, bm25: bool) -> None:
        self._bm25 = bm25

    def ingest(self, notes: Path, store: Path) -> int:
        """Load, split, embed, save. BM25 cannot be saved."""
        passages = _split(_read(notes))
        vectors = FAISS.from_documents(passages, _Embeddings())
        if self._bm25:
            _bm25(vectors, 1)
        vectors.save_local(str(store))
        return len(passages)

    def open(self, store: Path, k: int) -> _Opened:
        """What was saved."""
        vectors = FAISS.load_local(str(store), _Embeddings(), allow_dangerous_deserialization=True)
        return _Opened(self, vectors, store, k)

    def resyncable(self, notes: Path, store: Path) -> None:
        """The same index, made by the indexing API, which must know of every passage from the start."""
        empty = faiss.IndexFlatL2(_EMBEDDER.dimension)
        vectors = FAISS(_Embeddings(), empty, InMemoryDocstore(), {})
        _indexed(vectors, notes, store)

    def over(self, rows: Sequence[tuple[str, str]], k: int) -> Callable[[str], list[Found]]:
        """Rows as documents."""
        documents = [Document(page_content=text, metadata={_SOURCE: name}) for name, text in rows]
        retriever = self.retriever(FAISS.from_documents(_split(documents), _Embeddings()), k)
        return lambda question: _found(retriever, question)

    def retriever(self, vectors: Any, k: int) -> Any:
        """Over an index in memory."""
        dense = vectors.as_retriever(search_kwargs={"k": k})
        if not self._bm25:
            return dense
        from langchain_classic.retrievers import EnsembleRetriever

        return EnsembleRetriever(retrievers=[_bm25(vectors, k), dense], weights=[0.5, 0.5])


class _Opened:
    def __init__(self, pipeline: Pipeline, vectors: Any, store: Path, k: int) -> None:
        self._pipeline = pipeline
        self._vectors = vectors
        self._store = store
        self._k = k
        self._retriever = pipeline.retriever(vectors, k)

    def search(self, question: str) -> list[Found]:
        return _found(self._retriever, question)

    def resync(self, notes: Path) -> None:
        _indexed(self._vectors, notes, self._store)
        self._retriever = self._pipeline.retriever(self._vectors, self._k)


def _read(notes: Path) -> list[Any]:
    loader = DirectoryLoader(
        str(notes), glob="**/*.md", loader_cls=TextLoader, loader_kwargs={"encoding": "utf-8"}
    )
    documents: list[Any] = loader.load()
    return documents


def _split(documents: Sequence[Any]) -> list[Any]:
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    passages: list[Any] = splitter.split_documents(documents)
    return passages


def _indexed(vectors: Any, notes: Path, store: Path) -> None:
    records = SQLRecordManager("faiss/notes", db_url=f"sqlite:///{store / _RECORDS}")
    records.create_schema()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of SHA-1, the default
        index(_split(_read(notes)), records, vectors, cleanup="incremental", source_id_key=_SOURCE)
    vectors.save_local(str(store))


def _bm25(vectors: Any, k: int) -> Any:
    from langchain_community.retrievers import BM25Retriever

    documents = [vectors.docstore.search(name) for name in vectors.index_to_docstore_id.values()]
    retriever = BM25Retriever.from_documents(documents)
    retriever.k = k
    return retriever


def _found(retriever: Any, question: str) -> list[Found]:
    return [Found(hit.metadata[_SOURCE], hit.page_content) for hit in retriever.invoke(question)]
