"""A scripted server of embeddings and of reranking on loopback: OpenAI's form and Ollama's, Cohere's and TEI's.

::

    with EmbeddingServer(Reply(status=500), Reply()) as server:
        settings = EmbeddingSettings(model="m", url=server.url)

Each request takes the next reply; the last one stays. ``server.requests`` holds what was asked. A text's vector counts
its words by their hash, so that texts with common words are near; its relevance is its share of the question's words.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

OPENAI, OLLAMA, COHERE, TEI = "/v1/embeddings", "/api/embed", "/v1/rerank", "/rerank"
OPENAI_MODELS, OLLAMA_MODELS = "/v1/models", "/api/tags"
ALL = frozenset((OPENAI, OLLAMA, COHERE, TEI, OPENAI_MODELS, OLLAMA_MODELS))

Fault = Literal["", "hang", "drip", "abort", "few", "nan", "infinite", "huge", "words", "shuffled", "twice"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does with one request.

    Attributes:
        width: numbers in a vector.
        raw: bytes sent in place of the API's own form.
        retry_after: the header of that name.
        longest: texts of more characters are refused with 413.
        logits: relevance as llama.cpp sends it, not from 0 to 1.
        fault: ``hang``: say nothing until the server closes; ``drip``: a byte at a time without end; ``abort``: close
            the connection; ``few``: one vector or score less; ``nan``, ``infinite``, ``words``: such values;
            ``huge``: numbers whose squares overflow; ``shuffled``: rows in another order; ``twice``: an index twice.
    """

    status: int = 200
    width: int = 16
    raw: bytes | None = None
    retry_after: str = ""
    longest: int | None = None
    logits: bool = False
    fault: Fault = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def texts(self) -> list[str]:
        """The texts to embed or to score."""
        found: list[str] = next(self.body[key] for key in ("input", "documents", "texts") if key in self.body)
        return found


class EmbeddingServer:
    """Answers on a free port of 127.0.0.1 while the context lasts; paths that it does not serve are 404."""

    def __init__(
        self, *replies: Reply, serves: frozenset[str] = ALL, models: tuple[str, ...] = ("m",)
    ) -> None:
        self.requests: list[Request] = []
        self.serves = serves
        self.models = models
        self.closing = threading.Event()
        self._replies = list(replies) or [Reply()]
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, request: Request) -> Reply:
        """Note a request, and give the reply that the script holds for it."""
        with self._lock:
            self.requests.append(request)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(_Handler):
            server_script = script

        return Handler


def vector(text: str, width: int) -> list[float]:
    """Counts of its words, by their hash; not normalised."""
    counts = [0.25] * width
    for word in text.lower().split():
        counts[zlib.crc32(word.encode()) % width] += 1
    return counts


def relevance(query: str, text: str) -> float:
    """The share of the question's words that the text has, from 0 to 1."""
    words = set(query.lower().split())
    return len(words & set(text.lower().split())) / max(1, len(words))


class _Handler(BaseHTTPRequestHandler):
    server_script: EmbeddingServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        reply = self.server_script.take(Request(self.path, dict(self.headers), {}))
        names = self.server_script.models
        if self.path == OPENAI_MODELS:
            listed: dict[str, object] = {"object": "list", "data": [{"id": name} for name in names]}
        else:
            listed = {"models": [{"name": name, "size": 1_200_000_000} for name in names]}
        self._answer(reply, listed)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        request = Request(self.path, dict(self.headers), json.loads(self.rfile.read(length)))
        reply = self.server_script.take(request)
        if reply.longest is not None and any(len(text) > reply.longest for text in request.texts):
            reply = Reply(status=413)
        self._answer(reply, _listed(self.path, request, reply))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""

    def _answer(self, reply: Reply, value: object) -> None:
        self.close_connection = True
        if reply.fault == "hang":
            self.server_script.closing.wait(30)
        elif reply.fault == "drip":
            self._drip()
        elif reply.fault == "abort":
            return
        elif self.path not in self.server_script.serves:
            self._whole(404, b'{"error": "no such path"}')
        elif reply.status != 200:
            self._whole(reply.status, b'{"error": {"message": "scripted"}}', reply.retry_after)
        else:
            self._whole(200, reply.raw if reply.raw is not None else json.dumps(value).encode())

    def _whole(self, status: int, body: bytes, retry_after: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Location", "http://127.0.0.1:9/")  # where a redirect would lead
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self.server_script.closing.is_set():
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:  # the client has gone
                return
            time.sleep(0.02)


def _listed(path: str, request: Request, reply: Reply) -> object:
    """The reply's JSON, with its fault."""
    texts = request.texts
    if path in {COHERE, TEI}:
        rows = [(place, relevance(request.body["query"], text)) for place, text in enumerate(texts)]
        rows.sort(key=lambda row: -row[1])
        scored = [(place, 8 * score - 4 if reply.logits else score) for place, score in rows]
        name = "score" if path == TEI and "texts" in request.body else "relevance_score"
        results = [{"index": place, name: value} for place, value in _spoilt(scored, reply.fault)]
        return results if name == "score" else {"model": "m", "results": results}
    vectors = list(enumerate(vector(text, reply.width) for text in texts))
    spoilt = _spoilt(vectors, reply.fault)
    if path == OLLAMA:
        return {"model": "m", "embeddings": [value for _, value in spoilt]}
    data = [{"object": "embedding", "index": place, "embedding": value} for place, value in spoilt]
    return {"object": "list", "model": "m", "data": data}


def _spoilt(rows: list[tuple[int, Any]], fault: Fault) -> list[tuple[int, Any]]:
    last, value = rows[-1]
    odd = {"nan": float("nan"), "infinite": float("inf"), "words": "many"}
    if fault in odd:
        return [*rows[:-1], (last, [odd[fault], *value[1:]] if isinstance(value, list) else odd[fault])]
    if fault == "huge":
        return [(place, [number * 1e200 for number in row]) for place, row in rows]
    if fault == "few":
        return rows[:-1]
    if fault == "shuffled":
        return rows[::-1]
    if fault == "twice":
        return [*rows[:-1], (rows[0][0], value)]
    return rows
