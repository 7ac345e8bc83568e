"""The words that carry a question, and how much each weighs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from rag.store import properties
from rag.store.tokens import common, fold, terms, words

Idf = Callable[[Sequence[str]], Mapping[str, float]]

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[a-z]+")
_ENGLISH = 2  # Latin words, one of them a small one, from which on a question with Chinese in it is English
_CHARACTER = 0.6  # a Han character alone, against the rarest word that it stands in: 富人 also means 富裕
_ASKING = re.compile(
    "[为為][什甚][么麼]|[为為]何|[什甚][么麼][时時]候|何[时時]|[什甚][么麼]|怎[么麼][样樣]?|怎[样樣]|如何|哪[里裡裏儿兒些个個]"
    "|哪(?!吒)|[谁誰]|多少|多久|多[长長](?!期)|多大(?![学學])|[几幾](?![乎何内內率微])|是否|是不是|有[没沒]有"
    "|[请請][问問]|何[处處地种種]|告[诉訴]我|[帮幫]我|[查找][一]下|[介绍紹]{2}一下|啥|[来來]着|另外|到底|究竟|[那这這][个些個]"
    "|[吗嗎呢啊呀](?=[\\s？?。！!，,]|$)"
)
_EMPTY = (
    "a about all also am an and any are as at be been being but by can could did do does done for from had has have"
    " her his how i if in into is it its just many may me might much my no not of on or our please shall she he"
    " should so some tell than that the their them then there these they this those to us was we were what when"
    " where which who whom whose why will with would you your"
)


def weigh(question: str, idf: Idf) -> dict[str, float]:
    """The question's terms with their weights; question words and particles are left out.

    Words weigh their inverse document frequency. Each Han character of a longer word weighs a part of
    its word, so that a passage which says the same in a related word still counts.
    """
    asked = content_words(question)
    frequencies = idf(asked)
    weights = {term: max(0.0, frequencies.get(term, 0.0)) for term in asked}
    for term, weight in tuple(weights.items()):
        for character in _HAN.findall(term) if len(term) > 1 else ():
            weights[character] = max(weights.get(character, 0.0), _CHARACTER * weight)
    return weights


def sought_words(question: str) -> list[str]:
    """The words that a question is searched by, as it writes them."""
    asked = set(content_words(question)) - common()
    written = (question[term.start : term.end] for term in terms(question) if term.text in asked)
    return list(dict.fromkeys(written))


def content_words(question: str) -> list[str]:
    """Without question words; a question of those alone seeks them."""
    return content(_ASKING.sub(lambda m: " " * len(m[0]), question)) or words(question)


def asked_keys(question: str) -> frozenset[str]:
    """The words of property keys that a question asks for, in either language."""
    asked = fold(question)
    groups = (group.split() for group in properties.NAMES if any(word in asked for word in group.split()))
    return frozenset(words(question)).union(*(words(" ".join(group)) for group in groups))


def content(text: str) -> list[str]:
    """The words of a text that carry meaning, each once, folded."""
    return [word for word in dict.fromkeys(words(text)) if word not in _empty()]


def features(text: str) -> frozenset[str]:
    """What a text offers to match: its terms, and its Han characters one by one."""
    found = {term.text for term in terms(text)}
    return frozenset(found.union(*(_HAN.findall(term) for term in found)))


def is_chinese(text: str) -> bool:
    """Whether a text holds Chinese."""
    return _HAN.search(text) is not None


def asks_in_chinese(question: str) -> bool:
    """Whether fixed words of the answer should be Chinese: "Who is 余华?" is an English question about a Chinese name."""
    if not is_chinese(question) or _ASKING.search(question):
        return is_chinese(question)
    return len(_LATIN.findall(fold(question))) < _ENGLISH or not _empty() & frozenset(words(question))


@cache
def _empty() -> frozenset[str]:
    return frozenset(words(_EMPTY))
