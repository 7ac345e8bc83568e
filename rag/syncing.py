"""One sync: scan every root, refuse what looks like a lost disk, apply the plans, look again where others were faster."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest import scan
from ingest.pipeline import Progress, SyncReport
from rag import roots
from rag.errors import FootnotesError, RootError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.pipeline import Pipeline
    from ingest.walk import ScanRules
    from rag.indexes import Indexes
    from rag.store.catalogue import Catalogue

    Report = Callable[[Progress], None]

_FOLLOW_EVERY_S = 2.0
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Syncing:
    """Makes catalogue and indexes equal the folders.

    Attributes:
        rules: what scans leave out; with ``verify``, every file is hashed.
        accept_deletions: apply even when a folder has lost over half of its notes.
        progress: called after every batch.
    """

    catalogue: Catalogue
    indexes: Indexes
    pipeline: Pipeline
    rules: ScanRules
    accept_deletions: bool
    progress: Report

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
            rules = replace(rules, damaged=frozenset(self.catalogue.text_problems()))
        plans = []
        for root in roots.select(self.catalogue, names):
            try:
                plan = scan.scan(root, self.catalogue.records(root.name), rules)
                if not self.accept_deletions:
                    scan.refuse_large_loss(plan)
                plans.append(plan)
            except RootError as e:
                report.refused.append(e)
        return plans

    def _following(self) -> Report:
        """Let the indexes follow a long sync every few seconds, so that what is committed is found."""
        last = time.monotonic()

        def step(now: Progress) -> None:
            nonlocal last
            if time.monotonic() - last > _FOLLOW_EVERY_S and now.done < now.total:
                self._follow()
                last = time.monotonic()
            self.progress(now)

        return step

    def _follow(self) -> None:
        self.indexes.follow(lambda done, total: self.progress(Progress("embed", done, total)))
