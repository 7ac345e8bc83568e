"""The dense side in the engine: with a fake embedder for behaviour, with all-MiniLM-L6-v2 for truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import footnotes
from rag.errors import ExtraMissingError, ModelError
from rag.models import transformer
from tests.integration.counting_embedder import CountingEmbedder
from tests.integration.finding import STAGES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def _fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """``embedding.model`` loads the fake."""
    monkeypatch.setattr(transformer, "TransformerEmbedder", CountingEmbedder)
    monkeypatch.setattr(CountingEmbedder, "embedded", 0)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Three notes."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("apple", "zebra", "walnut"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nA {name} stands here.\n", encoding="utf-8")
    return folder


@pytest.mark.usefixtures("_fake_model")
def test_only_changed_passages_are_embedded(notes: Path, footnotes_home: Path) -> None:
    """First all, then none, then the edited one; a move and a note that comes back cost nothing."""
    with footnotes.open(footnotes_home, settings={"embedding.model": "a"}) as engine:
        engine.add_root(notes)
        assert engine.sync().embedded == 3
        assert engine.sync().embedded == 0
        (notes / "apple.md").write_text("# apple\n\nAn apple fell.\n", encoding="utf-8")
        (notes / "sub").mkdir()
        (notes / "zebra.md").rename(notes / "sub" / "zebra.md")
        report = engine.sync()
        assert (report.changed, report.moved, report.embedded) == (1, 1, 1)
        (notes / "walnut.md").unlink()
        engine.sync()
        (notes / "walnut.md").write_text("# walnut\n\nA walnut stands here.\n", encoding="utf-8")
        assert engine.sync().embedded == 0, "its vector was kept"
        assert CountingEmbedder.embedded == 4
        (notes / "walnut.md").write_text("# walnut\n\nA walnut was felled.\n", encoding="utf-8")
        assert engine.sync().embedded == 1
        engine.reindex()
        (notes / "walnut.md").write_text("# walnut\n\nA walnut stands here.\n", encoding="utf-8")
        assert engine.sync().embedded == 1, "reindex dropped what no passage needed, and kept the rest"
        found = engine.search("walnut stands")
        assert set(found.stages) == STAGES
        assert found.hits == found.stages["diverse"]
        assert found.hits[0].chunk.doc_id == "notes/walnut.md"
        assert found.hits[0].ranks == {"lexical": 1, "dense": 1, "graph": 1}
        assert all(finding.ok for finding in engine.doctor())
        assert engine.status().model == "a"
        assert engine.status().model_identity == "fake:a||256"


@pytest.mark.usefixtures("_fake_model")
def test_turning_a_model_on_builds_its_index(notes: Path, footnotes_home: Path) -> None:
    """A home that was lexical only, then a model, then none again, at once: no vectors are lost, no ghost answers."""
    with footnotes.open(footnotes_home, settings={"embedding.model": "none"}) as engine:
        engine.add_root(notes)
        engine.sync()
        assert engine.status().model is None
    with footnotes.open(footnotes_home, settings={"embedding.model": "a"}) as engine:
        assert engine.search("zebra").hits[0].chunk.doc_id == "notes/zebra.md"
        assert engine.dense is not None
        assert (engine.dense.count, CountingEmbedder.embedded) == (3, 3)
    with footnotes.open(footnotes_home, settings={"embedding.model": "none"}) as engine:
        assert engine.search("apple").stages.keys() == STAGES - {"dense", "hybrid"}
        (notes / "zebra.md").unlink()
        engine.sync()
        assert engine.status().model is None
    with footnotes.open(footnotes_home, settings={"embedding.model": "a"}) as engine:
        assert all(hit.chunk.doc_id != "notes/zebra.md" for hit in engine.search("zebra").hits)
        assert engine.dense is not None
        assert engine.dense.count == 2, "deleted while the model was off"
        assert CountingEmbedder.embedded == 3


def test_missing_model_is_one_line(notes: Path, footnotes_home: Path) -> None:
    """Neither a hang nor a download: the name, the reason and the remedy."""
    with footnotes.open(footnotes_home, settings={"embedding.model": "no/such-model"}) as engine:
        engine.add_root(notes)
        with pytest.raises((ModelError, ExtraMissingError), match="no/such-model"):
            engine.sync()


@pytest.mark.models
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_real_model_finds_what_shares_no_word(minilm: Path, tmp_path: Path, footnotes_home: Path) -> None:
    """all-MiniLM-L6-v2 from a local folder: a paraphrase that full text cannot find."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in {
        "cat": "Our kitten naps on the warm windowsill every afternoon.",
        "tax": "The revenue office wants the forms before May.",
        "run": "I jogged twelve kilometres along the river.",
    }.items():
        (folder / f"{name}.md").write_text(f"{text}\n", encoding="utf-8")
    with footnotes.open(footnotes_home, settings={"embedding.model": str(minilm)}) as engine:
        engine.add_root(folder)
        assert engine.sync().embedded == 3
        assert engine.search("pet sleeping").stages["lexical"] == ()
        assert engine.search("pet sleeping").hits[0].chunk.doc_id == "notes/cat.md"
        assert engine.search("deadline for filing with the government").hits[0].chunk.doc_id == "notes/tax.md"
        assert engine.embedder is not None
        vectors = engine.embedder.embed_passages(["a", "b"])
        assert vectors.shape == (2, 384)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
        identity = engine.embedder.identity
    with footnotes.open(footnotes_home, settings={"embedding.model": str(minilm)}) as engine:
        assert engine.embedder is not None
        assert engine.embedder.identity == identity, "the same weights have the same name"
        assert engine.sync().embedded == 0
