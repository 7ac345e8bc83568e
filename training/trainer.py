"""Contrastive training of token vectors: InfoNCE with in-batch negatives, both ways, at several widths.

A text is the normalised sum of its tokens' vectors; a token's vector is ``exp(scale) * (own + shared)``, where the
shared part is the mean of the rows of its characters (a Chinese word) or of its stem (an English one). Sums are
linear, so the finished model is one table.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn.functional import cross_entropy, embedding_bag, normalize

from training.encode import Ragged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from training.draw import Batch

_MOMENTUM: Final = 0.9
_DECAY: Final = 0.99
_SHARED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run depends on, besides its data."""

    dimension: int = 256
    widths: tuple[int, ...] = (256, 128, 64)
    batch: int = 1024
    temperature: float = 0.05
    rate: float = 0.02
    scale_rate: float = 0.01
    warm_up: int = 100
    steps: int = 4_000
    seed: int = 0


class Model:
    """Token vectors in training.

    Args:
        frequencies: shape (V,), each token's share of the training text.
        kin: rows that each token shares.
    """

    def __init__(self, frequencies: NDArray[np.float64], kin: Ragged, recipe: Recipe) -> None:
        rows, width = len(frequencies), recipe.dimension
        random = torch.Generator().manual_seed(recipe.seed)
        self.own = torch.randn(rows, width, generator=random) / math.sqrt(width)
        # Arora et al. 2017, smooth inverse frequency: a / (a + p).
        smooth = 1e-4
        self.scale = torch.from_numpy(np.log(smooth / (smooth + frequencies)) / 2).float()
        self.kin = kin
        self._m = torch.zeros(rows, width)
        self._v = torch.zeros(rows)
        self._vs = torch.zeros(rows)
        self._t = torch.zeros(rows)

    def table(self) -> NDArray[np.float32]:
        """Finished vectors, shape (V, dimension)."""
        parts = []
        for rows in np.array_split(np.arange(len(self.scale)), 32):
            used, places, starts = self._kin_of(rows)
            own = self.own[torch.from_numpy(used)]
            parts.append(self._vectors(own, self.scale[torch.from_numpy(rows)], len(rows), places, starts).numpy())
        return np.concatenate(parts)

    def gradients(
        self, texts: Sequence[Ragged], loss_of: Callable[..., torch.Tensor]
    ) -> tuple[float, tuple[NDArray[np.int64], NDArray[np.int64], torch.Tensor, torch.Tensor]]:
        """Loss of a batch, and the gradients of the rows that it touches."""
        tokens = np.concatenate([t.tokens for t in texts])
        distinct, inverse = np.unique(tokens, return_inverse=True)
        used, places, starts = self._kin_of(distinct)
        own = self.own[torch.from_numpy(used)].requires_grad_()
        scale = self.scale[torch.from_numpy(distinct)].requires_grad_()
        vectors = self._vectors(own, scale, len(distinct), places, starts)
        at, bags = 0, []
        for text in texts:
            ids = torch.from_numpy(inverse[at : at + len(text.tokens)])
            bags.append(embedding_bag(ids, vectors, torch.from_numpy(text.starts[:-1]), mode="sum"))
            at += len(text.tokens)
        loss = loss_of(*bags)
        loss.backward()
        assert own.grad is not None
        assert scale.grad is not None
        return loss.item(), (used, distinct, own.grad, scale.grad)

    def update(
        self,
        gradients: tuple[NDArray[np.int64], NDArray[np.int64], torch.Tensor, torch.Tensor],
        rate: float,
        scale_rate: float,
    ) -> None:
        """Adam on the rows that a batch touched; the second moment is one number a row."""
        used, distinct, own_grad, scale_grad = gradients
        rows = torch.from_numpy(used)
        self._t[rows] += 1
        t = self._t[rows]
        m = self._m[rows].lerp_(own_grad, 1 - _MOMENTUM)
        v = self._v[rows] * _DECAY + own_grad.square().mean(1) * (1 - _DECAY)
        self._m[rows] = m
        self._v[rows] = v
        size = rate * torch.rsqrt(v / (1 - _DECAY**t) + 1e-16) / (1 - _MOMENTUM**t)
        self.own[rows] = self.own[rows] - m * size[:, None]
        rows = torch.from_numpy(distinct)
        vs = self._vs[rows] * _DECAY + scale_grad.square() * (1 - _DECAY)
        self._vs[rows] = vs
        self.scale[rows] -= scale_rate * scale_grad * torch.rsqrt(vs / (1 - _DECAY ** self._t[rows]) + 1e-16)

    def _kin_of(
        self, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Rows in use (the given ones first), and for each given one the places of its kin among them."""
        kin = gather(self.kin, rows)
        extra = np.setdiff1d(kin.tokens, rows)
        used = np.concatenate([rows, extra])
        order = np.argsort(used, kind="stable")
        places = order[np.searchsorted(used, kin.tokens, sorter=order)]
        return used, places, kin.starts

    @staticmethod
    def _vectors(
        own: torch.Tensor,
        scale: torch.Tensor,
        count: int,
        places: NDArray[np.int64],
        starts: NDArray[np.int64],
    ) -> torch.Tensor:
        shared = embedding_bag(
            torch.from_numpy(places), own, torch.from_numpy(starts[:-1]), mode="sum"
        )
        return scale.exp()[:, None] * (own[:count] + _SHARED * shared)


def gather(ragged: Ragged, rows: NDArray[np.int64]) -> Ragged:
    """The given rows, in their order."""
    begins, ends = ragged.starts[rows], ragged.starts[rows + 1]
    lengths = ends - begins
    starts = np.concatenate([[0], np.cumsum(lengths)])
    index = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths) + np.repeat(begins, lengths)
    return Ragged(ragged.tokens[index], starts)


def loss_of(recipe: Recipe, left: torch.Tensor, right: torch.Tensor, margin: float) -> torch.Tensor:
    """InfoNCE both ways, the mean over the widths (Matryoshka)."""
    target = torch.arange(len(left))
    losses = []
    for width in recipe.widths:
        cosines = normalize(left[:, :width]) @ normalize(right[:, :width]).T
        scores = (cosines - margin * torch.eye(len(left))) / recipe.temperature
        losses.append((cross_entropy(scores, target) + cross_entropy(scores.T, target)) / 2)
    return torch.stack(losses).mean()


def train(
    model: Model, batches: Iterator[Batch], recipe: Recipe, report: Callable[[int, float, float], None]
) -> None:
    """Run all steps: the rate rises over the warm-up, then falls to 0 in a straight line."""
    started = time.perf_counter()
    for step in range(1, recipe.steps + 1):
        batch = next(batches)
        share = min(step / recipe.warm_up, 1.0) * (1 - step / recipe.steps)
        loss, gradients = model.gradients(
            (batch.left, batch.right), lambda left, right, margin=batch.margin: loss_of(recipe, left, right, margin)
        )
        model.update(gradients, recipe.rate * share, recipe.scale_rate * share)
        report(step, loss, time.perf_counter() - started)
