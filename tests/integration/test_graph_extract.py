"""Facts that a language model reads in notes, from the scripted server to the rows of the graph."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from graph import triples as joined
from rag import sending, triples
from rag.cli import graph_extract
from rag.engine import Engine
from rag.errors import ConfigError, LLMError
from rag.llama import reply as replies
from rag.store import extractions
from rag.store.extractions import Extractions, Reading, Triple
from rag.store.rows import text_hash
from rag.triples import Report, estimate, extract, join, work
from tests.integration.llm_server import LLMServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typer.testing import Result

    Command = Callable[..., Result]

ROOT = Path(__file__).resolve().parents[2]
NOTES = {
    "en.md": "# Reading\n\nLu Xun wrote Wild Grass in Beijing between 1924 and 1926.",
    "zh.md": "# 数据库\n\n我们的项目用Qdrant作为向量数据库，它是用Rust写成的，速度很快也很稳定。",
}
ENGLISH = [("Lu Xun", "wrote", "Wild Grass"), ("Lu Xun", "wrote", "Faust")]
CHINESE = [("Qdrant", "用于", "向量数据库")]


def said(*passages: Sequence[tuple[str, str, str]]) -> Reply:
    """A reply in the form that is asked for."""
    told = [
        {"n": n, "triples": [{"subject": s, "predicate": p, "object": o} for s, p, o in one]}
        for n, one in enumerate(passages, 1)
    ]
    return Reply(json.dumps({"passages": told}, ensure_ascii=False), step=200)


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Two notes, one in each language."""
    folder = tmp_path / "vault"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


class Opening:
    """Opens engines over the vault that ask a server."""

    def __init__(self, home: Path, vault: Path) -> None:
        self.home, self.vault = home, vault
        self.engines: list[Engine] = []

    def __call__(self, url: str, **settings: object) -> Engine:
        dotted = {key.replace("__", "."): value for key, value in settings.items()}
        asked = {"llm.url": url, "llm.model": "m", "llm.timeout_s": 5}
        engine = Engine.open(self.home, settings={"embedding.model": "none", **asked, **dotted})
        self.engines.append(engine)
        engine.add_root(self.vault)
        engine.sync()
        return engine


@pytest.fixture
def opened(tmp_path: Path, vault: Path) -> Iterator[Opening]:
    """What opens engines."""
    opening = Opening(tmp_path / "home", vault)
    yield opening
    for engine in opening.engines:
        engine.close()


def run(engine: Engine, limit: int | None = None) -> Report:
    """A whole run."""
    report = Report()
    try:
        extract(engine, work(engine, limit).requests, report)
    finally:
        report.notes = join(engine)
    return report


def relations(engine: Engine) -> set[tuple[str, str, str, str]]:
    """What the graph holds of the model's: name of the note, subject, predicate, object."""
    with engine.catalogue.database.reading() as db:
        found = db.execute(
            "SELECT doc_id, subject_name, predicate, value FROM relations WHERE extractor = 'llm'"
        ).fetchall()
    return {(doc_id.partition("/")[2], *rest) for doc_id, *rest in found}


def spans(engine: Engine) -> dict[str, str]:
    """What stands at each of the model's mentions in its note, by the name that it is said to be."""
    with engine.catalogue.database.reading() as db:
        found = db.execute(
            'SELECT name, substr(text, start + 1, "end" - start) FROM mentions JOIN texts USING (doc_id) '
            "WHERE extractor = 'llm'"
        )
        return dict(found.fetchall())


WHOLE = {("en.md", "Lu Xun", "wrote", "Wild Grass"), ("zh.md", "Qdrant", "用于", "向量数据库")}


def test_facts_come_into_the_graph(opened: Opening) -> None:
    """Each language is asked in its own; what the notes do not say is dropped and counted."""
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        engine = opened(server.url)
        report = run(engine)
        assert run(engine).calls == 0
    assert ["三元组" in request.prompt for request in server.requests] == [False, True]
    assert (report.calls, report.read, report.triples, report.unfounded) == (2, 2, 2, 1)
    assert (report.failed, report.notes) == ({}, 2)
    assert relations(engine) == WHOLE
    assert all(name == text for name, text in spans(engine).items())
    assert {"Lu Xun", "Wild Grass", "Qdrant", "向量数据库"} == set(spans(engine))
    with engine.catalogue.database.reading() as db:
        assert db.execute("SELECT label, shown FROM entities WHERE key = 'lu xun'").fetchone() == (
            "Lu Xun",
            1,
        )
        assert db.execute("SELECT count(*) FROM entities WHERE settled = 0").fetchone() == (0,)


def test_several_passages_go_together(opened: Opening, vault: Path) -> None:
    """As many as the model's context holds, of one language."""
    for n in range(20):
        (vault / f"more{n}.md").write_text(f"Note {n}: Lu Xun wrote Wild Grass, number {n} of the poems.")
    with LLMServer(said(*[ENGLISH[:1]] * 8)) as server:
        engine = opened(server.url)
        assert [len(r.keys) for r in work(engine).requests] == [8, 8, 5, 1]
        little = work(opened(server.url, llm__context_tokens=700)).requests
        assert 1 < max(len(request.keys) for request in little) < 8
        assert [len(r.keys) for r in work(engine, limit=9).requests] in ([8, 1], [7, 1, 1], [8, 1, 1])
        assert work(engine, limit=9).left == 13
        report = run(engine, limit=8)
    assert (report.calls, report.read) in {(1, 8), (2, 8)}


def test_unchanged_passages_keep_their_facts(opened: Opening, vault: Path) -> None:
    """A note that is saved anew, moved or shifted is not asked for again; an edited passage loses what it said."""
    before = "# Reading\n\n" + "Of no interest here at all. " * 100
    after = "\n\n## Books\n\n" + "Lu Xun wrote Wild Grass in Beijing. " * 20
    (vault / "en.md").write_text(before + after, "utf-8")
    with LLMServer(said(ENGLISH[:1] * 3, ENGLISH[:1] * 3, ENGLISH[:1] * 3), said(CHINESE)) as server:
        engine = opened(server.url)
        run(engine)
        assert relations(engine) == WHOLE
        (vault / "en.md").write_text("# Reading\n\nAnother beginning. " + before[11:] + after, "utf-8")
        engine.sync()
        join(engine)
        assert relations(engine) == WHOLE
        assert all(name == text for name, text in spans(engine).items())
        assert 0 < work(engine).passages < 3
        (vault / "zh.md").rename(vault / "db.md")
        engine.sync()
        join(engine)
        assert {name for name, *_ in relations(engine)} == {"en.md", "db.md"}
        (vault / "en.md").write_text(before, "utf-8")
        engine.sync()
        join(engine)
        assert {name for name, *_ in relations(engine)} == {"db.md"}
        assert len(server.requests) == 2
    with Extractions(engine.home) as kept:
        hashes = set(engine.catalogue.text_hashes())
        assert set(kept.reasons("m 1")) <= hashes


def test_a_rebuilt_home_says_the_same(opened: Opening, tmp_path: Path, vault: Path) -> None:
    """Facts are a function of the notes and of what was read: a new home with the old readings has them all."""
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        run(opened(server.url))
        other = tmp_path / "other"
        other.mkdir()
        shutil.copy(tmp_path / "home" / extractions.FILE, other)
        again = Opening(other, vault)
        engine = again(server.url)
        join(engine)
        assert relations(engine) == WHOLE
        assert join(engine) == 0
        engine.close()


def test_another_model_reads_anew_and_replaces(opened: Opening) -> None:
    """Readings are kept by model; the last one counts."""
    with LLMServer(
        said(ENGLISH), said(CHINESE), said([("Lu Xun", "lived in", "Beijing")]), said([])
    ) as server:
        run(opened(server.url))
        engine = opened(server.url, llm__model="m2")
        run(engine)
        assert relations(engine) == {("en.md", "Lu Xun", "lived in", "Beijing")}
        assert work(opened(server.url)).passages == 0


@pytest.mark.parametrize("loss", ["removed", "damaged"])
def test_facts_go_with_the_readings(opened: Opening, loss: str) -> None:
    """Nothing stays in the graph that could not be made again; the notes are simply read anew."""
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        engine = opened(server.url)
        run(engine)
        file = engine.home / extractions.FILE
        for one in engine.home.glob(extractions.FILE + "*"):
            one.unlink()
        if loss == "damaged":
            file.write_bytes(b"no database " * 1000)
        assert join(engine) == 2
        assert relations(engine) == set()
        assert work(engine).passages == 2


def test_a_run_that_was_killed_goes_on(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is kept at once, and comes into the graph with the next sync or run."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        engine = opened(server.url)
        with pytest.raises(KeyboardInterrupt):
            extract(engine, work(engine).requests, Report(), killed)
        assert relations(engine) == set()
        assert work(engine).read == 1
        monkeypatch.setattr(joined, "_DOCUMENTS", 1)
        report = run(engine)
    assert report.calls == 1
    assert relations(engine) == WHOLE


BROKEN = [
    (Reply("I am sorry, I cannot do that."), triples.NO_JSON),
    (Reply('{"passages": [{"n": 1, "triples": [{"subject": "Lu X'), triples.CUT),
    (Reply('{"passages": []}'), triples.LEFT_OUT),
    (Reply('{"passages": [{"n": 1, "triples": [{"wer": "Lu Xun", "was": "wrote"}]}]}'), triples.SENSELESS),
]


@pytest.mark.parametrize(("broken", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
def test_a_passage_that_could_not_be_read_is_told_and_tried_again(
    opened: Opening, broken: Reply, reason: str
) -> None:
    """It is never taken for one that says nothing."""
    with LLMServer(broken, said(CHINESE), said(ENGLISH)) as server:
        engine = opened(server.url)
        report = run(engine)
        assert (report.read, report.failed) == (1, {reason: 1})
        todo = work(engine)
        assert (todo.passages, todo.read) == (1, 1)
        again = run(engine)
    assert (again.read, again.failed) == (1, {})
    assert relations(engine) == WHOLE


def test_thoughts_and_fences_do_not_matter(opened: Opening) -> None:
    """As reasoning models and chat models reply."""
    thoughtful = Reply(f"<think>{{}} hm</think>\nHere:\n```json\n{said(ENGLISH).text}\n```", step=200)
    with LLMServer(thoughtful, said([])) as server:
        report = run(opened(server.url))
    assert (report.read, report.triples, report.failed) == (2, 1, {})


def test_a_failure_between_others_is_the_passages_own(opened: Opening, vault: Path) -> None:
    """The server answers the others, so the run goes on, and the reason is kept."""
    (vault / "fr.md").write_text(
        "Une note: " + "x" * 10_000 + " Lu Xun wrote Wild Grass in Beijing.", "utf-8"
    )
    with LLMServer(said(ENGLISH), Reply(status=500), said(CHINESE)) as server:
        engine = opened(server.url, llm__context_tokens=700)
        assert len(work(engine).requests) > 2
        report = run(engine)
    (reason,) = report.failed
    assert "HTTP 500" in reason
    with Extractions(engine.home) as kept:
        assert list(kept.reasons("m 1").values()).count(reason) == 1


@pytest.mark.parametrize("answers", [0, 1])
def test_a_server_that_is_down_is_one_line(opened: Opening, vault: Path, answers: int) -> None:
    """Nobody is blamed, and what was read before is kept."""
    for n in range(40):
        (vault / f"more{n}.md").write_text(f"Note {n}: Lu Xun wrote Wild Grass, number {n} of the poems.")
    script = [said(*[ENGLISH] * 8)] * answers + [Reply(status=503)]
    with LLMServer(*script) as server:
        engine = opened(server.url)
        with pytest.raises(LLMError, match="HTTP 503"):
            run(engine)
    assert len(server.requests) == answers + 3
    assert (len(relations(engine)) > 0) == bool(answers)
    with Extractions(engine.home) as kept:
        assert set(kept.reasons("m 1").values()) == ({""} if answers else set())


def test_a_server_that_is_not_there(opened: Opening) -> None:
    """A refused connection, even for the only request."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    engine = opened(f"http://127.0.0.1:{port}")
    with pytest.raises(LLMError, match="cannot be reached"):
        run(engine, limit=1)


def test_held_back_notes_are_not_sent(opened: Opening, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those that were private when the work was planned, nor those that became so."""
    monkeypatch.setattr(sending, "is_loopback", lambda _: False)
    (vault / "zh.md").write_text("---\nprivate: true\n---\n" + NOTES["zh.md"], "utf-8")
    with LLMServer(said(ENGLISH)) as server:
        engine = opened(server.url)
        todo = work(engine)
        assert (todo.passages, todo.held_back) == (1, 1)
        report = Report()
        extract(opened(server.url, llm__never_send=("en.md",)), todo.requests, report)
        assert server.requests == []
        assert (report.calls, report.read, report.held_back) == (0, 0, 1)


def test_the_estimate_learns_from_the_first_request(opened: Opening) -> None:
    """Without one there is no time to tell; nothing is asked for an estimate."""
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        engine = opened(server.url)
        todo = work(engine)
        before = estimate(engine, todo)
        assert server.requests == []
        assert (before.passages, before.calls, before.seconds, before.read) == (2, 2, None, 0)
        assert before.tokens_in > 1000
        extract(engine, todo.requests[:1], Report())
        after = estimate(engine, work(engine))
    assert (after.passages, after.calls, after.read) == (1, 1, 1)
    assert after.seconds is not None
    assert 0 < after.seconds < 60
    assert 0 < after.tokens_out < 1000


def test_without_a_model_there_is_nothing_to_ask(tmp_path: Path) -> None:
    """One line with the remedy."""
    with Engine.open(tmp_path / "home") as engine, pytest.raises(ConfigError, match=r"llm\.url"):
        work(engine)


def test_nothing_of_a_forgotten_note_stays(opened: Opening, vault: Path) -> None:
    """Its names are in no file of the home."""
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        engine = opened(server.url)
        run(engine)
        assert engine.forget(vault / "en.md").is_complete
        home = engine.home
        engine.close()
    for path in home.rglob("*"):
        if path.is_file():
            assert b"Wild Grass" not in path.read_bytes(), path


def test_an_endless_reply_is_left(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that repeats itself costs one passage, not the run."""
    monkeypatch.setattr(replies, "LONGEST", 1_000)
    with LLMServer(Reply("again " * 1_000, step=100), said(CHINESE)) as server:
        report = run(opened(server.url))
    assert (report.read, report.failed) == (1, {triples.NO_JSON: 1})


def test_readings_survive_odd_rows(tmp_path: Path) -> None:
    """A row that holds no JSON is damage: the file is begun anew."""
    with Extractions(tmp_path) as kept:
        kept.put("m", [extractions.Reading(b"h")])
        with kept._database.writing() as db:
            db.execute("UPDATE extractions SET triples = '['")
        assert kept.triples([b"h"]) == {}
        assert kept.reasons("m") == {}


def test_short_passages_are_not_asked_for(opened: Opening, vault: Path) -> None:
    """They say no facts; nor does the same text twice cost anything."""
    (vault / "short.md").write_text("Milk, eggs", "utf-8")
    (vault / "sub").mkdir()
    (vault / "sub" / "en.md").write_text(NOTES["en.md"], "utf-8")
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        engine = opened(server.url)
        report: Any = run(engine)
    assert report.calls == 2
    assert {name for name, *_ in relations(engine)} == {"en.md", "sub/en.md", "zh.md"}


# The command


@pytest.fixture
def command(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs ``footnotes graph extract`` over the vault."""
    opened("http://127.0.0.1:9").close()
    monkeypatch.setenv("FOOTNOTES_HOME", str(opened.home))
    monkeypatch.setenv("FOOTNOTES_LLM__MODEL", "m")
    monkeypatch.setenv("FOOTNOTES_EMBEDDING__MODEL", "none")
    app = typer.Typer()
    app.command()(graph_extract.extract)

    def run_(server: LLMServer, *arguments: str, answer: str = "") -> Result:
        monkeypatch.setenv("FOOTNOTES_LLM__URL", server.url)
        return CliRunner().invoke(app, list(arguments), input=answer)

    return run_


def test_the_command_tells_before_and_after(command: Command) -> None:
    """The estimate, its time once a request was made, and what came of it."""
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        done = command(server)
        assert done.exit_code == 0, done.output
        again = command(server)
    before = done.stderr.splitlines()
    assert "2 passages to read in 2 requests" in before[0]
    assert "measured with the first request" in before[1]
    assert "1 passages to read in 1 requests" in before[2]
    assert "as measured so far" in before[3]
    after = done.stdout.splitlines()
    assert after[0].startswith("2 passages read in 2 requests (")
    assert after[0].endswith("2 facts kept, in 2 notes.")
    assert "1 facts dropped" in after[1]
    assert again.stdout == "Nothing to read: 2 passages are read already.\n"


def test_an_estimate_asks_the_model_nothing(command: Command) -> None:
    """Neither in words nor in JSON."""
    with LLMServer(said(ENGLISH)) as server:
        done = command(server, "--estimate")
        as_json = command(server, "--estimate", "--json", "--limit", "1")
        assert server.requests == []
    assert "2 passages to read in 2 requests" in done.stdout
    found = json.loads(as_json.stdout)
    assert (found["passages"], found["calls"], found["left"], found["seconds"]) == (1, 1, 1, None)


@pytest.mark.parametrize(("answer", "calls"), [("n\n", 1), ("y\n", 2)])
def test_a_person_is_asked(
    command: Command, monkeypatch: pytest.MonkeyPatch, answer: str, calls: int
) -> None:
    """After the first request, which tells the time; what it read stays."""
    monkeypatch.setattr(graph_extract, "_is_interactive", lambda: True)
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        done = command(server, answer=answer)
        assert len(server.requests) == calls
        assert done.exit_code == (0 if calls == 2 else 1)
        assert "Go on?" in done.output
        assert f"{calls} passages read" in done.stdout


@pytest.mark.parametrize("flag", ["--yes", "--json"])
def test_nobody_is_asked_who_has_said_yes(
    command: Command, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    """Nor a program that wants JSON; it gets nothing else."""
    monkeypatch.setattr(graph_extract, "_is_interactive", lambda: True)
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        done = command(server, flag)
    assert done.exit_code == 0
    if flag == "--json":
        assert done.stderr == ""
        found = json.loads(done.stdout)
        assert (found["report"]["read"], found["report"]["triples"], found["report"]["notes"]) == (2, 2, 2)
        assert found["estimate"]["passages"] == 2


def test_failures_are_listed_by_reason(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the reader's words."""
    monkeypatch.setattr(sending, "is_loopback", lambda _: False)
    with LLMServer(*(broken for broken, _ in BROKEN[:2])) as server:
        done = command(server, "--yes")
    assert "1 passages could not be read: the reply holds no JSON" in done.stdout
    assert "1 passages could not be read: the reply stops halfway" in done.stdout
    assert "The next run tries them again" in done.stdout


def test_a_server_that_is_down_ends_the_command(command: Command) -> None:
    """With the error, which main() prints as one line; nothing is said to be read."""
    with LLMServer(Reply(status=503)) as server:
        done = command(server, "--yes")
    assert isinstance(done.exception, LLMError)
    assert "HTTP 503" in str(done.exception)
    assert "read" not in done.stdout


def test_held_back_passages_are_told(command: Command, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the estimate, and after the run."""
    monkeypatch.setattr(sending, "is_loopback", lambda _: False)
    monkeypatch.setenv("FOOTNOTES_LLM__NEVER_SEND", "zh.md")
    assert (vault / "zh.md").exists()
    with LLMServer(said(ENGLISH)) as server:
        before = command(server, "--estimate")
        after = command(server, "--yes")
    assert len(server.requests) == 1
    for done in (before, after):
        assert "1 passages are held back" in done.stdout


def test_ctrl_c_keeps_what_was_read(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, the exit code that shells know, and the facts so far in the graph."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(graph_extract, "_progress", stopped)
    with LLMServer(said(ENGLISH), said(CHINESE)) as server:
        done = command(server, "--yes")
        assert done.exit_code == 130
        assert "Stopped." in done.stderr
        assert "2 passages read" in done.stdout
        assert "Nothing to read" in command(server, "--yes").stdout


def test_a_killed_process_costs_one_request(command: Command, tmp_path: Path) -> None:
    """Killed while the model writes: what it had read is there, and is not asked for again."""
    code = "import typer; from rag.cli.graph_extract import extract; typer.run(extract)"
    with LLMServer(said(ENGLISH), Reply(fault="hang"), said(CHINESE)) as server:
        environment = {**os.environ, "FOOTNOTES_LLM__URL": server.url, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([sys.executable, "-c", code, "--yes"], env=environment, cwd=tmp_path)
        until = time.monotonic() + 60
        while len(server.requests) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
        process.wait()
        done = command(server, "--yes")
        assert len(server.requests) == 3
    assert done.stdout.startswith("1 passages read in 1 requests")


def test_the_command_line_knows_it(command: Command) -> None:
    """As a person calls it: one clear line where the server is down, and exit code 1."""
    with LLMServer(Reply(status=503)) as server:
        assert command(server, "--estimate").exit_code == 0
        done = subprocess.run(
            [sys.executable, "-c", "from rag.cli import main; main()", "graph", "extract", "--json"],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            timeout=120,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "HTTP 503" in done.stderr
    assert json.loads(done.stdout)["report"]["read"] == 0


# However the notes and the readings came to be there


def told(engine: Engine) -> list[tuple[object, ...]]:
    """All rows of the model's, by note and span."""
    with engine.catalogue.database.reading() as db:
        return sorted(
            db.execute(
                "SELECT m.doc_id, c.doc_id, m.start - c.start, m.name, m.kind FROM mentions m "
                "LEFT JOIN chunks c ON c.key = m.chunk WHERE extractor = 'llm' UNION ALL "
                "SELECT doc_id, subject_name, start, predicate || value, '' FROM relations WHERE extractor = 'llm'"
            ).fetchall(),
            key=repr,
        )


def read_some(engine: Engine, chance: random.Random) -> None:
    """As if a model had read some of the passages."""
    batches, _ = engine.catalogue.all_chunks()
    with Extractions(engine.home) as kept:
        known = kept.reasons("m 1")
        for chunk in (chunk for batch in batches for chunk in batch):
            mark = text_hash(chunk.index_text)
            if mark not in known and chance.random() < 0.3:
                names = sorted(name for name in PEOPLE if name in chunk.text)
                found = [Triple(a, "person", "knows", b, "person") for a, b in pairwise(names)]
                kept.put("m 1", [Reading(mark, tuple(found), "" if chance.random() < 0.8 else triples.CUT)])


PEOPLE = ("Ada", "Bo", "Chen", "Dora", "Emil", "小明", "小红")


def test_the_graph_follows_any_history(
    opened: Opening, tmp_path: Path, vault: Path, soak: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After every sync it holds what a new home over the same notes, with the same readings, would hold."""
    monkeypatch.setattr(joined, "_DOCUMENTS", 3)
    chance = random.Random(7)
    engine = opened("http://127.0.0.1:9", sync__workers=0)
    for n in range(8):
        write(vault / f"{n}.md", chance)
    for step in range(200 if soak else 12):
        for _ in range(3):
            change(vault, chance)
        engine.sync(accept_deletions=True)
        read_some(engine, chance)
        join(engine)
        other = tmp_path / f"home{step}"
        other.mkdir()
        shutil.copy(engine.home / extractions.FILE, other)
        with Opening(other, vault)("http://127.0.0.1:9", sync__workers=0) as fresh:
            join(fresh)
            assert told(engine) == told(fresh)
        shutil.rmtree(other)
    assert told(engine)


def change(vault: Path, chance: random.Random) -> None:
    """Write, lengthen, move or delete a note."""
    path = vault / f"{chance.randrange(8)}.md"
    kind = chance.choice(["write", "lengthen", "lengthen", "move", "delete"])
    if kind == "write":
        write(path, chance)
    elif path.exists():
        if kind == "lengthen":
            path.write_text(path.read_text("utf-8").replace("# Note\n", "# Note\n\nBo first.\n", 1), "utf-8")
        elif kind == "move":
            path.replace(vault / f"{chance.randrange(8)}.md")
        else:
            path.unlink()


def write(path: Path, chance: random.Random) -> None:
    """A note of some passages, each naming three people."""
    sections = [
        f"## Part {n}\n\n{' and '.join(chance.sample(PEOPLE, 3))} met. " + "Nothing more. " * 100
        for n in range(chance.randrange(1, 4))
    ]
    path.write_text("\n\n".join(["# Note", *sections]), "utf-8")
