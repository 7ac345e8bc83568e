"""Ablations by name: ``hybrid+graph`` is what the search would be with these parts and no others.

Where a stage's own list is that search, it is taken as it is; else the other parts are switched off by settings. The
index stays the one of all parts, so nothing is embedded again. Its list is taken before repeats are moved down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from rag.errors import EvalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NOTHING: Mapping[str, object] = MappingProxyType({})
_NO_GRAPH = {"graph.backend": "none"}
_NO_DENSE = {"embedding.model": "none"}


@dataclass(frozen=True, slots=True)
class Ablation:
    """What is left of the search: the list of ``stage``, with the settings ``off``."""

    name: str
    stage: str
    off: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


ALL = (
    Ablation("lexical", "lexical"),
    Ablation("dense", "dense"),
    Ablation("hybrid", "hybrid"),
    Ablation("lexical+graph", "linked", _NO_DENSE),
    Ablation("hybrid+graph", "linked"),
    Ablation("lexical+rerank", "reranked", _NO_DENSE | _NO_GRAPH),
    Ablation("hybrid+rerank", "reranked", _NO_GRAPH),
    Ablation("lexical+graph+rerank", "reranked", _NO_DENSE),
    Ablation("hybrid+graph+rerank", "reranked"),
)


def named(names: Sequence[str]) -> tuple[Ablation, ...]:
    """The ablations of these names, each once; one that begins with ``+`` is the one before it with a part more.

    Raises:
        EvalError: there is no such ablation.
    """
    by_parts = {frozenset(each.name.split("+")): each for each in ALL}
    found: dict[str, Ablation] = {}
    before = ""
    for name in names:
        whole = before + name if name.startswith("+") else name
        each = by_parts.get(frozenset(whole.split("+")))
        if each is None:
            raise EvalError(
                "There is no ablation '{name}'. Choose from: {names}. +graph adds to the one before it.",
                name=whole,
                names=", ".join(one.name for one in ALL),
            )
        found[each.name] = each
        before = each.name
    return tuple(found.values())


def by_settings(ablations: Sequence[Ablation]) -> Iterator[tuple[Mapping[str, object], list[Ablation]]]:
    """Those that one search serves together, with what is off in it: the fullest search first."""
    ordered = sorted(ablations, key=_off)
    for _, group in groupby(ordered, key=_off):
        together = list(group)
        yield together[0].off, together


def _off(ablation: Ablation) -> tuple[str, ...]:
    return tuple(sorted(ablation.off))
