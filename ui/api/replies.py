"""What the API replies, as ``rag.present`` writes it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Reply(BaseModel):
    """What the engine tells beyond these fields passes through."""

    model_config = ConfigDict(extra="allow")


class Problem(_Reply):
    """What went wrong."""

    code: str = Field(description="one word for programs", examples=["not_found"])
    message: str = Field(description="one sentence for people, with the remedy")
    type: str = "invalid_request_error"
    param: str | None = Field(default=None, description="where in the request")


class ErrorReply(_Reply):
    """Every error."""

    error: Problem


class Stage(_Reply):
    """What one stage of a search did."""

    name: str
    count: int
    ms: float
    note: str


class Part(_Reply):
    """What was understood of a question."""

    kind: str
    written: str
    meaning: str
    hard: bool


class Trace(_Reply):
    """How an answer came to be."""

    stages: list[Stage]
    notes: list[str]
    filters: list[Part]
    in_range: int | None
    used: int | None


class Hit(_Reply):
    """A passage: characters ``start`` to ``end`` of the document ``path``."""

    rank: int
    score: float
    path: str = Field(description="the document's id, as /v1/documents takes it")
    title: str
    date: str | None
    start: int
    end: int
    lines: list[int]
    page: int | None
    heading: list[str]
    speaker: str
    format: str
    text: str
    sources: dict[str, int]
    via: list[str]


class SearchReply(_Reply):
    """Passages, best first."""

    query: str
    hits: list[Hit]
    trace: Trace


class Citation(_Reply):
    """The proof of a claim: ``quote`` stands at ``start`` to ``end`` of the document ``path``."""

    marker: int = Field(description="the n of [n] in the answer")
    path: str
    title: str
    start: int
    end: int
    lines: list[int]
    page: int | None
    heading: list[str]
    speaker: str
    format: str
    notes: list[str]
    quote: str
    uri: str
    changed: bool = Field(description="the file is no longer the one that was indexed")


class Support(_Reply):
    """One sentence, and whether its footnotes support it."""

    sentence: str
    citations: list[int]
    supported: bool


class AnswerReply(_Reply):
    """An answer; each [n] in it has its citation."""

    question: str
    answer: str
    abstained: bool = Field(description="the notes do not say")
    doubtful: bool = Field(description="the notes may not say: this is the nearest that they do")
    citations: list[Citation]
    support: list[Support]
    writer: str = Field(description="extract, or the model that wrote it")
    removed_markers: int
    trace: Trace


class ExplainReply(SearchReply):
    """Every stage of a search, and what became of one note."""

    k: int
    filters: list[Part]
    stages: dict[str, list[dict[str, Any]]]
    verdict: dict[str, Any] | None


class RelatedReply(_Reply):
    """What belongs with a note."""

    note: dict[str, Any]
    related: list[dict[str, Any]]
    unlinked_mentions: list[dict[str, Any]]
    more_mentions: int


class DocumentReply(_Reply):
    """A note, or a part of it, as it was indexed."""

    id: str
    title: str
    format: str
    tags: list[str]
    dates: list[str] = Field(description="days or spans of days, as 2022-05-01 or 2022-05-01..2022-05-31")
    properties: dict[str, Any]
    links: list[str] = Field(description="ids of the notes that it links to")
    start: int
    end: int
    length: int = Field(description="characters of the whole text")
    text: str = Field(description="characters `start` to `end`")
    lines: list[int] = Field(description="first and last line of the text")
    state: str = Field(description="same, changed or gone: the file on disk, against what was indexed")


class SyncReply(_Reply):
    """What a sync did."""

    documents: int
    chunks: int
    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    embedded: int
    skipped: list[dict[str, str]]
    failed: list[dict[str, str]]
    warnings: list[dict[str, str]]
    refused: list[str]
    model: str | None
    model_wished: str | None
    unpushed: str | None = None
    seconds: float
