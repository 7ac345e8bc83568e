"""The live model's file, and how a wish and a fact are told apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from rag import config, live
from rag.errors import HomeError
from rag.live import Live, Model, Wish
from rag.settings import EmbeddingSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

A = Model("st:a|1", EmbeddingSettings(model="a", query_prompt="问："))
B = Model("openai:b", EmbeddingSettings(model="b", url="http://127.0.0.1:9/v1", dimension=64))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """With and without a model before; keys are never written."""
    assert live.read(tmp_path) is None
    for fact in (Live(A), Live(A, B)):
        live.write(tmp_path, fact)
        assert live.read(tmp_path) == fact
        assert "key" not in (tmp_path / live.NAME).read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == [live.NAME]


def test_an_altered_file_is_not_believed(tmp_path: Path) -> None:
    """Any letter of it, or a setting that this version does not know."""
    live.write(tmp_path, Live(A, B))
    path = tmp_path / live.NAME
    whole = path.read_text("utf-8")
    for old, new in (("st:a|1", "st:a|2"), ('"b"', '"c"'), ("64", "65"), ("checksum", "sum")):
        assert old in whole
        path.write_text(whole.replace(old, new), encoding="utf-8")
        assert live.read(tmp_path) is None
    values = json.loads(whole)
    values["model"]["settings"]["pooling"] = "mean"
    values["checksum"] = live._checksum_of({k: v for k, v in values.items() if k != "checksum"})
    path.write_text(json.dumps(values), encoding="utf-8")
    assert live.read(tmp_path) is None


def test_a_file_that_may_not_be_read_is_no_missing_one(tmp_path: Path) -> None:
    """Or a passing failure would make the home forget its model."""
    (tmp_path / live.NAME).mkdir()
    with pytest.raises(HomeError, match="cannot be used"):
        live.read(tmp_path)


def test_a_switch_keeps_the_one_before() -> None:
    """Back and forth; the same model again keeps what was kept."""
    assert Live(A).switched_to(B) == Live(B, A)
    assert Live(B, A).switched_to(A) == Live(A, B)
    assert Live(B, A).switched_to(B) == Live(B, A)


def test_slug_names_everything_that_changes_vectors() -> None:
    """16 hexadecimal digits of the identity."""
    assert len(A.slug) == 16
    assert A.slug != Model("st:a|2", A.settings).slug
    assert A.slug == Model("st:a|1", B.settings).slug


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (EmbeddingSettings(model=None), "none"),
        (EmbeddingSettings(model="NONE"), "none"),
        (EmbeddingSettings(model="a", device="cuda", batch_size=3), "a"),
        (A.settings, "a (query_prompt=问：)"),
        (B.settings, "b @ http://127.0.0.1:9/v1 (dimension=64)"),
    ],
)
def test_names_are_for_people(settings: EmbeddingSettings, name: str) -> None:
    """The model, its server, and what else is not as by default."""
    assert live.name_of(settings) == name


def wish(tmp_path: Path, **settings: object) -> Wish:
    """The wish of a home with these embedding settings."""
    overrides = {f"embedding.{name}": value for name, value in settings.items()}
    return Wish.of(config.load(tmp_path, overrides=overrides))


def test_a_wish_answers_until_there_is_a_fact(tmp_path: Path) -> None:
    """Then the fact does, unless models are turned off."""
    wished = wish(tmp_path, model="b", device="cpu")
    assert wished.answering(None) == wished.settings
    opened = wished.answering(Live(A))
    assert opened is not None
    assert (opened.model, opened.query_prompt, opened.device) == ("a", "问：", "cpu")
    assert wish(tmp_path, model="none").answering(Live(A)) is None
    assert wish(tmp_path, model=None).answering(Live(A)) is None
    assert wish(tmp_path, model="none").answering(None) is None


def test_only_stated_settings_that_matter_are_a_wish(tmp_path: Path) -> None:
    """Defaults are none; nor are a device, a key or a patience."""
    for same in ({}, {"device": "cpu"}, {"timeout_s": 3}, {"model": "a", "query_prompt": "问："}):
        assert not wish(tmp_path, **same).differs_from(Live(A)), same
    for other in (
        {"model": "b"},
        {"model": "a"},
        {"model": "a", "query_prompt": ""},
        {"model": "a", "dimension": 64},
    ):
        assert wish(tmp_path, **other).differs_from(Live(A)), other
    assert not wish(tmp_path, model="b").differs_from(None)
    assert not wish(tmp_path, model="none").differs_from(Live(A))
    opened = wish(tmp_path).answering(Live(A))
    assert opened is not None
    assert opened.model == "a", "defaults do not turn a live model off"
    none = Settings(embedding=EmbeddingSettings(model=None, dimension=64))
    assert not Wish.of(config.LoadedSettings(none, {"embedding.dimension": "x.yaml"})).is_stated


@pytest.mark.parametrize(
    ("url", "is_sent"),
    [
        (None, True),
        ("http://127.0.0.1:9/v1", True),
        ("http://127.0.0.1:9/v2", True),
        ("http://127.0.0.1:10/v1", False),
        ("https://example.org", False),
    ],
)
def test_a_key_goes_to_its_own_server_only(url: str | None, is_sent: bool) -> None:
    """The live model may be on another server than the one that the settings name by now."""
    now = EmbeddingSettings(model="x", url=url, api_key=SecretStr("k"))
    opened = Wish(now, is_stated=True).answering(Live(B))
    assert opened is not None
    assert (opened.api_key is not None) == is_sent
