"""What may be written into the registers next.

Comes in: the fold as it is now, what somebody typed from paper, the Book's `seal`. Goes out: payloads. Raises a
GardeError with what to do; nothing is written then. It never joins a result to a patient by itself: the number on the
form does.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from garde.downtime.codes import CLEAR
from garde.downtime.numbers.form import read_number
from garde.downtime.register.critical import Test, Verdict, judge
from garde.downtime.register.nouns import SERVICES, Asked, Found, Value
from garde.downtime.register.number import read_request_number, sheet_of
from garde.downtime.register.state import Request, State
from garde.errors import NotFound, Refused, UsageError
from garde.journal import Text
from garde.journal.paper_kinds import RequestClosed, RequestTaken, ResultCalled, ResultNoted

Seal = Callable[[Any], Text]
HOW_CLOSED: Final = ("done", "refused", "void")
_AHEAD_S: Final = 300.0  # a time on paper this far ahead of the desk's clock is a slip
_RESULT_SIGNS: Final = 8


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes, when it happened on paper, what time it is, and how it is sealed."""

    by: str
    at: float
    now: float
    seal: Seal

    def __post_init__(self) -> None:
        if self.at > self.now + _AHEAD_S:
            raise UsageError("the time lies ahead", "write the time that stands on the paper; the day as well")


def take(state: State, hand: Hand, typed: str, *, service: str, place: str, subject: str, asked: Asked) -> RequestTaken:
    """A request has come."""
    number = _number(state, typed)
    if service not in SERVICES:
        raise UsageError(f"{service!r} is no service", "laboratory or radiology")
    if not subject.strip() or not place.strip():
        raise UsageError("whose request is it, and of which ward?", "name patient and ward as they stand on the form")
    if not asked.what.strip():
        raise UsageError("nothing is asked", "write what stands on the form: --for 'CT thorax'")
    known = state.requests.get(number)
    if known is not None and known.taken:
        raise Refused(f"request {number} was taken already", "look at it: garde request list")
    whose = _subject(subject.strip())
    return RequestTaken(number, service, place, hand.by, hand.at, hand.seal(whose), hand.seal(asked))


def _subject(typed: str) -> str:
    """Return a patient's number; a downtime number as it is written, however it was typed."""
    try:
        return str(read_number(typed))
    except ValueError:
        return typed


def note(
    state: State,
    hand: Hand,
    typed: str,
    found: Found,
    *,
    table: tuple[Test, ...],
    critical: bool | None = None,
    replaces: str = "",
) -> ResultNoted:
    """A result stands in the register. `critical` None: the table says; where it cannot, whoever types is asked."""
    number = _number(state, typed)
    request = state.requests.get(number)
    if request is not None and request.closed == "void":
        raise Refused(f"request {number} is void", "look whose result it is: it must not reach another patient")
    if not found.values and not found.words.strip():
        raise UsageError("the result says nothing", "write values (K=6.8 mmol/L) or words")
    _check_replaced(state, number, replaces)
    why = _why(found.values, table, critical)
    content = hand.seal(Found(found.values, found.words, why))
    return ResultNoted(_new_result(state), number, bool(why), hand.by, hand.at, content, replaces)


def _why(values: tuple[Value, ...], table: tuple[Test, ...], said: bool | None) -> tuple[str, ...]:
    """Return why a result is critical; () where it is not. A person can raise what the table says, never lower it."""
    judged = judge(values, table)
    why = tuple(f"{each.value.shown}: {each.why}" for each in judged if each.verdict is Verdict.CRITICAL)
    if said is False and why:
        raise Refused("the table says that it is critical", "call the ward; the table is the laboratory's to change")
    open_ = [each for each in judged if each.verdict is Verdict.NOT_JUDGED]
    if said is None and open_ and not why:
        named = ", ".join(f"{each.value.shown} ({each.why})" for each in open_)
        raise UsageError(f"is it critical? {named}", "say --critical or --not-critical, or correct the unit")
    return why or (("said so by hand",) if said else ())


def _check_replaced(state: State, number: str, replaces: str) -> None:
    if not replaces:
        return
    old = state.results.get(replaces)
    if old is None or old.request != number:
        raise NotFound(f"request {number} has no result {replaces}", "look at it: garde request list")
    if old.replaced_by:
        raise Refused(f"result {replaces} was corrected already, by {old.replaced_by}", "correct that one")


def call(state: State, hand: Hand, result: str, to: str, *, read_back: bool) -> ResultCalled:
    """A result was read to somebody."""
    found = state.results.get(result.strip().upper())
    if found is None:
        raise NotFound(f"there is no result {result}", "look at garde request list")
    if found.replaced_by:
        raise Refused(f"result {found.id} was corrected", f"read out {found.replaced_by} in its place")
    if not to.strip():
        raise UsageError("to whom was it read?", "name the person: --to 'Dr Maes'")
    return ResultCalled(found.id, hand.by, hand.at, read_back, Text(" ".join(to.split())))


def close(state: State, hand: Hand, typed: str, *, how: str, note: str) -> RequestClosed:
    """A request needs no more work."""
    number = _number(state, typed)
    request = state.requests.get(number)
    if how not in HOW_CLOSED:
        raise UsageError(f"{how!r} is no way to close a request", "done, refused or void")
    if request is None or not request.taken:
        raise NotFound(f"request {number} was not taken", "look at garde request list")
    if request.closed:
        raise Refused(f"request {number} is {request.closed} already", "take a new request under another number")
    if how != "done":
        _check_undone(state, request, note)
    return RequestClosed(number, how, hand.by, hand.at, Text(" ".join(note.split())))


def _check_undone(state: State, request: Request, note: str) -> None:
    if state.standing(request):
        raise Refused(f"request {request.number} has a result", "correct the result; a result does not vanish")
    if not note.strip():
        raise UsageError("why?", "write the reason: --note 'no name on the tube'")


def _number(state: State, typed: str) -> str:
    try:
        number = read_request_number(typed)
    except ValueError as error:
        raise UsageError(str(error), "type or scan what stands on the form: K7Q2MX.12, or RK7Q2MX-014C") from error
    sheet = sheet_of(number)
    # A desk that has made packs knows every sheet there can be; one that was set up on the day knows none.
    if sheet and state.packs and number not in state.requests and not 0 < sheet.page <= state.packs.get(sheet.pack, 0):
        raise Refused(f"no pack of this desk has a sheet {number}", "read the number again")
    return number


def _new_result(state: State) -> str:
    """Return a short name that is read over the telephone: no other result has it."""
    ids: Iterator[str] = iter(lambda: "".join(secrets.choice(CLEAR) for _ in range(_RESULT_SIGNS)), "")
    return next(each for each in ids if each not in state.results)
