"""Which embedder and which reranker the settings ask for."""

from __future__ import annotations

import pytest

from rag.errors import ConfigError
from rag.models import opening, transformer
from rag.models.remote import RemoteEmbedder
from rag.models.rerank import RemoteReranker
from rag.models.static import StaticEmbedder
from rag.models.transformer import TransformerEmbedder
from rag.protocols import Embedder
from rag.settings import EmbeddingSettings, RerankSettings

URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("name", [None, "none", "None", "NONE"])
@pytest.mark.parametrize("url", [None, URL])
def test_none_is_lexical_only(name: str | None, url: str | None) -> None:
    """In any case of letters, and with an address too: that is how vectors are turned off."""
    assert opening.open_embedder(EmbeddingSettings(model=name, url=url)) is None


def test_the_built_in_model_is_the_default() -> None:
    """Cut where a dimension is set; an address without a model on it is a mistake."""
    found = opening.open_embedder(EmbeddingSettings())
    assert isinstance(found, StaticEmbedder)
    cut = opening.open_embedder(EmbeddingSettings(dimension=64))
    assert isinstance(cut, StaticEmbedder)
    assert (cut.dimension, found.dimension > 64) == (64, True)
    with pytest.raises(ConfigError, match="no model on it is named"):
        opening.open_embedder(EmbeddingSettings(url=URL))


def test_an_address_makes_it_a_server() -> None:
    """Whatever the model is called there; nothing is asked yet."""
    found = opening.open_embedder(EmbeddingSettings(model="BAAI/bge-m3", url=URL))
    assert isinstance(found, RemoteEmbedder)
    assert "BAAI/bge-m3" in found.identity


def test_any_other_name_is_a_model_of_sentence_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked up when it is opened, so that it can be replaced."""
    assert isinstance(opening.open_embedder(EmbeddingSettings(model="some/model")), TransformerEmbedder)
    monkeypatch.setattr(transformer, "TransformerEmbedder", lambda settings: settings.model)
    assert opening.open_embedder(EmbeddingSettings(model="some/model")) == "some/model"  # type: ignore[comparison-overlap]


def test_rerankers_need_an_address() -> None:
    """None without."""
    assert opening.open_reranker(RerankSettings(model="m")) is None
    assert isinstance(opening.open_reranker(RerankSettings(url=URL)), RemoteReranker)


def test_embedders_satisfy_the_protocol() -> None:
    """Those that can be checked without a model or a server."""
    assert isinstance(RemoteEmbedder(EmbeddingSettings(model="m", url=URL, dimension=8)), Embedder)
