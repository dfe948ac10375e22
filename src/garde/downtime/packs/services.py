"""Packs of services: what the laboratory, radiology, the pharmacy, the theatre and the outpatients' desk work from.

Comes in: a `Basis`. Goes out: sections, plain data for the templates. An order belongs to a service by its sender, its
section, the kind of its message; an image is what the modality worklist takes for one. Where nothing says whose it is,
an order stands in both packs, under a heading that says so: rather twice than nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from garde.downtime.census.view import Drug, PatientView, Row, Said
from garde.downtime.high_risk import high_risk, label
from garde.downtime.nouns import AppointmentStated, OrderStated, Standing
from garde.downtime.packs.basis import Basis
from garde.downtime.packs.people import allergies
from garde.downtime.packs.voice import Voice, clean
from garde.downtime.packs.ward import Section, contacts, forms
from garde.downtime.worklist.modality import modality_of, rules

SAMPLES: Final = frozenset({"LAB", "CH", "HM", "MB", "MCB", "BLB", "BG", "SR", "SP", "CP", "IMM", "VR", "TX", "PAT"})
SURGERY: Final = frozenset({"OR", "SUR", "SURG", "OP", "THE"})
_SECTIONS: Final = {"laboratory": SAMPLES, "theatre": SURGERY}
_OPEN: Final = (Standing.ACTIVE, Standing.HELD, Standing.UNSAID)
_FORMS: Final = {"laboratory": {"lab": 6, "events": 1}, "radiology": {"imaging": 6, "events": 1},
                 "pharmacy": {"prescription": 4, "events": 1}, "theatre": {"blood": 4, "notes": 4, "events": 1},
                 "outpatients": {"consultation": 6, "events": 1}}  # fmt: skip
# Registers to write in: heads with the share of the line that each takes.
_REGISTERS: Final[dict[str, dict[str, tuple[tuple[str, int], ...]]]] = {
    "laboratory": {
        "register_arrivals": (("request", 3), ("time", 2), ("label_name", 4), ("birth", 2), ("ward_bed", 2),
                              ("specimen", 3), ("signature", 2)),
        "register_result": (("request", 3), ("label_name", 4), ("test", 3), ("result", 3), ("critical", 2),
                            ("time", 2), ("signature", 2)),
        "register_critical": (("request", 3), ("label_name", 4), ("result", 4), ("called_to", 4), ("time", 2),
                              ("read_back", 2), ("signature", 2)),
    },
    "radiology": {
        "register_arrivals": (("request", 3), ("time", 2), ("label_name", 4), ("birth", 2), ("ward_bed", 2),
                              ("modality", 3), ("room", 2), ("signature", 2)),
        "register_critical": (("request", 3), ("label_name", 4), ("finding", 4), ("called_to", 4), ("time", 2),
                              ("read_back", 2), ("signature", 2)),
    },
    "pharmacy": {
        "register_given": (("time", 2), ("ward", 2), ("label_name", 4), ("drug", 5), ("dose", 2), ("quantity", 2),
                           ("lot", 2), ("sign_1", 2), ("sign_2", 2)),
    },
    "theatre": {
        "register_theatre": (("room", 1), ("label_name", 4), ("birth", 2), ("operation", 5), ("team", 4),
                             ("began", 2), ("over", 2), ("count", 2)),
    },
    "outpatients": {},
}  # fmt: skip


def service_sections(basis: Basis, service: str) -> list[Section]:
    """Return everything that a service's pack holds."""
    found = _LISTS[service](basis)
    registers = [{"kind": "register", "title": name, "heads": [list(each) for each in heads]}
                 for name, heads in _REGISTERS[service].items()]  # fmt: skip
    return [*found, *registers, contacts(basis), *forms(_FORMS[service])]


def _table(title: str, heads: list[str], widths: list[int], groups: list[dict[str, Any]], none: str) -> Section:
    return {"kind": "list", "title": title, "heads": heads, "widths": widths, "groups": groups, "none": none}


def _groups(rows: list[tuple[str, list[str]]]) -> list[dict[str, Any]]:
    """Gather lines under their headings, in the order of the headings."""
    found: dict[str, list[list[str]]] = {}
    for name, cells in rows:
        found.setdefault(name, []).append(cells)
    return [{"name": name, "rows": found[name]} for name in sorted(found)]


def _who(patient: PatientView, voice: Voice) -> list[str]:
    person = patient.person.value
    name = f"{voice.family(person)} {voice.given(person)}".strip()
    return [name, voice.birth(person.birth), clean(patient.number)]


def _ward(row: Row) -> str:
    return clean(row.place.ward) or "?"


def _allergies(patient: PatientView, voice: Voice) -> str:
    found = allergies(patient.allergies, voice, 4)
    items = f"{found['word']}: {', '.join(found['items'])}" if found["items"] else str(found["word"])
    return items if found["shape"] == "none" or not found["more"] else f"{items} · {found['more']}"


# --- laboratory, radiology, theatre -----------------------------------------------------------------------------------


def _requests(basis: Basis, service: str) -> list[Section]:
    voice = basis.voice
    own: list[tuple[str, list[str]]] = []
    other: list[tuple[str, list[str]]] = []
    for row in (*basis.view.rows, *basis.view.outpatients, *basis.view.expected):
        for order in row.patient.orders:
            if order.value.standing in _OPEN:
                belongs = _service(order, basis)
                if belongs == service:
                    own.append((_ward(row), _order(row, order, voice)))
                elif not belongs:
                    other.append((_ward(row), _order(row, order, voice)))
    heads = [voice(name) for name in ("bed", "patient", "birth", "number", "what", "request", "wanted", "source")]
    widths = [2, 5, 4, 3, 5, 3, 3, 3]
    found = [_table(voice("open_orders"), heads, widths, _groups(own), voice("no_orders"))] if own or not other else []
    if other:
        title = f"{voice('open_orders')}: {voice('other_service')}"
        found.append(_table(title, heads, widths, _groups(other), ""))
    return [*found, _everybody(basis)]


def _order(row: Row, order: Said[OrderStated], voice: Voice) -> list[str]:
    each = order.value
    urgent = f"{voice('urgent')} " if each.priority.upper() in ("S", "STAT", "A", "ASAP", "U", "URGENT") else ""
    return [voice.place(row.place) or "–", *_who(row.patient, voice), urgent + (clean(each.what.shown) or "?"),
            clean(each.number), voice.time(each.wanted), clean(order.source.sender) or "?"]  # fmt: skip


def _service(order: Said[OrderStated], basis: Basis) -> str:
    """Return whose an order is; "" where nothing says it."""
    for service, senders in basis.services.items():
        if order.source.sender in senders:
            return service
    for service, sections in _SECTIONS.items():
        if order.value.section.upper() in sections:
            return service
    kind = order.source.kind.upper()
    if kind.startswith("OML"):
        return "laboratory"
    return "radiology" if kind.startswith("OMI") or modality_of(order.value, rules()) else ""


def _everybody(basis: Basis) -> Section:
    voice = basis.voice
    rows = [(_ward(row), [voice.place(row.place) or "–", *_who(row.patient, voice), _allergies(row.patient, voice)])
            for row in basis.view.rows]  # fmt: skip
    rows += [
        (clean(each.place.ward) or "?",
         [voice.place(each.place) or "–", f"{voice.family(each.person)} {voice.given(each.person)}".strip(),
          voice.birth(each.person.birth), clean(each.number),
          clean(each.allergic_to) or voice("none_known" if each.allergies.value == "none known" else "not_recorded")])
        for each in basis.arrivals
    ]  # fmt: skip
    heads = [voice(name) for name in ("bed", "patient", "birth", "number", "allergies")]
    return _table(voice("all_inpatients"), heads, [2, 6, 4, 3, 7], _groups(rows), voice("nobody"))


def _laboratory(basis: Basis) -> list[Section]:
    return _requests(basis, "laboratory")


def _radiology(basis: Basis) -> list[Section]:
    return _requests(basis, "radiology")


def _theatre(basis: Basis) -> list[Section]:
    return [*_days(basis, [row.patient for row in basis.view.rows]), *_requests(basis, "theatre")]


# --- pharmacy ---------------------------------------------------------------------------------------------------------


def _pharmacy(basis: Basis) -> list[Section]:
    voice = basis.voice
    risky: list[tuple[str, list[str]]] = []
    rows: list[tuple[str, list[str]]] = []
    for row in basis.view.rows:
        for drug in row.patient.drugs:
            if drug.order.value.standing in _OPEN:
                line = _drug(row, drug, voice)
                rows.append((_ward(row), line))
                order = drug.order.value
                if group := high_risk(order.what, order.form, order.words):
                    risky.append((label(group, voice.language), [f"{_ward(row)} {line[0]}", *line[1:]]))
    heads = [voice(name) for name in ("bed", "patient", "number", "drug", "dose", "often", "last_given", "allergies")]
    widths = [2, 5, 3, 5, 3, 3, 3, 5]
    return [
        _table(voice("high_risk_only"), heads, widths, _groups(risky), voice("no_drugs")),
        _table(voice("active_drugs"), heads, widths, _groups(rows), voice("no_drugs")),
    ]


def _drug(row: Row, drug: Drug, voice: Voice) -> list[str]:
    order, who = drug.order.value, _who(row.patient, voice)
    dose = clean(" ".join(filter(None, (order.dose, order.unit)))) or clean(order.rate) or voice("no_dose")
    often = clean(" ".join(filter(None, (order.often, order.times)))) or (voice("as_needed") if order.as_needed else "")
    last = voice.time(drug.last_given.value.at) if drug.last_given else voice("never_given")
    held = f" – {voice('held')}" if order.standing is Standing.HELD else ""
    return [voice.place(row.place) or "–", who[0], who[2], (clean(order.what.shown) or "?") + held,
            f"{dose} {clean(order.route)}".strip(), often or voice("no_often"), last,
            _allergies(row.patient, voice)]  # fmt: skip


# --- outpatients ------------------------------------------------------------------------------------------------------


def _outpatients(basis: Basis) -> list[Section]:
    return _days(basis, basis.booked)


def _days(basis: Basis, patients: Any) -> list[Section]:
    """Return the appointments of today and of tomorrow, with telephones: nobody gets a text message now."""
    voice = basis.voice
    heads = [voice(name) for name in ("time", "patient", "birth", "number", "phone", "what", "where", "reached")]
    found = []
    for ahead in (0, 1):
        day = (voice.local(basis.made_at) + timedelta(days=ahead)).date()
        rows = sorted(
            (
                (each.value.begins or 0.0, _booked(patient, each, voice))
                for patient in patients
                for each in patient.appointments
                if each.value.begins and voice.local(each.value.begins).date() == day
            ),
            key=lambda each: each[0],
        )
        title = voice("day_list", day=f"{voice.day(basis.made_at + ahead * 86_400)}")
        groups = [{"name": "", "rows": [row for _, row in rows]}] if rows else []
        found.append(_table(title, heads, [2, 5, 4, 3, 4, 4, 4, 3], groups, voice("day_none")))
    return found


def _booked(patient: PatientView, said: Said[AppointmentStated], voice: Voice) -> list[str]:
    each, who = said.value, _who(patient, voice)
    person = patient.person.value
    phones = [clean(person.phone), *(clean(contact.value.phone) for contact in patient.contacts)]
    phone = " · ".join(filter(None, phones)) or voice("no_phone")
    gone = f" – {voice('cancelled').upper()}" if each.standing is Standing.STOPPED else ""
    return [f"{voice.local(each.begins or 0.0):%H:%M}", *who, phone, (clean(each.what) or "?") + gone,
            " · ".join(filter(None, (voice.whole_place(each.place), clean(each.who)))) or "–", ""]  # fmt: skip


_LISTS: Final[dict[str, Callable[[Basis], list[Section]]]] = {
    "laboratory": _laboratory,
    "radiology": _radiology,
    "pharmacy": _pharmacy,
    "theatre": _theatre,
    "outpatients": _outpatients,
}
