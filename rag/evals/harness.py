"""Runs an evaluation set through the engine, exactly as a user's question goes.

A set is indexed once into a cache folder, whose name says what the index depends on, and is used again as long
as that stays the same. Passages are mapped to the documents they come from, each at its best rank.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, cast

from rag import config as settings_of
from rag.errors import EvalError
from rag.evals import corpus, datasets, facts, metrics
from rag.evals.ablation import by_settings
from rag.evals.facts import Facts, Index
from rag.evals.metrics import DEPTH
from rag.evals.report import FINAL, EvalReport, Shown
from rag.store.database import private_folder
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import date
    from pathlib import Path

    from rag.evals.ablation import Ablation
    from rag.evals.datasets import EvalSet, Question, Split
    from rag.types import Document, Hit, Retrieval

    Progress = Callable[[str, int, int], None]
    Rankings = dict[str, dict[str, tuple[str, ...]]]  # label -> question id -> row ids

_WARM_UP = 5  # questions, from all over the set: languages may follow one another
_MARKER = "complete"  # holds what was noted of the building
_SHOWN = 5  # rows of each question, for people
_SNIPPET = 240  # characters of a passage


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
    ablations: Sequence[Ablation] = (),
    names: Sequence[str] = metrics.NAMES,
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
        ablations: these instead of stages, all from one index.
        names: of metrics.
        split: ``dev``, ``report`` or ``all``.
        overrides: dotted settings.
        progress: called with what is being done (``indexing``, ``asking``), how many are done, and of how many.
        open_engine: stands in for ``Engine.open``.

    Raises:
        EvalError: the set cannot be read, or nothing is left to ask.
        ExtraMissingError: ir-measures is not installed.
    """
    started, begun = time.perf_counter(), datetime.now(UTC)
    metrics.check()
    names = metrics.parsed(names)
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
    asked = _Asked(ablations[-1].name if ablations else "")
    for off, wanted in _searches(stages, ablations):
        with opened(folder, settings={**chosen, **off}) as engine:
            asked.models |= facts.models(engine)
            _ask(engine, data, questions, wanted, asked, report)
    found = asked.in_order([each.name for each in ablations])
    qrels = {question.id: data.qrels[question.id] for question in questions}
    return EvalReport(
        set=data.name,
        documents=len(data.rows),
        split=split,
        per_question={stage: metrics.per_question(qrels, ranked, names) for stage, ranked in found.items()},
        latency=asked.latency,
        seconds=time.perf_counter() - started,
        data=data,
        metrics=names,
        rankings=found,
        shown=asked.shown,
        facts=Facts(
            started=begun.isoformat(timespec="seconds"),
            settings=facts.settings(loaded),
            models=asked.models,
            index=Index.of(folder, folder / _MARKER),
        ),
    )


@dataclass
class _Asked:
    """What came back, of one search or of several that leave out different parts.

    Attributes:
        headline: the label that a run is judged by; empty: the last stage.
        latency: of the search that it comes from.
        shown: its first rows.
    """

    headline: str
    rankings: Rankings = field(default_factory=dict)
    latency: dict[str, float] = field(default_factory=dict)
    shown: dict[str, tuple[Shown, ...]] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)

    def in_order(self, labels: Sequence[str]) -> Rankings:
        """Rankings in the order of the labels; without labels as they were found."""
        return {label: self.rankings[label] for label in labels or self.rankings}


def _searches(
    stages: Sequence[str] | None, ablations: Sequence[Ablation]
) -> Iterator[tuple[Mapping[str, object], Mapping[str, str] | Sequence[str] | None]]:
    """What is off in each search, and which of its lists are wanted: by label, by name, or all."""
    if not ablations:
        yield {}, stages
    for off, together in by_settings(ablations):
        yield off, {each.name: each.stage for each in together}


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
        started = time.perf_counter()
        with opened() as engine:
            passages = engine.import_documents(data.root, corpus.documents(data, progress))
        noted = {"seconds": round(time.perf_counter() - started, 3), "passages": passages}
        (folder / _MARKER).write_text(json.dumps(noted), encoding="utf-8")


def _ask(
    engine: SearchEngine,
    data: EvalSet,
    questions: Sequence[Question],
    wanted: Mapping[str, str] | Sequence[str] | None,
    asked: _Asked,
    progress: Progress,
) -> None:
    """Search for each question. Some are asked once before, so that loading (dictionaries, too) is not timed."""
    spread = questions[:: max(1, len(questions) // _WARM_UP)]
    first, *_ = [_search(engine, question) for question in spread]
    labels = _labels(first, wanted)
    headline = labels.get(asked.headline or list(labels)[-1])
    rankings: Rankings = {label: {} for label in labels}
    asked.rankings |= rankings
    for done, question in enumerate(questions, 1):
        started = time.perf_counter()
        found = _search(engine, question)
        taken = 1_000 * (time.perf_counter() - started)
        lists = {**found.stages, FINAL: found.hits}
        for label, stage in labels.items():
            rankings[label][question.id] = _rows(lists.get(stage, ()), data.row_ids)
        if headline:
            asked.latency[question.id] = taken
            asked.shown[question.id] = _shown(lists.get(headline, ()), data.row_ids)
        progress("asking", done, len(questions))


def _search(engine: SearchEngine, question: Question) -> Retrieval:
    filters = Filters((question.folder,) if question.folder else (), question.exclude)
    return engine.search(question.text, DEPTH, filters=filters, today=question.day)


def _rows(hits: Sequence[Hit], row_ids: Mapping[str, str]) -> tuple[str, ...]:
    """Row ids, each where its best passage stands."""
    return tuple(dict.fromkeys(row_ids[hit.chunk.doc_id] for hit in hits))


def _shown(hits: Sequence[Hit], row_ids: Mapping[str, str]) -> tuple[Shown, ...]:
    """The first rows, for people."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(row_ids[hit.chunk.doc_id], hit)
        if len(best) == _SHOWN:
            break
    return tuple(
        Shown(row, hit.chunk.title, " ".join(hit.chunk.body.split())[:_SNIPPET]) for row, hit in best.items()
    )


def _labels(found: Retrieval, wanted: Mapping[str, str] | Sequence[str] | None) -> dict[str, str]:
    """What the lists to measure are called, and their stages; stages in the engine's order, ``final`` last."""
    there = [*found.stages, FINAL]
    for stage in wanted.values() if isinstance(wanted, Mapping) else wanted or ():
        if stage not in there:
            raise EvalError(
                "There is no stage '{stage}' with these settings. Choose from: {stages}.",
                stage=stage,
                stages=", ".join(there),
            )
    if isinstance(wanted, Mapping):
        return dict(wanted)
    return {stage: stage for stage in there if wanted is None or stage in wanted}
