"""Language models behind OpenAI-compatible servers and Ollama, through LlamaIndex's classes.

Nothing but the configured address is ever contacted: no redirects are followed, no key or address is taken
from the environment, and the clients' own headers about this machine are left out. Secrets are masked in prompts beyond this
machine.
"""

from __future__ import annotations

import importlib
import ipaddress
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from rag import masking
from rag.errors import LLMError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import httpx
    from llama_index.core.llms import LLM

    from rag.protocols import AnswerStream

_NO_KEY = "none"  # the OpenAI client wants one, and would else take it from the environment
_PAUSES_S = (0.5, 2.0)  # before the second and the third attempt
_LONGEST_WAIT_S = (
    10.0  # what a server may ask to be waited for; else the notes' own sentences are there at once
)
_LONGEST_REPLY = (
    300_000  # characters, thoughts among them; a model that repeats itself is not listened to for ever
)
_BUSY = frozenset((429, 500, 502, 503, 504, 529))
_HEADERS = frozenset(
    ("host", "accept", "accept-encoding", "connection", "content-type", "content-length", "transfer-encoding")
)


@dataclass(frozen=True, slots=True)
class LLMOptions:
    """Where a language model answers.

    Attributes:
        url: of an OpenAI-compatible API (``http://127.0.0.1:8080/v1``) or of Ollama (``http://127.0.0.1:11434``).
        timeout_s: how long the server may be silent, in seconds.
        context_tokens: the model's context; Ollama is told, since its default cuts prompts short.
    """

    url: str
    model: str
    kind: Literal["openai", "ollama"] = "openai"
    api_key: str | None = None
    timeout_s: float = 120.0
    context_tokens: int = 8192

    def __repr__(self) -> str:
        return f"LLMOptions(url={shown(self.url)!r}, model={self.model!r}, kind={self.kind!r})"


def open_llm(options: LLMOptions) -> AnswerStream:
    """Prepare a model; the server is not contacted before the first question.

    Raises:
        LLMError: url or model is missing or unusable.
    """
    address = urlsplit(options.url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise LLMError("llm.url is {url!r}: set it to an http or https address.", url=shown(options.url))
    if not options.model:
        raise LLMError("llm.model is not set: name a model that {url} serves.", url=shown(options.url))
    return _LlamaStream(options)


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def patiently(llm: AnswerStream, system: str, prompt: str) -> Iterator[str]:
    """A reply for somebody who waits for it: a server that is busy or broken for a moment is asked up to three times.

    There are pauses between (HTTP 429, 5xx); where it asks for a long one, there is no further attempt.

    Raises:
        LLMError: as ``stream``.
    """
    for pause in (*_PAUSES_S, None):
        try:
            yield from llm.stream(system, prompt)
        except _BusyError as error:
            if pause is None or error.wait_s > _LONGEST_WAIT_S:
                raise LLMError(error.template, **error.values) from error
            time.sleep(max(pause, error.wait_s))
        else:
            return


class _LlamaStream:
    """A LlamaIndex model as an :class:`rag.protocols.AnswerStream`."""

    def __init__(self, options: LLMOptions) -> None:
        self._options = options

    @property
    def name(self) -> str:
        return self._options.model

    def stream(self, system: str, prompt: str) -> Iterator[str]:
        """The reply, piece by piece.

        Raises:
            LLMError: the server cannot be reached, refuses, is silent, stops halfway, or does not stop at all.
        """
        from llama_index.core.llms import ChatMessage

        if not is_loopback(self._options.url):  # whatever asked: secrets do not leave this machine
            system, prompt = (masking.mask(text)[0] for text in (system, prompt))
        messages = [ChatMessage(role="system", content=system), ChatMessage(role="user", content=prompt)]
        began = finished = False
        length = 0
        try:
            with _model(self._options) as llm:
                for reply in llm.stream_chat(messages):
                    began = True
                    finished = finished or _is_last(reply.raw)
                    if reply.delta:
                        length += len(reply.delta)
                        yield reply.delta
                    _check_length(length, self._options)
        except LLMError:
            raise
        except Exception as error:  # a broken server makes the clients raise almost anything
            raise _failure(error, self._options) from error
        if not finished:
            raise _cut_short(self._options) if began else _no_answer(self._options, "an empty reply")


class _BusyError(LLMError):
    """The server cannot answer now, and may in a moment: nothing of an answer has come."""

    wait_s = 0.0


def _model(options: LLMOptions) -> AbstractContextManager[LLM]:
    """A model whose connections are closed in the end."""
    return _ollama(options) if options.kind == "ollama" else _openai(options)


@contextmanager
def _openai(options: LLMOptions) -> Iterator[LLM]:
    import httpx
    from llama_index.llms.openai_like import OpenAILike

    base = options.url.rstrip("/")
    with httpx.Client(**_connection(options)) as client:
        yield OpenAILike(
            model=options.model,
            api_base=base if urlsplit(base).path else base + "/v1",
            api_key=options.api_key or _NO_KEY,
            is_chat_model=True,
            context_window=options.context_tokens,
            temperature=0.0,
            timeout=options.timeout_s,
            max_retries=0,
            http_client=client,
        )


@contextmanager
def _ollama(options: LLMOptions) -> Iterator[LLM]:
    if "ollama" not in sys.modules:
        with _without_proxies():  # importing it opens a client, which fails on a SOCKS proxy
            importlib.import_module("ollama")
    from llama_index.llms.ollama import Ollama
    from ollama import Client

    with Client(host=options.url, **_connection(options)) as client:
        yield Ollama(
            model=options.model,
            base_url=options.url,
            context_window=options.context_tokens,  # sent as num_ctx
            temperature=0.0,
            client=client,
        )


@contextmanager
def _without_proxies() -> Iterator[None]:
    """Hide the environment's proxies, for as long as an import takes."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.casefold().endswith("_proxy")}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _connection(options: LLMOptions) -> dict[str, Any]:
    """Arguments of an HTTP client: this machine is reached directly, others through the user's proxies."""

    def only_ours(request: httpx.Request) -> None:
        for header in set(request.headers) - _HEADERS:
            del request.headers[header]
        request.headers["user-agent"] = "footnotes"
        if options.api_key:
            request.headers["authorization"] = f"Bearer {options.api_key}"

    return {
        "trust_env": not is_loopback(options.url),
        "timeout": options.timeout_s,
        "follow_redirects": False,
        "event_hooks": {"request": [only_ours]},
    }


def _is_last(raw: Any) -> bool:
    """Whether a part of a reply says that the reply ends with it."""
    if isinstance(raw, dict):
        return bool(raw.get("done"))
    return any(choice.finish_reason for choice in getattr(raw, "choices", None) or ())


def _failure(error: Exception, options: LLMOptions) -> LLMError:
    """What a client's exception means to the user; the server's own words may hold note text and are left out."""
    import httpx
    import openai

    url = shown(options.url)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status > 0:
        return _refused(error, status, options)
    if isinstance(error, (httpx.TimeoutException, openai.APITimeoutError)):
        return LLMError(
            "{url} was silent for {seconds:g} s. Raise llm.timeout_s, or choose a smaller model.",
            url=url,
            seconds=options.timeout_s,
        )
    if isinstance(error, httpx.RemoteProtocolError):
        return _cut_short(options)
    if isinstance(error, (httpx.TransportError, openai.APIConnectionError, ConnectionError)):
        return LLMError("{url} cannot be reached. Start the server, or correct llm.url.", url=url)
    if isinstance(error, ImportError):
        return LLMError(
            "The proxy for {url} needs a missing package: pip install 'httpx[socks]', or unset ALL_PROXY.",
            url=url,
        )
    return _no_answer(options, type(error).__name__)


def _refused(error: Exception, status: int, options: LLMOptions) -> LLMError:
    refusal = _refusal(status, options)
    if status not in _BUSY:
        return refusal
    busy = _BusyError(refusal.template, **refusal.values)
    busy.wait_s = _retry_after(error)
    return busy


def _refusal(status: int, options: LLMOptions) -> LLMError:
    url = shown(options.url)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return LLMError(
            "{url} refused the key (HTTP {status}). Set FOOTNOTES_LLM__API_KEY.", url=url, status=status
        )
    if status == HTTPStatus.NOT_FOUND:
        return LLMError(
            "{url} does not know the model {model!r} (HTTP 404). Correct llm.model or llm.url.",
            url=url,
            model=options.model,
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return LLMError("{url} takes no more requests now (HTTP 429). Wait, and ask again.", url=url)
    return LLMError("{url} failed (HTTP {status}). Look at the server's log.", url=url, status=status)


def _retry_after(error: Exception) -> float:
    """Seconds that a server asks to wait; a date counts as none."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() else 0.0


def _check_length(length: int, options: LLMOptions) -> None:
    if length > _LONGEST_REPLY:
        raise LLMError(
            "{url} does not stop writing. Ask again, or choose another llm.model.", url=shown(options.url)
        )


def _cut_short(options: LLMOptions) -> LLMError:
    return LLMError("{url} stopped in the middle of its answer. Ask again.", url=shown(options.url))


def _no_answer(options: LLMOptions, reason: str) -> LLMError:
    return LLMError(
        "{url} sent no answer that {kind!r} can read ({reason}). Check llm.kind and llm.url.",
        url=shown(options.url),
        kind=options.kind,
        reason=reason,
    )


def shown(url: str) -> str:
    """An address without a user name or password in it."""
    address = urlsplit(url)
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
