"""LlamaIndex adapters: ours as theirs, theirs as ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.types import Query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def engine(tmp_path: Path, footnotes_home: Path) -> Iterator[Engine]:
    """Two notes."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "apple.md").write_text("# Apples\n\n## Autumn\n\nThe harvest was rich.\n", encoding="utf-8")
    (folder / "zebra.md").write_text("# Zebras\n\nThe harvest was eaten.\n", encoding="utf-8")
    with footnotes.open(footnotes_home) as opened:
        opened.add_root(folder)
        opened.sync()
        yield opened


def test_engine_as_their_retriever(engine: Engine) -> None:
    """Nodes carry the span, the place and our key; both ways gives the same passages."""
    from rag.llama.retriever import LlamaRetriever, NotesRetriever

    retriever = NotesRetriever(engine, k=2)
    nodes = retriever.retrieve("autumn harvest")
    assert nodes[0].node.metadata["doc_id"] == "notes/apple.md"
    document = engine.document("notes/apple.md")
    assert document is not None
    assert (
        nodes[0].node.get_content()
        == document.text[nodes[0].node.start_char_idx : nodes[0].node.end_char_idx]
    )
    back = LlamaRetriever(retriever).search(Query("autumn harvest"), 1)
    original = engine.search("autumn harvest").hits[0]
    assert len(back.hits) == 1
    chunk = back.hits[0].chunk
    assert (chunk.key, chunk.text, chunk.lines, chunk.heading) == (
        original.chunk.key,
        original.chunk.text,
        original.chunk.lines,
        original.chunk.heading,
    )


def test_their_postprocessor_as_our_reranker(engine: Engine) -> None:
    """What it keeps, with its scores, in its order."""
    from llama_index.core.postprocessor import SimilarityPostprocessor

    from rag.llama.retriever import LlamaReranker

    first, second = engine.search("autumn harvest").hits
    assert first.score > second.score
    reranker = LlamaReranker(SimilarityPostprocessor(similarity_cutoff=(first.score + second.score) / 2))
    assert reranker.rerank(Query("autumn harvest"), [second, first]) == [first]
