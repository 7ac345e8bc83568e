"""What kind of thing a question asks for, and which sentences hold one."""

from __future__ import annotations

import pytest

from rag.answer.expected import Sought, expects, sought


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("外公的手表是谁修的？", Sought.PERSON),
        ("Who repaired the watch?", Sought.PERSON),
        ("哪一年搬到杭州？", Sought.TIME),
        ("What year did we move?", Sought.TIME),
        ("钥匙放在哪里？", Sought.PLACE),
        ("Which city did she move to?", Sought.PLACE),
        ("装修花了多少钱？", Sought.NUMBER),
        ("How many cats do we have?", Sought.NUMBER),
        ("什么是倒排索引？", Sought.MEANING),
        ("What is an inverted index?", Sought.MEANING),
        ("定了哪些规矩？", Sought.LIST),
        ("为什么辞职？", Sought.REASON),
        ("猫叫什么名字？", Sought.NAME),
        ("关于屋顶", Sought.OTHER),
    ],
)
def test_the_kind_is_told_in_both_languages(question: str, kind: Sought) -> None:
    """By the question's own form."""
    assert sought(question) is kind


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("手表是谁修的？", "王建国师傅修了三天。", "手表修了三天。"),
        ("Who repaired the watch?", "It was repaired by Anna Berg.", "The watch was repaired."),
        ("Who did Anna meet?", "There Anna met Tom.", "There Anna met nobody."),
        ("房租多少元？", "房租 4200 元。", "房租涨了。"),
        ("Where do we keep the key?", "The key lies in Berlin.", "The key is lost."),
        ("钥匙在哪里？", "钥匙在杭州市。", "钥匙丢了。"),
        ("我们 2021 年几月搬家？", "搬家是 5 月。", "2021 年搬家。"),
    ],
)
def test_a_sentence_holds_what_the_question_does_not_say_itself(
    question: str, right: str, wrong: str
) -> None:
    """A name, a number, a time or a place that is new."""
    fits = expects(question)
    assert fits(right) > 0
    assert fits(wrong) == 0


def test_a_number_of_what_is_counted_fits_better() -> None:
    """Any other number may be of something else."""
    fits = expects("How many points did the team score?")
    assert fits("They scored 24 points.") > fits("They won in week 3.") > 0


def test_a_name_of_anything_is_told_by_no_form() -> None:
    """No rule knows it, so none is for or against a sentence."""
    assert expects("Which film is it?")("It is Arrival.") == 0
