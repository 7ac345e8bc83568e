"""Text analysis for full-text search and sentence scoring; Chinese and English are equals.

Every text is folded first: NFKC, traditional to simplified characters, Latin accents off, case off. Two kinds
of term come out of it. *Words*: jieba words of Han runs, stemmed English words, identifiers (``GPT-4``,
``snake_case``, ``CamelCase``, ``v0.2.0``) whole and split. *Grams*, the same idea in both languages, for what
words miss: single units and pairs of neighbours, over characters in CJK runs, over words elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Span = tuple[str, int, int]  # a term and where it starts and ends

ANALYSIS_VERSION: Final = "zh-en-2"

_LONGEST: Final = (
    64  # characters of a term; longer ones (base64, hashes) are cut, alike in texts and questions
)

_HAN: Final = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Scripts whose words are not set apart by spaces, or carry particles: bigrams serve all of them.
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3041-\u3096\u309d-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul
)
_INDIC: Final = "\u0900-\u0963\u0966-\u0dff"  # vowel signs there are not "\w", yet belong to the word
_LETTER: Final = rf"(?:[^\W_{_HAN}{_UNSPACED}]|[{_INDIC}])"
_SYMBOL: Final = "\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_ENDING: Final = r"(?:s|t|re|ve|ll|d|m)\b"  # what an English apostrophe leaves behind
_TOKEN: Final = re.compile(
    rf"(?P<han>[{_HAN}]+)"
    rf"|(?P<unspaced>[{_UNSPACED}]+)"
    r"|(?P<word>\d{1,3}(?:,\d{3})+(?!\d)"
    rf"|(?:(?<![\w.])\.(?=[A-Za-z]))?{_LETTER}+(?:[-._'@&](?!{_ENDING}){_LETTER}+)*(?:\+\+|\#(?!\w))?)"
    rf"(?:'{_ENDING})?"
    rf"|(?P<symbol>[{_SYMBOL}])"
)
_CJK_RUN: Final = re.compile(rf"[{_HAN}{_UNSPACED}]+")
_PART: Final = re.compile(
    rf"[A-Z]+(?=[A-Z][a-z])|[A-Z]?(?:[^\W\d_A-Z]|[{_INDIC}])+|[A-Z]+|\d+",
)
# Outside these ranges folding may change a text's length.
_EVEN: Final = (
    "\x00-\x7f\u3001\u3002\u3005-\u3029\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
_UNEVEN: Final = re.compile(rf".?[^{_EVEN}]+", re.DOTALL)

_INVISIBLE: Final = (
    *(0xAD, 0x61C, *range(0x180B, 0x180F), *range(0x200B, 0x2010), *range(0x202A, 0x202F)),
    *(*range(0x2060, 0x2070), *range(0xFE00, 0xFE10), 0xFEFF, *range(0xE0100, 0xE01F0)),
)
_ACCENTS: Final = (*range(0x300, 0x370), *range(0x591, 0x5BE), *range(0x64B, 0x660))

_COMMON_EN: Final = (
    "a about also am an and any are aren as at be been being between but by can could couldn did didn do does doesn"
    " doing don done during for from had hadn has hasn have haven he her him his how i if in into is isn it its may"
    " me might my no not of on or our should shouldn so some such than that the their them then there these they"
    " this to was wasn we were weren what when where which who whom whose why will with would wouldn you your"
)
_COMMON_ZH: Final = "的 了 是 在 有 吗 呢 什么 哪 哪个 哪些 哪里 哪一 多少 几 怎么 如何 请问"


class Term(NamedTuple):
    """A term and the span of the original, unfolded text that it came from."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """A text's terms for the two kinds of index field, repeats kept."""

    words: list[str]
    grams: list[str]


@dataclass(frozen=True, slots=True)
class _Word:
    """What one word gives: as written, and pairs of its parts, so that ``GPT 4`` still meets ``GPT-4``."""

    terms: tuple[str, ...]
    grams: tuple[str, ...]
    first: str
    last: str


def fold(text: str) -> str:
    """Make spellings that mean the same equal: width, script, case, accents, invisible characters."""
    return _normal(text).casefold()


def terms(text: str) -> list[Term]:
    """All words and CJK bigrams of a text with their exact spans, in reading order.

    Spans may overlap: a Han run gives its words and, beside them, the bigrams that are no word; an
    identifier gives itself and its parts.
    """
    normal, starts, ends = _aligned(text)
    found: list[Term] = []
    for kind, start, end in _scan(normal):
        run = normal[start:end]
        spans = _run_spans(run, kind) if kind in {"han", "unspaced"} else _word_spans(run)
        found.extend(Term(t, starts[start + a], ends[start + b - 1]) for t, a, b in spans)
    return found


def words(text: str) -> list[str]:
    """A text's words in reading order; other scripts without spaces (kana, Hangul, Thai) give bigrams."""
    return analyse_query(text).words


def analyse(text: str) -> Analysis:
    """The terms to index: a long Han word also gives the shorter words inside it."""
    return _analyse(text, "cut_for_search")


def analyse_query(text: str) -> Analysis:
    """The terms to search for: each Han character in one word only."""
    return _analyse(text, "cut")


@cache
def common() -> frozenset[str]:
    """Terms that say little in a question: English stop words and their stems, 的, 什么, ..."""
    english = _COMMON_EN.split()
    return frozenset((*english, *map(_stem, english), *_COMMON_ZH.split()))


def _analyse(text: str, cut: str) -> Analysis:
    normal = _normal(text)
    found: list[str] = []
    grams = [gram for run in _CJK_RUN.findall(normal) for gram in _run_grams(run)]
    before = ""  # the word in front, which pairs with the next one
    ordinary = common()
    for match in _TOKEN.finditer(normal):
        kind, run = match.lastgroup, match[match.lastindex or 0]
        if kind == "word":
            word = _word(run)
            found += word.terms
            grams += word.grams
            if before and not (before in ordinary and word.first in ordinary):
                grams.append(f"{before}_{word.first}")
            before = word.last
            continue
        before = ""
        if kind == "han":
            found += [piece[:_LONGEST] for piece in _jieba(cut)(run)]
        else:
            found += _pairs(run)
    return Analysis(found, grams)


def _scan(normal: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(normal):
        kind = match.lastgroup or "word"
        yield kind, *match.span(kind)


def _pairs(run: str) -> list[str]:
    return [a + b for a, b in pairwise(run)] if len(run) > 1 else [run]


def _run_grams(run: str) -> list[str]:
    return [*run, *_pairs(run)] if len(run) > 1 else [run]


def _run_spans(run: str, kind: str) -> list[Span]:
    """The words and bigrams of a CJK run, each once."""
    spans = {(i, min(i + 2, len(run))) for i in range(max(1, len(run) - 1))}
    if kind == "han":
        end = 0
        for word in _jieba("cut")(run):
            spans.add((end, end + len(word)))
            end += len(word)
    return [(run[a:b][:_LONGEST], a, b) for a, b in sorted(spans)]


@lru_cache(maxsize=1 << 16)
def _word_spans(word: str) -> tuple[Span, ...]:
    """A word's terms, each once: the whole first, then its parts where it has several."""
    whole = word.replace(",", "").casefold()
    parts = [(_stem(part.group()), *part.span()) for part in _PART.finditer(word)]
    if len(parts) == 1 and whole.isalpha():
        return tuple(parts)
    spans = {whole[:_LONGEST]: (0, len(word))}
    for term, start, end in parts:
        spans.setdefault(term, (start, end))
    return tuple((term, *span) for term, span in spans.items())


@lru_cache(maxsize=1 << 16)
def _word(word: str) -> _Word:
    parts = [_stem(part) for part in _PART.findall(word)] or [word.casefold()[:_LONGEST]]
    pairs = [f"{a}_{b}" for a, b in pairwise(parts)]
    grams = (word.casefold()[:_LONGEST], *pairs)
    return _Word(tuple(term for term, _, _ in _word_spans(word)), grams, parts[0], parts[-1])


def _stem(part: str) -> str:
    if part.isdigit():
        return part.lstrip("0")[:_LONGEST] or "0"
    return _stemmer()(part.casefold()[:_LONGEST])


@cache
def _stemmer() -> Callable[[str], str]:
    import Stemmer

    stem: Callable[[str], str] = Stemmer.Stemmer("english").stemWord
    return stem


@cache
def _jieba(cut: str) -> Callable[[str], list[str]]:
    import rjieba  # its dictionary takes 0.1 s to load: texts without Han never pay for it

    cutter: Callable[[str], list[str]] = getattr(rjieba, cut)
    return cutter


def _normal(text: str) -> str:
    """Fold all but case, which still tells the parts of CamelCase."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text).translate(_table())
    # Without the invisible character between them, a letter and its mark may join.
    return unicodedata.normalize("NFC", folded)


def _aligned(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The normal form, and for each of its characters the start and end of its source in ``text``."""
    if text.isascii():
        return text, range(len(text)), range(1, len(text) + 1)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end, even in _clusters(text):
        piece = _normal(text[start:end])
        pieces.append(piece)
        starts.extend(range(start, end) if even else [start] * len(piece))
        ends.extend(range(start + 1, end + 1) if even else [end] * len(piece))
    return "".join(pieces), starts, ends


def _clusters(text: str) -> Iterator[tuple[int, int, bool]]:
    """Cut a text into even stretches and, between them, single characters with the marks that join them."""
    done = 0
    for match in _UNEVEN.finditer(text):
        start, end = match.span()
        if done < start:
            yield done, start, True
        while start < end:
            stop = start + 1
            while stop < end and joins(text[stop]):
                stop += 1
            yield start, stop, False
            start = stop
        done = end
    if done < len(text):
        yield done, len(text), True


def joins(char: str) -> bool:
    """Whether normalisation may merge a character with the one before it."""
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff" or char in "\uff9e\uff9f"


@cache
def _table() -> dict[int, int | str | None]:
    """Character folding after NFKC: invisible characters and accents off, traditional to simplified."""
    table: dict[int, int | str | None] = dict.fromkeys((*_INVISIBLE, *_ACCENTS))
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            table[code] = base
    table |= str.maketrans("øØłŁđĐ’‘ʼ‐‑", "oOlLdD'''--")
    return table | str.maketrans(_simplified())


def _simplified() -> dict[str, str]:
    """Traditional to simplified, character by character, from OpenCC's data (Apache-2.0)."""
    spec = find_spec("opencc")  # importing the package would compile what only phrases need
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("opencc-python-reimplemented is not installed", name="opencc")
    path = Path(spec.submodule_search_locations[0]) / "dictionary" / "TSCharacters.txt"
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    table = {old: new.split(" ")[0] for old, new in rows}
    table |= zip("衞敍粧枱糭擡妳", "卫叙妆台粽抬你", strict=True)  # Hong Kong and Taiwan forms that it lacks
    return {old: table.get(new, new) for old, new in table.items()}
