"""The base of everything that an entry can carry, and of everything that is to be done in the world.

Comes in: nothing. Goes out: `Payload` and `Command`. The kinds themselves are in `kinds.py` and `hub_kinds.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


class Payload:
    """Base of everything that an entry can carry."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Payload):
    """Something to be done. `decide` leaves both fields empty; the loop fills them before it writes the entry.

    An outcome is an entry whose payload carries the same `command`: performers are idempotent on it, and at start every
    command without an outcome is performed.
    """

    command: str = ""  # hash of the cause's hash and the index among what its cause brought about
    cause: int = 0  # seq of the entry that it answers
