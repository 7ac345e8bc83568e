"""Pieces that real files are made of, and what every loaded document promises; shared by properties and fuzzing."""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from ingest.chunk import chunk

if TYPE_CHECKING:
    from rag.types import Document

PIECES = (
    *("", "", " ", "   ", "\t", "\u3000", "\n", "\n\n", "\r\n", "---\n", "***\n", "===\n", "+++\n", "...\n", "# ", "## ", "###"),
    *("# 标题\n", "Setext\n---\n", "# Drawing\n", "## Text Elements\n", "```\n", "```py\n", "~~~~\n", "```dataview\n", "`", "``"),
    *("title: a\n", "tags: [a, b]\n", "layout: post\n", "aliases:\n  - x\n", "date = 2022-01-01\n", "a: b: c\n", "\tkey: v\n"),
    *('{"title": "x"}\n', '{"a": ', "}\n", "key:: value\n", "id:: 9f86d081884c7d65\n", "[k:: 1]", "(k:: 2)", "::: tip 标题\n", ":::\n"),
    *("[a](b.md)", "![](c.png)", "![IMG_1](d)", "[[e|f]]", "![[g#h]]", "[[#^i]]", "[[", "]]", "[", "](", "![[", "]: x/y\n"),
    *("[r]: https://example.org\n", "[^1]: note\n", "data:image/png;base64,AAAA", "[i]: data:image/png;base64,AAAA\n"),
    *('{{< fig caption="a b" >}}', "{{% x %}}", "{% note %}", "{% endnote %}", "{% raw %}", "{% comment %}", "{{", "}}", "{%", "%}"),
    *("{{[[TODO]]}}", "{{c1::x}}", "{/* c */}", "{/*", "${a}", "%%", "%% c %%", "<!--", "-->", "<!-- more -->", "((", "))"),
    *("<div class='x'>", "</div>", "<img alt='猫 cat' src=x>", '<a href="b.md#c">', "<Tabs a={{b: 1}}>", "</Tabs>", "<style>", "<br/>", "<"),
    *("import A from '@site/b';\n", "export const a = {\n", "{: .note}\n", " {#id}\n", " ^block-id\n", "> [!note]- T\n", "> ", "- ", "1. "),
    *("| a | b |\n", "|---|---|\n", "$x_{{a}}$", "$$", "$", ":LOGBOOK:", ":END:", "type_: 1", "\n\nid: 0123456789abcdef0123456789abcdef\n"),
    *("User: hi\n", "Assistant: hello\n", "你说：\n", "ChatGPT：\n", "## 用户\n", "**Q:** why\n", "A: so\n", "role:: user\n", "#标签/子", "#a"),
    *("，", "。", "没有边界" * 9, "Words and words. " * 5, "😀", "👨‍👩‍👧", "e\u0301\u0323", "\u202e", "\ufeff", "\x0b", "\x1f", "\x7f", "\x85", "\u2028"),
    *("<h1>t</h1>", "<table><tr><td>a</td></tr></table>", "<script>x</script>", "&amp;", "a,b;c\n", '"q,\n', ".. note::\n", "=====\n"),
    *("* Heading\n", "#+TITLE: x\n", "#+BEGIN_SRC\n", ":PROPERTIES:\n", "== Section\n", "----\n", "\\section{a}", "\\begin{b}", "\\end{b}", "%c\n"),
    *("From: a@example.org\n", "Content-Type: text/html\n", "Subject: =?utf-8?b?5L2g?=\n", '{"cells": [', '{"mapping": {', '"nodes": []'),
)  # fmt: skip
"""Fragments of every text-based format, whole and broken."""

TEXTS = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.sampled_from(PIECES),
        st.sampled_from(PIECES),
        st.text("ab .。！，:#`*[](){}<>%|-=~_!$^&\\/\"'中文é😀\t\n", max_size=30),
        st.text(max_size=12),
    ),
    max_size=50,
).map("".join)


def wrapped(text: str, suffix: str) -> str:
    """The text within the least that makes it a file of a structured format."""
    if suffix == ".canvas":
        cards = [
            {"type": kind, kind if kind != "link" else "url": text, "x": i}
            for i, kind in enumerate(("text", "file", "link"))
        ]
        return json.dumps({"nodes": [*cards, {"type": "group", "label": text, "width": 9, "height": 9}]})
    if suffix == ".ipynb":
        cells: list[dict[str, object]] = [
            {"cell_type": kind, "source": text, "outputs": []} for kind in ("markdown", "code")
        ]
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})
    return f"From: a@example.org\nSubject: b\n\n{text}" if suffix == ".eml" else text


def check_document(document: Document) -> None:
    """Masks are sorted and disjoint, and lie in the text; so do links, sections, pages."""
    at = 0
    for mask in document.masks:
        assert at <= mask.start < mask.end <= len(document.text)
        at = mask.end
    for link in document.links:
        assert 0 <= link.start < link.end <= len(document.text)
        assert link.target or link.anchor
    for starts in (
        [s.start for s in document.sections],
        list(document.pages),
        [k.start for k in document.links],
    ):
        assert starts == sorted(starts)
        assert all(0 <= start <= len(document.text) for start in starts)
    assert "\x00" not in document.title
    assert "\n" not in document.title


def check_chunks(document: Document, size: int) -> None:
    """Passages are exact, sorted, disjoint spans; outside of them lies only white space or masked text."""
    text = document.text
    chunks = chunk(document, size)
    assert chunks == chunk(document, size)
    blank = list(text)
    for mask in document.masks:
        blank[mask.start : mask.end] = ["\n" if c == "\n" else " " for c in text[mask.start : mask.end]]
    view = "".join(blank)
    if not view.strip():
        assert [(c.start, c.end, c.text, c.body, c.lines) for c in chunks] == [(0, 0, "", "", (1, 1))]
        return
    newlines = [i for i, c in enumerate(text) if c == "\n"]
    at = 0
    for c in chunks:
        assert at <= c.start < c.end
        assert text[c.start : c.end] == c.text == c.text.strip()
        assert view[c.start : c.end] == c.body
        assert c.body.strip()
        assert not view[at : c.start].strip()
        assert c.lines == (
            bisect_right(newlines, c.start) + 1,
            bisect_right(newlines, c.end - 1) + 1 - (text[c.end - 1] == "\n"),
        )
        at = c.end
    assert not view[at:].strip()
