"""The derived indexes of a home: made when first needed, kept at the catalogue's generation."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

from rag.errors import HomeError
from rag.store import follow
from rag.store.lexical import LexicalIndex

if TYPE_CHECKING:
    from rag.config import EmbeddingSettings
    from rag.home import Home
    from rag.protocols import Embedder
    from rag.store.catalogue import Catalogue
    from rag.store.dense import DenseIndex
    from rag.store.vectors import VectorCache


class Indexes:
    """Full text always, vectors where a model is configured. Safe to use from many threads."""

    def __init__(self, home: Home, catalogue: Catalogue, settings: EmbeddingSettings) -> None:
        self._home = home
        self._catalogue = catalogue
        self._settings = settings
        self._guard = threading.Lock()
        self.lexical = LexicalIndex(home.lexical)

    @cached_property
    def embedder(self) -> Embedder | None:
        """The configured embedding model, or None: lexical only."""
        if self._settings.model is None:
            return None
        from rag.models.transformer import TransformerEmbedder

        return TransformerEmbedder(self._settings)

    @cached_property
    def vectors(self) -> VectorCache:
        """The vector cache."""
        from rag.store.vectors import VectorCache

        return VectorCache(self._home.vectors)

    @cached_property
    def dense(self) -> DenseIndex | None:
        """The dense index, where a model is configured."""
        embedder = self.embedder
        if embedder is None:
            return None
        from rag.store.dense import DenseIndex

        return DenseIndex(
            self._home.dense, embedder, lambda chunks: self.vectors.of(embedder, chunks), self._catalogue
        )

    def all(self) -> list[LexicalIndex | DenseIndex]:
        """Every index that is in use."""
        return [self.lexical, *([self.dense] if self.dense else [])]

    def follow(self) -> None:
        """Bring every index to the catalogue's generation.

        Raises:
            BusyError: another process does not let go of the write lock.
            HomeError: no room or no permission.
        """
        with self._home.writing():
            self._catch_up()
            self._catalogue.prune_journal(min(index.generation for index in self.all()))

    def rebuild(self) -> None:
        """Build every index anew from the catalogue, and drop vectors that no passage needs."""
        with self._home.writing():
            for index in self.all():
                follow.rebuild(index, self._catalogue)
            if self._home.vectors.exists():
                self.vectors.retain(self._catalogue.text_hashes())

    def refresh(self, wait_s: float = 0.0) -> None:
        """See what other processes have written, and heal indexes that were left behind.

        Args:
            wait_s: how long to wait for a process that is writing; without any index, as long as a sync would.

        Raises:
            HomeError: an index must be built and cannot be.
        """
        with self._guard:
            if self._are_current():
                return
            for index in self.all():
                index.refresh()
            if self._are_current():
                return
            try:
                with self._home.writing(None if self._is_one_unbuilt() else wait_s):
                    self._catch_up()
            except HomeError:
                # Another process writes, or there is no room: what is there must do, unless nothing is there.
                if self._is_one_unbuilt():
                    raise

    def close(self) -> None:
        """Close the vector cache."""
        if "vectors" in self.__dict__:
            self.vectors.close()

    def _catch_up(self) -> None:
        for index in self.all():
            index.refresh()
            follow.catch_up(index, self._catalogue)

    def _are_current(self) -> bool:
        now = self._catalogue.generation()
        return all(index.generation == now for index in self.all())

    def _is_one_unbuilt(self) -> bool:
        return any(index.generation < 0 for index in self.all())
