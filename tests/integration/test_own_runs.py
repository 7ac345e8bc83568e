"""Runs over one's own questions: kept, compared question by question, and judged by the exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import footnotes
from footnotes import Document, Engine
from rag.cli import app
from rag.evals import cases
from rag.evals.cases import Case, Gold
from tests.unit.rag.evals.planted import TableEngine, ranks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from rag.types import Filters, Retrieval

    Run = Callable[..., tuple[int, str, str]]

QUESTIONS = 500  # as many as that such a loss is seen nine times in ten, see test_significance.py
NOISE, LOST = 0.1, 0.06  # rank 1 -> 3 halves nDCG: 6 % of the questions are 3 points
GATE = ("--compare", "base", "--fail-on-loss")


def asked(count: int) -> list[Case]:
    """Questions whose notes a table ranks."""
    return [
        Case(f"own-{n}", "own", f"What is {n}?", (Gold(f"many/_/d{n}"),), answer=str(n)) for n in range(count)
    ]


def document(number: int) -> Document:
    """A note, as the table's hits show it."""
    text = f"The answer is {number}."
    return Document(f"many/_/d{number}", text, str(number), f"Note {number}", "text")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on a real home, whose searches rank as a table with planted noise and losses says."""
    home, path = tmp_path / "home", tmp_path / "mine.yaml"
    path.write_text(cases.dump(asked(QUESTIONS)), "utf-8")
    with footnotes.open(home, settings={"embedding.model": "none"}) as engine:
        engine.import_documents("many", [document(n) for n in range(QUESTIONS + 1)])

    def run_(*options: str, noise: float = 0.0, lost: float = 0.0) -> tuple[int, str, str]:
        table = TableEngine([*ranks(QUESTIONS, 7, noise=noise, lost=lost), 1])

        def search(_: Engine, question: str, k: int, *, filters: Filters, today: date | None) -> Retrieval:
            return table.search(question, k, filters=filters, today=today)

        monkeypatch.setattr(Engine, "search", search)
        arguments = ("eval", "own", str(path), "--home", str(home), "--set", "embedding.model=none")
        done = CliRunner().invoke(app, [*arguments, *options])
        return done.exit_code, done.stdout, done.stderr or str(done.exception or "")

    return run_


def test_a_planted_loss_of_three_points_fails_the_command(run: Run) -> None:
    """Said in the table and in one line; noise alone passes, and so does the run itself."""
    code, _, said = run("--save", "base")
    assert (code, said.split()[-1].rpartition("/")[2]) == (0, "base.json")
    assert run(*GATE)[0] == 0
    assert run(*GATE, noise=NOISE)[0] == 0
    code, tables, said = run(*GATE, noise=NOISE, lost=LOST)
    assert code == 1
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in tables.splitlines()]
    (row,) = [row for row in rows if row[:3] == ["mine", "final", "nDCG@10"]]
    assert -4 < float(row[5]) < -2
    assert row[7] == "loss"
    (line,) = said.strip().splitlines()
    assert line.startswith("mine, final: ndcg@10 fell from ")
    assert run("--compare", "base", noise=NOISE, lost=LOST)[0] == 0, "only where it was asked for"


def test_bounds_are_on_what_is_found_and_on_what_is_cited(run: Run) -> None:
    """Below one the command ends with 1; what no question measures is no pass."""
    assert run("--fail-below", "ndcg@10=0.5", "--fail-below", "mine:cited=0.3")[0] == 0
    code, _, said = run("--fail-below", "ndcg@10=0.99", "--fail-below", "avoided=0")
    assert code == 1
    first, second = said.strip().splitlines()
    assert first.startswith("mine, final: ndcg@10 is 0.")
    assert second == "mine, final: no question measures avoided, which --fail-below asks for."


def test_only_what_both_asked_alike_is_compared(run: Run, tmp_path: Path) -> None:
    """Questions that came, went or were changed are left out of it, and counted; the others still are."""
    run("--save", "base")
    path = tmp_path / "mine.yaml"
    now = asked(QUESTIONS + 1)[2:]
    now[0] = Case("own-2", "own", "What is 2?", (Gold("many/_/d3"),))
    path.write_text(cases.dump(now), "utf-8")
    code, tables, said = run("--compare", "base")
    assert code == 0
    assert "| mine | final | cited " in tables
    assert said.strip() == (
        "2 questions are new or were changed since the run 'base': they are not compared."
    )
    told: Any = json.loads(run("--compare", "base", "--json")[1])
    assert told["uncompared"] == 2
    assert told["comparison"]["metrics"]["ndcg@10"]["gain"] == pytest.approx(0)
    assert told["comparison"]["metrics"]["cited"]["gain"] == pytest.approx(0)
    path.write_text(cases.dump([Case("new", "own", "What is 1?", (Gold("many/_/d1"),))]), "utf-8")
    assert "The run 'base' asked none of these questions." in run("--compare", "base")[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--compare", "nobody"), "There is no run 'nobody'"),
        (("--fail-on-loss",), "--fail-on-loss needs a run to compare with"),
        (("--fail-below", "map=0.5"), "does not measure 'map'. Choose from: ndcg@10, "),
        (("--fail-below", "other:cited=0.5"), "the set other is not measured. Choose from: mine"),
        (("--save", ".."), "is no name for a run"),
    ],
)
def test_wrong_names_are_told_before_anything_is_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    """In one line."""
    monkeypatch.setattr("rag.evals.own.run", lambda *_, **__: pytest.fail("it was asked"))
    code, _, told = run(*options)
    assert code == 1
    assert said in told


def test_a_kept_run_holds_no_word_of_the_notes(run: Run, tmp_path: Path) -> None:
    """Ids, checksums and figures."""
    run("--save", "base")
    kept = (tmp_path / "home" / "evals" / "runs" / "base.json").read_text("utf-8")
    assert "own-7" in kept
    assert "answer" not in kept.replace('"answered"', "")
    assert "What" not in kept
