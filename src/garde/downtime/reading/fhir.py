"""FHIR R4 resources, one at a time, in the same words as HL7 v2.

Comes in: one resource as JSON; an Encounter carries the Locations that it names (`contained`). Goes out: `Read`. Other
resources name their patient by a reference, not by a number: they are told under that reference, and the Patient
itself says that the reference is its number's (`Merged`). So no order of arrival is needed. Partial by design: what is
not asked for is not looked at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from garde.downtime.hl7.times import parse_date
from garde.downtime.nouns import (
    AllergiesStated,
    Allergy,
    AppointmentStated,
    Care,
    Coded,
    DrugStated,
    Finality,
    GivenStated,
    Merged,
    OrderStated,
    Person,
    PersonStated,
    Place,
    Problem,
    ProblemsStated,
    Read,
    ResultStated,
    Source,
    Standing,
    Statement,
    Step,
    Told,
    VisitStated,
)
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.visits import none_known

_SENDER = "FHIR"
_STEPS = {
    "planned": Step.PREADMIT, "arrived": Step.ADMIT, "triaged": Step.ADMIT, "in-progress": Step.ADMIT,
    "onleave": Step.ADMIT, "finished": Step.DISCHARGE, "cancelled": Step.CANCEL_ADMIT,
    "entered-in-error": Step.CANCEL_ADMIT,
}  # fmt: skip
_CARE = {"IMP": Care.INPATIENT, "ACUTE": Care.INPATIENT, "NONAC": Care.INPATIENT, "EMER": Care.EMERGENCY}
_STANDING = {
    "active": Standing.ACTIVE, "draft": Standing.ACTIVE, "on-hold": Standing.HELD, "completed": Standing.DONE,
    "booked": Standing.ACTIVE, "pending": Standing.ACTIVE, "arrived": Standing.ACTIVE, "fulfilled": Standing.DONE,
    **dict.fromkeys(("stopped", "cancelled", "revoked", "entered-in-error", "noshow"), Standing.STOPPED),
}  # fmt: skip
_FINALITY = {
    "final": Finality.FINAL, "amended": Finality.CORRECTED, "corrected": Finality.CORRECTED,
    "cancelled": Finality.WITHDRAWN, "entered-in-error": Finality.WITHDRAWN,
}  # fmt: skip
_SUBJECTS = ("subject", "patient")


def read_fhir(raw: bytes, seq: int, received: float, digest: str, manner: Manner) -> Read:
    """Read one resource. Raises nothing."""
    try:
        found = msgspec.json.decode(raw)
        kind = str(found["resourceType"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return Read(reason="no FHIR resource")
    try:
        return _read(found, kind, (seq, received, digest), manner)
    except Exception as error:
        return Read(reason=f"fault: {type(error).__name__}", detail=str(error), sender=_SENDER)


def _read(found: dict[str, Any], kind: str, stored: tuple[int, float, str], manner: Manner) -> Read:
    seq, received, digest = stored
    meta = found.get("meta") or {}
    sent = _moment(meta.get("lastUpdated"))
    at, doubt = manner.said_at(sent, received)
    doubts = (doubt,) if doubt and sent is not None else ()
    source = Source(seq, at, _SENDER, f"{found.get('id', '')}/{meta.get('versionId', '')}", f"FHIR {kind[:30]}", digest)
    if kind == "Patient":
        told = _patient(found, source, manner)
    elif kind in _KINDS:
        patient, statements = _subject(found), _KINDS[kind](found)
        told = Told(source, patient, (PersonStated(Person()), *statements)) if patient and statements else None
    else:
        return Read(reason=f"not used: {kind[:30]}", sender=_SENDER, sent=sent)
    if told is None:
        return Read(reason="no patient", sender=_SENDER, sent=sent)
    return Read((told,), doubts=doubts, sender=_SENDER, sent=sent)


def _patient(found: dict[str, Any], source: Source, manner: Manner) -> Told | None:
    numbers = [
        (str(each["value"]), _last(each.get("system", "")), (_coded(each.get("type")).code or "").upper())
        for each in found.get("identifier", ())
        if each.get("value")
    ]
    ranked = [each for kind in manner.kinds for each in numbers if each[2] == kind] or numbers
    reference = _reference(f"Patient/{found.get('id', '')}")
    own = manner.number(ranked[0][0], ranked[0][1]) if ranked else reference
    if not own or not found.get("id"):
        return None
    names = found.get("name") or [{}]
    name = next((each for each in names if each.get("use") == "official"), names[0])
    phone = next((str(each.get("value", "")) for each in found.get("telecom", ()) if each.get("system") == "phone"), "")
    died = found.get("deceasedDateTime") or ("yes" if found.get("deceasedBoolean") else "")
    person = Person(
        str(name.get("family", "")), " ".join(map(str, name.get("given", ()))),
        parse_date(str(found.get("birthDate", "")).replace("-", "")), str(found.get("gender", ""))[:1].upper(),
        tuple((kind or system, value) for value, system, kind in numbers if value != ranked[0][0]),
        phone=phone, died=str(died),
    )  # fmt: skip
    merged: tuple[Statement, ...] = (Merged(reference),) if own != reference else ()
    return Told(source, own, (PersonStated(person, firm=True), *merged))


def _subject(found: dict[str, Any]) -> str:
    for name in _SUBJECTS:
        if reference := (found.get(name) or {}).get("reference"):
            return _reference(reference)
    actors = (each.get("actor") or {} for each in found.get("participant", ()))
    return next((_reference(a["reference"]) for a in actors if str(a.get("reference", "")).startswith("Patient/")), "")


def _reference(text: str) -> str:
    """`Patient/1`, an absolute address of it, and `urn:uuid:1` (in a bundle) are one."""
    return f"fhir:{_last(str(text).replace('urn:uuid:', ''))}"


def _last(text: str) -> str:
    return str(text).rstrip("/").rpartition("/")[2]


def _coded(found: Any) -> Coded:
    codings = (found or {}).get("coding") or [{}]
    return Coded(str(codings[0].get("code", "")), str((found or {}).get("text", "") or codings[0].get("display", "")))


def _moment(text: Any) -> float | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def _status(found: dict[str, Any]) -> str:
    return _coded(found.get("clinicalStatus")).code or str(found.get("status", ""))


# --- one function per kind --------------------------------------------------------------------------------------------


def _encounter(found: dict[str, Any]) -> list[Statement]:
    step = _STEPS.get(str(found.get("status")))
    if step is None:
        return []
    period = found.get("period") or {}
    care = _CARE.get(str((found.get("class") or {}).get("code")), Care.OUTPATIENT)
    number = next(
        (str(each["value"]) for each in found.get("identifier", ()) if each.get("value")), str(found.get("id"))
    )
    doctor = next(
        (str(p["individual"].get("display", "")) for p in found.get("participant", ()) if p.get("individual")), ""
    )
    reason = next((_coded(each).shown for each in found.get("reasonCode", ())), "")
    return [
        VisitStated(
            step, number, care, _encounter_place(found), doctor=doctor, admitted=_moment(period.get("start")),
            discharged=_moment(period.get("end")), reason=reason,
        )
    ]  # fmt: skip


def _encounter_place(found: dict[str, Any]) -> Place:
    """The newest location that is in use, with those that it lies in."""
    known = {_last(each.get("id", "")): each for each in found.get("contained", ())}
    used = [each for each in found.get("location", ()) if each.get("status", "active") == "active"]
    if not used:
        return Place()
    here = used[-1].get("location") or {}
    parts: dict[str, str] = {}
    at = known.get(_last(str(here.get("reference", "")).lstrip("#").replace("urn:uuid:", "")))
    for _ in range(8):  # site, building, wing, ward, room, bed: a longer chain is a circle
        if at is None:
            break
        parts.setdefault(_coded(at.get("physicalType")).code, str(at.get("name", "")))
        at = known.get(_last((at.get("partOf") or {}).get("reference", "")))
    return (
        Place(parts.get("wa", ""), parts.get("ro", ""), parts.get("bd", ""))
        if parts
        else Place(str(here.get("display", "")))
    )


def _allergy(found: dict[str, Any]) -> list[Statement]:
    what = _coded(found.get("code"))
    if _status(found) in ("inactive", "resolved") or _coded(found.get("verificationStatus")).code in (
        "refuted", "entered-in-error",
    ):  # fmt: skip
        return [AllergiesStated(whole=False, removed=(what,))]
    if (none := none_known(what.code)) is not None:
        return [AllergiesStated(none_known=(none,), whole=False)]
    reactions = ", ".join(_coded(m).shown for each in found.get("reaction", ()) for m in each.get("manifestation", ()))
    kind = ", ".join(map(str, found.get("category", ())))
    item = Allergy(what, kind, str(found.get("criticality", "")), reactions)
    return [AllergiesStated((item,), whole=False)] if what.shown else []


def _condition(found: dict[str, Any]) -> list[Statement]:
    # Each is a statement of its own, so its id stands where a message has its visit: one does not replace the other.
    live = _status(found) in ("active", "recurrence", "relapse", "")
    item = Problem(_coded(found.get("code")), since=_moment(found.get("onsetDateTime")))
    return [ProblemsStated((item,) if live else (), f"condition {found.get('id', '')}")]


def _number(found: dict[str, Any]) -> str:
    return next(
        (str(each["value"]) for each in found.get("identifier", ()) if each.get("value")), str(found.get("id", ""))
    )


def _prescription(found: dict[str, Any]) -> list[Statement]:
    dosage = (found.get("dosageInstruction") or [{}])[0]
    quantity = ((dosage.get("doseAndRate") or [{}])[0]).get("doseQuantity") or {}
    timing = dosage.get("timing") or {}
    repeat = timing.get("repeat") or {}
    often = _coded(timing.get("code")).shown
    if not often and repeat.get("frequency"):
        often = f"{repeat['frequency']} × / {repeat.get('period', 1)} {repeat.get('periodUnit', '')}".strip()
    return [
        DrugStated(
            str(found.get("id", "")), _coded(found.get("medicationCodeableConcept")),
            _STANDING.get(str(found.get("status")), Standing.UNSAID), str(quantity.get("value", "")),
            str(quantity.get("unit", "")), route=_coded(dosage.get("route")).shown, often=often,
            as_needed=bool(dosage.get("asNeededBoolean")), begins=_moment(found.get("authoredOn")),
            words=str(dosage.get("text", "")), by=str((found.get("requester") or {}).get("display", "")),
        )
    ]  # fmt: skip


def _administration(found: dict[str, Any]) -> list[Statement]:
    dose = (found.get("dosage") or {}).get("dose") or {}
    at = _moment(found.get("effectiveDateTime") or (found.get("effectivePeriod") or {}).get("start"))
    status = {"completed": "CP", "not-done": "NA", "in-progress": "PA"}.get(str(found.get("status")), "")
    by = next((str((p.get("actor") or {}).get("display", "")) for p in found.get("performer", ())), "")
    return [
        GivenStated(
            _last((found.get("request") or {}).get("reference", "")),
            _coded(found.get("medicationCodeableConcept")), at,
            str(dose.get("value", "")), str(dose.get("unit", "")), by, status,
            found.get("status") == "entered-in-error", slot=str(found.get("id", "")),
        )
    ]  # fmt: skip


def _observation(found: dict[str, Any]) -> list[Statement]:
    at = _moment(found.get("effectiveDateTime") or found.get("issued"))
    finality = _FINALITY.get(str(found.get("status")), Finality.PRELIMINARY)
    parts = [("", found), *((f".{n}", each) for n, each in enumerate(found.get("component", ())))]
    results: list[Statement] = []
    for suffix, part in parts:
        value, unit = _value(part)
        if value:
            what = _coded(part.get("code"))
            results.append(ResultStated(f"{found.get('id')}{suffix}", what, value, unit, finality=finality, at=at))
    return results


def _value(part: dict[str, Any]) -> tuple[str, str]:
    quantity = part.get("valueQuantity") or {}
    if "value" in quantity:
        return f"{quantity.get('comparator', '')}{quantity['value']}", str(quantity.get("unit", ""))
    if "valueCodeableConcept" in part:
        return _coded(part["valueCodeableConcept"]).shown, ""
    return str(part.get("valueString", "") or part.get("valueInteger", "")), ""


def _request(found: dict[str, Any]) -> list[Statement]:
    standing = _STANDING.get(str(found.get("status")), Standing.UNSAID)
    what, wanted = _coded(found.get("code")), _moment(found.get("occurrenceDateTime") or found.get("authoredOn"))
    by = str((found.get("requester") or {}).get("display", ""))
    section = next((_coded(each).code or _coded(each).text for each in found.get("category", ())), "")
    priority = str(found.get("priority", ""))
    return [OrderStated(_number(found), what, standing, wanted, priority, by, section=section)]


def _appointment(found: dict[str, Any]) -> list[Statement]:
    standing = _STANDING.get(str(found.get("status")), Standing.UNSAID)
    what = next((_coded(each).shown for each in found.get("serviceType", ())), "") or str(found.get("description", ""))
    return [AppointmentStated(_number(found), standing, _moment(found.get("start")), what)]


_KINDS = {
    "Encounter": _encounter, "AllergyIntolerance": _allergy, "Condition": _condition,
    "MedicationRequest": _prescription, "MedicationAdministration": _administration, "Observation": _observation,
    "ServiceRequest": _request, "Appointment": _appointment,
}  # fmt: skip
WANTED = ("Patient", *_KINDS)  # what is pulled, in this order
