"""The journal: net changes, generations, pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.store.catalogue import Catalogue, FileState, Root
from rag.store.changes import Batch
from rag.types import Chunk, Document, Filters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE = FileState(1, 2, 3, 4, 5)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """One root, no documents."""
    opened = Catalogue(tmp_path / "catalogue.db")
    opened.add_root(Root("r", tmp_path))
    yield opened
    opened.close()


def put(catalogue: Catalogue, name: str, *texts: str) -> None:
    """A document whose passages are these texts."""
    text = "\n".join(texts)
    chunks, start = [], 0
    for part in texts:
        chunks.append(Chunk(f"r/{name}", start, start + len(part), part, part, name, (1, 1)))
        start += len(part) + 1
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.put(Document(f"r/{name}", text, "hash", name, "text"), chunks, STATE, "1")
        batch.finish()


def remove(catalogue: Catalogue, name: str) -> None:
    """Forget a document."""
    with catalogue.database.writing() as db:
        batch = Batch(db)
        batch.remove(f"r/{name}")
        batch.finish()


def keys(catalogue: Catalogue) -> dict[str, int]:
    """Key by text."""
    return {c.text: c.key for batch in catalogue.all_chunks()[0] for c in batch}


def test_changes_are_net(catalogue: Catalogue) -> None:
    """Added and removed since: not added. Untouched: not named."""
    put(catalogue, "a", "one", "two")
    at = catalogue.generation()
    put(catalogue, "b", "three")
    put(catalogue, "a", "one", "four")
    gone = keys(catalogue)["three"]
    remove(catalogue, "b")
    now = keys(catalogue)
    changes = catalogue.changes_since(at)
    assert changes is not None
    assert changes.added == (now["four"],)
    assert gone in changes.removed
    assert now["one"] not in changes.added
    assert changes.generation == catalogue.generation()


def test_no_change_writes_no_generation(catalogue: Catalogue) -> None:
    """Putting the same document again."""
    put(catalogue, "a", "one")
    at = catalogue.generation()
    put(catalogue, "a", "one")
    assert catalogue.generation() == at


def test_pruned_or_future_generations_mean_rebuild(catalogue: Catalogue) -> None:
    """The journal does not reach back, or the index is ahead of a restored catalogue."""
    put(catalogue, "a", "one")
    put(catalogue, "b", "two")
    now = catalogue.generation()
    assert catalogue.changes_since(0) is not None
    catalogue.prune_journal(now)
    assert catalogue.changes_since(now - 1) is None
    assert catalogue.changes_since(now) is not None
    assert catalogue.changes_since(now + 1) is None


def test_keys_are_never_reused(catalogue: Catalogue) -> None:
    """Not even after the highest one is removed."""
    put(catalogue, "a", "one")
    first = keys(catalogue)["one"]
    remove(catalogue, "a")
    put(catalogue, "a", "one")
    assert keys(catalogue)["one"] > first


def test_repeated_passages_of_one_note_keep_their_keys(catalogue: Catalogue) -> None:
    """Daily templates repeat: two equal passages are two, each with its key, and removing one removes one."""
    put(catalogue, "a", "same", "other", "same")
    before = sorted(c.key for batch in catalogue.all_chunks()[0] for c in batch)
    assert len(before) == 3
    put(catalogue, "a", "same", "other")
    after = sorted(c.key for batch in catalogue.all_chunks()[0] for c in batch)
    assert len(after) == 2
    assert set(after) < set(before)


def test_failed_transaction_leaves_nothing(catalogue: Catalogue) -> None:
    """An exception rolls everything back, the journal too."""
    put(catalogue, "a", "one")
    at = catalogue.generation()

    def remove_and_stop() -> None:
        with catalogue.database.writing() as db:
            Batch(db).remove("r/a")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        remove_and_stop()
    assert catalogue.generation() == at
    assert keys(catalogue).keys() == {"one"}


def test_filters_are_path_prefixes(catalogue: Catalogue) -> None:
    """``r/a`` is not ``r/ab``."""
    put(catalogue, "a/x", "one")
    put(catalogue, "ab/x", "two")
    now = keys(catalogue)
    assert catalogue.allowed_keys(Filters()) is None
    for filters, expected in (
        (Filters(folders=("r/a",)), ["one"]),
        (Filters(folders=("r",)), ["one", "two"]),
        (Filters(folders=("r/a/x",)), ["one"]),
        (Filters(exclude=("r/a",)), ["two"]),
        (Filters(folders=("r/a", "r/ab"), exclude=("r/ab/x",)), ["one"]),
        (Filters(folders=("nowhere",)), []),
    ):
        allowed = catalogue.allowed_keys(filters)
        assert allowed is not None
        assert list(allowed) == sorted(now[t] for t in expected)


def test_document_round_trip(catalogue: Catalogue) -> None:
    """What is stored comes back equal."""
    put(catalogue, "a", "one", "two")
    document = catalogue.document("r/a")
    assert document is not None
    assert (document.text, document.title, document.meta, document.masks) == ("one\ntwo", "a", {}, ())
    assert catalogue.document("r/none") is None
