"""The keys of a desk and of a ward's PC, and the cards by which they come to know each other.

Comes in: a state directory; a card as a file. Goes out: `Keys` (one to sign, one to open what was sealed), `Card`
(the public halves with a name, signed by its own key), a fingerprint that two people can compare by eye. Private keys
never leave their files and `Keys`.

A card says nothing secret. Whether it is the right one is for the people who compare its fingerprint on both screens.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from garde.errors import StateDamaged, UsageError
from garde.trust.files import make_secret, read_secret
from garde.trust.keys import PublicKey, SigningKey, fingerprint

SIGN_FILE: Final = "parcel-sign.key"
SEAL_FILE: Final = "parcel-seal.key"
LONGEST_CARD: Final = 16 << 10  # bytes
_CARD: Final = b"garde-card-1\n"
_HEX = re.compile(r"[0-9a-f]{64}")
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Hex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Keys:
    """One side's own keys."""

    __slots__ = ("_seal", "sign")

    def __init__(self, sign: SigningKey, seal: X25519PrivateKey) -> None:
        self.sign, self._seal = sign, seal

    def __repr__(self) -> str:
        return f"Keys({self.sign.public.hex})"

    @classmethod
    def generate(cls) -> Self:
        return cls(SigningKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def load_or_make(cls, state: Path) -> Self:
        """Read them, or make what is not there; of two who make them at once both get the same."""
        SigningKey.load_or_make(state / SIGN_FILE)
        make_secret(state / SEAL_FILE, X25519PrivateKey.generate().private_bytes_raw().hex().encode("ascii"))
        return cls.load(state)

    @classmethod
    def load(cls, state: Path) -> Self:
        """Read them; NotFound, or StateDamaged where they are none of ours or others could read them."""
        raw = read_secret(state / SEAL_FILE).decode("ascii", "replace").strip()
        if not _HEX.fullmatch(raw):
            raise StateDamaged(f"{state / SEAL_FILE} holds no key", "move it aside and enrol this machine again")
        return cls(SigningKey.load(state / SIGN_FILE), X25519PrivateKey.from_private_bytes(bytes.fromhex(raw)))

    @property
    def seal(self) -> str:
        """The public half by which others seal for this side, in hex."""
        return self._seal.public_key().public_bytes_raw().hex()

    def own(self, use: bytes) -> bytes:
        """Return 32 bytes that nobody without this side's key can make, others for each use: for its seal at home."""
        return hashlib.blake2b(use, key=self._seal.private_bytes_raw(), digest_size=32, person=b"garde own").digest()

    @property
    def opener(self) -> X25519PrivateKey:
        """What opens; for `envelope.py`, for nothing else."""
        return self._seal


@dataclass(frozen=True, slots=True)
class Card:
    """One side, as the other comes to know it."""

    role: str  # desk | ward
    name: Name  # the hospital, or the PC
    sign: Hex
    seal: Hex
    places: Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)] = ()
    address: Annotated[str, msgspec.Meta(max_length=200)] = ""  # ward: where it hears parcels
    epoch: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)] = 0  # desk: of this enrolment; parcels of it count anew
    to: Annotated[str, msgspec.Meta(max_length=64)] = ""  # desk: the ward's signing key, for which this card is

    @property
    def signer(self) -> PublicKey:
        return PublicKey.from_hex(self.sign)

    @property
    def fingerprint(self) -> str:
        """Sixteen characters of both keys, for two people to compare."""
        return fingerprint(self.sign, self.seal)


def sealing_key(text: str) -> X25519PublicKey:
    """Return a public key from 64 hexadecimal digits; ValueError."""
    if not _HEX.fullmatch(text):
        raise ValueError("a public key is 64 hexadecimal digits")
    return X25519PublicKey.from_public_bytes(bytes.fromhex(text))


def write_card(card: Card, keys: Keys) -> bytes:
    """Return a card as a file."""
    body = msgspec.json.encode(card)
    return _CARD + keys.sign.sign(_CARD + body).hex().encode("ascii") + b"\n" + body + b"\n"


def is_card(raw: bytes) -> bool:
    return raw.startswith(_CARD)


def read_card(raw: bytes, role: str) -> Card:
    """Return the card of a file that anybody may have made; UsageError where it is none, or of the other side."""
    try:
        if not is_card(raw) or len(raw) > LONGEST_CARD:
            raise ValueError("it does not begin like one")
        signature, _, body = raw[len(_CARD) :].partition(b"\n")
        body = body.removesuffix(b"\n")
        card = msgspec.json.decode(body, type=Card)
        sealing_key(card.seal)
        if not card.signer.verify(bytes.fromhex(signature.decode("ascii")), _CARD + body):
            raise ValueError("it was changed on its way")
    except (ValueError, UnicodeDecodeError) as error:  # msgspec's errors are ValueErrors
        raise UsageError(f"this is no card of a ward's PC or a desk: {error}", "write it again: garde ward") from error
    if card.role != role:
        raise UsageError(f"this is the card of a {card.role}, not of a {role}", "take the other file")
    return card
