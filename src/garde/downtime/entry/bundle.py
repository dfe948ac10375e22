"""Back into the record as a FHIR R4 transaction: the same facts as the HL7 messages, one bundle for a patient. Pure.

Comes in: `Merge`s and `Fact`s of one patient. Goes out: a Bundle as plain data. Exactly once by what the server does:
each resource has an identifier of ours, and is written by conditional create (`ifNoneExist`), or, where it corrects,
by conditional update. The patient is named by a conditional reference: a server that knows none, or two, refuses the
whole transaction; nothing here makes or changes a Patient of the record. Who wrote, keyed, checked is a Provenance.

    downtime number   Patient (the downtime number's own) with link replaced-by; allergies AllergyIntolerance;
    administrations   MedicationAdministration; results, vitals, images Observation; notes DocumentReference
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from garde.downtime.entry.items import AllergyFound, Given, Image, NoAllergy, Note, Result, Vital
from garde.downtime.entry.messages import LOINC, NONE_KNOWN, Parties
from garde.downtime.entry.sending import Action, Fact, Merge, Subject

Json = dict[str, Any]
PICTURE_KEY: Final = "garde_picture"  # stands for base64 until the bundle leaves: no value from outside is an object
_SPACE: Final = uuid.UUID("6f5b3c1e-3f0d-4a52-9a3d-0c5a6b1f7d11")  # of our own urn:uuid names
_HL7: Final = "http://terminology.hl7.org/CodeSystem/"
_SNOMED, _LOINC_SYSTEM, _ATC_SYSTEM = "http://snomed.info/sct", "http://loinc.org", "http://www.whocc.no/atc"
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_ATC: Final = re.compile(r"[A-Z]\d\d[A-Z]{2}\d\d")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_STATUS = {"given": "completed", "partly": "stopped", "refused": "not-done", "not given": "not-done"}
_TYPES = {"DA": "medication", "FA": "food", "EA": "environment"}
_CRITICALITY = {"SV": "high", "MO": "low", "MI": "low", "U": "unable-to-assess"}


class Bundler:
    """Writes the bundle of one patient."""

    def __init__(self, parties: Parties, subject: Subject, bundle: str, at: float) -> None:
        self._parties, self._subject, self._bundle, self._at = parties, subject, bundle, at

    def bundle(self, merges: list[Merge], facts: list[Fact]) -> Json:
        """Return the transaction."""
        entries = [self._merge(merge) for merge in merges]
        for fact in facts:
            entries += self._entries(fact)
        found: Json = {
            "resourceType": "Bundle", "type": "transaction", "timestamp": self._time(self._at),
            "identifier": {"system": self._system("message"), "value": self._bundle}, "entry": entries,
        }  # fmt: skip
        return _clean(found)  # type: ignore[no-any-return]

    # --- what they share ---

    def _time(self, at: float) -> str:
        return datetime.fromtimestamp(at, self._parties.zone).isoformat(timespec="seconds")

    def _system(self, kind: str) -> str:
        return f"urn:garde:{quote(self._parties.facility or 'hospital', safe='')}:{kind}"

    def _patient_system(self, authority: str) -> str:
        own = authority or self._parties.authority or "patient"
        return own if ":" in own else f"urn:garde:authority:{quote(own, safe='')}"

    def _patient(self) -> Json:
        value, _, authority = self._subject.number.partition("^")
        system = self._patient_system(authority)
        return {"reference": f"Patient?identifier={quote(f'{system}|{value}', safe=':|')}"}

    def _identifier(self, fact: Fact) -> Json:
        return {"system": self._system("item"), "value": self._parties.own(fact.origin)}

    def _entry(self, fact: Fact, resource: Json) -> Json:
        kind, found = resource["resourceType"], f"identifier={self._system('item')}|{self._parties.own(fact.origin)}"
        request: Json = {"method": "POST", "url": kind, "ifNoneExist": found}
        if fact.action is not Action.ADD:
            request = {"method": "PUT", "url": f"{kind}?{found}"}
        return {"fullUrl": self._name(fact.item), "resource": resource, "request": request}

    def _name(self, item: str) -> str:
        return f"urn:uuid:{uuid.uuid5(_SPACE, f'{self._parties.facility}|{self._bundle}|{item}')}"

    def _merge(self, merge: Merge) -> Json:
        authority = self._parties.downtime_authority or self._parties.authority
        system = self._patient_system(authority)
        known = {"system": system, "value": merge.gone}
        link = {"other": self._patient(), "type": "replaced-by"}
        resource = {"resourceType": "Patient", "identifier": [known], "active": False, "link": [link]}
        url = f"Patient?identifier={quote(f'{system}|{merge.gone}', safe=':|')}"
        return {
            "fullUrl": self._name(merge.match), "resource": resource, "request": {"method": "PUT", "url": url},
        }  # fmt: skip

    # --- one function per kind ---

    def _entries(self, fact: Fact) -> list[Json]:
        match fact.what:
            case AllergyFound() | NoAllergy():
                resource = self._allergy(fact, fact.what)
            case Given():
                resource = self._given(fact, fact.what)
            case Result() | Vital() | Image():
                resource = self._observation(fact, fact.what)
            case Note():
                resource = self._document(fact, fact.what)
            case _:
                raise ValueError(f"{type(fact.what).__name__} is nothing that is sent")
        return [self._entry(fact, resource), self._provenance(fact)]

    def _allergy(self, fact: Fact, what: AllergyFound | NoAllergy) -> Json:
        found: Json = {
            "resourceType": "AllergyIntolerance", "identifier": [self._identifier(fact)], "patient": self._patient(),
            "recordedDate": self._time(fact.observed),
        }  # fmt: skip
        if fact.action is Action.DELETE:  # an allergy that was never there has no clinical status
            found["verificationStatus"] = _concept(f"{_HL7}allergyintolerance-verification", "entered-in-error")
        else:
            found["clinicalStatus"] = _concept(f"{_HL7}allergyintolerance-clinical", "active")
            found["verificationStatus"] = _concept(f"{_HL7}allergyintolerance-verification", "unconfirmed")
        if isinstance(what, NoAllergy):
            code, text, _ = NONE_KNOWN[what.of]
            return found | {"code": _concept(_SNOMED, code, text)}
        found["code"] = _coded(what.code, what.what)
        found |= {"category": [_TYPES[what.type]]} if what.type in _TYPES else {}
        found |= {"criticality": _CRITICALITY[what.severity]} if what.severity in _CRITICALITY else {}
        return found | ({"reaction": [{"manifestation": [{"text": what.reaction}]}]} if what.reaction else {})

    def _given(self, fact: Fact, what: Given) -> Json:
        status = "entered-in-error" if fact.action is Action.DELETE else _STATUS[what.status]
        found: Json = {
            "resourceType": "MedicationAdministration", "identifier": [self._identifier(fact)], "status": status,
            "medicationCodeableConcept": _coded(what.code, what.what), "subject": self._patient(),
            "effectiveDateTime": self._time(fact.observed),
            "performer": [{"actor": {"display": fact.author or "not stated"}}],
        }  # fmt: skip
        if what.number:
            found["request"] = {"type": "MedicationRequest", "identifier": {"value": what.number}}
        if what.reason and status == "not-done":
            found["statusReason"] = [{"text": what.reason}]
        dosage: Json = {"dose": _quantity(what.amount, what.unit)} if _NUMBER.fullmatch(what.amount) else {}
        if what.amount and not dosage:
            dosage = {"text": f"{what.amount} {what.unit}".strip()}
        dosage |= {"route": {"text": what.route}} if what.route else {}
        return found | ({"dosage": dosage} if dosage else {})

    def _observation(self, fact: Fact, what: Result | Vital | Image) -> Json:
        code = _coded("" if isinstance(what, Image) else what.code, what.what)
        found: Json = {
            "resourceType": "Observation", "identifier": [self._identifier(fact)], "status": _finality(fact, what),
            "category": [_concept(f"{_HL7}observation-category", _CATEGORY[type(what)])], "code": code,
            "subject": self._patient(), "effectiveDateTime": self._time(fact.observed),
            "issued": self._time(fact.entered), "performer": [{"display": fact.author or "not stated"}],
        }  # fmt: skip
        if isinstance(what, Image):
            return found | {"valueString": what.report or what.what}
        if isinstance(what, Result) and what.reference:
            found["referenceRange"] = [{"text": what.reference}]
        if isinstance(what, Result) and what.flag:
            found["interpretation"] = [_concept(f"{_HL7}v3-ObservationInterpretation", what.flag)]
        if _NUMBER.fullmatch(what.value):
            return found | {"valueQuantity": _quantity(what.value, what.unit)}
        return found | {"valueString": f"{what.value} {what.unit}".strip()}

    def _document(self, fact: Fact, what: Note) -> Json:
        status = "entered-in-error" if fact.action is Action.DELETE else "current"
        content: list[Json] = [{"attachment": {"contentType": "text/plain", "title": what.title, "data": _b64(what)}}]
        if fact.picture and fact.action is not Action.DELETE:
            picture = {"contentType": "image/jpeg", "title": what.title, "data": {PICTURE_KEY: fact.picture}}
            content = [{"attachment": picture}]
        return {
            "resourceType": "DocumentReference", "identifier": [self._identifier(fact)], "status": status,
            "type": {"text": what.title}, "subject": self._patient(), "date": self._time(fact.entered),
            "author": [{"display": fact.author or "not stated"}], "content": content,
            "context": {"period": {"start": self._time(fact.observed)}},
        }  # fmt: skip

    def _provenance(self, fact: Fact) -> Json:
        """Who wrote, who keyed, for whom, who looked; from which sheet."""
        keyer: Json = {"type": _concept(f"{_HL7}provenance-participant-type", "enterer"), "who": {"display": fact.by}}
        keyer |= {"onBehalfOf": {"display": fact.on_behalf}} if fact.on_behalf else {}
        others = [("author", fact.author or "not stated"), *(("verifier", name) for name in fact.checked)]
        agents = [
            {"type": _concept(f"{_HL7}provenance-participant-type", role), "who": {"display": name}}
            for role, name in others
        ]
        source = {"system": self._system("sheet"), "value": fact.sheet}
        entity = {"entity": [{"role": "source", "what": {"identifier": source}}]} if fact.sheet else {}
        resource = {
            "resourceType": "Provenance", "target": [{"reference": self._name(fact.item)}],
            "occurredDateTime": self._time(fact.observed), "recorded": self._time(fact.entered),
            "agent": [keyer, *agents], **entity,
        }  # fmt: skip
        # No search finds a Provenance by an identifier: its own id, made of the item's, lets it be written twice.
        name = self._name(f"{fact.item}/provenance")
        own = name.removeprefix("urn:uuid:")
        request = {"method": "PUT", "url": f"Provenance/{own}"}
        return {"fullUrl": name, "resource": {"id": own, **resource}, "request": request}


def with_pictures(found: Any, read: Callable[[str], bytes]) -> Any:
    """Return the bundle with the pages that it names in it."""
    if isinstance(found, list):
        return [with_pictures(each, read) for each in found]
    if not isinstance(found, dict):
        return found
    if set(found) == {PICTURE_KEY}:
        return base64.b64encode(read(found[PICTURE_KEY])).decode()
    return {name: with_pictures(each, read) for name, each in found.items()}


def _clean(found: Any) -> Any:
    """FHIR's strings hold no control characters but tab and line ends, and no half of a character."""
    if isinstance(found, list):
        return [_clean(each) for each in found]
    if isinstance(found, dict):
        return {name: _clean(each) for name, each in found.items()}
    return _CONTROL.sub("\ufffd", found) if isinstance(found, str) else found


_CATEGORY = {Result: "laboratory", Vital: "vital-signs", Image: "imaging"}


def _finality(fact: Fact, what: Result | Vital | Image) -> str:
    if fact.action is Action.DELETE:
        return "entered-in-error"
    if isinstance(what, Result) and what.preliminary:
        return "preliminary"
    return "corrected" if fact.action is Action.UPDATE else "final"


def _concept(system: str, code: str, text: str = "") -> Json:
    coding = {"system": system, "code": code, **({"display": text} if text else {})}
    return {"coding": [coding], **({"text": text} if text else {})}


def _coded(code: str, text: str) -> Json:
    """Only a code whose form tells its system is a coding; any other would be a guess."""
    if LOINC.fullmatch(code):
        return _concept(_LOINC_SYSTEM, code, text)
    if _ATC.fullmatch(code.upper()):
        return _concept(_ATC_SYSTEM, code.upper(), text)
    return {"text": f"{text} ({code})" if code else text}


def _quantity(value: str, unit: str) -> Json:
    number = float(value) if "." in value else int(value)
    return {"value": number, **({"unit": unit} if unit else {})}


def _b64(what: Note) -> str:
    return base64.b64encode((what.text or what.title).encode("utf-8", "replace")).decode()
