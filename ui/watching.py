"""The server's watcher: it syncs when a note changes, and a reader can switch it off and on."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.watch import Watcher
    from rag.engine import Engine

_log = logging.getLogger(__name__)


class Watching:
    """Keeps a watcher running while it is on; inside ``with``, it may be.

    Args:
        engine: what is synced.
        wanted: whether it is on at first.
    """

    def __init__(self, engine: Engine, *, wanted: bool) -> None:
        self._engine = engine
        self._wanted = wanted
        self._lock = threading.Lock()
        self._watcher: Watcher | None = None

    @property
    def is_on(self) -> bool:
        """Whether changes are seen."""
        return self._watcher is not None

    def __enter__(self) -> Self:
        self.switch(on=self._wanted)
        return self

    def __exit__(self, *_: object) -> None:
        self.switch(on=False)

    def switch(self, *, on: bool) -> None:
        """Start or stop it; nothing happens where it is so already."""
        with self._lock:
            if on and self._watcher is None:
                self._watcher = watcher_of(self._engine)
                self._watcher.start()
            elif not on and self._watcher is not None:
                watcher, self._watcher = self._watcher, None
                watcher.stop()


def watcher_of(engine: Engine) -> Watcher:
    """What syncs an engine's roots when their files change."""
    from ingest.watch import Watcher

    def roots() -> list[tuple[str, Path]]:
        return [(root.name, root.path) for root in engine.roots() if root.path is not None]

    return Watcher(
        roots,
        partial(sync_roots, engine),
        _log.warning,
        exclude=engine.settings.sync.never_read,
        keep_out=(engine.home,),
        force_polling=engine.settings.sync.poll,
    )


def sync_roots(engine: Engine, names: list[str], paths: list[Path] | None = None) -> None:
    """Sync for the watcher, which must know of a root that was refused.

    Raises:
        RootError: a root is missing or has lost too much; nothing of it was changed.
    """
    refused = engine.sync(names, paths=paths).refused
    if refused:
        raise refused[0]
