"""The built-in embedding model: a vector for each token, summed and normalised. No torch, no download.

A text is cut by longest match over Chinese and English words and pieces (``tokenizer.json``). Token vectors are
stored as four-bit numbers with a scale for each row, mapped into memory. ``training/`` says how they were learnt.
"""

from __future__ import annotations

import json
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rag.errors import ModelError
from rag.models import neighbours, sheet, tensors
from rag.types import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from rag.models.neighbours import Neighbours
    from rag.models.sheet import Sheet

FOLDER: Final = Path(__file__).with_name("builtin")
_BATCH: Final = 1024  # texts whose distinct tokens are unpacked together
_KNOWN: Final = 2000  # texts whose tokens are remembered: some 15 MB
# The two four-bit numbers of every byte, the low one first: -7.5, -6.5 ... 7.5. Each pair is one complex number, because
# numpy looks those up twice as fast as rows of two.
_PAIRS: Final = (
    (np.stack([np.arange(256) & 15, np.arange(256) >> 4], axis=1) - 7.5)
    .astype(np.float32)
    .view(np.complex64)[:, 0]
)


class _Last(NamedTuple):
    """What was read last: the question, where each text stands on the sheet, and the sheet."""

    question: str
    places: Mapping[str, int]
    sheet: Sheet


class StaticEmbedder:
    """Satisfies ``Embedder``, ``Comparer``, ``Reader`` and ``Thesaurus`` of ``rag.protocols``. The files are opened when the first text comes.

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
        self._kept: Callable[[Sequence[str]], Mapping[str, NDArray[np.int64]]] = lambda _: {}
        self._here = threading.local()  # what was compared last is mostly read again, by the same thread

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
        return self.embed_and_tokenise(texts)[0]

    def embed_and_tokenise(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[NDArray[np.int64]]]:
        """Vectors as of ``embed_passages``, and each text's tokens."""
        tokens = self._tokens(texts)
        parts = [self._embed(tokens[at : at + _BATCH]) for at in range(0, len(tokens), _BATCH)]
        empty = np.zeros((0, self._dimension), dtype=np.float32)
        return np.concatenate([empty, *parts]), tokens

    def recall(self, kept: Callable[[Sequence[str]], Mapping[str, NDArray[np.int64]]]) -> None:
        """Ask ``kept`` for the tokens of texts before they are cut anew; texts that it does not know are left out there."""
        self._kept = kept

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,), L2-normalised."""
        vector: NDArray[np.float32] = self._embed(self._tokens([text]))[0]
        return vector

    def compare(self, question: str, texts: Sequence[str]) -> Comparison:
        """Read passages against a question token by token: finer than one vector each, and slower."""
        read = self.sheet(question, texts)
        if not len(read.asked) or not texts:
            return Comparison((0.0,) * len(texts), (0.0,) * len(texts))
        return Comparison(tuple(sheet.cosine(read).tolist()), tuple(sheet.coverage(read).tolist()))

    def sheet(self, question: str, texts: Sequence[str]) -> Sheet:
        """A question and passages, laid out to be read; what a thread has read last, or a part of it, is not read again."""
        last: _Last | None = getattr(self._here, "last", None)
        if last is not None and last.question == question and all(text in last.places for text in texts):
            return last.sheet.some([last.places[text] for text in texts])
        asked, *passages = self.tokens([question, *texts])
        read = sheet.read(asked, passages, self._rows)
        self._here.last = _Last(question, {text: place for place, text in enumerate(texts)}, read)
        return read

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
        fresh = self._recalled([text for text in dict.fromkeys(texts) if text not in known])
        with self._lock:
            self._known.update(fresh)
            while len(self._known) > _KNOWN:
                del self._known[next(iter(self._known))]
        return [known[text] if text in known else fresh[text] for text in texts]

    def _recalled(self, texts: Sequence[str]) -> dict[str, NDArray[np.int64]]:
        kept = self._kept(texts) if texts else {}
        vocabulary = int(self._config["vocabulary"])
        found = {text: tokens for text, tokens in kept.items() if tokens.max(initial=-1) < vocabulary}
        new = [text for text in texts if text not in found]
        return {**found, **dict(zip(new, self._tokens(new), strict=True))} if new else found

    def _tokens(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.array(each.ids, dtype=np.int64) for each in found]

    def _embed(self, tokens: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        distinct, places = sheet.distinct(np.concatenate(tokens))
        table = self._rows(distinct)
        vectors = np.zeros((len(tokens), self._dimension), dtype=np.float32)
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


def unpacked(packed: NDArray[np.uint8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """All token vectors, shape (tokens, dimension), from what ``model.safetensors`` holds."""
    numbers: NDArray[np.float32] = _PAIRS[packed].view(np.float32)
    return numbers * scale[:, None]


def _damaged(folder: Path) -> ModelError:
    return ModelError(
        "The built-in model in {path} is missing or damaged. Install Footnotes again.", path=folder
    )
