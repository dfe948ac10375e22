"""Packs, printings and returns for tests: what matters is named, the rest is as usual."""

from __future__ import annotations

from typing import Any

from garde.downtime.entry.account import Account, Sheets, account, project
from garde.journal import Entry, Payload
from garde.journal.paper_kinds import PackMade, SheetReturned, SheetsPrinted

TITLES = ("census", "patient", "MAR 1/1", "blank: notes")


def entries(*payloads: Payload) -> list[Entry]:
    return [Entry(seq, 1000.0 + seq, "t", "k", payload, "", "") for seq, payload in enumerate(payloads, 1)]


def folded(*payloads: Payload) -> Sheets:
    state = Sheets()
    for entry in entries(*payloads):
        project(state, entry)
    return state


def of(*payloads: Payload, **words: Any) -> Account:
    return account(folded(*payloads), **words)


def pack(name: str = "K7Q2MX", place: str = "MED") -> PackMade:
    return PackMade(name, place, "ward", 4, "00", 1.0, "hand", 0.1, TITLES)


def printed(
    *pages: int, copies: int = 1, run: str = "r1", name: str = "K7Q2MX", place: str = "MED", fault: str = ""
) -> SheetsPrinted:
    return SheetsPrinted(run, name, place, pages, copies, "usb", "nina", fault)


def back(sheet: str, how: str = "entered", scan: str = "") -> SheetReturned:
    return SheetReturned(sheet, how, "nina", scan)


def named(found: Account, standing: str) -> list[str]:
    return [str(each.code) for each in found.standing(standing)]
