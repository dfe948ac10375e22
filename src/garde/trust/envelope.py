"""Signed envelopes: what agent and hub say to each other, whoever carries it.

Comes in: a key and words; or bytes that anybody may have made. Goes out: bytes; or an `Envelope` whose sender,
recipient, number and age were checked, else `EnvelopeRefusedError` with a stable code. It keeps no numbers and knows no
clock: the caller says which number it saw last and what time the hub has.

An envelope is three parts, and what is signed is what is sent: nobody has to write the same JSON twice.

    garde-envelope-1 <signature, 128 hexadecimal digits>\\n
    {"sender":...,"recipient":...,"kind":...,"seq":...,"issued":...,"expires":...}\\n      (times in milliseconds)
    <body>

The checks come in this order, the cheap ones first: OVERSIZED, MALFORMED, UNKNOWN-SENDER, FORGED, WRONG-RECIPIENT,
EARLY, EXPIRED, REPLAYED. What an envelope says of itself is worth nothing before FORGED has been ruled out.

Numbers are counted for each sender, recipient and kind by itself, so that what one thread says never overtakes what
another said. An *answer* carries the number of the envelope that it answers: an old answer fits no new question.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from garde.trust.keys import SIGNATURE_BYTES, PublicKey, SigningKey

MAX_BYTES = 1024 * 1024  # a report of some hundred findings is 100 KB; what is larger is no report
SKEW = 30.0  # seconds that two clocks which have heard of each other may differ
MAX_SEQ = 2**53 - 1  # whole numbers that every JSON reader keeps exact
HUB = "hub"  # the hub's name as sender and recipient

_MAGIC = b"garde-envelope-1"
_HEADER_AT = len(_MAGIC) + 1 + 2 * SIGNATURE_BYTES + 1
_HEADER_MOST = 512  # bytes; names are 64 characters at most
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_KIND = re.compile(r"[a-z][a-z0-9._-]{0,31}")
_SIGNATURE = re.compile(rb"[0-9a-f]{128}")

KeyOf = Callable[[str], PublicKey | None]  # sender -> its key, None where it is not known
LastSeq = Callable[[str, str], int]  # sender, kind -> the highest number seen


class Code(StrEnum):
    """Why an envelope was refused."""

    OVERSIZED = "OVERSIZED"
    MALFORMED = "MALFORMED"
    UNKNOWN_SENDER = "UNKNOWN-SENDER"
    FORGED = "FORGED"
    WRONG_RECIPIENT = "WRONG-RECIPIENT"
    EARLY = "EARLY"
    EXPIRED = "EXPIRED"
    REPLAYED = "REPLAYED"


class EnvelopeRefusedError(Exception):
    """It is not what it claims to be. `claimed` is the sender it names, "" where that can't be read."""

    def __init__(self, code: Code, reason: str, claimed: str = "") -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.claimed = claimed


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was said, by whom, to whom. Times are wall seconds in hub time."""

    sender: str
    recipient: str
    kind: str
    seq: int
    issued: float
    expires: float
    body: bytes


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sender: str
    recipient: str
    kind: str
    seq: int
    issued: int  # milliseconds
    expires: int


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(_Header)


def seal(
    key: SigningKey, *, sender: str, recipient: str, seq: int, kind: str, body: bytes, now: float, ttl: float
) -> bytes:
    """Return the envelope; it counts from `now` for `ttl` seconds. Raises ValueError on words that can't be sent."""
    header = _Header(sender, recipient, kind, seq, round(now * 1000), round((now + ttl) * 1000))
    if wrong := _wrong(header):
        raise ValueError(wrong)
    signed = _encode(header) + b"\n" + body
    raw = b"%s %s\n%s" % (_MAGIC, key.sign(_MAGIC + b"\n" + signed).hex().encode(), signed)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"{len(raw):,} bytes are more than an envelope holds")
    return raw


def open_sealed(
    raw: bytes, *, key_of: KeyOf, recipient: str, now: float, last_seq: LastSeq | int = 0, skew: float = SKEW
) -> Envelope:
    """Return what is in it, or raise EnvelopeRefusedError.

    `now` is hub time. `last_seq` is the highest number seen of this sender and kind: a number, or a look-up where
    they are not known before. Remembering the new number is the caller's, once it has done what was asked.
    """
    header, signature, signed = _take_apart(raw)
    key = key_of(header.sender)
    if key is None:
        raise _refused(Code.UNKNOWN_SENDER, f"{header.sender} is not known here", header)
    if not key.verify(signature, _MAGIC + b"\n" + signed):
        raise _refused(Code.FORGED, f"{header.sender} did not sign this", header)
    if header.recipient != recipient:
        raise _refused(Code.WRONG_RECIPIENT, f"it was meant for {header.recipient}", header)
    _check_time(header, now, skew)
    last = last_seq if isinstance(last_seq, int) else last_seq(header.sender, header.kind)
    if header.seq <= last:
        raise _refused(Code.REPLAYED, f"number {header.seq} after {last}", header)
    return Envelope(
        header.sender,
        header.recipient,
        header.kind,
        header.seq,
        header.issued / 1000,
        header.expires / 1000,
        signed[signed.index(b"\n") + 1 :],
    )


def claimed_sender(raw: bytes) -> str:
    """Return the sender that an envelope names, unchecked; "" where that can't be read."""
    try:
        return _take_apart(raw)[0].sender
    except EnvelopeRefusedError:
        return ""


def is_name(text: str) -> bool:
    """Return whether a machine may be called this in an envelope."""
    return _NAME.fullmatch(text) is not None


def _take_apart(raw: bytes) -> tuple[_Header, bytes, bytes]:
    """Return header, signature, and the bytes that were signed (header and body)."""
    if len(raw) > MAX_BYTES:
        raise EnvelopeRefusedError(Code.OVERSIZED, f"{len(raw):,} bytes")
    signature = raw[len(_MAGIC) + 1 : _HEADER_AT - 1]
    if (
        not raw.startswith(_MAGIC + b" ")
        or raw[_HEADER_AT - 1 : _HEADER_AT] != b"\n"
        or not _SIGNATURE.fullmatch(signature)
    ):
        raise EnvelopeRefusedError(Code.MALFORMED, "it is no envelope")
    end = raw.find(b"\n", _HEADER_AT, _HEADER_AT + _HEADER_MOST)
    if end < 0:
        raise EnvelopeRefusedError(Code.MALFORMED, "its header has no end")
    written = raw[_HEADER_AT:end]
    try:
        header = _decoder.decode(written)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:  # ValidationError is a DecodeError
        raise EnvelopeRefusedError(Code.MALFORMED, f"its header can't be read: {error}") from error
    if wrong := _wrong(header):
        raise EnvelopeRefusedError(Code.MALFORMED, wrong)
    if _encode(header) != written:
        raise EnvelopeRefusedError(Code.MALFORMED, "its header is not written the one way")
    return header, bytes.fromhex(signature.decode()), raw[_HEADER_AT:]


def _wrong(header: _Header) -> str:
    """What is wrong with the words of a header; "" where nothing is."""
    if not (_NAME.fullmatch(header.sender) and _NAME.fullmatch(header.recipient)):
        return "its sender or recipient is no name"
    if not _KIND.fullmatch(header.kind):
        return "its kind is no word"
    if not 0 < header.seq <= MAX_SEQ:
        return "its number is out of range"
    if not 0 <= header.issued <= header.expires <= MAX_SEQ:
        return "its times are out of range"
    return ""


def _check_time(header: _Header, now: float, skew: float) -> None:
    if now + skew < header.issued / 1000:
        raise _refused(Code.EARLY, f"it counts from {header.issued / 1000 - now:.0f} s on", header)
    if now - skew > header.expires / 1000:
        raise _refused(Code.EXPIRED, f"its time was over {now - header.expires / 1000:.0f} s ago", header)


def _refused(code: Code, reason: str, header: _Header) -> EnvelopeRefusedError:
    return EnvelopeRefusedError(code, reason, header.sender)
