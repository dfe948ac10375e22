"""What `garde sheet` shows: lines for people, or one object a line.

Comes in: typed results of `garde.desk.back_entry` and `garde.desk.out`. Goes out: lines, and exit code 9 where
something is left that a person must look at. Whatever was typed or came from a feed or a scan is escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from garde.clock import iso
from garde.errors import Incomplete
from garde.journal.text import plain

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.desk.back_entry import BackEntry, Scanned
    from garde.desk.out import Sent
    from garde.downtime.entry.account import Account, Count, Sheet
    from garde.downtime.entry.outbox import Message
    from garde.downtime.entry.state import Item
    from garde.journal import Entry

_LOST = ("missing", "open", "unsure", "stray")
_SAID = {
    "open": "NOT BACK",
    "missing": "MISSING",
    "unsure": "may never have come out of the printer",
    "stray": "is here, but nobody said that it was printed",
}


def _counts(count: Count) -> dict[str, int]:
    names = ("printed", "entered", "scanned", "void", "missing", "open", "unsure", "stray")
    return {name: getattr(count, name) for name in names}


# --- the account ------------------------------------------------------------------------------------------------------


def show_account(work: BackEntry, screen: Screen, pack: str, ward: str, *, names: bool) -> int:
    """Show the account; exit code 9 while a sheet is open, or cannot be explained."""
    found = work.account(pack=pack.strip().upper(), place=ward)
    lost = found.standing(*_LOST)
    listed = [_sheet(work, each, names=names) for each in lost]
    screen.data({"kind": "sheet_account", "whole": found.total.whole, **_counts(found.total), **_parts(found)})
    for each in listed:
        screen.data({"kind": "sheet", **each})
    _say_count("", found.total, screen)
    for place, count in found.places.items():
        _say_count(place or "(no ward)", count, screen)
    for sheet, told in zip(lost, listed, strict=True):
        screen.line(f"  {_SAID[sheet.standing]}: {_named(told)}", "bad" if sheet.standing != "unsure" else "warn")
    if found.total.whole:
        screen.line("Every sheet is accounted for", "good")
    return 0 if found.total.whole else Incomplete.exit_code


def _parts(found: Account) -> dict[str, Any]:
    packs = {name: _counts(count) for name, count in found.packs.items()}
    return {"packs": packs, "wards": {name: _counts(count) for name, count in found.places.items()}}


def _sheet(work: BackEntry, sheet: Sheet, *, names: bool) -> dict[str, Any]:
    printing = sheet.printing
    told: dict[str, Any] = {
        "sheet": str(sheet.code), "title": sheet.title, "ward": sheet.place, "standing": sheet.standing,
        "run": printing.run if printing else "", "printer": printing.printer if printing else "",
        "printed_at": iso(printing.at) if printing else "", "printed_by": printing.by if printing else "",
        "fault": printing.fault if printing else "", "said_by": sheet.word.by if sheet.word else "",
    }  # fmt: skip
    if names and (owner := work.owner(sheet.code)):
        view = work.records.view(owner)
        person = view.person.value if view else None
        told |= {"patient": owner, "name": f"{person.family} {person.given}".strip() if person else ""}
    return told


def _named(told: dict[str, Any]) -> str:
    parts = [told["sheet"], told["title"], told["ward"]]
    if told["run"]:
        parts.append(f"printed {told['printed_at']} on {told['printer']} by {told['printed_by']} ({told['run']})")
    parts += [told["fault"], told.get("patient", ""), told.get("name", "")]
    return plain(", ".join(part for part in parts if part))


def _say_count(place: str, count: Count, screen: Screen) -> None:
    words = ", ".join(f"{number} {name}" for name, number in _counts(count).items() if number and name != "printed")
    open_ = not count.whole
    screen.line(plain(f"{place or 'All'}: {count.printed} printed = {words or 'none'}"), "warn" if open_ else "good")


# --- scans ------------------------------------------------------------------------------------------------------------


def show_progress(name: str, page: int, of: int, screen: Screen) -> None:
    screen.data({"kind": "scan_page", "file": name, "page": page, "of": of})
    if page % 10 == 0:
        screen.line(plain(f"{name}: page {page} of {of}"), "dim")


def show_scan(found: Scanned, screen: Screen) -> None:
    screen.data(
        {
            "kind": "scan", "file": found.name, "scan": found.scan, "pages": found.pages, "known": found.known,
            "sheets": [{"page": page, "sheet": sheet} for page, sheet in found.sheets],
            "unmatched": [{"page": page, "reason": reason} for page, reason in found.unmatched],
        }
    )  # fmt: skip
    if found.known:
        screen.line(plain(f"{found.name}: the same file was taken before"), "warn")
        return
    screen.line(plain(f"{found.name}: {found.pages} pages, {len(found.sheets)} sheets"), "good")
    for page, reason in found.unmatched:
        screen.line(
            f"  page {page}: {plain(reason)}; say which it is: garde sheet scan {found.scan[:8]}/{page} --as …", "warn"
        )


def show_unplaced(pictures: list[str], screen: Screen) -> int:
    for each in pictures:
        screen.data({"kind": "unplaced", "page": each})
        screen.line(f"Nobody has said which sheet {each} is", "warn")
    if not pictures:
        screen.line("Every scanned page has its sheet", "good")
    return len(pictures)


# --- keying -----------------------------------------------------------------------------------------------------------


def show_entries(entries: list[Entry], screen: Screen) -> None:
    """Show what was written down, in the journal's own words."""
    from garde.journal.speech import say_in
    from garde.journal.words import line

    for entry in entries:
        screen.data({"kind": entry.kind, "seq": entry.seq, "at": iso(entry.at), **_plain_fields(entry)})
        said = line(entry, say_in("en"))
        screen.line(said.text, said.tone)


def _plain_fields(entry: Entry) -> dict[str, Any]:
    """The payload without what is sealed."""
    from dataclasses import fields

    from garde.journal import Text

    found = {each.name: getattr(entry.payload, each.name) for each in fields(entry.payload)}  # type: ignore[arg-type]
    return {name: value for name, value in found.items() if not isinstance(value, Text)}


def show_check(work: BackEntry, entries: list[Entry], screen: Screen) -> None:
    show_entries(entries, screen)
    for entry in entries:
        item = work.now().items[getattr(entry.payload, "item", "")]
        screen.line("    " + plain(_words(item)), "dim")


def show_next(work: BackEntry, patient: str, screen: Screen) -> None:
    """Show how far a patient is, and every item that was keyed."""
    from garde.downtime.entry.sending import by_hand

    found = work.guide(patient)
    items = [each for each in work.now().items_of(found.subject) if each.counts]
    screen.data(
        {
            "kind": "next", "patient": found.subject, "next": found.next,
            "steps": [{"step": each.step, "closed": each.closed, "items": each.items} for each in found.steps],
            "to_check": [each.item for each in found.waits], "not_agreed": [each.item for each in found.refused],
            "by_hand": [each.item for each in by_hand(work.now(), found.subject)],
            "items": [_item(each) for each in items],
        }
    )  # fmt: skip
    for each in found.steps:
        tone = "good" if each.closed else "note"
        screen.line(f"{'✓' if each.closed else '·'} {each.step}: {each.items} items", tone)
    for item in items:
        screen.line("    " + plain(_words(item)), "warn" if item.waits or item.refused else "dim")
    for item in by_hand(work.now(), found.subject):
        screen.line(f"{item.item} is never sent: whoever may prescribe enters it in the record", "note")
    screen.line(f"Next: {found.next or 'sign: garde sheet switch'}", "title")


def _item(item: Item) -> dict[str, Any]:
    import msgspec

    kept: dict[str, Any] = msgspec.to_builtins(item.kept) if item.kept else {}
    return {
        "item": item.item, "step": item.step, "sheet": item.sheet, "observed": iso(item.observed), "by": item.by,
        "at": iso(item.at), "to_check": item.waits, "checked_by": [check.by for check in item.checks if check.agrees],
        "content": kept,
    }  # fmt: skip


def _words(item: Item) -> str:
    if item.kept is None:
        return f"{item.item} cannot be opened"
    form = item.kept.item
    values = [str(getattr(form, name)) for name in form.__struct_fields__ if getattr(form, name) not in ("", False)]
    mark = " — A SECOND PERSON MUST LOOK" if item.waits else " — NOT AGREED" if item.refused else ""
    author = f", written by {item.kept.author}" if item.kept.author else ""
    return f"{item.item} {iso(item.observed)} {' '.join(values)} ({item.sheet}{author}, keyed by {item.by}){mark}"


def show_discrepancies(work: BackEntry, patient: str, ward: str, screen: Screen) -> int:
    found = work.discrepancies(patient=patient, place=ward)
    for each in found:
        screen.data(
            {
                "kind": "discrepancy", "item": each.item, "patient": each.subject, "ward": each.place,
                "what": each.kind.value, "detail": each.detail,
            }
        )  # fmt: skip
        detail = f" ({each.detail})" if each.detail else ""
        screen.line(
            plain(f"{each.place or '(no ward)'}  {each.subject}  {each.item}: {each.kind.value}{detail}"), "bad"
        )
    if not found:
        screen.line("Nothing that does not fit", "good")
    return Incomplete.exit_code if found else 0


def show_wards(work: BackEntry, screen: Screen) -> None:
    for each in work.wards():
        screen.data(
            {
                "kind": "ward", "ward": each.place, "patients": each.patients, "switched": each.switched,
                "per_cent": each.per_cent,
            }
        )  # fmt: skip
        tone = "good" if each.switched == each.patients else "warn"
        place = plain(each.place or "(no ward)")
        screen.line(f"{place}: {each.switched} of {each.patients} switched back ({each.per_cent} %)", tone)


# --- out --------------------------------------------------------------------------------------------------------------


def show_sent(message: Message, answer: str, screen: Screen) -> None:
    screen.data(
        {
            "kind": "message", "message": message.message, "about": message.about, "form": message.form,
            "answer": answer, "detail": message.detail,
        }
    )  # fmt: skip
    tone = "good" if message.accepted else "bad"
    words = f"{message.about} {message.message}: {answer or 'no answer'} {message.detail}".rstrip()
    screen.line(plain(words), tone)


def show_outcome(told: Sent, screen: Screen) -> int:
    screen.data(
        {
            "kind": "sent", "taken": len(told.taken), "left": told.left, "stopped": told.stopped,
            "refused": [{"message": message, "said": said} for message, said in told.refused],
        }
    )  # fmt: skip
    screen.line(f"{len(told.taken)} taken, {told.left} left", "good" if not told.left else "warn")
    for message, said in told.refused:
        screen.line(
            plain(f"  refused: {message} {said}; mend it and say --again {message}, or --by-hand {message}"), "bad"
        )
    if told.stopped:
        screen.line(plain(f"Stopped: {told.stopped}. The same call goes on where it stopped."), "bad")
    return Incomplete.exit_code if told.left else 0
