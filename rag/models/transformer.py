"""Embedding models of sentence-transformers (extra ``models``): a hub id or a local folder. Nothing is downloaded."""

from __future__ import annotations

import hashlib
import importlib
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import ExtraMissingError, ModelError
from rag.models.local_files import folder_of, installed, offline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rag.settings import EmbeddingSettings

# What decides the vectors: weights, configuration, vocabulary.
_DECISIVE = ("*.safetensors", "*.bin", "*.onnx", "*.xml", "*.json", "*.model", "vocab.txt", "merges.txt")
_BACKENDS = {
    "torch": ((), "*.safetensors"),
    "onnx": (("onnxruntime", "optimum.onnxruntime"), "*.onnx"),
    "openvino": (("openvino", "optimum.intel.openvino"), "openvino*.xml"),
}


class TransformerEmbedder:
    """Satisfies ``rag.protocols.Embedder``. The model is loaded when the first text comes."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        assert settings.model is not None  # noqa: S101 - the opener asks for an embedder only with a model
        self._settings = settings
        self._name = settings.model
        self._lock = threading.Lock()

    @cached_property
    def identity(self) -> str:
        """Name, weights (hash of the local files, or the hub's commit), and all settings that change a vector.

        The device does not: its last bits differ, no more.
        """
        s = self._settings
        parts = (
            self._name,
            self._weights(),
            repr(s.query_prompt),
            repr(s.passage_prompt),
            str(s.dimension or "full"),
            str(s.max_length or "full"),
            s.precision,
            s.backend if s.backend == "torch" else f"{s.backend}:{self._graph()}",
        )
        return "st:" + "|".join(parts)

    @cached_property
    def dimension(self) -> int:
        """Width of a vector."""
        model = self._model
        # sentence-transformers 6 has renamed it
        measure = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
        return int(measure())

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), L2-normalised.

        Raises:
            ModelError: the model cannot be loaded, or fails.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return self._encode(list(texts), self._settings.passage_prompt, "encode_document")

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,), L2-normalised.

        Raises:
            ModelError: the model cannot be loaded, or fails.
        """
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
            try:
                vectors = np.asarray(encode(texts, **options), dtype=np.float32)
            except (
                RuntimeError,
                IndexError,
            ) as e:  # out of memory; or more tokens than the model has places for
                raise ModelError(
                    "The model {model} failed ({reason}). Lower embedding.batch_size or embedding.max_length.",
                    model=self._name,
                    reason=type(e).__name__,
                ) from e
        return self._checked(vectors)

    def _checked(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vectors, finite and of length 1: a half-precision norm is up to a thousandth off."""
        if not np.isfinite(vectors).all():
            raise ModelError(
                "The model {model} gives numbers that are not finite with embedding.precision = {precision}. "
                "Set embedding.precision to float32.",
                model=self._name,
                precision=self._settings.precision,
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths > 0, lengths, 1)
        return vectors

    @cached_property
    def _model(self) -> Any:
        self._check()
        s = self._settings
        options: dict[str, Any] = {"device": s.device, "truncate_dim": s.dimension, "backend": s.backend}
        if s.backend != "torch":
            options["model_kwargs"] = {"file_name": self._graph(), "export": False}
        try:
            with offline():
                from sentence_transformers import SentenceTransformer

                model = SentenceTransformer(
                    str(self._folder), trust_remote_code=False, local_files_only=True, **options
                )
        except ImportError as e:
            raise self._missing() from e
        except (OSError, ValueError, RuntimeError) as e:
            raise ModelError(
                "The model {model} is not on this machine or cannot be loaded: {reason}. "
                "Name a folder that holds it, or download it first: hf download {model}",
                model=self._name,
                reason=" ".join(str(e).split())[:200],
            ) from e
        self._adjust(model)
        return model

    def _adjust(self, model: Any) -> None:
        """Precision and window. Newer versions of transformers load weights as they are stored: float32 is said too."""
        if self._settings.backend == "torch":
            model.to(getattr(importlib.import_module("torch"), self._settings.precision))
        if self._settings.max_length is not None:
            model.max_seq_length = self._settings.max_length

    # What lies on the disk

    @cached_property
    def _folder(self) -> Path | None:
        return folder_of(self._name, "sentence-transformers")

    def _weights(self) -> str:
        folder = self._folder
        if folder is None:
            return "hub"
        if not Path(self._name).expanduser().is_dir():
            return folder.name  # the hub's commit
        digest = hashlib.sha256()
        for path in sorted({path for pattern in _DECISIVE for path in folder.rglob(pattern)}):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(_file_digest(path))
        return digest.hexdigest()[:16]

    def _graph(self) -> str:
        """The exported file that the backend runs, relative to the folder: ``model.onnx`` among many, else the only one.

        Raises:
            ModelError: there is none, or no way to tell which.
        """
        backend = self._settings.backend
        _, pattern = _BACKENDS[backend]
        found = (
            sorted(p.relative_to(self._folder).as_posix() for p in self._folder.rglob(pattern))
            if self._folder
            else []
        )
        usual = [name for name in found if Path(name).name in {"model.onnx", "openvino_model.xml"}]
        if len(found) == 1 or usual:
            return (usual or found)[0]
        raise ModelError(
            "The model {model} on this machine holds {count} files for embedding.backend = {backend}, and exactly one "
            "is needed. Download one of them, or set embedding.backend to torch.",
            model=self._name,
            count=len(found),
            backend=backend,
        )

    # What is installed

    def _check(self) -> None:
        """Tell what is missing before the large imports."""
        if not installed("sentence_transformers", *_BACKENDS[self._settings.backend][0]):
            raise self._missing()
        if self._folder is None:
            raise ModelError(
                "The model {model} is not on this machine. "
                "Name a folder that holds it, or download it first: hf download {model}",
                model=self._name,
            )

    def _missing(self) -> ExtraMissingError:
        if self._settings.backend == "torch" or not installed("sentence_transformers"):
            return ExtraMissingError(
                "embedding.model = {model} needs sentence-transformers. Install it: pip install 'footnotes[models]'",
                model=self._name,
            )
        return ExtraMissingError(
            "embedding.backend = {backend} needs packages that are missing or do not fit the installed ones. "
            "Install them: pip install 'sentence-transformers[{backend}]', or set embedding.backend to torch.",
            backend=self._settings.backend,
        )


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").digest()
