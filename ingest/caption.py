"""What a vision model says an image shows. The model runs on a server that the user configured, and nowhere else.

The image is sent small and without its EXIF data (places, cameras). The reply is plain text of bounded length, marked
as a machine's by who stores it. Redirects are not followed, a server on this machine is reached without a proxy, and
neither the key nor a server's own words stand in an error.
"""

from __future__ import annotations

import base64
import io
import ipaddress
import json
import re
import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from rag.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from PIL.Image import Image


_VERSION = 1  # raised with every change to what is asked or made of the reply
_SIDE = 1024  # pixels of the longer side that are sent
_LONGEST = 800  # characters of a description
_MOST_BYTES = 1_000_000  # of a reply
_REST_S = 60.0  # so long a server that failed is left alone
_OK = 200

_ASK = {
    "en": "Describe this image in one to three plain sentences. Write down names and numbers that it shows.",
    "zh": "用一到三句话描述这张图片，写出图中的名称和数字。只写纯文本。",
}
_BOTH = f"{_ASK['en']} Answer in Chinese if the image holds Chinese text, otherwise in English."
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_MARKUP = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)|[`*#|<>]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]+")

_resting: dict[str, float] = {}  # servers that failed, until when they are not asked


class Caption(Protocol):
    """What is needed of ``ingest.loaders.source.Caption``."""

    @property
    def url(self) -> str:
        """Base URL of the server."""

    @property
    def model(self) -> str:
        """Name of the model on it."""

    @property
    def api_key(self) -> str | None:
        """Sent to it and nowhere else."""

    @property
    def timeout_s(self) -> float:
        """Seconds for one reply."""

    @property
    def language(self) -> str:
        """Of the reply: zh, en or auto."""


def identity(caption: Caption) -> str:
    """Names model and question: what another one said is not taken for its words."""
    return f"{caption.model} at {_shown(caption.url)}, {caption.language}, {_VERSION}"


def describe(caption: Caption, image: Image, beat: Callable[[], None] = lambda: None) -> str:
    """One line about an image.

    Args:
        caption: the server and its model.
        image: RGB.
        beat: called while the server writes: the work goes on.

    Raises:
        ModelError: the server cannot be reached, is silent, refuses, or sends something else; after a failure it is
            left alone for a minute, and every image meanwhile gets the error at once.
    """
    if time.monotonic() < _resting.get(caption.url, 0):
        raise ModelError("{url} failed a moment ago", url=_shown(caption.url))
    try:
        text = _asked(caption, _body(caption, image), beat)
    except ModelError:
        _resting[caption.url] = time.monotonic() + _REST_S
        raise
    return _plain(text)


def _body(caption: Caption, image: Image) -> dict[str, object]:
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=85)
    address = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
    content = [
        {"type": "text", "text": _ASK.get(caption.language, _BOTH)},
        {"type": "image_url", "image_url": {"url": address}},
    ]
    return {
        "model": caption.model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": 300,
        "temperature": 0,
        "stream": False,
    }


def _asked(caption: Caption, body: object, beat: Callable[[], None]) -> str:
    import httpx

    headers = {"user-agent": "footnotes"}
    if caption.api_key:
        headers["authorization"] = f"Bearer {caption.api_key}"
    url = caption.url.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
    deadline = time.monotonic() + caption.timeout_s
    try:
        with (
            httpx.Client(headers=headers, trust_env=not _is_loopback(url), follow_redirects=False) as client,
            client.stream(
                "POST", f"{url}/v1/chat/completions", json=body, timeout=caption.timeout_s
            ) as reply,
        ):
            content = _content(reply, deadline, beat)
            status = reply.status_code
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError, OSError) as e:
        raise ModelError(
            "{url} does not answer ({reason})", url=_shown(caption.url), reason=type(e).__name__
        ) from e
    if status != _OK:
        raise ModelError("{url} refuses (HTTP {status})", url=_shown(caption.url), status=status)
    return _said(caption, content)


def _content(reply: httpx.Response, deadline: float, beat: Callable[[], None]) -> bytes:
    import httpx

    pieces: list[bytes] = []
    size = 0
    for piece in reply.iter_bytes():
        beat()
        pieces.append(piece)
        size += len(piece)
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("")
        if size > _MOST_BYTES:
            raise httpx.DecodingError("")
    return b"".join(pieces)


def _said(caption: Caption, content: bytes) -> str:
    try:
        reply: Any = json.loads(content)
        text = reply["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as e:
        text = e
    if not isinstance(text, str):
        raise ModelError("{url} sends no chat completion", url=_shown(caption.url))
    return text


def _plain(text: str) -> str:
    """One line of bounded length, without markup or characters that cannot be seen."""
    text = _MARKUP.sub(lambda m: m[1] or "", _THOUGHTS.sub("", text))
    text = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _shown(url: str) -> str:
    """The address without a user name or password in it."""
    try:
        address = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
