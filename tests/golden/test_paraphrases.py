"""Questions in other words than their passages: what full-text search cannot find and an embedding model should."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

import footnotes
from rag.store import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from footnotes import Chunk, Engine, Hit

    Pair = Mapping[str, str]

DATA = Path(__file__).resolve().parent.parent / "data"
PAIRS: list[Pair] = yaml.safe_load((DATA / "paraphrase" / "pairs.yaml").read_text("utf-8"))

DENSE_IN_TEN = 0.4  # what is reached, less a little; 0.6 is the aim: docs/decisions/0003-built-in-model.md
PER_LANGUAGE = 60
PER_PASSAGE = 3  # more would weigh one passage's luck too much

# Beside tokens.common(): words of grammar without a topic, which the pairs cannot do without. Keep them few.
FUNCTION_WORDS = frozenset({"while", "我"})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The sample notes, indexed once."""
    with footnotes.open(tmp_path_factory.mktemp("paraphrase") / "home") as opened:
        opened.add_root(DATA / "vault")
        report = opened.sync()
        assert report.failed == []
        yield opened


@pytest.fixture(scope="module")
def passages(engine: Engine) -> dict[str, list[Chunk]]:
    """For each pair's id, all passages of all notes that hold its quote."""
    batches, _ = engine.catalogue.all_chunks()
    chunks = [chunk for batch in batches for chunk in batch]
    return {pair["id"]: [chunk for chunk in chunks if pair["quote"] in chunk.text] for pair in PAIRS}


def is_han(term: str) -> bool:
    """Whether a term is written in Chinese characters only."""
    return all("\u4e00" <= char <= "\u9fff" for char in term)


def content(text: str, analyse: Callable[[str], tokens.Analysis]) -> set[str]:
    """A text's words that carry meaning, and its pairs of neighbouring Chinese characters."""
    found = analyse(text)
    pairs = {gram for gram in found.grams if len(gram) == 2 and is_han(gram)}
    return {*found.words, *pairs} - tokens.common() - FUNCTION_WORDS


def shared_words(question: str, passage: str) -> set[str]:
    """What a question has in common with a passage; the passage is also cut into the short words inside long ones."""
    asked = content(question, tokens.analyse_query)
    return asked & (content(passage, tokens.analyse_query) | content(passage, tokens.analyse))


def finds(hits: tuple[Hit, ...], pair: Pair) -> bool:
    """Whether one of the first ten passages holds the answer."""
    return any(hit.chunk.doc_id == pair["note"] and pair["quote"] in hit.chunk.text for hit in hits[:10])


def test_set_is_balanced(passages: dict[str, list[Chunk]]) -> None:
    """As many Chinese as English pairs, no id or question twice, no passage asked for too often."""
    assert Counter(pair["language"] for pair in PAIRS) == {"en": PER_LANGUAGE, "zh": PER_LANGUAGE}
    assert len({pair["id"] for pair in PAIRS}) == len({pair["question"] for pair in PAIRS}) == len(PAIRS)
    keys = Counter(chunk.key for found in passages.values() for chunk in found)
    assert max(keys.values()) <= PER_PASSAGE


def test_quote_lies_in_one_passage_of_its_note(passages: dict[str, list[Chunk]]) -> None:
    """The quote names one passage, so that a hit is a hit."""
    places = {pair["id"]: [chunk.doc_id for chunk in passages[pair["id"]]] for pair in PAIRS}
    assert places == {pair["id"]: [pair["note"]] for pair in PAIRS}


def test_no_question_shares_a_content_word_with_its_passage(passages: dict[str, list[Chunk]]) -> None:
    """Title and headings count as part of the passage; so do names and numbers."""
    shared = {
        pair["id"]: words
        for pair in PAIRS
        for chunk in passages[pair["id"]]
        if (words := shared_words(pair["question"], chunk.index_text))
    }
    assert shared == {}


@pytest.mark.parametrize(
    ("question", "passage", "expected"),
    [
        ("Who was running?", "She runs daily.", {"run"}),
        ("Which port does it use?", "Port 8081 is used.", {"port", "use"}),
        ("What happened in 2021?", "2021-05-30 Sunday", {"2021"}),
        ("單車放在哪裡？", "单车在门口", {"单车"}),
        ("房租贵吗？", "月租和房租都涨了", {"房租"}),
        ("What is it?", "It is that.", set()),
    ],
)
def test_checker_sees_shared_words(question: str, passage: str, expected: set[str]) -> None:
    """Stems, numbers, and words in either script count; words of grammar do not."""
    assert shared_words(question, passage) == expected


def test_dense_search_finds_what_full_text_search_cannot(engine: Engine) -> None:
    """Recall in the first ten passages, over all pairs."""
    stages = {pair["id"]: engine.search(pair["question"]).stages for pair in PAIRS}
    recall: dict[str, float] = {}
    for name in ("lexical", "dense", "hybrid"):
        missed = [pair["id"] for pair in PAIRS if not finds(stages[pair["id"]][name], pair)]
        recall[name] = 1 - len(missed) / len(PAIRS)
        print(f"{name}: recall@10 {recall[name]:.3f}, missed: {', '.join(missed)}")  # noqa: T201 - shown on failure
    assert recall["dense"] >= DENSE_IN_TEN
    assert recall["lexical"] < recall["hybrid"]
    assert recall["lexical"] < recall["dense"]
