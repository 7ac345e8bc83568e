"""Mails: their headers as lines, what was written, messages that they forward, and the names of what is attached."""

from __future__ import annotations

import binascii
import email
import email.policy
import re
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ingest.encoding import decode
from ingest.loaders import html
from ingest.loaders.extract import Block, clean, compose, document, one_line, stamp
from ingest.loaders.page import read
from ingest.loaders.text import title_from_name
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ingest.loaders.source import Source
    from rag.types import Document

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_SHOWN_WITHIN = _SHOWN[:-1]  # of a message within another the subject is a heading
_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_ENCODED = re.compile(r"=\?[^?\s]{1,50}\?[bBqQ]\?[^?]*\?=")
_BETWEEN_ENCODED = re.compile(r"(\?=)\s+(?==\?)")
_CID = "cid:"
_STUB = 200  # bytes; shorter plain text may stand for a message in HTML
_MARKUP = 20  # times as long as its text HTML may well be
_DEEPEST = 20  # messages within messages
_CONFIDENCE = 1.0


def load(source: Source) -> Document:
    """Read a message. Of alternatives, the plain text is read; quoted history stays.

    Raises:
        LoadError: the file holds no message.
    """
    message = _parsed(source)
    blocks = list(_message(source.id, message, 0))
    sent = _sent(message)
    return document(
        source,
        compose([blocks]),
        "prose",
        one_line(_header(message, "Subject")) or title_from_name(source.id),
        dates=[stamp(sent, "mail:Date", _CONFIDENCE)],
        tags=re.split(r"[,;]", _header(message, "Keywords")),
        meta={
            name.lower(): said for name in ("From", "To", "Cc") if (said := one_line(_header(message, name)))
        },
    )


def _parsed(source: Source) -> Message:
    try:
        # The older policy: today's parses every header at once, and raises on the broken ones.
        message = email.message_from_bytes(source.data.lstrip(), policy=email.policy.compat32)
    except (MessageError, ValueError, LookupError, RecursionError, AssertionError) as e:
        raise LoadError(
            "{name}: is not a readable mail: {reason}. Save it again from the mail program.",
            name=source.id,
            reason=" ".join(str(e).split()) or type(e).__name__,
        ) from e
    if not any(_header(message, name) for name in (*_SHOWN, "Received", "Message-ID", "Content-Type")):
        raise LoadError(
            "{name}: is not a mail: it begins with none of its headers. Give it its real suffix, or leave it out.",
            name=source.id,
        )
    return message


def _message(name: str, message: Message, depth: int) -> Iterator[Block]:
    """Headers, body, attachments, then the messages within."""
    subject = one_line(_header(message, "Subject"))
    if depth and subject:
        yield Block(subject, min(6, depth))
    yield from _headers(message, _SHOWN_WITHIN if depth else _SHOWN)
    within: list[Message] = []
    attached: list[str] = []
    for part in _parts(message):
        if part.get_content_type() == "message/rfc822":
            within += _inner(part)
        elif file := _attachment(part):
            attached.append(file)
        else:
            yield from _body(name, part)
    for i, file in enumerate(attached):
        yield Block(f"Attachment: {file}", tight=i > 0)
    for inner in within if depth < _DEEPEST else ():
        yield from _message(name, inner, depth + 1)


def _headers(message: Message, names: tuple[str, ...]) -> Iterator[Block]:
    told = [(name, one_line(_header(message, name))) for name in names]
    yield Block("\n".join(f"{name}: {said}" for name, said in told if said))


def _inner(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [p for p in payload if isinstance(p, Message)] if isinstance(payload, list) else []


def _parts(message: Message) -> Iterator[Message]:
    """The leaves of a message, of alternatives only the best; not those of messages within it."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = _inner(part)
        if part.get_content_type() == "multipart/alternative" and inner:
            waiting.append(_best(inner))
        elif inner and part.get_content_type() != "message/rfc822":
            waiting += reversed(inner)
        else:
            yield part


def _best(alternatives: list[Message]) -> Message:
    """Plain text, unless it only says that one should look at the other form; else the last: the richest."""
    every = (p for part in alternatives for p in part.walk())
    fuller = max((len(_bytes(p)) for p in every if p.get_content_type() == "text/html"), default=0)
    for part in alternatives:
        length = len(_bytes(part).strip())
        if part.get_content_type() == "text/plain" and (length > _STUB or 1 < length > fuller // _MARKUP):
            return part
    readable = [p for p in alternatives if p.get_content_type() == "text/html" or p.is_multipart()]
    return (readable or alternatives)[-1]


def _attachment(part: Message) -> str:
    """The name of a part that is no text of the message; "" for one that is."""
    kind = part.get_content_type()
    inline = _is_text(part)
    try:
        file = _decoded_words(str(part.get_filename() or ""))
        disposition = part.get_content_disposition()
    except (ValueError, LookupError, TypeError):  # parameters in encodings that do not exist
        file, disposition = "", None
    if inline and disposition != "attachment":
        return ""
    if not file and disposition != "attachment":
        return ""
    return f"{one_line(file) or kind} ({kind})"


def _body(name: str, part: Message) -> Iterator[Block]:
    if not _is_text(part):
        return
    data = _bytes(part)
    if part.get_content_type() == "text/html":
        for block in read(_text(name, data, _charset(part), markup=True), site=False).blocks:
            kept = tuple(a for a in block.links if not a.target.startswith(_CID))
            yield Block(block.text, block.level, block.tight, kept)
        return
    text = _text(name, data, _charset(part))
    for paragraph in _BLANK_LINES.split(clean(text)):
        yield Block(paragraph)


def _is_text(part: Message) -> bool:
    """Whether a part is to be read; one that is cut into parts, but not where it says, is text as well."""
    kind = part.get_content_maintype()
    return kind == "text" or (kind == "multipart" and not _inner(part))


def _text(name: str, data: bytes, charset: str, *, markup: bool = False) -> str:
    """A part's text; what is not in the encoding that it names is found out."""
    if not data.strip():
        return ""
    if not data.isascii() and html.is_utf8(data):
        charset = "utf-8"  # whatever it says
    try:
        return decode(name, data, html.ALIASES.get(charset, charset) or None).text
    except LoadError:
        pass
    try:
        return (html.decoded(name, data) if markup else decode(name, data)).text
    except LoadError:
        return data.decode("latin-1")


def _bytes(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, binascii.Error, AssertionError):
        return b""
    return data if isinstance(data, bytes) else b""


def _charset(part: Message) -> str:
    try:
        return str(part.get_content_charset() or "").strip("\"' ")
    except (ValueError, LookupError, TypeError):
        return ""


def _header(message: Message, name: str) -> str:
    # Raw: ``get`` replaces the bytes of a header that was never encoded.
    said = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return clean(_decoded_words(str(said)))


def _decoded_words(text: str) -> str:
    """A header's text; raw bytes in it (which the parser kept as surrogates) are decoded as a file would be."""
    if any("\udc80" <= c <= "\udcff" for c in text):
        text = _text("", text.encode("utf-8", "surrogateescape"), "")
    return _ENCODED.sub(_word, _BETWEEN_ENCODED.sub(r"\1", text))


def _word(m: re.Match[str]) -> str:
    try:
        ((data, charset),) = decode_header(m[0])
    except (ValueError, MessageError):
        return m[0]
    if isinstance(data, str):
        return data
    return _text("", data, (charset or "").lower())


def _sent(message: Message) -> datetime | None:
    try:
        return parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
