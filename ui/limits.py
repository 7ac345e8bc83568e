"""How much one address may ask, and how large a request may be."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message, Receive

_MOST_ADDRESSES = 10_000


class Rate:
    """A token bucket an address: so many requests a minute on average, and at once.

    Args:
        per_minute: 0: no limit.
        clock: seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def wait_s(self, address: str) -> float:
        """Count a request; 0 where it may be served, else after how many seconds to come again."""
        if not self._most:
            return 0.0
        now = self._clock()
        left, then = self._left.pop(address, (self._most, now))
        left = min(self._most, left + (now - then) * self._most / 60)
        allowed = left >= 1
        self._left[address] = (left - 1 if allowed else left, now)
        while len(self._left) > _MOST_ADDRESSES:  # the one that has been silent for longest
            del self._left[next(iter(self._left))]
        return 0.0 if allowed else (1 - left) * 60 / self._most


async def whole_body(receive: Receive, most: int) -> list[Message] | None:
    """A request's messages up to the end of its body; None: it is larger than ``most`` bytes."""
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > most:
            return None
        if message["type"] != "http.request" or not message.get("more_body"):
            return messages


def replayed(messages: list[Message], receive: Receive) -> Receive:
    """A ``receive`` that gives these messages first."""
    waiting = deque(messages)

    async def next_message() -> Message:
        return waiting.popleft() if waiting else await receive()

    return next_message
