"""An engine that needs no index, for what is done around searches."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rag.types import NO_FILTERS, Chunk, Document, Filters, Hit, Query, Retrieval

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

TINY = Path(__file__).parents[3] / "data" / "eval_tiny"


@dataclass
class FakeEngine:
    """Keeps ids and texts in its home; finds halves of documents that share character pairs with a question."""

    home: Path
    overrides: dict[str, object]
    asked: list[tuple[str, Filters, date | None]] = field(default_factory=list)
    imports: int = 0
    fail_after: int | None = None

    def import_documents(self, root: str, documents: Iterable[Document]) -> int:
        """Store all documents, or break off in the middle."""
        self.imports += 1
        self.home.mkdir(parents=True, exist_ok=True)
        kept: dict[str, str] = {}
        for document in documents:
            if len(kept) == self.fail_after:
                (self.home / "half").touch()
                raise KeyboardInterrupt
            assert document.id.startswith(root + "/")
            kept[document.id] = document.text
        (self.home / "docs.json").write_text(json.dumps(kept), "utf-8")
        return 2 * len(kept)

    def search(
        self, question: str, k: int = 10, *, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> Retrieval:
        """Two stages: overlap (lexical) and its reverse (worst), so that they must differ."""
        self.asked.append((question, filters, today))
        hits = sorted(self._hits(question, filters), key=lambda hit: -hit.score)[:k]
        stages = {"lexical": tuple(hits), "worst": tuple(reversed(hits))}
        return Retrieval(Query(question, filters, today), tuple(hits), stages=stages)

    def _hits(self, question: str, filters: Filters) -> Iterator[Hit]:
        wanted = {question[i : i + 2].lower() for i in range(len(question))}
        for doc_id, text in json.loads((self.home / "docs.json").read_text("utf-8")).items():
            inside = not filters.folders or any(doc_id.startswith(folder + "/") for folder in filters.folders)
            if not inside or doc_id in filters.exclude:
                continue
            for start, end in ((0, len(text) // 2), (len(text) // 2, len(text))):
                part = text[start:end]
                score = len(wanted & {part[i : i + 2].lower() for i in range(len(part))})
                yield Hit(Chunk(doc_id, start, end, part, part, "", (1, 1)), score)


@dataclass
class Opener:
    """Opens fake engines and remembers them."""

    engines: list[FakeEngine] = field(default_factory=list)
    fail_after: int | None = None

    @contextmanager
    def __call__(
        self, home: Path | None = None, *, settings: Mapping[str, object] | None = None
    ) -> Iterator[FakeEngine]:
        """One more engine."""
        assert home is not None
        self.engines.append(FakeEngine(home, dict(settings or {}), fail_after=self.fail_after))
        yield self.engines[-1]

    @property
    def imports(self) -> int:
        """How often a set was indexed."""
        return sum(engine.imports for engine in self.engines)
