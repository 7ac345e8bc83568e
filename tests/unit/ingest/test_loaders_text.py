"""Plain text files."""

from __future__ import annotations

from ingest.loaders import load


def test_plain_text_is_taken_as_it_is() -> None:
    """No Markdown is read into a text file: no masks, links or tags."""
    document = load("v/2022-06-18 杂记.txt", b"# a\n<b> [[c]] {{d}} #e")
    assert (document.format, document.title) == ("text", "2022-06-18 杂记")
    assert (document.masks, document.links, document.tags) == ((), (), ())
    assert document.dates[0].source == "file name"


def test_logs_load_and_damage_is_counted() -> None:
    """Other suffixes of plain text work alike, warnings included."""
    document = load("v/a.log", "今天的日志写得很长很长，没有问题".encode() + b"\xfe")
    assert document.text.endswith("\ufffd")
    assert document.warnings == (
        "v/a.log: 1 byte sequences are not utf-8 and were replaced, the first in line 1 (byte 48)",
    )


def test_an_encoding_can_be_told() -> None:
    """An override reaches the decoder."""
    assert load("v/a.txt", "日期".encode("big5"), encoding="big5").text == "日期"
