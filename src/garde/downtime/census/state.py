"""The census: what the whole feed has told so far.

Comes in: `Read` of each message, with when it was received. Goes out: patients by number, merges, beds that are known,
what was not understood (by reason), and how each sender stands. What is shown is made in `view`.

    census.take(seq, received, read)      in any order, any number of times
    census.root("123")                    the number under which that patient is known today
    census.forget(before)                 patients who are gone: they leave the census, their messages may be purged
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from garde.downtime.census.facts import Fact, newer
from garde.downtime.census.patient import Patient
from garde.downtime.census.visit import visit_now
from garde.downtime.nouns import BedsStated, Merged, Place, Read, Standing, Told, VisitStated


@dataclass(slots=True)
class Sender:
    """One sending system."""

    messages: int = 0
    received: float = 0.0  # the last one
    ahead_s: float = 0.0  # its clock against ours, at the last message; a queue that drains looks like a late clock


class Census:
    """The fold."""

    def __init__(self) -> None:
        self.patients: dict[str, Patient] = {}
        self.merges: dict[str, Fact[Merged]] = {}  # by the number that goes; `mark` has the one that stays
        self.beds: set[Place] = set()
        self.senders: dict[str, Sender] = {}
        self.reasons: Counter[str] = Counter()
        self.doubts: Counter[str] = Counter()
        self.messages = 0
        self.newest = 0.0  # when the last message was received
        self._joined: dict[str, set[str]] = {}  # number that stays -> numbers that went to it

    def take(self, seq: int, received: float, read: Read) -> None:
        """Take in what became of one message."""
        self.messages += 1
        self.newest = max(self.newest, received)
        if read.reason:
            self.reasons[read.reason] += 1
        self.doubts.update(read.doubts)
        if read.sender:
            sender = self.senders.setdefault(read.sender, Sender())
            sender.messages += 1
            if received >= sender.received:
                sender.received = received
                sender.ahead_s = (read.sent or received) - received
        for told in read.told:
            self._tell(told)

    def _tell(self, told: Told) -> None:
        for statement in told.statements:
            if isinstance(statement, Merged):
                self._merge(statement, told)
            elif isinstance(statement, BedsStated):
                self.beds.update(each for each in statement.places if each.is_bed)
            elif isinstance(statement, VisitStated) and statement.place.is_bed:
                self.beds.add(statement.place)
        if told.patient:
            patient = self.patients.get(told.patient)
            if patient is None:
                patient = self.patients[told.patient] = Patient(told.patient)
            patient.add(told)

    def _merge(self, merged: Merged, told: Told) -> None:
        if merged.gone == told.patient:
            return
        fact = Fact(merged, told.source, (told.patient, ""))
        known = self.merges.get(merged.gone)
        chosen = newer(known, fact)
        if chosen is not known:
            if known is not None:
                self._joined[known.mark[0]].discard(merged.gone)
            self.merges[merged.gone] = chosen
            self._joined.setdefault(told.patient, set()).add(merged.gone)

    # --- who is who ---

    def root(self, number: str) -> str:
        """Follow the merges. Of a circle the oldest merge does not count: the newer word undid it."""
        path = [number]
        while (fact := self.merges.get(path[-1])) is not None:
            stays = fact.mark[0]
            if stays in path:
                circle = path[path.index(stays) :]
                return min(circle, key=lambda each: self.merges[each].key)
            path.append(stays)
        return path[-1]

    def members(self, root: str) -> list[str]:
        """Return every number that is this patient's, the one in force first."""
        found, todo = [root], [root]
        while todo:
            for each in sorted(self._joined.get(todo.pop(), ())):
                if each not in found and self.root(each) == root:
                    found.append(each)
                    todo.append(each)
        return found

    def roots(self) -> Iterator[str]:
        """Yield the number in force of every patient."""
        for number in self.patients:
            if number not in self.merges or self.root(number) == number:
                yield number
        for number in self._joined:
            if number not in self.patients and number not in self.merges:
                yield number  # the number that stays has not been heard of by itself

    # --- forgetting ---

    def forget(self, before: float) -> list[int]:
        """Drop who is not here, not expected, has nothing coming, and of whom nothing was said since `before`.

        Returns the numbers of their messages in the store: nothing in the census needs them any more.
        """
        gone: list[int] = []
        for root in list(self.roots()):
            members = [self.patients[each] for each in self.members(root) if each in self.patients]
            if members and not any(_is_wanted(each, before) for each in members):
                for each in members:
                    gone += each.seqs
                    del self.patients[each.number]
        return gone


def _is_wanted(patient: Patient, before: float) -> bool:
    if patient.said >= before:
        return True
    for (number, _), thread in patient.visits.items():
        now = visit_now(number, thread)
        if now.here or now.expected:
            return True
    for appointment in patient.appointments.values():
        newest = appointment.facts[-1].value
        if newest.standing is Standing.ACTIVE and (newest.begins or 0.0) >= before:
            return True
    return False
