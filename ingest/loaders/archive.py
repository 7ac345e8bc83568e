"""Zip archives of office documents and books: checked before anything of them is unpacked, XML without entities."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_ENTRIES = 20_000
_LARGEST = 500_000_000  # bytes, unpacked, of everything
_LARGEST_TEXT = 150_000_000  # of one entry that is no picture, sound or film
_HIGHEST_RATIO = 200  # XML packs to a twentieth, seldom to a hundredth
_RATIO_FROM = 10_000_000
_MEDIA = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".mp3",
    ".mp4",
    ".m4a",
    ".m4v",
    ".mov",
    ".wav",
    ".avi",
    ".wmv",
    ".bin",
    ".ttf",
    ".otf",
)

# What reading a damaged archive raises.
ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
)


class Archive:
    """An archive whose declared sizes are sane. What lies must lie small: nothing is read beyond its size."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.file = _opened(name, data)
        self._infos = {info.filename: info for info in self.file.infolist()}
        _checked(name, list(self._infos.values()), len(data))

    def __contains__(self, path: str) -> bool:
        return path in self._infos

    def paths(self) -> Iterator[str]:
        """Of all entries, in the archive's order."""
        yield from self._infos

    def read(self, path: str) -> bytes:
        """An entry's bytes.

        Raises:
            LoadError: there is no such entry, or it cannot be unpacked.
        """
        try:
            info = self._infos[path]
            with self.file.open(info) as entry:
                return entry.read(info.file_size + 1)
        except ERRORS as e:
            raise broken(self.name, e, path) from e

    def xml(self, path: str) -> Any:
        """An entry's root element; entities are never resolved, and nothing is fetched.

        Raises:
            LoadError: likewise, or it is not XML.
        """
        from lxml import etree

        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            root = etree.fromstring(self.read(path), parser)
        except (etree.XMLSyntaxError, ValueError) as e:
            raise broken(self.name, e, path) from e
        if root is None:
            raise broken(self.name, ValueError("empty"), path)
        return root


def broken(name: str, error: Exception, part: str = "") -> LoadError:
    """The error for a file that an office application should repair."""
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return LoadError(
        "{name}: is damaged or of another format than its suffix says: {reason}. Open it in its application and save it again.",
        name=name,
        reason=f"{part}: {reason}" if part else reason,
    )


def guarded(name: str) -> AbstractContextManager[None]:
    """Around a library that reads an archive: whatever it raises on a damaged one becomes one clear line."""
    return _Guard(name)


class _Guard:
    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        # Such a library trusts its input: a wrong attribute can raise anything, up to its own base class.
        if isinstance(error, Exception) and not isinstance(error, LoadError):
            raise broken(self._name, error) from error


def _opened(name: str, data: bytes) -> zipfile.ZipFile:
    if data.startswith(_OLE):
        raise LoadError(
            "{name}: is protected by a password, or in the old binary format. Save it without a password in today's format.",
            name=name,
        )
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except ERRORS as e:
        raise broken(name, e) from e


def _checked(name: str, infos: list[zipfile.ZipInfo], packed: int) -> None:
    total = sum(info.file_size for info in infos)
    text = max((i.file_size for i in infos if not i.filename.lower().endswith(_MEDIA)), default=0)
    if any(info.flag_bits & 1 for info in infos):
        raise LoadError("{name}: is encrypted; save a copy without a password.", name=name)
    if (
        len(infos) > _MOST_ENTRIES
        or total > _LARGEST
        or text > _LARGEST_TEXT
        or (total > _RATIO_FROM and total > _HIGHEST_RATIO * packed)
    ):
        raise LoadError(
            "{name}: would unpack to {entries} parts of {megabytes} MB in all: too many, or packed too tightly to be honest. Split it, or leave it out.",
            name=name,
            entries=len(infos),
            megabytes=total // 1_000_000,
        )
