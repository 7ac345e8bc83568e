"""Settings of language models, without a server (with one: tests/integration/test_llm_server.py)."""

from __future__ import annotations

import pytest

from rag.errors import LLMError
from rag.llama.llm import LLMOptions, is_loopback, open_llm


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:11434", True),
        ("http://localhost:11434", True),
        ("http://llm.localhost", True),
        ("http://localhost.example.com", False),
        ("http://192.168.0.2:8080", False),
        ("https://api.example.com/v1", False),
        ("nonsense", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, here: bool) -> None:
    """Names that merely begin with localhost are elsewhere."""
    assert is_loopback(url) is here


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "file:///etc/passwd", "http://"])
def test_a_missing_or_odd_address_is_an_error(url: str) -> None:
    """There is no default server to fall back to."""
    with pytest.raises(LLMError, match=r"llm\.url"):
        open_llm(LLMOptions(url=url, model="m"))


def test_a_missing_model_is_an_error() -> None:
    """There is no default model either."""
    with pytest.raises(LLMError, match=r"llm\.model"):
        open_llm(LLMOptions(url="http://127.0.0.1:1", model=""))


def test_secrets_are_not_shown() -> None:
    """Neither the key nor a password in the address is in the representation, or in an error."""
    options = LLMOptions(url="http://me:s3cret@127.0.0.1:1/v1", model="m", api_key="s3cret")
    assert "s3cret" not in repr(options)
    with pytest.raises(LLMError) as caught:
        open_llm(LLMOptions(url="ftp://me:s3cret@host", model="m"))
    assert "s3cret" not in str(caught.value)


def test_a_model_goes_by_its_name() -> None:
    """The answer's ``writer`` is this name."""
    assert open_llm(LLMOptions(url="http://127.0.0.1:1", model="qwen3")).name == "qwen3"
