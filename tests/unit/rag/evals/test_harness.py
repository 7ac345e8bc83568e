"""Running a set: indexes are kept, stages measured apart, passages mapped to their documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rag.errors import ConfigError, EvalError
from rag.evals import corpus, datasets, harness, metrics, report
from rag.types import Chunk, Filters, Hit
from tests.unit.rag.evals.fake_engine import TINY, Opener

if TYPE_CHECKING:
    from pathlib import Path


def test_report_has_exactly_the_promised_shape(tmp_path: Path) -> None:
    """The JSON that scripts read: names, stages, metrics as fractions of 1."""
    found = harness.run(TINY, cache=tmp_path, open_engine=Opener()).to_json()
    assert list(found) == [
        *("set", "documents", "queries", "split", "stages", "latency_ms", "seconds"),
        *("started", "settings", "models", "index", "code", "machine", "seed"),
    ]
    assert (found["set"], found["documents"], found["queries"], found["split"]) == (
        "eval_tiny",
        12,
        10,
        "all",
    )
    stages = found["stages"]
    assert isinstance(stages, dict)
    assert list(stages) == ["lexical", "worst", "final"]
    for values in stages.values():
        assert list(values) == list(metrics.NAMES)
        assert all(0 <= value <= 1 for value in values.values())
    assert stages["final"]["mrr@10"] > 0.8 > stages["worst"]["mrr@10"]
    latency = found["latency_ms"]
    assert isinstance(latency, dict)
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p95"] <= latency["p99"]
    json.dumps(found)


def test_question_fields_reach_the_search(tmp_path: Path) -> None:
    """Group, exclusions and the day asked on become filters and today; a few questions warm up."""
    opener = Opener()
    harness.run(TINY, cache=tmp_path, open_engine=opener)
    asked = opener.engines[-1].asked
    data = datasets.load(TINY)
    assert [text for text, _, _ in asked[-10:]] == [q.text for q in data.questions]
    assert asked[:-10] == asked[-10::2]
    by_text = {text: (filters, today) for text, filters, today in asked}
    assert by_text["下周三看牙在哪里？"] == (Filters(("eval_tiny/lin",)), data.questions[2].day)
    assert by_text["How do I feed the sourdough starter?"] == (Filters((), ("eval_tiny/_/n3",)), None)


def test_passages_count_as_their_document_once() -> None:
    """A document stands where its best passage stands, whatever its other passages do."""
    hits = [Hit(Chunk(name, 0, 1, "x", "x", "", (1, 1)), 1.0) for name in ("s/b", "s/a", "s/b", "s/c", "s/a")]
    assert harness._rows(hits, {"s/a": "a", "s/b": "b", "s/c": "c"}) == ("b", "a", "c")


def test_index_is_built_once_and_used_again(tmp_path: Path) -> None:
    """A second run, and one with another way of mixing, index nothing."""
    opener = Opener()
    first = harness.run(TINY, cache=tmp_path, open_engine=opener)
    second = harness.run(TINY, cache=tmp_path, open_engine=opener, overrides={"search.dense_weight": 0.9})
    assert opener.imports == 1
    assert opener.engines[-1].overrides == {"search.dense_weight": 0.9}
    assert first.stages == second.stages


def test_interrupted_build_starts_anew(tmp_path: Path) -> None:
    """A folder without its marker is no index: it is emptied and filled again."""
    with pytest.raises(KeyboardInterrupt):
        harness.run(TINY, cache=tmp_path, open_engine=Opener(fail_after=5))
    (half,) = tmp_path.glob("*/half")
    opener = Opener()
    assert harness.run(TINY, cache=tmp_path, open_engine=opener).documents == 12
    assert opener.imports == 1
    assert not half.exists()


def test_other_chunks_or_model_or_corpus_make_another_index(tmp_path: Path) -> None:
    """The cache never answers for another corpus or another way of cutting and embedding."""
    copy = tmp_path / "sets" / "eval_tiny"
    copy.mkdir(parents=True)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"):
        (copy / name).write_bytes((TINY / name).read_bytes())
    with (copy / "corpus.jsonl").open("a", encoding="utf-8") as f:
        f.write('{"_id": "n5", "text": "One more row."}\n')
    opener = Opener()
    cache = tmp_path / "cache"
    for folder, overrides in (
        (TINY, {}),
        (TINY, {"chunk.size": 300}),
        (TINY, {"embedding.model": "some/model"}),
        (copy, {}),
    ):
        harness.run(folder, cache=cache, open_engine=opener, overrides=overrides)
    assert opener.imports == 4
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 4


def test_settings_come_from_the_users_home(tmp_path: Path, footnotes_home: Path) -> None:
    """What the user configured is what is measured; indexes stand in the home by default."""
    footnotes_home.mkdir(parents=True)
    (footnotes_home / "config.yaml").write_text("chunk:\n  size: 250\n", "utf-8")
    opener = Opener()
    harness.run(TINY, open_engine=opener)
    assert opener.engines[-1].overrides == {"chunk.size": 250}
    assert opener.engines[-1].home.parent == footnotes_home / "evals"
    with pytest.raises(ConfigError, match=r"chunk\.sise"):
        harness.run(TINY, cache=tmp_path, open_engine=opener, overrides={"chunk.sise": 1})


def test_limit_split_and_stages_narrow_the_run(tmp_path: Path) -> None:
    """The limit counts after the split; only the named stages are shown."""
    found = harness.run(TINY, cache=tmp_path, open_engine=Opener(), split="dev", limit=3, stages=["final"])
    assert found.queries == 3
    assert list(found.stages) == ["final"]
    assert list(found.latency) == ["q1", "q4", "q5"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limit": 0}, "limit is 0"),
        ({"stages": ["dense"]}, "no stage 'dense' with these settings. Choose from: lexical, worst, final"),
    ],
)
def test_wrong_options_say_what_is_possible(tmp_path: Path, options: dict[str, object], said: str) -> None:
    """A stage that the settings do not produce is refused by name."""
    with pytest.raises(EvalError) as caught:
        harness.run(TINY, cache=tmp_path, open_engine=Opener(), **options)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_progress_reaches_its_total(tmp_path: Path) -> None:
    """Rows indexed, then questions asked."""
    seen: list[tuple[str, int, int]] = []
    harness.run(TINY, cache=tmp_path, open_engine=Opener(), progress=lambda *step: seen.append(step))
    assert [step for step in seen if step[1] == step[2]] == [("indexing", 12, 12), ("asking", 10, 10)]


def test_rows_of_markdown_files_are_read_as_their_files_are() -> None:
    """The row's own name decides, never the set's; front matter is understood, and dates stay the row's."""
    rows = {row.id: row for row in datasets.load(TINY).rows}
    found = corpus.document(rows["notes/release.md"])
    assert (found.format, found.id) == ("markdown", "eval_tiny/_/notes%2Frelease.md")
    assert found.tags == ("work",)
    assert found.masks
    assert corpus.document(rows["n1"]).format == "text"
    by_source = datasets.Row("7", "s/_/7", "", "# Head\n\ntext", source="a/b.md")
    assert corpus.document(by_source).title == "Head"


def test_row_without_text_is_found_by_its_title() -> None:
    """Line ends and composed characters are those of any document."""
    row = datasets.Row("r", "s/_/r", "Cafe\u0301 au lait", "  ")
    assert corpus.document(row).text == "Caf\u00e9 au lait"
    assert corpus.document(datasets.Row("r", "s/_/r", "", "a\r\nb\rc")).text == "a\nb\nc"


def test_table_lists_every_stage_in_percent(tmp_path: Path) -> None:
    """One row a stage, the latency beside the final one, no cell cut off."""
    found = harness.run(TINY, cache=tmp_path, open_engine=Opener())
    lines = report.render([found, found.narrowed("dev")]).splitlines()
    assert len(lines) == 2 + 6
    cells = [cell.strip() for cell in lines[4].strip("|").split("|")]
    assert cells[:5] == ["eval_tiny", "all", "final", "12", "10"]
    assert cells[5] == f"{100 * found.stages['final']['ndcg@10']:.1f}"
    assert all(cells[10:])


def test_narrowed_report_equals_a_run_on_that_split(tmp_path: Path) -> None:
    """One pass over all questions gives the figures of both splits."""
    whole = harness.run(TINY, cache=tmp_path, open_engine=Opener())
    for part in ("dev", "report"):
        alone = harness.run(TINY, cache=tmp_path, open_engine=Opener(), split=part)
        narrowed = whole.narrowed(part)
        assert (narrowed.stages, narrowed.queries, narrowed.split) == (alone.stages, alone.queries, part)
