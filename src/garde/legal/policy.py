"""What follows from an entry: clocks that run, people who are told in time, drafts, amendments.

Comes in: the state as `state.project` has left it with the entry, the entry, the estate in force. Goes out: payloads in
the order in which they are to be written. Pure: no clock (the hub's own entries carry its time), no socket, no chance;
it changes nothing. The rules, one test each:

1. A clock starts from what a person said, never from what a machine believes; where it is in force on that day and
   nobody said that the duty does not apply.
2. Said again otherwise, it runs anew with another end. One that was submitted stays closed, late or not as it is now.
3. What is said not to apply runs no more; said to apply, it starts from what was said before.
4. A submission closes the clocks of its form, says whether it was late, and starts those that run from it.
5. A progress report closes the clock that it stands in for while the incident goes on; that clock runs anew from when
   the incident is handled.
6. People are told before the end and at the end, once each, until somebody knows.
7. Where nobody has said since when the hospital is aware some hours after an incident began, people are asked.
8. A wanted draft is filled from what is known up to that entry; a person's words make a new version. One that was
   handed in is amended by a further one.
9. When what was handed in is no longer what is known, it is said, each field once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.journal import hub_kinds as h
from garde.journal import legal_kinds as a
from garde.journal.entry import Entry
from garde.journal.notice_kinds import NoticeNeeded, NoticeOver
from garde.journal.payload import Payload
from garde.journal.speech import long_time
from garde.legal import keys
from garde.legal.clocks import HANDLED, NO, SUBMITTED, Clock, due_of, in_force
from garde.legal.drafting import amendments, made
from garde.legal.keys import OVERDUE, SOON, UNSAID, key
from garde.legal.memory import Draft, Incident, Running, State, running_key

UNSAID_S: Final = 6 * 3600.0  # of an incident in which nobody has said since when
TOLD_S: Final = 3600.0  # within which somebody is to know
URGENT_S: Final = 4 * 3600.0  # before an end: nobody's night is spared
_WHO: Final = ("dpo", "legal", "it_director", "crisis_coordinator")
_TEXTS: Final = {
    SOON: {
        "en": "Legal clock nearly over: {regime}, due {due}.\nSee the hub's page of clocks.",
        "fr": "Délai légal bientôt échu : {regime}, le {due}.\nVoir la page des délais du hub.",
    },
    OVERDUE: {
        "en": "Legal clock OVER: {regime}, was due {due}.\nHand it in with the reasons for the delay.",
        "fr": "Délai légal DÉPASSÉ : {regime}, le {due}.\nÀ remettre avec les motifs du retard.",
    },
    UNSAID: {
        "en": "Since when is the hospital aware of the breach? Nobody has said it: no legal clock runs.\n"
        "Say it on the hub's page of clocks.",
        "fr": "Depuis quand l’hôpital a-t-il connaissance de la violation ? Personne ne l’a dit : aucun délai légal ne "
        "court.\nLe dire sur la page des délais du hub.",
    },
}


def decide(state: State, entry: Entry, estate: Lookup) -> list[Payload]:
    """Return what follows."""
    return list(_answer(state, entry, estate)) if state.news.seq == entry.seq else []


def _answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    news = state.news
    if news.opened:
        yield h.WakeAsked(due=entry.at + UNSAID_S, key=key(UNSAID, news.opened))
    if news.aware:
        yield from _aware(state, entry, state.incidents[news.aware])
    if news.handled:
        yield from _resumed(state, entry, state.incidents[news.handled])
    if news.obligation:
        yield from _obligation(state, entry)
    if news.submitted:
        yield from _submitted(state, entry, state.drafts[news.submitted])
    if news.woke:
        yield from _woke(state)
    for name in news.closed:
        yield from _over(state.running[name])
    if news.wanted and isinstance(entry.payload, a.DraftWanted):
        yield from made(state, look, entry)
    if news.edited:
        yield from made(state, look, entry)
    for name in dict.fromkeys(news.material):
        yield from amendments(state, look, name, entry)


# --- clocks -----------------------------------------------------------------------------------------------------------


def _aware(state: State, entry: Entry, incident: Incident) -> Iterator[Payload]:
    """Rules 1 and 2."""
    if incident.asked:
        yield NoticeOver(key(UNSAID, incident.id), "decided")
    said = incident.aware_of(state.news.event)
    assert said is not None
    for clock in in_force(state.clocks, said.since):
        if clock.start == said.event and state.applies(clock, incident.id) != NO:
            yield from _start(state, incident, clock, said.since, entry.seq)


def _start(state: State, incident: Incident, clock: Clock, start: float, cause: int) -> Iterator[Payload]:
    before = state.running.get(running_key(incident.id, clock.id))
    due = due_of(clock, start)
    if before is not None and before.closed != "not_applicable" and (before.start, before.due) == (start, due):
        return
    if before is not None and before.closed == "progress":
        return  # it runs anew from when the incident is handled, whatever is corrected before
    yield a.ClockStarted(clock.id, incident.id, clock.regime, clock.recipient, start, due, cause)
    if before is not None and before.closed == "submitted":
        yield a.ClockClosed(clock.id, "submitted", before.closed_at, _late(due, before.closed_at), incident.id)
    elif due:
        yield from _wakes(incident.id, clock, due, state.now)


def _wakes(incident: str, clock: Clock, due: float, now: float) -> Iterator[Payload]:
    soon = due - clock.soon_h * 3600.0
    if clock.soon_h and due > now:
        yield h.WakeAsked(due=soon, key=key(SOON, incident, f"{clock.id}/{due!r}"))
    yield h.WakeAsked(due=due, key=key(OVERDUE, incident, f"{clock.id}/{due!r}"))


def _late(due: float, at: float) -> bool:
    return bool(due) and at > due


def _obligation(state: State, entry: Entry) -> Iterator[Payload]:
    """Rule 3."""
    clocks = [each for each in state.clocks if each.id == state.news.obligation]
    for incident in _concerned(state, state.news.of):
        for clock in clocks:
            if state.applies(clock, incident.id) != NO:
                yield from _begin(state, incident, clock)
        running = state.running.get(running_key(incident.id, state.news.obligation))
        if running is not None and running.runs and all(state.applies(each, incident.id) == NO for each in clocks):
            yield a.ClockClosed(running.clock, "not_applicable", entry.at, False, incident.id)


def _concerned(state: State, name: str) -> list[Incident]:
    """Return the incidents of a word: one, or those of which somebody said something and that go on."""
    if name:
        return [state.incidents[name]]
    return [each for each in state.incidents.values() if each.id not in state.into and not each.closed]


def _begin(state: State, incident: Incident, clock: Clock) -> Iterator[Payload]:
    """Start a clock from what was said before it was said to apply."""
    running = state.running.get(running_key(incident.id, clock.id))
    if running is not None and running.closed != "not_applicable":
        return
    for start, cause in _starts(state, incident, clock):
        if clock in in_force([clock], start):
            yield from _start(state, incident, clock, start, cause)


def _starts(state: State, incident: Incident, clock: Clock) -> Iterator[tuple[float, int]]:
    if not clock.start.startswith(SUBMITTED):
        said = incident.aware_of(clock.start)
        if said is not None:
            yield said.since, said.seq
        return
    form = clock.start.removeprefix(SUBMITTED)
    handed = [each.submitted for each in state.drafts_of(incident) if each.form == form]
    done = [each for each in handed if each is not None]
    if done:
        yield done[0].at, done[0].seq


def _submitted(state: State, entry: Entry, draft: Draft) -> Iterator[Payload]:
    """Rules 4 and 5."""
    handed = draft.submitted
    incident = state.incident(draft.incident)
    assert handed is not None
    if incident is None:
        return
    for running in state.running.values():
        if running.incident in (incident.id, *incident.joined) and running.runs:
            why = _closes(state, running, draft.form, incident)
            if why:
                late = _late(running.due, handed.at)
                yield a.ClockClosed(running.clock, why, handed.at, late, running.incident)
    if draft.amends:
        return  # an amendment starts nothing: what it amends did
    for clock in in_force(state.clocks, handed.at):
        if clock.start == SUBMITTED + draft.form and state.applies(clock, incident.id) != NO:
            yield from _start(state, incident, clock, handed.at, entry.seq)


def _closes(state: State, running: Running, form: str, incident: Incident) -> str:
    """Return why a submission of a form closes a clock; "" where it does not."""
    for clock in state.clocks:
        if clock.id != running.clock:
            continue
        if clock.form == form:
            return "submitted"
        if clock.progress == form and not _handled(incident):
            return "progress"
    return ""


def _handled(incident: Incident) -> bool:
    return bool(incident.closed) or incident.aware_of(HANDLED) is not None


def _resumed(state: State, entry: Entry, incident: Incident) -> Iterator[Payload]:
    """Rule 5."""
    said = incident.aware_of(HANDLED)
    start = said.since if said is not None else incident.closed
    for clock in in_force(state.clocks, start):
        running = state.running.get(running_key(incident.id, clock.id))
        if clock.resumes != HANDLED or running is None or running.closed != "progress":
            continue
        due = due_of(clock, start)
        yield a.ClockStarted(clock.id, incident.id, clock.regime, clock.recipient, start, due, entry.seq)
        if due:
            yield from _wakes(incident.id, clock, due, state.now)


# --- people are told --------------------------------------------------------------------------------------------------


def _woke(state: State) -> Iterator[Payload]:
    """Rules 6 and 7."""
    kind, name, more = keys.split(state.news.woke)
    incident = state.incident(name)
    if kind == UNSAID and incident is not None:
        if not incident.closed and not incident.aware and name == incident.id:
            yield _notice(key(UNSAID, name), name, UNSAID, {}, urgent=False)
        return
    clock, _, due = more.rpartition("/")
    running = state.running.get(running_key(name, clock))
    if running is None or not running.runs or repr(running.due) != due or running.warned in (kind, OVERDUE):
        return
    yield a.ClockWarned(clock, kind, running.due, name)
    words = {"regime": running.regime, "due": str(long_time(running.due))}
    urgent = kind == OVERDUE or running.due - state.now <= URGENT_S
    yield _notice(key(kind, name, more), name, kind, words, urgent=urgent)


def _notice(notice: str, incident: str, kind: str, words: dict[str, str], *, urgent: bool) -> NoticeNeeded:
    texts = tuple((language, text.format(**words)) for language, text in _TEXTS[kind].items())
    return NoticeNeeded(notice, incident, (), _WHO, texts, False, TOLD_S, urgent)


def _over(running: Running) -> Iterator[Payload]:
    """Nobody need hear of a clock that runs no more."""
    if running.warned:
        for kind in (SOON, OVERDUE):
            yield NoticeOver(key(kind, running.incident, f"{running.clock}/{running.due!r}"), "decided")
            if kind == running.warned:
                return
