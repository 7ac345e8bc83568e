"""One sync: scan every root, refuse what looks like a lost disk, apply the plans, look again where others were faster."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from graph import checking
from ingest import scan
from ingest.ignore import RULES_FILE
from ingest.pipeline import Progress, SyncReport
from ingest.walk import document_id, is_plain, only
from rag import roots
from rag.errors import FootnotesError, RootError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.pipeline import Pipeline
    from ingest.walk import ScanRules
    from rag.indexes import Indexes
    from rag.store.catalogue import Catalogue, Root

    Report = Callable[[Progress], None]

_FOLLOW_EVERY_S = 2.0
_FOLLOW_SHARE = 10  # of the time between, the indexes may take one part in ten
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Syncing:
    """Makes catalogue and indexes equal the folders.

    Attributes:
        rules: what scans leave out; with ``verify``, every file is hashed.
        accept_deletions: apply even when a folder has lost over half of its notes.
        progress: called after every batch.
        paths: files and folders that changed: nothing else is looked at; None: everything.
    """

    catalogue: Catalogue
    indexes: Indexes
    pipeline: Pipeline
    rules: ScanRules
    accept_deletions: bool
    progress: Report
    paths: Sequence[Path] | None = None

    def run(self, names: Sequence[str] | None) -> SyncReport:
        """Sync roots; see ``Engine.sync``."""
        step = self._following()
        try:
            report = self._round(names, step)
            for _ in range(_ROUNDS):
                waiting = report.overtaken & {root.name for root in self.catalogue.roots()}
                if not waiting:
                    break
                again = self._round(sorted(waiting), step)
                report.add_actions(again)
                report.overtaken = again.overtaken
        except BaseException:
            with contextlib.suppress(FootnotesError):  # the first failure is the one to tell
                self._follow()
            raise
        self._follow()
        counts, models = self.catalogue.counts(), self.indexes.models
        report.documents, report.chunks = counts.indexed, counts.chunks
        report.model = models.answering.name if models.answering else None
        report.model_wished = models.wished
        return report

    def _round(self, names: Sequence[str] | None, step: Report) -> SyncReport:
        report = SyncReport()
        for plan in self._plans(names, report):
            try:
                self.pipeline.apply(plan, report, step, accept_deletions=self.accept_deletions)
            except RootError as e:
                report.refused.append(e)
        return report

    def _plans(self, names: Sequence[str] | None, report: SyncReport) -> list[scan.Plan]:
        rules = self.rules
        if rules.verify:
            self.catalogue.mend_times()
            damaged = {*self.catalogue.text_problems(), *checking.problems(self.catalogue)}
            rules = replace(rules, damaged=frozenset(damaged))
        plans = []
        for root in roots.select(self.catalogue, names):
            try:
                plan = self._scan(root, rules)
                if plan is None:
                    continue
                if not self.accept_deletions:
                    scan.refuse_large_loss(plan)
                plans.append(plan)
            except RootError as e:
                report.refused.append(e)
        return plans

    def _scan(self, root: Root, rules: ScanRules) -> scan.Plan | None:
        """What is to be done in a root; None: none of the paths lies in it."""
        relative = None if self.paths is None or rules.verify else _inside(root, self.paths)
        if relative == []:
            return None
        # Of a name in another Unicode form only a look at all names tells whether it has a twin.
        wanted = only(relative) if relative is not None and all(map(is_plain, relative)) else None
        if relative is not None and wanted is not None:
            known = self.catalogue.records_below(document_id(root.name, path) for path in relative)
            if all(record.id == f"{root.name}/{record.state.relative}" for record in known.values()):
                notes = self.catalogue.counts_by_root().get(root.name, 0)
                return replace(scan.scan(root, known, rules, wanted), notes=notes)
        return scan.scan(root, self.catalogue.records(root.name), rules)

    def _following(self) -> Report:
        """Let the indexes follow a long sync every few seconds, so that what is committed is found."""
        due = time.monotonic() + _FOLLOW_EVERY_S

        def step(now: Progress) -> None:
            nonlocal due
            begin = time.monotonic()
            if begin > due and now.done < now.total:
                self._follow(midway=True)
                end = time.monotonic()
                due = end + max(_FOLLOW_EVERY_S, _FOLLOW_SHARE * (end - begin))
            self.progress(now)

        return step

    def _follow(self, *, midway: bool = False) -> None:
        self.indexes.follow(lambda done, total: self.progress(Progress("embed", done, total)), midway=midway)


def _inside(root: Root, paths: Sequence[Path]) -> list[str]:
    """The paths that lie in a root, as paths in it; the root itself is ``""``."""
    folder = root.path
    if folder is None:
        return []
    inside = (path.relative_to(folder) for path in paths if path.is_relative_to(folder))
    meant = (
        path.parent if path.name == RULES_FILE else path for path in inside
    )  # other rules: the whole folder
    return ["" if path == Path() else path.as_posix() for path in meant]
