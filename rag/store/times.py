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
_LEFT: Final = 0.5
"""What is left of its note's date then: a yearly review of 31 December speaks of April, not of December."""
_SHARE: Final = (  # of a date's own days, those inside, times its confidence
    "confidence * (julianday(min(last, :last)) - julianday(max(first, :first)) + 1) "
    "/ (julianday(last) - julianday(first) + 1)"
)
_TOUCHES: Final = "first <= :last AND last >= :first"
_ELSEWHERE: Final = (  # the narrowest of a passage's own sure dates lies elsewhere: `# 2022`, and `## April` below it
    f"(SELECT NOT ({_TOUCHES}) FROM times o WHERE o.key = c.key AND o.confidence >= {_SURE} "
    f"ORDER BY julianday(last) - julianday(first), NOT ({_TOUCHES}) LIMIT 1)"
)
_OWN: Final = f"SELECT key, {_SHARE} FROM times WHERE key IS NOT NULL AND {_TOUCHES}"
_NOTES_OWN: Final = (
    f"SELECT c.key, {_SHARE} * iif({_ELSEWHERE}, {_LEFT}, 1) "
    f"FROM times t JOIN chunks c ON c.doc_id = t.doc_id WHERE t.key IS NULL AND {_TOUCHES}"
)
_FITTING: Final = f"{_OWN} UNION ALL {_NOTES_OWN}"
_AMONG: Final = "key IN (SELECT value FROM json_each(:keys))"
_FITTING_AMONG: Final = f"{_OWN} AND {_AMONG} UNION ALL {_NOTES_OWN} AND c.{_AMONG}"
_BEST: Final = (  # the confident, the narrow, the late
    "(SELECT first FROM times WHERE {of} ORDER BY confidence DESC, julianday(last) - julianday(first), first DESC "
    "LIMIT 1)"
)
_DAY: Final = (
    f"coalesce({_BEST.format(of='times.key = c.key')}, "
    f"{_BEST.format(of='times.doc_id = c.doc_id AND times.key IS NULL')})"
)


def weights(
    db: sqlite3.Connection, spans: Sequence[Span], among: Sequence[int] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Sorted keys of passages with a date that touches any of the spans, and how well each fits, in (0, 1].

    ``among``: only these are looked at; None: all.
    """
    import numpy as np

    asked, keys_of = (_FITTING, {}) if among is None else (_FITTING_AMONG, {"keys": json.dumps(list(among))})
    borders = ({"first": span.first.isoformat(), "last": span.last.isoformat()} for span in spans)
    found = [row for each in borders for row in db.execute(asked, each | keys_of)]
    keys, places = np.unique(np.array([key for key, _ in found], dtype=np.int64), return_inverse=True)
    best = np.zeros(len(keys), dtype=np.float32)
    np.maximum.at(best, places, np.array([fit for _, fit in found], dtype=np.float32))
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
