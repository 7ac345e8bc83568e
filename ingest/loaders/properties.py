"""Front matter: which properties are worth searching, and what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ingest.loaders import syntax
from ingest.loaders.blocks import front_matter
from rag.types import Mask, MetaValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_VALUES = 5000
_DEEPEST = 50

_HASH = re.compile(
    r"[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]{2,}[ ,，]+[^\W\d_]{2,}|(?<![/.\w-])[\u4e00-\u9fff]{2,}(?![/.\w-])")
_TAG_KEYS = ("tags", "tag", "categories", "category", "keywords", "keyword", "标签", "分类", "关键词")
_TAG_BORDER = re.compile(r"[,，、;；]")

# Keys (lower case, without - _ and spaces) that steer a theme or a plugin and tell nothing about the note.
_LAYOUT = frozenset(
    """
    layout template theme transition highlightstyle cssclass cssclasses css style bodyclass classes
    comments comment disablecomments disqus math mathjax katex latex mermaid chart charts image
    images imagefeature featureimage featuredimage featuredimagepreview cover coverimage coverwidth
    thumbnail thumb banner bannerimg bannerx bannery icon avatar background headerimg headerimage
    header headline headermask topimg postcover ogimage socialimage cardimage featured sticky pin
    pinned top order navorder sidebarposition sidebarlabel sidebar aside position toc tocopen
    tocnumber showtoc hidetoc autotoc draft published publish share dgpublish dghome
    dgpassfrontmatter dgshowtoc permalink slug uid id uuid guid hash abbrlink nid bookid doubanid
    noteid hidetitle hidemeta hidesummary hidden showreadingtime showbreadcrumbs showpostnavlinks
    showwordcount showsharebuttons disableshare hideimage searchhidden excerpttype readingtime
    wordcount sitemap robots noindex robotsnoindex canonicalurl menu outputs markup lightgallery
    excalidrawplugin excalidrawexportdark kanbanplugin databaseplugin excalidrawlinkprefix
    typoracopyimagesto typorarooturl srdue srinterval srease icloud redirectfrom
    collapsed logseqorderlisttype backgroundcolor lstype hlpage hlcolor hlstamp hltype headingstyle
    excalidrawautoexport excalidrawfont excalidrawonload kanbanlastselecteddate
    """.split()  # noqa: SIM905 - one word a line would bury them
)
# By what other notes may link to this one; nothing to search for, but kept among the properties.
_ADDRESSES = frozenset({"permalink", "slug", "url", "abbrlink", "id", "aliases", "alias", "redirectfrom"})


@dataclass(frozen=True, slots=True)
class Properties:
    """What a note's front matter says, and where its body begins (0 where there is none)."""

    body: int = 0
    meta: Mapping[str, MetaValue] = field(default_factory=lambda: MappingProxyType({}))
    masks: tuple[Mask, ...] = ()
    warning: str = ""


def read(text: str) -> Properties:
    """Read the front matter of a decoded file.

    Keys that only steer a layout, and keys without a value, are masked with their nested lines. What cannot be
    read stays as text, with a warning.
    """
    block = front_matter(text)
    if not block:
        return Properties()
    opening = text[: block.start].rstrip()
    try:
        front = syntax.read(text[block.start : block.fence], opening)
    except syntax.NotPropertiesError:
        return Properties()
    layout = [
        Mask(block.start + entry.start, block.start + entry.end, "layout")
        for entry in front.entries
        if entry.key in front.data and is_layout(entry.key, front.data[entry.key])
    ]
    masks = (Mask(0, len(opening), "layout"), *layout, Mask(block.fence, block.body, "layout"))
    return Properties(block.body, MappingProxyType(_meta(front.data)), masks, front.warning)


def tags(meta: Mapping[str, MetaValue]) -> Iterator[str]:
    """The tags among the properties, without ``#``."""
    for key, value in meta.items():
        if key.lower() not in _TAG_KEYS:
            continue
        for item in value if isinstance(value, tuple) else _listed(value):
            tag = str(item).strip().lstrip("#").strip()
            if tag and item is not None and not isinstance(item, (bool, tuple)):
                yield tag


def _listed(value: MetaValue) -> list[str]:
    """A tag list that was written as one string: by commas, else by spaces."""
    if not isinstance(value, str):
        return [str(value)] if value is not None else []
    return _TAG_BORDER.split(value) if _TAG_BORDER.search(value) else value.split()


def is_layout(key: str, value: object) -> bool:
    """Whether a property tells nothing about the note: it steers a theme or a plugin, is empty, or is a hash.

    Words of its author's are kept, whatever they stand under: ``menu: soup and fish``.
    """
    if _is_empty(value):
        return True
    if _plain(key) in _LAYOUT:
        return not (isinstance(value, str) and _WORDS.search(value))
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _is_empty(value: object) -> bool:
    if isinstance(value, list):
        return all(item is None or item == "" for item in value)
    return value is None or value in ("", {})


@lru_cache(maxsize=1 << 12)
def _plain(key: str) -> str:
    return re.sub(r"[-_. ]", "", key.lower())


def _meta(data: Mapping[str, object]) -> dict[str, MetaValue]:
    """Typed scalars and tuples; nested mappings are flattened to ``a.b``. Layout keys but addresses are left out."""
    kept = {
        k: v for k, v in data.items() if not is_layout(k, v) or (_plain(k) in _ADDRESSES and not _is_empty(v))
    }
    budget = [_MOST_VALUES]
    return dict(_flattened("", kept, budget, 0))


def _flattened(
    prefix: str, data: Mapping[Any, object], budget: list[int], depth: int
) -> Iterator[tuple[str, MetaValue]]:
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _flattened(f"{name}.", value, budget, depth + 1)
        else:
            yield name, _value(value, budget, depth)


def _value(value: object, budget: list[int], depth: int) -> MetaValue:
    """Aliases can make a small file mean a huge value: what exceeds the budget is dropped."""
    budget[0] -= 1
    if budget[0] < 0 or depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return tuple(_value(item, budget, depth + 1) for item in value[: max(0, budget[0])])
    if isinstance(value, dict):
        return ", ".join(f"{k}: {v}" for k, v in _flattened("", value, budget, depth + 1))
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
