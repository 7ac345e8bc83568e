"""What a question asks for beside its words, from files to what the terminal says."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

import footnotes
from rag.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from footnotes import Engine, Retrieval

TODAY = date(2026, 12, 1)
NOTES = {
    "review.md": "---\ntitle: 2022, a review\nmodified: 2023-01-09\n---\n\nA year of trains and of bread, all in all.\n",
    "log/2022-03-05.md": "---\ndate: 2022-03-05\n---\n\nTook the night train to Vienna with Mara.\n",
    "log/2022-06-11.md": "---\ndate: 2022-06-11\n---\n\nBaked the first loaf that did not collapse.\n",
    "log/2021-06-20.md": "---\ndate: 2021-06-20\n---\n\nUnderstood at last how a torque wrench clicks.\n",
    "一代宗师.md": "---\n导演: 王家卫\ndate: 2020-02-02\n---\n\n雪地，火车站，叶问。\n",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a synced engine."""
    place = tmp_path_factory.mktemp("questions")
    for name, text in NOTES.items():
        path = place / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    with footnotes.open(place / "home", settings={"sync.workers": 0}) as opened:
        opened.add_root(place / "notes")
        opened.sync()
    return place / "home"


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    """With the default model."""
    with footnotes.open(home) as opened:
        yield opened


def notes_of(found: Retrieval) -> set[str]:
    """Found notes, without their root."""
    return {hit.chunk.doc_id.partition("/")[2] for hit in found.hits}


def test_a_note_of_a_whole_year_is_in_its_list(engine: Engine) -> None:
    """Though the days of others are surer; in a list of one month it is not."""
    of_year = engine.search("what did I do in 2022?", 10, today=TODAY)
    assert notes_of(of_year) == {"review.md", "log/2022-03-05.md", "log/2022-06-11.md"}
    assert of_year.trace.in_range == 3
    of_month = engine.search("what did I do in March 2022?", 10, today=TODAY)
    assert notes_of(of_month) == {"log/2022-03-05.md"}


def test_a_list_is_told_of_where_one_is_gathered(engine: Engine) -> None:
    """Without a time or a filter it is a search, and is not called a list."""
    gathered = engine.search("which trains did I take in 2022?", 10, today=TODAY)
    assert [part.kind for part in gathered.trace.filters] == ["list", "time"]
    assert engine.search("which trains did I take?", 10, today=TODAY).trace.filters == ()
    elsewhen = engine.search("which trains did I take in 1999?", 10, today=TODAY)
    assert [part.kind for part in elsewhen.trace.filters] == ["time"]


def test_all_of_a_time_is_listed_where_no_note_says_what_was_done(engine: Engine) -> None:
    """And that it was so."""
    answer = engine.ask("what did I learn in June 2021?", today=TODAY)
    assert not answer.abstained
    assert [c.doc_id for c in answer.citations] == ["notes/log/2021-06-20.md"]
    assert answer.trace.notes == ("No note of that time or kind says: learn. All are listed.",)
    chinese = engine.ask("2021年6月我学了什么？", today=TODAY)
    assert [c.doc_id for c in chinese.citations] == ["notes/log/2021-06-20.md"]


def test_words_that_no_note_of_a_time_says_are_told(engine: Engine) -> None:
    """As they were written; what is of the time, and not of them, is not listed."""
    answer = engine.ask("Which movies did I watch in June 2021?", today=TODAY)
    assert answer.abstained
    assert answer.trace.notes == ("No note of that time or kind says: movies.",)
    chinese = engine.search("2021年我看过哪些电影？", 10, today=TODAY)
    assert chinese.hits == ()
    assert chinese.trace.notes == ("No note of that time or kind says: 电影.",)


@pytest.mark.parametrize(
    ("locale", "question", "says"),
    [
        ("C", "director:侯孝贤", ["Nothing found.", "No note fits the filters."]),
        ("zh_CN.UTF-8", "director:侯孝贤 火车", ["没有找到。", "没有符合筛选条件的笔记。"]),
        ("C", "what films did I buy in June 2021?", ["Nothing found.", "No note of that time or kind says: films."]),
    ],
)  # fmt: skip
def test_nothing_found_says_why(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    locale: str,
    question: str,
    says: list[str],
) -> None:
    """A filter is not taken for missing words; no empty count is shown."""
    monkeypatch.setenv("FOOTNOTES_HOME", str(home))
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setattr("sys.argv", ["footnotes", "search", question])
    with pytest.raises(SystemExit):
        main()
    told = "".join(capsys.readouterr()).splitlines()
    assert [line for line in told if not line.startswith(("Understood", "理解"))] == says


def test_json_of_a_list_that_is_empty(engine: Engine) -> None:
    """Says that nothing was in range."""
    from rag import present

    told = present.retrieval(engine.search("which movies did I watch in 2021?", 10, today=TODAY))
    assert json.loads(json.dumps(told))["trace"]["in_range"] == 0
