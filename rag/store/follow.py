"""Brings derived indexes to the catalogue's generation."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rag.errors import HomeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.protocols import DerivedIndex
    from rag.store.catalogue import Catalogue

# Beyond this share of all passages, starting anew is cheaper than changing.
_REBUILD_SHARE = 0.5


def is_behind(index: DerivedIndex, catalogue: Catalogue) -> bool:
    """Whether the index has not reached the catalogue's last generation."""
    return index.generation != catalogue.generation()


def catch_up(index: DerivedIndex, catalogue: Catalogue) -> None:
    """Apply the journal, or rebuild where it does not reach back. The caller holds the write lock."""
    if not is_behind(index, catalogue):
        return
    changes = catalogue.changes_since(index.generation) if index.generation >= 0 else None
    if changes is None or len(changes.added) > _REBUILD_SHARE * catalogue.counts().chunks:
        rebuild(index, catalogue)
        return
    chunks = catalogue.chunks(changes.added)
    vanished = [key for key in changes.added if key not in chunks]
    with _room():
        index.apply(
            [chunks[key] for key in sorted(chunks)], [*changes.removed, *vanished], changes.generation
        )


def rebuild(index: DerivedIndex, catalogue: Catalogue) -> None:
    """Make the index anew from every passage. The caller holds the write lock."""
    batches, generation = catalogue.all_chunks()
    with _room():
        index.rebuild(batches, generation)


@contextlib.contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise HomeError(
            "The search index cannot be written: {reason}. The notes are safe in the catalogue; "
            "make room or give permission, then run the command again.",
            reason=e.strerror or e,
        ) from e
