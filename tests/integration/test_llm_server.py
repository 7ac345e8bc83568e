"""Language models over real sockets: every way in which a server can fail is one clear line."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from rag.answer.generate import GeneratedWriter
from rag.answer.packing import estimated_tokens
from rag.errors import LLMError
from rag.llama import llm
from rag.llama.llm import LLMOptions, open_llm, patiently
from rag.types import Answer, Chunk, Hit, Query
from tests.integration.llm_server import OLLAMA, OPENAI, LLMServer, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    Kind = Literal["openai", "ollama"]

KINDS = ("openai", "ollama")
NOTE = "The roof leaks near the chimney. The kitchen cost 32000."


def ask(server: LLMServer, kind: Kind = "openai", **more: object) -> str:
    """One whole reply."""
    options = LLMOptions(url=server.url, model="m", kind=kind, **{"timeout_s": 5.0, **more})  # type: ignore[arg-type]
    return "".join(patiently(open_llm(options), "system words", "prompt words"))


def hit() -> Hit:
    """One passage of one note."""
    return Hit(Chunk("notes/a.md", 0, len(NOTE), NOTE, NOTE, "House", (1, 1)), 1.0)


def idf(words: Sequence[str]) -> Mapping[str, float]:
    """Every word counts the same."""
    return dict.fromkeys(words, 1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_arrives_piece_by_piece(kind: Kind) -> None:
    """The pieces joined are the reply; the prompt, the model and the context size went out."""
    with LLMServer(Reply("屋顶漏水 [1]. It leaks.")) as server:
        options = LLMOptions(url=server.url, model="qwen", kind=kind, context_tokens=4321)
        pieces = list(open_llm(options).stream("system words", "prompt words"))
    assert "".join(pieces) == "屋顶漏水 [1]. It leaks."
    assert len(pieces) > 3
    (request,) = server.requests
    assert request.path == (OPENAI if kind == "openai" else OLLAMA)
    assert request.prompt == "system words\nprompt words"
    assert request.body["model"] == "qwen"
    if kind == "ollama":
        assert request.body["options"]["num_ctx"] == 4321


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (307, "HTTP 307"),
        (401, "FOOTNOTES_LLM__API_KEY"),
        (404, "does not know the model 'm'"),
        (400, "HTTP 400"),
    ],
)
def test_a_refusal_names_the_address_and_the_remedy(kind: Kind, status: int, remedy: str) -> None:
    """One line, asked once: what will not change is not retried, and no redirect is followed."""
    with LLMServer(Reply(status=status)) as server, pytest.raises(LLMError) as caught:
        ask(server, kind)
    assert remedy in str(caught.value)
    assert server.url in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(server.requests) == 1


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which take no time."""
    slept: list[float] = []
    monkeypatch.setattr("rag.llama.llm.time.sleep", slept.append)
    return slept


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "remedy"), [(429, "takes no more requests"), (500, "HTTP 500"), (503, "HTTP 503")]
)
def test_a_busy_server_is_asked_three_times(
    kind: Kind, status: int, remedy: str, pauses: list[float]
) -> None:
    """With growing pauses; then it is one line."""
    with LLMServer(Reply(status=status)) as server, pytest.raises(LLMError, match=remedy) as caught:
        ask(server, kind)
    assert type(caught.value) is LLMError
    assert len(server.requests) == 3
    assert pauses == [0.5, 2.0]
    with LLMServer(Reply(status=status)) as server, pytest.raises(LLMError, match=remedy):
        list(open_llm(LLMOptions(url=server.url, model="m", kind=kind)).stream("s", "p"))
    assert len(server.requests) == 1  # who asks for many things counts failures himself


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_was_busy_for_a_moment_answers(kind: Kind, pauses: list[float]) -> None:
    """Nobody notices."""
    with LLMServer(Reply(status=503), Reply("fine")) as server:
        assert ask(server, kind) == "fine"
    assert pauses == [0.5]


def test_a_server_says_how_long_to_wait(pauses: list[float]) -> None:
    """Seconds are waited; where they are many, the answer does not wait at all."""
    with LLMServer(Reply(status=429, wait="3"), Reply("fine")) as server:
        assert ask(server) == "fine"
    assert pauses == [3.0]
    with LLMServer(Reply(status=429, wait="60")) as server, pytest.raises(LLMError, match="HTTP 429"):
        ask(server)
    assert (len(server.requests), len(pauses)) == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_who_stops_reading_stops_the_server(kind: Kind) -> None:
    """The connection is closed, so that a model does not write on for nobody."""
    with LLMServer(Reply("on and on. ", fault="endless")) as server:
        options = LLMOptions(url=server.url, model="m", kind=kind, timeout_s=5.0)
        stream = open_llm(options).stream("s", "p")
        assert next(stream) == "on and on. "
        stream.close()  # type: ignore[attr-defined]
        assert server.client_gone.wait(5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_does_not_stop_is_stopped(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """After more than any answer needs."""
    monkeypatch.setattr(llm, "_LONGEST_REPLY", 1000)
    with LLMServer(Reply("on and on. ", fault="endless")) as server:
        with pytest.raises(LLMError, match="does not stop"):
            ask(server, kind)
        assert server.client_gone.wait(5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>hello</html>",
        b'data: {"choices": [\n\n',
        b'data: {"choices": "\xff\xfe"}\n\n',
        b"[1, 2]\n",
    ],
    ids=["empty", "html", "broken json", "broken utf-8", "a list"],
)
def test_what_is_no_answer_is_said_to_be_none(kind: Kind, raw: bytes) -> None:
    """Broken UTF-8, broken JSON and other pages are one line about llm.kind and llm.url."""
    with LLMServer(Reply(raw=raw)) as server, pytest.raises(LLMError, match=r"llm\.kind and llm\.url"):
        ask(server, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["halt", "abort"])
def test_half_an_answer_is_an_error(kind: Kind, fault: Literal["halt", "abort"]) -> None:
    """A stream that ends early is noticed, even where the connection closes cleanly."""
    server = LLMServer(Reply("a long enough answer", fault=fault))
    with server, pytest.raises(LLMError, match="stopped in the middle"):
        ask(server, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_silent_server_is_given_up(kind: Kind) -> None:
    """After timeout_s of silence there is one line that names the setting."""
    with (
        LLMServer(Reply(fault="hang")) as server,
        pytest.raises(LLMError, match=r"silent for 0.2 s.*timeout_s"),
    ):
        ask(server, kind, timeout_s=0.2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_not_there(kind: Kind) -> None:
    """A refused connection is one line."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    options = LLMOptions(url=f"http://127.0.0.1:{port}", model="m", kind=kind)
    with pytest.raises(LLMError, match="cannot be reached"):
        list(open_llm(options).stream("s", "p"))


@pytest.mark.parametrize("kind", KINDS)
def test_loopback_needs_no_proxy(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead proxies in the environment do not stand between us and this machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with LLMServer(Reply("fine")) as server:
        assert ask(server, kind) == "fine"


@pytest.mark.parametrize("kind", KINDS)
def test_other_servers_are_reached_through_the_proxy(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server beyond loopback is asked through the user's proxy, and nowhere else."""
    with LLMServer(Reply("never read")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        options = LLMOptions(url="http://llm.invalid:8080", model="m", kind=kind, timeout_s=5)
        with pytest.raises(LLMError, match=r"http://llm\.invalid:8080"):
            list(open_llm(options).stream("s", "p"))
    assert proxy.requests[0].path.startswith("http://llm.invalid:8080/")


@pytest.mark.parametrize("kind", KINDS)
def test_an_unusable_proxy_is_one_line(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPX cannot speak to a SOCKS proxy without another package: say so."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "socksio", None)  # as if it were not installed
    options = LLMOptions(url="http://llm.invalid:8080", model="m", kind=kind, timeout_s=5)
    with pytest.raises(LLMError, match=r"httpx\[socks\]"):
        list(open_llm(options).stream("s", "p"))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_about_this_machine_goes_out(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, organisation or header of the environment, and no client details, reach the server."""
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, "leaked")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-team: leaked")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    with LLMServer(Reply("fine")) as server:
        assert ask(server, kind) == "fine"
    headers = {name.casefold(): value for name, value in server.requests[0].headers.items()}
    assert "leaked" not in str(headers)
    assert headers.keys() <= {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
    } | {"user-agent"}
    assert headers["user-agent"] == "footnotes"


@pytest.mark.parametrize("kind", KINDS)
def test_the_configured_key_is_sent(kind: Kind) -> None:
    """A key of the settings goes to the server, and not into messages or representations."""
    with LLMServer(Reply("fine")) as server:
        ask(server, kind, api_key="s3cret")
    headers = {name.casefold(): value for name, value in server.requests[0].headers.items()}
    assert headers["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize("kind", KINDS)
def test_the_writer_answers_with_proven_citations(kind: Kind) -> None:
    """From a socket to a verified Answer: thoughts and invented markers are gone, the quote is exact."""
    with LLMServer(Reply("<think>[2]?</think>The roof leaks [1][7].", step=2)) as server:
        model = open_llm(LLMOptions(url=server.url, model="m", kind=kind))
        answer = GeneratedWriter(model).write(Query("What leaks?"), [hit()], idf)
    assert answer.text == "The roof leaks [1]."
    assert answer.removed_markers == 1
    assert [citation.quote for citation in answer.citations] == ["The roof leaks near the chimney."]
    assert answer.support[0].supported


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=429),
        Reply(status=500),
        Reply(status=404),
        Reply(fault="hang"),
        Reply("The roof leaks [1]. And", fault="halt"),
        Reply("The roof leaks [1]. And", fault="abort"),
        Reply(""),
        Reply("<think>The roof leaks [1]."),
        Reply(raw=b"<html>hello</html>"),
        Reply(raw=b'data: {"choices": "\xff\xfe"}\n\n'),
    ],
    ids=["429", "500", "404", "hang", "halt", "abort", "empty", "only thoughts", "rubbish", "broken utf-8"],
)
def test_a_failure_leaves_the_extractive_answer(kind: Kind, reply: Reply) -> None:
    """Whatever the server does, the question is answered from the notes, and one line of the answer says what happened."""
    with LLMServer(reply) as server:
        writer = GeneratedWriter(open_llm(LLMOptions(url=server.url, model="m", kind=kind, timeout_s=0.5)))
        *_, answer = writer.stream(Query("Where does the roof leak?"), [hit()], idf)
    assert isinstance(answer, Answer)
    assert answer.writer == "extract"
    assert answer.text.startswith("The roof leaks near the chimney. [1]")
    (note,) = answer.trace.notes
    assert "did not finish" in note
    assert "\n" not in note
    assert answer.trace.sent[0].notes == ("notes/a.md",)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    "reply",
    [
        "<think>[2] maybe [3]</think>The roof leaks [1].",
        "<thinking>a</thinking><THINK>b</THINK>The roof leaks [1].",
        "First I think [1]. Then [7]. </think>The roof leaks [1].",
        "The roof leaks 【1】. <think>and so on [9]",
    ],
    ids=["closed", "others", "without its beginning", "unclosed"],
)
def test_thoughts_are_no_answer(kind: Kind, step: int, reply: str) -> None:
    """However the stream cuts them; their markers are nobody's."""
    with LLMServer(Reply(reply, step=step)) as server:
        model = open_llm(LLMOptions(url=server.url, model="m", kind=kind))
        answer = GeneratedWriter(model).write(Query("What leaks?"), [hit()], idf)
    assert answer.text.strip() == "The roof leaks [1]."
    assert answer.removed_markers == 0
    assert len(answer.citations) == len(answer.support) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_never_exceeds_the_context(kind: Kind) -> None:
    """What Ollama would cut off in silence is left out here, and told; a question that cannot fit is not sent."""
    long = "漏水的屋顶。" * 300
    hits = [
        Hit(Chunk(f"n/{n}.md", 0, len(long), long, long, f"Note {n}", (1, 1)), 1.0 - n / 10) for n in range(5)
    ]
    with LLMServer(Reply("漏水 [1]。")) as server:
        writer = GeneratedWriter(
            open_llm(LLMOptions(url=server.url, model="m", kind=kind, context_tokens=2048)),
            context_tokens=2048,
        )
        writer.write(Query("屋顶？"), hits, idf)
        assert estimated_tokens(server.requests[0].prompt) <= 2048 - 300
        answer = writer.write(Query("屋顶？" * 300), hits, idf)
        assert estimated_tokens(server.requests[1].prompt) <= 2048 - 300
        refused = writer.write(Query("屋顶？" * 2000), hits, idf)
    assert answer.writer == "m"
    assert "少读了 4 段" in answer.trace.notes[0]
    assert len(server.requests) == 2
    assert refused.writer == "extract"
    assert "llm.context_tokens = 2048" in refused.trace.notes[0]
    assert refused.trace.sent == ()
