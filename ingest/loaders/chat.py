"""Exports of ChatGPT, Claude and others: conversations as text, by turn and speaker.

A line above each turn says who speaks and when; it is masked, as the heading path and the speaker say it too.
System prompts, thoughts, and what tools were told and said stay in the text, but are not indexed. Versions of a
message that its user left behind follow each conversation.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

from ingest.dates import document_dates
from ingest.encoding import decode
from ingest.loaders.extract import clean
from ingest.loaders.talks import Message, Talk, talks
from ingest.loaders.text import decoding_warnings, title_from_name
from ingest.loaders.turns import asked
from rag.errors import LoadError, NotOursError
from rag.types import DateRange, Document, Mask, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.loaders.source import Source
    from rag.types import MaskReason, Speaker

_OTHERS = "Other versions"
_SURE = 0.95
_LABELS = {"user": "User", "model": "Assistant", "aside": "Aside"}


def load(source: Source) -> Document:
    """Read an export of conversations.

    Raises:
        NotOursError: the file is JSON of something else.
        LoadError: it is not JSON.
    """
    raw = decode(source.id, source.data, source.encoding)
    found = talks(_parsed(source.id, raw.text))
    if found is None:
        raise NotOursError("JSON, but no export of conversations")
    script = _Script()
    for talk in found:
        script.add(talk)
    title = found[0].title if len(found) == 1 else ""
    return Document(
        source.id,
        script.text,
        source.sha256,
        _clean(title) or title_from_name(source.id),
        "chat",
        sections=tuple(script.sections),
        dates=(*_dates(found), *document_dates(source.id, {})),
        masks=tuple(script.masks),
        encoding=raw.encoding,
        warnings=decoding_warnings(source.id, raw),
    )


def _parsed(name: str, text: str) -> object:
    """The file's value; for one of many lines, each of them a value, their list."""
    try:
        if name.lower().endswith(".jsonl"):
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        why = "it is nested too deeply" if isinstance(e, RecursionError) else str(e)
        raise LoadError("{name}: is not valid JSON: {why}.", name=name, why=why) from e


def _dates(found: Sequence[Talk]) -> tuple[DateRange, ...]:
    days = [
        when.date()
        for talk in found
        for when in (talk.when, *(message.when for message in talk.messages))
        if when is not None
    ]
    return (DateRange(min(days), max(days), "chat:create_time", _SURE, "+00:00"),) if days else ()


class _Script:
    """The text in the making, with its sections and masks."""

    def __init__(self) -> None:
        self.sections: list[Section] = []
        self.masks: list[Mask] = []
        self._parts: list[str] = []
        self._at = 0

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def add(self, talk: Talk) -> None:
        """Write down a conversation under its date and title."""
        when = talk.when or next((m.when for m in talk.messages if m.when), None)
        heading = " ".join(filter(None, (when.date().isoformat() if when else "", _clean(talk.title))))
        if heading:
            said = any(message.role != "aside" for message in talk.messages)
            self.sections.append(Section(self._at, heading, 1))
            self._put(heading, "markup" if said else None)
        else:
            self.sections.append(Section(self._at, "", 1))
        self._turns(talk.messages)
        if talk.others:
            self.sections.append(Section(self._at, _OTHERS, 2))
            self._put(_OTHERS, "markup")
            self._turns(talk.others)

    def _turns(self, messages: Iterable[Message]) -> None:
        question = ""
        for message in messages:
            text = _clean(message.text)
            if message.role == "user" and text:
                question = asked(text)
            title = question if message.role == "model" else ""
            speaker: Speaker = "" if message.role == "aside" else message.role
            self.sections.append(Section(self._at, title, 0, speaker))
            self._put(_label(message), "markup")
            self._put(text, "boilerplate" if message.role == "aside" else None)
            for name, words in message.files:
                # An attached file is not what its user wrote.
                self.sections.append(Section(self._at, _clean(name), 0))
                self._put(_clean(name), None)
                self._put(_clean(words), None)

    def _put(self, text: str, mask: MaskReason | None) -> None:
        if not text:
            return
        if mask:
            self.masks.append(Mask(self._at, self._at + len(text), mask))
        self._parts += text, "\n\n"
        self._at += len(text) + 2


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", clean(text)).strip()


def _label(message: Message) -> str:
    when = f"{message.when:%Y-%m-%d %H:%M} UTC" if message.when else ""
    return " · ".join(filter(None, (_LABELS[message.role], _clean(message.who), when)))
