"""What follows from an entry: who is called, when, over what; and when it is given up.

Comes in: the state as `state.project` has left it with the entry, the entry, the estate in force. Goes out: payloads
in the order in which they are to be written. Pure: no clock (the entries carry the hub's time), no socket, no chance.
Which entries people are called for is `subjects.py`, what an answer does `answers.py`. The rules, one test each:

1. Before `calling_set` nobody is called: the hub says once how people are called, and from then on it is so.
2. The first page leaves a moment after a call was needed, so that what comes together is one page; what is not urgent
   waits for the end of the quiet hours.
3. Each step calls the next person, until somebody acknowledges. When all were called, all are called again, at longer
   intervals, and not for ever.
4. Where all must know, all are called at once, and those who do not answer again at each step.
5. When its time is over a call is unanswered: that is said once, with who is missing. Calling goes on.
6. What one person is called about at the same time is one page.
7. Nobody gets two pages within the gap, nor more than the hour's number: what waits is called then. The first page of
   an urgent call is put off by the gap at most.
8. A page takes the best channel that reaches the person; where it fails, the next one at once; where all have failed,
   the next person at once; where everybody is lost, the call is unanswered at once, and tried again later.
9. An urgent call goes to places (printer, siren) once, when it begins; when it is unanswered, with the telephone tree.
10. A step that something later has replaced does nothing: one wake of a call counts.
11. Once a week everybody's channels are tried by a real call; what became of it is written down.
12. Who knows of an incident is told when it gets worse, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from garde.clock import iso
from garde.estate.look import Lookup
from garde.journal import hub_kinds as h
from garde.journal import notice_kinds as n
from garde.journal import oncall_kinds as o
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.speech import mark
from garde.oncall import answers, calls, pages, subjects
from garde.oncall import memory as m
from garde.oncall.calls import Way
from garde.oncall.memory import Call, State
from garde.oncall.state import LATE, STEP, TEST, own_notice
from garde.oncall.times import end_of_quiet, next_test
from garde.oncall.tree import tree_lines

IN_TIME: Final = "nobody acknowledged in time"
NOT_ALL: Final = "not everybody acknowledged in time"
NO_CHANNEL: Final = "no channel works"
NOBODY: Final = "nobody can be called: the estate names no one for it"
UNANSWERED: Final = "unanswered"  # what a place is told of beside the kinds of calls
WORSE: Final = mark("{hospital}: it spreads. Look at the console.")


def decide(state: State, entry: Entry, look: Lookup) -> list[Payload]:
    """Return what follows."""
    if not state.configured or state.news.seq != entry.seq:
        return []
    return list(_answer(state, entry, look))


def _answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    match entry.payload:
        case o.CallingSet():
            yield from _schedule_test(state, entry)
        case n.NoticeNeeded() if state.news.was == "new":
            yield from _begin(state, entry)
        case h.Woke(key=key) if not state.news.stale:
            yield from _woken(state, entry, look, key)
        case h.CommandFailed() | o.PageLost():
            yield from _failed(state, entry, look)
        case o.CodeGiven() as given:
            yield from answers.by_code(state, entry, look, given)
        case n.NoticeAcknowledged(notice, person, complete=True):
            yield from _tested(state, entry, notice, person)
        case n.NoticeUnanswered(notice):
            yield from _given_up(state, entry, look, notice)
        case h.CutDecided() | h.IncidentAnswered():
            yield from answers.at_console(state, entry, look)
        case h.IncidentRaised(incident):
            yield from _worse(state, entry, look, incident)
        case h.CutProposed(cut) if state.news.was == "other":
            yield from _asked_anew(state, entry, own_notice(m.CUT, cut))
    yield from subjects.needed(state, entry, look)


# --- beginning --------------------------------------------------------------------------------------------------------


def _begin(state: State, entry: Entry) -> Iterator[Payload]:
    """Rule 2."""
    for call in _touched(state):
        begin = entry.at if call.urgent else end_of_quiet(state.rules.quiet, entry.at)
        yield h.WakeAsked(due=begin + state.rules.bundle_s, key=STEP + call.notice)
        yield h.WakeAsked(due=begin + call.within_s, key=LATE + call.notice)


def _asked_anew(state: State, entry: Entry, notice: str) -> Iterator[Payload]:
    """A proposal that changed while people are called for it: the next page says what it is now."""
    call = state.calls.get(notice)
    if call is not None and call.wanted and call.begun:
        yield h.WakeAsked(due=entry.at + state.rules.bundle_s, key=STEP + notice)


def _woken(state: State, entry: Entry, look: Lookup, key: str) -> Iterator[Payload]:
    if key == TEST:
        yield o.CallTestAsked(iso(entry.at)[:16], "")
        yield from _schedule_test(state, entry, again=True)
    for call in _touched(state):
        if call.wanted and key.startswith(STEP):
            yield from _step(state, entry, look, call)
        elif call.state == m.OPEN and key.startswith(LATE):
            yield _unanswered(state, entry, look, call, NOT_ALL if call.all_must else IN_TIME)


# --- steps ------------------------------------------------------------------------------------------------------------


def _step(state: State, entry: Entry, look: Lookup, call: Call) -> Iterator[Payload]:
    """Rules 3, 4, 6, 7."""
    if not calls.reachable(state, look, call, entry.at):
        yield from _nobody(state, entry, look, call)
        return
    together = [call, *_bundled(state, entry, call)]
    batch: dict[str, list[Call]] = {}
    later: dict[str, dict[str, float]] = {each.notice: {} for each in together}
    for each in together:
        for person in calls.due(state, look, each, entry.at + state.rules.bundle_s):
            earliest = calls.not_before(state, each, person, entry.at)
            if earliest > entry.at:
                later[each.notice][person] = earliest
            else:
                batch.setdefault(person, []).append(each)
    yield from _to_places(state, look, [each for each in together if each.urgent and not each.begun])
    for person, about in batch.items():
        yield from _page(state, look, person, about)
    for each in together:
        now = [person for person, about in batch.items() if each in about]
        when = calls.next_step(state, look, each, entry.at, now=now, later=later[each.notice])
        if when:
            yield h.WakeAsked(due=when, key=STEP + each.notice)


def _bundled(state: State, entry: Entry, call: Call) -> list[Call]:
    """Return the other calls whose step is due at the same moment."""
    until = entry.at + state.rules.bundle_s
    return [each for each in state.calls.values() if each is not call and each.wanted and 0 < each.step_due <= until]


def _page(state: State, look: Lookup, person: str, about: list[Call]) -> Iterator[Payload]:
    turn = 1 + max(each.paged[person].times if person in each.paged else 0 for each in about)
    test = any(each.kind == m.TEST for each in about)
    for way in calls.chosen(state, look, person, turn, every=test):
        yield _asked(state, look, person, about, way=way, turn=turn)


def _asked(state: State, look: Lookup, person: str, about: list[Call], *, way: Way, turn: int) -> o.PageAsked:
    language = look.people[person].language
    purpose = "test" if all(each.kind == m.TEST for each in about) else "call"
    return o.PageAsked(
        channel=way.channel, person=person, address=way.address, language=language,
        notices=tuple(each.notice for each in about), lines=pages.lines_for(state, look, about, person, language),
        purpose=purpose, turn=turn,
    )  # fmt: skip


def _to_places(state: State, look: Lookup, about: list[Call], tree: bool = False) -> Iterator[Payload]:
    """Rule 9."""
    language = next(iter(look.estate.languages), "en")
    for channel in calls.places(state):
        taken = [each for each in about if calls.takes(channel, UNANSWERED if tree else each.kind)]
        if not taken:
            continue
        lines = pages.lines_for(state, look, taken, "", language)
        if tree:
            lines = (*lines, *tree_lines(look, state.overrides, state.rules.roles, language, at=taken[0].needed_at))
        test = all(each.kind == m.TEST for each in taken)
        yield o.PageAsked(
            channel=channel.name, person="", address="", language=language,
            notices=tuple(each.notice for each in taken), lines=lines,
            purpose="tree" if tree else "test" if test else "call",
        )  # fmt: skip


# --- what fails -------------------------------------------------------------------------------------------------------


def _failed(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Rule 8."""
    person = state.news.person
    about = [each for each in _touched(state) if each.wanted and person in each.paged]
    if not person or not about:
        return
    paged = about[0].paged[person]
    left = [each for each in calls.ways(state, look, person, paged.times) if each.channel not in paged.tried]
    if paged.taken > 0 or paged.open:
        return  # another channel has it, or may
    if left and person not in about[0].acked:
        yield _asked(state, look, person, about, way=left[0], turn=paged.times)
        return
    for each in about:
        people = calls.reachable(state, look, each, entry.at)
        if all(calls.is_lost(state, look, each, name) for name in people):
            yield from _nobody(state, entry, look, each)
        elif any(name not in each.paged for name in people):
            yield h.WakeAsked(due=entry.at, key=STEP + each.notice)


def _nobody(state: State, entry: Entry, look: Lookup, call: Call) -> Iterator[Payload]:
    if call.state == m.OPEN:
        called = calls.candidates(state, look, call, entry.at)
        yield _unanswered(state, entry, look, call, NO_CHANNEL if called else NOBODY)
    if entry.at < call.needed_at + state.rules.code_s:  # past it no code would count: nothing is tried for ever
        yield h.WakeAsked(due=entry.at + state.rules.again_s, key=STEP + call.notice)


def _unanswered(state: State, entry: Entry, look: Lookup, call: Call, reason: str) -> n.NoticeUnanswered:
    """Rule 5."""
    return n.NoticeUnanswered(call.notice, calls.missing(state, look, call, entry.at), reason)


def _given_up(state: State, entry: Entry, look: Lookup, notice: str) -> Iterator[Payload]:
    call = state.calls.get(notice)
    if call is None or notice not in state.news.calls:
        return
    if call.kind == m.TEST:
        yield from _tested(state, entry, notice, "")
        return
    others = (each for each in state.open_about(call.about) if each is not call)
    if call.urgent and not any(each.state == m.UNANSWERED for each in others):  # one tree for one incident
        yield from _to_places(state, look, [call], tree=True)


# --- tests and news ---------------------------------------------------------------------------------------------------


def _schedule_test(state: State, entry: Entry, *, again: bool = False) -> Iterator[Payload]:
    """Rule 11."""
    due = next_test(state.rules.test, entry.at)
    if due and (again or due != state.test_due):
        yield h.WakeAsked(due=due, key=TEST)


def _tested(state: State, entry: Entry, notice: str, person: str) -> Iterator[Payload]:
    test = state.tests.get(notice)
    if test is not None:
        name = state.calls[notice].subject
        yield o.CallTestEnded(name, tuple(test.took), tuple(test.failed), person, round(entry.at - test.at, 1))


def _worse(state: State, entry: Entry, look: Lookup, incident: str) -> Iterator[Payload]:
    """Rule 12, and rule 2 of subjects.py."""
    call = state.calls.get(own_notice(m.INCIDENT, incident))
    if call is None:
        return
    if call.state == m.OPEN and (due := subjects.sooner(state, look, call, entry.at)):
        yield h.WakeAsked(due=due, key=LATE + call.notice)
    if call.wanted:
        return
    for name in call.acked:
        person = look.people.get(name)
        for way in calls.chosen(state, look, name, 1, every=False)[:1] if person else []:
            yield o.PageAsked(
                channel=way.channel, person=name, address=way.address, language=person.language if person else "en",
                notices=(call.notice,), purpose="told",
                lines=pages.told(WORSE, person.language if person else "en", hospital=look.estate.name),
            )  # fmt: skip


def _touched(state: State) -> Iterable[Call]:
    return [state.calls[name] for name in state.news.calls if name in state.calls]
