"""A reranking server: Cohere's form (llama.cpp, vLLM, Infinity) or that of text-embeddings-inference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError
from rag.models.relevance import reordered
from rag.models.server import Server, TextRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.settings import RerankSettings
    from rag.types import Hit, Query

_TEI_BATCH = 32  # what text-embeddings-inference takes unless started with --max-client-batch-size


class RemoteReranker:
    """Satisfies ``rag.protocols.Reranker``. The server is not contacted before the first question.

    A reranked hit's score is its relevance from 0 to 1; the server's own number stands in
    ``features["rerank"]``. Hits beyond ``candidates`` keep their order and ratios, scaled to lie below.

    Raises:
        ConfigError: ``rerank.url`` is no http address.
    """

    def __init__(self, settings: RerankSettings) -> None:
        assert settings.url is not None  # noqa: S101 - the opener asks for a reranker only with an address
        self._settings = settings
        self._server = Server(
            section="rerank",
            url=settings.url,
            model=settings.model or "",
            kind=settings.kind,
            timeout_s=settings.timeout_s,
            api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        )

    @property
    def identity(self) -> str:
        """Names the model and the server, without a login."""
        return f"{self._settings.model or 'reranker'}@{shown(self._server.root)}"

    def rerank(self, query: Query, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits, best first.

        Raises:
            ModelError: the server fails; the hits as they came are still good.
        """
        read, rest = hits[: self._settings.candidates], hits[self._settings.candidates :]
        if not read:
            return []
        raw = self._scores(query.text, [hit.chunk.index_text for hit in read])
        return reordered(read, raw, rest)

    def _scores(self, query: str, texts: list[str]) -> list[float]:
        """The server's number for each text."""
        try:
            if self._settings.kind == "tei":
                batches = [texts[at : at + _TEI_BATCH] for at in range(0, len(texts), _TEI_BATCH)]
                return [score for batch in batches for score in self._tei(query, batch)]
            return self._cohere(query, texts)
        except TextRefusedError as e:
            raise e.error from e

    def _cohere(self, query: str, texts: list[str]) -> list[float]:
        body = {"query": query, "documents": texts, "top_n": len(texts)}
        if self._settings.model:
            body["model"] = self._settings.model
        reply = self._server.post(self._server.endpoints("rerank"), body)
        return self._ordered(reply, "relevance_score", len(texts))

    def _tei(self, query: str, texts: list[str]) -> list[float]:
        body = {"query": query, "texts": texts, "truncate": True}
        reply = self._server.post((self._server.root.removesuffix("/rerank") + "/rerank",), body)
        return self._ordered({"results": reply}, "score", len(texts))

    def _ordered(self, reply: Any, name: str, wanted: int) -> list[float]:
        """Scores in the order in which the texts were sent: every text has exactly one."""
        try:
            found = [(row["index"], float(row[name])) for row in reply["results"]]
        except (LookupError, TypeError, ValueError, OverflowError) as e:
            raise self._server.unreadable(type(e).__name__) from e
        scores = dict(found)
        if len(found) != wanted or scores.keys() != set(range(wanted)):
            raise ModelError(
                "{url} sent {found} scores for {wanted} passages with the model {model!r}. "
                "Look at the server's log, or lower rerank.candidates.",
                url=self._server.shown,
                found=len(found),
                wanted=wanted,
                model=self._server.model,
            )
        if not all(map(math.isfinite, scores.values())):
            raise ModelError(
                "{url} sent scores that are not finite with the model {model!r}. "
                "Start the server with another precision, or choose another model.",
                url=self._server.shown,
                model=self._server.model,
            )
        return [scores[place] for place in range(wanted)]
