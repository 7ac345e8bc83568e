"""The real server in a process of its own, over a folder of notes; shared by the server's and the browser's tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

REPOSITORY = __file__.rpartition("tests")[0]
START_S = 90.0


@contextmanager
def serving(
    notes: Path | None,
    home: Path,
    *,
    output: list[str] | None = None,
    pauses: Sequence[float] = (),
    variables: Mapping[str, str] | None = None,
    options: Sequence[str] = ("ui", "--no-browser"),
) -> Iterator[str]:
    """``footnotes ui NOTES --port 0``, or ``serve``: its URL, until the block ends; it must end quietly on Ctrl-C.

    Args:
        notes: the folder of notes; None: a home without any.
        home: where the index goes.
        output: receives every line that is printed.
        pauses: seconds before each further Ctrl-C.
        variables: environment variables.
        options: the command, and what follows the folder.
    """
    environment = {**os.environ, "FOOTNOTES_HOME": str(home), "PYTHONPATH": REPOSITORY, **(variables or {})}
    folder = [str(notes)] if notes else []
    command = [sys.executable, "-c", "from rag.cli import main; main()", options[0], *folder, "--port", "0"]
    output = [] if output is None else output
    process = subprocess.Popen(
        [*command, *options[1:]],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    url: list[str] = []
    known = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            output.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            if found:
                url.append(found[0])
                known.set()
        known.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        known.wait(START_S)
        assert url, f"the server did not start: {''.join(output)}"
        yield url[0]
        process.send_signal(signal.SIGINT)
        for pause in pauses:
            time.sleep(pause)
            process.send_signal(signal.SIGINT)
        process.wait(15)
        reader.join()
        assert not re.search("Traceback|ERROR", "".join(output)), "".join(output)
    finally:
        process.kill()
        process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()
