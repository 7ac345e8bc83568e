"""TREC's run files, so that other tools can score our rankings, and ours theirs.

A line is ``query-id Q0 row-id rank score tag``. White space and ``%`` in an id are written as in a URL, or the line
would have more columns. Beside our runs lie the judgements, with the same ids.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from rag.errors import EvalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rag.evals.datasets import EvalSet
    from rag.evals.report import EvalReport

    Scores = dict[str, dict[str, float]]  # question id -> row id -> score

_COLUMNS = 6
_TAG = "footnotes"
_APART = re.compile(r"[\s%]")


def write(report: EvalReport, folder: Path) -> list[Path]:
    """One ``SET.STAGE.run`` a stage, and ``SET.qrels``; returns what was written.

    Raises:
        EvalError: the folder cannot be written.
    """
    made = {
        folder / f"{report.data.root}.{stage}.run": _run_lines(stage, found)
        for stage, found in report.rankings.items()
    }
    made[folder / f"{report.data.root}.qrels"] = _qrel_lines(report)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, lines in made.items():
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
    except OSError as e:
        raise EvalError("{path} cannot be written: {reason}.", path=folder, reason=e.strerror or e) from e
    return list(made)


def _run_lines(stage: str, found: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Scores say the order alone: the reciprocal of the rank."""
    for query, rows in found.items():
        for rank, row in enumerate(rows, 1):
            yield f"{_written(query)} Q0 {_written(row)} {rank} {1 / rank:.9f} {_TAG}-{stage}"


def _qrel_lines(report: EvalReport) -> Iterator[str]:
    for query in report.latency:
        for row, grade in report.data.qrels[query].items():
            yield f"{_written(query)} 0 {_written(row)} {grade}"


def _written(name: str) -> str:
    return _APART.sub(lambda found: quote(found[0], safe=""), name)


def read(path: Path, data: EvalSet) -> Scores:
    """The scores of a run file, by the ids of the set.

    Raises:
        EvalError: it cannot be read, a line is not of that form, or it answers no question of the set.
    """
    queries, rows = {question.id for question in data.questions}, set(data.row_ids.values())
    found: Scores = {}
    for number, line in enumerate(_text(path).split("\n"), 1):
        columns = line.split()
        if not columns:
            continue
        score = _score(columns[4]) if len(columns) == _COLUMNS else None
        if score is None:
            raise EvalError(
                "{path}, line {line}: not a line of a TREC run. Write query-id Q0 row-id rank score tag.",
                path=path,
                line=number,
            )
        query, row = _known(columns[0], queries), _known(columns[2], rows)
        if row in found.setdefault(query, {}):
            raise EvalError(
                "{path}, line {line}: '{row}' stands twice in the ranking of '{query}'. Take one line out.",
                path=path,
                line=number,
                row=row,
                query=query,
            )
        found[query][row] = score
    if not queries & found.keys():
        raise EvalError(
            "{path} ranks no question of {set}. Name a run of this set.", path=path, set=data.name
        )
    return found


def _known(name: str, names: set[str]) -> str:
    """An id of the set, as it is written or as we would have written it."""
    return name if name in names else unquote(name)


def _score(text: str) -> float | None:
    try:
        score = float(text)
    except ValueError:
        return None
    return None if math.isnan(score) else score


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as e:
        raise EvalError("{path} cannot be read: {reason}.", path=path, reason=e.strerror or e) from e
    except UnicodeDecodeError as e:
        raise EvalError("{path}: not UTF-8. Save the file as UTF-8.", path=path) from e
