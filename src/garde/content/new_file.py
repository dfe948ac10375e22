"""The judgement on a file that nobody has seen before: is it something that nobody can read?

Comes in: its bytes. Goes out: `NewFile`. A new random file is no damage by itself; `watch` sets it beside what the
same hand deleted.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.content.access import Bytes, MemoryBytes
from garde.content.encoded import decoded_head, decoded_randomness, is_plain_pem
from garde.content.facts import BUDGET, SINGLE
from garde.content.kinds import HEAD, is_recognised, is_text, sniff_head
from garde.content.randomness import LEAST, SAMPLE, randomness
from garde.content.structure import Structure, inspect
from garde.model.finding import Proof

_POOL = 1024
_PIECES = 16


@dataclass(frozen=True, slots=True)
class NewFile:
    """What a file shows without a version before."""

    kind: str
    size: int
    structure: Structure
    unreadable: bool  # of no known kind and uniformly random, or ciphertext by its own account or in base64
    proofs: frozenset[Proof]  # CIPHER_CONTAINER or ENCODED_CIPHER, where they are why
    pool: bytes  # its first bytes, where it is too small to judge alone and of no known kind
    detail: str


def judge_new(after: Bytes) -> NewFile:
    """Judge a new file."""
    head = after.read(0, HEAD)
    kind = sniff_head(head, after)
    proof, is_random, detail = _reading(after, head, kind)
    checked = inspect(after, kind, budget=BUDGET)
    return NewFile(
        kind=kind,
        size=after.size,
        structure=checked.structure if checked.complete else Structure.UNCHECKED,
        unreadable=proof is not None or is_random,
        proofs=frozenset() if proof is None else frozenset((proof,)),
        pool=head[:_POOL] if kind == "unknown" and after.size < SINGLE else b"",
        detail=detail,
    )


def _reading(after: Bytes, head: bytes, kind: str) -> tuple[Proof | None, bool, str]:
    """Return (proof, uniformly random and of no kind, words)."""
    if kind.startswith("cipher."):
        return Proof.CIPHER_CONTAINER, False, f"a new file of kind {kind}"
    if is_text(kind) and is_encoded_cipher(after, head):
        return Proof.ENCODED_CIPHER, False, "a new file of base64 or hex of uniformly random bytes"
    if kind == "unknown" and after.size >= LEAST:
        found = randomness(_spread_sample(after))
        if found.is_random:
            return None, True, f"a new file of {after.size:,} uniformly random bytes (χ² p = {found.chi2_p:.2g})"
    return None, False, f"a new file of kind {kind}"


def is_encoded_cipher(after: Bytes, head: bytes) -> bool:
    """True for base64 or hex whose decoded bytes are random and begin like no known kind."""
    found = decoded_randomness(_spread_sample(after))
    if found is None or not found.is_random or found.n < SINGLE // 2:
        return False
    if is_plain_pem(head, after.size):
        return False
    inner = decoded_head(head)[:HEAD]
    return not inner or not is_recognised(sniff_head(inner, MemoryBytes(inner)))


def _spread_sample(data: Bytes) -> bytes:
    if data.size <= SAMPLE:
        return data.read(0, SAMPLE)
    step = data.size // _PIECES
    return b"".join(data.read(index * step, SAMPLE // _PIECES) for index in range(_PIECES))
