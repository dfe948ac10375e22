"""Results and vital signs (ORU, OUL), and appointments (SIU).

Comes in: a message. Goes out: statements. A value keeps its own order, code and sub-id, so that a correction replaces
exactly what it corrects. A document in an OBX (ED, RP) is not carried into the census: that it is there is.
"""

from __future__ import annotations

from dataclasses import replace

from garde.downtime.hl7.message import Message, Segment
from garde.downtime.nouns import (
    AppointmentStated,
    Finality,
    OrderStated,
    Place,
    ResultStated,
    Standing,
    Statement,
)
from garde.downtime.reading import parts
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.requests import number

_FINALITY = {
    "P": Finality.PRELIMINARY, "R": Finality.PRELIMINARY, "I": Finality.PRELIMINARY, "S": Finality.PRELIMINARY,
    "N": Finality.PRELIMINARY, "O": Finality.PRELIMINARY, "F": Finality.FINAL, "U": Finality.FINAL,
    "B": Finality.FINAL, "V": Finality.FINAL, "A": Finality.PRELIMINARY,
    "C": Finality.CORRECTED, "D": Finality.WITHDRAWN, "W": Finality.WITHDRAWN, "X": Finality.WITHDRAWN,
}  # fmt: skip
_LONGEST = 2000  # characters of one value that a ward's sheet can be asked to hold; the raw message has all of it
_DOCUMENTS = ("ED", "RP")
_APPOINTMENT = {
    **dict.fromkeys(("S12", "S13", "S14", "S18"), Standing.ACTIVE),
    **dict.fromkeys(("S15", "S16", "S17", "S26"), Standing.STOPPED),
}


def results(message: Message, manner: Manner, received: float) -> list[Statement]:
    """Return every value of the message, and for each order with final ones that it is done."""
    found: list[Statement] = []
    orc: Segment | None = None
    obr: Segment | None = None
    notes: list[str] = []
    for segment in message.segments:
        if segment.name == "ORC":
            orc, obr = segment, None
        elif segment.name == "OBR":
            obr = segment
            found += _done(orc, obr)
        elif segment.name == "OBX":
            _add(found, _value(segment, orc, obr, manner, received))
        elif segment.name == "NTE" and found and isinstance(found[-1], ResultStated):
            notes = [*filter(None, (found[-1].note, segment.text(3)))]
            found[-1] = _with_note(found[-1], "\n".join(notes))
    return found


def _with_note(result: ResultStated, note: str) -> ResultStated:
    return replace(result, note=note[:_LONGEST])


def _add(found: list[Statement], values: list[ResultStated]) -> None:
    """Add a value; what repeats a key within one message is a further line of the same text."""
    for value in values:
        before = found[-1] if found else None
        if isinstance(before, ResultStated) and before.key == value.key:
            found[-1] = replace(before, value=f"{before.value}\n{value.value}"[:_LONGEST])
        else:
            found.append(value)


def _done(orc: Segment | None, obr: Segment) -> list[Statement]:
    own = number(orc, obr)
    if own and obr.get(25).upper() in ("F", "C"):
        return [OrderStated(own, parts.coded(obr, 4), Standing.DONE)]
    return []


def _value(
    obx: Segment, orc: Segment | None, obr: Segment | None, manner: Manner, received: float
) -> list[ResultStated]:
    what = parts.coded(obx, 3)
    if not what.shown:
        return []
    at = parts.moment(obx, 14, manner.place, received)
    if at is None and obr:
        at = parts.moment(obr, 7, manner.place, received)
    own = number(orc, obr)
    key = "|".join((own or str(at), what.code or what.text, obx.get(4)))
    return [
        ResultStated(
            key, what, _shown(obx), parts.coded(obx, 6).code or obx.get(6, 2), obx.text(7), obx.text(8),
            _FINALITY.get(obx.get(11).upper(), Finality.PRELIMINARY), at, own,
        )
    ]  # fmt: skip


def _shown(obx: Segment) -> str:
    kind = obx.get(2).upper()
    if kind in _DOCUMENTS:
        return f"[document, {obx.get(5, 2) or obx.get(5, 3) or kind}]"
    if kind in ("CE", "CWE", "CNE", "CF"):
        return ", ".join(parts.coded_raw(each, obx.marks).shown for each in obx.repetitions(5))[:_LONGEST]
    if kind == "SN":
        return " ".join(filter(None, (obx.get(5, index) for index in (1, 2, 3, 4))))
    return obx.text(5)[:_LONGEST]


def appointments(message: Message, event: str, manner: Manner, received: float) -> list[Statement]:
    """SIU: one appointment, under the filler's number where it has one (the placer's may be missing)."""
    sch = message.first("SCH")
    standing = _APPOINTMENT.get(event)
    if sch is None or standing is None or not (own := sch.get(2) or sch.get(1)):
        return []
    begins = parts.moment(sch, 11, manner.place, received, 4)
    for name, field in (("AIS", 4), ("AIG", 8), ("AIL", 6), ("AIP", 6)):
        if begins is None and (found := message.first(name)):
            begins = parts.moment(found, field, manner.place, received)
    service, room, person = message.first("AIS"), message.first("AIL"), message.first("AIP")
    what = (parts.coded(service, 3).shown if service else "") or parts.coded(sch, 7).shown or sch.get(8, 2)
    where = parts.place(room, 3) if room else Place()
    return [AppointmentStated(own, standing, begins, what, where, parts.name(person, 3) if person else "")]
