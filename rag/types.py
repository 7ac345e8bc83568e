"""The core types. Frozen, standard library only; every layer above speaks in them.

All offsets count characters of ``Document.text`` and are half-open: ``text[start:end]``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

MetaValue = str | int | float | bool | None | tuple["MetaValue", ...]
Format = Literal[
    "markdown", "text", "table", "notebook", "chat", "prose", "pdf", "slides", "sheets", "book", "image"
]
"""What a text is made of. Of ``markdown``, ``text`` and ``table`` it is the decoded file, of the others an extract."""
IN_LINES: frozenset[Format] = frozenset({"markdown", "text", "table"})
"""Formats whose lines are the file's own."""
MaskReason = Literal["layout", "shortcode", "comment", "base64", "drawing", "markup", "boilerplate"]
LinkKind = Literal["wikilink", "markdown", "embed"]
Speaker = Literal["", "user", "model", "person", "machine"]
"""Whose words: the note's (""), in a conversation the user's, a model's or somebody else's; or a machine's caption."""

Operator = Literal["=", "<", "<=", ">", ">="]
Language = Literal["zh", "en"]
PartKind = Literal[
    "path", "tag", "type", "language", "property", "phrase", "time", "list", "words", "question"
]

Verdict = Literal["supported", "partly", "unsupported"]
"""How far an answer's sentence is supported by what it cites."""

_EMPTY: Mapping[str, MetaValue] = MappingProxyType({})
_NO_NUMBERS: Mapping[str, float] = MappingProxyType({})
_NO_RANKS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Mask:
    """A range of a document that is kept in its text and offsets but left out of what is indexed."""

    start: int
    end: int
    reason: MaskReason


@dataclass(frozen=True, slots=True)
class DateRange:
    """A span of days, both ends included, with where it was read and how far it can be trusted (0 to 1).

    Days are as written; ``zone`` is the UTC offset that stood beside them, as ``+08:00``, or empty.
    """

    first: date
    last: date
    source: str
    confidence: float = 1.0
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Where a part of a document begins that its text does not mark with a Markdown heading.

    A heading of another format (``level`` 1 to 6), or a turn of a conversation (``level`` 0 keeps the path of the
    headings around it and adds ``title``, which may be empty). A turn's ``speaker`` holds until the next section.
    """

    start: int
    title: str
    level: int = 0
    speaker: Speaker = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link as its author wrote it: ``target`` with its part after ``#`` in ``anchor``.

    ``resolved`` is the id of the document that it leads to, empty where there is none; the catalogue fills it in.
    """

    start: int
    end: int
    target: str
    kind: LinkKind
    label: str = ""
    anchor: str = ""
    resolved: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    r"""One note.

    Attributes:
        id: ``root/relative/path`` with forward slashes: the note's only identity.
        text: the decoded file (NFC, ``\\n`` line ends), or the extracted text of a binary format.
        sha256: hash of the file's bytes; keys caches and finds moves, never identifies.
        title: from front matter, else the first level-1 heading, else the file name.
        format: what the chunker should make of ``text``.
        pages: offsets at which pages begin (``pages[n - 1]`` for page n); empty where a format has none. Slides,
            sheets, chapters of a book and cells of a notebook are pages too.
        sections: sorted by start; what ``text`` does not say by itself of its headings and speakers.
        dates: the note's own dates.
        tags: without ``#``, in order of appearance.
        meta: front-matter properties.
        masks: sorted, not overlapping.
        links: sorted by start.
        encoding: what the bytes were decoded from; empty for binary formats.
        loader: which loader read it.
        warnings: one clear line each, for example about front matter that is not valid YAML.
    """

    id: str
    text: str
    sha256: str
    title: str
    format: Format
    pages: tuple[int, ...] = ()
    sections: tuple[Section, ...] = ()
    dates: tuple[DateRange, ...] = ()
    tags: tuple[str, ...] = ()
    meta: Mapping[str, MetaValue] = field(default_factory=lambda: _EMPTY)
    masks: tuple[Mask, ...] = ()
    links: tuple[Link, ...] = ()
    encoding: str = ""
    loader: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: a span of a document, ``document.text[start:end] == text``, always.

    Attributes:
        key: 64-bit, given by the catalogue, never reused; 0 before it is stored.
        doc_id: the document's id.
        title: the document's title.
        body: ``text`` with masked ranges blanked (same length or shorter runs of white space): what is indexed.
        heading: the path of headings that the passage stands under, outermost first.
        page: 1-based, or None where the format has no pages.
        speaker: whose words the passage is.
        format: its document's.
        language: of ``body``, as the catalogue keeps it; None before it is stored.
        lines: first and last line of the span in ``document.text``, 1-based, both included.
    """

    doc_id: str
    start: int
    end: int
    text: str
    body: str
    title: str
    lines: tuple[int, int]
    heading: tuple[str, ...] = ()
    page: int | None = None
    dates: tuple[DateRange, ...] = ()
    key: int = 0
    speaker: Speaker = ""
    format: Format = "text"
    language: Language | None = None

    @property
    def context(self) -> str:
        """Title and heading path in one line: what a reader knows before reading the passage."""
        parts = (self.title, *self.heading)
        return " > ".join(p for i, p in enumerate(parts) if p and (i == 0 or p != parts[i - 1]))

    @property
    def index_text(self) -> str:
        """What an embedding model reads: heading context, then the passage without its masked ranges."""
        return f"{self.context}\n{self.body}"


class Outline(NamedTuple):
    """What is known of a passage without reading it: its key, whose words it is, and how many characters."""

    key: int
    speaker: Speaker
    length: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What a property of a note must be: ``rating:>4``.

    Two numbers compare as numbers, two days as days, all else as folded text. ``=`` is met by an item of a list, and
    by a text that holds the value.
    """

    name: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Span:
    """A span of days, both ends included.

    ``guessed``: the question left the year open, and these are the last such days.
    """

    first: date
    last: date
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Filters:
    """Hard limits on where to search, applied inside each index, never after its top-k.

    Attributes:
        folders: id prefixes on path borders (``root``, ``root/sub`` or a whole document id); any of them
            may match; empty means everywhere.
        exclude: likewise, none may match.
        paths: parts of an id, folded; all must stand in it.
        without_paths: likewise, none may.
        tags: all must be the note's, or lie above one of its (``a`` lies above ``a/b``); folded, without ``#``.
        without_tags: likewise, none may.
        types: formats or file name endings without dot; any may match.
        without_types: likewise, none may.
        languages: of the passage; any may match.
        conditions: properties of the note; all must hold.
        phrases: each stands in the passage, its title or its headings as it is written, case, width, script and white
            space aside.
        spans: days that a date of the passage, or of its note, must touch; any may match.
    """

    folders: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    without_paths: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    without_types: tuple[str, ...] = ()
    languages: tuple[Language, ...] = ()
    conditions: tuple[Condition, ...] = ()
    phrases: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a question that was understood as more than words to look for; it can be switched off.

    Attributes:
        kind: of what: a filter, a ``time``, a ``list`` of things that is asked for, ``words`` looked for beside those that
            are written, or the whole ``question``, rewritten from what was said before.
        written: as it stands in the question; empty where nothing does.
        meaning: what was made of it, such as ``2022-04-01..2022-04-30``.
        hard: nothing else may be found; else it is only preferred.
    """

    kind: PartKind
    written: str
    meaning: str
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a question before the search.

    Attributes:
        text: what is looked for: the question without its typed filters.
        filters: the typed ones, with those that came beside the question; natural dates are not among them.
        spans: the times that the question speaks of in natural words, in its order.
        strict: only what is of those times is asked for; else it is preferred.
        gathers: all things of a kind or a time are asked for, not one.
        rest: ``text`` without the words of its times; empty where it asks for nothing but "what happened".
        page: ``text`` is the name of a note that says but a time, such as ``2018``.
        parts: all of it, as shown.
    """

    text: str
    filters: Filters = NO_FILTERS
    spans: tuple[Span, ...] = ()
    strict: bool = False
    gathers: bool = False
    rest: str = ""
    page: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the retrievers see it.

    Attributes:
        today: what relative dates refer to.
        preferred: times that the question speaks of without asking for nothing else.
    """

    text: str
    filters: Filters = NO_FILTERS
    today: date | None = None
    preferred: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What was asked before in a conversation.

    Attributes:
        question: as it was searched for, so rewritten where it was.
        titles: of the notes that its answer cites, in the order of their markers.
    """

    question: str
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. ``ranks`` holds its 1-based rank in each source that found it.

    ``via`` names what the graph was followed by to get here, in order, notes as ``[[title]]``; empty for other hits.
    """

    chunk: Chunk
    score: float
    ranks: Mapping[str, int] = field(default_factory=lambda: _NO_RANKS)
    features: Mapping[str, float] = field(default_factory=lambda: _NO_NUMBERS)
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """How near passages are to a question, one number a passage in each.

    Attributes:
        cosine: of the whole texts, from -1 to 1.
        coverage: how much of the question has its like in the passage, from 0 to 1.
    """

    cosine: tuple[float, ...]
    coverage: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage of a question did: candidates out, and wall time in milliseconds."""

    name: str
    count: int
    ms: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a model's server was shown of the notes, to write an answer or to order passages.

    Attributes:
        server: its address, without a user name or password.
        far: it is beyond this machine.
        notes: ids of the notes that it was shown.
        masked: secrets in them that were not.
        held_back: notes that it must not see and did not.
    """

    server: str
    model: str
    far: bool
    notes: tuple[str, ...]
    masked: int = 0
    held_back: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer came to be: its stages in order, and remarks a user should see.

    Attributes:
        sent: which server was shown which notes.
        filters: what was understood of the question.
        in_range: notes that a list or a time was gathered from; None where nothing was gathered.
        used: those of them that are among the hits.
    """

    stages: tuple[Stage, ...] = ()
    notes: tuple[str, ...] = ()
    filters: tuple[Part, ...] = ()
    in_range: int | None = None
    used: int | None = None
    sent: tuple[Sent, ...] = ()


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The outcome of a search.

    Attributes:
        hits: the final list, best first: what a user gets.
        stages: every stage's own list (``lexical``, ``dense``, ``hybrid``, ...), best first.
        dropped: passages that an index named and the catalogue no longer holds; they are never shown.
    """

    query: Query
    hits: tuple[Hit, ...]
    trace: Trace = field(default_factory=Trace)
    stages: Mapping[str, tuple[Hit, ...]] = field(default_factory=lambda: MappingProxyType({}))
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Citation:
    """Proof of a claim: ``document.text[start:end] == quote``, in the document as it was indexed.

    Attributes:
        marker: the n of ``[n]`` in the answer, from 1.
        lines: first and last line of the quote, 1-based, both included.
        uri: ``file:`` URI of the note, with ``#L12`` or ``#page=3``.
        changed: the file on disk is no longer the one that was indexed.
        speaker: whose words the quote is.
        format: the document's.
        notes: ids of the notes that show this image; empty for other formats.
    """

    marker: int
    doc_id: str
    title: str
    start: int
    end: int
    quote: str
    lines: tuple[int, int]
    page: int | None = None
    heading: tuple[str, ...] = ()
    uri: str = ""
    changed: bool = False
    speaker: Speaker = ""
    format: Format = "text"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """One sentence of an answer, the markers it carries, and whether their quotes support it.

    Attributes:
        partly: not supported, though a part of its words is, and nothing speaks against it.
        missing: what of it the quotes do not say or contradict, as it writes it: numbers, days, names, clauses.
    """

    sentence: str
    citations: tuple[int, ...]
    supported: bool
    partly: bool = False
    missing: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """All three in one word."""
        return "supported" if self.supported else "partly" if self.partly else "unsupported"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets. ``text`` carries ``[n]`` markers; each n has its citation, and no other does.

    Attributes:
        abstained: the notes do not say; ``text`` then names the nearest notes.
        doubtful: the notes may not say; ``text`` is the nearest that they do say.
        writer: ``extract``, or the model that wrote the text.
        removed_markers: how many invented markers were taken out of a model's text.
    """

    question: str
    text: str
    citations: tuple[Citation, ...] = ()
    hits: tuple[Hit, ...] = ()
    abstained: bool = False
    support: tuple[SentenceSupport, ...] = ()
    trace: Trace = field(default_factory=Trace)
    writer: str = "extract"
    removed_markers: int = 0
    doubtful: bool = False
