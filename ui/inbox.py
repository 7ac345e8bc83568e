"""Files that a reader uploads: into one folder, under a safe name, never over another file."""

from __future__ import annotations

import os
import re
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rag.errors import ConfigError, FootnotesError

if TYPE_CHECKING:
    from rag.engine import Engine

_LONGEST: Final = 180  # bytes of a name
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


def folder_of(engine: Engine) -> Path | None:
    """The folder of ``ui.inbox``; None: none is set, or it cannot be written to.

    Raises:
        ConfigError: it lies in no registered folder: nothing in it would be read.
    """
    setting = engine.settings.ui.inbox
    if not setting:
        return None
    folder = Path(setting).expanduser().resolve()
    if not any(root.path and folder.is_relative_to(root.path.resolve()) for root in engine.roots()):
        raise ConfigError(
            "ui.inbox: {path} lies in no registered folder, so nothing in it would be read. Name a folder inside one.",
            path=folder,
        )
    beginning = folder if folder.exists() else folder.parent
    return folder if beginning.is_dir() and os.access(beginning, os.W_OK) else None


def safe_name(given: str) -> str:
    """A file's name without folders, control characters and what file systems refuse; visible, and not too long.

    Raises:
        FootnotesError: nothing is left of it.
    """
    name = unicodedata.normalize("NFC", given.replace("\\", "/").rpartition("/")[2])
    name = _UNSAFE.sub(" ", name).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    stem, suffix = (stem, dot + suffix) if stem else (name, "")
    while stem and len((stem + suffix).encode()) > _LONGEST:
        stem = stem[:-1]
    if not stem:
        raise FootnotesError("{name!r} is no name for a file. Rename it, and upload it again.", name=given)
    return stem.strip() + suffix


def put(folder: Path, given: str, data: bytes) -> Path:
    """Write a file; its path. One of the same name stays as it is: the new one gets a number.

    Raises:
        FootnotesError: the name is none, or the folder cannot be written to.
    """
    name = safe_name(given)
    stem, suffix = Path(name).stem, Path(name).suffix
    try:
        folder.mkdir(exist_ok=True)
        number = 1
        while True:
            path = folder / (name if number == 1 else f"{stem} {number}{suffix}")
            try:
                with path.open("xb") as file:
                    try:
                        file.write(data)
                    except OSError:
                        with suppress(OSError):
                            path.unlink()
                        raise
            except FileExistsError:
                number += 1
                continue
            return path
    except OSError as e:
        raise FootnotesError(
            "{path} cannot be written: {reason}. Make room or give leave to write there.",
            path=folder,
            reason=e.strerror or str(e),
        ) from e
