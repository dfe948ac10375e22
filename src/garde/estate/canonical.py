"""The estate as bytes: one form, so that equal hospitals have equal hashes.

Comes in: an `Estate`, or such bytes. Goes out: the other. The journal keeps these bytes (`estate_loaded`), so what an
older Garde wrote must still be read: unknown fields are left out, and a field added to a noun has a default. It checks
types only; what a hospital may say is check.py's business.
"""

from __future__ import annotations

import msgspec

from garde.estate.nouns import Estate

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Estate)


def to_json(estate: Estate) -> bytes:
    """Return the canonical form: fields in their declared order, words sorted by language, no spaces, UTF-8."""
    return _ENCODER.encode(estate)


def from_json(raw: bytes) -> Estate:
    """Read the canonical form; ValueError with the path of what is wrong."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no estate: {error}") from error
