"""A model like the built-in one, small enough to be worked by hand."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from rag.models import tensors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

UNKNOWN = "[UNK]"
FILES = ("model.safetensors", "tokenizer.json")


def packed(levels: Sequence[Sequence[int]]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Rows of numbers from 0 to 15, two in a byte, the first in the low half."""
    table = np.array(levels, dtype=np.uint8)
    return table[:, ::2] + 16 * table[:, 1::2]


def write(folder: Path, tokens: Mapping[str, tuple[Sequence[int], float]]) -> Path:
    """Write a model folder.

    Args:
        folder: is made.
        tokens: for each token its numbers, odd, from -15 to 15, and what half of one is worth: ``((1, -3), 0.5)``
            is the vector (0.25, -0.75). The first token is the unknown one.
    """
    folder.mkdir(parents=True)
    rows = [[(number + 15) // 2 for number in numbers] for numbers, _ in tokens.values()]
    scale = np.array([worth for _, worth in tokens.values()], dtype=np.float32)
    tensors.write(folder / "model.safetensors", {"embeddings": packed(rows), "scale": scale})
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer(list(tokens))), encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text("# A card\n", encoding="utf-8")
    config = {
        "name": "tiny",
        "version": "1",
        "dimension": len(rows[0]),
        "vocabulary": len(rows),
        "bits": 4,
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES},
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def tokenizer(vocabulary: Sequence[str]) -> dict[str, object]:
    """Longest match over words that white space parts, as the built-in one; lower case."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": False,
            "strip_accents": True,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": "",
            "max_input_chars_per_word": 100,
            "vocab": {token: number for number, token in enumerate(vocabulary)},
        },
    }
