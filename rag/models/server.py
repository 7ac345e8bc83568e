"""A server of embeddings or of relevance scores: bounded waiting, few retries, one clear line a failure.

Nothing but the configured address is contacted: redirects are not followed, servers on this machine are reached
without a proxy, and no key is taken from anywhere but our own settings. Neither keys nor texts, nor a server's own
words (they may quote texts), stand in an error.
"""

from __future__ import annotations

import ipaddress
import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

_PAUSES_S = (0.25, 1.0)  # before the second and the third attempt
_RETRIED = frozenset(
    (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
)
_TEXT_REFUSED = frozenset(
    (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY)
)


class TextRefusedError(Exception):
    """The server refused what it was sent, maybe because a text is too long; ``error`` is what to tell the user."""

    def __init__(self, error: ModelError) -> None:
        self.error = error
        super().__init__(str(error))


@dataclass(frozen=True, slots=True)
class Server:
    """Where a model answers.

    Attributes:
        section: the settings that describe it (``embedding``, ``rerank``), for messages.
        kind: its protocol, for messages.
        timeout_s: how long one call may take in all, retries included, in seconds.
    """

    section: str
    url: str
    model: str
    kind: str
    timeout_s: float
    api_key: str | None = None

    def __post_init__(self) -> None:
        if not _is_address(self.url):
            raise ConfigError(
                "{key} is {url!r}: set it to an http or https address.",
                key=f"{self.section}.url",
                url=self.shown,
            )

    def __repr__(self) -> str:
        return f"Server({self.section!r}, {self.shown!r}, {self.model!r}, {self.kind!r})"

    @property
    def shown(self) -> str:
        """The address without a user name or password in it."""
        return shown(self.url)

    @property
    def root(self) -> str:
        """The address without a slash, ``/v1`` or ``/api`` at its end."""
        return self.url.rstrip("/").removesuffix("/v1").removesuffix("/api")

    def endpoints(self, service: str) -> tuple[str, ...]:
        """Where an OpenAI-like service may be: below ``/v1``, or without it (Infinity, TEI)."""
        base = self.url.rstrip("/").removesuffix(f"/{service}")
        if urlsplit(base).path and not base.endswith("/v1"):
            return (f"{base}/{service}",)
        base = base.removesuffix("/v1")
        return (f"{base}/v1/{service}", f"{base}/{service}")

    def post(self, urls: Sequence[str], body: object) -> Any:
        """The JSON reply of the first of ``urls`` that the server knows.

        Raises:
            ModelError: the server cannot be reached, is silent, refuses, or sends something else.
            TextRefusedError: it answers 400, 413 or 422.
        """
        deadline = time.monotonic() + self.timeout_s
        with self._client() as client:
            for url in urls:
                status, content = self._patiently(client, url, body, deadline)
                if status != HTTPStatus.NOT_FOUND:
                    break
        if status in _TEXT_REFUSED:
            raise TextRefusedError(self._refusal(status))
        if not HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(status)
        return self._parsed(content)

    def get(self, url: str) -> tuple[int, Any]:
        """Status and JSON of a GET, without retries; None in place of what is no JSON.

        Raises:
            ModelError: the server cannot be reached or is silent.
        """
        import httpx

        with self._client() as client:
            try:
                status, _, content = self._send(client, "GET", url, None, time.monotonic() + self.timeout_s)
            except httpx.RequestError as e:
                raise self._failure(e) from e
        try:
            return status, json.loads(content)
        except ValueError:
            return status, None

    def unreadable(self, reason: str) -> ModelError:
        """The error of a reply that is not what the protocol says."""
        return ModelError(
            "{url} sent no reply that {kind!r} can read for the model {model!r} ({reason}). "
            "Check {section}.kind and {section}.url.",
            url=self.shown,
            kind=self.kind,
            model=self.model or self.section,
            reason=reason,
            section=self.section,
        )

    def _client(self) -> httpx.Client:
        import httpx

        headers = {"user-agent": "footnotes"}
        if self.api_key:
            headers["authorization"] = f"Bearer {self.api_key}"
        try:
            return httpx.Client(headers=headers, trust_env=not is_loopback(self.url), follow_redirects=False)
        except ImportError as e:
            raise ModelError(
                "The proxy for {url} needs a missing package: pip install 'httpx[socks]', or unset ALL_PROXY.",
                url=self.shown,
            ) from e
        except (ValueError, httpx.InvalidURL) as e:
            raise ModelError(
                "The proxy for {url} cannot be used. Correct HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, or unset them.",
                url=self.shown,
            ) from e

    def _patiently(self, client: httpx.Client, url: str, body: object, deadline: float) -> tuple[int, bytes]:
        """Status and content; tries again where that may help and time is left."""
        import httpx

        for pause in (*_PAUSES_S, None):
            cause: httpx.RequestError | None = None
            wait = 0.0
            try:
                status, wait, content = self._send(client, "POST", url, body, deadline)
            except (httpx.TimeoutException, httpx.DecodingError) as e:
                raise self._failure(e) from e
            except httpx.RequestError as e:
                cause = e
            else:
                if status not in _RETRIED:
                    return status, content
            if pause is None or time.monotonic() + max(pause, wait) >= deadline:
                raise (self._failure(cause) if cause else self._refusal(status)) from cause
            time.sleep(max(pause, wait))
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _send(
        self, client: httpx.Client, method: str, url: str, body: object, deadline: float
    ) -> tuple[int, float, bytes]:
        """Status, seconds that the server asks to wait, and content. A reply that drips in is cut off in time."""
        import httpx

        left = max(0.01, deadline - time.monotonic())
        pieces: list[bytes] = []
        with client.stream(method, url, json=body, timeout=left) as response:
            for piece in response.iter_bytes():
                pieces.append(piece)
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("")
            return response.status_code, _retry_after(response), b"".join(pieces)

    def _parsed(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as e:
            raise self.unreadable(type(e).__name__) from e

    def _failure(self, error: httpx.RequestError) -> ModelError:
        import httpx

        if isinstance(error, httpx.TimeoutException):
            return ModelError(
                "{url} was silent for {seconds:g} s for the model {model!r}. "
                "Raise {section}.timeout_s, or choose a smaller model.",
                url=self.shown,
                seconds=self.timeout_s,
                model=self.model or self.section,
                section=self.section,
            )
        if isinstance(error, httpx.DecodingError):
            return self.unreadable(type(error).__name__)
        # What the system says of a connection is of use; what a server says may quote a text.
        reason = str(error) if isinstance(error, httpx.ConnectError) else type(error).__name__
        return ModelError(
            "{url} cannot be reached for the model {model!r} ({reason}). "
            "Start the server, or correct {section}.url.",
            url=self.shown,
            model=self.model or self.section,
            reason=" ".join(reason.split())[:120],
            section=self.section,
        )

    def _refusal(self, status: int) -> ModelError:
        values = {"url": self.shown, "model": self.model, "status": status, "section": self.section}
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            variable = f"FOOTNOTES_{self.section.upper()}__API_KEY"
            return ModelError(
                "{url} refused the key for the model {model!r} (HTTP {status}). Set {variable}.",
                variable=variable,
                **values,
            )
        if status == HTTPStatus.NOT_FOUND:
            return ModelError(
                "{url} does not know the model {model!r}, or does not serve this (HTTP 404). "
                "Correct {section}.model, {section}.url or {section}.kind; with Ollama: ollama pull {model}",
                **values,
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return ModelError(
                "{url} takes no more requests for the model {model!r} now (HTTP 429). Wait, and try again.",
                **values,
            )
        if status in _TEXT_REFUSED:
            return ModelError(
                "{url} refused the texts for the model {model!r} (HTTP {status}). If they are too long for it, "
                "lower chunk.size, or start the server with a larger context; else correct {section}.model.",
                **values,
            )
        return ModelError(
            "{url} failed for the model {model!r} (HTTP {status}). Look at the server's log, or correct {section}.url.",
            **values,
        )


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def shown(url: str) -> str:
    """An address without a user name or password in it."""
    try:
        address = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()


def _is_address(url: str) -> bool:
    try:
        address = urlsplit(url)
        return address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:  # brackets that do not close, or a port that is no number
        return False


def _retry_after(response: httpx.Response) -> float:
    """Seconds of a Retry-After header; a date counts as none."""
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else 0.0
