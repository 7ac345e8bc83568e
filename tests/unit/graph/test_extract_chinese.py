"""Chinese names."""

from __future__ import annotations

import pytest

from graph import extract
from graph.extract import chinese
from rag.types import Document


def said(text: str, at_least: float = 0.5) -> list[tuple[str, str]]:
    """Names with their kinds, of at least some confidence, in order."""
    found = extract.facts(Document("a", text, "", "T", "text"), [])
    return [(m.name, m.kind) for m in found.mentions if m.confidence >= at_least]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("昨天和刘慈欣聊天", [("刘慈欣", "person")]),
        ("诸葛亮说过", [("诸葛亮", "person")]),
        ("我读了史蒂夫·乔布斯的传记", [("史蒂夫·乔布斯", "person")]),
        ("尤瓦尔·诺亚·赫拉利写的", [("尤瓦尔·诺亚·赫拉利", "person")]),
        ("陪着小徐去华山医院", [("小徐", "person"), ("华山医院", "organisation")]),
        ("在人民邮电出版社出版", [("人民邮电出版社", "organisation")]),
        ("从上海飞到柏林", [("上海", "place"), ("柏林", "place")]),
        ("我们用向量数据库和知识图谱", [("向量数据库", "technology"), ("知识图谱", "technology")]),
        ("離開騰訊之後去臺灣", [("騰訊", "organisation"), ("臺灣", "place")]),
    ],
)
def test_names_and_their_kinds(text: str, expected: list[tuple[str, str]]) -> None:
    """Persons, foreign ones with all their parts, places, organisations, terms; names stay in the script of the text."""
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "安全感和高水平的格式化，段时间",
        "东西的深度和长度，入门的索引，关联的日志",
        "音乐·电影·读书",
        "这家公司和那个大学的老师",
        "大家都明白，太阳很美丽",
        "最大化收益，日程安排，人生哲学",
    ],
)
def test_what_a_tagger_takes_for_names_is_none(text: str) -> None:
    """Each of these bears a name's tag."""
    assert said(text) == []


def test_a_name_that_nobody_knows_is_believed_when_said_twice() -> None:
    """A new name of a known family is weak at first."""
    once, twice = "我认识姜雯君，", "我认识姜雯君，姜雯君是医生，"
    assert said(once) == []
    assert said(once, 0.4) == [("姜雯君", "person")]
    assert said(twice) == [("姜雯君", "person")]


def test_spans_are_exact_in_either_script() -> None:
    """Folding to simplified characters moves nothing."""
    text = "前面，離開騰訊之後，後面的史蒂夫·乔布斯"
    for one in chinese.names(text):
        assert text[one.start : one.end] == one.name


def test_one_long_line_takes_linear_time() -> None:
    """Dots and characters without end."""
    for text in ("甲·" * 30_000, "阿·" * 30_000, "阿" * 100_000, "大学" * 30_000):
        list(chinese.names(text))
