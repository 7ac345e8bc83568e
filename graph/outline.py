"""Sections of a document, from its passages: each heading that a passage stands under, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Section = tuple[int, str]
"""Where it begins, counted in the document's text, and what its heading says."""


def outline(passages: Sequence[tuple[int, tuple[str, ...], str]]) -> list[tuple[Section, ...]]:
    """The sections around each passage, outermost first.

    ``passages``: start, path of headings and text, in order. A section begins where its heading stands in its first
    passage; no two sections of a document begin at the same place.
    """
    found: list[tuple[Section, ...]] = []
    path: tuple[str, ...] = ()
    sections: list[Section] = []
    last = -1
    for start, heading, text in passages:
        common = _common(path, heading)
        del sections[common:]
        for title in heading[common:]:
            at = text.find(title, max(0, last + 1 - start))
            last = max(start + max(at, 0), last + 1)
            sections.append((last, title))
        path = heading
        found.append(tuple(sections))
    return found


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    for i, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return i
    return min(len(one), len(other))
