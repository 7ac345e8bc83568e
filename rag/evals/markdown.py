"""The report as Markdown: the tables, the worst questions, and what the figures depend on."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from rag.evals import metrics, report, runs
from rag.evals.worst import worst
from rag.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rag.evals.report import EvalReport
    from rag.evals.runs import Compared
    from rag.evals.worst import Worst

_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~])")


def text(reports: Sequence[EvalReport], comparisons: Sequence[Compared], by: str) -> str:
    """The whole file; ``by`` is the metric that decides. ``comparisons`` are in the order of the reports, or empty."""
    parts = [f"# {say('Retrieval, measured')}", report.render(reports)]
    if comparisons:
        against = say("Against '{run}'", run=_plain(comparisons[0].run))
        parts += [f"## {against}", runs.render(comparisons)]
    for place, each in enumerate(reports):
        questions = worst(each, by, comparisons[place] if comparisons else None)
        if questions:
            said = say(
                "The {count} worst questions by {metric}", count=len(questions), metric=metrics.heading(by)
            )
            parts += [f"## {_plain(each.set)}: {said}", "\n".join(map(_question, questions))]
    parts += [f"## {say('What the figures depend on')}", "\n".join(_facts(reports[0]))]
    return "\n\n".join(parts) + "\n"


def _question(each: Worst) -> str:
    found = next((one.rank for one in each.right if one.rank), None)
    rank = say("not found") if found is None else say("rank {rank}", rank=found)
    return f"- {100 * each.value:.1f} · {_plain(each.text)} ({_plain(each.id)}) · {rank}"


def _facts(first: EvalReport) -> Iterator[str]:
    facts = first.facts.to_json()
    yield f"- started: {facts['started']}, seed: {facts['seed']}"
    for part in ("code", "machine", "models", "settings"):
        yield f"- {part}: " + ", ".join(f"{name} {_plain(str(value))}" for name, value in facts[part].items())


def _plain(words: str) -> str:
    """One line in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", escape(" ".join(words.split()), quote=False))
