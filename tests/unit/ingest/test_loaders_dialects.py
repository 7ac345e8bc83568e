"""Markdown's dialects: front matter in three syntaxes, note apps, site generators, and what they hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.chunk import chunk
from ingest.loaders import load

if TYPE_CHECKING:
    from rag.types import Document


def note(text: str, name: str = "vault/a.md") -> Document:
    """A note with this text."""
    return load(name, text.encode())


def hidden(document: Document) -> list[tuple[str, str]]:
    """Its masks as (reason, text)."""
    return [(m.reason, document.text[m.start : m.end]) for m in document.masks]


def shown(text: str, name: str = "vault/a.md") -> str:
    """What of a text would be indexed, white space squeezed."""
    document = note(text, name)
    left = document.text
    for mask in reversed(document.masks):
        left = f"{left[: mask.start]} {left[mask.end :]}"
    return " ".join(left.split())


def links(text: str, name: str = "vault/a.md") -> list[tuple[str, str, str, str]]:
    """Its links as (kind, target, anchor, label)."""
    return [(k.kind, k.target, k.anchor, k.label) for k in note(text, name).links]


# --- front matter ------------------------------------------------------------------------------------------------


def test_toml_front_matter() -> None:
    """Hugo's ``+++``: typed values, dates as text, tables flattened, layout lines masked."""
    document = note(
        '+++\ntitle = "A year"\ndate = 2022-12-31T08:00:00+08:00\ndraft = false\ntags = ["a", "b"]\nrating = 4\n'
        'aliases = ["/old/"]\n[params]\n  place = "上海"\n[cover]\n  image = "a.png"\n+++\nbody'
    )
    assert document.title == "A year"
    assert document.tags == ("a", "b")
    assert document.meta["date"] == "2022-12-31 08:00:00+08:00"
    assert document.meta["rating"] == 4
    assert document.meta["params.place"] == "上海"
    assert document.meta["aliases"] == ("/old/",)
    assert hidden(document) == [
        ("layout", "+++"),
        ("layout", "draft = false"),
        ("layout", '[cover]\n  image = "a.png"'),
        ("layout", "+++"),
    ]
    assert document.dates[0].first.isoformat() == "2022-12-31"


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "title": "A",\n  "draft": true,\n  "n": {"x": [1, 2.5]}\n}\nbody',
        '{"title": "A", "draft": true, "n": {"x": [1, 2.5]}}\nbody',
    ],
)
def test_json_front_matter(text: str) -> None:
    """Hugo's braces, on one line or several; the chunker knows them for properties."""
    document = note(text)
    assert dict(document.meta) == {"title": "A", "n.x": (1, 2.5)}
    assert [reason for reason, _ in hidden(document)] == ["layout", "layout", "layout"]
    assert chunk(document)[0].body.split()[-1] == "body"


@pytest.mark.parametrize(
    "text",
    ['{"a" is a brace}\n', "{\n", '{"a": 1\n', '{"a": 1}, {"b": 2}\nx', "+++\nplus\n", "{{< x >}}\n}\n"],
)
def test_what_only_begins_like_front_matter_is_text(text: str) -> None:
    """Braces and plus signs may begin a note."""
    document = note(text)
    assert document.meta == {}
    assert document.warnings == ()


def test_bad_toml_is_a_warning_and_stays_text() -> None:
    """As with YAML: readable, and said."""
    document = note("+++\ntitle = broken\n+++\nbody")
    assert document.warnings[0].startswith("vault/a.md: front matter is not valid TOML: ")
    assert "broken" in shown("+++\ntitle = broken\n+++\nbody")


def test_yaml_with_tabs_and_colons_stays_readable() -> None:
    """One bad line costs no other its value; the colon's own value is taken as it stands."""
    document = note(
        "---\ntitle: Notes: part two\ntags:\n\t- a\n\t- b\nrating: 5\nlayout: post\nbad: [x\n---\nbody"
    )
    assert document.title == "Notes: part two"
    assert document.tags == ("a", "b")
    assert document.meta["rating"] == 5
    assert "bad" not in document.meta
    assert ("layout", "layout: post") in hidden(document)
    assert len(document.warnings) == 1


def test_addresses_are_kept_for_links_but_not_shown() -> None:
    """Permalinks, slugs and ids: among the properties, masked in the text."""
    text = "---\npermalink: /a/b/\nslug: b\nabbrlink: 3ab5f1c9\nredirect_from:\n  - /old\n---\nbody"
    assert dict(note(text).meta) == {
        "permalink": "/a/b/",
        "slug": "b",
        "abbrlink": "3ab5f1c9",
        "redirect_from": ("/old",),
    }
    assert shown(text) == "body"


# --- Obsidian ----------------------------------------------------------------------------------------------------


def test_callouts_keep_their_title() -> None:
    """Type and fold mark go, title and text stay."""
    assert (
        shown("> [!note]- My title\n> text\n\n> > [!tip|left]+\n> > inner")
        == "> My title > text > > > > inner"
    )
    assert shown("a [!note] b") == "a [!note] b"


def test_block_ids_and_references_are_hidden() -> None:
    """``^id`` at a line's end, ``((uuid))`` anywhere; a power is no id."""
    assert shown("text ^quote-1\n\n^abc123\n") == "text"
    assert shown("a ((62756e46-0a3c-4edc-bced-7a25f26b3002)) b") == "a b"
    assert shown("x ^2\nfootnote[^abc]\n") == "x ^2 footnote[^abc]"


def test_properties_in_the_text_are_typed() -> None:
    """Dataview and Logseq: numbers, truth, dates, links, lists; layout ones are masked."""
    text = (
        "status:: done\n- rating:: 4.5\nread:: true\nday:: 2022-05-01\nup:: [[A]], [[b|B]]\ntags:: x, y\n"
        "id:: 62756e46-0a3c-4edc-bced-7a25f26b3002\ncollapsed:: true\nsome [mood:: good] words (n:: 3)\n"
        "std::cout and `a:: b`\n"
    )
    document = note(text)
    assert dict(document.meta) == {
        "status": "done",
        "rating": 4.5,
        "read": True,
        "day": "2022-05-01",
        "up": ("A", "B"),
        "tags": ("x", "y"),
        "id": "62756e46-0a3c-4edc-bced-7a25f26b3002",
        "mood": "good",
        "n": 3,
    }
    assert document.tags == ("x", "y")
    assert [t for r, t in hidden(document) if r == "layout"] == [
        "id:: 62756e46-0a3c-4edc-bced-7a25f26b3002",
        "collapsed:: true",
    ]


def test_queries_of_plugins_are_hidden() -> None:
    """Blocks that a plugin runs, Logseq's and Roam's macros; other code stays."""
    assert shown(
        "a\n```dataview\nTABLE x\n```\n{{query (todo now)}} {{embed ((x))}} {{[[TODO]]}} b\n```py\nx\n```"
    ) == ("a b ```py x ```")
    assert shown(":LOGBOOK:\nCLOCK: [2022-01-01]\n:END:\ntask") == "task"


def test_excalidraw_keeps_its_texts() -> None:
    """Scene, headings, hashes and the warning go; what was written on the canvas stays."""
    text = (
        "---\nexcalidraw-plugin: parsed\n---\n==⚠  Switch to EXCALIDRAW VIEW ⚠==\n\n# Excalidraw Data\n"
        "## Text Elements\nour plan ^dOfT07i3\n\n## Embedded Files\n"
        "0123456789abcdef0123456789abcdef01234567: [[photo.png]]\n\n%%\n## Drawing\n```compressed-json\nN4Kg\n```\n%%\n"
    )
    assert shown(text) == "our plan [[photo.png]]"
    assert {reason for reason, _ in hidden(note(text))} == {"markup", "layout", "boilerplate", "drawing"}


def test_a_table_may_hold_wikilinks() -> None:
    """The border before the label is escaped there; a table of contents is no link."""
    assert links("| [[a\\|b]] |") == [("wikilink", "a", "", "b")]
    assert links("[[toc]]\n\n[[_TOC_]]") == []
    assert shown("[[toc]]\n\n[TOC]\n\ntext") == "text"


# --- site generators ---------------------------------------------------------------------------------------------


def test_containers_keep_their_title() -> None:
    """VuePress and Docusaurus."""
    assert shown("::: tip A title\ntext\n:::\n\n:::note[Other]\nmore\n:::") == "A title text [Other] more"


def test_hexo_tags_keep_what_they_enclose() -> None:
    """Words between and within the tags stay; a comment goes whole."""
    assert shown("{% note info %}text{% endnote %} {% btn /a/, 文字 %}") == "text 文字"
    assert shown("a {% comment %} secret {% endcomment %} b") == "a b"
    assert shown("{% codeblock lang:html %}\n<div>{{ x }}</div>\n{% endcodeblock %}") == "<div>{{ x }}</div>"


def test_captions_stay() -> None:
    """Captions and alternative texts in shortcodes, HTML and components; machine names do not."""
    assert shown('{{< figure src="/x.png" caption="our cat" >}}') == "our cat"
    assert shown('{% asset_img a.png "上海 的雨" %}') == "上海 的雨"
    assert shown('<img src="a.png" alt="our cat"> <img alt="IMG_1234.jpg" src="b">') == "our cat"
    assert shown('<TabItem label="First tab">\n\ntext\n\n</TabItem>', "v/a.mdx") == "First tab text"


def test_mdx() -> None:
    """Imports, exports, components and comments go, words between them stay; TypeScript in words is kept elsewhere."""
    text = (
        "import Tabs from '@theme/Tabs';\nimport {x} from './y'\n\nexport const a = {\n  b: 1,\n}\n\n"
        "# Title\n\n{/* hidden */}<Note style={{a: {b: 1}}} {...props}>words</Note>\n<Tabs.Item />\n"
    )
    assert shown(text, "v/a.mdx") == "# Title words"
    assert shown("import the goods from Shanghai\n\nMap<String, Int> stays") == (
        "import the goods from Shanghai Map<String, Int> stays"
    )
    assert shown("import Tabs from '@theme/Tabs';\n\n<Tabs groupId='x'>\n\ntext\n\n</Tabs>") == "text"


def test_entities_stay_but_those_for_spaces() -> None:
    """Masks cannot turn one character into another."""
    assert shown("a&nbsp;b &amp; c&#160;d") == "a b &amp; c d"


def test_attributes_are_hidden() -> None:
    """Those of kramdown and Pandoc, also in titles."""
    assert note("# Title {#custom-id}\n\ntext\n{: .note}\n").title == "Title"
    assert shown("# Title {#custom-id}\n\ntext\n{: .note}\n") == "# Title text"
    assert shown("x^{.5}\nand {:keys [a]}") == "x^{.5} and {:keys [a]}"


def test_formulas_are_never_shortcodes() -> None:
    """LaTeX between dollars is left alone; sums of money are not taken for it."""
    for text in ("$\\frac{{a}}{b}$ and $x<b>y^2$", "$$\n{{a}}_{b} %% c %%\n$$"):
        assert hidden(note(text)) == []
    assert shown("costs $5 {{ page.x }} and $6") == "costs $5 and $6"


def test_links_in_tags_and_shortcodes() -> None:
    """HTML's, Hugo's and Jekyll's links, and pictures of shortcodes."""
    assert links('<a class="x" href="a.md#b">c</a><img src=d.png alt="e">') == [
        ("markdown", "a.md", "b", ""),
        ("embed", "d.png", "", "e"),
    ]
    assert links(
        '[a]({{< ref "posts/b.md#c" >}}) [d]({% post_url 2022-01-01-e %}) [f]({{ site.url }}/g/)'
    ) == [
        ("markdown", "posts/b.md", "c", "a"),
        ("markdown", "2022-01-01-e", "", "d"),
        ("markdown", "/g/", "", "f"),
    ]
    assert links('{% post_link my-post 标题 %} {{< figure src="/a.png" >}} <a href="{% post_url x %}">') == [
        ("markdown", "my-post", "", ""),
        ("embed", "/a.png", "", ""),
        ("markdown", "x", "", ""),
    ]
    assert links('<img src="{{ site.url }}/a.png">') == [("embed", "/a.png", "", "")]
    assert links("![a](my pictures/b c.png) [d](e f.md)") == [
        ("embed", "my pictures/b c.png", "", "a"),
        ("markdown", "e f.md", "", "d"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a ![b][c]\n\n[c]: data:image/png;base64,iVBORw0KGgo=\n",
        'a <img alt="b" src="data:image/png;base64,iVBORw0KGgo=">',
        "a ![b](data:image/svg+xml;charset=utf-8;base64,iVBORw0KGgo=)",
        "a ![b](<data:image/png;base64,iVBORw0KGgo=>)",
    ],
)
def test_base64_is_never_indexed(text: str) -> None:
    """Neither in a reference nor in HTML; the words beside it stay."""
    assert "iVBOR" not in shown(text)
    assert "base64" in {reason for reason, _ in hidden(note(text))}
    assert "b" in shown(text)
    assert not any(target.strip() for _, target, _, _ in links(text))


# --- exports -----------------------------------------------------------------------------------------------------


def test_notion_exports() -> None:
    """The hash leaves the title, the lines below it are properties."""
    name = "v/My Page 0123456789abcdef0123456789abcdef.md"
    document = note("# My Page\n\nCreated: 2022-01-02\nScore: 5\nTags: a, b\n\nText: here\n", name)
    assert document.title == "My Page"
    assert document.meta["Created"] == "2022-01-02"
    assert document.meta["Score"] == 5
    assert document.tags == ("a", "b")
    assert "Text" not in document.meta
    assert note("no heading", name).title == "My Page"


def test_joplin_exports() -> None:
    """The trailer is masked, its dates are kept, the first line is the title."""
    text = (
        "My note\n\ntext\n\nid: 0123456789abcdef0123456789abcdef\nparent_id: 0\n"
        "created_time: 2021-01-02T03:04:05.000Z\nupdated_time: 2021-01-03T03:04:05.000Z\ntype_: 1"
    )
    document = note(text)
    assert document.title == "My note"
    assert document.meta["created"] == "2021-01-02T03:04:05.000Z"
    assert document.meta["id"] == "0123456789abcdef0123456789abcdef"
    assert shown(text) == "My note text"
    assert document.dates[0].first.isoformat() == "2021-01-02"


def test_pasted_conversations_have_speakers() -> None:
    """Turns within a note are sections."""
    document = note(
        "User: what is RAG?\n\nAssistant: it retrieves, then it generates.\n\nUser: thanks\n\nAssistant: welcome\n"
    )
    assert [s.speaker for s in document.sections][:2] == ["user", "model"]


@pytest.mark.parametrize(
    "text",
    [
        "We grew 50%% in May and 20%% in June.",
        "set {#1 in the charts}",
        "the set {.a, .b}",
        "a list {: of things}",
        "- menu:: soup and fish",
    ],
)
def test_words_between_signs_of_other_tools_stay(text: str) -> None:
    """Percent signs behind a number, braces around words, a property that says something."""
    assert chunk(note(text))[0].body == text


@pytest.mark.parametrize(
    "mark", ["{#my-id}", "{.a .b}", "{: .a}", "{:toc}", '{:target="_blank"}', "{#a .b c=d}"]
)
def test_attributes_are_masked(mark: str) -> None:
    """Names, classes and values, as kramdown and Hugo know them."""
    assert chunk(note(f"words {mark}\n"))[0].body.strip() == "words"


def test_prose_that_begins_with_import_stays_in_mdx() -> None:
    """A statement names a module or what it exports."""
    text = 'import duties rose in "May"\nexport went well\n\nend'
    assert chunk(load("v/a.mdx", text.encode()))[0].body == text
    code = 'import A, { b } from "x"\nimport * as c from "y"\nimport "z"\nexport const d = 1\n\nend'
    assert chunk(load("v/a.mdx", code.encode()))[0].body.strip() == "end"
