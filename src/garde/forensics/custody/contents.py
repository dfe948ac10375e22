"""What stands in a bundle beside the evidence: a timeline, who did what, indicators, the list of it, a word ahead.

Comes in: entries of the journal, the state, a speaker. Goes out: bytes of files. It opens nothing and writes nothing.
Tables are CSV for whoever has no tool of ours; no cell of them begins a formula. Everything names its entries.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from garde.clock import iso
from garde.forensics.custody.store import Item as Kept
from garde.forensics.memory import Case, Item, State
from garde.journal.entry import AGENT, Entry
from garde.journal.forensic_kinds import EvidenceReferred, EvidenceTaken, NoteTaken
from garde.journal.speech import Say
from garde.journal.text import Text, plain
from garde.journal.words import line

_FORMULA: Final = ("=", "+", "-", "@")
README: Final = """Evidence of {hospital}, incident {incident}. Made by Garde {at}.

journal.jsonl   the hub's whole journal up to the moment when this was made: every entry with its hash, signed checkpoints, the words
timeline.csv    the same entries in plain words, in order
people.csv      those of them that a person said
indicators.csv  names, digests and addresses that were seen, each with its entry
evidence.json   every item: who took it, when, where it was, its digest, whether it lies here or elsewhere, each time it changed hands
evidence/       the items that lie here, each under its id. They are as they were found: OPEN THEM ON NO MACHINE THAT MATTERS
custody.pdf     the form that goes with it, to be signed at each hand-over

Whether all of it is as it was signed: garde evidence verify FOLDER --key KEY
The key must come from the hospital by another way (it is printed on the form, and on the hub: hub.pub).
Without Garde: sha256sum -c manifest-sha256.txt; sha256sum -c tagmanifest-sha256.txt
"""  # noqa: E501 - a file for people, not code


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one item, as its entry has them."""

    name: Text
    place: Text
    detail: str
    by: str
    at: float


def words_of(entries: Iterable[Entry]) -> dict[str, Words]:
    """Return the words of every item, by its id; the first entry counts."""
    found: dict[str, Words] = {}
    for entry in entries:
        match entry.payload:
            case EvidenceTaken(item=item) as taken:
                by = f"agent of {entry.who.removeprefix(AGENT)}"
                found.setdefault(item, Words(taken.name, taken.place, taken.detail, by, taken.taken_at))
            case EvidenceReferred(item=item) as told:
                found.setdefault(item, Words(told.name, told.place, told.note.shown(), told.by, entry.at))
    return found


# --- tables -----------------------------------------------------------------------------------------------------------


def timeline(entries: Iterable[Entry], say: Say, *, people: bool = False) -> Iterator[bytes]:
    """Yield a table of entries in plain words; `people`: only what a person said."""
    yield _row("entry", "at", "who", "kind", "text")
    for entry in entries:
        if not people or entry.who.startswith("person/"):
            yield _row(entry.seq, iso(entry.at), plain(entry.who), entry.kind, line(entry, say).text)


def indicators(state: State, case: Case, notes: Mapping[int, NoteTaken], words: Mapping[str, Words]) -> list[bytes]:
    """Return a table of what to look for elsewhere. `notes`: of this case, by their entry."""
    rows: list[tuple[str, str, int]] = []
    for seq, note in notes.items():
        rows += [("note_name", note.name.shown(), seq), ("sha256", note.sha256, seq)]
    rows += [("ending", each.ending, each.seq) for each in state.endings if each.incident in (case.id, "")]
    for each in state.items.values():
        if each.sort == "sample" and each.incident in (case.id, ""):
            known = words.get(each.item)
            rows += [("sha256", each.sha256, each.seq), ("file_name", known.name.shown() if known else "", each.seq)]
    if case.spread is not None:
        rows += [("address", each, case.spread.seq) for each in case.suspects]
    if case.origin is not None:
        rows += [("address", each.address, case.origin.seq) for each in case.origin.hops]
    rows += [("address", each.to, each.seq) for each in state.egress if each.incident in (case.id, "")]
    seen = {(sort, value): seq for sort, value, seq in reversed(rows) if value}
    return [_row("sort", "value", "entry"), *(_row(sort, plain(value), seq) for (sort, value), seq in seen.items())]


def _row(*cells: object) -> bytes:
    made = io.StringIO()
    csv.writer(made, lineterminator="\n").writerow([_cell(each) for each in cells])
    return made.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> object:
    """No cell is a formula where somebody opens the table in a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


# --- the list of evidence ---------------------------------------------------------------------------------------------


def of_case(state: State, case: Case) -> list[Item]:
    """Return the evidence of an incident, in the order in which it was taken."""
    own = (each for each in state.items.values() if each.incident in (case.id, ""))
    return sorted(own, key=lambda each: each.seq)


def listed(items: Sequence[Item], words: Mapping[str, Words], here: Mapping[str, Kept]) -> list[dict[str, Any]]:
    """Return each item as plain data. `here`: those whose bytes are in the bundle."""
    return [_listed(each, words.get(each.item), here.get(each.item)) for each in items]


def _listed(item: Item, words: Words | None, kept: Kept | None) -> dict[str, Any]:
    return {
        "item": item.item,
        "sort": item.sort,
        "name": words.name.shown() if words else "",
        "place": words.place.shown() if words else "",
        "machine": item.machine,
        "taken_by": plain(words.by) if words else "",
        "taken_at": iso(item.taken_at),
        "clock_offset_s": item.clock_offset_s if item.offset_known else None,
        "size": kept.size if kept else item.size,
        "sha256": item.sha256,
        "pair": item.pair,
        "detail": plain(words.detail) if words else "",
        "file": f"evidence/{item.item}" if kept else None,
        "entry": item.seq,
        "moves": [
            {"at": iso(each.at), "to": each.to, "by": each.by, "same": each.same, "entry": each.seq}
            for each in item.moves
        ],
    }  # fmt: skip


def as_json(value: Any) -> bytes:
    """Return data as JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(value)) + b"\n"


def readme(hospital: str, incident: str, at: float) -> bytes:
    """Return the word ahead."""
    return README.format(hospital=plain(hospital), incident=plain(incident), at=iso(at)).encode()
