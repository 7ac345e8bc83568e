"""Where the server's work is done: in threads, so many at a time, and given up when nobody waits for it any more."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
from anyio import CapacityLimiter

from ui.trouble import told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


T = TypeVar("T")
_END = object()


class Work:
    """Runs blocking calls in threads."""

    def __init__(self, at_a_time: int) -> None:
        self._places = anyio.Semaphore(at_a_time)
        self._threads = CapacityLimiter(at_a_time * 2)  # one each to work, one each to tidy up

    async def run(self, call: Callable[[], T]) -> T:
        """What ``call`` returns.

        Raises:
            ApiError: whatever went wrong in it.
        """
        async with self._places:
            try:
                return await anyio.to_thread.run_sync(call, limiter=self._threads)
            except Exception as e:
                raise told(e) from e

    @asynccontextmanager
    async def pieces(self, items: Iterator[T]) -> AsyncIterator[AsyncIterator[T]]:
        """The items one by one. When the block is left early, the iterator is closed, and so its model's connection."""
        async with self._places:
            try:
                yield self._each(items)
            except Exception as e:
                raise told(e) from e
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(lambda: _close(items), limiter=self._threads)

    async def _each(self, items: Iterator[T]) -> AsyncIterator[T]:
        while (
            item := await anyio.to_thread.run_sync(lambda: next(items, _END), limiter=self._threads)
        ) is not _END:
            yield item  # type: ignore[misc]  # the end is not among them


def _close(items: Iterator[object]) -> None:
    close = getattr(items, "close", None)
    if close is not None:
        close()
