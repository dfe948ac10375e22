"""Reports that no `harm_joined` has put into an incident yet, found by what is asked of them.

Comes in: reports, with the incident that they are proposed for. Goes out: `Waiting`: plain data that a snapshot can
hold, in which nothing is looked for by going through all of it. A report is taken up by the answer to one entry; where
that answer was lost (a fault at that moment), it is taken up again with a later report, three times in all: one that
spoils every answer must not take the others with it for ever. It knows no rule by which a report belongs anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from garde.contain import names

TRIES: Final = 3
PORTION: Final = 1_000  # taken up again at once: an answer has room for some thousands of entries


@dataclass(slots=True)
class Report:
    """Harm that was reported."""

    seq: int
    server: str
    verdict: str
    address: str
    source: str  # machine id, or address; "" for a process of the server, or where nobody can tell
    kind: str  # of the actor: process | smb | kernel | unknown
    users: list[str]
    marks: list[str]  # of the tool
    files: int
    first: float  # wall seconds, hub time
    last: float
    incident: str  # where it belongs, by the rules of `reports.py`
    why: str
    claimed: int = 0  # seq of the entry whose answer is to join it
    recurrence: bool = False
    observed: bool = False  # its agent only watches
    login: bool = False  # the process came by a remote login
    hold: str = ""
    cleared: bool = False
    number: int = 0  # among those that wait
    tries: int = 0


@dataclass(slots=True)
class Group:
    """What waits for one incident, taken together."""

    first: float
    last: float
    numbers: dict[int, None] = field(default_factory=dict)
    opener: int = 0  # number of the report with which the incident is opened
    parties: dict[str, None] = field(default_factory=dict)  # who did it, and where
    accounts: dict[str, None] = field(default_factory=dict)
    marks: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Waiting:
    """See the module."""

    reports: dict[int, Report] = field(default_factory=dict)  # by number, as they were last taken up
    groups: dict[str, Group] = field(default_factory=dict)  # by incident
    named: dict[str, dict[str, list[int]]] = field(default_factory=dict)  # "server\nverdict" -> address -> numbers
    last: int = 0

    def __len__(self) -> int:
        return len(self.reports)

    def __iter__(self) -> Iterator[Report]:
        return iter(self.reports.values())

    # --- coming and going ---

    def add(self, report: Report) -> None:
        """Have it wait; nobody has taken it up yet."""
        self.last += 1
        report.number = self.last
        self.reports[report.number] = report
        self.named.setdefault(_key(report), {}).setdefault(report.address, []).append(report.number)
        group = self.groups.setdefault(report.incident, Group(report.first, report.last))
        group.numbers[report.number] = None
        group.first, group.last = min(group.first, report.first), max(group.last, report.last)
        group.parties |= dict.fromkeys((report.source, report.server))
        group.marks |= dict.fromkeys(report.marks)
        self.learn(report)

    def learn(self, report: Report) -> None:
        """Take note of accounts that a report names by now."""
        self.groups[report.incident].accounts |= dict.fromkeys(names.accounts(report.users))

    def remove(self, report: Report) -> None:
        """It waits no longer."""
        del self.reports[report.number]
        addresses = self.named[_key(report)]
        addresses[report.address].remove(report.number)
        if not addresses[report.address]:
            del addresses[report.address]
        if not addresses:
            del self.named[_key(report)]
        group = self.groups[report.incident]
        del group.numbers[report.number]
        if not group.numbers:
            del self.groups[report.incident]

    # --- being taken up ---

    def take_up(self, report: Report, seq: int, written: int) -> None:
        """Have it joined by the answer to this entry; `written`: the last entry that was not an agent's."""
        group = self.groups[report.incident]
        opener = self.reports.get(group.opener)
        if opener is None or opener.claimed < written:  # what was to open it is gone, or its answer was lost
            group.opener = report.number
        report.claimed, report.tries = seq, report.tries + 1
        self.reports[report.number] = self.reports.pop(report.number)

    def left(self, written: int) -> list[Report]:
        """Return reports whose answer was lost; those that had their tries are given up."""
        found: list[Report] = []
        for report in self:  # those taken up last stand last
            if report.claimed >= written or len(found) == PORTION:
                break
            found.append(report)
        for report in found:
            if report.tries >= TRIES:
                self.remove(report)
        return [each for each in found if each.tries < TRIES]

    def opens(self, report: Report) -> bool:
        """Whether its incident, not there yet, is opened with this report."""
        return self.groups[report.incident].opener == report.number

    # --- looking for some ---

    def find(self, server: str, verdict: str, address: str) -> Report | None:
        """Return the first of this name."""
        numbers = self.named.get(f"{server}\n{verdict}", {}).get(address, ())
        return self.reports[numbers[0]] if numbers else None

    def of(self, server: str, verdict: str) -> list[Report]:
        """Return what a verdict of a server said, of whatever address."""
        found = self.named.get(f"{server}\n{verdict}", {})
        return [self.reports[number] for numbers in found.values() for number in numbers]


def _key(report: Report) -> str:
    return f"{report.server}\n{report.verdict}"
