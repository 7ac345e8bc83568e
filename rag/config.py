"""Settings: defaults < YAML file < chosen in the browser < environment < arguments. An unknown key is an error with a suggestion."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import yaml
from pydantic import BaseModel, ValidationError

from rag.errors import ConfigError
from rag.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "FOOTNOTES_"
CONFIG_NAME = "config.yaml"
CHOSEN_NAME = "settings.yaml"
"""What was chosen in the browser: a file of its own, so that nobody's comments are lost."""
_DELIMITER = "__"
_USERS = "FOOTNOTES_PASSWORD_"
# Environment variables with our prefix that are not settings.
_OTHERS = ("FOOTNOTES_NEO4J_", _USERS)
_NOT_SETTINGS = frozenset(
    {"FOOTNOTES_HOME", "FOOTNOTES_CONFIG", "FOOTNOTES_SHARED", "FOOTNOTES_CHROMIUM", "FOOTNOTES_SOAK"}
)
# Written with commas in the environment and on a command line.
_LISTS = frozenset(
    {
        "sync.include",
        "sync.exclude",
        "dates.keys",
        "images.hosts",
        "llm.never_send",
        "serve.hosts",
        "serve.users",
        "serve.proxies",
    }
)
_MAPPINGS = frozenset({"sync.encodings", "paths.map"})
# Never read from a file: files are copied, committed and shared.
_SECRETS = frozenset(
    {"llm.api_key", "embedding.api_key", "rerank.api_key", "caption.api_key", "graph.password", "serve.token"}
)
# Settings with a short name in the environment.
_SHORT = {"FOOTNOTES_TOKEN": "serve.token"}


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Effective settings, for each dotted key where its value came from, and the file that was named, if any."""

    settings: Settings
    origins: Mapping[str, str]
    named: Path | None = None

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


def password_variable(user: str) -> str:
    """The environment variable that gives a user's password: FOOTNOTES_PASSWORD_NAME, other characters being ``_``."""
    return _USERS + re.sub(r"\W", "_", user).upper()


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
    home: Path,
    *,
    config: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    chosen: Mapping[str, object] | None = None,
) -> LoadedSettings:
    """Merge all sources.

    Args:
        home: its ``config.yaml`` is read when ``config`` and FOOTNOTES_CONFIG name none.
        config: a YAML file.
        overrides: dotted keys, as given on a command line.
        chosen: dotted keys instead of those in ``settings.yaml``.

    Raises:
        ConfigError: a key is unknown, a value wrong, or the file unreadable.
    """
    origins: dict[str, str] = {}
    merged: dict[str, object] = {}
    for origin, values in (
        *_file_values(home, config, chosen),
        *_environment_values(),
        ("argument", dict(overrides or {})),
    ):
        for key, value in values.items():
            _check_key(key, origin)
            merged[key] = _parsed(key, value)
            origins[key] = origin
    for key, secret in _keyring_values(merged):
        merged[key] = secret
        origins[key] = "keyring"
    return LoadedSettings(_build(merged, origins), origins, config)


def _build(merged: Mapping[str, object], origins: Mapping[str, str]) -> Settings:
    try:
        return Settings.model_validate(nested(merged))
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


def nested(values: Mapping[str, object]) -> dict[str, object]:
    """Dotted keys as a settings file has them: a mapping a section."""
    made: dict[str, object] = {}
    for key, value in values.items():
        section, _, leaf = key.partition(".")
        if leaf:
            target = made.setdefault(section, {})
            assert isinstance(target, dict)  # noqa: S101 - a section is always a dict here
            target[leaf] = value
        else:
            made[section] = value
    return made


def _file_values(
    home: Path, config: Path | None, chosen: Mapping[str, object] | None
) -> Iterator[tuple[str, dict[str, object]]]:
    named = config or (Path(os.environ["FOOTNOTES_CONFIG"]) if os.environ.get("FOOTNOTES_CONFIG") else None)
    path = named or home / CONFIG_NAME
    if named is not None or path.exists():
        yield str(path), read_file(path)
    path = home / CHOSEN_NAME
    if chosen is not None:
        yield str(path), dict(chosen)
    elif path.exists():
        yield str(path), read_file(path)


def read_file(path: Path) -> dict[str, object]:
    """What a settings file sets, by dotted key.

    Raises:
        ConfigError: it cannot be read, or holds a secret.
    """
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
        return {}
    if not isinstance(loaded, dict):
        raise ConfigError("The settings file {path} must hold `key: value` lines.", path=path)
    values = _flatten(loaded)
    refuse_secrets(values, path)
    return values


def refuse_secrets(values: Mapping[str, object], path: Path) -> None:
    """Files are copied, committed and shared.

    Raises:
        ConfigError: a dotted key of ``values``, which stand in ``path`` or are to, is that of a secret.
    """
    for key in sorted(_SECRETS & values.keys()):
        raise ConfigError(
            "{key} stands in {path}. Keys belong in the environment: set {variable}.",
            key=key,
            path=path,
            variable=PREFIX + key.upper().replace(".", _DELIMITER),
        )


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
        if not upper.startswith(PREFIX) or upper in _NOT_SETTINGS or upper.startswith(_OTHERS):
            continue
        key = _SHORT.get(upper) or upper.removeprefix(PREFIX).lower().replace(_DELIMITER, ".")
        yield f"${name}", {key: value or (() if key in _LISTS else None)}


def _keyring_values(merged: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Keys of servers that are set, from the system's keyring, where the package is installed and no key is given."""
    wanted = [
        key for key in sorted(_SECRETS) if not merged.get(key) and _is_used(key.partition(".")[0], merged)
    ]
    if not wanted:
        return
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return
    for key in wanted:
        with contextlib.suppress(
            Exception
        ):  # each backend has errors of its own; a locked one has no key for us
            secret = keyring.get_password("footnotes", key)
            if secret:
                yield key, secret


def _is_used(section: str, merged: Mapping[str, object]) -> bool:
    return bool(merged.get(f"{section}.url")) or (section, merged.get("graph.backend")) == ("graph", "neo4j")


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
