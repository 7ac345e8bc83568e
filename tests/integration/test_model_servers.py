"""Embeddings and relevance from servers over real sockets: what goes out, what comes back, every way to fail."""

from __future__ import annotations

import logging
import socket
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import SecretStr

import footnotes
from rag.errors import FootnotesError, ModelError
from rag.messages import explain
from rag.models import opening, server
from rag.models.remote import RemoteEmbedder
from rag.models.rerank import RemoteReranker
from rag.settings import EmbeddingSettings, RerankSettings
from rag.types import Chunk, Hit, Query
from tests.integration.embedding_server import (
    COHERE,
    OLLAMA,
    OPENAI,
    TEI,
    EmbeddingServer,
    Reply,
    vector,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal

    from rag.protocols import Embedder, Reranker

    Kind = Literal["openai", "ollama"]
    RerankKind = Literal["cohere", "tei"]

KINDS = ("openai", "ollama")
RERANK_KINDS = ("cohere", "tei")
SECRET = "s3cret-key"  # noqa: S105 - no real one
NOTE = "the roof leaks near the chimney"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once."""
    monkeypatch.setattr(server, "_PAUSES_S", (0.01, 0.02))


def embedder(where: EmbeddingServer | str, kind: Kind = "openai", **more: Any) -> RemoteEmbedder:
    """An embedder of that server."""
    url = where if isinstance(where, str) else where.url
    values = {"model": "m", "url": url, "kind": kind, "timeout_s": 5.0, **more}
    return RemoteEmbedder(EmbeddingSettings(**values))


def reranker(where: EmbeddingServer, kind: RerankKind = "cohere", **more: Any) -> RemoteReranker:
    """A reranker of that server."""
    values = {"model": "m", "url": where.url, "kind": kind, "timeout_s": 5.0, **more}
    return RemoteReranker(RerankSettings(**values))


def hit(text: str, score: float) -> Hit:
    """One passage of one note."""
    return Hit(Chunk(f"notes/{text}.md", 0, len(text), text, text, "Note", (1, 1)), score, {"lexical": 1})


def unit(text: str, width: int = 16) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The normalised vector that the scripted server gives a text."""
    row = np.asarray(vector(text, width))
    found: np.ndarray[Any, np.dtype[np.float64]] = row / np.linalg.norm(row)
    return found


# --- embeddings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_come_in_batches_and_in_order(kind: Kind) -> None:
    """Prompts go before the texts; vectors are float32, of length 1, one row a text."""
    with EmbeddingServer() as scripted:
        it = embedder(scripted, kind, batch_size=2, query_prompt="ask: ", passage_prompt="read: ")
        texts = ["a b", "c", "d e f", "猫 年糕", ""]
        vectors = it.embed_passages(texts)
        question = it.embed_query("c")
        assert it.dimension == 16
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, [unit(f"read: {text}") for text in texts], atol=1e-6)
    assert np.allclose(question, unit("ask: c"), atol=1e-6)
    assert [len(request.texts) for request in scripted.requests] == [2, 2, 1, 1]
    assert {request.path for request in scripted.requests} == {OPENAI if kind == "openai" else OLLAMA}
    assert {request.body["model"] for request in scripted.requests} == {"m"}
    assert {frozenset(request.body) for request in scripted.requests} == {frozenset(("model", "input"))}


def test_rows_are_put_in_order_by_their_index() -> None:
    """A server may send them in any order."""
    with EmbeddingServer(Reply(fault="shuffled")) as scripted:
        vectors = embedder(scripted).embed_passages(["a", "b c"])
    assert np.allclose(vectors, [unit("a"), unit("b c")], atol=1e-6)


@pytest.mark.parametrize(
    ("path", "serves"),
    [
        ("", OPENAI),
        ("/", OPENAI),
        ("/v1", OPENAI),
        ("/v1/", OPENAI),
        ("/v1/embeddings", OPENAI),
        ("", "/embeddings"),
        ("/v1", "/embeddings"),
        ("/paas/v4", "/paas/v4/embeddings"),
    ],
)
def test_addresses_are_taken_with_or_without_v1(path: str, serves: str) -> None:
    """As people write them; where a server has no /v1 (Infinity), the plain path is tried next."""
    with EmbeddingServer(serves=frozenset((serves,))) as scripted:
        assert embedder(scripted.url + path).dimension == 16
    assert scripted.requests[-1].path == serves


@pytest.mark.parametrize("path", ["", "/", "/v1", "/api", "/api/"])
def test_ollama_addresses(path: str) -> None:
    """Likewise."""
    with EmbeddingServer() as scripted:
        assert embedder(scripted.url + path, "ollama").dimension == 16
    assert [request.path for request in scripted.requests] == [OLLAMA]


def test_dimension_cuts_here_and_is_known_without_the_server() -> None:
    """The first numbers, normalised again; servers are not asked for fewer, since many cannot."""
    assert embedder("http://127.0.0.1:9", dimension=8).dimension == 8
    with EmbeddingServer() as scripted:
        found = embedder(scripted, dimension=8).embed_query(NOTE)
        assert embedder(scripted, dimension=8).embed_passages([]).shape == (0, 8)
    whole = unit(NOTE)[:8]
    assert np.allclose(found, whole / np.linalg.norm(whole), atol=1e-6)
    assert len(scripted.requests) == 1


def test_no_text_is_sent_to_learn_the_dimension() -> None:
    """A fixed word is."""
    with EmbeddingServer(Reply(width=12)) as scripted:
        it = embedder(scripted)
        assert it.embed_passages([]).shape == (0, 12)
    assert [request.texts for request in scripted.requests] == [["footnotes"]]


def test_empty_texts_are_sent_as_a_space() -> None:
    """Many servers refuse an empty one."""
    with EmbeddingServer() as scripted:
        assert embedder(scripted).embed_passages(["", " \n", "a"]).shape == (3, 16)
    assert scripted.requests[0].texts == [" ", " ", "a"]


def test_numbers_out_of_range_are_scaled() -> None:
    """Squares may overflow; the direction stands."""
    with EmbeddingServer(Reply(fault="huge")) as scripted:
        assert np.allclose(embedder(scripted).embed_query("a b"), unit("a b"), atol=1e-6)


def test_identity_tells_what_changes_vectors_and_no_secret() -> None:
    """Protocol, address, model, prompts and dimension, without asking the server."""
    base = embedder("http://127.0.0.1:9", api_key=SecretStr(SECRET)).identity
    assert embedder("http://me:s3cret@127.0.0.1:9/v1/").identity == base
    assert "s3cret" not in base
    others = [
        embedder("http://127.0.0.1:8").identity,
        embedder("http://127.0.0.1:9", "ollama").identity,
        embedder("http://127.0.0.1:9", model="n").identity,
        embedder("http://127.0.0.1:9", query_prompt="q").identity,
        embedder("http://127.0.0.1:9", passage_prompt="q").identity,
        embedder("http://127.0.0.1:9", dimension=8).identity,
    ]
    assert len({base, *others}) == 7
    assert embedder("http://127.0.0.1:9", batch_size=3, timeout_s=9).identity == base


def test_a_key_is_sent_and_little_else() -> None:
    """No word of this machine or its libraries."""
    with EmbeddingServer() as scripted:
        embedder(scripted, api_key=SecretStr(SECRET)).embed_query("x")
        embedder(scripted).embed_query("x")
    with_key, without = (
        {name.lower(): value for name, value in r.headers.items()} for r in scripted.requests
    )
    assert with_key["authorization"] == f"Bearer {SECRET}"
    assert "authorization" not in without
    assert with_key["user-agent"] == "footnotes"
    allowed = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length"}
    assert with_key.keys() <= {*allowed, "user-agent", "authorization"}


def test_proxies_do_not_see_what_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on this machine is reached directly."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with EmbeddingServer() as scripted:
        assert embedder(scripted).dimension == 16


@pytest.mark.parametrize(
    ("proxy", "says"), [("socks5://127.0.0.1:9", "httpx"), ("odd://127.0.0.1:9", "HTTP_PROXY")]
)
def test_an_odd_proxy_is_one_line(monkeypatch: pytest.MonkeyPatch, proxy: str, says: str) -> None:
    """For servers elsewhere, whose proxy may be of any kind."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ModelError, match=says):
        embedder("http://192.0.2.1:9").embed_query("x")


# --- failures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "first", [Reply(status=500), Reply(status=503), Reply(status=429, retry_after="0"), Reply(fault="abort")]
)
def test_what_may_pass_is_tried_again(kind: Kind, first: Reply) -> None:
    """A server that starts up, is busy for a moment, or drops a connection."""
    with EmbeddingServer(first, first, Reply()) as scripted:
        assert embedder(scripted, kind).embed_passages(["a"]).shape == (1, 16)
    assert len(scripted.requests) == 3


def test_the_server_says_how_long_to_wait() -> None:
    """Retry-After is followed where it fits into the time limit, and else the error comes at once."""
    started = time.monotonic()
    with EmbeddingServer(Reply(status=429, retry_after="1"), Reply()) as scripted:
        embedder(scripted).embed_query("a")
    assert 1 <= time.monotonic() - started < 4
    started = time.monotonic()
    with (
        EmbeddingServer(Reply(status=429, retry_after="3600")) as scripted,
        pytest.raises(ModelError, match="429"),
    ):
        embedder(scripted).embed_query("a")
    assert time.monotonic() - started < 2
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("reply", "says", "asked"),
    [
        (Reply(status=307), "HTTP 307", 1),
        (Reply(status=401), "FOOTNOTES_EMBEDDING__API_KEY", 1),
        (Reply(status=403), "FOOTNOTES_EMBEDDING__API_KEY", 1),
        (Reply(status=404), "ollama pull the-model", None),
        (Reply(status=429), "takes no more requests", 3),
        (Reply(status=500), "HTTP 500", 3),
        (Reply(status=501), "HTTP 501", 1),
        (Reply(status=400), "chunk.size", 2),
        (Reply(fault="abort"), "cannot be reached", 3),
        (Reply(fault="few"), "sent 2 vectors for 3 texts", 1),
        (Reply(fault="nan"), "not finite", 1),
        (Reply(fault="infinite"), "not finite", 1),
        (Reply(fault="words"), "embedding.kind", 1),
        (Reply(raw=b"<html>hello</html>"), "embedding.kind", 1),
        (Reply(raw=b""), "embedding.kind", 1),
        (Reply(raw=b"\xff\xfe"), "embedding.kind", 1),
        (Reply(raw=b"[" * 100_000), "embedding.kind", 1),
        (Reply(raw=b"[]"), "embedding.kind", 1),
        (Reply(raw=b"null"), "embedding.kind", 1),
        (Reply(raw=b'{"data": 3, "embeddings": {}}'), "embedding.kind|for 3 texts", 1),
        (Reply(raw=b'{"data": [], "embeddings": []}'), "sent 0 vectors for 3 texts", 1),
        (
            Reply(
                raw=b'{"data": [{"embedding": []},{"embedding": []},{"embedding": []}], "embeddings": [[],[],[]]}'
            ),
            "embedding.kind",
            1,
        ),
        (
            Reply(
                raw=b'{"data": [{"embedding": [1]},{"embedding": [1,2]},{"embedding": [1]}], "embeddings": [[1],[1,2],[1]]}'
            ),
            "embedding.kind",
            1,
        ),
    ],
)
def test_a_failure_is_one_line_with_address_model_and_remedy(
    kind: Kind, reply: Reply, says: str, asked: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot pass is asked once; neither key nor note text is in the message or in a log."""
    caplog.set_level(logging.INFO)
    with EmbeddingServer(reply) as scripted:
        it = embedder(scripted, kind, model="the-model", api_key=SecretStr(SECRET))
        with pytest.raises(ModelError, match=says) as caught:
            it.embed_passages([NOTE, NOTE, NOTE])
    for said in (str(caught.value), explain(caught.value, "zh"), caplog.text):
        assert SECRET not in said
        assert "chimney" not in said
    assert scripted.url in str(caught.value)
    assert "the-model" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(scripted.requests) == asked or asked is None


def test_an_index_twice_is_no_reply() -> None:
    """Vectors would be put to wrong notes."""
    with (
        EmbeddingServer(Reply(fault="twice")) as scripted,
        pytest.raises(ModelError, match=r"embedding\.kind"),
    ):
        embedder(scripted).embed_passages(["a", "b"])


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_silent_server_is_given_up_in_time(fault: Literal["hang", "drip"]) -> None:
    """Whether it says nothing or a little without end; it is not asked again."""
    started = time.monotonic()
    with EmbeddingServer(Reply(fault=fault)) as scripted:
        with pytest.raises(ModelError, match=r"silent for 0\.5 s.*embedding\.timeout_s"):
            embedder(scripted, timeout_s=0.5).embed_query(NOTE)
        assert time.monotonic() - started < 3
    assert len(scripted.requests) == 1


def test_nobody_listens() -> None:
    """The address and the remedy, without delay."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ModelError, match=r"cannot be reached.*Start the server") as caught:
            embedder(f"http://me:{SECRET}@{url[7:]}").embed_query("x")
    assert url in str(caught.value)
    assert SECRET not in str(caught.value)


def test_another_width_is_another_model() -> None:
    """A server that was restarted with another model must not mix its vectors with the old ones."""
    with (
        EmbeddingServer(Reply(width=16), Reply(width=12)) as scripted,
        pytest.raises(ModelError, match="of 16 numbers with the model 'm', and now of 12"),
    ):
        embedder(scripted, batch_size=1).embed_passages(["a", "b"])
    with EmbeddingServer() as scripted, pytest.raises(ModelError, match=r"embedding\.dimension = 32"):
        embedder(scripted, dimension=32).embed_query("a")


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_is_too_long_is_cut_and_the_others_are_not(kind: Kind) -> None:
    """One odd note does not stop a sync."""
    long = "word " * 300
    with EmbeddingServer(Reply(longest=200)) as scripted:
        vectors = embedder(scripted, kind).embed_passages(["a", "b", long, "c"])
    assert np.allclose(vectors[[0, 1, 3]], [unit("a"), unit("b"), unit("c")], atol=1e-6)
    assert np.allclose(vectors[2], unit(long[:187]), atol=1e-6)
    assert len(scripted.requests) < 12


# --- in the engine -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_searches_with_a_server(kind: Kind, tmp_path: Path, footnotes_home: Path) -> None:
    """Synced, found, and only the changed passage is sent again."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("apple", "zebra", "walnut"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nA {name} stands here.\n", encoding="utf-8")
    with EmbeddingServer() as scripted:
        settings = {"embedding.model": "m", "embedding.url": scripted.url, "embedding.kind": kind}
        with footnotes.open(footnotes_home, settings=settings) as engine:
            engine.add_root(folder)
            assert engine.sync().embedded == 3
            found = engine.search("walnut stands")
            assert found.hits[0].chunk.doc_id == "notes/walnut.md"
            assert "dense" in found.hits[0].ranks
            (folder / "apple.md").write_text("# apple\n\nAn apple fell.\n", encoding="utf-8")
            before = len(scripted.requests)
            assert engine.sync().embedded == 1
            assert sum(len(request.texts) for request in scripted.requests[before:]) == 1


# --- reranking ---------------------------------------------------------------------------------------------------

HITS = [hit("a cat sleeps", 0.9), hit("roof tiles", 0.8), hit("the roof leaks", 0.6), hit("nothing", 0.3)]


@pytest.mark.parametrize("kind", RERANK_KINDS)
@pytest.mark.parametrize("logits", [False, True])
def test_reranked_hits_are_the_same_hits_best_first(kind: RerankKind, logits: bool) -> None:
    """Scores are relevance from 0 to 1, whatever the server calls it; ranks stay, its number is a feature."""
    with EmbeddingServer(Reply(logits=logits)) as scripted:
        found = reranker(scripted, kind).rerank(Query("the roof leaks"), HITS)
    assert [h.chunk.text for h in found] == ["the roof leaks", "roof tiles", "a cat sleeps", "nothing"]
    assert {h.chunk.doc_id for h in found} == {h.chunk.doc_id for h in HITS}
    assert all(0 <= h.score <= 1 for h in found)
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    assert found[0].ranks == {"lexical": 1}
    assert found[0].features["rerank"] == (4 if logits else 1)
    assert HITS[0].score == 0.9
    (request,) = scripted.requests
    assert request.path == (COHERE if kind == "cohere" else TEI)
    assert request.texts == [h.chunk.index_text for h in HITS]
    expected = {"query": "the roof leaks"} | (
        {"model": "m", "documents": request.texts, "top_n": 4}
        if kind == "cohere"
        else {"texts": request.texts, "truncate": True}
    )
    assert request.body == expected


@pytest.mark.parametrize("scores", [(0.9, 0.8, 0.6, 0.3), (0.0, 0.0, 0.0, 0.0), (-1.0, -2.0, -3.0, -4.0)])
def test_hits_beyond_the_candidates_follow_in_their_order(scores: tuple[float, ...]) -> None:
    """Below those that were read, with their ratios where scores are positive; the list stays sorted."""
    hits = [hit(h.chunk.text, score) for h, score in zip(HITS, scores, strict=True)]
    with EmbeddingServer() as scripted:
        found = reranker(scripted, candidates=2).rerank(Query("roof"), hits)
    assert [h.chunk.text for h in found] == ["roof tiles", "a cat sleeps", "the roof leaks", "nothing"]
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    assert len(scripted.requests[0].texts) == 2
    with EmbeddingServer(Reply(logits=True)) as scripted:
        found = reranker(scripted, candidates=2).rerank(Query("roof"), hits)
    assert found[1].score > found[2].score > found[3].score or scores[0] == 0.9
    if scores[0] == 0.9:
        assert found[3].score / found[2].score == pytest.approx(0.5)
        assert found[2].score == pytest.approx(found[1].score * 0.75)


def test_no_hits_ask_nothing() -> None:
    """An empty list comes back."""
    with EmbeddingServer() as scripted:
        assert reranker(scripted).rerank(Query("x"), []) == []
    assert scripted.requests == []


def test_tei_takes_few_texts_at_once() -> None:
    """It refuses more than 32 unless told otherwise; a pair's score depends on no other."""
    hits = [hit(f"text {n} " + "roof" * (n == 69), 1.0) for n in range(70)]
    with EmbeddingServer() as scripted:
        found = reranker(scripted, "tei", candidates=70).rerank(Query("roof"), hits)
    assert found[0].chunk is hits[69].chunk
    assert [len(request.texts) for request in scripted.requests] == [32, 32, 6]


@pytest.mark.parametrize(
    ("path", "serves", "kind"),
    [
        ("", COHERE, "cohere"),
        ("/v1/", COHERE, "cohere"),
        ("/v1/rerank", COHERE, "cohere"),
        ("", TEI, "cohere"),
        ("/v1", TEI, "cohere"),
        ("/", TEI, "tei"),
        ("/v1", TEI, "tei"),
        ("/rerank", TEI, "tei"),
    ],
)
def test_rerank_addresses(path: str, serves: str, kind: RerankKind) -> None:
    """With or without /v1; /rerank where /v1/rerank is unknown."""
    with EmbeddingServer(serves=frozenset((serves,))) as scripted:
        settings = RerankSettings(url=scripted.url + path, kind=kind, model="m")
        found = RemoteReranker(settings).rerank(Query("roof"), HITS[:2])
    assert found[0].chunk.text == "roof tiles"
    assert scripted.requests[-1].path == serves


@pytest.mark.parametrize("kind", RERANK_KINDS)
@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(status=401), "FOOTNOTES_RERANK__API_KEY"),
        (Reply(status=404), r"rerank\.model"),
        (Reply(status=413), r"chunk\.size"),
        (Reply(status=500), "HTTP 500"),
        (Reply(fault="few"), "sent 3 scores for 4 passages"),
        (Reply(fault="twice"), "scores for 4 passages"),
        (Reply(fault="nan"), "not finite"),
        (Reply(fault="words"), r"rerank\.kind"),
        (Reply(raw=b"<html>"), r"rerank\.kind"),
        (Reply(raw=b"{}"), r"rerank\.kind|sent 0 scores"),
        (Reply(raw=b'{"results": [3]}'), r"rerank\.kind"),
        (Reply(fault="hang"), r"rerank\.timeout_s"),
    ],
)
def test_rerank_failures_are_one_line(kind: RerankKind, reply: Reply, says: str) -> None:
    """Address, model, remedy; no note text and no key."""
    with EmbeddingServer(reply) as scripted:
        timeout = 0.5 if reply.fault == "hang" else 5.0
        it = reranker(scripted, kind, api_key=SecretStr(SECRET), timeout_s=timeout)
        with pytest.raises(ModelError, match=says) as caught:
            it.rerank(Query("the chimney"), HITS)
    said = str(caught.value)
    assert scripted.url in said
    assert "'m'" in said
    assert not any(word in said for word in (SECRET, "chimney", "roof", "\n"))


def test_the_opener_gives_what_the_settings_name() -> None:
    """Servers by address; nothing without."""
    with EmbeddingServer() as scripted:
        found: Embedder | None = opening.open_embedder(EmbeddingSettings(model="m", url=scripted.url))
        scorer: Reranker | None = opening.open_reranker(RerankSettings(url=scripted.url))
        assert isinstance(found, RemoteEmbedder)
        assert found.dimension == 16
        assert scorer is not None
        assert scorer.rerank(Query("roof"), HITS)[0].score == 1
    assert "model" not in scripted.requests[-1].body


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8080", "ftp://me:s3cret@host", "http://", "http://[::1", "http://h:port"]
)
@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("embedding.url", lambda url: RemoteEmbedder(EmbeddingSettings(model="m", url=url))),
        ("rerank.url", lambda url: RemoteReranker(RerankSettings(url=url))),
    ],
)
def test_an_odd_address_is_an_error(url: str, key: str, make: Callable[[str], object]) -> None:
    """When the model is opened, before any text; a password in it is not shown."""
    with pytest.raises(FootnotesError, match=key) as caught:
        make(url)
    assert "s3cret" not in str(caught.value)
