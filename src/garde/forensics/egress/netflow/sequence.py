"""Counting what is missing, by the exporter's own sequence numbers.

Comes in: each datagram's number and how much it holds (NetFlow 5 and IPFIX count records, NetFlow 9 datagrams). Goes
out: whether the datagram is new, and the gaps. Rules, one test each:

1. A number beyond the one awaited is a gap of exactly so many units.
2. A datagram that comes late fills its part of the gap, for `PATIENCE_S`; only then is a gap told.
3. The same datagram again is not new.
4. A number below the one awaited that is neither is an exporter that began anew: what it did between its last datagram
   and this one is not known, and no number says how much.
5. After a datagram whose units can't be counted the next one is believed.
6. Numbers begin anew after 2^32.
7. What a number means is learned: by the standards it is that of the first unit in the datagram; softflowd's IPFIX says
   how many it has sent with this one, options left out. Where several readings fit, the standard's is taken.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from garde.journal.forensic_kinds import Blind

PATIENCE_S: Final = 2.0  # a datagram that is overtaken by so much is lost for us
_RECENT: Final = 256  # datagrams remembered, to know one that comes twice
_HOLES: Final = 64
_MOD: Final = 1 << 32
_FAR: Final = 1 << 24  # units: a jump by more is an exporter that began anew with another number


@dataclass(frozen=True, slots=True)
class Count:
    """What one datagram holds. -1: a template is missing, nobody knows how many."""

    records: int  # options as well
    flows: int  # without options


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand an exporter's numbers."""

    unit: str  # record | flow | datagram
    after: bool  # the number counts this datagram's own units as well

    def units(self, count: Count) -> int:
        return 1 if self.unit == "datagram" else count.records if self.unit == "record" else count.flows

    def first(self, number: int, count: Count) -> int:
        """The number of the datagram's first unit."""
        return (number - max(self.units(count), 0)) % _MOD if self.after else number


READINGS: Final = {
    5: (Reading("record", after=False),),
    9: (Reading("datagram", after=False), Reading("flow", after=False), Reading("flow", after=True)),
    10: tuple(Reading(unit, after) for after in (False, True) for unit in ("record", "flow")),
}  # by version, the standard's first
_UNLEARNED: Final = 3  # datagrams in a row that fit another reading before that one is believed


@dataclass(slots=True)
class Readings:
    """Which reading fits this exporter (rule 7)."""

    all: tuple[Reading, ...]
    fits: tuple[Reading, ...] = ()
    _before: tuple[int, Count] | None = None
    _misfits: int = 0

    def __post_init__(self) -> None:
        self.fits = self.all

    def take(self, number: int, count: Count) -> Reading:
        """Take a datagram's number; returns how it is to be read."""
        before, self._before = self._before, (number, count)
        if before is None or count.records < 0 or before[1].records < 0:
            return self.fits[0]
        fit = tuple(each for each in self.all if self._follows(each, before, number, count))
        kept = tuple(each for each in self.fits if each in fit)
        self._misfits = 0 if kept or not fit else self._misfits + 1
        if kept:
            self.fits = kept
        elif self._misfits >= _UNLEARNED or (fit and len(self.fits) > 1):
            self.fits, self._misfits = fit, 0
        return self.fits[0]

    @staticmethod
    def _follows(reading: Reading, before: tuple[int, Count], number: int, count: Count) -> bool:
        awaited = (reading.first(*before) + reading.units(before[1])) % _MOD
        return reading.first(number, count) == awaited


@dataclass(slots=True)
class _Hole:
    first: int
    units: int
    since: float
    until: float


@dataclass(slots=True)
class Sequence:
    """Of one exporter and one of its domains."""

    version: int
    missing: int = 0  # units that are known to be lost: records, or datagrams
    _readings: Readings = field(init=False)
    _reading: Reading = field(init=False)
    _next: int = -1  # -1: not known
    _last_at: float = 0.0
    _recent: deque[int] = field(default_factory=lambda: deque(maxlen=_RECENT))
    _holes: list[_Hole] = field(default_factory=list)
    _restarts: list[Blind] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._readings = Readings(READINGS[self.version])
        self._reading = self._readings.fits[0]

    def take(self, number: int, count: Count, at: float, mark: int) -> bool:
        """Take a datagram that came at `at`; False where it came before. `mark` tells two of the same number apart:
        templates alone use none up."""
        if mark in self._recent:
            return False
        reading = self._readings.take(number, count)
        if reading != self._reading and self._recent:
            self._read_anew(reading)
        units = reading.units(count)
        self._place(reading.first(number, count), units, at)
        self._recent.append(mark)
        return True

    def _place(self, first: int, units: int, at: float) -> None:
        ahead = (first - self._next) % _MOD
        late = self._next >= 0 and ahead != 0 and self._fill(first, max(units, 1))
        if self._next >= 0 and ahead != 0 and not late:
            if ahead < _FAR:
                self._open_hole(ahead, at)
            else:
                self._restarts.append(Blind(self._last_at, at, "restarted"))
                self._recent.clear()
        if not late:
            self._next = (first + units) % _MOD if units >= 0 else -1
            self._last_at = at

    def _read_anew(self, reading: Reading) -> None:
        """What was thought missing came of reading the numbers wrongly."""
        self._reading = reading
        self._next = -1
        self._holes.clear()
        self._restarts.clear()

    def told(self, now: float) -> list[Blind]:
        """Return the gaps that nothing will fill any more, once."""
        due = [hole for hole in self._holes if now - hole.until >= PATIENCE_S]
        if due:
            self._holes = [hole for hole in self._holes if now - hole.until < PATIENCE_S]
        found, self._restarts = self._restarts, []
        for hole in due:
            self.missing += hole.units
            found.append(Blind(hole.since, hole.until, "gap", hole.units if self._counts_records else 0))
        return found

    @property
    def _counts_records(self) -> bool:
        return self._reading.unit != "datagram"

    def _open_hole(self, units: int, at: float) -> None:
        if len(self._holes) >= _HOLES:  # the two oldest are told as one
            one, two = self._holes[:2]
            self._holes[:2] = [_Hole(one.first, one.units + two.units, one.since, two.until)]
        self._holes.append(_Hole(self._next, units, self._last_at, at))

    def _fill(self, number: int, units: int) -> bool:
        for hole in self._holes:
            offset = (number - hole.first) % _MOD
            if offset < hole.units:
                units = min(units, hole.units - offset)
                rest = _Hole((number + units) % _MOD, hole.units - offset - units, hole.since, hole.until)
                hole.units = offset
                self._holes.append(rest)
                self._holes = [each for each in self._holes if each.units > 0]
                return True
        return False
