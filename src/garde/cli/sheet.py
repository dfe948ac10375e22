"""`garde sheet`: every printed sheet accounted for, and paper back into the record.

Comes in: an action and its words, an item as JSON. Goes out: what is missing, what is next, what does not fit, what was
sent. It works on the desk's state itself, beside the running desk. What is done is in `garde.desk.back_entry` and
`garde.desk.out`, what is shown in `sheet_view`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from garde.cli.downtime import DEFAULT_STATE, DeskState
from garde.cli.options import Json, LabClock

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.desk.back_entry import BackEntry

Action = Annotated[
    Literal[
        "account", "scan", "returned", "void", "missing", "close", "key", "check", "next", "discrepancies", "switch",
        "switched", "send", "export",
    ],
    Parameter(
        help="Show what came back and what is missing; read scanned sheets; say that sheets came back, are void, are "
        "missing; end packs; key an item; look at one as the second person; show what is next for a patient; what does "
        "not fit; sign a patient back into the record; show wards by per cent; send to the record; write files for it."
    ),
]  # fmt: skip
Words = Annotated[
    list[str] | None,
    Parameter(
        name="WHAT",
        help="account, close: packs. scan: files. returned, void, missing: sheets (K7Q2MX.12, K7Q2MX.12-40). key, "
        "next, discrepancies, switch: a patient's number. check: an item. export: a folder.",
    ),
]
By = Annotated[str, Parameter(name="--by", help="Who says it, where several people use one login.")]
Note = Annotated[str, Parameter(name="--note", help="Why, in words; kept sealed.")]
Ward = Annotated[str, Parameter(name="--ward", help="account, discrepancies: of one ward.")]
Names = Annotated[bool, Parameter(name="--names", negative=(), help="account: say whose sheets they are.")]
As = Annotated[str, Parameter(name="--as", help="scan: the page FILE/PAGE is this sheet.")]
Item = Annotated[str, Parameter(name="--item", help="key: the item as JSON. Default: from standard input.")]
WholeStep = Annotated[
    str, Parameter(name="--whole", help="key: all of this step is keyed; `rest`: paper has nothing more.")
]
OutOfOrder = Annotated[str, Parameter(name="--out-of-order", help="key: why a later step comes first.")]
Disagree = Annotated[bool, Parameter(name="--disagree", negative=(), help="check: it is not what paper says.")]
Signed = Annotated[str, Parameter(name="--signed", help="switch: the name of who signs.")]
Accept = Annotated[str, Parameter(name="--accept", help="switch: why, although something is open.")]
To = Annotated[str, Parameter(name="--to", help="send: HOST:PORT. Default: `record.address` of desk.json.")]
Again = Annotated[str, Parameter(name="--again", help="send: a refused message may go once more.")]
ByHand = Annotated[str, Parameter(name="--by-hand", help="send: a refused message's content was entered by hand.")]
Form = Annotated[Literal["hl7", "fhir"], Parameter(name="--form", help="export: HL7 v2 or a FHIR R4 transaction.")]


def sheet(
    action: Action,
    what: Words = None,
    /,
    *,
    state: DeskState = DEFAULT_STATE,
    by: By = "",
    note: Note = "",
    ward: Ward = "",
    names: Names = False,
    as_sheet: As = "",
    item: Item = "",
    whole: WholeStep = "",
    out_of_order: OutOfOrder = "",
    disagree: Disagree = False,
    signed: Signed = "",
    accept: Accept = "",
    to: To = "",
    again: Again = "",
    by_hand: ByHand = "",
    form: Form = "hl7",
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Account for every printed sheet, and bring paper back into the record with nothing lost.

    Example: garde sheet void K7Q2MX.12-40 --note unused --state /var/lib/garde-downtime
    """
    from garde.cli import sheet_view as view
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen
    from garde.desk.back_entry import BackEntry

    screen, words = Screen(as_json), list(what or ())
    with BackEntry(state.absolute(), clock_of(lab_clock), by) as work:
        match action:
            case "account":
                return view.show_account(work, screen, _one(words), ward, names=names)
            case "scan":
                return _scan(work, words, as_sheet, note, screen)
            case "returned" | "void" | "missing":
                how = {"returned": "entered"}.get(action, action)
                view.show_entries(work.say(words, how, note), screen)
            case "close":
                view.show_entries(work.close(words, note), screen)
            case "key":
                _key(work, _one(words), item, (whole, out_of_order), screen)
            case "check":
                view.show_check(work, work.check(_one(words), note, agrees=not disagree), screen)
            case "next":
                view.show_next(work, _one(words), screen)
            case "discrepancies":
                return view.show_discrepancies(work, _one(words), ward, screen)
            case "switch":
                view.show_entries(work.switch(_one(words), signed, accept), screen)
            case "switched":
                view.show_wards(work, screen)
            case "send":
                return _send(work, to, (again, by_hand), screen)
            case "export":
                return _export(work, _one(words), form, screen)
    return 0


def _one(words: list[str]) -> str:
    from garde.errors import UsageError

    if len(words) > 1:
        raise UsageError("one at a time", "see garde sheet --help")
    return words[0] if words else ""


def _scan(work: BackEntry, words: list[str], as_sheet: str, note: str, screen: Screen) -> int:
    from functools import partial

    from garde.cli import sheet_view as view
    from garde.errors import Incomplete

    if as_sheet:
        view.show_entries(work.assign(_one(words), as_sheet, note), screen)
        return 0
    unmatched = 0
    for each in words:
        found = work.scan(Path(each), partial(view.show_progress, each, screen=screen))
        view.show_scan(found, screen)
        unmatched += len(found.unmatched)
    if not words:
        unmatched = view.show_unplaced(work.unplaced(), screen)
    return Incomplete.exit_code if unmatched else 0


def _key(work: BackEntry, patient: str, item: str, closing: tuple[str, str], screen: Screen) -> None:
    import sys

    from garde.cli import sheet_view as view
    from garde.downtime.entry.items import read_keying

    whole, reason = closing
    if whole:
        view.show_entries(work.whole(patient, whole, reason), screen)
        return
    data = item.encode("utf-8", "surrogateescape") if item else sys.stdin.buffer.read(1 << 20)
    view.show_entries(work.key(read_keying(_with(data, patient=patient, out_of_order=reason))), screen)


def _with(data: bytes, **more: str) -> bytes:
    """Put what stands on the command line into the item; what the item says itself counts."""
    import msgspec

    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return data  # whoever reads it says what is wrong
    if not isinstance(found, dict):
        return data
    return msgspec.json.encode({**{name: value for name, value in more.items() if value}, **found})


def _send(work: BackEntry, to: str, settled: tuple[str, str], screen: Screen) -> int:
    from garde.cli import sheet_view as view
    from garde.desk import out
    from garde.errors import UsageError
    from garde.trust.enrolment import split_address

    again, by_hand = settled
    if again:
        out.again(work, again)
    if by_hand:
        out.by_hand(work, by_hand)
        return 0
    address = to or work.config.record.address
    if not address:
        raise UsageError("where to?", "name it: --to HOST:PORT, or `record.address` in desk.json")
    told = out.send(work, split_address(address), lambda message, answer: view.show_sent(message, answer, screen))
    return view.show_outcome(told, screen)


def _export(work: BackEntry, folder: str, form: str, screen: Screen) -> int:
    from garde.cli import sheet_view as view
    from garde.desk import out
    from garde.errors import UsageError

    if not folder:
        raise UsageError("into which folder?", "name it: garde sheet export DIR")
    told = out.export(
        work, Path(folder).absolute(), form, lambda message, answer: view.show_sent(message, answer, screen)
    )
    return view.show_outcome(told, screen)
