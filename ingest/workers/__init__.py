"""Worker processes that read files: one that hangs, crashes or eats the memory takes only its own file with it.

Not ``multiprocessing``: that runs the caller's script again unless it guards its main part, and workers must start
from any script, notebook or prompt. A worker is ``sys.executable -P -c ...``; jobs and outcomes pass through its
standard input and output as pickles behind their length. It never imports from the current folder.

``pool`` hands out the work, ``process`` is the parent's end of one worker, ``serve`` what runs inside it;
``memory`` gives back what a large file took.
"""

from __future__ import annotations

from ingest.workers.memory import trim
from ingest.workers.pool import Limits, Workers

__all__ = ["Limits", "Workers", "trim"]
