"""Registering notes folders."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from rag.errors import RootError
from rag.store.catalogue import Root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.store.catalogue import Catalogue


def add(catalogue: Catalogue, path: Path, name: str | None = None, *, home: Path) -> Root:
    """Register a folder.

    Raises:
        RootError: missing, no folder, nested in another root or around one, in the home, or its name is taken.
    """
    folder = path.expanduser().resolve()
    if not folder.exists():
        raise RootError("The folder {path} does not exist. Check the path.", path=path)
    if not folder.is_dir():
        raise RootError("{path} is not a folder. Name the folder that holds your notes.", path=path)
    if folder.is_relative_to(home):
        raise RootError(
            "{path} is where the index is kept (home {home}). Keep notes and home apart: --home or FOOTNOTES_HOME.",
            path=path,
            home=home,
        )
    known = catalogue.roots()
    for root in known:
        if root.path == folder:
            if name is not None and name != root.name:
                raise RootError(
                    "{path} is registered already, as {name!r}. `footnotes roots rename {name} NEW` renames it.",
                    path=folder,
                    name=root.name,
                )
            return root
        if root.path is not None and (folder.is_relative_to(root.path) or root.path.is_relative_to(folder)):
            raise RootError(
                "{path} and the root {name!r} ({other}) lie inside each other. Register only one of them.",
                path=folder,
                name=root.name,
                other=root.path,
            )
    taken = {root.name for root in known}
    root = Root(_checked(name, taken) if name is not None else _free(folder.name, taken), folder)
    catalogue.add_root(root)
    return root


def rename(catalogue: Catalogue, name: str, new: str) -> None:
    """Give a root another name.

    Raises:
        RootError: no such root, or the new name is taken or unusable.
    """
    if name == new:
        return
    catalogue.rename_root(name, _checked(new, {root.name for root in catalogue.roots()}))


def select(catalogue: Catalogue, names: Sequence[str] | None) -> list[Root]:
    """The roots that are folders, or those of them that are named.

    Raises:
        RootError: a name is unknown.
    """
    known = {root.name: root for root in catalogue.roots() if root.path is not None}
    if names is None:
        return list(known.values())
    for name in names:
        if name not in known:
            raise RootError("There is no root named {name!r}. `footnotes roots list` shows them.", name=name)
    return [known[name] for name in dict.fromkeys(names)]


def _checked(name: str, taken: set[str]) -> str:
    name = _normal(name)
    if not name.strip() or "/" in name or "\\" in name or name in {".", ".."}:
        raise RootError("{name!r} cannot name a root. Use a name without slashes.", name=name)
    if name in taken:
        raise RootError("There is a root named {name!r} already. Choose another name.", name=name)
    return name


def _normal(name: str) -> str:
    """Document ids begin with it, so it is NFC and can be stored."""
    return unicodedata.normalize("NFC", name).encode("utf-8", "replace").decode("utf-8")


def _free(wanted: str, taken: set[str]) -> str:
    base = re.sub(r"[/\\]+", "-", _normal(wanted)).strip() or "notes"
    number, name = 2, base
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name
