"""The seams: what each exchangeable part must do. Fakes in tests satisfy them too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from graph.model import Dated, Edge, Found, GraphStats, Neighbour, Node, Subgraph
    from rag.types import Chunk, Comparison, Filters, Hit, Outline, Query, Retrieval


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors.

    ``identity`` names model and weights (it keys the vector cache, so two models never share one);
    ``dimension`` is the width of a vector. Vectors are float32, L2-normalised, one row a text.
    """

    @property
    def identity(self) -> str:
        """Model and weights in one string."""

    @property
    def dimension(self) -> int:
        """Width of a vector."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension)."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,)."""


@runtime_checkable
class Comparer(Protocol):
    """An embedder that can also read passages against a question token by token."""

    def compare(self, question: str, texts: Sequence[str]) -> Comparison:
        """One number a text in each part."""


class Inference(Protocol):
    """Reads whether one text follows from another."""

    def judge(self, premise: str, hypothesis: str) -> tuple[float, float]:
        """How surely the hypothesis follows from the premise, and contradicts it, each from 0 to 1; ModelError."""


@runtime_checkable
class Thesaurus(Protocol):
    """An embedder that knows words, and which of them mean nearly the same."""

    def knows(self, word: str) -> bool:
        """Whether it has met a folded word."""

    def neighbours(self, word: str) -> Sequence[tuple[str, float]]:
        """(folded word, likeness up to 1) pairs, best first, in Chinese and English."""


@runtime_checkable
class Tokeniser(Protocol):
    """An embedder whose tokens can be kept, so that a passage is cut once and read often."""

    def embed_and_tokenise(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[NDArray[np.int64]]]:
        """What ``Embedder.embed_passages`` gives, and each text's tokens by number, below 2 to the power of 24."""


@runtime_checkable
class Recalling(Protocol):
    """A reader that asks for tokens which were kept before it cuts a text."""

    def recall(self, kept: Callable[[Sequence[str]], Mapping[str, NDArray[np.int64]]]) -> None:
        """Ask ``kept`` from now on; texts that it does not know are left out of what it gives."""


class DerivedIndex(Protocol):
    """An index that follows the catalogue's journal and can be rebuilt from it at any time."""

    @property
    def generation(self) -> int:
        """The journal generation that this index has reached; -1 where it must be rebuilt."""

    def apply(self, added: Sequence[Chunk], removed: Sequence[int], generation: int) -> None:
        """Bring the index to ``generation``. Applying the same changes twice is harmless."""

    def rebuild(self, chunks: Iterator[Sequence[Chunk]], generation: int) -> None:
        """Start anew from all chunks, given in batches."""


class ScoredIndex(Protocol):
    """A derived index as a search sees it."""

    def search(self, query: Query, k: int) -> list[tuple[int, float]]:
        """At most k (chunk key, score) pairs, best first. Keys with no signal are never returned."""


class LexicalSource(ScoredIndex, Protocol):
    """Full text as a search sees it."""

    def ceiling(self, query: Query) -> float:
        """The score of a passage that said every term of the question."""

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """How rare terms are; 0 for all where nothing is indexed."""


class Retriever(Protocol):
    """Finds passages for a question."""

    def search(self, query: Query, k: int) -> Retrieval:
        """At most k hits, best first."""


class Reranker(Protocol):
    """Reorders candidates."""

    def rerank(self, query: Query, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits with new scores, best first."""


class ChunkResolver(Protocol):
    """Reads passages by key, in one read transaction; unknown keys are left out."""

    def outlines(self, keys: Sequence[int]) -> list[Outline]:
        """What is known of passages without reading them, by note and place in it."""

    def chunks(self, keys: Sequence[int]) -> dict[int, Chunk]:
        """Passages by key."""


class KeyFilter(Protocol):
    """Names the chunk keys that filters allow, None meaning all of them, and knows where their passages stand."""

    def allowed_keys(self, filters: Filters) -> NDArray[np.int64] | None:
        """Sorted keys, or None."""

    def keys(self) -> NDArray[np.int64]:
        """All keys, sorted."""

    def by_place(self, keys: Sequence[int]) -> list[int]:
        """The keys by note and place in it; those that are gone are left out."""


class AnswerStream(Protocol):
    """A language model that writes text piece by piece."""

    @property
    def name(self) -> str:
        """The model's name, for the trace."""

    def stream(self, system: str, prompt: str) -> Iterator[str]:
        """Pieces of the reply; LLMError when the server fails."""


class GraphStore(Protocol):
    """Answers questions about the graph. Every backend gives the same answers, in the same order."""

    def naming(self, names: Sequence[str]) -> list[Found]:
        """Notes that name all of the names (aliases count), the most mentions first."""

    def timeline(self, name: str) -> list[Dated]:
        """Passages that name an entity, by date, undated ones last."""

    def neighbours(self, node_id: str, kinds: Sequence[str] = ()) -> list[Neighbour]:
        """Nodes one edge away, entities also two edges away through a passage; ``kinds``: of nodes or entities."""

    def path(self, source: str, target: str) -> list[Edge]:
        """A shortest chain of edges between two nodes, at most six; empty where there is none."""

    def having(self, predicate: str, operator: str, value: str) -> list[Found]:
        """Notes by property: ``=``, ``<``, ``<=``, ``>``, ``>=``; ``max`` and ``min`` order by its number."""

    def near(self, node_id: str, depth: int, limit: int) -> Subgraph:
        """What lies around a node, the strongest first, for a picture."""

    def around(self, seeds: Sequence[str], limit: int) -> list[Edge]:
        """Edges two steps around nodes, for ranking."""

    def stats(self) -> GraphStats:
        """How many nodes and edges of each kind."""

    def edges(self) -> Iterator[Edge]:
        """All edges, by document, sorted within it."""

    def nodes(self) -> Iterator[Node]:
        """All nodes, sorted."""
