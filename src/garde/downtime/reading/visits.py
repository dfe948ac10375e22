"""ADT: who comes, moves, goes; who has which allergies; whose number becomes whose.

Comes in: a message. Goes out: statements per patient. Births are two patients, the child naming its mother; A17 is two
transfers.
"""

from __future__ import annotations

from garde.downtime.hl7.message import Message, Segment
from garde.downtime.nouns import (
    AllergiesStated,
    Allergy,
    Care,
    Coded,
    Contact,
    ContactsStated,
    Merged,
    NoneKnown,
    PersonStated,
    Problem,
    ProblemsStated,
    Statement,
    Step,
    VisitStated,
)
from garde.downtime.reading import parts
from garde.downtime.reading.manner import Manner

STEPS = {
    "A01": Step.ADMIT, "A02": Step.TRANSFER, "A03": Step.DISCHARGE, "A04": Step.REGISTER, "A05": Step.PREADMIT,
    "A06": Step.TO_INPATIENT, "A07": Step.TO_OUTPATIENT, "A08": Step.UPDATE, "A09": Step.DEPART, "A10": Step.ARRIVE,
    "A11": Step.CANCEL_ADMIT, "A12": Step.CANCEL_TRANSFER, "A13": Step.CANCEL_DISCHARGE, "A14": Step.PREADMIT,
    "A17": Step.TRANSFER, "A27": Step.CANCEL_PREADMIT, "A38": Step.CANCEL_PREADMIT,
}  # fmt: skip
PERSONS = ("A28", "A31", "A60")  # particulars, no visit
NOTED = ("A15", "A16", "A25", "A26")  # what is planned: it moves nobody; place and class are as in an update
MERGES = ("A18", "A34", "A36", "A40")  # of patients; A36 and A18 name the accounts as well
_BEGINS = ("A01", "A04", "A05", "A14", "A28")
_WHOLE = ("A01", "A04", "A05", "A08", "A28", "A31", "A60")  # allergies and contacts in these are all there are
# Codes for "there is none". Words ("none", "aucune") are no code: they are shown as they stand.
_NONE = {
    "NKA": NoneKnown.ANY, "716186003": NoneKnown.ANY, "160244002": NoneKnown.ANY,
    "NKDA": NoneKnown.DRUG, "NKMA": NoneKnown.DRUG, "409137002": NoneKnown.DRUG,
    "NKFA": NoneKnown.FOOD, "429625007": NoneKnown.FOOD,
}  # fmt: skip
EVENTS = frozenset({*STEPS, *PERSONS, *NOTED, *MERGES})


def none_known(code: str) -> NoneKnown | None:
    """Return what this code says there is none of."""
    return _NONE.get(code.upper())


def statements(event: str, group: list[Segment], manner: Manner, received: float) -> list[Statement]:
    """Return what one patient's stretch of an ADT message says, merges apart."""
    pid = group[0]
    pv1 = next((each for each in group if each.name == "PV1"), None)
    pv2 = next((each for each in group if each.name == "PV2"), None)
    visit = visit_number(pid, pv1)
    found: list[Statement] = [PersonStated(parts.person(pid, manner), visit, event in _BEGINS, firm=True)]
    step = STEPS.get(event, Step.UPDATE if event in NOTED else None)
    if step and pv1:
        found.append(_visit(step, (pv1, pv2), visit, manner, received))
    found += _about(group, visit, manner, received, whole=event in _WHOLE)
    return found


def visit_number(pid: Segment, pv1: Segment | None) -> str:
    """PV1-19, else the account (PID-18)."""
    return (pv1.get(19) if pv1 else "") or pid.get(18)


def _visit(
    step: Step, segments: tuple[Segment, Segment | None], visit: str, manner: Manner, received: float
) -> VisitStated:
    zone = manner.place
    pv1, pv2 = segments
    care = parts.care(pv1)
    if care is Care.EXPECTED and step is Step.ADMIT:
        step = Step.PREADMIT
    return VisitStated(
        step, visit, care, parts.place(pv1, 3), parts.place(pv1, 6), parts.name(pv1, 7), pv1.get(10),
        parts.moment(pv1, 44, zone, received), parts.moment(pv1, 45, zone, received),
        parts.moment(pv2, 9, zone, received) if pv2 else None, pv2.text(3) if pv2 else "", pv1.text(38),
    )  # fmt: skip


def _about(group: list[Segment], visit: str, manner: Manner, received: float, *, whole: bool) -> list[Statement]:
    found: list[Statement] = []
    named = {segment.name for segment in group}
    if "AL1" in named:
        found.append(_allergies([each for each in group if each.name == "AL1"], whole=whole))
    if "IAM" in named:
        found.append(_adverse([each for each in group if each.name == "IAM"]))
    if "DG1" in named:
        found.append(_problems([each for each in group if each.name == "DG1"], visit, manner, received))
    if "NK1" in named:
        contacts = tuple(_contact(each) for each in group if each.name == "NK1" and each.get(2))
        found.append(ContactsStated(contacts))
    return found


def _allergies(segments: list[Segment], *, whole: bool) -> AllergiesStated:
    items, nones = [], []
    for each in segments:
        what = parts.coded(each, 3)
        if (none := none_known(what.code)) is not None:
            nones.append(none)
        elif what.shown:
            items.append(Allergy(what, each.get(2), each.get(4), each.text(5)))
    return AllergiesStated(tuple(items), tuple(dict.fromkeys(nones)), whole)


def _adverse(segments: list[Segment]) -> AllergiesStated:
    """IAM-6: A adds, U updates, D deletes; without one, or with X, nothing is known of the others."""
    items, nones, removed = [], [], []
    for each in segments:
        what = parts.coded(each, 3)
        if each.get(6).upper() == "D":
            removed.append(what)
        elif (none := none_known(what.code)) is not None:
            nones.append(none)
        elif what.shown:
            items.append(Allergy(what, each.get(2), each.get(4), each.text(5)))
    return AllergiesStated(tuple(items), tuple(dict.fromkeys(nones)), False, tuple(removed))


def _problems(segments: list[Segment], visit: str, manner: Manner, received: float) -> ProblemsStated:
    items = []
    for each in segments:
        what = parts.coded(each, 3)
        what = what if what.shown else Coded("", each.get(4))  # DG1-4: the words of old versions
        if what.shown:
            items.append(Problem(what, each.get(6), parts.moment(each, 5, manner.place, received)))
    return ProblemsStated(tuple(items), visit)


def _contact(segment: Segment) -> Contact:
    name = " ".join(filter(None, (segment.get(2, 2), segment.get(2, 1))))
    return Contact(name, segment.get(3, 2) or segment.get(3), segment.get(5) or segment.get(5, 12))


def merges(message: Message, manner: Manner) -> list[tuple[str, Merged, Segment]]:
    """Return (the number that stays, what goes, the PID) of each pair; a pair that lacks a number is left out."""
    found = []
    for group in message.groups("PID"):
        mrg = next((each for each in group if each.name == "MRG"), None)
        stays = parts.patient_number(group[0], manner)
        goes = parts.merged_number(mrg, manner) if mrg else ""
        if stays and goes:
            found.append((stays, Merged(goes), group[0]))
    return found
