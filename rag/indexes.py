"""The derived indexes of a home: made when first needed, kept at the catalogue's generation."""

from __future__ import annotations

import contextlib
import shutil
import threading
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from rag import live
from rag.errors import HomeError, IndexDamagedError
from rag.models import opening
from rag.protocols import Comparer, Recalling
from rag.store import follow, manifest, rows
from rag.store.database import private_folder
from rag.store.lexical import LexicalIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from graph.matrix.index import Matrix
    from rag.home import Home
    from rag.live import Live, Model, Models, Wish
    from rag.protocols import Embedder
    from rag.settings import EmbeddingSettings
    from rag.store.catalogue import Catalogue
    from rag.store.dense import DenseIndex
    from rag.store.follow import Step
    from rag.store.vectors import VectorCache
    from rag.types import Chunk


@dataclass(frozen=True, slots=True)
class DenseSide:
    """A model, opened, and its index."""

    model: Model
    embedder: Embedder
    index: DenseIndex
    comparer: Comparer | None


class Indexes:
    """Full text always, vectors where a model answers. Safe to use from many threads.

    Searches that run while the model is switched finish with the one they began with.

    Args:
        matrix: the knowledge graph as retrieval walks it; None: it is not used.
    """

    def __init__(self, home: Home, catalogue: Catalogue, wish: Wish, matrix: Matrix | None = None) -> None:
        self.home = home
        self.catalogue = catalogue
        self.wish = wish
        self.matrix = matrix
        self.lexical = LexicalIndex(home.lexical, catalogue)
        self._guard = threading.Lock()
        self._looking = threading.RLock()
        self._has_looked = False
        self._fact: Live | None = None
        self._side: DenseSide | None = None

    @property
    def fact(self) -> Live | None:
        """Which model answers, as the home says now."""
        return live.read(self.home.dense)

    @property
    def side(self) -> DenseSide | None:
        """The model that answers and its index, as of the last ``refresh`` or ``follow``; None: lexical only."""
        with self._looking:
            if not self._has_looked:
                self._look()
            return self._side

    @property
    def models(self) -> Models:
        """Which model answers, which one is asked for instead, which one is kept."""
        side, fact = self.side, self.fact
        wished = live.name_of(self.wish.settings) if self.wish.differs_from(fact) else None
        return live.Models(side.model if side else None, wished, fact.previous if fact else None)

    @cached_property
    def vectors(self) -> VectorCache:
        """The vector cache."""
        from rag.store.vectors import VectorCache

        return VectorCache(self.home.vectors)

    def all(self) -> list[LexicalIndex | DenseIndex]:
        """Every index that is in use."""
        side = self.side
        return [self.lexical, *([side.index] if side else [])]

    def embed(self, chunks: Sequence[Chunk]) -> int:
        """Give passages the vectors of the model that answers; returns how many were computed."""
        self._look()
        side = self.side
        return self.vectors.ensure(side.embedder, chunks) if side else 0

    def open(self, settings: EmbeddingSettings) -> DenseSide:
        """A model and its index, which need not be there yet, nor answer."""
        return self._side_of(_opened(settings), settings)

    def folder_of(self, model: Model) -> Path:
        """Where a model's index lies."""
        return self.home.dense / model.slug

    # Following the catalogue

    def follow(self, step: Step | None = None, *, midway: bool = False) -> None:
        """Bring every index to the catalogue's generation.

        Args:
            step: called while passages are embedded, with how many are done, and of how many.
            midway: more is to come; what follows from all notes together is left for the end.

        Raises:
            BusyError: another process does not let go of the write lock.
            HomeError: no room or no permission.
        """
        self._look()
        self._embed_ahead(step)
        if not midway:
            from graph import titles, triples  # what writes: a search need not load it

            triples.follow(self.catalogue, self.home.path, self.home.writing)
            titles.follow(self.catalogue, self.home.writing)
        with self.home.writing():
            self._catch_up()
            if self.matrix and not midway:
                self.matrix.follow()
            self.prune_journal()

    def rebuild(self, step: Step | None = None) -> None:
        """Build every index anew from the catalogue, and drop vectors that no passage needs."""
        self._look()
        side = self.side
        if side is not None:
            self.vectors.drop_misfits(side.embedder)
            embedder = side.embedder
            follow.embed_passages(
                self.catalogue, lambda chunks: self.vectors.ensure(embedder, chunks), step or _silent
            )
        with self.home.writing():
            self._look()
            for index in self.all():
                follow.rebuild(index, self.catalogue)
            if self.matrix:
                self.matrix.rebuild()
            self._record()
            self.drop_unneeded_vectors()
            self.prune_journal()

    def refresh(self, wait_s: float = 0.0) -> None:
        """See what other processes have written or switched, and heal indexes that were left behind.

        Args:
            wait_s: how long to wait for a process that is writing; without any index, as long as a sync would.

        Raises:
            HomeError: an index must be built and cannot be.
            ModelError: passages must be embedded, and the model cannot be used.
        """
        with self._guard:
            self._look()
            if self._are_current():
                return
            for index in self.all():
                index.refresh()
            if self._are_current():
                return
            try:
                self._embed_ahead(None)
                with self.home.writing(None if self._is_one_unbuilt() else wait_s):
                    self._catch_up()
            except HomeError:
                # Another process writes, or there is no room: what is there must do, unless nothing is there.
                if self._is_one_unbuilt():
                    raise

    def close(self) -> None:
        """Close the vector cache."""
        if "vectors" in self.__dict__:
            self.vectors.close()

    def unembedded(self, chunks: Sequence[Chunk]) -> int | None:
        """How many passages the model that answers has no vector of; None where none answers."""
        side = self.side
        if side is None:
            return None
        hashes = [rows.text_hash(c.index_text) for c in chunks]
        return (
            len(self.vectors.missing(side.model.identity, hashes))
            if self.home.vectors.exists()
            else len(hashes)
        )

    def purge(self) -> bool:
        """Leave nothing of passages that are gone: in no segment, vector, or index that is kept. No model is needed.

        The caller holds the write lock.

        Returns:
            Whether it is done; False while somebody reads an older state.
        """
        from graph import titles
        from rag.store import dense, extractions

        titles.follow(self.catalogue)
        if self.matrix:
            self.matrix.purge()
        else:
            shutil.rmtree(self.home.graph, ignore_errors=True)
        follow.rebuild(self.lexical, self.catalogue)
        keys = self.catalogue.keys()
        for folder in self.home.dense.iterdir() if self.home.dense.is_dir() else ():
            if folder.is_dir():
                dense.retain(folder, keys)
        self.drop_unneeded_vectors()
        done = extractions.retain(self.home.path, self.catalogue.text_hashes(), scrub=True)
        return (self.vectors.scrub() if self.home.vectors.exists() else True) and done

    # Switching; the caller holds the write lock

    def make_live(self, side: DenseSide) -> None:
        """Let another model answer from now on: its index catches up, then the file that says so is replaced."""
        side.index.refresh()
        follow.catch_up(side.index, self.catalogue)
        fact = self.fact
        self._write(fact.switched_to(side.model) if fact else live.Live(side.model))
        with self._looking:
            if not (self.wish.is_stated and self.wish.is_lexical_only):
                self._side = side
        self.prune_journal()

    def forget_previous(self) -> int:
        """Remove every model's index and vectors but the live one's; returns how many vectors went."""
        fact = self.fact
        if fact is None:
            return 0
        self._write(live.Live(fact.model))
        self.prune_journal()
        return self.vectors.drop_other_models(fact.model.identity) if self.home.vectors.exists() else 0

    def drop_unneeded_vectors(self) -> None:
        """Drop vectors of texts that are in no passage any more, whichever model made them."""
        if self.home.vectors.exists():
            self.vectors.retain(self.catalogue.text_hashes())

    def prune_journal(self) -> None:
        """Forget what every index has seen, those that are kept for later among them."""
        self.catalogue.prune_journal(min(self._generations()))

    # Underneath

    def _look(self) -> None:
        """See which model answers now; open it where it is another one."""
        with self._looking:
            fact = self.fact
            if self._has_looked and fact == self._fact:
                return
            settings = self.wish.answering(fact)
            if settings is None:
                self._side = None
            elif self._side is None or fact is None or fact.model != self._side.model:
                self._side = self._open_answering(settings, fact)
            self._fact, self._has_looked = fact, True

    def _open_answering(self, settings: EmbeddingSettings, fact: Live | None) -> DenseSide:
        return self._side_of(_opened(settings), settings, explain=fact is not None)

    def _side_of(self, opened: Embedder, settings: EmbeddingSettings, *, explain: bool = False) -> DenseSide:
        from rag.store.dense import DenseIndex

        comparer = opened if isinstance(opened, Comparer) else None
        embedder = live.Answering.of(opened) if explain else opened
        if isinstance(opened, Recalling):
            opened.recall(partial(self._kept_tokens, opened.identity))
        model = live.Model(embedder.identity, live.essence(settings))
        index = DenseIndex(
            self.folder_of(model),
            embedder,
            lambda chunks: self.vectors.of(embedder, chunks),
            self.catalogue,
        )
        return DenseSide(model, embedder, index, comparer)

    def _kept_tokens(self, model: str, texts: Sequence[str]) -> dict[str, NDArray[np.int64]]:
        if not self.home.vectors.exists():
            return {}
        try:
            return self.vectors.tokens(model, texts)
        except HomeError:  # they can be cut anew
            return {}

    def _embed_ahead(self, step: Step | None) -> None:
        """Embed before the write lock is taken: others may write meanwhile, and a kill loses one batch."""
        side = self.side
        if side is not None:
            embedder = side.embedder
            follow.embed_ahead(
                side.index,
                self.catalogue,
                lambda chunks: self.vectors.ensure(embedder, chunks),
                step or _silent,
            )

    def _catch_up(self) -> None:
        self._look()  # another process may have switched while this one waited for the lock
        for index in self.all():
            index.refresh()
            follow.catch_up(index, self.catalogue)
        self._record()

    def _record(self) -> None:
        """Make the wish a fact where there was none, or name the new weights of the same model."""
        side, fact = self.side, self.fact
        if side is not None and (fact is None or fact.model != side.model):
            self._write(live.Live(side.model, fact.previous if fact else None))

    def _write(self, fact: Live) -> None:
        live.write(private_folder(self.home.dense), fact)
        with self._looking:
            self._fact, self._has_looked = fact, True
        self._sweep(fact)

    def _sweep(self, fact: Live) -> None:
        """Remove what belongs to no model that is kept; an index that lay here directly is of an older layout."""
        kept = {live.NAME, *(model.slug for model in (fact.model, fact.previous) if model)}
        for path in [p for p in self.home.dense.iterdir() if p.name not in kept]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _generations(self) -> Iterator[int]:
        yield from (index.generation for index in self.all())
        fact = self.fact
        for model in (fact.model, fact.previous) if fact else ():
            if model is not None:
                with contextlib.suppress(IndexDamagedError):
                    yield manifest.read(self.folder_of(model)).generation

    def _are_current(self) -> bool:
        now = self.catalogue.generation()
        return self._is_recorded() and all(index.generation == now for index in self.all())

    def _is_recorded(self) -> bool:
        side = self.side
        return side is None or (self._fact is not None and self._fact.model == side.model)

    def _is_one_unbuilt(self) -> bool:
        return any(index.generation < 0 for index in self.all())


def _opened(settings: EmbeddingSettings) -> Embedder:
    embedder = opening.open_embedder(settings)
    assert embedder is not None  # noqa: S101 - nobody opens a lexical-only wish
    return embedder


def _silent(_done: int, _total: int) -> None:
    """No progress is shown."""
