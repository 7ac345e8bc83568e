"""Markdown notes: text, properties, tags, titles and what is left out of the index."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import pytest

from ingest.chunk import chunk
from ingest.loaders import SUFFIXES, load, supported
from rag.errors import LoadError

if TYPE_CHECKING:
    from rag.types import Document


def note(text: str, name: str = "vault/a.md") -> Document:
    """A note with this text."""
    return load(name, text.encode())


def hidden(document: Document) -> list[tuple[str, str]]:
    """Its masks as (reason, text); they must be sorted and disjoint."""
    at = 0
    for mask in document.masks:
        assert at <= mask.start < mask.end
        at = mask.end
    return [(m.reason, document.text[m.start : m.end]) for m in document.masks]


def shown(text: str) -> str:
    """What of a text would be indexed, white space squeezed."""
    document = note(text)
    left = document.text
    for mask in reversed(document.masks):
        left = f"{left[: mask.start]} {left[mask.end :]}"
    return " ".join(left.split())


def test_files_are_dispatched_by_suffix() -> None:
    """Known suffixes load in any case; others are refused by name."""
    assert {".md", ".markdown", ".mdx", ".txt", ".text", ".log", ".pdf"} <= SUFFIXES
    assert supported("a/b/Note.MD")
    assert not supported("a/b/.md")
    assert not supported("folder.md/file")
    with pytest.raises(LoadError, match=r"^v/a\.exe: this format is not supported"):
        load("v/a.exe", b"")


def test_text_hash_and_format() -> None:
    """The hash is over the bytes, the text is normalised, the encoding recorded."""
    data = b"\xef\xbb\xbfa\r\nb"
    document = load("v/a.md", data)
    assert document.text == "a\nb"
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert (document.format, document.encoding, document.pages) == ("markdown", "utf-8", ())


def test_an_empty_file_is_a_note_with_a_title() -> None:
    """Nothing but a name is still something to find."""
    document = load("v/空笔记.md", b"")
    assert (document.text, document.title, document.masks) == ("", "空笔记", ())


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("---\ntitle: 'From: YAML'\n---\n# Heading", "v/a.md", "From: YAML"),
        ("---\ntitle: 2022\n---\n", "v/a.md", "2022"),
        ("---\ntitle:\n---\ntext\n\n# A *bold* [link](x.md)\n", "v/a.md", "A bold link"),
        ("## Second\n\nSetext\n======\n", "v/a.md", "Setext"),
        ("```\n# not this\n```\n## nor this", "v/notes/file name.md", "file name"),
        ("no heading", "v/trip/index.md", "trip"),
        ("no heading", "v/trip/README.md", "trip"),
        ("# Own title", "v/trip/_index.md", "Own title"),
        ("#标签 is a tag", "v/x.md", "x"),
    ],
)
def test_title_comes_from_front_matter_then_heading_then_name(text: str, name: str, title: str) -> None:
    """The first source that says something gives the title."""
    assert note(text, name).title == title


def test_properties_are_typed_and_layout_is_hidden() -> None:
    """Words stay as searchable lines; what steers a theme, and what is empty, is masked with its nested lines."""
    document = note(
        "---\nlayout: post\ntitle: Year\nheadline:\ncover:\n  image: a.png\n  alt: x\nmathjax: false\nrating: 4\n"
        "done: true\ndate: 2022-12-31\nalarm: 12:30\nplace:\n  city: 上海\n  geo: [1.5, 2]\nid: 9f86d081884c7d65\n"
        "aliases:\n- one\n- two\n---\nbody"
    )
    assert dict(document.meta) == {
        "title": "Year",
        "rating": 4,
        "done": True,
        "date": "2022-12-31",
        "alarm": "12:30",
        "place.city": "上海",
        "place.geo": (1.5, 2),
        "id": "9f86d081884c7d65",
        "aliases": ("one", "two"),
    }
    assert hidden(document) == [
        ("layout", "---"),
        ("layout", "layout: post"),
        ("layout", "headline:"),
        ("layout", "cover:\n  image: a.png\n  alt: x"),
        ("layout", "mathjax: false"),
        ("layout", "id: 9f86d081884c7d65"),
        ("layout", "---"),
    ]


def test_front_matter_may_end_with_dots_or_be_empty() -> None:
    """``...`` closes a block too, and an empty block holds no properties."""
    assert dict(note("---\na: b\n...\ntext").meta) == {"a": "b"}
    assert hidden(note("---\n---\ntext")) == [("layout", "---"), ("layout", "---")]


def test_text_between_rulers_is_no_front_matter() -> None:
    """A note may begin with a ruler: the headings up to the next one are headings."""
    passages = chunk(note("---\n# Chapter\n\nwords\n\n---\n\nmore"))
    assert passages[0].heading == ("Chapter",)


@pytest.mark.parametrize("value", ["soup and fish", "汤和鱼"])
def test_words_are_kept_whatever_they_stand_under(value: str) -> None:
    """A property that mostly steers a theme may be its author's: words under it are found."""
    document = note(f"---\nmenu: {value}\ncover: a/图片.png\n---\nbody")
    assert document.meta == {"menu": value}
    assert value in chunk(document)[0].body
    assert "图片" not in chunk(document)[0].body


@pytest.mark.parametrize(
    "front",
    [
        "---\na: " + "[" * 5000 + "\n---\n",
        "---\na: " + "{a: " * 5000 + "\n---\n",
        "---\n" + "- " * 5000 + "\n---\n",
        "---\na0: &a0 {k: v}\n"
        + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 12))
        + "---\n",
        "+++\n" + ".".join(["a"] * 20000) + " = 1\n+++\n",
        "+++\na = " + "[" * 5000 + "\n+++\n",
    ],
)
def test_nested_front_matter_is_given_up_at_once(front: str) -> None:
    """Brackets, lists, merged aliases and dotted keys nest no deeper than anybody would; the body is read."""
    begin = time.perf_counter()
    assert chunk(note(front + "words of the body"))[-1].body.endswith("words of the body")
    assert time.perf_counter() - begin < 1.5


def test_bad_yaml_is_a_warning_and_stays_text() -> None:
    """What is not valid YAML is still searchable, and the warning names file, problem and line."""
    document = note("---\ntitle: [a\nb: }\n---\nbody")
    assert document.title == "a"
    assert document.meta == {}
    (warning,) = document.warnings
    assert warning.startswith("vault/a.md: front matter is not valid YAML: ")
    assert "(line " in warning
    assert [text for _, text in hidden(document)] == ["---", "---"]


def test_a_text_between_rulers_is_no_front_matter() -> None:
    """A note may begin with a ruler."""
    document = note("---\njust a sentence\n\nand another\n\n---\nend")
    assert document.warnings == ()
    assert shown(document.text) == "just a sentence and another end"


@pytest.mark.parametrize(
    "block",
    [
        "a: " + "[" * 60_000,
        "a:\n  " + "- " * 30_000,
        "? " * 30_000,
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)),
        "a: b\n" * 50_000,
    ],
    ids=["brackets", "dashes", "keys", "aliases", "long"],
)
def test_hostile_front_matter_costs_little(block: str) -> None:
    """Deep nesting, alias bombs and huge blocks end soon, and the note still loads."""
    start = time.perf_counter()
    document = note(f"---\n{block}\n---\nbody")
    assert document.text.endswith("body")
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("---\ntags: [a, '#b', 2022]\ncategories: c\n---\n", ("a", "b", "2022")),
        ("---\ntags: x, y z\n---\n", ("x", "y z")),
        ("---\ntags: x y\n---\n", ("x", "y")),
        ("---\ntags:\n---\n", ()),
        ("text #项目/后端 and（#todo）and #a-b_c, #todo", ("项目/后端", "todo", "a-b_c")),
        ("#开头 then #[[two words]]", ("开头", "two words")),
        ("# Heading\n## Other\n`#code` https://x.org/#part a#b #123 #f0f0f0 [x](#y) [[#z]] ## \\#no", ()),
        ("```\n#code\n```\n%% #comment %%", ()),
    ],
)
def test_tags_come_from_front_matter_and_text(text: str, tags: tuple[str, ...]) -> None:
    """In order of appearance, once each, without ``#``; not from code, links, numbers or colours."""
    expected = (*tags, "c") if "categories" in text else tags
    assert note(text).tags == expected


@pytest.mark.parametrize(
    ("text", "reason", "covered"),
    [
        ("a <!-- more --> b", "comment", "<!-- more -->"),
        ("a %%inline%% b", "comment", "%%inline%%"),
        ("%%\nlong\n\ncomment\n%%\n", "comment", "%%\nlong\n\ncomment\n%%"),
        ("a {% asset_img x.png %} b", "shortcode", "{% asset_img x.png %}"),
        ('a {{< figure src="x" >}} b', "shortcode", '{{< figure src="x" >}}'),
        ("a {{ page.title }} b", "shortcode", "{{ page.title }}"),
        ("a <br/> b", "markup", "<br/>"),
        ('a <img src="x" alt="IMG_1"> b', "markup", '<img src="x" alt="IMG_1">'),
        ("a <style>p { x }</style> b", "markup", "<style>p { x }</style>"),
        ("a ![cat](data:image/png;base64,iVBORw0KGgo=) b", "base64", "(data:image/png;base64,iVBORw0KGgo=)"),
        ("```\nsrc=data:image/png;base64,iVBORw0KGgo=\n```", "base64", "data:image/png;base64,iVBORw0KGgo="),
        ("a\n\n---\n\nb", "markup", "---"),
        ("a\n# Drawing\n```json\n{}\n```\nb", "drawing", "# Drawing\n```json\n{}\n```"),
        ("[x]: https://example.org 'Title'", "markup", "https://example.org 'Title'"),
        ("![[Pasted image 20230305120820.png]]", "markup", "![[Pasted image 20230305120820.png]]"),
    ],
)
def test_noise_is_masked_with_its_reason(text: str, reason: str, covered: str) -> None:
    """Comments, shortcodes, tags, drawings, data and rulers stay in the text but out of the index."""
    assert hidden(note(text)) == [(reason, covered)]


@pytest.mark.parametrize(
    "text",
    [
        "`<br>` and `{{ x }}` and `%% a %%` and `<!-- b -->`",
        "```\n<br> {{ x }} %% a %% <!-- b --> [c](d)\n```",
        "- item\n  ```html\n  <p>{{ x }}</p>\n  ```",
        "> ```\n> <b>\n> ```",
        "List<String> and a < b > c and Vec<u8>",
        "flash {{c1::card}} and x^{{2}} and 100%% sure",
        "<!-- never closed",
        "%% never closed",
        "Title\n---\n\ntext",
        "<https://example.org>",
    ],
)
def test_code_and_words_are_never_masked(text: str) -> None:
    """What only looks like markup, above all in code, stays."""
    assert hidden(note(text)) == []


def test_link_texts_stay_and_destinations_go() -> None:
    """A reader's words are indexed, addresses and machine names are not."""
    assert shown('see [the note](a.md "t") and ![our cat](c.jpg) ![fb89e5fd9307](https://x.org/1.png)') == (
        "see [the note] and ![our cat]"
    )


def test_a_comment_may_not_end_inside_code() -> None:
    """A lone comment mark before a code example swallows nothing."""
    assert hidden(note("write <!-- to open\n\n```\n<!-- x -->\n```\n")) == []


def test_undecodable_bytes_are_a_warning() -> None:
    """The warning counts what was replaced."""
    document = load("v/a.md", "很多正常的文字在这里，很多正常的文字".encode() + b"\xff")
    (warning,) = document.warnings
    assert warning.startswith("v/a.md: 1 byte sequences are not utf-8 and were replaced")


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "中。",
        "[",
        "![",
        "[a](b ",
        "`",
        "` `` ``` ",
        "```a\n",
        "```\n",
        "<a ",
        "<!--",
        "{{a ",
        "\n\n%% x",
        "#",
        "- - ",
        "> ",
        "|--",
        "---\n",
        "a:\n\n",
        ". ",
        "[[a|",
        "\n   ",
    ],
)
def test_load_and_chunk_are_linear(unit: str) -> None:
    """Repetitive and unbalanced input costs no more than proportional time: no catastrophic expression."""
    from ingest.chunk import chunk

    start = time.perf_counter()
    document = note((unit * 200_000)[:200_000])
    chunk(document)
    assert time.perf_counter() - start < 15


def test_lists_may_nest_as_deep_as_they_like() -> None:
    """Ten thousand levels of a list need no recursion."""
    from ingest.chunk import chunk

    document = note("".join(f"{'  ' * min(i, 300)}- item {i}\n" for i in range(10_000)))
    assert chunk(document)[-1].text.endswith("item 9999")
