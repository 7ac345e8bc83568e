"""From settings to what they configure: how files are read, what scans leave out, who writes answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ingest import loaders
from ingest.loaders.source import Caption, Options
from ingest.recipe import recipe
from ingest.walk import ScanRules
from rag.protocols import Thesaurus

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph.matrix.index import Matrix
    from ingest.workers import Limits
    from rag.answer.generate import GeneratedWriter
    from rag.home import Home
    from rag.protocols import Comparer, GraphStore, Reranker
    from rag.search.linked import GraphSource
    from rag.search.retrieve import Expand
    from rag.settings import Settings
    from rag.store.catalogue import Catalogue
    from rag.store.lexical import LexicalIndex


def options(settings: Settings, home: Home) -> Options:
    """How files are read."""
    s = settings
    caption = None
    if s.caption.url and s.caption.model:
        key = s.caption.api_key.get_secret_value() if s.caption.api_key else None
        caption = Caption(s.caption.url, s.caption.model, key, s.caption.timeout_s, s.caption.language)
    return Options(
        chunk_size=s.chunk.size,
        date_keys=s.dates.keys,
        ocr=s.ocr.enabled,
        caption=caption,
        git=s.dates.git,
        cache=str(home.recognised),
    )


def scan_rules(settings: Settings, home: Home, *, verify: bool = False) -> ScanRules:
    """What scans leave out."""
    s = settings.sync
    return ScanRules(
        include=s.include,
        exclude=s.never_read,
        encodings=s.encodings,
        max_bytes=int(s.max_file_mb * 1_000_000),
        recipe=partial(recipe, options=options(settings, home)),
        supported=loaders.supported,
        keep_out=(home.path,),
        verify=verify,
    )


def limits(settings: Settings) -> Limits:
    """What reading one file may cost, and how many are read at once."""
    from ingest.workers import Limits

    s = settings.sync
    return Limits(s.workers, s.file_timeout_s, s.file_memory_mb)


def matrix(settings: Settings, home: Home, catalogue: Catalogue) -> Matrix | None:
    """The graph as retrieval walks it, where it is to be followed in the home."""
    if settings.graph.backend != "local" or settings.graph.weight == 0:
        return None
    from graph.matrix.index import Matrix

    return Matrix(home, catalogue)


def graph_source(
    settings: Settings, matrix: Matrix | None, store: Callable[[], GraphStore], catalogue: Catalogue
) -> GraphSource | None:
    """What retrieval walks, where it is to walk."""
    weight = settings.graph.weight
    if settings.graph.backend == "none" or weight == 0:
        return None
    from rag.search.walking import MatrixSource, StoreSource

    if matrix is not None:
        return MatrixSource(matrix, catalogue, weight)
    return StoreSource(store, catalogue, weight)


def expansion(
    settings: Settings, lexical: LexicalIndex, catalogue: Catalogue, model: object
) -> Expand | None:
    """Looks for weak questions' words as the notes say them; by what they mean, where the model knows that."""
    if not settings.search.expand:
        return None
    from rag.search.expand import expanded

    thesaurus = model if isinstance(model, Thesaurus) else None
    return partial(expanded, lexical, key_filter=catalogue, thesaurus=thesaurus)


def builtin_reranker(settings: Settings, comparer: Comparer | None) -> Reranker | None:
    """The built-in reranker, where it is chosen and the built-in embedding model, with which it reads, answers."""
    if settings.rerank.chosen != "builtin" or comparer is None:
        return None
    from rag.models.learnt import LearntReranker
    from rag.models.sheet import Reader

    if not isinstance(comparer, Reader):
        return None

    return LearntReranker(comparer, settings.rerank.candidates)


def generator(settings: Settings) -> GeneratedWriter | None:
    """Writes answers with a language model, where one is configured."""
    llm = settings.llm
    if not (llm.url and llm.model):
        return None
    from rag.answer.generate import GeneratedWriter, Place
    from rag.llama.llm import LLMOptions, is_loopback, open_llm, shown
    from rag.models.inference import CrossEncoderInference
    from rag.models.static import StaticEmbedder

    chosen = LLMOptions(
        url=llm.url,
        model=llm.model,
        api_key=llm.api_key.get_secret_value() if llm.api_key else None,
        kind=llm.kind,
        timeout_s=llm.timeout_s,
        context_tokens=llm.context_tokens,
    )
    return GeneratedWriter(
        open_llm(chosen),
        context_tokens=llm.context_tokens,
        comparer=StaticEmbedder(),
        inference=CrossEncoderInference(llm.inference_model) if llm.inference_model else None,
        place=Place(shown(llm.url), far=not is_loopback(llm.url)),
    )


def push_graph(catalogue: Catalogue, settings: Settings) -> str | None:
    """Bring a graph server up to date, where there is one; one line to warn with, where that failed."""
    if settings.graph.backend != "neo4j":
        return None
    from graph import push

    return push.after_sync(catalogue, settings)
