"""Fit the weights of ``rag/answer/sureness.py``, and tell what they are worth.

    FOOTNOTES_SHARED=DIR python benchmarks/sureness.py [--split dev|report] [--limit 150] [--cache DIR]

Every question that has an answer is asked twice: of all notes, and of all but those that hold it (where the passages still
hold it, the pair is left out). On ``dev`` the weights are fitted, and each set is judged by weights of the other sets (leave one
out); on ``report`` the weights in the code are judged. Writes ``benchmarks/results/sureness.SPLIT.md``.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag import config
from rag.answer import sureness
from rag.answer.extract import ExtractiveWriter
from rag.evals import answers, corpus, datasets, harness, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rag.evals.datasets import Question

FITTED = ("xquad_en", "xquad_zh", "drcd_zh_hant", "memdaily_zh", "hotpotqa_en", "gitlab_handbook_en")
RESULTS = Path(__file__).parent / "results"
_SMALL, _STEPS, _PENALTY = 1e-9, 30, 1.0
_EACH = 200  # what a set weighs, however many questions it has


@dataclass(frozen=True)
class Rows:
    """One row a question: its signs, and whether its answer is there; ``unread``: answers of questions without signs."""

    signs: NDArray[np.float64]
    there: NDArray[np.bool_]
    unread: int


class Watched(ExtractiveWriter):
    """Remembers the signs of the last question."""

    last: sureness.Signs | None = None

    def write(self, query: Any, hits: Any, idf: Any) -> Any:
        """As the writer does."""
        type(self).last = sureness.signs(query.text, hits, idf)
        return super().write(query, hits, idf)


def asked(folder: Path, cache: Path, split: Any, limit: int) -> Rows:
    """Ask the questions of a set."""
    data = datasets.load(folder)
    loaded = config.load(cache)
    home = cache / f"{data.root}-{corpus.key(data, loaded.settings)}"
    opened = harness._engine()  # noqa: SLF001 - as ``footnotes eval answers`` does
    harness._build(data, home, lambda: opened(home, settings={}), harness._silent)  # noqa: SLF001 - as above
    questions = [q for q in harness._questions(data, split, None) if q.answers][:limit]  # noqa: SLF001 - as above
    signs: list[list[float]] = []
    there: list[bool] = []
    unread = 0
    with opened(home, settings={}) as engine:
        run = answers._Run(data, engine, harness._silent)  # noqa: SLF001 - as above
        for question, is_there in _pairs(run, data, questions, split, limit):
            Watched.last = None
            answer = run._ask(question)  # noqa: SLF001 - as above
            held = any(texts.holds(hit.chunk.text, question.answers) for hit in answer.hits)
            if not is_there and question.answers and held:
                continue
            if Watched.last is None:
                unread += 1
                continue
            signs.append(list(Watched.last))
            there.append(is_there)
    return Rows(np.array(signs), np.array(there), unread)


def _pairs(
    run: Any, data: Any, questions: Sequence[Question], split: str, limit: int
) -> Iterator[tuple[Question, bool]]:
    for question in questions:
        yield question, True
    if data.unanswerable:
        yield from (
            (q, False) for q in [q for q in data.unanswerable if datasets.split(q.id) == split][:limit]
        )
        return
    for question in questions:
        gold = tuple(sorted(run._gold(question)))  # noqa: SLF001 - as above
        yield replace(question, exclude=(*question.exclude, *gold)), False


def fitted(found: Sequence[Rows]) -> tuple[NDArray[np.float64], float]:
    """Weights and bias by logistic regression (Newton's steps, ridge), each set weighing the same."""
    signs = np.concatenate([rows.signs for rows in found])
    there = np.concatenate([rows.there for rows in found]).astype(float)
    weight = np.concatenate([np.full(len(rows.there), _EACH / len(rows.there)) for rows in found])
    mean, spread = signs.mean(axis=0), signs.std(axis=0) + _SMALL
    z = np.c_[(signs - mean) / spread, np.ones(len(signs))]
    ridge = np.array([_PENALTY] * signs.shape[1] + [_SMALL])
    b = np.zeros(z.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-z @ b))
        hessian = (z * (weight * p * (1 - p) + _SMALL)[:, None]).T @ z + np.diag(ridge)
        b += np.linalg.solve(hessian, z.T @ (weight * (there - p)) - ridge * b)
    factors = b[:-1] / spread
    return factors, float(b[-1] - factors @ mean)


def auroc(sure: NDArray[np.float64], there: NDArray[np.bool_]) -> float:
    """The chance that a question with an answer is surer than one without; equals count half."""
    yes, no = sure[there][:, None], sure[~there][None, :]
    return float((yes > no).mean() + 0.5 * (yes == no).mean())


def row(name: str, rows: Rows, sure: NDArray[np.float64]) -> str:
    """A line of the table."""
    yes, no = sure[rows.there], sure[~rows.there]
    cells = [f"{auroc(sure, rows.there):.3f}"]
    for limit in (sureness.REFUSED, sureness.DOUBTED):
        cells += [f"{100 * (yes < limit).mean():.1f}", f"{100 * (no < limit).mean():.1f}"]
    return f"| {name} | {len(yes)} / {len(no)} | {' | '.join(cells)} |"


def main() -> None:
    """Ask, fit, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("dev", "report"), default="dev")
    parser.add_argument("--limit", type=int, default=150)
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/footnotes-evals").expanduser())
    options = parser.parse_args()
    sets = Path(os.environ["FOOTNOTES_SHARED"]) / "eval"
    answers_writer: Any = __import__("rag.answer.extract", fromlist=["ExtractiveWriter"])
    answers_writer.ExtractiveWriter = Watched
    found: dict[str, Rows] = {}
    for name in (*FITTED, "locomo_session_en", "rgb_zh"):
        found[name] = asked(sets / name, options.cache, options.split, options.limit)
        print(name, len(found[name].there), flush=True)
    write(found, options.split, options.limit)


def write(found: Mapping[str, Rows], split: str, limit: int) -> None:
    """The table, and on dev the weights."""
    names = sureness.Signs._fields
    here = np.array([sureness.WEIGHTS[name] for name in names])
    lines = []
    for name, rows in found.items():
        others = [found[other] for other in FITTED if other != name]
        factors, bias = fitted(others) if split == "dev" else (here, sureness.BIAS)
        lines.append(row(name, rows, 1 / (1 + np.exp(-(rows.signs @ factors + bias)))))
    told = ""
    if split == "dev":
        factors, bias = fitted([found[name] for name in FITTED])
        weights = ", ".join(f"{name} {value:.2f}" for name, value in zip(names, factors, strict=True))
        told = f"\nFitted on all six: {weights}, bias {bias:.2f}.\n"
    how = "each set judged by weights fitted on the others" if split == "dev" else "the weights in the code"
    text = (
        f"# How sure an answer is, {split} questions\n\n`python benchmarks/sureness.py --split {split} --limit {limit}`: {how}. "
        "With an answer / without: questions; then percent of each that are refused, and refused or doubted.\n\n"
        "| set | questions | AUROC | refused, with | refused, without | doubted, with | doubted, without |\n"
        f"| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n{chr(10).join(lines)}\n{told}"
    )
    print(text)
    (RESULTS / f"sureness.{split}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
