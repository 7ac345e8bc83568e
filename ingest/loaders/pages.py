r"""Repairs the text of printed pages: running headers and footers, words cut at line ends, lines that were only wrapped.

What comes in are the lines of each page as they were printed; what goes out reads as it was written: one line a
paragraph as far as that can be told, since a cut word or a Chinese word around a line end is found by no search.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

_EDGE = 3  # lines at the top and the bottom of a page that can be its header or footer
_FEWEST = 3  # pages that must agree
_LONGEST_EDGE = 150
_LEAST_WIDTH = 30  # columns; narrower text is a list or a table
_SOME, _MANY = 3, 6  # lines that end there, in a document and on a page of its own width
_NEAR = 0.06
_FULL = 0.85  # so much of the usual width is a full line, counting the next word, for which there was no room
_WIDE = re.compile(
    r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]"
)
_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
_CUT = re.compile(rf"(?<![{_LATIN}-])([{_LATIN}]+)-\n([{_LATIN}]+)")
_WORD = re.compile(rf"[{_LATIN}]+(?:-[{_LATIN}]+)*")
_NUMBER = re.compile(r"\d{1,4}")
_GOES_ON = re.compile(rf"[a-zß-öø-ÿ{_CJK}，。、；：！？）」』》（「『《“\"'(]")
_CJK_END = re.compile(rf"[{_CJK}，、（「『《：]\Z")
_CJK_START = re.compile(rf"[{_CJK}，。、；：！？）」』》（「『《]")
_ENDED = (".", "!", "?", "。", "！", "？", "；", ":", "：", ";", "…", "”")
# First parts of words that keep their hyphen where the text does not tell otherwise.
_COMPOUNDS = frozenset(
    ("all", "cross", "ex", "full", "half", "high", "long", "low", "part", "self", "short", "so", "well")
)


class Page(NamedTuple):
    """A page's text, and the spans of its running headers and footers."""

    text: str
    running: tuple[tuple[int, int], ...]


def repaired(pages: Sequence[str]) -> list[Page]:
    """Every page's text, as it was written."""
    printed = [[line.strip() for line in page.split("\n")] for page in pages]
    running = _running(printed)
    words = _words(pages)
    usual = _usual(line for lines in printed for line in lines)
    return [
        _page(lines, running[number], words, _usual(lines, _MANY) or usual)
        for number, lines in enumerate(printed)
    ]


# Headers and footers


def _running(pages: Sequence[Sequence[str]]) -> list[set[int]]:
    """The lines of each page that stand on most pages, or count them."""
    places: dict[tuple[str, object], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for number, lines in enumerate(pages):
        for index in _edges(lines):
            for key in _keys(lines[index], number):
                places[key][number].add(index)
    found: list[set[int]] = [set() for _ in pages]
    for key, of_page in places.items():
        if _on_most(of_page, len(pages)):
            first = min(of_page) if key[1] is None else None  # read once: it may be the title of the whole
            for number, indexes in of_page.items():
                if number != first:
                    found[number] |= indexes
    return found


def _edges(lines: Sequence[str]) -> Iterator[int]:
    """Of the lines with words the first and the last; never all of a page."""
    filled = [i for i, line in enumerate(lines) if line]
    if len(filled) > 1:
        yield from (i for i in {*filled[:_EDGE], *filled[-_EDGE:]} if len(lines[i]) <= _LONGEST_EDGE)


def _keys(line: str, number: int) -> Iterator[tuple[str, object]]:
    """The line itself; and, for each number in it, the line around it with how far it is off the page's."""
    yield line, None
    for m in _NUMBER.finditer(line):
        yield f"{line[: m.start()]}#{line[m.end() :]}", int(m[0]) - number


def _on_most(seen: Collection[int], count: int) -> bool:
    """Half of all pages, or nearly all of the odd or the even ones."""
    if len(seen) < _FEWEST:
        return False
    return 2 * len(seen) >= count or (len({n % 2 for n in seen}) == 1 and 5 * len(seen) >= 2 * count)


# Lines


def _words(pages: Sequence[str]) -> Mapping[str, int]:
    """How often each word stands in one piece; empty where no word is cut."""
    if not any(_CUT.search(page) for page in pages):
        return {}
    words: dict[str, int] = defaultdict(int)
    for page in pages:
        for m in _WORD.finditer(_CUT.sub(" ", page)):
            words[m[0].lower()] += 1
    return words


def _page(lines: Sequence[str], running: set[int], words: Mapping[str, int], usual: int) -> Page:
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    for start, stop, is_running in _stretches(lines, running):
        body = lines[start:stop]
        text = "\n".join(body) if is_running else _unwrapped(_whole("\n".join(body), words), usual)
        text = text.strip("\n")
        if not text:
            continue
        if is_running:
            spans.append((at, at + len(text)))
        parts.append(text)
        at += len(text) + 1
    return Page("\n".join(parts), tuple(spans))


def _stretches(lines: Sequence[str], running: set[int]) -> Iterator[tuple[int, int, bool]]:
    start = 0
    for i in range(1, len(lines) + 1):
        if i == len(lines) or (i in running) != (start in running):
            yield start, i, start in running
            start = i


def _whole(text: str, words: Mapping[str, int]) -> str:
    """Words cut at a line end in one piece, the line ending after them."""
    return re.sub(
        rf"{_CUT.pattern}([^\s{_CJK}]*)[ \n]?", lambda m: f"{_word(m[1], m[2], words)}{m[3]}\n", text
    )


def _word(first: str, second: str, words: Mapping[str, int]) -> str:
    one, compound = words.get((first + second).lower(), 0), words.get(f"{first}-{second}".lower(), 0)
    kept = compound > one or (compound == one and first.lower() in _COMPOUNDS)
    return f"{first}-{second}" if kept or second[0].isupper() else first + second


def _usual(lines: Iterable[str], fewest: int = _SOME) -> int:
    """The width at which lines break; 0 where too few end there for lines that were wrapped."""
    widths = sorted(_width(line) for line in lines if line)
    usual = widths[len(widths) * 9 // 10] if widths else 0
    near = sum(abs(width - usual) <= _NEAR * usual for width in widths)
    return usual if usual >= _LEAST_WIDTH and near >= max(fewest, len(widths) // 10) else 0


def _unwrapped(text: str, usual: int) -> str:
    if not usual:
        return text
    lines = text.split("\n")
    out: list[str] = []
    last = ""  # the line as printed
    for line in lines:
        if out and _goes_on(last, line, usual):
            out[-1] += line if _CJK_END.search(last) or _CJK_START.match(line) else f" {line}"
        else:
            out.append(line)
        last = line
    return "\n".join(out)


def _goes_on(line: str, after: str, usual: int) -> bool:
    """Whether a line broke for want of room: the next begins within a sentence, and its first word had no place."""
    if not line or line.endswith(_ENDED) or not _GOES_ON.match(after):
        return False
    first = after[:2] if _WIDE.match(after) else after.partition(" ")[0]
    return _width(line) + 1 + _width(first) >= _FULL * usual


def _width(line: str) -> int:
    """Columns: a CJK character takes two."""
    return len(line) if line.isascii() else len(line) + len(_WIDE.findall(line))
