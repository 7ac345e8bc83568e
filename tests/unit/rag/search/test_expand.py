"""What a weak question's words are also looked for as, and what never happens: noise, secrets, work for nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.search import expand
from rag.search.expand import content, expanded, restated
from rag.store.lexical import LexicalIndex
from rag.types import NO_FILTERS, Chunk, Filters, Part, Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rag.search.fuse import Scored

NOTES = {
    1: "We deploy with Kubernetes on three machines",
    2: "自行车坏了，要去修",
    3: "The harvest of tomatoes was late this year",
    4: "小狗在公园里跑",
    5: "A secret zeppelin in a private note",
}
SECRET = 5
MEANINGS = {
    "bicycle": [("自行车", 0.7), ("单车", 0.5)],
    "单车": [("bicycle", 0.6), ("自行车", 0.5)],
    "airship": [("zeppelin", 0.8)],
    "crop": [("harvest", 0.6), ("harvests", 0.6)],
    "park": [("公园", 0.7)],
}


@dataclass
class FakeThesaurus:
    """Knows a few words; remembers which it was asked for."""

    meanings: Mapping[str, Sequence[tuple[str, float]]] = field(default_factory=lambda: MEANINGS)
    words: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    def knows(self, word: str) -> bool:
        return word in self.words

    def neighbours(self, word: str) -> Sequence[tuple[str, float]]:
        self.asked.append(word)
        return self.meanings.get(word, ())


class FakeFilter:
    """Filters that exclude anything leave the secret out."""

    def allowed_keys(self, filters: Filters) -> NDArray[np.int64] | None:
        return np.array([key for key in NOTES if key != SECRET]) if filters.exclude else None

    def keys(self) -> NDArray[np.int64]:
        return np.array(list(NOTES))

    def by_place(self, keys: Sequence[int]) -> list[int]:
        return sorted(keys)


def passage(key: int, body: str) -> Chunk:
    """A passage in a document of its own."""
    return Chunk(f"notes/{key}", 0, len(body), body, body, "", (1, 1), key=key)


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    """The notes, indexed."""
    made = LexicalIndex(tmp_path)
    made.rebuild(iter([[passage(key, body) for key, body in NOTES.items()]]), 1)
    return made


def asked(
    index: LexicalIndex, text: str, thesaurus: FakeThesaurus | None = None, filters: Filters = NO_FILTERS
) -> tuple[list[int], dict[str, str]]:
    """Keys that are found, best first, and what words were also looked for as."""
    query = Query(text, filters)
    plain = index.search(query, 10)
    found, parts = expanded(index, query, plain, 10, key_filter=FakeFilter(), thesaurus=thesaurus)
    if not parts:
        assert found == plain
    assert all(part == Part("words", part.written, part.meaning) for part in parts)
    return [key for key, _ in found], {part.written: part.meaning for part in parts}


# --- words of a question -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Which machines?", [("machines", "machines", "machin")]),
        ("Ｋｕｂｅｒｎｅｔｅｓ", [("Ｋｕｂｅｒｎｅｔｅｓ", "kubernetes", "kubernet")]),
        ("the CAFÉ's menu", [("CAFÉ", "cafe", "cafe"), ("menu", "menu", "menu")]),
        ("單車放在哪裡？", [("單車", "单车", "单车"), ("放在", "放在", "放在")]),
        ("GPT-4 v2 fooBar snake_case e-mail 2021 x86", []),
        ("note notes", [("note", "note", "note")]),
        ("的 什么 is the", []),
        ("カタカナ встреча", []),
        ("", []),
    ],
)
def test_words_that_carry_meaning(text: str, words: list[tuple[str, str, str]]) -> None:
    """As written, folded, and as a term; no identifiers, numbers, words of grammar, or other scripts; each once."""
    assert [tuple(word)[:3] for word in content(text)] == words


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('Who sang "Yesterday"?', {"Yesterday"}),
        ('Who sang "the long winding road" there?', {"long", "winding", "road"}),
        ("who sang 'yesterday'?", {"yesterday"}),
        ("谁唱了“昨天”和《小城故事》？", {"昨天", "小城", "故事"}),
        ("Where did Mara buy bread in Berlin?", set()),  # notes may have them in the other language
        ("洗衣机 Manual 在哪里", set()),
        ('which 27" screen has my 15" laptop', set()),
        ("washing machine", set()),
    ],
)
def test_names(text: str, names: set[str]) -> None:
    """Words in quotes."""
    assert {word.written for word in content(text) if word.is_quoted} == names


# --- mistyped ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "shown"),
    [
        ("kuberentes", 1, {"kuberentes": "kubernetes"}),
        ("Kubernettes?", 1, {"Kubernettes": "kubernetes"}),
        ("ｍａｃｈｉｅｎｓ", 1, {"ｍａｃｈｉｅｎｓ": "machines"}),
        ("the harvst", 3, {"harvst": "harvest"}),
    ],
)
def test_mistyped_word_is_found(index: LexicalIndex, text: str, key: int, shown: dict[str, str]) -> None:
    """Without any model; the trace tells what it was taken for, in full and not stemmed."""
    assert asked(index, text) == ([key], shown)


@pytest.mark.parametrize(
    "text", ["harvests", "GPT-44", "harvst2", "harvst_x", "HARVS", "2024", "自行汽车", "tometo"]
)
def test_what_is_no_slip_is_left_as_it_is(index: LexicalIndex, text: str) -> None:
    """Known by its stem, an identifier, a number, an acronym, Chinese, or too far from all known words."""
    assert asked(index, text)[1] == {}


def test_word_that_a_model_knows_is_no_slip(index: LexicalIndex) -> None:
    """`tomatoe` might be one; `harvester` is a word that the notes happen not to have."""
    assert asked(index, "harvestar")[1] == {"harvestar": "harvest"}
    assert asked(index, "harvestar", FakeThesaurus(words=frozenset({"harvestar"})))[1] == {}


def test_at_most_three_words_one_of_each_stem(tmp_path: Path) -> None:
    """Only the nearest; the most frequent first."""
    index = LexicalIndex(tmp_path)
    bodies = ["lost lost", "lost loss", "lose loses", "lasting", "lots of it", "loss"]
    index.rebuild(iter([[passage(key, body) for key, body in enumerate(bodies, 1)]]), 1)
    keys, shown = asked(index, "losr")
    assert shown == {"losr": "loss, lost, lose"}
    assert set(keys) == {1, 2, 3, 6}


def test_mistyped_word_weighs_less_than_a_right_one(tmp_path: Path) -> None:
    """Who says it as the question spells it comes first, and nothing is looked for beside."""
    index = LexicalIndex(tmp_path)
    index.rebuild(iter([[passage(1, "a kubernets typo"), passage(2, "the kubernetes cluster")]]), 1)
    keys, shown = asked(index, "kubernets clustr")
    assert shown == {"clustr": "cluster"}
    assert sorted(keys) == [1, 2]


# --- what words mean ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "shown"),
    [
        ("bicycle", 2, {"bicycle": "自行车"}),
        ("Bicycle?", 2, {"Bicycle": "自行车"}),
        ("單車", 2, {"單車": "自行车"}),
        ("the crop", 3, {"crop": "harvest"}),
    ],
)
def test_word_is_found_by_what_it_means(
    index: LexicalIndex, text: str, key: int, shown: dict[str, str]
) -> None:
    """In the other language and in the same one; only words that the notes have are told, one of each stem."""
    keys, told = asked(index, text, FakeThesaurus())
    assert (keys[0], told) == (key, shown)


@pytest.mark.parametrize("text", ['Who has the "bicycle"?', "《單車》"])
def test_name_is_not_looked_for_by_what_it_means(index: LexicalIndex, text: str) -> None:
    """A song called Yesterday is no day; but a name may be mistyped."""
    thesaurus = FakeThesaurus()
    assert asked(index, text, thesaurus)[1] == {}
    assert thesaurus.asked == []
    assert asked(index, 'who runs "Kubernettes"', thesaurus)[1] == {"Kubernettes": "kubernetes"}


def test_strong_question_is_left_as_it_is(index: LexicalIndex) -> None:
    """Its words are in a passage: what they mean is not even asked."""
    thesaurus = FakeThesaurus()
    assert asked(index, "tomatoes harvest bicycle", thesaurus)[1] == {}
    assert thesaurus.asked == []


def test_word_that_the_notes_have_needs_no_other(index: LexicalIndex) -> None:
    """However weak the question: `machines` is in a note, `bicycle` is not, unless filters leave that note out."""
    thesaurus = FakeThesaurus({"machines": [("tomatoes", 0.9)], "zeppelin": [("machines", 0.9)]})
    text = "machines bicycle unicorn dragon griffin basilisk sphinx"
    assert asked(index, text, thesaurus)[1] == {}
    assert "bicycle" in thesaurus.asked
    assert "machines" not in thesaurus.asked
    hidden = Filters(exclude=("notes/5",))
    assert asked(index, "zeppelin", thesaurus)[1] == {}
    assert asked(index, "zeppelin", thesaurus, hidden) == ([1], {"zeppelin": "machines"})


def test_without_a_model_no_word_is_found_by_what_it_means(index: LexicalIndex) -> None:
    """Only spelling helps."""
    assert asked(index, "bicycle") == ([], {})


def test_many_words_that_mean_the_same_count_once(tmp_path: Path) -> None:
    """A passage that has all of them is not better than one that has the best, of the same length."""
    index = LexicalIndex(tmp_path)
    index.rebuild(
        iter([[passage(1, "单车 自行车"), passage(2, "单车 单车"), passage(3, "自行车 自行车")]]), 1
    )
    query = Query("bicycle")
    (both, _), *_ = [expanded(index, query, [], 10, key_filter=FakeFilter(), thesaurus=FakeThesaurus())]
    scores: dict[int, float] = dict(both)
    assert scores[3] >= scores[1]


def test_question_is_restated_in_the_words_that_the_notes_have() -> None:
    """The best of each, whole words only; other things that were understood of it leave it alone."""
    parts = [
        Part("words", "tomato", "potatoes, tomatillo"),
        Part("words", "單車", r"\1"),
        Part("time", "today", "2024-01-01"),
        Part("words", "absent", "present"),
    ]
    said = "tomatoes, tomato 單車在哪 today?"
    assert restated(said, parts) == r"tomatoes, potatoes \1在哪 today?"
    assert restated(said, []) == said


# --- promises ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["zeppelinn", "airship"])
def test_no_word_of_a_passage_that_filters_leave_out_is_told(index: LexicalIndex, text: str) -> None:
    """Neither by its spelling nor by what it means."""
    hidden = Filters(exclude=("notes/5",))
    assert asked(index, text, FakeThesaurus()) == ([SECRET], {text: "zeppelin"})
    assert asked(index, text, FakeThesaurus(), hidden) == ([], {})


def test_a_hidden_word_does_not_stand_before_one_that_may_be_told(tmp_path: Path) -> None:
    """The nearest is in the secret note alone: the next one is taken, as if there were no such note."""
    index = LexicalIndex(tmp_path)
    index.rebuild(iter([[passage(1, "an old contrabass"), passage(SECRET, "the contrabands")]]), 1)
    assert asked(index, "contrabandss")[1] == {"contrabandss": "contrabands"}
    hidden = Filters(exclude=("notes/5",))
    assert asked(index, "contrabandss", None, hidden)[1] == {"contrabandss": "contrabass"}


def test_word_of_a_deleted_passage_is_not_told(tmp_path: Path) -> None:
    """Though tantivy still has it in its dictionary."""
    index = LexicalIndex(tmp_path)
    index.rebuild(iter([[passage(1, "zeppelin"), passage(2, "balloon")]]), 1)
    index.apply([], [1], 2)
    known = index.known(lambda: None)
    assert known is not None
    assert known.spelt("ze") == [("zeppelin", 1)], "else this test shows nothing"
    assert asked(index, "zeppelinn airship", FakeThesaurus()) == ([], {})


def test_same_question_same_answer(index: LexicalIndex, tmp_path: Path) -> None:
    """Whatever order the passages came in."""
    other = LexicalIndex(tmp_path / "other")
    other.rebuild(iter([[passage(key, body)] for key, body in reversed(NOTES.items())]), 1)
    for text in ("kuberentes", "bicycle park", "harvst tomatos crop"):
        assert asked(index, text, FakeThesaurus()) == asked(other, text, FakeThesaurus())


def test_without_an_index_nothing_is_looked_for(tmp_path: Path) -> None:
    """A home that has no full text yet."""
    nothing: list[Scored] = []
    found = expanded(LexicalIndex(tmp_path), Query("harvst"), nothing, 10, key_filter=FakeFilter())
    assert found == ([], ())


def test_weak_is_told_by_the_ceiling(index: LexicalIndex) -> None:
    """A list whose best passage says little of the question is weak, however long."""
    query = Query("bicycle")
    ceiling = index.ceiling(Query("harvest"))
    assert ceiling > 0
    strong = [(3, ceiling * 2)]
    found = expanded(
        index, Query("harvest crop"), strong, 10, key_filter=FakeFilter(), thesaurus=FakeThesaurus()
    )
    assert found == (strong, ())
    weak = [(3, expand._WEAK * index.ceiling(query) * 0.9)]
    _, parts = expanded(index, query, weak, 10, key_filter=FakeFilter(), thesaurus=FakeThesaurus())
    assert [part.meaning for part in parts] == ["自行车"]
