"""Users and their passwords."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from rag.errors import UserError
from rag.store.users import FILE, Users, hashed, is_password, normal

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "ein langes Wort"  # noqa: S105 - of a user that the test makes


def test_a_password_is_kept_as_a_hash_with_a_salt_of_its_own() -> None:
    """Two hashes of one password differ, and each knows it; the cost is written into the hash."""
    one, other = hashed(PASSWORD), hashed(PASSWORD)
    assert one != other
    assert one.startswith("scrypt$32768$8$3$")
    assert PASSWORD not in one
    assert is_password(PASSWORD, one)
    assert not is_password(PASSWORD + " ", one)


def test_a_hash_of_another_cost_is_still_understood() -> None:
    """So that a later release may ask for more."""
    digest = hashlib.scrypt(b"pass", salt=b"salt", n=1024, r=8, p=1, dklen=32).hex()
    assert is_password("pass", f"scrypt$1024$8$1${b'salt'.hex()}${digest}")


def test_a_user_is_known_by_password_until_removed(tmp_path: Path) -> None:
    """Another handle sees each change at once; the key that signs cookies changes with the password."""
    with Users(tmp_path) as users, Users(tmp_path) as other:
        assert other.names() == []
        assert not (tmp_path / FILE).exists(), "a home without users has no file of them"
        assert users.set("Alice", PASSWORD)
        assert other.names() == ["alice"]
        assert other.has_password("alice", PASSWORD)
        assert not other.has_password("alice", "another word")
        assert not other.has_password("bob", PASSWORD)
        key = other.key("alice")
        assert not users.set("alice", PASSWORD), "no new user"
        assert other.key("alice") not in {key, None}
        assert users.remove("alice")
        assert not users.remove("alice")
        assert other.key("alice") is None


def test_nobody_else_on_the_machine_reads_the_file_and_it_holds_no_password(tmp_path: Path) -> None:
    """Mode 0600, a hash inside."""
    with Users(tmp_path) as users:
        users.set("alice", PASSWORD)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_a_short_password_is_refused_and_not_printed(tmp_path: Path) -> None:
    """With its length and what is wanted."""
    with (
        Users(tmp_path) as users,
        pytest.raises(UserError, match=r"alice has 9 characters.* 10 or more") as told,
    ):
        users.set("alice", "too short")
    assert "too short" not in str(told.value)


@pytest.mark.parametrize("name", ["", " ", "a b", "../x", ".x", "a/b", "x" * 65, "a\x00b"])
def test_what_is_no_name(name: str) -> None:
    """It goes into variables' names, headers and cookies."""
    with pytest.raises(UserError, match="no user's name"):
        normal(name)


def test_names_are_the_same_however_they_are_typed() -> None:
    """Capitals and full-width letters make no other user."""
    assert normal(" ＡLice ") == normal("alice") == "alice"
    assert normal("张三") == "张三"
    assert normal("alice@example.org") == "alice@example.org"
