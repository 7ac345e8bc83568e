"""Chinese names, by a tagger's parts of speech and by what names are made of.

The tagger alone takes too much for a name (索引, 安全感, 东西): a tag is believed where the characters agree with it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from graph.extract.names_zh import (
    COMPOUND_SURNAMES,
    GIVEN,
    NICKS,
    NO_ORGANISATIONS,
    NO_PERSON_ENDS,
    NO_PERSONS,
    NO_PLACES,
    ORGANISATION_ENDS,
    ORGANISATIONS,
    PERSONS,
    PLACE_ENDS,
    PLACES,
    SAYING,
    SOUNDS,
    SOUNDS_AFTER,
    SURNAMES,
    TECHNOLOGIES,
    TOPICS,
    WEAK,
)
from graph.model import EntityKind, Mention
from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

_RUN = re.compile(r"[\u4e00-\u9fff]+(?:[·•・‧][\u4e00-\u9fff]+)*")
_DOTS: Final = "·•・‧"
_PERSON_TAGS = frozenset({"nr", "nrt", "nrfg"})
_NAMING = _PERSON_TAGS | {"ns", "nt", "nz", "j"}
_BETWEEN = frozenset({"n", "vn", "b"})  # what may stand between a name and "university"
_ORGANISATION_ENDS: Final = tuple(ORGANISATION_ENDS)
_LAST_TWO = frozenset(end[-2:] for end in ORGANISATION_ENDS)
_ASKED = _PERSON_TAGS | {"ns", "nt", "x"}
_THREE = 3
_FOUR = 4
_UNSURE = 0.45
_LONGEST_PART = 8  # characters of one part of a foreign name
_LONGEST_ORGANISATION = 16
_MOST_TOKENS = 24  # of a foreign name, its dots included
_BACK = 3  # tokens from "university" back to the name that it bears

_KNOWN: Final[dict[str, tuple[EntityKind, float]]] = {
    **dict.fromkeys(TOPICS, ("concept", 0.6)),
    **dict.fromkeys(TECHNOLOGIES, ("technology", 0.7)),
    **dict.fromkeys(PERSONS, ("person", 0.8)),
    **dict.fromkeys(ORGANISATIONS, ("organisation", 0.7)),
    **dict.fromkeys(PLACES, ("place", 0.8)),
}


class Token(NamedTuple):
    """A word of Chinese text with its part of speech."""

    word: str
    tag: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.word)


def names(text: str) -> Iterator[Mention]:
    """Names in the Chinese parts of a text; a mention's name is as written, in either script."""
    unsure: dict[str, int] = {}
    waiting: list[Mention] = []
    runs = list(_RUN.finditer(text))
    folded = fold("\n".join([m[0] for m in runs])).split(
        "\n"
    )  # of Chinese characters none changes its length
    for m, run in zip(runs, folded, strict=True):
        words = _tagger().tag(run)
        if not _is_promising(words):
            continue
        tokens = _placed(words, m.start())
        for start, end, kind, confidence in _in_run(tokens):
            found = Mention(start, end, text[start:end], kind, "pos", confidence)
            if confidence == _UNSURE:
                unsure[found.name] = unsure.get(found.name, 0) + 1
                waiting.append(found)
            else:
                yield found
    for one in waiting:
        # A name that nobody knows, said twice, is one.
        yield one if unsure[one.name] == 1 else replace(one, confidence=0.6)


def tagged(run: str, start: int = 0) -> list[Token]:
    """The words of a run of Chinese characters, in simplified script, with where they stand."""
    return _placed(_tagger().tag(fold(run)), start)


def _placed(words: Sequence[tuple[str, str]], start: int) -> list[Token]:
    tokens = []
    for word, tag in words:
        tokens.append(Token(word, tag, start))
        start += len(word)
    return tokens


def _is_promising(words: Sequence[tuple[str, str]]) -> bool:
    """Whether there may be a name in a run: most hold none."""
    telling = _telling()
    return any(tag in _ASKED or word in telling or word[-2:] in _LAST_TWO for word, tag in words)


_Found = tuple[int, int, EntityKind, float]


def _in_run(tokens: Sequence[Token]) -> Iterator[_Found]:
    skip = 0
    for i, token in enumerate(tokens):
        if token.start < skip:
            continue
        found = _dotted(tokens, i) if token.word in _DOTS else _named(tokens, i)
        if found:
            yield found
            skip = found[1]


def _named(tokens: Sequence[Token], i: int) -> _Found | None:
    """The name that begins with a word, or is told by it."""
    word, tag, start = tokens[i]
    if word[0] in "小老" and (nick := _nick(tokens, i)):
        return nick
    if len(word) == 1:
        return None
    phrases = _phrases().get(word)
    if phrases and (phrase := _phrase(tokens, i, phrases)):
        return start, start + len(phrase), *_KNOWN[phrase]
    organisation = _organisation(tokens, i) if word.endswith(_ORGANISATION_ENDS) else None
    if organisation:
        return organisation
    if word in _KNOWN:
        return start, start + len(word), *_KNOWN[word]
    return _tagged_name(tokens, i) if tag in _NAMING or tag == "x" else None


def _tagged_name(tokens: Sequence[Token], i: int) -> _Found | None:
    token = tokens[i]
    word, tag, start = token
    if (
        tag == "ns"
        and len(word) >= _THREE
        and word[-1] in PLACE_ENDS
        and word not in NO_PLACES
        and _is_known(word)
    ):
        return start, token.end, "place", 0.6
    confidence = _person(tokens, i)
    if not confidence:
        return None
    cut = (
        i + 1 < len(tokens)
        and len(word) >= _THREE
        and set(word) <= SOUNDS
        and tokens[i + 1].word in SOUNDS_AFTER
    )
    return start, token.end + cut, "person", confidence


def _person(tokens: Sequence[Token], i: int) -> float:
    """How sure a word is a person's name, from 0 to 1."""
    word, tag, _ = tokens[i]
    if word in NO_PERSONS or word[-1] in NO_PERSON_ENDS:
        return 0
    if len(word) == 2:  # noqa: PLR2004 - a family name and one character
        said = tag in _PERSON_TAGS and word[0] in SURNAMES and word[1] in GIVEN
        return 0.5 if said and _is_said(tokens, i) else 0
    family = 2 if word[:2] in COMPOUND_SURNAMES else 1
    if (len(word) == family + 2 and (family > 1 or word[0] in SURNAMES)) or (
        family > 1 and len(word) == _THREE
    ):
        return _chinese(word, tag, word[family:])
    if len(word) >= _THREE and set(word) <= SOUNDS and (tag in _PERSON_TAGS or len(word) >= _FOUR):
        return 0.6 if _is_known(word) else _UNSURE
    return 0


def _chinese(word: str, tag: str, given: str) -> float:
    known = _is_known(word)
    if word[0] in WEAK and not set(given) <= GIVEN:
        return 0
    if known and tag in _PERSON_TAGS:
        return 0.7
    return _UNSURE if not known and set(given) <= GIVEN else 0


def _is_said(tokens: Sequence[Token], i: int) -> bool:
    """Whether the word before or after it speaks of a person."""
    after = i + 1 < len(tokens) and tokens[i + 1].word in SAYING
    return after or (i > 0 and tokens[i - 1].word in SAYING)


def _nick(tokens: Sequence[Token], i: int) -> _Found | None:
    """小徐, 老王; the tagger often cuts them in two, or takes the family name to what follows."""
    word, _, start = tokens[i]
    if len(word) == 2 and word[1] in NICKS:  # noqa: PLR2004 - and nothing more
        return start, start + 2, "person", 0.5
    following = tokens[i + 1].word if len(word) == 1 and i + 1 < len(tokens) else ""
    if following and following[0] in NICKS and (len(following) == 1 or not _is_known(following)):
        return start, start + 2, "person", 0.5
    return None


def _organisation(tokens: Sequence[Token], i: int) -> _Found | None:
    """A word that ends in "university" with the name before it, or that holds one itself."""
    token = tokens[i]
    first = i
    for back in range(1, _BACK + 1):
        if i < back or tokens[i - back].tag not in _NAMING | _BETWEEN:
            break
        one = tokens[i - back]
        if one.word in _KNOWN or (one.tag in _NAMING and len(one.word) > 1 and _is_known(one.word)):
            first = i - back
    start = tokens[first].start
    if first == i - 1 and token.word in {"公司", "集团"} and tokens[first].word in PLACES:
        return None  # "a French company"
    if first < i and token.word not in NO_ORGANISATIONS and token.end - start <= _LONGEST_ORGANISATION:
        return start, token.end, "organisation", 0.7
    whole = token.tag in {"nt", "n", "nz"} and len(token.word) >= _FOUR and token.word not in NO_ORGANISATIONS
    return (token.start, token.end, "organisation", 0.6) if whole and token.tag == "nt" else None


def _dotted(tokens: Sequence[Token], i: int) -> _Found | None:
    """史蒂夫·乔布斯, from its first dot on: as far as characters that foreign names are written in reach."""
    start, end = tokens[i].start, tokens[i].end
    for token in reversed(tokens[max(0, i - _LONGEST_PART) : i]):
        kept = _sounding(token.word[::-1])
        if not kept or tokens[i].start - token.end + kept > _LONGEST_PART:
            break
        start = token.end - kept
        if kept < len(token.word):
            break
    if start == tokens[i].start:
        return None
    part = end
    for token in tokens[i + 1 : i + 1 + _MOST_TOKENS]:
        if token.word in _DOTS and end > part:
            part = token.end
            continue
        kept = _sounding(token.word)
        if not kept or end - part + kept > _LONGEST_PART:
            break
        end = token.start + kept
        if kept < len(token.word):
            break
    return (start, end, "person", 0.8) if end > tokens[i].end else None


def _sounding(word: str) -> int:
    """How many of a word's first characters are such as foreign names are written in."""
    return next((n for n, one in enumerate(word) if one not in SOUNDS), len(word))


def _phrase(tokens: Sequence[Token], i: int, phrases: Sequence[str]) -> str:
    """A known name that the tagger cuts in several, which begins here."""
    ahead = "".join(token.word for token in tokens[i : i + 6])
    return next((phrase for phrase in phrases if ahead.startswith(phrase)), "")


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    """Known names that the tagger cuts in several, longest first, by their first piece."""
    by_first: dict[str, list[str]] = {}
    for name in sorted(_KNOWN, key=lambda one: (-len(one), one)):
        pieces = _tagger().cut(name)
        if len(pieces) > 1:
            by_first.setdefault(pieces[0], []).append(name)
    return {first: tuple(names) for first, names in by_first.items()}


@cache
def _telling() -> frozenset[str]:
    """Words at which a known name or a nickname begins."""
    return frozenset(
        ("小", "老", *_KNOWN, *_phrases(), *(first + family for first in "小老" for family in NICKS))
    )


def _is_known(word: str) -> bool:
    """Whether the tagger's dictionary holds a word; of others its tags are guesses."""
    known: bool = _tagger().has_word(word)
    return known


@cache
def _tagger() -> ModuleType:
    import rjieba  # its dictionary takes 0.1 s to load: texts without Han never pay for it

    module: ModuleType = rjieba
    return module


def sounding_before(text: str, end: int) -> int:
    """Where the characters begin, right before ``end``, that foreign names are written in."""
    kept = _sounding(text[max(0, end - _LONGEST_PART) : end][::-1])
    return end - kept


def kind(name: str) -> EntityKind:
    """What kind of thing a Chinese name most likely names."""
    found = list(_in_run(tagged(name)))
    whole = [kind for start, end, kind, _ in found if (start, end) == (0, len(name))]
    return whole[0] if whole else "concept"
