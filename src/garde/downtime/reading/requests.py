"""Orders, prescriptions, and what was given.

Comes in: a message (ORM, OMG, OMI, OML; RDE, OMP; RDS; RAS). Goes out: statements. An order's number is the placer's
(ORC-2); the filler's only where there is no other.
"""

from __future__ import annotations

from dataclasses import replace

from garde.downtime.hl7.message import Message, Segment, pick
from garde.downtime.nouns import Coded, DrugStated, GivenStated, OrderStated, Standing, Statement
from garde.downtime.reading import parts
from garde.downtime.reading.manner import Manner

_CONTROL = {  # HL7 table 0119: what the order control says about how it stands
    **dict.fromkeys(("NW", "XO", "XX", "RL", "RE", "OK", "PA", "CH", "RO", "RU", "SN", "AF", "NA"), Standing.ACTIVE),
    **dict.fromkeys(("HD", "HR", "OH"), Standing.HELD),
    **dict.fromkeys(("CA", "OC", "CR", "DC", "OD", "DR", "RP", "RQ", "UA", "DE"), Standing.STOPPED),
}
_STATUS = {  # HL7 table 0038, which says more than the control where both are there
    **dict.fromkeys(("IP", "SC", "A", "RP"), Standing.ACTIVE),
    "HD": Standing.HELD,
    "CM": Standing.DONE,
    **dict.fromkeys(("CA", "DC"), Standing.STOPPED),
}
_DRUGS = ("RXE", "RXO", "RXA", "RXD")


def orders(message: Message, manner: Manner, received: float) -> list[Statement]:
    """ORM, OMG, OML, OMP, RDE, RDS, RAS: each group begins with ORC."""
    found: list[Statement] = []
    for group in message.groups("ORC"):
        named = {segment.name: segment for segment in reversed(group)}
        if "RXA" in named:
            found += _given(group, manner, received)
        elif "RXD" in named:
            found += _dispensed(named, manner, received)
        elif "RXE" in named or "RXO" in named:
            found += _drug(named, manner, received)
        else:
            found += _request(group, manner, received)
    if not found and message.first("OBR"):  # OBR without ORC
        found += _request(list(message.segments), manner, received)
    return found


def number(orc: Segment | None, obr: Segment | None = None) -> str:
    """The order's number: placer before filler, ORC before OBR."""
    for component in (2, 3):
        for segment in (orc, obr):
            if segment and segment.get(component):
                return segment.get(component)
    return ""


def _standing(orc: Segment | None) -> Standing:
    if orc is None:
        return Standing.ACTIVE
    control = _CONTROL.get(orc.get(1).upper(), Standing.UNSAID)
    status = _STATUS.get(orc.get(5).upper(), Standing.UNSAID)
    return control if control is Standing.STOPPED or status is Standing.UNSAID else status


def _request(group: list[Segment], manner: Manner, received: float) -> list[Statement]:
    orc = next((each for each in group if each.name == "ORC"), None)
    found: list[Statement] = []
    services: list[Segment | None] = [each for each in group if each.name == "OBR"]
    for obr in services or [None]:
        own = number(orc, obr)
        if own and (orc or obr):
            found.append(replace(_order(own, orc, obr, manner, received), section=_section(obr, group)))
    return found


def _section(obr: Segment | None, group: list[Segment]) -> str:
    """Who carries it out: the modality of an imaging order's own segment (IPC-5), else OBR-24."""
    imaging = next((each.get(5) for each in group if each.name == "IPC"), "")
    return (imaging or (obr.get(24) if obr else "")).upper()


def _order(own: str, orc: Segment | None, obr: Segment | None, manner: Manner, received: float) -> OrderStated:
    zone = manner.place
    what = parts.coded(obr, 4) if obr else Coded()
    wanted = (obr and (parts.moment(obr, 36, zone, received) or parts.moment(obr, 7, zone, received))) or None
    if wanted is None and orc:
        wanted = parts.moment(orc, 7, zone, received, 4) or parts.moment(orc, 9, zone, received)
    priority = (obr.get(5) or obr.get(27, 6) if obr else "") or (orc.get(7, 6) if orc else "")
    by = (parts.name(orc, 12) if orc else "") or (parts.name(obr, 16) if obr else "")
    service = f"{own}/{what.code}" if what.code and orc and not orc.get(2) and not orc.get(3) else own
    return OrderStated(service, what, _standing(orc), wanted, priority, by)


def _drug(named: dict[str, Segment], manner: Manner, received: float) -> list[Statement]:
    orc, own = named["ORC"], number(named["ORC"])
    if not own:
        return []
    encoded = named.get("RXE")
    drug = encoded or named["RXO"]
    what = parts.coded(drug, 2 if encoded else 1)
    dose, most = (drug.get(3), drug.get(4)) if encoded else (drug.get(2), drug.get(3))
    form = parts.coded(drug, 6 if encoded else 5).shown
    words = drug.text(7 if encoded else 6)
    zone, timing, route = manner.place, _Timing(named), named.get("RXR")
    rate = " ".join(filter(None, (drug.get(23), parts.coded(drug, 24).shown))) if encoded else ""
    return [
        DrugStated(
            own, what, _standing(orc), f"{dose}–{most}" if dose and most and dose != most else dose,
            parts.coded(drug, 5 if encoded else 4).shown, form, parts.coded(route, 1).shown if route else "",
            timing.often, timing.times, timing.as_needed, rate,
            timing.at(4, 7, manner, received), timing.at(5, 8, manner, received), words, parts.name(orc, 12),
        )
    ] if zone else []  # fmt: skip


class _Timing:
    """When a drug is due: TQ1 (from v2.5), before it the quantity/timing field of RXE-1 or ORC-7."""

    def __init__(self, named: dict[str, Segment]) -> None:
        self.new = named.get("TQ1")
        rxe, orc = named.get("RXE"), named["ORC"]
        self.old, self.field = (rxe, 1) if rxe and rxe.raw(1) else (orc, 7)
        if self.new:
            codes = [pick(each, self.new.marks, 1) for each in self.new.repetitions(3)]
            self.often = " ".join(filter(None, codes))
            self.times = " ".join(pick(each, self.new.marks) for each in self.new.repetitions(4))
            priority = self.new.get(9).upper()
        else:
            self.often = self.old.get(self.field, 2) if self.old else ""
            self.times = self.old.get(self.field, 2, 2) if self.old else ""
            priority = self.old.get(self.field, 6).upper() if self.old else ""
        self.as_needed = priority == "PRN" or self.often.upper().startswith("PRN")

    def at(self, component: int, field: int, manner: Manner, received: float) -> float | None:
        if self.new:
            return parts.moment(self.new, field, manner.place, received)
        return parts.moment(self.old, self.field, manner.place, received, component) if self.old else None


def _given(group: list[Segment], manner: Manner, received: float) -> list[Statement]:
    own = number(group[0])
    found: list[Statement] = []
    for rxa in (each for each in group if each.name == "RXA"):
        amount = rxa.get(6)
        # RXA-2 alone counts from 1 in every round: with its time it names one giving.
        found.append(
            GivenStated(
                own, parts.coded(rxa, 5), parts.moment(rxa, 3, manner.place, received),
                "" if amount == "999" else amount, parts.coded(rxa, 7).shown, parts.name(rxa, 10),
                rxa.get(20).upper(), rxa.get(21).upper() == "D", slot=f"{rxa.get(3)}|{rxa.get(2)}",
            )
        )  # fmt: skip
    return found


def _dispensed(named: dict[str, Segment], manner: Manner, received: float) -> list[Statement]:
    rxd, own = named["RXD"], number(named["ORC"]) or named["RXD"].get(7)
    at = parts.moment(rxd, 3, manner.place, received)
    unit, by = parts.coded(rxd, 5).shown, parts.name(rxd, 10)
    return [GivenStated(own, parts.coded(rxd, 2), at, rxd.get(4), unit, by, dispensed=True, slot=rxd.get(3))]
