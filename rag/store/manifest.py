"""Manifests: what a derived index says of itself, checked before it is trusted."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rag.errors import IndexDamagedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "manifest.json"
_BLOCK = 1 << 20
_SELF = "checksum"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Describes one derived index.

    Attributes:
        kind: ``lexical`` or ``dense``.
        version: format version; another one means rebuild.
        model: analysis version (lexical) or embedder identity (dense); another one means rebuild.
        dimension: vector width; 0 for a full-text index.
        generation: the journal generation that the files contain.
        count: chunks in the index.
        files: CRC-32 of each file, by name.
    """

    kind: str
    version: int
    model: str
    dimension: int
    generation: int
    count: int
    files: Mapping[str, int]


def checksum(path: Path) -> int:
    """CRC-32 of a file, read in blocks."""
    crc = 0
    with path.open("rb") as f:
        while block := f.read(_BLOCK):
            crc = zlib.crc32(block, crc)
    return crc


def write(folder: Path, manifest: Manifest) -> None:
    """Replace the folder's manifest atomically and durably."""
    temporary = folder / (NAME + ".tmp")
    values = asdict(manifest)
    with temporary.open("w", encoding="utf-8") as f:
        json.dump({**values, _SELF: _checksum_of(values)}, f, indent=1)
        f.flush()
        os.fsync(f.fileno())
    temporary.replace(folder / NAME)


def read(folder: Path) -> Manifest:
    """Read the folder's manifest.

    Raises:
        IndexDamagedError: there is none, it cannot be read, or it was altered.
    """
    try:
        values = json.loads((folder / NAME).read_text("utf-8"))
        expected = values.pop(_SELF)
        manifest = Manifest(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as e:
        raise IndexDamagedError("The index in {path} has no readable manifest.", path=folder) from e
    if _checksum_of(values) != expected:
        raise IndexDamagedError("The index in {path} does not match its manifest.", path=folder)
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare every listed file with its checksum.

    Raises:
        IndexDamagedError: a file is missing or differs.
    """
    for name, crc in manifest.files.items():
        path = folder / name
        try:
            found = checksum(path)
        except OSError as e:
            raise IndexDamagedError("The index file {path} cannot be read.", path=path) from e
        if found != crc:
            raise IndexDamagedError("The index file {path} does not match its checksum.", path=path)


def _checksum_of(values: Mapping[str, object]) -> int:
    return zlib.crc32(json.dumps(values, sort_keys=True).encode("utf-8"))
