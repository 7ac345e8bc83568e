"""Models of the hub that lie on this machine, and how their libraries are kept from the network."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OFFLINE = "HF_HUB_OFFLINE"
_FILES = ("modules.json", "config.json")


def folder_of(name: str, owner: str = "") -> Path | None:
    """A model's files: the folder that is named, or the hub's cache; None where there are none.

    ``owner`` stands before a bare name on the hub.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    hub_id = name if "/" in name or not owner else f"{owner}/{name}"
    with contextlib.suppress(ImportError, ValueError):  # a name that is no hub id
        from huggingface_hub import try_to_load_from_cache

        for file in _FILES:
            path = try_to_load_from_cache(hub_id, file)
            if isinstance(path, str):
                return Path(path).parent
    return None


def installed(*modules: str) -> bool:
    """Whether all of them can be imported."""
    try:
        return all(importlib.util.find_spec(module) for module in modules)
    except ModuleNotFoundError:  # of the package that such a module would be in
        return False


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Inside, huggingface_hub asks nothing of the network.

    ``local_files_only`` is not enough: building its request headers, huggingface_hub 2 fetches a list from the
    hub. The flag is read from the environment when it is imported, and from its constants afterwards.
    """
    before = os.environ.get(_OFFLINE)
    os.environ[_OFFLINE] = "1"
    try:
        from huggingface_hub import constants
    except ImportError:
        constants = None
    flag = getattr(constants, _OFFLINE, None)
    try:
        if constants is not None:
            setattr(constants, _OFFLINE, True)
        yield
    finally:
        if before is None:
            del os.environ[_OFFLINE]
        else:
            os.environ[_OFFLINE] = before
        if constants is not None:
            setattr(constants, _OFFLINE, flag)
