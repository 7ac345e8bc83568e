"""A sign of life from slow but honest work, so that its time limit starts again.

A worker process that is silent for ``sync.file_timeout_s`` is killed. Text recognition of many pages, or a vision
model's answer, legitimately takes longer than that as a whole: it calls ``beat()`` after each page or image. Nothing
else may: a loop that never ends must not keep itself alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_listener: Callable[[], None] | None = None


def beat() -> None:
    """Say that the file at hand has come a page further. Outside a worker process nobody listens."""
    if _listener is not None:
        _listener()


def listen(listener: Callable[[], None] | None) -> None:
    """Name who hears of every beat; a worker process does so once."""
    global _listener  # noqa: PLW0603 - one process reads one file at a time
    _listener = listener
