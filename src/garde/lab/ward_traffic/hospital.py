"""The hospital itself: its books, and what happens in it.

Comes in: a seed. Goes out: `Sent`, one at a time, each with its moment in the hospital's own time; `truth()`, from the
books, at any moment between two messages. What happens: people come (to a bed, by the emergency department, born),
move, are moved back, go, come back; are asked about allergies; get prescriptions that are given in four rounds a day;
are tested, with preliminary, final and corrected values; somebody unknown gets a name, and two numbers are merged.

Wards may be on paper (`paper`): what is given there is written down to the minute, as nurses do, and its message says
so (`Given.on_paper`): it is for whoever plays the ward to keep it back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from garde.lab.ward_traffic.people import (
    DOCTORS,
    DRUGS,
    NO_ALLERGY,
    NURSES,
    TESTS,
    WARDS,
    Human,
    ask,
    human,
)
from garde.lab.ward_traffic.write import System, escaped, systems

Bed = tuple[str, str, str]
ROUNDS = (8, 12, 18, 22)  # hours of the medication rounds
_EACH_S = 40.0  # mean seconds between two things that happen
_FULL = 0.88  # share of beds that are taken at the beginning


@dataclass(frozen=True, slots=True)
class Given:
    """One line of a medication sheet that was signed, or refused."""

    at: float
    ward: str
    mrn: str
    visit: str
    order: str
    code: str
    text: str
    dose: str
    unit: str
    route: str
    nurse: str  # id^family^given
    refused: bool
    on_paper: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """One message on its way."""

    at: float
    data: bytes
    given: Given | None = None


@dataclass(slots=True)
class Stay:
    """One visit, as the books have it."""

    number: str
    mrn: str
    bed: Bed
    since: float
    doctor: str
    before: Bed | None = None  # where they were before the last move
    drugs: dict[str, tuple[str, ...]] = field(default_factory=dict)  # live prescriptions
    given: dict[str, float] = field(default_factory=dict)  # last given
    results: dict[str, str] = field(default_factory=dict)  # order|test -> value in force
    open: list[tuple[str, str, str]] = field(default_factory=list)  # (order, test, value) preliminary


class Hospital:
    """160 beds."""

    def __init__(self, seed: int, begins: float) -> None:
        self._draw = random.Random(seed)
        self._now = begins
        self._number = 100_000
        self._last_round = begins
        self.his, self.lis, self.pharma = systems()
        self.people: dict[str, Human] = {}
        self.stays: dict[str, Stay] = {}  # by visit
        self.gone: list[Stay] = []  # who may come back
        self.outpatients: dict[str, tuple[str, float, bool]] = {}
        beds = [(ward, f"{n // 2 + 1:02d}", f"{n % 2 + 1}") for ward, count in WARDS for n in range(count)]
        self.beds: dict[Bed, str] = dict.fromkeys(beds, "")  # bed -> visit
        self.paper: frozenset[str] = frozenset()  # wards
        self.ends = False
        self.wanted: list[str] = []  # wards to which somebody comes next
        self.came: list[tuple[Stay, Bed]] = []  # who has come so, and to which bed

    # --- the course of events ---

    def messages(self) -> Iterator[Sent]:
        """Yield messages, until it `ends`: what has begun is told to its end."""
        while sum(map(bool, self.beds.values())) < _FULL * len(self.beds):
            self._now += self._draw.uniform(1, 20)
            yield from self._admit()
        while not self.ends:
            self._now += self._draw.expovariate(1 / _EACH_S)
            while self.wanted:
                yield from self._admit_in(self.wanted.pop(0))
            if self._is_round():
                yield from self._round()
            yield from self._happening()

    def _happening(self) -> Iterator[Sent]:
        happening = self._draw.choices(
            (self._admit, self._transfer, self._discharge, self._update, self._prescribe, self._order, self._result,
             self._book, self._take_back, self._stop, self._unknown, self._birth),
            (6, 6, 5, 10, 12, 14, 24, 8, 2, 4, 1, 1),
        )[0]  # fmt: skip
        yield from happening()

    def _next(self) -> str:
        self._number += 1
        return str(self._number)

    def _free(self, *, ward: str = "") -> Bed | None:
        free = [bed for bed, visit in self.beds.items() if not visit and (not ward or bed[0] == ward)]
        return self._draw.choice(free) if free else None

    def _somebody(self) -> Stay | None:
        return self._draw.choice(list(self.stays.values())) if self.stays else None

    def _new(self, bed: Bed, person: Human) -> Stay:
        self.people[person.mrn] = person
        stay = Stay(f"V{self._next()}", person.mrn, bed, self._now, self._draw.choice(DOCTORS))
        self.stays[stay.number] = stay
        self.beds[bed] = stay.number
        return stay

    def _leave(self, stay: Stay) -> None:
        self.beds[stay.bed] = ""
        del self.stays[stay.number]

    # --- administration ---

    def _admit(self) -> Iterator[Sent]:
        if (bed := self._free()) is None:
            return
        stay = self._new(bed, human(self._draw, self._next()))
        if self._draw.random() < 0.3:
            yield self._adt("A04", stay, care="E", place=("URG", "", ""))
            self._now += self._draw.uniform(1, 30)
            yield self._adt("A06", stay)
        else:
            yield self._adt("A01", stay)
        if self._draw.random() < 0.03:  # a mistake
            self._now += 5
            self._leave(stay)
            yield self._adt("A11", stay)

    def _admit_in(self, ward: str) -> Iterator[Sent]:
        """Somebody comes to this ward, with a name; if no bed is free, somebody goes home."""
        if (bed := self._free(ward=ward)) is None:
            leaves = next(stay for stay in self.stays.values() if stay.bed[0] == ward)
            bed = leaves.bed
            self._leave(leaves)
            yield self._adt("A03", leaves)
        stay = self._new(bed, human(self._draw, self._next()))
        self.came.append((stay, bed))
        yield self._adt("A01", stay)

    def _birth(self) -> Iterator[Sent]:
        mothers = [each for each in self.stays.values() if each.bed[0] == "MAT"]
        bed = self._free(ward="MAT")
        if not mothers or bed is None:
            return
        mother = self.people[self._draw.choice(mothers).mrn]
        child = human(self._draw, self._next())
        child.family, child.given, child.mother, child.national = mother.family, "", mother.mrn, ""
        child.birth = self.his.time(self._now)[:8]
        child.allergies, child.none_known, child.asked = [], False, False
        yield self._adt("A01", self._new(bed, child))

    def _unknown(self) -> Iterator[Sent]:
        """Somebody without a name, who turns out to be known under another number."""
        if (bed := self._free()) is None:
            return
        nobody = Human(self._next(), "", "", "", "U")
        stay = self._new(bed, nobody)
        yield self._adt("A01", stay)
        self._now += self._draw.uniform(60, 600)
        known = human(self._draw, self._next())
        self.people[known.mrn] = known
        stay.mrn = known.mrn
        del self.people[nobody.mrn]
        yield Sent(self._now, self.his.message("ADT^A40", self._now, [
            f"EVN|A40|{self.his.time(self._now)}", self._pid(known, self.his), f"MRG|{nobody.mrn}^^^CLINIC^PI",
        ]))  # fmt: skip
        yield self._adt("A08", stay)

    def _transfer(self) -> Iterator[Sent]:
        stay, bed = self._somebody(), self._free()
        if stay is None or bed is None:
            return
        before = stay.bed
        self.beds[before], self.beds[bed], stay.bed = "", stay.number, bed
        yield self._adt("A02", stay, before=before)
        if self._draw.random() < 0.08 and not self.beds[before]:
            self._now += 3
            self.beds[bed], self.beds[before], stay.bed = "", stay.number, before
            yield self._adt("A12", stay, before=bed)

    def _discharge(self) -> Iterator[Sent]:
        stay = self._somebody()
        if stay is None or sum(map(bool, self.beds.values())) < 0.7 * len(self.beds):
            return
        self._leave(stay)
        self.gone = [*self.gone[-19:], stay]
        yield self._adt("A03", stay)

    def _take_back(self) -> Iterator[Sent]:
        """A discharge that was a mistake."""
        back = [each for each in self.gone if not self.beds[each.bed] and each.mrn in self.people]
        if not back:
            return
        stay = back[-1]
        self.gone.remove(stay)
        self.stays[stay.number] = stay
        self.beds[stay.bed] = stay.number
        yield self._adt("A13", stay)

    def _update(self) -> Iterator[Sent]:
        if (stay := self._somebody()) is None:
            return
        person = self.people[stay.mrn]
        if not person.asked:
            ask(self._draw, person)
        yield self._adt("A08", stay)

    def _adt(
        self, event: str, stay: Stay, *, before: Bed | None = None, care: str = "I", place: Bed | None = None
    ) -> Sent:
        person, his, at = self.people[stay.mrn], self.his, self.his.time(self._now)
        pv1 = [""] * 46
        pv1[0:4] = ["PV1", "1", care, _place(place or stay.bed)]
        pv1[6], pv1[7], pv1[19] = _place(before) if before else "", stay.doctor, stay.number
        pv1[44] = his.time(stay.since)
        pv1[45] = at if event == "A03" else ""
        segments = [f"EVN|{event}|{at}", self._pid(person, his), f"ZBE|{stay.number}|{at}", "|".join(pv1).rstrip("|")]
        found = person.allergies or ([NO_ALLERGY] if person.none_known else [])
        segments += [f"AL1|{n}|DA|{code}^{escaped(text)}^SCT|MO" for n, (code, text) in enumerate(found, 1)]
        if event in ("A01", "A06"):
            segments.append("NK1|1|Proche^Une|SPO^Époux||+32470000000")
            segments.append("DG1|1||R07.4^Douleur thoracique^I10")
        return Sent(self._now, his.message(f"ADT^{event}", self._now, segments))

    def _pid(self, person: Human, system: System) -> str:
        numbers = f"{person.mrn}^^^CLINIC^PI" + (f"~{person.national}^^^BEL^NN" if person.national else "")
        pid = [""] * 22
        pid[0:9] = [
            "PID",
            "1",
            "",
            numbers,
            "",
            f"{escaped(person.family)}^{escaped(person.given)}",
            "",
            person.birth,
            person.sex,
        ]
        pid[21] = f"{person.mother}^^^CLINIC^PI" if person.mother else ""
        return "|".join(pid).rstrip("|")

    # --- laboratory ---

    def _order(self) -> Iterator[Sent]:
        if (stay := self._somebody()) is None:
            return
        order = f"L{self._next()}"
        for code, *_ in self._draw.sample(TESTS, self._draw.randint(1, 4)):
            stay.open.append((order, code, ""))
        tests = {code: text for code, text, *_ in TESTS}
        segments = [self._pid(self.people[stay.mrn], self.lis), f"PV1|1|I|||||||||||||||||{stay.number}"]
        segments += [f"ORC|NW|{order}|||||||{self.lis.time(self._now)}"]
        segments += [
            f"OBR|{n}|{order}||{c}^{escaped(tests[c])}^LN" for n, (o, c, _) in enumerate(stay.open, 1) if o == order
        ]
        yield Sent(self._now, self.lis.message("ORM^O01", self._now, segments))

    def _result(self) -> Iterator[Sent]:
        stay = self._somebody()
        if stay is None:
            return
        if not stay.open:
            if stay.results and self._draw.random() < 0.3:
                order, code = self._draw.choice(list(stay.results)).split("|")
                yield self._oru(stay, order, code, "C")
            return
        order, code, value = stay.open[0]
        if not value and self._draw.random() < 0.3:
            stay.open[0] = (order, code, "preliminary")
            yield self._oru(stay, order, code, "P")
        else:
            stay.open.pop(0)
            yield self._oru(stay, order, code, "F")

    def _oru(self, stay: Stay, order: str, code: str, status: str) -> Sent:
        _, text, unit, low, high, reference = next(each for each in TESTS if each[0] == code)
        value = f"{self._draw.uniform(low, high):.1f}"
        stay.results[f"{order}|{code}"] = value
        at = self.lis.time(self._now)
        return Sent(self._now, self.lis.message("ORU^R01", self._now, [
            self._pid(self.people[stay.mrn], self.lis), f"PV1|1|I|||||||||||||||||{stay.number}",
            f"ORC|RE|{order}", f"OBR|1|{order}||{code}^{escaped(text)}^LN|||{at}",
            f"OBX|1|NM|{code}^{escaped(text)}^LN||{value}|{unit}|{reference}||||{status}|||{at}", "ZLB|1|private",
        ]))  # fmt: skip

    # --- pharmacy ---

    def _prescribe(self) -> Iterator[Sent]:
        stay = self._somebody()
        if stay is None or len(stay.drugs) >= 8:
            return
        number, drug = f"P{self._next()}", self._draw.choice(DRUGS)
        stay.drugs[number] = drug
        yield self._rde(stay, number, drug, "NW")

    def _stop(self) -> Iterator[Sent]:
        stay = self._somebody()
        if stay is None or not stay.drugs:
            return
        number = self._draw.choice(list(stay.drugs))
        stay.given.pop(number, None)
        yield self._rde(stay, number, stay.drugs.pop(number), "DC")

    def _rde(self, stay: Stay, number: str, drug: tuple[str, ...], control: str) -> Sent:
        code, text, dose, unit, route, often = drug
        at = self.pharma.time(self._now)
        return Sent(self._now, self.pharma.message("RDE^O11", self._now, [
            self._pid(self.people[stay.mrn], self.pharma), f"PV1|1|I|||||||||||||||||{stay.number}",
            f"ORC|{control}|{number}|||||||{at}|||{stay.doctor}",
            f"TQ1|1||{often}|||||||", f"RXE||{code}^{escaped(text)}^ATC|{dose}||{unit}", f"RXR|{route}",
        ]))  # fmt: skip

    def _is_round(self) -> bool:
        hours = int(self._now // 3600) - int(self._last_round // 3600)
        if not hours:
            return False
        self._last_round = self._now
        return int(self._now // 3600) % 24 in ROUNDS

    def _round(self) -> Iterator[Sent]:
        """Every live prescription is given, or refused."""
        for stay in list(self.stays.values()):
            on_paper = stay.bed[0] in self.paper
            for number, (code, text, dose, unit, route, _) in list(stay.drugs.items()):
                self._now += self._draw.uniform(0.5, 3)
                when = self._now // 60 * 60 if on_paper else self._now
                refused = self._draw.random() < 0.02
                if not refused:
                    stay.given[number] = when
                at, status = self.pharma.time(when), "RE" if refused else "CP"
                nurse = self._draw.choice(NURSES)
                rxa = f"RXA|0|1|{at}|{at}|{code}^{escaped(text)}^ATC|{dose}|{unit}|||{nurse}||||||||||{status}"
                given = Given(
                    when, stay.bed[0], stay.mrn, stay.number, number, code, text, dose, unit, route, nurse, refused,
                    on_paper,
                )  # fmt: skip
                yield Sent(self._now, self.pharma.message("RAS^O17", self._now, [
                    self._pid(self.people[stay.mrn], self.pharma), f"PV1|1|I|||||||||||||||||{stay.number}",
                    f"ORC|RE|{number}", rxa,
                ]), given)  # fmt: skip

    # --- outpatients ---

    def _book(self) -> Iterator[Sent]:
        if self.outpatients and self._draw.random() < 0.2:
            number = self._draw.choice(list(self.outpatients))
            mrn, at, _ = self.outpatients[number]
            self.outpatients[number] = (mrn, at, False)
            yield self._siu("S15", number, mrn, at)
            return
        person = human(self._draw, self._next())
        self.people[person.mrn] = person
        number, at = f"R{self._next()}", float(int(self._now + self._draw.uniform(3600, 200_000)))
        self.outpatients[number] = (person.mrn, at, True)
        yield self._siu("S12", number, person.mrn, at)

    def _siu(self, event: str, number: str, mrn: str, at: float) -> Sent:
        begins = self.his.time(at)
        return Sent(self._now, self.his.message(f"SIU^{event}", self._now, [
            f"SCH|{number}|{number}|||||CONSULT^Consultation||||^^20^{begins}",
            self._pid(self.people[mrn], self.his), "AIL|1||CONS^1^^CLINIC",
        ]))  # fmt: skip

    # --- the truth ---

    def truth(self) -> dict[str, Any]:
        """Return what the books say now, as plain data."""
        return {
            "beds": {"/".join(bed): visit and self.stays[visit].mrn for bed, visit in self.beds.items()},
            "patients": {stay.mrn: self._truth_of(stay) for stay in self.stays.values()},
            "appointments": {number: [mrn, at, live] for number, (mrn, at, live) in self.outpatients.items()},
        }

    def _truth_of(self, stay: Stay) -> dict[str, Any]:
        person = self.people[stay.mrn]
        return {
            "family": person.family, "first_name": person.given, "mother": person.mother,
            "birth": f"{person.birth[:4]}-{person.birth[4:6]}-{person.birth[6:]}" if person.birth else "",
            "allergies": sorted(text for _, text in person.allergies),
            "allergy": "recorded" if person.allergies else "none known" if person.none_known else "not recorded",
            "drugs": sorted(stay.drugs),
            "last_given": {number: int(at) for number, at in stay.given.items()},
            "results": dict(stay.results),
        }  # fmt: skip


def _place(bed: Bed) -> str:
    return "^".join((*bed, "CLINIC"))
