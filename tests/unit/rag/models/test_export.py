"""The built-in model as a folder for sentence-transformers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models import static, tensors
from rag.models.export import export
from rag.models.static import StaticEmbedder
from tests.unit.rag.models import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VOCABULARY = ["[UNK]", "roof", "leak", "s", "the", "猫", "年", "糕", "年糕", "cat"]
TEXTS = ["The roof leaks", "猫叫年糕", "年糕 the cat", "roof", "unknown words only", ""]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of ten tokens and eight numbers, with a tokenizer as the built-in one has."""
    random = np.random.default_rng(3)
    rows = {
        token: ((2 * random.integers(0, 16, 8) - 15).tolist(), random.uniform(0.01, 0.2))
        for token in VOCABULARY
    }
    return tiny_model.write(tmp_path / "model", rows)


def test_the_folder_is_complete(model: Path, tmp_path: Path) -> None:
    """Modules, float32 weights, tokenizer and card."""
    target = tmp_path / "deep" / "out"
    export(model, target)
    (weights,) = tensors.read(target / "0_StaticEmbedding" / "model.safetensors").items()
    assert weights[0] == "embedding.weight"
    assert weights[1].dtype == np.float32
    assert np.allclose(weights[1], token_vectors(model), rtol=1e-6)
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


def token_vectors(model: Path) -> NDArray[np.float64]:
    """Shape (tokens, 8): the low half of a byte, then the high one, from -7.5 to 7.5, times the row's scale."""
    source: dict[str, Any] = tensors.read(model / "model.safetensors")
    levels = np.empty((len(VOCABULARY), 8))
    levels[:, ::2], levels[:, 1::2] = source["embeddings"] % 16, source["embeddings"] // 16
    found: NDArray[np.float64] = (levels - 7.5) * source["scale"].astype(np.float64)[:, None]
    return found


def by_hand(model: Path, text: str) -> NDArray[np.float64]:
    """The normalised sum of a text's token vectors."""
    from tokenizers import Tokenizer

    ids = Tokenizer.from_file(str(model / "tokenizer.json")).encode(text, add_special_tokens=False).ids
    total: NDArray[np.float64] = token_vectors(model)[ids].sum(axis=0)
    length = np.linalg.norm(total)
    found: NDArray[np.float64] = total / length if length else total
    return found


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
    ours = StaticEmbedder(folder=model).embed_passages(TEXTS[:-1])
    assert np.allclose((vectors[:-1] * ours).sum(axis=1), 1, atol=1e-5)


@pytest.mark.models
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_sentence_transformers_loads_the_shipped_model(tmp_path: Path) -> None:
    """All of it, with its own tokenizer: cosine within 1e-3 of ours."""
    sentence_transformers = pytest.importorskip("sentence_transformers", reason="comes with the models extra")
    export(static.FOLDER, tmp_path / "out")
    loaded = sentence_transformers.SentenceTransformer(str(tmp_path / "out"), device="cpu")
    texts = [
        "我们的猫叫年糕，今年三岁。",
        "繁體字與 Ｆｕｌｌ width",
        "The roof leaks when it rains.",
        "ひらがな 한국어",
    ]
    ours, theirs = StaticEmbedder().embed_passages(texts), loaded.encode(texts)
    assert ours.shape == theirs.shape
    assert np.allclose((ours * theirs).sum(axis=1), 1, atol=1e-3)
