"""Passwords: what one must be, and how it is kept.

Comes in: a password as typed. Goes out: its argon2id hash, and whether another one is the same. Hashing takes some
150 ms and 64 MiB on purpose, so at most `AT_ONCE` run together: a crowd at the door must not take the machine's memory.
It keeps nothing and counts no tries (`throttle.py` does).
"""

from __future__ import annotations

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from garde.errors import UsageError

SHORTEST = 12  # characters: length is what counts, so nothing is asked about digits and signs
LONGEST = 256
AT_ONCE = 2  # 64 MiB each


class Hasher:
    """Safe to share between threads."""

    def __init__(self, argon2: PasswordHasher | None = None) -> None:
        self._argon2 = argon2 or PasswordHasher()
        self._room = threading.Semaphore(AT_ONCE)
        self._nobody = ""

    def hash(self, password: str) -> str:
        """Return the hash to keep."""
        with self._room:
            return self._argon2.hash(_normal(password))

    def is_same(self, kept: str, password: str) -> bool:
        """Whether the password is the one behind the hash; False for one that nobody can have."""
        if len(password) > LONGEST:
            return False
        try:
            with self._room:
                return self._argon2.verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def is_nobodys(self, password: str) -> bool:
        """Take as long as `is_same` does, for a login that there is not; always False."""
        if not self._nobody:
            self._nobody = self.hash(secrets.token_hex())
        self.is_same(self._nobody, password)
        return False

    def is_weak(self, kept: str) -> bool:
        """Whether the hash was made with parameters that are no longer ours."""
        return self._argon2.check_needs_rehash(kept)


def check_password(password: str, login: str) -> None:
    """Raise UsageError where the password cannot be."""
    if len(password) < SHORTEST:
        raise UsageError(f"a password has at least {SHORTEST} characters", "four or five words in a row do well")
    if len(password) > LONGEST:
        raise UsageError(f"a password has at most {LONGEST} characters")
    if len(set(_normal(password).casefold().replace(login.casefold(), ""))) < 5:
        raise UsageError("this password is too easy to guess", "four or five words in a row do well")


def _normal(password: str) -> str:
    """Two keyboards write one letter in different ways; surrogates are what a browser never sends."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
