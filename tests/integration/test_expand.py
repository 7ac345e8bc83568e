"""Weak questions, end to end: mistyped words, words in the other language, and every way to write the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine, Retrieval

NOTES = {
    "ops.md": "# Servers\n\nWe deploy with Kubernetes on three machines, and Grafana draws the dashboards.\n",
    "bike.md": "# 周末\n\n自行车的链条断了，周六去修。\n",
    "garden.md": "# Garden\n\nThe tomatoes were ripe in August, the basil a month before.\n",
    "臺北.md": "# 臺北\n\n颱風過後，圖書館關門三天。\n",
    "重庆.md": "# 重庆\n\n后来才发现，面馆里的云吞很好吃。\n",
    "width.md": "# ﾃｽﾄ\n\nｶﾀｶﾅで書く。Ｐｒｏｊｅｃｔ Ａｐｏｌｌｏ １９６９。\n",
    "narrow.md": "# プリン\n\nガラスの写真。project gemini 1965.\n",
    "café.md": "# Café\n\nBeyoncé sang an encore in Zürich; naïve and coöperative.\n",
    "plain.md": "# Plain\n\nThe resume of Francois was a facade.\n",
    "private/airship.md": "# Secret\n\nThe zeppelin and its wartime blueprints.\n",
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of notes."""
    folder = tmp_path_factory.mktemp("expand") / "notes"
    for name, text in NOTES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def opened(vault: Path, **settings: object) -> Engine:
    """An engine over the notes."""
    engine = footnotes.open(vault.parent / f"home-{hash(str(settings))}", settings=settings)
    if not engine.roots():
        engine.add_root(vault)
        engine.sync()
    return engine


@pytest.fixture(scope="module", params=["builtin", "none"])
def either(vault: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine with the built-in model, and one without any."""
    with opened(vault, **{"embedding.model": request.param}) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine(vault: Path) -> Iterator[Engine]:
    """An engine as it comes."""
    with opened(vault) as engine:
        yield engine


def full_text(found: Retrieval) -> list[str]:
    """What full text found, best first."""
    return [hit.chunk.doc_id.removeprefix("notes/") for hit in found.stages["lexical"]]


def shown(found: Retrieval) -> dict[str, str]:
    """What words were also looked for as; only what a question's words became is told, and none of it is a hard filter."""
    assert all((part.kind, part.hard) == ("words", False) for part in found.trace.filters)
    return {part.written: part.meaning for part in found.trace.filters}


# --- mistyped, or in the other language --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "note", "words"),
    [
        ("How do we use kuberentes?", "ops.md", {"kuberentes": "kubernetes"}),
        ("grafna", "ops.md", {"grafna": "grafana"}),
        ("Were the tomatos ripe in Agust?", "garden.md", {"Agust": "august"}),
        ("ｚｅｐｐｌｉｎ", "private/airship.md", {"ｚｅｐｐｌｉｎ": "zeppelin"}),
        ("Beyonse", "café.md", {"Beyonse": "beyonce"}),
    ],
)
def test_mistyped_words(either: Engine, question: str, note: str, words: dict[str, str]) -> None:
    """With the model and without: the note is the best hit, and the trace tells what was looked for, and how long it took."""
    found = either.search(question)
    assert full_text(found)[0] == note
    assert found.hits[0].chunk.doc_id == f"notes/{note}"
    assert shown(found) == words
    (stage,) = [stage for stage in found.trace.stages if stage.name == "expanded"]
    assert stage.count == len(found.stages["lexical"])
    assert stage.ms > 0


@pytest.mark.parametrize(
    ("question", "note", "words"),
    [
        ("the bicycle", "bike.md", {"bicycle": "自行车"}),
        ("library", "臺北.md", {"library": "图书馆"}),
        ("番茄", "garden.md", {"番茄": "tomato"}),
        ("藍圖", "private/airship.md", {"藍圖": "blueprint"}),
    ],
)
def test_words_of_the_other_language(engine: Engine, question: str, note: str, words: dict[str, str]) -> None:
    """The built-in model knows them."""
    found = engine.search(question)
    assert full_text(found)[0] == note
    assert found.hits[0].chunk.doc_id == f"notes/{note}"
    assert shown(found) == words


@pytest.mark.parametrize("question", ['Who wrote "library"?', "who sang 《番茄》", "谁唱了“番茄”？"])
def test_names_are_not_translated(engine: Engine, question: str) -> None:
    """What stands in quotes."""
    assert shown(engine.search(question)) == {}


@pytest.mark.parametrize("question", ["bicycle?", "番茄", "藍圖"])
def test_other_languages_need_the_built_in_model(vault: Path, question: str) -> None:
    """Who wants no model gets none."""
    with opened(vault, **{"embedding.model": "none"}) as engine:
        assert shown(engine.search(question)) == {}


@pytest.mark.parametrize(
    ("question", "words", "quote"),
    [
        ("Which tool draws the dashbords?", {"dashbords": "dashboards"}, "Grafana draws the dashboards"),
        ("bicycle chain", {"bicycle": "自行车", "chain": "链条"}, "自行车的链条断了"),
        ("圖書館", {}, "圖書館關門三天"),
    ],
)
def test_answers_are_read_in_the_words_that_were_found(
    engine: Engine, question: str, words: dict[str, str], quote: str
) -> None:
    """The answer is of the question as it was asked, tells what it was taken for, and quotes the note."""
    answer = engine.ask(question)
    assert answer.question == question
    assert {part.written: part.meaning for part in answer.trace.filters} == words
    assert quote in answer.citations[0].quote


def test_abstaining_is_said_in_the_language_of_the_question(engine: Engine) -> None:
    """Words of the other language, which were looked for, do not change it."""
    beasts = "unicorns dragons griffins elves goblins wizards mermaids trolls vampires werewolves sphinxes phoenixes"
    answer = engine.ask(f"Why do {beasts} fear the bicycle in enchanted forests?")
    assert answer.abstained
    assert answer.text.startswith("The notes do not say.")
    assert "bicycle" in {part.written for part in answer.trace.filters}


@pytest.mark.parametrize(
    "question", ["Grafana dashboards", "自行车链条", "What is ripe in August?", "臺北颱風"]
)
def test_strong_questions_are_left_alone(engine: Engine, question: str) -> None:
    """Nothing is told, no stage is there, and full text finds what it finds without the help."""
    found = engine.search(question)
    assert "words" not in [part.kind for part in found.trace.filters]
    assert "expanded" not in [stage.name for stage in found.trace.stages]


def test_it_can_be_switched_off(vault: Path) -> None:
    """`search.expand: false`: words are taken as they stand."""
    with opened(vault, **{"search.expand": False, "embedding.model": "none"}) as engine:
        assert engine.search("kuberentes").hits == ()
        assert engine.search("kuberentes").trace.filters == ()


@pytest.mark.parametrize("question", ["zepplin", "藍圖", "blueprnts wartme"])
def test_excluded_notes_lend_no_words(engine: Engine, question: str) -> None:
    """A word that only they have is not even told."""
    assert shown(engine.search(question)) != {}
    for filters in (Filters(exclude=("notes/private",)), Filters(folders=("notes/ops.md",))):
        found = engine.search(question, filters=filters)
        assert shown(found) == {}
        assert all("private" not in hit.chunk.doc_id for hit in found.hits)


def test_words_of_a_deleted_note_are_gone(tmp_path: Path, footnotes_home: Path) -> None:
    """After a sync no question is taken for what only that note said."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("zeppelin", "balloon", "glider"):
        (folder / f"{name}.md").write_text(f"# Flying\n\nA {name} flies.\n", encoding="utf-8")
    with footnotes.open(footnotes_home, settings={"embedding.model": "none"}) as engine:
        engine.add_root(folder)
        engine.sync()
        assert shown(engine.search("zepplin baloon")) == {"zepplin": "zeppelin", "baloon": "balloon"}
        (folder / "zeppelin.md").unlink()
        engine.sync()
        assert shown(engine.search("zepplin baloon")) == {"baloon": "balloon"}


# --- other ways to write the same --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("台北台风", "臺北.md"),  # simplified question, traditional note
        ("图书馆关门几天？", "臺北.md"),
        ("重慶", "重庆.md"),  # and the reverse
        ("麵館裡的雲吞", "重庆.md"),
        ("後來發現", "重庆.md"),
        ("Project Apollo 1969", "width.md"),  # half-width question, full-width note
        ("ＰＲＯＪＥＣＴ　ＧＥＭＩＮＩ　１９６５", "narrow.md"),  # and the reverse
        ("カタカナ", "width.md"),  # full-width kana, half-width in the note
        ("テスト", "width.md"),
        ("ｶﾞﾗｽ", "narrow.md"),  # and the reverse, with the voicing mark a letter of its own
        ("ﾌﾟﾘﾝ", "narrow.md"),
        ("beyonce in zurich", "café.md"),  # no accents, accents in the note
        ("cafe", "café.md"),
        ("naive cooperative", "café.md"),
        ("résumé façade", "plain.md"),  # and the reverse
        ("Franc\u0327ois", "plain.md"),  # an accent that is a character of its own
    ],
)
def test_the_same_in_other_characters(either: Engine, question: str, note: str) -> None:
    """Found by full text, as the best hit, and not because anything else was looked for."""
    found = either.search(question)
    assert full_text(found)[0] == note
    assert found.hits[0].chunk.doc_id == f"notes/{note}"
    assert shown(found) == {}


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("颱風過後圖書館關門幾天？", "圖書館關門三天"),
        ("台风过后图书馆关门几天？", "圖書館關門三天"),
        ("麵館裡的雲吞好吃嗎？", "云吞很好吃"),
        ("ｶﾞﾗｽの写真", "ガラスの写真"),
    ],
)
def test_answers_quote_the_note_as_it_is_written(engine: Engine, question: str, quote: str) -> None:
    """Whichever script the question is in."""
    answer = engine.ask(question)
    assert quote in answer.citations[0].quote
