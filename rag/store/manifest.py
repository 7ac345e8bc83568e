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
    with temporary.open("w", encoding="utf-8") as f:
        json.dump(asdict(manifest), f, indent=1)
        f.flush()
        os.fsync(f.fileno())
    temporary.replace(folder / NAME)


def read(folder: Path) -> Manifest:
    """Read the folder's manifest.

    Raises:
        IndexDamagedError: there is none, or it cannot be read.
    """
    try:
        return Manifest(**json.loads((folder / NAME).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as e:
        raise IndexDamagedError("The index in {path} has no readable manifest.", path=folder) from e


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
