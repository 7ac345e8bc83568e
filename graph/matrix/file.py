"""The table's file: one, named by a manifest that says what it holds; written whole, replaced at once."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from graph.matrix.table import NODES, ROWS, Table
from rag.errors import IndexDamagedError
from rag.store import manifest
from rag.store.database import private_folder

if TYPE_CHECKING:
    from pathlib import Path

KIND: Final = "graph"
VERSION: Final = 1
_FILE = "{generation}-{time:x}.rows"
_PARTS: Final = (("docs", "<u8"), ("bounds", "<i8"), ("nodes", NODES), ("rows", ROWS))


def save(folder: Path, table: Table, generation: int) -> manifest.Manifest:
    """Write a table and let the manifest name it; the caller holds the write lock.

    Raises:
        OSError: no room or no permission; what was there before still stands.
    """
    path = private_folder(folder) / _FILE.format(generation=generation, time=time.time_ns())
    try:
        with path.open("wb") as f:
            for name, dtype in _PARTS:
                np.save(f, np.ascontiguousarray(getattr(table, name), dtype=dtype), allow_pickle=False)
            f.flush()
            os.fsync(f.fileno())
        made = manifest.Manifest(
            KIND, VERSION, "", 0, generation, len(table.rows), {path.name: manifest.checksum(path)}
        )
        manifest.write(folder, made)
    except BaseException:
        path.unlink(missing_ok=True)  # a full disk needs the room
        raise
    _remove(folder, keep=path.name)
    return made


def load(folder: Path, found: manifest.Manifest) -> Table:
    """The table that a manifest names.

    Raises:
        IndexDamagedError: it is of another format, missing, or not what it was.
    """
    if (found.kind, found.version) != (KIND, VERSION):
        raise IndexDamagedError("The index in {path} is of another format.", path=folder)
    manifest.verify(folder, found)
    try:
        (name,) = found.files
        with (folder / name).open("rb") as f:
            parts = [np.load(f, allow_pickle=False) for _ in _PARTS]
        table = Table(*parts)
    except (OSError, ValueError, EOFError) as e:
        raise IndexDamagedError("The index in {path} cannot be read.", path=folder) from e
    is_whole = [part.dtype for part in parts] == [np.dtype(dtype) for _, dtype in _PARTS]
    if not is_whole or len(table.rows) != found.count or len(table.bounds) != len(table.docs) + 1:
        raise IndexDamagedError("The index in {path} does not hold what it says.", path=folder)
    return table


def discard(folder: Path) -> None:
    """Remove everything; the caller holds the write lock."""
    (folder / manifest.NAME).unlink(missing_ok=True)
    _remove(folder)


def _remove(folder: Path, keep: str = "") -> None:
    for path in folder.glob("*.rows"):
        if path.name != keep:
            with contextlib.suppress(OSError):  # somebody reads it, on Windows: next time
                path.unlink()
