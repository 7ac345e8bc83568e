"""Run a command for as long as standard input is open: so it ends with whoever started it, however that ended.

::

    python keep.py COMMAND ARGUMENT...      prints the command's process id
"""
# ruff: noqa: T201 - a script that prints

from __future__ import annotations

import subprocess
import sys
import threading


def main() -> int:
    """The command's exit code."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def end_with_starter() -> None:
        sys.stdin.read()
        child.kill()

    threading.Thread(target=end_with_starter, daemon=True).start()
    print(child.pid, flush=True)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the command gets the same signal, and ends by itself
            continue


if __name__ == "__main__":
    sys.exit(main())
