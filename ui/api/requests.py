"""What a client may send. A key that is not here is an error: a mistyped one would be left out without a word."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from rag.types import NO_FILTERS, Filters, Span, Turn

_Question = Annotated[str, Field(min_length=1, max_length=8000, pattern=r"\S")]


def _written(value: object) -> object:
    if value is not None and not isinstance(value, str | date):
        raise ValueError("write a day as 2022-05-31")
    return value


_Day = Annotated[date, BeforeValidator(_written)]  # a number would be taken for seconds since 1970


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Where(_Body):
    """Where to search, beside what the question says."""

    folders: list[str] = Field(
        default=[], max_length=50, description="ids, or beginnings of ids: `root/folder`"
    )
    tags: list[str] = Field(default=[], max_length=50, description="tags, all of which a note must have")
    after: _Day | None = Field(default=None, description="first day that a passage may be of")
    before: _Day | None = Field(default=None, description="last day that a passage may be of")

    def filters(self) -> Filters:
        """As the engine takes them."""
        spans: tuple[Span, ...] = ()
        if self.after or self.before:
            spans = (Span(self.after or date.min, self.before or date.max),)
        found = Filters(folders=tuple(self.folders), tags=tuple(self.tags), spans=spans)
        return found if found != NO_FILTERS else NO_FILTERS


class SearchBody(_Body):
    """A search."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"query": "cat food", "k": 5, "where": {"after": "2022-01-01"}}]}
    )
    query: _Question = Field(description="words, with whatever filters and times they hold")
    k: int = Field(default=10, ge=1, le=100, description="passages, at most")
    ignore: list[str] = Field(
        default=[], max_length=50, description="words that are only words: no filter, no time"
    )
    today: _Day | None = Field(default=None, description='what "last month" is counted from')
    where: Where = Where()


class Asked(_Body):
    """What was asked before."""

    question: str = Field(max_length=8000)
    titles: list[str] = Field(default=[], max_length=50, description="titles of the notes that were cited")

    def turn(self) -> Turn:
        """As the engine takes it."""
        return Turn(self.question, tuple(self.titles))


class AskBody(_Body):
    """A question."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "When did we move to Berlin?", "stream": False}]}
    )
    question: _Question = Field(description="in Chinese or English")
    stream: StrictBool = Field(default=False, description="server-sent events: `piece`s, then the `answer`")
    deep: StrictBool = Field(
        default=False,
        description="a language model looks things up in several steps first; streamed as `step`s",
    )
    k: int = Field(default=10, ge=1, le=100, description="passages to read")
    ignore: list[str] = Field(
        default=[], max_length=50, description="words that are only words: no filter, no time"
    )
    today: _Day | None = Field(default=None, description='what "last month" is counted from')
    where: Where = Where()
    history: list[Asked] = Field(
        default=[], max_length=20, description="the conversation so far, oldest first"
    )


class ExplainBody(_Body):
    """A search to be explained."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "Which cat food?", "k": 5}]})
    query: _Question
    id: str | None = Field(default=None, max_length=2000, description="a note's id: where was it lost?")
    k: int = Field(default=10, ge=1, le=100, description="passages shown of each stage")
    ignore: list[str] = Field(default=[], max_length=50)


class SyncBody(_Body):
    """What to sync."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"roots": ["notes"]}]})
    roots: list[str] | None = Field(default=None, max_length=100, description="names of roots; none: all")
    verify: StrictBool = Field(default=False, description="hash every file")
    accept_deletions: StrictBool = Field(
        default=False, description="apply even when a folder has lost over half of its notes"
    )


class Reach(BaseModel):
    """Which part of a document."""

    model_config = ConfigDict(extra="forbid")
    start: int = Field(default=0, ge=0, description="first character, from 0")
    end: int | None = Field(
        default=None, ge=0, description="behind the last character; none: the end; before `start`: nothing"
    )
