"""Questions on the user's own notes, in a YAML file that is made to be read and edited.

::

    - id: cloze-1f0c2b7e
      kind: cloze
      question: harbour delayed ferries
      answer: fog
      gold:
      - note: notes/travel/Lisbon.md
        quote: The harbour fog delayed three ferries.
      keep:

``gold`` is what should be found: a note, or the passage of it that holds ``quote``. ``wrong`` is what must not be cited,
``exclude`` are notes that the search leaves out, ``day`` is when it is asked. ``keep`` is the reviewer's: ``false`` takes
the question out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from rag import quoting
from rag.errors import EvalError
from rag.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import yaml

_YES = frozenset({"true", "yes", "on", "y", "1", "是"})
_NO = frozenset({"false", "no", "off", "n", "0", "否"})
_NONE = frozenset({"", "null", "~", "none"})
_WIDE = 1_000  # characters of a line of YAML: sentences are not folded
_DAY_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Gold:
    """A note, or the passage of it that holds a quote."""

    note: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One question.

    Attributes:
        gold: what should be found.
        wrong: what must not be cited.
        answer: words that a cited sentence should hold; empty: not known.
        exclude: notes that the search leaves out.
        keep: the reviewer's verdict; None: not reviewed yet.
        day: the day that it is asked on.
        unanswerable: the notes do not say: the answer should be that.
    """

    id: str
    kind: str
    question: str
    gold: tuple[Gold, ...] = ()
    wrong: tuple[Gold, ...] = ()
    answer: str = ""
    exclude: tuple[str, ...] = ()
    keep: bool | None = None
    day: date | None = None
    unanswerable: bool = False

    @property
    def quotes(self) -> tuple[Gold, ...]:
        """All that it says of notes."""
        return (*self.gold, *self.wrong)


def identity(kind: str, question: str) -> str:
    """A case's id: the same question of the same kind is the same case."""
    return f"{kind}-{hashlib.sha256(f'{kind}:{question}'.encode()).hexdigest()[:8]}"


def load(path: Path) -> list[Case]:
    """The cases of a file; none where it does not exist.

    Raises:
        EvalError: it is not such a file; the message names the line.
    """
    import yaml

    if not path.exists():
        return []
    try:
        text = path.read_bytes().decode("utf-8-sig")
        loader = yaml.BaseLoader(text)  # everything is text there: no date, number or "no" is made of it
        node = loader.get_single_node()
    except UnicodeDecodeError as e:
        raise EvalError("{path} is not UTF-8. Save it as UTF-8.", path=path) from e
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None) or getattr(e, "context_mark", None)
        raise EvalError(
            "{path}, line {line}: not YAML ({reason}). Mend it, or move the file away and run "
            "`footnotes eval make`.",
            path=path,
            line=mark.line + 1 if mark else 1,
            reason=getattr(e, "problem", None) or "?",
        ) from e
    return _Reader(path, loader).cases(node)


def dump(cases: Iterable[Case]) -> str:
    """Cases as YAML, one item after the other, a blank line between."""
    return "\n".join(_item(case) for case in cases)


def head() -> str:
    """What stands above the cases, in the reader's language: how to review them."""
    lines = say(
        "Questions on your own notes, made by `footnotes eval make` and scored by `footnotes eval own`.\n"
        "Read them, and set `keep: true` or `keep: false`; you may edit a question, its gold notes and quotes.\n"
        "Leave a bad one here with `keep: false`, so that it is not made again.\n"
        "A quote must stand in its note word for word. Running `footnotes eval make` again only adds new questions.\n"
        "`footnotes forget` takes out what quotes the forgotten note."
    ).split("\n")
    return "".join(f"# {line}\n" for line in lines)


def add(path: Path, cases: Sequence[Case]) -> int:
    """Append those cases that the file does not hold yet, and leave the rest of it as it is; returns how many.

    Raises:
        EvalError: the file cannot be read, or not be written.
    """
    known = load(path)
    ids, questions = {case.id for case in known}, {case.question for case in known}
    fresh = [case for case in cases if case.id not in ids and case.question not in questions]
    if not fresh and path.exists():
        return 0
    try:
        before = path.read_bytes().decode("utf-8-sig").rstrip() + "\n" if path.exists() else head()
        quoting.write(path, f"{before}\n{dump(fresh)}" if fresh else before)
    except OSError as e:
        raise EvalError(
            "{path} cannot be written: {reason}. Name another file with --out.",
            path=path,
            reason=e.strerror or e,
        ) from e
    return len(fresh)


def _item(case: Case) -> str:
    import yaml

    fields: dict[str, object] = {
        "id": case.id,
        "kind": case.kind,
        "question": case.question,
        "answer": case.answer,
        "gold": [_gold(gold) for gold in case.gold],
        "wrong": [_gold(gold) for gold in case.wrong],
        "exclude": list(case.exclude),
        "day": str(case.day) if case.day else "",
        "unanswerable": "true" if case.unanswerable else "",
    }
    kept = [{name: value for name, value in fields.items() if value}]
    keep = {None: "", True: " true", False: " false"}[case.keep]
    return f"{yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=_WIDE)}  keep:{keep}\n"


def _gold(gold: Gold) -> dict[str, str]:
    return {"note": gold.note, "quote": gold.quote} if gold.quote else {"note": gold.note}


class _Reader:
    """Turns the items of a parsed file into cases."""

    def __init__(self, path: Path, loader: yaml.BaseLoader) -> None:
        self._path = path
        self._loader = loader

    def cases(self, node: yaml.Node | None) -> list[Case]:
        import yaml

        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, say("a list of questions is expected"))
        found: dict[str, Case] = {}
        for item in node.value:
            case = self._case(item)
            if case.id in found:
                raise self._error(item, say("the id {id} is used twice", id=case.id))
            found[case.id] = case
        return list(found.values())

    def _case(self, node: yaml.Node) -> Case:
        data = self._loader.construct_document(node)
        if not isinstance(data, dict):
            raise self._error(node, say("an item with `question` and `gold` is expected"))
        question = str(data.get("question") or "").strip()
        if not question:
            raise self._error(node, say("`question` is empty"))
        kind = str(data.get("kind") or "own")
        case = Case(
            id=str(data.get("id") or identity(kind, question)),
            kind=kind,
            question=question,
            gold=self._golds(node, data, "gold"),
            wrong=self._golds(node, data, "wrong"),
            answer=str(data.get("answer") or ""),
            exclude=self._names(node, data),
            keep=self._choice(node, data, "keep"),
            day=self._day(node, data),
            unanswerable=bool(self._choice(node, data, "unanswerable")),
        )
        if not (case.gold or case.wrong or case.unanswerable or case.keep is False):
            raise self._error(node, say("`gold` names no note"))
        return case

    def _golds(self, node: yaml.Node, data: Mapping[str, Any], name: str) -> tuple[Gold, ...]:
        items = data.get(name) or []
        if not isinstance(items, list):
            items = [items]
        golds = []
        for item in items:
            told = {"note": item} if isinstance(item, str) else item
            if not isinstance(told, dict) or not isinstance(told.get("note"), str) or not told["note"]:
                raise self._error(
                    node, say("`{name}` holds {value!r}, which names no note", name=name, value=item)
                )
            golds.append(Gold(told["note"], str(told.get("quote") or "")))
        return tuple(golds)

    def _names(self, node: yaml.Node, data: Mapping[str, Any]) -> tuple[str, ...]:
        named = data.get("exclude") or []
        named = [named] if isinstance(named, str) else named
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            raise self._error(node, say("`exclude` is no list of notes"))
        return tuple(named)

    def _choice(self, node: yaml.Node, data: Mapping[str, Any], name: str) -> bool | None:
        value = str(data.get(name) or "").strip().casefold()
        if value in _NONE:
            return None
        if value not in _YES | _NO:
            raise self._error(node, say("`{name}` is {value!r}, not true or false", name=name, value=value))
        return value in _YES

    def _day(self, node: yaml.Node, data: Mapping[str, Any]) -> date | None:
        value = str(data.get("day") or "").strip()
        if value in _NONE:
            return None
        try:
            return date.fromisoformat(value[:_DAY_LENGTH])
        except ValueError as e:
            raise self._error(node, say("`day` is {value!r}, not a day as 2024-05-31", value=value)) from e

    def _error(self, node: yaml.Node, reason: str) -> EvalError:
        return EvalError(
            "{path}, line {line}: {reason}. Mend the item, or take it out.",
            path=self._path,
            line=node.start_mark.line + 1,
            reason=reason,
        )
