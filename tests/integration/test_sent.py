"""What leaves for a language model: shown beforehand, told afterwards, without secrets beyond this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rag import present
from rag.answering import preview
from rag.asking import Asked
from rag.cli import main
from rag.engine import Engine
from rag.errors import LLMError
from rag.llama import llm
from rag.llama.llm import LLMOptions, open_llm
from tests.integration.embedding_server import EmbeddingServer
from tests.integration.llm_server import LLMServer, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOF = "# House\n\nThe roof of the house leaks. The plumber's account has the password: tomato-99-lamp"
DIARY = "---\nprivate: true\n---\n# Diary\n\nThe roof of the house makes me cry."
QUESTION = "What about the roof of the house?"
SET = ("--set", "embedding.model=none", "--set", "llm.model=m")


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Two notes, one private, one with a password."""
    folder = tmp_path / "vault"
    folder.mkdir()
    (folder / "house.md").write_text(ROOF, "utf-8")
    (folder / "diary.md").write_text(DIARY, "utf-8")
    return folder


@pytest.fixture
def home(vault: Path, tmp_path: Path) -> Path:
    """A home that has read them."""
    with Engine.open(tmp_path / "home", settings={"embedding.model": "none"}) as engine:
        engine.add_root(vault)
        engine.sync()
    return tmp_path / "home"


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    """With a model that is said to be beyond this machine; whoever reaches out for it fails the test."""
    settings = {"embedding.model": "none", "llm.url": "http://me:s3cret@llm.example:8080", "llm.model": "m"}
    with Engine.open(home, settings=settings) as opened:
        yield opened


def run(monkeypatch: pytest.MonkeyPatch, *command: str) -> None:
    """A command of the terminal."""
    monkeypatch.setattr("sys.argv", ["footnotes", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in {0, None}


def test_the_prompt_is_shown_and_nothing_is_sent(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the address, without what must stay: private notes, secrets, a password in the address."""
    where = ("--set", "llm.url=http://me:s3cret@llm.example:8080")
    run(monkeypatch, "ask", QUESTION, "--show-prompt", "--home", str(home), *SET, *where)
    out, err = capsys.readouterr()
    assert '<note n="1" title="House"' in out
    assert "> The roof of the house leaks." in out
    assert "‹masked›" in out
    assert "http://llm.example:8080, beyond this machine" in err
    assert "1 notes, 1 secrets masked" in err
    assert "vault/house.md" in err
    for hidden in ("tomato", "cry", "s3cret"):
        assert hidden not in out + err
    run(monkeypatch, "ask", QUESTION, "--show-prompt", "--json", "--home", str(home), *SET, *where)
    shown = json.loads(capsys.readouterr().out)
    assert (shown["server"], shown["far"], shown["notes"]) == (
        "http://llm.example:8080",
        True,
        ["vault/house.md"],
    )


def test_what_is_shown_is_what_is_sent(home: Path) -> None:
    """Word for word."""
    with LLMServer(Reply("It leaks [1].")) as server:
        settings = {"embedding.model": "none", "llm.url": server.url, "llm.model": "m"}
        with Engine.open(home, settings=settings) as engine:
            shown = preview(engine, Asked(QUESTION))
            assert server.requests == []
            answer = engine.ask(QUESTION)
    assert shown is not None
    assert server.requests[0].prompt == f"{shown.system}\n{shown.text}"
    (sent,) = answer.trace.sent
    assert (sent.server, sent.far, sent.masked) == (server.url, False, 1)
    assert set(sent.notes) == {"vault/house.md", "vault/diary.md"}


def test_every_answer_says_which_server_saw_which_notes(engine: Engine) -> None:
    """Also where it failed after that; with the notes that it was not shown, and secrets that it was not."""
    with LLMServer(Reply("It leaks [1]."), Reply(status=500)) as server:
        writer = engine.generator
        assert writer is not None
        writer.llm = open_llm(LLMOptions(url=server.url, model="m"))  # it is answered here
        answers = [engine.ask(QUESTION), engine.ask(QUESTION)]
    told = {
        "server": "http://llm.example:8080",
        "model": "m",
        "far": True,
        "notes": ["vault/house.md"],
        "masked": 1,
        "held_back": 1,
    }
    assert [present.answer(answer)["trace"]["sent"] for answer in answers] == [[told], [told]]
    assert [answer.writer for answer in answers] == ["m", "extract"]
    assert "tomato" not in str([request.body for request in server.requests])


def test_a_reranking_server_saw_notes_too(home: Path) -> None:
    """It reads passages, so it is told of; before the model that writes."""
    with LLMServer(Reply("It leaks [1].")) as chat, EmbeddingServer() as ranks:
        servers = {"llm.url": chat.url, "llm.model": "m", "rerank.url": ranks.url, "rerank.model": "r"}
        with Engine.open(home, settings={"embedding.model": "none", **servers}) as engine:
            answer = engine.ask(QUESTION)
            found = engine.search(QUESTION)
    assert [(sent.server, sent.model) for sent in answer.trace.sent] == [(ranks.url, "r"), (chat.url, "m")]
    assert found.trace.sent == answer.trace.sent[:1]
    read = {text for request in ranks.requests for text in request.texts}
    assert len(read) == len(answer.trace.sent[0].notes) == 2


def test_without_a_model_nothing_would_be_sent(home: Path) -> None:
    """It is said so."""
    with Engine.open(home, settings={"embedding.model": "none"}) as engine:
        assert engine.ask(QUESTION).trace.sent == ()
        with pytest.raises(LLMError, match=r"llm\.url"):
            preview(engine, Asked(QUESTION))


@pytest.mark.parametrize("far", [True, False])
def test_secrets_stay_whoever_asks(monkeypatch: pytest.MonkeyPatch, far: bool) -> None:
    """Every prompt goes through one door: a plan's, a follow-up's, the graph's; this machine may read its own secrets."""
    monkeypatch.setattr(llm, "is_loopback", lambda _: not far)
    with LLMServer(Reply("ok")) as server:
        list(open_llm(LLMOptions(url=server.url, model="m")).stream("PIN: 4471", "My password is tomato-99."))
    sent: Any = server.requests[0].prompt
    assert ("4471" in sent, "tomato-99" in sent) == ((False, False) if far else (True, True))
