"""One file's damage with its proofs, and an actor judged.

Comes in: nothing. Goes out: `Proof`, `Finding`, `Verdict`, `Skipped`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from garde.model.actor import Actor


class Proof(StrEnum):
    """Why a file is called damaged. Weights stand in watch/weights.toml, words in watch/words.py."""

    TYPE_LOST = "type_lost"  # a known type before, none after (or "many types become one")
    TEXT_LOST = "text_lost"  # valid text before, not after
    # Its own checks (CRC, decoder, page map) held before and fail now; or random bytes of the same size stand where a
    # format stood that is only ever written whole.
    STRUCTURE_BROKEN = "structure_broken"
    RANDOM_CHANGE = "random_change"  # >= 1 KiB of changed bytes are uniformly random and were not before
    STILL_RANDOM = "still_random"  # changed bytes are random, but those they replaced were as random (compressed data)
    ENCODED_CIPHER = "encoded_cipher"  # base64 or hex whose decoded bytes are uniformly random
    CIPHER_CONTAINER = "cipher_container"  # became OpenPGP, "Salted__", AES 7z/ZIP, age ...
    BLANKED = "blanked"  # overwritten by one repeated byte
    EMPTIED = "emptied"  # cut to nothing, or to a stump of what it was
    REPLACED = "replaced"  # deleted while the same hand wrote an unreadable file in its place
    MISSING = "missing"  # deleted (never holds by itself)
    POOLED_RANDOM = "pooled_random"  # small changes, random only when the hand's changes are read together
    NOTE_SPREAD = "note_spread"  # one new base name in many directories
    BAIT = "bait"  # a canary file touched
    VAULT_TOUCHED = "vault_touched"  # a foreign write in the vault
    LISTED = "listed"  # damaged, and its name or the hand is on the watch list: never alone


@dataclass(frozen=True, slots=True)
class Finding:
    """One file's damage, with proof. `path` is raw bytes; `path_after` is where the damaged content lies now."""

    at: float  # wall seconds
    path: bytes
    path_after: bytes
    proofs: frozenset[Proof]
    actor: Actor
    kind_before: str
    kind_after: str
    changed: int  # bytes changed, an estimate when sampled
    provisional: bool  # judged while the file was still open for writing
    detail: str = ""  # one plain English clause with the numbers, safe to show after escaping


@dataclass(frozen=True, slots=True)
class Verdict:
    """An actor judged: the level that crossed its bound, and the findings that took it there."""

    id: str
    at: float
    level: str  # family | tree | session | user | share | host
    key: str
    score: float  # sum of log-likelihood ratios
    bound: float
    findings: tuple[Finding, ...]
    actors: tuple[Actor, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """What could not be done, with its reason: a value, never a gap."""

    what: str
    reason: str
