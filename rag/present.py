"""Core types as plain values, for ``--json`` and the API."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.types import Answer, Chunk, Citation, DateRange, Hit, Retrieval, Trace
    from rag.verdicts import Explanation, Verdict

_HEADS = frozenset({"heading", "dateline"})  # sources of dates that head what a passage says
_WEEK, _MONTH = 7, 31  # days


def retrieval(found: Retrieval) -> dict[str, Any]:
    """``{query, hits, trace}``."""
    return {
        "query": found.query.text,
        "hits": [hit(h, rank) for rank, h in enumerate(found.hits, 1)],
        "trace": trace(found.trace),
    }


def hit(found: Hit, rank: int) -> dict[str, Any]:
    """One hit; ``rank`` from 1."""
    chunk = found.chunk
    return {
        "rank": rank,
        "score": round(found.score, 6),
        "path": chunk.doc_id,
        "title": chunk.title,
        "date": date_of(chunk),
        "start": chunk.start,
        "end": chunk.end,
        "lines": list(chunk.lines),
        "page": chunk.page,
        "heading": list(chunk.heading),
        "speaker": chunk.speaker,
        "format": chunk.format,
        "text": chunk.text,
        "sources": dict(found.ranks),
        "via": list(found.via),
    }


def date_of(chunk: Chunk) -> str | None:
    """The date that says best when a passage is from, as ISO 8601, no more precise than it is known.

    The day or month of its own heading or dateline; else the most trusted day, the note's or one in the words, and
    only where there is none a month or a year: "in April" does not hide the day that the note is from.
    """
    if not chunk.dates:
        return None
    best = max(chunk.dates, key=_rank)
    first, last = best.first, best.last
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return f"{first.year:04}"
    if first.day == 1 and last + timedelta(days=1) == (first + timedelta(days=32)).replace(day=1):
        return f"{first:%Y-%m}"
    return first.isoformat()


def _rank(found: DateRange) -> tuple[bool, bool, float]:
    days = (found.last - found.first).days + 1
    heads = found.source.partition(" ")[0] in _HEADS and days <= _MONTH
    return heads, days <= _WEEK, found.confidence


def answer(found: Answer) -> dict[str, Any]:
    """``{question, answer, abstained, doubtful, citations, support, trace, ...}``."""
    return {
        "question": found.question,
        "answer": found.text,
        "abstained": found.abstained,
        "doubtful": found.doubtful,
        "citations": [citation(c) for c in found.citations],
        "support": [
            {
                "sentence": s.sentence,
                "citations": list(s.citations),
                "supported": s.supported,
                "verdict": s.verdict,
                "missing": list(s.missing),
            }
            for s in found.support
        ],
        "writer": found.writer,
        "removed_markers": found.removed_markers,
        "trace": trace(found.trace),
    }


def citation(cited: Citation) -> dict[str, Any]:
    """One citation."""
    return {
        "marker": cited.marker,
        "path": cited.doc_id,
        "title": cited.title,
        "start": cited.start,
        "end": cited.end,
        "lines": list(cited.lines),
        "page": cited.page,
        "heading": list(cited.heading),
        "speaker": cited.speaker,
        "format": cited.format,
        "notes": list(cited.notes),
        "quote": cited.quote,
        "uri": cited.uri,
        "changed": cited.changed,
    }


def trace(found: Trace) -> dict[str, Any]:
    """Stages with counts and milliseconds, notes, what was understood, and what a list was gathered from."""
    return {
        "stages": [{"name": s.name, "count": s.count, "ms": s.ms, "note": s.note} for s in found.stages],
        "notes": list(found.notes),
        "filters": [
            {"kind": p.kind, "written": p.written, "meaning": p.meaning, "hard": p.hard}
            for p in found.filters
        ],
        "in_range": found.in_range,
        "used": found.used,
        "sent": [{**asdict(one), "notes": list(one.notes)} for one in found.sent],
    }


def explanation(told: Explanation) -> dict[str, Any]:
    """``{query, k, hits, trace, filters, stages, verdict}``; of each stage the first ``k`` passages."""
    return {
        **retrieval(told.found),
        "k": told.k,
        "filters": [asdict(part) for part in told.found.trace.filters],
        "stages": {
            name: [_listed(one, rank) for rank, one in enumerate(hits[: told.k], 1)]
            for name, hits in told.found.stages.items()
        },
        "verdict": verdict(told.verdict) if told.verdict else None,
    }


def verdict(told: Verdict) -> dict[str, Any]:
    """What became of one note."""
    passage = told.passage
    return {
        "path": told.id,
        "cause": told.cause,
        "stage": told.stage,
        "held": told.held,
        "rank": told.rank,
        "limit": told.limit,
        "reason": told.reason,
        "filters": [{"field": b.field, "values": [_value(v) for v in b.values]} for b in told.blocks],
        "words": list(told.words),
        "lines": list(passage.lines) if passage else None,
        "page": passage.page if passage else None,
        "ranks": {one.stage: one.rank for one in told.standings},
        "scores": {one.stage: one.score for one in told.standings},
        "before": asdict(told.before) if told.before else None,
        "above": [_listed(one, rank) for rank, one in enumerate(told.above, 1)],
        "differences": [asdict(one) for one in told.differences],
        "changed": told.changed,
    }


def _listed(found: Hit, rank: int) -> dict[str, Any]:
    chunk = found.chunk
    return {
        "rank": rank,
        "score": round(found.score, 6),
        "path": chunk.doc_id,
        "lines": list(chunk.lines),
        "page": chunk.page,
        "sources": dict(found.ranks),
        "features": dict(found.features),
    }


def _value(value: Any) -> Any:
    return value if isinstance(value, str) else {name: str(it) for name, it in asdict(value).items()}
