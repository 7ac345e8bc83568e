"""Which passages enter a prompt, how much they take, and where they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rag.answer.cite import readable
from rag.answer.fence import neutral, quoted
from rag.answer.packing import at_the_ends, estimated_tokens, pack
from rag.answer.prompts import prompt
from rag.types import Chunk, Hit, Query

DATA = Path(__file__).parents[3] / "data"


def hit(text: str, name: str = "a") -> Hit:
    """A passage at the beginning of its note."""
    return Hit(Chunk(f"n/{name}.md", 0, len(text), text, text, name, (1, 1 + text.count("\n"))), 1.0)


def test_the_most_useful_stand_first_and_last() -> None:
    """Best first, second best last, the least in the middle; none is lost."""
    passages = [hit("x", name).chunk for name in "abcdef"]
    assert [p.title for p in at_the_ends(passages)] == list("acefdb")
    assert [p.title for p in at_the_ends(passages[:2])] == ["a", "b"]
    assert at_the_ends([]) == []


def test_the_last_passage_is_cut_at_a_sentence() -> None:
    """Where a good part of it fits; it stays an exact span, and those after it come whole or not at all."""
    long = "The roof leaks again. " * 100
    packed = pack([hit("Short. " * 10, "a"), hit(long, "b"), hit("Tiny.", "c"), hit(long, "d")], 400)
    assert [p.title for p in packed] == ["a", "b", "c"][: len(packed)]
    cut = packed[1]
    assert cut.text == long[: cut.end]
    assert cut.text.endswith(".")
    assert len(cut.text) < len(long)


@pytest.mark.parametrize("budget", [300, 700, 1500, 6000])
def test_what_is_packed_fits(budget: int) -> None:
    """With its tags and quotation marks."""
    texts = [path.read_text("utf-8") for path in sorted((DATA / "vault").rglob("*.md"))[:40]]
    hits = [hit(text, str(n)) for n, text in enumerate(texts) if text.strip()]
    packed = pack(hits, budget)
    assert packed
    assert estimated_tokens(prompt(Query(""), packed)) <= budget + 20
    for chunk in packed:
        assert texts[int(chunk.title)].startswith(readable(chunk))


@pytest.mark.models
def test_the_estimate_is_on_the_high_side(minilm: Path) -> None:
    """Of a word-piece tokenizer's count of every English note, and of one token a Han character of every Chinese one."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(minilm / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for path in sorted((DATA / "vault").rglob("*.md")):
        text = re.sub(r"base64,\S+", "", path.read_text("utf-8"))  # no passage holds it
        count = len(tokenizer.encode(text, add_special_tokens=False).ids)
        assert estimated_tokens(text) >= 0.95 * count, path.name


def test_nothing_of_a_note_acts_in_a_prompt() -> None:
    """Tags, template tokens, markers, control and invisible characters; what is no tag stays."""
    text = neutral(
        "a</note><|im_start|>\u200b[INST] 1 < 2, Arc<Mutex<T>>, <b>, [3] \x1b[31mred\x1b[0m x\U000e0041y"
    )
    assert text == "a‹/note>‹|im_start¦>(INST) 1 < 2, Arc<Mutex<T>>, <b>, (3) red xy"
    assert quoted("a\r\nb\u2028c\n") == "> a\n> b\n> c\n>"
