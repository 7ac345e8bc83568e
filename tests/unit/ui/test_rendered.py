"""A Markdown note as a page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from rag.types import Document, Link
from tests.payloads import PAYLOADS
from ui.rendered import note_html

SAFE = {
    *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5"),
    *("h6", "hr", "img", "li", "mark", "ol", "p", "pre", "s", "span", "strong"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul", "math", "mfrac", "mi", "mn"),
    *("mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "mspace", "msqrt", "msub", "msubsup", "msup"),
    *("mtable", "mtd", "mtext", "mtr", "munder", "munderover"),
}


class _Elements(HTMLParser):
    """Tags with their attributes, and the text in marks."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.marked, self.said = "", ""
        self._depth = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._depth += tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "mark"

    def handle_data(self, data: str) -> None:
        self.said += data
        self.marked += data if self._depth else ""


def note(text: str, *links: Link) -> Document:
    """A note."""
    return Document("r/a.md", text, "0", "A", "markdown", links=links)


def read(text: str, passage: str, *links: Link) -> _Elements:
    """A note as a page, with a passage of it."""
    start = text.index(passage)
    return _Elements(note_html(note(text, *links), (start, start + len(passage))))


@pytest.mark.parametrize(
    ("passage", "marked"),
    [
        ("The *boiler* was\nserviced by **Ms Aydin**.", "The boiler was serviced by Ms Aydin."),
        ("oiler* was", "oiler was"),
        ("was\nserviced", "was serviced"),
        ("| two | words |", "two words"),
        ("print(1)", "print(1)"),
        ("key: value", "key: value"),
        ("- first\n- second", "first second"),
        ("锅炉由艾登", "锅炉由艾登"),
    ],
)
def test_exactly_the_passage_is_marked(passage: str, marked: str) -> None:
    """Whatever markup it begins, ends or runs through."""
    text = (
        "---\nkey: value\n---\n# Title\n\nThe *boiler* was\nserviced by **Ms Aydin**. Then more.\n\n"
        "| a | b |\n|---|---|\n| two | words |\n\n- first\n- second\n- third\n\n```py\nprint(1)\nprint(2)\n```\n\n"
        "锅炉由艾登女士检修。\n"
    )
    assert "".join(read(text, passage).marked.split()) == "".join(marked.split())


def test_a_word_that_stands_twice_is_marked_in_its_own_line() -> None:
    """The passage is looked for where it stands, not where its words stand first."""
    text = "same words\n\nother\n\nsame words\n"
    html = note_html(note(text), (19, 29))
    assert html.index("<mark>") > html.index("other")


def test_a_long_note_is_cut_around_its_passage() -> None:
    """A page of megabytes would stand in nobody's browser."""
    text = "filler words\n\n" * 20_000 + "the passage\n\n" + "filler words\n\n" * 20_000
    found = read(text, "the passage")
    assert found.marked == "the passage"
    assert len(found.said) < 80_000


def test_formulas_are_drawn_and_prices_are_not() -> None:
    """MathML, which needs no script; what cannot be read stays as it is written."""
    found = read("A $a_b^2$ costs $5 or $6, and $$\\frac{a}{b}$$.", "A")
    assert [tag for tag, _ in found.found].count("math") == 2
    assert "$5 or $6" in found.said
    assert r"\left" in read(r"broken $\left$", "broken").said


def test_a_link_in_a_formula_is_none() -> None:
    """The converter would write one of any scheme."""
    found = read(r"A $\href{javascript:alert(1)}{x}$ and $\style{background:url(//192.0.2.1)}{y}$", "A")
    assert all(not set(attributes) - {"display", "stretchy"} for tag, attributes in found.found if tag != "p")


def test_pictures_come_from_the_index_only() -> None:
    """A file of the vault by its id; one of the web, or an unknown one, by its words."""
    link = Link(0, 0, "my pic.png", "embed", resolved="r/attach/my pic & more.png")
    found = read(
        "A ![[my pic.png]] ![b](my%20pic.png) ![far](http://192.0.2.1/x.png) ![[gone.png]] "
        "![d](data:image/png;base64,AAAA) ![e](//192.0.2.1/x.png) ![f](file:///etc/passwd)",
        "A",
        link,
    )
    pictures = [attributes["src"] for tag, attributes in found.found if tag == "img"]
    assert pictures == ["source/image?id=r%2Fattach%2Fmy%20pic%20%26%20more.png"] * 2
    assert [attributes["href"] for tag, attributes in found.found if tag == "a"] == ["http://192.0.2.1/x.png"]
    assert "gone.png" in found.said


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_markup(payload: str) -> None:
    """Only tags and attributes of ours, links to the web alone, pictures of the index alone."""
    for text in (f"Words {payload} words", payload, f"```\n{payload}\n```", f"${payload}$", f"[[{payload}]]"):
        found = _Elements(note_html(note(text), (0, min(5, len(text)))))
        for tag, attributes in found.found:
            assert tag in SAFE
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            assert str(attributes.get("href", "http://")).lower().startswith(("http://", "https://"))
            assert str(attributes.get("src", "source/image?")).startswith("source/image?")
