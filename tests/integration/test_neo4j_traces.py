"""Random histories of two folders: after each push the server holds what the catalogue says, edge by edge.

The same histories as those of ``test_traces``, which proves that the catalogue is what a fresh one would be. Here some
pushes are cut off in the middle, and pushes are left out now and then, so that the next one has more to mend.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

import footnotes
from graph.neo4j import Neo4jGraph
from graph.push import home_id, push
from rag.errors import GraphError, RootError
from tests.integration.neo4j.comparing import assert_same, assert_same_answers
from tests.integration.random_vault import made

if TYPE_CHECKING:
    from pathlib import Path

    from footnotes import Engine
    from rag.settings import GraphSettings

SOAK = bool(os.environ.get("FOOTNOTES_SOAK"))
STEPS = 300 if SOAK else 25
ROOTS = ("diary", "工作")
SETTINGS = {"embedding.model": "none", "sync.workers": 0}


class CutOffError(GraphError):
    """The push ends here."""


def cut_off(done: int, total: int) -> None:
    """End a push in its middle."""
    if 2 * done >= total:
        raise CutOffError("cut off")


@pytest.mark.slow
@pytest.mark.usefixtures("small_batches")
def test_a_random_history_is_followed(tmp_path: Path, neo4j_settings: GraphSettings) -> None:
    """Notes come, change, move, go and are forgotten; roots are renamed; nothing old is left on the server."""
    vault = made([tmp_path / name for name in ROOTS], 11, 12)
    with footnotes.open(tmp_path / "home", settings=SETTINGS) as engine:
        for folder in vault.folders:
            engine.add_root(folder)
        whole = cut = 0
        with Neo4jGraph(neo4j_settings, home_id(engine.catalogue)) as store:
            for step in range(STEPS):
                vault.step()
                if vault.rng.random() < 0.2:
                    _upset(engine, vault.rng.choice(vault.files()), f"{ROOTS[0]} {step}")
                engine.sync(accept_deletions=True)
                luck = vault.rng.random()
                if luck < 0.15:
                    continue
                if luck < 0.4:
                    with contextlib.suppress(CutOffError):
                        push(engine.catalogue, store, progress=cut_off)
                    cut += 1
                    continue
                whole += push(engine.catalogue, store).is_whole
                assert_same(engine.catalogue, store)
            push(engine.catalogue, store)
            assert_same(engine.catalogue, store)
            assert_same_answers(engine.catalogue, store)
        assert cut
        assert whole <= cut + 1, "pushes follow the journal"


def _upset(engine: Engine, path: Path, name: str) -> None:
    """A note is forgotten, and the first root gets another name."""
    with contextlib.suppress(RootError):  # no sync has met it
        engine.forget(path)
    engine.rename_root(engine.roots()[0].name, name)
