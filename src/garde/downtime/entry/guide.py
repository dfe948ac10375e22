"""Keying from paper, guided: what comes next, what may be keyed, who must look at it a second time.

Comes in: the state, what a person typed. Goes out: payloads, or a GardeError with what to do. The rules:

1. Steps go in the safe order (`Step`). A step is closed by a person who says that all of it is keyed (`Whole`); a
   later one before that is refused, unless a reason is given, which is kept.
2. An item stands on a printed sheet of that patient, or on a blank form. A sheet that is void, missing, of somebody
   else or that nobody printed is refused.
3. An item names who wrote it on paper; who keys it is known by their login.
4. A high-risk drug needs a second person, and so does whatever corrects or strikes out an item that needed one.
5. The second person is not the first. Who does not agree says why; only another item settles that.
6. An item is replaced once, by one of the same patient and step. Nothing is ever deleted.
7. Nothing is keyed for somebody who was switched back, unless a reason is given: their signature is then taken back.
8. A patient whom nobody knows, and a downtime number that is void, are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from garde.downtime.codes import SheetCode
from garde.downtime.entry.account import STRAY, UNSURE, Sheet, by_code
from garde.downtime.entry.items import Kept, Keying, Step, Struck, Whole, risk_of, step_of
from garde.downtime.entry.returns import is_form
from garde.downtime.entry.state import Item, State, as_subject
from garde.downtime.numbers.state import Standing
from garde.errors import NotFound, Refused, UsageError
from garde.journal import Text
from garde.journal.paper_kinds import ItemChecked, ItemKeyed

_FIRST_YEAR, _LAST_YEAR = 946_684_800.0, 4_102_444_800.0  # 2000 and 2100: what lies outside is a slip, not a time


class Sealer(Protocol):
    """What the Book gives: a value, sealed."""

    def __call__(self, value: Any, /) -> Text: ...


@dataclass(frozen=True, slots=True)
class Stand:
    """How far one step of one patient is."""

    step: Step
    closed: bool
    items: int


@dataclass(frozen=True, slots=True)
class Guide:
    """What is next for one patient."""

    subject: str
    steps: tuple[Stand, ...]
    next: Step | None  # None: every step is closed
    waits: tuple[Item, ...] = field(default=())  # for a second person
    refused: tuple[Item, ...] = field(default=())  # a second person does not agree


def guide(state: State, subject: str) -> Guide:
    """Return what is next."""
    items = [item for item in state.items_of(subject) if item.counts]
    steps = tuple(Stand(step, _is_closed(items, step), sum(_is_in(item, step) for item in items)) for step in Step)
    following = next((each.step for each in steps if not each.closed), None)
    waits, refused = (tuple(i for i in items if getattr(i, name)) for name in ("waits", "refused"))
    return Guide(state.person(subject), steps, following, waits, refused)


def _is_closed(items: list[Item], step: Step) -> bool:
    return any(item.step is step and item.kept is not None and isinstance(item.kept.item, Whole) for item in items)


def _is_in(item: Item, step: Step) -> bool:
    return item.step is step and not (item.kept is not None and isinstance(item.kept.item, Whole | Struck))


def next_step(state: State, subject: str) -> Step | None:
    """Return the step that comes next for this patient; None where all are closed."""
    return guide(state, subject).next


# --- keying -----------------------------------------------------------------------------------------------------------


def key_item(
    state: State, keying: Keying, observed: float, by: str, seal: Sealer, *, known: bool
) -> Iterator[ItemKeyed]:
    """Decide on one item. `known`: whether the census knows the patient."""
    subject = as_subject(state, keying.patient)
    _check_patient(state, subject, known=known)
    before = _replaced(state, keying, subject)
    step = step_of(keying.item, before.step if before else None)
    _check_words(keying, observed)
    _check_order(state, subject, step, keying, before)
    sheet = _check_sheet(state, keying, subject)
    risk = risk_of(keying.item)
    kept = Kept(keying.item, keying.author, keying.on_behalf, keying.out_of_order, risk)
    check = bool(keying.check or risk or (before and before.check))
    yield ItemKeyed(
        f"I{len(state.items) + 1}", sheet, step.value, observed, check, by, seal(subject), seal(kept), keying.replaces
    )


def _check_patient(state: State, subject: str, *, known: bool) -> None:
    held = state.numbers.held.get(subject)
    if held is not None and held.standing is Standing.VOID:
        raise Refused(f"{subject} is void", "look whose paper it is; see garde number")
    if not known and held is None and not state.pages_of(subject):
        raise NotFound("nobody is known under this number", "type it as it stands on the sheet")


def _replaced(state: State, keying: Keying, subject: str) -> Item | None:
    if not keying.replaces:
        return None
    before = state.items.get(keying.replaces)
    if before is None or before.subject not in state.numbers_of(subject):
        raise NotFound(f"{keying.replaces} is no item of this patient", "see garde sheet next PATIENT")
    if before.replaced_by:
        raise Refused(f"{before.item} was replaced already, by {before.replaced_by}", f"replace {before.replaced_by}")
    if not isinstance(keying.item, Struck) and step_of(keying.item) is not before.step:
        raise Refused(f"{before.item} belongs to the step {before.step}", "strike it out, and key the other thing anew")
    return before


def _check_words(keying: Keying, observed: float) -> None:
    if not _FIRST_YEAR <= observed <= _LAST_YEAR:  # what is no number fails here too
        raise UsageError("the observed time is none", "write it as 2026-03-11T04:10")
    if not keying.author.strip() and not isinstance(keying.item, Whole | Struck):
        raise UsageError("who wrote it on paper?", "say it in `author`; 'illegible' where nobody can tell")


def _check_order(state: State, subject: str, step: Step, keying: Keying, before: Item | None) -> None:
    if keying.out_of_order.strip():
        return
    if state.switch(subject) is not None:
        raise Refused("this patient is switched back: the record counts", "give a reason: --out-of-order REASON")
    if before is not None:
        return
    order: Final = list(Step)
    following = next_step(state, subject)
    if following is not None and order.index(step) > order.index(following):
        raise Refused(
            f"{following} comes before {step}", f"key it, close it with --whole {following}, or --out-of-order REASON"
        )


def _check_sheet(state: State, keying: Keying, subject: str) -> str:
    """Return the sheet as it is named."""
    if not keying.sheet and isinstance(keying.item, Whole | Struck):
        return ""
    try:
        code = SheetCode.of(keying.sheet)
    except ValueError as error:
        raise UsageError("on which sheet does it stand?", "name it as below its QR code: K7Q2MX.12") from error
    sheet = by_code(state.sheets).get(code)
    if sheet is None or sheet.standing == STRAY:
        raise Refused(f"nobody said that {code} was printed", "look at the code again; see garde sheet account")
    _check_standing(sheet)
    owner = state.owner(code.pack, code.page)
    if owner and owner not in state.numbers_of(subject):
        raise Refused(f"{code} is another patient's sheet", "look at the name on it")
    if not owner and not is_form(state.sheets, code):
        raise Refused(f"{code} ({sheet.title}) is neither a form nor a sheet of this patient", "name the sheet itself")
    return str(code)


def _check_standing(sheet: Sheet) -> None:
    if sheet.standing == "void":
        raise Refused(f"{sheet.code} was said to be void", f"if it bears writing: garde sheet returned {sheet.code}")
    if sheet.standing in ("missing", UNSURE):
        raise Refused(f"{sheet.code} is {sheet.standing}", f"if it is here: garde sheet returned {sheet.code}")


# --- the second person ------------------------------------------------------------------------------------------------


def check_item(state: State, item: str, by: str, note: Text, *, agrees: bool) -> Iterator[ItemChecked]:
    """Decide on a second person's word."""
    found = state.items.get(item)
    if found is None:
        raise NotFound(f"there is no item {item}", "see garde sheet next PATIENT")
    if found.replaced_by:
        raise Refused(f"{item} was replaced by {found.replaced_by}", f"look at {found.replaced_by}")
    if same_person(by, found.by):
        raise Refused(f"{by} keyed it: another person must look", "hand the paper to a colleague; say --by NAME")
    if not agrees and not note:
        raise UsageError("what does not agree?", "say it with --note WORDS")
    yield ItemChecked(item, agrees, by, note)


def same_person(one: str, other: str) -> bool:
    """Say whether two logins are one person's, however they were typed."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
