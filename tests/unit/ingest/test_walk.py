"""Small parts of the walk: what a partial one looks at, and reasons that can be told in another language."""

from __future__ import annotations

import unicodedata

import pytest

from ingest import walk


def test_only_what_is_wanted_is_a_tree() -> None:
    """A folder swallows what is named below it, in whichever order they come; the root means everything."""
    assert walk.only(["a/b/c.md", "a/d.md", "e"]) == {"a": {"b": {"c.md": None}, "d.md": None}, "e": None}
    assert walk.only(["a/b/c.md", "a"]) == walk.only(["a", "a/b/c.md"]) == {"a": None}
    assert walk.only(["a/b.md", ""]) is None
    assert walk.only([]) == {}


@pytest.mark.parametrize(
    ("template", "values"),
    [
        (walk.LINK, {"target": "a {odd} `name`\nof two lines"}),
        (walk.LEFT_OUT, {"pattern": "*.md (really)", "source": "blog/.footnotesignore"}),
        (walk.NEEDS, {"extra": "formats"}),
        (walk.LOCKED, {"reason": "Permission denied"}),
        (walk.BAD_RULES, {"lines": "2, 7"}),
        (walk.LINK_OUT, {}),
        (walk.FORGOTTEN, {}),
    ],
)
def test_a_stored_reason_gives_back_its_template(template: str, values: dict[str, str]) -> None:
    """So that it can be translated, and counted with its like."""
    assert walk.template_of(template.format(**values)) == (template, values)


def test_a_foreign_reason_is_its_own_template() -> None:
    """Loaders tell in words of their own; braces in them are no fields."""
    told = "notes/{x}.pdf: cannot be read: {odd}"
    template, values = walk.template_of(told)
    assert template.format(**values) == told
    assert walk.template_of("Permission denied") == ("Permission denied", {})


def test_a_plain_path_is_its_own_spelling() -> None:
    """NFC and valid UTF-8; everything else may have twins."""
    assert walk.is_plain("日记/Café 🐈.md")
    assert not walk.is_plain(unicodedata.normalize("NFD", "Café.md"))
    assert not walk.is_plain("\udcff.md")
