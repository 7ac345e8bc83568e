"""Settings: precedence, unknown keys, wrong values."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING

import pytest

from rag import config
from rag.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write(home: Path, text: str) -> Path:
    """The home's settings file."""
    home.mkdir(exist_ok=True)
    path = home / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


class Keyring(types.ModuleType):
    """A keyring with one key; locked, if told so."""

    def __init__(self, *, locked: bool = False) -> None:
        super().__init__("keyring")
        self.asked: list[tuple[str, str]] = []
        self._locked = locked

    def get_password(self, service: str, name: str) -> str | None:
        self.asked.append((service, name))
        if self._locked:
            raise RuntimeError("locked")
        return "s3cret-of-the-ring" if name == "llm.api_key" else None


@pytest.mark.parametrize("locked", [False, True])
def test_a_key_may_come_from_the_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """Where its server is set and the environment has none; it is masked in every print. A locked ring holds nothing."""
    ring = Keyring(locked=locked)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert config.load(tmp_path).settings.llm.api_key is None
    assert ring.asked == []  # no server, no question
    loaded = config.load(tmp_path, overrides={"llm.url": "http://127.0.0.1:1"})
    key = loaded.settings.llm.api_key
    assert (key.get_secret_value() if key else None) == (None if locked else "s3cret-of-the-ring")
    assert ring.asked == [("footnotes", "llm.api_key")]
    assert loaded.origins.get("llm.api_key") == (None if locked else "keyring")
    assert "s3cret" not in str(list(loaded.rows())) + repr(loaded) + loaded.settings.model_dump_json()
    monkeypatch.setenv("FOOTNOTES_LLM__API_KEY", "of-the-environment")
    given = config.load(tmp_path, overrides={"llm.url": "http://127.0.0.1:1"}).settings.llm.api_key
    assert given
    assert given.get_secret_value() == "of-the-environment"


def test_defaults(tmp_path: Path) -> None:
    """Without any source every value is a default, and known_keys names each."""
    loaded = config.load(tmp_path)
    assert loaded.origins == {}
    rows = list(loaded.rows())
    assert [key for key, _, _ in rows] == list(config.known_keys())
    assert {origin for _, _, origin in rows} == {"default"}
    assert loaded.settings.ui.host == "127.0.0.1"
    assert loaded.settings.embedding.model == "builtin"


def test_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File < environment < arguments, key by key."""
    path = write(tmp_path, "chunk: {size: 100}\nui: {port: 1, watch: false}\nsearch: {candidates: 20}\n")
    monkeypatch.setenv("FOOTNOTES_CHUNK__SIZE", "200")
    monkeypatch.setenv("FOOTNOTES_UI__PORT", "2")
    loaded = config.load(tmp_path, overrides={"ui.port": 3})
    s = loaded.settings
    assert (s.search.candidates, s.ui.watch, s.chunk.size, s.ui.port) == (20, False, 200, 3)
    assert loaded.origins == {
        "chunk.size": "$FOOTNOTES_CHUNK__SIZE",
        "ui.port": "argument",
        "ui.watch": str(path),
        "search.candidates": str(path),
    }


def test_named_file_wins_over_the_homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config, then FOOTNOTES_CONFIG, then the home."""
    write(tmp_path, "chunk: {size: 100}\n")
    other = write(tmp_path / "other", "chunk: {size: 150}\n")
    third = write(tmp_path / "third", "chunk: {size: 160}\n")
    monkeypatch.setenv("FOOTNOTES_CONFIG", str(other))
    assert config.load(tmp_path).settings.chunk.size == 150
    assert config.load(tmp_path, config=third).settings.chunk.size == 160


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chunks: {size: 3}", "Unknown setting 'chunks'"),
        ("chunk: {sizes: 3}", "Did you mean 'chunk.size'"),
        ("chunk: 3", "Did you mean 'chunk.size'"),
        ("chunk: {size: lots}", "chunk.size = 'lots'"),
        ("chunk: {size: 1}", "chunk.size = 1"),
        ("a: [", "not valid YAML"),
        ("- a\n- b", "key: value"),
        ("llm: {api_key: k}", "FOOTNOTES_LLM__API_KEY"),
    ],
)
def test_wrong_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    """Each in one line that names the key and the file."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=r"config\.yaml") as caught:
        config.load(tmp_path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typo in the environment must not be silent; other programs' variables do not matter."""
    monkeypatch.setenv("FOOTNOTE_X", "1")
    monkeypatch.setenv("FOOTNOTES_SHARED", "/somewhere")
    config.load(tmp_path)
    monkeypatch.setenv("FOOTNOTES_CHUNK__SISE", "1")
    with pytest.raises(ConfigError, match="FOOTNOTES_CHUNK__SISE"):
        config.load(tmp_path)


def test_lists_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comma-separated."""
    monkeypatch.setenv("FOOTNOTES_SYNC__EXCLUDE", ".git, drafts")
    assert config.load(tmp_path).settings.sync.exclude == (".git", "drafts")


@pytest.mark.parametrize("written", ["a/=gb18030, *.txt=big5", '{"a/": "gb18030", "*.txt": "big5"}'])
def test_mappings_in_one_string(tmp_path: Path, written: str) -> None:
    """As pairs, and as `footnotes config` prints them; lists likewise."""
    settings = config.load(
        tmp_path, overrides={"sync.encodings": written, "sync.include": '["*.md"]'}
    ).settings
    assert settings.sync.encodings == {"a/": "gb18030", "*.txt": "big5"}
    assert settings.sync.include == ("*.md",)


def test_unknown_encoding_is_refused(tmp_path: Path) -> None:
    """Before a single note is read with it."""
    with pytest.raises(ConfigError, match="klingon"):
        config.load(tmp_path, overrides={"sync.encodings": {"*.md": "klingon"}})


def test_settings_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    """Not taken for absent."""
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        config.load(tmp_path)


def test_own_patterns_add_to_what_is_never_read(tmp_path: Path) -> None:
    """A trash folder stays unread when somebody leaves out drafts; `!` takes a pattern back."""
    settings = config.load(tmp_path, overrides={"sync.exclude": ["drafts/", "!public/"]}).settings
    assert settings.sync.never_read[:2] == (".*", "node_modules/")
    assert settings.sync.never_read[-2:] == ("drafts/", "!public/")


def test_secrets_are_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every print."""
    monkeypatch.setenv("FOOTNOTES_LLM__API_KEY", "sk-123")
    loaded = config.load(tmp_path)
    assert "sk-123" not in repr(loaded)
    assert "sk-123" not in str({k: str(v) for k, v, _ in loaded.rows()})
