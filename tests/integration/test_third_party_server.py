"""The protocol against a server that is not ours: ``transformers serve`` with a tiny model of random weights, made here."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rag.answer.generate import GeneratedWriter
from rag.errors import LLMError
from rag.llama.llm import LLMOptions, open_llm
from rag.models import finding, listing
from rag.settings import LLMSettings, Settings
from rag.types import Answer, Chunk, Hit, Query
from ui.server import address, listen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.conftest import Require

pytestmark = [pytest.mark.models, pytest.mark.slow]
PARTS = ("torch", "transformers", "accelerate", "fastapi", "uvicorn", "openai")
NOTE = "The roof leaks near the chimney."
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "
MAKE = """
import sys, torch, transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
torch.manual_seed(0)
words = ["<eos>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
made = Tokenizer(models.BPE(vocab={word: n for n, word in enumerate(words)}, merges=[]))
made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
made.decoder = decoders.ByteLevel()
tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<eos>", pad_token="<eos>")
tokenizer.chat_template = sys.argv[2]
tokenizer.save_pretrained(sys.argv[1])
model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
    vocab_size=len(words), hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=2, max_position_embeddings=8192, bos_token_id=None, eos_token_id=0, pad_token_id=0))
model.generation_config.max_new_tokens = 16
model.generation_config.do_sample = False
model.save_pretrained(sys.argv[1])
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, require: Require) -> Path:
    """A folder with a Llama of one layer that speaks bytes."""
    absent = [name for name in PARTS if importlib.util.find_spec(name) is None]
    require(not absent, ", ".join(absent), "`make test` installs them into .venv-test")
    folder = tmp_path_factory.mktemp("serve") / "tiny"
    subprocess.run(
        [sys.executable, "-c", MAKE, str(folder), TEMPLATE], check=True, capture_output=True, timeout=300
    )
    return folder


@contextlib.contextmanager
def serving(model: Path) -> Iterator[str]:
    """The server's address, while it runs."""
    with listen("127.0.0.1", 0, exact=False) as free:
        url = address(free).rstrip("/")
    command = [
        sys.executable,
        "-m",
        "transformers.cli.transformers",
        "serve",
        str(model),
        "--host",
        "127.0.0.1",
    ]
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(model.parent / "hub"),
        "OMP_NUM_THREADS": "1",
    }
    with (model.parent / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", url.rpartition(":")[2], "--device", "cpu"],
            stdout=log,
            stderr=log,
            env=environment,
        )
    try:
        _wait_for(url, process, model.parent / "log")
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text("utf-8")[-2000:]
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{url}/v1/models", timeout=2, trust_env=False)
            return
        time.sleep(0.5)
    pytest.fail(log.read_text("utf-8")[-2000:])


@pytest.fixture(scope="module")
def url(model: Path) -> Iterator[str]:
    """One server for all tests."""
    with serving(model) as running:
        yield running


def said(url: str, model: Path) -> str:
    """What the server says to the same messages when it is asked without us and without streaming."""
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "屋顶？ Roof?"}]
    body = {"model": str(model), "messages": messages, "temperature": 0.0, "stream": False}
    reply: Any = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=120, trust_env=False).json()
    return str(reply["choices"][0]["message"]["content"])


def idf(words: Sequence[str]) -> Mapping[str, float]:
    """Every word counts the same."""
    return dict.fromkeys(words, 1.0)


def test_what_is_streamed_is_what_the_server_says(url: str, model: Path) -> None:
    """Piece by piece, with and without /v1 at the address; a reply that ends at the server's limit is whole."""
    expected = said(url, model)
    assert expected
    for base in (url, f"{url}/v1/"):
        options = LLMOptions(url=base, model=str(model), timeout_s=120)
        pieces = list(open_llm(options).stream("Be brief.", "屋顶？ Roof?"))
        assert len(pieces) > 1
        assert "".join(pieces).strip("\ufffd\n ") == expected.strip("\ufffd\n ")


def test_an_answer_by_a_random_model_is_checked(url: str, model: Path) -> None:
    """Whatever it babbles: no footnote that is not proven, nothing that acts, nothing called supported."""
    writer = GeneratedWriter(open_llm(LLMOptions(url=url, model=str(model), timeout_s=120)))
    hit = Hit(Chunk("n/a.md", 0, len(NOTE), NOTE, NOTE, "House", (1, 1)), 1.0)
    answer = writer.write(Query("Where does the roof leak?"), [hit], idf)
    assert isinstance(answer, Answer)
    assert answer.writer in {str(model), "extract"}
    if answer.writer != "extract":
        assert not any(entry.supported for entry in answer.support)
        assert "\x1b" not in answer.text
    assert answer.trace.sent[0].notes == ("n/a.md",)


def test_it_is_listed_and_found(url: str, model: Path) -> None:
    """By ``footnotes models``, as reachable with what it serves, and by ``--find`` on its port."""
    settings = Settings(llm=LLMSettings(url=url, model=str(model)))
    entry = next(one for one in listing.entries(settings) if one.role == "language model" and one.configured)
    assert (entry.state, entry.serves) == ("reachable", (str(model),))
    (found,) = finding.local_servers({int(url.rpartition(":")[2]): "transformers"})
    assert (found.kind, found.serves, found.url) == ("openai", (str(model),), url)


def test_a_server_that_goes_is_one_line(model: Path) -> None:
    """Killed between two questions: the answer is the notes' own sentences, and says why."""
    hit = Hit(Chunk("n/a.md", 0, len(NOTE), NOTE, NOTE, "House", (1, 1)), 1.0)
    with serving(model) as url:
        llm = open_llm(LLMOptions(url=url, model=str(model), timeout_s=120))
        assert "".join(llm.stream("a", "b"))
    with pytest.raises(LLMError, match="cannot be reached"):
        list(llm.stream("a", "b"))
    answer = GeneratedWriter(llm).write(Query("Where does the roof leak?"), [hit], idf)
    assert answer.writer == "extract"
    assert "cannot be reached" in answer.trace.notes[0]
