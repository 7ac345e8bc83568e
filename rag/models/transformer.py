"""Embedding models of sentence-transformers (extra ``models``): a hub id or a local folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import ExtraMissingError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rag.config import EmbeddingSettings

_OFFLINE = "HF_HUB_OFFLINE"
_WEIGHTS = ("*.safetensors", "*.bin", "*.onnx")


class TransformerEmbedder:
    """Satisfies ``rag.protocols.Embedder``. The model is loaded when the first text comes."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        assert settings.model is not None  # noqa: S101 - the engine asks for an embedder only with a model
        self._settings = settings
        self._name = settings.model
        self._lock = threading.Lock()

    @cached_property
    def identity(self) -> str:
        """Name, weights (hash of the local files, or the hub's commit), prompts and device.

        The device, because it decides the precision.
        """
        s = self._settings
        parts = (
            self._name,
            self._weights(),
            repr(s.query_prompt),
            repr(s.passage_prompt),
            s.device or "auto",
        )
        return "st:" + "|".join(parts)

    @cached_property
    def dimension(self) -> int:
        """Width of a vector."""
        return int(self._model.get_sentence_embedding_dimension())

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), L2-normalised."""
        return self._encode(list(texts), self._settings.passage_prompt, "encode_document")

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,), L2-normalised."""
        vector: NDArray[np.float32] = self._encode([text], self._settings.query_prompt, "encode_query")[0]
        return vector

    def _encode(self, texts: list[str], prompt: str | None, method: str) -> NDArray[np.float32]:
        options: dict[str, Any] = {
            "batch_size": self._settings.batch_size,
            "normalize_embeddings": True,
            "show_progress_bar": False,
            "convert_to_numpy": True,
        }
        if prompt is not None:
            options["prompt"] = prompt
        with self._lock:
            # The model's own query and document prompts apply unless the settings name others.
            encode = getattr(self._model, method)
            return np.asarray(encode(texts, **options), dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        try:
            with _offline():
                from sentence_transformers import SentenceTransformer
        except ImportError as e:
            raise ExtraMissingError(
                "embedding.model = {model} needs sentence-transformers. Install it: pip install 'footnotes[models]'",
                model=self._name,
            ) from e
        try:
            with _offline():
                model = SentenceTransformer(
                    self._name, device=self._settings.device, trust_remote_code=False, local_files_only=True
                )
        except (OSError, ValueError, RuntimeError) as e:
            raise ModelError(
                "The model {model} is not on this machine or cannot be loaded: {reason}. "
                "Name a folder that holds it, or download it first: hf download {model}",
                model=self._name,
                reason=" ".join(str(e).split())[:200],
            ) from e
        if str(model.device).startswith("cuda"):
            model.half()
        return model

    def _weights(self) -> str:
        folder = Path(self._name)
        if not folder.is_dir():
            from huggingface_hub import try_to_load_from_cache

            config = try_to_load_from_cache(self._name, "config.json")
            return Path(config).parent.name if isinstance(config, str) else "hub"
        digest = hashlib.sha256()
        for pattern in (*_WEIGHTS, "*.json"):
            for path in sorted(folder.rglob(pattern)):
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(_file_digest(path))
        return digest.hexdigest()[:16]


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Inside, huggingface_hub asks nothing of the network.

    ``local_files_only`` is not enough: building its request headers, huggingface_hub 2 fetches a list from the
    hub. The flag is read from the environment when it is imported, and from its constants afterwards.
    """
    before = os.environ.get(_OFFLINE)
    os.environ[_OFFLINE] = "1"
    try:
        from huggingface_hub import constants
    except ImportError:
        constants = None
    flag = getattr(constants, _OFFLINE, None)
    try:
        if constants is not None:
            setattr(constants, _OFFLINE, True)
        yield
    finally:
        if before is None:
            del os.environ[_OFFLINE]
        else:
            os.environ[_OFFLINE] = before
        if constants is not None:
            setattr(constants, _OFFLINE, flag)


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").digest()
