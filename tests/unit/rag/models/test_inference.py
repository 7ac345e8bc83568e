"""A model of natural language inference, made here: its labels, its numbers, and what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.answer.support import Source, judge
from rag.errors import ExtraMissingError, ModelError
from rag.models import inference
from rag.models.inference import CrossEncoderInference

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "roof", "leaks", "cat", "sleeps")
PREMISE, CLAIM = "the roof leaks", "the cat sleeps"


def made(place: Path, labels: tuple[str, ...], sure_of: int | None = None) -> Path:
    """A BERT of one layer with random weights that is sure of one label."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: n for n, label in enumerate(labels)},
    )
    model = transformers.BertForSequenceClassification(config)
    if sure_of is not None:
        with torch.no_grad():
            model.classifier.bias[sure_of] = 20.0
    model.save_pretrained(place)
    (place / "vocab.txt").write_text("\n".join(WORDS), "utf-8")
    transformers.BertTokenizerFast(vocab=str(place / "vocab.txt")).save_pretrained(place)
    return place


def test_the_numbers_are_the_models(tmp_path: Path) -> None:
    """By its own labels, in whatever order they stand."""
    folder = made(tmp_path / "m", ("contradiction", "neutral", "ENTAILMENT"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        expected = torch.softmax(model(**tokenizer(PREMISE, CLAIM, return_tensors="pt")).logits[0], 0)
    entails, contradicts = CrossEncoderInference(str(folder)).judge(PREMISE, CLAIM)
    assert (entails, contradicts) == pytest.approx((float(expected[2]), float(expected[0])), abs=1e-4)


@pytest.mark.parametrize(
    ("sure_of", "supported", "missing"), [(0, True, ()), (1, False, ()), (2, False, (CLAIM,))]
)
def test_a_sure_model_decides_what_facts_leave_open(
    tmp_path: Path, sure_of: int, supported: bool, missing: tuple[str, ...]
) -> None:
    """Entailed: supported; contradicted: not; neutral: as it was found."""
    folder = made(tmp_path / "m", ("entailment", "neutral", "contradiction"), sure_of)
    found = judge(CLAIM, Source(PREMISE), None, CrossEncoderInference(str(folder)))
    assert (found.supported, found.missing) == (supported, missing)


def test_a_missing_fact_is_missing_whatever_a_model_says(tmp_path: Path) -> None:
    """Such models are weak at numbers."""
    folder = made(tmp_path / "m", ("entailment", "neutral", "contradiction"), 0)
    found = judge("the roof leaks in 1998", Source(PREMISE), None, CrossEncoderInference(str(folder)))
    assert (found.supported, found.missing) == (False, ("in 1998",))


def test_a_model_that_cannot_be_used_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check goes on without it; asked directly, it says what to do."""
    odd = CrossEncoderInference(str(made(tmp_path / "odd", ("good", "bad", "ugly"))))
    with pytest.raises(ModelError, match="good, bad, ugly"):
        odd.judge(PREMISE, CLAIM)
    with pytest.raises(ModelError, match="hf download some/model"):
        CrossEncoderInference("some/model").judge(PREMISE, CLAIM)
    assert judge(PREMISE, Source(PREMISE), None, odd) == judge(PREMISE, Source(PREMISE))
    monkeypatch.setattr(inference, "installed", lambda *_: False)
    with pytest.raises(ExtraMissingError, match=r"footnotes\[models\]"):
        CrossEncoderInference(str(tmp_path / "odd")).judge(PREMISE, CLAIM)
