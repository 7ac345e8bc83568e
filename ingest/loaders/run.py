"""What a page says between two borders of blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.loaders.extract import Anchor

_SPACES = re.compile(r"[ \t\n\r\f\v]+")


class Run:
    """Running text: white space is folded, unless it stands in a ``<pre>``."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.space = False
        self.anchors: list[Anchor] = []

    def write(self, text: str, *, exact: bool = False) -> None:
        """Add text; ``exact``: with its white space."""
        if not exact:
            folded = _SPACES.sub(" ", text)
            self.space |= folded.startswith(" ")
            text = folded.strip(" ")
            if text and self.space and self.length and not self.parts[-1].endswith("\n"):
                self._put(" ")
            self.space = folded.endswith(" ") if text else self.space
        if text:
            self._put(text)

    def ends_in_word(self) -> bool:
        """Whether what comes next would join a word or number."""
        return not self.space and bool(self.parts) and self.parts[-1][-1].isalnum()

    def _put(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)
