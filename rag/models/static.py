"""The built-in embedding model: a vector for each token, summed and normalised. No torch, no download.

A text is cut by longest match over Chinese and English words and pieces (``tokenizer.json``). Token vectors are
stored as four-bit numbers with a scale for each row, mapped into memory. ``training/`` says how they were learnt.
"""

from __future__ import annotations

import json
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rag.errors import ModelError
from rag.models import neighbours, tensors
from rag.types import Comparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rag.models.neighbours import Neighbours

FOLDER: Final = Path(__file__).with_name("builtin")
_BATCH: Final = 1024  # texts whose distinct tokens are unpacked together
_KNOWN: Final = 2000  # texts whose tokens are remembered: some 15 MB
_TINY: Final = 1e-9
# The two four-bit numbers of every byte, the low one first: -7.5, -6.5 ... 7.5. Each pair is one complex number, because
# numpy looks those up twice as fast as rows of two.
_PAIRS: Final = (
    (np.stack([np.arange(256) & 15, np.arange(256) >> 4], axis=1) - 7.5)
    .astype(np.float32)
    .view(np.complex64)[:, 0]
)


class StaticEmbedder:
    """Satisfies ``Embedder``, ``Comparer`` and ``Thesaurus`` of ``rag.protocols``. The files are opened when the first text comes.

    Args:
        folder: ``config.json``, ``tokenizer.json`` and ``model.safetensors``; default: the model that comes along.
        dimension: keep only the first numbers of a vector; the model was trained to be cut (Matryoshka).

    Raises:
        ModelError: the model is missing or damaged, or has fewer dimensions.
    """

    def __init__(self, *, folder: Path | None = None, dimension: int | None = None) -> None:
        self._folder = folder or FOLDER
        self._config = self._read_config()
        width = int(self._config["dimension"])
        if dimension is not None and dimension > width:
            raise ModelError(
                "embedding.dimension = {wanted}: the built-in model has {found}. Lower it, or leave it out.",
                wanted=dimension,
                found=width,
            )
        self._dimension = dimension or width
        self._lock = threading.Lock()
        self._known: dict[str, NDArray[np.int64]] = {}
        # Sorted tokens and their vectors: what was compared last is mostly read again.
        self._read = np.zeros(0, dtype=np.int64), np.zeros((0, self._dimension), dtype=np.float32)

    @property
    def identity(self) -> str:
        """Name, hash of the weights and of the tokenizer, width."""
        files = self._config["sha256"]
        digest = files["model.safetensors"][:16] + files["tokenizer.json"][:8]
        return f"builtin:{self._config['name']}|{digest}|{self._dimension}"

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension), L2-normalised; a text without a known token gives zeros."""
        parts = [self._embed(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self._dimension), dtype=np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,), L2-normalised."""
        vector: NDArray[np.float32] = self._embed([text])[0]
        return vector

    def compare(self, question: str, texts: Sequence[str]) -> Comparison:
        """Read passages against a question token by token: finer than one vector each, and slower."""
        tokens = self.tokens([question, *texts])
        distinct, places = _distinct(np.concatenate(tokens))
        table = self._rows(distinct)
        self._read = distinct, table
        starts = np.cumsum([0, *map(len, tokens)])
        asked = places[: starts[1]]
        if not len(asked) or not texts:
            return Comparison((0.0,) * len(texts), (0.0,) * len(texts))
        rest, bounds = places[starts[1] :], starts[1:] - starts[1]
        text = np.repeat(np.arange(len(texts)), np.diff(bounds))
        return Comparison(
            tuple(_damped_cosine(table, asked, rest, text, len(texts)).tolist()),
            tuple(_coverage(table, _distinct(asked)[0], rest, text, len(texts)).tolist()),
        )

    def knows(self, word: str) -> bool:
        """Whether a folded word is a token by itself."""
        return self._tokenizer.token_to_id(word) is not None

    def neighbours(self, word: str) -> list[tuple[str, float]]:
        """(word, cosine) pairs of words that mean nearly the same, best first; none where that is not known."""
        return self._neighbours.of(word) if self._neighbours else []

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """Each text's tokens, by number; the last ones are remembered: passages are read more than once."""
        with self._lock:
            known = {text: self._known[text] for text in texts if text in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        fresh = dict(zip(new, self._tokens(new), strict=True)) if new else {}
        with self._lock:
            self._known.update(fresh)
            while len(self._known) > _KNOWN:
                del self._known[next(iter(self._known))]
        return [known[text] if text in known else fresh[text] for text in texts]

    def vectors(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Shape (len(tokens), dimension); not normalised: the longer, the rarer."""
        known, table = self._read
        places = np.minimum(np.searchsorted(known, tokens), max(len(known) - 1, 0))
        there = known[places] == tokens if len(known) else np.zeros(len(tokens), dtype=np.bool_)
        found = np.empty((len(tokens), self._dimension), dtype=np.float32)
        found[there] = table[places[there]]
        found[~there] = self._rows(tokens[~there])
        return found

    def _tokens(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.array(each.ids, dtype=np.int64) for each in found]

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tokens = self._tokens(texts)
        distinct, places = _distinct(np.concatenate(tokens))
        table = self._rows(distinct)
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        at = 0
        for vector, ids in zip(vectors, tokens, strict=True):
            table[places[at : at + len(ids)]].sum(axis=0, out=vector)
            at += len(ids)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(length > 0, length, 1)
        return vectors

    def _rows(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Token vectors, shape (len(tokens), dimension)."""
        packed, scale = self._weights
        try:
            numbers = _PAIRS[packed[tokens, : (self._dimension + 1) // 2]]
        except IndexError as e:  # the tokenizer belongs to other weights
            raise _damaged(self._folder) from e
        rows: NDArray[np.float32] = numbers.view(np.float32)[:, : self._dimension]
        rows *= scale[tokens, None]
        return rows

    @cached_property
    def _weights(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        try:
            found = tensors.read(self._folder / "model.safetensors")
            rows, scale = found["embeddings"].view(np.uint8), found["scale"].astype(np.float32)
        except (OSError, ValueError, LookupError) as e:
            raise _damaged(self._folder) from e
        if not len(rows) == len(scale) == int(self._config["vocabulary"]):
            raise _damaged(self._folder)
        return rows, scale

    @cached_property
    def _neighbours(self) -> Neighbours | None:
        if not (self._folder / neighbours.FILE).is_file():
            return None  # a model that was trained for itself
        try:
            return neighbours.Neighbours(self._folder, self._tokenizer)
        except (OSError, ValueError, LookupError) as e:
            raise _damaged(self._folder) from e

    @property
    def _tokenizer(self) -> Any:
        with self._lock:
            return self._opened_tokenizer

    @cached_property
    def _opened_tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        try:
            return Tokenizer.from_file(str(path))
        except Exception as e:  # the library raises nothing narrower
            raise _damaged(self._folder) from e

    def _read_config(self) -> dict[str, Any]:
        try:
            config: dict[str, Any] = json.loads((self._folder / "config.json").read_text("utf-8"))
            int(config["dimension"])
            str(config["name"] + config["sha256"]["model.safetensors"] + config["sha256"]["tokenizer.json"])
        except (OSError, ValueError, LookupError, TypeError) as e:
            raise _damaged(self._folder) from e
        return config


def _distinct(tokens: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The tokens in order, each once, and for each given one its place there: ``np.unique`` without sorting (and without loading ``numpy.ma``)."""
    present = np.zeros(int(tokens.max(initial=-1)) + 1, dtype=np.bool_)
    present[tokens] = True
    distinct = np.flatnonzero(present)
    place = np.empty(len(present), dtype=np.int64)
    place[distinct] = np.arange(len(distinct))
    return distinct, place[tokens]


def _damped_cosine(
    table: NDArray[np.float32],
    asked: NDArray[np.int64],
    rest: NDArray[np.int64],
    text: NDArray[np.int64],
    count: int,
) -> NDArray[np.float32]:
    """Cosine of the question and each text, a token that stands n times in a text counted sqrt(n) times."""
    repeats = np.bincount(text * len(table) + rest, minlength=count * len(table))
    vectors = np.sqrt(repeats, dtype=np.float32).reshape(count, len(table)) @ table
    question = table[asked].sum(axis=0)
    length = np.linalg.norm(vectors, axis=1) * np.linalg.norm(question)
    return np.asarray(vectors @ question / np.maximum(length, _TINY), dtype=np.float32)


def _coverage(
    table: NDArray[np.float32],
    asked: NDArray[np.int64],
    rest: NDArray[np.int64],
    text: NDArray[np.int64],
    count: int,
) -> NDArray[np.float32]:
    """Share of the question that each text covers: each token by its nearest in the text, weighted by its length."""
    weight = np.linalg.norm(table, axis=1)
    unit = table / np.maximum(weight, _TINY)[:, None]
    alike = np.maximum(unit[asked] @ unit.T, 0)
    filled, first = np.unique(text, return_index=True)
    found = np.zeros(count, dtype=np.float32)
    if len(filled):
        nearest = np.maximum.reduceat(alike[:, rest], first, axis=1)
        found[filled] = weight[asked] @ nearest / max(float(weight[asked].sum()), _TINY)
    return found


def unpacked(packed: NDArray[np.uint8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """All token vectors, shape (tokens, dimension), from what ``model.safetensors`` holds."""
    numbers: NDArray[np.float32] = _PAIRS[packed].view(np.float32)
    return numbers * scale[:, None]


def _damaged(folder: Path) -> ModelError:
    return ModelError(
        "The built-in model in {path} is missing or damaged. Install Footnotes again.", path=folder
    )
