"""Writes the finished model: four-bit numbers with a scale for each row, the tokenizer, and what they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.models import tensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_CLIPS: Final = (1.4, 1.7, 2.0, 2.3, 2.6, 3.0, 3.5)  # in root mean squares of the row
_CARD: Final = Path(__file__).with_name("MODEL_CARD.md")
_HALF: Final = 8  # four bits: 16 levels, at -7.5 ... 7.5 steps
NAME: Final = "footnotes-static-zh-en"
VERSION: Final = "1"


def packed(table: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Shape (V, D / 2) bytes and (V,) scales; each row clipped where its squared error is smallest."""
    spread = np.sqrt(np.square(table).mean(axis=1))
    best = np.full(len(table), np.inf, dtype=np.float32)
    scale = np.ones(len(table), dtype=np.float32)
    for clip in _CLIPS:
        step = np.maximum(spread * clip / _HALF, 1e-12).astype(np.float32)
        error = np.square((_levels(table, step) - 7.5) * step[:, None] - table).sum(axis=1)
        better = error < best
        best[better], scale[better] = error[better], step[better]
    levels = _levels(table, scale)
    scale[spread == 0] = 0
    pairs = levels[:, ::2] | levels[:, 1::2] << 4
    return pairs.astype(np.uint8), scale


def _levels(table: NDArray[np.float32], step: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels = np.clip(np.floor(table / step[:, None]) + _HALF, 0, 2 * _HALF - 1)
    return np.asarray(levels, dtype=np.uint8)


def write(folder: Path, table: NDArray[np.float32], tokenizer: str) -> None:
    """Write ``model.safetensors``, ``tokenizer.json`` and ``config.json`` with the SHA-256 of both."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, scale = packed(table)
    tensors.write(folder / "model.safetensors", {"embeddings": rows, "scale": scale})
    (folder / "tokenizer.json").write_text(tokenizer, "utf-8", newline="\n")
    files = ("model.safetensors", "tokenizer.json")
    config = {
        "name": NAME,
        "version": VERSION,
        "dimension": table.shape[1],
        "vocabulary": len(table),
        "bits": 4,
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8", newline="\n")


def write_card(
    folder: Path,
    recipe: Mapping[str, object],
    figures: Mapping[str, float],
    rows: Mapping[str, Mapping[str, int]],
    minutes: float,
) -> None:
    """Write ``MODEL_CARD.md``: the standing text, then what this run was made of and came to."""
    lines = [_CARD.read_text("utf-8").rstrip(), "", "## This run", ""]
    lines += [
        "| setting | value |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in recipe.items()),
    ]
    lines += ["", f"Trained in {minutes:.0f} minutes. On 2,000 sentence pairs held out of training:", ""]
    lines += [
        "| figure | value |",
        "|---|---:|",
        *(f"| {name} | {value:.3f} |" for name, value in figures.items()),
    ]
    lines += ["", "Rows by kind and source:", "", "| kind | source | rows |", "|---|---|---:|"]
    for kind, sources in rows.items():
        ordered = sorted(sources.items(), key=lambda pair: (-pair[1], pair[0]))
        lines += [f"| {kind} | {source} | {count} |" for source, count in ordered]
    (folder / "MODEL_CARD.md").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
