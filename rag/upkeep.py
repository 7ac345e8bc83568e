"""What changes an index, and what has to follow each change: indexes, fetched images, a graph server."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.pipeline import Pipeline, Progress
from rag import forget, images, locate, roots, switch, wiring
from rag.forget import Forgotten
from rag.store import sessions
from rag.store.catalogue import Root
from rag.syncing import Syncing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from ingest.pipeline import SyncReport
    from rag.engine import Engine
    from rag.home import Home
    from rag.indexes import Indexes
    from rag.store.catalogue import Record
    from rag.types import Document

    Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The changing side of an engine; each method is as the engine's of that name."""

    engine: Engine
    home: Home
    indexes: Indexes

    def sync(
        self,
        names: Sequence[str] | None,
        *,
        verify: bool,
        accept_deletions: bool,
        progress: Report | None,
        paths: Sequence[Path] | None,
    ) -> SyncReport:
        """Make the index equal the folders."""
        started = time.perf_counter()
        syncing = Syncing(
            self.engine.catalogue,
            self.indexes,
            self.pipeline(),
            self.engine.scan_rules(verify=verify),
            accept_deletions,
            progress or _silent,
            paths,
        )
        report = syncing.run(names)
        forget.clear(self.engine.catalogue, self.home, self.indexes)  # what a kill has left
        images.tidy(self.engine)
        report.unpushed = self._push_graph()
        report.seconds = time.perf_counter() - started
        return report

    def pipeline(self) -> Pipeline:
        """What reads, cuts and embeds files, with the settings' options."""
        settings = self.engine.settings
        return Pipeline(
            self.engine.catalogue,
            write_lock=self.home.writing,
            options=wiring.options(settings, self.home),
            batch=settings.sync.batch,
            embed=self.indexes.embed,
            limits=wiring.limits(settings),
        )

    def import_documents(self, root: str, documents: Iterable[Document]) -> int:
        """Make a root that is no folder hold exactly these documents."""
        catalogue = self.engine.catalogue
        with self.home.writing():
            if root not in {known.name for known in catalogue.roots()}:
                catalogue.add_root(Root(root, None))
        self.pipeline().put_documents(root, documents)
        self.indexes.follow()
        return catalogue.counts().chunks

    def rename_root(self, name: str, new: str) -> None:
        """Rename a root."""
        with self.home.writing():
            roots.rename(self.engine.catalogue, name, new)
            if (self.engine.home / sessions.FILE).exists():
                self.engine.sessions.rename_root(name, new)
        self.engine.refresh()
        self._push_graph()

    def remove_root(self, name: str) -> None:
        """Forget a root and what came from it."""
        with self.home.writing():
            self.engine.catalogue.remove_root(name)
        self.engine.refresh()
        self._push_graph()

    def reindex(self, progress: Report | None) -> None:
        """Switch to the embedding model that the settings ask for."""
        switch.reindex(self.indexes, _embedding(progress))

    def rollback(self, progress: Report | None) -> None:
        """Switch back to the embedding model before."""
        switch.rollback(self.indexes, _embedding(progress))

    def prune(self) -> int:
        """Remove what is kept of other models than the live one."""
        return switch.prune(self.indexes)

    def forgettable(self, path: Path | str) -> tuple[Record, ...]:
        """The files that ``forget`` would forget."""
        catalogue = self.engine.catalogue
        return forget.targets(catalogue, locate.place_of(catalogue, str(path)), self.engine.scan_rules())

    def forget(self, path: Path | str, *, undo: bool) -> Forgotten:
        """Leave nothing of a note in the home, or with ``undo`` let the next sync read it again."""
        catalogue = self.engine.catalogue
        if undo:
            return forget.remember(catalogue, self.home, locate.place_of(catalogue, str(path)))
        records = self.forgettable(path)
        passages = forget.mark(catalogue, self.home, records)
        images.tidy(self.engine)
        is_complete = forget.clear(catalogue, self.home, self.indexes)
        self.engine.refresh()
        is_complete = self._push_graph() is None and is_complete
        return Forgotten(tuple(record.id for record in records), passages, is_complete)

    def _push_graph(self) -> str | None:
        """Bring a graph server up to date; why not, where it cannot be reached."""
        return wiring.push_graph(self.engine.catalogue, self.engine.settings)


def _embedding(progress: Report | None) -> Callable[[int, int], None]:
    report = progress or _silent
    return lambda done, total: report(Progress("embed", done, total))


def _silent(_: Progress) -> None:
    """No progress is shown."""
