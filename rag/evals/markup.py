"""HTML and SVG as a tree of elements: whatever is not an element is text, and escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"meta"})


class Markup(str):
    """Text that is markup already: made by ``element`` alone."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """An element. ``class_`` is ``class``, other underscores are dashes; None, and children that are None, are left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Markup:
    """Children, one after another."""
    return Markup("".join(_safe(child) for child in children if child is not None))


def raw(text: str) -> Markup:
    """A constant of our own, such as a style sheet."""
    return Markup(text)


def _safe(child: object) -> str:
    return child if isinstance(child, Markup) else escape(_number(child))


def _number(value: object) -> str:
    """Coordinates need no more than two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
