"""Changing the model: build beside, switch at once, keep the old one to go back to.

The slow parts, embedding and building, hold no lock: each batch of vectors is kept at once, so a run that was killed
goes on where it stopped, and searches and syncs go on with the live model. Then, under the write lock, the new index
takes up what was changed meanwhile, and one file that names the live model is replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import ModelError
from rag.store import follow

if TYPE_CHECKING:
    from rag.indexes import Indexes
    from rag.settings import EmbeddingSettings
    from rag.store.follow import Step


def reindex(indexes: Indexes, step: Step) -> None:
    """Switch to the model that the settings ask for; where that one answers already, build every index anew.

    Raises:
        BusyError: another process is doing so, or does not let go of the write lock.
        ModelError: the model cannot be used; the one before goes on answering.
    """
    with indexes.home.switching():
        if indexes.wish.differs_from(indexes.fact):
            _switch(indexes, indexes.wish.settings, step)
        else:
            indexes.rebuild(step)


def rollback(indexes: Indexes, step: Step) -> None:
    """Switch to the model before; only passages changed since are embedded.

    Raises:
        ModelError: there is none, or it cannot be used.
        BusyError: another process is switching, or does not let go of the write lock.
    """
    with indexes.home.switching():
        fact = indexes.fact
        if fact is None or fact.previous is None:
            raise ModelError("No earlier model is kept: there is nothing to go back to.")
        _switch(indexes, indexes.wish.opens(fact.previous), step)


def prune(indexes: Indexes) -> int:
    """Remove what is kept of every model but the live one; returns how many vectors went.

    Raises:
        BusyError: another process is switching, or does not let go of the write lock.
    """
    with indexes.home.switching(), indexes.home.writing():
        return indexes.forget_previous()


def _switch(indexes: Indexes, settings: EmbeddingSettings, step: Step) -> None:
    side = indexes.open(settings)
    indexes.vectors.drop_misfits(side.embedder)
    follow.embed_ahead(
        side.index, indexes.catalogue, lambda chunks: indexes.vectors.ensure(side.embedder, chunks), step
    )
    # Its folder is nobody else's: built before the lock is taken, it has little or nothing left to do behind it.
    follow.catch_up(side.index, indexes.catalogue)
    with indexes.home.writing():
        indexes.make_live(side)
        indexes.drop_unneeded_vectors()
