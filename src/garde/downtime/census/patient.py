"""Everything that was said under one patient number.

Comes in: `Told` of this number. Goes out: facts, by kind, in the order of their saying. It draws no conclusions: two
people under one number are told apart in `selves`, views are made in `view`.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import Any

from garde.downtime.census.facts import Fact, Key, Mark, Thread, newer
from garde.downtime.nouns import (
    AllergiesStated,
    AppointmentStated,
    ContactsStated,
    DrugStated,
    Finality,
    GivenStated,
    OrderStated,
    Person,
    PersonStated,
    ProblemsStated,
    ResultStated,
    Source,
    Statement,
    Told,
    VisitStated,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One way in which somebody was described: when first, when last, in which visits, by whom."""

    person: Person
    first: Source
    last: Source
    visits: frozenset[str]
    firm: bool


class Patient:
    """One number."""

    __slots__ = (
        "allergies", "appointments", "contacts", "drugs", "given", "number", "orders", "people", "problems", "results",
        "said", "seqs", "visits",
    )  # fmt: skip

    def __init__(self, number: str) -> None:
        self.number = number
        self.people: dict[Person, Seen] = {}
        self.visits: dict[tuple[str, Mark], Thread[VisitStated]] = {}
        self.allergies: dict[Mark, Thread[AllergiesStated]] = {}
        self.problems: dict[tuple[str, Mark], Fact[ProblemsStated]] = {}
        self.contacts: dict[Mark, Fact[ContactsStated]] = {}
        self.orders: dict[str, Thread[OrderStated]] = {}
        self.drugs: dict[str, Thread[DrugStated]] = {}
        self.given: dict[tuple[str, str, str, bool], Fact[GivenStated]] = {}
        self.results: dict[str, Fact[ResultStated]] = {}
        self.appointments: dict[str, Thread[AppointmentStated]] = {}
        self.seqs: array[int] = array("q")
        self.said = 0.0  # when anything was last said

    def add(self, told: Told) -> None:
        """Take in what one message says."""
        mark = next((each.person.mark for each in told.statements if isinstance(each, PersonStated)), ("", ""))
        if not self.seqs or self.seqs[-1] != told.source.seq:
            self.seqs.append(told.source.seq)
        self.said = max(self.said, told.source.at)
        for statement in told.statements:
            self._add(statement, told.source, mark)

    def _add(self, statement: Statement, source: Source, mark: Mark) -> None:
        match statement:
            case PersonStated():
                self._see(statement, source)
            case VisitStated():
                self.visits.setdefault((statement.visit, mark), Thread()).add(Fact(statement, source, mark))
            case AllergiesStated():
                self._add_allergies(Fact(statement, source, mark))
            case ProblemsStated():
                place = (statement.visit, mark)
                self.problems[place] = newer(self.problems.get(place), Fact(statement, source, mark))
            case ContactsStated():
                self.contacts[mark] = newer(self.contacts.get(mark), Fact(statement, source, mark))
            case OrderStated():
                self.orders.setdefault(statement.number, Thread()).add(Fact(statement, source, mark))
            case DrugStated():
                self.drugs.setdefault(statement.number, Thread()).add(Fact(statement, source, mark))
            case GivenStated():
                given = (statement.number, statement.what.code or statement.what.text, statement.slot)
                self.given[*given, statement.dispensed] = newer(
                    self.given.get((*given, statement.dispensed)), Fact(statement, source, mark)
                )
            case ResultStated():
                known = self.results.get(statement.key)
                fact = Fact(statement, source, mark)
                self.results[statement.key] = fact if known is None or _standing(known) < _standing(fact) else known
            case AppointmentStated():
                self.appointments.setdefault(statement.number, Thread()).add(Fact(statement, source, mark))

    def _see(self, stated: PersonStated, source: Source) -> None:
        known = self.people.get(stated.person)
        visits = frozenset({stated.visit} - {""})
        if known is None:
            self.people[stated.person] = Seen(stated.person, source, source, visits, stated.firm)
        elif known.last.key < source.key or source.key < known.first.key or visits - known.visits or (
            stated.firm and not known.firm
        ):  # fmt: skip
            self.people[stated.person] = replace(
                known,
                first=min(known.first, source, key=_key),
                last=max(known.last, source, key=_key),
                visits=known.visits | visits,
                firm=known.firm or stated.firm,
            )

    def _add_allergies(self, fact: Fact[AllergiesStated]) -> None:
        """A whole list makes what was said before it pointless, also where that arrives later."""
        thread = self.allergies.setdefault(fact.mark, Thread())
        begin = next((each for each in thread.facts if each.value.whole), None)
        if begin is None or begin.key <= fact.key:
            thread.add(fact)
            if fact.value.whole:
                thread.drop_before(fact.key)


def _key(source: Source) -> Key:
    return source.key


def _standing(fact: Fact[ResultStated]) -> tuple[Any, ...]:
    """What may replace what: a preliminary value never a final one, a correction what was said at the same time."""
    finality = fact.value.finality
    return (finality is not Finality.PRELIMINARY, fact.source.at, finality.value, *fact.key[1:])
