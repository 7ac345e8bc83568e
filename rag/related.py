"""Notes related to a note: near in the graph, or similar in what they say; each with the reason."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from graph.keys import key_of
from graph.walk import folded, note_id
from rag.graph_places import cite
from rag.messages import say
from rag.store import linking
from rag.types import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from graph.model import Edge, Node, Subgraph, Weighted
    from rag.engine import Engine
    from rag.protocols import GraphStore
    from rag.store.catalogue import Catalogue
    from rag.types import Chunk, Citation

Why = Literal[
    "links", "linked", "each other", "names", "named", "property", "shared", "tags", "days", "notes", "text"
]
"""Of two notes: one links to the other, is linked from it, or both; says the other's title, or is said by it; has it as
a property; both name something, have a tag, a day, or are joined to the same note; or their texts are similar."""

_AROUND = 160
_QUERIES = 8
_PASSAGES = 60
_LONGEST_QUERY = 1_200
_UNLIKE, _ALIKE = 0.35, 0.5  # cosine below which texts have nothing in common, and from which it is said
_HALF = 0.5  # of what is shared, in the graph: this much makes half of the score
_NAMED = 4
_MENTIONS = 20


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two notes are related; ``names`` of what they share."""

    why: Why
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relative:
    """A related note.

    Attributes:
        link: how the vault links to it, to be copied.
        score: from 0 to 1; of ``near`` (in the graph) and ``similar`` (in the text), each from 0 to 1.
        is_linked: one of the two links to the other already.
    """

    doc_id: str
    title: str
    link: str
    score: float
    near: float
    similar: float
    is_linked: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """What is related to ``note``; ``mentions``: where others say one of its names without linking to it.

    ``link``: how they would link to it.
    """

    note: Node
    link: str
    notes: tuple[Relative, ...]
    mentions: tuple[Citation, ...] = ()
    more_mentions: int = 0

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "note": asdict(self.note) | {"link": self.link},
            "related": [asdict(one) for one in self.notes],
            "unlinked_mentions": [
                {
                    "path": m.doc_id,
                    "line": m.lines[0],
                    "page": m.page,
                    "start": m.start,
                    "end": m.end,
                    "text": m.quote,
                }
                for m in self.mentions
            ],
            "more_mentions": self.more_mentions,
        }


def told(reason: Reason) -> str:
    """A reason in words."""
    names = ", ".join(reason.names)
    words: dict[str, Callable[[], str]] = {
        "links": lambda: say("it is linked from here"),
        "linked": lambda: say("it links here"),
        "each other": lambda: say("they link to each other"),
        "names": lambda: say("it is named here"),
        "named": lambda: say("it names this note"),
        "property": lambda: say("one is a property of the other"),
        "shared": lambda: say("both name {names}", names=names),
        "tags": lambda: say("both are tagged {names}", names=names),
        "days": lambda: say("both are of {names}", names=names),
        "notes": lambda: say("both have to do with {names}", names=names),
        "text": lambda: say("similar text"),
    }
    return words[reason.why]()


def related(engine: Engine, store: GraphStore, note: Node, *, unlinked: bool, limit: int) -> Related:
    """The notes most related to one, the closest first; see ``rag.graphing.Graph.related``."""
    doc_id = note.id.removeprefix("note:")
    around = store.near(note.id, 2, _AROUND)
    near = _nearness(note.id, around)
    similar = _similarity(engine, doc_id)
    linked = _linked(engine.catalogue, doc_id)
    titles = {n.id: n.label for n in around.nodes if n.kind == "note"}
    found = []
    for other in {*near, *(note_id(one) for one in similar)} - {note.id}:
        other_id = other.removeprefix("note:")
        if unlinked and other_id in linked:
            continue
        in_graph, in_text = near.get(other, 0.0), similar.get(other_id, 0.0)
        found.append((1 - (1 - in_graph) * (1 - in_text), other_id, in_graph, in_text))
    found.sort(key=lambda one: (-round(one[0], 6), one[1]))
    notes = []
    for total, other_id, near_it, like_it in found[:limit]:
        reasons = tuple(_reasons(note.id, note_id(other_id), around, linked.get(other_id), like_it))
        if not reasons:
            continue
        title = titles.get(note_id(other_id)) or _title(engine.catalogue, other_id)
        link = link_to(engine.catalogue, other_id)
        score, in_graph, in_text = (round(value, 4) for value in (total, near_it, like_it))
        notes.append(Relative(other_id, title, link, score, in_graph, in_text, other_id in linked, reasons))
    own = link_to(engine.catalogue, doc_id)
    if not unlinked:
        return Related(note, own, tuple(notes))
    mentions = _unlinked_mentions(engine.catalogue, store, note, linked)
    return Related(note, own, tuple(notes), tuple(mentions[:_MENTIONS]), max(0, len(mentions) - _MENTIONS))


# Near in the graph


def _nearness(start: str, around: Subgraph) -> dict[str, float]:
    """From 0 to 1: how much joins each note to the start, directly and by what stands between."""
    weight: dict[str, dict[str, float]] = defaultdict(dict)
    for edge in around.edges:
        weight[edge.source][edge.target] = weight[edge.target][edge.source] = edge.weight
    strength: dict[str, float] = defaultdict(float)
    for between, first in sorted(weight[start].items()):
        strength[between] += first
        share = first / (
            1 + sum(weight[between].values())
        )  # what hangs together with much says little of each
        for other, second in sorted(weight[between].items()):
            strength[other] += share * second
    return {n: s / (s + _HALF) for n, s in strength.items() if n.startswith("note:") and n != start}


def _reasons(start: str, other: str, around: Subgraph, link: str | None, similar: float) -> Iterator[Reason]:
    joined: dict[frozenset[str], Weighted] = {frozenset((e.source, e.target)): e for e in around.edges}
    if link:
        yield Reason(link)  # type: ignore[arg-type]  # one of the three
    direct = joined.get(frozenset((start, other)))
    yield from _said(start, direct.edges if direct and not link else ())
    names: dict[Why, list[tuple[float, str]]] = defaultdict(list)
    for node in around.nodes:
        sides = joined.get(frozenset((start, node.id))), joined.get(frozenset((node.id, other)))
        if sides[0] and sides[1]:
            names[_SHARED[node.kind]].append((-sides[0].weight * sides[1].weight, node.label))
    for why, told in names.items():
        yield Reason(why, tuple(label for _, label in sorted(told)[:_NAMED]))
    is_alone = not (link or direct or names)
    if similar >= (_ALIKE - _UNLIKE) / (1 - _UNLIKE) or (is_alone and similar):
        yield Reason("text")


_SHARED: dict[str, Why] = {
    "entity": "shared", "tag": "tags", "day": "days", "month": "days", "year": "days", "note": "notes",
}  # fmt: skip


def _said(start: str, edges: Iterable[Edge]) -> Iterator[Reason]:
    """One says the other's title, or has it as a property."""
    for why in sorted({_saying(start, edge) for edge in edges}):
        yield Reason(why)


def _saying(start: str, edge: Edge) -> Why:
    if edge.kind == "RELATED":
        return "property"
    return "names" if folded(edge.source) == start else "named"


def _linked(catalogue: Catalogue, doc_id: str) -> dict[str, Why]:
    """Notes that a note links to, or that link to it, and which."""
    document = catalogue.document(doc_id)
    there = {link.resolved for link in document.links if link.resolved} if document else set()
    with catalogue.database.reading() as db:
        back = set(linking.backlinks(db, doc_id))
    ways: dict[str, Why] = dict.fromkeys(there, "links")
    ways |= dict.fromkeys(back, "linked")
    return ways | dict.fromkeys(there & back, "each other")


# Similar in the text


def _similarity(engine: Engine, doc_id: str) -> dict[str, float]:
    """From 0 to 1: how similar other notes' passages are to those of a note; empty without an embedding model."""
    dense = engine.dense
    chunks = engine.catalogue.chunks_of(doc_id)
    if dense is None or not chunks:
        return {}
    every = -(-len(chunks) // _QUERIES)
    asked = chunks[::every]
    best: dict[str, float] = defaultdict(float)
    for chunk in asked:
        for other, cosine in _likest(engine.catalogue, dense.search(Query(_query(chunk)), _PASSAGES)).items():
            best[other] += max(0.0, cosine - _UNLIKE) / (1 - _UNLIKE) / len(asked)
    best.pop(doc_id, None)
    return dict(best)


def _query(chunk: Chunk) -> str:
    return f"{chunk.context}\n{chunk.body}"[:_LONGEST_QUERY]


def _likest(catalogue: Catalogue, found: Sequence[tuple[int, float]]) -> dict[str, float]:
    """The best passage of each note."""
    chunks = catalogue.chunks([key for key, _ in found])
    best: dict[str, float] = {}
    for key, cosine in found:
        if key in chunks:
            doc_id = chunks[key].doc_id
            best[doc_id] = max(best.get(doc_id, 0.0), cosine)
    return best


# Links


def link_to(catalogue: Catalogue, doc_id: str) -> str:
    """``[[file name]]``, as a wikilink says it; with its folders where several files are called so."""
    relative = doc_id.partition("/")[2]
    name = relative.rpartition("/")[2]
    root = doc_id.partition("/")[0]
    with catalogue.database.reading() as db:
        (count,) = db.execute(
            "SELECT count(*) FROM documents WHERE root = ? AND status = 'indexed' AND (relative = ? OR relative LIKE ? "
            "ESCAPE '\\')",
            (root, name, "%/" + _escaped(name)),
        ).fetchone()
    return f"[[{(name if count <= 1 else relative).removesuffix('.md')}]]"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _title(catalogue: Catalogue, doc_id: str) -> str:
    document = catalogue.document(doc_id)
    return document.title if document else doc_id


def _unlinked_mentions(
    catalogue: Catalogue, store: GraphStore, note: Node, linked: Mapping[str, Why]
) -> list[Citation]:
    """Where notes that do not link to a note say one of its names, by place."""
    doc_id = note.id.removeprefix("note:")
    with catalogue.database.reading() as db:
        labels = [
            label
            for (label,) in db.execute("SELECT label FROM titles WHERE doc_id = ? ORDER BY label", (doc_id,))
        ]
    keys = {key_of(label) for label in labels}
    linking_here = {other for other, way in linked.items() if way != "links"}
    places = {
        (one.doc_id, start, end)
        for label in labels
        for one in store.naming([label])
        if one.doc_id not in linking_here and one.doc_id != doc_id
        for start, end in one.places
    }
    found = []
    for other, start, end in sorted(places):
        document = catalogue.document(other)
        if document is None or key_of(document.text[start:end]) not in keys:
            continue
        cited = cite(catalogue, other, start, end)
        if cited and start >= _body(document.text) and cited.quote.lstrip("# ") != document.title:
            found.append(cited)
    return found


def _body(text: str) -> int:
    """Where the front matter ends: a link is of no use within."""
    return text.find("\n---", 3) + 1 if text.startswith("---\n") else 0
