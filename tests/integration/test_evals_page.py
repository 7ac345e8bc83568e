"""What the evals page shows and does, over a real index: questions, runs one at a time, kept runs side by side."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.errors import EvalError
from rag.evals import kept, own, runs
from rag.evals.cases import Case, Gold
from tests.integration.test_graph_command import NOTES
from ui import evals_html, text
from ui.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine

EN, ZH = text.load("en"), text.load("zh")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """The small vault in a home of its own."""
    for name, note in NOTES.items():
        path = tmp_path / "vault" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(note, encoding="utf-8")
    with footnotes.open(tmp_path / "home") as opened:
        opened.add_root(tmp_path / "vault")
        opened.sync()
        yield opened


def _ended(trials: Trials) -> None:
    end = time.monotonic() + 60
    while trials.state.running:
        assert time.monotonic() < end
        time.sleep(0.02)


def _keep(engine: Engine, name: str, values: dict[str, float], set_name: str = "own") -> None:
    """A kept run whose questions found so much."""
    report = {
        "set": set_name,
        "corpus": "",
        "questions": dict.fromkeys(values, 7),
        "per_question": {"final": {"ndcg@10": list(values.values())}},
    }
    path = runs.place(name, engine.home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"format": 1, "results": [report]}), "utf-8")


def test_questions_are_made_asked_and_kept(engine: Engine) -> None:
    """Make, run: the figures are those of ``own.run``; the run is kept, and can be compared with itself."""
    trials = Trials(engine)
    trials.make(20)
    _ended(trials)
    assert trials.state.error is None
    made = kept.own_cases(engine.home)
    assert 0 < trials.state.added == len(made)
    trials.run()
    _ended(trials)
    report = trials.state.report
    assert report is not None
    assert report.stages == own.run(engine, made).stages
    assert trials.state.done == trials.state.total == len(report.outcomes)
    (only,) = kept.all_of(engine.home)
    assert only.name == trials.state.name
    assert only.reports[0].stages["final"]["ndcg@10"] == pytest.approx(report.stages["final"]["ndcg@10"])
    (same,) = kept.between(engine.home, only.name, only.name)
    assert same.compared.metrics["ndcg@10"].gain == 0
    assert same.uncompared == 0
    page = evals_html.report_html(report, EN)
    assert f'<td class="number">{len(report.outcomes)}</td>' in page
    assert "<svg" in page


def test_one_thing_at_a_time_and_it_can_be_stopped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second start is refused in a sentence; what was stopped keeps nothing, and the last report stays."""
    trials = Trials(engine)
    trials.make(10)
    _ended(trials)
    trials.run()
    _ended(trials)
    before, going, ask = trials.state.report, threading.Event(), own._ask
    reached = threading.Event()

    def slowly(*arguments: object) -> object:
        reached.set()
        going.wait(30)
        return ask(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(own, "_ask", slowly)
    trials.run()
    assert reached.wait(30)
    with pytest.raises(EvalError, match="being made or asked"):
        trials.run()
    with pytest.raises(EvalError, match="being made or asked"):
        trials.make(5)
    trials.stop()
    assert "disabled" in evals_html.job_html(trials.state, EN)
    going.set()
    _ended(trials)
    assert trials.state.stopped
    assert trials.state.report is before
    assert len(kept.all_of(engine.home)) == 1
    assert "Stopped after" in evals_html.job_html(trials.state, EN)


def test_without_questions_a_run_says_what_to_do(engine: Engine) -> None:
    """One sentence, in the reader's language; the next run may come."""
    trials = Trials(engine)
    trials.run()
    _ended(trials)
    assert "There are no questions yet" in evals_html.job_html(trials.state, EN)
    assert "还没有问题" in evals_html.job_html(trials.state, ZH)
    trials.make(5)
    _ended(trials)
    assert trials.state.error is None


def test_two_runs_are_compared_over_what_both_asked(engine: Engine) -> None:
    """A clear loss is called one; what one of them did not ask is counted; the most changed come first."""
    _keep(engine, "good", {f"q{n}": 1.0 for n in range(12)})
    _keep(engine, "bad", {**{f"q{n}": 0.0 if n < 9 else 1.0 for n in range(12)}, "new": 1.0})
    (found,) = kept.between(engine.home, "good", "bad")
    both = found.compared.metrics["ndcg@10"]
    assert (both.before, both.now, both.verdict) == (1.0, 0.25, "loss")
    assert found.uncompared == 1
    page = evals_html.comparison_html("good", "bad", [found], {"q0": Case("q0", "cloze", HOSTILE)}, EN)
    assert page.count('<b class="worse">-100</b>') == 9
    assert '<td class="worse">loss</td>' in page
    assert "<img" not in page
    assert "&lt;img src=x" in page
    _keep(engine, "other", {"q0": 1.0}, "another set")
    with pytest.raises(EvalError, match="asked none of these questions"):
        kept.between(engine.home, "other", "bad")


def test_files_that_are_no_runs_are_passed_over(engine: Engine) -> None:
    """One broken file hides no other, and an empty run is listed without a figure."""
    _keep(engine, "empty", {})
    (engine.home / "evals" / "runs" / "broken.json").write_text("{", "utf-8")
    assert [run.name for run in kept.all_of(engine.home)] == ["empty"]
    assert '<td class="number"></td>' in evals_html.runs_html(kept.all_of(engine.home), EN)


def test_questions_and_notes_are_text() -> None:
    """Nothing of a question, a quote or a path is markup; the empty page teaches."""
    case = Case("id", HOSTILE, HOSTILE, gold=(Gold(f"{HOSTILE}.md", HOSTILE),))
    outcome = own.Outcome(
        case, None, (f"{HOSTILE}.md",), cited=False, answered=None, avoided=None, abstained=False, ms=1.0
    )
    values = {
        "final": {"id": dict.fromkeys(("ndcg@10", "recall@5", "success@1", "success@5", "mrr@10"), 0.0)}
    }
    page = evals_html.report_html(own.OwnReport(values, (outcome,)), EN)
    page += evals_html.questions_html([case], 1, f"/{HOSTILE}/own.yaml", EN)
    assert "<img" not in page
    assert EN("evals.unfound") in page
    assert EN("evals.none") in evals_html.questions_html([], 0, "own.yaml", EN)
