"""Links as they are written."""

from __future__ import annotations

import pytest

from ingest.links import find, is_nameless
from ingest.loaders import load


def found(text: str) -> list[tuple[str, str, str, str]]:
    """Links of a Markdown text as (kind, target, anchor, label); each must stand where it says."""
    document = load("v/a.md", text.encode())
    for link in document.links:
        assert document.text[link.start] in "!["
        assert document.text[link.end - 1] in "])d", link
    return [(link.kind, link.target, link.anchor, link.label) for link in document.links]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("[[求职规划]]", ("wikilink", "求职规划", "", "")),
        ("[[Note#Part one|the note]]", ("wikilink", "Note", "Part one", "the note")),
        ("[[#Here]]", ("wikilink", "", "Here", "")),
        ("![[photo of us.png]]", ("embed", "photo of us.png", "", "")),
        ("[text](other.md)", ("markdown", "other.md", "", "text")),
        ("[text](other.md#Part)", ("markdown", "other.md", "Part", "text")),
        ('[text](<a b.md> "title")', ("markdown", "a b.md", "", "text")),
        ("[text](https://example.org/a#b)", ("markdown", "https://example.org/a#b", "", "text")),
        ("[wiki](https://example.org/a_(b))", ("markdown", "https://example.org/a_(b)", "", "wiki")),
        ("[`code`](x.md)", ("markdown", "x.md", "", "`code`")),
        ("![our cat](cat.jpg)", ("embed", "cat.jpg", "", "our cat")),
        ("[1]: ../x.md", ("markdown", "../x.md", "", "1")),
    ],
)
def test_every_form_of_link_is_recorded(text: str, link: tuple[str, str, str, str]) -> None:
    """Wikilinks, embeds, Markdown links and reference definitions, with anchor and label apart."""
    assert found(f"{text}") == [link]
    assert found(f"see {text} there" if not text.startswith("[1]") else f"a\n\n{text}\nb") == [link]


def test_links_keep_their_spans_and_order() -> None:
    """Spans cover the whole link and come sorted, a linked picture inside its link included."""
    text = "a [[b]] c [![d](e.png)](f.md) g"
    links = load("v/a.md", text.encode()).links
    assert [text[link.start : link.end] for link in links] == ["[[b]]", "[![d](e.png)](f.md)", "![d](e.png)"]


@pytest.mark.parametrize(
    "text",
    [
        "`[[a]]`",
        "```\n[[a]]\n```",
        "<!-- [[a]] -->",
        "%% [[a]] %%",
        "[ ] task",
        "a[0](b)c\n\n[x",
        "[^1]: note",
        "[[]]",
        "\\[a](b",
    ],
)
def test_what_is_no_link_is_not_recorded(text: str) -> None:
    """Code, comments, task boxes and footnotes hold no links."""
    if text.startswith("a[0]"):
        assert found(text) == [("markdown", "b", "", "0")]
    else:
        assert found(text) == []


@pytest.mark.parametrize(
    "label",
    [
        "fb89e5fd9307f09bdb149012c3bca9c8",
        "IMG_1234",
        "image.png",
        "image-20220102",
        "Pasted image 20230305120820.png",
        "图片",
    ],
)
def test_machine_made_picture_names_are_known(label: str) -> None:
    """Hashes and the names that cameras and clipboards give."""
    assert is_nameless(label)


@pytest.mark.parametrize("label", ["our cat", "长安的荔枝|200", "facade", "架构图", "2022 in review"])
def test_words_are_no_machine_names(label: str) -> None:
    """A caption that somebody wrote stays."""
    assert not is_nameless(label)


def test_find_reports_what_to_hide() -> None:
    """Destinations are hidden; a nameless or empty picture is hidden whole."""
    text = "[a](b) ![](c) ![IMG_1](d) ![cat](e) [![](f)](g)"
    masks = find(text, text).masks
    hidden = sorted(text[m.start : m.end] for m in masks)
    assert hidden == sorted(["(b)", "![](c)", "![IMG_1](d)", "(e)", "![](f)", "[![](f)](g)"])
