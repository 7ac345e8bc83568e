"""The composition root: settings in, an engine out that syncs, searches, asks and reports."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rag import asking, coverage, locate, roots, wiring
from rag.asking import Asked
from rag.config import default_home, load
from rag.home import Home
from rag.indexes import Indexes
from rag.live import Wish
from rag.models import opening
from rag.store.catalogue import Catalogue
from rag.types import NO_FILTERS, Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from ingest.pipeline import Progress, SyncReport
    from ingest.walk import ScanRules
    from rag.answer.generate import GeneratedWriter
    from rag.config import LoadedSettings
    from rag.conversations import Conversations
    from rag.coverage import Story
    from rag.deep import Step
    from rag.forget import Forgotten
    from rag.graphing import Graph
    from rag.health import Finding, Status
    from rag.live import Models
    from rag.protocols import Embedder, Reranker
    from rag.search.retrieve import HybridRetriever
    from rag.settings import Settings
    from rag.store.catalogue import FileRow, Record, Root
    from rag.store.dense import DenseIndex
    from rag.store.lexical import LexicalIndex
    from rag.store.sessions import Sessions
    from rag.store.users import Users
    from rag.types import Document, Filters, Retrieval, Turn
    from rag.upkeep import Upkeep
    from rag.verdicts import Explanation

_CHECK_BUDGET_S = 0.15


class Engine:
    """One home, opened. Safe to use from many threads; other processes may use the same home.

    Open it with ``Engine.open`` (or ``footnotes.open``) and close it, or use ``with``.
    """

    def __init__(self, home: Home, loaded: LoadedSettings) -> None:
        self._home = home
        self.loaded_settings = loaded
        self.catalogue = Catalogue(home.catalogue)
        matrix = wiring.matrix(loaded.settings, home, self.catalogue)
        self._indexes = Indexes(home, self.catalogue, Wish.of(loaded), matrix)

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

    def choose(self, key: str, value: object) -> None:
        """Set a setting in the home's ``settings.yaml`` (None: take that back), and use it from the next question on.

        Models of embedding, the graph's backend and where the server listens are used after a restart.

        Raises:
            ConfigError: the key is unknown or decided elsewhere, or the value wrong; nothing was changed.
            HomeError: the file cannot be written.
        """
        from rag import choosing

        self.loaded_settings = choosing.choose(self.home, key, value, self.loaded_settings)
        for made in ("generator", "reranking_model"):
            self.__dict__.pop(made, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close databases, and the connection to a graph server."""
        if "graph" in self.__dict__:
            self.graph.close()
        if "sessions" in self.__dict__:
            self.sessions.close()
        if "users" in self.__dict__:
            self.users.close()
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

    @cached_property
    def sessions(self) -> Sessions:
        """The store of conversations."""
        from rag.store.sessions import Sessions

        return Sessions(self.home)

    @cached_property
    def users(self) -> Users:
        """Who may log in, where others can reach the server."""
        from rag.store.users import Users

        return Users(self.home)

    def conversations(self, user: str = "") -> Conversations:
        """A user's conversations; empty: those of whoever uses the machine."""
        from rag.conversations import Conversations

        return Conversations(self, user)

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
        return asking.retriever(self, self._indexes.side, self._indexes.matrix)

    @property
    def reranker(self) -> Reranker | None:
        """What orders the best passages anew, if anything does."""
        return asking.reranker(self, self._indexes.side)

    @cached_property
    def reranking_model(self) -> Reranker | None:
        """The model of ``rerank.backend``; None where that is the built-in one, or none."""
        return opening.open_reranker(self.settings.rerank)

    @cached_property
    def generator(self) -> GeneratedWriter | None:
        """Writes answers with a language model, where one is configured."""
        return wiring.generator(self.settings)

    @cached_property
    def graph(self) -> Graph:
        """The knowledge graph: structured questions, surroundings, related notes."""
        from rag.graphing import Graph  # a search need not load it

        return Graph(self)

    @property
    def _upkeep(self) -> Upkeep:
        from rag.upkeep import Upkeep  # what reads files: a search need not load it

        return Upkeep(self, self._home, self._indexes)

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
        self._upkeep.rename_root(name, new)

    def remove_root(self, name: str) -> None:
        """Forget a root and what came from it; its files stay.

        Raises:
            RootError: no such root.
        """
        self._upkeep.remove_root(name)

    # Ingest

    def sync(
        self,
        names: Sequence[str] | None = None,
        *,
        verify: bool = False,
        accept_deletions: bool = False,
        progress: Callable[[Progress], None] | None = None,
        paths: Sequence[Path] | None = None,
    ) -> SyncReport:
        """Make the index equal the folders.

        Args:
            names: roots to sync; default all. All of them are scanned before any is changed.
            verify: hash every file instead of trusting size and times.
            accept_deletions: apply even when a folder has lost over half of its notes.
            progress: called after every batch.
            paths: files and folders that changed: nothing else is looked at.

        Returns:
            What was done. A root that is missing or has lost too much stands in ``refused``: nothing of it
            was changed, the other roots were synced.

        Raises:
            RootError: no root has such a name.
            BusyError: another process does not let go of the write lock.
        """
        return self._upkeep.sync(
            names, verify=verify, accept_deletions=accept_deletions, progress=progress, paths=paths
        )

    def scan_rules(self, *, verify: bool = False) -> ScanRules:
        """What scans leave out."""
        return wiring.scan_rules(self.settings, self._home, verify=verify)

    def import_documents(self, root: str, documents: Iterable[Document]) -> int:
        """Make ``root`` (not a folder) hold exactly these documents; returns the passages in the index."""
        return self._upkeep.import_documents(root, documents)

    def reindex(self, progress: Callable[[Progress], None] | None = None) -> None:
        """Switch to the embedding model that the settings ask for, building its index beside the live one.

        Where it answers already, build every index anew from the catalogue. Vectors that no passage needs are
        dropped. The model before is kept for ``rollback``. After a kill, the next call goes on where it stopped.

        Raises:
            BusyError: another process is doing so, or does not let go of the write lock.
            ModelError: the model cannot be used; the one before goes on answering.
        """
        self._upkeep.reindex(progress)

    def rollback(self, progress: Callable[[Progress], None] | None = None) -> None:
        """Switch back to the embedding model before; only passages that changed since are embedded.

        Raises:
            ModelError: no model is kept, or it cannot be used.
        """
        self._upkeep.rollback(progress)

    def prune(self) -> int:
        """Remove what is kept of other models than the live one; returns how many vectors went."""
        return self._upkeep.prune()

    def refresh(self, wait_s: float | None = None) -> None:
        """See what other processes have written, and heal indexes that were left behind.

        ``wait_s``: of a search, how long it waits for another process that is writing.
        """
        if wait_s is None:
            self._indexes.refresh()
            return
        self._indexes.refresh(wait_s)
        if self._indexes.matrix:
            self._indexes.matrix.refresh()

    # Forgetting

    def forgettable(self, path: Path | str) -> tuple[Record, ...]:
        """The files that ``forget`` would forget: one, or all in a folder.

        Raises:
            RootError: no root holds the path, or nothing is there.
        """
        return self._upkeep.forgettable(path)

    def forget(self, path: Path | str, *, undo: bool = False) -> Forgotten:
        """Leave nothing of a note in the home, and keep syncs from reading it again; its file stays.

        ``path``: a file or folder on disk, or a document's id; ``undo``: let the next sync read it again.

        Raises:
            RootError: no root holds the path, or nothing is there.
            BusyError: another process does not let go of the write lock.
        """
        return self._upkeep.forget(path, undo=undo)

    # Questions

    def search(
        self,
        question: str,
        k: int = 10,
        *,
        filters: Filters = NO_FILTERS,
        today: date | None = None,
        ignore: Collection[str] = (),
        gathered: int | None = None,
    ) -> Retrieval:
        """The k best passages for a question.

        Args:
            question: words, and whatever ``rag.search.reading`` understands: filters, times, lists.
            k: how many hits, at most.
            filters: where to search, beside what the question says.
            today: what "last month" is counted from; default: this day.
            ignore: the ``written`` of parts (``trace.filters``) that are only words this time.
            gathered: how many hits of a list question, at most; default: k.

        Raises:
            QuestionError: a filter in the question cannot be read.
        """
        return asking.search(self, Asked(question, k, filters, today, ignore), gathered or k)

    def ask(
        self,
        question: str,
        *,
        k: int = 10,
        filters: Filters = NO_FILTERS,
        today: date | None = None,
        ignore: Collection[str] = (),
        history: Sequence[Turn] = (),
    ) -> Answer:
        """Answer a question from the notes, with footnotes; for the arguments see ``search`` and ``ask_stream``."""
        for item in self.ask_stream(
            question, k=k, filters=filters, today=today, ignore=ignore, history=history
        ):
            if isinstance(item, Answer):
                return item
        raise AssertionError  # pragma: no cover - a stream always ends with its answer

    def ask_stream(
        self,
        question: str,
        *,
        k: int = 10,
        filters: Filters = NO_FILTERS,
        today: date | None = None,
        ignore: Collection[str] = (),
        history: Sequence[Turn] = (),
    ) -> Iterator[str | Answer]:
        """Pieces of the answer as they are written, then the ``Answer`` itself, verified.

        ``history``: what was asked before, the oldest first, so that "and in 2022?" is understood.
        """
        from rag import answering

        return answering.stream(self, Asked(question, k, filters, today, ignore, tuple(history)))

    def ask_deep(
        self, question: str, *, history: Sequence[Turn] = (), **how: Any
    ) -> Iterator[Step | str | Answer]:
        """As ``ask_stream``, but a language model looks things up in several steps first; each is told as it is taken.

        Raises:
            LLMError: no language model is set.
        """
        from rag import deep

        return deep.stream(self, Asked(question, history=tuple(history), **how))

    def turn(self, answer: Answer) -> Turn:
        """What later questions of the conversation may lean on."""
        from rag import answering

        return answering.turn(self, answer)

    def explain(
        self,
        question: str,
        path: Path | str | None = None,
        *,
        k: int = 10,
        filters: Filters = NO_FILTERS,
        today: date | None = None,
        ignore: Collection[str] = (),
    ) -> Explanation:
        """Every stage of a search; with a path (on disk, or a document's id), where that note was lost and why."""
        from rag import explaining

        return explaining.explained(self, Asked(question, k, filters, today, ignore), path)

    # Views

    def document(self, doc_id: str) -> Document | None:
        """A document as it was indexed."""
        return self.catalogue.document(doc_id)

    def file_of(self, doc_id: str) -> Path | None:
        """Where a document's file lies; None for documents that are not files."""
        return locate.file_of(self.catalogue, doc_id)

    def files(self) -> list[FileRow]:
        """What became of every file: indexed, skipped or failed, and why."""
        return self.catalogue.files()

    def why(self, path: Path | str) -> Story:
        """One file's story, by its path on disk or its document's id; of one that was never read, why not."""
        return coverage.why(self.catalogue, str(path), self.scan_rules(), self._indexes.unembedded)

    def changed_since_sync(self, budget_s: float = _CHECK_BUDGET_S) -> int | None:
        """Files that differ from the index by size or times; None when the budget was too small to tell."""
        return coverage.changed_files(self.catalogue, self.scan_rules(), budget_s)

    def status(self) -> Status:
        """What the home holds, and which model it uses."""
        from rag import health

        return health.status(self)

    def doctor(self) -> list[Finding]:
        """Prove that index and folders are equal; each finding says what was checked and the remedy."""
        from rag import health

        return health.doctor(self)
