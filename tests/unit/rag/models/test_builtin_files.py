"""The files of the model that comes along: whole, small, and described."""

from __future__ import annotations

import hashlib
import json

import pytest
from tokenizers import Tokenizer

from rag.models import tensors
from rag.models.static import FOLDER

CONFIG = json.loads((FOLDER / "config.json").read_text("utf-8"))
LARGEST = 32_000_000  # bytes of weights and tokenizer


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_the_hash_is_the_files(name: str) -> None:
    """What names the model in every index and vector cache is what is in the file."""
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == CONFIG["sha256"][name]


def test_it_is_small_enough_for_the_wheel() -> None:
    """Weights and tokenizer together."""
    assert sum((FOLDER / name).stat().st_size for name in CONFIG["sha256"]) <= LARGEST


def test_parts_fit_each_other() -> None:
    """Rows, width and token numbers are those that the configuration tells; every row has a token."""
    found = tensors.read(FOLDER / "model.safetensors")
    assert found["embeddings"].shape == (CONFIG["vocabulary"], CONFIG["dimension"] // 2)
    assert found["scale"].shape == (CONFIG["vocabulary"],)
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    assert set(tokenizer.get_vocab().values()) == set(range(CONFIG["vocabulary"]))


def test_there_is_a_card() -> None:
    """What it was made of, under which licences, how, and what it cannot do."""
    card = (FOLDER / "MODEL_CARD.md").read_text("utf-8")
    assert card.startswith("# ")
    for word in ("licen", "seed", "limit"):
        assert word in card.casefold(), word
