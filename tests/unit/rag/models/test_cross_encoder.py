"""Cross-encoders, with a tiny one that is made here: order, scores, time, and what they say when they cannot."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from rag.errors import ExtraMissingError, ModelError
from rag.models import cross_encoder
from rag.models.cross_encoder import CrossEncoderReranker
from rag.settings import RerankSettings
from rag.types import Chunk, Hit, Query

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "roof", "leaks", "cat", "sleeps", "tiles")
TEXTS = ("the cat sleeps", "roof tiles", "the roof leaks", "tiles")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer with random weights, and a vocabulary of a few words."""
    place = tmp_path_factory.mktemp("cross") / "tiny"
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        num_labels=1,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(place)
    (place / "vocab.txt").write_text("\n".join(WORDS), "utf-8")
    transformers.BertTokenizerFast(vocab=str(place / "vocab.txt")).save_pretrained(place)
    return place


def reranker(folder: Path, **more: Any) -> CrossEncoderReranker:
    """A reranker with that model on the CPU."""
    return CrossEncoderReranker(RerankSettings(**{"model": str(folder), "device": "cpu", **more}))


def hits(texts: tuple[str, ...] = TEXTS) -> list[Hit]:
    """Passages of as many notes, with falling scores."""
    return [
        Hit(Chunk(f"notes/{at}.md", 0, len(text), text, text, "", (1, 1)), 1 - at / 10, {"lexical": at + 1})
        for at, text in enumerate(texts)
    ]


def by_hand(folder: Path, question: str, text: str) -> float:
    """What the model itself says of one pair, from 0 to 1."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        return float(torch.sigmoid(model(**tokenizer(question, text, return_tensors="pt")).logits[0, 0]))


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_hits_stand_by_the_models_number(folder: Path, batch_size: int) -> None:
    """The same hits, best first, whatever is read together; ranks stay, the number is a feature."""
    found = reranker(folder, batch_size=batch_size).rerank(Query("roof leaks"), hits())
    expected = {text: by_hand(folder, "roof leaks", f"\n{text}") for text in TEXTS}
    assert {h.chunk.text: h.features["rerank"] for h in found} == pytest.approx(expected, abs=1e-4)
    assert [h.chunk.text for h in found] == sorted(expected, key=lambda text: -expected[text])
    assert all(0 <= h.score <= 1 for h in found)
    assert {h.chunk.text: h.ranks for h in found} == {h.chunk.text: h.ranks for h in hits()}


def test_only_the_candidates_are_read(folder: Path) -> None:
    """The others follow as they were."""
    found = reranker(folder, candidates=2).rerank(Query("roof"), hits())
    assert [h.chunk.text for h in found][2:] == list(TEXTS[2:])
    assert ["rerank" in h.features for h in found] == [True, True, False, False]
    assert reranker(folder).rerank(Query("roof"), []) == []


def test_no_time_is_an_error_that_names_the_budget(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked keeps the order as it was; the first batch is read, the second is too late."""
    clock = iter([0.0, 0.5, 1.5])
    monkeypatch.setattr("rag.models.cross_encoder.time.monotonic", lambda: next(clock))
    it = reranker(folder, batch_size=3, time_budget_s=1.0)
    with pytest.raises(ModelError, match=r"read 3 of 4 passages in 1 s.*rerank\.time_budget_s"):
        it.rerank(Query("roof"), hits())


def test_a_model_that_is_not_there_is_told_of_without_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub id that was never downloaded, a folder that holds no model; the network is not asked."""

    def connect(*_: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(ModelError, match="hf download some/model"):
        CrossEncoderReranker(RerankSettings(model="some/model")).rerank(Query("roof"), hits())
    (tmp_path / "config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        reranker(tmp_path).rerank(Query("roof"), hits())


def test_code_that_comes_with_a_model_is_not_run(folder: Path, tmp_path: Path) -> None:
    """A model that needs its own code is refused."""
    place = tmp_path / "own"
    place.mkdir()
    for path in folder.iterdir():
        (place / path.name).write_bytes(path.read_bytes())
    config = json.loads((place / "config.json").read_text("utf-8"))
    config["model_type"] = "own"
    config["auto_map"] = {"AutoConfig": "own.Own", "AutoModelForSequenceClassification": "own.Own"}
    (place / "config.json").write_text(json.dumps(config), "utf-8")
    (place / "own.py").write_text(f"open({str(place / 'ran')!r}, 'w').close()\nclass Own: ...\n", "utf-8")
    with pytest.raises(ModelError):
        reranker(place).rerank(Query("roof"), hits())
    assert not (place / "ran").exists()


def test_several_numbers_a_pair_are_an_error(folder: Path, tmp_path: Path) -> None:
    """A classifier of three classes does not say relevance."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=3, ignore_mismatched_sizes=True
    )
    place = tmp_path / "three"
    model.save_pretrained(place)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(place)
    with pytest.raises(ModelError, match="one number a passage"):
        reranker(place).rerank(Query("roof"), hits())


def test_numbers_that_are_not_finite_are_an_error(folder: Path) -> None:
    """As a half-precision model may give."""
    it = reranker(folder)
    with torch.no_grad():
        it._model.model.classifier.bias.fill_(float("nan"))
    with pytest.raises(ModelError, match="not finite"):
        it.rerank(Query("roof"), hits())


def test_without_the_extra_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the extra."""
    monkeypatch.setattr(cross_encoder, "installed", lambda *_: False)
    with pytest.raises(ExtraMissingError, match=r"footnotes\[models\]"):
        reranker(folder).rerank(Query("roof"), hits())
