"""What a model thinks aloud before it answers is not its answer: it is left out, and never read for markers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OPEN: Final = re.compile(r"<think(?:ing)?>|<thought>|<reasoning>", re.IGNORECASE)
_CLOSE: Final = re.compile(r"</(?:think(?:ing)?|thought|reasoning)>", re.IGNORECASE)
_EITHER: Final = re.compile(f"{_OPEN.pattern}|{_CLOSE.pattern}", re.IGNORECASE)
_HALF: Final = re.compile(r"<(?:/?[a-z]{0,9})?$", re.IGNORECASE)
_TAGS: Final = (
    "<think>",
    "<thinking>",
    "<thought>",
    "<reasoning>",
    "</think>",
    "</thinking>",
    "</thought>",
    "</reasoning>",
)


def without_thoughts(pieces: Iterable[str]) -> Iterator[str | None]:
    """A stream without its ``<think>…</think>`` parts, however the pieces cut the tags; an unclosed one is all thought.

    Some servers leave the opening tag out. Then None comes where the closing one stands: all before it was a thought.
    """
    pending, thinking = "", False
    for piece in pieces:
        pending += piece
        while at := (_CLOSE if thinking else _EITHER).search(pending):
            if not thinking:
                yield pending[: at.start()] if _OPEN.match(at[0]) else None
            thinking = _OPEN.match(at[0]) is not None
            pending = pending[at.end() :]
        keep = _half_tag(pending)
        if not thinking:
            yield pending[: len(pending) - keep]
        pending = pending[len(pending) - keep :]
    if not thinking:
        yield pending


def _half_tag(text: str) -> int:
    """How many characters at the end of a text may be the beginning of a tag."""
    half = _HALF.search(text)
    if half is None or not any(tag.startswith(half[0].lower()) for tag in _TAGS):
        return 0
    return len(half[0])
