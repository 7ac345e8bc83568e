"""Settings that are chosen while Footnotes runs: checked, kept in a file of their own in the home, and taken into use."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import yaml

from rag import config
from rag.errors import ConfigError, HomeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rag.config import LoadedSettings

_FIXED = ("$", "argument", "keyring")


def is_fixed(origin: str) -> bool:
    """Whether the environment or the command line decides, so that no file can."""
    return origin.startswith(_FIXED)


def choose(home: Path, key: str, value: object, loaded: LoadedSettings) -> LoadedSettings:
    """Set a setting in the home's ``settings.yaml``; None takes the choice back.

    Args:
        home: the home folder.
        key: dotted.
        value: as YAML has it.
        loaded: the settings in use: what the command line said stays.

    Returns:
        All settings as they are then; nothing is in use yet.

    Raises:
        ConfigError: the key is unknown or decided elsewhere, or the value wrong; nothing was changed.
        HomeError: the file cannot be written.
    """
    origin = loaded.origins.get(key, "default")
    if is_fixed(origin):
        raise ConfigError("{key} is set by {origin}. Change it there.", key=key, origin=origin)
    path = home / config.CHOSEN_NAME
    values = config.read_file(path) if path.exists() else {}
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value
    config.refuse_secrets(values, path)
    said = {k: v for k, v, given in loaded.rows() if given == "argument"}
    then = config.load(home, config=loaded.named, overrides=said, chosen=values)
    _write(path, values)
    return then


def _write(path: Path, values: Mapping[str, object]) -> None:
    """The whole file or the old one, whatever happens in between."""
    text = yaml.safe_dump(config.nested(values), allow_unicode=True, sort_keys=True) if values else ""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_text("# Chosen in the browser; config.yaml beside it is yours.\n" + text, "utf-8")
        draft.chmod(0o600)
        draft.replace(path)
    except OSError as e:
        with suppress(OSError):
            draft.unlink()
        raise HomeError("{path} cannot be written: {reason}.", path=path, reason=e.strerror or str(e)) from e
