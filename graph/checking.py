"""Proof that the graph's rows say what the texts say, however they came to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph import titles
from rag.store import checks, facts

if TYPE_CHECKING:
    from rag.store.catalogue import Catalogue


def problems(catalogue: Catalogue) -> set[str]:
    """Documents whose rows cannot stand, or are not what follows from all documents: none, unless damaged.

    Read again, they are right. What is still to be followed (``graph.titles.follow``) is no problem.
    """
    with catalogue.database.reading() as db:
        wrong = set(checks.graph_problems(db))
        if not titles.is_behind(catalogue):
            wrong |= {*titles.misread(db), *facts.misjudged(db)}
        return wrong
