"""LlamaIndex adapters, both ways: our engine as its retriever, its retrievers and postprocessors as ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.types import Chunk, Hit, Query, Retrieval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.engine import Engine


class NotesRetriever(BaseRetriever):  # type: ignore[misc] # the package's types are skipped
    """Our engine for LlamaIndex's query engines. Node ids are chunk keys; metadata carries the citation.

    Args:
        engine: an open engine.
        k: passages a question gets.
    """

    def __init__(self, engine: Engine, k: int = 10) -> None:
        self._engine = engine
        self._k = k
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [as_node(hit) for hit in self._engine.search(query_bundle.query_str, self._k).hits]


class LlamaRetriever:
    """A LlamaIndex retriever as ``rag.protocols.Retriever``."""

    def __init__(self, retriever: BaseRetriever) -> None:
        self._retriever = retriever

    def search(self, query: Query, k: int) -> Retrieval:
        """At most k hits, in the retriever's order; nodes without a score count as 0."""
        nodes = self._retriever.retrieve(QueryBundle(query.text))[:k]
        return Retrieval(query, tuple(as_hit(node) for node in nodes))


class LlamaReranker:
    """A LlamaIndex node postprocessor as ``rag.protocols.Reranker``."""

    def __init__(self, postprocessor: Any) -> None:
        self._postprocessor = postprocessor

    def rerank(self, query: Query, hits: Sequence[Hit]) -> list[Hit]:
        """The hits that the postprocessor keeps, with its scores and in its order."""
        by_id = {str(hit.chunk.key): hit for hit in hits}
        nodes = self._postprocessor.postprocess_nodes(
            [as_node(hit) for hit in hits], query_bundle=QueryBundle(query.text)
        )
        return [
            Hit(
                by_id[node.node.node_id].chunk,
                float(node.score or 0.0),
                by_id[node.node.node_id].ranks,
                by_id[node.node.node_id].features,
            )
            for node in nodes
        ]


def as_node(hit: Hit) -> NodeWithScore:
    """A hit as a LlamaIndex node."""
    chunk = hit.chunk
    metadata = {
        "doc_id": chunk.doc_id,
        "title": chunk.title,
        "heading": list(chunk.heading),
        "first_line": chunk.lines[0],
        "last_line": chunk.lines[1],
        "page": chunk.page,
    }
    node = TextNode(
        id_=str(chunk.key),
        text=chunk.text,
        start_char_idx=chunk.start,
        end_char_idx=chunk.end,
        metadata=metadata,
        excluded_embed_metadata_keys=list(metadata),
        excluded_llm_metadata_keys=["first_line", "last_line"],
    )
    return NodeWithScore(node=node, score=hit.score)


def as_hit(found: NodeWithScore) -> Hit:
    """A LlamaIndex node as a hit; what the node does not say of its place stays empty."""
    node, data = found.node, found.node.metadata
    text = node.get_content()
    start = getattr(node, "start_char_idx", None) or 0
    page = data.get("page")
    return Hit(
        Chunk(
            doc_id=str(data.get("doc_id") or node.ref_doc_id or node.node_id),
            start=start,
            end=start + len(text),
            text=text,
            body=text,
            title=str(data.get("title") or ""),
            lines=(int(data.get("first_line") or 1), int(data.get("last_line") or 1)),
            heading=tuple(data.get("heading") or ()),
            page=int(page) if page is not None else None,
            key=int(node.node_id) if node.node_id.isdigit() else 0,
        ),
        float(found.score or 0.0),
    )
