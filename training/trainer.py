"""Contrastive training of token vectors: InfoNCE with in-batch negatives, both ways, at several widths.

A text is the normalised sum of its tokens' vectors; a token's vector is ``exp(scale) * (own + shared)``, where the
shared part is half the sum of the rows of its characters (a Chinese word) or of its stem (an English one). Sums are
linear, so the finished model is one table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn.functional import cross_entropy, embedding_bag, normalize

from training.encode import gather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from training.draw import Batch
    from training.encode import Ragged

_MOMENTUM: Final = 0.9
_DECAY: Final = 0.99
_SHARED: Final = 0.5
_SMOOTH: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run depends on, besides its data."""

    dimension: int = 512
    widths: tuple[int, ...] = (512, 256, 128)
    batch: int = 1024
    temperature: float = 0.05
    margin: float = 0.2  # between translations and the rest (additive margin softmax, Yang et al. 2019)
    rate: float = 0.0025
    scale_rate: float = 0.01
    pull: float = 0.1  # towards the start, a share of the rate
    chinese: float = 0.6  # how far Chinese tokens start turned towards their translations
    english: float = 0.4  # and English ones towards the words around them
    whitening: float = 0.35  # power of the finishing step, see ``whitened``
    warm_up: int = 100
    steps: int = 3_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Gradients:
    """Of the rows that a batch used: own vectors (kin included), and lengths of the tokens themselves."""

    used: NDArray[np.int64]
    distinct: NDArray[np.int64]
    own: torch.Tensor
    scale: torch.Tensor


class Model:
    """Token vectors in training.

    Args:
        start: shape (V, dimension), where the tokens' own vectors begin.
        weights: shape (V,), the length with which each begins.
        kin: rows that each token shares.
        pull: how strongly own vectors are held to where they began, a share of the rate.
    """

    def __init__(self, start: torch.Tensor, weights: NDArray[np.float64], kin: Ragged, pull: float) -> None:
        rows, width = start.shape
        self.own = start.clone()
        self.scale = torch.from_numpy(np.log(weights)).float()
        self.kin = kin
        self._start = start
        self._pull = pull
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
            parts.append(
                self._vectors(own, self.scale[torch.from_numpy(rows)], len(rows), places, starts).numpy()
            )
        return np.concatenate(parts)

    def gradients(self, batch: Batch, recipe: Recipe) -> tuple[float, Gradients]:
        """Loss of a batch, and the gradients of the rows that it touches."""
        texts = (batch.left, batch.right)
        tokens = np.concatenate([text.tokens for text in texts])
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
        loss = loss_of(recipe, bags[0], bags[1], batch.margin)
        loss.backward()
        assert own.grad is not None  # noqa: S101 - backward fills both
        assert scale.grad is not None  # noqa: S101
        return loss.item(), Gradients(used, distinct, own.grad, scale.grad)

    def update(self, gradients: Gradients, rate: float, scale_rate: float) -> None:
        """Adam on the rows that a batch touched; the second moment is one number a row."""
        own_grad, scale_grad = gradients.own, gradients.scale
        rows = torch.from_numpy(gradients.used)
        self._t[rows] += 1
        t = self._t[rows]
        m = self._m[rows].lerp_(own_grad, 1 - _MOMENTUM)
        v = self._v[rows] * _DECAY + own_grad.square().mean(1) * (1 - _DECAY)
        self._m[rows] = m
        self._v[rows] = v
        size = rate * torch.rsqrt(v / (1 - _DECAY**t) + 1e-16) / (1 - _MOMENTUM**t)
        own = self.own[rows]
        self.own[rows] = own - m * size[:, None] + rate * self._pull * (self._start[rows] - own)
        rows = torch.from_numpy(gradients.distinct)
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
        shared = embedding_bag(torch.from_numpy(places), own, torch.from_numpy(starts[:-1]), mode="sum")
        return scale.exp()[:, None] * (own[:count] + _SHARED * shared)


def random_vectors(rows: int, recipe: Recipe) -> torch.Tensor:
    """Where training starts, shape (rows, dimension): in so many dimensions, random vectors hardly meet."""
    random = torch.Generator().manual_seed(recipe.seed)
    return torch.randn(rows, recipe.dimension, generator=random) / math.sqrt(recipe.dimension)


def smooth_weights(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Square root of the smooth inverse frequency a / (a + p) (Arora et al. 2017), a = 1e-4."""
    shares = (counts + 1) / (counts + 1).sum()
    return np.asarray(np.sqrt(_SMOOTH / (_SMOOTH + shares)), dtype=np.float64)


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
    model: Model, batches: Iterator[Batch], recipe: Recipe, report: Callable[[int, float], None]
) -> None:
    """Run all steps: the rate rises over the warm-up, then falls to 0 in a straight line."""
    for step, batch in zip(range(1, recipe.steps + 1), batches, strict=False):
        share = min(step / recipe.warm_up, 1.0) * (1 - step / recipe.steps)
        loss, gradients = model.gradients(batch, recipe)
        model.update(gradients, recipe.rate * share, recipe.scale_rate * share)
        report(step, loss)


def whitened(table: NDArray[np.float32], passages: Ragged, power: float) -> NDArray[np.float32]:
    """Token vectors after a linear map that evens out the directions of passages: covariance ** (-power / 2).

    Full whitening (power 1) would weigh every direction alike; a little of it takes weight from what all texts share.
    """
    sums = np.zeros((len(passages), table.shape[1]), dtype=np.float32)
    filled = np.flatnonzero(np.diff(passages.starts))
    for place in filled.tolist():
        sums[place] = table[passages.row(place)].sum(axis=0)
    unit = sums[filled] / np.linalg.norm(sums[filled], axis=1, keepdims=True)
    values, directions = np.linalg.eigh((unit.T @ unit / len(unit)).astype(np.float64))
    change = directions * (values / values.mean()) ** (-power / 2) @ directions.T
    return np.asarray(table @ change.astype(np.float32))
