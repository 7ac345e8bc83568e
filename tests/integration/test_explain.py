"""``footnotes explain``: every stage of a search, and for a note that is not shown the cause, rightly named."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import pytest

import footnotes
from footnotes import Filters
from rag import asking, show_explain
from rag.cli import main
from rag.errors import ModelError
from rag.models import opening
from rag.models.static import StaticEmbedder
from rag.search import diverse
from tests.integration.seeded_causes import DEFAULT, WORDS_ONLY, Vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from footnotes import Engine, Hit, Retrieval
    from rag.types import Query
    from rag.verdicts import Verdict

SAMPLE = Path(__file__).parents[1] / "data" / "vault"
SEED = 20
CASES, RIGHT = 50, 48
KINDS = 10
JONAS = "vault/people/Jonas Brandt.md"
LEAFPICK = "vault/projects/Leafpick.md"
STAGES = ["lexical", "dense", "graph", "hybrid", "linked", "reranked", "diverse"]
DEAD = "http://127.0.0.1:9"  # nothing listens there


class Run(Protocol):
    """The command line: exit code, standard output, standard error."""

    def __call__(self, *args: str) -> tuple[int, str, str]:
        """Run ``footnotes ARGS``."""


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Notes that are lost in every way, synced, then changed."""
    made = Vault(tmp_path_factory.mktemp("seeded"), SEED)
    with footnotes.open(made.root.parent / "home", settings=DEFAULT) as engine:
        for root in (made.root, made.other):
            engine.add_root(root)
        engine.sync()
        for path in made.forgotten:
            engine.forget(path)
    made.change()
    return made


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the sample notes."""
    home = tmp_path_factory.mktemp("sample") / "home"
    with footnotes.open(home) as engine:
        engine.add_root(SAMPLE)
        engine.sync()
    return home


@pytest.fixture
def engine(sample: Path) -> Iterator[Engine]:
    """The sample notes' home, opened."""
    with footnotes.open(sample) as opened:
        yield opened


@pytest.fixture
def run(sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """``footnotes ARGS`` on the sample notes."""

    def ran(*args: str) -> tuple[int, str, str]:
        monkeypatch.setenv("FOOTNOTES_HOME", str(sample))
        monkeypatch.setattr("sys.argv", ["footnotes", *args])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return ran


def became(engine: Engine, question: str, path: Path | str, **more: Any) -> Verdict:
    """What became of a note."""
    told = engine.explain(question, path, **more).verdict
    assert told is not None
    return told


def test_causes_are_named_rightly(vault: Vault) -> None:
    """At least 95 of 100, over every kind of cause that a vault can hold."""
    wrong, right = [], Counter[str]()
    for chosen in {id(case.settings): case.settings for case in vault.cases}.values():
        with footnotes.open(vault.root.parent / "home", settings=chosen) as engine:
            for case in (case for case in vault.cases if case.settings is chosen):
                told = became(engine, case.question, case.path, k=case.k, filters=case.filters)
                if told.cause == case.cause and case.reason in told.reason:
                    right[case.cause] += 1
                else:
                    wrong.append((case, told))
    print(f"{right.total()} of {len(vault.cases)} causes named rightly: {dict(right)}")  # noqa: T201 - a figure
    assert len(vault.cases) == CASES
    assert len({case.cause for case in vault.cases}) >= KINDS
    assert right.total() >= RIGHT, wrong


# What a verdict says beside the cause


def test_the_true_rank_beyond_the_limit(vault: Vault) -> None:
    """The sources are asked for all that they have; the ranks are those of a search that looks so far."""
    case = next(case for case in vault.cases if case.cause == "beyond")
    home = vault.root.parent / "home"
    with footnotes.open(home, settings=case.settings) as engine:
        told = became(engine, case.question, case.path)
        assert told.limit == len(engine.search(case.question).stages["lexical"])
    with footnotes.open(home, settings=WORDS_ONLY) as engine:  # 100 candidates
        stages = engine.search(case.question).stages
    ids = [hit.chunk.doc_id for hit in stages["lexical"]]
    assert (told.stage, told.rank) == ("lexical", ids.index(case.path) + 1)
    assert told.limit < ids.index(case.path) + 1


def test_the_filter_that_keeps_a_note_out(engine: Engine) -> None:
    """By name, with those of its values that do; the others are not blamed."""
    filters = Filters(folders=("vault",), exclude=("vault/tech", "vault/people"))
    told = became(engine, "Who is Jonas?", JONAS, filters=filters)
    assert told.cause == "filtered"
    assert [(block.field, block.values) for block in told.blocks] == [("exclude", ("vault/people",))]


def test_an_outranked_note(engine: Engine) -> None:
    """Its rank in each stage, which stage took it down, what stands above it, and by which features."""
    question = "What does Jonas do?"
    stages = engine.search(question, 1).stages
    told = became(engine, question, LEAFPICK, k=1)
    first = {name: [hit.chunk.doc_id for hit in hits].index(LEAFPICK) + 1 for name, hits in stages.items()}
    assert told.cause == "outranked"
    assert {one.stage: one.rank for one in told.standings} == first
    assert (told.held, told.rank) == ("diverse", first["diverse"])
    assert told.stage == "reranked"
    assert [hit.chunk.doc_id for hit in told.above] == [JONAS]
    assert all(one.above > one.own for one in told.differences)
    assert {one.feature for one in told.differences} <= {"score", "window", "echo", "chorus"}, (
        "reranked by these"
    )


def test_a_note_that_is_shown(engine: Engine) -> None:
    """At which rank, by which passage; by its path on disk or its id."""
    told = became(engine, "What does Jonas do?", SAMPLE / "people" / "Jonas Brandt.md")
    assert told == became(engine, "What does Jonas do?", JONAS)
    assert (told.cause, told.rank, told.stage) == ("shown", 1, "")
    assert told.passage is not None
    assert told.passage.doc_id == JONAS


def test_a_touched_file_has_not_changed(tmp_path: Path, footnotes_home: Path) -> None:
    """Only other bytes are words that are not indexed yet; of a file that has gone it is said."""
    note = tmp_path / "notes" / "a.md"
    note.parent.mkdir()
    note.write_text("All about pelicans.\n", encoding="utf-8")
    with footnotes.open(footnotes_home, settings=WORDS_ONLY) as engine:
        engine.add_root(note.parent)
        engine.sync()
        os.utime(note, ns=(1, 1))
        told = became(engine, "zebra", note)
        assert (told.cause, told.changed) == ("unlike", False)
        note.write_text("All about zebras.\n", encoding="utf-8")
        told = became(engine, "zebra", note)
        assert (told.cause, told.changed, told.words) == ("changed", True, ("zebra",))
        note.unlink()
        told = became(engine, "pelicans", note)
        assert (told.cause, told.changed) == ("shown", True)


# Stages, one by one


@pytest.fixture
def pairs(tmp_path: Path, footnotes_home: Path) -> Iterator[Engine]:
    """A note, nearly the same note, and another of the same subject."""
    with noted(
        tmp_path,
        footnotes_home,
        {
            "one": "# Roof\n\nThe roof leaks near the chimney since the storm of last week.\n",
            "two": "# Roof\n\nThe roof leaks near the chimney since the storm of last week!\n",
            "three": "# Roof\n\nA roof of slate costs more than one of tiles, said the roofer.\n",
        },
    ) as engine:
        yield engine


@contextmanager
def noted(place: Path, home: Path, notes: dict[str, str]) -> Iterator[Engine]:
    """Notes of a folder ``n``, searched by their words."""
    folder = place / "n"
    folder.mkdir()
    for name, text in notes.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    with footnotes.open(home, settings=WORDS_ONLY) as engine:
        engine.add_root(folder)
        engine.sync()
        yield engine


def test_a_note_that_repeats_another(pairs: Engine) -> None:
    """It made room, though it stood high enough to be shown; the better one is named. Where it did not, it is outranked."""
    first, second, third = (
        hit.chunk.doc_id for hit in pairs.search("roof leaks chimney", 3).stages["lexical"]
    )
    assert {first, second} == {"n/one.md", "n/two.md"}
    told = became(pairs, "roof leaks chimney", second, k=2)
    assert (told.cause, told.stage, told.rank) == ("duplicate", "diverse", 3)
    assert told.before is not None
    assert (told.before.stage, told.before.rank) == ("lexical", 2)
    assert [hit.chunk.doc_id for hit in told.above] == [first]
    assert f"says nearly the same as {first}" in show_explain.message(told)
    assert show_explain.remedy(told).endswith("-k 3")
    assert became(pairs, "roof leaks chimney", second, k=3).cause == "shown"
    assert became(pairs, "roof leaks chimney", third, k=2).cause == "shown"
    assert became(pairs, "roof leaks chimney", second, k=1).cause == "outranked"


class Upside:
    """A reranker that turns the order round, and gives the reason as models do."""

    identity = "upside:1"

    def rerank(self, _query: Query, hits: Sequence[Hit]) -> list[Hit]:
        return [
            replace(hit, score=n / len(hits), features={"rerank": float(n)})
            for n, hit in zip(range(len(hits), 0, -1), reversed(hits), strict=True)
        ]


def test_a_reranker_that_takes_a_note_down(pairs: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage is named, with the rank before, and what it went by comes first."""
    monkeypatch.setattr(opening, "open_reranker", lambda _: Upside())
    with footnotes.open(pairs.home, settings=WORDS_ONLY) as engine:
        first = engine.search("roof leaks chimney").stages["lexical"][0].chunk.doc_id
        told = became(engine, "roof leaks chimney", first, k=1)
    assert (told.cause, told.stage, told.held, told.rank) == ("outranked", "reranked", "diverse", 3)
    assert told.before is not None
    assert (told.before.stage, told.before.rank) == ("lexical", 1)
    difference = told.differences[0]
    assert (difference.feature, difference.own, difference.above) == ("rerank", 1.0, 3.0)


@pytest.fixture
def dated(tmp_path: Path, footnotes_home: Path) -> Iterator[Engine]:
    """A cup that was won in one year and in the next, told in the same words; and something else."""
    won = "Anna won the chess cup against {}, and the whole club sang."
    said = {
        "a": ("2021-05-01", won.format("Bertil")),
        "b": ("2022-05-01", won.format("Carla")),
        "c": ("2022-05-02", won.format("Dimitri")),
        "d": ("2022-05-03", won.format("Emil")),
        "hedge": ("2022-05-04", "The hedge was cut, and rain came at night."),
    }
    notes = {name: f"---\ndate: {day}\n---\n{text}\n" for name, (day, text) in said.items()}
    with noted(tmp_path, footnotes_home, notes) as engine:
        yield engine


def test_a_note_of_another_time_is_taken_down(dated: Engine) -> None:
    """Where the time is a preference: the stage is named, and that no date of the note lies in it."""
    told = became(dated, "Who won the chess cup in '22?", "n/a.md", k=1)
    assert (told.cause, told.stage) == ("outranked", "timely")
    assert told.before is not None
    assert (told.before.stage, told.before.rank) == ("lexical", 1)
    assert (told.differences[0].feature, told.differences[0].own) == ("time", 0)
    assert "No date of it lies in the time" in show_explain.message(told)


def test_a_note_of_another_time_is_kept_out(dated: Engine) -> None:
    """Where the time is a condition, it is named as such."""
    told = became(dated, "What did I win in 2022?", "n/a.md")
    assert (told.cause, told.stage) == ("filtered", "filters")
    assert "not of the time that is asked for: 2022-01-01..2022-12-31" in show_explain.message(told)


def test_lists(dated: Engine) -> None:
    """One of more than are shown, with how many there are; or of the time, and not of what is asked for."""
    days = [hit.chunk.doc_id for hit in dated.search("What did I do in 2022?", 10).hits]
    assert len(days) == 4
    shown = dated.search("What did I do in 2022?", 1).hits[0].chunk.doc_id
    lost = next(day for day in days if day != shown)
    told = became(dated, "What did I do in 2022?", lost, k=1)
    assert (told.cause, told.stage, told.rank) == ("cut", "gathered", 4)
    assert became(dated, "What did I do in 2022?", lost, k=4).cause == "shown"
    told = became(dated, "Which chess cups did I win in 2022?", "n/hedge.md")
    assert (told.cause, told.stage) == ("unlisted", "gathered")
    assert "chess" in show_explain.message(told)


def test_a_vague_date(dated: Engine) -> None:
    """A note that only says the year is not surely of a month."""
    (root,) = dated.roots()
    assert root.path is not None
    (root.path / "year.md").write_text("---\ndate: 2022\n---\nAll that was good in it.\n", encoding="utf-8")
    dated.sync()
    told = became(dated, "What did I do in May 2022?", "n/year.md")
    assert (told.cause, told.stage) == ("unsure", "gathered")
    assert "2022-05-01..2022-05-31" in show_explain.message(told)


# Stages that are yet to come


def changed(found: Retrieval, stage: str, hits: tuple[Hit, ...]) -> Retrieval:
    """A search with one more stage before repeats are moved down."""
    before = {name: hits for name, hits in found.stages.items() if name != "diverse"}
    moved = diverse.diverse(hits, 4, 10)
    stages = MappingProxyType({**before, stage: hits, "diverse": moved})
    return replace(found, stages=stages, hits=moved[: len(found.hits)])


def test_a_stage_that_leaves_notes_out(pairs: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a stage is called: a note is gone while one below it stays."""
    found = pairs.search("roof leaks chimney", 3)
    ranked = sorted(found.hits, key=lambda hit: hit.chunk.doc_id != "n/three.md")
    doctored = changed(changed(found, "ranked", tuple(ranked)), "chosen", tuple(ranked[1:]))
    monkeypatch.setattr(asking, "search", lambda *_: doctored)
    told = became(pairs, "roof leaks chimney", "n/three.md", k=3)
    assert (told.cause, told.stage, told.held, told.rank) == ("dropped", "chosen", "ranked", 1)
    assert show_explain.message(told) == "chosen left it out from rank 1."


def test_a_stage_that_takes_a_note_down(pairs: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is called, it is named, with the rank before."""
    found = pairs.search("roof leaks chimney", 3)
    turned = changed(found, "reversed", tuple(reversed(found.stages["lexical"])))
    doctored = replace(turned, hits=turned.hits[:1])
    monkeypatch.setattr(asking, "search", lambda *_: doctored)
    first = found.hits[0].chunk.doc_id
    told = became(pairs, "roof leaks chimney", first, k=1)
    assert (told.cause, told.stage, told.rank) == ("outranked", "reversed", 3)
    assert told.before is not None
    assert (told.before.stage, told.before.rank) == ("lexical", 1)


# The command


@pytest.mark.parametrize(
    ("question", "note", "locale", "says"),
    [
        ("What does Jonas do?", "people/Jonas Brandt.md", "C", "passages,"),
        ("柏林的猫叫什么名字", "日记/2021/2021-05-02.md", "zh_CN.UTF-8", "个段落"),
    ],
)
def test_stages_without_a_note(
    run: Run, monkeypatch: pytest.MonkeyPatch, question: str, note: str, locale: str, says: str
) -> None:
    """Each with its passages, ranks, scores, features and time, in the reader's language."""
    monkeypatch.setenv("LC_ALL", locale)
    code, out, err = run("explain", question, "-k", "3")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    heads = [line for line in lines if says in line]
    assert [head.replace("：", ":").partition(":")[0] for head in heads] == STAGES
    assert sum(f"vault/{note}" in line for line in lines) >= 3
    assert "lexical #1" in out
    assert "coverage" in out
    assert len(lines) <= len(STAGES) * 4 + 1


@pytest.mark.parametrize(("locale", "says"), [("C", "It is outranked"), ("zh_CN.UTF-8", "它的排名太低")])
def test_a_lost_note_in_words(run: Run, monkeypatch: pytest.MonkeyPatch, locale: str, says: str) -> None:
    """One or two plain sentences, the remedy, its ranks, what stands above it."""
    monkeypatch.setenv("LC_ALL", locale)
    code, out, err = run("explain", "What does Jonas do?", LEAFPICK, "-k", "1")
    assert (code, err) == (0, "")
    told = out.partition("\n\n")[2].splitlines()
    assert told[0].startswith(f"{LEAFPICK}: {says}")
    assert "-k" in told[1]
    assert "lexical #" in told[2]
    assert any(JONAS in line for line in told[3:])


def test_json(run: Run) -> None:
    """Every field that other programs rely on."""
    code, out, err = run("explain", "What does Jonas do?", LEAFPICK, "-k", "2", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert set(told) == {"query", "hits", "trace", "k", "filters", "stages", "verdict"}
    assert list(told["stages"]) == STAGES
    assert told["k"] == 2
    assert [len(hits) for hits in told["stages"].values()] == [2] * len(STAGES)
    best = told["stages"]["linked"][0]
    assert set(best) == {"rank", "score", "path", "lines", "page", "sources", "features"}
    assert (best["rank"], best["path"], best["sources"]["lexical"]) == (1, JONAS, 1)
    assert set(best["features"]) >= {"cosine", "coverage"}
    verdict = told["verdict"]
    assert (verdict["path"], verdict["cause"]) == (LEAFPICK, "outranked")
    assert list(verdict["ranks"]) == list(verdict["scores"]) == STAGES
    assert verdict["rank"] == verdict["ranks"][verdict["held"]] > 2
    assert [one["path"] for one in verdict["above"]] == [one["path"] for one in told["hits"]]
    assert verdict["message"].startswith("It is outranked")
    assert verdict["remedy"].endswith(f"-k {verdict['rank']}")
    without = json.loads(run("explain", "Jonas", "--json")[1])
    assert without["verdict"] is None


def test_an_unknown_path_is_one_line(run: Run) -> None:
    """Exit code 1; with --json, the verdict says so."""
    code, out, err = run("explain", "Jonas", "vault/nobody.md")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert "vault/nobody.md" in err
    code, out, err = run("explain", "Jonas", "vault/nobody.md", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out)["verdict"]["cause"] == "no file"


def test_without_a_model(run: Run) -> None:
    """Full text alone: no other stage is spoken of, and a note of other words is told from an outranked one."""
    alone = ("--set", "embedding.model=none", "--set", "graph.backend=none")
    code, out, _ = run("explain", "Jonas", "vault/tech/Vim 配置.md", "--json", *alone)
    told = json.loads(out)
    assert code == 0
    assert list(told["stages"]) == ["lexical", "diverse"]
    assert told["verdict"]["cause"] == "unlike"
    assert "No embedding model answers" in told["verdict"]["message"]
    assert told["verdict"]["ranks"] == {"lexical": None, "diverse": None}


def test_a_model_that_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no say about the note, and the failure is told of."""

    def fails(*_: object) -> None:
        raise ModelError("The model is away.")

    monkeypatch.setattr(StaticEmbedder, "embed_query", fails)
    code, out, err = run("explain", "Jonas", "vault/tech/Vim 配置.md", "--set", "graph.backend=none")
    assert code == 0
    assert err.startswith("The model is away.")
    assert len(err.splitlines()) == 1
    assert "No embedding model answers" in out


def test_a_dead_reranker_is_told_of(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages before it are shown, with its failure as a remark."""
    monkeypatch.setattr("rag.models.server._PAUSES_S", (0.01,))
    code, out, err = run("explain", "Jonas", JONAS, "--set", f"rerank.url={DEAD}", "--set", "rerank.model=m")
    assert code == 0
    assert "127.0.0.1:9" in err
    assert "reranked: " in out
    assert f"{JONAS}: It is shown at rank 1" in out
