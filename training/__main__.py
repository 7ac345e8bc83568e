"""Make the built-in model.

    python -m training DATA [--out rag/models/builtin] [--seed 0] [--steps N] [--threads 2]

DATA holds ``pairs-*.jsonl.zst`` and ``passages-*.jsonl.zst``. About 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import faiss
import numpy as np
import torch
from tokenizers import Tokenizer

from rag.models.static import FOLDER, StaticEmbedder
from training import align, clusters, corpus, draw, encode, measure, neighbours, pack, trainer, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Kinds = Sequence[encode.Pairs | encode.Passages]

_CHINESE_WORDS: Final = 55_000
_ENGLISH_WORDS: Final = 40_000
_SAMPLE: Final = 6_000
_EVERY: Final = 200  # steps between two lines


def main() -> None:
    """Parse the command line and train."""
    options = _parsed()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    faiss.omp_set_num_threads(options.threads)
    started = time.perf_counter()
    recipe = replace(trainer.Recipe(), seed=options.seed, steps=options.steps)
    words = vocabulary.choose(
        vocabulary.count_words(_texts(options.data)), chinese=_CHINESE_WORDS, english=_ENGLISH_WORDS
    )
    described = vocabulary.tokenizer_json(words)
    tokenizer = Tokenizer.from_str(described)
    _say(f"vocabulary of {len(words)}", started)
    kinds = [_encoded(options.data, file, tokenizer) for file in corpus.FILES]
    _say("training text encoded", started)
    model = _trained(kinds, words, align.glosses(_parallel(options.data), tokenizer), recipe, started)
    table = model.table()
    if options.keep:
        np.save(options.out.with_name("table.npy"), table)
    table = trainer.whitened(table, _sample(kinds, recipe.seed), recipe.whitening)
    table[words.index(vocabulary.UNKNOWN)] = 0
    pack.write(options.out, table, described)
    neighbours.make(options.out)
    found = measure.translation_recall(StaticEmbedder(folder=options.out), measure.held_out(options.data))
    minutes = (time.perf_counter() - started) / 60
    pack.write_card(options.out, asdict(recipe), found, _rows(kinds), minutes)
    _say(f"written to {options.out}: {found}", started)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=trainer.Recipe().seed)
    parser.add_argument("--steps", type=int, default=trainer.Recipe().steps)
    parser.add_argument("--keep", action="store_true", help="keep the unpacked table, for experiments")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def _trained(
    kinds: Kinds,
    words: Sequence[str],
    glosses: dict[int, list[int]],
    recipe: trainer.Recipe,
    started: float,
) -> trainer.Model:
    rows = vocabulary.size(words)
    weights = trainer.smooth_weights(encode.counts(kinds, rows))
    start = trainer.random_vectors(rows, recipe)
    (parallel,) = (kind for kind in kinds if isinstance(kind, encode.Pairs) and kind.name == encode.PARALLEL)
    align.align(start, parallel, glosses, weights, align.Shares(recipe.chinese, recipe.english))
    alike = {kind.name: clusters.clusters(kind, weights, recipe.seed) for kind in kinds}
    _say("similar texts grouped", started)
    drawer = draw.Drawer(kinds, alike, size=recipe.batch, margin=recipe.margin, seed=recipe.seed)
    model = trainer.Model(start, weights, _kin(words, rows), recipe.pull)
    losses: list[float] = []

    def report(step: int, loss: float) -> None:
        losses.append(loss)
        if step % _EVERY == 0:
            _say(f"step {step} of {recipe.steps}, loss {np.mean(losses[-_EVERY:]):.3f}", started)

    trainer.train(model, drawer.batches(), recipe, report)
    return model


def _sample(kinds: Kinds, seed: int) -> encode.Ragged:
    """Passages of both languages, as many of each."""
    random = np.random.default_rng(seed)
    parts = [
        encode.gather(
            encode.texts(kind), random.choice(len(kind.source), min(_SAMPLE, len(kind.source)), replace=False)
        )
        for kind in kinds
        if isinstance(kind, encode.Passages)
    ]
    return encode.joined(parts)


def _kin(words: Sequence[str], rows: int) -> encode.Ragged:
    ids = {word: row for row, word in enumerate(words)}
    lists = [vocabulary.components(word, ids) for word in words] + [[]] * (rows - len(words))
    tokens: NDArray[np.int32] = np.array([row for each in lists for row in each], dtype=np.int32)
    return encode.Ragged(tokens, np.cumsum([0, *map(len, lists)], dtype=np.int64))


def _encoded(data: Path, file: corpus.File, tokenizer: Tokenizer) -> encode.Pairs | encode.Passages:
    return (encode.pairs if file.right else encode.passages)(data, file, tokenizer)


def _texts(data: Path) -> Iterator[str]:
    for file in corpus.FILES:
        for row in corpus.rows(data, file):
            if file.name != encode.PARALLEL or not corpus.is_held_out(row):
                yield row.left
                yield row.right


def _parallel(data: Path) -> Iterator[corpus.Row]:
    return (row for row in corpus.rows(data, corpus.FILES[0]) if not corpus.is_held_out(row))


def _rows(kinds: Kinds) -> dict[str, dict[str, int]]:
    """Rows of each source, by kind."""
    return {
        kind.name: dict(zip(kind.sources, np.bincount(kind.source).tolist(), strict=True)) for kind in kinds
    }


def _say(text: str, started: float) -> None:
    sys.stdout.write(f"{(time.perf_counter() - started) / 60:5.1f} min  {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
