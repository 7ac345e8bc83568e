"""What a note holds that nobody would search for: comments, shortcodes, tags, drawings, base64, rulers.

It stays in the text and in every offset, but is left out of what is indexed. ``hidden`` looks at a view of the
text in which code is blanked, so that code is never taken for any of these.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingest.links import is_nameless
from ingest.loaders.blocks import line_end
from rag.types import Mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.loaders.blocks import Span
    from rag.types import MaskReason

_SHORTCODE_WINDOW = 2000
_LINE_WINDOW = 200

_OPENING = re.compile(r"<(?=[!/A-Za-z])|(?<![\w%])%%|\{(?:[{%]|/\*)")
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_RULER = re.compile(r"\n {0,3}([-*_])(?:[ \t]*+\1){2,}+[ \t]*+(?=\n|\Z)")
_BASE64 = re.compile(
    r"data:[\w.+-]{1,80}/[\w.+-]{1,80}(?:;[\w.+-]{1,40}=[\w.+-]{1,40}){0,4};base64,[A-Za-z0-9+/=_-]++"
)
_DRAWING = re.compile(
    r"(?:\n%%[ \t]*)?\n#{1,2} Drawing[ \t]*\n(?:%%\n)?\s*+(?=(```+)(?:json|compressed-json)\b)"
)
_DRAWING_END = re.compile(r"\s*+%%[ \t]*(?=\n|\Z)")
_DRAWING_PARTS = re.compile(
    r"\n(?:==⚠[^\n]*⚠==[^\n]*|#{1,2} (?:Excalidraw Data|Text Elements|Element Links|Embedded Files)[ \t]*(?=\n|\Z)|[0-9a-f]{40}:)"
)

_BARE = "allowfullscreen|async|autoplay|checked|controls|defer|disabled|download|hidden|loop|muted|open|playsinline"
_TAG = re.compile(
    rf"""</?([A-Za-z][A-Za-z0-9-]*+)
         (?:\s++(?:[\w:@.-]++\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'|[^\s"'<>=`]++)|(?:{_BARE})\b))*+
         \s*+/?>""",
    re.VERBOSE,
)
_JSX_VALUE = r"\{(?:[^{}]++|\{(?:[^{}]++|\{[^{}]*+\})*+\})*+\}"
_COMPONENT = re.compile(
    rf"""</?([A-Za-z][A-Za-z0-9.-]*+)
         ((?:\s++(?:[\w:@.-]++(?:\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'|{_JSX_VALUE}|[^\s"'<>=`{{}}]++))?|{_JSX_VALUE}))*+)
         \s*+(/?)>""",
    re.VERBOSE,
)
# What of a tag or a shortcode its author wrote for readers.
_TOLD = "alt|title|label|caption|summary|description|desc|text|header|heading"
_HTML_WORDS = re.compile(r"""\s(alt|title)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_JSX_WORDS = re.compile(rf"""\s({_TOLD})\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_SHORTCODE_WORDS = re.compile(
    rf"""(?:\s({_TOLD})\s*=\s*)(?:"([^"]*)"|'([^']*)')
       | \s(?=["'][^"']*(?:[{_CJK}]|[^\W\d][ ][^\W\d]))()(?:"([^"=]*)"|'([^'=]*)')
       | (?<=[\s,])()([{_CJK}][^\s{{}}|,"'/.=%<>]*)(?=[\s,])""",
    re.VERBOSE,
)
_COMMAND = re.compile(r"\{[{%][<%-]?[ \t]*/?[ \t]*([\w-]+)")
_PROGRAM = frozenset(
    "if elsif elseif else unless case when for in include include_relative assign capture set cycle tablerow import render".split()  # noqa: SIM905 - as above
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
    r"\{\{(?:\[\[[\w/ -]{1,40}\]\](?::(?:[^{}]++|\{(?:[^{}]++|\{[^{}]*+\})*+\})*+)?|[<%][^{}]*+(?<=[%>])|(?![^{}]*::)[-#/^>&]?[ \t]*+[\w.'\"$/][^{}]*+)\}\}|\{%[^{}]*?%\}"
)
_BEFORE_FORMULA = re.compile(r"[\w\\^_}{]")


class Hidden(NamedTuple):
    """What to mask, and the spans of all tags and shortcodes, which may link to something."""

    masks: list[Mask]
    tags: list[Span]


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


def hidden(text: str, view: str, *, jsx: bool = False) -> Hidden:
    """Comments, shortcodes, tags and drawings, in no particular order.

    ``view`` is ``text`` without its code; ``jsx``: the file is MDX, where ``<Name>`` is always a component.
    """
    found = Hidden(list(_drawings(text)), [])
    for mask in _comments_and_tags(view, jsx=jsx):
        if mask.reason == "comment":
            found.masks.append(mask)
        else:
            found.tags.append((mask.start, mask.end))
            found.masks.extend(_around(_words(view, mask), mask))
    return found


def _around(words: Iterable[Span], mask: Mask) -> Iterator[Mask]:
    """The mask without what readers should find in it."""
    at = mask.start
    for start, end in words:
        yield Mask(at, start, mask.reason)
        at = end
    yield Mask(at, mask.end, mask.reason)


def _words(view: str, mask: Mask) -> list[Span]:
    """Captions, alternative texts and titles within a tag or a shortcode; names that a machine gave do not count."""
    tag = view[mask.start : mask.end]
    if tag[0] == "<":
        if (
            "=" not in tag
            or tag.startswith("</")
            or not (tag[1].isupper() or tag[1:4].lower() in {"img", "abb"})
        ):
            return []
        pattern = _JSX_WORDS if tag[1].isupper() else _HTML_WORDS
    else:
        command = _COMMAND.match(tag)
        if tag.startswith("{{") and tag[2] not in "<%":
            return []
        if command is None or command[1] in _PROGRAM:
            return []
        pattern = _SHORTCODE_WORDS
    spans = (
        (mask.start + m.start(m.lastindex or 0), mask.start + m.end(m.lastindex or 0))
        for m in pattern.finditer(tag)
    )
    return [(start, end) for start, end in spans if start < end and not is_nameless(view[start:end])]


def rulers(view: str, underlines: frozenset[int]) -> Iterator[Mask]:
    """Thematic breaks. ``underlines`` are the ends of setext headings, which look the same."""
    first = _RULER.match("\n" + view[: line_end(view, 0)])
    if first:
        yield Mask(0, first.end() - 1, "markup")
    for m in _RULER.finditer(view):
        if m.end() not in underlines:
            yield Mask(m.start() + 1, m.end(), "markup")


def _comments_and_tags(view: str, *, jsx: bool) -> Iterator[Mask]:
    at = 0
    closers = _Closers(view)
    components: set[str] = set()
    for m in _OPENING.finditer(view):
        start = m.start()
        if start < at:
            continue
        if m[0] == "%%":
            mask = _obsidian_comment(view, start, closers)
        elif m[0] == "<":
            mask = _html(view, start, closers) or _component(view, start, components, jsx=jsx)
        elif m[0] == "{/*":
            end = closers.after("*/}", start)
            mask = Mask(start, end, "comment") if end >= 0 else None
        else:
            mask = _shortcode(view, start, closers)
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


def _component(view: str, start: int, known: set[str], *, jsx: bool) -> Mask | None:
    """A tag of a framework: anywhere in MDX, elsewhere alone on its line; ``known`` collects their names."""
    m = _COMPONENT.match(view, start, start + _SHORTCODE_WINDOW)
    if not m:
        return None
    name, closing = m[1], view[start + 1] == "/"
    fancy = name[0].isupper() or "-" in name or "." in name
    alone = _starts_line(view, start) and (m.end() == len(view) or view[m.end()] == "\n")
    told = "=" in m[2] or "{" in m[2]
    if closing:
        is_one = name in known
    else:
        is_one = (
            (jsx and fancy)
            or (told and name.lower() in _ELEMENTS)
            or (alone and (fancy or told or bool(m[3])))
        )
    if not is_one:
        return None
    known.add(name)
    return Mask(start, m.end(), "markup")


def _starts_line(view: str, start: int) -> bool:
    floor = max(0, start - _LINE_WINDOW)
    line = view.rfind("\n", floor, start)
    return (line >= 0 or floor == 0) and not view[line + 1 : start].strip()


def _shortcode(view: str, start: int, closers: _Closers) -> Mask | None:
    m = _SHORTCODE.match(view, start, start + _SHORTCODE_WINDOW)
    if not m or (m[0].startswith("{{") and start and _BEFORE_FORMULA.match(view[start - 1])):
        return None
    if _BLANK_LINE.search(m[0]):
        return None
    command = _COMMAND.match(m[0])
    if command and command[1] == "comment" and (end := closers.after("endcomment", m.end())) >= 0:
        return Mask(start, max(end, view.find("}", end) + 1), "comment")
    if command and command[1] == "cloze" and m[0].startswith("{{cloze"):
        return None  # Logseq's flashcard
    return Mask(start, m.end(), "shortcode")


def _drawings(text: str) -> Iterator[Mask]:
    """Excalidraw keeps its scene as JSON in a fenced block under its own heading; texts stand before it."""
    m = _DRAWING.search(text) if "# Drawing" in text else None
    if not m:
        return
    close = text.find("\n" + m[1], m.end())
    end = len(text) if close < 0 else line_end(text, close + 1)
    after = _DRAWING_END.match(text, end) if text.startswith("\n%%", m.start()) else None
    yield Mask(m.start() + 1, after.end() if after else end, "drawing")
    for part in _DRAWING_PARTS.finditer(text, 0, m.start() + 1):
        reason: MaskReason = "boilerplate" if text.startswith("==", part.start() + 1) else "drawing"
        yield Mask(part.start() + 1, part.end(), reason)
