"""Back into the record as HL7 v2.5 (chapters 3, 4, 7, 9). Pure: the same facts, the same bytes.

Comes in: `Merge` and `Fact`s of one patient, how we and the record are called. Goes out: `Draft`: a message's text.

    downtime number   ADT^A40   PID-3 the number that stays, MRG-1 the downtime number            (3.3.40)
    allergies         ADT^A60   IAM-6 A, U, D: one allergy at a time. Not A31 with AL1: that is a whole list, and
                                would delete what the record learnt elsewhere                     (3.3.60, 3.4.7)
    administrations   RAS^O17   RXA-3 the observed time, RXA-10 who gave it, RXA-20 how, RXA-21   (4.13.14)
    results, vitals   ORU^R01   OBX-14 the observed time, OBX-11 F, P, C, W                       (7.3.1)
    scanned notes     MDM^T02   OBX-5 the page itself as JPEG in base64 (ED): a pointer would lead to a machine that
                                the record cannot reach, and must not. T10 replaces, T11 cancels  (9.5)

What it is known by (ORC-3, OBR-3, IAM-7, TXA-12) is the item's own id: a correction has the same. Who wrote on paper
stands where the standard has who did it; who keyed it, for whom, from which sheet, who checked, in words beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from garde.downtime.entry.items import AllergyFound, Given, Image, NoAllergy, Note, Result, Vital
from garde.downtime.entry.sending import Action, Fact, Merge, Subject
from garde.downtime.hl7.write import header, message, moment, segment

PICTURE: Final = "\x00picture\x00"  # where base64 goes when the message leaves: no value can hold it
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
LOINC: Final = re.compile(r"\d{1,5}-\d")
_ATC = re.compile(r"[A-Z]\d\d[A-Z]{2}\d\d")
NONE_KNOWN: Final = {
    "any": ("716186003", "No known allergy", "SCT"),
    "drug": ("409137002", "No known drug allergy", "SCT"),
    "food": ("429625007", "No known food allergy", "SCT"),
}
_STATUS = {"given": "CP", "partly": "PA", "refused": "RE", "not given": "NA"}  # table 0322
_DOCUMENT = {Action.ADD: "T02", Action.UPDATE: "T10", Action.DELETE: "T11"}
_VITALS = ("85353-1", "Vital signs panel", "LN")


@dataclass(frozen=True, slots=True)
class Parties:
    """How we and the record are called in messages."""

    facility: str  # the hospital
    authority: str = ""  # that assigns patient numbers: PID-3.4
    downtime_authority: str = ""  # that assigns downtime numbers; "" for the same
    receiver: str = ""
    receiving_facility: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    application: str = "GARDE"
    desk: str = ""  # tells the items of two desks apart

    def own(self, item: str) -> str:
        """Return what an item is known by outside of this desk."""
        return f"{item}-{self.desk}" if self.desk else item


@dataclass(frozen=True, slots=True)
class Draft:
    """One message, before it goes."""

    about: str  # RAS^O17
    text: str
    picture: str = ""  # FILE/PAGE that goes where `PICTURE` stands


class Writer:
    """Writes one message, of one control number, at one moment."""

    def __init__(self, parties: Parties, subject: Subject, control: str, at: float) -> None:
        self._parties, self._subject, self._control, self._at = parties, subject, control, at

    def merge(self, merge: Merge) -> Draft:
        """ADT^A40."""
        gone = self._identifier(merge.gone, self._parties.downtime_authority or self._parties.authority, "PI")
        return self._draft(
            "ADT^A40^ADT_A39", self._event(self._at, ", ".join(merge.by)), self._pid(), segment("MRG", gone)
        )

    def fact(self, fact: Fact) -> Draft:
        """One item."""
        match fact.what:
            case AllergyFound() | NoAllergy():
                return self._allergy(fact, fact.what)
            case Given():
                return self._given(fact, fact.what)
            case Result() | Vital() | Image():
                return self._result(fact, fact.what)
            case Note():
                return self._note(fact, fact.what)
        raise ValueError(f"{type(fact.what).__name__} is nothing that is sent")

    # --- what they share ---

    def _draft(self, kind: str, *segments: str, picture: str = "") -> Draft:
        p = self._parties
        parties = (p.application, p.facility, p.receiver, p.receiving_facility)
        head = header(kind, self._control, parties, self._time(self._at))
        return Draft(kind.rpartition("^")[0], message(head, *segments), picture)

    def _time(self, at: float) -> str:
        return moment(at, self._parties.zone)

    def _event(self, observed: float, by: str = "") -> str:
        return segment("EVN", "", self._time(self._at), "", "", _person(by), self._time(observed))

    def _identifier(self, number: str, authority: str, kind: str) -> list[str]:
        value, _, own = number.partition("^")  # a foreign number carries its authority with it
        return [value, "", "", own or authority, kind]

    def _pid(self) -> str:
        who, number = self._subject.person, self._identifier(self._subject.number, self._parties.authority, "MR")
        name = [who.family, who.given, "", "", "", "", "L"] if who.family or who.given else []
        return segment("PID", "1", "", number, "", name, "", who.birth.replace("-", ""), who.sex)

    def _pv1(self) -> str:
        s = self._subject
        place = [s.place.ward, s.place.room, s.place.bed]
        return segment("PV1", "1", "I" if s.inpatient else "U", place, *[""] * 15, s.visit)

    def _keyed(self, fact: Fact) -> str:
        """In words: where it comes from. Every record can show it."""
        words = [f"Keyed from downtime paper {fact.sheet or '(no sheet)'} by {fact.by} at {self._time(fact.entered)}"]
        words += [f"on behalf of {fact.on_behalf}"] if fact.on_behalf else []
        words += [f"checked by {', '.join(fact.checked)}"] if fact.checked else []
        return ", ".join(words)

    def _filler(self, fact: Fact) -> list[str]:
        return [self._parties.own(fact.origin), self._parties.application]

    # --- one function per kind ---

    def _allergy(self, fact: Fact, what: AllergyFound | NoAllergy) -> Draft:
        if isinstance(what, NoAllergy):
            kind, code, severity, reaction = "", list(NONE_KNOWN[what.of]), "", ""
        else:
            kind, code = what.type, _coded(what.code, what.what)
            severity, reaction = what.severity, what.reaction
        iam = segment(
            "IAM", "1", kind, code, severity, reaction, fact.action.value, self._filler(fact), self._keyed(fact),
            "", "", "", "", self._time(fact.observed), ["", fact.author] if fact.author else "",
        )  # fmt: skip
        return self._draft("ADT^A60^ADT_A60", self._event(fact.observed, fact.by), self._pid(), self._pv1(), iam)

    def _given(self, fact: Fact, what: Given) -> Draft:
        orc = segment(
            "ORC", "RE", what.number, self._filler(fact), "", "", "", "", "", self._time(fact.entered),
            _person(fact.by), "", "", "", "", "", "", "", "", _person(fact.author),
        )  # fmt: skip
        at = self._time(fact.observed)
        rxa = segment(
            "RXA", "0", "1", at, at, _coded(what.code, what.what), what.amount or "999", ["", what.unit], "",
            ["", self._keyed(fact)], _person(fact.author), "", "", "", "", "", "", "",
            ["", what.reason] if what.reason else "", "", _STATUS[what.status], fact.action.value,
            self._time(fact.entered),
        )  # fmt: skip
        route = segment("RXR", ["", what.route or "not stated"])
        return self._draft("RAS^O17^RAS_O17", self._pid(), self._pv1(), orc, rxa, route)

    def _result(self, fact: Fact, what: Result | Vital | Image) -> Draft:
        code = _coded(what.code if not isinstance(what, Image) else "", what.what)
        status = self._finality(fact, what)
        order = what.order if isinstance(what, Result) else what.accession if isinstance(what, Image) else ""
        panel = _VITALS if isinstance(what, Vital) else code
        section = (what.modality or "RAD") if isinstance(what, Image) else ""
        at, value = self._time(fact.observed), what.report if isinstance(what, Image) else what.value
        obr = segment(
            "OBR", "1", order, self._filler(fact), panel, "", "", at, *[""] * 14, self._time(fact.entered), "",
            section, status,
        )  # fmt: skip
        unit = "" if isinstance(what, Image) else what.unit
        ranges = [what.reference, what.flag] if isinstance(what, Result) else ["", ""]
        obx = segment(
            "OBX", "1", "NM" if _NUMBER.fullmatch(value) else "TX", code, "", value, unit, *ranges, "", "", status,
            "", "", at, "", _person(fact.author),
        )  # fmt: skip
        note = segment("NTE", "1", "L", self._keyed(fact))
        return self._draft("ORU^R01^ORU_R01", self._pid(), self._pv1(), obr, obx, note)

    def _finality(self, fact: Fact, what: Result | Vital | Image) -> str:
        if fact.action is Action.DELETE:
            return "W"
        if isinstance(what, Result) and what.preliminary:
            return "P"
        return "C" if fact.action is Action.UPDATE else "F"

    def _note(self, fact: Fact, what: Note) -> Draft:
        event = _DOCUMENT[fact.action]
        pictured = bool(fact.picture) and fact.action is not Action.DELETE
        txa = segment(
            "TXA", "1", "PN", "IM" if pictured else "TX", self._time(fact.observed), _person(fact.author), "",
            self._time(fact.entered), "", _person(fact.author), "", _person(fact.by), self._filler(fact),
            self._filler(fact) if fact.action is Action.UPDATE else "", "", "", "", "DO",
        )  # fmt: skip
        head = (self._event(fact.observed, fact.by), self._pid(), self._pv1(), txa)
        if fact.action is Action.DELETE:
            return self._draft(f"MDM^{event}^MDM_T01", *head)
        code = ["", what.title]
        shown = what.text or what.title
        lines = [segment("OBX", "1", "TX", code, "1", f"{shown}\n{self._keyed(fact)}", *[""] * 5, "F")]
        if pictured:
            empty = segment("OBX", "2", "ED", code, "2", "@", *[""] * 5, "F")
            lines.append(empty.replace("|@|", f"|^IM^JPEG^Base64^{PICTURE}|"))
        return self._draft(f"MDM^{event}^MDM_T02", *head, *lines, picture=fact.picture if pictured else "")


def _coded(code: str, text: str) -> list[str]:
    """A CE. Only what can be told by its form is given a system; the rest is the hospital's own (L)."""
    if not code:
        return ["", text]
    if LOINC.fullmatch(code):
        return [code, text, "LN"]
    return [code, text, "ATC" if _ATC.fullmatch(code.upper()) else "L"]


def _person(words: str) -> list[str] | str:
    """An XCN of which only words are known: no id is made up."""
    return ["", words] if words else ""
