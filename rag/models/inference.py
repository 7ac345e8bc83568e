"""Natural language inference by a cross-encoder of sentence-transformers (extra ``models``): does one text follow from another?

A hub id that was downloaded before, or a local folder, with labels for entailment and contradiction; nothing is downloaded.
"""

from __future__ import annotations

import math
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from rag.errors import ExtraMissingError, ModelError
from rag.models.local_files import folder_of, installed, offline

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST: Final = 512  # tokens of both texts
_LABELS: Final = ("entail", "contradict")


class CrossEncoderInference:
    """Satisfies ``rag.protocols.Inference``. The model is loaded when it is first asked."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()

    def judge(self, premise: str, hypothesis: str) -> tuple[float, float]:
        """How surely the hypothesis follows from the premise, and contradicts it: two numbers from 0 to 1.

        Raises:
            ModelError: the model cannot be loaded, fails, or has no such labels.
        """
        with self._lock:
            model, places = self._model
            try:
                scores = [
                    float(n) for n in model.predict([(premise, hypothesis)], show_progress_bar=False)[0]
                ]
            except (RuntimeError, IndexError, TypeError, ValueError) as e:
                raise ModelError(
                    "The model {model} failed ({reason}). Choose another llm.inference_model.",
                    model=self._name,
                    reason=type(e).__name__,
                ) from e
        entails, contradicts = (_softmax(scores)[place] for place in places)
        return entails, contradicts

    @cached_property
    def _model(self) -> tuple[Any, tuple[int, ...]]:
        folder = folder_of(self._name)
        if not installed("sentence_transformers"):
            raise ExtraMissingError(
                "llm.inference_model = {model} needs sentence-transformers. Install it: pip install 'footnotes[models]'",
                model=self._name,
            )
        if folder is None:
            raise ModelError(
                "The model {model} is not on this machine. "
                "Name a folder that holds it, or download it first: hf download {model}",
                model=self._name,
            )
        try:
            with offline():
                from sentence_transformers import CrossEncoder

                model = CrossEncoder(
                    str(folder), max_length=_LONGEST, trust_remote_code=False, local_files_only=True
                )
        except (ImportError, OSError, ValueError, RuntimeError) as e:
            raise ModelError(
                "The model {model} is not on this machine or cannot be loaded: {reason}. "
                "Name a folder that holds it, or download it first: hf download {model}",
                model=self._name,
                reason=" ".join(str(e).split())[:200],
            ) from e
        return model, self._places(model)

    def _places(self, model: Any) -> tuple[int, ...]:
        """Which outputs mean entailment and contradiction, by the model's own labels."""
        labels = {int(n): str(label).lower() for n, label in model.model.config.id2label.items()}
        found = tuple(n for wanted in _LABELS for n, label in labels.items() if label.startswith(wanted))
        if len(found) != len(_LABELS):
            raise ModelError(
                "The model {model} has the labels {labels}, none for entailment and contradiction. "
                "Choose another llm.inference_model.",
                model=self._name,
                labels=", ".join(labels.values()),
            )
        return found


def _softmax(scores: Sequence[float]) -> list[float]:
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    return [power / sum(powers) for power in powers]
