"""The words of the UI."""

from __future__ import annotations

import re

import pytest

from ui import text


def _fields(string: str | list[str]) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", string if isinstance(string, str) else " ".join(string)))


def test_both_languages_have_the_same_strings_with_the_same_fields() -> None:
    """A key or a field that one file lacks would fail only when a reader of that language meets it."""
    english, chinese = text.load("en").strings, text.load("zh").strings
    assert set(english) == set(chinese)
    assert {k: _fields(v) for k, v in english.items()} == {k: _fields(v) for k, v in chinese.items()}
    assert {k for k, v in english.items() if isinstance(v, list)} == {
        k for k, v in chinese.items() if isinstance(v, list)
    }


@pytest.mark.parametrize(
    ("setting", "header", "expected"),
    [
        ("zh", "en-US,en", "zh"),
        ("en", "zh-CN", "en"),
        ("auto", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("auto", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("auto", "en;q=0.2, zh-Hant-TW;q=0.7", "zh"),
        ("auto", "fr-FR,de;q=0.9,zh;q=0.1", "zh"),
        ("auto", "zh;q=0,fr", "en"),
        ("auto", "zh;q=broken", "en"),
        ("auto", "", "en"),
    ],
)
def test_language_is_the_setting_or_the_first_of_ours_that_the_browser_asks_for(
    setting: str, header: str, expected: str
) -> None:
    """Accept-Language is read by its quality values."""
    assert text.choose(setting, header) == expected


def test_counts_choose_singular_and_plural() -> None:
    """1 note, 2 notes, 1,234 notes."""
    words = text.load("en")
    assert [words.count("documents", n) for n in (1, 2, 1234)] == ["1 note", "2 notes", "1,234 notes"]
