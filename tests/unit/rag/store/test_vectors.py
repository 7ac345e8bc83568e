"""Tokens that are kept beside vectors."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.models.static import StaticEmbedder
from rag.store.rows import text_hash
from rag.store.vectors import VectorCache
from rag.types import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

TEXTS = ("The roof leaks near the chimney.", "屋顶漏水了，烟囱旁边", "?!", "")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    """An empty one."""
    with closing(VectorCache(tmp_path / "vectors.db")) as made:
        yield made


def chunk(body: str) -> Chunk:
    """A passage without a title."""
    return Chunk("n/a.md", 0, len(body), body, body, "", (1, 1))


def test_a_passage_is_cut_once_and_read_often(cache: VectorCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept are the model's own tokens; with them at hand nothing is cut but the question."""
    model = StaticEmbedder()
    chunks = [chunk(text) for text in TEXTS]
    assert cache.ensure(model, chunks) == len(TEXTS)
    texts = [each.index_text for each in chunks]
    kept = cache.tokens(model.identity, texts)
    for text, tokens in zip(texts, StaticEmbedder().tokens(texts), strict=True):
        assert np.array_equal(kept[text], tokens), text
    cut: list[str] = []
    fresh = StaticEmbedder()
    plain = fresh._tokens

    def counted(asked: Sequence[str]) -> list[NDArray[np.int64]]:
        cut.extend(asked)
        return plain(asked)

    monkeypatch.setattr(fresh, "_tokens", counted)
    fresh.recall(lambda asked: cache.tokens(fresh.identity, asked))
    assert fresh.compare("roof 屋顶", texts) == StaticEmbedder().compare("roof 屋顶", texts)
    assert cut == ["roof 屋顶"]


def test_only_tokens_are_missing_of_vectors_of_an_older_release(cache: VectorCache) -> None:
    """They are made up for when passages are embedded the next time."""
    model = StaticEmbedder()
    chunks = [chunk(text) for text in TEXTS]
    hashes = [text_hash(each.index_text) for each in chunks]
    cache.put(model.identity, hashes, model.embed_passages([each.index_text for each in chunks]))
    assert cache.tokens(model.identity, [each.index_text for each in chunks]) == {}
    assert cache.missing(model.identity, hashes) == []
    assert cache.ensure(model, chunks) == len(TEXTS)
    assert cache.ensure(model, chunks) == 0


def test_damaged_tokens_are_not_read(cache: VectorCache, tmp_path: Path) -> None:
    """One bit: they are cut anew; so are numbers that the model does not know."""
    model = StaticEmbedder()
    passage = chunk(TEXTS[0])
    cache.ensure(model, [passage])
    text = passage.index_text
    with closing(sqlite3.connect(tmp_path / "vectors.db")) as db:
        ((blob,),) = db.execute("SELECT tokens FROM tokens").fetchall()
        for place in (0, len(blob) // 2, len(blob) - 1):
            turned = bytearray(blob)
            turned[place] ^= 1
            db.execute("UPDATE tokens SET tokens = ?", (bytes(turned),))
            db.commit()
            assert cache.tokens(model.identity, [text]) == {}
    strange = {text: np.array([2**24 - 1], dtype=np.int64)}
    model.recall(lambda _: strange)
    assert np.array_equal(model.tokens([text])[0], StaticEmbedder().tokens([text])[0])


def test_tokens_go_with_their_vectors(cache: VectorCache) -> None:
    """Of passages that are gone, and of other models."""
    model = StaticEmbedder()
    cache.ensure(model, [chunk(text) for text in TEXTS])
    texts = [chunk(text).index_text for text in TEXTS]
    assert cache.retain([text_hash(texts[1])]) == 3
    assert list(cache.tokens(model.identity, texts)) == [texts[1]]
    assert cache.drop_other_models("another") == 1
    assert cache.tokens(model.identity, texts) == {}
