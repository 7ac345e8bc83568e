"""The full-text index: BM25 over words and bigrams, in tantivy.

``folder/manifest.json`` names the live build ``folder/<n>/``. Every change makes the next build: unchanged
segment files are linked into it, the commit happens there, and replacing the manifest makes it live. So a crash
anywhere leaves the old state, readers in other processes never see half a commit, and Windows, which does not
delete mapped files, only keeps a superseded build for a while.
"""

from __future__ import annotations

import math
import os
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from rag.errors import IndexDamagedError
from rag.store import manifest as manifests
from rag.store import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rag.store.manifest import Manifest
    from rag.types import Chunk, Filters, Query

_KIND: Final = "lexical"
_VERSION: Final = 1
_HEAP: Final = 64_000_000  # bytes a writer may buffer before it starts a segment
_ANALYSER: Final = "spaced"  # index terms come joined by single spaces
_ATTEMPTS: Final = 8  # to open a build before calling it damaged: a writer may replace it meanwhile
_DIGITS: Final = 4  # of a score; beyond them lies the order in which a segment adds up
_META: Final = "meta.json"

# Weight of each field's BM25 score, chosen on the development questions (docs/decisions/0002).
_WEIGHTS: Final = {"words": 1.0, "bigrams": 1.0, "title_words": 0.5, "title_bigrams": 0.5}


@dataclass(frozen=True, slots=True)
class _Live:
    """An opened build. ``index`` and ``searcher`` are tantivy's."""

    manifest: Manifest
    index: Any
    searcher: Any


class LexicalIndex:
    """BM25 search over chunks. Opens on first use; threads may search while one applies changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._live: _Live | None = None
        self._seen: Manifest | None = None
        self._verified: set[tuple[str, int]] = set()
        self._opened = False

    @property
    def generation(self) -> int:
        """The journal generation reached; -1 where the index is missing, damaged or of another version."""
        live = self._current()
        return live.manifest.generation if live else -1

    @property
    def count(self) -> int:
        """Chunks in the index."""
        live = self._current()
        return live.manifest.count if live else 0

    def refresh(self) -> bool:
        """Follow another process: reopen if the manifest has changed. True if a new state was loaded."""
        if self._opened and self._read_manifest() == self._seen:
            return False
        before = self._live
        self._open()
        return self._live is not before

    def apply(self, added: Sequence[Chunk], removed: Sequence[int], generation: int) -> None:
        """Delete, then add, and commit as ``generation``; replaying the same changes is harmless.

        Raises:
            IndexDamagedError: there is no sound index to change.
        """
        self.refresh()
        if self._live is None:
            raise IndexDamagedError(
                "The full-text index in {path} cannot be updated. Rebuild it: footnotes reindex.",
                path=self._folder,
            )
        self._build([added], [*removed, *(chunk.key for chunk in added)], generation, self._live.manifest)

    def rebuild(self, chunks: Iterator[Sequence[Chunk]], generation: int) -> None:
        """Index all chunks, given in batches, anew; the old index serves until the new one is complete."""
        self._build(chunks, [], generation, None)

    def search(self, query: Query, k: int) -> list[tuple[int, float]]:
        """At most k (chunk key, score > 0), best first; equal scores by key.

        Raises:
            IndexDamagedError: the index cannot be read, also not after reopening it.
        """
        try:
            return self._search(query, k)
        except BaseException as error:  # noqa: BLE001 - tantivy's panics are no Exception
            _reraise_foreign(error)
        self._open()
        try:
            return self._search(query, k)
        except BaseException as error:
            _reraise_foreign(error)
            raise IndexDamagedError(
                "The full-text index in {path} cannot be read. Rebuild it: footnotes reindex.",
                path=self._folder,
            ) from error

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """Inverse document frequency ln(1 + (N - df + 0.5) / (df + 0.5)) of terms of ``tokens.terms``."""
        live = self._current()
        if live is None:
            return dict.fromkeys(terms, 0.0)
        total = live.searcher.num_docs
        return {term: _idf(total, _frequency(live.searcher, term)) for term in set(terms)}

    def check(self) -> None:
        """Compare every file with its checksum.

        Raises:
            IndexDamagedError: a file is missing or differs, or there is no index.
        """
        manifests.verify(self._folder, manifests.read(self._folder))

    def _search(self, query: Query, k: int) -> list[tuple[int, float]]:
        live = self._current()
        if live is None or k <= 0:
            return []
        wanted = _wanted(live, query)
        if wanted is None:
            return []
        limit = k + 16
        while True:
            hits = live.searcher.search(wanted, limit, count=False).hits
            keys = live.searcher.fast_field_values("key", [address for _, address in hits])
            found = [(key, round(score, _DIGITS)) for key, (score, _) in zip(keys, hits, strict=True)]
            # A tie across the limit would be cut by position in the index: look further.
            if len(found) < limit or found[k - 1][1] > found[-1][1]:
                break
            limit *= 4
        return sorted((hit for hit in found if hit[1] > 0), key=lambda hit: (-hit[1], hit[0]))[:k]

    def _current(self) -> _Live | None:
        if not self._opened:
            self._open()
        return self._live

    def _read_manifest(self) -> Manifest | None:
        try:
            return manifests.read(self._folder)
        except IndexDamagedError:
            return None

    def _open(self) -> None:
        """Load the live build, or None; again while a writer replaces it under our hands."""
        for _ in range(_ATTEMPTS):
            self._seen = self._read_manifest()
            self._opened = True
            try:
                self._live = self._load(self._seen) if self._seen else None
            except BaseException as error:  # noqa: BLE001 - tantivy's panics are no Exception
                _reraise_foreign(error)
                self._live = None
                if self._read_manifest() != self._seen:
                    continue
            return

    def _load(self, manifest: Manifest) -> _Live | None:
        if (manifest.kind, manifest.version, manifest.model) != (_KIND, _VERSION, tokens.ANALYSIS_VERSION):
            return None
        unseen = {n: crc for n, crc in manifest.files.items() if (_base(n), crc) not in self._verified}
        manifests.verify(self._folder, replace(manifest, files=unseen))
        index = _open_index(self._folder / _build_name(manifest))
        searcher = index.searcher()
        if searcher.num_docs != manifest.count:
            raise IndexDamagedError("The index in {path} does not match its manifest.", path=self._folder)
        self._verified = {(_base(n), crc) for n, crc in manifest.files.items()}
        return _Live(manifest, index, searcher)

    def _build(
        self,
        batches: Iterable[Sequence[Chunk]],
        removed: Sequence[int],
        generation: int,
        base: Manifest | None,
    ) -> None:
        """Write the next build, starting from the files of ``base``, and make it live."""
        folder = self._next_folder()
        if base:
            _link_files(self._folder / _build_name(base), folder)
        index = _open_index(folder)
        writer = index.writer(_HEAP, 1)
        for key in removed:
            writer.delete_documents_by_term("key", key)
        for batch in batches:
            for chunk in batch:
                writer.add_document(_document(chunk))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        known = {_base(name): crc for name, crc in base.files.items()} if base else {}
        made = Manifest_(folder, known, generation, index.searcher().num_docs)
        manifests.write(self._folder, made)
        self._open()
        self._remove_builds(keep=folder.name)

    def _next_folder(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(p.name) for p in self._folder.iterdir() if p.name.isdecimal()]
        folder = self._folder / str(max(numbers, default=0) + 1)
        folder.mkdir()
        return folder

    def _remove_builds(self, keep: str) -> None:
        for path in self._folder.iterdir():
            if path.name.isdecimal() and path.name != keep:
                shutil.rmtree(path, ignore_errors=True)


def Manifest_(folder: Path, known: dict[str, int], generation: int, count: int) -> Manifest:
    files = {
        f"{folder.name}/{p.name}": known[p.name]
        if p.suffix not in {".json"} and p.name in known
        else manifests.checksum(p)
        for p in sorted(folder.iterdir())
        if p.suffix != ".lock"
    }
    return manifests.Manifest(_KIND, _VERSION, tokens.ANALYSIS_VERSION, 0, generation, count, files)


def _reraise_foreign(error: BaseException) -> None:
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _build_name(manifest: Manifest) -> str:
    return next(n.partition("/")[0] for n in manifest.files if _base(n) == _META)


def _link_files(old: Path, new: Path) -> None:
    for path in old.iterdir():
        if path.suffix == ".lock":
            continue
        if path.suffix == ".json":
            shutil.copyfile(path, new / path.name)
            continue
        try:
            os.link(path, new / path.name)
        except OSError:
            shutil.copyfile(path, new / path.name)


def _open_index(folder: Path) -> Any:
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("key", stored=False, indexed=True, fast=True)
    schema.add_text_field("scope", tokenizer_name="raw", index_option="basic")
    for name in _WEIGHTS:
        schema.add_text_field(name, tokenizer_name=_ANALYSER, index_option="freq")
    index = tantivy.Index(schema.build(), path=str(folder))
    index.register_tokenizer(_ANALYSER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("manual")
    index.reload()
    return index


def _document(chunk: Chunk) -> Any:
    import tantivy

    body = tokens.analyse(chunk.body)
    title = tokens.analyse(" \n".join((chunk.title, *chunk.heading)))
    document = tantivy.Document()
    document.add_integer("key", chunk.key)
    for scope in _scopes(chunk.doc_id):
        document.add_text("scope", scope)
    document.add_text("words", " ".join(body.words))
    document.add_text("bigrams", " ".join(body.bigrams))
    document.add_text("title_words", " ".join(title.words))
    document.add_text("title_bigrams", " ".join(title.bigrams))
    return document


def _scopes(doc_id: str) -> list[str]:
    parts = doc_id.split("/")
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _wanted(live: _Live, query: Query) -> Any | None:
    import tantivy

    analysis = tokens.analyse(query.text)
    schema = live.index.schema
    should = []
    for field, weight in _WEIGHTS.items():
        for term, n in Counter(analysis.words if field.endswith("words") else analysis.bigrams).items():
            q = tantivy.Query.term_query(schema, field, term, "freq")
            should.append((tantivy.Occur.Should, tantivy.Query.boost_query(q, weight * n)))
    if not should:
        return None
    return _filtered(schema, tantivy.Query.boolean_query(should), query.filters)


def _filtered(schema: Any, scored: Any, filters: Filters) -> Any:
    import tantivy

    if not filters.folders and not filters.exclude:
        return scored

    def scopes(prefixes: Sequence[str]) -> Any:
        return tantivy.Query.term_set_query(schema, "scope", [p.rstrip("/") for p in prefixes])

    clauses = [(tantivy.Occur.Must, scored)]
    if filters.folders:
        clauses.append((tantivy.Occur.Must, tantivy.Query.const_score_query(scopes(filters.folders), 0.0)))
    if filters.exclude:
        clauses.append((tantivy.Occur.MustNot, scopes(filters.exclude)))
    return tantivy.Query.boolean_query(clauses)


def _frequency(searcher: Any, term: str) -> int:
    return max(searcher.doc_freq("words", term), searcher.doc_freq("bigrams", term))


def _idf(total: int, frequency: int) -> float:
    frequency = min(frequency, total)
    return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
