"""Runs an evaluation set through the engine, exactly as a user's question goes.

A set is indexed once into a cache folder, whose name says what the index depends on, and is used again as long
as that stays the same. Passages are mapped to the documents they come from, each at its best rank.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Protocol, cast

from rag import config as settings_of
from rag.errors import EvalError
from rag.evals import corpus, datasets, metrics
from rag.evals.report import FINAL, EvalReport
from rag.store.database import private_folder
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date
    from pathlib import Path

    from rag.evals.datasets import EvalSet, Question, Split
    from rag.types import Document, Hit, Retrieval

    Progress = Callable[[str, int, int], None]
    Rankings = dict[str, dict[str, tuple[str, ...]]]  # stage -> question id -> row ids

DEPTH = 100  # passages asked for; several may come from one document
_WARM_UP = 5  # questions, from all over the set: languages may follow one another
_MARKER = "complete"


class SearchEngine(Protocol):
    """What an evaluation needs of an engine."""

    def import_documents(self, root: str, documents: Iterable[Document]) -> int:
        """Replace everything below ``root``; returns how many passages there are."""

    def search(
        self, question: str, k: int = ..., *, filters: Filters = ..., today: date | None = ...
    ) -> Retrieval:
        """Find passages."""


class OpenEngine(Protocol):
    """Opens an engine on a home folder, with dotted settings."""

    def __call__(
        self, home: Path | None = None, *, settings: Mapping[str, object] | None = None
    ) -> AbstractContextManager[SearchEngine]:
        """An engine, to be closed by its context."""


def run(
    set_dir: Path,
    *,
    home: Path | None = None,
    cache: Path | None = None,
    limit: int | None = None,
    stages: Sequence[str] | None = None,
    split: Split = "all",
    overrides: Mapping[str, object] | None = None,
    progress: Progress | None = None,
    open_engine: OpenEngine | None = None,
) -> EvalReport:
    """Measure the engine on one set.

    Args:
        set_dir: the set's folder.
        home: where the user's settings are; default: the user's home. Nothing is written there but the cache.
        cache: where indexes are kept; default: ``evals`` in the home.
        limit: only the first questions of the split.
        stages: only these; default: all that the engine reports, and ``final``.
        split: ``dev``, ``report`` or ``all``.
        overrides: dotted settings.
        progress: called with what is being done (``indexing``, ``asking``), how many are done, and of how many.
        open_engine: stands in for ``Engine.open``.

    Raises:
        EvalError: the set cannot be read, or nothing is left to ask.
        ExtraMissingError: ir-measures is not installed.
    """
    started = time.perf_counter()
    metrics.check()
    data = datasets.load(set_dir)
    questions = _questions(data, split, limit)
    home = home or settings_of.default_home()
    loaded = settings_of.load(home, overrides=overrides)
    chosen = {name: value for name, value, origin in loaded.rows() if origin != "default"}
    cache = cache or private_folder(private_folder(home) / "evals")
    folder = cache / f"{data.root}-{corpus.key(data, loaded.settings)}"
    opened = open_engine or _engine()
    report = progress or _silent
    _build(data, folder, lambda: opened(folder, settings=chosen), report)
    with opened(folder, settings=chosen) as engine:
        latency, rankings = _ask(engine, data, questions, stages, report)
    qrels = {question.id: data.qrels[question.id] for question in questions}
    return EvalReport(
        set=data.name,
        documents=len(data.rows),
        split=split,
        per_question={stage: metrics.per_question(qrels, found) for stage, found in rankings.items()},
        latency=latency,
        seconds=time.perf_counter() - started,
    )


def _questions(data: EvalSet, split: Split, limit: int | None) -> tuple[Question, ...]:
    if limit is not None and limit < 1:
        raise EvalError("limit is {limit}. Ask at least 1 question.", limit=limit)
    questions = data.chosen(split, limit)
    if not questions:
        raise EvalError(
            "{set} has no question in the split '{split}'. Use 'all'.", set=data.name, split=split
        )
    return questions


def _engine() -> OpenEngine:
    from rag.engine import Engine

    return cast("OpenEngine", Engine.open)


def _silent(_what: str, _done: int, _total: int) -> None:
    """No progress is shown."""


def _build(
    data: EvalSet,
    folder: Path,
    opened: Callable[[], AbstractContextManager[SearchEngine]],
    progress: Progress,
) -> None:
    """Index the set, unless that was done to its end before. One process builds, the others wait."""
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock"), mode=0o600):
        if (folder / _MARKER).is_file():
            return
        if folder.exists():
            shutil.rmtree(folder)
        with opened() as engine:
            engine.import_documents(data.root, corpus.documents(data, progress))
        (folder / _MARKER).touch()


def _ask(
    engine: SearchEngine,
    data: EvalSet,
    questions: Sequence[Question],
    stages: Sequence[str] | None,
    progress: Progress,
) -> tuple[dict[str, float], Rankings]:
    """Search for each question. Some are asked once before, so that loading (dictionaries, too) is not timed."""
    spread = questions[:: max(1, len(questions) // _WARM_UP)]
    first, *_ = [_search(engine, question) for question in spread]
    latency: dict[str, float] = {}
    rankings: Rankings = {stage: {} for stage in _wanted(first, stages)}
    for done, question in enumerate(questions, 1):
        started = time.perf_counter()
        found = _search(engine, question)
        latency[question.id] = 1_000 * (time.perf_counter() - started)
        lists = {**found.stages, FINAL: found.hits}
        for stage, ranking in rankings.items():
            ranking[question.id] = _rows(lists.get(stage, ()), data.row_ids)
        progress("asking", done, len(questions))
    return latency, rankings


def _search(engine: SearchEngine, question: Question) -> Retrieval:
    filters = Filters((question.folder,) if question.folder else (), question.exclude)
    return engine.search(question.text, DEPTH, filters=filters, today=question.day)


def _rows(hits: Sequence[Hit], row_ids: Mapping[str, str]) -> tuple[str, ...]:
    """Row ids, each where its best passage stands."""
    return tuple(dict.fromkeys(row_ids[hit.chunk.doc_id] for hit in hits))


def _wanted(found: Retrieval, stages: Sequence[str] | None) -> list[str]:
    """The stages to measure, in the engine's order, ``final`` last."""
    there = [*found.stages, FINAL]
    for stage in stages or ():
        if stage not in there:
            raise EvalError(
                "There is no stage '{stage}' with these settings. Choose from: {stages}.",
                stage=stage,
                stages=", ".join(there),
            )
    return [stage for stage in there if stages is None or stage in stages]
