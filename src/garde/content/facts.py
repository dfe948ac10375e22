"""What the rules of `compare` ask about one file, before and after.

Comes in: the version before, the bytes as they are, and their difference. Goes out: `Facts`, whose costly answers
(randomness, structure) are worked out once, when a rule first asks. It decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.content.access import Bytes
from garde.content.changes import Change
from garde.content.kinds import family, is_recognised, is_text
from garde.content.randomness import Array, Randomness, distinct_values, randomness
from garde.content.structure import Checked, Structure, inspect

SINGLE = 1024  # bytes: below, the changes of one file are pooled with those of others
BUDGET = 1 << 20  # units of structure work for each comparison: 3 to 4 ms at most
_STRETCH = 128
_NOISY = 90  # of 128 random bytes 101 values differ, with a standard deviation of 4; text has under 50


@dataclass(frozen=True, slots=True)
class Before:
    """The healthy version: its pre-image, or its fingerprint, or neither."""

    kind: str
    size: int
    structure: Structure
    data: Bytes | None
    fingerprint: bytes | None = None


@dataclass(slots=True)
class Facts:
    """One file, before and after."""

    before: Before
    after: Bytes
    head: bytes
    kind: str
    change: Change
    _new: Randomness | None = field(default=None, init=False)
    _old: bool | None = field(default=None, init=False)
    _checked: Checked | None = field(default=None, init=False)
    _held: bool | None = field(default=None, init=False)

    @property
    def new(self) -> Randomness:
        """Randomness of the changed bytes as they are now."""
        if self._new is None:
            # Whole blocks, which a fingerprint gives, hold more that has not changed.
            self._new = _undiluted(self.change.new, least=2 / 3 if len(self.change.old) else 1 / 2)
        return self._new

    @property
    def is_random(self) -> bool:
        """At least 1 KiB of changed bytes, uniformly random now."""
        return self.change.changed >= SINGLE and len(self.change.new) >= SINGLE and self.new.is_random

    @property
    def is_small_noise(self) -> bool:
        """A small text of which nothing is left: 256 bytes at least, and all that stands there is uniformly random."""
        if not is_text(self.before.kind) or self.kind != "unknown" or self.change.changed >= SINGLE:
            return False
        return self.change.everywhere and self.new.is_random and self.new.n == self.after.size

    @property
    def is_pure(self) -> bool:
        """True when the changed bytes are random as they stand, with nothing plain among them."""
        return self.is_random and self.new.n == len(self.change.new)

    @property
    def was_random(self) -> bool:
        """Were those bytes random before?"""
        if self._old is None:
            known = self.change.old_random
            self._old = randomness(self.change.old).is_random if known is None else known
        return self._old

    @property
    def checked(self) -> Checked:
        """Structure as it is now, checked as the kind that it is now."""
        if self._checked is None:
            self._checked = inspect(self.after, self.kind, budget=BUDGET, near=self.change.ranges)
        return self._checked

    @property
    def held_before(self) -> bool:
        """Did the version before hold together? Asked of the pre-image where the vault has not checked all of it."""
        if self._held is None:
            self._held = self.before.structure is Structure.WHOLE
            if self.before.structure is Structure.UNCHECKED and self.before.data is None:
                self._held = (
                    self.is_random
                )  # nobody can look any more; random bytes do not come from a file broken before
            elif self.before.structure is Structure.UNCHECKED and self.before.data is not None:
                found = inspect(self.before.data, self.before.kind, budget=BUDGET, near=self.change.ranges)
                self._held = found.structure is Structure.WHOLE
        return self._held

    @property
    def same_family(self) -> bool:
        """True when the kind is the same, or another of the same family."""
        return family(self.kind) == family(self.before.kind)

    @property
    def is_healthy(self) -> bool:
        """A known kind that holds together, its payload checked, or the whole of it new (a conversion)."""
        if not is_recognised(self.kind) or self.checked.structure is not Structure.WHOLE:
            return False
        return self.checked.covered or not self.same_family


def _undiluted(new: Array, *, least: float) -> Randomness:
    """Judge the changed bytes; once more without the stretches that are plainly no noise, such as a header or a key.

    `least` is the share that must be noise: a document saved anew holds pictures beside its text.
    """
    found = randomness(new)
    if found.is_random or len(new) < SINGLE + _STRETCH:
        return found
    stretches = new[: len(new) // _STRETCH * _STRETCH].reshape(-1, _STRETCH)
    noise = stretches[distinct_values(stretches) >= _NOISY]
    if len(noise) < len(stretches) * least:
        return found
    again = randomness(noise.ravel())
    return again if again.is_random else found
