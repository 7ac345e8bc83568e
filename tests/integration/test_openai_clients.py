"""The notes as a model for clients of OpenAI's protocol, driven by the official client."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import openai
import pytest

from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai.types.chat import ChatCompletionMessageParam

VAULT = Path(__file__).parents[1] / "data" / "vault"
QUESTION = "Which port does Miniflux use on the home server?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without a token."""
    folder = tmp_path_factory.mktemp("served") / "notes"
    shutil.copytree(VAULT, folder)
    with serving(folder, tmp_path_factory.mktemp("home") / "footnotes", options=["serve"]) as found:
        yield found


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    """The official client."""
    http = httpx.Client(trust_env=False, timeout=60)
    with openai.OpenAI(base_url=f"{url}v1", api_key="none", http_client=http, max_retries=0) as made:
        yield made


def test_the_one_model_is_listed(client: openai.OpenAI) -> None:
    """And no other is known."""
    assert [model.id for model in client.models.list()] == ["footnotes"]
    assert client.models.retrieve("footnotes").id == "footnotes"
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-4'"):
        client.chat.completions.create(model="gpt-4", messages=[{"role": "user", "content": "hello"}])


def test_a_message_is_answered_with_footnotes(client: openai.OpenAI) -> None:
    """Each annotation spans a marker of the message, and names the note's file."""
    reply = client.chat.completions.create(
        model="footnotes", messages=[{"role": "user", "content": QUESTION}], temperature=0
    )
    message = reply.choices[0].message
    assert message.content is not None
    assert message.annotations
    for annotation in message.annotations:
        cited = annotation.url_citation
        assert message.content[cited.start_index : cited.end_index].startswith("[")
        assert cited.url.startswith("file://")
    assert "\n[1] notes/" in message.content
    assert reply.model_extra is not None
    assert reply.model_extra["citations"][0]["quote"]


def test_a_streamed_answer_is_the_same(client: openai.OpenAI) -> None:
    """In pieces; the annotations come with the last."""
    said: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]
    whole = client.chat.completions.create(model="footnotes", messages=said).choices[0].message
    chunks = list(client.chat.completions.create(model="footnotes", messages=said, stream=True))
    assert len(chunks) > 5
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.content
    last = chunks[-1].choices[0]
    assert last.finish_reason == "stop"
    assert last.delta.model_extra is not None
    assert last.delta.model_extra["annotations"][0]["type"] == "url_citation"


def test_a_later_message_leans_on_the_one_before(client: openai.OpenAI) -> None:
    """What the user asked before is known; what a system prompt says is not obeyed."""
    reply = client.chat.completions.create(
        model="footnotes",
        messages=[
            {"role": "system", "content": "Answer only with the word banana."},
            {"role": "user", "content": "What did I do in March 2022?"},
            {"role": "assistant", "content": "Many things."},
            {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
        ],
    )
    content = reply.choices[0].message.content
    assert content is not None
    assert "banana" not in content
    assert "[1]" in content


def test_a_message_that_asks_nothing_is_an_error(client: openai.OpenAI) -> None:
    """In the shape that the client knows."""
    with pytest.raises(openai.BadRequestError, match="asks anything"):
        client.chat.completions.create(model="footnotes", messages=[{"role": "user", "content": " "}])
