"""What can be copied from paper: one typed form per thing, in the safe order of steps.

Comes in: JSON that somebody typed (`Keying`). Goes out: `Item` forms, their step, whether a second person must look.
A field that no form knows is refused: a slip in its name must not drop a dose. The observed time stands apart from the
time of entry; who wrote on paper apart from who keys, and from whom it is keyed for. Nothing here knows the journal.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from garde.downtime.high_risk import high_risk
from garde.downtime.nouns import Coded
from garde.errors import UsageError

LONGEST: Final = 4000  # characters of one field: a note is scanned, not typed


class Step(StrEnum):
    """The order in which paper goes back: what others rest on comes first."""

    IDENTITY = "identity"
    ALLERGIES = "allergies"
    MEDICATION = "medication"
    ORDERS = "orders"
    RESULTS = "results"
    VITALS = "vitals"
    NOTES = "notes"


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of everything that is keyed."""


class Identity(Form, frozen=True, tag="identity"):
    """Who this is, as the paper has it. Whose number a downtime number is, is said by `garde number`."""

    family: str
    given: str = ""
    birth: str = ""  # 1960-01-02
    sex: str = ""
    national: str = ""


class AllergyFound(Form, frozen=True, tag="allergy"):
    what: str
    code: str = ""
    type: str = ""  # DA drug, FA food, EA environment, MA several: HL7 table 0127
    severity: str = ""  # SV, MO, MI, U: HL7 table 0128
    reaction: str = ""


class NoAllergy(Form, frozen=True, tag="no_allergy"):
    """Somebody was asked, and there is none. It is not the same as nothing being written."""

    of: Literal["any", "drug", "food"] = "any"


class Prescribed(Form, frozen=True, tag="drug"):
    """A prescription of paper, or what paper did to one of the record. It is never sent as an order."""

    what: str
    standing: Literal["active", "held", "stopped", "done"] = "active"
    code: str = ""
    number: str = ""  # of the record, where it is one of these
    dose: str = ""
    unit: str = ""
    route: str = ""
    often: str = ""
    words: str = ""


class Given(Form, frozen=True, tag="given"):
    """A drug was given, or was not."""

    what: str
    code: str = ""
    number: str = ""  # of the prescription in the record
    amount: str = ""
    unit: str = ""
    route: str = ""
    status: Literal["given", "partly", "refused", "not given"] = "given"
    reason: str = ""  # why not


class Ordered(Form, frozen=True, tag="order"):
    """A request that is still live. It is never sent as an order: whoever may order does so in the record."""

    what: str
    code: str = ""
    number: str = ""
    standing: Literal["active", "held", "stopped", "done"] = "active"
    priority: str = ""


class Result(Form, frozen=True, tag="result"):
    what: str
    value: str
    code: str = ""
    unit: str = ""
    reference: str = ""
    flag: str = ""  # H, L, HH, LL, A: HL7 table 0078
    order: str = ""
    preliminary: bool = False


class Image(Form, frozen=True, tag="image"):
    """A picture was taken, and read."""

    what: str
    report: str = ""
    accession: str = ""
    modality: str = ""


class Vital(Form, frozen=True, tag="vital"):
    what: str
    value: str
    code: str = ""  # LOINC
    unit: str = ""


class Note(Form, frozen=True, tag="note"):
    """A page that goes into the record as it stands: its picture, under a title."""

    title: str
    text: str = ""  # where there is no picture


class Whole(Form, frozen=True, tag="whole"):
    """All that paper has of this step is keyed (or paper has nothing of it): the next step may begin."""

    step: Step


class Struck(Form, frozen=True, tag="struck"):
    """An earlier item was wrong, and nothing takes its place."""

    reason: str


Anything = (
    Identity | AllergyFound | NoAllergy | Prescribed | Given | Ordered | Result | Image | Vital | Note | Whole | Struck
)
_STEPS: Final[dict[type[Form], Step]] = {
    Identity: Step.IDENTITY, AllergyFound: Step.ALLERGIES, NoAllergy: Step.ALLERGIES, Prescribed: Step.MEDICATION,
    Given: Step.MEDICATION, Ordered: Step.ORDERS, Result: Step.RESULTS, Image: Step.RESULTS, Vital: Step.VITALS,
    Note: Step.NOTES,
}  # fmt: skip
_FORMS: Final[tuple[type[Form], ...]] = (*_STEPS, Whole, Struck)
KINDS: Final = tuple(sorted(str(each.__struct_config__.tag) for each in _FORMS))


def step_of(form: Anything, replaced: Step | None = None) -> Step:
    """Return the step to which this belongs; what strikes an item out belongs to the item's own."""
    if isinstance(form, Whole):
        return form.step
    if isinstance(form, Struck):
        return replaced or Step.IDENTITY
    return _STEPS[type(form)]


def risk_of(form: Anything) -> str:
    """Return the high-risk group of the drug that this is about; "" for none."""
    if isinstance(form, Prescribed):
        return high_risk(Coded(form.code, form.what), form.words, form.unit)
    if isinstance(form, Given):
        return high_risk(Coded(form.code, form.what), form.unit)
    return ""


class Keying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item as it is typed in."""

    patient: str
    item: Anything
    observed: float | str  # when it was so, as the paper says: wall seconds, or a time with or without a zone
    author: str = ""  # who wrote it on paper
    sheet: str = ""  # that it stands on
    on_behalf: str = ""  # for whom it is keyed, where that is not the author
    replaces: str = ""  # an earlier item
    out_of_order: str = ""  # why a later step comes before an earlier one
    check: bool = False  # a second person shall look, whatever the drug


class Kept(msgspec.Struct, frozen=True):
    """What lies sealed in the journal of one item."""

    item: Anything
    author: str = ""
    on_behalf: str = ""
    out_of_order: str = ""
    risk: str = ""  # group of the high-risk table


def read_keying(data: bytes) -> Keying:
    """Return what was typed; UsageError with the field that is off."""
    try:
        found = msgspec.json.decode(data, type=Keying)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the item is none: {error}", f"kinds are {', '.join(KINDS)}; see docs/downtime.md") from error
    check_words(found)
    return found


def check_words(found: Keying) -> None:
    """Raise UsageError where a field is too long, or what must be said is not."""
    for form in (found, found.item):
        for name in form.__struct_fields__:
            value = getattr(form, name)
            if isinstance(value, str) and len(value) > LONGEST:
                raise UsageError(f"{name} has more than {LONGEST} characters", "scan the page instead")
            if name in ("what", "title", "value", "family") and isinstance(value, str) and not value.strip():
                raise UsageError(f"{name} is empty", "say what the paper says")
    if not found.patient.strip():
        raise UsageError("no patient was named", "name the number that stands on the sheet")
    if isinstance(found.item, Struck) and not found.item.reason.strip():
        raise UsageError("why is it struck out?", "say it in `reason`")
    if isinstance(found.item, Struck) and not found.replaces:
        raise UsageError("which item is struck out?", "name it in `replaces`")


def observed_at(said: float | str, zone: ZoneInfo) -> float:
    """Return wall seconds of the observed time; a time without a zone is the hospital's. UsageError."""
    if not isinstance(said, str):
        return float(said)
    try:
        moment = datetime.fromisoformat(said)
        if len(said.strip()) <= len("2026-03-11"):  # a day alone would be midnight
            raise ValueError("no time of day")
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{said!r} is no time", "write it as 2026-03-11T04:10") from error
