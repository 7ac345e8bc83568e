"""Runs that are kept and compared, and conditions that a run must meet."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from rag.errors import EvalError
from rag.evals import gates, harness, runs, session
from rag.evals.runs import Compared
from rag.evals.session import Task
from rag.evals.significance import paired
from tests.unit.rag.evals.fake_engine import TINY, Opener

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rag.evals.report import EvalReport


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Runs use the fake engine."""
    made = Opener()
    monkeypatch.setattr(harness, "_engine", lambda: made)
    return made


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tiny set, to be changed."""
    return shutil.copytree(TINY, tmp_path / "sets" / "eval_tiny")


@pytest.mark.usefixtures("opener")
def test_a_run_is_kept_and_compared_by_question(footnotes_home: Path) -> None:
    """In the home by its name; what is kept says what it depends on; the gain is that of the means."""
    first = session.perform(Task([TINY], stages=["worst"], save="bad"))
    path = footnotes_home / "evals" / "runs" / "bad.json"
    assert first.written == (path,)
    kept: Any = json.loads(path.read_text("utf-8"))["results"][0]
    assert kept["code"]["sha256"]
    assert kept["seed"] == 0
    assert (kept["set"], kept["split"], kept["queries"]) == ("eval_tiny", "all", 10)
    assert len(kept["per_question"]["worst"]["map"]) == len(kept["questions"]) == len(kept["latency"]) == 10
    kept["per_question"]["final"] = kept["per_question"]["worst"]
    path.write_text(json.dumps({"format": 1, "results": [kept]}), "utf-8")
    found = session.perform(Task([TINY], compare="bad", metrics=["map", "ndcg@10"]))
    (compared,) = found.comparisons
    assert list(compared.metrics) == ["map", "ndcg@10"]
    assert compared.metrics["map"].before == pytest.approx(first.reports[0].stages["worst"]["map"], abs=1e-6)
    assert compared.metrics["map"].now == found.reports[0].stages["final"]["map"]
    assert compared.metrics["map"].verdict == "gain"
    assert found.render().splitlines()[-1].startswith("| eval_tiny | final | nDCG@10 |")
    (value,) = found.to_json()
    comparison: Any = value["comparison"]
    assert comparison["run"] == "bad"
    assert comparison["metrics"]["map"]["gain"] > 0


@pytest.mark.usefixtures("opener")
def test_a_kept_run_of_more_questions_serves(tmp_path: Path) -> None:
    """The same questions are compared, whatever else was asked; a path is a place, too."""
    path = tmp_path / "somewhere" / "all.json"
    session.perform(Task([TINY], save=str(path)))
    found = session.perform(Task([TINY], split="dev", compare=str(path)))
    (compared,) = found.comparisons
    assert list(compared.before["ndcg@10"]) == list(found.reports[0].latency)
    assert all(both.gain == pytest.approx(0, abs=1e-6) for both in compared.metrics.values())
    assert all(both.p == 1.0 for both in compared.metrics.values())


def another_word(folder: Path) -> None:
    """The text of a question changes under its id."""
    path = folder / "queries.jsonl"
    path.write_text(path.read_text("utf-8").replace("seedlings", "plants"), "utf-8")


def another_grade(folder: Path) -> None:
    """A judgement changes."""
    path = folder / "qrels.tsv"
    path.write_text(path.read_text("utf-8").replace("q3\tlin-3\t1", "q3\tlin-3\t2"), "utf-8")


def another_row(folder: Path) -> None:
    """The corpus grows."""
    with (folder / "corpus.jsonl").open("a", encoding="utf-8") as f:
        f.write('{"_id": "n5", "text": "One more."}\n')


def another_set(folder: Path) -> None:
    """The folder has another name."""
    folder.rename(folder.with_name("other"))


@pytest.mark.usefixtures("opener")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (another_word, "The run 'base' asked other questions of eval_tiny: 1 of 10 differ, such as 'q1'"),
        (another_grade, "The run 'base' asked other questions of eval_tiny: 1 of 10 differ, such as 'q3'"),
        (another_row, "The rows of eval_tiny have changed since the run 'base'"),
        (another_set, "The run 'base' did not measure other. It measured: eval_tiny"),
    ],
)
def test_what_differs_is_not_compared(copy: Path, change: Callable[[Path], None], said: str) -> None:
    """Figures of other words, judgements, rows or sets are no measure for these."""
    session.perform(Task([copy], save="base"))
    change(copy)
    (changed,) = copy.parent.iterdir()
    with pytest.raises(EvalError) as caught:
        session.perform(Task([changed], compare="base"))
    assert str(caught.value).startswith(said)


@pytest.mark.usefixtures("opener")
@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"split": "report"}, "asked other questions of eval_tiny: 4 of 4 differ"),
        ({"stages": ["lexical"]}, "has no stage 'lexical' of eval_tiny. It has: final"),
        ({"metrics": ["map"]}, "lacks map of eval_tiny. It has: recall@2"),
        ({"by": "map", "fail_on_loss": True}, "lacks map of eval_tiny. It has: recall@2"),
    ],
)
def test_a_run_lacks_what_it_did_not_measure(task: dict[str, Any], said: str) -> None:
    """Other questions, another stage, other metrics."""
    session.perform(
        Task([TINY], split="dev", stages=["final"], metrics=["recall@2"], by="recall@2", save="base")
    )
    task = {"split": "dev", "metrics": ["recall@2"], **task}
    with pytest.raises(EvalError) as caught:
        session.perform(Task([TINY], compare="base", **task))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2, "results": []}', '{"format": 1, "results": [1]}']
)
def test_other_files_are_no_runs(tmp_path: Path, text: str) -> None:
    """Damaged ones, newer ones, foreign ones: one line."""
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    with pytest.raises(EvalError, match=r"x\.json is not a run that"):
        runs.load("x", path)


def test_missing_runs_and_wrong_names(tmp_path: Path) -> None:
    """What is kept is listed; a name stays inside the home."""
    (tmp_path / "evals" / "runs").mkdir(parents=True)
    for name in ("monday", "base"):
        (tmp_path / "evals" / "runs" / f"{name}.json").touch()
    with pytest.raises(EvalError, match=r"There is no run 'friday' .*\. Kept: base, monday\."):
        runs.load("friday", runs.place("friday", tmp_path))
    for name in ("", "..", ".hidden", "a b", "-x"):
        with pytest.raises(EvalError, match="is no name for a run"):
            runs.place(name, tmp_path)


@pytest.mark.usefixtures("opener")
def test_bounds_are_of_each_set_or_of_one() -> None:
    """One line for each that is missed, of metrics that were not asked for, too; equal is enough."""
    found = session.perform(
        Task([TINY], metrics=["map"], fail_below=["recall@1=1", "map=0", "eval_tiny:MAP=1.0"])
    )
    report = found.reports[0]
    assert report.metrics == ("map", "recall@1")
    assert found.failures == (
        f"eval_tiny, final: recall@1 is {report.stages['final']['recall@1']:.4f}, below 1.0.",
        f"eval_tiny, final: map is {report.stages['final']['map']:.4f}, below 1.0.",
    )
    value = report.stages["final"]["map"]
    assert list(gates.below([report], [gates.Bound("map", value), gates.Bound("map", 1.0, "other")])) == []


@pytest.mark.parametrize(
    "text", ["ndcg@10", "ndcg@10=", "ndcg@10=high", "ndcg@10=80", "=0.5", "map=-1", "map=nan"]
)
def test_bounds_that_say_nothing(text: str) -> None:
    """A bound is a metric and a fraction."""
    with pytest.raises(EvalError, match="not a bound"):
        gates.bounds([text], ["a"])


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"fail_below": ["b:map=1"]}, "the set b is not measured. Choose from: eval_tiny"),
        ({"fail_below": ["bleu=1"]}, "There is no metric 'bleu'"),
        ({"metrics": ["ndcg@0"]}, "k is 0"),
        ({"by": "x"}, "There is no metric 'x'"),
        ({"sets": [TINY, TINY]}, "eval_tiny is named twice"),
        ({"stages": ["final"], "ablations": ["hybrid"]}, "--stages and --ablation were both given"),
        ({"ablations": ["sparse"]}, "There is no ablation 'sparse'"),
        ({"fail_on_loss": True}, "--fail-on-loss needs a run to compare with"),
        ({"compare": "nobody"}, "There is no run 'nobody'"),
        ({"save": "a b"}, "'a b' is no name for a run"),
    ],
)
def test_names_are_looked_at_before_time_is_spent(opener: Opener, task: dict[str, Any], said: str) -> None:
    """One line, and no engine was opened."""
    with pytest.raises(EvalError) as caught:
        session.perform(Task(**{"sets": [TINY], **task}))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert opener.engines == []


@pytest.mark.usefixtures("opener")
def test_the_mean_over_sets_is_shown_with_its_own_test(copy: Path) -> None:
    """Two sets and more: a row a metric, each set counting the same."""
    other = shutil.copytree(copy, copy.with_name("other"))
    session.perform(Task([copy, other], save="base"))
    found = session.perform(Task([copy, other], compare="base", metrics=["map"], by="map"))
    last: list[str] = [cell.strip() for cell in found.render().splitlines()[-1].strip("|").split("|")]
    assert last[0] == "mean"
    assert last[2:7] == ["MAP", *runs.cells(found.comparisons[0].metrics["map"]), "1.0000"]
    reports: tuple[EvalReport, ...] = found.reports
    assert [each.set for each in reports] == ["eval_tiny", "other"]


def test_small_losses_of_several_sets_are_one_loss() -> None:
    """The mean over sets sees what no set of few questions shows alone."""

    def lost(name: str) -> Compared:
        before, now = [1.0] * 20, [1.0] * 16 + [0.5] * 4
        gains = [new - was for new, was in zip(now, before, strict=True)]
        return Compared("base", name, "final", {"map": paired(before, now)}, {}, {"map": gains})

    assert list(gates.losses([lost("a")], "map")) == []
    (line,) = gates.losses([lost("a"), lost("b")], "map")
    assert line.startswith("mean, final: map fell from 1.0000 to 0.9000 against 'base' (p = 0.0")
