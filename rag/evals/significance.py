"""Whether a difference between two runs over the same questions is more than chance.

Fisher's paired randomisation test: were both runs alike, each question's difference might as well have had the other
sign. The p value is the share of random signs that give a mean at least as far from 0 as the one that was measured.
Smucker, Allan and Carterette, "A comparison of statistical significance tests for information retrieval evaluation",
CIKM 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

SEED = 0
ROUNDS = 10_000
ALPHA = 0.05
_BLOCK = 500  # rounds at once, so that the signs of many questions stay small
_SAME = 1e-4  # kept values are rounded


@dataclass(frozen=True, slots=True)
class Paired:
    """One metric of two runs over the same questions: means as fractions of 1, and the p value of their difference."""

    before: float
    now: float
    p: float

    @property
    def gain(self) -> float:
        """How much better the second run is."""
        return self.now - self.before

    @property
    def verdict(self) -> str:
        """``gain``, ``loss``, or empty where the difference may be chance."""
        if self.p >= ALPHA:
            return ""
        return "gain" if self.gain > 0 else "loss"


def paired(before: ArrayLike, now: ArrayLike) -> Paired:
    """Compare two runs by their values of each question, in the same order."""
    old, new = np.asarray(before, dtype=float), np.asarray(now, dtype=float)
    return Paired(float(old.mean()), float(new.mean()), p_value(new - old))


def across(sets: Sequence[ArrayLike]) -> float:
    """P value of the mean over sets, each counting the same whatever its size, from each set's differences."""
    columns = [np.asarray(differences, dtype=float) for differences in sets]
    size = sum(len(column) for column in columns) / len(columns)
    return p_value(np.concatenate([column * (size / len(column)) for column in columns]))


def p_value(differences: ArrayLike) -> float:
    """Two-sided p value of the mean difference under random signs; seeded, so a rerun says the same."""
    given = np.asarray(differences, dtype=float)
    moved = given[np.abs(given) > _SAME]
    random = np.random.default_rng(SEED)
    as_large = sum(_as_large(moved, random) for _ in range(ROUNDS // _BLOCK))
    return (as_large + 1) / (ROUNDS + 1)


def _as_large(moved: np.ndarray[Any, np.dtype[np.float64]], random: np.random.Generator) -> int:
    """How many of a block of random signs give a sum at least as far from 0."""
    signs = random.choice((-1.0, 1.0), size=(_BLOCK, len(moved)))
    return int((np.abs(signs @ moved) >= abs(moved.sum()) - 1e-9).sum())
