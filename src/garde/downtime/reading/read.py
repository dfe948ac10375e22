"""One item of the store, read: the table of message types, and what is answered where a message is not understood.

Comes in: raw bytes, the store's number, the time of reception. Goes out: `Read`. Reasons are few and stable, for
counting: `not used: BAR^P01`, `no MSH`, `no patient`, `no number for the order`, `fault: KeyError`.
"""

from __future__ import annotations

from collections.abc import Callable

from garde.downtime.hl7.message import Message, Segment, Unreadable, parse
from garde.downtime.hl7.times import parse_time
from garde.downtime.nouns import PersonStated, Read, Source, Statement, Told
from garde.downtime.reading import parts, requests, results, visits
from garde.downtime.reading.manner import Manner

VERSION = 2  # raise it when more is understood: what was not is read again
_ORDERS = ("ORM", "OMG", "OMI", "OML", "OMP", "RDE", "RDS", "RAS", "OMS", "OMD")
_RESULTS = ("ORU", "OUL")
_Reader = Callable[[Message, Source, Manner, float], Read]


def read_hl7(raw: bytes, seq: int, received: float, digest: str, manner: Manner) -> Read:
    """Read one HL7 message. Raises nothing: a fault of ours is a reason as well, and the message is kept for it."""
    try:
        message = parse(raw, manner.charset)
    except Unreadable as error:
        return Read(reason=error.reason, detail=str(error))
    sent = parse_time(message.header.get(7), manner.place, received)
    at, doubt = manner.said_at(sent, received)
    source = Source(seq, at, message.sender, message.control, message.kind, digest)
    doubts = message.doubts + ((doubt,) if doubt else ())
    try:
        found = _reader(message)(message, source, manner, received)
    except Exception as error:
        found = Read(reason=f"fault: {type(error).__name__}", detail=str(error))
    return Read(found.told, found.reason, found.detail, doubts, message.sender, sent)


def _reader(message: Message) -> _Reader:
    code, _, event = message.kind.partition("^")
    if code == "ADT":
        if event in visits.MERGES:
            return _merges
        return _adt if event in visits.EVENTS else _unused
    if code in _ORDERS:
        return _orders
    if code in _RESULTS:
        return _results
    return _siu if code == "SIU" else _unused


def _unused(message: Message, source: Source, manner: Manner, received: float) -> Read:
    return Read(reason=f"not used: {message.kind[:20]}")


def _adt(message: Message, source: Source, manner: Manner, received: float) -> Read:
    event = message.kind.partition("^")[2]
    told = []
    for group in message.groups("PID"):
        patient = parts.patient_number(group[0], manner)
        if not patient:
            return Read(reason="no patient", detail="PID names no number")
        told.append(Told(source, patient, tuple(visits.statements(event, group, manner, received))))
    return Read(tuple(told)) if told else Read(reason="no patient", detail="no PID")


def _merges(message: Message, source: Source, manner: Manner, received: float) -> Read:
    pairs = visits.merges(message, manner)
    if not pairs:
        return Read(reason="no pair to merge", detail="PID-3 or MRG-1 is missing")
    told = [
        Told(source, stays, (PersonStated(parts.person(pid, manner), firm=True), merged))
        for stays, merged, pid in pairs
    ]
    return Read(tuple(told))


def _of_patient(message: Message, source: Source, manner: Manner, found: list[Statement], why: str) -> Read:
    pid: Segment | None = message.first("PID")
    patient = parts.patient_number(pid, manner) if pid else ""
    if not pid or not patient:
        return Read(reason="no patient", detail="PID names no number")
    if not found:
        return Read(reason=why)
    visit = visits.visit_number(pid, message.first("PV1"))
    return Read((Told(source, patient, (PersonStated(parts.person(pid, manner), visit), *found)),))


def _orders(message: Message, source: Source, manner: Manner, received: float) -> Read:
    found = requests.orders(message, manner, received)
    return _of_patient(message, source, manner, found, "no number for the order")


def _results(message: Message, source: Source, manner: Manner, received: float) -> Read:
    return _of_patient(message, source, manner, results.results(message, manner, received), "no result in it")


def _siu(message: Message, source: Source, manner: Manner, received: float) -> Read:
    event = message.kind.partition("^")[2]
    found = results.appointments(message, event, manner, received)
    return _of_patient(message, source, manner, found, "no appointment in it")
