"""What a figure depends on besides the set: code, machine, models, index."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rag.evals import significance
from rag.health import version
from rag.settings import Settings
from rag.store.tokens import ANALYSIS_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.config import LoadedSettings

_CHECKOUT = Path(__file__).parents[2]
_PACKAGES = ("rag", "ingest", "graph")
_GIT_S = 10.0
_NOTHING: Mapping[str, str] = MappingProxyType({})
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Index:
    """The index of a set.

    Attributes:
        bytes: what it takes on the disk, all models and the graph included.
        seconds: how long it took to build; None where that was not kept.
        passages: how many there are; None likewise.
    """

    bytes: int = 0
    seconds: float | None = None
    passages: int | None = None

    @classmethod
    def of(cls, folder: Path, marker: Path) -> Index:
        """Of a folder that was built to its end; ``marker`` holds what was noted then."""
        files = (path for path in folder.rglob("*") if path.is_file())
        noted = json.loads(marker.read_text("utf-8") or "{}")
        return cls(sum(path.stat().st_size for path in files), noted.get("seconds"), noted.get("passages"))


@dataclass(frozen=True, slots=True)
class Facts:
    """One measurement's.

    Attributes:
        started: when, in UTC, as ISO 8601.
        settings: the effective ones that are not as by default; never a secret.
        models: ``embedder`` and ``reranker`` by their own names for model and weights, ``analysis`` of words.
    """

    started: str = ""
    settings: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    models: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    index: Index = Index()

    def to_json(self) -> dict[str, Any]:
        """As data, with what is the same for all measurements of a run."""
        return {
            "started": self.started,
            "settings": dict(self.settings),
            "models": dict(self.models),
            "index": {
                "bytes": self.index.bytes,
                "seconds": self.index.seconds,
                "passages": self.index.passages,
            },
            "code": dict(code()),
            "machine": machine(),
            "seed": significance.SEED,
        }


def models(engine: object) -> dict[str, str]:
    """The models that answer, and the version of the analysis of words."""
    found = {part: getattr(engine, part, None) for part in ("embedder", "reranker")}
    named = {part: _identity(model) for part, model in found.items() if model is not None}
    return {**named, "analysis": str(ANALYSIS_VERSION)}


def settings(loaded: LoadedSettings) -> dict[str, object]:
    """Settings that are not as by default, as JSON knows them, without secrets and logins."""
    plain = _flat(Settings().model_dump(mode="json"))
    ours = _flat(loaded.settings.model_dump(mode="json"))
    secret = {key for key, value, _ in loaded.rows() if hasattr(value, "get_secret_value")}
    changed = {key: value for key, value in ours.items() if value != plain[key] and key not in secret}
    return {key: _LOGIN.sub("", value) if isinstance(value, str) else value for key, value in changed.items()}


@cache
def code() -> Mapping[str, str]:
    """The version, a hash of the code that indexes and searches, and in a checkout git's commit."""
    digest = hashlib.sha256()
    for path in sorted(path for package in _PACKAGES for path in (_CHECKOUT / package).rglob("*.py")):
        digest.update(path.relative_to(_CHECKOUT).as_posix().encode() + b"\0" + path.read_bytes())
    known = {"version": version(), "sha256": digest.hexdigest()[:16]}
    return MappingProxyType(known | ({"commit": found} if (found := _commit()) else {}))


def machine() -> dict[str, str | int]:
    """What times depend on."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
    }


def _identity(model: object) -> str:
    return _LOGIN.sub("", str(getattr(model, "identity", type(model).__name__)))


def _flat(sections: Mapping[str, Any]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in sections.items():
        flat |= {f"{name}.{key}": v for key, v in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _commit() -> str:
    """Git's name for the checkout, with ``-dirty`` where files differ; empty elsewhere, and where git is missing."""
    if not (_CHECKOUT / ".git").exists():
        return ""
    command = ("git", "-C", str(_CHECKOUT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
