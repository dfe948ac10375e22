"""The proofs of damage, one rule each.

Comes in: `Facts`. Goes out: which proofs hold. The rules, in sentences:

* TYPE_LOST: a known type before; now none, plain text, one repeated byte, or a container of ciphertext.
* TEXT_LOST: text before; now noise, from the head on or further in.
* STRUCTURE_BROKEN: the file's own checks held and do not now, or bytes of no type stand in its place, uniformly
  random or of exactly the same size. A closed format (one that is only ever written anew) also counts as broken when
  random bytes lie in it exactly where others lay, at the same size: no writer of such a format does that. A store,
  which is written block by block, counts only when hardly any of it is as it was.
* RANDOM_CHANGE: what changed is uniformly random, was not before, and no check of the file's own covers it. A single
  change says so from 1 KiB on; of a text that is random from end to end, 256 bytes do.
* STILL_RANDOM: the same, but it was as random before.
* ENCODED_CIPHER: base64 or hex of uniformly random bytes, where no such encoding stood before.
* CIPHER_CONTAINER: it says itself that it is encrypted, and did not before.
* BLANKED: overwritten by one repeated byte. EMPTIED: cut to nothing, or to a stump that does not hold together.

While a writer still has the file open, it may be half written. Then a lost type counts only with a random beginning,
lost text only with random bytes in it, broken structure only where nothing is left of what stood there (no type, random
from the beginning on, the same size: no more is to come), blanks and stumps not at all. The rules weigh nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from garde.content.access import MemoryBytes
from garde.content.encoded import decoded_head, decoded_randomness, is_plain_pem
from garde.content.facts import SINGLE, Facts
from garde.content.kinds import HEAD, is_recognised, is_text, sniff_head
from garde.content.randomness import randomness
from garde.content.structure.ole import holds_office
from garde.model.finding import Proof

# Formats that their programs change in place, block by block: random bytes may appear in them by honest work.
STORES = frozenset(
    ("sqlite", "jet", "pst", "edb", "onenote", "ole", "dbase", "hdf5", "qcow", "vmdk", "vhd", "vhdx", "evtx", "regf")
)
_NO_TYPE = frozenset(("unknown", "blank", "text", "text.csv"))
_LINE = 48  # bytes of encoded text that are looked for in the version before
_LOOKED_THROUGH = 1 << 20


def find_proofs(facts: Facts, *, still_open: bool) -> frozenset[Proof]:
    """Return the proofs that hold."""
    return frozenset(proof for proof, holds in (_OPEN_RULES if still_open else _RULES) if holds(facts))


def _type_lost(facts: Facts) -> bool:
    kind = facts.before.kind
    if not is_recognised(kind) or is_text(kind) or facts.change.is_prefix:
        return False
    return facts.kind in _NO_TYPE or facts.kind.startswith("cipher.")


def _text_lost(facts: Facts) -> bool:
    if not is_text(facts.before.kind) or facts.change.is_prefix:
        return False
    if facts.kind in ("unknown", "blank") or facts.kind.startswith("cipher."):
        return True
    return is_text(facts.kind) and facts.checked.broken and facts.held_before


def _structure_broken(facts: Facts) -> bool:
    if not is_recognised(facts.before.kind) or is_text(facts.before.kind) or facts.change.is_prefix:
        return False
    if facts.same_family:
        return (facts.checked.broken and facts.held_before) or _overwritten(facts)
    in_place = facts.change.same_size and facts.change.changed >= SINGLE
    return facts.kind == "unknown" and (facts.is_random or in_place)


def _overwritten(facts: Facts) -> bool:
    """Random bytes in the place of others, in a format that is only ever written as a whole."""
    change = facts.change
    pure = facts.is_pure if len(change.old) else facts.is_random  # a fingerprint knows whole blocks only
    if not change.same_size or not pure or facts.is_healthy:
        return False
    if facts.kind in STORES and not _store_overwritten(facts):
        return False
    return len(change.old) == 0 or int(change.old.min()) != int(change.old.max())  # blank: a download being filled in


def _store_overwritten(facts: Facts) -> bool:
    """Word, Excel and PowerPoint save as a whole, but in sectors: the size may stay the same, plain tables do not."""
    if not facts.is_pure:
        return False
    return facts.change.everywhere or (facts.kind == "ole" and holds_office(facts.after))


def _random_change(facts: Facts) -> bool:
    return (facts.is_random or facts.is_small_noise) and not facts.was_random and not facts.is_healthy


def _still_random(facts: Facts) -> bool:
    return facts.is_random and facts.was_random and not facts.is_healthy


def _encoded_cipher(facts: Facts) -> bool:
    if (not is_text(facts.kind) and facts.kind != "unknown") or facts.before.kind == "text.pem":
        return False
    found = decoded_randomness(facts.change.new)
    if found is None or not found.is_random or found.n < SINGLE // 2:
        return False
    old = decoded_randomness(facts.change.old)
    if old is not None and old.is_random and facts.kind == facts.before.kind:
        return False
    inner = decoded_head(facts.head)[:HEAD]
    if is_plain_pem(facts.head, facts.after.size) or (inner and is_recognised(sniff_head(inner, MemoryBytes(inner)))):
        return False
    return not _stood_before(facts)


def _stood_before(facts: Facts) -> bool:
    """True when a piece of the encoded text was there already: the attachment of a mail whose head was cut off."""
    if facts.before.data is None:  # what no fingerprint tells: but base64 makes a file grow, and cutting does not
        return is_text(facts.before.kind) and facts.after.size <= facts.before.size
    middle = len(facts.head) // 2
    line = facts.head[middle : middle + _LINE]
    return line in facts.before.data.read(0, _LOOKED_THROUGH)


def _cipher_container(facts: Facts) -> bool:
    return facts.kind.startswith("cipher.") and facts.kind != facts.before.kind


def _blanked(facts: Facts) -> bool:
    if facts.before.kind in ("blank", "empty"):
        return False
    if facts.kind == "blank":
        return True
    new = facts.change.new
    if len(new) < SINGLE or int(new.min()) != int(new.max()):
        return False
    return facts.kind == "unknown" or (facts.checked.broken and facts.held_before)


def _emptied(facts: Facts) -> bool:
    if facts.after.size == 0:
        return facts.before.size > 0
    if not facts.change.is_prefix or is_text(facts.kind):
        return False
    return facts.checked.broken or (facts.kind == "unknown" and is_recognised(facts.before.kind))


def _open_type_lost(facts: Facts) -> bool:
    if facts.kind != "unknown" or not is_recognised(facts.before.kind) or is_text(facts.before.kind):
        return False
    return facts.is_random and len(facts.head) >= SINGLE and randomness(facts.head).is_random


def _open_text_lost(facts: Facts) -> bool:
    if facts.is_small_noise:
        return facts.change.same_size and _text_lost(facts)
    return (facts.kind == "unknown" or is_text(facts.kind)) and facts.is_random and _text_lost(facts)


def _open_structure_broken(facts: Facts) -> bool:
    return facts.change.everywhere and facts.change.same_size and _open_type_lost(facts)


def _open_random_change(facts: Facts) -> bool:
    return (_open_type_lost(facts) or _open_text_lost(facts)) and _random_change(facts)


_Rule = tuple[Proof, Callable[[Facts], bool]]

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
    (Proof.STRUCTURE_BROKEN, _open_structure_broken),
    (Proof.RANDOM_CHANGE, _open_random_change),
    (Proof.STILL_RANDOM, _still_random),
    (Proof.ENCODED_CIPHER, _encoded_cipher),
    (Proof.CIPHER_CONTAINER, _cipher_container),
)
