"""Passages that a search found, by note, as HTML: pure functions. Whatever comes from a note is escaped, without exception."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from rag import present
from rag.answer import cite
from rag.store import tokens
from ui import view
from ui.source import escape, heading_path, path_html, said_html, where_html

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rag.types import Chunk, Hit, Retrieval
    from ui.text import Text

_SURE = 0.25  # confidence from which on a date says when something was; a file's time does not
_SHOWN = 240  # characters of a passage
_BEFORE = 60  # of them before the first word that was looked for
_STEP = 20  # characters between two places where a passage could be cut


def found_html(query: str, found: Retrieval, text: Text) -> str:
    """What was understood, how much was found, and the passages, note by note in the order of their best one.

    The markup is that of an answered question, so that its footnotes open in the same panel.
    """
    said = [escape(note) for note in found.trace.notes]
    count = len({hit.chunk.doc_id for hit in found.hits})
    took = sum(stage.ms for stage in found.trace.stages)
    facts = [text("found.none")]
    if found.hits:
        passages = text.count("found.passages", len(found.hits))
        facts = [text.count("found.notes", count).format(passages=passages), f"{took:.0f} ms"]
    line = f'<p class="colophon" role="status">{" · ".join(facts + said)}</p>'
    words = frozenset(tokens.words(found.query.text)) - tokens.common()
    ranked = {id(hit): rank for rank, hit in enumerate(found.hits, 1)}
    places = {doc_id: n for n, doc_id in enumerate(dict.fromkeys(h.chunk.doc_id for h in found.hits))}
    ordered = sorted(found.hits, key=lambda hit: places[hit.chunk.doc_id])
    notes = "".join(
        _note_html([(ranked[id(hit)], hit) for hit in hits], words, text)
        for _, hits in groupby(ordered, key=lambda hit: hit.chunk.doc_id)
    )
    chips = view.chips(query, found.trace, text)
    return f'<article class="turn done found" data-turn="1">{chips}{line}<ol class="found">{notes}</ol></article>'


def failed_html(line: str, text: Text) -> str:
    """A query that cannot be searched for, and why."""
    return f'<article class="turn failed found">{view.trouble(line, text("found.failed"))}</article>'


def _note_html(hits: Sequence[tuple[int, Hit]], words: Collection[str], text: Text) -> str:
    chunk = hits[0][1].chunk
    date = present.date_of(replace(chunk, dates=tuple(d for d in chunk.dates if d.confidence >= _SURE)))
    when = f"<time>{escape(date)}</time>" if date else ""
    passages = "".join(_passage_html(rank, hit, words, text) for rank, hit in hits)
    return (
        f'<li class="note"><h3><bdi>{escape(chunk.title)}</bdi></h3>'
        f'<p class="at">{path_html(chunk.doc_id)}{when}</p><ol>{passages}</ol></li>'
    )


def _passage_html(rank: int, hit: Hit, words: Collection[str], text: Text) -> str:
    chunk = hit.chunk
    citation = cite.citation_for(chunk, (0, len(chunk.text)), rank)
    address = urlencode({"id": chunk.doc_id, "start": citation.start, "end": citation.end, "n": rank})
    heading = heading_path(citation)
    return (
        f'<li><button type="button" class="ref" data-n="{rank}" data-source="passage?{escape(address)}">'
        f'<span class="n" aria-hidden="true">{rank}</span>'
        f'<span class="q" dir="auto">{snippet_html(chunk, words)}</span>'
        f'<span class="at">{where_html(citation, text)}'
        + (f'<bdi class="under">{escape(heading)}</bdi>' if heading else "")
        + f"{said_html(citation, text)}</span></button>{_why_html(hit, text)}</li>"
    )


def _why_html(hit: Hit, text: Text) -> str:
    """Its rank in each source, what was seen in it, and which way the graph led to it."""
    known = {"lexical", "dense", "graph"}
    ranks = [f"{text(f'found.source.{name}')} {rank}" for name, rank in hit.ranks.items() if name in known]
    seen = [f"{escape(name)} {value:.2f}" for name, value in hit.features.items()]
    via = [" → ".join(map(escape, hit.via))] if hit.via else []
    lines = "".join(
        f"<p><b>{text(f'found.{what}')}</b> {', '.join(items)}</p>"
        for what, items in (("ranks", ranks), ("seen", [f"{hit.score:.2f}", *seen]), ("via", via))
        if items
    )
    return f'<details class="why"><summary>{text("found.why")}</summary>{lines}</details>'


def snippet_html(chunk: Chunk, words: Collection[str]) -> str:
    """The part of a passage with the most of the words that were looked for, and these marked."""
    body = cite.readable(chunk)
    spans = [(t.start, t.end) for t in tokens.terms(body) if t.text in words]
    start, end = _window(body, spans)
    shown = _marked(body, start, end, _joined(spans))
    return f"{'…' if start else ''}{shown}{'…' if end < len(body.rstrip()) else ''}"


def _window(body: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Where to cut: so that most words stand inside, the earliest of equals; at a space, if there is one."""
    if len(body) <= _SHOWN:
        return 0, len(body)
    starts = [0, *(max(0, a - _BEFORE) // _STEP * _STEP for a, _ in spans)]
    inside = {s: len({body[a:b] for a, b in spans if s <= a and b <= s + _SHOWN}) for s in starts}
    start = max(inside, key=lambda s: (inside[s], -s))
    space = body.find(" ", start, start + _STEP) if start else -1
    start = space + 1 if space >= 0 else start
    return start, min(len(body), start + _SHOWN)


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch or overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _marked(body: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> str:
    parts, at = [], start
    for a, b in spans:
        if a < start or b > end:
            continue
        parts += [escape(body[at:a]), f"<mark>{escape(body[a:b])}</mark>"]
        at = b
    return "".join([*parts, escape(body[at:end])])
