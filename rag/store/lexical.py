"""The full-text index: BM25 over words and grams, in tantivy.

``folder/manifest.json`` names the live build, ``folder/<n>/``. Every change makes the next build: unchanged
segment files are linked into it, the commit happens there, and replacing the manifest makes it live. So a crash
anywhere leaves the old state, readers in other processes never see half a commit, and Windows, which does not
delete files in use, merely keeps a superseded build for a while.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rag.errors import IndexDamagedError
from rag.store import manifest as manifests
from rag.store import ties, tokens
from rag.store.database import private_folder
from rag.store.known import Known
from rag.store.lexical_fields import ANALYSER, GRAMS, WORDS, Limit, compile_query, document, schema
from rag.types import NO_FILTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rag.protocols import KeyFilter
    from rag.store.known import Allowed
    from rag.store.lexical_fields import Beside
    from rag.store.manifest import Manifest
    from rag.types import Chunk, Filters, Query

_KIND: Final = "lexical"
_K1_PLUS_1: Final = 2.2  # tantivy's BM25
_VERSION: Final = 2
_META: Final = "meta.json"  # tantivy's list of segments; every build has one
_HEAP: Final = 64_000_000  # bytes a writer buffers before it ends a segment
_ATTEMPTS: Final = 8  # to open a build that a writer may be replacing, before calling it damaged
_DIGITS: Final = 4  # of a score; what lies beyond depends on the order in which segments add up
# Deleted passages count in tantivy's statistics until their segment is merged. So few passages are indexed anew at
# every change, which makes scores a function of the notes alone; among more, the dead never exceed a share.
_FEW: Final = 500
_DEAD_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class _State:
    """What the manifest said when it was last read, and tantivy's searcher, unless the build is unusable."""

    manifest: Manifest | None
    searcher: Any


class LexicalIndex:
    """BM25 search over chunks. Opens on first use; threads may search while one applies changes.

    Args:
        folder: where manifest and builds live; made with the first build.
        key_filter: resolves filters to keys, for the search inside tantivy, and tells which of equals come first;
            filters of folders need none.
    """

    def __init__(self, folder: Path, key_filter: KeyFilter | None = None) -> None:
        self._folder = folder
        self._key_filter = key_filter
        self._state: _State | None = None
        self._verified: frozenset[tuple[str, int]] = frozenset()

    @property
    def generation(self) -> int:
        """The journal generation reached; -1 where the index is missing, damaged or of another version."""
        state = self._current()
        return state.manifest.generation if state.searcher and state.manifest else -1

    @property
    def count(self) -> int:
        """Chunks in the index."""
        state = self._current()
        return state.manifest.count if state.searcher and state.manifest else 0

    def refresh(self) -> bool:
        """Follow other processes: reopen if the manifest has changed. True if another state is loaded now."""
        before = self._state
        if before is not None and self._read_manifest() == before.manifest:
            return False
        return self._open() != before

    def prefers_rebuild(self, changed: int, total: int) -> bool:
        """Whether deleted passages would distort the statistics that scores come from."""
        state = self._current()
        dead = _dead(self._folder / _build_name(state.manifest)) if state.manifest else 0
        return total <= _FEW or dead + changed > _DEAD_SHARE * total

    def apply(self, added: Sequence[Chunk], removed: Sequence[int], generation: int) -> None:
        """Delete, then add, and commit as ``generation``; replaying the same changes is harmless.

        Raises:
            IndexDamagedError: there is no sound index to change.
        """
        self.refresh()
        state = self._current()
        if state.searcher is None:
            raise IndexDamagedError(
                "The full-text index in {path} cannot be updated. Rebuild it: footnotes reindex.",
                path=self._folder,
            )
        self._build([added], [*removed, *(chunk.key for chunk in added)], generation, state.manifest)

    def rebuild(self, chunks: Iterator[Sequence[Chunk]], generation: int) -> None:
        """Index all chunks, given in batches, anew; the old index serves until the new one is complete."""
        self._build(chunks, [], generation, None)

    def search(self, query: Query, k: int, beside: Sequence[Beside] = ()) -> list[tuple[int, float]]:
        """At most k (chunk key, score > 0), best first, equals as in ``ties``; nothing from a missing index.

        Args:
            query: the question.
            k: how many passages.
            beside: words to look for beside those of the question.

        Raises:
            IndexDamagedError: the index cannot be read, even after reopening it.
        """
        try:
            return self._search(self._current().searcher, query, k, beside)
        except IndexDamagedError:
            searcher = self._open().searcher  # another process may have replaced the build
            if searcher is None:
                raise
            return self._search(searcher, query, k, beside)

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """Inverse document frequency ln(1 + (N - df + 0.5) / (df + 0.5)) of terms of ``tokens.terms``."""
        searcher = self._current().searcher
        if searcher is None:
            return dict.fromkeys(terms, 0.0)
        return {term: _idf(searcher, term) for term in set(terms)}

    def ceiling(self, query: Query) -> float:
        """What a passage would score that said every term of the question, titles left aside (BM25, k1 + 1 = 2.2)."""
        analysis = tokens.analyse_query(query.text)
        words, grams = (math.fsum(self.idf(terms).values()) for terms in (analysis.words, analysis.grams))
        return _K1_PLUS_1 * (WORDS * words + GRAMS * grams)

    def known(self, allowed: Allowed) -> Known | None:
        """Which words the index knows, and which stand in allowed passages; None: there is no index."""
        searcher = self._current().searcher
        return Known(searcher, allowed) if searcher else None

    def check(self) -> None:
        """Compare every file with its checksum.

        Raises:
            IndexDamagedError: a file is missing or differs, or there is no index.
        """
        manifest = manifests.read(self._folder)
        try:
            manifests.verify(self._folder, manifest)
        except IndexDamagedError:
            if self._read_manifest() == manifest:
                raise
            self.check()  # a writer has replaced the build meanwhile

    def _search(
        self, searcher: Any, query: Query, k: int, beside: Sequence[Beside]
    ) -> list[tuple[int, float]]:
        wanted = (
            compile_query(searcher, query, self._limit(query.filters), beside) if searcher and k > 0 else None
        )
        if wanted is None:
            return []
        by_place = self._key_filter.by_place if self._key_filter else sorted
        with _reading(self._folder):
            return ties.fetched(partial(_fetch, searcher, wanted), k, by_place)

    def _limit(self, filters: Filters) -> Limit | None:
        """What filters other than folders leave; the shorter list of keys is told."""
        if replace(filters, folders=(), exclude=()) == NO_FILTERS:
            return None
        if self._key_filter is None:
            raise ValueError(filters)
        allowed = self._key_filter.allowed_keys(filters)
        if allowed is None or 2 * len(allowed) <= self.count:
            return None if allowed is None else Limit(allowed, is_outside=False)
        import numpy as np

        return Limit(np.setdiff1d(self._key_filter.keys(), allowed, assume_unique=True), is_outside=True)

    def _current(self) -> _State:
        return self._state or self._open()

    def _read_manifest(self) -> Manifest | None:
        try:
            return manifests.read(self._folder)
        except IndexDamagedError:
            return None

    def _open(self) -> _State:
        """Load what the manifest names; again while a writer replaces it under our hands."""
        for _ in range(_ATTEMPTS):
            manifest = self._read_manifest()
            try:
                state = _State(manifest, self._load(manifest))
                break
            except IndexDamagedError:
                state = _State(manifest, None)
                if self._read_manifest() == manifest:
                    break
        self._state = state
        return state

    def _load(self, manifest: Manifest | None) -> Any:
        """Verify and open a build; files verified before, which links keep the same, are not read again."""
        if manifest is None or _stamp(manifest) != (_KIND, _VERSION, tokens.ANALYSIS_VERSION):
            return None
        files = {_plain_name(name): crc for name, crc in manifest.files.items()}
        unread = {n: crc for n, crc in manifest.files.items() if (_plain_name(n), crc) not in self._verified}
        manifests.verify(self._folder, replace(manifest, files=unread))
        searcher = _open_build(self._folder / _build_name(manifest), manifest.count)
        self._verified = frozenset(files.items())
        return searcher

    def _build(
        self,
        batches: Iterable[Sequence[Chunk]],
        removed: Sequence[int],
        generation: int,
        base: Manifest | None,
    ) -> None:
        """Write the next build, starting from the files of ``base``, and make it live."""
        folder = self._next_folder()
        try:
            if base:
                with _reading(self._folder):
                    _link_files(self._folder / _build_name(base), folder)
            count = _write(folder, batches, removed)
            stamp = (_KIND, _VERSION, tokens.ANALYSIS_VERSION)
            made = manifests.Manifest(*stamp, 0, generation, count, _checksums(folder, base))
            manifests.write(self._folder, made)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # a full disk needs the room
            raise
        self._open()
        self._remove_builds(keep=folder.name)

    def _next_folder(self) -> Path:
        private_folder(self._folder)
        numbers = [int(path.name) for path in self._folder.iterdir() if path.name.isdecimal()]
        folder = self._folder / str(max(numbers, default=0) + 1)
        folder.mkdir()
        return folder

    def _remove_builds(self, keep: str) -> None:
        for path in self._folder.iterdir():
            if path.name.isdecimal() and path.name != keep:
                shutil.rmtree(path, ignore_errors=True)  # in use on Windows: next time


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Name tantivy's failures: ValueError and OSError, and panics, which are no Exception."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, (ValueError, OSError)) or type(error).__name__ == "PanicException":
            raise IndexDamagedError(
                "The full-text index in {path} cannot be read. Rebuild it: footnotes reindex.", path=folder
            ) from error
        raise


def _stamp(manifest: Manifest) -> tuple[str, int, str]:
    return manifest.kind, manifest.version, manifest.model


def _plain_name(name: str) -> str:
    return name.rpartition("/")[2]


def _build_name(manifest: Manifest) -> str:
    return next(iter(manifest.files), "").partition("/")[0]


def _dead(build: Path) -> int:
    """Deleted passages that segments still hold; a list that cannot be read names none."""
    try:
        segments = json.loads((build / _META).read_text("utf-8"))["segments"]
        return sum(s["deletes"]["num_deleted_docs"] for s in segments if s.get("deletes"))
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _data_files(build: Path) -> list[Path]:
    return sorted(path for path in build.iterdir() if path.suffix != ".lock")


def _link_files(old: Path, new: Path) -> None:
    """Share segment files, which tantivy never changes; copy its lists, and all where links are unknown."""
    for path in _data_files(old):
        target = new / path.name
        if path.suffix != ".json":
            try:
                os.link(path, target)
                continue
            except OSError:
                pass
        shutil.copyfile(path, target)


def _checksums(build: Path, base: Manifest | None) -> dict[str, int]:
    """CRC-32 of each file; those of linked segments are known."""
    known = base.files.items() if base else ()
    linked = {_plain_name(name): crc for name, crc in known if not name.endswith(".json")}
    return {
        f"{build.name}/{path.name}": linked[path.name] if path.name in linked else manifests.checksum(path)
        for path in _data_files(build)
    }


def _open_index(build: Path) -> Any:
    import tantivy

    index = tantivy.Index(schema(), path=str(build))
    index.register_tokenizer(ANALYSER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("manual")  # a live build never changes: no thread need watch it
    return index


def _open_build(build: Path, count: int) -> Any:
    with _reading(build.parent):
        if not (build / _META).is_file():
            raise OSError(build)  # tantivy would make an empty index
        searcher = _searcher(build)
        if searcher.num_docs != count:
            raise ValueError(count)
        return searcher


def _searcher(build: Path) -> Any:
    """Tantivy wants to write a lock beside what it reads; where it may not, it reads through links elsewhere."""
    if os.access(build, os.W_OK):
        return _open_index(build).searcher()
    with tempfile.TemporaryDirectory(prefix="footnotes-", ignore_cleanup_errors=True) as place:
        for path in _data_files(build):
            try:
                (Path(place) / path.name).symlink_to(path.absolute())
            except OSError:  # Windows asks for a privilege
                shutil.copyfile(path, Path(place) / path.name)
        return _open_index(Path(place)).searcher()  # its files are open now


def _write(build: Path, batches: Iterable[Sequence[Chunk]], removed: Sequence[int]) -> int:
    """Delete, add and commit in a build's folder; the number of chunks that it then holds."""
    try:
        return _written(_open_index(build), batches, removed)
    except ValueError as e:  # how tantivy reports a full disk, among others
        raise OSError(str(e)) from e


def _written(index: Any, batches: Iterable[Sequence[Chunk]], removed: Sequence[int]) -> int:
    writer = index.writer(_HEAP, 1)
    for key in removed:
        writer.delete_documents_by_term("key", key)
    for batch in batches:
        for chunk in batch:
            writer.add_document(document(chunk))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    count: int = index.searcher().num_docs
    return count


def _fetch(searcher: Any, wanted: Any, limit: int) -> list[tuple[int, float]]:
    hits = searcher.search(wanted, limit, count=False).hits
    keys = searcher.fast_field_values("key", [address for _, address in hits])
    found = [(key, round(score, _DIGITS)) for key, (score, _) in zip(keys, hits, strict=True)]
    return [hit for hit in found if hit[1] > 0]


def _idf(searcher: Any, term: str) -> float:
    total = searcher.num_docs
    # Deleted chunks count in frequencies until their segment is merged.
    frequency = min(total, max(searcher.doc_freq(field, term) for field in ("words", "grams")))
    return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
