"""The graph as the page's script gets it. Labels and sentences are plain text, which the script sets as text only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.walk import folded
from rag import graph_hints, graph_pictures
from ui.source import source_html, where
from ui.trouble import ApiError
from ui.views import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graph.model import Edge, Node
    from rag.engine import Engine
    from rag.graph_hints import Hint
    from ui.paths import Paths
    from ui.text import Text

_HINTS, _STARTS = 8, 12
_PERCENT = 100
_QUOTE = 160


def names(engine: Engine, text: str, words: Text) -> dict[str, Any]:
    """Nodes to look at: those called so; for no text, those that most leads to."""
    wanted = text.strip()
    found = (
        graph_hints.hints(engine.catalogue, wanted, _HINTS)
        if wanted
        else graph_hints.central(engine.catalogue, _STARTS)
    )
    return {"names": [_hint(hint, words) for hint in found]}


def near(engine: Engine, given: str, view: graph_pictures.View, words: Text) -> dict[str, Any]:
    """Nodes, the start first, and edges, each with its kinds and where it is written.

    Raises:
        GraphError: nothing is called so, or the server with the graph does not answer.
    """
    drawn = graph_pictures.picture(engine, given, view)
    found = drawn.found
    return {
        "nodes": [_node(node, words) for node in found.nodes],
        "edges": [
            {
                "source": edge.source,
                "target": edge.target,
                "weight": edge.weight,
                "kinds": sorted({one.kind for one in edge.edges}),
                "why": _why(engine, edge.edges, drawn.named, words),
            }
            for edge in found.edges
        ],
        "more": found.more,
        "chosen": words("graph.chosen", shown=len(found.nodes), more=found.more) if found.more else "",
    }


def node(engine: Engine, node_id: str, words: Text) -> dict[str, Any]:
    """A node and what is written at it.

    Raises:
        GraphError: there is none, or the server with the graph does not answer.
    """
    told = graph_pictures.beside(engine, node_id)
    doc_id = told.node.id.removeprefix("note:") if told.node.kind == "note" else ""
    return {
        **_node(told.node, words),
        "path": doc_id,
        "notes": words.count("graph.notes", told.notes) if told.notes else "",
        "why": _why(engine, told.edges, told.named, words),
        "more": words.count("graph.more_places", told.more) if told.more else "",
    }


def source(engine: Engine, paths: Paths, doc_id: str, span: tuple[int, int], words: Text) -> dict[str, str]:
    """The panel that shows a passage in its note, as HTML.

    Raises:
        ApiError: the note is gone, or has become shorter.
    """
    cited = graph_pictures.cited(engine, doc_id, *span)
    if cited is None:
        raise ApiError(404, "not_found", words("graph.moved", path=doc_id), "doc")
    return {"html": source_html(cited, source_of(engine, doc_id, paths), (1, 1), words)}


def _hint(hint: Hint, words: Text) -> dict[str, Any]:
    key = "graph.links" if hint.node.kind == "note" else "graph.notes"
    return {**_node(hint.node, words), "count": words.count(key, hint.count) if hint.count else ""}


def _node(one: Node, words: Text) -> dict[str, str]:
    return {
        "id": one.id,
        "kind": one.kind,
        "label": one.label,
        "what": words(f"graph.kind.{one.entity_kind or one.kind}"),
        "path": one.id.removeprefix("note:") if one.kind == "note" else "",
    }


def _why(
    engine: Engine, edges: Iterable[Edge], named: Mapping[str, Node], words: Text
) -> list[dict[str, Any]]:
    """Each place once: a link's text is often a name, too."""
    told: list[dict[str, Any]] = []
    spans: list[tuple[str, int, int]] = []
    for edge in edges:
        doc_id, start, end = graph_pictures.place(engine, edge, named)
        if any(doc_id == other and start < last and first < end for other, first, last in spans):
            continue
        spans.append((doc_id, start, end))
        told.append({"sentence": _sentence(edge, named, words), "how": _how(edge, words)})
        told[-1] |= _passage(engine, doc_id, start, end, words)
    return told


def _sentence(edge: Edge, named: Mapping[str, Node], words: Text) -> str:
    ends = {"source": _named(edge.source, named), "target": _named(edge.target, named)}
    return words(f"graph.says.{edge.kind}", predicate=edge.predicate, **ends)


def _named(node_id: str, named: Mapping[str, Node]) -> str:
    shown = folded(node_id)
    return named[shown].label if shown in named else shown.partition(":")[2]


def _how(edge: Edge, words: Text) -> str:
    by = words(f"graph.by.{edge.extractor}")
    sure = round(edge.confidence * _PERCENT)
    return by if sure >= _PERCENT else words("graph.sure", by=by, percent=sure)


def _passage(engine: Engine, doc_id: str, start: int, end: int, words: Text) -> dict[str, Any]:
    """The line around a span, in three parts, of which the middle one is the span; without one, where the note is gone."""
    cited = graph_pictures.cited(engine, doc_id, start, end)
    if cited is None:
        return {"doc": doc_id, "start": start, "end": end, "where": words("gone"), "parts": []}
    first, last = max(start - cited.start, 0), min(max(end - cited.start, 0), len(cited.quote))
    last = min(last, first + _QUOTE)
    parts = [cited.quote[:first], cited.quote[first:last], cited.quote[last:]]
    return {"doc": doc_id, "start": start, "end": end, "where": where(cited, words), "parts": parts}
