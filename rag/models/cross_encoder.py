"""Cross-encoders of sentence-transformers (extra ``models``): a hub id or a local folder. Nothing is downloaded."""

from __future__ import annotations

import math
import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.errors import ExtraMissingError, ModelError
from rag.models.local_files import folder_of, installed, offline
from rag.models.relevance import reordered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rag.settings import RerankSettings
    from rag.types import Hit, Query


class CrossEncoderReranker:
    """Satisfies ``rag.protocols.Reranker``. The model is loaded when the first question comes.

    Hits beyond ``rerank.candidates`` keep their order below those that were read.
    """

    def __init__(self, settings: RerankSettings) -> None:
        assert settings.model is not None  # noqa: S101 - the opener asks for a cross-encoder only with a model
        self._settings = settings
        self._name = settings.model
        self._lock = threading.Lock()

    @property
    def identity(self) -> str:
        """Names the model."""
        return self._name

    def rerank(self, query: Query, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits, best first.

        Raises:
            ModelError: the model cannot be loaded, fails, or has not read all in ``rerank.time_budget_s``; the hits
                as they came are still good. Half of the numbers would be an order that hangs on the machine's load.
        """
        read, rest = hits[: self._settings.candidates], hits[self._settings.candidates :]
        if not read:
            return []
        pairs = [(query.text, hit.chunk.index_text) for hit in read]
        with self._lock:
            raw = [number for batch in self._batches(pairs) for number in self._scores(batch)]
        return reordered(read, raw, rest)

    def _batches(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
        """Pairs in batches, as long as there is time for one; loading the model takes none of it."""
        _ = self._model
        s = self._settings
        until = time.monotonic() + s.time_budget_s
        for at in range(0, len(pairs), s.batch_size):
            if time.monotonic() >= until:
                raise ModelError(
                    "{model} read {done} of {wanted} passages in {seconds:g} s, so they stand as they were found. Raise "
                    "rerank.time_budget_s, or lower rerank.candidates.",
                    model=self._name,
                    done=at,
                    wanted=len(pairs),
                    seconds=s.time_budget_s,
                )
            yield pairs[at : at + s.batch_size]

    def _scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        try:
            raw = self._model.predict(list(pairs), batch_size=len(pairs), show_progress_bar=False)
            found = [float(number) for number in raw]
        except (
            RuntimeError,
            IndexError,
            TypeError,
            ValueError,
        ) as e:  # out of memory; several numbers a pair
            raise ModelError(
                "The model {model} failed ({reason}). Lower rerank.batch_size or rerank.max_length, or choose a model "
                "that gives one number a passage.",
                model=self._name,
                reason=type(e).__name__,
            ) from e
        if not all(map(math.isfinite, found)):
            raise ModelError(
                "The model {model} gives numbers that are not finite. Choose another rerank.model.",
                model=self._name,
            )
        return found

    @cached_property
    def _model(self) -> Any:
        s = self._settings
        folder = folder_of(self._name)
        if not installed("sentence_transformers"):
            raise self._missing()
        if folder is None:
            raise ModelError(
                "The model {model} is not on this machine. "
                "Name a folder that holds it, or download it first: hf download {model}",
                model=self._name,
            )
        try:
            with offline():
                from sentence_transformers import CrossEncoder

                return CrossEncoder(
                    str(folder),
                    device=s.device,
                    max_length=s.max_length,
                    trust_remote_code=False,
                    local_files_only=True,
                )
        except ImportError as e:
            raise self._missing() from e
        except (OSError, ValueError, RuntimeError) as e:
            raise ModelError(
                "The model {model} is not on this machine or cannot be loaded: {reason}. "
                "Name a folder that holds it, or download it first: hf download {model}",
                model=self._name,
                reason=" ".join(str(e).split())[:200],
            ) from e

    def _missing(self) -> ExtraMissingError:
        return ExtraMissingError(
            "rerank.model = {model} needs sentence-transformers. Install it: pip install 'footnotes[models]'",
            model=self._name,
        )
