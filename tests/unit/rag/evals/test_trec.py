"""TREC's files: other tools score our rankings alike, and we theirs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import ir_measures
import pytest

from rag.errors import EvalError
from rag.evals import datasets, harness, score, trec
from tests.unit.rag.evals.fake_engine import TINY, Opener

if TYPE_CHECKING:
    from pathlib import Path

    from rag.evals.report import EvalReport

NAMES = ("ndcg@10", "recall@5", "mrr", "map", "success@1", "precision@3")
THEIRS = ("nDCG@10", "R@5", "RR", "AP", "Success@1", "P@3")


@pytest.fixture
def report(tmp_path: Path) -> EvalReport:
    """A run of the fake engine, which finds a row for each question."""
    return harness.run(TINY, cache=tmp_path / "cache", names=NAMES, open_engine=Opener())


def test_other_tools_give_the_same_figures(tmp_path: Path, report: EvalReport) -> None:
    """ir_measures' own command on our two files, digit by digit as it prints them."""
    trec.write(report, tmp_path)
    for stage, means in report.stages.items():
        command = (tmp_path / "eval_tiny.qrels", tmp_path / f"eval_tiny.{stage}.run", " ".join(THEIRS))
        done = subprocess.run(
            [sys.executable, "-m", "ir_measures", *map(str, command)],
            capture_output=True,
            text=True,
            check=True,
        )
        printed = dict(line.split("\t") for line in done.stdout.splitlines())
        assert printed == {theirs: f"{means[ours]:.4f}" for ours, theirs in zip(NAMES, THEIRS, strict=True)}


def test_files_come_back_as_they_went(tmp_path: Path, report: EvalReport) -> None:
    """Each question's values, from the file, from ir_measures' readers, and from the run."""
    written = trec.write(report, tmp_path)
    files = written[:-1]
    found = score.score(TINY, files, names=NAMES)
    assert dict(zip(report.per_question, found.values.values(), strict=True)) == report.per_question
    qrels = list(ir_measures.read_trec_qrels(str(written[-1])))
    run = list(ir_measures.read_trec_run(str(files[-1])))
    measures = {ir_measures.parse_measure(name): ours for ours, name in zip(NAMES, THEIRS, strict=True)}
    for metric in ir_measures.iter_calc(list(measures), qrels, run):
        ours = report.per_question["final"][metric.query_id][measures[metric.measure]]
        assert metric.value == pytest.approx(ours)
    assert found.to_json()["runs"][str(files[-1])]["map"] == round(report.stages["final"]["map"], 6)
    assert found.render().splitlines()[-1].startswith("| eval_tiny | all   |")


def test_ids_with_white_space_make_six_columns(tmp_path: Path) -> None:
    """Spaces of every script and percent signs; ids of other tools are taken as they are."""
    folder = tmp_path / "odd"
    folder.mkdir()
    rows = ["my note.md", "100%.md", "全\u3000角.md", "plain"]
    records = [{"_id": row, "text": f"words {number}"} for number, row in enumerate(rows)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records), "utf-8")
    (folder / "queries.jsonl").write_text('{"_id": "q 1", "text": "words"}\n', "utf-8")
    (folder / "qrels.tsv").write_text("".join(f"q 1\t{row}\t1\n" for row in rows), "utf-8")
    report = harness.run(folder, cache=tmp_path / "cache", names=NAMES, open_engine=Opener())
    *_, path, qrels = trec.write(report, tmp_path)
    for file, columns in ((path, 6), (qrels, 4)):
        lines = file.read_text("utf-8").splitlines()
        assert [len(line.split()) for line in lines] == [columns] * len(rows)
    (scores,) = trec.read(path, report.data).values()
    assert tuple(scores) == report.rankings["final"]["q 1"]
    path.write_text("q%201 Q0 100%.md 1 2.5 other\n", "utf-8")
    assert trec.read(path, report.data) == {"q 1": {"100%.md": 2.5}}


def test_questions_without_a_ranking_count_zero(tmp_path: Path) -> None:
    """A tool that leaves questions out does not gain by it; scores order the rows, not their ranks."""
    path = tmp_path / "half.run"
    path.write_text("q3 Q0 lin-4 1 0.5 x\nq3 Q0 lin-3 2 0.7 x\n\nzz Q0 lin-3 1 1 x\n", "utf-8")
    found = score.score(TINY, [path], names=["mrr"])
    assert found.queries == 10
    assert found.to_json()["runs"] == {str(path): {"mrr": 0.1}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("q1 Q0 n1 1 0.5\n", "line 1: not a line of a TREC run"),
        ("q1 Q0 n1 1 0.5 x\nq1 Q0 n2 2 high x\n", "line 2: not a line of a TREC run"),
        ("q1 Q0 n1 1 nan x\n", "line 1: not a line of a TREC run"),
        ("q1 Q0 n1 1 2 x\nq1 Q0 n1 2 1 x\n", "line 2: 'n1' stands twice in the ranking of 'q1'"),
        ("other Q0 n1 1 2 x\n", "ranks no question of eval_tiny"),
        ("", "ranks no question of eval_tiny"),
    ],
)
def test_broken_runs_are_one_line(tmp_path: Path, text: str, said: str) -> None:
    """The file, the line, the remedy."""
    path = tmp_path / "x.run"
    path.write_text(text, "utf-8")
    with pytest.raises(EvalError) as caught:
        trec.read(path, datasets.load(TINY))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_that_cannot_be_read_or_written(tmp_path: Path, report: EvalReport) -> None:
    """Missing, not text, and a folder that is a file."""
    with pytest.raises(EvalError, match=r"no\.run cannot be read"):
        score.score(TINY, [tmp_path / "no.run"])
    path = tmp_path / "binary.run"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EvalError, match="not UTF-8"):
        score.score(TINY, [path])
    with pytest.raises(EvalError, match="cannot be written"):
        trec.write(report, path)
