"""sentence-transformers models: what the settings change, and what they say when they cannot."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rag.errors import ExtraMissingError, ModelError
from rag.models import transformer
from rag.models.transformer import TransformerEmbedder
from rag.settings import EmbeddingSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXTS = ["the roof leaks near the chimney", "a cat sleeps " * 40, ""]
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)


@pytest.fixture
def embed(minilm: Path) -> Callable[..., TransformerEmbedder]:
    """An embedder with all-MiniLM-L6-v2 on the CPU."""

    def make(**more: Any) -> TransformerEmbedder:
        values = {"model": str(minilm), "device": "cpu", **more}
        return TransformerEmbedder(EmbeddingSettings(**values))

    return make


def test_dimension_cuts_and_normalises_again(embed: Callable[..., TransformerEmbedder]) -> None:
    """The first numbers of the whole vector, of length 1, and known before the first text."""
    whole, cut = embed().embed_passages(TEXTS), embed(dimension=64)
    assert cut.dimension == 64
    expected = whole[:, :64] / np.linalg.norm(whole[:, :64], axis=1, keepdims=True)
    assert np.allclose(cut.embed_passages(TEXTS), expected, atol=1e-5)
    assert cut.embed_query(TEXTS[0]).shape == (64,)
    assert cut.embed_passages([]).shape == (0, 64)


@pytest.mark.parametrize("precision", ["float32", "float16", "bfloat16"])
def test_precision_is_what_it_says(embed: Callable[..., TransformerEmbedder], precision: str) -> None:
    """The model computes with it; vectors are float32 of length 1, and close."""
    it = embed(precision=precision)
    vectors = it.embed_passages(TEXTS)
    assert str(next(it._model.parameters()).dtype) == f"torch.{precision}"
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.allclose((vectors * embed().embed_passages(TEXTS)).sum(axis=1), 1, atol=1e-3)


def test_max_length_cuts_long_texts_only(embed: Callable[..., TransformerEmbedder]) -> None:
    """Two texts that differ after the cut are the same."""
    it = embed(max_length=16)
    one, other = it.embed_passages(["a cat sleeps " * 40, "a cat sleeps " * 40 + "a dog barks"])
    assert np.allclose(one, other, atol=1e-6)
    assert not np.allclose(one, embed().embed_passages(["a cat sleeps " * 40])[0], atol=1e-2)


def test_identity_holds_all_that_changes_vectors(
    embed: Callable[..., TransformerEmbedder], minilm: Path, tmp_path: Path
) -> None:
    """Weights, prompts, dimension, window, precision; not the device and not the size of a batch."""
    copy = tmp_path / "copy"
    shutil.copytree(minilm, copy)
    identities = {
        embed().identity,
        embed(query_prompt="q").identity,
        embed(passage_prompt="q").identity,
        embed(dimension=64).identity,
        embed(max_length=16).identity,
        embed(precision="float16").identity,
        embed(model=str(copy)).identity,
    }
    assert len(identities) == 7
    assert embed(device=None, batch_size=3).identity == embed().identity
    before = embed(model=str(copy)).identity
    (copy / "README.md").write_text("changed", encoding="utf-8")
    assert embed(model=str(copy)).identity == before
    (copy / "config_sentence_transformers.json").write_text("{}", encoding="utf-8")
    assert embed(model=str(copy)).identity != before


def test_too_long_a_window_is_one_line(embed: Callable[..., TransformerEmbedder]) -> None:
    """More tokens than the model has places for."""
    with pytest.raises(ModelError, match=r"Lower embedding\.batch_size or embedding\.max_length") as caught:
        embed(max_length=2000).embed_passages(["cat " * 1900])
    assert "cat" not in str(caught.value)


def test_numbers_that_are_not_finite_are_refused(embed: Callable[..., TransformerEmbedder]) -> None:
    """As models give that overflow in half precision."""
    it = embed(precision="float16")
    it._model[0].auto_model.embeddings.word_embeddings.weight.data.fill_(float("nan"))
    with pytest.raises(ModelError, match=r"Set embedding\.precision to float32"):
        it.embed_query("x")


def test_a_backend_that_is_not_installed_names_the_extra(
    embed: Callable[..., TransformerEmbedder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the model is loaded; whatever this machine has, here it lacks all but sentence-transformers."""
    monkeypatch.setattr(transformer, "installed", lambda *modules: modules == ("sentence_transformers",))
    for backend in ("onnx", "openvino"):
        with pytest.raises(ExtraMissingError, match=rf"sentence-transformers\[{backend}\]"):
            embed(backend=backend).embed_query("x")


def test_a_backend_needs_its_file(minilm: Path, tmp_path: Path) -> None:
    """One file is taken, whatever its name; of many, the usual one; else the count and the remedy are told."""
    folder = tmp_path / "model"
    shutil.copytree(minilm, folder)
    settings = EmbeddingSettings(model=str(folder), backend="onnx")
    with pytest.raises(ModelError, match="holds 0 files"):
        _ = TransformerEmbedder(settings).identity
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model_qint8.onnx").write_bytes(b"1")
    assert TransformerEmbedder(settings).identity.endswith("|onnx:onnx/model_qint8.onnx")
    (folder / "onnx" / "model_O4.onnx").write_bytes(b"2")
    with pytest.raises(ModelError, match="holds 2 files"):
        _ = TransformerEmbedder(settings).identity
    (folder / "onnx" / "model.onnx").write_bytes(b"3")
    assert TransformerEmbedder(settings).identity.endswith("|onnx:onnx/model.onnx")


def test_a_model_of_the_hub_is_found_in_its_cache(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the commit that was downloaded; one that was not is told at once, with the command."""
    from huggingface_hub import constants, file_download

    commit = "0123456789" * 4
    repository = tmp_path / "models--sentence-transformers--mini"
    shutil.copytree(minilm, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")
    for module in (constants, file_download):
        if hasattr(module, "HF_HUB_CACHE"):
            monkeypatch.setattr(module, "HF_HUB_CACHE", str(tmp_path))
    for name in ("sentence-transformers/mini", "mini"):
        it = TransformerEmbedder(EmbeddingSettings(model=name, device="cpu"))
        assert commit in it.identity
        assert it.embed_query("x").shape == (384,)
    with pytest.raises(ModelError, match="hf download some/other"):
        TransformerEmbedder(EmbeddingSettings(model="some/other")).embed_query("x")
