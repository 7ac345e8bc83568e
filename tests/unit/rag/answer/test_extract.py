"""Answers of the notes' own sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.extract import ExtractiveWriter
from rag.answer.verify import parse_markers
from rag.types import Chunk, Hit, Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.types import Answer


def idf(words: Sequence[str]) -> Mapping[str, float]:
    """Long words are rare."""
    return {word: float(len(word)) for word in words}


def hit(
    text: str, score: float = 1.0, *, doc: str = "n/a.md", title: str = "", at: int = 0, **more: object
) -> Hit:
    """A passage that begins at offset ``at`` of its note, on line 10."""
    lines = (10, 10 + text.count("\n"))
    fields = {"body": text, **more}
    return Hit(Chunk(doc, at, at + len(text), text, title=title, lines=lines, **fields), score)  # type: ignore[arg-type]


def ask(question: str, *hits: Hit, most: int | None = 4) -> Answer:
    """The answer from some passages, with the promises that hold for every answer checked."""
    answer = ExtractiveWriter(most=most).write(Query(question), hits, idf)
    for citation in answer.citations:
        of_note = (h.chunk for h in hits if h.chunk.doc_id == citation.doc_id)
        chunk = next(c for c in of_note if c.start <= citation.start and citation.end <= c.end)
        assert chunk.text[citation.start - chunk.start : citation.end - chunk.start] == citation.quote
    markers = [n for marker in parse_markers(answer.text) for n in marker.numbers]
    assert markers == [citation.marker for citation in answer.citations] == list(range(1, len(markers) + 1))
    return answer


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("装修厨房花了多少钱？", "客厅刷了白漆。厨房装修花了三万元。窗户还没换。"),
        ("裝修廚房花了多少錢？", "客厅刷了白漆。厨房装修花了三万元。窗户还没换。"),
        (
            "How much did the kitchen renovation cost?",
            "Walls are white. The kitchen renovation cost 30000. No windows.",
        ),
    ],
)
def test_the_sentence_that_says_it_is_quoted(question: str, text: str) -> None:
    """The best sentence comes word for word with its marker, its span and its line, in either script."""
    answer = ask(question, hit(f"前言\n{text}", at=100))
    (citation,) = answer.citations
    assert citation.quote in {"厨房装修花了三万元。", "The kitchen renovation cost 30000."}
    assert answer.text == f"{citation.quote} [1]"
    assert citation.start == 100 + 3 + text.index(citation.quote)
    assert citation.lines == (11, 11)
    assert not answer.abstained


def test_a_clear_best_sentence_stands_alone() -> None:
    """Sentences that touch the question only at the edge are left out."""
    answer = ask(
        "Rome library opening hours",
        hit("Library opening hours in Rome are 9 to 5. Rome is old. I like tea."),
    )
    assert [c.quote for c in answer.citations] == ["Library opening hours in Rome are 9 to 5."]


def test_sentences_come_in_reading_order() -> None:
    """Within a note by offset, whatever their scores; at most four."""
    text = "Garden work in May. Garden work plan of tomatoes. Garden work again. Garden plan work here. More garden work."
    answer = ask("garden work plan tomatoes", hit(text))
    starts = [c.start for c in answer.citations]
    assert len(starts) >= 2
    assert starts == sorted(starts)
    assert len(ask("garden work", hit(text), most=2).citations) == 2


def test_repeats_are_left_out_but_other_numbers_are_not() -> None:
    """The same sentence in two notes is told once; another amount is another statement."""
    same = ask("monthly rent", hit("The monthly rent is 900."), hit("The monthly rent is 900!", doc="n/b.md"))
    assert len(same.citations) == 1
    other = ask(
        "monthly rent", hit("The monthly rent is 900."), hit("The monthly rent is 950.", doc="n/b.md")
    )
    assert [c.doc_id for c in other.citations] == ["n/a.md", "n/b.md"]


@pytest.mark.parametrize(
    ("question", "named"),
    [("Which roof leaks?", ["Barn: ", "House: "]), ("哪个 roof leaks？", ["《Barn》：", "《House》："])],
)
def test_sentences_of_several_notes_name_them(question: str, named: list[str]) -> None:
    """Notes are never mixed without saying so; those of one note need no name."""
    barn = hit("The roof leaks at the gate.", title="Barn")
    house = hit("The roof leaks over our kitchen.", doc="n/b.md", title="House")
    lines = ask(question, barn, house).text.split("\n")
    assert [line.partition("The")[0] for line in lines] == named
    assert ask(question, barn).text == "The roof leaks at the gate. [1]"


def test_a_fact_takes_two_sentences_and_a_list_more() -> None:
    """What is asked for decides how much is said."""
    text = "Garden work in May. Garden work plan of tomatoes. Garden work again here. Old garden plan work."
    assert len(ask("When is garden work plan?", hit(text), most=None).citations) <= 2
    assert len(ask("Which ones are garden work plans?", hit(text), most=None).citations) > 2


def test_a_heading_lends_its_words_to_what_stands_under_it() -> None:
    """The sentence need not repeat what its heading says."""
    under = hit("He lives in Berlin.", 1.0, doc="n/b.md", heading=("Uncle Robert",))
    answer = ask("Where lives uncle Robert?", hit("She lives in Paris.", 1.0), under)
    assert answer.citations[0].quote == "He lives in Berlin." or answer.citations[-1].doc_id == "n/b.md"
    assert (
        ask("Where lives uncle Robert?", hit("She lives in Paris.", 1.0), under, most=1).citations[0].doc_id
        == "n/b.md"
    )


def test_a_heading_brings_the_sentence_after_it() -> None:
    """A heading alone answers nothing: the quote runs on to the end of the next sentence."""
    answer = ask("安装步骤", hit("## 安装步骤\n\n先下载，再双击。\n其他内容在此。"))
    assert answer.citations[0].quote == "## 安装步骤\n\n先下载，再双击。"
    assert answer.text.startswith("安装步骤：先下载，再双击。 [1]")
    assert answer.citations[0].lines == (10, 12)


def test_the_sentence_wins_over_the_headings_above_it() -> None:
    """Headings count for what stands under them; they are no answer of their own."""
    answer = ask("When did we move to Berlin?", hit("# Moving\n\n## Berlin\n\nWe moved to Berlin in April."))
    assert [c.quote for c in answer.citations] == ["We moved to Berlin in April."]


def test_a_heading_with_the_date_asked_for_answers() -> None:
    """Some headings hold the fact; others are quoted only with what they name."""
    text = "## Tax return (due: 31 July)\n\nThe tax office in the old street is slow."
    assert ask("When is the tax return due?", hit(text)).citations[0].quote.startswith("## Tax return (due")


def test_properties_that_together_cover_the_question() -> None:
    """The line that identifies and the line that is asked for; not the title, not the others."""
    text = "title: Arrival\ndirector: Denis Villeneuve\nyear: 2016\nrating: 9\nstatus: rewatch"
    answer = ask("What is the status of the Denis Villeneuve film?", hit(text, at=4, title="Arrival"))
    assert [c.quote for c in answer.citations] == ["director: Denis Villeneuve", "status: rewatch"]


@pytest.mark.parametrize(
    ("question", "key"),
    [("谁写的？活着", "author: 余华"), ("With whom did I watch 活着?", "with: Su He")],
)
def test_a_property_is_asked_for_by_another_word(question: str, key: str) -> None:
    """Keys are known in both languages, and small words count where they are keys."""
    text = "title: 活着\nauthor: 余华\nyear: 1993\nwith: Su He"
    assert key in [c.quote for c in ask(question, hit(text, at=4, title="活着")).citations]


def test_a_table_row_is_found_by_its_first_cell() -> None:
    """The same number in another cell is no name, and neither header nor rule answers."""
    text = "| Week | Long run (km) | Total |\n| ---: | ---: | ---: |\n| 1 | 10 | 22 |\n| 10 | 19 | 41 |"
    answer = ask("How long is the long run in week 10?", hit(text), most=1)
    assert [c.quote for c in answer.citations] == ["| 10 | 19 | 41 |"]


def test_an_announced_list_comes_whole_where_it_is_short() -> None:
    """A line that ends with a colon says nothing without its list; a long list is cut."""
    lead, items = "第一次开组会，定了三条规矩：", ["1. 会议不超过半小时", "2. 周五下午不发布", "3. 先写文档"]
    text = "\n".join([lead, "", *items])
    assert ask("开组会定了哪三条规矩？", hit(f"{text}\n\n晚上吃面。")).citations[0].quote == text
    many = "\n".join([lead, *[f"{n}. 规矩" for n in range(1, 10)]])
    assert ask("开组会定了哪些规矩？", hit(many)).citations[0].quote.endswith("4. 规矩")


def test_a_second_fact_is_chosen_for_what_it_adds() -> None:
    """A weak sentence that says the other half is worth more than a strong one that repeats the first."""
    text = "The kitchen renovation cost 900. The kitchen renovation began. The roof leaks again."
    answer = ask("kitchen renovation cost and roof leaks", hit(text), most=2)
    assert [c.quote for c in answer.citations] == [
        "The kitchen renovation cost 900.",
        "The roof leaks again.",
    ]


def test_a_small_part_of_the_question_is_no_answer() -> None:
    """Where the rare words stand nowhere, one common word does not carry an answer."""
    assert ask("Which saxophone mouthpiece do I really own?", hit("I now own six kinds of tea.")).abstained


def test_a_better_passage_wins_over_an_equal_sentence() -> None:
    """The retriever's score breaks what the words leave open."""
    answer = ask(
        "blue bicycle",
        hit("A blue bicycle stood there.", 1.0),
        hit("My blue bicycle broke.", 2.0, doc="n/b.md"),
        most=1,
    )
    assert answer.citations[0].doc_id == "n/b.md"


def test_scores_that_are_not_positive_still_rank() -> None:
    """Some rerankers score below zero."""
    hits = (hit("Blue bicycle one.", -1.0), hit("Blue bicycle two.", -2.0, doc="n/b.md"))
    assert ask("blue bicycle", *hits, most=1).citations[0].doc_id == "n/a.md"


@pytest.mark.parametrize(
    ("question", "lead"),
    [("量子力学是什么？", "笔记里没有找到答案"), ("quantum physics?", "The notes do not say")],
)
def test_without_a_signal_it_abstains_and_names_the_nearest_notes(question: str, lead: str) -> None:
    """Up to three notes by title and path, nothing cited, in the question's language."""
    hits = [hit("Bread and butter.", doc=f"n/{i}.md", title=f"Title [{i}]") for i in range(4)]
    answer = ask(question, *hits)
    assert answer.abstained
    assert answer.citations == ()
    assert answer.text.startswith(lead)
    assert "Title (2)" in answer.text
    assert "n/2.md" in answer.text
    assert "n/3.md" not in answer.text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("量子力学是什么？", "查找的词：量子力学。"),
        ("Who likes Quantum libraries?", "Searched for: likes, Quantum, libraries."),
    ],
)
def test_abstaining_says_what_was_searched_for(question: str, said: str) -> None:
    """As the question writes it, without its question words."""
    assert ask(question, hit("Bread and butter.")).text.endswith(said)


@pytest.mark.parametrize("question", ["", "？？", "什么", "roof"])
def test_nothing_found_is_said(question: str) -> None:
    """No passages at all, and questions without a word, are answered too."""
    answer = ask(question)
    assert answer.abstained
    assert answer.text


def test_a_note_with_only_a_title_is_named() -> None:
    """There is nothing to quote, so the answer names it."""
    answer = ask("空白笔记", hit("", title="空白笔记"))
    assert answer.abstained
    assert "空白笔记" in answer.text


def test_masked_text_is_neither_matched_nor_shown() -> None:
    """What is masked (a comment here) stays in the quote, verbatim, and out of the answer's words."""
    text = "The roof %%secret%% leaks badly."
    body = "The roof            leaks badly."
    answer = ask("Does the roof leak badly?", hit(text, body=body))
    assert answer.citations[0].quote == text
    assert "secret" not in answer.text
    assert ask("secret", hit(text, body=body)).abstained


def test_markers_of_the_notes_themselves_are_not_ours() -> None:
    """A note that holds ``[7]`` cannot smuggle in a citation."""
    assert ask("roof leak", hit("The roof leak[7] is old [^2].")).text == "The roof leak(7) is old. [1]"


def test_an_image_without_words_is_no_answer() -> None:
    """Its address may hold the question's words, but there is nothing to show."""
    assert ask("roof leak", hit("![](http://x.y/roof-leak.png)")).abstained


def reply_to(asked: str, reply: str, doc: str = "n/a.md") -> Hit:
    """A reply under the question that it carries in its heading path."""
    return hit(reply, 0.6, doc=doc, at=200, heading=(asked,), speaker="model", format="chat")


@pytest.mark.parametrize(
    ("asked", "reply", "question"),
    [
        ("User: 卫生间防水要做多高？", "淋浴区做到 1.8 米。其余三十厘米即可。", "卫生间防水做多高"),
        ("卫生间防水要做多高", "淋浴区做到 1.8 米。其余三十厘米即可。", "卫生间防水做多高"),
        (
            "User: How high must bathroom sealing be? Thanks.",
            "In the shower, 1.8 m.",
            "bathroom sealing how high",
        ),
        ("Tell me the height of bathroom sealing.", "In the shower, 1.8 m.", "height of bathroom sealing"),
    ],
)
def test_what_was_asked_is_no_answer_and_its_reply_is(asked: str, reply: str, question: str) -> None:
    """The reply need not repeat the question: its heading path carries it."""
    title = asked.removeprefix("User: ")
    answer = ask(question, hit(asked, speaker="user", format="chat"), reply_to(title, reply))
    assert answer.citations[0].quote in reply
    assert "1.8" in answer.citations[0].quote
    assert all(c.speaker == "model" or c.quote == "Thanks." for c in answer.citations)


def test_a_question_of_a_conversation_alone_is_no_answer() -> None:
    """Its reply was not found: then the notes do not say."""
    assert ask("卫生间防水做多高", hit("User: 卫生间防水要做多高？", speaker="user")).abstained


@pytest.mark.parametrize(
    "said",
    ["我对花生和虾过敏。", "User: 我对花生和虾过敏。推荐一道菜？", "我对花生和虾过敏，今天又去了医院。"],
)
def test_what_a_user_states_of_himself_is_quoted(said: str) -> None:
    """Also where the reply carries it."""
    answer = ask("我对什么过敏？花生", hit(said, speaker="user"), reply_to(said, "好的，记住了。"))
    assert any("花生和虾" in c.quote and c.speaker == "user" for c in answer.citations)


def test_a_question_in_a_note_of_ones_own_is_quoted() -> None:
    """Only in a conversation somebody else replies."""
    text = "卫生间防水要做多高？"
    assert ask("卫生间防水做多高", hit(text)).citations[0].quote == text


@given(
    st.text(alphabet="roof leak。.\n#-[1]漏水屋顶：", max_size=80),
    st.sampled_from(["roof leak?", "屋顶漏水吗", "[1]"]),
)
def test_every_answer_keeps_its_promises(text: str, question: str) -> None:
    """Quotes are exact and markers match citations, for any passage (checked in ``ask``)."""
    assert ask(question, hit(text, at=5)).question == question


@pytest.mark.parametrize(
    ("question", "start"),
    [("What does the sign say?", "(machine description) "), ("牌子 sign?", "（机器描述）")],
)
def test_a_machines_caption_never_reads_as_the_users_words(question: str, start: str) -> None:
    """The answer itself says that a machine described the image."""
    text = "A green sign says EXIT."
    caption = Chunk("n/a.png", 0, len(text), text, text, "a", (1, 1), speaker="machine", format="image")
    answer = ExtractiveWriter().write(
        Query(question), [Hit(caption, 1.0)], lambda words: dict.fromkeys(words, 1.0)
    )
    assert answer.text == f"{start}{text} [1]"
    assert answer.support[0].sentence in answer.text
    assert answer.citations[0].quote == text
