"""The edges of one document, made from its rows: the unit in which graphs elsewhere are brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.model import Contribution, Edge, Node
from graph.outline import outline
from rag.store import rows
from rag.store.dating import lowered

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from graph.model import EdgeKind, Extractor
    from rag.types import DateRange

_MONTHS = 12
_YEARS = 20
_SAYING = 0.25  # confidence of a date
_SURE = 1.0


def contributions(db: sqlite3.Connection, doc_ids: Iterable[str] | None = None) -> Iterator[Contribution]:
    """Contributions of documents in the order given; None: of all, by id."""
    if doc_ids is None:
        doc_ids = [i for (i,) in db.execute("SELECT id FROM documents WHERE status = 'indexed' ORDER BY id")]
    for doc_id in doc_ids:
        yield contribution(db, doc_id)


def contribution(db: sqlite3.Connection, doc_id: str) -> Contribution:
    """What one document brings to the graph; nothing, where it is gone or cannot be read."""
    row = db.execute(
        "SELECT title, dates, shared_dates, tags FROM documents WHERE id = ? AND status = 'indexed'",
        (doc_id,),
    ).fetchone()
    if row is None:
        return Contribution(doc_id, (), ())
    title, dates, shared, tags = row
    made = _Made(doc_id, title)
    told = rows.load(shared)
    made.add_tags(rows.load(tags))
    made.add_dates(made.note, lowered(rows.load_dates(dates), told), (0, 0))
    made.add_links(db)
    made.add_passages(db, told)
    made.add_names(db)
    return made.whole()


def entity_nodes(db: sqlite3.Connection, since: int = -1) -> Iterator[Node]:
    """Shown entities that are new, or labelled otherwise, after a generation of the graph; sorted by id."""
    found = db.execute(
        "SELECT key, label, kind FROM entities WHERE shown AND generation > ? ORDER BY 'entity:' || key",
        (since,),
    )
    for key, label, kind in found:
        yield Node(f"entity:{key}", "entity", label, kind)


class _Made:
    """Collects the nodes and edges of a document."""

    def __init__(self, doc_id: str, title: str) -> None:
        self.doc_id = doc_id
        self.note = f"note:{doc_id}"
        self._nodes = {self.note: Node(self.note, "note", title or doc_id)}
        self._edges: set[tuple[Any, ...]] = set()  # as Edge; tuples are sorted ten times sooner
        self._ids: dict[int, str] = {}  # of passages, by key

    def whole(self) -> Contribution:
        """All of it, sorted."""
        nodes = (self._nodes[node_id] for node_id in sorted(self._nodes))
        return Contribution(self.doc_id, tuple(nodes), tuple(Edge(*edge) for edge in sorted(self._edges)))

    def _join(
        self,
        source: str,
        kind: EdgeKind,
        target: str,
        span: tuple[int, int],
        extractor: Extractor,
        confidence: float = _SURE,
        predicate: str = "",
    ) -> None:
        self._edges.add(
            (source, kind, target, self.doc_id, *span, extractor, round(confidence, 4), predicate)
        )

    def add_tags(self, tags: Sequence[str]) -> None:
        """One edge a tag."""
        for tag in tags:
            node = Node(f"tag:{tag}", "tag", tag)
            self._nodes[node.id] = node
            self._join(self.note, "TAGGED", node.id, (0, 0), "tag")

    def add_dates(self, source: str, dates: Iterable[DateRange], span: tuple[int, int]) -> None:
        """To days, months and years; of the same one, the surest. File times and days of an import say nothing."""
        for period, confidence in dated(dates).items():
            self._join(source, "ON_DATE", self._calendar(period), span, "date", confidence)

    def _calendar(self, period: str) -> str:
        """The node of a period, with those of its month and year."""
        kind = ("year", "month", "day")[period.count("-")]
        node = Node(f"{kind}:{period}", kind, period)  # type: ignore[arg-type] # one of three literals
        if node.id not in self._nodes:
            self._nodes[node.id] = node
            if kind != "year":
                self._join(node.id, "PART_OF", self._calendar(period.rpartition("-")[0]), (0, 0), "structure")
        return node.id

    def add_links(self, db: sqlite3.Connection) -> None:
        """To other notes."""
        found = db.execute(
            "SELECT start, \"end\", resolved FROM links WHERE doc_id = ?1 AND resolved NOT IN ('', ?1)",
            (self.doc_id,),
        )
        for start, end, resolved in found:
            self._join(self.note, "LINKS_TO", f"note:{resolved}", (start, end), "link")

    def add_passages(self, db: sqlite3.Connection, shared: Sequence[str]) -> None:
        """Passages in their order, under the sections that they stand in, with the dates that they name."""
        found = db.execute(
            'SELECT key, start, "end", heading, dates, text FROM chunks WHERE doc_id = ? ORDER BY start, key',
            (self.doc_id,),
        ).fetchall()
        label = self._nodes[self.note].label
        before = ""
        spans = [(start, tuple(rows.load(heading)), text) for _, start, _, heading, _, text in found]
        for (key, start, end, _, dates, _), sections in zip(found, outline(spans), strict=True):
            here = self.note
            for at, title in sections:
                section = Node(f"section:{self.doc_id}#{at}", "section", title)
                if section.id not in self._nodes:
                    self._nodes[section.id] = section
                    self._join(section.id, "PART_OF", here, (at, at + len(title)), "structure")
                here = section.id
            node = Node(f"chunk:{self.doc_id}#{start}", "chunk", sections[-1][1] if sections else label)
            self._nodes[node.id] = node
            self._ids[key] = node.id
            self._join(node.id, "PART_OF", here, (start, end), "structure")
            if before:
                self._join(before, "NEXT", node.id, (start, end), "structure")
            before = node.id
            self.add_dates(node.id, lowered(rows.load_dates(dates), shared), (start, end))

    def add_names(self, db: sqlite3.Connection) -> None:
        """What the document says, and what it is called; only names of which some document is sure."""
        for chunk, start, end, key, extractor, confidence in self._said(
            db,
            'SELECT m.chunk, m.start, m."end", e.key, m.extractor, m.confidence FROM mentions m '
            "JOIN entities e ON e.id = m.entity WHERE m.doc_id = ? AND e.shown",
        ):
            source = self._ids.get(chunk, self.note)
            self._join(source, "MENTIONS", f"entity:{key}", (start, end), extractor, confidence)
        for subject, start, end, predicate, key, extractor, confidence in self._said(
            db,
            'SELECT s.key, r.start, r."end", r.predicate, o.key, r.extractor, r.confidence FROM relations r '
            "JOIN entities o ON o.id = r.object LEFT JOIN entities s ON s.id = r.subject "
            "WHERE r.doc_id = ? AND o.shown AND (r.subject IS NULL OR s.shown)",
        ):
            source = self.note if subject is None else f"entity:{subject}"
            self._join(source, "RELATED", f"entity:{key}", (start, end), extractor, confidence, predicate)
        for start, end, key, other in self._said(
            db,
            'SELECT a.start, a."end", e.key, o.key FROM aliases a JOIN entities e ON e.id = a.entity '
            "JOIN entities o ON o.id = a.other WHERE a.doc_id = ? AND e.shown AND o.shown",
        ):
            self._join(f"entity:{key}", "ALIAS_OF", f"entity:{other}", (start, end), "alias")
        for key, kind in self._said(
            db,
            "SELECT t.key, t.kind FROM titles t JOIN entities e ON e.id = t.entity WHERE t.doc_id = ? AND e.shown",
        ):
            self._join(f"entity:{key}", "ALIAS_OF", self.note, (0, 0), kind)

    def _said(self, db: sqlite3.Connection, query: str) -> list[Any]:
        return db.execute(query, (self.doc_id,)).fetchall()


def dated(dates: Iterable[DateRange]) -> dict[str, float]:
    """The days, months and years that dates say, each with its surest; file times and days of an import say nothing."""
    best: dict[str, float] = {}
    for one in dates:
        for period in periods(one.first, one.last) if one.confidence >= _SAYING else ():
            best[period] = max(best.get(period, 0.0), one.confidence)
    return best


def periods(first: date, last: date) -> list[str]:
    """A range as a day, a month or year where it is a whole one, else as each month up to twelve, else as years.

    A range so long that it says nothing has none.
    """
    if first == last:
        return [first.isoformat()]
    whole = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
    months = (last.year - first.year) * _MONTHS + last.month - first.month + 1
    if months <= _MONTHS and not whole:
        return [_month(first, offset) for offset in range(months)]
    years = range(first.year, last.year + 1)
    return [f"{year:04}" for year in years] if len(years) <= _YEARS else []


def _month(first: date, offset: int) -> str:
    year, month = divmod(first.year * _MONTHS + first.month - 1 + offset, _MONTHS)
    return f"{year:04}-{month + 1:02}"
