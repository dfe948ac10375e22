"""What follows from an answer: a code that came back, or what somebody did at the console.

Comes in: the state as the fold has left it with the entry, the entry, the estate. Goes out: acknowledgements,
decisions in a person's name, refusals with their reason, and a page that tells the person what became of it. Pure. The
rules, one test each:

1. A code acknowledges the call that it belongs to, for the person whose it is. Where one is enough, nobody further
   is called; where all must know, the others still are.
2. Who acknowledges one call about an incident knows of every other about it that was on their pages.
3. Yes or no to a cut is that person's decision, with their own login and role: the authority judges it.
4. A decision counts for the proposal that the person read: once it has changed, the code says so and decides nothing.
5. A code counts once; it does not count when what it was about has passed, after its time, from a number that is not
   the person's, or where it is of an earlier call about the same. Each refusal is written with its reason.
6. Who may decide and acknowledges an incident, or a cut of it, has taken the incident in hand: the authority for the
   unanswered no longer counts.
7. Who answers at the console is not called any more; a decision at the console answers its cut's call.
8. Late is better than never: an acknowledgement after the call was given up counts, and ends the calling.
9. Two must decide: the first acknowledgement goes on calling, until two different persons know.
10. Whoever answers hears in one line what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.estate.nouns import Person
from garde.journal import hub_kinds as h
from garde.journal.entry import Entry
from garde.journal.notice_kinds import NoticeAcknowledged
from garde.journal.oncall_kinds import CodeGiven, PageAsked, ReplyRefused
from garde.journal.payload import Payload
from garde.journal.speech import mark
from garde.journal.text import Text
from garde.oncall import memory as m
from garde.oncall.calls import candidates, chosen, missing
from garde.oncall.codes import ACK, NO, YES
from garde.oncall.deciders import DECIDERS, login_of, role_of
from garde.oncall.memory import Call, State
from garde.oncall.pages import told
from garde.oncall.state import OLD, OVER, SPENT, own_notice

_IN_HAND: Final = (m.INCIDENT, m.CUT, m.UNPROVEN)  # whose acknowledgement takes the incident in hand
_NOTED: Final = mark("noted: you know. Nobody further is called.")
_NOTED_OTHERS: Final = mark("noted: you know. Others are still called.")
_DECIDED: Final = {
    YES: mark("noted: your YES is written down. The authority decides whether it is enough."),
    NO: mark("noted: your NO is written down."),
}
_WORD: Final = mark("noted: you know. To decide, send the word YES or NO and the code, nothing else.")
_REFUSED: Final = {
    OVER: mark("too late: this has been settled meanwhile."),
    SPENT: mark("this code has done its work already."),
    OLD: mark("the proposal has changed: nothing was decided. A new page is on its way."),
}


def by_code(state: State, entry: Entry, look: Lookup, given: CodeGiven) -> Iterator[Payload]:
    """Return what follows from a code that came back."""
    person, call = look.people.get(given.person), state.calls.get(given.notice)
    why = state.news.was
    if why or person is None or call is None:
        yield ReplyRefused(given.channel, Text(given.person), why or OVER, given.notice)
        if person is not None and why in _REFUSED and given.known:
            yield from _tell(state, look, person, given.notice, _REFUSED[why])
        return
    deciding = given.meaning != ACK and call.kind == m.CUT
    said_no = deciding and given.meaning == NO
    yield from _acknowledged(state, look, entry, call, person=person, how=given.how, over=said_no)
    if deciding:
        decision = "approve" if given.meaning == YES else "reject"
        yield h.CutDecided(call.subject, decision, login_of(person), role_of(person), Text(f"by code, {given.how}"))
    yield from _in_hand(state, call, person)
    words = _words(state, look, entry, call, person=person, meaning=given.meaning)
    yield from _tell(state, look, person, call.notice, words)


def at_console(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Return what follows from what somebody did at the console."""
    match entry.payload:
        case h.CutDecided(decision=decision, by=by):
            call = next((each for each in map(state.calls.get, state.news.calls) if each), None)
            if call is not None and decision != "undo":
                yield from _by_login(state, look, entry, call, by, over=decision == "reject")
        case h.IncidentAnswered(incident, by):
            person = look.person(by)
            own = state.calls.get(own_notice(m.INCIDENT, incident))
            if person is not None and own is not None and person.id in own.acked:
                return  # it was said by code: the rest follows from that
            for call in state.open_about(incident):
                asked = person is not None and person.id in candidates(state, look, call, entry.at)
                if call.kind in (m.INCIDENT, m.UNPROVEN) or (call.kind == m.CUT and asked):
                    yield from _by_login(state, look, entry, call, by, over=call.kind != m.CUT)


def _by_login(state: State, look: Lookup, entry: Entry, call: Call, by: str, *, over: bool) -> Iterator[Payload]:
    person = look.person(by)
    name = person.id if person else by
    if call.wanted and name not in call.acked:
        yield NoticeAcknowledged(call.notice, name, "console", over or _complete(state, look, entry, call, name))


def _acknowledged(
    state: State, look: Lookup, entry: Entry, call: Call, *, person: Person, how: str, over: bool
) -> Iterator[Payload]:
    """Rules 1, 2, 8, 9."""
    others = [each for each in state.open_about(call.about) if each is not call and person.id in each.paged]
    for each in [call, *others]:
        if person.id not in each.acked:
            complete = (over and each is call) or _complete(state, look, entry, each, person.id)
            yield NoticeAcknowledged(each.notice, person.id, how, complete)


def _complete(state: State, look: Lookup, entry: Entry, call: Call, person: str) -> bool:
    if call.all_must:
        return not set(missing(state, look, call, entry.at)) - {person}
    return len({*call.acked, person}) >= call.count


def _in_hand(state: State, call: Call, person: Person) -> Iterator[Payload]:
    """Rule 6."""
    incident = state.incidents.get(call.about)
    if incident is None or incident.answered or incident.closed:
        return
    if call.kind in _IN_HAND and role_of(person) in DECIDERS:
        yield h.IncidentAnswered(incident.id, login_of(person))


def _words(state: State, look: Lookup, entry: Entry, call: Call, *, person: Person, meaning: str) -> str:
    if call.kind == m.CUT:
        return _DECIDED.get(meaning, _WORD)
    return _NOTED if _complete(state, look, entry, call, person.id) else _NOTED_OTHERS


def _tell(state: State, look: Lookup, person: Person, notice: str, words: str) -> Iterator[Payload]:
    """Rule 10: over the best way to the person, never to the number that it came from."""
    for way in chosen(state, look, person.id, 1, every=False)[:1]:
        yield PageAsked(
            channel=way.channel, person=person.id, address=way.address, language=person.language, notices=(notice,),
            lines=told(words, person.language), purpose="told",
        )  # fmt: skip
