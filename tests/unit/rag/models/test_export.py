"""The built-in model as a folder for sentence-transformers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models import tensors
from rag.models.export import export

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VOCABULARY = ["[UNK]", "roof", "leak", "s", "the", "猫", "年", "糕", "年糕", "cat"]
TEXTS = ["The roof leaks", "猫叫年糕", "年糕 the cat", "roof", "unknown words only", ""]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of ten tokens and eight numbers, with a tokenizer as the built-in one has."""
    folder = tmp_path / "model"
    folder.mkdir()
    random = np.random.default_rng(3)
    values = {
        "embeddings": random.integers(-127, 128, (len(VOCABULARY), 8), dtype=np.int8),
        "scale": random.uniform(0.001, 0.02, len(VOCABULARY)).astype(np.float32),
    }
    tensors.write(folder / "model.safetensors", values)
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": False,
            "strip_accents": True,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "",
            "max_input_chars_per_word": 100,
            "vocab": {token: number for number, token in enumerate(VOCABULARY)},
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text("# A card\n", encoding="utf-8")
    return folder


def test_the_folder_is_complete(model: Path, tmp_path: Path) -> None:
    """Modules, float32 weights, tokenizer and card."""
    target = tmp_path / "deep" / "out"
    export(model, target)
    (weights,) = tensors.read(target / "0_StaticEmbedding" / "model.safetensors").items()
    source = tensors.read(model / "model.safetensors")
    expected = source["embeddings"].astype(np.float32) * source["scale"].astype(np.float32)[:, None]
    assert weights[0] == "embedding.weight"
    assert weights[1].dtype == np.float32
    assert np.array_equal(weights[1], expected)
    modules = json.loads((target / "modules.json").read_text("utf-8"))
    assert [(target / module["path"]).is_dir() for module in modules] == [True, True]
    assert (target / "0_StaticEmbedding" / "tokenizer.json").read_bytes() == (
        model / "tokenizer.json"
    ).read_bytes()
    assert (target / "README.md").read_text("utf-8") == "# A card\n"


def test_nothing_is_overwritten(model: Path, tmp_path: Path) -> None:
    """An empty folder is taken, any other is refused and left as it is."""
    (tmp_path / "empty").mkdir()
    export(model, tmp_path / "empty")
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "note.md").write_text("mine", encoding="utf-8")
    for target in (taken, taken / "note.md"):
        with pytest.raises(ModelError, match="not an empty folder"):
            export(model, target)
    assert [path.name for path in taken.iterdir()] == ["note.md"]


def test_a_place_that_cannot_be_written_is_one_line(model: Path, tmp_path: Path) -> None:
    """It names the folder."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be written") as caught:
        export(model, tmp_path / "file" / "out")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", None),
        ("model.safetensors", None),
        ("model.safetensors", b""),
        ("model.safetensors", b"nonsense, and more of it"),
        ("model.safetensors", b"\x02\0\0\0\0\0\0\0{}"),
    ],
)
def test_a_damaged_model_is_told(model: Path, tmp_path: Path, name: str, content: bytes | None) -> None:
    """Before anything is written."""
    if content is None:
        (model / name).unlink()
    else:
        (model / name).write_bytes(content)
    with pytest.raises(ModelError, match="missing or damaged"):
        export(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def by_hand(model: Path, text: str) -> NDArray[np.float64]:
    """The normalised sum of a text's scaled token vectors."""
    from tokenizers import Tokenizer

    source: dict[str, Any] = tensors.read(model / "model.safetensors")
    ids = Tokenizer.from_file(str(model / "tokenizer.json")).encode(text, add_special_tokens=False).ids
    total = (
        source["embeddings"][ids].astype(np.float64) * source["scale"].astype(np.float64)[ids, None]
    ).sum(0)
    length = np.linalg.norm(total)
    return total / length if length else total


@pytest.mark.models
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_sentence_transformers_gives_the_same_vectors(model: Path, tmp_path: Path) -> None:
    """Loaded by SentenceTransformer: cosine within 1e-3 (measured: 1e-6); a text without tokens stays zero."""
    sentence_transformers = pytest.importorskip("sentence_transformers", reason="comes with the models extra")
    export(model, tmp_path / "out")
    loaded = sentence_transformers.SentenceTransformer(str(tmp_path / "out"), device="cpu")
    vectors = loaded.encode(TEXTS)
    expected = np.stack([by_hand(model, text) for text in TEXTS])
    assert vectors.shape == (len(TEXTS), 8)
    assert np.allclose((vectors * expected).sum(axis=1)[:-1], 1, atol=1e-5)
    assert not vectors[-1].any()
