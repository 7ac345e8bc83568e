"""Org mode, reStructuredText, AsciiDoc and LaTeX: the text is the file, its structure is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Chunk, Document

    Read = Callable[[str, bytes | str], tuple[Document, list[Chunk]]]

LONG = "正文写得足够长，好让它自己成为一段，不与前面的合在一起。" * 2

ORG = f""":PROPERTIES:
:ROAM_ALIASES: "the tower" 塔
:END:
#+TITLE: Towers 塔
#+DATE: <2023-05-03 Wed>
#+FILETAGS: :notes:
#+OPTIONS: toc:nil

* TODO [#A] Roof [1/2] :bird:
:LOGBOOK:
CLOCK: [2023-05-03]
:END:
See [[file:b.org::*x][the jackdaw]] and [[./IMG_1234.png]]. {LONG}
# a remark
#+BEGIN_SRC python
# code stays
#+END_SRC
** 塔顶
{LONG}
"""

RST = f"""=====
Title
=====

:date: 2023-05-03
:tags: a, 鸟

Section
-------

Text `label <b.rst>`_. {LONG}

.. note:: Mind the gap

   {LONG}

.. image:: a/b.png
   :alt: a heron

.. a remark
   over two lines

.. toctree::

   chapter

小节
~~~~

{LONG}
"""

ADOC = f"""= Title 题
Ann Bee <ann@example.org>
v1.0, 2023-05-03
:toc: left
:keywords: a, 鸟

// a remark
== Sec

Text link:b.adoc#x[label] image::i/a.png[a heron,300]. {LONG}

[source,python]
----
== no heading
----

=== 小节

{LONG}
"""

TEX = rf"""\documentclass{{article}}
\title{{My \textbf{{Paper}} 论文}}
\date{{2023-05-03}}
\keywords{{a, 鸟}}
\begin{{document}}
\maketitle
\section{{Salt \& sea}}
The avocet bows, 50\% of it. {LONG} % a remark
\begin{{verbatim}}
% code stays
\section{{no heading}}
\end{{verbatim}}
\subsection*{{小节}}
\includegraphics[width=3cm]{{fig/a.png}} \href{{https://a.b}}{{label}} {LONG}
\end{{document}}
"""

EVERY = [
    ("a.org", ORG, "Towers 塔", ["Roof", "塔顶"]),
    ("a.rst", RST, "Title", ["Title", "Section", "小节"]),
    ("a.adoc", ADOC, "Title 题", ["Title 题", "Sec", "小节"]),
    ("a.tex", TEX, "My Paper 论文", ["Salt & sea", "小节"]),
]


@pytest.mark.parametrize(("name", "text", "title", "outline"), EVERY)
def test_headings_title_and_date(read: Read, name: str, text: str, title: str, outline: list[str]) -> None:
    """Each language's own; the text is the decoded file, and the last passage stands under all its headings."""
    document, chunks = read(name, text.encode("gb18030"))
    assert (document.text, document.format, document.title) == (text, "text", title)
    assert [s.title for s in document.sections] == outline
    assert [s.level for s in document.sections] == list(range(1, len(outline) + 1))
    assert chunks[-1].heading == tuple(outline)
    assert [(str(d.first), d.source) for d in document.dates] == [("2023-05-03", "front matter:date")]


@pytest.mark.parametrize(("name", "text"), [one[:2] for one in EVERY])
def test_what_nobody_searches_for_is_masked(read: Read, name: str, text: str) -> None:
    """Remarks, options and lists of chapters are left out; words, code and labels are not."""
    document, chunks = read(name, text)
    indexed = "\n".join(c.body for c in chunks)
    for word in (
        "remark",
        "toc:",
        "CLOCK",
        "documentclass",
        "toctree",
        "chapter",
        "IMG_1234",
        ".png",
        "maketitle",
    ):
        assert word not in indexed
    masked = {text[m.start : m.end] for m in document.masks}
    assert all(LONG not in part for part in masked)
    assert "code stays" not in text or "# code stays" in indexed or "% code stays" in indexed


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.org", ORG, [("b.org", "", "the jackdaw"), ("./IMG_1234.png", "", "")]),
        ("a.rst", RST, [("b.rst", "", "label"), ("a/b.png", "", "")]),
        ("a.adoc", ADOC, [("b.adoc", "x", "label"), ("i/a.png", "", "a heron")]),
        ("a.tex", TEX, [("fig/a.png", "", ""), ("https://a.b", "", "label")]),
    ],
)
def test_links(read: Read, name: str, text: str, expected: list[tuple[str, str, str]]) -> None:
    """With target, anchor and label; pictures are embedded."""
    document, _ = read(name, text)
    assert [(link.target, link.anchor, link.label) for link in document.links] == expected
    assert all((link.kind == "embed") == link.target.endswith(".png") for link in document.links)


@pytest.mark.parametrize(
    ("name", "text", "tags"),
    [("a.org", ORG, ("notes", "bird")), *((n, t, ("a", "鸟")) for n, t, *_ in EVERY[1:])],
)
def test_tags(read: Read, name: str, text: str, tags: tuple[str, ...]) -> None:
    """From keywords, fields and headings."""
    assert read(name, text)[0].tags == tags


def test_aliases_of_org_roam(read: Read) -> None:
    """They are properties, as in Markdown."""
    assert read("a.org", ORG)[0].meta["aliases"] == ("the tower", "塔")


def test_properties_in_comments(read: Read) -> None:
    """As Nikola writes them."""
    document, _ = read("a.rst", ".. title: 标题\n.. date: 2020-01-02\n.. tags: x\n\nText.")
    assert (document.title, document.tags, str(document.dates[0].first)) == ("标题", ("x",), "2020-01-02")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.org", "#+begin_src\nopen\n* Head\n:PROPERTIES:\n* Next\n"),
        ("a.rst", "Head\n====\n\n.. code::\n"),
        ("a.adoc", "== Head\n\n----\nopen\n"),
        ("a.tex", "\\section{Head\n\\begin{verbatim}\n% open"),
    ],
)
def test_what_is_never_closed_costs_nothing(read: Read, name: str, text: str) -> None:
    """The headings before it are known, and every word is indexed."""
    document, _ = read(name, text)
    assert document.sections[0].title == "Head"


def test_a_chapter_without_preamble_is_all_body(read: Read) -> None:
    """A file that another includes."""
    document, _ = read("a.tex", "\\chapter{One}\n\\section{Two}\ntext")
    assert [(s.title, s.level) for s in document.sections] == [("One", 1), ("Two", 2)]
    assert document.masks == ()


def test_notes_in_a_logbook_are_read(read: Read) -> None:
    """Times and states are not."""
    _, chunks = read(
        "a.org",
        '* Head\n:LOGBOOK:\n- State "DONE" from "TODO" [2023-05-04 Thu]\n- Note taken on [2023-05-05 Fri] \\\\\n'
        "  A curlew.\nCLOCK: [2023-05-03 Wed 10:00]\n:END:\nBody.\n",
    )
    said = " ".join(" ".join(c.body for c in chunks).split())
    assert said == "* Head - Note taken on [2023-05-05 Fri] \\\\ A curlew. Body."


def test_what_stands_under_a_class_or_behind_an_empty_comment_is_read(read: Read) -> None:
    """As docutils shows it."""
    _, chunks = read("a.rst", ".. class:: wide\n\n   One.\n\n..\n\n   Two.\n\n..\n   hidden\n")
    assert " ".join(" ".join(c.body for c in chunks).split()) == "One. Two."
