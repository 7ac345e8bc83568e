"""The full-text index: ranking, filters, and what survives crashes, damage and other processes."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag.errors import IndexDamagedError
from rag.evals import datasets, metrics
from rag.store import lexical, manifest, tokens
from rag.store.lexical import LexicalIndex
from rag.types import Chunk, Filters, Query

if TYPE_CHECKING:
    from collections.abc import Sequence


def passage(key: int, body: str, doc_id: str = "", title: str = "", heading: tuple[str, ...] = ()) -> Chunk:
    """A passage, by default in a document of its own."""
    return Chunk(doc_id or f"notes/{key}", 0, len(body), body, body, title, (1, 1), heading, key=key)


def indexed(folder: Path, *chunks: Chunk) -> LexicalIndex:
    """An index of the given passages at generation 1."""
    index = LexicalIndex(folder)
    index.rebuild(iter([chunks]), 1)
    return index


def found(index: LexicalIndex, text: str, filters: Filters | None = None, k: int = 10) -> list[int]:
    """Keys, best first."""
    return [key for key, _ in index.search(Query(text, filters or Filters()), k)]


def builds(folder: Path) -> list[str]:
    """Names of the builds on disk."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


# --- ranking -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("我在臺北吃飯", "台北"),
        ("重慶火鍋很辣", "重庆 火锅"),
        ("我们用 ＧＰＴ－４ 写的", "gpt-4"),
        ("written with GPT 4", "GPT-4?"),
        ("The harvests were late", "harvest"),
        ("Beyoncé sang", "beyonce"),
        ("call fooBar() first", "foo_bar"),
        ("北京大学的图书馆", "大学"),
        ("カタカナで書く", "カタカナ"),
        ("서울에서 만나자", "서울"),
        ("встреча в Москве", "москве"),
        ("party 🎉", "🎉"),
        ("猫", "猫"),
    ],
)
def test_finds_across_spellings_and_scripts(tmp_path: Path, text: str, question: str) -> None:
    """A passage is found however its words are written, and unrelated ones are not."""
    index = indexed(tmp_path, passage(1, text), passage(2, "nothing alike"), passage(3, "毫不相干"))
    assert found(index, question) == [1]


def test_title_and_headings_count(tmp_path: Path) -> None:
    """A word of the title or a heading finds the passage, and outweighs the same word in a body."""
    index = indexed(
        tmp_path,
        passage(1, "stored in the cellar apples"),
        passage(2, "stored in the cellar", title="Apples"),
        passage(3, "stored in the cellar", heading=("Fruit", "Apples")),
        passage(4, "stored in the cellar pears"),
    )
    assert found(index, "apples")[-1] == 1
    assert set(found(index, "apples")) == {1, 2, 3}


def test_rare_words_outweigh_common_ones(tmp_path: Path) -> None:
    """The passage that matches stop words only comes after the one with the word that matters."""
    index = indexed(
        tmp_path, passage(1, "what is this and why is it"), passage(2, "quince"), passage(3, "is")
    )
    assert found(index, "what is a quince")[0] == 2


@pytest.mark.parametrize("question", ["what is this", "这是什么"])
def test_questions_of_common_words_alone_still_find(tmp_path: Path, question: str) -> None:
    """There is no stop list that could leave a question without words."""
    assert found(indexed(tmp_path, passage(1, "what is this 这是什么")), question) == [1]


def test_ties_are_broken_by_key_across_the_limit(tmp_path: Path) -> None:
    """Of 300 equal passages the 5 with the smallest keys are returned, whatever the order of insertion."""
    keys = list(range(1, 301))
    random.Random(5).shuffle(keys)
    index = indexed(tmp_path, *(passage(key, "daily template") for key in keys))
    assert found(index, "template", k=5) == [1, 2, 3, 4, 5]


def test_k_limits_and_may_be_zero(tmp_path: Path) -> None:
    """At most k, never more than there are."""
    index = indexed(tmp_path, *(passage(key, "fig") for key in range(1, 4)))
    assert [len(found(index, "fig", k=k)) for k in (0, 1, 3, 50)] == [0, 1, 3, 3]


def test_a_pasted_page_is_a_question_too(tmp_path: Path) -> None:
    """Thousands of words are cut to the rarest ones of the index, and the right passage is still first."""
    index = indexed(tmp_path, passage(1, "walnut tart"), *(passage(key, "word other") for key in range(2, 9)))
    page = " ".join(f"word{i} word other" for i in range(3000)) + " walnut tart"
    assert found(index, page)[0] == 1


def reference(bodies: Sequence[str], question: str) -> list[float]:
    """BM25 (Lucene's: idf ln(1 + (N - df + 0.5) / (df + 0.5)), no square in the length norm), field by field."""
    scores = [0.0] * len(bodies)
    asked = tokens.analyse_query(question)
    for name, weight, k1 in (("words", 1.0, 0.6), ("grams", 0.45, 1.2)):
        documents = [Counter(getattr(tokens.analyse(body), name)) for body in bodies]
        lengths = [sum(document.values()) for document in documents]
        mean = sum(lengths) / len(lengths)
        for term in dict.fromkeys(getattr(asked, name)):
            df = sum(term in document for document in documents)
            idf = math.log(1 + (len(bodies) - df + 0.5) / (df + 0.5))
            boost = weight * (0.25 if term in tokens.common() else 1)
            for i, document in enumerate(documents):
                norm = k1 * (0.25 + 0.75 * lengths[i] / mean)
                f = document[term]
                scores[i] += boost * idf * 2.2 * f / (f + norm)
    return scores


def test_scores_equal_a_bm25_reference(tmp_path: Path) -> None:
    """The engine's k1 is 1.2, and 0.6 for words, which are written twice: its own factor k1 + 1 stays 2.2."""
    bodies = ["苹果和梨子", "the apple harvest of 2024", "apple pie, apple tart", "苹果 apple", "nothing"]
    index = indexed(tmp_path, *(passage(i, body) for i, body in enumerate(bodies)))
    question = "the apple harvest 苹果"
    expected = reference(bodies, question)
    hits = dict(index.search(Query(question), 10))
    assert hits.keys() == {i for i, score in enumerate(expected) if score > 0}
    assert all(hits[i] == pytest.approx(expected[i], abs=2e-3) for i in hits)


def test_idf_follows_the_formula_for_words_and_bigrams(tmp_path: Path) -> None:
    """Terms as ``tokens.terms`` names them, from passage counts; unknown terms weigh most."""
    index = indexed(tmp_path, passage(1, "apples 苹果派"), passage(2, "apple"), passage(3, "pear"))
    expected = {"appl": 2, "苹果": 1, "果派": 1, "派": 1, "walnut": 0}
    assert index.idf(list(expected)) == pytest.approx(
        {term: math.log(1 + (3 - df + 0.5) / (df + 0.5)) for term, df in expected.items()}
    )


def test_a_missing_index_gives_no_weight(tmp_path: Path) -> None:
    """Sentence scoring goes on without an index."""
    assert LexicalIndex(tmp_path / "none").idf(["a", "b"]) == {"a": 0.0, "b": 0.0}


# --- filters -----------------------------------------------------------------------------------------------------

PLACES = {1: "r/a/x.md", 2: "r/ab/x.md", 3: "r/a/b/x.md", 4: "s/a/x.md"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(folders=("r",)), {1, 2, 3}),
        (Filters(folders=("r/a",)), {1, 3}),
        (Filters(folders=("r/a/",)), {1, 3}),
        (Filters(folders=("r/a/x.md",)), {1}),
        (Filters(folders=("r/ab", "s")), {2, 4}),
        (Filters(folders=("a",)), set()),
        (Filters(exclude=("r/a",)), {2, 4}),
        (Filters(folders=("r",), exclude=("r/a/b", "r/ab/x.md")), {1}),
    ],
)
def test_filters_end_on_path_borders(tmp_path: Path, filters: Filters, expected: set[int]) -> None:
    """A folder holds what is below it, not its namesakes."""
    index = indexed(tmp_path, *(passage(key, "plum", doc_id) for key, doc_id in PLACES.items()))
    assert set(found(index, "plum", filters)) == expected


def test_filters_neither_find_nor_score(tmp_path: Path) -> None:
    """Being in the folder is no signal; a score is the same with and without it."""
    index = indexed(tmp_path, *(passage(key, "plum", doc_id) for key, doc_id in PLACES.items()))
    assert found(index, "cherry", Filters(folders=("r",))) == []
    assert index.search(Query("plum", Filters(folders=("s",))), 5)[0] in index.search(Query("plum"), 5)


def test_file_names_that_are_not_unicode_are_indexed(tmp_path: Path) -> None:
    """A name with undecodable bytes, as Python hands them on, breaks neither indexing nor filters."""
    index = indexed(tmp_path, passage(1, "plum", "r/\udcff.md"), passage(2, "plum", "r/b.md"))
    assert found(index, "plum", Filters(folders=("r/\udcff.md",))) == [1]


# --- changes, crashes, other processes ---------------------------------------------------------------------------


def test_every_change_leaves_one_build(tmp_path: Path) -> None:
    """Superseded builds and their segments are removed, and the index stays small."""
    index = indexed(tmp_path, passage(1, "apple"))
    for generation in range(2, 30):
        index.apply([passage(generation, "apple")], [generation - 1], generation)
    assert len(builds(tmp_path)) == 1
    assert (index.count, found(index, "apple")) == (1, [29])
    index.check()


def test_apply_needs_an_index(tmp_path: Path) -> None:
    """Changes cannot be applied to what is missing; the message names the remedy."""
    with pytest.raises(IndexDamagedError, match="footnotes reindex"):
        LexicalIndex(tmp_path / "none").apply([passage(1, "apple")], [], 2)


def test_apply_starts_from_another_process_commit(tmp_path: Path) -> None:
    """Two writers taking turns do not lose each other's changes."""
    one = indexed(tmp_path, passage(1, "apple"))
    two = LexicalIndex(tmp_path)
    assert two.generation == 1
    one.apply([passage(2, "apple")], [], 2)
    two.apply([passage(3, "apple")], [], 3)
    assert found(two, "apple") == [1, 2, 3]


def test_an_open_reader_keeps_its_state_until_it_refreshes(tmp_path: Path) -> None:
    """A search in flight in another process never sees half a change, nor a vanished file."""
    writer = indexed(tmp_path, passage(1, "apple"))
    reader = LexicalIndex(tmp_path)
    assert found(reader, "apple") == [1]
    writer.rebuild(iter([[passage(2, "apple")]]), 2)
    writer.apply([], [2], 3)
    assert (reader.generation, found(reader, "apple")) == (1, [1])
    assert reader.refresh()
    assert (reader.generation, found(reader, "apple")) == (3, [])
    assert not reader.refresh()


def test_searches_go_on_while_another_thread_writes(tmp_path: Path) -> None:
    """Readers that refresh all the time only ever see committed states."""
    writer = indexed(tmp_path, *(passage(key, "apple") for key in range(1, 6)))
    done = threading.Event()
    sizes: set[int] = set()
    failures: list[BaseException] = []

    def read() -> None:
        reader = LexicalIndex(tmp_path)
        try:
            while not done.is_set():
                reader.refresh()
                assert reader.generation > 0
                sizes.add(len(found(reader, "apple")))
        except BaseException as error:  # noqa: BLE001 - carried to the test's thread
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for generation in range(2, 25):
        writer.apply([passage(generation + 100, "apple")], [generation + 99], generation)
    done.set()
    thread.join()
    assert failures == []
    assert sizes <= {5, 6}


CRASHES = {
    "linking": ("rag.store.lexical._write", "before"),
    "committed": ("rag.store.lexical._write", "after"),
    "manifest": ("rag.store.manifest.write", "after"),
}


@pytest.mark.parametrize("name", CRASHES)
@pytest.mark.parametrize(
    "change", ["apply([passage(2, 'apple')], [1], 2)", "rebuild(iter([[passage(2, 'apple')]]), 2)"]
)
def test_a_kill_leaves_the_old_or_the_new_state(tmp_path: Path, name: str, change: str) -> None:
    """The process dies at once, without cleaning up; the next one answers, and its next change tidies."""
    indexed(tmp_path, passage(1, "apple"))
    target, when = CRASHES[name]
    module, function = target.rsplit(".", 1)
    code = f"""
import importlib, os, pathlib, sys
sys.path[:0] = [{str(Path.cwd())!r}]
from rag.store.lexical import LexicalIndex
from rag.types import Chunk
def passage(key, body):
    return Chunk(f"notes/{{key}}", 0, len(body), body, body, "", (1, 1), key=key)
module = importlib.import_module({module!r})
real = getattr(module, {function!r})
def dying(*args):
    if {when!r} == "after":
        real(*args)
    os._exit(9)
setattr(module, {function!r}, dying)
LexicalIndex(pathlib.Path({str(tmp_path)!r})).{change}
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    index = LexicalIndex(tmp_path)
    new = name == "manifest"
    assert (index.generation, found(index, "apple")) == ((2, [2]) if new else (1, [1]))
    index.apply([passage(3, "apple")], [], 3)
    assert found(index, "apple") == ([2, 3] if new else [1, 3])
    assert len(builds(tmp_path)) == 1


def test_a_failed_change_keeps_the_old_state_and_frees_its_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk while writing: the error surfaces, the index answers as before, nothing is left over."""
    index = indexed(tmp_path, passage(1, "apple"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "write", full)
        with pytest.raises(OSError, match="No space"):
            index.apply([passage(2, "apple")], [], 2)
    assert builds(tmp_path) == ["1"]
    assert (index.generation, found(index, "apple")) == (1, [1])


def test_file_systems_without_hard_links_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On exFAT and some network drives: segments are copied instead."""

    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    index = indexed(tmp_path, passage(1, "apple"))
    monkeypatch.setattr(os, "link", refuse)
    index.apply([passage(2, "apple")], [], 2)
    assert found(LexicalIndex(tmp_path), "apple") == [1, 2]


def test_linked_segments_are_not_copied(tmp_path: Path) -> None:
    """A small change does not rewrite a large index."""
    index = indexed(tmp_path, *(passage(key, "apple") for key in range(50)))
    before = {path.name: path.stat().st_ino for path in (tmp_path / "1").glob("*.idx")}
    index.apply([passage(99, "apple")], [], 2)
    after = {path.name: path.stat().st_ino for path in (tmp_path / "2").glob("*.idx")}
    assert before.items() <= after.items()


def test_another_analysis_means_rebuild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terms of another analysis would not meet the question's."""
    indexed(tmp_path, passage(1, "apple"))
    monkeypatch.setattr(tokens, "ANALYSIS_VERSION", "other")
    index = LexicalIndex(tmp_path)
    assert (index.generation, index.count, found(index, "apple")) == (-1, 0, [])
    index.rebuild(iter([[passage(1, "apple")]]), 2)
    assert found(index, "apple") == [1]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"kind": "lexical"}'])
def test_an_unreadable_manifest_means_rebuild(tmp_path: Path, content: str) -> None:
    """Whatever it says, opening does not raise."""
    indexed(tmp_path, passage(1, "apple"))
    (tmp_path / "manifest.json").write_text(content, "utf-8")
    assert LexicalIndex(tmp_path).generation == -1


def test_a_wrong_count_means_rebuild(tmp_path: Path) -> None:
    """The manifest and the segments must tell the same."""
    indexed(tmp_path, passage(1, "apple"))
    manifest.write(tmp_path, replace(manifest.read(tmp_path), count=2))
    assert LexicalIndex(tmp_path).generation == -1


def test_a_missing_file_means_rebuild(tmp_path: Path) -> None:
    """Each file of a build is needed."""
    indexed(tmp_path, passage(1, "apple"))
    for path in [p for p in (tmp_path / "1").iterdir() if p.suffix != ".lock"]:
        content = path.read_bytes()
        path.unlink()
        assert LexicalIndex(tmp_path).generation == -1, path.name
        path.write_bytes(content)
    assert LexicalIndex(tmp_path).generation == 1


def test_a_failing_search_reopens_once_then_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files may vanish under a reader: one retry on the current build, then a clear error."""
    index = indexed(tmp_path, passage(1, "apple"))
    real, calls = lexical._fetch, []

    def once(*args: object) -> list[tuple[int, float]]:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("segment is gone")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(lexical, "_fetch", once)
    assert found(index, "apple") == [1]
    monkeypatch.setattr(lexical, "_fetch", lambda *_: int("gone"))
    with pytest.raises(IndexDamagedError, match="footnotes reindex"):
        found(index, "apple")


@pytest.mark.parametrize(
    ("total", "changed", "anew"), [(500, 0, True), (501, 0, False), (1000, 180, False), (1000, 200, True)]
)
def test_few_passages_or_many_dead_ones_are_indexed_anew(
    tmp_path: Path, total: int, changed: int, anew: bool
) -> None:
    """Ten are dead; among a thousand, two hundred and one would be too many."""
    index = indexed(tmp_path, *(passage(key, f"apple n{key}") for key in range(1, 101)))
    index.apply([], range(1, 11), 2)
    assert index.prefers_rebuild(changed + (1 if anew else 0), total) is anew


def test_scores_after_a_rebuild_know_nothing_of_the_dead(tmp_path: Path) -> None:
    """Deleted passages count in the engine's statistics; those of a new build are of the living alone."""
    living = [passage(key, f"apple pie {key}") for key in range(20)]
    dead = [passage(key, "pie " * 30) for key in range(20, 40)]
    changed, fresh = indexed(tmp_path / "a", *living, *dead), indexed(tmp_path / "b", *living)
    changed.apply([], [chunk.key for chunk in dead], 2)
    query = Query("apple pie 7")
    assert changed.search(query, 10) != fresh.search(query, 10)
    changed.rebuild(iter([living]), 3)
    assert changed.search(query, 10) == fresh.search(query, 10)


# --- quality -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "floor"), [("drcd_zh_hant", 0.95), ("xquad_en", 0.97), ("rgb_zh", 0.53), ("memdaily_zh", 0.91)]
)
def test_one_analysis_reaches_its_floor_on_every_set(
    shared: Path, tmp_path: Path, name: str, floor: float
) -> None:
    """Document-level nDCG@10 over all questions, one passage a row."""
    data = datasets.load(shared / "eval" / name)
    index = indexed(
        tmp_path, *(passage(i, row.text, row.doc_id, row.title) for i, row in enumerate(data.rows))
    )
    rankings = {
        question.id: [
            data.rows[key].id
            for key in found(
                index, question.text, Filters((question.folder,) if question.folder else (), question.exclude)
            )
        ]
        for question in data.questions
    }
    assert metrics.mean(metrics.per_question(data.qrels, rankings))["ndcg@10"] >= floor
