"""HTML pages, made on the spot."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

import pytest

from ingest.loaders import load
from rag.types import DateRange

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Chunk, Document

    Read = Callable[[str, bytes | str], tuple[Document, list[Chunk]]]


def test_readable_text_without_the_frame(read: Read) -> None:
    """Scripts, styles, navigation and hidden elements are left out; paragraphs, lists and rows are kept."""
    document, _ = read(
        "page.html",
        """<title>Shore - My site</title><style>p{}</style><script>dunlin()</script><nav>menu</nav>
        <h1>Shore</h1><p>A  <b>bold</b>
        word.<p hidden>secret<div style="display: none">secret</div>
        <ul><li>one<li>two<ul><li>inner</ul></ul><ol start=3><li>three</ol>
        <table><tr><th>bird<th>count<tr><td>curlew<td>2</table><aside>advert</aside>""",
    )
    assert document.text == (
        "Shore\n\nA bold word.\n- one\n- two\n- inner\n3. three\n\nbird | count\ncurlew | 2"
    )
    assert (document.title, document.format, document.encoding) == ("Shore", "prose", "utf-8")


def test_headings_become_sections(read: Read) -> None:
    """Each passage stands under the headings of the page."""
    body = "".join(f"<h{n}>第{n}节</h{n}><p>{f'正文{n}，' * 30}</p>" for n in (1, 2, 3))
    document, chunks = read("page.html", body)
    assert [(s.title, s.level) for s in document.sections] == [("第1节", 1), ("第2节", 2), ("第3节", 3)]
    assert all(document.text.startswith(s.title, s.start) for s in document.sections)
    assert chunks[-1].heading == ("第1节", "第2节", "第3节")


def test_links_are_where_their_words_are(read: Read) -> None:
    """Links keep target, anchor and label; in a row, and where a combining mark is composed before them."""
    document, _ = read(
        "page.html",
        '<p>cafe\u0301 <a href="b.html#x"> there </a>, <img src="i/heron.jpg" alt="a heron"></p>'
        '<table><tr><td>x<td><a href="https://a.b/#c">cell</a></table><img src="p/IMG_1234.jpg" alt="IMG_1234">',
    )
    found = [
        (link.kind, link.target, link.anchor, document.text[link.start : link.end]) for link in document.links
    ]
    assert found == [
        ("markdown", "b.html", "x", "there"),
        ("embed", "i/heron.jpg", "", "a heron"),
        ("markdown", "https://a.b/#c", "", "cell"),
        ("embed", "p/IMG_1234.jpg", "", ""),
    ]
    assert "IMG_1234" not in document.text


@pytest.mark.parametrize(
    ("head", "codec", "encoding"),
    [
        ('<meta charset="gb2312">', "gb18030", "gb18030"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=big5">', "big5hkscs", "big5hkscs"),
        ('<meta charset="gbk">', "utf-8", "utf-8"),
        ("", "utf-16", "utf-16"),
        ("", "gb18030", "gb18030"),
    ],
)
def test_the_encoding_is_the_pages_own(read: Read, head: str, codec: str, encoding: str) -> None:
    """What a page says of its encoding counts, unless its bytes are UTF-8 or carry a mark."""
    document, _ = read("page.html", f"{head}<p>今天在湖邊看見一隻鳥，很高興。</p>".encode(codec))
    assert document.text == "今天在湖邊看見一隻鳥，很高興。"
    assert document.encoding == encoding


def test_dates_and_keywords_of_the_head(read: Read) -> None:
    """Dates carry the name of their source and their zone."""
    document, _ = read(
        "page.html",
        '<meta property="article:published_time" content="2023-05-03T10:00:00+08:00"><meta name="keywords" content="鸟, lake">'
        '<meta name="author" content="Lin"><script type="application/ld+json">{"dateModified": "2024-01-02"}</script><p>x',
    )
    day = date(2023, 5, 3)
    assert document.dates[0] == DateRange(day, day, "html:article:published_time", 0.9, "+08:00")
    assert document.dates[1].source == "html:datemodified"
    assert (document.tags, document.meta) == (("鸟", "lake"), {"author": "Lin"})


def test_an_article_that_is_most_of_the_page_is_the_page(read: Read) -> None:
    """What stands around it is the site's; where it is a small part, nothing is left out."""
    words = "The heron stands in the reeds. " * 5
    article, _ = read("a.html", f"<div>Sign in</div><article><p>{words}</article><div>More posts</div>")
    listing, _ = read("b.html", f"<article><p>Short.</article><div>{words}</div>")
    assert article.text == words.strip()
    assert listing.text == f"Short.\n\n{words.strip()}"


def test_cells_that_hold_texts_lay_out_a_page(read: Read) -> None:
    """A table around the whole text is no table."""
    document, _ = read("a.html", "<table><tr><td><h2>Left</h2><p>text<td><p>right</table>")
    assert document.text == "Left\n\ntext\n\nright"


def test_preformatted_text_formulas_and_check_boxes(read: Read) -> None:
    """Code keeps its lines, a formula its source, a task its state."""
    document, _ = read(
        "a.html",
        "<pre>\nif x:\n    y\n</pre><p>so <math><mi>x</mi><annotation encoding='application/x-tex'>x^2</annotation></math></p>"
        "<ul><li><input type=checkbox checked>done</ul><p><ruby>漢<rt>kan</rt></ruby>字",
    )
    assert document.text == "if x:\n    y\n\nso $x^2$\n- [x] done\n\n漢字"


def test_a_page_that_hides_itself_is_read_anyway(read: Read) -> None:
    """Saved behind an open dialog, all of a page may be marked as hidden."""
    document, _ = read("a.html", '<body aria-hidden="true"><p>All of it.</p>')
    assert document.text == "All of it."


@pytest.mark.parametrize(
    "piece", ["<![if !mso]>", "<![CDATA[x]]>", "<!", "</", "<a href='", "<!--", "</p></td>"]
)
def test_broken_markup_is_read_as_far_as_it_goes(read: Read, piece: str) -> None:
    """What stands before a slip is never lost."""
    document, _ = read("a.html", f"<p>Before.</p>{piece}<p>after</p>")
    assert document.text.startswith("Before.")


@pytest.mark.parametrize(
    "piece", ["<!--", "<table><tr><td>x<td>", "<b>", "<ul><li>", "<p><li></div>", "<a href='"]
)
def test_nesting_costs_no_more_than_its_length(piece: str) -> None:
    """No recursion, and no second look at what stands open."""
    began = time.perf_counter()
    load("notes/a.html", (piece * 20_000).encode())
    assert time.perf_counter() - began < 30


@pytest.mark.parametrize("tag", ["nav", "button", "select", "video"])
def test_a_hidden_element_that_nobody_closed_hides_nothing(read: Read, tag: str) -> None:
    """As in a browser: what follows is the page."""
    document, _ = read("a.html", f"<p>before<{tag}> inside<p>after<nav>menu</nav><p>end")
    assert [word for word in ("before", "after", "end") if word in document.text] == [
        "before",
        "after",
        "end",
    ]
    assert ("menu" in document.text) == (tag == "nav")


def test_powers_are_not_digits(read: Read) -> None:
    """10 to the sixth is not 106; ordinals and notes in brackets are what they are."""
    document, _ = read(
        "a.html", "<p>10<sup>6</sup> x<sup>-2</sup> 1<sup>st</sup> word<sup>[3]</sup> <sup>4</sup>He"
    )
    assert document.text == "10^6 x^-2 1st word[3] 4He"


def test_xml_in_pages(read: Read) -> None:
    """Declared entities are no text, marked sections are."""
    document, _ = read(
        "a.xhtml",
        '<!DOCTYPE html [<!ENTITY x "]>"><!ENTITY y SYSTEM "file:///etc/passwd">]><p>a <![CDATA[b < c]]> d &y;',
    )
    assert document.text == "a b < c d &y;"
