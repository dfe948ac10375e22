"""What a feed can say about patients: frozen statements, each with its source.

Comes in: nothing. Goes out: the types that readers (HL7, FHIR, tables) make and the census folds. Every text in them
comes from outside: whoever shows it escapes it. "" and () mean *not said*, never *there is none*: what is known to be
none has a value of its own (`NoneKnown`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement comes from: which message, when it was said, by whom.

    `at` is the sender's time where it can be true, else the time of reception. Two copies of one message have the same
    `digest`, and so the same `key`, however often and in whichever order they arrive.
    """

    seq: int  # of the store
    at: float
    sender: str
    control: str
    kind: str
    digest: str

    @property
    def key(self) -> tuple[float, int, str, str]:
        """Order of saying: time, then the sender's own numbering (10 is after 9), then anything that is stable."""
        return (self.at, len(self.control), self.control, self.digest)


class Step(Enum):
    """What a visit message says has happened."""

    ADMIT = "admit"
    REGISTER = "register"  # an outpatient, or the emergency department
    PREADMIT = "preadmit"
    TRANSFER = "transfer"
    DISCHARGE = "discharge"
    UPDATE = "update"
    DEPART = "depart"  # on the way to somewhere, the bed is kept
    ARRIVE = "arrive"
    TO_INPATIENT = "to inpatient"
    TO_OUTPATIENT = "to outpatient"
    CANCEL_ADMIT = "cancel admit"
    CANCEL_TRANSFER = "cancel transfer"
    CANCEL_DISCHARGE = "cancel discharge"
    CANCEL_PREADMIT = "cancel preadmit"


class Care(Enum):
    """Patient class, as far as a ward cares."""

    INPATIENT = "inpatient"
    EMERGENCY = "emergency"
    OUTPATIENT = "outpatient"
    EXPECTED = "expected"
    UNSAID = "not said"


class NoneKnown(Enum):
    """The three ways of saying that there is no allergy; they are not the same."""

    ANY = "no known allergy"
    DRUG = "no known drug allergy"
    FOOD = "no known food allergy"


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with its words."""

    code: str = ""
    text: str = ""

    @property
    def shown(self) -> str:
        return self.text or self.code


@dataclass(frozen=True, slots=True)
class Place:
    """Ward, room, bed. A place without a bed is a ward."""

    ward: str = ""
    room: str = ""
    bed: str = ""
    site: str = ""

    @property
    def is_bed(self) -> bool:
        return bool(self.bed)

    def __bool__(self) -> bool:
        return bool(self.ward or self.room or self.bed)


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is, as one message has it."""

    family: str = ""
    given: str = ""
    birth: str = ""  # 1989-01-18
    sex: str = ""
    identifiers: tuple[
        tuple[str, str], ...
    ] = ()  # (kind or authority, number), the patient's own number not among them
    address: str = ""
    phone: str = ""
    mother: str = ""  # number of the mother, of a newborn
    died: str = ""  # time as text, or "yes"

    @property
    def mark(self) -> tuple[str, str]:
        """What two people who are given the same number differ in."""
        return (self.family.casefold(), self.birth)


@dataclass(frozen=True, slots=True)
class PersonStated:
    """Somebody's particulars."""

    person: Person
    visit: str = ""
    begins: bool = False  # of an event with which somebody comes
    firm: bool = False  # said by who registers people, not by a laboratory that repeats it


@dataclass(frozen=True, slots=True)
class VisitStated:
    """Something happened to a visit."""

    step: Step
    visit: str = ""
    care: Care = Care.UNSAID
    place: Place = Place()
    before: Place = Place()
    doctor: str = ""
    service: str = ""
    admitted: float | None = None
    discharged: float | None = None
    leaves: float | None = None  # expected
    reason: str = ""
    diet: str = ""


@dataclass(frozen=True, slots=True)
class Allergy:
    what: Coded
    kind: str = ""
    severity: str = ""
    reaction: str = ""


@dataclass(frozen=True, slots=True)
class AllergiesStated:
    """Allergies. `whole`: these are all of them, and what was said before is replaced."""

    items: tuple[Allergy, ...] = ()
    none_known: tuple[NoneKnown, ...] = ()
    whole: bool = True
    removed: tuple[Coded, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    what: Coded
    kind: str = ""
    since: float | None = None


@dataclass(frozen=True, slots=True)
class ProblemsStated:
    """All diagnoses that the message has for the visit."""

    items: tuple[Problem, ...]
    visit: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    relation: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ContactsStated:
    items: tuple[Contact, ...]


class Standing(Enum):
    """How an order, a prescription or an appointment stands."""

    ACTIVE = "active"
    HELD = "held"
    DONE = "done"
    STOPPED = "stopped"
    UNSAID = "not said"


@dataclass(frozen=True, slots=True)
class OrderStated:
    """A request for a test, an image, a consultation."""

    number: str
    what: Coded = Coded()
    standing: Standing = Standing.UNSAID
    wanted: float | None = None
    priority: str = ""
    by: str = ""
    visit: str = ""
    section: str = ""  # who carries it out: HL7 table 0074 (OBR-24), or FHIR's category: RAD, CT, LAB, …


@dataclass(frozen=True, slots=True)
class DrugStated:
    """A prescription."""

    number: str
    what: Coded = Coded()
    standing: Standing = Standing.UNSAID
    dose: str = ""
    unit: str = ""
    form: str = ""
    route: str = ""
    often: str = ""
    times: str = ""
    as_needed: bool = False
    rate: str = ""
    begins: float | None = None
    ends: float | None = None
    words: str = ""
    by: str = ""
    visit: str = ""


@dataclass(frozen=True, slots=True)
class GivenStated:
    """A drug was given, or was not. `number` is the prescription's; "" where none is named."""

    number: str
    what: Coded
    at: float | None
    amount: str = ""
    unit: str = ""
    by: str = ""
    status: str = ""  # HL7 table 0322: CP, PA, RE (refused), NA (not administered)
    removed: bool = False
    dispensed: bool = False  # handed out by the pharmacy (RDS), not given
    slot: str = ""


class Finality(Enum):
    """OBX-11 as far as it matters: may it still change, does it count."""

    PRELIMINARY = 0
    FINAL = 1
    CORRECTED = 2
    WITHDRAWN = 3


@dataclass(frozen=True, slots=True)
class ResultStated:
    """One value of one test."""

    key: str  # order, code and sub-id: what a correction replaces
    what: Coded
    value: str
    unit: str = ""
    reference: str = ""
    flags: str = ""
    finality: Finality = Finality.FINAL
    at: float | None = None
    order: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AppointmentStated:
    number: str
    standing: Standing
    begins: float | None = None
    what: str = ""
    place: Place = Place()
    who: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """This number is from now on the other one's."""

    gone: str


@dataclass(frozen=True, slots=True)
class BedsStated:
    """Beds that there are, whoever lies in them."""

    places: tuple[Place, ...]


Statement = (
    PersonStated | VisitStated | AllergiesStated | ProblemsStated | ContactsStated | OrderStated | DrugStated
    | GivenStated | ResultStated | AppointmentStated | Merged | BedsStated
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What one message says about one patient ("" for nobody's: beds), all of it from one source."""

    source: Source
    patient: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one message: what it told, what of it was not understood, and doubts that people should see.

    `understood` is False where something in it would matter and cannot be used; `reason` counts it.
    """

    told: tuple[Told, ...] = ()
    reason: str = ""
    detail: str = ""
    doubts: tuple[str, ...] = field(default=())
    sender: str = ""
    sent: float | None = None

    @property
    def understood(self) -> bool:
        return not self.reason
