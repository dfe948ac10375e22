"""What is usual for one machine: which places it knows, how much it sends to a new place, how much in a day.

Comes in: the store's sums by the day, before the time that is asked about. Goes out: `Usual`. A place is known where
the machine sent something there on three days at least: who began yesterday is not known.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from garde.forensics.egress.store import FlowStore, Seen
from garde.forensics.egress.tally import DAY_S, base_domain

LEARN_DAYS: Final = 3.0  # of looking, before anything is called usual
KNOWN_DAYS: Final = 3
KNOWN_BY: Final = 3  # other machines, for a place that a machine does not know itself
LOOK_BACK: Final = 30  # days that count
UPLOAD: Final = 1.5  # more is sent than comes back, by so much: reading pages is one to ten the other way round


def is_upload(sent: float, back: float) -> bool:
    """Whether more goes out than comes in; acknowledgements of an upload are some two per cent of it."""
    return sent >= UPLOAD * back


@dataclass(slots=True)
class Place:
    """What one machine usually sends to one place."""

    days: int = 0
    most: int = 0  # bytes of its largest day
    common: bool = False  # other machines know it, this one does not


@dataclass(slots=True)
class Usual:
    """Of one machine, seen by one source."""

    days: float  # of looking
    places: dict[str, Place] = field(default_factory=dict)  # by address, and by domain where it has a name
    new_out: int = 0  # the largest upload of a day to a place that was new on it
    new_in: int = 0  # the same where the other side had called
    most_day: int = 0  # bytes sent outside on the busiest day
    total: int = 0

    @property
    def learned(self) -> bool:
        return self.days >= LEARN_DAYS

    def place(self, address: str, name: str) -> Place:
        """What is known of a place, by its address or its domain: the better known of the two."""
        found = [self.places.get(address), self.places.get(base_domain(name)) if name else None]
        return max((each for each in found if each is not None), key=lambda each: each.days, default=Place())

    def bytes_in(self, seconds: float) -> int:
        """How much it usually sends outside in as much time; -1: nobody has looked long enough."""
        return int(self.total / self.days * seconds / DAY_S) if self.learned else -1


def read_usual(store: FlowStore, seen: Seen, machine: str, before: float) -> Usual:
    """Read what was usual before this time."""
    today = int(before // DAY_S)
    first = today - LOOK_BACK
    usual = Usual(days_before(seen, before))
    rows = store.ask(
        "select day, outside, inbound, dns, name, sum(sent), sum(back) from days where source = ? and inside = ?"
        " and day >= ? and day < ? group by day, outside, inbound, dns, name order by day",
        (seen.id, machine, first, today),
    )
    _fold(usual, rows, max(first, int(seen.began // DAY_S)))
    return usual


def read_common(store: FlowStore, seen: Seen, machine: str, address: str, before: float) -> Place:
    """What other machines usually send to a place, where enough of them know it: a provider of mail is new to a desk
    every day, and new to the house never."""
    today = int(before // DAY_S)
    rows = store.ask(
        "select count(distinct inside), count(distinct day), coalesce(max(total), 0) from (select inside, day,"
        " sum(sent) as total from days where source = ? and outside = ? and inside != ? and day >= ? and day < ?"
        " group by inside, day)",
        (seen.id, address, machine, today - LOOK_BACK, today),
    )
    machines, days, most = rows[0]
    return Place(days, most, common=True) if machines >= KNOWN_BY and days >= KNOWN_DAYS else Place()


def days_before(seen: Seen, before: float) -> float:
    """For how many days the source had been looking."""
    return min(float(LOOK_BACK), max(0.0, before - seen.began) / DAY_S) if seen.began else 0.0


def _fold(usual: Usual, rows: list[tuple[int, str, int, int, str, int, int]], first: int) -> None:
    by_day: dict[int, int] = defaultdict(int)
    sums: dict[tuple[str, int], int] = defaultdict(int)  # place, day
    met: dict[str, int] = {}  # place -> the day on which it was new
    new: dict[tuple[str, int, int], list[int]] = defaultdict(lambda: [0, 0])  # place, day, inbound
    for day, outside, inbound, dns, name, sent, back in rows:
        if not dns:
            by_day[day] += sent
        for place in {outside, base_domain(name)} if name else {outside}:
            sums[place, day] += sent
            met.setdefault(place, day)
        if met[outside] == day and day > first and not dns:
            found = new[outside, day, inbound]
            found[0] += sent
            found[1] += back
    for (place, _), sent in sums.items():
        known = usual.places.setdefault(place, Place())
        known.days += 1
        known.most = max(known.most, sent)
    uploads = [(inbound, sent) for (_, _, inbound), (sent, back) in new.items() if is_upload(sent, back)]
    usual.new_out = max((sent for inbound, sent in uploads if not inbound), default=0)
    usual.new_in = max((sent for inbound, sent in uploads if inbound), default=0)
    usual.most_day, usual.total = max(by_day.values(), default=0), sum(by_day.values())
