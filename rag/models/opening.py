"""Which embedding model and which reranker the settings ask for. Nothing heavy is imported before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import ConfigError

if TYPE_CHECKING:
    from rag.protocols import Embedder, Reranker
    from rag.settings import EmbeddingSettings, RerankSettings

BUILTIN = "builtin"
_NONE = "none"


def open_embedder(settings: EmbeddingSettings) -> Embedder | None:
    """The configured embedder; None where search is lexical only.

    Raises:
        ConfigError: an address without a model, or a wrong address.
    """
    if is_lexical_only(settings):
        return None
    if settings.model == BUILTIN:
        if settings.url:
            raise ConfigError(
                "embedding.url is {url}, and no model on it is named. Set embedding.model to its name.",
                url=settings.url,
            )
        from rag.models import static

        return static.StaticEmbedder(dimension=settings.dimension)
    if settings.url:
        from rag.models import remote

        return remote.RemoteEmbedder(settings)
    from rag.models import transformer

    return transformer.TransformerEmbedder(settings)


def is_lexical_only(settings: EmbeddingSettings) -> bool:
    """Whether no embedding model is asked for."""
    return (settings.model or _NONE).casefold() == _NONE


def open_reranker(settings: RerankSettings) -> Reranker | None:
    """The configured reranking model; None where there is none, or it is the built-in one, which needs an index.

    Raises:
        ConfigError: what the backend needs is not set, or the address is wrong.
    """
    if settings.chosen == "remote":
        if not settings.url:
            raise ConfigError(
                "rerank.backend is remote, and rerank.url is not set. Set it to the server's address."
            )
        from rag.models import rerank

        return rerank.RemoteReranker(settings)
    if settings.chosen == "cross-encoder":
        if not settings.model:
            raise ConfigError(
                "rerank.backend is cross-encoder, and rerank.model is not set. Set it to a model's name."
            )
        from rag.models import cross_encoder

        return cross_encoder.CrossEncoderReranker(settings)
    return None
