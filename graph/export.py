"""The graph as text for other programs: GraphML, JSON, Cypher. Written piece by piece, so that it may be large."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar
from xml.sax.saxutils import escape, quoteattr

from graph.walk import predicate_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from graph.model import Edge, Node

    Writer = Callable[[Iterable[Node], Iterable[Edge]], Iterator[str]]

T = TypeVar("T")

_TOGETHER = 500
_GRAPHML_KEYS = (
    ("node", "kind", "string"),
    ("node", "label", "string"),
    ("node", "entity_kind", "string"),
    ("edge", "kind", "string"),
    ("edge", "predicate", "string"),
    ("edge", "doc_id", "string"),
    ("edge", "start", "int"),
    ("edge", "end", "int"),
    ("edge", "extractor", "string"),
    ("edge", "confidence", "double"),
)
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[str]:
    """One object: ``nodes`` and ``edges``, a line each, with the fields of ``graph.model``."""
    yield '{"nodes": ['
    yield from _joined(nodes)
    yield '\n], "edges": ['
    yield from _joined(edges)
    yield "\n]}\n"


def _joined(values: Iterable[Node] | Iterable[Edge]) -> Iterator[str]:
    border = "\n"
    for value in values:
        yield border + json.dumps(asdict(value), ensure_ascii=False)
        border = ",\n"


def as_graphml(nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[str]:
    """GraphML 1.0, as Gephi, yEd, Cytoscape and NetworkX read it; a directed graph with parallel edges.

    Characters that XML cannot hold are left out.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for of, name, kind in _GRAPHML_KEYS:
        yield f'<key id="{of}_{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>\n'
    yield '<graph id="footnotes" edgedefault="directed">\n'
    for node in nodes:
        yield f"<node id={quoteattr(_xml(node.id))}>{_data('node', node)}</node>\n"
    for number, edge in enumerate(edges):
        ends = f"source={quoteattr(_xml(edge.source))} target={quoteattr(_xml(edge.target))}"
        yield f'<edge id="e{number}" {ends}>{_data("edge", edge)}</edge>\n'
    yield "</graph>\n</graphml>\n"


def _data(of: str, value: Node | Edge) -> str:
    fields = asdict(value)
    return "".join(
        f'<data key="{of}_{name}">{escape(_xml(str(fields[name])))}</data>'
        for owner, name, _ in _GRAPHML_KEYS
        if owner == of and fields[name] != ""
    )


def _xml(text: str) -> str:
    return _NOT_IN_XML.sub("", text)


def as_cypher(nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[str]:
    """Statements for cypher-shell, into an empty database, with the labels and properties of ``graph.neo4j``."""
    yield "CREATE CONSTRAINT footnotes_id IF NOT EXISTS FOR (n:FootnotesNode) REQUIRE n.id IS UNIQUE;\n"
    for labels, found in _grouped(nodes, _labels):
        rows = ", ".join(f"{{id: {_text(n.id)}, p: {_map(_of_node(n))}}}" for n in found)
        yield f"UNWIND [{rows}] AS row MERGE (n:FootnotesNode {{id: row.id}}) SET n:{labels}, n += row.p;\n"
    for kind, joined in _grouped(edges, lambda edge: edge.kind):
        rows = ", ".join(
            f"{{a: {_text(e.source)}, b: {_text(e.target)}, p: {_map(_of_edge(e))}}}" for e in joined
        )
        yield (
            f"UNWIND [{rows}] AS row MATCH (a:FootnotesNode {{id: row.a}}) MATCH (b:FootnotesNode {{id: row.b}}) "
            f"CREATE (a)-[r:{kind}]->(b) SET r = row.p;\n"
        )


def _grouped(values: Iterable[T], name: Callable[[T], str]) -> Iterator[tuple[str, list[T]]]:
    """Values of one name together, some hundreds at a time, in the order in which they come."""
    it = iter(values)
    while part := list(islice(it, _TOGETHER)):
        groups: dict[str, list[T]] = {}
        for value in part:
            groups.setdefault(name(value), []).append(value)
        yield from groups.items()


def _labels(node: Node) -> str:
    """``Note``, or ``Entity:Person``."""
    return ":".join(kind.capitalize() for kind in (node.kind, node.entity_kind) if kind)


def _of_node(node: Node) -> dict[str, str]:
    told = {"name": node.label, "kind": node.entity_kind}
    if node.kind in {"note", "section", "chunk"}:
        rest = node.id.partition(":")[2]
        told["doc"] = rest if node.kind == "note" else rest.rpartition("#")[0]
    return told


def _of_edge(edge: Edge) -> dict[str, str | int | float]:
    return {
        "doc": edge.doc_id,
        "start": edge.start,
        "end": edge.end,
        "extractor": edge.extractor,
        "confidence": edge.confidence,
        "predicate": edge.predicate,
        "property": predicate_key(edge.predicate),
    }


def _map(properties: Mapping[str, str | int | float]) -> str:
    told = ((name, value) for name, value in properties.items() if value != "")
    return "{" + ", ".join(f"{name}: {_text(v) if isinstance(v, str) else v}" for name, v in told) + "}"


def _text(text: str) -> str:
    """A Cypher string: it has the escapes that JSON needs."""
    return json.dumps(text, ensure_ascii=False)


FORMATS: Mapping[str, Writer] = MappingProxyType(
    {"json": as_json, "graphml": as_graphml, "cypher": as_cypher}
)
