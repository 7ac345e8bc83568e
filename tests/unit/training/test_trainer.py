"""The trainer, on a few rows: the loss by hand, steps that lower it, and the same figures for the same seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("zstandard", reason="comes with the dependency group train")
torch = pytest.importorskip("torch", reason="comes with the models extra")

from training import trainer  # noqa: E402 - after the skips
from training.draw import Batch  # noqa: E402
from training.encode import Ragged  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 24
RECIPE = trainer.Recipe(dimension=16, widths=(16, 8), batch=12, warm_up=2, steps=30, rate=0.02)


def singles(tokens: list[int]) -> Ragged:
    """Texts of one token each."""
    return Ragged(np.array(tokens, dtype=np.int32), np.arange(len(tokens) + 1, dtype=np.int64))


def batches() -> Iterator[Batch]:
    """Token i belongs to token 12 + i."""
    while True:
        yield Batch(singles(list(range(12))), singles(list(range(12, 24))), 0.0)


def model(kin: Ragged | None = None) -> trainer.Model:
    """Random vectors."""
    none = Ragged(np.zeros(0, dtype=np.int32), np.zeros(ROWS + 1, dtype=np.int64))
    return trainer.Model(trainer.random_vectors(ROWS, RECIPE), np.ones(ROWS), kin or none, RECIPE.pull)


def trained() -> tuple[trainer.Model, list[float]]:
    """After all steps, with the losses."""
    found, losses = model(), list[float]()
    trainer.train(found, batches(), RECIPE, lambda _, loss: losses.append(loss))
    return found, losses


def test_loss_worked_by_hand() -> None:
    """Two pairs at right angles, temperature 1: log(1 + exp(-1)) each way; a margin of 0.5 takes half of it off."""
    recipe = trainer.Recipe(dimension=2, widths=(2,), temperature=1.0)
    pair = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    assert trainer.loss_of(recipe, pair, pair, 0.0).item() == pytest.approx(math.log(1 + math.exp(-1)))
    assert trainer.loss_of(recipe, pair, pair, 0.5).item() == pytest.approx(math.log(1 + math.exp(-0.5)))
    assert trainer.loss_of(recipe, pair, pair.flip(0), 0.0).item() == pytest.approx(math.log(1 + math.exp(1)))


def test_training_brings_pairs_together() -> None:
    """The loss falls, and at the end each text's nearest is its own."""
    found, losses = trained()
    assert len(losses) == RECIPE.steps
    assert losses[-1] < losses[0] / 2
    table = found.table()
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    assert (unit[:12] @ unit[12:].T).argmax(axis=1).tolist() == list(range(12))


def test_the_same_seed_gives_the_same_table() -> None:
    """Byte for byte on one machine."""
    assert np.array_equal(trained()[0].table(), trained()[0].table())


def test_finished_vectors_hold_their_kin() -> None:
    """Own row plus half of the rows of its kin, times its length."""
    kin = Ragged(np.array([1, 2], dtype=np.int32), np.array([0, 2, *[2] * (ROWS - 1)], dtype=np.int64))
    found = model(kin)
    own, table = found.own.numpy(), found.table()
    assert np.allclose(table[0], own[0] + 0.5 * (own[1] + own[2]), atol=1e-6)
    assert np.allclose(table[1:], own[1:], atol=1e-6)


def test_rare_tokens_weigh_more() -> None:
    """The root of the smooth inverse frequency: 1 for a token that hardly occurs, less for a common one."""
    weights = trainer.smooth_weights(np.array([0, 100, 10_000, 1_000_000]))
    assert weights.tolist() == sorted(weights, reverse=True)
    assert weights[0] == pytest.approx(1, abs=0.01)
    assert weights[-1] == pytest.approx(math.sqrt(1e-4), rel=0.02)


@pytest.mark.parametrize(("power", "even"), [(0.0, False), (1.0, True)])
def test_whitening_evens_out_directions(power: float, even: bool) -> None:
    """Without power nothing changes; with all of it, passages spread alike in every direction."""
    random = np.random.default_rng(0)
    table = (random.standard_normal((500, 4)) * [5, 1, 1, 0.5]).astype(np.float32)
    passages = singles(list(range(500)))
    found = trainer.whitened(table, passages, power)
    assert bool(np.allclose(found, table, rtol=1e-4, atol=1e-4)) is not even
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    change = np.linalg.lstsq(table, found, rcond=None)[0]
    spread = np.linalg.eigvalsh((unit @ change).T @ (unit @ change))
    assert bool(spread.max() / spread.min() < 1.01) is even
