"""The judgement on one file: what could be read before and cannot be read now.

Comes in: a file's healthy version (`Before`) and its bytes as they are. Goes out: a `Comparison` with the proofs of
damage that the content shows, or none. A file is not damaged by being random: compressed data is. It is damaged when
its type, its text, its own checks or its regularity are lost; an honest rewrite ends in a file that holds together.
The rules stand in rules.py. It weighs nothing and names nobody: `watch` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.content.access import Bytes, MemoryBytes
from garde.content.changes import WHOLE_LIMIT, Change, find_changes
from garde.content.facts import SINGLE, Before, Facts
from garde.content.fingerprint import changes_since, read_fingerprint
from garde.content.kinds import HEAD, is_text, sniff_head
from garde.content.randomness import LEAST
from garde.content.rules import find_proofs
from garde.content.structure import Structure
from garde.model.finding import Proof

_POOL = 1024
_POOL_LEAST = LEAST // 2  # changed bytes of a binary file that keeps its type: fewer may be a checksum or an identifier


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one file's content shows."""

    proofs: frozenset[Proof]
    kind_before: str
    kind_after: str
    size_before: int
    size_after: int
    changed: int  # bytes in differing 16-byte cells; an estimate when sampled
    sampled: bool
    pool: bytes  # changed bytes too few to judge alone and not obviously healthy; at most 1 KiB
    structure_after: Structure
    detail: str
    digest: bytes = b""  # of the bytes judged, where all of them were at hand and found sound; see `access.identify`

    @property
    def damaged(self) -> bool:
        """True when this file alone shows that it could be read before and cannot now."""
        return bool(self.proofs - {Proof.STILL_RANDOM})


def whole(data: Bytes) -> Bytes:
    """Return the bytes in memory, where they are few enough: read once, and one moment's throughout."""
    return MemoryBytes(data.read(0, data.size)) if data.size <= WHOLE_LIMIT else data


def compare(before: Before, after: Bytes, *, still_open: bool = False) -> Comparison:
    """Judge the bytes as they are against the version before."""
    after = whole(after)
    head = after.read(0, HEAD)
    kind = sniff_head(head, after)
    change = _find_change(before, after)
    if change is None:
        return _without_evidence(before, after, kind, Structure.UNCHECKED, "no version before to compare with")
    if change.nothing:
        return _without_evidence(before, after, kind, before.structure, "unchanged")
    facts = Facts(before, after, head, kind, change)
    proofs = find_proofs(facts, still_open=still_open)
    return Comparison(
        proofs=proofs,
        kind_before=before.kind,
        kind_after=kind,
        size_before=before.size,
        size_after=after.size,
        changed=change.changed,
        sampled=change.sampled,
        pool=_pool(facts, proofs, still_open=still_open),
        structure_after=Structure.UNCHECKED if still_open else _structure(facts),
        detail=_detail(facts, proofs),
    )


def _find_change(before: Before, after: Bytes) -> Change | None:
    if before.data is not None:
        return find_changes(before.data, after)
    known = read_fingerprint(before.fingerprint) if before.fingerprint else None
    return None if known is None else changes_since(known, after, was_text=is_text(before.kind))


def _without_evidence(before: Before, after: Bytes, kind: str, structure: Structure, detail: str) -> Comparison:
    return Comparison(frozenset(), before.kind, kind, before.size, after.size, 0, False, b"", structure, detail)


def _structure(facts: Facts) -> Structure:
    checked = facts.checked
    return Structure.UNCHECKED if checked.structure is Structure.WHOLE and not checked.complete else checked.structure


def _pool(facts: Facts, proofs: frozenset[Proof], *, still_open: bool) -> bytes:
    """Return the changed bytes where they are too few to judge alone and the file does not look well."""
    if not 0 < facts.change.changed < SINGLE or not len(facts.change.new):
        return b""
    unwell = facts.kind == "unknown" or bool(
        proofs & {Proof.TYPE_LOST, Proof.TEXT_LOST, Proof.STRUCTURE_BROKEN, Proof.CIPHER_CONTAINER}
    )
    if not unwell and not still_open and not is_text(facts.kind) and facts.change.changed >= _POOL_LEAST:
        unwell = not facts.is_healthy
    return facts.change.new[:_POOL].tobytes() if unwell else b""


def _detail(facts: Facts, proofs: frozenset[Proof]) -> str:
    """One clause for people, numbers included; no file content in it."""
    about = "about " if facts.change.sampled else ""
    changed = f"{about}{facts.change.changed:,}"
    if {Proof.RANDOM_CHANGE, Proof.STILL_RANDOM} & proofs:
        words = [f"{changed} changed bytes are uniformly random (χ² p = {facts.new.chi2_p:.2g})"]
    else:
        words = [f"{changed} bytes changed"]
    if Proof.STILL_RANDOM in proofs:
        words.append("as random as before")
    if {Proof.TYPE_LOST, Proof.TEXT_LOST, Proof.CIPHER_CONTAINER} & proofs and facts.kind != facts.before.kind:
        words.append(f"was {facts.before.kind}, now {facts.kind}")
    if {Proof.STRUCTURE_BROKEN, Proof.TEXT_LOST} & proofs and facts.same_family:
        words.append(facts.checked.why if facts.checked.broken else "overwritten in place at the same size")
    if Proof.ENCODED_CIPHER in proofs:
        words.append("base64 or hex of uniformly random bytes")
    if Proof.BLANKED in proofs:
        words.append("overwritten by one repeated byte")
    if Proof.EMPTIED in proofs:
        words.append(f"cut from {facts.before.size:,} to {facts.after.size:,} bytes")
    return "; ".join(words)
