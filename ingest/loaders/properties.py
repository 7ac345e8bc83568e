"""Front matter: which properties are worth searching, and what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from ingest.loaders.blocks import front_matter
from rag.types import Mask, MetaValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LARGEST = 1 << 16
_MOST_VALUES = 5000
_MOST_BRACKETS = 1000
_DEEPEST = 50

_KEY = re.compile(
    r"""(?m)^("[^"\n]++"|'[^'\n]++'|[^\s#\-?:,\[\]{}&*!|>'"%@`][^:\n]*?|-[^\s:][^:\n]*?)\s*:(?=\s|\Z)"""
)
_INLINE_NESTING = re.compile(r"(?:[-?:][ \t]+){20}")
_HASH = re.compile(
    r"[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
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
    typoracopyimagesto typorarooturl srdue srinterval srease icloud
    """.split()  # noqa: SIM905 - one word a line would bury them
)


@dataclass(frozen=True, slots=True)
class Properties:
    """What a note's front matter says, and where its body begins (0 where there is none)."""

    body: int = 0
    meta: Mapping[str, MetaValue] = field(default_factory=lambda: MappingProxyType({}))
    masks: tuple[Mask, ...] = ()
    warning: str = ""


class _Entry(NamedTuple):
    """A top-level key with its lines, the nested ones included."""

    key: str
    start: int
    end: int


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe, in C where there is one; leaves dates as they were written."""


class _SlowLoader(yaml.SafeLoader):
    """The same without C: deep nesting ends in an exception, not in a crash."""


for _loader in (_Loader, _SlowLoader):
    # Dates are read in one place (ingest.dates), and 12:30 is a time, not the number 750.
    _loader.yaml_implicit_resolvers = {
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag.rpartition(":")[2] in {"bool", "null", "merge"}
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _loader.add_implicit_resolver(
        "tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})$"), list("-+0123456789")
    )
    _loader.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}$"), list("-+0123456789")
    )


def read(text: str) -> Properties:
    """Read the front matter of a decoded file.

    Keys that only steer a layout, and keys without a value, are masked with their nested lines. What is not
    valid YAML stays as text, with a warning.
    """
    block = front_matter(text)
    if not block:
        return Properties()
    source = text[block.start : block.fence]
    fences = _fence_masks(text, block.start, block.fence, block.body)
    try:
        data = _parsed(source)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        return Properties(block.body, masks=fences, warning=f"front matter is not valid YAML: {_reason(e)}")
    if data is None:
        return Properties(block.body, masks=fences)
    if not isinstance(data, dict):
        return Properties()  # a text between two rulers
    layout = [
        Mask(block.start + entry.start, block.start + entry.end, "layout")
        for entry in _entries(source)
        if _is_layout(entry.key, data.get(entry.key, entry))
    ]
    masks = (fences[0], *layout, fences[1])
    return Properties(block.body, MappingProxyType(_meta(data)), masks)


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


def _fence_masks(text: str, start: int, fence: int, body: int) -> tuple[Mask, Mask]:
    opening = text[:start].rstrip()
    return Mask(0, len(opening), "markup"), Mask(fence, body, "markup")


def _parsed(source: str) -> object:
    if len(source) > _LARGEST:
        raise ValueError(f"it is longer than {_LARGEST} characters")
    nested = source.count("[") + source.count("{") > _MOST_BRACKETS or _INLINE_NESTING.search(source)
    return yaml.load(source, _SlowLoader if nested else _Loader)  # noqa: S506 - both are safe loaders


def _reason(error: Exception) -> str:
    """One line, with the place where YAML gave up."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    # +2: marks count from 0, and the opening fence is a line too.
    where = f" (line {mark.line + 2})" if mark else ""
    return " ".join(str(problem).split()) + where


def _entries(source: str) -> Iterator[_Entry]:
    found = list(_KEY.finditer(source))
    for i, m in enumerate(found):
        end = found[i + 1].start() if i + 1 < len(found) else len(source)
        yield _Entry(m[1].strip("\"'"), m.start(), m.start() + len(source[m.start() : end].rstrip()))


def _is_layout(key: str, value: object) -> bool:
    if re.sub(r"[-_ ]", "", key.lower()) in _LAYOUT or _is_empty(value):
        return True
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _is_empty(value: object) -> bool:
    if isinstance(value, list):
        return all(item is None or item == "" for item in value)
    return value is None or value in ("", {})


def _meta(data: dict[object, object]) -> dict[str, MetaValue]:
    """Typed scalars and tuples; nested mappings are flattened to ``a.b``. Layout keys are left out."""
    kept = {str(k): v for k, v in data.items() if not _is_layout(str(k), v)}
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
