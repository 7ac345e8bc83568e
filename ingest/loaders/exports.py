"""What other apps add to the Markdown that they export: Notion's names and properties, Joplin's trailer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.loaders.dialects import typed
from rag.types import Mask, MetaValue

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTION_NAME = re.compile(r"(.+?)[ _]([0-9a-f]{32})(?:_all)?")
_NOTION_HEAD = re.compile(r"\s*+#[ \t][^\n]*\n\s*\n")
_NOTION_PROPERTY = re.compile(r"([^\s:#>*|\-][^:\n]{0,39}):[ \t]+([^\n]+)\n?")
_JOPLIN_TRAILER = re.compile(r"\n\n(id:[ \t]*[0-9a-f]{32}\n(?:[a-z_]+:[^\n]*\n){2,60}type_:[ \t]*\d+)\s*\Z")
_JOPLIN_KEPT = {
    "id": "id",
    "created_time": "created",
    "updated_time": "updated",
    "source_url": "source",
    "author": "author",
}
_WINDOW = 4000
_MOST_PROPERTIES = 40


class Export(NamedTuple):
    """The note's title, properties and masks as its app exported them; empty for a note that is none."""

    title: str = ""
    meta: Mapping[str, MetaValue] = {}
    masks: tuple[Mask, ...] = ()


def read(name: str, text: str) -> Export:
    """What an app's export says besides the note. ``name``: the file's, without its suffix."""
    if notion := _NOTION_NAME.fullmatch(name):
        return Export(notion[1].strip(), {**_notion_properties(text), "id": notion[2]})
    trailer = _JOPLIN_TRAILER.search(text, max(0, len(text) - _WINDOW))
    return _joplin(text, trailer) if trailer else Export()


def _notion_properties(text: str) -> dict[str, MetaValue]:
    """Lines right below the title, ``Name: value`` each."""
    head = _NOTION_HEAD.match(text)
    found: dict[str, MetaValue] = {}
    at = head.end() if head else len(text)
    while (m := _NOTION_PROPERTY.match(text, at)) and len(found) < _MOST_PROPERTIES:
        found[m[1].strip()] = typed(m[2])
        at = m.end()
    return found if text[at : at + 1] in {"", "\n"} else {}


def _joplin(text: str, trailer: re.Match[str]) -> Export:
    """Joplin's own format: the title is the first line, the properties are the last ones."""
    meta: dict[str, MetaValue] = {}
    for line in trailer[1].split("\n"):
        key, _, value = line.partition(":")
        if key in _JOPLIN_KEPT and value.strip():
            meta[_JOPLIN_KEPT[key]] = value.strip()
    title = text.partition("\n")[0].lstrip("#").strip() if trailer.start() > 0 else ""
    return Export(title, meta, (Mask(trailer.start(1), trailer.end(1), "layout"),))
