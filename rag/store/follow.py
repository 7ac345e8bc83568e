"""Brings derived indexes to the catalogue's generation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    index.apply([chunks[key] for key in sorted(chunks)], [*changes.removed, *vanished], changes.generation)


def rebuild(index: DerivedIndex, catalogue: Catalogue) -> None:
    """Make the index anew from every passage. The caller holds the write lock."""
    batches, generation = catalogue.all_chunks()
    index.rebuild(batches, generation)
