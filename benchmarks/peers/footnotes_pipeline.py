"""Footnotes: the engine, on a home whose settings the command line reads, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

import footnotes
from benchmarks.peers.pipelines import Found

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from footnotes import Engine


class Pipeline:
    """An engine with dotted settings. Files are read in the same process, as the others do."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = {**settings, "sync.workers": 0}

    def ingest(self, notes: Path, store: Path) -> int:
        """A first sync."""
        nested: dict[str, dict[str, object]] = {}
        for name, value in self._settings.items():
            section, _, key = name.partition(".")
            nested.setdefault(section, {})[key] = value
        (store / "config.yaml").write_text(yaml.safe_dump(nested), "utf-8")
        with footnotes.open(store) as engine:
            engine.add_root(notes)
            return engine.sync().chunks

    def open(self, store: Path, k: int) -> _Opened:
        """The engine on its home."""
        return _Opened(footnotes.open(store), k)

    def resyncable(self, notes: Path, store: Path) -> None:
        """Every home is."""


class _Opened:
    def __init__(self, engine: Engine, k: int) -> None:
        self._engine = engine
        self._k = k

    def search(self, question: str) -> list[Found]:
        hits = self._engine.search(question, self._k).hits
        return [Found(hit.chunk.doc_id, hit.chunk.text) for hit in hits]

    def resync(self, _notes: Path) -> None:
        self._engine.sync()
