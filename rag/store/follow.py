"""Brings derived indexes to the catalogue's generation."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from rag.errors import HomeError
from rag.protocols import DerivedIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rag.store.catalogue import Catalogue
    from rag.store.journal import Changes
    from rag.types import Chunk

    Step = Callable[[int, int], None]

_READ_TOGETHER = 2_000
_EMBEDDED_TOGETHER = 64  # what a kill may cost


class Index(DerivedIndex, Protocol):
    """A derived index that knows when changing it is no longer worth it."""

    def prefers_rebuild(self, changed: int, total: int) -> bool:
        """Whether to start anew rather than change so many passages, with ``total`` in all afterwards."""


def is_behind(index: DerivedIndex, catalogue: Catalogue) -> bool:
    """Whether the index has not reached the catalogue's last generation."""
    return index.generation != catalogue.generation()


def catch_up(index: Index, catalogue: Catalogue) -> None:
    """Apply the journal; rebuild where it does not reach back, or where the index prefers to start anew.

    The caller holds the write lock, unless nobody else writes this index.
    """
    if not is_behind(index, catalogue):
        return
    changes = _journal(index, catalogue)
    if changes is None:
        rebuild(index, catalogue)
        return
    if _prefers_rebuild(index, catalogue, changes):
        _start_anew(index, catalogue)
        return
    chunks = catalogue.chunks(changes.added)
    vanished = [key for key in changes.added if key not in chunks]
    with room():
        index.apply(
            [chunks[key] for key in sorted(chunks)], [*changes.removed, *vanished], changes.generation
        )


def rebuild(index: DerivedIndex, catalogue: Catalogue) -> None:
    """Make the index anew from every passage. The caller holds the write lock."""
    _start_anew(index, catalogue)


def _start_anew(index: DerivedIndex, catalogue: Catalogue) -> None:
    batches, generation = catalogue.all_chunks()
    with room():
        index.rebuild(batches, generation)


def embed_ahead(
    index: Index, catalogue: Catalogue, embed: Callable[[Sequence[Chunk]], int], step: Step
) -> None:
    """Give vectors to what the index will take up, so that nothing slow is left for when the lock is held.

    ``embed`` embeds passages that have no vector yet, and keeps the vectors at once: a kill costs one batch.
    ``step`` is called after each batch with the passages done, and of how many.
    """
    if is_behind(index, catalogue):
        changes = _journal(index, catalogue)
        keys = None
        if changes is not None and not _prefers_rebuild(index, catalogue, changes):
            keys = changes.added
        embed_passages(catalogue, embed, step, keys)


def embed_passages(
    catalogue: Catalogue,
    embed: Callable[[Sequence[Chunk]], int],
    step: Step,
    keys: Sequence[int] | None = None,
) -> None:
    """Give vectors to passages, all or those of ``keys``; see ``embed_ahead``."""
    batches = catalogue.all_chunks()[0] if keys is None else _batches_of(catalogue, keys)
    total = catalogue.counts().chunks if keys is None else len(keys)
    done = 0
    for batch in batches:
        for start in range(0, len(batch), _EMBEDDED_TOGETHER):
            part = batch[start : start + _EMBEDDED_TOGETHER]
            embed(part)
            done += len(part)
            step(done, max(total, done))


def _batches_of(catalogue: Catalogue, keys: Sequence[int]) -> Iterator[Sequence[Chunk]]:
    for start in range(0, len(keys), _READ_TOGETHER):
        yield list(catalogue.chunks(keys[start : start + _READ_TOGETHER]).values())


def _journal(index: Index, catalogue: Catalogue) -> Changes | None:
    """What the index has to do; None: the journal does not reach back so far."""
    return catalogue.changes_since(index.generation) if index.generation >= 0 else None


def _prefers_rebuild(index: Index, catalogue: Catalogue, changes: Changes) -> bool:
    with catalogue.database.reading() as db:
        (total,) = db.execute("SELECT count(*) FROM chunks").fetchone()
    return index.prefers_rebuild(len(changes.added) + len(changes.removed), total)


@contextlib.contextmanager
def room() -> Iterator[None]:
    """Name what keeps an index from being written.

    Raises:
        HomeError: no room or no permission.
    """
    try:
        yield
    except OSError as e:
        raise HomeError(
            "The search index cannot be written: {reason}. The notes are safe in the catalogue; "
            "make room or give permission, then run the command again.",
            reason=e.strerror or e,
        ) from e
