"""Who may read which note: some never enter a prompt for a server beyond this machine.

Held back are the notes that ``llm.never_send`` names, by path or tag, and always those with ``private: true``; an image
is held back with any note that shows it. In doubt a note is held back.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest import ignore
from rag import images
from rag.errors import ConfigError
from rag.llama.llm import is_loopback
from rag.store import rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.settings import LLMSettings
    from rag.store.catalogue import Catalogue

_KEY = "llm.never_send"
_TAG = "tag:"
_YES = frozenset({"true", "yes", "on", "1", "是"})
_SAYS_YES = re.compile(r"(?im)^[ \t\"']*private[ \t\"']*[:=][ \t\"']*(?:true|yes|on|1|是)\b")
_UNREADABLE = "front matter is not valid"
_SQL_VARIABLES = 900


@dataclass(frozen=True, slots=True)
class _Note:
    """What decides whether a note is held back."""

    format: str
    tags: tuple[str, ...]
    private: bool


def held_back(catalogue: Catalogue, llm: LLMSettings, doc_ids: Iterable[str]) -> frozenset[str]:
    """Those of the documents that must not be sent to the language model; none, where it runs on this machine.

    Raises:
        ConfigError: ``llm.never_send`` holds what is neither a gitignore pattern nor ``tag:NAME``.
    """
    names = _Names(llm.never_send)
    if llm.url and is_loopback(llm.url):
        return frozenset()
    wanted = frozenset(doc_ids)
    known = _notes(catalogue, wanted)
    shown_by = {
        doc_id: images.notes_of(catalogue, doc_id) for doc_id, note in known.items() if note.format == "image"
    }
    known |= _notes(catalogue, {note for notes in shown_by.values() for note in notes} - known.keys())
    held = {doc_id for doc_id, note in known.items() if note.private or names.match(doc_id, note.tags)}
    held |= {doc_id for doc_id, notes in shown_by.items() if not held.isdisjoint(notes)}
    return (wanted & held) | (wanted - known.keys())  # of a document that went meanwhile nothing is known


class _Names:
    """What ``llm.never_send`` names."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._tags = tuple(_tag(name) for name in wanted if name.startswith(_TAG))
        if "" in self._tags:
            raise ConfigError("Setting {key}: `tag:` names no tag. Write it as tag:NAME.", key=_KEY)
        self._patterns = [name for name in wanted if not name.startswith(_TAG)]
        ignore.of_setting(_KEY, self._patterns)
        self._rules: dict[str, ignore.Rules] = {}

    def match(self, doc_id: str, tags: Iterable[str]) -> bool:
        """Whether a note is named: by a tag or one around it, or by its path."""
        if any(_is_within(_folded(tag), named) for tag in tags for named in self._tags):
            return True
        root, _, path = unicodedata.normalize("NFC", doc_id).partition("/")
        parts = path.split("/")
        rules = self._rules_in(root)
        return any(
            rules.against("/".join(parts[:depth]), folder=depth < len(parts))
            for depth in range(1, len(parts) + 1)
        )

    def _rules_in(self, root: str) -> ignore.Rules:
        """The patterns as they hold in a root: they may begin with its name, as ids do."""
        if root not in self._rules:
            both = [form for pattern in self._patterns for form in (pattern, *_below(root, pattern))]
            self._rules[root] = ignore.of_setting(_KEY, both) if both else ignore.Rules()
        return self._rules[root]


def _below(root: str, pattern: str) -> tuple[str, ...]:
    """A pattern that begins with the root's name, without it."""
    sign = "!" if pattern.startswith("!") else ""
    path = unicodedata.normalize("NFC", pattern).removeprefix(sign).removeprefix("/")
    if not path.startswith(f"{root}/"):
        return ()
    inner = path.removeprefix(f"{root}/")
    return (f"{sign}/{inner}" if inner.strip() else f"{sign}*",)


def _tag(name: str) -> str:
    return _folded(name.removeprefix(_TAG).strip().lstrip("#"))


def _folded(tag: str) -> str:
    return unicodedata.normalize("NFKC", tag).casefold().strip().strip("/")


def _is_within(tag: str, named: str) -> bool:
    return tag == named or tag.startswith(named + "/")


def _notes(catalogue: Catalogue, doc_ids: Iterable[str]) -> dict[str, _Note]:
    wanted = sorted(doc_ids)
    found: dict[str, _Note] = {}
    with catalogue.database.reading() as db:
        for first in range(0, len(wanted), _SQL_VARIABLES):
            part = wanted[first : first + _SQL_VARIABLES]
            marks = ",".join("?" * len(part))
            for doc_id, form, tags, meta, unread in db.execute(
                "SELECT id, format, tags, meta, iif(instr(warnings, ?), text, '') "  # noqa: S608 - marks only
                f"FROM documents LEFT JOIN texts ON doc_id = id WHERE id IN ({marks})",
                (_UNREADABLE, *part),
            ):
                private = _is_private(rows.load_meta(meta)) or bool(unread and _SAYS_YES.search(unread))
                found[doc_id] = _Note(form, tuple(rows.load(tags)), private)
    return found


def _is_private(meta: Mapping[str, object]) -> bool:
    return any(
        key.strip().casefold() == "private" and str(value).strip().casefold() in _YES
        for key, value in meta.items()
    )
