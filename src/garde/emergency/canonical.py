"""A plan as bytes: one form, so that equal plans have equal hashes.

Comes in: a `Plan`, or such bytes. Goes out: the other, and the entry that a plan is. What an older Garde wrote must
still be read: a field added to a noun has a default. It checks types only.
"""

from __future__ import annotations

import hashlib

import msgspec

from garde.emergency.nouns import Plan
from garde.journal.plan_kinds import PlanLoaded
from garde.journal.text import Text

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Plan)


def to_json(plan: Plan) -> bytes:
    """Return the canonical form."""
    return _ENCODER.encode(plan)


def from_json(raw: bytes) -> Plan:
    """Read the canonical form; ValueError with the path of what is wrong."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no plan: {error}") from error


def digest_of(plan: Plan) -> str:
    """Return the SHA-256, in hex, of the canonical form."""
    return hashlib.sha256(to_json(plan)).hexdigest()


def plan_loaded(plan: Plan, source: str, by: str = "") -> PlanLoaded:
    """Return the entry that a plan is."""
    return PlanLoaded(plan.id, digest_of(plan), Text(to_json(plan)), source.encode("utf-8", "replace").decode(), by)
