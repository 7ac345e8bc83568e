"""Words that mean nearly the same, in Chinese and English, as the built-in model knows them.

``neighbours.safetensors`` is made of the model's token vectors by ``training/neighbours.py``. For each token in turn it
has the number of others that mean nearly the same (``counts``), and all of these (``tokens``, best first) with their
cosines as n / 255 (``likeness``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rag.models import tensors

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "neighbours.safetensors"
ONE: Final = 255


class Neighbours:
    """Looks words up.

    Args:
        folder: the model's.
        tokenizer: the model's.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file is damaged.
        LookupError: likewise.
    """

    def __init__(self, folder: Path, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        found = tensors.read(folder / FILE)
        self._starts = np.cumsum([0, *found["counts"]], dtype=np.int64)
        self._tokens, self._likeness = found["tokens"], found["likeness"]

    def of(self, word: str) -> list[tuple[str, float]]:
        """(word, cosine) pairs, best first; none for a word that is no token by itself."""
        token = self._tokenizer.token_to_id(word)
        if token is None:
            return []
        first, after = self._starts[token : token + 2]
        return [
            (self._tokenizer.id_to_token(int(other)), int(likeness) / ONE)
            for other, likeness in zip(self._tokens[first:after], self._likeness[first:after], strict=True)
        ]
