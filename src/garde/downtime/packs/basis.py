"""What packs are made from, at one moment: all of it handed in, nothing looked up.

Comes in: the census as a view, how fresh it is, the desk's own lists. Goes out: `Basis`, frozen, for any number of
packs; which wards there are. It reads no file and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from garde.downtime.census.state import Census
from garde.downtime.census.view import CensusView, PatientView, Row, patient_views
from garde.downtime.nouns import Standing
from garde.downtime.numbers.people import Arrival
from garde.downtime.packs.voice import Voice
from garde.downtime.silence import Feed, Freshness

UNPLACED: Final = "unplaced"  # the pack of those who are here and whose ward nobody has said
REBUILDING: Final = "rebuilding"
SERVICES: Final = ("laboratory", "radiology", "pharmacy", "theatre", "outpatients")
_GONE_S: Final = 86_400.0
_NEAR_S: Final = 86_400.0  # today and tomorrow, whatever the hour now
# Blank forms in a ward's pack: the first hours of 28 beds; `garde pack blanks` makes more, for weeks.
BLANKS: Final[Mapping[str, int]] = {
    "prescription": 3, "mar": 3, "lab": 4, "imaging": 3, "blood": 2, "vitals": 4, "fluid": 2, "notes": 4,
    "consultation": 2, "transfer": 2, "discharge": 2, "death": 1, "events": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the contacts page."""

    role: str
    name: str
    phone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """The hospital at one moment."""

    hospital: str
    zone: ZoneInfo
    made_at: float
    view: CensusView
    fresh: Freshness
    rebuilding: bool = False
    senders: tuple[tuple[str, float], ...] = ()  # (name, its newest message)
    language: str = "en"
    mar_hours: int = 24
    rounds: Mapping[str, str] = field(default_factory=dict)  # frequency -> "08:00 20:00", the hospital's usual times
    calls: tuple[Call, ...] = ()
    arrivals: tuple[Arrival, ...] = ()  # who is here under a downtime number
    booked: tuple[PatientView, ...] = ()  # who has an appointment today or tomorrow
    gone: tuple[Row, ...] = ()  # who left in the last day
    numbers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # ward -> free downtime numbers
    blanks: Mapping[str, int] = field(default_factory=lambda: BLANKS)
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # service -> senders whose orders are its own

    @property
    def voice(self) -> Voice:
        return Voice(self.language, self.zone, self.made_at)

    @property
    def feed(self) -> str:
        """How the feed stands, in one word."""
        return REBUILDING if self.rebuilding else self.fresh.feed.value

    @property
    def as_of(self) -> float:
        return self.fresh.newest or 0.0

    def wards(self) -> list[str]:
        """Return every ward that somebody is in, is expected on, or that has beds; UNPLACED where it is needed."""
        rows = (row.place.ward for row in (*self.view.rows, *self.view.expected))
        places = (*rows, *(place.ward for place in self.view.empty), *(each.place.ward for each in self.arrivals))
        return sorted({ward or UNPLACED for ward in places})

    def here(self, ward: str) -> tuple[Row, ...]:
        """Return who is on a ward; of the same bed as one after the other."""
        return tuple(row for row in self.view.rows if (row.place.ward or UNPLACED) == ward)

    def warning(self) -> str:
        """Return what every page must say in large letters; "" where all is well."""
        voice = self.voice
        if self.rebuilding:
            return voice("feed_rebuilding")
        if self.fresh.newest is None:
            return voice("feed_never")
        if self.fresh.feed is Feed.SILENT:
            return voice("feed_silent", time=voice.time(self.fresh.newest))
        return ""


def coming_and_gone(census: Census, now: float) -> tuple[tuple[PatientView, ...], tuple[Row, ...]]:
    """Return who has an appointment around now, and who left in the last day: a census of who is here has neither."""
    booked, gone = [], []
    for number in census.roots():
        members = [census.patients[each] for each in census.members(number) if each in census.patients]
        if not any(each.appointments or each.said >= now - _GONE_S for each in members):
            continue
        for patient in patient_views(census, number):
            if any(_is_near(each.value.begins, now) and each.value.standing is not Standing.STOPPED
                   for each in patient.appointments):  # fmt: skip
                booked.append(patient)
            gone += [Row(visit, patient, patient.flags) for visit in patient.visits
                     if not visit.here and (visit.left or 0.0) >= now - _GONE_S]  # fmt: skip
    return tuple(booked), tuple(gone)


def _is_near(at: float | None, now: float) -> bool:
    return at is not None and now - _NEAR_S <= at <= now + 2 * _NEAR_S
