"""Memory that a large file has taken, given back to the system."""

from __future__ import annotations

import sys
from contextlib import suppress


def trim() -> None:
    """Let glibc give back what is free; it would keep it for later."""
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):  # another C library has no such call
        ctypes.CDLL(None).malloc_trim(0)
