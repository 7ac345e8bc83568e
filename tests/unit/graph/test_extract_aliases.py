"""Two names of one thing, on written evidence only."""

from __future__ import annotations

import pytest

from graph import extract
from rag.types import Document


def aliases(text: str) -> list[tuple[str, str]]:
    """Pairs, each of which stands in its span."""
    found = extract.facts(Document("a", text, "", "T", "text"), [])
    for one in found.aliases:
        span = text[one.start : one.end]
        assert one.name in span
        assert one.other in span
    return [(one.name, one.other) for one in found.aliases]


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("我们用向量数据库（Vector Database）存储", ("向量数据库", "Vector Database")),
        ("最近在学习检索增强生成（RAG）的论文", ("检索增强生成", "RAG")),
        ("使用RAG（检索增强生成）来做", ("RAG", "检索增强生成")),
        ("Retrieval-Augmented Generation (RAG) is it", ("Retrieval-Augmented Generation", "RAG")),
        ("the federal bureau of investigation (FBI) said", ("federal bureau of investigation", "FBI")),
        ("ask the FBI (Federal Bureau of Investigation)", ("FBI", "Federal Bureau of Investigation")),
        ("社会学家卢曼（Niklas Luhmann）的卡片盒", ("卢曼", "Niklas Luhmann")),
        ("采访了 Ted Nelson（泰德·尼尔森）", ("Ted Nelson", "泰德·尼尔森")),
        ("we use GPT-4o (GPT4o) now", ("GPT-4o", "GPT4o")),
        ("It is Tavern Cave, also known as Taverne Cave.", ("Tavern Cave", "Taverne Cave")),
        ("that is Bill Barclay (aka Michael Moorcock) again", ("Bill Barclay", "Michael Moorcock")),
        ("小说《红楼梦》，原名《石头记》，很长", ("红楼梦", "石头记")),
        ("飞往苏黎世（Zurich）开会", ("苏黎世", "Zurich")),
    ],
)
def test_written_evidence(text: str, pair: tuple[str, str]) -> None:
    """Translations, abbreviations by their initials, persons in two scripts, spellings, and what says so in words."""
    assert aliases(text) == [pair]


@pytest.mark.parametrize(
    "text",
    [
        "搜索引擎（Google）很好用",
        "编程语言（Python）",
        "Google (a search engine) is there",
        "Jupyter Notebook（交互式数据分析工具）",
        "DPO（当红新贵）",
        "Albert Einstein (1879-1955) lived",
        "苹果（很甜）",
        "插件（opens new window）",
        "参见（Fig 3）和（见下文）",
        "he left (see New York) early",
        "五个版本（v2）",
    ],
)
def test_examples_remarks_and_dates_in_brackets_are_no_aliases(text: str) -> None:
    """Most brackets hold something else."""
    assert aliases(text) == []


def test_both_names_are_mentioned() -> None:
    """Each where it stands, of one kind."""
    found = extract.facts(Document("a", "社会学家卢曼（Niklas Luhmann）的", "", "T", "text"), [])
    assert [(m.name, m.kind, m.extractor) for m in found.mentions] == [
        ("卢曼", "person", "alias"),
        ("Niklas Luhmann", "person", "alias"),
    ]
