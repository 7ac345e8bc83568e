"""The written graph can be read again, whatever its names hold."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

from graph.export import FORMATS, as_cypher, as_graphml, as_json
from graph.model import Edge, Node

ODD = "a\"b'c<d>&e\\f\n\u2028{g} 🗂 汉"
NODES = [
    Node("entity:" + ODD, "entity", ODD, "person"),
    Node("note:v/" + ODD, "note", "\x00\x1b" + ODD),
    Node("section:v/a#b.md#12", "section", "S"),
    Node("tag:x", "tag", "x"),
]
EDGES = [
    Edge(NODES[1].id, "MENTIONS", NODES[0].id, "v/" + ODD, 1, 4, "name", 0.9),
    Edge(NODES[1].id, "RELATED", NODES[0].id, "v/" + ODD, 0, 9, "property", 1.0, "Written_By"),
]
NAMESPACE = {"g": "http://graphml.graphdrawing.org/xmlns"}


def test_json_holds_every_field() -> None:
    """One object, a line each."""
    read = json.loads("".join(as_json(NODES, EDGES)))
    assert [Node(**node) for node in read["nodes"]] == NODES
    assert [Edge(**edge) for edge in read["edges"]] == EDGES
    assert json.loads("".join(as_json([], []))) == {"nodes": [], "edges": []}


def test_graphml_is_xml_with_declared_keys() -> None:
    """Names survive but for characters that XML cannot hold; every datum has its key; edges join nodes."""
    root = ET.fromstring("".join(as_graphml(NODES, EDGES)))  # noqa: S314 - our own text
    ids = [node.attrib["id"] for node in root.findall(".//g:node", NAMESPACE)]
    assert ids == [node.id for node in NODES]
    edges = root.findall(".//g:edge", NAMESPACE)
    assert [(e.attrib["source"], e.attrib["target"]) for e in edges] == [(e.source, e.target) for e in EDGES]
    keys = {key.attrib["id"] for key in root.findall("g:key", NAMESPACE)}
    assert {data.attrib["key"] for data in root.iter(f"{{{NAMESPACE['g']}}}data")} <= keys
    label = root.find(".//g:node[2]/g:data[@key='node_label']", NAMESPACE)
    assert label is not None
    assert label.text == ODD


def test_cypher_is_one_statement_a_line_with_escaped_strings() -> None:
    """No name ends its string or its line; labels and types are ours alone."""
    text = "".join(as_cypher(NODES, EDGES))
    lines = text.split("\n")
    assert lines.pop() == ""
    assert all(line.endswith(";") for line in lines)
    bare = [re.sub(r'"(?:[^"\\]|\\.)*"', '""', line) for line in lines]
    assert not any("汉" in line or "🗂" in line for line in bare)
    assert "SET n:Entity:Person, n += row.p;" in bare[1]
    assert bare[-1].startswith('UNWIND [{a: "", b: "", p: {doc: "", start: 0, end: 9, ')
    assert any("CREATE (a)-[r:RELATED]->(b)" in line for line in bare)
    assert 'property: "written by"' in text


def test_large_graphs_are_written_in_parts() -> None:
    """Some hundreds of rows a statement, and nothing is read ahead of need."""
    many = [Node(f"tag:{i}", "tag", str(i)) for i in range(1_200)]
    statements = [s for s in as_cypher(many, []) if s.startswith("UNWIND")]
    assert len(statements) == 3
    pieces = as_json(iter(many), iter([]))
    assert next(pieces)
    assert set(FORMATS) == {"json", "graphml", "cypher"}
