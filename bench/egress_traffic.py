"""A hospital's traffic to the outside, drawn: what a gateway sees in a day, and thefts in it.

Comes in: a seed. Goes out: batches of flows and questions, one a day. Forty workstations read pages, send mail, call by
video now and then and report to their makers; servers update themselves; the archive of images sends studies to a
partner on some days; the backup goes to a provider every night; everybody asks one resolver, which asks two outside.
Sizes are log-normal, places follow a power law: most are asked for once, and every day new ones are met. Drawn, not
recorded: the shape is that of published measurements of office networks, the numbers are ours.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from garde.forensics.egress.nouns import Batch, Flow, Lookup

DAY = 86_400.0
FIRST = 1_900_022_400.0  # a midnight, UTC
DESKS = 40
RESOLVER, PACS, BACKUP, RECORD = "10.20.0.2", "10.20.0.12", "10.20.0.13", "10.20.0.10"
SERVERS = [f"10.20.0.{number}" for number in range(10, 16)]
UPSTREAM = ("198.51.100.53", "198.51.100.54")
PARTNER, PROVIDER = "198.51.100.80", "198.51.100.90"
MB = 1_000_000


def _place(number: int) -> str:
    """One of many places outside."""
    return f"{60 + number % 90}.{number // 90 % 250}.{number * 7 % 250}.{number * 13 % 250 + 1}"


class Hospital:
    """Traffic by the day; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._fresh = 100_000  # places that nobody has met yet
        self._mail = [_place(50_000 + number) for number in range(12)]
        self._makers = [_place(60_000 + number) for number in range(30)]
        self._day = FIRST

    def day(self, number: int) -> Batch:
        """Draw one day."""
        self._day = FIRST + number * DAY
        batch = Batch(records=1)
        weekend = number % 7 in (5, 6)
        for desk in range(DESKS):
            machine = f"10.20.1.{desk + 1}"
            nights = desk % 4 == 0  # wards work all night
            self._desk(machine, batch, 0.3 if weekend and not nights else 1.0, nights)
        for server in SERVERS:
            self._server(server, batch)
        self._backup(batch)
        if self._random.random() < 0.5:
            self._studies(batch)
        return batch

    def _when(self, nights: bool) -> float:
        draw = self._random
        hour = draw.uniform(0, 24) if nights or draw.random() < 0.08 else min(max(draw.gauss(13, 3), 0), 23.9)
        return self._day + hour * 3600

    def _add(
        self, batch: Batch, machine: str, to: str, sent: float, back: float, at: float, lasted: float = 5.0
    ) -> None:
        lasted = min(lasted, self._day + DAY - at - 1)
        batch.flows.append(Flow(machine, to, 443, 6, False, int(sent), int(back), at, at + max(lasted, 0.0)))

    def _desk(self, machine: str, batch: Batch, share: float, nights: bool) -> None:
        draw = self._random
        for _ in range(int(share * draw.gauss(160, 30))):  # pages
            if draw.random() < 0.12:
                self._fresh += 1
                to = _place(self._fresh)
            else:
                to = _place(int(draw.paretovariate(0.7)) % 4000)
            sent, back = draw.lognormvariate(8.3, 1.2), draw.lognormvariate(10.6, 1.7)
            self._add(batch, machine, to, sent, back, self._when(nights), draw.uniform(1, 200))
        for _ in range(draw.choice((0, 1, 2, 3, 4))):  # mail with something attached
            self._add(batch, machine, draw.choice(self._mail), draw.lognormvariate(13.5, 1.3), 9e4, self._when(nights))
        if draw.random() < 0.08:  # a form, a picture, a file for somebody who asked for it
            self._fresh += 1
            self._add(batch, machine, _place(self._fresh), draw.lognormvariate(13.2, 1.0), 3e4, self._when(nights))
        if draw.random() < 0.06 * share:  # a call by video: an hour, both ways, at an address of its own
            self._fresh += 1
            size = draw.uniform(100, 500) * MB
            self._add(batch, machine, _place(self._fresh), size, size * draw.uniform(0.8, 1.6), self._when(False), 3000)
        self._add(batch, machine, draw.choice(self._makers), draw.lognormvariate(12, 1), 1e4, self._when(nights))
        self._ask(machine, batch, nights, int(share * 600))

    def _server(self, machine: str, batch: Batch) -> None:
        draw = self._random
        for _ in range(24):
            self._add(batch, machine, draw.choice(self._makers), draw.lognormvariate(9, 1), draw.lognormvariate(13, 2),
                      self._when(True))  # fmt: skip
        self._ask(machine, batch, True, 400)

    def _backup(self, batch: Batch) -> None:
        size = self._random.uniform(2, 5) * 1000 * MB
        self._add(batch, BACKUP, PROVIDER, size, size / 60, self._day + 3600, 3 * 3600)

    def _studies(self, batch: Batch) -> None:
        size = self._random.uniform(150, 1500) * MB
        self._add(batch, PACS, PARTNER, size, size / 40, self._when(True), 1200)

    def _ask(self, machine: str, batch: Batch, nights: bool, count: int) -> None:
        """Questions to the resolver, and a part of them on to the outside; some names are long and look drawn."""
        draw = self._random
        for number in range(count // 20):  # of twenty questions one is written down with its name
            domain = f"site{int(draw.paretovariate(0.8)) % 3000}.example"
            name = f"{draw.choice(('www', 'cdn', 'api', 'img', f'{draw.getrandbits(64):x}'))}.{domain}"
            if number % 10 == 0:
                name = f"{draw.getrandbits(160):x}.lookup.antivirus.example"
            at = self._when(nights)
            batch.lookups.append(Lookup(machine, RESOLVER, name, at))
        at = self._day + draw.uniform(0, DAY - 600)
        batch.flows.append(Flow(machine, RESOLVER, 53, 17, False, count * 70, count * 180, at, at + 300))
        out = draw.choice(UPSTREAM)
        batch.flows.append(Flow(RESOLVER, out, 53, 17, False, count * 30, count * 90, at, at + 300))


@dataclass(frozen=True)
class Theft:
    """What was really sent, from where to where."""

    name: str
    machine: str
    to: str
    bytes: int
    flows: tuple[Flow, ...] = ()
    lookups: tuple[Lookup, ...] = ()

    def batch(self) -> Batch:
        return Batch(list(self.flows), list(self.lookups), records=1)


def thefts(seed: int, end: float) -> list[Theft]:
    """Thefts in the hours before `end`: what the issue asks for, and the ways around it that come to mind first."""
    draw = random.Random(seed * 7919)
    night = end - 6 * 3600
    desk = f"10.20.1.{draw.randint(1, DESKS)}"
    return [
        _upload("1 GB in one session", desk, "203.0.113.66", 1000 * MB, night, 1, 2400),
        _upload("1 GB in forty sessions", SERVERS[0], "203.0.113.66", 1000 * MB, night, 40, 30),
        _upload("50 MB trickle over HTTPS", SERVERS[1], "203.0.113.70", 50 * MB, night, 300, 8),
        _upload("50 MB trickle from a desk", f"10.20.1.{2 + 4 * (seed % 9)}", "203.0.113.71", 50 * MB, night, 300, 8),
        _upload("50 MB in one slow session", RECORD, "203.0.113.72", 50 * MB, night, 1, 5 * 3600),
        _tunnel("50 MB trickle over DNS", SERVERS[2], 50 * MB, night, draw),
    ]


def _upload(name: str, machine: str, to: str, size: int, at: float, sessions: int, lasted: float) -> Theft:
    step = 5 * 3600 / sessions
    each = size // sessions
    flows = tuple(
        Flow(machine, to, 443, 6, False, each + each // 30, each // 40 + 5000, at + number * step,
             at + number * step + lasted)
        for number in range(sessions)
    )  # fmt: skip
    return Theft(name, machine, to, size, flows)


def _tunnel(name: str, machine: str, size: int, at: float, draw: random.Random) -> Theft:
    """Names of four labels of 50 letters: 200 a question, 250,000 questions. Told by a few questions of many letters:
    the sums are the same."""
    asked = size // 200
    lookups = []
    for number in range(0, asked, 100):
        label = f"{draw.getrandbits(200):050x}"
        when = at + number / asked * 5 * 3600
        lookups += [Lookup(machine, RESOLVER, f"{label}.{label}.{label}.{label}.t.evil.example", when)] * 100
    return Theft(name, machine, RESOLVER, size, lookups=tuple(lookups))
