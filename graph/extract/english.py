"""Names in Latin letters: runs of capitalised words, acronyms, CamelCase; and what kind of thing they name."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from graph.extract.listed import words
from graph.extract.names_en import (
    ADDRESSES,
    BODIES,
    CALENDAR,
    FUNCTION,
    GIVEN,
    JUNK,
    ORGANISATION_ENDS,
    PLACE_ENDS,
    PLACE_STARTS,
    PLACES,
    PLACES_OF_TWO,
    ROLES,
    TECHNOLOGIES,
    TECHNOLOGIES_OF_TWO,
    TITLES,
    VERBS,
)
from graph.extract.words_en import is_common
from graph.model import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from graph.model import EntityKind

_UPPER: Final = "A-Z\u00c0-\u00d6\u00d8-\u00de"
_LETTER: Final = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_WORD: Final = (
    rf"(?:[{_UPPER}]\.(?:[ ]?[{_UPPER}]\.)*(?=[ ]?[{_UPPER}])"  # initials
    r"|(?:Jr|Sr)\."
    rf"|(?:Mr|Mrs|Ms|Dr|St|Prof|Mt|Rev|Sen|Gov|Gen|Col|Capt|Lt)\.(?=[ ][{_UPPER}])"
    rf"|[{_UPPER}][{_LETTER}]*(?:[’'&.\-][{_LETTER}]+)*(?:\+\+|\#(?!\w))?)"
)
_JOIN: Final = r"[ ](?:(?:of|de|du|del|della|di|da|dos|la|le|van|von|der|den|bin|al|for|and|&)[ ](?:the[ ])?)?(?:the[ ])?"
_NAME = re.compile(
    rf"(?<![{_LETTER}_.@/\\’'\-]){_WORD}(?:{_JOIN}{_WORD})*(?:,?[ ](?:Jr|Sr|Inc|Ltd)\b\.?)?(?:[ ]\d{{1,3}}(?![\w%:/\-]|[.,]\d))?"
    rf"|(?<![{_LETTER}_.@/\\\-])[a-z]{{1,3}}[A-Z][{_LETTER}]+(?![\w/\-])"
)
_PART = re.compile(r"\S+")
_JOINING = words("of de du del della di da dos la le van von der den bin al for and & the")
_ACRONYM = re.compile(rf"(?:[{_UPPER}]{{2,6}}\d{{0,3}}|[{_UPPER}](?:\.[{_UPPER}])+\.?)$")
_HAS_LETTER = re.compile(r"[^\W\d_]")
_HUMP = re.compile(r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]|\.(?:js|io|ai|py|rs|ts|NET)$|\+\+$|#$")
# Files, and what is written in programs and addresses: Font.Color, a=b&c.
_NO_NAME = re.compile(
    r"\.(?:md|txt|json|ya?ml|toml|html?|css|py|pas|dfm|dpr|java|go|rs|c|h|cpp|sh|sql|xml|png|jpe?g|gif|svg|pdf|log|exe|dll|zip)$"
    r"|[A-Za-z]{2}\.(?!(?:js|io|ai|app|net|com|org|dev|ts|cn|me|so|co)\b)[A-Za-z]{2}|[a-z0-9]&[A-Za-z0-9]|^no\.?\d|^[qhvpf]\d{1,2}$",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"[’']s$|[’']$")
_LOWER = re.compile(r"(?<![A-Za-z])[a-z]{3,}")
# What may stand between the end of a sentence, or a line's beginning, and its first word.
_LEADING = " \t\"'“‘(*_[>#|~=-–—•+0123456789（「『《【\u00a0\u3000"
_ENDS = "\n.!?:;。！？：；…"
_LONGEST = 60
_MOST_WORDS = 8
_LITTLE_PART = 3  # re-, non-, up
_MOST_OF_PERSON = 3  # given, middle and family name
_LABEL = 160  # how far back a link's label may have begun
_OFTEN = 3  # a word that always begins sentences, and never is written without its capital
_WHOLE = 4  # words of a heading that may be a name as a whole


class _Piece(NamedTuple):
    """A name without what does not belong to it; ``titled``: where all words bear capitals, a heading or a label."""

    start: int
    end: int
    words: tuple[str, ...]
    initial: bool
    titled: bool


_Word = tuple[str, int, int]


class _Case:
    """How a document writes a word elsewhere."""

    def __init__(self, text: str, pieces: Sequence[_Piece], *, han: bool) -> None:
        self.text = text
        self.han = han
        self.all = Counter(text[p.start : p.end] for p in pieces)
        self.sure = Counter(text[p.start : p.end] for p in pieces if not p.initial)
        self.parts = {
            w for p in pieces if len(p.words) > 1 and not p.titled for w in p.words if not is_ordinary(w)
        }
        self._lower: frozenset[str] | None = None

    def is_lower(self, word: str) -> bool:
        """Whether it writes the word without a capital too."""
        if self._lower is None:
            self._lower = frozenset(_LOWER.findall(self.text))
        return word in self._lower


def names(text: str, *, han: bool) -> Iterator[Mention]:
    """Names in running text; ``han``: much of it is Chinese, in which a capital says more."""
    found = [piece for m in _NAME.finditer(text) for piece in _pieces(text, m)]
    case = _Case(text, found, han=han)
    for piece in found:
        name = text[piece.start : piece.end]
        sure = _of_one(piece, name, case) if len(piece.words) == 1 else _of_many(piece)
        if sure:
            yield Mention(piece.start, piece.end, name, _kind_here(piece, name, case), "name", sure)


def _pieces(text: str, m: re.Match[str]) -> Iterator[_Piece]:
    """The names in a run of capitals: a possessive, an "and", a little word with a capital end one."""
    if " " not in m[0] and _says_nothing(m[0]):
        return
    start = m.start()
    initial = is_initial(text, start)
    titled = _is_titled(text, start)
    cut = titled and m[0].count(" ") >= _WHOLE
    run: list[_Word] = []
    for word, at in _words(m):
        bare = _bare(word)
        if _ends_run(bare, run):
            yield from _trimmed(run, initial=initial, titled=titled, cut=cut)
            run, initial = [], False
            continue
        run.append((bare, at, at + len(bare)))
        if bare != word:
            yield from _trimmed(run, initial=initial, titled=titled, cut=cut)
            run, initial = [], False
    yield from _trimmed(run, initial=initial, titled=titled, cut=cut)


def _words(m: re.Match[str]) -> Iterator[tuple[str, int]]:
    start = m.start()
    if " " not in m[0]:
        yield m[0], start
        return
    for part in _PART.finditer(m[0]):
        yield part[0], start + part.start()


def _ends_run(word: str, run: Sequence[_Word]) -> bool:
    if word in _JOINING:
        if word == "and":
            return not (run and run[0][0] in BODIES)
        if word == "for":
            return not any(w in BODIES for w, _, _ in run)
        if word == "&":
            return len(run) != 1 or run[0][0] in TECHNOLOGIES
        return word == "of" and len(run) == 1 and run[0][0] in ROLES
    low = _plain(word)
    return low in CALENDAR or (low in FUNCTION and len(word) > 1)


def _trimmed(run: list[_Word], *, initial: bool, titled: bool, cut: bool) -> Iterator[_Piece]:
    """Without the ordinary words at either end; ``cut``: of a long title only the words that are not."""
    first, last = 0, len(run)
    while first < last and _is_prefix(run[first][0], initial=initial and last - first > 1):
        first += 1
        initial = False
    while first < last and (run[last - 1][0] in _JOINING or run[last - 1][0].lower() in FUNCTION):
        last -= 1
    while last - first > 2 and run[last - 2][0] in _JOINING and run[last - 1][0].lower() in JUNK:  # noqa: PLR2004 - two words stay
        last -= 2
    if initial and last - first > 2 and run[first + 1][0] in GIVEN and is_ordinary(run[first][0]):  # noqa: PLR2004 - two words stay
        first += 1
    if last - first > 2 and run[first][0].rstrip(".") in ADDRESSES and run[first + 1][0] not in _JOINING:  # noqa: PLR2004 - two words stay
        first += 1
    kept = run[first:last]
    if cut and len(kept) > 1:
        for ordinary, part in groupby(kept, _is_weak):
            if not ordinary:
                yield _piece(list(part), initial=False, titled=True)
    elif kept:
        yield _piece(kept, initial=initial, titled=titled)


def _piece(run: Sequence[_Word], *, initial: bool, titled: bool) -> _Piece:
    return _Piece(run[0][1], run[-1][2], tuple(w for w, _, _ in run), initial, titled)


def _is_weak(word: _Word) -> bool:
    return word[0] in _JOINING or is_ordinary(word[0])


def _is_prefix(word: str, *, initial: bool) -> bool:
    low = _plain(word)
    if low in FUNCTION or word in _JOINING or word in ROLES:
        return True
    if not initial:
        return False
    return low in VERBS or (low.endswith("ing") and is_common(low)) or (low in JUNK and word not in TITLES)


@lru_cache(maxsize=1 << 12)
def _says_nothing(word: str) -> bool:
    """Whether a word by itself is no name wherever it stands."""
    bare = _bare(word)
    return bare not in TECHNOLOGIES and (_plain(bare) in FUNCTION or is_ordinary(bare))


def _bare(word: str) -> str:
    """Without the ending of a possessive."""
    return _POSSESSIVE.sub("", word) if "'" in word or "’" in word else word


def _plain(word: str) -> str:
    low = word.lower()
    return low.replace("’", "'") if "’" in low else low


@lru_cache(maxsize=1 << 14)
def is_ordinary(word: str) -> bool:
    """Whether a word is one of the dictionary, a verb, or what headings and calendars say."""
    low = word.lower()
    if is_common(low) or low in VERBS or low in JUNK or low.isdigit():
        return True
    parts = low.split("-")
    if len(parts) == 1:
        return False
    little = _LITTLE_PART if word[1:].islower() else 0
    return all(is_common(part) or part in JUNK or (len(part) <= little and part.isalpha()) for part in parts)


def is_initial(text: str, start: int) -> bool:
    """Whether a sentence, line or cell begins here, where every word bears a capital."""
    i = start - 1
    while i >= 0 and text[i] in _LEADING:
        i -= 1
    return i < 0 or text[i] in _ENDS


def _is_titled(text: str, start: int) -> bool:
    """Whether it stands in a heading, or in a link's label."""
    floor = max(0, start - _LABEL)
    line = text.rfind("\n", floor, start) + 1 or floor
    return text.startswith(("#", " #"), line) or text.rfind("[", line, start) > text.rfind("]", line, start)


def _of_one(piece: _Piece, name: str, case: _Case) -> float:
    """How sure a single word is a name, from 0 to 1."""
    if name in TECHNOLOGIES:
        return 0.4 if piece.initial and is_common(name.lower()) and not case.sure[name] else 0.8
    if _NO_NAME.search(name) or len(name.rstrip(".")) == 1 or not _HAS_LETTER.search(name):
        return 0
    last = name.rpartition("-")[2]
    if _plain(name) in FUNCTION or is_ordinary(name) or (last != name and last.islower() and is_common(last)):
        return 0
    return _by_shape(piece, name, case) or _by_case(piece, name, case)


def _by_shape(piece: _Piece, name: str, case: _Case) -> float:
    if name in PLACES:
        return 0.8
    if _HUMP.search(name):
        return 0.7
    if _ACRONYM.match(name):
        return 0.3 if _is_shouted(case.text, piece) else 0.6
    return 0


def _by_case(piece: _Piece, name: str, case: _Case) -> float:
    """By where a word bears a capital in this document, and where it does not."""
    if case.is_lower(_plain(name)):
        return 0 if piece.initial or piece.titled else 0.3
    if name in case.parts:
        return 0.6
    if not piece.initial or case.sure[name]:
        return 0.4 if piece.titled and case.sure[name] <= 1 else 0.6
    return 0.5 if case.han or case.all[name] >= _OFTEN else 0.3


def _is_shouted(text: str, piece: _Piece) -> bool:
    """Whether the word before is in capitals too."""
    return text[max(0, piece.start - 3) : piece.start - 1].isupper()


def _of_many(piece: _Piece) -> float:
    """How sure several words are one name, from 0 to 1."""
    said = [w for w in piece.words if w not in _JOINING]
    is_long = len(piece.words) > _MOST_WORDS or piece.end - piece.start > _LONGEST
    if is_long or all(len(w.rstrip(".")) == 1 for w in said):
        return 0
    if " ".join(piece.words) in PLACES_OF_TWO | TECHNOLOGIES_OF_TWO:
        return 0.8
    ordinary = [is_ordinary(w) for w in said]
    if all(ordinary):
        return _of_ordinary(piece, said)
    if piece.titled and any(ordinary) and said[0] not in GIVEN:
        return 0.4
    if len(said) > _OFTEN - 1 and all(w.isupper() for w in said):
        return 0  # a line in capitals
    return 0.6 if piece.initial and ordinary[0] else 0.8


def _of_ordinary(piece: _Piece, said: Sequence[str]) -> float:
    """How sure words of the dictionary are a name: "Machine Learning", not "Part 2", not "South Korean"."""
    if (
        said[-1].lower() in JUNK
        or len(said) == 1
        or piece.titled
        or any(w.isdigit() or w.lower() in CALENDAR for w in said)
    ):
        return 0
    return 0.3 if piece.initial else 0.5


def _kind_here(piece: _Piece, name: str, case: _Case) -> EntityKind:
    """The kind of a name, by what stands around it too: nobody is called "the"; persons are called by one name later."""
    found = kind(name, piece.words)
    if found != "person" or len(piece.words) == 1 or piece.words[0] in GIVEN:
        return found
    if piece.words[-1] in case.all:
        return "person"
    return "concept" if case.text[max(0, piece.start - 4) : piece.start].lower() == "the " else found


def kind(name: str, words: Sequence[str]) -> EntityKind:
    """What kind of thing a name in Latin letters most likely names."""
    if name in TECHNOLOGIES or name in TECHNOLOGIES_OF_TWO:
        return "technology"
    if name in PLACES or name in PLACES_OF_TWO:
        return "place"
    if len(words) == 1:
        if name in GIVEN:
            return "person"
        return "technology" if _HUMP.search(name) else "concept"
    return _kind_of_many(words)


def _kind_of_many(words: Sequence[str]) -> EntityKind:
    first, last = words[0].rstrip("."), words[-1]
    head = words[: words.index("of")] if "of" in words else words
    if head and head[-1] in ORGANISATION_ENDS:
        return "organisation"
    if first in TITLES or first in GIVEN or last == "Jr." or (first.isupper() and len(first) == 1):
        return "concept" if words[1] == "of" else "person"
    if _is_place(words, head):
        return "place"
    if any(_HUMP.search(w) or w.isdigit() for w in words):
        return "technology"
    several = last[-1] == "s" and last[-2:] not in {"ss", "us", "is"}
    plain = not any(w in _JOINING or is_ordinary(w) or w.isupper() for w in words)
    return (
        "person"
        if plain and not several and len(words) <= _MOST_OF_PERSON and first not in PLACES
        else "concept"
    )


def _is_place(words: Sequence[str], head: Sequence[str]) -> bool:
    """``head``: what stands before "of"."""
    if (head and head[-1] in PLACE_ENDS) or (words[-1] in PLACES and head is words):
        return True
    return len(words) == 2 and words[0].rstrip(".") in PLACE_STARTS  # noqa: PLR2004 - "Fort Wayne"
