"""Descriptions of images by a vision model on a server of the user's; the server is scripted."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from ingest import caption
from ingest.loaders.source import Caption
from rag.errors import ModelError
from tests.integration.llm_server import LLMServer, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nobody_rests() -> Iterator[None]:
    caption._resting.clear()
    yield
    caption._resting.clear()


def picture(width: int = 40, height: int = 30) -> Image.Image:
    """A picture that holds the place where it was taken."""
    image = Image.new("RGB", (width, height), "green")
    image.getexif()[0x8825] = 26
    return image


def test_a_small_picture_without_its_place_is_sent() -> None:
    """To /v1/chat/completions, with the model's name, the question, and the key in its header only."""
    with LLMServer(Reply("A green field.")) as server:
        asked = Caption(f"{server.url}/v1/", "eyes", "sesame", language="zh")
        assert caption.describe(asked, picture(4000, 3000)) == "A green field."
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sesame"
    assert "sesame" not in json.dumps(request.body)
    assert request.body["model"] == "eyes"
    text, image = request.body["messages"][0]["content"]
    assert "图片" in text["text"]
    head, _, data = image["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    sent = Image.open(io.BytesIO(base64.b64decode(data)))
    assert max(sent.size) <= 1024
    assert not sent.getexif()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("  A cat\n\non a *mat*. ", "A cat on a mat."),
        ("<think>is it a cat?</think>A cat.", "A cat."),
        ("A [cat](http://evil.example/x) ![](http://evil.example/y)`code`", "A cat code"),
        ("# Title\n<b>bold</b>\u200b\u202e", "Title bbold/b"),
        ("long " * 1000, ("long " * 160)[:799].rstrip() + "…"),
        ("", ""),
    ],
)
def test_a_reply_becomes_one_plain_line(said: str, kept: str) -> None:
    """Whatever a picture made the model say: no links, no markup, nothing that cannot be seen, not too much."""
    with LLMServer(Reply(said)) as server:
        assert caption.describe(Caption(server.url, "eyes"), picture()) == kept


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500),
        Reply(status=302),
        Reply(status=401),
        Reply(raw=b"<html>secret words</html>"),
        Reply(raw=b'{"choices": []}'),
        Reply(raw=b'{"choices": [{"message": {"content": null}}]}'),
        Reply(raw=b" " * 2_000_000),
        Reply(fault="hang"),
    ],
)
def test_a_failing_server_is_one_line(reply: Reply) -> None:
    """Without its words and without the key; it is left alone for a while."""
    with LLMServer(reply) as server:
        asked = Caption(server.url.replace("//", "//user:word@"), "eyes", "sesame", timeout_s=0.5)
        started = time.monotonic()
        with pytest.raises(ModelError) as caught:
            caption.describe(asked, picture())
        assert time.monotonic() - started < 5
        with pytest.raises(ModelError, match="failed a moment ago"):
            caption.describe(asked, picture())
        assert len(server.requests) == 1
    message = str(caught.value)
    assert "\n" not in message
    assert not any(secret in message for secret in ("sesame", "word@", "secret words"))


def test_no_server() -> None:
    """An address where nobody listens is an error, too."""
    with pytest.raises(ModelError, match="does not answer"):
        caption.describe(Caption("http://127.0.0.1:9", "eyes"), picture())


def test_another_model_or_language_is_asked_anew() -> None:
    """What is kept is keyed by both, and by nothing secret."""
    names = {
        caption.identity(Caption("http://u:p@h/v1", model, "key", language=language))
        for model in ("a", "b")
        for language in ("zh", "en")
    }
    assert len(names) == 4
    assert not any("p@" in name or "key" in name for name in names)
