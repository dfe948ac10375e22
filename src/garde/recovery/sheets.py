"""The way back as paper: the order of restart to tick off, and a return-to-service record for each server.

Comes in: waves and gates as the engine sees them, the estate, a speaker, the time. Goes out: `Document`s for
`garde.paper`, A4, black and white. They count where no screen does: what is known is printed, what is not is left to
the pen. It starts no process itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from garde.estate.look import Lookup
from garde.journal.recovery_words import ANSWERS, ITEMS, SIDES, STATUS
from garde.journal.speech import Said, Say, long_time, mark, short_time
from garde.journal.text import plain
from garde.model.restart import Answer, Item, Stage
from garde.paper.document import Document
from garde.recovery.judged import Gate, ItemView, PointView, Row, SignatureView, Span, Wave
from garde.recovery.reasons import Reason
from garde.recovery.words import say_reason

TEMPLATES: Final = Path(__file__).parent / "templates"
STEPS: Final[dict[str, str]] = {
    Stage.ISOLATED: mark("Isolated"),
    Stage.VERIFIED: mark("Verified"),
    Stage.OBSERVING: mark("Watched"),
    Stage.LISTED: mark("Listed flows"),
    Stage.OPEN: mark("Open"),
}
WEIGHT: Final = {"not_impacted": "line", "suspect": "dashed", "impacted": "grey", "rebuilt": "line"}
_ROOMY: Final = 3  # items with something found against them up to which a record is set in its usual size
_BLANK: Final = "__________________"
FOUND: Final = 64  # characters of what a machine's checks found: a record is one page


@dataclass(frozen=True, slots=True)
class Record:
    """What one record is made of."""

    gate: Gate
    row: Row
    placed: PointView | None  # the point that its data come from


@dataclass(frozen=True, slots=True)
class Paper:
    """Whose paper it is, in which language, as of when."""

    look: Lookup
    say: Say
    at: float  # wall seconds


# --- the order --------------------------------------------------------------------------------------------------------


def order_sheet(
    paper: Paper, waves: Sequence[Wave], warnings: Sequence[Reason], hours: tuple[float, float], decided: str = ""
) -> Document:
    """Return the order of restart. `hours`: alone and watched, with listed flows; `decided`: who did, "" nobody."""
    say = paper.say
    name = plain(paper.look.estate.name)
    title = say("{hospital}: order of restart, {time}", hospital=name, time=long_time(paper.at))
    by = say("Decided by {who}.", who=decided) if decided else say("PROPOSED: nobody has decided it yet.")
    data: dict[str, Any] = {
        "hospital": name,
        "heading": say("Order of restart"),
        "as_of": say("As of"),
        "time": long_time(paper.at),
        "lead": say(
            "{by} Nobody begins a server before what it needs is verified. Watched alone for {observe} h, then its "
            "listed flows for {listed} h, then open. Anything seen: cut it and its wave again, and say so at once.",
            by=by, observe=_hours(hours[0], say), listed=_hours(hours[1], say),
        ),
        "warnings": [say_reason(each, say, paper.look) for each in warnings],
        "server": say("Server"),
        "needs": say("Needs first"),
        "steps": [say(each) for each in STEPS.values()],
        "initials": say("Initials"),
        "waves": [_wave(each, paper) for each in waves],
        "sign": [say("Who leads the way back"), say("Crisis coordinator"), say("Date and time")],
        "foot": say("An older page counts no more: throw it away when a new one comes."),
    }  # fmt: skip
    return Document(TEMPLATES / "order.typ", data, title, say.language, paper.at, tagged=False)


def _wave(wave: Wave, paper: Paper) -> dict[str, Any]:
    say = paper.say
    heading = say("Wave {n}", n=wave.number) if wave.number else say("In no wave")
    note = say("They return together, and are cut again together.") if wave.number and len(wave.rows) > 1 else ""
    return {"heading": heading, "note": note, "rows": [_row(each, paper) for each in wave.rows]}


def _row(row: Row, paper: Paper) -> dict[str, Any]:
    look, say = paper.look, paper.say
    machine = look.machines.get(row.machine)
    address = plain(machine.addresses[0]) if machine and machine.addresses else ""
    cut = row.stage == Stage.RECUT
    reached = {} if cut else _times(row.spans)
    return {
        "name": _machine(row.machine, look),
        "below": " · ".join(filter(None, [address, _services(row.services, paper)])),
        "needs": ", ".join(_machine(each, look) for each in row.needs),
        "status": say.word(STATUS, row.status) if row.status != "not_impacted" else "",
        "weight": WEIGHT.get(row.status, "line"),
        "recut": say("CUT AGAIN {time}", time=short_time(row.since, paper.at)) if cut else "",
        "steps": [
            {"done": each in reached, "at": short_time(reached[each], paper.at) if each in reached else ""}
            for each in STEPS
        ],
    }


def _times(spans: Sequence[Span]) -> Mapping[str, float]:
    """Return when each stage of the last round was reached."""
    newest = max((span.round for span in spans), default=0)
    return {span.stage: span.begin for span in spans if span.round == newest}


# --- the records ------------------------------------------------------------------------------------------------------


def record_sheet(paper: Paper, records: Sequence[Record]) -> Document:
    """Return the return-to-service records, a page each."""
    say, name = paper.say, plain(paper.look.estate.name)
    title = say("{hospital}: return to service, {time}", hospital=name, time=long_time(paper.at))
    data: dict[str, Any] = {
        "hospital": name,
        "heading": say("Return to service"),
        "as_of": say("As of"),
        "time": long_time(paper.at),
        "heads": ["", say("Item"), say("Machine, outside"), say("yes"), say("NO"), say("Exception until"),
                  say("Who, when")],
        "records": [_record(each, paper) for each in records],
        "name": say("Name, role"),
        "signature": say("Signature, date and time"),
        "plug": say("If anything is seen, its network cable is pulled by (name, telephone):"),
        "foot": say("All thirteen yes, or excepted with an end date by a named person. The two signatures are of two "
                    "different people. Paper counts on each ward until the ward itself switches back."),
    }  # fmt: skip
    return Document(TEMPLATES / "record.typ", data, title, say.language, paper.at, tagged=False)


def _record(record: Record, paper: Paper) -> dict[str, Any]:
    gate, say = record.gate, paper.say
    return {
        "id": gate.machine,
        "name": _machine(gate.machine, paper.look) or _BLANK,
        "status": [{"on": gate.round > 0 and gate.status == each, "word": say(word)} for each, word in STATUS.items()],
        "lines": _lines(record, paper),
        "again": _again(record, paper),
        "items": [_item(number, each, paper) for number, each in enumerate(gate.items, 1)],
        "signatures": [_signature(side, gate.signatures, paper) for side in SIDES],
        "dense": sum(bool(each.found) for each in gate.items) > _ROOMY,
    }


def _lines(record: Record, paper: Paper) -> list[dict[str, str]]:
    row, say, look = record.row, paper.say, paper.look
    machine = look.machines.get(row.machine)
    where = ", ".join(plain(each) for each in machine.addresses) if machine else ""
    wave = say("Wave {n}", n=row.wave) if row.wave else say("In no wave")
    found = [
        (say("Machine"), f"{plain(row.machine)} · {where}" if where else plain(row.machine)),
        (say("Wave, round"), say("{wave}, round {n}", wave=wave, n=max(record.gate.round, 1))),
        (say("Used by"), _services(row.services, paper) or say("no service")),
        (say("Needs first"), ", ".join(_machine(each, look) for each in row.needs) or say("nothing")),
        (say("Data from"), _point(record, paper)),
        (say("Watched alone"), _watched(row, paper)),
    ]
    return [{"label": label, "value": value if row.machine else _BLANK} for label, value in found]


def blank_record() -> Record:
    """Return the record of a server that nobody has described yet: everything is left to the pen."""
    items = tuple(ItemView(item, Answer.UNKNOWN, False) for item in Item)
    return Record(Gate("", 0, Stage.WAITING, "", items), Row("", 0, Stage.WAITING, 0, "", 0.0, 0.0), None)


def _again(record: Record, paper: Paper) -> str:
    """Return the line that the wards need; "" where nothing was brought back and nothing has to be."""
    placed, say = record.placed, paper.say
    if placed and placed.enter_after:
        return say("Data after {time} must be entered again.", time=long_time(placed.enter_after))
    return "" if _untouched(record) else say("Data after ____ : ____ must be entered again.")


def _untouched(record: Record) -> bool:
    data = record.gate.item(Item.DATA)
    return record.placed is None and data.answer == Answer.YES and data.by == ("hub",)


def _point(record: Record, paper: Paper) -> str:
    placed = record.placed
    if _untouched(record):
        return paper.say("nothing has to be brought back")
    if placed is None:
        return paper.say("not decided yet: ______________________________")
    return paper.say("{store}, {point}, taken {time}", store=placed.store, point=placed.point[:16],
                     time=long_time(placed.taken_at))  # fmt: skip


def _watched(row: Row, paper: Paper) -> str:
    """Return from when until when, as far as it is known."""
    times = _times(row.spans)
    begin = long_time(times[Stage.OBSERVING]) if Stage.OBSERVING in times else _BLANK
    end = long_time(times[Stage.LISTED]) if Stage.LISTED in times else _BLANK
    return paper.say("from {begin} to {end}", begin=begin, end=end)


def _item(number: int, item: ItemView, paper: Paper) -> dict[str, Any]:
    say = paper.say
    people = [each for each in item.by if "/" not in each and each not in ("hub", "rule") and item.item != Item.SIGNED]
    said_by_machine = any("/" in each for each in item.by)  # what the hub alone still lacks, a pen may tick
    yes = item.answer == Answer.YES
    found = _short_line("; ".join(item.found)) if item.answer == Answer.NO else ""
    who = ", ".join(_person(each, paper.look) for each in people)
    return {
        "number": number,
        "text": _capital(say.word(ITEMS, item.item)),
        "found": found,
        "machine": _machines_say(item, paper),
        "yes": yes,
        "no": item.answer == Answer.NO and bool(people or said_by_machine),
        "until": short_time(item.excepted_until, paper.at) if item.excepted_until and not item.expired else "",
        "who": _person(item.excepted_by, paper.look) if item.excepted_by else who,
    }


def _machines_say(item: ItemView, paper: Paper) -> str:
    """Return who of machines and hub spoke, and what is to be read from it."""
    said = [each for each in item.by if "/" in each or each == "hub"]
    if not said:
        return ""
    answer = paper.say.word(ANSWERS, item.answer)
    names = [paper.say("hub") if each == "hub" else _machine(each.partition("/")[2], paper.look) for each in said]
    return paper.say("{answer} ({who})", answer=answer, who=Said(", ".join(names)))


def _signature(side: str, given: Sequence[SignatureView], paper: Paper) -> dict[str, str]:
    found = next((each for each in given if each.side == side and each.counts), None)
    return {
        "side": _capital(paper.say.word(SIDES, side)),
        "by": _person(found.by, paper.look) if found else "",
        "at": long_time(found.at) if found else "",
    }


# --- words ------------------------------------------------------------------------------------------------------------


def _machine(name: str, look: Lookup) -> Said:
    found = look.machine(name)
    return Said(plain((found.name or found.id) if found else name))


def _person(login: str, look: Lookup) -> Said:
    found = look.person(login)
    return Said(plain(found.name if found and found.name else login))


def _services(services: Sequence[str], paper: Paper) -> str:
    return ", ".join(plain(paper.look.label(each, paper.say.language, "services")) for each in services)


def _hours(seconds: float, say: Say) -> Said:
    hours = seconds / 3_600
    return say("{n}", n=round(hours)) if hours == round(hours) else say.tenths(hours)


def _short_line(text: str) -> str:
    return text if len(text) <= FOUND else f"{text[: FOUND - 1]}…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
