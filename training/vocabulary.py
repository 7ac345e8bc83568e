"""The tokenizer of the built-in model: one ``tokenizer.json`` for Chinese and English.

WordPiece with an empty continuation prefix is longest match over one vocabulary: Chinese words and characters,
English words and pieces of words. Folding (width, script, case, accents) is a character map in its normaliser, made
from ``rag.store.tokens.fold``, so the dense and the lexical side read a text alike.
"""

from __future__ import annotations

import base64
import io
import json
import re
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rag.store.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNKNOWN: Final = "[UNK]"
_BUCKETS: Final = 1024  # rows that characters without a row of their own share
_PIECES: Final = 6_000
_LONGEST_HAN, _LONGEST_LATIN, _LONGEST_NUMBER = 8, 24, 4
_BEYOND, _RARE = (
    0x20000,
    0x3400,
)  # Han characters beyond the basic plane, and the first of a rare block inside
_YEARS: Final = tuple(str(year) for year in range(1900, 2031))
_LATIN: Final = re.compile(r"[a-z]+|[0-9]+")
_HAN: Final = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN_RUN: Final = re.compile(f"[{_HAN}]+")
_OTHER: Final = "\u3041-\u30ff\u31f0-\u31ff\uac00-\ud7a3\u0370-\u03ff\u0400-\u04ff"
# The tokenizer's own cut: runs of one kind, at most 40 characters, all else is dropped.
_RUN: Final = f"[a-z0-9]{{1,40}}|[{_HAN}\U00020000-\U0003ffff]{{1,40}}|[{_OTHER}]"


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Words of folded texts: jieba's for Chinese, runs of letters or digits for the rest."""
    import rjieba

    found: Counter[str] = Counter()
    for text in texts:
        folded = fold(text)
        found.update(_LATIN.findall(folded))
        for run in _HAN_RUN.findall(folded):
            found.update(rjieba.cut(run))
            found.update(set(run))
    return found


def choose(counts: Counter[str], *, chinese: int, english: int) -> list[str]:
    """The vocabulary, in a fixed order: what each row of the model stands for.

    Args:
        counts: of words and characters.
        chinese: how many words of two or more Han characters.
        english: how many words of Latin letters or digits.
    """
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    han = [w for w in ordered if len(w) == 1 and _HAN_RUN.fullmatch(w) and counts[w] > 1]
    words = [w for w in ordered if 1 < len(w) <= _LONGEST_HAN and _HAN_RUN.fullmatch(w)][:chinese]
    latin = [
        w
        for w in ordered
        if w.isascii() and 1 < len(w) <= _LONGEST_LATIN and (w.isalpha() or len(w) <= _LONGEST_NUMBER)
    ]
    chosen, rare = latin[:english], latin[english:]
    singles = [*"abcdefghijklmnopqrstuvwxyz0123456789"]
    pairs = [f"{n:02d}" for n in range(100)]
    pieces = _pieces({word: counts[word] for word in rare if word.isalpha()})
    return list(dict.fromkeys([UNKNOWN, *singles, *pairs, *_YEARS, *chosen, *pieces, *han, *words]))


def tokenizer_json(vocabulary: Sequence[str]) -> str:
    """The tokenizer, self-contained."""
    ids = {token: row for row, token in enumerate(vocabulary)}
    rows = len(ids)
    for code in _fallbacks():
        ids.setdefault(chr(code), rows + code % _BUCKETS)
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [],
            "normalizer": {"type": "Precompiled", "precompiled_charsmap": _charsmap()},
            "pre_tokenizer": {
                "type": "Split",
                "pattern": {"Regex": _RUN},
                "behavior": "Removed",
                "invert": True,
            },
            "post_processor": None,
            "decoder": None,
            "model": {
                "type": "WordPiece",
                "unk_token": UNKNOWN,
                "continuing_subword_prefix": "",
                "max_input_chars_per_word": 64,
                "vocab": ids,
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def size(vocabulary: Sequence[str]) -> int:
    """Rows of a model with this vocabulary, the shared ones included."""
    return len(vocabulary) + _BUCKETS


def components(word: str, ids: dict[str, int]) -> list[int]:
    """Rows that a word shares with its kin: its characters (Chinese) or its stem (English)."""
    if _HAN_RUN.fullmatch(word):
        return [ids[c] for c in word if c in ids] if len(word) > 1 else []
    if word.isalpha():
        stem = _stem(word)
        return [ids[stem]] if stem != word and stem in ids else []
    return []


def _stem(word: str) -> str:
    import Stemmer

    return str(Stemmer.Stemmer("english").stemWord(word))


def _pieces(rare: dict[str, int]) -> list[str]:
    from tokenizers import Tokenizer, models, trainers

    learner = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(vocab_size=_PIECES, show_progress=False)
    learner.train_from_iterator((w for w, n in sorted(rare.items()) for _ in range(min(n, 5))), trainer)
    return sorted(learner.get_vocab(), key=lambda piece: (len(piece), piece))


def _fallbacks() -> Iterable[int]:
    yield from (*range(0x3005, 0x3008), *range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))
    yield from range(0xF900, 0xFB00)  # those that folding leaves as they are
    yield from (*range(0x3041, 0x3100), *range(0x31F0, 0x3200), *range(0xAC00, 0xD7A4))
    yield from range(0x370, 0x500)


def _in_basic_plane(char: str) -> str:
    """The character; a Han one beyond becomes a rare one inside that has the same row.

    As a token each would make the file a third longer.
    """
    return chr(_RARE + ord(char) % _BUCKETS) if ord(char) >= _BEYOND else char


def _charsmap() -> str:
    """``fold``, character by character, as the double array that ``Precompiled`` reads (base64)."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    rules = []
    for code in range(0x20, 0x40000):
        char = chr(code)
        if unicodedata.category(char) in {"Cs", "Cn", "Co"}:
            continue
        folded = "".join(map(_in_basic_plane, fold(char)))
        if folded != char:
            rules.append(f"{code:X}\t{' '.join(f'{ord(c):X}' for c in folded)}\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.tsv"
        path.write_text("".join(rules), "utf-8")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a character map is all that is wanted"] * 10),
            model_writer=model,
            model_type="char",
            vocab_size=30,
            hard_vocab_limit=False,
            normalization_rule_tsv=str(path),
            minloglevel=2,
        )
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
