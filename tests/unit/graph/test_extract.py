"""What a whole note says: names where they stand, once a passage, nothing out of code, templates and addresses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from graph import extract
from graph.model import Facts
from ingest.chunk import chunk
from ingest.loaders import load
from rag.types import Document

NOTE = """---
title: Reading list
director: [[Denis Villeneuve]]
rating: 9
tags: [film]
---

# Reading list

Yesterday I read 《三体》 by 刘慈欣 and talked with Marie Curie about [[Qdrant]] and [engula](https://github.com/engula/engula).
检索增强生成（RAG）在北京大学很热门。

```python
from Alpha import Beta  # Guido van Rossum
```

Run `useEffect` twice, see https://sspai.com/post/1 and {{< figure src="Caption Words" >}}.
"""


def facts(text: str, name: str = "notes/a.md", size: int = 400) -> tuple[Document, Facts]:
    """A note, and what it says."""
    document = load(name, text.encode(), None)
    return document, extract.facts(document, chunk(document, size))


def names(text: str, at_least: float = 0.5) -> set[str]:
    """Names that are shown."""
    return {m.name for m in facts(text)[1].mentions if m.confidence >= at_least}


def test_a_note_is_read_for_its_names() -> None:
    """Works, persons of both scripts, links, repositories, abbreviations, organisations, identifiers, domains."""
    document, found = facts(NOTE)
    said = {(m.name, m.kind, m.extractor) for m in found.mentions}
    assert {
        ("三体", "work", "name"),
        ("刘慈欣", "person", "pos"),
        ("Marie Curie", "person", "name"),
        ("Qdrant", "technology", "link"),
        ("engula", "technology", "link"),
        ("engula/engula", "technology", "url"),
        ("检索增强生成", "technology", "alias"),
        ("RAG", "technology", "alias"),
        ("北京大学", "organisation", "pos"),
        ("useEffect", "technology", "code"),
        ("sspai.com", "organisation", "url"),
        ("Denis Villeneuve", "person", "property"),
    } <= said
    for one in found.mentions:
        assert one.extractor == "property" or document.text[one.start : one.end] == one.name


def test_code_templates_and_addresses_hold_no_names() -> None:
    """What stands in a code block, a shortcode or the path of an address names nothing."""
    said = {m.name for m in facts(NOTE)[1].mentions}
    assert not said & {"Alpha", "Beta", "Guido van Rossum", "Guido", "Caption Words", "post", "Rossum"}


@pytest.mark.parametrize(
    "junk",
    [
        "TODO: call them on Monday, 5 January.",
        "## TODO\n\n## Overview\n\n- [ ] Done\n",
        "However, this is fine. Yesterday was not. But I think so.",
        "| Name | Date |\n|---|---|\n| Total | Sum |\n",
        "<div class='Big Box'>Words</div> &Auml; #Tag @Someone Else",
        "C:\\Users\\Alice\\Smith and /usr/Local/Share/Lib stay.",
        "这是一个很好的东西，安全性和深度都不错，格式化以后我明白了。",
        "```\nAlan Turing\n```\n",
        "$$ E_{Alpha} = Mc^2 $$",
    ],
)
def test_ordinary_text_has_no_names(junk: str) -> None:
    """Beginnings of sentences, months, headings of templates, markup and what a tagger mistakes."""
    assert names(junk) == set()


def test_a_name_is_mentioned_once_a_passage_where_it_stands_first() -> None:
    """Twice in one passage is one mention, in two passages two; GPT-4 and GPT 4 are one name."""
    text = "We met Marie Curie. Then Marie Curie left, with GPT-4 and GPT 4.\n"
    document, found = facts(text)
    assert [m.name for m in found.mentions] == ["Marie Curie", "GPT-4"]
    assert found.mentions[0].start == document.text.index("Marie")
    long = (
        "# One\n\n"
        + "We met Marie Curie there. " * 30
        + "\n\n# Two\n\nand then Marie Curie left."
        + " Words follow." * 40
    )
    document, found = facts(long, size=60)
    places = [m.start for m in found.mentions if m.name == "Marie Curie"]
    assert len(places) == len({c.start for c in chunk(document, 60) if "Marie Curie" in c.text})


def test_overlapping_names_are_one() -> None:
    """The longest name wins: a work's title is not also the city in it."""
    found = facts("我在看《北京折叠》。[[New York]] and the New York Times told so.")[1]
    assert [m.name for m in found.mentions] == ["北京折叠", "New York", "New York Times"]
    assert all(a.end <= b.start for a, b in zip(found.mentions, found.mentions[1:], strict=False))


@pytest.mark.parametrize(
    "target", ["2022-08-09", "2023年5月", "image.png", "2022-W31", "Untitled", "a, b. And so on"]
)
def test_a_link_to_a_day_or_a_file_names_nothing(target: str) -> None:
    """Wikilinks are names, unless they lead to a daily note, a picture, or a whole sentence."""
    assert not facts(f"see [[{target}]] there")[1].mentions


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("[[folder/Qdrant|the database]]", "Qdrant"),
        ("[[Qdrant#Install]]", "Qdrant"),
        ("[[🍀 花园导览]]", "花园导览"),
        ("[[notes/向量数据库.md]]", "向量数据库"),
    ],
)
def test_a_link_names_the_note_that_it_leads_to(link: str, name: str) -> None:
    """Without folder, anchor, label and ornament; the span is the name's."""
    document, found = facts(f"see {link} there")
    assert [(m.name, document.text[m.start : m.end]) for m in found.mentions] == [(name, name)]


def test_a_label_that_its_address_spells_is_a_name() -> None:
    """``[File Cleaner](.../file-cleaner)`` names a thing, ``[this post](...)`` does not."""
    found = names(
        "- [file cleaner](https://github.com/monzo/file-cleaner) - tool, [this post](https://example.org/a)"
    )
    assert {"file cleaner", "monzo/file-cleaner"} <= found
    assert "this post" not in found


@pytest.mark.parametrize("code", ["config.json", "--force", "true", "npm install x", "index", "the", "a=b"])
def test_files_options_and_keywords_are_no_identifiers(code: str) -> None:
    """Only a name that somebody gave: not a file, an option, a keyword or a command."""
    assert not facts(f"use `{code}` here")[1].mentions


def test_addresses_of_pictures_name_no_place() -> None:
    """Image hosts and shorteners say nothing of a note."""
    assert names("https://img.example.net/a https://bit.ly/x https://t.co/y https://i.imgur.com/z") == set()


def test_the_same_document_says_the_same() -> None:
    """Facts are a pure function of the document."""
    assert facts(NOTE) == facts(NOTE)


def test_a_document_without_text_says_nothing() -> None:
    """No text, no facts; no failure either."""
    assert extract.facts(Document("a", "", "", "", "text"), []) == Facts()


def test_text_without_chinese_needs_no_dictionary() -> None:
    """The tagger is loaded for Chinese only."""
    code = (
        "import sys; from graph import extract; from rag.types import Document as D;"
        "extract.facts(D('a', 'We met Marie Curie.', '', 'T', 'text'), []); print('rjieba' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
