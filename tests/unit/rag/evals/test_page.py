"""The reports as files: everything is in them, nothing of a note is markup, nothing is fetched."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from rag.evals import charts, harness, markdown, markup, page, session, worst
from rag.evals.session import Task
from rag.messages import set_language
from tests.unit.rag.evals.fake_engine import TINY, Opener
from tests.unit.rag.evals.planted import TableOpener, make_set, ranks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVIL = "<script>alert('x')</script><img src=http://evil.example/x.png onerror=alert(1)> & \"quoted\" `code` | [a](b)"


class Outline(HTMLParser):
    """Counts elements and collects attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A set whose every text is an attack."""
    folder = tmp_path / "evil"
    folder.mkdir()
    rows = [{"_id": f"<b>{i}", "title": f"{EVIL} {i}", "text": f"{EVIL} words {i}"} for i in range(3)]
    asked = [{"_id": f"<i>{i}", "text": f"{EVIL} {i}?"} for i in range(2)]
    for name, records in (("corpus.jsonl", rows), ("queries.jsonl", asked)):
        (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    (folder / "qrels.tsv").write_text("<i>0\t<b>2\t1\n<i>1\tgone\t1\n", "utf-8")
    return folder


def test_nothing_of_a_note_is_markup(evil: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No script, no image, no address but anchors; the texts stand there as they were written."""
    monkeypatch.setattr(harness, "_engine", Opener)
    found = session.perform(Task([evil], settings={"embedding.model": EVIL}))
    html = page.page(found.reports, (), "map")
    outline = Outline(html)
    assert outline.open == []
    assert not {"script", "img", "b>0", "link", "iframe", "object"} & set(outline.tags)
    assert not [name for name, _ in outline.attributes if name.startswith("on") or name in {"src", "style"}]
    assert {value[0] for name, value in outline.attributes if name == "href"} == {"#"}
    assert f"{EVIL} 0?" in outline.text
    assert f"{EVIL} 2" in outline.text
    text = markdown.text(found.reports, (), "map")
    assert "<script" not in text
    assert "[a](b)" not in text
    assert not re.search(r"(?<!\\)`code", text)


def test_the_page_needs_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file without addresses; its policy forbids what it does not use; the plots are well-formed."""
    folder = make_set(tmp_path / "many", 60)
    made = tmp_path / "out" / "report.html"
    for lost, options in ((0.0, {"save": "base"}), (0.2, {"compare": "base", "html": made})):
        table = ranks(60, 1, lost=lost)
        monkeypatch.setattr(harness, "_engine", lambda table=table: TableOpener(table))
        found = session.perform(Task([folder], **options))
    assert made in found.written
    html = made.read_text("utf-8")
    assert "default-src 'none'" in html.replace("&#x27;", "'")
    assert not re.search(r"https?:|url\(|@import", html)
    plots = re.findall(r"<svg.*?</svg>", html)
    assert len(plots) == 4
    for plot in plots:
        assert ET.fromstring(plot).tag == "svg"  # noqa: S314 - our own
    outline = Outline(html)
    assert outline.tags.count("details") == worst.MOST
    for words in (
        "Against 'base'",
        "loss",
        "0 better",
        "12 worse",
        "48 the same",
        "rank 3",
        "seed",
        "Note 5",
    ):
        assert words in outline.text, words
    assert "prefers-color-scheme: dark" in html


@pytest.fixture
def chinese() -> Iterator[None]:
    """A Chinese reader."""
    set_language("zh")
    yield
    set_language("auto")


@pytest.mark.usefixtures("chinese")
def test_the_page_speaks_the_readers_language(tmp_path: Path) -> None:
    """Headings in Chinese, and the page says so."""
    report = harness.run(TINY, cache=tmp_path, open_engine=Opener())
    html = page.page([report], (), "ndcg@10")
    assert '<html lang="zh">' in html
    assert "各深度的召回率" in html
    assert "检索评测" in markdown.text([report], (), "ndcg@10")


def test_the_worst_questions_say_where_the_right_rows_are(tmp_path: Path) -> None:
    """Lowest first, at most 20, perfect ones not at all; each right row with its rank."""
    folder = make_set(tmp_path / "many", 60)
    table = ranks(60, 0)
    report = harness.run(folder, cache=tmp_path / "cache", open_engine=TableOpener(table))
    found = worst.worst(report, "mrr@10")
    assert len(found) == worst.MOST
    assert [each.value for each in found] == sorted(each.value for each in found)
    for each in found:
        number = int(each.id.removeprefix("q"))
        (right,) = each.right
        assert (right.row, right.title, right.rank) == (f"d{number}", f"Note {number}", table[number])
        assert each.before is None
        assert each.shown[0].snippet.startswith("The answer is ")
    perfect = harness.run(folder, cache=tmp_path / "cache", open_engine=TableOpener([1] * 60))
    assert worst.worst(perfect, "mrr@10") == []
    assert "Every question has a perfect MRR@10." in page.page([perfect], (), "mrr@10")


def test_ablations_are_drawn_like_stages(tmp_path: Path) -> None:
    """Whatever a run was asked for has its bar and its curve; the last one is what it is judged by."""
    folder = make_set(tmp_path / "many", 12)
    report = harness.run(
        folder, cache=tmp_path / "c", stages=["lexical"], open_engine=TableOpener(ranks(12, 0))
    )
    assert report.headline == "lexical"
    assert "final" not in Outline(page.page([report], (), "ndcg@10")).text


def test_marks_lie_where_their_values_are() -> None:
    """A bar's length, a dot's place and a bin's height, measured in the drawing."""
    bars = ET.fromstring(charts.bars({"a": 1.0, "b": 0.25}, {"a": 0, "b": 1}, "b"))  # noqa: S314 - our own
    whole, quarter = (
        float(each.attrib["width"]) for each in bars.iter("rect") if "fill" in each.attrib["class"]
    )
    assert quarter == pytest.approx(whole / 4)
    plot = ET.fromstring(charts.scatter([(0.0, 1.0), (1.0, 0.0), (0.5, 0.5), (0.5, 0.5)], "x", "y"))  # noqa: S314 - our own
    dots = {each.attrib["class"]: each.attrib for each in plot.iter("circle")}
    better, worse, same = (dots[f"dot {kind}"] for kind in ("better", "worse", "same"))
    assert float(better["cx"]) < float(same["cx"]) < float(worse["cx"])
    assert float(better["cy"]) < float(same["cy"]) < float(worse["cy"]), "upwards is smaller in SVG"
    assert float(same["r"]) > float(better["r"])
    times = ET.fromstring(charts.histogram([1.0, 1.0, 9.0, 500.0], {"p50": 1.0, "p99": 10.0}, "ms"))  # noqa: S314 - our own
    heights = [float(each.attrib["height"]) for each in times.iter("rect")]
    assert heights[0] == pytest.approx(2 * heights[1])
    assert len(heights) == 3, "what lies far beyond counts in the last bin"


def test_text_is_escaped_wherever_it_is_put() -> None:
    """As a child and as an attribute; only elements are taken as they are."""
    made = markup.element("p", "<b>", markup.element("i", "&"), None, 1.50, class_='"x"', data_n=None)
    assert made == '<p class="&quot;x&quot;">&lt;b&gt;<i>&amp;</i>1.5</p>'
