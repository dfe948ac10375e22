"""Messages for tests, each of one line: what matters is named, the rest is as usual."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from garde.downtime.census.state import Census
from garde.downtime.census.view import Row, census_view
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.read import read_hl7

ZONE = ZoneInfo("Europe/Brussels")
T0 = datetime(2026, 3, 2, 3, 0, tzinfo=ZONE).timestamp()


def at(minutes: float) -> float:
    return T0 + minutes * 60


def written(moment: float) -> str:
    return datetime.fromtimestamp(moment, ZONE).strftime("%Y%m%d%H%M%S")


def message(
    kind: str, minutes: float, *segments: str, control: str = "", sender: str = "HIS", label: str = ""
) -> bytes:
    own = control or f"{int(minutes * 100):06d}"
    header = f"MSH|^~\\&|{sender}|CLINIC|||{written(at(minutes))}||{kind}|{own}|P|2.4||||||{label}"
    return ("\r".join([header, *segments]) + "\r").encode("utf-8")


def pid(
    number: str = "100", family: str = "Dupont", given: str = "Marie", birth: str = "19600102", mother: str = ""
) -> str:
    return f"PID|1||{number}^^^^PI||{family}^{given}||{birth}|F|||||||||||||{mother}"


def pv1(bed: str = "MED^01^1", visit: str = "V1", care: str = "I", before: str = "") -> str:
    return f"PV1|1|{care}|{bed}|||{before}|||||||||||||{visit}"


def adt(event: str, minutes: float, *more: str, who: str = "", where: str = "", **words: str) -> bytes:
    return message(f"ADT^{event}", minutes, f"EVN|{event}", who or pid(), where or pv1(), *more, **words)


def census_of(*messages: bytes, received: float | None = None) -> Census:
    """Fold them in this order, each received ten seconds after the newest that could have been sent."""
    census = Census()
    for seq, data in enumerate(messages, 1):
        when = at(10_000) if received is None else received
        census.take(seq, when, read_hl7(data, seq, when, f"{hash(data):x}", Manner()))
    return census


def beds(census: Census) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in census_view(census).rows:
        place = row.place
        found.setdefault("/".join((place.ward, place.room, place.bed)), []).append(row.patient.number)
    return found


def only(census: Census) -> Row:
    (row,) = census_view(census).rows
    return row
