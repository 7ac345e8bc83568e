"""What the knowledge graph is made of. Plain values, standard library only.

Three views of the same thing:

- ``Facts``: what one document says, by spans of its text; extractors make them, the catalogue keeps them.
- ``Node`` and ``Edge``: the graph. Every edge names the document and the span that it comes from, so that all of a
  document's edges go with it; the same relation may be said by many passages, and is then many edges.
- ``Contribution``: the edges of one document: the unit in which stores are brought up to date.

Node ids: ``note:<document id>``, ``section:<document id>#<start>``, ``chunk:<document id>#<start>``,
``entity:<key>``, ``tag:<tag>``, ``day:2023-05-01``, ``month:2023-05``, ``year:2023``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NodeKind = Literal["note", "section", "chunk", "entity", "tag", "day", "month", "year"]
EdgeKind = Literal[
    "LINKS_TO",  # note -> note: wikilink, Markdown link, embed
    "MENTIONS",  # chunk (or note, of what stands in no chunk) -> entity
    "TAGGED",  # note -> tag
    "ON_DATE",  # note or chunk -> day, month or year
    "PART_OF",  # chunk -> section or note, section -> section or note, day -> month, month -> year
    "NEXT",  # chunk -> the next one of its note
    "ALIAS_OF",  # entity -> entity, on written evidence; entity -> note that is titled or called so
    "RELATED",  # note or entity -> entity, with a predicate: a property, or what a language model read
]
EntityKind = Literal["person", "place", "organisation", "work", "technology", "concept"]
Extractor = Literal[
    "structure",  # headings, passages, calendar
    "link",
    "title",  # the title or alias of a note, found in another's text
    "alias",
    "tag",
    "property",
    "date",
    "url",
    "code",
    "name",  # capitals, acronyms, quotation marks
    "pos",  # part-of-speech tags
    "llm",
]


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that a document says. ``document.text[start:end]`` holds it, unless the span is a whole property."""

    start: int
    end: int
    name: str
    kind: EntityKind
    extractor: Extractor
    confidence: float


@dataclass(frozen=True, slots=True)
class Relation:
    """``subject`` (empty: the note itself) stands in ``predicate`` to ``object``, as ``start:end`` says."""

    start: int
    end: int
    subject: str
    predicate: str
    object: str
    extractor: Extractor
    confidence: float


@dataclass(frozen=True, slots=True)
class Alias:
    """The text at ``start:end`` says that two names are one: ``向量数据库（vector database）``."""

    start: int
    end: int
    name: str
    other: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What one document says; each sorted by start."""

    mentions: tuple[Mention, ...] = ()
    relations: tuple[Relation, ...] = ()
    aliases: tuple[Alias, ...] = ()


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """``label`` is what is shown; ``entity_kind`` is empty for all but entities."""

    id: str
    kind: NodeKind
    label: str
    entity_kind: EntityKind | Literal[""] = ""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """``source`` and ``target`` are node ids; ``doc_id[start:end]`` is where it is written; predicate: of RELATED."""

    source: str
    kind: EdgeKind
    target: str
    doc_id: str
    start: int
    end: int
    extractor: Extractor
    confidence: float
    predicate: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """All that one document brings: its own nodes (note, sections, chunks, tags, days; not entities), and its edges."""

    doc_id: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


# What questions about the graph get.


@dataclass(frozen=True, slots=True)
class Found:
    """A note that a question about the graph finds; ``value`` is its property's, where one was asked for."""

    doc_id: str
    title: str
    count: int = 0
    value: str = ""
    places: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Dated:
    """A passage on an entity's timeline; ``day`` is ISO 8601 as far as it is known: 2023, 2023-05, 2023-05-01."""

    day: str
    doc_id: str
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A node beside another: by which kinds of edges, how many, and where the first is written."""

    node: Node
    kinds: tuple[EdgeKind, ...]
    count: int
    doc_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Weighted:
    """Edges between two nodes as one, for a picture; ``edges`` holds at most a few of them, to be clicked."""

    source: str
    target: str
    weight: float
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Nodes and what joins them; ``more`` says how many nodes were left out."""

    nodes: tuple[Node, ...]
    edges: tuple[Weighted, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class GraphStats:
    """Counts by kind of node and of edge."""

    nodes: dict[NodeKind, int]
    edges: dict[EdgeKind, int]
