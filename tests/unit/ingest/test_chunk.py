"""Chunks: passages that read whole, each an exact span."""

from __future__ import annotations

import pytest

from ingest import chunk as chunking
from ingest.chunk import chunk, tokens
from ingest.loaders import load
from rag.types import Chunk, Document


def md(text: str) -> Document:
    """A Markdown note."""
    return load("vault/note.md", text.encode())


def texts(text: str, size: int = 400) -> list[str]:
    """The chunks' texts."""
    return [c.text for c in chunk(md(text), size)]


def words(n: int, word: str = "word") -> str:
    """A sentence of about n tokens."""
    return " ".join([word] * n).capitalize() + "."


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("abcd", 1), ("abcde", 2), ("中文字", 3), ("中文 ab", 3), ("a        b", 1)],
)
def test_tokens_are_estimated(text: str, expected: int) -> None:
    """One for a Chinese character, a quarter for a letter, runs of spaces count once."""
    assert tokens(text) == expected


def test_a_short_note_is_one_chunk() -> None:
    """What fits is not cut; line numbers count from 1, both ends included."""
    (only,) = chunk(md("\n\nFirst line.\n\nSecond paragraph.\n\n"))
    assert (only.text, only.lines, only.heading, only.key) == (
        "First line.\n\nSecond paragraph.",
        (3, 5),
        (),
        0,
    )
    assert (only.doc_id, only.title, only.page) == ("vault/note.md", "note", None)


@pytest.mark.parametrize(
    "text", ["", "\n \n", "<!-- only a comment -->", "---\nlayout: post\n---\n\n![](a.png)\n"]
)
def test_a_note_with_nothing_to_index_gives_one_empty_chunk(text: str) -> None:
    """Its title is still found."""
    assert chunk(md(text)) == [Chunk("vault/note.md", 0, 0, "", "", "note", (1, 1), format="markdown")]


def test_headings_open_their_chunks_and_give_the_path() -> None:
    """A heading line stands in the chunk it opens, so that it can be cited; its path is above it."""
    first, second = chunk(
        md(f"# 大作业\n\n## **图谱 (DDL: 10月下旬)**\n\n{words(60)}\n\n## Other\n{words(60)}\n")
    )
    assert first.text.startswith("# 大作业\n\n## **图谱 (DDL: 10月下旬)**")
    assert first.heading == ("大作业", "图谱 (DDL: 10月下旬)")
    assert second.text.startswith("## Other\n")
    assert second.heading == ("大作业", "Other")
    assert second.lines == (7, 8)


def test_setext_headings_count() -> None:
    """Underlined titles are headings; a ruler after a paragraph's blank line is not."""
    chunks = chunk(md(f"工作\n--\n\n{words(50)}\n\n自媒体\n---\n\n{words(50)}\n\n---\n\nend\n"))
    assert [c.heading for c in chunks] == [("工作",), ("自媒体",)]


def test_code_holds_no_headings() -> None:
    """A comment line in code is no heading, in a list and with longer fences too."""
    chunks = chunk(
        md(f"# A\n{words(50)}\n````\n# b\n```\n# c\n````\n- x\n  ~~~\n  # d\n  ~~~\n# E\n{words(50)}")
    )
    assert [c.heading for c in chunks] == [("A",), ("E",)]


def test_an_unclosed_fence_does_not_swallow_headings() -> None:
    """One slip must not cost the rest of a note its structure."""
    assert [c.heading for c in chunk(md(f"# A\n{words(50)}\n```\n# B\n{words(50)}"))] == [("A",), ("B",)]


def test_tiny_sections_join_their_neighbours() -> None:
    """Small siblings share a chunk under what they have in common; a shallower heading starts anew."""
    chunks = chunk(md(f"# Log\n{words(60)}\n## Mon\nran\n## Tue\nswam\n# Other\n{words(60)}"))
    assert [c.text[:10] for c in chunks] == ["# Log\nWord", "# Other\nWo"]
    assert chunks[0].text.endswith("## Mon\nran\n## Tue\nswam")
    assert chunks[0].heading == ("Log",)


def test_a_section_of_its_own_size_stays_alone() -> None:
    """Sections that say enough are not merged, even where they would fit."""
    assert len(texts(f"## A\n{words(80)}\n## B\n{words(80)}\n")) == 2


def test_long_sections_are_cut_at_sentences_in_both_languages() -> None:
    """No sentence is cut while it fits; abbreviations and decimals end none."""
    english = "Dr. Smith measured 3.14 m, e.g. on Monday. Then he went home! "
    for text in (english * 30, "今天天气很好，我们去了公园。晚上回家看书！" * 30):
        pieces = texts(text, 60)
        assert len(pieces) > 5
        assert all(p.endswith((".", "!", "。", "！")) for p in pieces)
        assert all(not p.startswith(("Smith", "14", "on Monday")) for p in pieces)
        assert max(tokens(p) for p in pieces) <= 60


def test_pieces_are_of_similar_size() -> None:
    """A section a little too long gives two halves, not a full piece and a crumb."""
    sizes = [tokens(p) for p in texts("\n\n".join(words(30) for _ in range(15)))]
    assert len(sizes) == 2
    assert min(sizes) > 150


def test_code_stays_whole_where_it_fits() -> None:
    """A cut falls before or after a code block, not into it; one too long is cut at blank lines."""
    code = "```py\n" + "\n\n".join(f"value_{i} = {i}" for i in range(20)) + "\n```"
    assert any(code in p for p in texts(f"{words(150)}\n\n{code}\n\n{words(150)}", 200))
    long = "```py\n" + "\n\n".join(f"def f{i}():\n    return {i}" for i in range(60)) + "\n```"
    assert all(p.startswith(("```py", "def")) for p in texts(long, 100))


def test_tables_are_cut_between_rows() -> None:
    """A table that is too long is split at its rows."""
    table = "| name | what |\n|---|---|\n" + "\n".join(
        f"| row {i}. Yes | some text. More |" for i in range(60)
    )
    pieces = texts(table, 100)
    assert len(pieces) > 3
    assert all(p.startswith("|") and p.endswith("|") for p in pieces)


def test_list_items_are_not_cut_where_they_fit() -> None:
    """Cuts fall between outer items, with their nested items and continued paragraphs."""
    items = "\n".join(f"- item {i}\n  - detail one. And two.\n\n    more of it" for i in range(40))
    assert all(p.startswith("- item") and p.endswith("more of it") for p in texts(items, 80))


def test_an_announcement_stays_with_what_it_announces() -> None:
    """A line that ends in a colon is not left behind at a chunk's end."""
    text = "\n\n".join(f"{words(20)}\nReasons are:\n\n- because {i}\n- and so" for i in range(30))
    assert not [p for p in texts(text, 100) if p.endswith(":")]


def test_properties_are_a_chunk_of_their_own() -> None:
    """Front matter is cited by its lines and has no heading; its masked lines are blank in the body."""
    review = "很长的一句短评，" * 6
    source = f"---\nlayout: post\ntitle: T\nmathjax: false\nreview: {review}\n---\ntext"
    properties, body = chunk(md(source))
    assert (properties.text, properties.lines) == (f"title: T\nmathjax: false\nreview: {review}", (3, 5))
    assert properties.body.split() == ["title:", "T", "review:", review]
    assert (properties.heading, body.text, body.lines) == ((), "text", (7, 7))


def test_a_few_properties_open_the_first_passage() -> None:
    """A lone title or city says too little for a passage of its own; the first section takes it in."""
    (only,) = chunk(md("---\nlayout: post\ntitle: T\ncity: 上海\n---\n# Day one\n\nWe arrived."))
    assert only.text.startswith("title: T\ncity: 上海\n---\n# Day one")
    assert only.body.split() == ["title:", "T", "city:", "上海", "#", "Day", "one", "We", "arrived."]
    assert (only.heading, only.lines) == (("Day one",), (3, 8))


def test_masked_text_is_blank_in_the_body_at_the_same_offsets() -> None:
    """Body and text have the same length and lines, so a find in one is a quote from the other."""
    (only,) = chunk(md("see <b>this</b>\n<!-- not\nthis -->\n[note](a.md) end [x](y)"))
    assert len(only.body) == len(only.text)
    assert only.body.split() == ["see", "this", "[note]", "end", "[x]"]
    assert only.body.count("\n") == only.text.count("\n") == 3
    assert only.text.endswith("[x](y)")


def test_masked_text_does_not_count() -> None:
    """A picture of 100 kB between two sentences does not part them."""
    assert len(texts(f"one\n\n![cat](data:image/png;base64,{'A' * 100_000})\n\ntwo")) == 1


def test_plain_text_is_cut_at_paragraphs() -> None:
    """A text file has no headings; pasted paragraphs stay whole."""
    paragraphs = [f"# 第{i}段。{'这是一段聊天记录，' * 8}完。" for i in range(40)]
    chunks = chunk(load("v/chat.txt", "\n\n".join(paragraphs).encode()))
    assert all(c.heading == () for c in chunks)
    assert [p for c in chunks for p in c.text.split("\n\n")] == paragraphs
    assert max(tokens(c.text) for c in chunks) <= 400


def test_text_without_any_border_is_cut_by_count() -> None:
    """One endless word is cut, but no letter loses its accent."""
    pieces = texts("x\u0323\u0307" * 3000, 50)
    assert (
        "".join(pieces) == "x\u0323\u0307" * 3000 or "".join(pieces) == "ẋ\u0323" * 3000 or len(pieces) > 10
    )
    assert all(p[0] not in "\u0323\u0307" for p in pieces)


def test_line_numbers_ignore_exotic_separators() -> None:
    """Only a newline ends a line."""
    chunks = chunk(load("v/a.txt", "a\x0bb\x85c\u2028d\n\nlast".encode()))
    assert chunks[-1].lines == (1, 3)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# [Linked](https://x.org) and [[note|alias]]", "Linked and alias"),
        ("# `code` *it* ==mark== ~~old~~ snake_case", "code it mark old snake_case"),
        ("# C# ##", "C#"),
        ("# 书评 ^1050-7By", "书评"),
        ("# <i class='x'></i> Icon", "Icon"),
        ("##无空格", "无空格"),
    ],
)
def test_heading_paths_read_as_plain_text(line: str, title: str) -> None:
    """Markup, links and block names are no part of a heading's text."""
    assert chunk(md(f"{line}\n\ntext"))[0].heading == (title,)


@pytest.mark.parametrize("words", ["word some other things ", "a, b, c, "])
def test_one_line_of_words_is_measured_in_strides(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of megabytes is not weighed word by word; its passages are full nevertheless."""
    weighed: list[str] = []
    weight = chunking._weight

    def counted(text: str) -> int:
        weighed.append(text)
        return weight(text)

    monkeypatch.setattr(chunking, "_weight", counted)
    text = words * 20_000
    passages = chunk(load("v/a.txt", text.encode()))
    assert len(weighed) < len(text.split()) / 3
    assert all(tokens(c.text) <= 400 for c in passages)
    assert len(passages) <= tokens(text) / 300
