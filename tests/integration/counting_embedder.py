"""A model that counts what it embeds, and a command line that runs with it and can be killed at any step.

``python -m tests.integration.counting_embedder STEP ARGS`` is ``footnotes ARGS``; the process dies, without any
farewell, when it is about to take its STEP-th step that leaves a trace on the disk. With STEP 0 it lives, and says how
many steps it took and how many texts it embedded.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag import live
from rag.errors import ModelError
from rag.models import transformer
from rag.store import manifest
from rag.store.vectors import VectorCache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rag.config import EmbeddingSettings

KILLED = 9


class CountingEmbedder:
    """Words hashed to 256 dimensions, by each model in its own way; counts the texts it is given.

    Attributes of the class stand for the world: ``weights`` on the disk, a ``pause`` per text, what is ``gone``.
    """

    embedded = 0
    dimension = 256
    weights = ""
    pause = 0.0
    gone: frozenset[str] = frozenset()

    def __init__(self, settings: EmbeddingSettings) -> None:
        self._name = str(settings.model)
        self.identity = f"fake:{self._name}|{CountingEmbedder.weights}|{self.dimension}"

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if CountingEmbedder.pause:
            time.sleep(CountingEmbedder.pause * len(texts))
        vectors = np.stack([self.embed_query(text) for text in texts])
        CountingEmbedder.embedded += len(texts)
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        if self._name in CountingEmbedder.gone:
            raise ModelError(
                "{url} cannot be reached: {reason}.", url=self._name, reason="the test has taken it away"
            )
        vector = np.full(self.dimension, 1e-6, dtype=np.float32)
        for word in text.lower().split():
            digest = hashlib.sha256((self.identity + word).encode()).digest()
            vector[int.from_bytes(digest[:4], "big") % self.dimension] += 1
        return vector / np.linalg.norm(vector)


class Mortal:
    """Counts steps, and dies before the one that is given; 0: never."""

    def __init__(self, last: int) -> None:
        self.steps = 0
        self._last = last

    def before(self, owner: Any, name: str) -> None:
        """Each call of ``owner.name`` is a step."""
        real: Callable[..., Any] = getattr(owner, name)

        def counted(*args: Any, **options: Any) -> Any:
            self.steps += 1
            if self.steps == self._last:
                os._exit(KILLED)
            return real(*args, **options)

        setattr(owner, name, counted)


def main() -> None:
    """Run the command line."""
    from rag.cli import main as footnotes
    from rag.store import dense, journal

    transformer.TransformerEmbedder = CountingEmbedder  # type: ignore[misc, assignment]
    mortal = Mortal(int(sys.argv.pop(1)))
    # fsync stands in the middle of each atomic write: the new file is there, and nothing points at it yet.
    for owner, name in (
        (VectorCache, "put"),
        (VectorCache, "retain"),
        (VectorCache, "drop_other_models"),
        (dense.DenseIndex, "_save"),
        (manifest, "write"),
        (live, "write"),
        (journal, "prune"),
        (os, "fsync"),
        (shutil, "rmtree"),
        (Path, "replace"),
        (Path, "unlink"),
    ):
        mortal.before(owner, name)
    with contextlib.suppress(SystemExit):
        footnotes()
    print(f"{mortal.steps} {CountingEmbedder.embedded}")  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
