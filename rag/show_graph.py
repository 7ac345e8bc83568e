"""What the terminal shows of the graph: answers to structured questions, surroundings, related notes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from graph.model import Dated, Edge, Found, Neighbour
from graph.walk import folded
from rag import show
from rag.messages import say
from rag.related import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import Console

    from graph.asking import Asked
    from graph.model import GraphStats, Node, Subgraph
    from rag.graphing import Reply, Result
    from rag.related import Related, Relative
    from rag.types import Citation

_QUOTE = 110
_NODE_WORDS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "note": lambda: say("note"),
        "section": lambda: say("section"),
        "chunk": lambda: say("passage"),
        "entity": lambda: say("name"),
        "tag": lambda: say("tag"),
        "day": lambda: say("day"),
        "month": lambda: say("month"),
        "year": lambda: say("year"),
        "person": lambda: say("person"),
        "place": lambda: say("place"),
        "organisation": lambda: say("organisation"),
        "work": lambda: say("work"),
        "technology": lambda: say("technology"),
        "concept": lambda: say("concept"),
    }
)
_EDGE_WORDS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "LINKS_TO": lambda: say("links to"),
        "MENTIONS": lambda: say("names"),
        "TAGGED": lambda: say("is tagged"),
        "ON_DATE": lambda: say("is of"),
        "PART_OF": lambda: say("is part of"),
        "NEXT": lambda: say("is followed by"),
        "ALIAS_OF": lambda: say("is also called"),
        "RELATED": lambda: say("has"),
    }
)


def stats(out: Console, found: GraphStats) -> None:
    """Counts by kind."""
    if not found.nodes:
        out.print(say("The graph is empty. Run: footnotes sync"))
        return
    out.print(say("{count} nodes", count=sum(found.nodes.values())))
    for node_kind, count in sorted(found.nodes.items(), key=lambda one: -one[1]):
        out.print(f"  {count:>8}  {_NODE_WORDS[node_kind]()}")
    out.print(say("{count} edges", count=sum(found.edges.values())))
    for edge_kind, count in sorted(found.edges.items(), key=lambda one: -one[1]):
        out.print(f"  {count:>8}  {_EDGE_WORDS[edge_kind]()} ({edge_kind})")


def reply(out: Console, told: Reply) -> None:
    """What was understood, then what was found."""
    show.line(_understood(told.asked))
    if not told.results:
        show.line(say("Nothing found."))
        return
    if told.loosely and told.asked.sort:
        show.line(
            say(
                "No note with it is marked as {sort} by folder, tag or property: these are all.",
                sort=told.asked.sort,
            )
        )
    elif told.loosely:
        show.line(say("None is exactly so; these contain it."))
    for one in told.results:
        for row in _result(told, one):
            out.print(row)
    if told.more:
        show.line(say("... and {count} more (--limit shows them)", count=told.more))


def _understood(asked: Asked) -> str:
    names = ", ".join(asked.names)
    if asked.form == "timeline":
        return say("Timeline of {name}:", name=names)
    if asked.form == "path":
        return say("From {start} to {end}:", start=asked.names[0], end=asked.names[-1])
    if asked.form == "neighbours":
        kinds = ", ".join(_NODE_WORDS[kind]() for kind in asked.kinds)
        if kinds:
            return say("Beside {name}, of the kind {kinds}:", name=names, kinds=kinds)
        return say("Beside {name}:", name=names)
    if asked.form == "property":
        return _understood_property(asked)
    return say("Notes that name {names}:", names=say(" and ").join(asked.names))


def _understood_property(asked: Asked) -> str:
    if asked.operator == "max":
        return say("Notes by {property}, the highest first:", property=asked.predicate)
    if asked.operator == "min":
        return say("Notes by {property}, the lowest first:", property=asked.predicate)
    return say(
        "Notes with {property} {operator} {value}:",
        property=asked.predicate,
        operator=asked.operator,
        value=asked.value,
    )


def _result(told: Reply, one: Result) -> Iterator[str]:
    item = one.item
    if isinstance(item, Edge):
        yield _step(told, item)
    elif isinstance(item, Dated):
        yield f"{item.day or say('undated'):<10}  {show.name(item.title)}"
    elif isinstance(item, Neighbour):
        kind = _NODE_WORDS[item.node.entity_kind or item.node.kind]()
        yield f"{show.name(item.node.label)}  ({kind}, {item.count}×)"
    elif item.value:
        yield f"{item.value}  {show.name(item.title)}"
    else:
        yield f"{show.name(item.title)}  ({item.count}×)"
    if not one.where and isinstance(item, Found | Dated):
        yield f"    {show.name(item.doc_id)}"
    is_plain = isinstance(item, Found) and bool(item.value)  # the line would only repeat the property
    for cited in one.where[:1] if is_plain else one.where:
        yield f"    {_place(cited)}" if is_plain else f"    {_place(cited)}  {_line(cited)}"


def _step(told: Reply, edge: Edge) -> str:
    source, target = (_named(told.nodes, end) for end in (edge.source, edge.target))
    verb = f"{edge.predicate}:" if edge.kind == "RELATED" else _EDGE_WORDS[edge.kind]()
    return f"{source} {verb} {target}"


def _named(nodes: Mapping[str, Node], node_id: str) -> str:
    node = nodes.get(folded(node_id))
    label = node.label if node else folded(node_id).partition(":")[2]
    kind = folded(node_id).partition(":")[0]
    return f"[[{label}]]" if kind == "note" else f"#{label}" if kind == "tag" else label


def _place(cited: Citation) -> str:
    return show.place(cited.doc_id, cited)


def _line(cited: Citation) -> str:
    flat = " ".join(cited.quote.split())
    return flat if len(flat) <= _QUOTE else flat[: _QUOTE - 1] + "…"


def near(out: Console, found: Subgraph) -> None:
    """The nodes around one, each with what joins it to which others."""
    if not found.nodes:
        show.line(say("Nothing found."))
        return
    labels = {node.id: _named({node.id: node}, node.id) for node in found.nodes}
    start = found.nodes[0].id
    out.print(f"{labels[start]}  ({_NODE_WORDS[found.nodes[0].entity_kind or found.nodes[0].kind]()})")
    for node in found.nodes[1:]:
        joined = sorted(
            (one for one in found.edges if node.id in {one.source, one.target}), key=lambda one: -one.weight
        )
        ends = [one.source if one.target == node.id else one.target for one in joined]
        others = ", ".join(
            labels[end] for end in [*(e for e in ends if e == start), *(e for e in ends if e != start)][:5]
        )
        out.print(f"  {labels[node.id]}  ({_NODE_WORDS[node.entity_kind or node.kind]()})  - {others}")
    if found.more:
        show.line(say("... and {count} more (--limit shows them)", count=found.more))


def related(out: Console, found: Related, *, unlinked: bool) -> None:
    """Each note with its link and why; then where the note is named without a link."""
    show.line(
        say(
            "Related to [[{title}]] ({path}):",
            title=found.note.label,
            path=found.note.id.removeprefix("note:"),
        )
    )
    if not found.notes:
        show.line(say("Nothing found."))
    for one in found.notes:
        out.print(f"{one.link}{_title_of(one)}  {one.score:.2f}")
        out.print("    " + say("; ").join(told(reason) for reason in one.reasons))
        out.print(f"    {show.name(one.doc_id)}")
    if found.mentions:
        out.print()
        out.print(say("Named without a link ({link}):", link=found.link))
        for cited in found.mentions:
            out.print(f"    {_place(cited)}  {_line(cited)}")
    elif unlinked:
        show.line(say("No other note names it without a link."))
    if found.more_mentions:
        show.line(say("... and {count} more; --json lists them all", count=found.more_mentions))


def _title_of(one: Relative) -> str:
    return "" if one.link == f"[[{one.title}]]" else f"  {show.name(one.title)}"
