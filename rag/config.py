"""Settings: defaults < YAML file < environment < arguments. An unknown key is an error with a suggestion."""

from __future__ import annotations

import codecs
import contextlib
import difflib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import platformdirs
import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from rag.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "FOOTNOTES_"
CONFIG_NAME = "config.yaml"
_DELIMITER = "__"
# Environment variables with our prefix that are not settings.
_NOT_SETTINGS = frozenset(
    {"FOOTNOTES_HOME", "FOOTNOTES_CONFIG", "FOOTNOTES_SHARED", "FOOTNOTES_CHROMIUM", "FOOTNOTES_SOAK"}
)
# Written with commas in the environment and on a command line.
_LISTS = frozenset({"sync.include", "sync.exclude", "dates.keys", "images.hosts"})
_MAPPINGS = frozenset({"sync.encodings"})
# Never read from a file: files are copied, committed and shared.
_SECRETS = frozenset({"llm.api_key", "embedding.api_key", "rerank.api_key", "caption.api_key"})


NEVER_READ = (".*", "node_modules/", "_site/", "public/", "__pycache__/")
"""What stands before the patterns of ``sync.exclude``: hidden files, and what tools leave behind."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class SyncSettings(_Section):
    """What is read from a notes folder."""

    include: tuple[str, ...] = Field(
        default=(), description="only these files are read (gitignore patterns); none: all"
    )
    exclude: tuple[str, ...] = Field(
        default=(),
        description="more files and folders that are not read (gitignore patterns, `!` takes one back); never read "
        f"are {' '.join(NEVER_READ)}; see also .footnotesignore",
    )
    encodings: dict[str, str] = Field(
        default_factory=dict,
        description="encoding of files by gitignore pattern, as {old/: gb18030}; default: detected",
    )

    @property
    def never_read(self) -> tuple[str, ...]:
        """All patterns of what is not read, in order: the last that matches decides."""
        return (*NEVER_READ, *self.exclude)

    @field_validator("encodings")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value.values():
            try:
                codecs.lookup(name)
            except LookupError as e:
                raise ValueError(f"there is no encoding {name!r}") from e
        return value

    max_file_mb: float = Field(default=50.0, gt=0, description="larger files are skipped (megabytes)")
    file_timeout_s: float = Field(
        default=60.0, gt=0, description="a file that takes longer to read is given up"
    )
    file_memory_mb: int = Field(
        default=1000,
        ge=200,
        description="a file that needs more memory to read is given up (megabytes; Linux)",
    )
    workers: int | None = Field(
        default=None, ge=0, description="processes that read files; default: one a core, at most 8; 0: none"
    )
    poll: bool | None = Field(
        default=None,
        description="watch by comparing file lists, for network drives and mounts; default: where it must be",
    )
    lock_wait_s: float = Field(
        default=30.0, gt=0, description="how long to wait for another process that is writing"
    )
    batch: int = Field(
        default=64, ge=1, description="documents committed together, while the write lock is held"
    )


class ChunkSettings(_Section):
    """How notes are cut into passages."""

    size: int = Field(default=400, ge=50, le=4000, description="upper size of a passage, in estimated tokens")


class DatesSettings(_Section):
    """Which dates a note has."""

    keys: tuple[str, ...] = Field(
        default=(),
        description="further front-matter keys that hold a note's date, besides date, created, ...",
    )
    git: bool = Field(
        default=False,
        description="ask git for the first and last commit of notes without a date of their own",
    )


class OCRSettings(_Section):
    """Text in images and on scanned pages (extra: ocr)."""

    enabled: bool = Field(default=True, description="read it, where the extra is installed")


class ImagesSettings(_Section):
    """Images of the web that notes show. Nothing is fetched unless `footnotes images fetch` is run."""

    hosts: tuple[str, ...] = Field(
        default=(), description="hosts that images may be fetched from, as i.imgur.com or *.sinaimg.cn"
    )
    max_mb: float = Field(default=20.0, gt=0, description="larger images are not fetched (megabytes)")
    timeout_s: float = Field(default=20.0, gt=0, description="seconds to wait for an image")


class CaptionSettings(_Section):
    """A vision model that describes images. Off without ``url`` and ``model``."""

    url: str | None = Field(
        default=None,
        description="base URL of an OpenAI-compatible server, for example http://127.0.0.1:11434",
    )
    model: str | None = Field(default=None, description="name of the model on that server")
    api_key: SecretStr | None = Field(
        default=None, description="only from the environment: FOOTNOTES_CAPTION__API_KEY"
    )
    timeout_s: float = Field(
        default=45.0, gt=0, description="seconds to wait for that server; below sync.file_timeout_s"
    )
    language: Literal["auto", "zh", "en"] = Field(default="auto", description="language of the descriptions")


class EmbeddingSettings(_Section):
    """The dense side: which model turns texts into vectors. Without one, search is lexical only."""

    model: str | None = Field(
        default="builtin",
        description="builtin; a sentence-transformers folder or hub id (extra: models); a name on `url`; none",
    )
    url: str | None = Field(
        default=None, description="base URL of an embeddings server, for example http://127.0.0.1:11434"
    )
    kind: Literal["openai", "ollama"] = Field(default="openai", description="that server's protocol")
    api_key: SecretStr | None = Field(
        default=None, description="only from the environment: FOOTNOTES_EMBEDDING__API_KEY"
    )
    timeout_s: float = Field(default=60.0, gt=0, description="seconds to wait for that server")
    query_prompt: str | None = Field(
        default=None, description="put before a question; default: the model's own"
    )
    passage_prompt: str | None = Field(
        default=None, description="put before a passage; default: the model's own"
    )
    dimension: int | None = Field(
        default=None, ge=8, description="keep only the first numbers of a vector (Matryoshka models)"
    )
    max_length: int | None = Field(default=None, ge=16, description="tokens of a text that are read")
    batch_size: int = Field(default=32, ge=1, description="passages embedded together")
    device: str | None = Field(default=None, description="cpu, cuda, mps; default: the best there is")
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        default="float32", description="numbers that the model computes with"
    )
    backend: Literal["torch", "onnx", "openvino"] = Field(
        default="torch", description="what sentence-transformers runs the model with"
    )


class RerankSettings(_Section):
    """A reranking server that reads the best passages again. Off without ``url``."""

    url: str | None = Field(
        default=None, description="base URL of a server with /rerank, for example http://127.0.0.1:8080"
    )
    model: str | None = Field(default=None, description="name of the model on that server")
    kind: Literal["cohere", "tei"] = Field(
        default="cohere", description="cohere: llama.cpp, vLLM, Infinity; tei: text-embeddings-inference"
    )
    api_key: SecretStr | None = Field(
        default=None, description="only from the environment: FOOTNOTES_RERANK__API_KEY"
    )
    timeout_s: float = Field(default=60.0, gt=0, description="seconds to wait for that server")
    candidates: int = Field(default=50, ge=1, description="passages that it reads")


class SearchSettings(_Section):
    """How passages are found and mixed."""

    candidates: int = Field(default=100, ge=10, description="passages taken from each source")
    dense_weight: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of the dense side in the mix; default: measured, for the built-in model and for others",
    )


class LLMSettings(_Section):
    """A language model that writes answers. Off without ``url`` and ``model``."""

    url: str | None = Field(default=None, description="base URL, for example http://127.0.0.1:11434")
    model: str | None = Field(default=None, description="name of the model on that server")
    kind: Literal["openai", "ollama"] = Field(default="openai", description="the server's protocol")
    api_key: SecretStr | None = Field(
        default=None, description="only from the environment: FOOTNOTES_LLM__API_KEY"
    )
    timeout_s: float = Field(default=60.0, gt=0, description="seconds to wait for the server")
    context_tokens: int = Field(default=8192, ge=512, description="the model's context window, in tokens")


class UISettings(_Section):
    """The browser UI."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=7865, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    watch: bool = Field(default=True, description="sync when a note changes while the UI runs")


class Settings(_Section):
    """All settings. The YAML file and ``FOOTNOTES_SECTION__KEY`` variables override the defaults."""

    language: Literal["auto", "zh", "en"] = Field(default="auto", description="language of messages")
    sync: SyncSettings = SyncSettings()
    chunk: ChunkSettings = ChunkSettings()
    dates: DatesSettings = DatesSettings()
    ocr: OCRSettings = OCRSettings()
    images: ImagesSettings = ImagesSettings()
    caption: CaptionSettings = CaptionSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    search: SearchSettings = SearchSettings()
    rerank: RerankSettings = RerankSettings()
    llm: LLMSettings = LLMSettings()
    ui: UISettings = UISettings()


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Effective settings, and for each dotted key where its value came from."""

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, object, str]]:
        """(dotted key, value, origin) for every setting, in declaration order; secrets stay masked."""
        for key in known_keys():
            value: object = self.settings
            for part in key.split("."):
                value = getattr(value, part)
            yield key, value, self.origins.get(key, "default")


def default_home() -> Path:
    """FOOTNOTES_HOME, else the platform's folder for user data."""
    return Path(os.environ.get("FOOTNOTES_HOME") or platformdirs.user_data_dir("footnotes", appauthor=False))


def known_keys() -> tuple[str, ...]:
    """Every setting's dotted name."""
    keys: list[str] = []
    for name, info in Settings.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            keys += [f"{name}.{sub}" for sub in section.model_fields]
        else:
            keys.append(name)
    return tuple(keys)


def load(
    home: Path, *, config: Path | None = None, overrides: Mapping[str, object] | None = None
) -> LoadedSettings:
    """Merge all sources.

    Args:
        home: its ``config.yaml`` is read when ``config`` and FOOTNOTES_CONFIG name none.
        config: a YAML file.
        overrides: dotted keys, as given on a command line.

    Raises:
        ConfigError: a key is unknown, a value wrong, or the file unreadable.
    """
    origins: dict[str, str] = {}
    merged: dict[str, object] = {}
    for origin, values in (
        *_file_values(home, config),
        *_environment_values(),
        ("argument", dict(overrides or {})),
    ):
        for key, value in values.items():
            _check_key(key, origin)
            merged[key] = _parsed(key, value)
            origins[key] = origin
    return LoadedSettings(_build(merged, origins), origins)


def _build(merged: Mapping[str, object], origins: Mapping[str, str]) -> Settings:
    nested: dict[str, object] = {}
    for key, value in merged.items():
        section, _, leaf = key.partition(".")
        if leaf:
            target = nested.setdefault(section, {})
            assert isinstance(target, dict)  # noqa: S101 - a section is always a dict here
            target[leaf] = value
        else:
            nested[section] = value
    try:
        return Settings.model_validate(nested)
    except ValidationError as e:
        first = e.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            "Setting {key} = {value!r} ({origin}): {reason}.",
            key=key,
            value=first["input"],
            origin=origins.get(key, "default"),
            reason=first["msg"],
        ) from e


def _file_values(home: Path, config: Path | None) -> Iterator[tuple[str, dict[str, object]]]:
    named = config or (Path(os.environ["FOOTNOTES_CONFIG"]) if os.environ.get("FOOTNOTES_CONFIG") else None)
    path = named or home / CONFIG_NAME
    if named is None and not path.exists():
        return
    try:
        loaded = yaml.safe_load(path.read_text("utf-8"))
    except OSError as e:
        raise ConfigError(
            "The settings file {path} cannot be read: {reason}.", path=path, reason=e.strerror or e
        ) from e
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise ConfigError(
            "The settings file {path} is not valid YAML: {reason}", path=path, reason=" ".join(str(e).split())
        ) from e
    if loaded is None:
        return
    if not isinstance(loaded, dict):
        raise ConfigError("The settings file {path} must hold `key: value` lines.", path=path)
    values = _flatten(loaded)
    for key in sorted(_SECRETS & values.keys()):
        raise ConfigError(
            "{key} stands in {path}. Keys belong in the environment: set {variable}.",
            key=key,
            path=path,
            variable=PREFIX + key.upper().replace(".", _DELIMITER),
        )
    yield str(path), values


def _flatten(loaded: Mapping[object, object]) -> dict[str, object]:
    sections = {key.partition(".")[0] for key in known_keys() if "." in key}
    flat: dict[str, object] = {}
    for key, value in loaded.items():
        if key in sections and isinstance(value, dict):
            flat |= {f"{key}.{sub}": v for sub, v in value.items()}
        elif key in sections and value is None:
            continue
        else:
            flat[str(key)] = value
    return flat


def _environment_values() -> Iterator[tuple[str, dict[str, object]]]:
    for name, value in sorted(os.environ.items()):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in _NOT_SETTINGS or upper.startswith("FOOTNOTES_NEO4J_"):
            continue
        key = upper.removeprefix(PREFIX).lower().replace(_DELIMITER, ".")
        yield f"${name}", {key: value or (() if key in _LISTS else None)}


def _parsed(key: str, value: object) -> object:
    """Lists and mappings, where they were written in one string, with commas."""
    if not isinstance(value, str) or key not in _LISTS | _MAPPINGS:
        return value
    if value.lstrip().startswith(("[", "{")):  # as `footnotes config` prints them
        with contextlib.suppress(ValueError):
            return json.loads(value)
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if key in _LISTS:
        return parts
    return {name.strip(): found.strip() for name, _, found in (part.rpartition("=") for part in parts)}


def _check_key(key: str, origin: str) -> None:
    if key in known_keys():
        return
    close = difflib.get_close_matches(key, known_keys(), n=1, cutoff=0.5)
    if close:
        raise ConfigError(
            "Unknown setting {key!r} ({origin}). Did you mean {suggestion!r}?",
            key=key,
            origin=origin,
            suggestion=close[0],
        )
    raise ConfigError(
        "Unknown setting {key!r} ({origin}). `footnotes config` lists all settings.", key=key, origin=origin
    )
