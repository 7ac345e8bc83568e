"""A model that counts what it embeds, and a command line that runs with it and can be killed at any step.

``python -m tests.integration.counting_embedder STEP ARGS`` is ``footnotes ARGS``; the process dies, without any
farewell, when it is about to take its STEP-th step that leaves a trace on the disk. With STEP 0 it lives, and says how
many steps it took and how many texts it embedded. A file that is about to be made durable is torn in two by the death.
The indexes follow after every batch of a sync, full text is changed rather than made anew if TEST_FEW is
set, and images may come from loopback.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sqlite3
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

    from rag.settings import EmbeddingSettings

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

    def step(self, farewell: Callable[[], object] = lambda: None) -> None:
        """About to leave a trace; ``farewell`` is what is left of it where this is the end."""
        self.steps += 1
        if self.steps == self._last:
            farewell()
            os._exit(KILLED)

    def before(self, owner: Any, name: str) -> None:
        """Each call of ``owner.name`` is a step."""
        real: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(real)
        def counted(*args: Any, **options: Any) -> Any:
            self.step(functools.partial(_tear, *args) if name == "fsync" else lambda: None)
            return real(*args, **options)

        setattr(owner, name, counted)

    def before_commits(self) -> None:
        """Each transaction's end, and each rewriting of a database, is a step."""
        mortal = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
                if sql.startswith(("COMMIT", "VACUUM", "PRAGMA wal_checkpoint")):
                    mortal.step()
                return super().execute(sql, *values)

        sqlite3.connect = functools.partial(sqlite3.connect, factory=Connection)  # type: ignore[assignment]


def _tear(file: int) -> None:
    os.ftruncate(file, os.fstat(file).st_size // 2)


def main() -> None:
    """Run the command line."""
    from rag import images, syncing
    from rag.cli import main as footnotes
    from rag.store import dense, journal, lexical

    transformer.TransformerEmbedder = CountingEmbedder  # type: ignore[misc, assignment]
    images.fetch_all = functools.partial(images.fetch_all, local=True)
    syncing._FOLLOW_EVERY_S = syncing._FOLLOW_SHARE = 0
    lexical._FEW = int(os.environ.get("TEST_FEW", lexical._FEW))  # type: ignore[misc]
    mortal = Mortal(int(sys.argv.pop(1)))
    # fsync stands in the middle of each atomic write: the new file is there, and nothing points at it yet.
    for owner, name in (
        (VectorCache, "put"),
        (VectorCache, "retain"),
        (VectorCache, "drop_other_models"),
        (dense.DenseIndex, "apply"),
        (dense.DenseIndex, "rebuild"),
        (lexical, "_written"),
        (manifest, "write"),
        (live, "write"),
        (journal, "prune"),
        (os, "fsync"),
        (os, "link"),
        (shutil, "copyfile"),
        (shutil, "rmtree"),
        (Path, "mkdir"),
        (Path, "touch"),
        (Path, "replace"),
        (Path, "unlink"),
    ):
        mortal.before(owner, name)
    mortal.before_commits()
    try:
        footnotes()
    finally:  # by way of SystemExit, which keeps its code
        print(f"\n{mortal.steps} {CountingEmbedder.embedded}")  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
