"""Notes that never enter a prompt for a server beyond this machine. The server is scripted, and said to be elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag import images, sending
from rag.engine import Engine
from rag.errors import ConfigError
from rag.sending import held_back
from rag.settings import LLMSettings
from tests.integration.llm_server import LLMServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Opened = Callable[..., Engine]

PUBLIC, HIDDEN = "public.md", "hidden.md"
NOTES = {
    PUBLIC: "# Public\n\nThe roof of the house was painted green.",
    HIDDEN: "---\nprivate: true\n---\n# Hidden\n\nThe roof of the house leaks near the chimney.",
}
QUESTION = "Where does the roof of the house leak?"
FAR = "http://llm.example:8080"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens an engine over notes, by name and text."""
    engines: list[Engine] = []

    def open_(notes: dict[str, str], **settings: object) -> Engine:
        vault = tmp_path / "vault"
        for name, text in notes.items():
            path = vault / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        dotted = {key.replace("__", "."): value for key, value in settings.items()}
        engine = Engine.open(tmp_path / "home", settings={"embedding.model": "none", **dotted})
        engines.append(engine)
        engine.add_root(vault)
        engine.sync()
        return engine

    yield open_
    for engine in engines:
        engine.close()


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripted server counts as one beyond this machine."""
    monkeypatch.setattr(sending, "is_loopback", lambda _: False)


def held(engine: Engine, *never_send: str, url: str | None = FAR) -> set[str]:
    """Names of the notes that are held back."""
    llm = LLMSettings(url=url, model="m", never_send=never_send)
    ids = [row.id for row in engine.files()]
    return {doc_id.partition("/")[2] for doc_id in held_back(engine.catalogue, llm, ids)}


@pytest.mark.usefixtures("far")
def test_a_private_note_never_enters_the_prompt(opened: Opened) -> None:
    """The model answers from the others; the answer says how many it was not shown."""
    with LLMServer(Reply("The roof was painted green [1].")) as server:
        answer = opened(NOTES, llm__url=server.url, llm__model="m").ask(QUESTION)
    assert "painted green" in server.requests[0].prompt
    for request in server.requests:
        assert "leaks" not in str(request.body)
        assert "Hidden" not in str(request.body)
    assert answer.writer == "m"
    assert {hit.chunk.title for hit in answer.hits} == {"Public", "Hidden"}
    assert any("1 notes were held back" in note for note in answer.trace.notes)


def test_a_server_on_this_machine_sees_everything(opened: Opened) -> None:
    """Nothing is held back from it, and nothing said of it."""
    with LLMServer(Reply("The roof leaks near the chimney [1].")) as server:
        answer = opened(NOTES, llm__url=server.url, llm__model="m").ask(QUESTION)
    assert "leaks near the chimney" in server.requests[0].prompt
    assert answer.trace.notes == ()


@pytest.mark.usefixtures("far")
def test_what_the_model_was_not_shown_answers_where_it_found_nothing(opened: Opened) -> None:
    """The private note's own sentence, taken from it here; nothing of it has left."""
    with LLMServer(Reply("The notes do not say.")) as server:
        answer = opened(NOTES, llm__url=server.url, llm__model="m").ask(QUESTION)
    assert "leaks" not in str([request.body for request in server.requests])
    assert (answer.writer, answer.abstained) == ("extract", False)
    assert [c.quote for c in answer.citations] == ["The roof of the house leaks near the chimney."]
    assert "held back" in answer.trace.notes[0]


@pytest.mark.usefixtures("far")
def test_the_models_own_words_stay_where_the_private_notes_do_not_say_either(opened: Opened) -> None:
    """Then nobody knows."""
    with LLMServer(Reply("The notes do not say.")) as server:
        answer = opened(NOTES, llm__url=server.url, llm__model="m").ask(
            "Which roof did Napoleon's horse eat?"
        )
    assert (answer.writer, answer.abstained) == ("m", True)


@pytest.mark.usefixtures("far")
def test_nothing_is_asked_where_all_is_held_back(opened: Opened) -> None:
    """The answer is the extract."""
    with LLMServer(Reply("never read")) as server:
        answer = opened({HIDDEN: NOTES[HIDDEN]}, llm__url=server.url, llm__model="m").ask(QUESTION)
    assert server.requests == []
    assert answer.citations[0].quote == "The roof of the house leaks near the chimney."
    assert "1 notes" in answer.trace.notes[0]


@pytest.mark.usefixtures("far")
def test_a_failing_server_leaves_the_extract_of_everything(opened: Opened) -> None:
    """Extracts are made here: they need to hold nothing back."""
    with LLMServer(Reply(status=500)) as server:
        answer = opened(NOTES, llm__url=server.url, llm__model="m").ask(QUESTION)
    assert "leaks" not in str([request.body for request in server.requests])
    assert answer.citations[0].quote == "The roof of the house leaks near the chimney."
    assert len(answer.trace.notes) == 2


def test_patterns_name_paths(opened: Opened) -> None:
    """As .gitignore has them, from the root or with its name; the last that matches decides."""
    engine = opened({"diary/2023/a.md": "a", "diary/b.txt": "b", "work/c.md": "c", "d.md": "d"})
    everything = {"diary/2023/a.md", "diary/b.txt", "work/c.md", "d.md"}
    assert held(engine) == set()
    assert held(engine, "diary/") == {"diary/2023/a.md", "diary/b.txt"}
    assert held(engine, "/diary") == {"diary/2023/a.md", "diary/b.txt"}
    assert held(engine, "*.txt") == {"diary/b.txt"}
    assert held(engine, "vault/work/**") == {"work/c.md"}
    assert held(engine, "vault/") == everything
    assert held(engine, "*", "!d.md") == everything - {"d.md"}
    assert held(engine, "vault/*", "!/vault/work") == everything - {"work/c.md"}
    assert held(engine, "diary/", url="http://127.0.0.1:8080/v1") == set()
    assert held(engine, "diary/", url=None) == {"diary/2023/a.md", "diary/b.txt"}


def test_patterns_name_tags(opened: Opened) -> None:
    """With or without #, in any case, and the tags below them; not those that only begin alike."""
    engine = opened(
        {"a.md": "#Private/Health x", "b.md": "---\ntags: [private]\n---\nx", "c.md": "#privateer x"}
    )
    assert held(engine, "tag:private") == {"a.md", "b.md"}
    assert held(engine, "tag:#PRIVATE") == {"a.md", "b.md"}
    assert held(engine, "tag:private/health") == {"a.md"}


@pytest.mark.parametrize(
    ("front", "is_held"),
    [
        ("private: true", True),
        ("Private: yes", True),
        ('private: "true"', True),
        ("private: 1", True),
        ("private: false", False),
        ("private:", False),
        ("privacy: true", False),
        ("private: true\ntitle: [broken", True),
        ("title: 'a\n\tb: [\nprivate: true", True),
    ],
)
def test_front_matter_says_private(opened: Opened, front: str, is_held: bool) -> None:
    """However it is written; also where the front matter cannot be read."""
    assert held(opened({"a.md": f"---\n{front}\n---\nx"})) == ({"a.md"} if is_held else set())


def test_broken_toml_may_say_private(opened: Opened) -> None:
    """Nothing of it can be read, so its words decide."""
    assert held(opened({"a.md": "+++\nprivate = true\ntitle = broken\n+++\nx"})) == {"a.md"}


def test_an_image_goes_with_the_notes_that_show_it(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words are a part of them."""
    engine = opened({**NOTES, "scan.md": "the words of a picture"})
    with engine.catalogue.database.writing() as db:
        db.execute("UPDATE documents SET format = 'image' WHERE id = 'vault/scan.md'")
    shown_by: dict[str, tuple[str, ...]] = {"vault/scan.md": ("vault/public.md",)}
    monkeypatch.setattr(images, "notes_of", lambda _, doc_id: shown_by[doc_id])
    assert held(engine) == {HIDDEN}
    shown_by["vault/scan.md"] = ("vault/public.md", "vault/hidden.md")
    assert held(engine) == {HIDDEN, "scan.md"}
    llm = LLMSettings(url=FAR, model="m")
    assert held_back(engine.catalogue, llm, ["vault/scan.md"]) == {"vault/scan.md"}


def test_a_note_that_went_meanwhile_is_held_back(opened: Opened) -> None:
    """Nobody can tell any more what it was."""
    engine = opened({"a.md": "a"})
    llm = LLMSettings(url=FAR, model="m")
    assert held_back(engine.catalogue, llm, ["vault/gone.md", "vault/a.md"]) == {"vault/gone.md"}


@pytest.mark.parametrize("wrong", ["tag:", "tag:#", "/", "!"])
def test_a_wrong_pattern_is_told(opened: Opened, wrong: str) -> None:
    """Before anything is sent; wherever the server is."""
    engine = opened({"a.md": "a"})
    with pytest.raises(ConfigError, match=r"llm\.never_send"):
        held(engine, wrong, url="http://127.0.0.1:1")


def test_many_notes_are_judged(opened: Opened) -> None:
    """More than one statement of SQL can ask for."""
    engine = opened({"a.md": "a", HIDDEN: NOTES[HIDDEN]})
    llm = LLMSettings(url=FAR, model="m")
    ids = [f"vault/{n}.md" for n in range(2_000)]
    assert held_back(engine.catalogue, llm, [*ids, "vault/a.md", "vault/hidden.md"]) == {
        *ids,
        "vault/hidden.md",
    }
