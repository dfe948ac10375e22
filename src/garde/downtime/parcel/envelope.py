"""Sealed and signed bytes: made by one side for one other, checked in full before a byte of them is used.

Comes in: content, keys; or bytes that anybody may have made. Goes out: bytes; or `Header` and content. The content is
sealed to the receiver's key by HPKE (RFC 9180: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM), with
the header as its info; header and sealed content are signed by the sender's Ed25519 key (RFC 8032).

    garde-parcel-1 <signature, 128 hexadecimal digits>\\n
    {"what":...,"sender":...,"to":...,"place":...,...}\\n       (names nobody)
    <sealed content>

The checks come in this order, the cheap ones first: OVERSIZED, MALFORMED, UNKNOWN-SENDER, FORGED, MISADDRESSED, OLDER,
UNREADABLE, DIFFERENT. What a parcel says of itself is worth nothing before FORGED has been ruled out.

A sender's time is carried and never judged: the clock of a lonely PC may be wrong, and a pack is worth more than a
clock. Order is by counter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from garde.downtime.parcel.keys import Hex, Keys, sealing_key
from garde.trust.keys import PublicKey

MOST: Final = 64 << 20  # bytes of a parcel; a ward of 30 beds takes some two MB
PACK, RECEIPT = "pack", "receipt"
_MAGIC: Final = b"garde-parcel-1 "
_HEADER_AT: Final = len(_MAGIC) + 128 + 1
_HEADER_MOST: Final = 2048
_SIGNATURE = re.compile(rb"[0-9a-f]{128}")
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]  # whole numbers that every JSON reader keeps exact


class Code(StrEnum):
    """Why a parcel was refused."""

    OVERSIZED = "OVERSIZED"
    MALFORMED = "MALFORMED"
    UNKNOWN_SENDER = "UNKNOWN-SENDER"
    FORGED = "FORGED"
    MISADDRESSED = "MISADDRESSED"
    OLDER = "OLDER"
    UNREADABLE = "UNREADABLE"
    DIFFERENT = "DIFFERENT"


class ParcelRefusedError(Exception):
    """It is not what it claims to be, or not for here."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be read of a parcel by whoever carries it. Times are wall seconds of the sender."""

    what: str  # pack | receipt
    sender: Hex  # signing key
    to: Hex  # the receiver's sealing key
    counter: _Count  # of this sender, for this receiver: a higher one is newer
    made_at: float
    epoch: _Count = 0  # of the enrolment under which it counts
    place: Annotated[str, msgspec.Meta(max_length=120)] = ""
    about: Annotated[str, msgspec.Meta(max_length=20)] = ""
    language: Annotated[str, msgspec.Meta(max_length=20)] = ""
    pack: Annotated[str, msgspec.Meta(max_length=20)] = ""
    ward: Annotated[str, msgspec.Meta(max_length=120)] = ""  # the PC's name


def wrap(header: Header, content: bytes, keys: Keys) -> bytes:
    """Return a parcel. The header's sender must be these keys; ValueError where it is too large."""
    if header.sender != keys.sign.public.hex:
        raise ValueError("the header names another sender")
    head = msgspec.json.encode(header)
    signed = head + b"\n" + _SUITE.encrypt(content, sealing_key(header.to), info=_MAGIC + head)
    parcel = _MAGIC + keys.sign.sign(_MAGIC + signed).hex().encode("ascii") + b"\n" + signed
    if len(parcel) > MOST or len(head) > _HEADER_MOST:
        raise ValueError(f"{len(parcel)} bytes are more than a parcel holds")
    return parcel


def header_of(raw: bytes) -> Header:
    """Return what a parcel says of itself: worth nothing before `unwrap`. ParcelRefusedError where it is none."""
    return _split(raw)[0]


def unwrap(
    raw: bytes,
    keys: Keys,
    what: str,
    sender: Callable[[str], PublicKey | None],
    check: Callable[[Header], None] = lambda _: None,
) -> tuple[Header, bytes]:
    """Return what was sent, after every check; raises ParcelRefusedError.

    `sender` knows the keys that may send; `check` is the receiver's own look at the header (is it for here, is it
    newer), called once the signature is known to be good and before anything is opened.
    """
    header, head, sealed = _split(raw)
    key = sender(header.sender)
    if key is None:
        raise ParcelRefusedError(Code.UNKNOWN_SENDER, "its sender is not known here: enrol first")
    if not key.verify(bytes.fromhex(raw[len(_MAGIC) : _HEADER_AT - 1].decode("ascii")), _MAGIC + raw[_HEADER_AT:]):
        raise ParcelRefusedError(Code.FORGED, "its signature does not fit: it was changed, or is another's")
    if header.to != keys.seal or header.what != what:
        raise ParcelRefusedError(Code.MISADDRESSED, "it was made for another machine, or for another use")
    check(header)
    try:
        return header, _SUITE.decrypt(sealed, keys.opener, info=_MAGIC + head)
    except (InvalidTag, ValueError) as error:
        raise ParcelRefusedError(Code.UNREADABLE, "it cannot be opened with this machine's key") from error


def _split(raw: bytes) -> tuple[Header, bytes, bytes]:
    if len(raw) > MOST:
        raise ParcelRefusedError(Code.OVERSIZED, f"more than {MOST >> 20} MB")
    if not raw.startswith(_MAGIC) or not _SIGNATURE.fullmatch(raw, len(_MAGIC), _HEADER_AT - 1):
        raise ParcelRefusedError(Code.MALFORMED, "it does not begin like a parcel")
    end = raw.find(b"\n", _HEADER_AT, _HEADER_AT + _HEADER_MOST + 1)
    if raw[_HEADER_AT - 1 : _HEADER_AT] != b"\n" or end < 0:
        raise ParcelRefusedError(Code.MALFORMED, "it has no header")
    head = raw[_HEADER_AT:end]
    try:
        return msgspec.json.decode(head, type=Header), head, raw[end + 1 :]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParcelRefusedError(Code.MALFORMED, f"its header cannot be read: {error}") from error
