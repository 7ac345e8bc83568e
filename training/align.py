"""Where Chinese token vectors start: near the English words that translate them.

Without it, training must move two random vectors together for every word and its translation, and on the way
loses what random vectors are good at, telling words apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn.functional import embedding_bag, normalize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from training.encode import Pairs, Ragged

_ENOUGH: Final = 3  # sentences that must hold a token before their translations say anything
_BLOCK: Final = 16_384


def translations(
    parallel: Pairs,
    glosses: Mapping[int, list[int]],
    own: torch.Tensor,
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.int64], torch.Tensor]:
    """Directions of Chinese tokens, from English vectors.

    Each is the mean of two: its dictionary glosses', and the English sentences' whose Chinese holds it (less the mean
    of all sentences).

    Args:
        parallel: left Chinese, right English.
        glosses: English tokens by Chinese token.
        own: shape (V, dimension), the English rows of which are used.
        weights: shape (V,), how much a token counts in a text.

    Returns:
        Rows, and their unit vectors, shape (n, dimension).
    """
    weighted = normalize(own) * torch.from_numpy(weights).float()[:, None]
    found = torch.zeros_like(own)
    for token, words in glosses.items():
        found[token] = normalize(weighted[words].sum(0), dim=0)
    found += normalize(_contexts(parallel, weighted))
    rows = np.flatnonzero(found.abs().sum(1).numpy() > 0)
    return rows, normalize(found[torch.from_numpy(rows)])


def _contexts(parallel: Pairs, weighted: torch.Tensor) -> torch.Tensor:
    """Mean English sentence of each Chinese token, less the mean of all."""
    total = torch.zeros_like(weighted)
    seen = torch.zeros(len(weighted))
    mean = torch.zeros(weighted.shape[1])
    count = len(parallel.source)
    for first in range(0, count, _BLOCK):
        last = min(first + _BLOCK, count)
        english = normalize(_bags(parallel.right, first, last, weighted))
        mean += english.sum(0)
        tokens, sentence = _members(parallel.left, first, last)
        total.index_add_(0, tokens, english[sentence])
        seen.index_add_(0, tokens, torch.ones(len(tokens)))
    total -= seen[:, None] * (mean / count)
    total[seen < _ENOUGH] = 0
    return total


def _bags(texts: Ragged, first: int, last: int, table: torch.Tensor) -> torch.Tensor:
    begin = texts.starts[first]
    tokens = texts.tokens[begin : texts.starts[last]].astype(np.int64)
    return embedding_bag(
        torch.from_numpy(tokens), table, torch.from_numpy(texts.starts[first:last] - begin), mode="sum"
    )


def _members(texts: Ragged, first: int, last: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens of each text, each once, and the text's place in the block."""
    starts = texts.starts[first : last + 1]
    tokens = texts.tokens[starts[0] : starts[-1]].astype(np.int64)
    text = np.repeat(np.arange(last - first), np.diff(starts))
    both = np.unique(np.stack([text, tokens]), axis=1)
    return torch.from_numpy(both[1]), torch.from_numpy(both[0])
