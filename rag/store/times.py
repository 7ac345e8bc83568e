"""When passages are of: how well each fits a span of days, and all of them in the order of their time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Span

_SURE: Final = 0.4
"""Confidence from which on a passage's own date says that it is not of its note's."""
_ELSEWHERE: Final = 0.5
"""What is left of its note's date then: a yearly review of 31 December speaks of April, not of December."""
_SHARE: Final = (  # of a date's own days, those inside, times its confidence
    "confidence * (julianday(min(last, :last)) - julianday(max(first, :first)) + 1) "
    "/ (julianday(last) - julianday(first) + 1)"
)
_FITTING: Final = (
    "WITH own AS MATERIALIZED (SELECT key, "
    f"max({_SHARE}) AS weight FROM times WHERE key IS NOT NULL AND first <= :last AND last >= :first GROUP BY key), "
    f"notes AS MATERIALIZED (SELECT doc_id, max({_SHARE}) AS weight FROM times "
    "WHERE key IS NULL AND first <= :last AND last >= :first GROUP BY doc_id) "
    "SELECT key, weight FROM own UNION ALL SELECT c.key, n.weight * iif(c.key NOT IN (SELECT key FROM own) AND "
    f"EXISTS (SELECT 1 FROM times t WHERE t.key = c.key AND t.confidence >= {_SURE}), {_ELSEWHERE}, 1) "
    "FROM notes n JOIN chunks c ON c.doc_id = n.doc_id"
)
_BEST: Final = (  # the confident, the narrow, the late
    "(SELECT first FROM times WHERE {of} ORDER BY confidence DESC, julianday(last) - julianday(first), first DESC "
    "LIMIT 1)"
)
_DAY: Final = (
    f"coalesce({_BEST.format(of='times.key = c.key')}, "
    f"{_BEST.format(of='times.doc_id = c.doc_id AND times.key IS NULL')})"
)


def weights(db: sqlite3.Connection, spans: Sequence[Span]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Sorted keys of passages with a date that touches any of the spans, and how well each fits, in (0, 1]."""
    import numpy as np

    found = [
        pair
        for span in spans
        for pair in db.execute(_FITTING, {"first": span.first.isoformat(), "last": span.last.isoformat()})
    ]
    touching = np.array([key for key, _ in found], dtype=np.int64)
    keys, places = np.unique(touching, return_inverse=True)
    best = np.zeros(len(keys), dtype=np.float32)
    np.maximum.at(best, places, np.array([weight for _, weight in found], dtype=np.float32))
    return keys, best


def in_order(
    db: sqlite3.Connection, keys: NDArray[np.int64] | None, limit: int, *, newest_first: bool
) -> list[int]:
    """At most so many of the keys (None: of all) by their time, those without any last, then by note and place.

    The time of a passage is its own best date, else its note's.
    """
    among = "" if keys is None else "WHERE c.key IN (SELECT value FROM json_each(:keys))"
    found = db.execute(
        f"SELECT c.key, {_DAY} AS day FROM chunks c {among} "
        f"ORDER BY day {'DESC' if newest_first else 'ASC'} NULLS LAST, c.doc_id, c.start LIMIT :limit",
        {"keys": None if keys is None else json.dumps(keys.tolist()), "limit": limit},
    )
    return [key for key, _ in found]


def count_notes(db: sqlite3.Connection, keys: NDArray[np.int64] | None) -> int:
    """How many notes the passages are of; None: all passages."""
    among = "" if keys is None else "WHERE key IN (SELECT value FROM json_each(:keys))"
    count: int = db.execute(
        f"SELECT count(DISTINCT doc_id) FROM chunks {among}",
        {"keys": None if keys is None else json.dumps(keys.tolist())},
    ).fetchone()[0]
    return count
