"""The composition root: settings in, an engine out that syncs, searches, asks and reports."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ingest import loaders, scan
from ingest.loaders.source import Caption, Options
from ingest.pipeline import Pipeline, Progress, SyncReport
from ingest.walk import ScanRules
from rag import health, roots, switch
from rag.answer.extract import ExtractiveWriter
from rag.config import default_home, load
from rag.home import Home
from rag.indexes import Indexes
from rag.live import Wish
from rag.models import opening
from rag.search.retrieve import HybridRetriever
from rag.store.catalogue import Catalogue, Root
from rag.syncing import Syncing
from rag.types import NO_FILTERS, Answer, Query, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from rag.answer.generate import GeneratedWriter
    from rag.config import LoadedSettings, Settings
    from rag.live import Models
    from rag.protocols import Embedder, Reranker
    from rag.store.dense import DenseIndex
    from rag.store.lexical import LexicalIndex
    from rag.types import Citation, Document, Filters, Retrieval

_CHECK_BUDGET_S = 0.15
_PATIENCE_S = 2.0


class Engine:
    """One home, opened. Safe to use from many threads; other processes may use the same home.

    Open it with ``Engine.open`` (or ``footnotes.open``) and close it, or use ``with``.
    """

    def __init__(self, home: Home, loaded: LoadedSettings) -> None:
        self._home = home
        self.loaded_settings = loaded
        self.catalogue = Catalogue(home.catalogue)
        self._indexes = Indexes(home, self.catalogue, Wish.of(loaded))

    @classmethod
    def open(
        cls,
        home: Path | str | None = None,
        *,
        config: Path | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> Self:
        """Open a home, creating it where it does not exist.

        Args:
            home: a folder; default FOOTNOTES_HOME, else the platform's place for user data.
            config: a settings file; default ``config.yaml`` in the home.
            settings: dotted settings that win over everything, as ``{"chunk.size": 300}``.

        Raises:
            ConfigError: a setting is unknown or wrong.
            HomeError: the home cannot be used, or is of a newer format.
        """
        path = Path(home).expanduser() if home else default_home()
        loaded = load(path, config=config, overrides=settings)
        return cls(Home(path, loaded.settings.sync.lock_wait_s), loaded)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close databases."""
        self._indexes.close()
        self.catalogue.close()

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        return self.loaded_settings.settings

    @property
    def home(self) -> Path:
        """The home folder."""
        return self._home.path

    # Parts, made when first needed

    @property
    def embedder(self) -> Embedder | None:
        """The embedding model that answers, or None: lexical only."""
        side = self._indexes.side
        return side.embedder if side else None

    @property
    def lexical(self) -> LexicalIndex:
        """The full-text index."""
        return self._indexes.lexical

    @property
    def dense(self) -> DenseIndex | None:
        """Its index."""
        side = self._indexes.side
        return side.index if side else None

    @property
    def models(self) -> Models:
        """Which embedding model answers, which one the settings name instead, which one is kept to go back to."""
        return self._indexes.models

    @property
    def retriever(self) -> HybridRetriever:
        """The retriever over all sources that exist now: a search ends with the model that it began with."""
        side, search = self._indexes.side, self.settings.search
        return HybridRetriever(
            self.lexical,
            side.index if side else None,
            self.catalogue,
            candidates=search.candidates,
            share=search.dense_weight,
            comparer=side.comparer if side else None,
            reranker=self.reranker,
        )

    @cached_property
    def reranker(self) -> Reranker | None:
        """Orders the best passages anew, where a server for it is configured."""
        return opening.open_reranker(self.settings.rerank)

    @cached_property
    def generator(self) -> GeneratedWriter | None:
        """Writes answers with a language model, where one is configured."""
        llm = self.settings.llm
        if not (llm.url and llm.model):
            return None
        from rag.answer.generate import GeneratedWriter
        from rag.llama.llm import LLMOptions, open_llm

        options = LLMOptions(
            url=llm.url,
            model=llm.model,
            api_key=llm.api_key.get_secret_value() if llm.api_key else None,
            kind=llm.kind,
            timeout_s=llm.timeout_s,
            context_tokens=llm.context_tokens,
        )
        return GeneratedWriter(open_llm(options), context_tokens=llm.context_tokens)

    # Roots

    def roots(self) -> list[Root]:
        """Registered folders, by name."""
        return self.catalogue.roots()

    def add_root(self, path: Path, name: str | None = None) -> Root:
        """Register a folder; the same folder again is the same root.

        Raises:
            RootError: it is missing, lies inside another root or around one, or is where the index is kept.
        """
        with self._home.writing():
            return roots.add(self.catalogue, path, name, home=self.home)

    def rename_root(self, name: str, new: str) -> None:
        """Rename a root; nothing is read or embedded again.

        Raises:
            RootError: no such root, or the new name is taken.
        """
        with self._home.writing():
            roots.rename(self.catalogue, name, new)
        self.refresh()

    def remove_root(self, name: str) -> None:
        """Forget a root and what came from it; its files stay.

        Raises:
            RootError: no such root.
        """
        with self._home.writing():
            self.catalogue.remove_root(name)
        self.refresh()

    # Ingest

    def sync(
        self,
        names: Sequence[str] | None = None,
        *,
        verify: bool = False,
        accept_deletions: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> SyncReport:
        """Make the index equal the folders.

        Args:
            names: roots to sync; default all. All of them are scanned before any is changed.
            verify: hash every file instead of trusting size and times.
            accept_deletions: apply even when a folder has lost over half of its notes.
            progress: called after every batch.

        Returns:
            What was done. A root that is missing or has lost too much stands in ``refused``: nothing of it
            was changed, the other roots were synced.

        Raises:
            RootError: no root has such a name.
            BusyError: another process does not let go of the write lock.
        """
        started = time.perf_counter()
        syncing = Syncing(
            self.catalogue,
            self._indexes,
            self._pipeline(),
            self.scan_rules(verify=verify),
            accept_deletions,
            progress or _silent,
        )
        report = syncing.run(names)
        counts = self.catalogue.counts()
        report.documents, report.chunks = counts.indexed, counts.chunks
        models = self.models
        report.model = models.answering.name if models.answering else None
        report.model_wished = models.wished
        report.seconds = time.perf_counter() - started
        return report

    def scan_rules(self, *, verify: bool = False) -> ScanRules:
        """What scans leave out."""
        s = self.settings
        return ScanRules(
            exclude=s.sync.exclude,
            max_bytes=int(s.sync.max_file_mb * 1_000_000),
            recipe=partial(loaders.recipe, options=self._options),
            supported=loaders.supported,
            keep_out=(self.home,),
            verify=verify,
        )

    @cached_property
    def _options(self) -> Options:
        s = self.settings
        caption = None
        if s.caption.url and s.caption.model:
            key = s.caption.api_key.get_secret_value() if s.caption.api_key else None
            caption = Caption(s.caption.url, s.caption.model, key, s.caption.timeout_s, s.caption.language)
        return Options(
            chunk_size=s.chunk.size,
            date_keys=s.dates.keys,
            ocr=s.ocr.enabled,
            caption=caption,
            cache=str(self._home.recognised),
        )

    def _pipeline(self) -> Pipeline:
        return Pipeline(
            self.catalogue,
            write_lock=self._home.writing,
            options=self._options,
            batch=self.settings.sync.batch,
            embed=self._indexes.embed,
        )

    def import_documents(self, root: str, documents: Iterable[Document]) -> int:
        """Make ``root`` (not a folder) hold exactly these documents; returns the passages in the index."""
        with self._home.writing():
            if root not in {r.name for r in self.roots()}:
                self.catalogue.add_root(Root(root, None))
        self._pipeline().put_documents(root, documents)
        self._indexes.follow()
        return self.catalogue.counts().chunks

    def reindex(self, progress: Callable[[Progress], None] | None = None) -> None:
        """Switch to the embedding model that the settings ask for, building its index beside the live one.

        Where it answers already, build every index anew from the catalogue. Vectors that no passage needs are
        dropped. The model before is kept for ``rollback``. After a kill, the next call goes on where it stopped.

        Raises:
            BusyError: another process is doing so, or does not let go of the write lock.
            ModelError: the model cannot be used; the one before goes on answering.
        """
        switch.reindex(self._indexes, _embedding(progress))

    def rollback(self, progress: Callable[[Progress], None] | None = None) -> None:
        """Switch back to the embedding model before; only passages that changed since are embedded.

        Raises:
            ModelError: no model is kept, or it cannot be used.
        """
        switch.rollback(self._indexes, _embedding(progress))

    def prune(self) -> int:
        """Remove what is kept of other models than the live one; returns how many vectors went."""
        return switch.prune(self._indexes)

    def refresh(self) -> None:
        """See what other processes have written, and heal indexes that were left behind."""
        self._indexes.refresh()

    # Questions

    def search(
        self, question: str, k: int = 10, *, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> Retrieval:
        """The k best passages for a question."""
        query = Query(question, filters, today)
        self.refresh()
        found = self.retriever.search(query, k)
        if found.dropped:  # a note was changed and the indexes have not followed yet: follow, then look again
            self._indexes.refresh(_PATIENCE_S)
            found = self.retriever.search(query, k)
        return found

    def ask(
        self, question: str, *, k: int = 10, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> Answer:
        """Answer a question from the notes, with footnotes."""
        for item in self.ask_stream(question, k=k, filters=filters, today=today):
            if isinstance(item, Answer):
                return item
        raise AssertionError  # pragma: no cover - a stream always ends with its answer

    def ask_stream(
        self, question: str, *, k: int = 10, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> Iterator[str | Answer]:
        """Pieces of the answer as they are written, then the ``Answer`` itself, verified."""
        found = self.search(question, k, filters=filters, today=today)
        for item in self._written(found):
            yield self._finished(item, found) if isinstance(item, Answer) else item

    def _written(self, found: Retrieval) -> Iterator[str | Answer]:
        if self.generator is not None:
            yield from self.generator.stream(found.query, found.hits, self.lexical.idf)
            return
        answer = ExtractiveWriter().write(found.query, found.hits, self.lexical.idf)
        yield answer.text
        yield answer

    def _finished(self, answer: Answer, found: Retrieval) -> Answer:
        trace = Trace(found.trace.stages + answer.trace.stages, found.trace.notes + answer.trace.notes)
        return replace(answer, trace=trace, citations=tuple(self._located(c) for c in answer.citations))

    def _located(self, citation: Citation) -> Citation:
        path = self.file_of(citation.doc_id)
        if path is None:
            return citation
        anchor = f"#page={citation.page}" if citation.page else f"#L{citation.lines[0]}"
        with contextlib.suppress(OSError):
            return replace(citation, uri=path.as_uri() + anchor, changed=self._has_changed(citation, path))
        return replace(citation, uri=path.as_uri() + anchor, changed=True)

    def _has_changed(self, citation: Citation, path: Path) -> bool:
        record = self.catalogue.record(citation.doc_id)
        return record is None or record.sha256 != scan.sha256_of(path)

    # Views

    def document(self, doc_id: str) -> Document | None:
        """A document as it was indexed."""
        return self.catalogue.document(doc_id)

    def file_of(self, doc_id: str) -> Path | None:
        """Where a document's file lies; None for documents that are not files."""
        name, _, relative = doc_id.partition("/")
        record = self.catalogue.record(doc_id)
        if record is not None and record.state.relative:
            relative = record.state.relative
        for root in self.roots():
            if root.name == name and root.path is not None:
                return root.path / relative
        return None

    def changed_since_sync(self, budget_s: float = _CHECK_BUDGET_S) -> int | None:
        """Files that differ from the index by size or times; None when the budget was too small to tell."""
        deadline = time.monotonic() + budget_s
        total = 0
        for root in self.roots():
            if root.path is None:
                continue
            known = self.catalogue.records(root.name)
            count = scan.changed_files(root, known, self.scan_rules(), deadline)
            if count is None:
                return None
            total += count
        return total

    def status(self) -> health.Status:
        """What the home holds, and which model it uses."""
        return health.status(self)

    def doctor(self) -> list[health.Finding]:
        """Prove that index and folders are equal; each finding says what was checked and the remedy."""
        return health.doctor(self)


def _embedding(progress: Callable[[Progress], None] | None) -> Callable[[int, int], None]:
    report = progress or _silent
    return lambda done, total: report(Progress("embed", done, total))


def _silent(_: Progress) -> None:
    """No progress is shown."""
