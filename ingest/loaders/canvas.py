"""Obsidian's canvases (JSON Canvas 1.0): cards in reading order, groups as sections, files and edges as links."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest.encoding import decode
from ingest.loaders.blocks import heading_text
from ingest.loaders.extract import Block, clean, compose, document
from ingest.loaders.markdown import read_body
from ingest.loaders.masks import disjoint
from ingest.loaders.text import decoding_warnings, title_from_name
from rag.errors import LoadError
from rag.types import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.loaders.source import Source
    from rag.types import Document

_DEEPEST_LEVEL = 6
_MOST_GROUPS = 300  # nesting is looked for among as many
_ROW = 0.5  # cards whose tops differ by less than this part of the upper one's height stand in one row


class _Card(NamedTuple):
    """A node; position and size in pixels."""

    id: str
    x: float
    y: float
    width: float
    height: float
    node: dict[str, Any]


class _Group(NamedTuple):
    """A labelled frame, the frames around it before it in ``path``."""

    card: _Card
    path: tuple[tuple[float, float], ...]
    cards: list[_Card]


def load(source: Source) -> Document:
    """Read a canvas.

    Raises:
        LoadError: the file is not a canvas.
    """
    raw = decode(source.id, source.data, source.encoding)
    nodes, edges = _parsed(source.id, raw.text)
    extract = compose([list(_blocks(nodes, edges))])
    found = document(source, extract, "prose", title_from_name(source.id))
    body = read_body(found.text, 0)
    own = [
        Section(h.start, heading_text(found.text[h.start : h.end]), min(h.level + 1, _DEEPEST_LEVEL))
        for h in body.outline
    ]
    return replace(
        found,
        sections=tuple(sorted((*found.sections, *own), key=lambda s: s.start)),
        tags=tuple(dict.fromkeys(body.tags)),
        masks=disjoint(body.masks),
        links=body.links,
        encoding=raw.encoding,
        warnings=decoding_warnings(source.id, raw),
    )


def _parsed(doc_id: str, text: str) -> tuple[list[_Card], list[dict[str, Any]]]:
    try:
        data = dict(json.loads(text)) if text.strip() else {}
    except (ValueError, TypeError, RecursionError) as e:
        raise LoadError(
            "{name}: is not a canvas: its JSON cannot be read: {reason}. Open it in Obsidian and save it again.",
            name=doc_id,
            reason=" ".join(str(e).split()) or type(e).__name__,
        ) from e
    return [_card(node) for node in _objects(data, "nodes")], list(_objects(data, "edges"))


def _objects(data: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = data.get(key)
    return (one for one in (found if isinstance(found, list) else ()) if isinstance(one, dict))


def _card(node: dict[str, Any]) -> _Card:
    x, y, width, height = (_number(node.get(key)) for key in ("x", "y", "width", "height"))
    return _Card(str(node.get("id")), x, y, width, height, node)


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, (int, float)) else 0.0
    except OverflowError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _blocks(cards: list[_Card], edges: list[dict[str, Any]]) -> Iterator[Block]:
    """Cards outside of groups, then each group with its own."""
    labels: dict[str, list[str]] = {}
    for edge in edges:
        if label := _text(edge, "label"):
            labels.setdefault(str(edge.get("fromNode")), []).append(label)
    frames = _in_order(card for card in cards if card.node.get("type") == "group")
    groups = _nested(frames[:_MOST_GROUPS]) + [
        _Group(frame, ((frame.y, frame.x),), []) for frame in frames[_MOST_GROUPS:]
    ]
    groups.sort(key=lambda group: group.path)
    outside: list[_Card] = []
    for card in cards:
        if card.node.get("type") != "group":
            around = [group for group in groups[:_MOST_GROUPS] if _holds(group.card, card)]
            inner = max(around, key=lambda group: len(group.path), default=None)
            (inner.cards if inner else outside).append(card)
    yield from _written(outside, labels)
    for group in groups:
        yield Block(_text(group.card.node, "label"), min(len(group.path), _DEEPEST_LEVEL))
        yield from (Block(label) for label in labels.get(group.card.id, ()))
        yield from _written(group.cards, labels)


def _nested(frames: list[_Card]) -> list[_Group]:
    groups = []
    for frame in frames:
        around = [
            other
            for other in frames
            if other is not frame and _holds(other, frame) and not _holds(frame, other)
        ]
        around.sort(key=lambda other: -other.width * other.height)
        groups.append(_Group(frame, tuple((card.y, card.x) for card in (*around, frame)), []))
    return groups


def _holds(frame: _Card, card: _Card) -> bool:
    """Whether a card's middle lies in a frame that is no smaller."""
    x, y = card.x + card.width / 2, card.y + card.height / 2
    inside = frame.x <= x <= frame.x + frame.width and frame.y <= y <= frame.y + frame.height
    return inside and frame.width * frame.height >= card.width * card.height


def _in_order(cards: Iterable[_Card]) -> list[_Card]:
    """Row by row from the top, each from the left."""
    rows: list[list[_Card]] = []
    for card in sorted(cards, key=lambda card: (card.y, card.x)):
        if rows and card.y <= rows[-1][0].y + _ROW * rows[-1][0].height:
            rows[-1].append(card)
        else:
            rows.append([card])
    return [card for row in rows for card in sorted(row, key=lambda card: (card.x, card.y))]


def _written(cards: list[_Card], labels: dict[str, list[str]]) -> Iterator[Block]:
    for card in _in_order(cards):
        kind = card.node.get("type")
        if kind == "file":
            yield Block(_embed(_text(card.node, "file") + _text(card.node, "subpath")))
        elif kind == "link":
            yield Block(_text(card.node, "url"))
        else:
            yield Block(_text(card.node, "text"))
        yield from (Block(label) for label in labels.get(card.id, ()))


def _embed(path: str) -> str:
    return path if set(path) & set("[]|\n") or not path else f"![[{path}]]"


def _text(node: dict[str, Any], key: str) -> str:
    value = node.get(key)
    return clean(value).strip() if isinstance(value, str) else ""
