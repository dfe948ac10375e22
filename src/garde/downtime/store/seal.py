"""Encryption at rest: AES-256-GCM under a key in a file of its own.

Comes in: bytes and the number under which they are stored. Goes out: sealed bytes, bound to that number: two rows that
are exchanged, or a byte that is changed, are found. `digest` tells two copies of one message without showing anything
of it to who has no key.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from garde.errors import StateDamaged
from garde.trust.files import make_secret, read_secret

KEY_BYTES = 32
NONCE_BYTES = 12
DIGEST_BYTES = 16
KEY_FILE = "store.key"
_JOURNAL = b"garde downtime journal"


class Seal:
    """One key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._digest_key = hashlib.blake2b(b"garde downtime digest", key=key, digest_size=32).digest()

    @classmethod
    def load_or_make(cls, state: Path) -> Seal:
        """Make the key where there is none yet, and load it."""
        make_secret(state / KEY_FILE, secrets.token_hex(KEY_BYTES).encode("ascii"))
        return cls.load(state)

    @classmethod
    def load(cls, state: Path) -> Seal:
        """Load the key; NotFound or StateDamaged."""
        raw = read_secret(state / KEY_FILE)
        try:
            key = bytes.fromhex(raw.decode("ascii").strip())
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise StateDamaged(f"{state / KEY_FILE} holds no key", "restore it from a copy: without it nothing is read")
        return cls(key)

    def close(self, data: bytes, number: int) -> bytes:
        """Return the bytes sealed for this number."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, _bound(number))

    def open(self, sealed: bytes, number: int) -> bytes:
        """Return what was sealed; StateDamaged where it is not what was written there."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(number))
        except (InvalidTag, ValueError) as error:
            raise StateDamaged(
                f"message {number} is not what was stored, or the key is another", "restore store and key from a copy"
            ) from error

    def wrap(self, data: bytes) -> bytes:
        """Return bytes sealed for the desk's journal, which binds them to their place by its own chain."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, _JOURNAL)

    def unwrap(self, sealed: bytes) -> bytes:
        """Return what `wrap` was given; StateDamaged where it is not that."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _JOURNAL)
        except (InvalidTag, ValueError) as error:
            raise StateDamaged(
                "a sealed part of the desk's journal is not what was written, or the key is another",
                "restore journal and key from a copy",
            ) from error

    def digest(self, data: bytes) -> str:
        """Return what two copies have in common."""
        return hashlib.blake2b(data, key=self._digest_key, digest_size=DIGEST_BYTES).hexdigest()


def _bound(number: int) -> bytes:
    return b"garde downtime message %d" % number
