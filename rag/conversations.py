"""Conversations that are kept: what was asked and answered, and what has become of the notes that were cited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from rag import answering, present
from rag.answer.cite import MARKER, display
from rag.errors import RootError, SessionError
from rag.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from rag.engine import Engine
    from rag.store.catalogue import Catalogue
    from rag.store.sessions import Kept, Session, Sessions
    from rag.types import Answer, Turn

    Fate = Literal["same", "changed", "gone"]

REMEMBERED: Final = 8
"""Turns that a question may lean on."""
_FOLDER: Final = "conversations"
_UNSAFE: Final = re.compile(r'[\\/:*?"<>|#^\[\]\x00-\x1f]+')
_LONGEST: Final = 60  # characters of a name, in a file's


@dataclass(frozen=True, slots=True)
class Said:
    """One turn as it is shown: ``fates`` says by marker what has become of each quote since."""

    kept: Kept
    fates: Mapping[int, Fate]


class Conversations:
    """A user's conversations in a home. Safe to use from many threads.

    Args:
        engine: whose notes they are about.
        user: whose they are; empty: whoever uses the machine.
    """

    def __init__(self, engine: Engine, user: str = "") -> None:
        self._engine = engine
        self._user = user

    @property
    def _store(self) -> Sessions:
        return self._engine.sessions

    def listed(self, words: str = "") -> list[Session]:
        """The latest first; with words, those that say all of them."""
        return self._store.listed(self._user, words)

    def latest(self) -> Session | None:
        """The one that was spoken in last."""
        return next(iter(self.listed()), None)

    def find(self, named: str) -> Session:
        """By id, the beginning of an id, or name.

        Raises:
            SessionError: there is none.
        """
        found = self._store.find(named, self._user)
        if found is None:
            raise SessionError(
                "There is no conversation {name!r}. `footnotes sessions list` names all.", name=named
            )
        return found

    def start(self, name: str) -> Session:
        """Begin one."""
        return self._store.start(name, _now(), self._user)

    def keep(self, session: str, answer: Answer) -> int:
        """Keep a question with its answer; returns the turn's number in its conversation.

        Raises:
            SessionError: there is no such conversation of this user.
        """
        meaning = self._engine.turn(answer).question
        shown = present.answer(answer)
        if answer.abstained:  # its text names notes that it does not cite
            shown["nearest"] = list(dict.fromkeys(hit.chunk.doc_id for hit in answer.hits))
        return self._store.add(session, answer.question, meaning, shown, _now(), self._user)

    def history(self, session: str) -> tuple[Turn, ...]:
        """What the next question may lean on."""
        kept = self._store.turns(session, self._user)[-REMEMBERED:]
        return tuple(answering.leant_on(self._engine, one.meaning, _cited(one.answer)) for one in kept)

    def turns(self, session: str) -> list[Said]:
        """All that was said, and what has become of the notes."""
        catalogue = self._engine.catalogue
        return [Said(kept, _fates(catalogue, kept)) for kept in self._store.turns(session, self._user)]

    def rename(self, session: str, name: str) -> None:
        """Name one."""
        self._store.rename(session, name, self._user)

    def remove(self, session: str) -> bool:
        """Remove one for good; whether there was one."""
        return self._store.remove(session, self._user)

    def markdown(self, session: Session) -> str:
        """A conversation as Markdown, with footnotes."""
        parts = [
            f"# {_text(session.name)}",
            say("Conversation with your notes, {day}", day=session.created[:10]),
        ]
        for said in self.turns(session.id):
            parts += _turn(said)
        return "\n\n".join(parts) + "\n"

    def as_note(self, session: Session, root: str | None = None) -> Path:
        """Write a conversation into a notes folder, below ``conversations``, as its next sync will read it.

        Args:
            session: which.
            root: the folder's name; default: the first one that is on this disk.

        Raises:
            RootError: there is no such folder, or it cannot be written.
        """
        roots = {one.name: one.path for one in self._engine.roots() if one.path is not None}
        folder = roots.get(root) if root else next(iter(roots.values()), None)
        if folder is None:
            raise RootError(
                "No notes folder is called {name}. `footnotes roots list` names all.", name=root or ""
            )
        name = _text(_UNSAFE.sub(" ", session.name)).strip(" .")[:_LONGEST].strip() or session.id
        path = folder / _FOLDER / f"{session.created[:10]} {name} {session.id[:4]}.md"
        try:
            path.parent.mkdir(exist_ok=True)
            path.write_text(self.markdown(session), encoding="utf-8")
        except OSError as e:
            raise RootError(
                "{path} cannot be written: {reason}. Name another folder with --root.",
                path=path,
                reason=e.strerror or e,
            ) from e
        return path


def fate(catalogue: Catalogue, cited: Mapping[str, Any]) -> Fate:
    """What has become of a quote: it stands where it stood, its note says something else there now, or the note is gone."""
    document = catalogue.document(cited["path"])
    if document is None:
        return "gone"
    return "same" if document.text[cited["start"] : cited["end"]] == cited["quote"] else "changed"


def _fates(catalogue: Catalogue, kept: Kept) -> dict[int, Fate]:
    return {cited["marker"]: fate(catalogue, cited) for cited in _citations(kept.answer)}


def _citations(answer: Mapping[str, Any] | None) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = (answer or {}).get("citations", ())
    return found


def _cited(answer: Mapping[str, Any] | None) -> dict[str, str]:
    return {cited["path"]: cited["title"] for cited in _citations(answer)}


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


# As Markdown


def answer_markdown(
    question: str, answer: Mapping[str, Any], number: int = 1, fates: Mapping[int, Fate] | None = None
) -> str:
    """A question and its answer (see ``present.answer``) as Markdown, with footnotes.

    ``number`` keeps the labels of several answers apart; ``fates`` says by marker what has become of quotes since.
    """
    parts = [f"## {_text(question)}", MARKER.sub(_labels(number), answer["answer"])]
    known = fates or {}
    notes = [_footnote(number, cited, known.get(cited["marker"], "same")) for cited in _citations(answer)]
    return "\n\n".join([*parts, "\n".join(notes)] if notes else parts)


def _turn(said: Said) -> list[str]:
    kept = said.kept
    if kept.answer is None:
        return [f"## {_text(kept.question)}", f"*{hidden()}*"]
    return [answer_markdown(kept.question, kept.answer, kept.number, said.fates)]


def hidden() -> str:
    """What stands for an answer that quoted a forgotten note."""
    return say("This answer quoted a note that was forgotten.")


def remark(fate: Fate) -> str:
    """What is said beside a quote that does not stand any more."""
    return {"same": "", "changed": say("the note has changed since"), "gone": say("the note is gone")}[fate]


def _labels(number: int) -> Callable[[re.Match[str]], str]:
    return lambda found: "".join(f"[^{number}-{n}]" for n in re.findall(r"\d+", found[1]))


def _footnote(number: int, cited: Mapping[str, Any], fate: Fate) -> str:
    first, last = cited["lines"]
    lines = f"{first}" if first == last else f"{first}-{last}"
    place = cited["path"] + (f", p. {cited['page']}" if cited["page"] else f":{lines}")
    after = f" ({remark(fate)})" if fate != "same" else ""
    return f"[^{number}-{cited['marker']}]: `{place}`{after}: {_text(display(cited['quote']))}"


def _text(text: str) -> str:
    return " ".join(text.split())
