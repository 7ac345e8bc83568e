"""Conversations that are kept, as the page shows them again: what was said, and what has become of the notes since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rag.errors import FootnotesError
from rag.types import Answer, Citation, Part, SentenceSupport, Stage, Trace
from ui import view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rag.conversations import Conversations, Said
    from rag.store.sessions import Session
    from rag.types import Turn
    from ui.source import Source
    from ui.text import Text

_LISTED: Final = 8
_NAME: Final = 80  # characters


@dataclass(frozen=True, slots=True)
class Reopened:
    """A conversation on the page: its turns as HTML, the answers by turn, and what the next question may lean on."""

    session: str
    shown: tuple[str, ...]
    answers: tuple[tuple[int, Answer], ...]
    history: tuple[Turn, ...]


def latest(talks: Conversations) -> list[Session]:
    """The conversations that the empty page offers; none where they cannot be read."""
    try:
        return [one for one in talks.listed() if one.turns][:_LISTED]
    except FootnotesError:
        return []


def kept(talks: Conversations, session: str, answer: Answer) -> str:
    """Keep an answer, beginning a conversation where there is none yet; returns its id, empty where nothing can be kept.

    A home that cannot be written still answers.
    """
    try:
        session = session or talks.start(answer.question[:_NAME]).id
        talks.keep(session, answer)
    except FootnotesError:
        return ""
    return session


def reopened(
    talks: Conversations, session: str, sources: Callable[[Answer], Mapping[int, Source]], text: Text
) -> Reopened:
    """A conversation as it was shown, with marks where notes have changed or gone.

    Args:
        talks: the user's.
        session: its id.
        sources: where an answer's quotes stand now.
        text: the words around it.

    Raises:
        SessionError: there is no such conversation of this user.
    """
    found = talks.find(session)
    shown, answers = list[str](), list[tuple[int, Answer]]()
    for number, said in enumerate(talks.turns(found.id), 1):
        turn = view.Turn(number, said.kept.question)
        if said.kept.answer is None:
            shown.append(view.forgotten_html(turn, text))
            continue
        answer = _answer(said, said.kept.answer)
        shown.append(view.answer_html(turn, answer, sources(answer), text, view.Around(found.id)))
        answers.append((number, answer))
    return Reopened(found.id, tuple(shown), tuple(answers), talks.history(found.id))


def _answer(said: Said, shown: Mapping[str, Any]) -> Answer:
    trace = shown["trace"]
    return Answer(
        question=said.kept.question,
        text=shown["answer"],
        citations=tuple(_citation(said, one) for one in shown["citations"]),
        abstained=shown["abstained"],
        doubtful=shown.get("doubtful", False),
        support=tuple(_support(one) for one in shown["support"]),
        trace=Trace(
            tuple(Stage(one["name"], one["count"], one["ms"], one["note"]) for one in trace["stages"]),
            tuple(trace["notes"]),
            tuple(Part(one["kind"], one["written"], one["meaning"], one["hard"]) for one in trace["filters"]),
            trace["in_range"],
            trace["used"],
        ),
        writer=shown["writer"],
        removed_markers=shown["removed_markers"],
    )


def _citation(said: Said, shown: Mapping[str, Any]) -> Citation:
    return Citation(
        marker=shown["marker"],
        doc_id=shown["path"],
        title=shown["title"],
        start=shown["start"],
        end=shown["end"],
        quote=shown["quote"],
        lines=(shown["lines"][0], shown["lines"][1]),
        page=shown["page"],
        heading=tuple(shown["heading"]),
        uri=shown["uri"],
        changed=said.fates[shown["marker"]] != "same",
        speaker=shown["speaker"],
        format=shown["format"],
        notes=tuple(shown["notes"]),
    )


def _support(shown: Mapping[str, Any]) -> SentenceSupport:
    return SentenceSupport(
        shown["sentence"],
        tuple(shown["citations"]),
        supported=shown["supported"],
        partly=shown["verdict"] == "partly",
        missing=tuple(shown["missing"]),
    )
