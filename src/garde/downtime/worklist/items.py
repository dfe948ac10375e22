"""What radiology is asked to do: one item for each image that was ordered, requested on paper, or is to be expected.

Comes in: the census as it is shown, the registers' requests, who arrived, how the desk is set up, what time it is. Goes
out: `Item`s, pure. The rules:

 1. An order of the census is listed while it is neither held, stopped nor done, and no final result of it is known.
 2. A request on paper is listed from when it is taken until it has a result or is closed.
 3. Who arrived under a downtime number stands in the lists of the machines that take people without a request, until a
    request for that machine is taken, they leave, or a day has passed.
 4. What is due and not done is due today: no modality that asks for today misses last night's request.
 5. Accession numbers and study UIDs depend on the request alone: the same after a restart, at every question, for
    every modality; no two requests share one. The accession number of a paper request is the number on its form.
 6. A downtime number is never replaced by the number that it is linked to: images stay where they were made.
 7. Allergies are one of three things in words that cannot be mixed up; what is not known is said, never left blank.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from garde.downtime.census.view import CensusView, Flag, PatientView, Row
from garde.downtime.codes import check_character
from garde.downtime.nouns import Finality, OrderStated, Place, Standing
from garde.downtime.numbers.people import Arrival
from garde.downtime.register.nouns import RADIOLOGY
from garde.downtime.register.state import Request
from garde.downtime.register.state import State as Register
from garde.downtime.worklist.modality import OTHER, modality_of
from garde.downtime.worklist.who import Manner, Who, who_arrived, who_is, who_of, who_unknown, who_wrote

CENSUS, PAPER, ARRIVAL = "census", "paper", "arrival"
_LISTED: Final = (Standing.ACTIVE, Standing.UNSAID)
_URGENT: Final = ("S", "STAT", "A", "ASAP", "T", "URGENT", "U")  # HL7 table 0485, FHIR, people


@dataclass(frozen=True, slots=True)
class Item:
    """One scheduled procedure step: words as they were written, not cut for DICOM yet."""

    source: str  # census | paper | arrival
    key: str  # of the order, the form, or the downtime number
    patient: str  # hospital number, or downtime number
    issuer: str
    family: str
    given: str
    birth: str  # 1960-01-02, or a part of it, or ""
    sex: str  # F, M, O, or "" for not recorded
    allergies: tuple[str, ...]  # never empty
    accession: str  # 16 characters at most
    study: str  # UID
    what: str
    code: str
    modality: str
    station: str  # AE title; "" where none is named for this modality
    start: datetime  # the hospital's own time, without a zone
    urgent: bool = False
    doctor: str = ""
    reason: str = ""
    place: Place = field(default_factory=Place)
    visit: str = ""
    others: tuple[str, ...] = ()  # further numbers of this person
    notes: tuple[str, ...] = ()  # for whoever stands at the machine


@dataclass(frozen=True, slots=True)
class Given:
    """What the desk knows at one moment."""

    view: CensusView
    register: Register
    arrived: tuple[Arrival, ...]
    newest: float  # reception of the census's newest message; 0 for none
    find: Callable[[str], PatientView | None]  # somebody who is not in the view any more


def worklist(given: Given, manner: Manner, now: float) -> tuple[Item, ...]:
    """Return everything that is to be done: urgent first, then by time and name."""
    listing = _Listing(given, manner, now)
    items = (*listing.of_census(), *listing.of_paper(), *listing.of_arrivals())
    return tuple(sorted(items, key=_order))


def _order(item: Item) -> tuple[object, ...]:
    return (not item.urgent, item.start, item.family, item.given, item.modality, item.accession)


class _Listing:
    def __init__(self, given: Given, manner: Manner, now: float) -> None:
        self._given, self._manner, self._now = given, manner, now
        self._today = datetime.fromtimestamp(now, manner.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._rows = _rows(given.view)
        self._people = {number: row for row in self._rows for number in reversed(row.patient.numbers)}
        self._arrived = {each.number: each for each in given.arrived}

    # --- the census ---

    def of_census(self) -> Iterator[Item]:
        seen: set[str] = set()
        for row in sorted(self._rows, key=lambda each: each.patient.number):
            for said in row.patient.orders:
                order, wanted = said.value, said.value.wanted or said.source.at
                modality = modality_of(order, self._manner.table)
                if modality and self._is_due(row.patient, order, wanted):
                    key = order.number if order.number not in seen else f"{row.patient.number} {order.number}"
                    seen.add(key)
                    yield self._ordered(row, order, modality, wanted, key)

    def _is_due(self, patient: PatientView, order: OrderStated, wanted: float) -> bool:
        if order.standing not in _LISTED or wanted > self._now + self._manner.ahead_s:
            return False
        final = (Finality.FINAL, Finality.CORRECTED)
        return not any(each.value.order == order.number and each.value.finality in final for each in patient.results)

    def _ordered(self, row: Row, order: OrderStated, modality: str, wanted: float, key: str) -> Item:
        who = who_of(row, self._manner)
        accession = self._accession(CENSUS, key)
        notes = (*self._head(), *who.notes, self._manner.word("order", number=order.number), *self._asked(wanted))
        return Item(
            CENSUS, order.number, who.number, who.issuer, *who.named, who.allergies, accession,
            self._study(CENSUS, key), order.what.shown or self._manner.word("what"), order.what.code, modality,
            self._manner.station(modality), self._start(wanted), order.priority.upper() in _URGENT, order.by, "",
            who.place, who.visit, who.others, notes,
        )  # fmt: skip

    # --- requests on paper ---

    def of_paper(self) -> Iterator[Item]:
        for request in self._given.register.open(RADIOLOGY):
            who, asked = self._who(request), request.asked
            wanted = (asked.wanted if asked else 0.0) or request.at
            modality = (asked.modality if asked else "") or OTHER
            form = self._manner.word("form", number=request.number)
            yield Item(
                PAPER, request.number, who.number, who.issuer, *who.named, who.allergies, request.number[:16],
                self._study(PAPER, request.number), asked.what if asked else self._manner.word("illegible"), "",
                modality, self._manner.station(modality), self._start(wanted), bool(asked and asked.urgent),
                asked.doctor if asked else "", asked.reason if asked else "", who.place or Place(request.place),
                who.visit, who.others, (*self._head(), *who.notes, form, *self._asked(wanted)),
            )  # fmt: skip

    def _who(self, request: Request) -> Who:
        """Whose request it is: somebody under a downtime number, of the census, or nobody that is known."""
        number, ward = request.subject, request.place
        if number is None:
            return who_wrote(request.number, ward, self._manner)
        if number in self._arrived:
            return who_arrived(self._arrived[number], self._manner)
        row = self._people.get(number)
        if row is not None and Flag.NUMBER_REUSED not in row.flags:
            return who_of(row, self._manner)
        known = self._given.find(number)
        return who_is(known, Place(ward), self._manner) if known else who_unknown(number, ward, self._manner)

    # --- people under downtime numbers ---

    def of_arrivals(self) -> Iterator[Item]:
        asked = {
            (each.subject, each.asked.modality if each.asked else "")
            for each in self._given.register.requests.values()
            if each.service == RADIOLOGY and each.closed not in ("void", "refused")
        }
        for arrival in self._given.arrived:
            if arrival.arrived < self._now - self._manner.arrival_s or arrival.left:
                continue
            for modality in self._manner.arrivals:
                if (arrival.number, modality) not in asked:
                    yield self._arrival(arrival, modality)

    def _arrival(self, arrival: Arrival, modality: str) -> Item:
        who, key = who_arrived(arrival, self._manner), f"{arrival.number} {modality}"
        return Item(
            ARRIVAL, arrival.number, who.number, who.issuer, *who.named, who.allergies,
            self._accession(ARRIVAL, key), self._study(ARRIVAL, key), self._manner.word("arrival"), "", modality,
            self._manner.station(modality), self._start(arrival.arrived), False, "", arrival.reason, who.place,
            "", who.others, (*self._head(), *who.notes),
        )  # fmt: skip

    # --- parts ---

    def _head(self) -> tuple[str, ...]:
        newest = self._given.newest
        as_of = self._manner.word("as_of", at=self._manner.time(newest)) if newest else self._manner.word("silent")
        return (self._manner.word("verify"), as_of)

    def _start(self, wanted: float) -> datetime:
        return max(datetime.fromtimestamp(wanted, self._manner.zone), self._today).replace(tzinfo=None)

    def _asked(self, wanted: float) -> tuple[str, ...]:
        """Say when it was wanted, where that is not today any more."""
        overdue = datetime.fromtimestamp(wanted, self._manner.zone) < self._today
        return (self._manner.word("asked", at=self._manner.time(wanted)),) if overdue else ()

    def _study(self, *key: str) -> str:
        """Return a UID under 2.25 (PS3.5 B.2): of a UUID that the desk's secret and the request make."""
        name = hashlib.sha256("\0".join((self._manner.root, *key)).encode("utf-8", "surrogatepass")).digest()
        return f"2.25.{uuid.UUID(bytes=name[:16], version=4).int}"

    def _accession(self, *key: str) -> str:
        """Return G, 60 bits, a check character: two are alike once in a thousand million requests."""
        name = hashlib.sha256("\0".join((self._manner.root, "accession", *key)).encode("utf-8", "surrogatepass"))
        body = "G" + base64.b32encode(name.digest())[:12].decode("ascii")
        return body + check_character(body)


def _rows(view: CensusView) -> list[Row]:
    """One row for each person: where they lie, before where they are expected."""
    found: dict[int, Row] = {}
    for row in (*view.rows, *view.outpatients, *view.expected):
        found.setdefault(id(row.patient), row)
    return list(found.values())
