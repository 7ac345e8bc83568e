"""What a note holds that nobody would search for: comments, shortcodes, tags, drawings, base64, rulers.

It stays in the text and in every offset, but is left out of what is indexed. ``hidden`` looks at a view of the
text in which code is blanked, so that code is never taken for any of these.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.loaders.blocks import line_end
from rag.types import Mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHORTCODE_WINDOW = 2000

_OPENING = re.compile(r"<(?=[!/A-Za-z])|%%|\{[{%]")
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_RULER = re.compile(r"\n {0,3}([-*_])(?:[ \t]*+\1){2,}+[ \t]*+(?=\n|\Z)")
_BASE64 = re.compile(r"data:[\w.+-]{1,80}/[\w.+-]{1,80};base64,[A-Za-z0-9+/=_-]++")
_DRAWING = re.compile(r"\n#{1,2} Drawing[ \t]*\n(?:%%\n)?\s*+(?=(```+)(?:json|compressed-json)\b)")

_BARE = "allowfullscreen|async|autoplay|checked|controls|defer|disabled|download|hidden|loop|muted|open|playsinline"
_TAG = re.compile(
    rf"""</?([A-Za-z][A-Za-z0-9-]*+)
         (?:\s++(?:[\w:@.-]++\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'|[^\s"'<>=`]++)|(?:{_BARE})\b))*+
         \s*+/?>""",
    re.VERBOSE,
)
# Only real elements: `List<String>` and `a<b>` are somebody's words.
_ELEMENTS = frozenset(
    """
    a abbr acronym address area article aside audio b base bdi bdo big blockquote body br button
    canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl
    dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head
    header hr html i iframe img input ins kbd label legend li link main map mark menu meta meter nav
    noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp
    script section select small source span strike strong style sub summary sup svg table tbody td
    template textarea tfoot th thead time title tr track tt u ul var video wbr
    """.split()  # noqa: SIM905 - one word a line would bury them
)
_OPAQUE = {
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "svg": re.compile(r"</svg\s*>", re.IGNORECASE),
}
# `{{c1::answer}}` is a flashcard, and braces after a letter or in a formula are LaTeX.
_SHORTCODE = re.compile(
    r"\{\{(?:[<%][^{}]*+(?<=[%>])|(?![^{}]*::)[-#/^>&]?[ \t]*+[\w.'\"$/][^{}]*+)\}\}|\{%[^{}]*?%\}"
)
_BEFORE_FORMULA = re.compile(r"[\w\\^_}{]")


def disjoint(masks: Iterable[Mask]) -> tuple[Mask, ...]:
    """Sorted and without overlaps: where two meet, the one that starts first wins."""
    kept: list[Mask] = []
    at = 0
    for mask in sorted(masks, key=lambda m: (m.start, -m.end)):
        if mask.end > at:
            kept.append(mask if mask.start >= at else Mask(at, mask.end, mask.reason))
            at = mask.end
        elif mask.reason == "base64":
            kept[-1] = Mask(kept[-1].start, at, "base64")  # a link or tag around data is data
    return tuple(kept)


def embedded(text: str) -> list[Mask]:
    """Base64 data, in code too: nobody quotes it."""
    if ";base64," not in text:
        return []
    return [Mask(m.start(), m.end(), "base64") for m in _BASE64.finditer(text)]


def hidden(text: str, view: str) -> list[Mask]:
    """Comments, shortcodes, tags and drawings, in no particular order. ``view`` is ``text`` without its code."""
    return [*_comments_and_tags(view), *_drawings(text)]


def rulers(view: str, underlines: frozenset[int]) -> Iterator[Mask]:
    """Thematic breaks. ``underlines`` are the ends of setext headings, which look the same."""
    first = _RULER.match("\n" + view[: line_end(view, 0)])
    if first:
        yield Mask(0, first.end() - 1, "markup")
    for m in _RULER.finditer(view):
        if m.end() not in underlines:
            yield Mask(m.start() + 1, m.end(), "markup")


def _comments_and_tags(view: str) -> Iterator[Mask]:
    at = 0
    closers = _Closers(view)
    for m in _OPENING.finditer(view):
        start = m.start()
        if start < at:
            continue
        if m[0] == "%%":
            mask = _obsidian_comment(view, start, closers)
        elif m[0] == "<":
            mask = _html(view, start, closers)
        else:
            mask = _shortcode(view, start)
        if mask:
            yield mask
            at = mask.end


class _Closers:
    """Finds closing marks. Remembers which never come again, so that unclosed marks cost one look each."""

    def __init__(self, view: str) -> None:
        self._view = view
        self._exhausted: set[str] = set()

    def after(self, mark: str, start: int) -> int:
        """End of the next ``mark`` from ``start``, or -1."""
        if mark in self._exhausted:
            return -1
        found = self._view.find(mark, start)
        if found < 0:
            self._exhausted.add(mark)
            return -1
        return found + len(mark)

    def element(self, name: str, start: int) -> int:
        """End of the next closing tag of an element whose content is no text, or -1."""
        if name in self._exhausted:
            return -1
        found = _OPAQUE[name].search(self._view, start)
        if not found:
            self._exhausted.add(name)
            return -1
        return found.end()


def _obsidian_comment(view: str, start: int, closers: _Closers) -> Mask | None:
    """``%%`` alone on its line may span paragraphs, within a line only words."""
    end = closers.after("%%", start + 2)
    if end < 0:
        return None
    block = view[max(0, start - 1) : start] in {"", "\n"}
    if not block and _BLANK_LINE.search(view, start, end):
        return None
    return Mask(start, end, "comment")


def _html(view: str, start: int, closers: _Closers) -> Mask | None:
    if view.startswith("<!--", start):
        end = closers.after("-->", start + 4)
        return Mask(start, end, "comment") if end >= 0 else None
    m = _TAG.match(view, start)
    if not m or m[1].lower() not in _ELEMENTS:
        return None
    name = m[1].lower()
    end = closers.element(name, m.end()) if name in _OPAQUE and view[start + 1] != "/" else -1
    return Mask(start, max(end, m.end()), "markup")


def _shortcode(view: str, start: int) -> Mask | None:
    m = _SHORTCODE.match(view, start, start + _SHORTCODE_WINDOW)
    if not m or (m[0].startswith("{{") and start and _BEFORE_FORMULA.match(view[start - 1])):
        return None
    if _BLANK_LINE.search(m[0]):
        return None
    return Mask(start, m.end(), "shortcode")


def _drawings(text: str) -> Iterator[Mask]:
    """Excalidraw keeps its scene as JSON in a fenced block under its own heading."""
    if "# Drawing" not in text:
        return
    for m in _DRAWING.finditer(text):
        close = text.find("\n" + m[1], m.end())
        end = len(text) if close < 0 else line_end(text, close + 1)
        yield Mask(m.start() + 1, end, "drawing")
