"""A signed statement of how long the journal is and what stands in it.

Comes in: a Merkle root over the entries' hashes, the time, and a function that signs. Goes out: `Checkpoint`, as an
object, as the bytes that are signed, and as one line of JSON that can be noted elsewhere: with an agent, on paper, in
another hospital. Whoever holds one can tell whether the journal was cut off, edited or rewritten since. Keys come from
`garde.trust`; none is kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from garde.clock import iso
from garde.journal.entry import seconds

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes], bool]  # (signed bytes, signature) -> whether the signature is the hub's

_FORMAT = 1  # of the signed form: raised when `signed_bytes` changes
_HEX = 64  # digits of a SHA-256


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """So many entries, with this root, at that time."""

    size: int  # entries covered: the seq of the last one
    root: str  # RFC 6962 root over the hashes of entries 1 to size, in hex
    at: float  # wall seconds, to the microsecond
    signature: str  # in hex; "" where it was not signed yet
    journal: str  # which journal: what stands as `previous` in its first entry


def signed_bytes(checkpoint: Checkpoint) -> bytes:
    """Return the bytes that are signed: a JSON array, no spaces."""
    parts = ["garde-checkpoint", _FORMAT, checkpoint.journal, checkpoint.size, checkpoint.root, iso(checkpoint.at)]
    return msgspec.json.encode(parts)


def make(journal: str, size: int, root: bytes, at: float, sign: Sign) -> Checkpoint:
    """Return the signed checkpoint."""
    unsigned = Checkpoint(size, root.hex(), seconds(iso(at)), "", journal)
    return replace(unsigned, signature=sign(signed_bytes(unsigned)).hex())


def is_signed(checkpoint: Checkpoint, check: Check) -> bool:
    """Say whether the signature is that of the key behind `check`."""
    signature = exact_hex(checkpoint.signature)
    return bool(signature) and check(signed_bytes(checkpoint), signature)


def stored(size: int, root: str, at: str, signature: str, journal: str) -> Checkpoint:
    """Return a checkpoint from its parts as they are kept; a time that is none is 0, over which nothing was signed."""
    try:
        when = seconds(at)
        exact = iso(when) == at
    except (ValueError, TypeError, OverflowError):
        exact = False
    return Checkpoint(size, root, when if exact else 0.0, signature, journal)


def exact_hex(text: str) -> bytes:
    """Return the bytes of lower-case hexadecimal without spaces; none where it is anything else."""
    try:
        raw = bytes.fromhex(text)
    except (ValueError, TypeError):
        return b""
    return raw if raw.hex() == text else b""


def as_data(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return it as plain data, for a line of JSON."""
    return {
        "kind": "checkpoint",
        "size": checkpoint.size,
        "root": checkpoint.root,
        "at": iso(checkpoint.at),
        "signature": checkpoint.signature,
        "journal": checkpoint.journal,
    }


def encode(checkpoint: Checkpoint) -> bytes:
    """Return it as one line of JSON without its end."""
    return msgspec.json.encode(as_data(checkpoint))


def decode(raw: bytes) -> Checkpoint:
    """Return the checkpoint that a line holds; raises ValueError where it holds none."""
    line = msgspec.json.decode(raw, type=_Line)
    if line.kind != "checkpoint" or line.size < 0:
        raise ValueError("this is not a checkpoint")
    for text, digits in ((line.root, _HEX), (line.journal, _HEX), (line.signature, 0)):
        if (digits and len(text) != digits) or exact_hex(text).hex() != text:
            raise ValueError("a checkpoint's root, journal and signature are hexadecimal")
    return Checkpoint(line.size, line.root, seconds(line.at), line.signature, line.journal)


@dataclass(frozen=True, slots=True)
class _Line:
    """How it is written down."""

    kind: str
    size: int
    root: str
    at: str
    signature: str
    journal: str
