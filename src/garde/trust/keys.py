"""Ed25519 keys: who signed this.

Comes in: a path, or a public key in hex. Goes out: `SigningKey`, `PublicKey`. A private key lies in its own file as PEM
(PKCS #8, mode 0600), so that common tools read it; a public key is 64 hexadecimal digits wherever people meet it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from garde.errors import StateDamaged
from garde.trust.files import make_secret, read_secret

_HEX = re.compile(r"[0-9a-f]{64}")
SIGNATURE_BYTES = 64
_CLEAR = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nobody reads them wrong


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Checks signatures. Two are equal when their `hex` is."""

    hex: str
    _key: Ed25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Return the key; raises ValueError on anything but 64 lower-case hexadecimal digits."""
        if not _HEX.fullmatch(text):
            raise ValueError("a public key is 64 hexadecimal digits")
        return cls(text, Ed25519PublicKey.from_public_bytes(bytes.fromhex(text)))

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Return whether this key's owner signed exactly these bytes."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """Signs. What it is never leaves its file and this object."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.public = PublicKey(raw.hex(), key.public_key())

    def __repr__(self) -> str:
        return f"SigningKey({self.public.hex})"

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it; raises NotFound, or StateDamaged where it is no key of ours or others could read it."""
        raw = read_secret(path)
        try:
            key = serialization.load_pem_private_key(raw, password=None)
        except (ValueError, TypeError) as error:
            raise StateDamaged(f"{path} holds no key", "move it aside; a new key has to be enrolled again") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StateDamaged(f"{path} holds a key of another kind", "move it aside")
        return cls(key)

    @classmethod
    def load_or_make(cls, path: Path) -> Self:
        """Read it, or make it where it is not there; of two who make it at once both get the same."""
        if not path.exists():
            make_secret(path, cls.generate().pem())
        return cls.load(path)

    def save(self, path: Path) -> None:
        """Write it where none is yet; raises FileExistsError: a key is never overwritten."""
        if not make_secret(path, self.pem()):
            raise FileExistsError(f"{path} holds a key already")

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of a signature."""
        return self._key.sign(data)

    def pem(self) -> bytes:
        """Return the private key as PEM: for its own file, for nothing else."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def fingerprint(*public: str) -> str:
    """Return 80 bits of a SHA-256 of public keys (in hex), in four groups, for two people to compare."""
    number = int.from_bytes(hashlib.sha256(bytes.fromhex("".join(public))).digest()[:10])
    text = "".join(_CLEAR[number >> 5 * place & 31] for place in reversed(range(16)))
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))
