"""Whose a downtime number is: one person says it, a second and different one confirms it; or it stays apart.

Comes in: `State`, what agrees with the record (`likeness`), what people say. Goes out: one payload, or a refusal that
says what to do. Pure; called inside `Book.change`. Nothing here joins what is known of two people: a link is a fact
that the record's own keepers act on.
"""

from __future__ import annotations

from garde.downtime.codes import new_pack_id
from garde.downtime.numbers.form import read_number
from garde.downtime.numbers.likeness import ENOUGH, NAMES, STRONG, Likeness
from garde.downtime.numbers.policy import LONGEST_NAME, check_name, find_given, folded
from garde.downtime.numbers.state import Match, Standing, State
from garde.errors import NotFound, Refused, UsageError
from garde.journal import Text
from garde.journal.paper_kinds import NumberLinked, NumberMatched


def match(
    state: State, *, number: str, sealed: Text, record: str, prefixes: frozenset[str], compared: Likeness | None,
    typed: tuple[str, ...], by: str,
) -> NumberMatched:  # fmt: skip
    """Say whose a number is. `compared` is None where the census does not have the record."""
    held = find_given(state, number)
    if held.standing is Standing.LINKED:
        raise Refused(f"{number} is linked already", f"where that is wrong: garde number refuse {number} --note WHY")
    if held.waiting:
        raise Refused(f"{number} waits for a second person already", f"garde number confirm {number}, or refuse")
    check_record(record, prefixes)
    agree, differ = _weighed(compared, typed)
    known = tuple(name for name in NAMES if name in agree or name in typed)
    return NumberMatched(
        new_pack_id(), number, known, check_name(by), sealed, tuple(each for each in typed if each not in agree), differ
    )  # fmt: skip


def check_record(record: str, prefixes: frozenset[str]) -> None:
    """Refuse a record's number that is none, or is a downtime number itself."""
    if not record or len(record) > LONGEST_NAME or not record.isprintable() or " " in record:
        raise UsageError("no record was named", "name the hospital's own number: garde number match D1-… 123456")
    try:
        number = read_number(record)
    except ValueError:
        return
    if number.prefix in prefixes:
        raise Refused(f"{number} is a downtime number", "two downtime numbers of one person are each matched to the "
                      "hospital's own")  # fmt: skip


def _weighed(compared: Likeness | None, typed: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what agrees and differs by comparison, or refuse where it is not enough."""
    unknown = [name for name in typed if name not in NAMES]
    if unknown:
        raise UsageError(f"no identifier: {', '.join(unknown)}", f"one of: {', '.join(NAMES)}")
    agree = compared.agree if compared else ()
    differ = compared.differ if compared else ()
    if "national" in differ:
        raise Refused("the national numbers differ: these are two people", "look for another record")
    denied = [name for name in typed if name in differ]
    if denied:
        raise Refused(
            f"{', '.join(denied)} differ, whatever is said", "correct what was typed first: garde number change"
        )
    strong = {name for name in (*agree, *typed) if name in STRONG}
    if len(strong) < ENOUGH:
        raise Refused(
            f"{len(strong)} of two identifiers agree ({', '.join(sorted(strong)) or 'none'})",
            f"compare with the person or their papers, then say what agrees: --agree A,B of {', '.join(STRONG)}",
        )
    return agree, differ


def confirm(state: State, *, match: Match, by: str, note: Text) -> NumberLinked:
    """Link: a second person has compared it."""
    _check_waiting(state, match)
    if folded(by) == folded(match.by):
        raise Refused(
            f"{match.by} has made this match", "a second, different person must compare and confirm: --by NAME"
        )
    return NumberLinked(match.match, match.number, True, check_name(by), note)


def refuse(state: State, *, match: Match, by: str, note: Text) -> NumberLinked:
    """End a match, or take a link back."""
    held = state.held[match.number]
    if held.waiting != match.match and not (held.standing is Standing.LINKED and held.record == match.record):
        raise Refused(f"match {match.match} is over", "look at garde number list")
    if held.standing is Standing.LINKED and not note:
        raise UsageError(f"{match.number} is linked: taking that back needs a reason", "--note WHY; tell the record's "
                         "keepers: what was sent to it is not taken back by this")  # fmt: skip
    return NumberLinked(match.match, match.number, False, check_name(by), note)


def _check_waiting(state: State, match: Match) -> None:
    if state.held[match.number].waiting != match.match:
        raise Refused(f"match {match.match} is over", "look at garde number list")


def find_match(state: State, name: str) -> Match:
    """Return the match of this id, or the one in force of this number."""
    chosen = state.matches.get(name.strip().upper())
    if chosen is not None:
        return chosen
    try:
        held = state.held.get(str(read_number(name)))
    except ValueError:
        held = None
    found = [each for each in state.matches.values() if held and each.number == held.number]
    if held is None or not found or not (held.waiting or held.standing is Standing.LINKED):
        raise NotFound("nothing waits under this name", "look at garde number list")
    return found[-1]
