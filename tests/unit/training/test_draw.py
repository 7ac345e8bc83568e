"""Batches: one kind of text each, blocks of kin, nothing twice, the same for the same seed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("zstandard", reason="comes with the dependency group train")

from training import draw
from training.encode import PARALLEL, Pairs, Passages, Ragged, gather

SIZE = 256
ROWS = 1_000
KINDS = (PARALLEL, "pairs-qa-en", "passages-zh")


def ragged(rows: list[list[int]]) -> Ragged:
    """Lists of token numbers."""
    starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return Ragged(np.array([token for row in rows for token in row], dtype=np.int32), starts)


def pairs(name: str, *, length: int = 2) -> Pairs:
    """Row i is i again and again on the left, and 100000 + i on the right; the last tenth is of another source."""
    left = ragged([[i] * length for i in range(ROWS)])
    right = ragged([[100_000 + i] for i in range(ROWS)])
    return Pairs(name, left, right, (np.arange(ROWS) >= 900).astype(np.int16), ("big", "small"))


def passages() -> Passages:
    """Passage i has three sentences of the tokens 10 i, 10 i + 1, 10 i + 2; every fourth has only the first."""
    cut = [[[10 * i + j] for j in range(1 if i % 4 == 0 else 3)] for i in range(ROWS)]
    starts = np.cumsum([0, *map(len, cut)], dtype=np.int64)
    sentences = ragged([sentence for each in cut for sentence in each])
    return Passages("passages-zh", sentences, starts, np.zeros(ROWS, dtype=np.int16), ("wiki",))


def drawer(*kinds: Pairs | Passages, seed: int = 3) -> draw.Drawer:
    """Clusters of 50 rows that follow each other."""
    clusters = {kind.name: np.split(np.arange(ROWS), ROWS // 50) for kind in kinds}
    return draw.Drawer(kinds, clusters, size=SIZE, margin=0.2, seed=seed)


def rows(batch: draw.Batch) -> list[list[int]]:
    """Left sides as lists."""
    return [batch.left.row(i).tolist() for i in range(len(batch.left))]


def test_both_sides_belong_together() -> None:
    """Row by row, no row twice, no more rows than asked for."""
    for number in range(20):
        batch = drawer(pairs("pairs-qa-en")).batch(number)
        left, right = batch.left.tokens[::2], batch.right.tokens
        assert np.array_equal(left + 100_000, right)
        assert len(set(left.tolist())) == len(left) == len(batch.left)
        assert 0 < len(left) <= SIZE


def test_translations_come_in_double_size_with_a_margin() -> None:
    """They are short; all others have neither."""
    both = drawer(pairs(PARALLEL), pairs("pairs-qa-en"))
    batches = [both.batch(number) for number in range(60)]
    assert {batch.margin for batch in batches} == {0.0, 0.2}
    assert max(len(batch.left) for batch in batches if batch.margin) > SIZE
    assert max(len(batch.left) for batch in batches if not batch.margin) <= SIZE


def test_kinds_are_drawn_by_their_shares() -> None:
    """0.33 to 0.07: among four hundred batches of these two, about 330 translations."""
    both = drawer(pairs(PARALLEL), pairs("pairs-qa-en"))
    share = np.mean([both.batch(number).margin > 0 for number in range(400)])
    assert share == pytest.approx(0.33 / 0.40, abs=0.06)


def test_blocks_are_of_one_group() -> None:
    """What stands together is alike: a cluster, or one source."""
    found = rows(drawer(pairs("pairs-qa-en")).batch(0))
    assert sum(
        a[0] // 50 == b[0] // 50 or (a[0] >= 900) == (b[0] >= 900) for a, b in pairwise(found)
    ) > 0.9 * (len(found) - 1)


def test_the_same_seed_draws_the_same() -> None:
    """Batch by number, whatever was drawn before; another seed draws others."""
    kinds = (pairs(PARALLEL), pairs("pairs-qa-en"), passages())
    one, two, other = drawer(*kinds), drawer(*kinds), drawer(*kinds, seed=4)
    for number in (5, 0, 3):
        a, b = one.batch(number), two.batch(number)
        assert np.array_equal(a.left.tokens, b.left.tokens)
        assert np.array_equal(a.right.tokens, b.right.tokens)
    assert any(rows(one.batch(n)) != rows(other.batch(n)) for n in range(3))
    for number, batch in zip(range(6), two.batches(), strict=False):
        assert rows(batch) == rows(one.batch(number))


def test_inverse_cloze_asks_with_a_sentence_of_the_passage() -> None:
    """The rest is its answer: mostly without the sentence, sometimes with it; a lone sentence stays."""
    stayed = {False: 0, True: 0}
    for number in range(12):
        batch = drawer(passages()).batch(number)
        for i in range(len(batch.left)):
            (asked,) = batch.left.row(i).tolist()
            answer = batch.right.row(i).tolist()
            whole = [10 * (asked // 10) + j for j in range(1 if asked // 10 % 4 == 0 else 3)]
            assert answer in (whole, [token for token in whole if token != asked])
            assert answer
            if len(whole) == 3:
                stayed[answer == whole] += 1
    assert stayed[True] / sum(stayed.values()) == pytest.approx(0.3, abs=0.06)


def test_long_texts_are_cut() -> None:
    """At random, at 320 tokens."""
    batch = drawer(pairs("pairs-qa-en", length=500)).batch(1)
    assert set(np.diff(batch.left.starts).tolist()) == {320}


def test_rows_are_gathered_in_their_order() -> None:
    """Empty ones among them."""
    found = gather(ragged([[1, 2], [], [3], [4, 5, 6]]), np.array([3, 1, 0, 3]))
    assert [found.row(i).tolist() for i in range(len(found))] == [[4, 5, 6], [], [1, 2], [4, 5, 6]]
