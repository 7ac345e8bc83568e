"""What a language model's reply holds, where JSON was asked for: whatever else it wrote around it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST = 200_000  # characters; a model that repeats itself is not listened to for ever
_TRIES = 2_000  # broken beginnings of values, each of which costs a look at the rest
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)  # some servers leave the opening tag out
_TRAILING = re.compile(r",(?=\s*[}\]])")  # a comma after the last item, as small models write it
_VALUE = re.compile(r"[{\[]")


def heard(pieces: Iterable[str]) -> str:
    """A streamed reply as one text, no longer than ``LONGEST``."""
    parts: list[str] = []
    length = 0
    for piece in pieces:
        parts.append(piece)
        length += len(piece)
        if length >= LONGEST:
            break
    return "".join(parts)[:LONGEST]


def spoken(reply: str) -> str:
    """A reply without the thoughts before it."""
    return _THOUGHT_END.split(_THOUGHT.sub("", reply))[-1]


def values(reply: str) -> Iterator[Any]:
    """The objects and arrays of a reply, outermost first; of one that stops halfway, those inside that are whole.

    Thoughts, code fences and words around them do not matter.
    """
    text = _TRAILING.sub("", spoken(reply))
    decode = json.JSONDecoder(strict=False).raw_decode
    at = tries = 0
    while tries < _TRIES and (begin := _VALUE.search(text, at)):
        try:
            value, at = decode(text, begin.start())
        except (ValueError, RecursionError):
            at, tries = begin.end(), tries + 1
        else:
            yield value
