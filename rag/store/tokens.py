"""Text analysis for full-text search and sentence scoring; Chinese and English are equals.

Every text is folded first: NFKC, traditional to simplified characters, Latin accents off, case off.
Han runs become jieba words and overlapping bigrams; words of other scripts are stemmed as English where
they are Latin, and identifiers (``GPT-4``, ``snake_case``, ``CamelCase``, ``v0.2.0``) are kept whole and split.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANALYSIS_VERSION: Final = "zh-en-1"

_LONGEST: Final = 64  # characters of an index term; longer ones (base64, hashes) are cut alike on both sides

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

_TOKEN: Final = re.compile(
    rf"(?P<han>[{_HAN}]+)"
    rf"|(?P<unspaced>[{_UNSPACED}]+)"
    r"|(?P<word>\d{1,3}(?:,\d{3})+(?!\d)"
    rf"|(?:(?<![\w.])\.(?=[A-Za-z]))?{_LETTER}+(?:[-._'@&](?!(?:s|t|re|ve|ll|d|m)\b){_LETTER}+)*(?:\+\+|\#(?!\w))?)"
    r"(?:'(?:s|t|re|ve|ll|d|m)\b)?"
    rf"|(?P<symbol>[{_SYMBOL}])"
)
_CJK_RUN: Final = re.compile(rf"[{_HAN}{_UNSPACED}]+")
_PART: Final = re.compile(
    rf"[A-Z]+(?=[A-Z][a-z])|[A-Z]?(?:[^\W\d_A-Z]|[{_INDIC}])+|[A-Z]+|\d+",
)
# Text outside these ranges may change its length when folded.
_PLAIN: Final = (
    "\x00-\x7f\u3001\u3002\u3005-\u3029\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
_UNEVEN: Final = re.compile(rf".?[^{_PLAIN}]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """An index term and the span of the original, unfolded text that it came from."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """A text's terms for the two kinds of index field, in reading order, repeats kept."""

    words: list[str]
    bigrams: list[str]


def fold(text: str) -> str:
    """Make spellings that mean the same equal: width, script, case, accents, invisible characters."""
    return _normal(text).casefold()


def terms(text: str) -> list[Term]:
    """All words and bigrams of a text with their exact spans, by start, then end.

    Spans may overlap: a Han run gives its words and, beside them, the bigrams that are no word.
    """
    normal, starts, ends = _aligned(text)
    found: list[Term] = []
    for kind, start, end in _scan(normal):
        run = normal[start:end]
        spans = _word_spans(run) if kind in {"word", "symbol"} else _run_spans(run, kind)
        found.extend(Term(t, starts[start + a], ends[start + b - 1]) for t, a, b in spans)
    return found


def words(text: str) -> list[str]:
    """Jieba words, stemmed Latin words, whole and split identifiers; bigrams of other unspaced scripts."""
    return analyse(text).words


def bigrams(text: str) -> list[str]:
    """Overlapping pairs of characters of each CJK run; a lone character stands alone."""
    return [pair for run in _CJK_RUN.finditer(_normal(text)) for pair in _pairs(run.group())]


def analyse(text: str) -> Analysis:
    """Words and bigrams in one go."""
    normal = _normal(text)
    found: list[str] = []
    for kind, start, end in _scan(normal):
        run = normal[start:end]
        if kind == "han":
            found.extend(w[:_LONGEST] for w in _cut()(run))
        elif kind == "unspaced":
            found.extend(_pairs(run))
        else:
            found.extend(t for t, _, _ in _word_spans(run))
    return Analysis(found, [pair for run in _CJK_RUN.finditer(normal) for pair in _pairs(run.group())])


def _scan(normal: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(normal):
        kind = match.lastgroup or "word"
        yield kind, *match.span(kind)


def _pairs(run: str) -> list[str]:
    return [a + b for a, b in pairwise(run)] if len(run) > 1 else [run]


def _run_spans(run: str, kind: str) -> list[tuple[str, int, int]]:
    """Spans of a CJK run: its words and its bigrams, each once."""
    spans = {(i, min(i + 2, len(run))) for i in range(max(1, len(run) - 1))}
    if kind == "han":
        end = 0
        for word in _cut()(run):
            spans.add((end, end + len(word)))
            end += len(word)
    return [(run[a:b][:_LONGEST], a, b) for a, b in sorted(spans)]


@lru_cache(maxsize=1 << 16)
def _word_spans(word: str) -> tuple[tuple[str, int, int], ...]:
    """A word's terms: the whole, and its parts where it has several."""
    whole = word.replace(",", "").casefold()
    parts = [(_stem(m.group()), *m.span()) for m in _PART.finditer(word)]
    if len(parts) < 2 and whole.isalpha():
        whole = _stem(whole)
    spans = [(whole[:_LONGEST], 0, len(word)), *parts]
    seen: set[str] = set()
    return tuple(s for s in spans if s[0] not in seen and not seen.add(s[0]))  # type: ignore[func-returns-value]


def _stem(part: str) -> str:
    if part.isdigit():
        return part.lstrip("0")[:_LONGEST] or "0"
    stemmed: str = _stemmer()(part.casefold()[:_LONGEST])
    return stemmed


@cache
def _stemmer() -> Callable[[str], str]:
    import Stemmer

    stem: Callable[[str], str] = Stemmer.Stemmer("english").stemWord
    return stem


@cache
def _cut() -> Callable[[str], list[str]]:
    import rjieba  # its dictionary takes 0.1 s: texts without Han never pay

    cut: Callable[[str], list[str]] = rjieba.cut
    return cut


def _normal(text: str) -> str:
    """Fold all but case, which still tells the parts of CamelCase."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).translate(_table())


def _aligned(text: str) -> tuple[str, list[int] | range, list[int] | range]:
    """The normal form, and for each of its characters the start and end of its source in ``text``."""
    if text.isascii():
        return text, range(len(text)), range(1, len(text) + 1)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        piece = _normal(text[start:end])
        pieces.append(piece)
        if len(piece) == end - start and not _UNEVEN.match(text, start, end):
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            starts.extend([start] * len(piece))
            ends.extend([end] * len(piece))
    return "".join(pieces), starts, ends


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Cut a text into plain stretches, and single characters with the marks that combine with them."""
    done = 0
    for match in _UNEVEN.finditer(text):
        start, end = match.span()
        if done < start:
            yield done, start
        while start < end:
            stop = start + 1
            while stop < end and _combines(text[stop]):
                stop += 1
            yield start, stop
            start = stop
        done = end
    if done < len(text):
        yield done, len(text)


def _combines(char: str) -> bool:
    """Whether normalisation may merge a character with the one before it."""
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff" or char in "\uff9e\uff9f"


@cache
def _table() -> dict[int, str | None]:
    """Character folding after NFKC: invisible marks and accents off, traditional to simplified."""
    table: dict[int, str | None] = dict.fromkeys(
        (0xAD, 0x61C, 0x180E, *range(0x300, 0x370), *range(0x591, 0x5BE), *range(0x64B, 0x660))
        + (*range(0x180B, 0x180E), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))
        + (*range(0xFE00, 0xFE10), 0xFEFF, *range(0xE0100, 0xE01F0))
    )
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            table[code] = base
    table.update(str.maketrans("øØłŁđĐ’‘ʼ‐‑", "oOlLdD'''--"))
    table.update(str.maketrans(_simplified()))
    return table


def _simplified() -> dict[str, str]:
    """Traditional to simplified, per character, from OpenCC's data (Apache-2.0), chains resolved."""
    spec = find_spec("opencc")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("opencc")
    path = Path(spec.submodule_search_locations[0]) / "dictionary" / "TSCharacters.txt"
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    table = {old: new.split(" ")[0] for old, new in rows}
    # Hong Kong and Taiwan forms that the list lacks.
    table |= dict(zip("衞敍粧枱糭擡妳", "卫叙妆台粽抬你", strict=True))
    return {old: table.get(new, new) for old, new in table.items()}
