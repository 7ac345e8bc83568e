"""The frame of the graph's page: everything that is the same for all notes. Pure functions, safe HTML.

What the notes say comes later, as JSON, and is set as text by ``graph.js``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.graph_pictures import DEPTHS, MOST
from ui.frame import unfilled_html
from ui.source import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ui.text import Text

NODE_KINDS = ("note", "entity", "tag", "day", "month", "year")
EDGE_KINDS = ("LINKS_TO", "MENTIONS", "RELATED", "TAGGED", "ON_DATE", "ALIAS_OF")
_SIZES = (20, 40, 80, MOST)
_GROUPS = (
    ("note", ("note",)),
    ("entity", ("entity",)),
    ("tag", ("tag",)),
    ("date", ("day", "month", "year")),
)
_DATA = ("neighbours", "failed", "loading", "open", "centre", "shown", "joins", "alone")
_FIRST, _SECOND = DEPTHS


def page_html(backend: str, documents: int, words: Text) -> str:
    """The page between its header and its end.

    Args:
        backend: the setting ``graph.backend``; ``none`` has nothing to draw.
        documents: how many notes are indexed.
        words: in the reader's language.
    """
    if not documents:
        return unfilled_html(words)
    if backend == "none":
        return _empty(
            words("graph.none"),
            words("graph.none_body"),
            "graph:\n  backend: local",
            words("graph.none_note"),
        )
    data = "".join(f' data-{key}="{escape(words(f"graph.{key}"))}"' for key in _DATA)
    return (
        f'<section id="graph" class="graph"{data}>'
        f'<h2 class="graph-title">{words("graph.title")}</h2><p class="graph-lead">{words("graph.lead")} {words("graph.hint")}</p>'
        f"{_search(words)}{_filters(words)}"
        '<p class="graph-status" role="status"></p>'
        f'<div class="graph-body"><div class="graph-stage"><div class="graph-canvas" aria-hidden="true"></div></div>'
        f'<aside class="graph-side" aria-label="{words("graph.side")}" tabindex="-1"></aside>'
        f'<nav class="graph-list" aria-label="{words("graph.list")}"></nav></div>'
        '<div class="graph-source"></div></section>'
    )


def _empty(title: str, body: str, command: str, note: str) -> str:
    return (
        f'<section class="welcome graph-empty"><h2>{title}</h2><p>{body}</p>'
        f'<pre><code>{command}</code></pre><p class="fine">{note}</p></section>'
    )


def _search(words: Text) -> str:
    return (
        '<form class="graph-search" role="search" autocomplete="off">'
        f'<label for="graph-name">{words("graph.find")}</label>'
        f'<div class="graph-box"><input id="graph-name" name="name" role="combobox" aria-expanded="false" aria-autocomplete="list" '
        f'aria-controls="graph-names" placeholder="{escape(words("graph.placeholder"))}" dir="auto" spellcheck="false">'
        f'<ul id="graph-names" role="listbox" aria-label="{words("graph.names")}" hidden></ul></div></form>'
    )


def _filters(words: Text) -> str:
    """The legend, which is also the filter: a box a kind."""
    nodes = _boxes(
        "nodes",
        ((",".join(kinds), name, words(f"graph.kinds.{name}")) for name, kinds in _GROUPS),
    )
    edges = _boxes("edges", ((kind, kind.lower(), words(f"graph.edge.{kind}")) for kind in EDGE_KINDS))
    depths = _choice(
        "depth",
        [(str(_FIRST), words("graph.steps.1")), (str(_SECOND), words("graph.steps.2"))],
        str(_FIRST),
        words,
    )
    sizes = _choice("limit", [(str(size), str(size)) for size in _SIZES], "40", words)
    times = "".join(
        f'<label>{words(f"graph.{name}")} <input type="date" name="{name}" max="9999-12-31"></label>'
        for name in ("since", "until")
    )
    return (
        '<form class="graph-filters">'
        f"<fieldset><legend>{words('graph.shown_nodes')}</legend>{nodes}</fieldset>"
        f"<fieldset><legend>{words('graph.shown_edges')}</legend>{edges}</fieldset>"
        f'<fieldset class="graph-bounds"><legend>{words("graph.bounds")}</legend>{depths}{sizes}{times}</fieldset></form>'
    )


def _boxes(group: str, kinds: Iterable[tuple[str, str, str]]) -> str:
    return "".join(
        f'<label class="graph-kind"><input type="checkbox" name="{group}" value="{value}" checked>'
        f'<i class="swatch {name}" aria-hidden="true"></i>{label}</label>'
        for value, name, label in kinds
    )


def _choice(name: str, options: Iterable[tuple[str, str]], chosen: str, words: Text) -> str:
    made = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{label}</option>'
        for value, label in options
    )
    return f'<label>{words(f"graph.{name}")} <select name="{name}">{made}</select></label>'
