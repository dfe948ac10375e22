"""How this hospital's systems write things, where the standard leaves it open.

Comes in: settings of the desk. Goes out: `Manner`, frozen, handed to every reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from garde.downtime.hl7.times import zone_of

AHEAD_S = 300.0  # a sender's clock may be this much ahead of ours before its time is not believed


@dataclass(frozen=True, slots=True)
class Manner:
    """What the readers need to know about the hospital."""

    zone: str = "Europe/Brussels"
    charset: str = "utf-8"  # of messages that name none
    own: tuple[str, ...] = ()  # authorities that assign this hospital's patient numbers; their numbers need no prefix
    kinds: tuple[str, ...] = ("MR", "MRN", "PI")  # identifier types that mark the patient's number, the best first

    @property
    def place(self) -> ZoneInfo:
        return zone_of(self.zone)

    def number(self, value: str, authority: str) -> str:
        """Return the number under which the census knows a patient."""
        return value if not value or not authority or authority in self.own else f"{value}^{authority}"

    def said_at(self, sent: float | None, received: float) -> tuple[float, str]:
        """Return when a message counts as said, and the doubt: a clock that runs ahead is not believed."""
        if sent is None:
            return received, "no time in the message"
        if sent > received + AHEAD_S:
            return received, "the sender's clock is ahead"
        return sent, ""
