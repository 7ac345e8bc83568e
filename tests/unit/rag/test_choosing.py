"""Settings chosen while Footnotes runs: checked before they are kept, and used from the next question on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

import footnotes
from rag.errors import ConfigError, HomeError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_choice_wins_over_the_file_and_can_be_taken_back(tmp_path: Path) -> None:
    """The reader's own file keeps its comments."""
    own = "search:\n  per_note: 3 # mine\n"
    (tmp_path / "config.yaml").write_text(own, "utf-8")
    with footnotes.open(tmp_path) as engine:
        engine.choose("search.per_note", 5)
        assert engine.settings.search.per_note == 5
        assert engine.loaded_settings.origins["search.per_note"].endswith("settings.yaml")
    with footnotes.open(tmp_path) as engine:
        assert engine.settings.search.per_note == 5
        engine.choose("search.per_note", None)
        assert engine.settings.search.per_note == 3
    assert (tmp_path / "config.yaml").read_text("utf-8") == own


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("search.per_note", "many", "search.per_note"),
        ("search.nonsense", 1, "Unknown setting"),
        ("llm.api_key", "sk-1", "Keys belong in the environment"),
    ],
)
def test_what_is_wrong_changes_nothing(tmp_path: Path, key: str, value: object, said: str) -> None:
    """Neither the file nor what is in use."""
    with footnotes.open(tmp_path) as engine:
        engine.choose("search.per_note", 2)
        before = (tmp_path / "settings.yaml").read_bytes()
        with pytest.raises(ConfigError, match=said):
            engine.choose(key, value)
        assert (tmp_path / "settings.yaml").read_bytes() == before
        assert engine.settings.search.per_note == 2


def test_what_the_command_line_or_the_environment_says_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A choice of another setting does not lose them, and they cannot be chosen away."""
    monkeypatch.setenv("FOOTNOTES_LLM__MODEL", "from-outside")
    with footnotes.open(tmp_path, settings={"search.per_note": 7}) as engine:
        engine.choose("search.expand", value=False)
        assert engine.settings.search.per_note == 7
        assert engine.settings.llm.model == "from-outside"
        for key in ("search.per_note", "llm.model"):
            with pytest.raises(ConfigError, match="is set by"):
                engine.choose(key, "1")


def test_a_model_is_used_from_the_next_question_on(tmp_path: Path) -> None:
    """What was made of the settings before is made anew."""
    with footnotes.open(tmp_path) as engine:
        assert engine.generator is None
        engine.choose("llm.url", "http://127.0.0.1:9")
        engine.choose("llm.model", "m")
        assert engine.generator is not None
        engine.choose("llm.url", None)
        assert engine.generator is None


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """And what is in use stays."""
    with footnotes.open(tmp_path) as engine:
        (tmp_path / "settings.yaml").mkdir()
        with pytest.raises((HomeError, ConfigError), match=r"settings\.yaml"):
            engine.choose("search.per_note", 2)
        assert engine.settings.search.per_note == 4


def test_the_file_is_plain_yaml_for_its_owner_alone(tmp_path: Path) -> None:
    """Nested as a person would write it."""
    with footnotes.open(tmp_path) as engine:
        engine.choose("llm.never_send", ["日记/**", "tag:private"])
    path = tmp_path / "settings.yaml"
    assert yaml.safe_load(path.read_text("utf-8")) == {"llm": {"never_send": ["日记/**", "tag:private"]}}
    assert path.stat().st_mode & 0o077 == 0
