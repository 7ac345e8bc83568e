"""The finished model's files: four-bit numbers that stay near what they stand for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from rag.models import static, tensors
from rag.models.static import StaticEmbedder
from tests.unit.rag.models import tiny_model
from training import pack

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["a", "b", "cat", "猫"]


def table(rows: int, width: int, seed: int = 1) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Random rows of very different lengths."""
    random = np.random.default_rng(seed)
    lengths = np.exp(random.normal(0, 2, (rows, 1)))
    return (random.standard_normal((rows, width)) * lengths).astype(np.float32)


def test_round_trip_is_near() -> None:
    """Each row points where it did, and is as long: a four-bit number loses about a percent of a normal row."""
    before = table(200, 256)
    after = static.unpacked(*pack.packed(before))
    assert after.shape == before.shape
    lengths = np.linalg.norm(before, axis=1), np.linalg.norm(after, axis=1)
    cosines = (before * after).sum(axis=1) / (lengths[0] * lengths[1])
    assert cosines.min() > 0.985
    assert np.allclose(lengths[1] / lengths[0], 1, atol=0.03)


def test_numbers_on_the_grid_come_back_exactly() -> None:
    """And in their places: the first of two in the low half of the byte, as ``static.unpacked`` reads it."""
    levels = np.array([[0, 15, 7, 8, 1, 14, 3, 12]], dtype=np.uint8)
    grid = ((levels - 7.5) * 0.25).astype(np.float32)
    bytes_, scale = pack.packed(grid)
    assert bytes_.shape == (1, 4)
    assert bytes_.dtype == np.uint8
    found = static.unpacked(bytes_, scale)
    assert np.argsort(found[0]).tolist() == np.argsort(grid[0]).tolist()
    assert (bytes_[0] & 15 < 8).tolist() == (grid[0, ::2] < 0).tolist()
    assert (bytes_[0] >> 4 < 8).tolist() == (grid[0, 1::2] < 0).tolist()
    by_hand = np.stack([bytes_ & 15, bytes_ >> 4], axis=2).reshape(1, -1) - 7.5
    assert np.array_equal(found, (by_hand * scale[:, None]).astype(np.float32))


def test_an_outlier_does_not_cost_the_others() -> None:
    """Clipping is chosen row by row, where the squared error is smallest."""
    plain = table(1, 256, seed=2)
    spiked = plain.copy()
    spiked[0, 17] = 8 * np.abs(plain).max()
    widest = np.abs(spiked).max() / 7.5
    error = np.square(static.unpacked(*pack.packed(spiked)) - spiked)[0]
    unclipped = np.square((np.round(spiked / widest - 0.5) + 0.5) * widest - spiked)[0]
    others = np.arange(256) != 17
    assert error[others].sum() < unclipped[others].sum()


def test_rows_of_zeros_stay_zeros() -> None:
    """There is no level for zero, so their scale is zero."""
    rows = table(3, 8)
    rows[1] = 0
    found = static.unpacked(*pack.packed(rows))
    assert not found[1].any()
    assert found[[0, 2]].any(axis=1).all()


def test_written_folder_is_a_model(tmp_path: Path) -> None:
    """What was packed is what the embedder reads, and its configuration tells the truth."""
    before = table(1 + len(WORDS), 64)
    tokenizer = json.dumps(tiny_model.tokenizer([tiny_model.UNKNOWN, *WORDS]))
    pack.write(tmp_path / "model", before, tokenizer)
    embedder = StaticEmbedder(folder=tmp_path / "model")
    assert embedder.dimension == 64
    assert pack.NAME in embedder.identity
    for row, word in enumerate(WORDS, 1):
        assert float(embedder.embed_query(word) @ before[row]) / np.linalg.norm(before[row]) > 0.98
    config = json.loads((tmp_path / "model" / "config.json").read_text("utf-8"))
    assert (config["dimension"], config["vocabulary"], config["bits"]) == (64, 1 + len(WORDS), 4)
    stored = tensors.read(tmp_path / "model" / "model.safetensors")
    assert stored["embeddings"].nbytes == 32 * (1 + len(WORDS))


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    """Hashes name the model, so writing it twice must not make two."""
    tokenizer = json.dumps(tiny_model.tokenizer([tiny_model.UNKNOWN, *WORDS]))
    for name in ("one", "two"):
        pack.write(tmp_path / name, table(1 + len(WORDS), 64), tokenizer)
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_card_tells_recipe_figures_and_sources(tmp_path: Path) -> None:
    """The standing text first, then this run's."""
    pack.write_card(
        tmp_path,
        {"seed": 7, "steps": 3000},
        {"zh -> en recall@10": 0.8125},
        {"pairs-qa-zh": {"small": 3, "large": 5}},
        12.4,
    )
    card = (tmp_path / "MODEL_CARD.md").read_text("utf-8")
    assert card.startswith(pack._CARD.read_text("utf-8").rstrip())
    for line in ("| seed | 7 |", "Trained in 12 minutes", "| zh -> en recall@10 | 0.812 |"):
        assert line in card
    assert card.index("| pairs-qa-zh | large | 5 |") < card.index("| pairs-qa-zh | small | 3 |")
