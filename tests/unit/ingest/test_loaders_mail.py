"""Mails, made on the spot."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from ingest.loaders import load
from rag.errors import LoadError
from rag.types import DateRange

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Chunk, Document

    Read = Callable[[str, bytes | str], tuple[Document, list[Chunk]]]


def mail(text: str, subject: str = "观鸟 at the shore", charset: str = "utf-8") -> EmailMessage:
    """A message of plain text."""
    message = EmailMessage()
    message["From"], message["To"] = "林 <lin@example.org>", "me@example.org"
    message["Subject"], message["Date"] = subject, "Wed, 03 May 2023 23:30:00 +0800"
    message.set_content(text, charset=charset)
    return message


def test_headers_text_and_attachments(read: Read) -> None:
    """Plain text is read rather than its HTML alternative; quoted history stays."""
    message = mail("A siskin.\n\n> Did you see it?\n")
    message.add_alternative("<p>A siskin in HTML.</p>", subtype="html")
    message.add_attachment(b"x", maintype="image", subtype="png", filename="鸟.png")
    document, _ = read("a.eml", message.as_bytes())
    assert document.text == (
        "From: 林 <lin@example.org>\nTo: me@example.org\nDate: Wed, 03 May 2023 23:30:00 +0800\n"
        "Subject: 观鸟 at the shore\n\nA siskin.\n\n> Did you see it?\n\nAttachment: 鸟.png (image/png)"
    )
    assert (document.title, document.format) == ("观鸟 at the shore", "prose")
    assert document.meta["from"] == "林 <lin@example.org>"


def test_the_date_is_that_of_the_sender_with_its_zone(read: Read) -> None:
    """The day is as written, whatever day it was elsewhere."""
    day = date(2023, 5, 3)
    document, _ = read("a.eml", mail("x").as_bytes())
    assert document.dates == (DateRange(day, day, "mail:Date", 1.0, "+08:00"),)


def test_html_alone_is_read(read: Read) -> None:
    """Its links too, but not those to its own pictures."""
    message = mail("x")
    message.set_content(
        '<p>See <a href="https://a.b">this</a><img src="cid:1" alt="logo of us">', subtype="html"
    )
    document, _ = read("a.eml", message.as_bytes())
    assert document.text.endswith("\n\nSee this logo of us")
    assert [link.target for link in document.links] == ["https://a.b"]


def test_messages_within_have_their_subject_as_heading(read: Read) -> None:
    """A forwarded message is a section."""
    outer = mail("Look. " * 40)
    outer.add_attachment(mail("The siskin left. " * 12, "Inner 内"))
    document, chunks = read("a.eml", outer.as_bytes())
    assert [(s.title, s.level) for s in document.sections] == [("Inner 内", 1)]
    assert chunks[-1].heading == ("Inner 内",)
    assert "Subject: Inner" not in document.text


@pytest.mark.parametrize(
    ("told", "codec"),
    [("gb2312", "gb18030"), ("big5", "big5"), ("no-such", "gb18030"), ("us-ascii", "utf-8")],
)
def test_encodings_that_are_told_and_mistold(read: Read, told: str, codec: str) -> None:
    """Of the body, and of headers that were never encoded."""
    said = "今天在湖邊看見一隻鳥，很高興。"
    head = f"Subject: {said}\nContent-Type: text/plain; charset={told}\nContent-Transfer-Encoding: 8bit\n\n"
    document, _ = read("a.eml", (head + said).encode(codec))
    assert document.title == said
    assert document.text.endswith(f"\n\n{said}")


@pytest.mark.parametrize(
    "broken",
    ["=?utf-8?b?%%%?=", "=?no-such?q?a=FF?=", "=?utf-8?q?unfinished"],
)
def test_broken_headers_are_shown_somehow(read: Read, broken: str) -> None:
    """Never an exception, never a lost body."""
    document, _ = read("a.eml", f"Subject: {broken}\nDate: Mon, 99 Foo 20\n\nThe body.")
    assert document.text.endswith("The body.")
    assert document.dates == ()


def test_what_is_no_mail_is_refused() -> None:
    """By name, reason and remedy."""
    with pytest.raises(LoadError, match=r"^notes/a\.eml: is not a mail: .* leave it out\.$"):
        load("notes/a.eml", b"just words")
    nested = "".join(f"--x{i}\nContent-Type: multipart/mixed; boundary=x{i + 1}\n\n" for i in range(2000))
    with pytest.raises(LoadError, match=r"^notes/a\.eml: is not a readable mail: "):
        load("notes/a.eml", f"From: a\nContent-Type: multipart/mixed; boundary=x0\n\n{nested}".encode())


@pytest.mark.parametrize(
    "kind",
    ["text/markdown", "text/calendar", "text/x-unknown", "multipart/mixed", "multipart/mixed; boundary=x"],
)
def test_every_text_is_read(read: Read, kind: str) -> None:
    """Of all kinds, and where a mail says that it has parts and has none."""
    document, _ = read("a.eml", f"Subject: s\nContent-Type: {kind}\n\nThe body.\n")
    assert document.text == "Subject: s\n\nThe body."


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("Please view this in a browser.", "A siskin. " * 99),
        ("A siskin. " * 30, "A siskin. " * 30),
        ("Yes, of course, at five.", "Yes, of course, at five."),
    ],
)
def test_plain_text_that_only_points_to_the_other_form(read: Read, plain: str, expected: str) -> None:
    """It is not the message; a short message is."""
    message = mail(plain)
    body = expected if plain != expected else plain
    message.add_alternative(f"<p>{body}</p>", subtype="html")
    document, _ = read("a.eml", message.as_bytes())
    assert document.text.partition("\n\n")[2] == expected.strip()
