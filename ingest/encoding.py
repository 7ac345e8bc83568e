"""From bytes to text: byte order marks, UTF-8, then the few encodings that notes really come in, scored.

General detectors misread short Chinese notes (a GBK note of 40 characters passes for Korean). Here each
candidate decodes the bytes strictly, and the one whose outcome looks most like written language wins.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from functools import cache
from typing import NamedTuple

from rag.errors import LoadError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
_WIDE = ("utf-16-le", "utf-16-be")
_NARROW = ("gb18030", "big5", "cp1252", "latin-1")
_LEVEL_ONE = {
    "gb18030": (range(0xB0, 0xD8), range(0xA1, 0xFF)),
    "big5": (range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF))),
}
"""First and second bytes of the characters in use: 3,755 simplified ones, 5,401 traditional ones."""
_SAMPLE = 1 << 16
_GOOD_ENOUGH = 0.3
_NUL_SHARE = 0.005  # a stray NUL is a slip of some editor; more, and it is UTF-16 or no text at all
_SURE = 0.6  # a line of another encoding than its file must look so much like language
_SHORTEST_LINE = 4  # bytes beyond ASCII; fewer say too little about a line's encoding
_BROKEN_SHARE = 0.1  # of all non-ASCII characters: more, and the text was never UTF-8

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LINE_BREAKS = re.compile(r"\r\n?")

# The most frequent characters of written Chinese, simplified and traditional: about 60 % of running text.
_FREQUENT = frozenset(
    "一三上下不与世业东两並个中为主么之也习书了事二于些亞交产人什从他代以们件价任会但位体何作你使來保信個"
    "們候做傳元克入內全兩公共关其具内写决几出分创利别到制則前力功加务动動務包化北區十单南卡原去参及反发受"
    "变口古只可台史司各合同名后向周命和品員器四回因国图國土在地型城基場士复外多大天太好如始子字存学學它安"
    "完定实家容實对将將對導小少尔就尼展屬山島州工己已巴市布帝常平年并库应府度廣建开式张强当形影很後得從德"
    "心快思性息情想意感成我或戰户所手打技把拉持据接提改政效教数數文斯新方於族无日时明星是時更書最會月有服"
    "朝期本术机李来東林果标样格業模機權次歐正此步每比民水江決没河治法注洲活流海港源漢濟灣点為無然爭爾版物"
    "特王现現球理生產用由电界當發的皇目直相省看真着知码社种科程種稱立笔第等简管类系紀約索組結統經維線縣總"
    "经结给统续维网罗置羅美義考者而聯能自至臺與舉英華萬著蘭行術表被西要规觉解計設認語說議變计认让记论设评"
    "识试话该语说读資賽起路身車軍过运还这进选這通造進運過道達選還那部都里重量金長长開間關问间阿院隊電需面"
    "韓領题首馬马體高黨"
    "，。、！？：；“”「」《》（）"
)


_PAIRS = frozenset(
    {"üß", "öß", "äß", "ßü", "ßä", "ßö", "éé", "áí", "íá", "çã", "çõ", "éè", "ñá", "ñó", "áé", "éà"}
)


class Decoded(NamedTuple):
    """A file's text (NFC, LF line ends, no byte order mark), and how its bytes were taken.

    Attributes:
        replaced: how many byte sequences do not fit the encoding; each became one U+FFFD.
        line: where the first of them stands, from 1; 0 where there is none.
        byte: its offset in the file.
        mixed: other encodings that single lines were in, by how many.
    """

    text: str
    encoding: str
    replaced: int = 0
    line: int = 0
    byte: int = 0
    mixed: tuple[tuple[str, int], ...] = ()


def decode(name: str, data: bytes, encoding: str | None = None) -> Decoded:
    """Decode a file. ``name`` serves messages; ``encoding`` overrides detection.

    Raises:
        LoadError: the bytes are not text, or not in the encoding that was asked for.
    """
    raw = _as_told(name, data, encoding) if encoding else _detected(name, data)
    text = raw.text.removeprefix("\ufeff")
    if "\r" in text:
        text = _LINE_BREAKS.sub("\n", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return raw._replace(text=text)


def _as_told(name: str, data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except LookupError as e:
        raise LoadError("{name}: there is no encoding {encoding!r}.", name=name, encoding=encoding) from e
    except UnicodeDecodeError as e:
        raise LoadError(
            "{name}: is not {encoding}: byte {position} does not fit. Correct or drop its `encoding` setting.",
            name=name,
            encoding=encoding,
            position=e.start,
        ) from e


def _detected(name: str, data: bytes) -> Decoded:
    for bom, codec, label in _BOMS:
        if data.startswith(bom):
            found = _lenient(data[len(bom) :], codec, label)
            return found._replace(byte=found.byte + len(bom)) if found.replaced else found
    if data.count(0) > len(data) * _NUL_SHARE:
        return _wide(name, data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(name, data)
    _refuse_binary(name, text)
    first = data.find(0)
    line = data.count(b"\n", 0, max(0, first)) + 1 if first >= 0 else 0
    return Decoded(text.replace("\0", "\ufffd"), "utf-8", data.count(0), line, max(0, first))


def _lenient(data: bytes, codec: str, label: str) -> Decoded:
    """Whatever does not fit becomes U+FFFD, and is counted."""
    try:
        return Decoded(data.decode(codec), label)
    except UnicodeDecodeError as e:
        before = data[: e.start].decode(codec, "ignore")
        already = data.decode(codec, "ignore").count("\ufffd")
        text = data.decode(codec, "replace")
        return Decoded(text, label, text.count("\ufffd") - already, before.count("\n") + 1, e.start)


def _wide(name: str, data: bytes) -> Decoded:
    """UTF-16 without a mark is the only text that is full of NUL bytes."""
    scores = {codec: _score(data, codec) for codec in _WIDE}
    best = max(scores, key=scores.__getitem__)
    if scores[best] < _GOOD_ENOUGH:
        _binary(name)
    return Decoded(data.decode(best), "utf-16")


def _guessed(name: str, data: bytes) -> Decoded:
    """Bytes that are not all valid UTF-8."""
    utf8 = _lenient(data, "utf-8", "utf-8")
    whole = sum(1 for c in utf8.text[:_SAMPLE] if c > "\x7f" and c != "\ufffd")
    if utf8.replaced <= whole * _BROKEN_SHARE:
        return _mixed(data, utf8)
    best, score = _best(data)
    if score < _GOOD_ENOUGH:
        _refuse_binary(name, utf8.text)
        return _mixed(data, utf8)
    text = data.decode(best)
    _refuse_binary(name, text)
    return Decoded(text, "utf-16" if best in _WIDE else best)


def _best(data: bytes) -> tuple[str, float]:
    """The encoding in which bytes look most like language."""
    scores = {codec: _score(data, codec) for codec in (*_NARROW, *_WIDE)}
    best = max(scores, key=scores.__getitem__)
    return best, scores[best]


def _mixed(data: bytes, utf8: Decoded) -> Decoded:
    """UTF-8 with lines of another encoding, as pasting makes them: each such line in its own."""
    lines: list[str] = []
    others: Counter[str] = Counter()
    replaced, first, byte, at = 0, 0, 0, 0
    for number, line in enumerate(data.split(b"\n"), start=1):
        told = _lenient(line, "utf-8", "utf-8")
        if told.replaced:
            best, score = _best(line) if _beyond_ascii(line) >= _SHORTEST_LINE else ("", 0.0)
            if score >= _SURE and best in _NARROW:
                told = Decoded(line.decode(best), best)
                others[best] += 1
            elif not replaced:
                first, byte = number, at + told.byte
        replaced += told.replaced
        lines.append(told.text)
        at += len(line) + 1
    return Decoded("\n".join(lines), utf8.encoding, replaced, first, byte, tuple(sorted(others.items())))


def _beyond_ascii(data: bytes) -> int:
    return len(data) - len(data.translate(None, bytes(range(128, 256)))) if not data.isascii() else 0


def _score(data: bytes, codec: str) -> float:
    """How much the decoded bytes look like language, 0 to 1; -1 if they do not decode at all."""
    try:
        text = data.decode(codec)[:_SAMPLE]
    except UnicodeDecodeError:
        return -1.0
    if _CONTROL.search(text):
        return -1.0
    foreign = [(i, c) for i, c in enumerate(text) if c > "\x7f"]
    if not foreign:
        return 1.0
    return sum(_likeness(text, i, c, codec) for i, c in foreign) / len(foreign)


def _likeness(text: str, i: int, c: str, codec: str) -> float:
    """One character's part in the score: frequent Chinese counts 1, an accented letter in a Latin word too."""
    before, after = text[max(0, i - 1) : i], text[i + 1 : i + 2]
    if c in _FREQUENT:
        # Alone behind a small letter it is rather half of a Latin word.
        return 0.6 if before.isascii() and before.islower() and after.isascii() else 1.0
    if "\u4e00" <= c <= "\u9fff":
        return 0.35 if c in _in_use(codec) else 0.1
    if "\xc0" <= c <= "\u024f" and c.isalpha():
        # Accents stand alone among plain letters, or in familiar pairs; bytes of Chinese come in runs.
        alone = (before + after).isascii()
        pair = before + c in _PAIRS or c + after in _PAIRS
        return 1.0 if alone or pair else 0.1
    return 0.5 if c in "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\xa0\xab\xbb\xa3\xa9\xb0\xb7\u3000" else 0.0


@cache
def _in_use(codec: str) -> frozenset[str]:
    """The characters that an encoding's makers put first because everybody writes them; none of other encodings.

    A list of names may hold no other: it is enough to tell Chinese from broken UTF-8.
    """
    if codec not in _LEVEL_ONE:
        return frozenset()
    leads, trails = _LEVEL_ONE[codec]
    return frozenset("".join(bytes((a, b)).decode(codec, "ignore") for a in leads for b in trails))


def _refuse_binary(name: str, text: str) -> None:
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) * 20 > len(sample):
        _binary(name)


def _binary(name: str) -> None:
    raise LoadError(
        "{name}: is not text: it holds binary data. Give it its real suffix, or leave it out.", name=name
    )
