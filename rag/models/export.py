"""The built-in model as a folder that sentence-transformers loads. Needs neither torch nor sentence-transformers."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import ModelError
from rag.models import static, tensors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_STATIC, _NORMALIZE = "0_StaticEmbedding", "1_Normalize"
_MODULES = [
    {"idx": 0, "name": "0", "path": _STATIC, "type": "sentence_transformers.models.StaticEmbedding"},
    {"idx": 1, "name": "1", "path": _NORMALIZE, "type": "sentence_transformers.models.Normalize"},
]
_CONFIG = {
    "model_type": "SentenceTransformer",
    "__version__": {"sentence_transformers": "3.2.0"},  # the first with StaticEmbedding
    "prompts": {},
    "default_prompt_name": None,
    "similarity_fn_name": "cosine",
}
_CARD = "MODEL_CARD.md"


def export(folder: Path, target: Path) -> None:
    """Write the model in ``folder`` to ``target``, in float32.

    A mean over tokens takes the place of our sum: both point the same way, and vectors are normalised.

    Args:
        folder: ``model.safetensors``, as ``rag.models.static`` reads it, and ``tokenizer.json``.
        target: a folder that is empty or does not exist.

    Raises:
        ModelError: the model is missing or damaged; the target is not empty or cannot be written.
    """
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ModelError(
                "{path} is not an empty folder. Name a folder that does not exist yet.", path=target
            )
        weights = _weights(folder)
        (target / _STATIC).mkdir(parents=True, exist_ok=True)
        (target / _NORMALIZE).mkdir()
        tensors.write(target / _STATIC / "model.safetensors", {"embedding.weight": weights})
        shutil.copyfile(folder / "tokenizer.json", target / _STATIC / "tokenizer.json")
        _write_json(target / "config_sentence_transformers.json", _CONFIG)
        _write_json(target / _NORMALIZE / "config.json", {})
        if (folder / _CARD).is_file():
            shutil.copyfile(folder / _CARD, target / "README.md")
        _write_json(target / "modules.json", _MODULES)  # last: without it the folder is no model
    except OSError as e:
        raise ModelError(
            "The model cannot be written to {path}: {reason}.", path=target, reason=e.strerror or e
        ) from e


def _weights(folder: Path) -> NDArray[np.float32]:
    """Token vectors, shape (tokens, dimension)."""
    try:
        found = tensors.read(folder / "model.safetensors")
        (folder / "tokenizer.json").stat()
        return static.unpacked(found["embeddings"].view(np.uint8), found["scale"].astype(np.float32))
    except (OSError, ValueError, LookupError) as e:
        raise ModelError(
            "The built-in model in {path} is missing or damaged. Install Footnotes again.", path=folder
        ) from e


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
