"""Changing the model loses nothing: built beside, switched at once, kept to go back to; no ghost on any way."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag import live
from rag.cli import main
from rag.errors import BusyError, ModelError
from rag.home import Home
from rag.models import transformer
from rag.store import follow
from tests.integration.counting_embedder import KILLED, CountingEmbedder
from tests.integration.finding import STAGES

if TYPE_CHECKING:
    from footnotes import Engine

REPOSITORY = Path(__file__).parents[2]
KILLS = 120 if os.environ.get("FOOTNOTES_SOAK") else 4
WORDS = ("apple", "zebra", "walnut", "quartz", "cello", "harbour", "lantern", "meadow", "pepper", "saddle")


@pytest.fixture(autouse=True)
def _fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """``embedding.model`` loads the fake, whatever its name."""
    monkeypatch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)
    for name, value in {"embedded": 0, "weights": "", "pause": 0.0, "dimension": 256}.items():
        monkeypatch.setattr(CountingEmbedder, name, value)
    monkeypatch.setattr(CountingEmbedder, "gone", frozenset())


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A note for each word."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for word in WORDS:
        write(folder, word)
    return folder


def write(folder: Path, word: str, text: str = "stands here") -> None:
    """A note about a word."""
    (folder / f"{word}.md").write_text(f"# {word}\n\nThe {word} {text}.\n", encoding="utf-8")


def opened(home: Path, model: str) -> Engine:
    """The home with a model in its settings."""
    return footnotes.open(home, settings={"embedding.model": model})


def start(home: Path, notes: Path, model: str = "a") -> None:
    """A synced home whose model is live."""
    with opened(home, model) as engine:
        engine.add_root(notes)
        engine.sync()


def embedded() -> int:
    """Texts embedded since the last call."""
    count, CountingEmbedder.embedded = CountingEmbedder.embedded, 0
    return count


def check(engine: Engine, folder: Path) -> None:
    """Every note answers, from both sides; nothing else does; the doctor agrees."""
    there = {path.stem for path in folder.glob("*.md")}
    for word in (*WORDS, "newcomer"):
        found = engine.search(word)
        assert set(found.stages) == STAGES
        assert {hit.chunk.doc_id for hit in found.hits} <= {f"notes/{name}.md" for name in there}
        for hit in found.hits:
            assert hit.chunk.text in (folder / Path(hit.chunk.doc_id).name).read_text("utf-8")
        if word in there:
            assert found.hits[0].chunk.doc_id == f"notes/{word}.md"
            assert found.stages["dense"][0].score > 0.2
    for finding in engine.doctor():
        assert finding.ok, finding
    assert engine.dense is not None
    assert engine.dense.count == engine.catalogue.counts().chunks


def cached(home: Path) -> dict[str, int]:
    """Vectors by model."""
    with closing(sqlite3.connect(home / "vectors.db")) as db:
        found = db.execute("SELECT model, count(*) FROM vectors GROUP BY model").fetchall()
    return {model.removeprefix("fake:").partition("|")[0]: count for model, count in found}


def folders(home: Path) -> set[str]:
    """What lies beside the live file."""
    return {path.name for path in (home / "dense").iterdir()} - {live.NAME}


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: str) -> tuple[int, str]:
    """Exit code of ``footnotes ARGS`` and what it said."""
    monkeypatch.setattr(sys, "argv", ["footnotes", *args])
    with pytest.raises(SystemExit) as end:
        main()
    captured = capsys.readouterr()
    return int(end.value.code or 0), captured.out + captured.err


# Wish and fact


def test_a_wish_is_embedded_by_reindex_only(notes: Path, footnotes_home: Path) -> None:
    """Other settings change nothing but a hint; reindex builds beside, switches, and keeps the one before."""
    start(footnotes_home, notes)
    assert embedded() == len(WORDS)
    with opened(footnotes_home, "b") as engine:
        check(engine, notes)
        write(notes, "apple", "fell")
        report = engine.sync()
        assert (report.embedded, report.model, report.model_wished) == (1, "a", "b")
        status = engine.status()
        assert (status.model, status.model_wished, status.model_previous) == ("a", "b", None)
        assert status.model_hash in folders(footnotes_home)
        assert embedded() == 1
        seen: list[tuple[str, int, int]] = []
        engine.reindex(lambda p: seen.append((p.stage, p.done, p.total)))
        assert embedded() == len(WORDS)
        assert seen[-1] == ("embed", len(WORDS), len(WORDS))
        status = engine.status()
        assert (status.model, status.model_wished, status.model_previous) == ("b", None, "a")
        assert len(folders(footnotes_home)) == 2
        check(engine, notes)
        assert engine.sync().model_wished is None
    assert cached(footnotes_home) == {"a": len(WORDS), "b": len(WORDS)}, "the edited note's old text went"


def test_the_first_wish_that_is_built_is_the_fact(notes: Path, footnotes_home: Path) -> None:
    """Two processes with different settings on a new home: the one that comes later follows, and says so."""
    with opened(footnotes_home, "a") as first, opened(footnotes_home, "b") as second:
        first.add_root(notes)
        assert second.status().model == "b"
        shutil.rmtree(footnotes_home / "dense")
        first.sync()
        write(notes, "apple", "fell")
        report = second.sync()
        assert (report.model, report.model_wished) == ("a", "b")
        check(first, notes)
        check(second, notes)


def test_defaults_are_no_wish(notes: Path, footnotes_home: Path) -> None:
    """Who chose a model with --model and wrote no settings is not told at every command."""
    start(footnotes_home, notes)
    with footnotes.open(footnotes_home) as engine:
        assert engine.status().model == "a"
        assert engine.sync().model_wished is None
        embedded()
        engine.reindex()
        assert embedded() == 0
        assert engine.status().model == "a"
        check(engine, notes)


def test_lexical_only_is_obeyed_at_once(notes: Path, footnotes_home: Path) -> None:
    """And costs nothing to leave again, with no ghost of what went meanwhile."""
    start(footnotes_home, notes)
    embedded()
    with opened(footnotes_home, "None") as engine:
        assert engine.search("zebra").stages.keys() == STAGES - {"dense", "hybrid"}
        (notes / "zebra.md").unlink()
        write(notes, "apple", "fell")
        report = engine.sync()
        assert (report.model, report.model_wished, report.embedded) == (None, None, 0)
        engine.reindex()
        assert embedded() == 0
    with opened(footnotes_home, "a") as engine:
        check(engine, notes)
        assert embedded() == 1


def test_other_weights_under_the_same_name_are_taken_up(notes: Path, footnotes_home: Path) -> None:
    """The old model is gone, so its index is built anew in place; the one kept for a rollback stays."""
    start(footnotes_home, notes)
    with opened(footnotes_home, "b") as engine:
        engine.reindex()
    embedded()
    CountingEmbedder.weights = "2"
    with opened(footnotes_home, "b") as engine:
        check(engine, notes)
        assert embedded() == len(WORDS)
        assert engine.status().model_identity == "fake:b|2|256"
        assert engine.status().model_previous == "a"
        assert len(folders(footnotes_home)) == 2


def test_a_server_that_exchanged_its_model_is_noticed(notes: Path, footnotes_home: Path) -> None:
    """Same name, other width: one line, and reindex is its remedy."""
    start(footnotes_home, notes)
    with opened(footnotes_home, "a") as engine:
        check(engine, notes)
        CountingEmbedder.dimension = 48
        found = engine.search("zebra")
        assert "48 dimensions, the index has 256: run `footnotes reindex`" in found.trace.notes[0]
        assert [hit.chunk.doc_id for hit in found.hits] == ["notes/zebra.md"], "full text answers meanwhile"
        assert found.stages["dense"] == ()
        write(notes, "apple", "fell")
        with pytest.raises(ModelError, match="reindex"):
            engine.sync()
        engine.reindex()
        check(engine, notes)


def test_a_model_that_went_away_is_one_line(
    notes: Path,
    footnotes_home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It names the model and says how to answer with another; full text answers, another one can be built."""
    start(footnotes_home, notes)
    CountingEmbedder.gone = frozenset({"a"})
    for command, *options in (("ask",), ("search", "--json"), ("search",)):
        code, said = run(capsys, monkeypatch, command, "zebra", *options)
        assert code == 0
        assert "notes/zebra.md" in said
        (line,) = [line for line in said.splitlines() if "a cannot be reached" in line]
        assert "footnotes reindex --model NAME" in line
    write(notes, "apple", "is ripe")
    code, said = run(capsys, monkeypatch, "sync")
    assert code == 1
    assert said.count("\n") == 1
    assert "a cannot be reached" in said
    assert "footnotes reindex --model NAME" in said
    write(notes, "apple")
    code, said = run(capsys, monkeypatch, "search", "zebra", "--set", "embedding.model=none")
    assert code == 0
    assert "notes/zebra.md" in said
    code, said = run(capsys, monkeypatch, "reindex", "--model", "b")
    assert code == 0, said
    with footnotes.open(footnotes_home) as engine:
        check(engine, notes)
        write(notes, "apple", "fell")
        engine.sync()
        with pytest.raises(ModelError, match="cannot be reached"):
            engine.rollback()
        check(engine, notes)


def test_an_older_layout_is_replaced(notes: Path, footnotes_home: Path) -> None:
    """An index that lies in the folder itself is removed; its vectors are used again."""
    start(footnotes_home, notes)
    (folder,) = folders(footnotes_home)
    for path in (footnotes_home / "dense" / folder).iterdir():
        path.rename(footnotes_home / "dense" / path.name)
    (footnotes_home / "dense" / folder).rmdir()
    (footnotes_home / "dense" / live.NAME).unlink()
    embedded()
    with opened(footnotes_home, "a") as engine:
        check(engine, notes)
    assert embedded() == 0
    assert folders(footnotes_home) == {folder}


@pytest.mark.parametrize(
    "damage", ["", "{}", '{"model": 3, "previous": null, "checksum": 1}', "\0\xff", None]
)
def test_a_damaged_live_file_starts_from_the_wish(
    notes: Path, footnotes_home: Path, damage: str | None
) -> None:
    """Whatever it holds, or that it is gone: the settings say which model answers, nothing is embedded again."""
    start(footnotes_home, notes)
    embedded()
    path = footnotes_home / "dense" / live.NAME
    if damage is None:
        path.unlink()
    else:
        path.write_text(damage, encoding="utf-8")
    with opened(footnotes_home, "a") as engine:
        check(engine, notes)
        assert engine.models.answering is not None
    assert embedded() == 0
    assert live.read(footnotes_home / "dense") is not None


# Building


def test_killed_build_goes_on_where_it_stopped(notes: Path, footnotes_home: Path) -> None:
    """At random steps: the home answers, notes change, the next run embeds the rest only, and switches."""
    rng = random.Random(4)
    for i in range(300):
        (notes / f"more{i}.md").write_text(f"# more\n\nplain text number{i}.\n", encoding="utf-8")
    start(footnotes_home, notes)
    beginning = footnotes_home.with_name("beginning")
    pristine = notes.with_name("pristine")
    shutil.copytree(footnotes_home, beginning)
    shutil.copytree(notes, pristine)
    steps, everything = build(footnotes_home)
    assert everything == len(WORDS) + 300
    killed_embedding = 0
    for _ in range(KILLS):
        restore(footnotes_home, beginning)
        restore(notes, pristine)
        build(footnotes_home, kill_at=rng.randint(1, steps))
        killed_embedding += cached(footnotes_home).get("b", 0) < everything
        with opened(footnotes_home, "b") as engine:
            check(engine, notes)
            if rng.random() < 0.5:
                change(notes, rng)
            engine.sync()
            check(engine, notes)
            embedded()
            missing = without_vector(engine, "b")
            engine.reindex()
            assert embedded() == missing
            assert without_vector(engine, "b") == 0
            status = engine.status()
            assert (status.model, status.model_wished, status.model_previous) == ("b", None, "a")
            check(engine, notes)
            assert len(folders(footnotes_home)) == 2
            engine.rollback()
            assert engine.status().model == "a"
            check(engine, notes)
    print(f"{KILLS} builds of {steps} steps killed, {killed_embedding} of them while embedding")  # noqa: T201 - a figure of `make soak`


def restore(folder: Path, source: Path) -> None:
    """Make a folder what it was."""
    shutil.rmtree(folder)
    shutil.copytree(source, folder)


def build(home: Path, *options: str, kill_at: int = 0) -> tuple[int, int]:
    """``footnotes reindex`` in a process of its own; (steps, texts embedded) unless it was killed."""
    command = [sys.executable, "-m", "tests.integration.counting_embedder", str(kill_at)]
    done = subprocess.run(
        [*command, "reindex", "--quiet", "--home", str(home), *(options or ("--model", "b"))],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=REPOSITORY,
        check=False,
        timeout=60,
    )
    if kill_at:
        assert done.returncode == KILLED, done.stderr
        return 0, 0
    assert done.returncode == 0, done.stderr
    steps, count = done.stdout.split()
    return int(steps), int(count)


@pytest.mark.parametrize("option", ["--rollback", "--prune"])
def test_killed_on_the_way_back(notes: Path, footnotes_home: Path, option: str) -> None:
    """At random steps: one model or the other answers, without ghosts, and the command can be given again."""
    rng = random.Random(8)
    start(footnotes_home, notes)
    with opened(footnotes_home, "b") as engine:
        engine.reindex()
        change(notes, rng)
        engine.sync()
    beginning = footnotes_home.with_name("beginning")
    shutil.copytree(footnotes_home, beginning)
    steps, _ = build(footnotes_home, option)
    for step in rng.sample(range(1, steps + 1), steps if steps < KILLS else 2):
        restore(footnotes_home, beginning)
        build(footnotes_home, option, kill_at=step)
        with footnotes.open(footnotes_home) as engine:
            check(engine, notes)
            models = engine.models
            assert models.answering is not None
            if option == "--prune":
                engine.prune()
                assert cached(footnotes_home).keys() == {"b"}
                assert len(folders(footnotes_home)) == 1
            elif models.answering.name == "b":
                engine.rollback()
            assert engine.status().model == ("b" if option == "--prune" else "a")
            check(engine, notes)


def without_vector(engine: Engine, model: str) -> int:
    """Texts of the catalogue that a model has not embedded yet."""
    identity = f"fake:{model}||256"
    return len(engine._indexes.vectors.missing(identity, engine.catalogue.text_hashes()))


def change(folder: Path, rng: random.Random) -> None:
    """Edit, add and delete notes."""
    word, other = rng.sample(WORDS, 2)
    write(folder, word, "is no longer here")
    (folder / f"{other}.md").unlink()
    write(folder, "newcomer")


def test_questions_and_syncs_go_on_during_a_build(
    notes: Path, footnotes_home: Path, request: pytest.FixtureRequest
) -> None:
    """In the building process and in another: every answer is right, and the switch is seen without reopening."""
    start(footnotes_home, notes)
    for i in range(200):
        write(notes, f"zz{i}")  # equal scores, where two words share a dimension, are in the order of paths
    asked = 0
    with opened(footnotes_home, "b") as building, opened(footnotes_home, "a") as other:
        building.sync()
        kept = building.retriever
        CountingEmbedder.pause = 0.004
        failures: list[BaseException] = []

        def reindex() -> None:
            try:
                building.reindex()
            except BaseException as e:  # noqa: BLE001 - told by the test's own thread
                failures.append(e)

        thread = threading.Thread(target=reindex)
        thread.start()
        request.addfinalizer(thread.join)
        while thread.is_alive():
            for engine in (building, other):
                word = WORDS[asked % len(WORDS)]
                found = engine.search(word)
                assert found.hits[0].chunk.doc_id == f"notes/{word}.md"
                assert found.stages["dense"][0].chunk.doc_id == f"notes/{word}.md"
                asked += 1
            if asked == 20:
                (notes / "zz7.md").unlink()
                write(notes, "newcomer")
                other.sync()
        assert failures == []
        assert asked > 20
        assert other.search("newcomer").hits[0].chunk.doc_id == "notes/newcomer.md"
        for engine in (building, other):
            assert engine.status().model == "b"
            assert engine.search("zz7").hits[0].chunk.doc_id != "notes/zz7.md"
            assert all(finding.ok for finding in engine.doctor())
        assert other.status().model_wished == "a"
        query = building.search("zebra").query
        assert kept.search(query, 3).hits[0].chunk.doc_id == "notes/zebra.md", "who began with a ends with a"


def test_only_one_builds_at_a_time(notes: Path, footnotes_home: Path) -> None:
    """The second is told at once; syncs and questions are not held up."""
    start(footnotes_home, notes)
    with opened(footnotes_home, "b") as engine:
        with Home(footnotes_home).switching():
            for action in (engine.reindex, engine.rollback, engine.prune):
                with pytest.raises(BusyError, match="rebuilding the index"):
                    action()
            engine.sync()
            check(engine, notes)
        engine.reindex()


# Going back


def test_rollback_embeds_only_what_changed(
    notes: Path, footnotes_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even without the vector cache, for the journal reaches back to the index that was kept; no ghost answers."""
    start(footnotes_home, notes)
    with opened(footnotes_home, "b") as engine:
        engine.reindex()
        write(notes, "apple", "fell")
        (notes / "zebra.md").unlink()
        engine.sync()
        write(notes, "newcomer")
        engine.sync()
        engine.sync()
    for path in footnotes_home.glob("vectors.db*"):
        path.unlink()
    embedded()

    def never(*_: object) -> None:
        raise AssertionError("the index was built anew")

    with opened(footnotes_home, "b") as engine, monkeypatch.context() as patch:
        patch.setattr(follow, "rebuild", never)
        engine.rollback()
        assert embedded() == 2
        status = engine.status()
        assert (status.model, status.model_wished, status.model_previous) == ("a", "b", "b")
        check(engine, notes)
        (notes / "walnut.md").unlink()
        engine.sync()
        engine.rollback()
        assert embedded() == 0, "forward again: nothing was written since"
        assert engine.status().model == "b"
        check(engine, notes)


def test_prune_forgets_what_is_kept(notes: Path, footnotes_home: Path) -> None:
    """Folder, vectors, journal; then there is nothing to go back to."""
    start(footnotes_home, notes)
    with opened(footnotes_home, "b") as engine:
        assert engine.prune() == 0
        engine.reindex()
        write(notes, "apple", "fell")
        engine.sync()
        assert journal_rows(footnotes_home) > 0
        (footnotes_home / "dense" / "0123456789abcdef").mkdir()
        assert engine.prune() == len(WORDS)
        assert journal_rows(footnotes_home) == 0
        assert cached(footnotes_home).keys() == {"b"}
        assert len(folders(footnotes_home)) == 1
        assert engine.status().model_previous is None
        with pytest.raises(ModelError, match="nothing to go back to"):
            engine.rollback()
        check(engine, notes)


def journal_rows(home: Path) -> int:
    """How much of the journal is kept."""
    with closing(sqlite3.connect(home / "catalogue.db")) as db:
        count: int = db.execute("SELECT count(*) FROM journal").fetchone()[0]
    return count


def test_third_model_drops_the_first_index_but_not_its_vectors(notes: Path, footnotes_home: Path) -> None:
    """Going back two models costs no embedding either, until --prune."""
    start(footnotes_home, notes)
    for model in ("b", "c"):
        with opened(footnotes_home, model) as engine:
            engine.reindex()
    embedded()
    with opened(footnotes_home, "a") as engine:
        assert len(folders(footnotes_home)) == 2
        engine.reindex()
        assert embedded() == 0
        assert (engine.status().model, engine.status().model_previous) == ("a", "c")
        check(engine, notes)


def test_a_damaged_kept_index_is_found_and_does_not_stop_a_rollback(
    notes: Path, footnotes_home: Path
) -> None:
    """The doctor names it; going back builds it anew from the vectors."""
    start(footnotes_home, notes)
    with opened(footnotes_home, "b") as engine:
        engine.reindex()
        previous = engine.models.previous
        assert previous is not None
        (file,) = (footnotes_home / "dense" / previous.slug).glob("*.faiss")
        file.write_bytes(b"rubbish")
        (wrong,) = [finding for finding in engine.doctor() if not finding.ok]
        assert (wrong.check, wrong.remedy) == ("dense index of the model before", "footnotes reindex --prune")
        embedded()
        engine.rollback()
        assert embedded() == 0
        check(engine, notes)


# The command line


def test_commands_switch_and_say_so(
    notes: Path,
    footnotes_home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One story: settings file, hint, reindex, --model, --rollback, --prune."""

    def said(*args: str) -> str:
        code, output = run(capsys, monkeypatch, *args)
        assert code == 0, output
        return output

    config = footnotes_home / "config.yaml"
    footnotes_home.mkdir()
    config.write_text("embedding: {model: a}\n", encoding="utf-8")
    assert "Answers still" not in said("sync", str(notes))
    config.write_text("embedding: {model: b, query_prompt: '? '}\n", encoding="utf-8")
    hint = "Answers still come from a. `footnotes reindex` switches to b (query_prompt=? )."
    assert hint in said("sync")
    assert hint in said("status")
    status = json.loads(said("status", "--json"))
    assert (status["model"], status["model_wished"]) == ("a", "b (query_prompt=? )")
    assert status["model_hash"] in folders(footnotes_home)
    output = said("reindex")
    assert f"{len(WORDS)} passages indexed." in output
    assert "Answers come from b (query_prompt=? ). a is kept: --rollback" in output
    assert "still" not in said("status")
    output = said("reindex", "--rollback")
    assert "The settings still name b (query_prompt=? ): set embedding.model to a." in output
    assert hint in said("status")
    output = said("reindex", "--model", "c", "--set", "embedding.passage_prompt=p")
    assert "set embedding.model to c (query_prompt=? , passage_prompt=p)" in output
    assert "kept for --rollback  a" in said("status")
    assert f"{2 * len(WORDS)} vectors of other models removed." in said("reindex", "--prune")
    code, output = run(capsys, monkeypatch, "reindex", "--rollback")
    assert (code, output.count("\n")) == (1, 1)
    assert "nothing to go back to" in output


@pytest.mark.parametrize(
    "options", [("--rollback", "--prune"), ("--model", "b", "--prune"), ("--model", "none")]
)
def test_options_that_do_not_go_together(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """A mistake of use: exit code 2, and nothing is done."""
    assert run(capsys, monkeypatch, "reindex", *options)[0] == 2
