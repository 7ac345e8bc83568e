"""Questions on one's own notes: made, reviewed and scored on the live home; verdicts become questions."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag import sending
from rag.cli import main
from rag.errors import ConfigError, EvalError
from rag.evals import cases, making, own, verdicts
from rag.evals.cases import Case, Gold
from rag.evals.making.generated import Generator
from rag.evals.verdicts import Cited, Verdict
from rag.store.script import is_chinese
from tests.integration.llm_server import LLMServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from footnotes import Engine

VAULT = Path(__file__).parents[1] / "data" / "vault"
LEXICAL = {"embedding.model": "none"}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample notes, without images and PDF, which take long to read."""
    folder = tmp_path_factory.mktemp("own") / "vault"
    shutil.copytree(VAULT, folder, ignore=shutil.ignore_patterns("*.png", "*.jpg", "*.pdf"))
    return folder


@pytest.fixture(scope="module")
def engine(vault: Path) -> Iterator[Engine]:
    """The sample notes, indexed; tests only read them."""
    with footnotes.open(vault.parent / "home", settings=LEXICAL) as opened:
        opened.add_root(vault)
        opened.sync()
        yield opened


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Engine]]:
    """Opens a home over a few notes, to change."""
    engines: list[Engine] = []

    def open_(notes: dict[str, str], **settings: object) -> Engine:
        folder = tmp_path / "notes"
        for name, text in notes.items():
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        dotted = {key.replace("__", "."): value for key, value in settings.items()}
        opened = footnotes.open(tmp_path / "home", settings={**LEXICAL, **dotted})
        engines.append(opened)
        opened.add_root(folder)
        opened.sync()
        return opened

    yield open_
    for opened in engines:
        opened.close()


def run(*args: object, monkeypatch: pytest.MonkeyPatch) -> int:
    """The command line; its exit code."""
    monkeypatch.setattr("sys.argv", ["footnotes", *map(str, args)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_made_reviewed_and_scored(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the notes to figures, through the file that a reviewer edits."""
    path = tmp_path / "own.yaml"
    options = ("--home", engine.home, "--set", "embedding.model=none")
    assert run("eval", "make", "--count", 40, "--out", path, *options, monkeypatch=monkeypatch) == 0
    made = cases.load(path)
    assert {case.kind for case in made} == set(making.DRAFTS)
    assert len(made) == 40
    first, second = made[0].id, made[1].id
    text = path.read_text("utf-8")
    text = text.replace("  keep:\n", "  keep: false\n", 1).replace(made[1].question, "年糕 喜欢 什么", 1)
    path.write_text(text, "utf-8")
    assert run("eval", "make", "--count", 40, "--out", path, *options, monkeypatch=monkeypatch) == 0
    assert path.read_text("utf-8") == text
    capsys.readouterr()
    assert run("eval", "own", path, "--json", *options, monkeypatch=monkeypatch) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["questions"], told["left_out"], told["stale"]) == (39, 1, [])
    assert told["kinds"]["cloze"]["success@5"] > 0.8
    assert told["kinds"]["cloze"]["answered"] > 0.8
    assert first not in told["per_question"]["final"]
    assert second in told["per_question"]["final"]
    assert set(told["per_question"]) >= {"lexical", "final"}
    assert run("eval", "own", path, *options, monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "| all " in shown
    assert "Found worst:" in shown
    assert run("eval", "own", path, "--reviewed", *options, monkeypatch=monkeypatch) == 0


def test_the_same_notes_give_the_same_questions(engine: Engine, vault: Path, tmp_path: Path) -> None:
    """Byte for byte, in another home too; another seed gives others."""
    made = cases.dump(making.make(engine, count=30))
    assert cases.dump(making.make(engine, count=30)) == made
    assert cases.dump(making.make(engine, count=30, seed=1)) != made
    with footnotes.open(tmp_path / "other", settings=LEXICAL) as other:
        other.add_root(vault)
        other.sync()
        assert cases.dump(making.make(other, count=30)) == made


def test_questions_are_balanced_and_fair(engine: Engine) -> None:
    """Over kinds, languages and notes; gold stands in the notes, once; no question gives its passage away."""
    made = making.make(engine, count=60)
    by_kind = {kind: [case for case in made if case.kind == kind] for kind in making.DRAFTS}
    assert min(len(found) for kind, found in by_kind.items() if kind != "link") >= 15
    for kind in ("cloze", "date"):
        chinese = sum(is_chinese(case.question) for case in by_kind[kind])
        assert 0.3 < chinese / len(by_kind[kind]) < 0.7, kind
    notes = [case.gold[0].note for case in by_kind["cloze"]]
    assert len(set(notes)) == len(notes)
    for case in made:
        for gold in case.gold:
            document = engine.document(gold.note)
            assert document is not None
            assert not gold.quote or document.text.count(gold.quote) == 1
    for case in by_kind["cloze"]:
        (gold,) = case.gold
        assert case.answer in gold.quote
        assert case.answer not in case.question.split()
        assert len(case.question) < 0.8 * len(gold.quote)
    for case in by_kind["link"]:
        assert case.gold[0].note not in case.exclude
        assert case.exclude
    assert all(case.question.casefold() not in {"todo", "总结", "文档"} for case in by_kind["heading"])


def test_date_questions_name_all_notes_of_their_time(small: Callable[..., Engine]) -> None:
    """By the notes' own days, in their language; the newest month may go on, so it is left out."""
    engine = small(
        {
            "2021-03-02.md": "# 去公园\n\n和苏禾去公园看了樱花。\n",
            "2021-03-20.md": "# 搬家\n\n今天搬家，很累。\n",
            "2021-05-01.md": "# Ferry\n\nTook the ferry to the island.\n",
            "2021-09-09.md": "# Last\n\nThe newest of all notes.\n",
            "undated.md": "# Undated\n\nNobody knows when.\n",
        }
    )
    found = {case.question: [gold.note for gold in case.gold] for case in making.make(engine, kinds=["date"])}
    assert found["2021年3月我做了什么？"] == ["notes/2021-03-02.md", "notes/2021-03-20.md"]
    assert found["2021年3月2日我做了什么？"] == ["notes/2021-03-02.md"]
    assert found["What did I do on 1 May 2021?"] == ["notes/2021-05-01.md"]
    assert "What did I do in September 2021?" not in found


def test_a_quote_that_is_gone_is_stale(small: Callable[..., Engine], tmp_path: Path) -> None:
    """Counted and named, not an error; the other questions are asked."""
    engine = small({"a.md": "# A\n\nThe roof leaks near the chimney.\n", "b.md": "# B\n\nThe cat sleeps.\n"})
    asked = [
        Case("1", "own", "roof leaks", (Gold("notes/a.md", "The roof leaks near the chimney."),)),
        Case("2", "own", "cat sleeps", (Gold("notes/b.md", "The cat sleeps."),)),
        Case("3", "own", "whale", (Gold("notes/gone.md"),)),
    ]
    (tmp_path / "notes" / "a.md").write_text("# A\n\nThe roof was mended.\n", "utf-8")
    engine.sync()
    report = own.run(engine, asked)
    assert [case.id for case in report.stale] == ["1", "3"]
    assert report.per_question["final"] == {"2": dict.fromkeys(report.per_question["final"]["2"], 1.0)}


def test_a_planted_loss_is_seen(small: Callable[..., Engine]) -> None:
    """Questions that lead elsewhere lower the figures, and come first among the worst."""
    engine = small({f"{n}.md": f"# N{n}\n\nThe colour of house {n} is shade{n}.\n" for n in range(8)})
    right = [Case(str(n), "own", f"shade{n}", (Gold(f"notes/{n}.md"),)) for n in range(8)]
    wrong = [replace(right[0], gold=(Gold("notes/7.md"),)), *right[1:]]
    best, worse = own.run(engine, right), own.run(engine, wrong)
    assert best.kinds()["all"]["ndcg@10"] == 1.0
    assert best.worst(3) == []
    assert worse.kinds()["all"]["ndcg@10"] < 1.0
    assert [outcome.case.id for outcome in worse.worst(3)] == ["0"]


def test_verdicts_become_questions(
    small: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A right answer should be found again, a wrong footnote not be cited; the later verdict counts."""
    engine = small(
        {"a.md": "# Roof\n\nThe roof leaks near the chimney.\n", "b.md": "# Cat\n\nThe cat is on the roof.\n"}
    )
    options = ("--home", engine.home, "--set", "embedding.model=none")
    question = "Where does the roof leak?"
    assert run("eval", "add", question, "--right", "--footnote", 1, *options, monkeypatch=monkeypatch) == 0
    assert (
        run(
            *("eval", "add", question, "--wrong", "--doc", "notes/b.md:3", "--note", "a cat"),
            *options,
            monkeypatch=monkeypatch,
        )
        == 0
    )
    found = verdicts.load(engine.home)
    assert [(v.judgement, v.remark) for v in found] == [("right", ""), ("wrong", "a cat")]
    (case,) = verdicts.cases(found)
    assert case.gold == (Gold("notes/a.md", "The roof leaks near the chimney."),)
    assert case.wrong == (Gold("notes/b.md", "The cat is on the roof."),)
    assert case.keep is True
    if sys.platform != "win32":
        mode = (engine.home / "evals" / verdicts.FILE).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
    capsys.readouterr()
    assert run("eval", "own", "--json", *options, monkeypatch=monkeypatch) == 0
    told = json.loads(capsys.readouterr().out)["kinds"]["verdict"]
    assert (told["questions"], told["success@1"], told["cited"]) == (1, 1.0, 1.0)
    changed = replace(found[1], judgement="right")
    (case,) = verdicts.cases([*found, changed])
    assert (len(case.gold), case.wrong) == (2, ())


def test_a_right_abstention_is_a_question_without_answer() -> None:
    """Until somebody says where the answer stands."""
    silent = Verdict("Who ate the horse?", "right", abstained=True)
    (case,) = verdicts.cases([silent])
    assert (case.unanswerable, case.gold) == (True, ())
    (case,) = verdicts.cases([silent, Verdict("Who ate the horse?", "right", cited=(Cited("notes/a.md"),))])
    assert (case.unanswerable, case.gold) == (False, (Gold("notes/a.md"),))


def test_a_verdict_on_what_is_gone_is_refused(small: Callable[..., Engine], tmp_path: Path) -> None:
    """A page may still show a note that was changed or forgotten meanwhile: nothing of it is kept."""
    engine = small({"a.md": "# Roof\n\nThe roof leaks near the chimney.\n", "b.md": "# B\n\nCats.\n"})
    shown = verdicts.on_answer(engine.ask("Where does the roof leak?"), "right")
    engine.forget(tmp_path / "notes" / "a.md")
    with pytest.raises(EvalError, match=r"notes/a\.md has changed or is gone"):
        verdicts.record(engine.home, shown)
    assert verdicts.load(engine.home) == []
    with pytest.raises(EvalError, match="no footnote 7"):
        verdicts.record(engine.home, Verdict("q", "right", footnote=7))


def test_a_broken_verdict_is_told(small: Callable[..., Engine]) -> None:
    """File, line and remedy; a line that was cut short takes no other with it."""
    engine = small({"a.md": "# Roof\n\nThe roof leaks.\n"})
    path = engine.home / "evals" / verdicts.FILE
    verdicts.record(engine.home, Verdict("q", "wrong", cited=(Cited("notes/a.md"),)))
    with path.open("a", encoding="utf-8") as out:
        out.write('{"question": "q2", "judg')
    verdicts.record(engine.home, Verdict("q3", "wrong", cited=(Cited("notes/a.md"),)))
    assert len(path.read_text("utf-8").splitlines()) == 3
    with pytest.raises(EvalError, match=r"verdicts\.jsonl, line 2: .*Take the line out"):
        verdicts.load(engine.home)


ROOF = "# House\n\nThe roof of the old house leaks near the chimney, and the landlord promised to mend it before the winter.\n"
CAT = "---\nprivate: true\n---\n# Cat\n\nThe grey cat of the neighbours sleeps on our balcony every warm afternoon until the sun is gone.\n"


def reply(question: str, quote: str) -> Reply:
    """What a model writes, with words around it."""
    return Reply(f"Sure!\n```json\n{json.dumps({'question': question, 'quote': quote})}\n```")


def generated(engine: Engine) -> tuple[list[Case], Generator]:
    """Questions by the configured model."""
    generator = Generator(engine, 5)
    return making.make(engine, count=5, kinds=["generated"], generate=generator), generator


@pytest.mark.parametrize(
    ("said", "kept", "tally"),
    [
        (reply("Where does the house roof leak?", "The roof of the old house  leaks"), 1, "kept"),
        (reply("Where does the house roof leak?", "The roof is made of gold"), 0, "unfounded"),
        (reply("Which whale sang?", "The roof of the old house leaks"), 0, "lost"),
        (Reply("I would rather not."), 0, "empty"),
    ],
)
def test_generated_questions_are_filtered(
    small: Callable[..., Engine], said: Reply, kept: int, tally: str
) -> None:
    """The quote must stand in the passage, word for word, and the question must lead back to it."""
    with LLMServer(said) as server:
        found, generator = generated(small({"a.md": ROOF}, llm__url=server.url, llm__model="m"))
    assert len(found) == kept
    assert getattr(generator.tally, tally) == 1
    assert "promised to mend" in server.requests[0].prompt
    if found:
        assert found[0].gold == (Gold("notes/a.md", "The roof of the old house leaks"),)


def test_private_notes_are_not_shown_to_a_server_elsewhere(
    small: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in answers: no word of them leaves this machine."""
    monkeypatch.setattr(sending, "is_loopback", lambda _: False)
    said = reply("Where does the house roof leak?", "The roof of the old house leaks")
    with LLMServer(said) as server:
        engine = small({"a.md": ROOF, "b.md": CAT}, llm__url=server.url, llm__model="m")
        _, generator = generated(engine)
    assert generator.tally.held == 1
    assert "chimney" in str([request.body for request in server.requests])
    assert "balcony" not in str([request.body for request in server.requests])


def test_a_server_that_fails_is_given_up(small: Callable[..., Engine]) -> None:
    """After three requests in a row; the other kinds are made, and what failed is told."""
    notes = {f"{n}.md": ROOF.replace("old", f"old{n}") for n in range(6)}
    with LLMServer(Reply(status=500)) as server:
        engine = small(notes, llm__url=server.url, llm__model="m")
        generator = Generator(engine, 20)
        found = making.make(engine, count=20, generate=generator)
    assert len(server.requests) == 3
    assert generator.tally.trouble
    assert {case.kind for case in found} >= {"cloze"}


def test_generated_questions_need_a_model(
    small: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a kind must be one that there is."""
    engine = small({"a.md": ROOF})
    with pytest.raises(ConfigError, match=r"llm\.url"):
        Generator(engine, 1)
    options = ("--home", engine.home, "--set", "embedding.model=none")
    assert run("eval", "make", "--kinds", "riddle", *options, monkeypatch=monkeypatch) == 1
    assert "There is no kind of question 'riddle'" in capsys.readouterr().err
