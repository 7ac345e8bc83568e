"""A person's folder with one file of every kind: each fact in it is found, and its citation points at the right place."""

from __future__ import annotations

import csv
import email.message
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

import footnotes
from ingest import loaders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from footnotes import Engine, Hit


def chatgpt(question: str, reply: str) -> str:
    """A ChatGPT export of one conversation."""

    def node(name: str, parent: str | None, role: str, text: str, children: list[str]) -> dict[str, Any]:
        message = {
            "id": name,
            "author": {"role": role},
            "create_time": 1_683_340_000.0,
            "content": {"content_type": "text", "parts": [text]},
        }
        return {"id": name, "message": message, "parent": parent, "children": children}

    mapping = {
        "root": {"id": "root", "message": None, "parent": None, "children": ["a"]},
        "a": node("a", "root", "user", question, ["b"]),
        "b": node("b", "a", "assistant", reply, []),
    }
    talk = {"title": "Birds", "create_time": 1_683_340_000.0, "mapping": mapping, "current_node": "b"}
    return json.dumps([talk])


def mail(text: str) -> bytes:
    """A plain message."""
    message = email.message.EmailMessage()
    message["From"], message["To"] = "lin@example.org", "me@example.org"
    message["Subject"], message["Date"] = "观鸟", "Wed, 03 May 2023 10:00:00 +0800"
    message.set_content(text)
    return message.as_bytes()


def table(text: str) -> str:
    """Rows with a header."""
    out = io.StringIO()
    csv.writer(out).writerows([["place", "bird"], ["湖边", text], ["山上", "nothing"]])
    return out.getvalue()


def notebook(text: str) -> str:
    """A notebook with a text cell, code and its output."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Counting\n", "nothing here"]},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "count()",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": [f"{text}\n"]}],
        },
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, require: Callable[[bool, str, str], None]) -> Path:
    """One file of every kind that text can be written for without a library."""
    notes = tmp_path_factory.mktemp("notes")
    html, canvas = notes / "page.html", notes / "board.canvas"
    (notes / "hugo.md").write_text(
        '+++\ntitle = "Hugo"\ndate = 2022-06-18\ntags = ["鸟"]\n+++\n\n## 湖\n\nThe kestrel {{< figure src="x" >}} nests in the tower.\n',
        "utf-8",
    )
    (notes / "obsidian.md").write_text(
        "# 黑板\n\n> [!note] 记\n> The heron eats [[hugo|fish]] ^b1\n", "utf-8"
    )
    (notes / "gbk.txt").write_bytes("今天在湖边看见一只鸻，英文叫 plover。".encode("gb18030"))
    (notes / "talk.md").write_text(
        "# 问答\n\n你：麻鳽的英文是什么？\n\nChatGPT：麻鳽的英文是 bittern。\n\n你：谢谢，我会记住的。\n\nChatGPT：不客气。\n",
        "utf-8",
    )
    (notes / "conversations.json").write_text(chatgpt("What is a curlew?", "A curlew is a wader."), "utf-8")
    html.write_text(
        "<html><head><title>Shore</title><script>var dunlin2</script></head><body><h2>Mud</h2><p>The dunlin &amp; friends</p></body></html>",
        "utf-8",
    )
    (notes / "cells.ipynb").write_text(notebook("a godwit was counted"), "utf-8")
    (notes / "list.csv").write_text(table("a lapwing"), "utf-8")
    (notes / "letter.eml").write_bytes(mail("I saw a siskin today.\n"))
    canvas.write_text(
        json.dumps(
            {
                "nodes": [
                    {
                        "id": "1",
                        "type": "text",
                        "text": "wagtail runs",
                        "x": 0,
                        "y": 0,
                        "width": 9,
                        "height": 9,
                    }
                ],
                "edges": [],
            }
        ),
        "utf-8",
    )
    (notes / "paper.tex").write_text(
        "\\documentclass{article}\n\\begin{document}\n\\section{Salt}\nThe avocet bows.\n\\end{document}\n",
        "utf-8",
    )
    (notes / "outline.org").write_text("#+TITLE: Towers\n* Roof\nThe jackdaw lives here.\n", "utf-8")
    office = all(not loaders.missing(one) for one in loaders.LOADERS if one.extra == "formats")
    require(office, "the extra `formats`", "pip install 'footnotes[formats]'")
    _office(notes)
    return notes


def _office(notes: Path) -> None:
    import docx
    import openpyxl
    import pptx

    document = docx.Document()
    document.add_heading("Harbour", 1)
    document.add_paragraph("The oystercatcher opens shells.")
    document.save(str(notes / "report.docx"))
    slides = pptx.Presentation()
    for title in ("One", "Two"):
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = "The sanderling chases waves." if title == "Two" else "nothing"
    slides.save(str(notes / "talk.pptx"))
    book = openpyxl.Workbook()
    book.active.append(["鸟", "数"])
    book.create_sheet("May").append(["turnstone", 3])
    book.save(str(notes / "counts.xlsx"))


@pytest.fixture(scope="module")
def engine(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The folder, synced."""
    with footnotes.open(tmp_path_factory.mktemp("home") / "home") as opened:
        opened.add_root(folder, "notes")
        report = opened.sync()
        assert [issue.path for issue in report.failed] == []
        yield opened


def best(engine: Engine, question: str) -> Hit:
    """The best hit, whose passage is its span of the document."""
    hit = engine.search(question).hits[0]
    document = engine.document(hit.chunk.doc_id)
    assert document is not None
    assert document.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text
    return hit


@pytest.mark.parametrize(
    ("word", "path", "page", "heading"),
    [
        ("kestrel", "hugo.md", None, "湖"),
        ("heron", "obsidian.md", None, "黑板"),
        ("plover", "gbk.txt", None, None),
        ("bittern", "talk.md", None, "问答"),
        ("curlew", "conversations.json", None, "Birds"),
        ("dunlin", "page.html", None, "Mud"),
        ("godwit", "cells.ipynb", 2, None),
        ("lapwing", "list.csv", None, "bird"),
        ("siskin", "letter.eml", None, None),
        ("wagtail", "board.canvas", None, None),
        ("avocet", "paper.tex", None, "Salt"),
        ("jackdaw", "outline.org", None, None),
        ("oystercatcher", "report.docx", None, "Harbour"),
        ("sanderling", "talk.pptx", 2, "Two"),
        ("turnstone", "counts.xlsx", 2, None),
    ],
)
def test_each_format_is_found_and_placed(
    engine: Engine, word: str, path: str, page: int | None, heading: str | None
) -> None:
    """By a word that only this file holds; its page and heading are the right ones."""
    hit = best(engine, word)
    assert word in hit.chunk.text
    assert hit.chunk.doc_id == f"notes/{path}"
    assert hit.chunk.page == page
    assert heading is None or any(heading in part for part in (*hit.chunk.heading, hit.chunk.title))


def test_noise_is_not_indexed(engine: Engine) -> None:
    """Scripts and shortcodes are found by nothing."""
    for word in ("dunlin2", "figure"):
        assert not any(word in hit.chunk.body for hit in engine.search(word).hits)


def test_answers_say_whose_words_they_are(engine: Engine) -> None:
    """What a model said in a conversation is told as such."""
    for question, path in (
        ("麻鳽的英文是 bittern 吗？", "talk.md"),
        ("A curlew is a wader", "conversations.json"),
    ):
        cited = [c for c in engine.ask(question).citations if c.doc_id == f"notes/{path}"]
        assert cited
        assert {c.speaker for c in cited if "英文是 bittern" in c.quote or "wader" in c.quote} == {"model"}


def test_a_second_sync_reads_nothing(engine: Engine) -> None:
    """Every kind of file is known by its bytes, whatever was extracted from it."""
    again = engine.sync()
    assert (again.added, again.changed, again.moved, again.removed, again.embedded) == (0, 0, 0, 0, 0)
