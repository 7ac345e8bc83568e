"""Whether a claim affirms what its source denies, or says the opposite of it, in Chinese and English.

Clause by clause: a claim's clause is held against the clause of the source that says most of the same. A list of common
opposites and of negative words does what can be done without understanding.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rag.answer.question import content, features
from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HAN: Final = re.compile("[\u3400-\u9fff]")
_CUT: Final = re.compile(
    r"[，；。！？、\n]|(?<!\d)[,;!?]|[,;!?](?!\d)|\.(?:\s|$)|\s(?:but|and|while|whereas|although|though|because|since)\s|但是?|不过|然而|而且|并且|因为"
)
# Words with a negating sign that deny nothing, and bounds, which are opposites below.
_NO_DENIAL: Final = re.compile(
    "不[但仅只光过管论断久禁由妨料愧]|不知不觉|不一会|没想到|想不到|不得已|不得不|不[少错]|不好意思|不超过|不少于|不大于|不小于|不晚于|不早于|不低于|不高于|差不多|对不起|忍不住|巴不得|来不及|没有之一|没关系|没事"
    "|无[论数非线]|非[常洲]|[特分区性级告离差识鉴]别|别[人的墅致]|未来|莫[名斯]|有没有|是不是|能不能|会不会|要不要|好不好|(.)不\\1"
    r"|\bnot only\b|\bno (?:more|less|fewer|later|earlier|\w+er) than\b|\bnot (?:more|less|fewer|later|earlier) than\b|\bno doubt\b|\bnothing but\b"
)
_DENIAL: Final = re.compile(
    "(?:并不|不|没有?|未曾?|无|非|勿|毫无|别(?=[再去让把用忘]))(?:是|用|需要?|必|会|能|要|想|再|得|可以?|应该?|曾)?"
    r"|\b(?:not|cannot|never|no|none of|none|nobody|nothing|neither|nor|without|hardly|barely|free of)\b|n't\b"
)
_SCOPE: Final = 3  # words after a denial that are denied
# Negative by their meaning: "failed" may stand for "did not pass".
_NEGATIVE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"失败|挂科|落榜|\bfail",
        r"拒绝|\brefus|\breject|\bdeclin",
        r"取消|\bcancel",
        r"停[止掉了用跑]|\bstop|\bquit|戒[掉了]|\bended\b",
        r"忘|\bforg[eo]t|\bomit",
        r"只差|只欠",
        r"缺|\black|\bmissing\b|\babsent\b",
        r"避免|禁止|不许|\bavoid|\bforbid|\bban(?:ned)?\b",
        r"\bunable\b|\bimpossible\b|\bunsupported\b|\bunnecessary\b|\bun\w{4,}ed\b",
        r"免费|\bfree\b|为零|\bzero\b|\b0\b",
        r"\bclosed?\b|关[门闭掉了]",
        r"\baway\b|\bgone\b|退了|消失",
        r"安静|沉默|\bsilent|\bquiet",
        r"只有?|\bonly\b",
    )
)
_OPPOSITES: Final = tuple(
    (re.compile(one), re.compile(other))
    for one, other in (
        (
            r"升[到至高为]|上[升调涨]|提高|提升|增[加长多至]|涨|变多|多了|\brose\b|\brisen\b|\brais|\bincreas|\bgr[eo]w|\bgone up\b|\bwent up\b",
            r"降[到至低为]|下[降调跌]|减[少到至为小]|缩[短小减]|跌|变少|少了|\bfell\b|\bfallen\b|\bdrop|\bdecreas|\breduc|\blower|\bshr[aiu]nk|\bwent down\b",
        ),
        (
            r"最多|至多|最长|最高|最晚|不超过|不大于|不高于|不晚于|以内|之内|\bat most\b|\bno (?:more|later|taller|longer) than\b|\bnot more than\b|\bup to\b|\bunder\b|\bwithin\b",
            r"最少|至少|最短|最低|最早|不少于|不小于|不低于|不早于|\bat least\b|\bno (?:less|fewer|earlier) than\b",
        ),
        (r"超过|多于|\bmore than\b|\bover\b", r"不到|不足|少于|\bless than\b|\bunder\b"),
        (r"[以之年]后|\bafter\b|\blater\b", r"[以之年]前|\bbefore\b|\bearlier\b"),
        (r"新[的货书车]|\bnew\b", r"旧|二手|\bold\b|\bsecond-?hand\b|\bused\b"),
        (r"早上|早晨|上午|清晨|\bmorning\b|\bam\b", r"晚上|下午|傍晚|夜里|\bevening\b|\bafternoon\b|\bpm\b"),
        (r"\bopen(?:ed|s)?\b|开[门着放]", r"\bclosed?\b|关[门着闭]"),
        (r"\bnorth", r"\bsouth"),
        (r"\beast", r"\bwest"),
        (r"左", r"右"),
        (r"\bleft\b", r"\bright\b"),
        (r"\babove\b|上[面方]|\bover\b", r"\bbelow\b|下[面方]|底下|\bunder\b"),
        (r"偏高|过高|很高|\bhigh\b|\bhigher\b", r"偏低|过低|很低|\blow\b|\blower\b"),
        (r"\bwarm|\bhot\b|热|暖", r"\bcold|\bcool\b|冷"),
        (r"\bmost\b", r"\bleast\b"),
        (r"\bmore\b", r"\bless\b|\bfewer\b"),
        (r"\badd(?:ed|s|ing)?\b|添加|增加", r"\bremov|\bdelet|删除|移除"),
        (r"\balways\b|总是", r"\bnever\b|从不|从未"),
        (r"同意|赞成|支持|答应|\bagree[ds]?\b|\baccept", r"反对|拒绝|\bdisagree|\breject|\brefus"),
        (r"喜欢|\blik(?:e|ed|es)\b|\blove", r"讨厌|\bhat(?:e|ed|es)\b|\bdislik"),
        (r"\bdense\b", r"\bsparse\b"),
        (r"很大|\bbig\b|\blarge", r"不大|很小|\bsmall"),
        (r"便宜|\bcheap", r"昂贵|更贵|\bexpensive"),
        (r"开始|\bbegan\b|\bbegin|\bstart", r"结束|停止|\bended\b|\bstopp?ed\b|\bfinish"),
        (r"成功|\bsucce", r"失败|\bfail"),
        (r"到达|抵达|来到|\barriv", r"离开|出发|\bleft for\b|\bdepart"),
        (r"买[了入进]|\bbought\b|\bbuy", r"卖[了出掉]|\bsold\b|\bsell"),
        (r"\bfirst\b|第一", r"\blast\b|最后"),
        (r"很快|变快|更快|\bfast", r"很慢|变慢|更慢|\bslow"),
        (r"很早|提前|太早|\bearly\b", r"很晚|推迟|太晚|迟到|\blate\b"),
        (r"很长|更长|\blong(?:er)?\b", r"很短|更短|\bshort(?:er)?\b"),
        (r"容易|简单|\beasy|\beasi|\bsimple", r"困难|很难|复杂|\bdifficult|\bhard\b|\bcomplicated"),
        (r"很强|更强|\bstrong", r"很弱|更弱|\bweak"),
        (r"赢|获胜|\bwon\b|\bwin", r"输[了给掉]|\blost\b|\blos[ei]"),
        (r"记得|记住|\bremember", r"忘|\bforg[eo]t"),
        (r"相同|一样|\bsame\b", r"不同|\bdifferent"),
        (r"里面|室内|\binside\b|\bindoors?\b", r"外面|室外|\boutside\b|\boutdoors?\b"),
        (r"公开|\bpublic\b", r"私[有人密]|\bprivate\b"),
        (r"公的|\bmale\b|男", r"母的|\bfemale\b|女"),
        (r"变好|好转|\bbetter\b|\bimprov", r"变差|恶化|更糟|\bworse\b|\bworsen"),
        (r"\bfull of\b|充满", r"\bfree of\b|\bwithout\b|没有"),
        (r"批准|\bapprov", r"驳回|否决|\bdenied\b|\bdeny\b"),
        (r"多[了数]|大[多部]|\bmajority\b", r"少数|\bminority\b"),
        (r"胖|\bgained\b", r"瘦|\blost\b"),
        (r"正常|\bnormal", r"异常|不正常|\babnormal"),
    )
)


def clauses(text: str) -> list[str]:
    """A text cut at punctuation and at words that join clauses."""
    found: list[str] = []
    start = 0
    for cut in _CUT.finditer(text):
        found.append(text[start : cut.start()])
        start = cut.end() if not cut[0].strip().isalpha() else cut.start() + 1
    return [clause.strip() for clause in (*found, text[start:]) if clause.strip()]


def best_clause(clause: str, others: Sequence[str]) -> tuple[str, float]:
    """The clause that says most of another one's words, and the share; of equals the shortest."""
    wanted = features(clause)
    shares = [(len(wanted & features(other)) / max(1, len(wanted)), -len(other), other) for other in others]
    share, _, best = max(shares, default=(0.0, 0, ""))
    return best, share


def contradictions(claim: str, source: str) -> Iterator[str]:
    """Clauses of a claim that deny what their source says, affirm what it denies, or say the opposite.

    Both texts in the normal form NFKC.
    """
    said = [fold(clause) for clause in clauses(source)]
    spoken = _Words.of(said)
    for written in clauses(claim):
        clause = fold(written)
        best, share = best_clause(clause, said)
        if _is_denial(clause, best, spoken, said) or (share and _is_opposite(clause, best)):
            yield written


class _Words(NamedTuple):
    """The content words of clauses that are affirmed, all in one text, and those that are denied, denial by denial."""

    affirmed: str
    denied: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Words:
        """The words of folded clauses."""
        affirmed: list[str] = []
        denied: list[tuple[str, ...]] = []
        for text in texts:
            rest = _NO_DENIAL.sub(" ", text)
            at = len(rest)
            for m in reversed(list(_DENIAL.finditer(rest))):
                scope = content(rest[m.end() : at])
                denied.append(tuple(scope[:_SCOPE]))
                affirmed += scope[_SCOPE:]
                at = m.start()
            affirmed += content(rest[:at])
        return cls(f" {' '.join(affirmed)} ", tuple(denied))


def _is_denial(clause: str, best: str, spoken: _Words, said: Sequence[str]) -> bool:
    """Whether a clause denies what is said or says what is denied; ``best`` is the clause that it follows."""
    mine = _Words.of([clause])
    for scope in filter(None, mine.denied):
        if _mostly(scope, spoken.affirmed) and not any(scope[0] in theirs for theirs in spoken.denied):
            return not _is_negative(best, clause)
        if not spoken.denied and not any(_says_word(word, spoken.affirmed) for word in scope):
            return not any(_is_negative(text, clause) for text in said)
    for scope in filter(None, () if _denies(clause) else spoken.denied):
        if _mostly(scope, mine.affirmed):
            both = _says_word(scope[0], spoken.affirmed)
            return (_denies(best) or not both) and not _is_negative(clause, best)
    return False


def _mostly(scope: Sequence[str], text: str) -> bool:
    """Whether a text has what is denied: the word after the denial, and half of all."""
    return _says_word(scope[0], text) and 2 * sum(_says_word(word, text) for word in scope) >= len(scope)


def _says_word(word: str, text: str) -> bool:
    """Whether a text of words holds one; a Han word also by its characters: 洗油 in 洗了油."""
    return f" {word} " in text or (_HAN.match(word) is not None and all(c in text for c in word))


def _is_negative(text: str, other: str) -> bool:
    """Whether a clause is negative by the meaning of a word that the other has not."""
    return any(word.search(text) and not word.search(other) for word in _NEGATIVE)


def _denies(text: str) -> bool:
    """Whether a clause denies: an odd number of negations."""
    return len(_DENIAL.findall(_NO_DENIAL.sub(" ", text))) % 2 == 1


def _is_opposite(claim: str, source: str) -> bool:
    return any(
        (_speaks(one, other, claim) and _speaks(other, one, source))
        or (_speaks(other, one, claim) and _speaks(one, other, source))
        for one, other in _OPPOSITES
    )


def _speaks(one: re.Pattern[str], other: re.Pattern[str], text: str) -> bool:
    return bool(one.search(text)) and not other.search(text)
