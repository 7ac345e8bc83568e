"""Files in parts that are committed together."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_T = TypeVar("_T")
_BATCH_BYTES = 32_000_000  # a batch is committed sooner when its files are large


def batched(items: Iterable[_T], size: int, weight: Callable[[_T], int]) -> Iterator[list[_T]]:
    """Parts of at most ``size`` items; one that has grown heavy ends sooner."""
    part: list[_T] = []
    heavy = 0
    for item in items:
        part.append(item)
        heavy += weight(item)
        if len(part) >= size or heavy > _BATCH_BYTES:
            yield part
            part, heavy = [], 0
    if part:
        yield part
