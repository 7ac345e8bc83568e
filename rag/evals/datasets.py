"""Evaluation sets: folders in the BEIR layout, with a few optional fields of our own.

::

    corpus.jsonl    {"_id", "title", "text"[, "date", "group", "source"]}
    queries.jsonl   {"_id", "text"[, "group", "date", "time", "exclude", "answers", "evidence"]}
    qrels.tsv       query-id  corpus-id  score     (or qrels/test.tsv, or qrels/dev.tsv)
    queries_noanswer.jsonl      like queries.jsonl: questions that the corpus does not answer; may be absent

Judgements have three columns, or TREC's four, with or without a header. ``group`` limits a question to the
rows of its group, ``exclude`` (row ids) takes rows out of its ranking, ``date`` is the day it is asked on, ``time`` the
first and last day that it asks about. ``answers`` are texts, any of which is right; ``evidence`` are the sentences of the
corpus that say it.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from rag.errors import EvalError
from rag.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Split = Literal["all", "dev", "report"]
Qrels = dict[str, dict[str, int]]

_QRELS = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv")
_UNANSWERABLE = "queries_noanswer.jsonl"
_DEV_TENTHS = 3
_TWO_DAYS = "two days, the earlier first"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?"
_DATE_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})\s*(?:[-/.]|年)\s*(?P<month>\d{1,2})\s*(?:[-/.]|月)\s*(?P<day>\d{1,2})(?!\d)",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<year>\d{{4}})\b",
        rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b",
    )
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the corpus. ``doc_id`` is what the index calls it: ``<set>/<group or _>/<row id>``."""

    id: str
    doc_id: str
    title: str
    text: str
    day: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``folder`` is the group to search in (an id prefix), ``exclude`` holds document ids.

    ``answers`` are texts, any of which is right; ``evidence`` are sentences of the corpus that say it. ``time`` is what
    it asks about, where the set says so.
    """

    id: str
    text: str
    folder: str = ""
    day: date | None = None
    exclude: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    time: Span | None = None


@dataclass(frozen=True)
class EvalSet:
    """A set in memory.

    Attributes:
        root: the first part of every document id.
        questions: those that have judgements, in the order of their file.
        qrels: question id -> row id -> grade.
        corpus_hash: SHA-256 of corpus.jsonl.
        unanswerable: questions that the corpus does not answer.
    """

    name: str
    root: str
    rows: tuple[Row, ...]
    questions: tuple[Question, ...]
    qrels: Mapping[str, Mapping[str, int]]
    corpus_hash: str
    unanswerable: tuple[Question, ...] = ()

    @cached_property
    def row_ids(self) -> Mapping[str, str]:
        """Document id -> row id."""
        return {row.doc_id: row.id for row in self.rows}

    def chosen(self, part: Split = "all", limit: int | None = None) -> tuple[Question, ...]:
        """The first ``limit`` questions of a split."""
        return tuple(q for q in self.questions if part in {"all", split(q.id)})[:limit]


def split(query_id: str) -> Literal["dev", "report"]:
    """The split of a question: 3 tenths are for tuning, figures come from the rest."""
    return "dev" if zlib.crc32(query_id.encode()) % 10 < _DEV_TENTHS else "report"


def load(folder: Path) -> EvalSet:
    """Read a set.

    Raises:
        EvalError: a file is missing, or a line of it cannot be read.
    """
    folder = folder.resolve()
    root = re.sub(r"[^\w.-]", "_", folder.name)
    corpus, queries, judgements = _files(folder)
    rows = tuple(_row(record, root) for record in _records(corpus))
    doc_ids = {row.id: row.doc_id for row in rows}
    asked = [_question(record, root, doc_ids) for record in _records(queries)]
    qrels = _qrels(judgements, {question.id for question in asked})
    return EvalSet(
        name=folder.name,
        root=root,
        rows=rows,
        questions=tuple(question for question in asked if question.id in qrels),
        qrels=qrels,
        corpus_hash=hashlib.sha256(corpus.read_bytes()).hexdigest(),
        unanswerable=tuple(_question(r, root, doc_ids) for r in _records(unanswerable))
        if (unanswerable := folder / _UNANSWERABLE).is_file()
        else (),
    )


def parse_day(text: str) -> date | None:
    """The first date in a text: ``2025-11-11``, ``2024年04月01日``, ``8 May, 2023``, ``May 8, 2023``."""
    for form in _DATE_FORMS:
        if found := form.search(text):
            parts = found.groupdict()
            month = int(parts["month"]) if "month" in parts else _MONTHS.index(parts["name"].lower()) + 1
            try:
                return date(int(parts["year"]), month, int(parts["day"]))
            except ValueError:
                return None
    return None


def _files(folder: Path) -> tuple[Path, Path, Path]:
    """Corpus, queries and judgements, all of which exist."""
    corpus, queries = folder / "corpus.jsonl", folder / "queries.jsonl"
    for path in (corpus, queries):
        if not path.is_file():
            raise EvalError(
                "{path} is missing. Name a folder with corpus.jsonl, queries.jsonl and qrels.tsv.", path=path
            )
    judgements = next((folder / name for name in _QRELS if (folder / name).is_file()), None)
    if judgements is None:
        raise EvalError(
            "{folder} has no judgements. Put them into qrels.tsv or qrels/test.tsv.", folder=folder
        )
    return corpus, queries, judgements


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1. Only a line feed ends a line."""
    for number, raw in enumerate(path.read_bytes().split(b"\n"), 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r ")
        except UnicodeDecodeError as e:
            raise EvalError(
                "{path}, line {line}: not UTF-8. Save the file as UTF-8.", path=path, line=number
            ) from e
        if line:
            yield number, line


@dataclass(frozen=True, slots=True)
class _Record:
    """One JSON line, with where it stands."""

    path: Path
    line: int
    data: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A field as text; empty where it is absent or null."""
        value = self.data.get(key)
        if value is None:
            return ""
        if isinstance(value, str | int) and not isinstance(value, bool):
            # Half of a surrogate pair, which JSON can write, is no character and cannot be stored.
            return str(value).encode("utf-8", "replace").decode()
        raise EvalError(
            "{path}, line {line}: '{key}' is {value!r}. Make it a string.",
            path=self.path,
            line=self.line,
            key=key,
            value=value,
        )

    def needed(self, key: str) -> str:
        """A field that must be there."""
        if self.data.get(key) is None:
            raise EvalError(
                "{path}, line {line}: no '{key}'. Add the field.", path=self.path, line=self.line, key=key
            )
        return self.text(key)

    def names(self, key: str, what: str = "row ids") -> tuple[str, ...]:
        """A list of ids, or of ``what``; empty where it is absent."""
        value = self.data.get(key) or []
        if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
            return tuple(str(item) for item in value)
        raise self._no_list(key, what)

    def span(self, key: str) -> Span | None:
        """A first and a last day; None where the field is absent."""
        days = [parse_day(text) for text in self.names(key, _TWO_DAYS)]
        match days:
            case []:
                return None
            case [date() as first, date() as last] if first <= last:
                return Span(first, last)
        raise self._no_list(key, _TWO_DAYS)

    def _no_list(self, key: str, what: str) -> EvalError:
        return EvalError(
            "{path}, line {line}: '{key}' is {value!r}. Make it a list of {what}.",
            what=what,
            path=self.path,
            line=self.line,
            key=key,
            value=self.data.get(key),
        )


def _records(path: Path) -> Iterator[_Record]:
    """The JSON objects of a file, whose ``_id`` differ and are not empty."""
    seen: dict[str, int] = {}
    for number, line in _lines(path):
        try:
            data = json.loads(line)
        except ValueError as e:
            raise EvalError(
                "{path}, line {line}: not JSON ({reason}). Write one object a line.",
                path=path,
                line=number,
                reason=e,
            ) from e
        if not isinstance(data, dict):
            raise EvalError(
                "{path}, line {line}: not a JSON object. Write one object a line.", path=path, line=number
            )
        record = _Record(path, number, data)
        name = record.needed("_id")
        if not name or name in seen:
            raise EvalError(
                "{path}, line {line}: the _id '{id}' is empty or was used before (line {first}). Give each its own.",
                path=path,
                line=number,
                id=name,
                first=seen.get(name, number),
            )
        seen[name] = number
        yield record
    if not seen:
        raise EvalError("{path} is empty. Write one JSON object a line.", path=path)


def _row(record: _Record, root: str) -> Row:
    row_id = record.needed("_id")
    return Row(
        id=row_id,
        doc_id=f"{_folder(root, record.text('group'))}/{quote(row_id, safe='')}",
        title=record.text("title"),
        text=record.needed("text"),
        day=parse_day(record.text("date")),
        source=record.text("source"),
    )


def _question(record: _Record, root: str, doc_ids: Mapping[str, str]) -> Question:
    group = record.text("group")
    return Question(
        id=record.needed("_id"),
        text=record.needed("text"),
        folder=_folder(root, group) if group else "",
        day=parse_day(record.text("date")),
        # A row that the corpus lacks cannot be ranked, so there is nothing to take out.
        exclude=tuple(doc_ids[row] for row in record.names("exclude") if row in doc_ids),
        answers=record.names("answers", "texts"),
        evidence=record.names("evidence", "texts"),
        time=record.span("time"),
    )


def _folder(root: str, group: str) -> str:
    """Id prefix of a group. Quoting keeps `/` and dots-only names from making paths; `_` means no group."""
    part = quote(group, safe="") if group.strip("._") else group.replace(".", "%2E").replace("_", "%5F")
    return f"{root}/{part or '_'}"


def _qrels(path: Path, known: set[str]) -> Qrels:
    """Judgements by question. Rows that the corpus lacks may be judged: nobody can find them."""
    qrels: Qrels = {}
    for number, line in _lines(path):
        columns = line.split("\t") if "\t" in line else line.split()
        grade = _grade(columns[-1])
        if grade is None and number == 1:
            continue  # the header
        if grade is None or len(columns) not in {3, 4}:
            raise EvalError(
                "{path}, line {line}: not a judgement. Write query-id, corpus-id and a whole number, tab between.",
                path=path,
                line=number,
            )
        query, row = columns[0].strip(), columns[-2].strip()
        if query not in known:
            raise EvalError(
                "{path}, line {line}: no question '{query}' in queries.jsonl. Add it, or take the line out.",
                path=path,
                line=number,
                query=query,
            )
        if qrels.setdefault(query, {}).setdefault(row, grade) != grade:
            raise EvalError(
                "{path}, line {line}: '{query}' judges '{row}' twice, differently. Take one line out.",
                path=path,
                line=number,
                query=query,
                row=row,
            )
    if not qrels:
        raise EvalError(
            "{path} holds no judgement. Write query-id, corpus-id and score, tab between.", path=path
        )
    return qrels


def _grade(column: str) -> int | None:
    """A grade, also when it is written ``1.0``."""
    try:
        value = float(column)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None
