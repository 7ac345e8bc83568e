"""Status (what the home holds) and doctor (proof that index and folders are equal)."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from graph import checking, titles
from ingest import scan
from rag import coverage, images
from rag.errors import IndexDamagedError, RootError
from rag.store import manifest
from rag.store.journal import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.walk import ScanRules
    from rag.live import Model, Models
    from rag.store.catalogue import Root
    from rag.store.dense import DenseIndex
    from rag.store.lexical import LexicalIndex

PACKAGES = ("footnotes", "rag", "ingest", "graph", "ui")


class Parts(images.Notes, Protocol):
    """What is looked at: an open engine."""

    @property
    def lexical(self) -> LexicalIndex:
        """The full-text index."""

    @property
    def dense(self) -> DenseIndex | None:
        """The dense index, where a model answers."""

    @property
    def models(self) -> Models:
        """Which embedding model answers, is asked for, is kept."""

    def roots(self) -> list[Root]:
        """Registered folders."""

    def scan_rules(self, *, verify: bool = False) -> ScanRules:
        """What scans leave out."""

    def changed_since_sync(self) -> int | None:
        """Files that differ from the index."""

    def refresh(self) -> None:
        """Let the indexes catch up."""


@dataclass(frozen=True, slots=True)
class RootStatus:
    """One root: where it lies and how many notes of it are indexed."""

    name: str
    path: str
    documents: int


@dataclass(frozen=True, slots=True)
class Status:
    """What the home holds.

    Attributes:
        found: files met, each of which is indexed (``documents``), skipped or failed.
        skipped_for: skipped files by reason.
        images: of the web that notes show; ``images_fetched`` of them are here.
        generation: the catalogue's journal generation; derived indexes list their own.
        model: the embedding model that answers, or None: search is lexical only.
        model_hash: 16 hexadecimal digits that differ where its weights, prompts or widths do.
        model_identity: the same in words.
        model_wished: the model that the settings name where another one answers.
        model_previous: the one before, kept for ``footnotes reindex --rollback``.
        changed: files that differ from the index by size or times; None: not known.
        size_bytes: disk that the home takes.
    """

    version: str
    home: str
    roots: tuple[RootStatus, ...]
    documents: int
    chunks: int
    failed: int
    skipped: int
    found: int
    skipped_for: dict[str, int]
    images: int
    images_fetched: int
    generation: int
    lexical: dict[str, int]
    dense: dict[str, int] | None
    model: str | None
    model_hash: str | None
    model_identity: str | None
    model_wished: str | None
    model_previous: str | None
    llm: str | None
    changed: int | None
    size_bytes: int

    def to_json(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of the doctor's. ``remedy`` is a command, and empty where all is well."""

    check: str
    ok: bool
    detail: str = ""
    remedy: str = ""


def version() -> str:
    """Footnotes' version."""
    try:
        return importlib.metadata.version("footnotes")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        return "0+checkout"


def status(engine: Parts) -> Status:
    """Gather what ``footnotes status`` prints."""
    engine.refresh()
    counts = engine.catalogue.counts()
    by_root = engine.catalogue.counts_by_root()
    web = images.status(engine)
    models, llm = engine.models, engine.settings.llm
    model = models.answering
    return Status(
        version=version(),
        home=str(engine.home),
        roots=tuple(RootStatus(r.name, str(r.path or ""), by_root.get(r.name, 0)) for r in engine.roots()),
        documents=counts.indexed,
        chunks=counts.chunks,
        failed=counts.failed,
        skipped=counts.skipped,
        found=counts.indexed + counts.failed + counts.skipped,
        skipped_for=engine.catalogue.skipped(),
        images=web.images,
        images_fetched=sum(host.fetched for host in web.hosts),
        generation=engine.catalogue.generation(),
        lexical=_summary(engine.lexical),
        dense=_summary(engine.dense) if engine.dense else None,
        model=model.name if model else None,
        model_hash=model.slug if model else None,
        model_identity=model.identity if model else None,
        model_wished=models.wished,
        model_previous=models.previous.name if models.previous else None,
        llm=f"{llm.model} at {llm.url}" if llm.url and llm.model else None,
        changed=engine.changed_since_sync(),
        size_bytes=_size(engine.home),
    )


def doctor(engine: Parts) -> list[Finding]:
    """Every check, in order; nothing is changed. A damaged catalogue is told alone: all else is read from it."""
    file = _file(engine)
    if not file.ok:
        return [file, _import_names()]
    return [
        file,
        *_catalogue(engine),
        *_folders(engine),
        _derived("full-text index", engine.lexical, engine),
        *([_derived("dense index", engine.dense, engine)] if engine.dense else []),
        *([_kept(engine.models.previous, engine)] if engine.models.previous else []),
        _import_names(),
    ]


def _size(folder: Path) -> int:
    """Bytes of all files; a writer may remove some meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def _summary(index: LexicalIndex | DenseIndex) -> dict[str, int]:
    return {"generation": index.generation, "count": index.count}


def _file(engine: Parts) -> Finding:
    problems = engine.catalogue.integrity_problems()
    return Finding(
        "catalogue",
        not problems,
        "; ".join(problems[:3]),
        "restore the home from a backup, or move it away and sync again" if problems else "",
    )


def _catalogue(engine: Parts) -> Iterator[Finding]:
    wrong = list(engine.catalogue.text_problems())
    yield Finding(
        "every passage is its span of the text",
        not wrong,
        ", ".join(wrong[:5]),
        "footnotes sync --verify" if wrong else "",
    )
    untimely = engine.catalogue.time_problems()
    yield Finding(
        "every note and passage is found by its dates",
        not untimely,
        ", ".join(untimely[:5]),
        "footnotes sync --verify" if untimely else "",
    )
    silent = list(coverage.unexplained(engine.catalogue))
    yield Finding(
        "every character is in a passage or has a reason not to be",
        not silent,
        ", ".join(silent[:5]),
        "footnotes sync --verify" if silent else "",
    )
    yield _graph(engine)
    pending = engine.catalogue.needs_purge()
    yield Finding(
        "forgotten notes are gone for good",
        not pending,
        "traces are still to be cleared" if pending else "",
        "footnotes sync" if pending else "",
    )


def _graph(engine: Parts) -> Finding:
    """The knowledge graph's rows, against the texts and, after a whole sync, against what follows from all of them."""
    wrong = sorted(checking.problems(engine.catalogue))
    detail = ", ".join(wrong[:5])
    if not wrong and titles.is_behind(engine.catalogue):
        detail = "the next sync looks for names in what has changed"
    return Finding(
        "the graph says what the notes say", not wrong, detail, "footnotes sync --verify" if wrong else ""
    )


def _folders(engine: Parts) -> Iterator[Finding]:
    for root in engine.roots():
        if root.path is None:
            continue
        check = f"root {root.name}"
        try:
            plan = scan.scan(root, engine.catalogue.records(root.name), engine.scan_rules(verify=True))
        except RootError as e:
            yield Finding(check, ok=False, detail=str(e), remedy="mount or restore the folder")
            continue
        numbers = {
            "added": len(plan.added),
            "changed": len(plan.changed),
            "moved": len(plan.moved),
            "removed": len(plan.removed),
            "unreadable": sum(plan.was_indexed(s.found.id) for s in plan.unreadable),
            "no longer read": sum(plan.was_indexed(s.found.id) for s in plan.skipped),
        }
        off = ", ".join(f"{n} {name}" for name, n in numbers.items() if n)
        detail = f"{off} since the last sync" if off else f"{plan.unchanged} files equal"
        yield Finding(check, not off, detail, _remedy(plan) if off else "")


def _remedy(plan: scan.Plan) -> str:
    try:
        scan.refuse_large_loss(plan)
    except RootError:
        return "mount or restore the folder, or footnotes sync --accept-deletions"
    return "footnotes sync"


def _derived(name: str, index: LexicalIndex | DenseIndex, engine: Parts) -> Finding:
    remedy = "footnotes reindex"
    try:
        index.refresh()
        index.check()
    except IndexDamagedError as e:
        return Finding(name, ok=False, detail=str(e), remedy=remedy)
    now, chunks = engine.catalogue.generation(), engine.catalogue.counts().chunks
    if (index.generation, index.count) != (now, chunks):
        reached = f"generation {number(index.generation)} of {number(now)}"
        detail = f"{reached}, {index.count} of {chunks} passages"
        return Finding(name, ok=False, detail=detail, remedy=remedy)
    return Finding(name, ok=True, detail=f"generation {number(now)}, {chunks} passages")


def _kept(model: Model, engine: Parts) -> Finding:
    """The index that a rollback would start from. It may lie behind: a rollback follows the journal first."""
    name = "dense index of the model before"
    folder = engine.home / "dense" / model.slug
    try:
        found = manifest.read(folder)
        manifest.verify(folder, found)
    except IndexDamagedError as e:
        return Finding(name, ok=False, detail=str(e), remedy="footnotes reindex --prune")
    return Finding(name, ok=True, detail=f"{model.name}, generation {number(found.generation)}")


def _import_names() -> Finding:
    """Our top-level packages have generic names; another distribution's must not shadow them."""
    ours = Path(__file__).resolve().parent.parent
    foreign = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or not origin.is_relative_to(ours):
            foreign.append(f"{name} is {origin}")
    remedy = "install Footnotes in an environment of its own: pipx install footnotes"
    return Finding("import names", not foreign, "; ".join(foreign), remedy if foreign else "")
