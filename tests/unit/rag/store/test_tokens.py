"""Text analysis: folding, words, grams and exact spans."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store.tokens import Term, analyse, analyse_query, common, fold, terms, words

# Characters that folding changes in length, joins, drops or swaps, among plain ones.
TRICKY = st.text(
    st.sampled_from(
        "ab1 -_.'’漢汉字說说，。…①㎏ﬁßİéé\u0301\u200d\u200b\ufe0fｶﾞガ각\u1100\u1161Ａ１＃Ⅷ½カ하สวัहि🎉\n"
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＧＰＴ－４", "gpt-4"),
        ("漢語說話", "汉语说话"),
        ("臺灣", "台湾"),
        ("Beyoncé", "BEYONCE"),
        ("cafe\u0301", "café"),
        ("ﬁne", "fine"),
        ("５㎏", "5kg"),
        ("Straße", "STRASSE"),
        ("re\u00adsume\u200b", "resume"),
        ("O’Brien", "O'Brien"),
        ("ｶﾞｽ", "ガス"),
        ("为衞", "為卫"),
    ],
)
def test_equal_spellings_fold_to_one(one: str, other: str) -> None:
    """Width, script, case, accents, ligatures and invisible characters make no difference."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("й", "и"), ("が", "か"), ("汉", "漠"), ("서울", "서올"), ("हिन्दी", "हन्द")]
)
def test_letters_that_differ_stay_apart(one: str, other: str) -> None:
    """Folding takes accents off Latin letters only: marks of other scripts carry meaning."""
    assert fold(one) != fold(other)


@given(st.text(max_size=40) | TRICKY)
def test_folding_twice_changes_nothing(text: str) -> None:
    """Folded text is a fixed point."""
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT-4", ["gpt-4", "gpt", "4"]),
        ("gpt4", ["gpt4", "gpt", "4"]),
        ("C++", ["c++", "c"]),
        ("C#", ["c#", "c"]),
        (".NET", [".net", "net"]),
        ("v0.2.0", ["v0.2.0", "v", "0", "2"]),
        ("bge-m3", ["bge-m3", "bge", "m", "3"]),
        ("CamelCase", ["camelcase", "camel", "case"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("snake_case", ["snake_case", "snake", "case"]),
        ("1,000", ["1000", "1", "0"]),
        ("2024-04-01", ["2024-04-01", "2024", "4", "1"]),
        ("007", ["007", "7"]),
        ("Anna's cats", ["anna", "cat"]),
        ("don't", ["don"]),
        ("AT&T", ["at&t", "at", "t"]),
        ("me@example.com", ["me@example.com", "me", "exampl", "com"]),
        ("#tag", ["tag"]),
        ("end.Next", ["end.next", "end", "next"]),
    ],
)
def test_identifiers_are_kept_whole_and_split(text: str, expected: list[str]) -> None:
    """An identifier is found by its exact form and by each of its parts; plain words are stemmed."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我在New York吃飯", ["我", "在", "new", "york", "吃饭"]),
        ("カタカナ", ["カタ", "タカ", "カナ"]),
        ("서울", ["서울"]),
        ("Привет, мир", ["привет", "мир"]),
        ("हिन्दी", ["हिन्दी"]),
        ("ไทย", ["ไท", "ทย"]),
        ("🎉", ["🎉"]),
        ("✅ done", ["✅", "done"]),
        ("", []),
        (" \n，。!?", []),
    ],
)
def test_every_script_gives_words(text: str, expected: list[str]) -> None:
    """Mixed, Japanese, Korean, Cyrillic, Indic, Thai text and lone emoji are not lost; punctuation is."""
    assert words(text) == expected


def test_an_index_also_holds_the_words_inside_long_words() -> None:
    """A question for a part finds the whole, without giving the question itself more words."""
    assert {"北京", "大学", "北京大学"} <= set(analyse("北京大学").words)
    assert analyse_query("北京大学").words == ["北京大学"]


def test_grams_are_characters_and_their_pairs_in_cjk_runs() -> None:
    """Runs end at other scripts and punctuation; a lone character stands alone."""
    assert analyse("吃饭了。好ok").grams == ["吃", "饭", "了", "吃饭", "饭了", "好", "ok"]


def test_grams_are_words_and_their_pairs_elsewhere() -> None:
    """Words as written, pairs stemmed; a pair of two common words says nothing and is left out."""
    assert analyse("The runs of Anna").grams == ["the", "runs", "the_run", "of", "run_of", "anna", "of_anna"]
    assert analyse("of the").grams == ["of", "the"]


def test_hyphenated_and_spaced_spellings_share_a_gram() -> None:
    """``GPT 4``, ``GPT-4`` and ``GPT4`` meet in a pair."""
    assert all("gpt_4" in analyse(text).grams for text in ("GPT 4", "GPT-4", "GPT4"))


def test_pairs_do_not_reach_across_other_scripts() -> None:
    """Words with Chinese between them are no neighbours."""
    assert "new_york" not in analyse("new的york").grams


def test_common_words_know_their_stems() -> None:
    """Stop words are compared with terms, which are stemmed."""
    assert {"the", "during", "dure", "what", "的", "什么"} <= common()
    assert not {"harvest", "苹果"} & common()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("重５㎏。", [("重", "重"), ("5kg", "５㎏"), ("5", "５"), ("kg", "㎏")]),
        ("ﬁne day", [("fine", "ﬁne"), ("day", "day")]),
        ("①漢語", [("1", "①"), ("汉语", "漢語")]),
        ("……說", [("说", "說")]),
        ("Beyonce\u0301’s", [("beyonc", "Beyonce\u0301")]),
        ("吃饭了", [("吃饭", "吃饭"), ("饭了", "饭了"), ("了", "了")]),
        ("my FooBar", [("my", "my"), ("foobar", "FooBar"), ("foo", "Foo"), ("bar", "Bar")]),
    ],
)
def test_spans_refer_to_the_unfolded_text(text: str, expected: list[tuple[str, str]]) -> None:
    """Each term points at exactly the characters that it came from."""
    assert [(term.text, text[term.start : term.end]) for term in terms(text)] == expected


@given(st.text(max_size=40) | TRICKY)
def test_spans_lie_inside_the_text_in_order(text: str) -> None:
    """Any text, whatever folding does to its length."""
    found = terms(text)
    assert all(0 <= term.start < term.end <= len(text) for term in found)
    assert [term.start for term in found] == sorted(term.start for term in found)


@given(TRICKY)
def test_spans_hold_what_their_terms_say(text: str) -> None:
    """Folding a span gives every character of its term: no term points beside its source."""
    assert all(set(term.text) <= set(fold(text[term.start : term.end])) for term in terms(text))


@given(st.text(st.sampled_from("漢汉字说吃飯 ab1Ａ，。…㎏-"), max_size=30))
def test_terms_and_words_agree(text: str) -> None:
    """Every word of a text is among its terms, so that one set of weights serves both."""
    assert set(words(text)) <= {term.text for term in terms(text)}


def test_terms_are_cut_to_a_bound() -> None:
    """A long blob gives a bounded term with its full span; both sides cut alike."""
    blob = "a" * 5000
    (term,) = terms(blob)
    assert term == Term("a" * 64, 0, 5000)
    assert words(blob) == ["a" * 64]


def test_plain_english_loads_no_chinese_dictionary() -> None:
    """A cold English question does not pay for jieba."""
    code = "import sys; from rag.store import tokens; tokens.analyse('naïve café'); print('rjieba' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
