"""Reading evaluation sets: what is accepted, and what a person is told about the rest."""

from __future__ import annotations

import json
import zlib
from datetime import date
from pathlib import Path

import pytest

from rag.errors import EvalError
from rag.evals import datasets

TINY = Path(__file__).parents[3] / "data" / "eval_tiny"
ROWS = '{"_id": "d1", "title": "T", "text": "one"}\n{"_id": "d2", "text": "two"}\n'
QUESTIONS = '{"_id": "q1", "text": "first?"}\n{"_id": "q2", "text": "second?"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A correct set of two rows and two questions, one of them judged."""
    found = tmp_path / "small set"
    found.mkdir()
    (found / "corpus.jsonl").write_text(ROWS, "utf-8")
    (found / "queries.jsonl").write_text(QUESTIONS, "utf-8")
    (found / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n", "utf-8")
    return found


def test_tiny_set_is_read_with_groups_dates_and_exclusions() -> None:
    """Optional fields reach rows and questions; ids keep groups apart and never hold a row's slash."""
    data = datasets.load(TINY)
    rows, questions = {r.id: r for r in data.rows}, {q.id: q for q in data.questions}
    assert (len(rows), len(questions)) == (12, 10)
    assert rows["garden/1"].doc_id == "eval_tiny/lin/garden%2F1"
    assert rows["n1"].doc_id == "eval_tiny/_/n1"
    assert rows["garden/2"].day == date(2024, 5, 3)
    assert questions["q3"].folder == "eval_tiny/lin"
    assert questions["q3"].day == date(2024, 6, 6)
    assert questions["q8"].exclude == ("eval_tiny/_/n3",)
    assert questions["q7"].folder == ""
    assert data.row_ids["eval_tiny/lin/garden%2F1"] == "garden/1"
    assert data.qrels["q1"] == {"garden/1": 2, "garden/2": 1}


def test_questions_without_judgements_are_left_out(folder: Path) -> None:
    """BEIR folders hold the questions of other splits too."""
    assert [q.id for q in datasets.load(folder).questions] == ["q1"]


@pytest.mark.parametrize(
    "lines",
    [
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td2\t0\n",
        "q1\td1\t2\nq2\td2\t0\n",
        "q1 0 d1 2\r\nq2 0 d2 0\r\n",
        "q1\t0\td1\t2\n\nq2\t0\td2\t0",
        "\ufeffq1\td1\t2.0\nq2\td2\t0.0\n",
    ],
    ids=["header", "no header", "TREC", "TREC with tabs", "byte order mark and fractions"],
)
def test_judgements_in_every_layout(folder: Path, lines: str) -> None:
    """Three columns or TREC's four, tabs or spaces, header or none."""
    (folder / "qrels.tsv").write_text(lines, "utf-8", newline="")
    assert datasets.load(folder).qrels == {"q1": {"d1": 2}, "q2": {"d2": 0}}


def test_beir_layout_prefers_test_judgements(folder: Path) -> None:
    """qrels/test.tsv goes before qrels/dev.tsv, which serves where it is alone."""
    (folder / "qrels.tsv").unlink()
    (folder / "qrels").mkdir()
    (folder / "qrels" / "dev.tsv").write_text("q2\td2\t1\n", "utf-8")
    assert set(datasets.load(folder).qrels) == {"q2"}
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t1\n", "utf-8")
    assert set(datasets.load(folder).qrels) == {"q1"}


def test_numbers_serve_as_ids_and_line_separators_stay_inside_strings(folder: Path) -> None:
    """U+2028 and U+0085 are text, not line ends, when a file holds them unescaped."""
    line = json.dumps({"_id": 7, "text": "a\u2028b\u0085c", "title": None}, ensure_ascii=False)
    (folder / "corpus.jsonl").write_text(line + "\n", "utf-8")
    (row,) = datasets.load(folder).rows
    assert (row.id, row.title, row.text) == ("7", "", "a\u2028b\u0085c")


def test_half_a_surrogate_pair_becomes_a_question_mark(folder: Path) -> None:
    """JSON can write what no text may hold; a whole pair is one character."""
    line = '{"_id": "d1", "text": "a\\ud83d b\\ud83d\\ude00"}\n'
    (folder / "corpus.jsonl").write_text(line, "utf-8")
    assert datasets.load(folder).rows[0].text == "a? b\U0001f600"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("corpus.jsonl", ROWS + "{broken\n", "line 3: not JSON"),
        ("corpus.jsonl", ROWS + "[1]\n", "line 3: not a JSON object"),
        (
            "corpus.jsonl",
            ROWS + '{"_id": "d1", "text": "x"}\n',
            "line 3: the _id 'd1' is empty or was used before",
        ),
        ("corpus.jsonl", ROWS + '{"_id": "d3"}\n', "line 3: no 'text'"),
        ("corpus.jsonl", '{"text": "x"}\n', "line 1: no '_id'"),
        ("corpus.jsonl", '{"_id": "d1", "text": ["x"]}\n', "line 1: 'text' is ['x']"),
        ("corpus.jsonl", "\n", "is empty"),
        ("queries.jsonl", '{"_id": "q1", "text": "a", "exclude": "d1"}\n', "line 1: 'exclude' is 'd1'"),
        (
            "queries.jsonl",
            '{"_id": "q1", "text": "a", "time": ["2022-05-01", "2022-04-01"]}\n',
            "Make it a list of two days, the earlier first",
        ),
        ("queries.jsonl", '{"_id": "q1", "text": "a", "time": ["spring"]}\n', "line 1: 'time' is"),
        ("qrels.tsv", "q1\td1\t1\nq1\td2\n", "line 2: not a judgement"),
        ("qrels.tsv", "q1\td1\t1\nq1\td2\t0.5\n", "line 2: not a judgement"),
        ("qrels.tsv", "q1\td1\t1\nq9\td2\t1\n", "line 2: no question 'q9'"),
        ("qrels.tsv", "q1\td1\t1\nq1\td1\t2\n", "line 2: 'q1' judges 'd1' twice"),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\n", "holds no judgement"),
    ],
)
def test_wrong_input_names_file_line_and_remedy(folder: Path, name: str, content: str, said: str) -> None:
    """Each mistake gets one line that a person can act on."""
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(EvalError) as caught:
        datasets.load(folder)
    message = str(caught.value)
    assert name in message
    assert said in message
    assert "\n" not in message
    assert message.endswith(".")


def test_wrong_encoding_names_the_line(folder: Path) -> None:
    """A GBK file is refused, not guessed at."""
    (folder / "queries.jsonl").write_bytes(QUESTIONS.encode() + "猫在哪里".encode("gbk"))
    with pytest.raises(EvalError, match=r"queries\.jsonl, line 3: not UTF-8"):
        datasets.load(folder)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    """A folder that is no set says which file it lacks."""
    (folder / name).unlink()
    with pytest.raises(EvalError, match=name.replace(".", r"\.")):
        datasets.load(folder)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-11-11", date(2025, 11, 11)),
        ("2024/5/3 08:00", date(2024, 5, 3)),
        ("2024年04月01日 周一 08:30", date(2024, 4, 1)),
        ("1:56 pm on 8 May, 2023", date(2023, 5, 8)),
        ("September 21st, 2023", date(2023, 9, 21)),
        ("2023-02-30", None),
        ("some day in spring", None),
        ("", None),
    ],
)
def test_dates_are_read_in_both_languages(text: str, day: date | None) -> None:
    """A date that cannot be read counts as none."""
    assert datasets.parse_day(text) == day


def test_split_follows_crc32_of_the_id() -> None:
    """Three tenths are dev, by the id alone; the two splits make up all."""
    data = datasets.load(TINY)
    dev = {q.id for q in data.chosen("dev")}
    report = {q.id for q in data.chosen("report")}
    assert dev == {q.id for q in data.questions if zlib.crc32(q.id.encode()) % 10 in {0, 1, 2}}
    assert dev == {"q1", "q4", "q5", "q6", "q8", "q9"}
    assert dev | report == {q.id for q in data.chosen()}
    assert not dev & report


def test_limit_takes_the_first_of_the_split() -> None:
    """The limit counts after the split."""
    assert [q.id for q in datasets.load(TINY).chosen("report", 2)] == ["q2", "q3"]


def test_groups_cannot_climb_out_of_the_set(folder: Path) -> None:
    """A group named like a path, or like the place of rows without a group, gets a folder of its own."""
    rows = [
        {"_id": f"d{i}", "text": "x", "group": group} for i, group in enumerate(["..", "_", "a/b", "甲", ""])
    ]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    folders = [row.doc_id.split("/")[1:-1] for row in datasets.load(folder).rows]
    assert folders == [["%2E%2E"], ["%5F"], ["a%2Fb"], ["%E7%94%B2"], ["_"]]
