"""The source panel: a cited passage highlighted among its neighbours. Pure functions; all of a note is escaped."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.types import IN_LINES
from ui.panel import related_html, tools_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rag.types import Citation, Document
    from ui.text import Text

Span = tuple[int, int]

_AROUND = 15  # lines shown before and after the quote
_REACH = 4000  # characters shown before and after the quote, whatever the lines
_PAGES = {"slides": "slide", "sheets": "sheet", "book": "chapter", "notebook": "cell"}
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a quote stands.

    Attributes:
        document: the note as it was indexed; None when it is gone.
        file: its path, to be copied.
        opens_at: its path for programs on the reader's machine; empty where it is not there.
        in_vault: Obsidian can open it.
    """

    document: Document | None
    file: str = ""
    opens_at: str = ""
    in_vault: bool = False

    def sha256_for(self, citation: Citation) -> str:
        """Hash of the file that the citation stands in; empty where what is indexed is another text by now."""
        if self.document is None or self.document.text[citation.start : citation.end] != citation.quote:
            return ""
        return self.document.sha256


def escape(text: str) -> str:
    """Text made safe between tags and inside quoted attributes."""
    return html.escape(text, quote=True)


def where(citation: Citation, text: Text) -> str:
    """``line 4``, ``lines 4–6``, ``page 2`` or ``slide 2``, in words; nothing where lines would be an extract's."""
    if citation.page is not None:
        return text(_PAGES.get(citation.format, "page"), page=citation.page)
    if citation.format not in IN_LINES:
        return ""
    first, last = citation.lines
    return text("line", first=first) if first == last else text("lines", first=first, last=last)


def where_html(citation: Citation, text: Text) -> str:
    """``where`` behind its separator; neither where there is nothing to say."""
    said = where(citation, text)
    return f'<span class="where">{escape(said)}</span>' if said else ""


def place(citation: Citation, text: Text) -> str:
    """Path and line or page, and whose words, for a screen reader or a tooltip."""
    said = whose(citation, text)
    return ", ".join(filter(None, (citation.doc_id, where(citation, text), said)))


def whose(citation: Citation, text: Text) -> str:
    """Whose words the quote is, where that is not simply the note's."""
    return text(f"speaker.{citation.speaker}") if citation.speaker else ""


def said_html(citation: Citation, text: Text) -> str:
    """Whose words the quote is, and which notes show the image that it stands in."""
    said = whose(citation, text)
    shown = text("shown_in", notes=", ".join(map(escape, citation.notes))) if citation.notes else ""
    return "".join(f'<em class="badge">{words}</em>' for words in (said, shown) if words)


def heading_path(citation: Citation) -> str:
    """The headings that the quote stands under, outermost first, without one that repeats the title."""
    skip = 1 if citation.heading[:1] == (citation.title,) else 0
    return " › ".join(citation.heading[skip:])


def path_html(doc_id: str) -> str:
    """A note's path with its name set off; a long one may break at its slashes."""
    folder, _, name = doc_id.rpartition("/")
    folders = escape(folder + "/").replace("/", "/<wbr>") if folder else ""
    return f'<bdi class="path">{folders}<b>{escape(name)}</b></bdi>'


def source_html(citation: Citation, source: Source, position: tuple[int, int], text: Text) -> str:
    """The panel of one citation, closed.

    Args:
        citation: what is highlighted.
        source: the note that it stands in.
        position: its place among the answer's citations, from 1, and how many there are.
        text: the words around it.
    """
    n = citation.marker
    label = escape(text("open_footnote", n=n, place=place(citation, text)))
    heading = heading_path(citation)
    return (
        f'<aside class="source" data-n="{n}" data-id="{escape(citation.doc_id)}" '
        f'data-sha256="{escape(source.sha256_for(citation))}" role="dialog" aria-label="{label}" tabindex="-1">'
        f"{_bar(citation, source, position, text)}"
        f'<header><p class="title"><bdi>{escape(citation.title)}</bdi></p>'
        f'<p class="at">{path_html(citation.doc_id)}{where_html(citation, text)}</p>'
        + (f'<p class="under"><bdi>{escape(heading)}</bdi></p>' if heading else "")
        + said_html(citation, text)
        + _panel_badge(citation, source, text)
        + tools_html(citation, source, text)
        + f'</header><div class="lines{"" if _in_lines(citation) else " paged"}" tabindex="0">'
        f'{_lines_html(citation, source.document)}</div><div class="looks" tabindex="0" hidden></div>'
        f"{related_html(citation, source, text)}</aside>"
    )


def _in_lines(citation: Citation) -> bool:
    """Whether lines can be counted as in the file."""
    return citation.page is None and citation.format in IN_LINES


def _bar(citation: Citation, source: Source, position: tuple[int, int], text: Text) -> str:
    index, total = position
    at = citation.page if citation.page is not None else citation.lines[0] if _in_lines(citation) else None
    path = source.file or citation.doc_id
    target = escape(path if at is None else f"{path}:{at}")
    copy = f'<button type="button" class="copy" data-copy="{target}" data-done="{text("copied")}">{text("copy")}</button>'
    steps = (
        _icon("previous", "‹", text, disabled=index == 1) + _icon("next", "›", text, disabled=index == total)
        if total > 1
        else ""
    )
    count = f'<span class="count">{text("of", n=index, total=total)}</span>' if total > 1 else ""
    return (
        f'<nav class="bar"><span class="n">{citation.marker}</span><span class="what">{text("source")}</span>'
        f"{count}{steps}{copy}{_icon('close', '×', text)}</nav>"
    )


def _icon(key: str, sign: str, text: Text, *, disabled: bool = False) -> str:
    label = text(key)
    off = " disabled" if disabled else ""
    return f'<button type="button" class="{key}" aria-label="{label}" title="{label}"{off}>{sign}</button>'


def badge_html(state: str, words: Mapping[str, str]) -> str:
    """What has become of the cited file since, in words; the page writes it anew when it has asked.

    Args:
        state: ``same``, ``changed`` or ``gone``: what is known now.
        words: what to say of the last two.
    """
    data = "".join(f' data-{key}="{escape(said)}"' for key, said in words.items())
    return f'<em class="badge warn fate" role="status"{data}>{escape(words.get(state, ""))}</em>'


def fate(citation: Citation, source: Source | None) -> str:
    """``same``, ``changed`` or ``gone``: the cited file, as it was when the answer was given."""
    if source is not None and source.document is None:
        return "gone"
    return "changed" if citation.changed else "same"


def _panel_badge(citation: Citation, source: Source, text: Text) -> str:
    changed = "changed_long" if citation.changed else "changed_since_long"
    gone = "gone_long" if source.document is None else "gone_since_long"
    return badge_html(fate(citation, source), {"changed": text(changed), "gone": text(gone)})


# --- lines -------------------------------------------------------------------------------------------------------


def _lines_html(citation: Citation, document: Document | None) -> str:
    """Numbered lines around the quote; only the quote where the note is gone."""
    if document is None or document.text[citation.start : citation.end] != citation.quote:
        whole, quote, first = citation.quote, (0, len(citation.quote)), citation.lines[0]
        window = quote
    else:
        whole, quote = document.text, (citation.start, citation.end)
        window = page_window(document, citation) if citation.page else passage_window(whole, quote)
        first = whole.count("\n", 0, window[0]) + 1
    return "".join(
        _line_html(whole, span, quote, first + i) for i, span in enumerate(_line_spans(whole, window))
    )


def passage_window(whole: str, quote: Span) -> Span:
    """The quote and up to 15 lines on each side, cut to 4000 characters a side."""
    start, end = _back(whole, quote[0]), _forward(whole, quote[1])
    return max(start, quote[0] - _REACH), min(end, quote[1] + _REACH)


def page_window(document: Document, citation: Citation) -> Span:
    """The cited page without the blank lines around its text, cut to 4000 characters a side of the quote."""
    number, pages = citation.page or 1, document.pages
    if number > len(pages):
        return passage_window(document.text, (citation.start, citation.end))
    start = pages[number - 1]
    end = pages[number] if number < len(pages) else len(document.text)
    page = document.text[start:end]
    start, end = start + len(page) - len(page.lstrip()), start + len(page.rstrip())
    start, end = min(start, citation.start), max(end, citation.end)  # a quote may run on to the next page
    return max(start, citation.start - _REACH), min(end, citation.end + _REACH)


def _back(whole: str, at: int) -> int:
    """Where the line begins that is 15 lines before ``at``."""
    for _ in range(_AROUND + 1):
        at = whole.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1


def _forward(whole: str, at: int) -> int:
    """Where the line ends that is 15 lines after ``at``."""
    for _ in range(_AROUND + 1):
        at = whole.find("\n", at) + 1
        if at == 0:
            return len(whole)
    return at - 1


def _line_spans(whole: str, window: Span) -> Iterator[Span]:
    start, last = window
    while start <= last:
        end = whole.find("\n", start, last)
        end = last if end < 0 else end
        yield start, end
        start = end + 1


def _line_html(whole: str, line: Span, quote: Span, number: int) -> str:
    start, end = line
    a, b = max(start, quote[0]), min(end, quote[1])
    if a < b:
        content = f"{escape(whole[start:a])}<mark>{escape(whole[a:b])}</mark>{escape(whole[b:end])}"
    else:
        content = escape(whole[start:end])
    cited = quote[0] <= end and start < quote[1]
    kind = "ln" + (" cited" if cited else "") + (" head" if _HEADING.match(whole[start:end]) else "")
    return f'<div class="{kind}"><span class="no" data-no="{number}"></span><span class="tx" dir="auto">{content}</span></div>'
