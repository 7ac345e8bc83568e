"""An answer's text as HTML: a little Markdown, footnote markers as buttons, sentences in doubt marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rag.answer.cite import display
from ui.source import escape, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.types import Citation, SentenceSupport
    from ui.text import Text

Span = tuple[int, int]

_INLINE = re.compile(
    r"!?\[(?P<link>[^\[\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|!?\[\[(?P<wiki>[^\[\]\n]+)\]\]"
    r"|\s*\[(?P<n>\d{1,3})\]|\*\*(?P<strong>[^*\n]+)\*\*|`(?P<code>[^`\n]+)`"
)
_MARKERS = re.compile(r"\s*\[\d{1,3}\]")
_ITEM = re.compile(r"\s*[-*+•]\s+")
_HEADING = re.compile(r"\s*#{1,6}\s+")
_TAIL = re.compile(r"\S{1,3}$")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")


class Doubt(NamedTuple):
    """Where in the answer a sentence stands that its citations do not support, or only partly, and what they lack."""

    start: int
    end: int
    partly: bool = False
    missing: tuple[str, ...] = ()


def doubts(written: str, support: Sequence[SentenceSupport]) -> tuple[Doubt, ...]:
    """The sentences of an answer that are not fully supported, in order.

    They are looked for without their markers, which models write before the full stop as often as behind it.
    """
    found: list[Doubt] = []
    plain, places = _unmarked(written)
    cursor = 0
    for entry in support:
        sentence = _MARKERS.sub("", entry.sentence)
        at = plain.find(sentence, cursor) if sentence else -1
        if at < 0:
            continue
        cursor = at + len(sentence)
        if not entry.supported:
            found.append(Doubt(places[at], places[cursor - 1] + 1, entry.partly, entry.missing))
    return tuple(found)


def _unmarked(written: str) -> tuple[str, list[int]]:
    """A text without its markers, and where each of its characters stands."""
    places: list[int] = []
    at = 0
    for marker in _MARKERS.finditer(written):
        places += range(at, marker.start())
        at = marker.end()
    places += range(at, len(written))
    return "".join(written[place] for place in places), places


@dataclass(frozen=True, slots=True)
class Prose:
    """Text to be drawn.

    Attributes:
        written: paragraphs, list items and fenced code are told apart; nothing else is needed.
        text: the words of the UI.
        citations: by marker; None while an answer is being written and no marker is proven.
        doubts: sentences of ``written`` without full support, in order.
    """

    written: str
    text: Text
    citations: Mapping[int, Citation] | None = None
    doubts: Sequence[Doubt] = ()

    def html(self) -> str:
        """The whole text. Everything that is not ours is escaped."""
        return f'<div class="prose-fn">{"".join(self._blocks())}</div>'

    def _blocks(self) -> Iterator[str]:
        container = ""  # the element that lines go into: ul, pre, or none
        offset = 0
        for line in self.written.split("\n"):
            start, offset = offset, offset + len(line) + 1
            wanted = _container(line, inside=container)
            if wanted != container:
                yield (container and f"</{container}>") + (wanted and f"<{wanted}>")
            fence = _FENCE.match(line)
            if fence and wanted == "pre":
                pass  # the opening fence and its language say nothing to a reader
            elif wanted == "pre":
                yield escape(line) + "\n"
            else:
                sign = fence or _ITEM.match(line) or _HEADING.match(line)
                span = (start + (sign.end() if sign else 0), start + len(line))
                yield self._line(span, "li" if wanted == "ul" else "p")
            container = wanted
        yield container and f"</{container}>"

    def _line(self, span: Span, tag: str) -> str:
        """One line, with its doubtful stretches wrapped."""
        at, end = span
        if not self.written[at:end].strip():
            return ""
        out: list[str] = []
        for doubt in self.doubts:
            a, b = max(doubt.start, at), min(doubt.end, end)
            if a < b:
                out += [self._inline(at, a), self._doubt(a, b, doubt)]
                at = b
        return f'<{tag} dir="auto">{"".join(out)}{self._inline(at, end)}</{tag}>'

    def _doubt(self, start: int, end: int, doubt: Doubt) -> str:
        kind = "partly" if doubt.partly else "unsupported"
        label, why = self.text(kind), self.text(f"{kind}_long")
        if doubt.missing:
            why += " " + escape(self.text("missing", what=", ".join(doubt.missing)))
        content = self._inline(start, end)
        return f'<span class="doubt {kind}" title="{why}">{content}</span><small class="badge warn">{label}</small>'

    def _inline(self, start: int, end: int) -> str:
        out: list[str] = []
        at = start
        for m in _INLINE.finditer(self.written, start, end):
            before, at = self.written[at : m.start()], m.end()
            marker = self._marker(int(m["n"])) if m["n"] else ""
            tag = "strong" if m["strong"] else "code"
            if marker:
                out.append(_kept(before, marker))
            elif m["link"] is not None or m["wiki"]:
                out.append(escape(before + (display(m[0]) if m["wiki"] else m["link"])))
            elif m["n"]:
                out.append(escape(before + m[0]))
            else:
                out.append(f"{escape(before)}<{tag}>{escape(m[tag])}</{tag}>")
        return "".join(out) + escape(self.written[at:end])

    def _marker(self, n: int) -> str:
        """A button that opens the footnote; a mere number while it is unproven; nothing where there is none."""
        if self.citations is None:
            return f'<span class="fn pending">{n}</span>'
        if n not in self.citations:
            return ""
        label = escape(self.text("open_footnote", n=n, place=place(self.citations[n], self.text)))
        return f'<button type="button" class="fn" data-n="{n}" aria-label="{label}">{n}</button>'


def _kept(before: str, marker: str) -> str:
    """Text and its marker, so that the marker never begins a line: its last characters hold on to it."""
    tail = _TAIL.search(before)
    if tail is None:
        return escape(before) + marker
    return f'{escape(before[: tail.start()])}<span class="keep">{escape(tail[0])}{marker}</span>'


def _container(line: str, *, inside: str) -> str:
    if (inside == "pre") != bool(_FENCE.match(line)):
        return "pre"
    return "ul" if inside != "pre" and _ITEM.match(line) else ""
