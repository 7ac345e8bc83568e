"""Sweeps over settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rag.errors import ConfigError, EvalError
from rag.evals import grid, harness, session
from rag.evals.session import Task
from tests.unit.rag.evals.fake_engine import TINY, Opener

if TYPE_CHECKING:
    from pathlib import Path

    from rag.evals.report import EvalReport


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Runs use the fake engine."""
    made = Opener()
    monkeypatch.setattr(harness, "_engine", lambda: made)
    return made


def written(folder: Path, text: str) -> Path:
    """A grid file."""
    path = folder / "grid.yaml"
    path.write_text(text, "utf-8")
    return path


def test_every_combination_is_tried_on_one_index(tmp_path: Path, opener: Opener) -> None:
    """In the order of the file; settings that leave the index alone build it once."""
    path = written(tmp_path, "search.dense_weight: [0.2, 0.5]\ngraph.backend: [local, none]\n")
    by, tried = session.sweep(Task([TINY], settings={"search.candidates": 50}), path)
    assert by == "ndcg@10"
    assert [dict(each.settings) for each in tried] == [
        {"search.dense_weight": weight, "graph.backend": backend}
        for weight in (0.2, 0.5)
        for backend in ("local", "none")
    ]
    assert opener.imports == 1
    assert opener.engines[-1].overrides == {
        "search.candidates": 50,
        "search.dense_weight": 0.5,
        "graph.backend": "none",
    }
    assert grid.best(tried, by) is tried[0], "of equals the first"
    lines = grid.render(tried, by).splitlines()
    assert len(lines) == 2 + 4
    assert [cell.strip() for cell in lines[2].strip("|").split("|")][-1] == "best"
    assert grid.options(tried[3].settings) == "--set search.dense_weight=0.5 --set graph.backend=none"
    found = grid.to_json(tried, by)
    assert found["best"] == tried[0].settings
    assert len(found["combinations"]) == 4


@pytest.mark.usefixtures("opener")
def test_the_best_has_the_highest_mean(tmp_path: Path) -> None:
    """By the metric that is named; the others say how likely they are no worse."""
    path = written(tmp_path, "search.candidates: [10, 20]")
    by, (first, second) = session.sweep(Task([TINY], by="map"), path)
    assert by == "map"
    low = grid.Tried(first.settings, tuple(zeroed(report) for report in first.reports))
    assert grid.best([low, second], "map") is second
    cells = [cell.strip() for cell in grid.render([low, second], "map").splitlines()[2].strip("|").split("|")]
    assert cells[:3] == ["10", "0.0", "0.0"]
    assert float(cells[4]) < 0.05


def zeroed(report: EvalReport) -> EvalReport:
    """The same measurement, had nothing been found."""
    values = {
        stage: {query: dict.fromkeys(report.metrics, 0.0) for query in by_query}
        for stage, by_query in report.per_question.items()
    }
    return replace(report, per_question=values)


@pytest.mark.usefixtures("opener")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no setting"),
        ("- a\n", "names no setting"),
        ("search.dense_weight: 0.5\n", "search.dense_weight is 0.5. Write its values as a list"),
        ("search.dense_weight: []\n", "search.dense_weight is []"),
        ("a: [1\n", "is not valid YAML"),
    ],
)
def test_broken_grids_are_one_line(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong, and how it is written."""
    with pytest.raises(EvalError) as caught:
        session.sweep(Task([TINY]), written(tmp_path, text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_are_checked_before_time_is_spent(tmp_path: Path, opener: Opener) -> None:
    """Unknown ones and wrong values; a file that is not there; options that have no meaning."""
    for text, said in (
        ("serch.dense_weight: [0.2]", "Did you mean 'search.dense_weight'"),
        ("search.dense_weight: [0.2, 7]", "search.dense_weight = 7"),
    ):
        with pytest.raises(ConfigError) as caught:
            session.sweep(Task([TINY]), written(tmp_path, text))
        assert said in str(caught.value)
    with pytest.raises(EvalError, match=r"nothing\.yaml cannot be read"):
        session.sweep(Task([TINY]), tmp_path / "nothing.yaml")
    with pytest.raises(EvalError, match="--grid goes without --save"):
        session.sweep(Task([TINY], save="x"), written(tmp_path, "search.candidates: [10]"))
    assert opener.engines == []
