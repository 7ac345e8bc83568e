"""The built-in model: the one that comes along, and a tiny one whose numbers can be worked by hand."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models import opening, static, tensors
from rag.models.static import StaticEmbedder
from rag.protocols import Comparer, Embedder
from rag.settings import EmbeddingSettings
from rag.store.tokens import fold
from tests.unit.rag.models import tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable

VAULT = Path(__file__).parents[3] / "data" / "vault"
TEXTS = [
    "我们的猫叫年糕，今年三岁。",
    "The roof leaks when it rains from the west.",
    "把 Miniflux 装在 NAS 上，端口是 8081。",
    "ひらがなとカタカナ、한국어, кириллица, ελληνικά",
    "",
    "𠮷野家 龘",
]
# a and b are at right angles and of one length; twin is a, three times as long; near is between a and others.
TOKENS = {
    tiny_model.UNKNOWN: ((15, 15, 15, 15), 0.0),
    "a": ((1, 7, 1, 7), 2.0),
    "b": ((-7, 1, -7, 1), 2.0),
    "twin": ((1, 7, 1, 7), 6.0),
    "near": ((5, 5, 5, 5), 2.0),
    "猫": ((15, -15, 1, -1), 0.5),
    "年糕": ((-3, 9, 11, -13), 0.25),
}


@pytest.fixture(scope="module")
def shipped() -> StaticEmbedder:
    """The model that comes along, opened once."""
    return StaticEmbedder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the tiny model."""
    return tiny_model.write(tmp_path / "tiny", TOKENS)


@pytest.fixture
def tiny(folder: Path) -> StaticEmbedder:
    """The tiny model: four numbers a vector."""
    return StaticEmbedder(folder=folder)


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    ).stdout.strip()


def unknown(embedder: StaticEmbedder, texts: list[str]) -> list[str]:
    """Those of the texts that have an unknown token, or none at all."""
    ids = embedder._tokens(texts)
    return [text for text, found in zip(texts, ids, strict=True) if not len(found) or 0 in found]


# --- what it is ---------------------------------------------------------------------------------------------------


def test_it_is_an_embedder_that_reads(shipped: StaticEmbedder) -> None:
    """Both protocols, and what the default settings open."""
    assert isinstance(shipped, Embedder)
    assert isinstance(shipped, Comparer)
    opened = opening.open_embedder(EmbeddingSettings())
    assert isinstance(opened, StaticEmbedder)
    assert opened.identity == shipped.identity


def test_identity_tells_name_weights_tokenizer_and_width(folder: Path) -> None:
    """Whatever changes a vector changes it; nothing but the small file is read for it."""
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in tiny_model.FILES}
    for name in tiny_model.FILES:
        (folder / name).unlink()
    identity = StaticEmbedder(folder=folder).identity
    assert "tiny" in identity
    assert hashes["model.safetensors"][:16] in identity
    assert hashes["tokenizer.json"][:8] in identity
    assert identity.endswith("|4")
    assert StaticEmbedder(folder=folder, dimension=2).identity == identity.removesuffix("4") + "2"
    config = json.loads((folder / "config.json").read_text("utf-8"))
    for name in tiny_model.FILES:
        changed = {**config, "sha256": {**config["sha256"], name: "0" * 64}}
        (folder / "config.json").write_text(json.dumps(changed), encoding="utf-8")
        assert StaticEmbedder(folder=folder).identity != identity, name


# --- vectors ------------------------------------------------------------------------------------------------------


def test_vector_is_the_normalised_sum(tiny: StaticEmbedder) -> None:
    """Twice a and b: (2, 14, 2, 14) + (-7, 1, -7, 1), a worth of one each way; twin weighs three times."""
    for text, total in {
        "a A b": (-5, 15, -5, 15),
        "twin b": (3 - 7, 21 + 1, 3 - 7, 21 + 1),
        "猫 年糕": (15 - 1.5, -15 + 4.5, 1 + 5.5, -1 - 6.5),
        "猫年糕": (15 - 1.5, -15 + 4.5, 1 + 5.5, -1 - 6.5),
    }.items():
        expected = np.array(total) / np.linalg.norm(total)
        assert np.allclose(tiny.embed_query(text), expected, atol=1e-6), text


def test_a_part_of_what_was_compared_last_reads_the_same(shipped: StaticEmbedder) -> None:
    """A reranker's candidates are among those that were compared: what is read again is what is read alone."""
    texts = ["rain on the roof", "a cat 屋顶", "", "the roof leaks near the chimney", "屋顶漏水"]
    shipped.compare("the roof 屋顶", texts)
    again = shipped.sheet("the roof 屋顶", [texts[4], texts[2], texts[0]])
    alone = StaticEmbedder().sheet("the roof 屋顶", [texts[4], texts[2], texts[0]])
    assert np.array_equal(again.starts, alone.starts)
    assert np.allclose(again.alike[:, again.places], alone.alike[:, alone.places], atol=1e-6)
    assert np.allclose(again.length[again.terms], alone.length[alone.terms])
    assert again.counts.sum(axis=1).tolist() == alone.counts.sum(axis=1).tolist()
    assert shipped.sheet("another", texts[:1]).passages == 1
    assert shipped.sheet("the roof 屋顶", ["not read before"]).passages == 1


def test_low_half_of_a_byte_comes_first() -> None:
    """0x9F is 7.5 and 1.5, with a scale of two 15 and 3; as it is stored, so it is exported."""
    table = static.unpacked(
        np.array([[0x9F, 0x08]], dtype=np.uint8),
        np.array([2.0], dtype=np.float32),
    )
    assert table.tolist() == [[15.0, 3.0, 1.0, -15.0]]
    assert table.dtype == np.float32


def test_all_vectors_are_those_that_texts_get(tiny: StaticEmbedder, folder: Path) -> None:
    """What ``unpacked`` gives to be exported points where a text of that one token does."""
    found = tensors.read(folder / "model.safetensors")
    table = static.unpacked(found["embeddings"].view(np.uint8), found["scale"].astype(np.float32))
    for row, token in list(enumerate(TOKENS))[1:]:
        assert np.allclose(tiny.embed_query(token), table[row] / np.linalg.norm(table[row]), atol=1e-6), token


def test_texts_keep_their_order_and_their_vectors(shipped: StaticEmbedder) -> None:
    """Alone, together, or in hundreds: the same numbers within rounding, shape and type as promised."""
    together = shipped.embed_passages(TEXTS)
    assert together.shape == (len(TEXTS), shipped.dimension)
    assert together.dtype == np.float32
    many = shipped.embed_passages(TEXTS * 100)
    for i, vector in enumerate(many):
        assert np.allclose(vector, together[i % len(TEXTS)], atol=1e-6)
    alone = np.stack([shipped.embed_query(text) for text in TEXTS])
    assert np.allclose(alone, together, atol=1e-6)
    assert shipped.embed_passages([]).shape == (0, shipped.dimension)


def test_vectors_are_normalised(shipped: StaticEmbedder) -> None:
    """Length one, the text without a token aside."""
    lengths = np.linalg.norm(shipped.embed_passages(TEXTS), axis=1)
    assert np.allclose(lengths, [0 if not text else 1 for text in TEXTS], atol=1e-5)


@pytest.mark.parametrize("text", ["", " \n", "!!!", "，。", "🙂", "\x00"])
def test_text_without_a_token_is_zeros(shipped: StaticEmbedder, tiny: StaticEmbedder, text: str) -> None:
    """As a question, as the only passage, and among others: no number, no warning, no error."""
    for embedder in (shipped, tiny):
        assert embedder.embed_query(text).shape == (embedder.dimension,)
        assert not embedder.embed_query(text).any()
        assert not embedder.embed_passages([text, text]).any()
        assert embedder.embed_passages([text, "a"]).any(axis=1).tolist() == [False, True]


def test_unknown_words_say_nothing(tiny: StaticEmbedder) -> None:
    """A word that the tiny vocabulary lacks has a row of zeros; beside others it changes nothing."""
    assert not tiny.embed_query("zzz").any()
    assert np.array_equal(tiny.embed_query("zzz a"), tiny.embed_query("a"))


@pytest.mark.parametrize("width", [8, 64, 65, 128, 256])
def test_a_narrower_vector_is_the_wide_ones_beginning(shipped: StaticEmbedder, width: int) -> None:
    """Cut and normalised anew; an odd width ends in the middle of a byte."""
    narrow = StaticEmbedder(dimension=width)
    assert narrow.dimension == width
    cut = shipped.embed_passages(TEXTS)[:, :width]
    lengths = np.linalg.norm(cut, axis=1, keepdims=True)
    expected = np.divide(cut, lengths, out=np.zeros_like(cut), where=lengths > 0)
    assert np.allclose(narrow.embed_passages(TEXTS), expected, atol=1e-5)


def test_bytes_are_the_same_in_every_process(shipped: StaticEmbedder) -> None:
    """Vectors are kept in caches and compared across machines' restarts: two fresh processes and this one agree."""
    code = (
        "import hashlib, sys; from rag.models.static import StaticEmbedder; m = StaticEmbedder(); "
        f"texts = {TEXTS!r}; found = m.embed_passages(texts); compared = m.compare(texts[0], texts); "
        "print(hashlib.sha256(found.tobytes()).hexdigest(), compared)"
    )
    here = hashlib.sha256(shipped.embed_passages(TEXTS).tobytes()).hexdigest()
    compared = shipped.compare(TEXTS[0], TEXTS)
    assert {python(code) for _ in range(2)} == {f"{here} {compared}"}


def test_threads_get_the_same_vectors() -> None:
    """Many at once, the model unopened before: as one after the other."""
    texts = [f"{text} {i}" for i in range(40) for text in TEXTS]
    expected = [StaticEmbedder().embed_query(text) for text in texts[:12]]
    fresh = StaticEmbedder()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(fresh.embed_query, texts))
        compared = list(pool.map(lambda text: fresh.compare(text, TEXTS), texts))
    assert all(np.array_equal(a, b) for a, b in zip(expected, found, strict=False))
    assert all(
        np.array_equal(fresh.embed_query(text), vector) for text, vector in zip(texts, found, strict=True)
    )
    assert compared == [fresh.compare(text, TEXTS) for text in texts]


# --- tokens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("繁體中文的筆記與檔案", "繁体中文的笔记与档案"),
        ("臺灣的圖書館", "台湾的图书馆"),
        ("Ｍｉｎｉｆｌｕｘ　８０８１", "miniflux 8081"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("The ROOF Leaks", "the roof leaks"),
        ("Café crème, naïve", "cafe creme, naive"),
        ("①②③㍿", "123 株式会社"),
    ],
)
def test_folding_makes_them_one(shipped: StaticEmbedder, one: str, other: str) -> None:
    """Script, width, case, accents: the same vector, byte for byte."""
    assert np.array_equal(shipped.embed_query(one), shipped.embed_query(other))
    assert shipped.embed_query(one).any()


def test_folding_is_the_full_text_sides(shipped: StaticEmbedder) -> None:
    """Both sides read a text alike: every sample note has the tokens that it has after ``fold``."""
    texts = [path.read_text("utf-8") for path in sorted(VAULT.rglob("*.md"))]
    assert len(texts) > 20
    pairs = zip(shipped._tokens(texts), shipped._tokens([fold(text) for text in texts]), strict=True)
    assert all(np.array_equal(ours, folded) for ours, folded in pairs)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(0x3041, 0x3096, id="hiragana"),
        pytest.param(0x30A1, 0x30FA, id="katakana"),
        pytest.param(0x31F0, 0x31FF, id="small katakana"),
        pytest.param(0x3005, 0x3007, id="repetition mark, zero"),
        pytest.param(0x3400, 0x4DBF, id="Han A"),
        pytest.param(0x4E00, 0x9FFC, id="Han"),
        pytest.param(0xAC00, 0xD7A3, id="Hangul"),
        pytest.param(0xF900, 0xFA6D, id="Han compatibility"),
        pytest.param(0x20000, 0x2A6DD, id="Han B"),
        pytest.param(0x2A700, 0x2EBE0, id="Han C to F"),
        pytest.param(0x2F800, 0x2FA1D, id="Han compatibility supplement"),
        pytest.param(0x30000, 0x3134A, id="Han G"),
    ],
)
def test_no_character_is_unknown(shipped: StaticEmbedder, first: int, last: int) -> None:
    """Rare ones share rows with others, but each has one: one unknown character would hide the whole run it is in."""
    ends = {0x2A735 + 1: 0x2A740, 0x2B735: 0x2B740, 0x2B81E: 0x2B820, 0x2CEA2: 0x2CEB0}  # between the blocks
    skipped = {code for begin, end in ends.items() for code in range(begin, end)}
    texts = [chr(code) for code in range(first, last + 1) if code not in skipped]
    assert unknown(shipped, texts) == []


@pytest.mark.parametrize("text", ["𠮷野家", "龘靐齉", "山﨑さん", "カタカナ", "한국어", "々〇", "我爱𪚥字"])
def test_rare_characters_hide_no_others(shipped: StaticEmbedder, text: str) -> None:
    """In the middle of a word, too."""
    assert unknown(shipped, [text]) == []


# --- reading passages against a question --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "text", "cosine", "coverage"),
    [
        # a + b = (-6, 8), twice over: length 10 for each half; a: (1, 7), length sqrt(50).
        ("a b", "a", 50 / (10 * math.sqrt(50)), 1 / 2),
        ("a b", "a b", 1.0, 1.0),
        ("a b", "b a a a a", 150 / (10 * math.sqrt(250)), 1.0),  # 2 a + b = (-5, 15)
        # near is (5, 5): 0.8 like a, and less than nothing like b.
        ("a b", "near", (-30 + 40) / (10 * math.sqrt(50)), 0.8 / 2),
        ("a b", "near a", ((-6 * 6) + 8 * 12) / (10 * math.sqrt(180)), 1 / 2),
        # twin points where a does, and weighs three times as much.
        ("twin b", "a", (-4 + 22 * 7) / (math.sqrt(500) * math.sqrt(50)), 3 / 4),
        ("twin b", "b", (28 + 22) / (math.sqrt(500) * math.sqrt(50)), 1 / 4),
        ("a", "b", 0.0, 0.0),
        ("a", "", 0.0, 0.0),
        ("a", "zzz", 0.0, 0.0),
        ("zzz", "a", 0.0, 0.0),
    ],
)
def test_comparison_worked_by_hand(
    tiny: StaticEmbedder, question: str, text: str, cosine: float, coverage: float
) -> None:
    """Cosine with repeats damped to their root; coverage by the nearest token, weighted by length."""
    found = tiny.compare(question, [text])
    assert found.cosine == pytest.approx((cosine,), abs=1e-5)
    assert found.coverage == pytest.approx((coverage,), abs=1e-5)


def test_comparison_gives_one_number_a_text(tiny: StaticEmbedder, shipped: StaticEmbedder) -> None:
    """In their order, empty ones among them; as each text alone."""
    for embedder in (tiny, shipped):
        texts = ["", "a", "b a", "", "near twin 年糕", "b", ""]
        together = embedder.compare("a 猫", texts)
        alone = [embedder.compare("a 猫", [text]) for text in texts]
        assert together.cosine == pytest.approx([found.cosine[0] for found in alone], abs=1e-5)
        assert together.coverage == pytest.approx([found.coverage[0] for found in alone], abs=1e-5)
        assert together.cosine[0] == together.coverage[3] == 0
        assert all(isinstance(number, float) for number in (*together.cosine, *together.coverage))


def test_comparison_of_nothing(shipped: StaticEmbedder) -> None:
    """No question, no texts, or neither."""
    assert shipped.compare("", ["", ""]) == shipped.compare("!", ["a", "b"])
    assert shipped.compare("", ["", ""]).cosine == shipped.compare("", ["", ""]).coverage == (0.0, 0.0)
    for question in ("", "a"):
        assert shipped.compare(question, []).cosine == shipped.compare(question, []).coverage == ()


def test_numbers_stay_in_their_range(shipped: StaticEmbedder) -> None:
    """Cosine from -1 to 1, coverage from 0 to 1; a text that is the question has both at 1."""
    for question in (text for text in TEXTS if text):
        found = shipped.compare(question, TEXTS)
        assert all(-1.00001 <= number <= 1.00001 for number in found.cosine)
        assert all(0 <= number <= 1.00001 for number in found.coverage)
        own = TEXTS.index(question)
        assert found.coverage[own] == pytest.approx(1, abs=1e-4)
        assert found.cosine[own] == max(found.cosine)


# --- wrong models -------------------------------------------------------------------------------------------------


def test_too_wide_is_refused(folder: Path) -> None:
    """At once, in one line that names the setting, the value, and what there is."""
    with pytest.raises(ModelError, match=r"embedding\.dimension = 5: .* has 4") as caught:
        StaticEmbedder(folder=folder, dimension=5)
    assert "\n" not in str(caught.value)
    assert StaticEmbedder(folder=folder, dimension=4).dimension == 4


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", None),
        ("config.json", b""),
        ("config.json", b"[]"),
        ("config.json", b"\xff\xfe"),
        ("config.json", b'{"name": "tiny", "dimension": "wide", "sha256": {}}'),
        ("config.json", b'{"name": "tiny", "dimension": 4, "sha256": {"model.safetensors": ""}}'),
        ("config.json", b'{"name": "tiny", "dimension": 4, "sha256": null}'),
        ("model.safetensors", None),
        ("model.safetensors", b""),
        ("model.safetensors", b"nonsense, and more of it"),
        ("model.safetensors", b"\x02\0\0\0\0\0\0\0{}"),
        ("tokenizer.json", None),
        ("tokenizer.json", b""),
        ("tokenizer.json", b"{}"),
    ],
)
def test_a_damaged_model_is_one_line(folder: Path, name: str, content: bytes | None) -> None:
    """Whichever file it is, and whatever is asked first: the folder and the remedy, no traceback of a library."""
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    uses: list[Callable[[StaticEmbedder], object]] = [
        lambda embedder: embedder.embed_query("a"),
        lambda embedder: embedder.embed_passages(["a", "b"]),
        lambda embedder: embedder.compare("a", ["b"]),
    ]
    for use in uses:
        with pytest.raises(ModelError, match=r"missing or damaged\. Install") as caught:
            use(StaticEmbedder(folder=folder))
        assert str(folder) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_model_without_a_name_is_damaged(folder: Path) -> None:
    """It would have no identity; that is told no later than when the identity is asked for."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    del config["name"]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="missing or damaged"):
        _ = StaticEmbedder(folder=folder).identity


@pytest.mark.parametrize("size", [-1, -200])
def test_a_file_that_was_cut_off_is_one_line(folder: Path, size: int) -> None:
    """A download that broke off: numbers are missing at the end."""
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ModelError, match="missing or damaged"):
        StaticEmbedder(folder=folder).embed_query("年糕")


def test_a_tokenizer_of_another_model_is_one_line(folder: Path) -> None:
    """More tokens than the weights have rows."""
    more = tiny_model.tokenizer([*TOKENS, "x", "y"])
    (folder / "tokenizer.json").write_text(json.dumps(more), encoding="utf-8")
    with pytest.raises(ModelError, match="missing or damaged"):
        StaticEmbedder(folder=folder).embed_query("y")


# --- what it costs ------------------------------------------------------------------------------------------------


def test_weights_are_mapped_not_read(shipped: StaticEmbedder) -> None:
    """Rows come from the file as they are needed: thousands of tokens are not in memory for a question of three."""
    rows, _ = shipped._weights
    base: object = rows
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    assert Path(str(base.filename)) == static.FOLDER / "model.safetensors"
    assert not rows.flags.writeable


def test_it_loads_quickly() -> None:
    """From nothing to the first vector in 0.3 s, numpy and the interpreter aside; the best of five processes."""
    code = (
        "import time, numpy; from rag.errors import ModelError; start = time.perf_counter(); "
        "from rag.models.static import StaticEmbedder; StaticEmbedder().embed_query('猫叫年糕吗'); "
        "print(time.perf_counter() - start)"
    )
    times = [float(python(code)) for _ in range(5)]
    assert min(times) <= 0.3, times


def test_it_needs_no_torch() -> None:
    """Nor transformers, nor anything that reaches for the network: numpy and tokenizers are all."""
    code = (
        "import sys; from rag.models.static import StaticEmbedder; m = StaticEmbedder(); "
        "m.embed_passages(['猫', 'cat']); m.compare('猫', ['cat']); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = set(python(code).split())
    assert {"numpy", "tokenizers"} <= loaded
    heavy = {"torch", "transformers", "sentence_transformers", "faiss", "scipy", "safetensors", "rjieba"}
    assert loaded.isdisjoint(heavy | {"llama_index", "httpx"})
