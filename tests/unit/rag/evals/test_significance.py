"""The paired randomisation test: exact on small cases, alarmed by a loss of three points, not by noise."""

from __future__ import annotations

from itertools import product
from math import log2
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from rag.cli import app
from rag.evals import harness
from rag.evals.significance import across, p_value, paired
from tests.unit.rag.evals.planted import LAST, TableOpener, make_set, ranks

if TYPE_CHECKING:
    from pathlib import Path

QUESTIONS = 500
NOISE, LOST = 0.1, 0.06  # rank 1 -> 3 halves nDCG: 6 % of the questions are 3 points


@pytest.mark.parametrize("seed", range(3))
def test_p_is_that_of_all_signs(seed: int) -> None:
    """On few questions every choice of signs can be tried; thousands of random ones come near."""
    differences = np.random.default_rng(seed).normal(0.1, 0.3, 10)
    signs = np.array(list(product((-1, 1), repeat=10)))
    exact = np.mean(np.abs(signs @ differences) >= abs(differences.sum()) - 1e-9)
    assert p_value(differences) == pytest.approx(exact, abs=0.015)


def test_p_is_seeded_two_sided_and_never_zero() -> None:
    """A rerun says the same, the other direction too; equal runs differ by chance only."""
    differences = [0.5] * 40 + [-0.1] * 20
    assert p_value(differences) == p_value(differences) == p_value([-each for each in differences])
    assert p_value(differences) == pytest.approx(1 / 10_001)
    assert p_value([0.0] * 5) == 1.0
    assert p_value([0.3]) == 1.0, "one question proves nothing"


def test_verdicts_need_more_than_chance() -> None:
    """The means stand as measured; gain and loss are said of significant ones only."""
    before, better = [0.5] * 30, [0.6] * 30
    assert paired(before, better).verdict == "gain"
    assert paired(better, before).verdict == "loss"
    assert paired(better, before).gain == pytest.approx(-0.1)
    assert paired(before, [*before[:-1], 1.0]).verdict == ""


def test_each_set_counts_the_same_in_the_mean() -> None:
    """A clear gain on a small set is not drowned by a large one that did not move much."""
    random = np.random.default_rng(1)
    small, large = [0.4] * 20, list(random.normal(0, 0.3, 1_000))
    assert across([small, large]) < 0.001
    assert across([[0.1, -0.1], [0.2, -0.2]]) == 1.0


def ndcg(rank: int) -> float:
    """Of one right row."""
    return 1 / log2(rank + 1) if rank < LAST // 2 + 1 else 0.0


@pytest.mark.parametrize(("lost", "least", "most"), [(LOST, 0.9, 1.0), (0.0, 0.0, 0.15)])
def test_three_points_are_seen_and_noise_is_not(lost: float, least: float, most: float) -> None:
    """Over many draws of noise on a tenth of 500 questions."""
    before = [ndcg(rank) for rank in ranks(QUESTIONS, 0)]
    draws = 40
    found = 0
    for seed in range(draws):
        now = [ndcg(rank) for rank in ranks(QUESTIONS, seed, noise=NOISE, lost=lost)]
        found += paired(before, now).verdict == "loss"
    assert least <= found / draws <= most


def test_a_planted_loss_of_three_points_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--compare --fail-on-loss`` exits with 1 and says the loss; noise alone passes, and so does the run itself."""
    folder = make_set(tmp_path / "many", QUESTIONS)

    def run(*options: str, noise: float = 0.0, lost: float = 0.0) -> tuple[int, str, str]:
        table = ranks(QUESTIONS, 7, noise=noise, lost=lost)
        monkeypatch.setattr(harness, "_engine", lambda: TableOpener(table))
        done = CliRunner().invoke(app, ["eval", "run", str(folder), "--metrics", "ndcg@10", *options])
        return done.exit_code, done.stdout, done.stderr

    assert run("--save", "base")[0] == 0
    assert run("--compare", "base", "--fail-on-loss")[0] == 0
    assert run("--compare", "base", "--fail-on-loss", noise=NOISE)[0] == 0
    code, tables, said = run("--compare", "base", "--fail-on-loss", noise=NOISE, lost=LOST)
    assert code == 1
    row = [cell.strip() for cell in tables.splitlines()[-1].strip("|").split("|")]
    assert row[:3] == ["many", "final", "nDCG@10"]
    assert -4 < float(row[5]) < -2
    assert float(row[6]) < 0.05
    assert row[7] == "loss"
    (line,) = said.strip().splitlines()
    assert line.startswith("many, final: ndcg@10 fell from ")
    assert "against 'base' (p = 0.0" in line
    assert run("--compare", "base", noise=NOISE, lost=LOST)[0] == 0, "only where it was asked for"
