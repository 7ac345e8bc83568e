"""What the user said of answers: right or wrong, one line of JSON each, and what that makes of questions.

A verdict is on a whole answer or on one of its footnotes. The file is ``evals/verdicts.jsonl`` in the home; only its
owner may read it. ``footnotes forget`` takes out what quotes the forgotten note.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from rag import quoting
from rag.errors import EvalError
from rag.evals.cases import Case, Gold, identity
from rag.home import Home
from rag.store.catalogue import Catalogue
from rag.store.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from rag.types import Answer

Judgement = Literal["right", "wrong"]
KIND = "verdict"
FILE = "verdicts.jsonl"


@dataclass(frozen=True, slots=True)
class Cited:
    """A span of a note that an answer cited, or that its user named; the whole note where nothing is quoted."""

    note: str
    start: int = 0
    end: int = 0
    quote: str = ""
    marker: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody said of an answer.

    Attributes:
        question: as it was asked.
        judgement: of the footnote, or of the whole answer.
        answer: its text.
        cited: its footnotes.
        read: other notes that the answer was written from.
        footnote: the marker of the one that is meant; None: the whole answer.
        day: when it was asked.
        remark: why, in the user's words.
        abstained: the answer was that the notes do not say.
    """

    question: str
    judgement: Judgement
    answer: str = ""
    cited: tuple[Cited, ...] = ()
    read: tuple[str, ...] = ()
    footnote: int | None = None
    day: date | None = None
    remark: str = ""
    abstained: bool = False

    @property
    def meant(self) -> tuple[Cited, ...]:
        """The footnotes that it is on."""
        return tuple(c for c in self.cited if self.footnote is None or c.marker == self.footnote)


def on_answer(
    answer: Answer,
    judgement: Judgement,
    *,
    footnote: int | None = None,
    day: date | None = None,
    remark: str = "",
) -> Verdict:
    """A verdict on an answer, or on the footnote with a marker."""
    return Verdict(
        question=answer.question,
        judgement=judgement,
        answer=answer.text,
        cited=tuple(Cited(c.doc_id, c.start, c.end, c.quote, c.marker) for c in answer.citations),
        read=tuple(dict.fromkeys(hit.chunk.doc_id for hit in answer.hits)),
        footnote=footnote,
        day=day,
        remark=remark,
        abstained=answer.abstained,
    )


def record(home: Path, verdict: Verdict) -> None:
    """Keep a verdict in a home.

    Raises:
        EvalError: the question is empty, it has no such footnote, or a note that it is on has changed, or is gone.
        HomeError: the home cannot be written, or another process does not let go of the write lock.
    """
    _check(verdict)
    place = Home(home)
    folder = private_folder(place.evals)
    line = json.dumps(_as_json(verdict), ensure_ascii=False) + "\n"
    with place.writing(), closing(Catalogue(place.catalogue)) as catalogue:
        # A page may still show an answer whose note was forgotten meanwhile: nothing of that may come back.
        stands = quoting.standing(catalogue)
        named = (*((c.note, c.quote) for c in verdict.cited), *((note, "") for note in verdict.read))
        gone = next((note for note, quote in named if not stands(note, quote)), None)
        if gone is not None:
            raise EvalError("{note} has changed or is gone since. Ask again, then judge.", note=gone)
        _append(folder / FILE, line)


def load(home: Path) -> list[Verdict]:
    """All verdicts, in the order in which they were given.

    Raises:
        EvalError: a line cannot be read.
    """
    path = home / "evals" / FILE
    if not path.exists():
        return []
    lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    return [_read(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def cases(verdicts: Iterable[Verdict]) -> list[Case]:
    """One reviewed question for all verdicts on it: what is right should be found, what is wrong not be cited.

    Of a span that was judged twice the later verdict counts, and so it does of an answer that the notes do not say.
    """
    by_question: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_question.setdefault(" ".join(verdict.question.split()), []).append(verdict)
    made = (_case(question, found) for question, found in by_question.items())
    return [case for case in made if case.gold or case.wrong or case.unanswerable]


def _case(question: str, verdicts: list[Verdict]) -> Case:
    judged: dict[Gold, Judgement] = {}
    silent = False
    for verdict in verdicts:
        for cited in verdict.meant:
            gold = Gold(cited.note, cited.quote)
            judged.pop(gold, None)
            judged[gold] = verdict.judgement
        if verdict.abstained:
            silent = verdict.judgement == "right"
        elif verdict.meant and verdict.judgement == "right":
            silent = False
    return Case(
        id=identity(KIND, question),
        kind=KIND,
        question=question,
        gold=tuple(gold for gold, judgement in judged.items() if judgement == "right"),
        wrong=tuple(gold for gold, judgement in judged.items() if judgement == "wrong"),
        keep=True,
        day=verdicts[-1].day,
        unanswerable=silent,
    )


def _check(verdict: Verdict) -> None:
    if not verdict.question.strip():
        raise EvalError("The question is empty. Say which question was answered.")
    if verdict.footnote is not None and not verdict.meant:
        raise EvalError("The answer has no footnote {marker}. Name one that it has.", marker=verdict.footnote)


def _append(path: Path, line: str) -> None:
    whole = not path.exists() or path.read_bytes()[-1:] in {
        b"",
        b"\n",
    }  # else a crash has cut the last line short
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
        out.write((b"" if whole else b"\n") + line.encode("utf-8", "replace"))
        out.flush()
        os.fsync(out.fileno())


def _as_json(verdict: Verdict) -> dict[str, Any]:
    values = asdict(replace(verdict, day=None))
    return {**values, "day": str(verdict.day) if verdict.day else None}


def _read(path: Path, number: int, line: str) -> Verdict:
    try:
        return _verdict(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        raise EvalError(
            "{path}, line {line}: this is no verdict. Take the line out.", path=path, line=number
        ) from e


def _verdict(data: Mapping[str, Any]) -> Verdict:
    judgement: Judgement = {"right": "right", "wrong": "wrong"}[data["judgement"]]  # type: ignore[assignment]
    return Verdict(
        question=str(data["question"]),
        judgement=judgement,
        answer=str(data.get("answer") or ""),
        cited=tuple(
            Cited(str(c["note"]), int(c["start"]), int(c["end"]), str(c["quote"]), int(c["marker"]))
            for c in data.get("cited") or ()
        ),
        read=tuple(map(str, data.get("read") or ())),
        footnote=int(data["footnote"]) if data.get("footnote") is not None else None,
        day=date.fromisoformat(data["day"]) if data.get("day") else None,
        remark=str(data.get("remark") or ""),
        abstained=bool(data.get("abstained")),
    )
