"""What a question finds, with the model that comes along: full text decides by words, and no stage shows a ghost.

Vectors have neighbours for every question, so "the old word finds nothing" is two promises: full text finds nothing,
and no passage of any stage holds the old text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footnotes import Engine, Hit, Retrieval

STAGES = {"lexical", "dense", "graph", "hybrid", "linked", "reranked", "diverse"}


def search(engine: Engine, query: str) -> Retrieval:
    """Search; every passage of every stage is what its note says in the catalogue now, and stands there once."""
    found = engine.search(query, 100)
    assert set(found.stages) == STAGES
    assert [hit.chunk for hit in found.hits] == [hit.chunk for hit in found.stages["diverse"][:100]]
    for hits in (found.hits, *found.stages.values()):
        assert len({hit.chunk.key for hit in hits}) == len(hits)
        for hit in hits:
            document = engine.document(hit.chunk.doc_id)
            assert document is not None, hit.chunk.doc_id
            assert document.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text
    return found


def with_words(engine: Engine, query: str) -> list[str]:
    """Ids of the documents that hold words of the query, best first; one of them is the best hit of all."""
    found = search(engine, query)
    ids = [hit.chunk.doc_id for hit in found.stages["lexical"]]
    assert not ids or found.hits[0].chunk.doc_id in ids
    return ids


def is_gone(engine: Engine, word: str) -> bool:
    """Whether full text finds nothing for the word, and no stage shows a passage with it, nor its note's name."""
    return with_words(engine, word) == [] and not any(word in shown(hit) for hit in everything(engine, word))


def everything(engine: Engine, query: str) -> list[Hit]:
    """The hits of all stages."""
    return [hit for hits in search(engine, query).stages.values() for hit in hits]


def shown(hit: Hit) -> str:
    """What a user sees of a hit."""
    return f"{hit.chunk.doc_id}\n{hit.chunk.context}\n{hit.chunk.text}"
