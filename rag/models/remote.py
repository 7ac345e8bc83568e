"""Embeddings from a server: OpenAI's ``POST /v1/embeddings``, or Ollama's ``POST /api/embed``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import ModelError
from rag.models.server import Server, TextRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rag.settings import EmbeddingSettings

_PROBE = "footnotes"  # embedded to learn the width of the vectors: no text of the user's
_BLANK = " "  # in place of an empty text, which many servers refuse
_SHORTEST_CUT = 64


class RemoteEmbedder:
    """Satisfies ``rag.protocols.Embedder``. The server is not contacted before the first text.

    A text that the server refuses is taken for too long and cut in half until it fits, as local models cut what
    exceeds their window: one odd note must not stop a sync.

    Raises:
        ConfigError: ``embedding.url`` is no http address.
    """

    def __init__(self, settings: EmbeddingSettings) -> None:
        assert settings.url is not None  # noqa: S101 - the opener asks for this embedder only with an address
        self._settings = settings
        self._server = Server(
            section="embedding",
            url=settings.url,
            model=settings.model or "",
            kind=settings.kind,
            timeout_s=settings.timeout_s,
            api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        )
        self._sent: int | None = None  # width of the vectors as the server sends them

    @property
    def identity(self) -> str:
        """Protocol, address, model, prompts and dimension; known without the server."""
        s = self._settings
        address = self._server.shown.rstrip("/").removesuffix("/v1")
        prompts = (repr(s.query_prompt or ""), repr(s.passage_prompt or ""))
        return f"{s.kind}:" + "|".join((address, self._server.model, *prompts, str(s.dimension or "full")))

    @property
    def dimension(self) -> int:
        """Width of a vector: as set, else learnt from the server.

        Raises:
            ModelError: the server is asked and fails.
        """
        if self._settings.dimension is not None:
            return self._settings.dimension
        if self._sent is None:
            self.embed_query(_PROBE)
        assert self._sent is not None  # noqa: S101 - a reply has set it
        return self._sent

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), L2-normalised.

        Raises:
            ModelError: the server fails, or sends what are no vectors for these texts.
        """
        prompt, size = self._settings.passage_prompt or "", self._settings.batch_size
        prompted = [prompt + text for text in texts]
        batches = [self._embed(prompted[at : at + size]) for at in range(0, len(prompted), size)]
        return np.concatenate(batches) if batches else np.zeros((0, self.dimension), dtype=np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,), L2-normalised.

        Raises:
            ModelError: as for passages.
        """
        vector: NDArray[np.float32] = self._embed([(self._settings.query_prompt or "") + text])[0]
        return vector

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors of one batch; a refused batch is split until the text that is too long stands alone, and is cut."""
        try:
            return self._ask(texts)
        except TextRefusedError as e:
            if len(texts) > 1:
                middle = len(texts) // 2
                return np.concatenate((self._embed(texts[:middle]), self._embed(texts[middle:])))
            if len(texts[0]) < _SHORTEST_CUT:
                raise e.error from e
            return self._embed([texts[0][: len(texts[0]) // 2]])

    def _ask(self, texts: list[str]) -> NDArray[np.float32]:
        body = {"model": self._server.model, "input": [text if text.strip() else _BLANK for text in texts]}
        if self._settings.kind == "ollama":
            reply = self._server.post((f"{self._server.root}/api/embed",), body)
        else:
            reply = self._server.post(self._server.endpoints("embeddings"), body)
        try:
            vectors = np.asarray(_ROWS[self._settings.kind](reply), dtype=np.float64)
        except (LookupError, TypeError, ValueError, OverflowError) as e:
            raise self._server.unreadable(type(e).__name__) from e
        return self._normalised(self._fitting(vectors, len(texts)))

    def _fitting(self, vectors: NDArray[np.float64], wanted: int) -> NDArray[np.float64]:
        """The vectors, checked: one a text, as wide as those before, finite; cut to the configured dimension."""
        found = len(vectors) if vectors.ndim else 0
        if found != wanted:
            raise ModelError(
                "{url} sent {found} vectors for {wanted} texts with the model {model!r}. "
                "Look at the server's log, or lower embedding.batch_size.",
                url=self._server.shown,
                found=found,
                wanted=wanted,
                model=self._server.model,
            )
        if vectors.ndim != 2 or not vectors.shape[1]:  # noqa: PLR2004 - rows of numbers
            raise self._server.unreadable(f"shape {vectors.shape}")
        self._check_width(vectors.shape[1])
        if not np.isfinite(vectors).all():
            raise ModelError(
                "{url} sent numbers that are not finite with the model {model!r}. "
                "Start the server with another precision, or choose another model.",
                url=self._server.shown,
                model=self._server.model,
            )
        return vectors[:, : self._settings.dimension]

    def _check_width(self, width: int) -> None:
        asked = self._settings.dimension
        if asked is not None and width < asked:
            raise ModelError(
                "{url} sends vectors of {found} numbers with the model {model!r}, "
                "fewer than embedding.dimension = {wanted}. Lower embedding.dimension.",
                url=self._server.shown,
                found=width,
                wanted=asked,
                model=self._server.model,
            )
        if self._sent is not None and width != self._sent:
            raise ModelError(
                "{url} sent vectors of {wanted} numbers with the model {model!r}, and now of {found}: "
                "it serves another model. Name that in embedding.model, then: footnotes reindex",
                url=self._server.shown,
                found=width,
                wanted=self._sent,
                model=self._server.model,
            )
        self._sent = width

    @staticmethod
    def _normalised(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Of length 1; a vector of zeros stays."""
        scale = np.abs(vectors).max(
            axis=1, keepdims=True
        )  # first, so that squares neither over- nor underflow
        vectors = vectors / np.where(scale > 0, scale, 1)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _openai_rows(reply: Any) -> list[Any]:
    """Vectors in the order of their ``index``; without one, in the order sent."""
    rows = reply["data"]
    places = [row.get("index", place) for place, row in enumerate(rows)]
    if sorted(places) != list(range(len(rows))):
        raise ValueError
    return [row["embedding"] for _, row in sorted(zip(places, rows, strict=True), key=lambda pair: pair[0])]


def _ollama_rows(reply: Any) -> list[Any]:
    rows: list[Any] = reply["embeddings"]
    return rows


_ROWS = {"openai": _openai_rows, "ollama": _ollama_rows}
