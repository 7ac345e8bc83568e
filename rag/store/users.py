"""Users of a server that others can reach: names, and passwords as scrypt hashes. A SQLite file of its own.

The file is made with the first user; until then there is none, and nothing is written.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import threading
import unicodedata
from typing import TYPE_CHECKING, Final, Self

from rag.errors import UserError
from rag.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "users.db"
SHORTEST: Final = 10
"""Characters of a password."""
STEPS: tuple[str, ...] = (
    # 1: users.
    """
    CREATE TABLE users (
        name TEXT PRIMARY KEY,
        password TEXT NOT NULL,     -- scrypt$n$r$p$salt$hash
        key BLOB NOT NULL           -- what signs the user's cookies; another one with each password
    ) STRICT;
    """,
)
# 32 MiB and three passes, as OWASP advises for scrypt: about 0.3 s for whoever guesses, too.
_N, _R, _P = 2**15, 8, 3
_SALT = 16  # bytes
_KEY = 32  # bytes
_NAME = re.compile(r"\w[\w.@+-]{0,63}")


def normal(name: str) -> str:
    """A user's name as it is kept: composed, in small letters.

    Raises:
        UserError: it is no name.
    """
    made = unicodedata.normalize("NFKC", name).strip().casefold()
    if not _NAME.fullmatch(made):
        raise UserError(
            "{name!r} is no user's name. Use up to 64 letters, digits and . @ + - _, a letter or digit first.",
            name=name,
        )
    return made


def hashed(password: str) -> str:
    """A password's hash by scrypt (n = 2**15, r = 8, p = 3) with a salt of its own, and what it takes to check it."""
    salt = secrets.token_bytes(_SALT)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def is_password(password: str, kept: str) -> bool:
    """Whether a password has this hash, compared in a time that tells nothing of it."""
    _, n, r, p, salt, digest = kept.split("$")
    made = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    said = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(said, salt=salt, n=n, r=r, p=p, maxmem=2 * 128 * n * r, dklen=32)


class Users:
    """The users of a home. Safe to use from many threads; what another process changes is seen at once."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._opened: Database | None = None
        self._lock = threading.Lock()
        self._nobody = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, if it was opened."""
        if self._opened is not None:
            self._opened.close()

    def names(self) -> list[str]:
        """All, in order."""
        if not self._is_there():
            return []
        with self._database().reading() as db:
            return [str(name) for (name,) in db.execute("SELECT name FROM users ORDER BY name")]

    def key(self, name: str) -> bytes | None:
        """What signs a user's cookies; None: there is no such user."""
        found = self._row(name)
        return found[1] if found else None

    def has_password(self, name: str, password: str) -> bool:
        """Whether it is the user's password; takes as long for a name that nobody has (about 0.3 s)."""
        found = self._row(name)
        return is_password(password, found[0] if found else self._dummy()) and found is not None

    def set(self, name: str, password: str) -> bool:
        """Give a user a password, a new one where there is none of this name; whether it was new. Cookies end.

        Raises:
            UserError: no name, or too short a password.
            HomeError: the home cannot be written.
        """
        name = normal(name)
        if len(password) < SHORTEST:
            raise UserError(
                "The password of {name} has {length} characters. Choose one of {least} or more.",
                name=name,
                length=len(password),
                least=SHORTEST,
            )
        row = (name, hashed(password), os.urandom(_KEY))
        with self._database().writing() as db:
            is_new = db.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone() is None
            db.execute("INSERT OR REPLACE INTO users VALUES (?, ?, ?)", row)
        return is_new

    def remove(self, name: str) -> bool:
        """Remove a user, whose cookies end; whether there was one."""
        if not self._is_there():
            return False
        with self._database().writing() as db:
            return bool(db.execute("DELETE FROM users WHERE name = ?", (name,)).rowcount)

    def _row(self, name: str) -> tuple[str, bytes] | None:
        if not self._is_there():
            return None
        with self._database().reading() as db:
            found: tuple[str, bytes] | None = db.execute(
                "SELECT password, key FROM users WHERE name = ?", (name,)
            ).fetchone()
        return found

    def _is_there(self) -> bool:
        return self._opened is not None or self._path.exists()

    def _database(self) -> Database:
        with self._lock:
            if self._opened is None:
                self._opened = Database(self._path, STEPS)
            return self._opened

    def _dummy(self) -> str:
        with self._lock:
            self._nobody = self._nobody or hashed(secrets.token_hex())
            return self._nobody
