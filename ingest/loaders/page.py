"""From HTML markup to blocks of readable text. A pass over events, no tree: nesting costs nothing, however deep."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple

from ingest.links import is_nameless
from ingest.loaders.extract import Anchor, Block, beside, clean
from ingest.loaders.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905 - one word a line would bury them
_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup li main menu nav ol p pre section summary
    table tbody td textarea tfoot th thead title tr ul
    """.split()  # noqa: SIM905 - one word a line would bury them
)
_SILENT = frozenset(
    """
    annotation-xml audio button canvas datalist iframe map nav noframes noscript object rp rt script
    select style svg template video
    """.split()  # noqa: SIM905 - likewise
)
_SILENT_IF_CLOSED = frozenset({"audio", "button", "canvas", "map", "nav", "object", "select", "video"})
_OF_THE_SITE = frozenset({"aside", "footer"})  # unless an article holds them
_ROLES = frozenset({"navigation", "search", "contentinfo", "menu", "menubar", "toolbar", "complementary"})
_CHROME = frozenset(
    {"mw-editsection", "headerlink", "navbar", "navbox", "breadcrumb", "breadcrumbs", "noprint"}
)
_UNSEEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CONTENT = frozenset({"main", "article"})
# An element that ends when one of these begins, though nobody closed it.
_ENDS = {
    "li": ("li",),
    "dt": ("dt", "dd"),
    "dd": ("dt", "dd"),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "tr": ("td", "th", "tr"),
    "tbody": ("td", "th", "tr", "thead", "tbody"),
    "tfoot": ("td", "th", "tr", "thead", "tbody"),
}
_CELLS = frozenset({"td", "th"})
_TABLE_PARTS = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th"})
_LONGEST_CELL = 400
_MOST_IN_CELL = 3
_DEEPEST_TABLE = 20  # tables within tables
_PUBLISHED = re.compile(r'"(date(?:Published|Modified|Created))"\s*:\s*"([^"]{4,40})"')
_POWER = re.compile(r"\s*[-+\u2212]?[0-9]")
_DECLARED = re.compile(r"<!DOCTYPE[^<>\[]{0,500}\[(?:[^\]\"']|\"[^\"]*\"|'[^']*')*+\]\s*>", re.IGNORECASE)
_HEAD = 8192  # characters in which they are declared
_MOST_META = 200
_LONGEST_NUMBER = 9


class Page(NamedTuple):
    """What a page shows, its ``<title>``, and what its head says (names in lower case)."""

    blocks: tuple[Block, ...]
    title: str
    meta: Mapping[str, str]


def read(markup: str, *, site: bool = True) -> Page:
    """Read a page. ``site``: it comes from a web site, whose frame around the content is left out."""
    markup = _closed(markup)
    reader = _fed(_Reader(site=site), markup)
    if reader.unclosed in _SILENT_IF_CLOSED:  # what follows is not its content
        reader = _fed(_Reader(site=site, shown=frozenset({reader.unclosed})), markup)
    page = reader.page()
    # Behind a dialog that was open when it was saved, a page may have hidden itself.
    return page if page.blocks else _fed(_Reader(site=site, all_=True), markup).page()


def _fed(reader: _Reader, markup: str) -> _Reader:
    reader.feed(markup)
    reader.close()
    return reader


def _closed(markup: str) -> str:
    """Without the entities that an XML page may declare, which are no text.

    And with an end for what has none: looking for it again and again would take forever.
    """
    if declared := _DECLARED.search(markup, 0, _HEAD):
        markup = markup[: declared.start()] + markup[declared.end() :]
    for begin, end in (("<!--", "-->"), ("<![CDATA[", "]]>")):
        if markup.rfind(begin) > markup.rfind(end):
            markup += end
    return markup + ">" if markup.rfind("<") > markup.rfind(">") else markup


class _Reader(HTMLParser):
    def __init__(self, *, site: bool, all_: bool = False, shown: frozenset[str] = frozenset()) -> None:
        super().__init__(convert_charrefs=True)
        self._site, self._all, self._shown = site, all_, shown
        self._open: list[str] = []
        self._total: dict[str, int] = {}  # of open elements
        self._counts: list[dict[str, int]] = [{}]  # likewise, anew within each cell
        self._hidden: int | None = None  # depth of the element that hides what it holds
        self._sinks: list[list[Block]] = [[]]  # where blocks go: the page, or the innermost open cell
        self._deeper = 0  # open cells that are too deep within others to be told apart
        self._rows: list[list[list[Block]]] = []
        self._fresh: list[bool] = []  # of each open table: no row written yet
        self._lists: list[int] = []  # of each open list: the number of its next item, -1 for bullets
        self._run = Run()
        self._prefix = ""
        self._tight = False
        self._link: tuple[int, str] | None = None
        self._script = ""
        self._formula: tuple[list[str], list[str]] | None = None
        self._main: list[tuple[int, int]] = []
        self._main_from = -1
        self._title: list[str] = []
        self._meta: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        if tag in _VOID:
            if self._hidden is None or tag == "meta":
                self._void(tag, about)
            return
        if tag in _BLOCKS and self._open[-1:] == ["p"]:
            self._pop()
        while self._open and self._open[-1] in _ENDS.get(tag, ()):
            self._pop()
        if tag in _CELLS and self._open[-1:] != ["tr"]:
            self._push("tr", {})
        self._push(tag, about)

    def handle_endtag(self, tag: str) -> None:
        if tag == "br":
            self._void("br", {})
        scope = self._total if tag in _TABLE_PARTS else self._counts[-1]
        if not scope.get(tag):
            return
        while self._pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag = self._open[-1] if self._open else ""
        if tag == "title" and not self._total.get("svg"):
            self._title.append(data)
        elif tag == "script":
            self._in_script(data)
        elif self._hidden is not None:
            return
        elif self._formula:
            self._formula[tag == "annotation"].append(data)
        else:
            if tag == "sup" and _POWER.match(data) and self._run.ends_in_word():
                self._run.write("^")
            self._run.write(data, exact=self._exact())

    def parse_html_declaration(self, i: int) -> int:
        """As in the base class; but what Word writes (``<![if !mso]>``) is a comment, no error."""
        if self.rawdata.startswith("<![CDATA[", i):
            end = self.rawdata.index("]]>", i)
            self.handle_data(self.rawdata[i + len("<![CDATA[") : end])
            return end + len("]]>")
        if self.rawdata.startswith("<![", i):
            return int(self.parse_bogus_comment(i))
        return int(super().parse_html_declaration(i))

    @property
    def unclosed(self) -> str:
        """The element that hides everything to the page's end because nobody closed it; "" where there is none."""
        return "" if self._hidden is None else self._open[self._hidden]

    def page(self) -> Page:
        """What was read. Of a page with an article that makes up most of it, only that."""
        while self._open:
            self._pop()
        self._flush()
        blocks = self._sinks[0]
        if blocks and self._run.anchors:  # pictures after the last words
            last = blocks[-1]
            end = len(last.text)
            after = (a._replace(start=end, end=end) for a in self._run.anchors)
            blocks[-1] = replace(last, links=(*last.links, *after))
        inside = [block for start, end in self._main for block in blocks[start:end]]
        if self._site and 2 * sum(len(b.text) for b in inside) >= sum(len(b.text) for b in blocks):
            blocks = inside or blocks
        title = " ".join(clean("".join(self._title)).split())
        return Page(tuple(blocks), title, self._meta)

    def _push(self, tag: str, about: Mapping[str, str]) -> None:
        self._open.append(tag)
        if self._hidden is not None:
            self._count(tag, 1)
            return
        if tag in _BLOCKS:
            self._flush()
        self._count(tag, 1)
        if self._hides(tag, about):
            self._hidden = len(self._open) - 1
            self._script = about.get("type", "").lower() if tag == "script" else ""
            return
        self._enter(tag, about)

    def _pop(self) -> str:
        tag = self._open.pop()
        if self._hidden is None:
            self._leave(tag)
        elif self._hidden == len(self._open):
            self._hidden = None
        self._count(tag, -1)
        return tag

    def _count(self, tag: str, by: int) -> None:
        """A cell counts outside of itself; what it holds, within."""
        within = tag in _CELLS and self._hidden is None
        if within and by < 0:
            self._counts.pop()
        for counts in (self._total, self._counts[-1]):
            counts[tag] = counts.get(tag, 0) + by
        if within and by > 0:
            self._counts.append({})

    def _enter(self, tag: str, about: Mapping[str, str]) -> None:
        if tag == "a":
            self._link = (self._run.length, about.get("href", ""))
        elif tag in {"ul", "menu", "ol"}:
            self._lists.append(_first_number(about) if tag == "ol" else -1)
        elif tag == "li":
            self._item()
        elif tag == "table":
            self._fresh.append(True)
        elif tag == "tr":
            self._rows.append([])
        elif tag in _CELLS:
            self._enter_cell()
        elif tag == "math":
            self._formula = ([], [])
        elif tag in _CONTENT and len(self._sinks) == 1 and self._main_from < 0:
            self._main_from = len(self._sinks[0])
        elif "checkbox" in about.get("class", "").split():
            self._run.write("[x] " if "checkbox-on" in about["class"] else "[ ] ")

    def _leave(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._flush(_HEADINGS.get(tag, 0))
        if tag == "a":
            self._unlink()
        elif tag in {"ul", "menu", "ol"}:
            self._lists[-1:] = []
        elif tag in _CELLS:
            self._leave_cell()
        elif tag == "tr":
            self._end_row(self._rows.pop())
        elif tag == "table":
            self._fresh[-1:] = []
        elif tag == "math":
            self._end_formula()
        elif tag in _CONTENT and self._main_from >= 0 and sum(self._total.get(t, 0) for t in _CONTENT) == 1:
            self._main.append((self._main_from, len(self._sinks[0])))
            self._main_from = -1

    def _enter_cell(self) -> None:
        if len(self._sinks) > _DEEPEST_TABLE:
            self._deeper += 1
        else:
            self._sinks.append([])

    def _leave_cell(self) -> None:
        if self._deeper:
            self._deeper -= 1
        else:
            self._rows[-1].append(self._sinks.pop())

    def _void(self, tag: str, about: Mapping[str, str]) -> None:
        if tag == "br":
            self._run.write("\n", exact=not self._within(_HEADINGS))
        elif tag == "hr":
            self._flush()
        elif tag == "img":
            self._image(about)
        elif tag == "meta" and len(self._meta) < _MOST_META:
            name = about.get("name") or about.get("property") or about.get("itemprop") or ""
            if name and about.get("content", "").strip():
                self._meta.setdefault(name.lower(), clean(about["content"]).strip())
        elif tag == "input" and about.get("type") == "checkbox":
            self._run.write("[x] " if "checked" in about else "[ ] ")

    def _image(self, about: Mapping[str, str]) -> None:
        alt, src = " ".join(clean(about.get("alt", "")).split()), about.get("src", "")
        if src.startswith("data:"):
            src = ""
        if alt and not is_nameless(alt):
            self._run.write(" ")
            self._run.write(alt)
        else:
            alt = ""
        if src:
            self._run.anchors.append(Anchor(self._run.length - len(alt), self._run.length, src, "embed"))

    def _flush(self, level: int = 0) -> None:
        """What was written since the last border becomes a block."""
        link = self._link
        self._unlink()
        run, self._run = self._run, Run()
        if link:
            self._link = (0, link[1])
        text = clean("".join(run.parts)) if run.parts else ""
        if len(text) != run.length:  # something unprintable was taken out: the links' places are lost
            run.anchors.clear()
        if not text.strip():
            self._run.anchors = [Anchor(0, 0, a.target, a.kind) for a in run.anchors if a.kind == "embed"]
            return
        ahead = len(self._prefix)
        anchors = tuple(a._replace(start=a.start + ahead, end=a.end + ahead) for a in run.anchors)
        text = self._prefix + (text.strip("\n") if self._exact() and not anchors else text)
        self._sinks[-1].append(Block(text, level, self._tight, anchors))
        self._prefix, self._tight = "", False

    def _unlink(self) -> None:
        if self._link is None:
            return
        (start, target), self._link = self._link, None
        if target and not target.startswith(("javascript:", "data:", "#")) and self._run.length > start:
            self._run.anchors.append(Anchor(start, self._run.length, target))

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else -1
        if number >= 0:
            self._lists[-1] += 1
        self._prefix = f"{number}. " if number >= 0 else "- "
        self._tight = True

    def _end_row(self, cells: list[list[Block]]) -> None:
        """A row of data is one line; cells that hold whole texts lay out a page, and stay what they are."""
        full = [cell for cell in cells if cell]
        if not full:
            return
        if len(full) == 1 or any(map(_is_layout, full)):
            self._sinks[-1] += [block for cell in full for block in cell]
            return
        fresh, self._fresh[-1:] = bool(self._fresh) and self._fresh[-1], [False] if self._fresh else []
        self._sinks[-1].append(beside(cells, tight=not fresh))

    def _end_formula(self) -> None:
        plain, tex = self._formula or ([], [])
        self._formula = None
        said = "".join(tex).strip()
        self._run.write(f"${said}$" if said else " ".join("".join(plain).split()))

    def _in_script(self, data: str) -> None:
        if self._script.startswith("math/tex"):
            self._run.write(f"${data.strip()}$")
        elif self._script == "application/ld+json":
            for name, value in _PUBLISHED.findall(data):
                self._meta.setdefault(name.lower(), value)

    def _hides(self, tag: str, about: Mapping[str, str]) -> bool:
        if tag == "title" or (tag in _SILENT and tag not in self._shown):
            return True
        if self._all:
            return False
        if "hidden" in about or about.get("aria-hidden") == "true" or _UNSEEN.search(about.get("style", "")):
            return True
        if not self._site:
            return False
        if about.get("role") in _ROLES or not _CHROME.isdisjoint(about.get("class", "").split()):
            return True
        return tag in _OF_THE_SITE and not self._within(_CONTENT)

    def _within(self, tags: Iterable[str]) -> bool:
        return any(self._total.get(tag) for tag in tags)

    def _exact(self) -> bool:
        return bool(self._counts[-1].get("pre") or self._counts[-1].get("textarea"))


def _first_number(about: Mapping[str, str]) -> int:
    start = about.get("start", "")
    return int(start) if start.isdecimal() and len(start) <= _LONGEST_NUMBER else 1


def _is_layout(cell: list[Block]) -> bool:
    return (
        len(cell) > _MOST_IN_CELL
        or any(block.level for block in cell)
        or sum(len(block.text) for block in cell) > _LONGEST_CELL
    )
