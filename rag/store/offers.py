"""What filters can be offered: the folders, tags and types that notes have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

_MOST: Final = 200  # of each


def of(db: sqlite3.Connection) -> dict[str, list[str]]:
    """``folders`` (with a slash at their end) by name, ``tags`` and ``types`` by how many notes have them; the most frequent."""
    ids = [doc_id for (doc_id,) in db.execute("SELECT id FROM documents WHERE status = 'indexed'")]
    folders = Counter(folder for doc_id in ids for folder in _above(doc_id))
    tags = db.execute(
        "SELECT t.value FROM documents d, json_each(d.tags) t WHERE d.status = 'indexed' "
        "GROUP BY t.value ORDER BY count(*) DESC, t.value LIMIT ?",
        (_MOST,),
    )
    types = db.execute(
        "SELECT format FROM documents WHERE status = 'indexed' GROUP BY format ORDER BY count(*) DESC, format"
    )
    return {
        "folders": sorted(folder for folder, _ in folders.most_common(_MOST)),
        "tags": [tag for (tag,) in tags],
        "types": [kind for (kind,) in types],
    }


def _above(doc_id: str) -> list[str]:
    """The folders that a note lies in, its root left out."""
    parts = doc_id.split("/")[1:-1]
    return ["/".join(parts[: n + 1]) + "/" for n in range(len(parts))]
