"""A desk with paper out, for tests: two patients in the feed, a ward pack printed, a downtime number that is given.

The pack K7Q2MX of ward MED: page 1 census, 2 and 3 Marie Dupont's (100), 4 and 5 Jan Peeters' (200), 6 to 9 blank
forms, all of them printed once; page 6 twice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from feed_words import adt, at, message, pid, pv1

from garde.clock import VirtualClock
from garde.desk.back_entry import BackEntry
from garde.desk.config import Config
from garde.desk.program import set_up
from garde.downtime.book import Book
from garde.downtime.entry.items import Keying, read_keying
from garde.downtime.store.messages import Form, Heard, MessageStore
from garde.downtime.store.seal import Seal
from garde.journal import Payload
from garde.journal.paper_kinds import (
    DowntimeBegan,
    DowntimeEnded,
    NumberIssued,
    NumbersReserved,
    PackMade,
    SheetsPrinted,
)

PACK = "K7Q2MX"
DIGEST = "9f3a01bc" + "0" * 56
TITLES = ("census", "patient", "MAR 1/1", "patient", "MAR 1/1", *("blank: notes",) * 4)
PEOPLE = {2: "100", 3: "100", 4: "200", 5: "200"}
NUMBER = "D1-000017-X"  # not checked here: the numbers' own tests do that
BEGAN = at(180)
NOW = at(600)
FEED = (
    adt("A01", 0, "AL1|1|DA|7980^Penicillin||rash", who=pid("100", "Dupont", "Marie"), where=pv1("MED^01^1", "V1")),
    adt("A01", 1, "AL1|1|DA|716186003^No known allergy", who=pid("200", "Peeters", "Jan"), where=pv1("MED^01^2", "V2")),
    message("RDE^O11", 2, pid("100"), "ORC|NW|RX1", "RXE|^BID|N02BE01^Paracetamol|1||g"),
    message("RDE^O11", 3, pid("200", "Peeters", "Jan"), "ORC|DC|RX2", "RXE|^BID|B01AB05^Enoxaparin|40||mg"),
    message("RAS^O17", 5, pid("100"), "ORC|RE|RX1", "RXA|0|1|20260302070500||N02BE01^Paracetamol|1|g"),
)


def made(state: Path, *, own: tuple[str, ...] = ("CLINIC",)) -> Path:
    """Set the desk up; returns its state directory."""
    set_up(state, Config("Clinic", own=own))
    seal = Seal.load(state)
    with MessageStore(state, seal) as store:
        store.append([Heard(each, at(number), Form.HL7) for number, each in enumerate(FEED)])
    add(state, *paper(seal_of(state)))
    return state


def seal_of(state: Path) -> Any:
    return Book(state, Seal.load(state), VirtualClock()).seal


def paper(seal: Any) -> tuple[Payload, ...]:
    people = seal({str(page): number for page, number in PEOPLE.items()})
    return (
        PackMade(PACK, "MED", "ward", 9, "00", 1.0, "schedule", 0.5, TITLES, people, digest=DIGEST),
        DowntimeBegan("nina", BEGAN),
        SheetsPrinted("r1", PACK, "MED", tuple(range(1, 10)), 1, "usb", "nina"),
        SheetsPrinted("r2", PACK, "MED", (6,), 1, "usb", "nina"),
        NumbersReserved("b1", "D1", 1, 100, "MED", "nina"),
        NumberIssued(NUMBER, "MED", "nina", at(200), seal({"family": "Unknown"})),
    )


def add(state: Path, *payloads: Payload, moment: float = NOW) -> None:
    with Book(state, Seal.load(state), VirtualClock(moment)) as book:
        book.add(*payloads)


def back(state: Path) -> None:
    """The record is back."""
    add(state, DowntimeEnded("nina"))


def work(state: Path, by: str = "nina", moment: float = NOW) -> BackEntry:
    return BackEntry(state, VirtualClock(moment), by)


def item(kind: str, patient: str = "100", sheet: str = f"{PACK}.3", **more: Any) -> Keying:
    """An item as it is typed: `observed`, `author` and the like go to the item's frame, the rest to the item itself."""
    import json

    frame = ("observed", "author", "on_behalf", "replaces", "out_of_order", "check")
    outer = {name: more.pop(name) for name in frame if name in more}
    usual = {"patient": patient, "sheet": sheet, "observed": at(300), "author": "Dr Smet"}
    return read_keying(json.dumps({**usual, **outer, "item": {"kind": kind, **more}}).encode())
