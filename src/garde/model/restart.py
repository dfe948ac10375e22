"""Words of the way back: what a restore point is worth, how a server stands, what the gate asks, how far it has come.

Comes in: nothing. Goes out: enumerations that agents, hub and journal share. Source of the items and of the order: the
guides of CISA, CERT.be, CCB, ANSSI and NIST CSF 2.0 (RC.RP), as docs/recovery.md lists them.
"""

from __future__ import annotations

from enum import StrEnum


class Colour(StrEnum):
    """The verdict on a restore point."""

    GREEN = "green"  # taken before the first hostile write, readable, verified, nothing found in it
    AMBER = "amber"  # usable with what its reasons say; a person decides
    RED = "red"  # must not be used
    GREY = "grey"  # not judged yet, or it could not be


class Status(StrEnum):
    """How a server stands (CISA's triage)."""

    NOT_IMPACTED = "not_impacted"
    SUSPECT = "suspect"
    IMPACTED = "impacted"
    REBUILT = "rebuilt"


class Item(StrEnum):
    """The thirteen items of the return-to-service record, in their order."""

    KNOWN = "known"  # 1 role, owner and dependencies known; what it needs is verified
    RATED = "rated"  # 2 its status is said
    ENTRY = "entry"  # 3 entry vector and window known, or accepted as unknown
    EVIDENCE = "evidence"  # 4 evidence taken, or waived
    REBUILT = "rebuilt"  # 5 impacted or suspect: rebuilt and patched; baseline and packages agree
    DATA = "data"  # 6 data from a judged and verified point, and what must be entered again is said
    CREDENTIALS = "credentials"  # 7 changed
    SUPPLIERS = "suppliers"  # 8 supplier access closed
    WATCHED = "watched"  # 9 agent alive and enforcing, sweep clean, bait in place
    NETWORK = "network"  # 10 only listed flows; looked at from outside as well
    CLINICIAN = "clinician"  # 11 a clinician tried it on known patients
    OBSERVED = "observed"  # 12 so many hours without an alarm, and the way back is ready
    SIGNED = "signed"  # 13 two signatures


class Answer(StrEnum):
    """To one item."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # could not be told: counts as no


class Stage(StrEnum):
    """How far a server has come on its way back."""

    WAITING = "waiting"
    ISOLATED = "isolated"  # talks to the hub only: proven
    VERIFIED = "verified"  # items 1 to 11 are answered with yes, or excepted
    OBSERVING = "observing"  # watched with raised sensitivity, still isolated
    LISTED = "listed"  # its listed flows are open
    OPEN = "open"
    RECUT = "recut"  # something was seen: cut again, and everything is asked anew


OPENED = frozenset({Stage.LISTED, Stage.OPEN})
