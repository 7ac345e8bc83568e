"""A vault in which notes are lost for causes that are fixed by how it is made: 50 questions, each with its cause.

Words are made up from a seed, so that a note says a word only where it is put.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.types import NO_FILTERS, Filters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.verdicts import Cause

LIMIT = 10  # candidates of ``NARROW``; as repeats are moved down, 50 are looked at all the same
READING = {"sync.max_file_mb": 0.02, "sync.exclude": ["*.tmp.md"], "sync.workers": 0}
DEFAULT: dict[str, Any] = READING
WORDS_ONLY = {**READING, "embedding.model": "none", "graph.backend": "none"}
NARROW = {**READING, "graph.backend": "none", "search.candidates": LIMIT}
NARROW_WORDS = {**WORDS_ONLY, "search.candidates": LIMIT}
WORDS_AS_THEY_ARE = {**READING, "search.expand": False}
_RIVALS = 54  # notes that speak of nothing but a subject
_SUBJECTS = ("kestrel nests on cliffs", "sourdough bread with rye", "repairing a bicycle wheel")
_CHORES = (
    "The tax form wants the number of the flat and the date of the lease.",
    "Paint the shed, mow the lawn, and take the bottles back.",
    "租约写明押金三个月，水电另算。",
)


@dataclass(frozen=True)
class Case:
    """A question, a note, and what is to be said of it; ``reason``: a part of what the catalogue says."""

    path: str
    cause: Cause
    question: str
    settings: dict[str, Any]
    reason: str = ""
    k: int = 3
    filters: Filters = NO_FILTERS


class Vault:
    """Notes, and the questions about them.

    Attributes:
        forgotten: to be forgotten after the sync.
    """

    def __init__(self, place: Path, seed: int) -> None:
        self._place = place
        self._rng = random.Random(seed)
        self._words: set[str] = set()
        self.root = place / "notes"
        self.other = place / "other"
        self.outside = place / "outside"
        self.forgotten: list[Path] = []
        self._later: list[tuple[Path, str]] = []
        self.cases = [
            *self._left_out(),
            *self._unreadable(),
            *self._forgotten_ones(),
            *self._changing(),
            *self._empty(),
            *self._nowhere(),
            *self._filtered(),
            *self._asked(),
            *self._ranked(),
        ]

    def change(self) -> None:
        """What happens to files after the sync."""
        for path, text in self._later:
            _write(path, text)

    def _word(self) -> str:
        """A word that nothing else says."""
        while True:
            word = "".join(self._rng.choice("bdfgklmnprstvz") + self._rng.choice("aeiou") for _ in range(4))
            if word not in self._words:
                self._words.add(word)
                return word

    def _note(self, relative: str, text: str) -> str:
        _write(self.root / relative, text)
        return f"notes/{relative}"

    def _left_out(self) -> Iterator[Case]:
        """By a pattern of the folder's or of the settings', as hidden, as too large, as of an unknown type."""
        _write(self.root / ".footnotesignore", "drafts/\n")
        made = [(f"drafts/{self._word()}.md", "left out by `drafts/`")]
        made += [(f"{self._word()}.tmp.md", "left out by `*.tmp.md`")]
        made += [
            (f".{self._word()}/plan.md", "left out by `.*`"),
            (f".{self._word()}.md", "left out by `.*`"),
        ]
        made += [(f"{self._word()}.xyz", "no loader")]
        made += [(f"{self._word()}.md", "larger than sync.max_file_mb") for _ in range(2)]
        for relative, reason in made:
            word = self._word()
            padding = f"{word} " * 4_000 if "larger" in reason else ""
            self._note(relative, f"# {word}\n\nAll about {word}. {padding}\n")
            yield Case(f"notes/{relative}", "skipped", word, DEFAULT, reason)

    def _unreadable(self) -> Iterator[Case]:
        """A PDF that breaks off, and bytes that are no text."""
        for name, data in (
            (f"{self._word()}.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pag"),
            (f"{self._word()}.pdf", b"no document at all"),
            (f"{self._word()}.md", b"\x00\x01\x02" * 200),
        ):
            (self.root / name).write_bytes(data)
            yield Case(f"notes/{name}", "failed", self._word(), DEFAULT, name)

    def _forgotten_ones(self) -> Iterator[Case]:
        for _ in range(3):
            word = self._word()
            path = self._note(f"{word}.md", f"All about {word}.\n")
            self.forgotten.append(self._place / path)
            yield Case(path, "forgotten", word, DEFAULT)

    def _changing(self) -> Iterator[Case]:
        """Files that come after the sync; words that do; and a change that adds nothing that was asked for."""
        for _ in range(3):
            word = self._word()
            self._later.append((self.root / f"late/{word}.md", f"All about {word}.\n"))
            yield Case(f"notes/late/{word}.md", "unsynced", word, DEFAULT)
        for settings in (WORDS_ONLY, WORDS_ONLY, NARROW_WORDS):
            name, word = self._word(), self._word()
            path = self._note(f"{name}.md", f"All about {name}.\n")
            self._later.append((self._place / path, f"All about {name}, and now of {word}.\n"))
            yield Case(path, "changed", f"Where is {word}?", settings)
        name = self._word()
        path = self._note(f"{name}.md", f"All about {name}.\n")
        self._later.append((self._place / path, f"All about {name}, and more.\n"))
        yield Case(path, "unlike", self._word(), WORDS_ONLY)

    def _empty(self) -> Iterator[Case]:
        """Their titles are near to any question of made-up words, so only words are looked for."""
        for text in ("%%only a remark about {}%%\n", "<!-- {} -->\n", "\n\n"):
            word = self._word()
            path = self._note(f"{self._word()}.md", text.format(word))
            yield Case(path, "empty", word, WORDS_ONLY)

    def _nowhere(self) -> Iterator[Case]:
        """Paths of nothing, of a folder, of a file outside every root."""
        yield Case(f"notes/{self._word()}.md", "no file", "x", DEFAULT)
        yield Case(str(self.root / f"{self._word()}.md"), "no file", "x", DEFAULT)
        yield Case(f"{self._word()}/{self._word()}.md", "no file", "x", DEFAULT)
        for name in (self._word(), self._word()):
            _write(self.outside / f"{name}.md", f"All about {name}.\n")
            yield Case(str(self.outside / f"{name}.md"), "no root", name, DEFAULT)
        self._note("sub/one.md", "The first.\n")
        yield Case("notes/sub", "folder", "first", DEFAULT)

    def _filtered(self) -> Iterator[Case]:
        """Notes that would come first, in folders that are not searched."""
        for filters in (
            Filters(exclude=("notes/private",)),
            Filters(folders=("other",)),
            Filters(folders=("notes",), exclude=("notes/private",)),
        ):
            word = self._word()
            path = self._note(f"private/{word}.md", f"# {word}\n\nAll about {word}.\n")
            yield Case(path, "filtered", word, DEFAULT, filters=filters)
        _write(self.other / "elsewhere.md", f"All about {(word := self._word())}.\n")
        yield Case("other/elsewhere.md", "filtered", word, DEFAULT, filters=Filters(folders=("notes",)))

    def _asked(self) -> Iterator[Case]:
        """Short questions of a user's own, asked again in another language: no word in common, and none is looked for as the notes say it."""
        turns = (("How do I brew coffee?", "怎么冲泡咖啡"), ("怎么学习德语？", "How to learn German"))
        for number, (turn, question) in enumerate(turns):
            name = f"conversations-{number}.json"
            self._note(name, json.dumps(_conversation(turn)))
            yield Case(f"notes/{name}", "asked", question, WORDS_AS_THEY_ARE)

    def _ranked(self) -> Iterator[Case]:
        """Of each subject many notes speak of it alone, others in one word among many, others not at all."""
        for subject in _SUBJECTS:
            for _ in range(_RIVALS):
                name = self._word()
                self._note(
                    f"{name}.md", f"# {subject.title()}\n\n{subject.capitalize()}: {subject} and {name}.\n"
                )
            yield Case(f"notes/{name}.md", "shown", f"{subject} {name}", DEFAULT)
            first = subject.split()[0]
            long = "\n".join(f"{self._word()} {self._word()} {self._word()}." for _ in range(40))
            poor = self._note(f"{self._word()}.md", f"# Chores\n\n{long}\n{first}\n{long}\n")
            yield Case(poor, "outranked", subject, DEFAULT)
            yield Case(poor, "beyond", subject, NARROW_WORDS)
            chore = self._note(
                f"{self._word()}.md", f"# Household\n\n{_CHORES[_SUBJECTS.index(subject)]} {self._word()}\n"
            )
            yield Case(chore, "unlike", subject, WORDS_ONLY)
            yield Case(chore, "unlike", subject, NARROW)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _conversation(turn: str) -> list[dict[str, Any]]:
    """ChatGPT's export of a conversation that got no reply."""
    content = {"content_type": "text", "parts": [turn]}
    message = {"author": {"role": "user"}, "content": content, "create_time": 1714525200.0}
    asked = {"id": "q", "parent": "r", "children": [], "message": message}
    root = {"id": "r", "parent": None, "children": ["q"], "message": None}
    return [
        {
            "title": "Chat",
            "create_time": 1714525200.0,
            "mapping": {"r": root, "q": asked},
            "current_node": "q",
        }
    ]
