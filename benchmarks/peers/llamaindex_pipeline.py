"""LlamaIndex's usual pipeline, as its starter tutorial and its pages on FAISS and on reciprocal rerank fusion have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core import (
    Document,
    Settings,
    SimpleDirectoryReader,
    StorageContext,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.llms import MockLLM

from benchmarks.peers.pipelines import Found
from rag.models.static import StaticEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_EMBEDDER = StaticEmbedder()
_BM25 = "bm25"


class _Embedding(BaseEmbedding):  # type: ignore[misc] # the base has no types
    """Footnotes' built-in model."""

    def _get_query_embedding(self, query: str) -> list[float]:
        vector: list[float] = _EMBEDDER.embed_query(query).tolist()
        return vector

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_query_embedding(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = _EMBEDDER.embed_passages(texts).tolist()
        return vectors

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


Settings.embed_model = _Embedding()
Settings.llm = MockLLM()  # the default asks OpenAI


class Pipeline:
    """A vector index, kept by LlamaIndex or by FAISS, alone or fused with BM25."""

    def __init__(self, *, faiss: bool, bm25: bool) -> None:
        self._faiss = faiss
        self._bm25 = bm25

    def ingest(self, notes: Path, store: Path) -> int:
        """Read, split, embed, persist."""
        index = self._index(_read(notes))
        index.storage_context.persist(str(store))
        if self._bm25:
            _bm25(index, 1).persist(str(store / _BM25))
        return len(index.docstore.docs)

    def open(self, store: Path, k: int) -> _Opened:
        """What was persisted."""
        parts = {"vector_store": _kept_faiss(store)} if self._faiss else {}
        context = StorageContext.from_defaults(persist_dir=str(store), **parts)
        index = load_index_from_storage(context)
        return _Opened(index, store, k, _kept_bm25(store, k) if self._bm25 else None)

    def resyncable(self, notes: Path, store: Path) -> None:
        """Ids are paths from the start."""

    def over(self, rows: Sequence[tuple[str, str]], k: int) -> Callable[[str], list[Found]]:
        """Rows as documents."""
        index = self._index([Document(text=text, id_=name) for name, text in rows])
        k = min(k, len(index.docstore.docs))
        retriever = _retriever(index, k, _bm25(index, k) if self._bm25 else None)
        return lambda question: _found(retriever, question)

    def _index(self, documents: Sequence[Any]) -> Any:
        parts = {"vector_store": _new_faiss()} if self._faiss else {}
        return VectorStoreIndex.from_documents(
            documents, storage_context=StorageContext.from_defaults(**parts)
        )


class _Opened:
    def __init__(self, index: Any, store: Path, k: int, bm25: Any) -> None:
        self._index = index
        self._store = store
        self._k = k
        self._retriever = _retriever(index, k, bm25)

    def search(self, question: str) -> list[Found]:
        return _found(self._retriever, question)

    def resync(self, notes: Path) -> None:
        self._index.refresh_ref_docs(_read(notes))
        self._index.storage_context.persist(str(self._store))
        # A retriever searches the nodes only that were there when it was made.
        self._retriever = _retriever(self._index, self._k, None)


def _read(notes: Path) -> list[Any]:
    reader = SimpleDirectoryReader(
        str(notes), recursive=True, required_exts=[".md"], exclude_hidden=False, filename_as_id=True
    )
    documents: list[Any] = reader.load_data()
    return documents


def _found(retriever: Any, question: str) -> list[Found]:
    return [Found(hit.node.ref_doc_id, hit.node.get_content()) for hit in retriever.retrieve(question)]


def _new_faiss() -> Any:
    import faiss
    from llama_index.vector_stores.faiss import FaissVectorStore

    # Its page has IndexFlatL2, but fusion takes a small distance for a bad score and would turn the list round.
    return FaissVectorStore(faiss_index=faiss.IndexFlatIP(_EMBEDDER.dimension))


def _kept_faiss(store: Path) -> Any:
    from llama_index.vector_stores.faiss import FaissVectorStore

    return FaissVectorStore.from_persist_dir(str(store))


def _bm25(index: Any, k: int) -> Any:
    from llama_index.retrievers.bm25 import BM25Retriever

    return BM25Retriever.from_defaults(docstore=index.docstore, similarity_top_k=k)


def _kept_bm25(store: Path, k: int) -> Any:
    from llama_index.retrievers.bm25 import BM25Retriever

    retriever = BM25Retriever.from_persist_dir(str(store / _BM25))
    retriever.similarity_top_k = k
    return retriever


def _retriever(index: Any, k: int, bm25: Any) -> Any:
    """The index alone, or fused with BM25."""
    dense = index.as_retriever(similarity_top_k=k)
    if bm25 is None:
        return dense
    from llama_index.core.retrievers import QueryFusionRetriever

    return QueryFusionRetriever(
        [dense, bm25], similarity_top_k=k, num_queries=1, mode="reciprocal_rerank", use_async=False
    )
