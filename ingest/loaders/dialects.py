"""Marks that note apps and site generators set at a line's start or end, and properties within the text.

Callouts, block ids, containers, attributes, tables of contents, includes, MDX's imports, Logseq's logbook;
``key:: value``. Every function looks at a view of the text in which code is blanked, and is linear in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.loaders.properties import is_layout
from rag.types import Mask, MetaValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.loaders.blocks import Span

_QUOTE_WINDOW = 80
_MOST_FIELDS = 1000

_CALLOUT = re.compile(r"\[![\w-]{1,40}(?:\|[^\[\]\n]{0,60})?\][+-]?")
_QUOTED = re.compile(r"[ \t]*(?:>[ \t]*)+")
_BLOCK_ID = re.compile(r"(?<=\s)\^[A-Za-z0-9][A-Za-z0-9-]{2,40}(?=[ \t]*(?:\n|\Z))")
_BLOCK_REF = re.compile(r"!?\(\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)\)")
_SPACE_ENTITY = re.compile(r"&(?:nbsp|ensp|emsp|thinsp|zwnj|zwj|#160|#xa0);", re.IGNORECASE)
_CONTAINER = re.compile(r"\n[ \t]{0,8}(:::++[ \t]*+(?:\{[^{}\n]*+\}|[A-Za-z][\w-]*+)?)")
_CONTENTS = re.compile(
    r"\n[ \t]*+(\[TOC\]|\[\[_?TOC_?\]\]|@\[TOC\](?:\([^()\n]*\))?|\$\{toc\})(?=[ \t]*(?:\n|\Z))",
    re.IGNORECASE,
)
_ATTRIBUTE = r"(?:[#.][\w:-]{1,80}|[\w-]{1,40}=(?:\"[^\"{}\n]{0,200}\"|'[^'{}\n]{0,200}'|[^\s{}\"'=]{1,200}))"
_ATTRIBUTES = re.compile(
    rf"(?<![\w^\\{{}}])\{{(?::[ \t]*(?:toc|\w+(?=:)|{_ATTRIBUTE})|:?[ \t]*[#.][\w:-]{{1,80}})(?:[ \t]+{_ATTRIBUTE}){{0,20}}[ \t]*\}}(?=[ \t]*(?:\n|\Z))"
)
_INCLUDE = re.compile(r"\n(<<<[ \t]+?@?[^\s<>][^\n]*)")
_SITE_IMPORT = re.compile(
    r"""\n(import[ \t][^\n"']{0,200}["'](?:@(?:theme|site|docusaurus)[^"'\n]*|\.[^"'\n]*\.(?:mdx?|vue|astro|[jt]sx))["'];?)(?=[ \t]*(?:\n|\Z))"""
)
_MODULE = re.compile(
    r"""\n((?:import[ \t]*(?:["'{*]|[\w$]+(?:[ \t]*,[ \t]*[{*]|[ \t]+from\b))
        |export[ \t]*(?:[{*]|(?:default|const|let|var|function|async|class|type|interface)\b))
        [^\n]*+(?:\n(?![ \t]*\n)[^\n]++)*+)""",
    re.VERBOSE,
)
_LINE_FIELD = re.compile(
    r"\n[ \t>]*+(?:[-*+][ \t]++(?:\[.\][ \t]++)?)?((?:\*\*|__)?([^\s:()\[\]{}<>|`*_#\\][^:\n()\[\]{}<>|`*]{0,40}?)(?:\*\*|__)?::"
    r"(?=[ \t\n]|\Z)[ \t]*+([^\n]*+))"
)
_FIELD = re.compile(r"[\[(]([^\s:()\[\]{}<>|`][^:\n()\[\]{}<>|`]{0,40}?)::[ \t]([^\n\[\]()]{1,300})[\])]")
_QUERY = re.compile(
    r"[ \t>]*(?:```+|~~~+)[ \t]*\{?(?:dataview|dataviewjs|query|tasks|button|buttons|chartsview|tracker)\b"
)
_CODE_TAG = re.compile(r"\{[%{][<%-]?[ \t]*(highlight|codeblock|code|raw)\b[^{}\n]{0,200}[%>}-]\}+")
# By a sign without which none is there.
_WITHIN_LINES = (("^", _BLOCK_ID), ("&", _SPACE_ENTITY), ("((", _BLOCK_REF), ("{", _ATTRIBUTES))
_WHOLE_LINES = ((":::", _CONTAINER), ("toc", _CONTENTS), ("TOC", _CONTENTS), ("<<<", _INCLUDE))
_WIKILINK = re.compile(r"\[\[(?:[^\[\]|\n]*\|)?([^\[\]|\n]+)\]\]")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?")
_LIST_KEYS = frozenset({"tags", "tag", "alias", "aliases", "categories", "keywords"})


class Fields(NamedTuple):
    """Properties that stand in the text, and masks for those that tell nothing."""

    meta: dict[str, MetaValue]
    masks: list[Mask]


def marks(view: str, *, jsx: bool) -> Iterator[Mask]:
    """What steers an app and says nothing, in no particular order. ``jsx``: the file is MDX."""
    if "[!" in view:
        yield from _callouts(view)
    for sign, pattern in _WITHIN_LINES:
        if sign in view:
            yield from (Mask(m.start(), m.end(), "markup") for m in pattern.finditer(view))
    padded = "\n" + view
    for sign, pattern in (*_WHOLE_LINES, ("port", _MODULE if jsx else _SITE_IMPORT)):
        if sign in view:
            yield from (Mask(m.start(1) - 1, m.end(1) - 1, "markup") for m in pattern.finditer(padded))
    yield from _logbooks(view)


def queries(text: str, code: Iterable[Span]) -> Iterator[Mask]:
    """Fenced blocks that are instructions to a plugin, not somebody's code."""
    for start, end in code:
        if _QUERY.match(text, start, end):
            yield Mask(start, end, "shortcode")


def tagged_code(view: str) -> list[Span]:
    """What stands between ``{% highlight %}`` and its end: code, which holds no marks."""
    spans: list[Span] = []
    at = 0
    closing: set[str] = set()
    for m in _CODE_TAG.finditer(view) if "{%" in view or "{{" in view else ():
        if m.start() < at or m[1] in closing:
            continue
        end = re.compile(rf"\{{[%{{][<%-]?[ \t]*(?:end|/[ \t]*){m[1]}\b").search(view, m.end())
        if end:
            spans.append((m.end(), end.start()))
            at = end.end()
        else:
            closing.add(m[1])
    return spans


def fields(text: str, view: str) -> Fields:
    """``key:: value`` on a line of its own or a bullet's, ``[key:: value]`` within a sentence."""
    found = Fields({}, [])
    if "::" not in view:
        return found
    values: dict[str, list[MetaValue]] = {}
    for m in _LINE_FIELD.finditer("\n" + view):
        key, value = m[2].strip(), text[m.start(3) - 1 : m.end(3) - 1].strip()
        if is_layout(key, value):
            found.masks.append(Mask(m.start(1) - 1, m.end(1) - 1, "layout"))
        values.setdefault(key, []).extend(_values(key, value))
        if len(values) > _MOST_FIELDS:
            break
    for m in _FIELD.finditer(view):
        values.setdefault(m[1].strip(), []).extend(_values(m[1], text[m.start(2) : m.end(2)]))
        if len(values) > _MOST_FIELDS:
            break
    for key, given in values.items():
        if given and (not is_layout(key, given[0]) or key == "id"):
            found.meta[key] = given[0] if len(given) == 1 else tuple(given[:_MOST_FIELDS])
    return found


def typed(value: str) -> MetaValue:
    """A number or a truth value where the text is one; dates stay as they were written."""
    plain = value.strip()
    if plain.lower() in {"true", "false"}:
        return plain.lower() == "true"
    if _NUMBER.fullmatch(plain):
        return float(plain) if "." in plain else int(plain)
    return plain


def _values(key: str, value: str) -> list[MetaValue]:
    """One value, or several: wikilinks, or a list of tags or aliases."""
    linked = _WIKILINK.findall(value)
    if linked and not _WIKILINK.sub("", value).strip(" ,，、#"):
        return list(linked)
    if key.lower() in _LIST_KEYS:
        return [part.strip().lstrip("#") for part in re.split("[,，]", value) if part.strip()]
    return [typed(value)] if value.strip() else []


def _callouts(view: str) -> Iterator[Mask]:
    """``> [!note]- Title``: the title stays."""
    for m in _CALLOUT.finditer(view):
        line = view.rfind("\n", max(0, m.start() - _QUOTE_WINDOW), m.start()) + 1
        if _QUOTED.fullmatch(view, line, m.start()):
            yield Mask(m.start(), m.end(), "markup")


def _logbooks(view: str) -> Iterator[Mask]:
    at = 0
    while (start := view.find(":LOGBOOK:", at)) >= 0 and (end := view.find(":END:", start)) >= 0:
        at = end + len(":END:")
        yield Mask(start, at, "layout")
