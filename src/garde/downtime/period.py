"""Does paper count now, where, and since when? The rules:

1. Downtime begins on some wards or on all; while it lasts it can begin on further ones, never anew where it is.
2. It ends for all wards at once. Paper counts on for each patient until somebody signs; that is not asked here.
3. Begun anew after its end, it is another one.

Comes in: entries; what a person says. Goes out: `Period`; a payload, or why it may not be.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.errors import Refused
from garde.journal import Entry, Text
from garde.journal.paper_kinds import DowntimeBegan, DowntimeEnded


@dataclass(slots=True)
class Period:
    """The downtime that lasts, or the last one."""

    lasts: bool = False
    everywhere: bool = False
    wards: dict[str, float] = field(default_factory=dict)  # ward -> since, where it is not everywhere
    since: float = 0.0  # the earliest
    ended: float = 0.0

    def holds(self, ward: str) -> bool:
        """Say whether paper counts on a ward."""
        return self.lasts and (self.everywhere or ward in self.wards)


def project(state: Period, entry: Entry) -> None:
    """Take one entry in."""
    match entry.payload:
        case DowntimeBegan() as began:
            if not state.lasts:
                state.everywhere, state.wards, state.since = False, {}, began.since
            state.lasts, state.ended = True, 0.0
            state.since = min(state.since, began.since)
            state.everywhere = state.everywhere or not began.wards
            state.wards |= {ward: began.since for ward in began.wards if ward not in state.wards}
        case DowntimeEnded():
            state.lasts, state.ended = False, entry.at


def begin(state: Period, by: str, since: float, wards: tuple[str, ...], note: str) -> DowntimeBegan:
    """Return that paper counts; Refused where it does already."""
    new = tuple(ward for ward in wards if not state.holds(ward))
    if state.lasts and (state.everywhere or (wards and not new)):
        raise Refused("paper counts there already", "garde pack list shows since when")
    return DowntimeBegan(by, since, new, Text(note))


def end(state: Period, by: str, note: str) -> DowntimeEnded:
    """Return that the record is back; Refused where paper does not count."""
    if not state.lasts:
        raise Refused("no downtime lasts", "begin one: garde pack begin --since 03:40")
    return DowntimeEnded(by, Text(note))
