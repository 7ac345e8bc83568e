"""Every message has its Chinese, with the same fields."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest
import yaml

import rag.errors
from ingest.walk import REASONS
from rag.errors import FootnotesError, RootError
from rag.messages import explain, language, locale_language, say, set_language

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("footnotes", "rag", "ingest", "graph", "ui")
ERRORS = {name for name, value in vars(rag.errors).items() if isinstance(value, type)}


def templates() -> set[str]:
    """First arguments of ``say(...)`` and of our errors, wherever they are written, and the fixed phrases."""
    found: set[str] = set(REASONS)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in ERRORS | {"say"} and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found.add(first.value)
    return found


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def fields(template: str) -> set[str]:
    """The names between braces."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.fixture
def chinese() -> dict[str, str]:
    """The Chinese of each template."""
    loaded: dict[str, str] = yaml.safe_load((ROOT / "rag" / "messages.zh.yaml").read_text("utf-8"))
    return loaded


def test_every_message_has_its_chinese(chinese: dict[str, str]) -> None:
    """And no translation is left over."""
    used = templates()
    assert len(used) > 30
    assert used - chinese.keys() == set(), "without Chinese"
    assert chinese.keys() - used == set(), "no longer used"


def test_no_message_is_said_in_english_only() -> None:
    """What refuses an option goes through ``say`` too, which the test above sees."""
    for path in (ROOT / "rag" / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) == "BadParameter":
                said = node.args[0]
                assert isinstance(said, ast.Call), f"{path.name}, line {node.lineno}"
                assert _name(said.func) == "say", f"{path.name}, line {node.lineno}"


def test_fields_are_the_same(chinese: dict[str, str]) -> None:
    """A translation says every value."""
    assert {t for t, zh in chinese.items() if fields(t) != fields(zh)} == set()


@pytest.mark.parametrize(("locale", "expected"), [("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("C", "en")])
def test_language_follows_the_locale(monkeypatch: pytest.MonkeyPatch, locale: str, expected: str) -> None:
    """LC_ALL decides first."""
    monkeypatch.setenv("LC_ALL", locale)
    assert locale_language() == expected


def test_errors_speak_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same error, in both languages; the English one is what str() gives."""
    error = RootError("{path} is not a folder. Name the folder that holds your notes.", path="x")
    assert str(error) == "x is not a folder. Name the folder that holds your notes."
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert explain(error) == "x 不是文件夹。请给出存放笔记的文件夹。"
    set_language("en")
    try:
        assert explain(error) == str(error)
        assert (language(), say("none")) == ("en", "none")
    finally:
        set_language("auto")
    assert isinstance(error, FootnotesError)
