"""Citations: from a span of a passage to the proof of a claim, and to the words that are shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.types import Citation

if TYPE_CHECKING:
    from rag.answer.sentences import Span
    from rag.types import Chunk, DateRange

MARKER = re.compile(
    r"[\[［【][ \t]*\^?[ \t]*(\d{1,4}(?:[ \t]*[,，、;；][ \t]*\^?[ \t]*\d{1,4})*)[ \t]*[\]］】](?!\()"
)
_KNOWN = 0.25  # confidence in a date
_LEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+(?:\[[ xX]\][ \t]+)?)+")
_ADDRESS = r"\((?:[^()\n]|\([^()\n]*\))*\)"  # may hold brackets in pairs
_IMAGE = re.compile(rf"!\[\[([^\]|\n]*)[^\]\n]*\]\]|!\[([^\]\n]*)\]{_ADDRESS}")
_LINK = re.compile(rf"\[([^\]\n]+)\]{_ADDRESS}")
_BLANKED_LINK = re.compile(r"\[([^\]\n]{2,})\](?:[ ]{4,}|$)", re.MULTILINE)  # its address is masked
_WIKILINK = re.compile(r"\[\[(?:[^\]|\n]*\|)?([^\]|\n]+)\]\]")
_STRONG = re.compile(r"(\*\*|__|==|~~)(?=\S)(.+?)(?<=\S)\1")
_WIDE = r"[\u3000-\u9fff\uff00-\uffef]"
_TITLE = re.compile(r"^[ \t]*#{1,6}[ \t]+(.*[^\s:：?？!！。.])[ \t#]*\n\s*(?=\S)")
_WIDE_BREAK = re.compile(rf"(?<={_WIDE})[ \t]*\n\s*(?={_WIDE})")
_BREAK = re.compile(r"\s*\n\s*")
_SPACES = re.compile(r"(?<=\S)[ \t]+(?=[,.;:!?)，。；：！？）])|(?<=\S)[ \t]{2,}(?=\S)")
_FOOTNOTE = re.compile(r"[ \t]*\[\^[^\]\n]{1,40}\]")


def citation_for(chunk: Chunk, span: Span, marker: int) -> Citation:
    """Cite a span of a passage: offsets are the document's, lines are counted from the passage's first.

    ``span`` counts characters of ``chunk.text``. The file's URI is unknown here; the engine adds it.
    """
    start, end = span
    first = chunk.lines[0] + chunk.text.count("\n", 0, start)
    return Citation(
        marker=marker,
        doc_id=chunk.doc_id,
        title=chunk.title,
        start=chunk.start + start,
        end=chunk.start + end,
        quote=chunk.text[start:end],
        lines=(first, first + chunk.text.count("\n", start, end)),
        page=chunk.page,
        heading=chunk.heading,
        speaker=chunk.speaker,
        format=chunk.format,
    )


def readable(chunk: Chunk) -> str:
    """A passage without its masked ranges, offset by offset the same as its text."""
    return chunk.body if len(chunk.body) == len(chunk.text) else chunk.text


def known_days(chunk: Chunk) -> tuple[DateRange, ...]:
    """A passage's dates without those that hardly say when it was written, as a file's time; unless there is no other."""
    return tuple(d for d in chunk.dates if d.confidence >= _KNOWN) or chunk.dates[:1]


def display(quote: str) -> str:
    """A quote as it reads in an answer: on one line, without Markdown's signs, and without foreign markers.

    An image is shown by its words, never by its address; nothing is left of one without words.
    """
    if quote.lstrip().startswith(("```", "~~~")):
        return plain_markers(quote)
    text = "\n".join(_LEADING.sub("", line) for line in _TITLE.sub(_with_colon, quote).split("\n"))
    text = _FOOTNOTE.sub("", _IMAGE.sub(lambda m: m[1] or m[2] or "", text))
    text = _LINK.sub(r"\1", _WIKILINK.sub(r"\1", text))
    text = _SPACES.sub(_closed, _BLANKED_LINK.sub(r"\1 ", text))
    text = _STRONG.sub(r"\2", text).strip()
    if text.startswith("|"):
        text = text.strip("| \t")
    return plain_markers(_join_lines(text))


def plain_markers(text: str) -> str:
    """Turn what would read as one of our markers into round brackets."""
    return MARKER.sub(r"(\1)", text)


def _closed(gap: re.Match[str]) -> str:
    return "" if gap.string[gap.end()] in ",.;:!?)，。；：！？）" else " "


def _with_colon(heading: re.Match[str]) -> str:
    wide = re.search(rf"{_WIDE}$", heading[1])
    return f"{heading[1]}：" if wide else f"{heading[1]}: "


def _join_lines(text: str) -> str:
    """Wrapped lines become one: with a space between words, without one between Chinese characters."""
    return _BREAK.sub(" ", _WIDE_BREAK.sub("", text))
