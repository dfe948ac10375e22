"""Which role may do what at the hub: one table for the API and the console alike.

Comes in: a role. Goes out: whether it has a right. What a role may not do is neither offered by the console nor taken
by the API. Who of those that may decide is enough for which cut is the written authority's business
(`garde.contain.authority`); nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """What somebody may do."""

    LOOK = "look"  # how things stand: machines, services, incidents in short
    READ = "read"  # the record in full: entries, files, accounts named in an attack
    DECIDE = "decide"  # cuts; taking an incident in hand, declaring it over
    KEEP = "keep"  # accounts, agents, the hospital's file


_LOOK = frozenset({Right.LOOK})
_READ = _LOOK | {Right.READ}
MAY: Final[Mapping[str, frozenset[Right]]] = {
    "viewer": _READ,
    "ward": _LOOK,  # a screen that many people see: no name of a file, no name of a person
    "dpo": _READ,
    "operator": _READ | {Right.DECIDE},
    "it_director": _READ | {Right.DECIDE, Right.KEEP},
    "crisis_coordinator": _READ | {Right.DECIDE},
    "admin": _READ | {Right.KEEP},
}
ROLES: Final = tuple(MAY)


def may(role: str, right: Right) -> bool:
    """Whether a role has a right; a role that nobody knows has none."""
    return right in MAY.get(role, frozenset())


def holders(right: Right) -> frozenset[str]:
    """Return the roles that have a right."""
    return frozenset(role for role, rights in MAY.items() if right in rights)
