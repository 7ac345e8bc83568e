"""Makes questions from the user's own notes: the same notes give the same questions.

Each kind drafts questions note by note, in an order that alternates between languages and folders and is fixed by the
seed; the kinds then take turns, until there are enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import EvalError
from rag.evals.making import cloze, dated, heading, links
from rag.evals.making.notes import round_robin, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rag.engine import Engine
    from rag.evals.cases import Case
    from rag.evals.making.notes import Notes

    Draft = Callable[[Notes], Iterator[Case]]

GENERATED = "generated"
DRAFTS: Mapping[str, Draft] = {
    "heading": heading.draft,
    "cloze": cloze.draft,
    "link": links.draft,
    "date": dated.draft,
}
KINDS = (*DRAFTS, GENERATED)


def make(
    engine: Engine,
    *,
    count: int = 100,
    seed: int = 0,
    kinds: Sequence[str] | None = None,
    generate: Draft | None = None,
) -> list[Case]:
    """At most ``count`` questions of these kinds, as evenly as the notes allow, sorted by kind.

    Args:
        engine: whose notes.
        count: how many questions are wanted.
        seed: chooses which.
        kinds: of ``KINDS``; default: all that can be made.
        generate: drafts the questions of kind ``generated``.

    Raises:
        EvalError: there is no such kind.
    """
    drafts = {**DRAFTS, **({GENERATED: generate} if generate else {})}
    for kind in kinds or ():
        if kind not in KINDS:
            raise EvalError(
                "There is no kind of question {kind!r}. Choose from: {kinds}.",
                kind=kind,
                kinds=", ".join(KINDS),
            )
    chosen = [kind for kind in drafts if kinds is None or kind in kinds]
    notes = survey(engine, seed)
    found: dict[str, Case] = {}
    for case in round_robin([drafts[kind](notes) for kind in chosen]):
        if len(found) >= count:
            break
        found.setdefault(case.question, case)
    place = {kind: n for n, kind in enumerate(KINDS)}
    return sorted(found.values(), key=lambda case: place[case.kind])
