"""What a loader is given: one file's bytes, and what of the settings bears on reading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b, sha256


@dataclass(frozen=True, slots=True)
class Caption:
    """A vision model on a server that the user configured: it describes images."""

    url: str
    model: str
    api_key: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    language: str = "auto"


@dataclass(frozen=True, slots=True)
class Options:
    """What of the settings changes what is read. Small and picklable: it travels to worker processes.

    Attributes:
        chunk_size: upper size of a passage, in estimated tokens.
        date_keys: further front-matter keys that hold a note's date.
        ocr: read the text in images and on scanned pages, where the extra is installed.
        caption: describes images; None: nobody does.
        git: ask git for the days of each file's first and last commit.
        cache: file that keeps recognised texts and captions; empty: none.
    """

    chunk_size: int = 400
    date_keys: tuple[str, ...] = ()
    ocr: bool = True
    caption: Caption | None = None
    git: bool = False
    cache: str = ""

    @property
    def digest(self) -> str:
        """Changes where the passages of some note might: what is only a place or a key is left out."""
        model = (self.caption.url, self.caption.model, self.caption.language) if self.caption else None
        told = repr((self.chunk_size, self.date_keys, self.ocr, model, self.git))
        return blake2b(told.encode(), digest_size=6).hexdigest()


@dataclass(frozen=True)
class Source:
    """One file.

    Attributes:
        id: the document's id; its last part is the file's name.
        data: the file's bytes.
        encoding: overrides the detection for text formats.
    """

    id: str
    data: bytes = field(repr=False)
    encoding: str | None = None
    options: Options = Options()

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes, in hexadecimal."""
        return sha256(self.data).hexdigest()
