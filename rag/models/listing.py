"""Which models are configured, present and downloadable. Nothing is downloaded, and only set addresses are asked."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from rag.errors import FootnotesError
from rag.models.opening import BUILTIN, is_lexical_only
from rag.models.server import Server, shown
from rag.models.static import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import SecretStr

    from rag.settings import EmbeddingSettings, LLMSettings, RerankSettings, Settings

Role = Literal["embedding", "reranker", "language model"]
State = Literal[
    "off",  # none is set
    "present",  # on this machine
    "idle",  # on this machine, and the model that it reads with is not set
    "missing",  # set, and not on this machine
    "needs extra",  # on this machine, and sentence-transformers is not
    "reachable",  # on a server that answers
    "not served",  # the server answers, and its list lacks the model
    "unnamed",  # an address or a backend is set, and no model for it
    "key refused",
    "not reachable",
    "downloadable",
]
_PATIENCE_S = 2.0
# Where ModelScope's tools keep models, below their cache folder; it has changed over time.
_MODELSCOPE = ("hub/models/*/*", "hub/*/*", "models/*/*", "*/*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One model.

    Attributes:
        configured: whether the settings name it.
        size_mb: megabytes on this disk, or of the download (approximately).
        place: its folder or address.
        command: what the user may run to download it.
        settings: the example in ``configs/``.
        serves: which models the server at ``place`` lists.
    """

    role: Role
    name: str
    state: State
    configured: bool = False
    size_mb: float | None = None
    place: str = ""
    command: str = ""
    settings: str = ""
    serves: tuple[str, ...] = ()


def entries(settings: Settings) -> list[Entry]:
    """Configured models first, then others on this machine, then what may be downloaded."""
    local = list(_local())
    configured = [
        *_embedding(settings.embedding, local),
        _reranker(settings.rerank, settings.embedding, local),
        language_model(settings.llm),
    ]
    named = {(entry.role, entry.name) for entry in configured}
    present = [entry for entry in local if (entry.role, entry.name) not in named]
    known = named | {(entry.role, entry.name) for entry in present}
    served = {_bare(name) for entry in configured for name in entry.serves}
    offered = [p for p in _profiles() if (p.role, p.name) not in known and _bare(p.name) not in served]
    return [*configured, *present, *offered]


# Configured


def _embedding(s: EmbeddingSettings, local: Sequence[Entry]) -> Iterator[Entry]:
    name = s.model or ""
    is_here = is_lexical_only(s) or name == BUILTIN
    if is_lexical_only(s):
        yield Entry("embedding", "none", "off", configured=True)
    elif is_here or not s.url:
        yield _on_disk("embedding", name, local)
    if s.url:
        server = ("embedding", s.url, "" if is_here else name, s.kind, _PATIENCE_S, _plain(s.api_key))
        yield _on_server("embedding", server)


def _reranker(s: RerankSettings, embedding: EmbeddingSettings, local: Sequence[Entry]) -> Entry:
    if s.chosen == "none":
        return Entry("reranker", "none", "off", configured=True)
    if s.chosen == "builtin":
        state: State = "present" if embedding.model == BUILTIN else "idle"
        return Entry("reranker", BUILTIN, state, configured=True, place=str(FOLDER))
    if s.chosen == "cross-encoder" and s.model:
        return _on_disk("reranker", s.model, local)
    if s.chosen == "cross-encoder":
        return Entry("reranker", "", "unnamed", configured=True)
    return _on_server(
        "reranker", ("rerank", s.url or "", s.model or "", "openai", _PATIENCE_S, _plain(s.api_key))
    )


def language_model(s: LLMSettings) -> Entry:
    """The one that is set; its server is asked whether it is there, and what it serves."""
    if not s.url:
        return Entry("language model", s.model or "none", "off", configured=True)
    return _on_server("language model", ("llm", s.url, s.model or "", s.kind, _PATIENCE_S, _plain(s.api_key)))


def _on_disk(role: Role, name: str, local: Sequence[Entry]) -> Entry:
    """A configured model that should be on this machine."""
    found = next((entry for entry in local if (entry.role, entry.name) == (role, name)), None)
    if found is not None:
        return replace(found, configured=True, state="present" if name == BUILTIN else _runnable())
    folder = Path(name).expanduser()
    if folder.is_dir():
        return Entry(role, name, _runnable(), configured=True, size_mb=_size(folder), place=str(folder))
    offered = next((entry for entry in _profiles() if entry.name == name and entry.role == role), None)
    if offered is not None:
        return replace(offered, state="missing", configured=True)
    is_hub_id = name.count("/") == 1 and not name.startswith((".", "~", "/"))
    command = f"hf download {name}" if is_hub_id else ""
    return Entry(role, name, "missing", configured=True, command=command)


def _on_server(role: Role, server: tuple[str, str, str, str, float, str | None]) -> Entry:
    """A configured model on a server, which is asked for its list."""
    _, url, name, *_ = server
    entry = Entry(role, name, "not reachable", configured=True, place=shown(url))
    try:
        status, serves = models_of(Server(*server))
    except FootnotesError:  # the address is wrong, or nobody answers there
        return entry
    return replace(entry, state=_state(role, name, status, serves), serves=serves)


def _state(role: Role, name: str, status: int, serves: Sequence[str]) -> State:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return "key refused"
    if not name:  # reranking servers often have but one
        return "reachable" if role == "reranker" else "unnamed"
    return "not served" if serves and _bare(name) not in map(_bare, serves) else "reachable"


def models_of(server: Server) -> tuple[int, tuple[str, ...]]:
    """HTTP status and the names that a server lists; none where it has no such list."""
    urls = (f"{server.root}/api/tags",) if server.kind == "ollama" else server.endpoints("models")
    status, reply = 0, None
    for url in urls:
        status, reply = server.get(url)
        if status != HTTPStatus.NOT_FOUND:
            break
    rows = (reply.get("data") or reply.get("models")) if isinstance(reply, dict) else None
    names = [row.get("id") or row.get("name") for row in rows or () if isinstance(row, dict)]
    return status, tuple(name for name in names if isinstance(name, str))


# On this machine


def _local() -> Iterator[Entry]:
    """Models that are on this machine: built in, in the hub's cache, in ModelScope's."""
    if (FOLDER / "model.safetensors").is_file():
        size = _size(FOLDER)
        yield Entry("embedding", BUILTIN, "present", size_mb=size, place=str(FOLDER))
    yield from _hub_cache()
    yield from _modelscope_cache()


def _hub_cache() -> Iterator[Entry]:
    """sentence-transformers models and rerankers that ``hf download`` has fetched."""
    try:
        from huggingface_hub import scan_cache_dir
        from huggingface_hub.errors import CacheNotFound
    except ImportError:
        return
    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return
    for repo in sorted(repos, key=lambda repo: repo.repo_id):
        files = {file.file_name for revision in repo.revisions for file in revision.files}
        role = _role(repo.repo_id, files)
        if repo.repo_type == "model" and role is not None:
            yield Entry(
                role, repo.repo_id, "present", size_mb=repo.size_on_disk / 1e6, place=str(repo.repo_path)
            )


def _modelscope_cache() -> Iterator[Entry]:
    """Folders that ``modelscope download`` has fetched; ``embedding.model`` takes the folder."""
    cache = Path(os.environ.get("MODELSCOPE_CACHE") or Path.home() / ".cache" / "modelscope")
    folders = {folder for pattern in _MODELSCOPE for folder in cache.glob(pattern) if folder.is_dir()}
    for folder in sorted(folders):
        role = _role(folder.name, {path.name for path in folder.iterdir()})
        if role is not None and not folder.is_symlink():  # links lead from a name with dots to the folder
            yield Entry(role, str(folder), "present", size_mb=_size(folder), place=str(folder))


def _role(name: str, files: set[str]) -> Role | None:
    """What a downloaded repository is for; None where it is of no use here."""
    if "rerank" in name.lower() and "config.json" in files:
        return "reranker"
    return "embedding" if "modules.json" in files else None


def _runnable() -> State:
    return "present" if importlib.util.find_spec("sentence_transformers") else "needs extra"


# Downloadable


@cache
def _profiles() -> tuple[Entry, ...]:
    rows = yaml.safe_load(Path(__file__).with_name("profiles.yaml").read_text("utf-8"))
    return tuple(_profile(row) for row in rows)


def _profile(row: dict[str, Any]) -> Entry:
    name = row["name"]
    if row.get("ollama"):
        command = f"ollama pull {name}"
    else:
        command = " ".join((f"hf download {name}", *(f'--exclude "{pattern}"' for pattern in row["hub"])))
    return Entry(
        row["role"],
        name,
        "downloadable",
        size_mb=row["size_mb"],
        command=command,
        settings=f"configs/{row['settings']}",
    )


def _bare(name: str) -> str:
    """Ollama's names without the tag that it adds."""
    return name.removesuffix(":latest")


def _size(folder: Path) -> float:
    """Megabytes of a folder's files."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total / 1e6


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
