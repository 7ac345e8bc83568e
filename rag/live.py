"""Which embedding model answers (a fact, kept in ``live.json``), and which one the settings ask for (a wish).

A wish becomes a fact when its index is complete: at the first sync or search of a home, and by ``footnotes reindex``
afterwards. Until then the live model goes on answering. The file is the switch: replaced atomically, last of all.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from rag.errors import HomeError, ModelError
from rag.messages import explain
from rag.models import opening
from rag.protocols import Tokeniser
from rag.settings import EmbeddingSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rag.config import LoadedSettings
    from rag.protocols import Embedder

_T = TypeVar("_T")
NAME = "live.json"
# The settings that decide what a vector looks like; the others (key, device, batch, patience) may change freely.
MATTERS = (
    "model",
    "url",
    "kind",
    "query_prompt",
    "passage_prompt",
    "dimension",
    "max_length",
    "precision",
    "backend",
)
_CHECKSUM = "checksum"
_SLUG = 16


@dataclass(frozen=True, slots=True)
class Model:
    """An embedding model that has an index.

    Attributes:
        identity: the embedder's own name for model and weights; keys the vector cache.
        settings: what opens it again; only MATTERS are set, the rest are defaults.
    """

    identity: str
    settings: EmbeddingSettings

    @property
    def slug(self) -> str:
        """16 hexadecimal digits: names the index's folder, and the model for people."""
        return hashlib.sha256(self.identity.encode("utf-8")).hexdigest()[:_SLUG]

    @property
    def name(self) -> str:
        """The model for people."""
        return name_of(self.settings)


@dataclass(frozen=True, slots=True)
class Live:
    """The model that answers, and the one before it, whose index is kept for a rollback."""

    model: Model
    previous: Model | None = None

    def switched_to(self, model: Model) -> Live:
        """The same home with another model; the same model again keeps the one before."""
        return Live(model, self.previous if model.identity == self.model.identity else self.model)


@dataclass(frozen=True, slots=True)
class Models:
    """How things stand.

    Attributes:
        answering: None where search is lexical only.
        wished: the name of the model that the settings ask for, where another one answers.
        previous: the one that is kept to go back to.
    """

    answering: Model | None
    wished: str | None
    previous: Model | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the settings ask for.

    Attributes:
        settings: the ``embedding`` section.
        is_stated: somebody wrote it; mere defaults are no wish to leave a live model.
    """

    settings: EmbeddingSettings
    is_stated: bool

    @classmethod
    def of(cls, loaded: LoadedSettings) -> Self:
        """The wish of loaded settings."""
        settings = loaded.settings.embedding
        stated = [name for name in MATTERS if f"embedding.{name}" in loaded.origins]
        is_off = opening.is_lexical_only(settings)
        return cls(settings, "model" in stated if is_off else bool(stated))

    @property
    def is_lexical_only(self) -> bool:
        """Whether no model is asked for."""
        return opening.is_lexical_only(self.settings)

    def answering(self, fact: Live | None) -> EmbeddingSettings | None:
        """Opens the model that answers; None: search is lexical only."""
        if fact is not None and not (self.is_stated and self.is_lexical_only):
            return self.opens(fact.model)
        return None if self.is_lexical_only else self.settings

    def opens(self, model: Model) -> EmbeddingSettings:
        """The settings that open a kept model: what makes its vectors is its own, the rest is as set now.

        A key is never sent to another server than the one it was set for.
        """
        chosen = {name: getattr(model.settings, name) for name in MATTERS}
        ours, theirs = self.settings.url, model.settings.url
        if ours and urlsplit(ours).netloc != urlsplit(theirs or "").netloc:
            chosen["api_key"] = None
        return self.settings.model_copy(update=chosen)

    def differs_from(self, fact: Live | None) -> bool:
        """Whether ``footnotes reindex`` would switch to another model."""
        if fact is None or not self.is_stated or self.is_lexical_only:
            return False
        return essence(self.settings) != fact.model.settings


class Answering:
    """The live model, seen from outside: where it fails, the error says how to go on without it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def identity(self) -> str:
        """The model's."""
        return self._embedder.identity

    @property
    def dimension(self) -> int:
        """The model's."""
        return self._explained(lambda: self._embedder.dimension)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimension)."""
        return self._explained(lambda: self._embedder.embed_passages(texts))

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Shape (dimension,)."""
        return self._explained(lambda: self._embedder.embed_query(text))

    @staticmethod
    def of(embedder: Embedder) -> Answering:
        """An embedder so seen; one whose tokens can be kept stays one."""
        return _Tokenising(embedder, embedder) if isinstance(embedder, Tokeniser) else Answering(embedder)

    @staticmethod
    def _explained(compute: Callable[[], _T]) -> _T:
        try:
            return compute()
        except ModelError as e:
            raise ModelError(
                "{reason} To answer with another model: footnotes reindex --model NAME; "
                "with none: --set embedding.model=none",
                reason=explain(e),
            ) from e


class _Tokenising(Answering):
    def __init__(self, embedder: Embedder, tokeniser: Tokeniser) -> None:
        super().__init__(embedder)
        self._tokeniser = tokeniser

    def embed_and_tokenise(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[NDArray[np.int64]]]:
        """As of the model."""
        return self._explained(lambda: self._tokeniser.embed_and_tokenise(texts))


def essence(settings: EmbeddingSettings) -> EmbeddingSettings:
    """Only what decides about vectors; the rest as by default."""
    chosen = {name: getattr(settings, name) for name in MATTERS}
    return EmbeddingSettings(**{**chosen, "url": settings.url or None})


def name_of(settings: EmbeddingSettings) -> str:
    """A model for people: its name, its server, and whatever else is not as by default."""
    if opening.is_lexical_only(settings):
        return "none"
    plain = EmbeddingSettings()
    rest = {key: getattr(settings, key) for key in MATTERS if key not in {"model", "url", "kind"}}
    details = ", ".join(f"{key}={value}" for key, value in rest.items() if value != getattr(plain, key))
    place = f" @ {settings.url}" if settings.url else ""
    return f"{settings.model}{place}" + (f" ({details})" if details else "")


def read(folder: Path) -> Live | None:
    """What the folder's file says; None where it is missing, damaged or of a newer kind.

    Raises:
        HomeError: it is there and may not be read.
    """
    try:
        with (folder / NAME).open("rb") as f:
            text = f.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as e:  # to take it for missing would be to forget the model
        raise HomeError(
            "The home {path} cannot be used: {reason}. Name another with --home or FOOTNOTES_HOME.",
            path=folder.parent,
            reason=e.strerror or e,
        ) from e
    try:
        values = json.loads(text)
        expected = values.pop(_CHECKSUM)
        if _checksum_of(values) != expected:
            return None
        previous = values["previous"]
        return Live(_model(values["model"]), _model(previous) if previous else None)
    except (ValueError, TypeError, KeyError, AttributeError):  # pydantic's errors are ValueErrors
        return None


def write(folder: Path, live: Live) -> None:
    """Replace the folder's file atomically and durably: this is the switch."""
    values = {"model": _plain(live.model), "previous": _plain(live.previous) if live.previous else None}
    temporary = folder / (NAME + ".tmp")
    with temporary.open("w", encoding="utf-8") as f:
        json.dump({**values, _CHECKSUM: _checksum_of(values)}, f, indent=1, ensure_ascii=False)
        f.flush()
        os.fsync(f.fileno())
    temporary.replace(folder / NAME)


def _plain(model: Model) -> dict[str, Any]:
    return {"identity": model.identity, "settings": model.settings.model_dump(include=set(MATTERS))}


def _model(values: dict[str, Any]) -> Model:
    return Model(str(values["identity"]), EmbeddingSettings(**values["settings"]))


def _checksum_of(values: object) -> int:
    return zlib.crc32(json.dumps(values, sort_keys=True).encode("utf-8"))
