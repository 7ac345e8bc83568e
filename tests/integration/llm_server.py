"""A scripted language-model server on loopback: OpenAI's chat API and Ollama's, streamed or not.

::

    with LLMServer(Reply("The roof leaks [1]."), Reply(status=429)) as server:
        options = LLMOptions(url=server.url, model="m")

Each request takes the next reply; the last one stays. ``server.requests`` holds what was asked.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPENAI, OLLAMA = "/v1/chat/completions", "/api/chat"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does with one request.

    Attributes:
        text: the reply; streamed in pieces of ``step`` characters.
        raw: bytes sent in place of the API's own form.
        fault: ``hang``: say nothing until the server closes; ``halt``: end the stream after half of the pieces as
            if all were said; ``abort``: likewise, by closing the connection; ``endless``: say the text again and again
            until the client goes, which sets ``server.client_gone``.
        wait: seconds that a refusal asks to be waited for (``Retry-After``).
    """

    text: str = ""
    status: int = 200
    step: int = 3
    raw: bytes | None = None
    fault: Literal["", "hang", "halt", "abort", "endless"] = ""
    wait: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """All messages, one after the other."""
        return "\n".join(message["content"] for message in self.body["messages"])


class LLMServer:
    """Answers on a free port of 127.0.0.1 while the context lasts."""

    def __init__(self, *replies: Reply) -> None:
        self.requests: list[Request] = []
        self.client_gone = threading.Event()
        self._replies = list(replies)
        self._closing = threading.Event()
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
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, request: Request) -> Reply:
        """Note a request, and give the reply that the script holds for it."""
        self.requests.append(request)
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def wait_for_close(self) -> None:
        """Hold a request until the server closes."""
        self._closing.wait(30)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(_Handler):
            server_script = script

        return Handler


class _Handler(BaseHTTPRequestHandler):
    server_script: LLMServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length))
        reply = self.server_script.take(Request(self.path, dict(self.headers), body))
        status = reply.status if self.path in {OPENAI, OLLAMA} else 404
        self.close_connection = True
        if reply.fault == "hang":
            self.server_script.wait_for_close()
        elif status != 200:
            self._whole(status, json.dumps({"error": {"message": "scripted"}}).encode(), reply.wait)
        elif reply.raw is not None:
            self._whole(200, reply.raw)
        elif body.get("stream"):
            self._stream(reply)
        else:
            self._whole(200, _whole(self.path, reply.text))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""

    def _whole(self, status: int, body: bytes, wait: str = "") -> None:
        self.send_response(status)
        if wait:
            self.send_header("Retry-After", wait)
        self.send_header("Content-Type", "application/json" if self.path == OLLAMA else "text/event-stream")
        self.send_header("Location", "http://127.0.0.1:9/")  # where a redirect would lead
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, reply: Reply) -> None:
        self.send_response(200)
        self.send_header(
            "Content-Type", "application/x-ndjson" if self.path == OLLAMA else "text/event-stream"
        )
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if reply.fault == "endless":
            self._endless(reply.text)
            return
        pieces = [reply.text[i : i + reply.step] for i in range(0, len(reply.text), reply.step)]
        shown = pieces[: len(pieces) // 2] if reply.fault else pieces
        for part in _parts(self.path, shown, whole=not reply.fault):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            self.wfile.flush()
        if reply.fault != "abort":
            self.wfile.write(b"0\r\n\r\n")

    def _endless(self, text: str) -> None:
        (part,) = _parts(self.path, [text], whole=False)
        with contextlib.suppress(OSError):
            for _ in range(1_000_000):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                self.wfile.flush()
        self.server_script.client_gone.set()


def _parts(path: str, pieces: list[str], *, whole: bool) -> Iterator[bytes]:
    """The parts of a streamed reply; the closing ones only if it is whole."""
    for text, last in [*((piece, False) for piece in pieces), *([("", True)] if whole else [])]:
        if path == OLLAMA:
            yield json.dumps(_ollama(text, done=last)).encode() + b"\n"
        else:
            choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop" if last else None}
            yield f"data: {json.dumps(_openai('chat.completion.chunk', choice))}\n\n".encode()
    if whole and path == OPENAI:
        yield b"data: [DONE]\n\n"


def _whole(path: str, text: str) -> bytes:
    """A reply that is not streamed."""
    if path == OLLAMA:
        return json.dumps(_ollama(text, done=True)).encode()
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return json.dumps(_openai("chat.completion", choice)).encode()


def _openai(kind: str, choice: dict[str, object]) -> dict[str, object]:
    return {"id": "1", "object": kind, "created": 0, "model": "m", "choices": [choice]}


def _ollama(text: str, *, done: bool) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    return {"model": "m", "created_at": "2024-01-01T00:00:00Z", "message": message, "done": done}
