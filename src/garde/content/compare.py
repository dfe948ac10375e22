"""The judgement on one file: what could be read before and cannot be read now.

Comes in: a file's healthy version (`Before`) and its bytes as they are. Goes out: a `Comparison` with the proofs of damage that
the content shows, or none. A file is not damaged by being random: compressed data is. It is damaged when its type, its text,
its own checks or its regularity are lost. An honest rewrite ends in a file that holds together, and that clears the
randomness of what changed wherever a checksum or a decoder covers it.

While a writer still has the file open (`still_open`) it may be half written: then only what no half-finished honest write looks
like counts: a random beginning of no known type, text turned into noise, and containers of ciphertext.

It weighs nothing and names nobody: `watch` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from garde.content.access import Bytes, MemoryBytes
from garde.content.changes import WHOLE_LIMIT, Change, find_changes
from garde.content.encoded import decoded_head, decoded_randomness
from garde.content.fingerprint import changes_since, read_fingerprint
from garde.content.kinds import HEAD, family, is_recognised, is_text, sniff_head
from garde.content.randomness import LEAST, SAMPLE, Array, Randomness, distinct_values, randomness
from garde.content.structure import Checked, Structure, inspect
from garde.content.structure.base import unchecked
from garde.model.finding import Proof

SINGLE = 1024  # bytes: below, the changes of one file are pooled with those of others
BUDGET = 1 << 20  # units of structure work for each comparison: 3 to 4 ms at most
_POOL = 1024
_STRETCH = 256
_NOISY = 140  # of 256 random bytes 162 values differ, with a standard deviation of 5.6; text has under 100


@dataclass(frozen=True, slots=True)
class Before:
    """The healthy version: its pre-image, or its fingerprint, or both unknown."""

    kind: str
    size: int
    structure: Structure
    data: Bytes | None
    fingerprint: bytes | None = None


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

    @property
    def damaged(self) -> bool:
        """True when this file alone shows that it could be read before and cannot now."""
        return bool(self.proofs - {Proof.STILL_RANDOM})


@dataclass(slots=True)
class _Facts:
    """All that the rules ask; the costly answers are worked out once, when first asked."""

    before: Before
    after: Bytes
    head: bytes
    kind: str
    change: Change
    still_open: bool
    _new: Randomness | None = field(default=None, init=False)
    _old: bool | None = field(default=None, init=False)
    _checked: Checked | None = field(default=None, init=False)
    _held: bool | None = field(default=None, init=False)

    @property
    def new(self) -> Randomness:
        """Randomness of the changed bytes as they are now."""
        if self._new is None:
            self._new = _undiluted(self.change.new)
        return self._new

    @property
    def was_random(self) -> bool:
        """Were those bytes random before?"""
        if self._old is None:
            known = self.change.old_random
            self._old = randomness(self.change.old).is_random if known is None else known
        return self._old

    @property
    def is_random(self) -> bool:
        """At least 1 KiB of changed bytes, uniformly random now."""
        return self.change.changed >= SINGLE and len(self.change.new) >= SINGLE and self.new.is_random

    @property
    def checked(self) -> Checked:
        """Structure as it is now, checked as the kind that it is now."""
        if self._checked is None:
            self._checked = inspect(self.after, self.kind, budget=BUDGET, near=self.change.ranges)
        return self._checked

    @property
    def held_before(self) -> bool:
        """Did the version before hold together? Asked of the pre-image where the vault has not checked it."""
        if self._held is None:
            self._held = self.before.structure is Structure.WHOLE
            if self.before.structure is Structure.UNCHECKED and self.before.data is not None:
                found = inspect(self.before.data, self.before.kind, budget=BUDGET, near=self.change.ranges)
                self._held = found.structure is Structure.WHOLE
        return self._held

    @property
    def same_family(self) -> bool:
        return family(self.kind) == family(self.before.kind)

    @property
    def is_healthy(self) -> bool:
        """A known kind whose own checks cover the payload and hold."""
        return is_recognised(self.kind) and self.checked.covered and self.checked.structure is Structure.WHOLE


def compare(before: Before, after: Bytes, *, still_open: bool = False) -> Comparison:
    """Judge the bytes as they are against the version before."""
    if after.size <= WHOLE_LIMIT:
        after = MemoryBytes(after.read(0, after.size))  # read once, and one moment's bytes throughout
    head = after.read(0, HEAD)
    kind = sniff_head(head, after)
    change = _find_change(before, after)
    if change is None:
        return _result(
            before, after, kind, frozenset(), unchecked("no version before"), None, "nothing to compare with"
        )
    if change.nothing:
        return _result(before, after, kind, frozenset(), unchecked("unchanged"), change, "unchanged")
    facts = _Facts(before, after, head, kind, change, still_open)
    rules = _OPEN_RULES if still_open else _RULES
    proofs = frozenset(proof for proof, holds in rules if holds(facts))
    checked = unchecked("still open") if still_open else facts.checked
    return _result(before, after, kind, proofs, checked, change, _detail(facts, proofs), _pool(facts, proofs))


def _find_change(before: Before, after: Bytes) -> Change | None:
    if before.data is not None:
        return find_changes(before.data, after)
    known = read_fingerprint(before.fingerprint) if before.fingerprint else None
    return None if known is None else changes_since(known, after, was_text=is_text(before.kind))


def _result(
    before: Before,
    after: Bytes,
    kind: str,
    proofs: frozenset[Proof],
    checked: Checked,
    change: Change | None,
    detail: str,
    pool: bytes = b"",
) -> Comparison:
    structure = before.structure if change is not None and change.nothing else checked.structure
    if structure is Structure.WHOLE and not checked.complete and not (change and change.nothing):
        structure = Structure.UNCHECKED
    return Comparison(
        proofs=proofs,
        kind_before=before.kind,
        kind_after=kind,
        size_before=before.size,
        size_after=after.size,
        changed=change.changed if change else 0,
        sampled=change.sampled if change else False,
        pool=pool,
        structure_after=structure,
        detail=detail,
    )


def _undiluted(new: Array) -> Randomness:
    """Judge the changed bytes; once more without the stretches that are plainly no noise, such as a header or a key."""
    found = randomness(new)
    if found.is_random or len(new) < SINGLE + _STRETCH:
        return found
    stretches = new[: len(new) // _STRETCH * _STRETCH].reshape(-1, _STRETCH)
    noise = stretches[distinct_values(stretches) >= _NOISY]
    if len(noise) == len(stretches) or len(noise) * 2 < len(stretches):
        return found
    again = randomness(noise.ravel())
    return again if again.is_random else found


# ---- the rules, one for each proof ----------------------------------------------------------------------------------


def _type_lost(facts: _Facts) -> bool:
    """A known type before; now none, or plain text, or a signature by chance over something broken."""
    kind = facts.before.kind
    if not is_recognised(kind) or is_text(kind) or facts.same_family:
        return False
    if facts.kind in ("unknown", "blank", "text", "text.csv"):
        return not facts.change.is_prefix
    return is_recognised(facts.kind) and facts.is_random and facts.checked.broken


def _text_lost(facts: _Facts) -> bool:
    """Text before; now noise, from the head on or further in."""
    if not is_text(facts.before.kind) or facts.change.is_prefix:
        return False
    if facts.kind in ("unknown", "blank"):
        return True
    if is_text(facts.kind):
        return facts.checked.broken and facts.held_before
    return is_recognised(facts.kind) and facts.is_random and facts.checked.broken


def _structure_broken(facts: _Facts) -> bool:
    """The same family as before, which held together then and does not now. A mere stump is EMPTIED instead."""
    if not facts.same_family or is_text(facts.kind) or facts.change.is_prefix:
        return False
    return facts.checked.broken and facts.held_before


def _random_change(facts: _Facts) -> bool:
    """What changed is uniformly random, was not before, and no check of its own covers it."""
    return facts.is_random and not facts.was_random and not facts.is_healthy


def _still_random(facts: _Facts) -> bool:
    return facts.is_random and facts.was_random and not facts.is_healthy


def _encoded_cipher(facts: _Facts) -> bool:
    """Base64 or hex of uniformly random bytes, where no such encoding stood before."""
    if not is_text(facts.kind) and facts.kind != "unknown":
        return False
    found = decoded_randomness(facts.change.new)
    if found is None or not found.is_random or found.n < SINGLE // 2:
        return False
    if facts.before.data is not None and decoded_randomness(facts.change.old) is not None:
        return False
    inner = decoded_head(facts.head)[:HEAD]
    return not is_recognised(sniff_head(inner, MemoryBytes(inner))) if inner else True


def _cipher_container(facts: _Facts) -> bool:
    return facts.kind.startswith("cipher.") and facts.kind != facts.before.kind


def _blanked(facts: _Facts) -> bool:
    """Overwritten by one repeated byte, all through or in at least 1 KiB that its own checks miss now."""
    if facts.before.kind in ("blank", "empty"):
        return False
    if facts.kind == "blank":
        return True
    new = facts.change.new
    if len(new) < SINGLE or int(new.min()) != int(new.max()):
        return False
    return facts.kind == "unknown" or (facts.checked.broken and facts.held_before)


def _emptied(facts: _Facts) -> bool:
    """Cut to nothing, or to a stump that does not hold together."""
    if facts.after.size == 0:
        return facts.before.size > 0
    if not facts.change.is_prefix or is_text(facts.kind):
        return False
    return facts.checked.broken or (facts.kind == "unknown" and is_recognised(facts.before.kind))


def _open_type_lost(facts: _Facts) -> bool:
    if facts.kind != "unknown" or not is_recognised(facts.before.kind) or is_text(facts.before.kind):
        return False
    return len(facts.head) >= SINGLE and randomness(facts.head).is_random


def _open_text_lost(facts: _Facts) -> bool:
    return (facts.kind == "unknown" or is_text(facts.kind)) and facts.is_random and _text_lost(facts)


def _open_random_change(facts: _Facts) -> bool:
    return _random_change(facts) and (_open_type_lost(facts) or _open_text_lost(facts))


_Rule = tuple[Proof, Callable[[_Facts], bool]]

_RULES: tuple[_Rule, ...] = (
    (Proof.TYPE_LOST, _type_lost),
    (Proof.TEXT_LOST, _text_lost),
    (Proof.STRUCTURE_BROKEN, _structure_broken),
    (Proof.RANDOM_CHANGE, _random_change),
    (Proof.STILL_RANDOM, _still_random),
    (Proof.ENCODED_CIPHER, _encoded_cipher),
    (Proof.CIPHER_CONTAINER, _cipher_container),
    (Proof.BLANKED, _blanked),
    (Proof.EMPTIED, _emptied),
)
_OPEN_RULES: tuple[_Rule, ...] = (
    (Proof.TYPE_LOST, _open_type_lost),
    (Proof.TEXT_LOST, _open_text_lost),
    (Proof.RANDOM_CHANGE, _open_random_change),
    (Proof.STILL_RANDOM, _still_random),
    (Proof.ENCODED_CIPHER, _encoded_cipher),
    (Proof.CIPHER_CONTAINER, _cipher_container),
)


def _pool(facts: _Facts, proofs: frozenset[Proof]) -> bytes:
    """Return the changed bytes where they are too few to judge alone and the file does not look well."""
    if not 0 < facts.change.changed < SINGLE or not len(facts.change.new):
        return b""
    unwell = proofs & {Proof.TYPE_LOST, Proof.TEXT_LOST, Proof.STRUCTURE_BROKEN}
    return facts.change.new[:_POOL].tobytes() if unwell or facts.kind == "unknown" else b""


def _detail(facts: _Facts, proofs: frozenset[Proof]) -> str:
    """One clause for people, numbers included; no file content in it."""
    about = "about " if facts.change.sampled else ""
    words = []
    if {Proof.RANDOM_CHANGE, Proof.STILL_RANDOM} & proofs:
        words.append(
            f"{about}{facts.change.changed:,} changed bytes are uniformly random (χ² p = {facts.new.chi2_p:.2g})"
        )
    else:
        words.append(f"{about}{facts.change.changed:,} bytes changed")
    if Proof.STILL_RANDOM in proofs:
        words.append("as random as before")
    if {Proof.TYPE_LOST, Proof.TEXT_LOST, Proof.CIPHER_CONTAINER} & proofs and facts.kind != facts.before.kind:
        words.append(f"was {facts.before.kind}, now {facts.kind}")
    if Proof.STRUCTURE_BROKEN in proofs or (Proof.TEXT_LOST in proofs and is_text(facts.kind)):
        words.append(facts.checked.why)
    if Proof.ENCODED_CIPHER in proofs:
        words.append("base64 or hex of uniformly random bytes")
    if Proof.BLANKED in proofs:
        words.append("overwritten by one repeated byte")
    if Proof.EMPTIED in proofs:
        words.append(f"cut from {facts.before.size:,} to {facts.after.size:,} bytes")
    return "; ".join(words)


# ---- a file without a version before --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewFile:
    """What a file shows that nobody has seen before."""

    kind: str
    size: int
    structure: Structure
    unreadable: bool  # of no known kind and uniformly random, or ciphertext by its own account or in base64
    proofs: frozenset[Proof]  # CIPHER_CONTAINER or ENCODED_CIPHER, where they are why
    pool: bytes  # its bytes, where they are too few to judge alone and of no known kind
    detail: str


def judge_new(after: Bytes) -> NewFile:
    """Judge a new file: is it something that nobody can read?"""
    head = after.read(0, HEAD)
    kind = sniff_head(head, after)
    sample = _spread_sample(after)
    proofs: set[Proof] = set()
    detail = f"a new file of kind {kind}"
    is_random = False
    if kind.startswith("cipher."):
        proofs.add(Proof.CIPHER_CONTAINER)
    elif is_text(kind) and (found := decoded_randomness(sample)) and found.is_random and found.n >= SINGLE // 2:
        inner = decoded_head(head)[:HEAD]
        if not inner or not is_recognised(sniff_head(inner, MemoryBytes(inner))):
            proofs.add(Proof.ENCODED_CIPHER)
            detail = "base64 or hex of uniformly random bytes"
    elif kind == "unknown" and after.size >= LEAST:
        found = randomness(sample)
        is_random = found.is_random
        if is_random:
            detail = f"{after.size:,} uniformly random bytes of no known kind (χ² p = {found.chi2_p:.2g})"
    small = kind == "unknown" and after.size < SINGLE
    structure = inspect(after, kind, budget=BUDGET)
    found_structure = structure.structure if structure.complete or structure.broken else Structure.UNCHECKED
    return NewFile(
        kind=kind,
        size=after.size,
        structure=found_structure,
        unreadable=bool(proofs) or is_random,
        proofs=frozenset(proofs),
        pool=head[:_POOL] if small else b"",
        detail=detail,
    )


def _spread_sample(data: Bytes) -> bytes:
    if data.size <= SAMPLE:
        return data.read(0, SAMPLE)
    step = data.size // 16
    return b"".join(data.read(index * step, SAMPLE // 16) for index in range(16))
