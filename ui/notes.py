"""Notes as REST and MCP give them: only what the catalogue holds, never a file by its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest.scan import sha256_of
from rag import present
from rag.types import NO_FILTERS

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.types import DateRange, Document, Filters


def state_of(engine: Engine, doc_id: str, sha256: str) -> str:
    """What has become of a note since an answer cited it: ``same``, ``changed`` or ``gone``.

    Only files of notes that the catalogue holds are looked at, so that nobody learns here what else is on the disk.
    """
    note = engine.document(doc_id)
    if note is None:
        return "gone"
    file = engine.file_of(doc_id)
    if file is None:  # it came from elsewhere; what is indexed is all there is
        return "same" if note.sha256 == sha256 else "changed"
    try:
        return "same" if sha256_of(file) == sha256 else "changed"
    except FileNotFoundError:
        return "gone"
    except OSError:  # it is there and cannot be read: nobody can say that it is the same
        return "changed"


def read(engine: Engine, doc_id: str, start: int = 0, end: int | None = None) -> dict[str, Any] | None:
    """A note, or characters ``start`` to ``end`` of it; None where the index has none of that id."""
    note = engine.document(doc_id)
    if note is None:
        return None
    start = min(start, len(note.text))
    end = len(note.text) if end is None else max(start, min(end, len(note.text)))
    first = note.text.count("\n", 0, start) + 1
    return {
        **head(note),
        "properties": dict(note.meta),
        "links": list(dict.fromkeys(link.resolved for link in note.links if link.resolved)),
        "start": start,
        "end": end,
        "length": len(note.text),
        "text": note.text[start:end],
        "lines": [first, first + note.text.count("\n", start, max(start, end - 1))],
        "state": state_of(engine, doc_id, note.sha256),
    }


def head(note: Document) -> dict[str, Any]:
    """What a list says of a note."""
    return {
        "id": note.id,
        "title": note.title,
        "format": note.format,
        "tags": list(note.tags),
        "dates": [_days(found) for found in note.dates],
    }


def listed(engine: Engine, filters: Filters = NO_FILTERS, first: int = 0, most: int = 50) -> dict[str, Any]:
    """Notes by id, and how many there are in all."""
    engine.refresh()
    keys = engine.catalogue.allowed_keys(filters)
    if keys is None:
        ids = [row.id for row in engine.files() if row.status == "indexed"]
    else:
        chunks = engine.catalogue.chunks(engine.catalogue.by_place(keys.tolist()))
        ids = sorted({chunk.doc_id for chunk in chunks.values()})
    notes = [note for doc_id in ids[first : first + most] if (note := engine.document(doc_id))]
    return {"notes": [head(note) for note in notes], "total": len(ids)}


def by_date(engine: Engine, filters: Filters, most: int, *, newest_first: bool = True) -> dict[str, Any]:
    """Passages that the filters let through, in the order of their time, and of how many notes they are."""
    engine.refresh()
    keys = engine.catalogue.in_order(filters, most, newest_first=newest_first)
    chunks = engine.catalogue.chunks(keys)
    found = [chunks[key] for key in keys if key in chunks]
    passages = [
        {
            "id": chunk.doc_id,
            "title": chunk.title,
            "date": present.date_of(chunk),
            "start": chunk.start,
            "end": chunk.end,
            "text": chunk.text,
        }
        for chunk in found
    ]
    return {"passages": passages, "notes": engine.catalogue.count_notes(filters)}


def _days(found: DateRange) -> str:
    first, last = found.first.isoformat(), found.last.isoformat()
    return first if first == last else f"{first}..{last}"
