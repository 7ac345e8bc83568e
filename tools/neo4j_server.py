"""Start a Neo4j as the tests do, and keep it until Ctrl-C: an empty one, with a port and a password of its own.

python -m tools.neo4j_server
"""
# ruff: noqa: INP001, T201 - a script that prints, not a package

from __future__ import annotations

import contextlib
import signal
import sys
import threading

from tests.integration.neo4j.server import AbsentError, server_at_hand


def main() -> int:
    """Run it; 1 where there is none at hand."""
    try:
        server = server_at_hand()
    except AbsentError as e:
        print(f"Neo4j is missing: {e}", file=sys.stderr)
        return 1
    try:
        server.start()
        print("Neo4j runs. In another terminal:\n")
        print("export FOOTNOTES_GRAPH__BACKEND=neo4j")
        print(f"export FOOTNOTES_GRAPH__URL={server.url}")
        print(f"export FOOTNOTES_GRAPH__USER={server.user}")
        print(f"export FOOTNOTES_GRAPH__PASSWORD={server.password}")
        print("footnotes graph push\n")
        print("Ctrl-C ends it, and removes its data.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it behind
        server.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
