"""Filters that are typed into a question."""

from __future__ import annotations

from datetime import date

import pytest

from rag.errors import QuestionError
from rag.search.reading import read
from rag.types import Condition, Filters, Reading, Span

TODAY = date(2023, 11, 15)


def reading(question: str) -> Reading:
    """On a Wednesday."""
    return read(question, today=TODAY)


def test_all_of_them_at_once() -> None:
    """Each goes to its field; what remains is looked for, the words of a phrase too."""
    typed = (
        'tag:x -tag:y path:2023/ -path:old type:pdf -type:epub lang:zh director:x rating:>4 "exact phrase"'
    )
    got = reading(f"{typed} after:2023-01 before:2023-07 green tea")
    assert got.text == "green tea exact phrase"
    assert got.filters == Filters(
        paths=("2023/",),
        without_paths=("old",),
        tags=("x",),
        without_tags=("y",),
        types=("pdf",),
        without_types=("epub",),
        languages=("zh",),
        conditions=(Condition("director", "=", "x"), Condition("rating", ">", "4")),
        phrases=("exact phrase",),
        spans=(Span(date(2023, 1, 1), date(2023, 6, 30)),),
    )
    assert all(part.hard for part in got.parts)
    assert [(p.kind, p.meaning) for p in got.parts] == [
        ("tag", "tag:x"),
        ("tag", "-tag:y"),
        ("path", "path:2023/"),
        ("path", "-path:old"),
        ("type", "type:pdf"),
        ("type", "-type:epub"),
        ("language", "lang:zh"),
        ("property", "director = x"),
        ("property", "rating > 4"),
        ("phrase", '"exact phrase"'),
        ("time", "2023-01-01.."),
        ("time", "..2023-06-30"),
    ]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("标签：读书 笔记", Filters(tags=("读书",))),
        ("tag：读书", Filters(tags=("读书",))),
        (
            "路径:日记/2023 类型:pdf 语言:英文",
            Filters(paths=("日记/2023",), types=("pdf",), languages=("en",)),
        ),
        ("folder:Work", Filters(paths=("work",))),
        ("language:English", Filters(languages=("en",))),
        ("type:.PDF", Filters(types=("pdf",))),
        ('tag:"green tea"', Filters(tags=("green tea",))),
        ('director:"王家卫"', Filters(conditions=(Condition("director", "=", "王家卫"),))),
        ("导演:王家卫 电影", Filters(conditions=(Condition("导演", "=", "王家卫"),))),
        ("rating:>=4", Filters(conditions=(Condition("rating", ">=", "4"),))),
        ("rating:＞4", Filters(conditions=(Condition("rating", ">", "4"),))),
        ("finished:<2023-05", Filters(conditions=(Condition("finished", "<", "2023-05"),))),
        ("#books", Filters(tags=("books",))),
        ("-#books tea", Filters(without_tags=("books",))),
        ("tag:#books/sf", Filters(tags=("books/sf",))),
        ("“深度 工作” 方法", Filters(phrases=("深度 工作",))),
        ("「深度工作」", Filters(phrases=("深度工作",))),
        ('关于"深度工作"的笔记', Filters(phrases=("深度工作",))),
    ],
)
def test_spellings(question: str, expected: Filters) -> None:
    """Chinese names of keys, a full-width colon, quotes around values, a tag by itself."""
    assert reading(question).filters == expected


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("after:2023-01 before:2023-07", date(2023, 1, 1), date(2023, 6, 30)),
        ("after:2023-05-03", date(2023, 5, 3), date.max),
        ("before:2023", date.min, date(2022, 12, 31)),
        ("date:2023-05", date(2023, 5, 1), date(2023, 5, 31)),
        ("on:2023-05-03", date(2023, 5, 3), date(2023, 5, 3)),
        ("date:2023/5", date(2023, 5, 1), date(2023, 5, 31)),
        ("date:yesterday", date(2023, 11, 14), date(2023, 11, 14)),
        ("date:去年", date(2022, 1, 1), date(2022, 12, 31)),
        ('date:"last month"', date(2023, 10, 1), date(2023, 10, 31)),
        ("之后:2023-05", date(2023, 5, 1), date.max),
        ("date:2023 after:2023-05", date(2023, 5, 1), date(2023, 12, 31)),
    ],
)
def test_days(typed: str, first: date, last: date) -> None:
    """``after`` from the first day of what is named, ``before`` until the day before it."""
    assert reading(typed).filters.spans == (Span(first, last),)


@pytest.mark.parametrize(
    "question",
    [
        "std::vector and int main",
        "see http://example.org/a:b for more",
        "at 12:30 in C:\\Users",
        "note: this is prose",
        "note:this",
        "问题:如何升级",
        "请问:哪个城市最大",
        "localhost:8080 refuses",
        "a ratio of 3:4",
        "re: your mail",
        "鲁迅说：世上本没有路",
        "he said “hello there”, and left",
        "作者对“三体”的看法",
        "「八篇書」是什麼書？",
        'a 27" monitor and a 24" one',
        "C# and F#",
        "issue #12",
        "tag: with a space",
        "-foo:bar",
        '"',
        '""',
        "a:",
    ],
)
def test_prose_is_left_alone(question: str) -> None:
    """Addresses, times, paths, ratios, code, and names in quotes that no white space sets off."""
    got = reading(question)
    assert (got.text, got.filters, got.parts) == (question, Filters(), ())


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("after:soon tea", "after:soon cannot be read"),
        ("rating:> tea", "rating:> cannot be read"),
        ("lang:xx", "lang:xx cannot be read. Write it as lang:zh, lang:en"),
        ("date:2023-13", "date:2023-13 cannot be read"),
        ("type:a/b", "type:a/b cannot be read"),
        ("path:/", "path:/ cannot be read"),
        ("tag:#", "tag:# cannot be read"),
        ("-lang:zh", "Only tag:, path: and type: can"),
        ("after:2023-07 before:2023-01", "after:2023-07 before:2023-01 leave no day"),
    ],
)
def test_what_cannot_be_read_is_said(question: str, says: str) -> None:
    """In one line that names key, value and remedy."""
    with pytest.raises(QuestionError) as error:
        reading(question)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_filters_beside_the_question_stay() -> None:
    """Typed ones are added; days must be of both."""
    beside = Filters(tags=("a",), folders=("v",), spans=(Span(date(2022, 1, 1), date(2023, 3, 31)),))
    got = read("tag:b after:2023", today=TODAY, filters=beside).filters
    assert (got.tags, got.folders) == (("a", "b"), ("v",))
    assert got.spans == (Span(date(2023, 1, 1), date(2023, 3, 31)),)
    with pytest.raises(QuestionError, match="leave no day of those given beside it"):
        read("after:2024", today=TODAY, filters=beside)


def test_only_filters_ask_for_all_that_they_leave() -> None:
    """There is nothing to rank by."""
    got = reading("tag:books type:pdf")
    assert (got.text, got.gathers) == ("", True)


def test_quotes_in_a_sentence_may_be_names() -> None:
    """On request they are exact only among words to search for."""
    sentence, words = 'Which "Roseanne" star is in Scream 2?', '"deep work" notes'
    assert reading(sentence).filters.phrases == ("Roseanne",)
    assert read(sentence, today=TODAY, exact_in_sentences=False) == Reading(text=sentence, rest=sentence)
    assert read(words, today=TODAY, exact_in_sentences=False).filters.phrases == ("deep work",)


@pytest.mark.parametrize(
    ("question", "conditions"),
    [
        ("which tag of nginx:latest did I pin", ()),
        ("nginx:> 4", ()),
        ("rating:>4 of nginx:latest", (Condition("rating", ">", "4"),)),
        ("评分:>4 的书", (Condition("评分", ">", "4"),)),
        ("Read-At:2023", (Condition("Read-At", "=", "2023"),)),
        ("city:Berlin", (Condition("city", "=", "Berlin"),)),
    ],
)
def test_a_condition_on_what_no_note_has_is_plain_words(
    question: str, conditions: tuple[Condition, ...]
) -> None:
    """Names are compared as conditions compare them: in any case, in both languages, one inside another by its own."""
    got = read(question, today=TODAY, properties=lambda: ["rating", "read_at", "home.city"])
    assert got.filters.conditions == conditions
    if not conditions:
        assert got == Reading(text=question, rest=question)


def test_notes_are_asked_for_their_properties_only_where_a_condition_may_stand() -> None:
    """Once, however many conditions there are."""
    asked: list[int] = []

    def properties() -> list[str]:
        asked.append(1)
        return ["rating"]

    for plain in ("what did I read in 2022?", "tag:books after:2023 tea", 'at 12:30 "deep work"'):
        read(plain, today=TODAY, properties=properties)
    assert asked == []
    read("rating:>4 rating:<9 nginx:latest", today=TODAY, properties=properties)
    assert asked == [1]


def test_an_attribute_s_value_is_no_phrase() -> None:
    """A piece of HTML or code that was pasted asks for no passage that holds its numbers."""
    pasted = '<img width="425" alt=\'x\' src="http://example.org/a b.png"> say="no" A quokka was seen.'
    assert reading(pasted).filters.phrases == ()
    assert reading('"A quokka" width="425"').filters.phrases == ("A quokka",)
