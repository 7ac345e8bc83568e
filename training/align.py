"""Where token vectors start: near their translations, and near the words that keep them company.

Without it, training must move two random vectors together for every word and its translation, and on the way
loses what random vectors are good at, telling words apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn.functional import embedding_bag, normalize

from training.encode import gather

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from training import corpus
    from training.encode import Pairs, Ragged

_DICTIONARY: Final = "cc-cedict"
_ENOUGH: Final = 3  # sentences that must hold a token before they say anything of it
_BLOCK: Final = 16_384


@dataclass(frozen=True, slots=True)
class Shares:
    """How far tokens are turned, from 0 to 1."""

    chinese: float
    english: float


def glosses(rows: Iterable[corpus.Row], tokenizer: Tokenizer) -> dict[int, list[int]]:
    """English tokens of the dictionary's glosses, by the Chinese token that they explain."""
    found: dict[int, list[int]] = {}
    for row in rows:
        if row.source != _DICTIONARY:
            continue
        headword = tokenizer.encode(row.left, add_special_tokens=False).ids
        if len(headword) == 1:
            words = tokenizer.encode(row.right, add_special_tokens=False).ids
            found.setdefault(headword[0], []).extend(words)
    return {token: words for token, words in found.items() if words}


def align(
    own: torch.Tensor,
    parallel: Pairs,
    found: dict[int, list[int]],
    weights: NDArray[np.float64],
    shares: Shares,
) -> None:
    """Turn rows towards what explains them: ``sqrt(1 - share**2)`` of themselves, ``share`` of that direction.

    A Chinese token is explained by its glosses and by the English sentences whose Chinese holds it, an English one by
    the sentences that hold it (random indexing, Kanerva et al. 2000).

    Args:
        own: shape (V, dimension), changed in place.
        parallel: left Chinese, right English.
        found: from ``glosses``.
        weights: shape (V,), how much a token counts in a text.
        shares: how far each is turned.
    """
    weighted = normalize(own) * torch.from_numpy(weights).float()[:, None]
    english = _contexts(parallel.right, parallel.right, weighted)
    chinese = _contexts(parallel.left, parallel.right, weighted)
    for token, words in found.items():
        chinese[token] += normalize(weighted[words].sum(0), dim=0)
    is_english = english.abs().sum(1) > chinese.abs().sum(1)  # a Latin word stands on both sides
    for direction, chosen, share in (
        (english, is_english, shares.english),
        (chinese, ~is_english, shares.chinese),
    ):
        rows = torch.nonzero(chosen & (direction.abs().sum(1) > 0))[:, 0]
        length = own[rows].norm(dim=1, keepdim=True)
        own[rows] = (1 - share**2) ** 0.5 * own[rows] + share * length * normalize(direction[rows])


def _contexts(members: Ragged, sentences: Ragged, weighted: torch.Tensor) -> torch.Tensor:
    """Direction of the mean sentence of each token, less the mean of all; zeros for rare tokens.

    Args:
        members: text i holds the tokens that sentence i explains.
        sentences: English.
        weighted: shape (V, dimension).
    """
    total = torch.zeros_like(weighted)
    seen = torch.zeros(len(weighted))
    mean = torch.zeros(weighted.shape[1])
    for first in range(0, len(sentences), _BLOCK):
        rows = np.arange(first, min(first + _BLOCK, len(sentences)))
        block, held = gather(sentences, rows), gather(members, rows)
        vectors = normalize(
            embedding_bag(
                torch.from_numpy(block.tokens.astype(np.int64)),
                weighted,
                torch.from_numpy(block.starts[:-1]),
                mode="sum",
            )
        )
        mean += vectors.sum(0)
        text = np.repeat(np.arange(len(rows)), np.diff(held.starts))
        text, tokens = np.unique(np.stack([text, held.tokens]), axis=1)
        total.index_add_(0, torch.from_numpy(tokens), vectors[torch.from_numpy(text)])
        seen.index_add_(0, torch.from_numpy(tokens), torch.ones(len(tokens)))
    total -= seen[:, None] * (mean / len(sentences))
    total[seen < _ENOUGH] = 0
    return normalize(total)
