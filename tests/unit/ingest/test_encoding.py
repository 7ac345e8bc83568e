"""Decoding: what a note's bytes were meant to say."""

from __future__ import annotations

import pytest

from ingest.encoding import Decoded, decode
from rag.errors import LoadError

SIMPLIFIED = "今天和同事去了公园，晚上一起吃饭，聊了很多以前的事情。明天还要上班，早点睡。"
TRADITIONAL = "今天和同事去了公園，晚上一起吃飯，聊了很多以前的事情。明天還要上班，早點睡。"
WIDE = ("utf-16", "utf-16-le", "utf-16-be")
NOTES = (
    (
        (SIMPLIFIED, "买牛奶、鸡蛋和面包，顺路取快递。", "会议记录：下周三之前把报告发给老师"),
        ("gbk", "gb18030", *WIDE),
    ),
    (
        (TRADITIONAL, "買牛奶、雞蛋和麵包，順路領包裹。", "會議紀錄：下週三之前把報告寄給老師"),
        ("big5", *WIDE),
    ),
    (
        (
            "Grüße an die Fußballer, morgen früh zum Bäcker",
            "Où étais-tu hier soir ? Ça va très bien, merci.",
            "Mañana por la mañana, café con Íñigo y José.",
        ),
        ("cp1252", "latin-1", *WIDE),
    ),
)


def test_utf8_is_decoded_and_its_byte_order_mark_dropped() -> None:
    """A UTF-8 byte order mark is no part of the text."""
    assert decode("a.md", b"\xef\xbb\xbf" + SIMPLIFIED.encode()) == Decoded(SIMPLIFIED, "utf-8")


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED[:12], "gbk", "gb18030"),
        ("TODO: 周一交报告, see wiki", "gbk", "gb18030"),
        ("她的身高164厘米", "gbk", "gb18030"),
        ("我的邮箱是somebody0729@example.org", "gbk", "gb18030"),
        ("地点;鸟, 名;2023\n" + "湖边;curlew N;N\n" * 60, "gbk", "gb18030"),
        ("鹬 curlew 湖边; 滩涂", "gbk", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL[:14], "big5", "big5"),
        ("Le café était fermé, dommage.", "latin-1", "cp1252"),
        ("Ein schöner Tag für Müller", "latin-1", "cp1252"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16-le", "utf-16"),
        (SIMPLIFIED, "utf-16-be", "utf-16"),
        ("plain English notes", "utf-16-le", "utf-16"),
        (SIMPLIFIED, "utf-32", "utf-32"),
    ],
)
def test_other_encodings_are_recognised(text: str, codec: str, name: str) -> None:
    """Short notes in the encodings that people's old files really have come out right."""
    assert decode("a.txt", text.encode(codec)) == Decoded(text, name)


def test_short_gbk_notes_are_read_right() -> None:
    """Every window of 10 characters of a Chinese note is recognised as GBK, not as another script."""
    windows = [SIMPLIFIED[i : i + 10] for i in range(len(SIMPLIFIED) - 10)]
    assert [decode("a.txt", w.encode("gbk")).text for w in windows] == windows


def test_line_ends_become_newlines_and_only_they_count() -> None:
    """CRLF and CR end lines; vertical tab, NEL and U+2028 do not, or line numbers would drift."""
    decoded = decode("a.txt", "a\r\nb\rc\nd\x0be\x85f\u2028g".encode())
    assert decoded.text == "a\nb\nc\nd\x0be\x85f\u2028g"


def test_text_is_composed() -> None:
    """Decomposed letters (macOS file contents) are stored as NFC."""
    assert decode("a.txt", "cafe\u0301".encode()).text == "café"


def test_a_few_broken_bytes_in_utf8_are_replaced_and_counted() -> None:
    """Mostly valid UTF-8 stays UTF-8; the damage is counted."""
    decoded = decode("a.md", SIMPLIFIED.encode() + b"\xff\xfe!" + SIMPLIFIED.encode())
    assert decoded == Decoded(
        f"{SIMPLIFIED}\ufffd\ufffd!{SIMPLIFIED}", "utf-8", 2, 1, len(SIMPLIFIED.encode())
    )


def test_the_first_broken_bytes_are_located() -> None:
    """Line and byte, with a byte order mark and after CRLF too; a stray NUL likewise."""
    data = f"{SIMPLIFIED}\r\n{SIMPLIFIED}\r\n".encode() + b"ab\xff"
    for bom in (b"", b"\xef\xbb\xbf"):
        decoded = decode("a.md", bom + data)
        assert (decoded.replaced, decoded.line, decoded.byte) == (1, 3, len(bom + data) - 1)
    decoded = decode("a.md", b"x" * 1000 + b"\nab\0")
    assert (decoded.replaced, decoded.line, decoded.byte) == (1, 2, 1003)


def test_a_pasted_line_of_another_encoding_is_read_and_told() -> None:
    """UTF-8 with a paragraph of GBK, as two editors make it: nothing is lost, and it is said."""
    data = f"{SIMPLIFIED}\n".encode() * 20 + SIMPLIFIED.encode("gbk") + f"\n{SIMPLIFIED}".encode()
    decoded = decode("a.md", data)
    assert decoded == Decoded("\n".join([SIMPLIFIED] * 22), "utf-8", mixed=(("gb18030", 1),))


def test_short_notes_are_read_right_in_every_encoding() -> None:
    """More than 400 beginnings of notes, of 10 characters and more, each in what people's old files come in."""
    wrong = [
        (text, codec)
        for texts, codecs in NOTES
        for whole in texts
        for text in (whole[:n] for n in range(10, len(whole) + 1))
        for codec in codecs
        if not text.isascii() and decode("a.txt", text.encode(codec)).text != text
    ]
    count = sum(len(c) * (len(t) - 9) for texts, c in NOTES for t in texts)
    assert count > 400
    assert wrong == []


def test_a_stray_nul_does_not_make_a_note_binary() -> None:
    """One NUL in a long note is replaced; a NUL never reaches the index."""
    decoded = decode("a.md", b"x" * 1000 + b"\0" + b"y" * 1000)
    assert decoded.text == "x" * 1000 + "\ufffd" + "y" * 1000
    assert decoded.replaced == 1


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 8,
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0",
        b"ab\0cd",
        b"\x01\x02\x03\x04abc",
    ],
)
def test_binary_data_is_refused(data: bytes) -> None:
    """A picture that is called .md is an error with the file's name."""
    with pytest.raises(LoadError, match=r"^notes/a\.md: is not text"):
        decode("notes/a.md", data)


def test_an_encoding_can_be_told() -> None:
    """An explicit encoding is used as it is."""
    assert decode("a.txt", SIMPLIFIED.encode("gbk"), "gb18030").text == SIMPLIFIED


@pytest.mark.parametrize(("encoding", "says"), [("klingon", "no encoding 'klingon'"), ("ascii", "byte 0")])
def test_a_wrong_encoding_setting_is_named(encoding: str, says: str) -> None:
    """An unknown or unfit encoding setting fails with its name or the first byte that does not fit."""
    with pytest.raises(LoadError, match=says):
        decode("a.txt", SIMPLIFIED.encode(), encoding)
