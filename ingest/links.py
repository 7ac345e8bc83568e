"""Links as their authors wrote them: wikilinks, embeds, Markdown links and reference definitions.

``find`` looks at a view of the text in which code and comments are blanked, and reads labels from the text.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from rag.types import Link, Mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rag.types import LinkKind

_LONGEST_LABEL = 1000
_LONGEST_NAME = 200

_BRACKET = re.compile(r"!?\[\[?|\]")
_WIKILINK = re.compile(r"([^\[\]|#\n]*+)(#[^\[\]|\n]*+)?(?:\|([^\[\]\n]*+))?\]\]")
_DESTINATION = re.compile(
    r"""\([ \t]*+\n?[ \t]*+
        (?:<([^<>\n]*+)>
          | ((?:[^\s()<>]++|\((?:[^\s()]++|\([^\s()]*+\))*+\))*+)(?![ \t][^\s"'(=)])
          | ([^\s()<>"][^()<>\n"]{0,300}?\.(?:md|png|jpe?g|gif|webp|svg|pdf|canvas))(?=[ \t]*\)))
        (?:\s++(?:"[^"]{0,1000}"|'[^']{0,1000}'|\([^()]{0,1000}\)|=\d*x\d*))?
        \s*+\)""",
    re.VERBOSE,
)
_DEFINITION = re.compile(
    r"""\n[ ]{0,3}\[(?!\^)([^\[\]\n]{1,200})\]:[ \t]*+
        (<[^<>\n]++>|(?=[^\s<>]*[./\#:])[^\s<>]++)
        (?:[ \t]++(?:"[^"\n]*+"|'[^'\n]*+'|\([^()\n]*+\)))?[ \t]*+(?=\n|\Z)""",
    re.VERBOSE,
)
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_WEB = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_IMAGE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|bmp|tiff?|heic|avif)$", re.IGNORECASE)
_CONTENTS = frozenset({"toc", "_toc_"})
_HREF = re.compile(
    r"""<(a|img)\s(?:[^<>]*?\s)?(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=`]+))""", re.IGNORECASE
)
_SITE = re.compile(r"\{\{[^{}]*\}\}(?=[^\s])")  # {{ site.url }} before a path
_ALT = re.compile(r"""\salt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_CALL = re.compile(r"\{[{%][<%-]?[ \t]*(post_link|asset_img|asset_link|figure|image|img|picture)\s")
_POST_CALLS = frozenset(
    {"ref", "relref", "link", "post_url", "post_link", "post_path", "asset_link", "asset_path"}
)
_CODE = re.compile(r"\{[{%][<%-]?([^{}]*?)[>%-]?[}%]\}?")
_ARGUMENT = re.compile(r""""([^"]*)"|'([^']*)'|src=["']?([^"'\s]+)|(\S+)""")
# What cameras, clipboards and uploaders call a picture: nothing that its author meant.
_NAMELESS = re.compile(
    r"""(?:
          (?=[0-9a-f-]*\d)[0-9a-f]{8}[0-9a-f-]*+ | v2-[0-9a-f]++ | \d++
        | (?:img|dsc|dscn|pxl|mmexport|wx|qq|wechatimg|screenshot|screen[ ]shot|snipaste|clip|pasted[ ]image|image|图片|截图|微信图片|屏幕截图|qq截图|qq图片|企业微信截图)
          [-_ .()\d:at上下午pm年月日]*
        | image | img | images? | picture | pic | photo | alt(?:[ ]text)? | untitled | 图 | 图片 | 在这里插入图片描述
        )(?:[-_ ]\d+)?(?:\.(?:png|jpe?g|gif|webp|svg|bmp|heic))?(?:\|\d+(?:x\d+)?)?""",
    re.VERBOSE | re.IGNORECASE,
)


class Found(NamedTuple):
    """Links by position, and what of them says nothing to a reader (sorted by neither)."""

    links: tuple[Link, ...]
    masks: list[Mask]


class _Open(NamedTuple):
    """An opening bracket that waits for its closing one."""

    start: int
    label: int
    image: bool


def is_nameless(label: str) -> bool:
    """Whether a picture's label was made by a machine: a hash, ``IMG_1234``, ``image.png``."""
    return len(label) <= _LONGEST_NAME and _NAMELESS.fullmatch(label.strip()) is not None


def find(text: str, view: str, tags: Iterable[tuple[int, int]] = ()) -> Found:
    """All links of a Markdown text.

    ``view`` is ``text`` with code, comments, tags and shortcodes blanked; ``tags`` are the spans of the last two,
    sorted or not, in which there are links too.
    """
    links: list[Link] = []
    masks: list[Mask] = []
    for link, mask in chain(_bracketed(text, view), _definitions(view)):
        if link.target or link.anchor:
            links.append(link)
        if mask:
            masks.append(mask)
    links += filter(None, (_in_tag(text, start, end) for start, end in tags))
    return Found(tuple(sorted(links, key=lambda link: (link.start, link.end))), masks)


def _bracketed(text: str, view: str) -> Iterator[tuple[Link, Mask | None]]:
    waiting: list[_Open] = []
    hidden: Mask | None = None
    at = 0
    for m in _BRACKET.finditer(view):
        start = m.start()
        if start < at or (start and view[start - 1] == "\\"):
            continue
        if m[0] == "]":
            found = _markdown(text, view, waiting.pop(), start, hidden) if waiting else None
        elif m[0].endswith("[["):
            found = _wikilink(view, start, m.end())
            if not found:
                waiting += _Open(start, m.end() - 1, m[0][0] == "!"), _Open(m.end() - 1, m.end(), image=False)
        else:
            waiting.append(_Open(start, m.end(), m[0][0] == "!"))
            continue
        if found:
            yield found
            at, hidden = found[0].end, found[1]


def _wikilink(view: str, start: int, inner: int) -> tuple[Link, Mask | None] | None:
    m = _WIKILINK.match(view, inner)
    if not m or not (m[1].strip() or m[2]):
        return None
    embed = view[start] == "!"
    # In a table the border before the label is escaped.
    target, anchor, label = (
        m[1].removesuffix("\\").strip(),
        (m[2] or "").lstrip("#").strip(),
        (m[3] or "").strip(),
    )
    if target.lower() in _CONTENTS and not label:
        return None
    link = Link(start, m.end(), target, "embed" if embed else "wikilink", label, anchor)
    nameless = embed and _IMAGE.search(target) and is_nameless(target.rpartition("/")[2])
    return link, Mask(start, m.end(), "markup") if nameless else None


def _markdown(
    text: str, view: str, opened: _Open, close: int, last: Mask | None
) -> tuple[Link, Mask | None] | None:
    """``[label](destination "title")``, closed at ``close``; ``last`` is the last link's mask."""
    if not view.startswith("(", close + 1) or close - opened.label > _LONGEST_LABEL:
        return None
    m = _DESTINATION.match(view, close + 1)
    if not m or _BLANK_LINE.search(view, opened.label, m.end()):
        return None
    label = text[opened.label : close]
    target, anchor = _parts(m[1] or m[2] or m[3] or _called(text[close + 2 : m.end() - 1]))
    link = Link(opened.start, m.end(), target, "embed" if opened.image else "markdown", label, anchor)
    shown = label
    if last and last.start >= opened.label:  # a linked picture: what is left of the label beside it
        shown = text[opened.label : last.start] + text[last.end : close]
    silent = not shown.strip() or (opened.image and is_nameless(label))
    return link, Mask(opened.start if silent else m.start(), m.end(), "markup")


def _definitions(view: str) -> Iterator[tuple[Link, Mask]]:
    """``[label]: destination`` lines."""
    if "]:" not in view:
        return
    padded = "\n" + view
    for m in _DEFINITION.finditer(padded):
        target, anchor = _parts(m[2].strip("<>"))
        link = Link(m.start(1) - 2, m.end() - 1, target, "markdown", m[1], anchor)
        yield link, Mask(m.start(2) - 1, m.end() - 1, "markup")


def _in_tag(text: str, start: int, end: int) -> Link | None:
    """``<a href>``, ``<img src>``; shortcodes that show a picture or name a post."""
    tag = text[start:end]
    if tag[0] == "<":
        m = _HREF.match(tag)
        if not m:
            return None
        address = m[2] or m[3] or m[4] or ""
        address = _SITE.sub("", address)
        target, anchor = _parts(_called(address) if address.startswith("{") else address)
        label = _ALT.search(tag)
        kind: LinkKind = "embed" if m[1].lower().startswith("img") else "markdown"
        found = Link(start, end, target, kind, (label[1] or label[2] or "") if label else "", anchor)
    else:
        m = _CALL.match(tag)
        if not m:
            return None
        picture = m[1] not in _POST_CALLS
        target, anchor = _parts(_called(tag, pictures=picture))
        kind = "embed" if picture else "markdown"
        found = Link(start, end, target, kind, "", anchor)
    return found if (found.target or found.anchor) and not target.startswith("data:") else None


def _called(code: str, *, pictures: bool = False) -> str:
    """The page or picture that a shortcode names: ``{{< ref "a.md" >}}``, ``{% post_url 2022-01-01-a %}``."""
    m = _CODE.search(code)
    if not m:
        return ""
    for quoted, single, source, bare in _ARGUMENT.findall(m[1]):
        value = source or quoted or single or bare
        if (pictures and _IMAGE.search(value)) or (
            not pictures and value not in _POST_CALLS and "=" not in value
        ):
            return str(value)
    return ""


def _parts(destination: str) -> tuple[str, str]:
    """Path and anchor; a web address stays whole."""
    destination = destination.strip()
    if _WEB.match(destination):
        return destination, ""
    target, _, anchor = destination.partition("#")
    return target, anchor
