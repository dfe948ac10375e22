"""What follows from an entry: how services stand, the plan's phases and tasks, who is to be called, when to look again.

Comes in: the state as `state.project` has left it with the entry, the entry, the estate in force. Goes out: payloads in
the order in which they are to be written. Pure: no clock (the hub's own entries carry its time), no socket, no chance;
it changes nothing. The rules, one test each:

1. Each service that stands otherwise after an entry is said once (`services.py`).
2. A trigger that begins to fit proposes its phase and asks those who may decide; one that needs nobody triggers it
   (`triggers.py`).
3. The plan is in force once at a time: triggering it again only makes the phase graver, and never gives a task twice.
4. When a phase begins its tasks are given with their clocks, those of lesser phases that were passed over included;
   its call lists are called, a role that nobody holds is said; both once for each time that the plan is in force.
5. A task that is not done when its time comes is said to be overdue once; its owner and whoever leads are told.
   Taking it does not stop its clock.
6. A task that is a call is done when everybody on the list has answered.
7. A hold ends at its time: that is said, and whoever leads is asked. Nothing is lifted by itself, and a later hold
   makes an older one void.
8. A diversion asks to be looked at again at its review time, and says who was not told in time; a newer state of the
   same way in makes both void.
9. What a person says of a service ends at its time.
10. The flags of a crisis begin with the plan, that of the emergency department when it is limited or diverted; those
    that follow (plan lifted, emergency department open) end by themselves, the others by a person.
11. A situation report is made when the plan comes into force, then every so many hours as long as it is, and whenever a
    person wants one; they are numbered without a gap.
12. What belongs to a time that is over (a wake, an acknowledgement, a task) has no effect on another.
13. A proposal that was triggered, rejected or overtaken by a graver one calls nobody any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from garde.emergency import people, services, triggers
from garde.emergency.memory import (
    BY_PLAN,
    EMERGENCY,
    ENDED,
    FLAGS,
    OPEN,
    RUNNING,
    Activation,
    Diversion,
    State,
    Task,
)
from garde.emergency.nouns import Plan
from garde.emergency.triggers import Fired
from garde.emergency.wakes import key, split
from garde.estate.look import Lookup
from garde.estate.nouns import Words
from garde.journal import plan_kinds as p
from garde.journal.entry import Entry
from garde.journal.hub_kinds import WakeAsked, Woke
from garde.journal.notice_kinds import NoticeAcknowledged, NoticeOver
from garde.journal.payload import Payload

DECIDED = "decided"  # why a notice is over


def decide(state: State, entry: Entry, estate: Lookup) -> list[Payload]:
    """Return what follows."""
    return list(_answer(state, entry, estate)) if state.news.seq == entry.seq else []


def _answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    news = state.news
    fired: list[Fired] = []
    if news.estate or (news.before is not None and news.before != state.picture()):
        before, after = services.changed(look, state)
        yield from services.facts(state, before, after)
        fired += triggers.by_services(state.plan, look, before, after) if state.plan else []
    if state.plan is not None:
        fired += triggers.by_severity(state.plan, state) if news.raised else []
        fired += triggers.by_task(state.plan, news.task) if news.task else []
        yield from _heard(state, look, entry, triggers.gravest(state.plan, state, fired))
        yield from _entered(state, state.plan, look, entry)
    for notice in news.settled:
        yield NoticeOver(notice, DECIDED)
    match entry.payload:
        case p.PlanLoaded() if state.plan is not None:
            yield from _loaded(state, state.plan, look, entry)
        case p.PlanStoodDown() if news.ended:
            yield from _flag_ends(state, "plan_lifted", entry.payload.by)
        case p.PlanHeld(activation, until) if state.activation and state.activation.id == activation:
            yield WakeAsked(due=until, key=key("hold", activation, repr(until)))
        case p.DiversionChanged() if news.path:
            yield from _diverted(state, entry, state.diversions[news.path])
        case p.ServiceOverridden(service, word, until=until) if word:
            yield WakeAsked(due=until, key=key("service", service, repr(until)))
        case p.ReportWanted(by):
            yield p.ReportAsked(number=state.numbered + 1, by=by)
        case NoticeAcknowledged():
            yield from _answered(state, entry.payload.notice)
        case Woke():
            yield from _woke(state, entry, look)


# --- triggers ---------------------------------------------------------------------------------------------------------


def _loaded(state: State, plan: Plan, look: Lookup, entry: Entry) -> Iterator[Payload]:
    """Rule 2, of a plan that comes when something has happened already: what fits now begins to fit."""
    now = services.standings(look, state.picture())
    fired = triggers.by_services(plan, look, {}, now) + triggers.by_severity(plan, state)
    yield from _heard(state, look, entry, triggers.gravest(plan, state, fired))


def _heard(state: State, look: Lookup, entry: Entry, fired: Fired | None) -> Iterator[Payload]:
    """Rule 2."""
    if fired is None or state.plan is None:
        return
    plan, trigger, incident = state.plan, fired.trigger, _incident(state)
    if trigger.needs == "automatic":
        yield from _by_itself(state, plan, fired, incident)
        return
    proposal = f"q-{entry.seq}"  # of the cause: two of one transaction are two
    yield p.PlanProposed(proposal, trigger.phase, trigger.id, incident, fired.services, fired.reason)
    asked = people.notice(
        "proposal", proposal, trigger.phase, people.deciders(plan, look, "trigger"),
        people.filled("proposal", look, trigger.name), within_s=people.DECIDE_S,
    )  # fmt: skip
    if asked is not None:
        yield asked


def _by_itself(state: State, plan: Plan, fired: Fired, incident: str) -> Iterator[Payload]:
    trigger = fired.trigger
    if state.activation is None:
        name = activation_id(state)
        yield p.PlanTriggered(name, plan.id, trigger.phase, BY_PLAN, "", trigger.id, incident)
    else:
        now = state.activation
        yield p.PlanPhaseChanged(now.id, trigger.phase, now.phase, BY_PLAN, "", trigger.id)


def activation_id(state: State) -> str:
    """Return the id of the next time that the plan is in force."""
    return f"p-{state.activations + 1}"


def _incident(state: State) -> str:
    return next((each.id for each in reversed(state.incidents.values()) if not each.closed), "")


# --- a phase begins ---------------------------------------------------------------------------------------------------


def _entered(state: State, plan: Plan, look: Lookup, entry: Entry) -> Iterator[Payload]:
    """Rules 4, 10 and 11."""
    found, news = state.activation, state.news
    if found is None:
        return
    if news.ranks:
        yield from _give(plan, found, entry.at, *news.ranks)
    if news.entered and news.ranks:
        yield from _call(plan, look, found, news.entered)
    if news.ranks:
        yield from _vacant(plan, look, found, *news.ranks)
    if news.began:
        for flag in FLAGS[1:]:
            if flag not in state.flags or state.flags[flag].state == ENDED:
                yield p.FlagChanged(flag, RUNNING, BY_PLAN)
        yield p.ReportAsked(number=state.numbered + 1, by=BY_PLAN)
        yield from _next_report(plan, found, entry.at)


def _give(plan: Plan, found: Activation, now: float, before: int, after: int) -> Iterator[Payload]:
    for task in plan.tasks:
        if before < plan.rank(task.phase) <= after:
            due = now + task.due_s if task.due_s else 0.0
            yield p.TaskGiven(found.id, task.id, task.owner, due, BY_PLAN)
            if due:
                yield WakeAsked(due=due, key=key("task", found.id, task.id))


def _call(plan: Plan, look: Lookup, found: Activation, phase: str) -> Iterator[Payload]:
    entered = plan.phase(phase)
    for call in plan.calls:
        if entered is None or call.id not in entered.calls or call.id in found.calls:
            continue
        whom = [people.holders(plan, look, role) for role in call.roles]
        asked = people.notice(
            "call", found.id, call.id, whom, people.two_lines(call.text), within_s=call.within_s,
            all_must=call.all_must,
        )  # fmt: skip
        if asked is not None:
            yield asked


def _vacant(plan: Plan, look: Lookup, found: Activation, before: int, after: int) -> Iterator[Payload]:
    """Say each role that has something to do from now on and that nobody holds."""
    if before == after:
        return
    begun = [each for number, each in enumerate(plan.phases) if number <= after]
    called = {name for each in begun for name in each.calls}
    wanted = [role for call in plan.calls if call.id in called for role in call.roles]
    wanted += [task.owner for task in plan.tasks if plan.rank(task.phase) <= after]
    for role in dict.fromkeys(wanted):
        if role not in found.vacant and people.holders(plan, look, role).nobody:
            yield p.RoleVacant(found.id, role)


def _answered(state: State, notice: str) -> Iterator[Payload]:
    """Rule 6."""
    kind, activation, name = split(notice)
    found = state.activation
    if kind != "call" or found is None or found.id != activation or state.plan is None:
        return
    made = found.calls.get(name)
    if made is None or not made.complete:
        return
    for task in state.plan.tasks:
        if task.call == name and task.id in found.tasks and found.tasks[task.id].open:
            yield p.TaskDone(found.id, task.id, True, BY_PLAN, "")


# --- diversion and flags ----------------------------------------------------------------------------------------------


def _diverted(state: State, entry: Entry, found: Diversion) -> Iterator[Payload]:
    """Rules 8 and 10."""
    way = state.plan.pathway(found.path) if state.plan else None
    if found.tell and way is not None and way.tell_s:
        yield WakeAsked(due=entry.at + way.tell_s, key=key("told", found.path, found.change))
    if found.review:
        yield WakeAsked(due=found.review, key=key("review", found.path, found.change))
    if found.path != EMERGENCY:
        return
    if found.state == OPEN:
        yield from _flag_ends(state, "emergency_open", found.by)
    elif "emergency_open" not in state.flags or state.flags["emergency_open"].state == ENDED:
        yield p.FlagChanged("emergency_open", RUNNING, BY_PLAN)


def _flag_ends(state: State, flag: str, by: str) -> Iterator[Payload]:
    if flag in state.flags and state.flags[flag].state == RUNNING:
        yield p.FlagChanged(flag, ENDED, by)


def _next_report(plan: Plan, found: Activation, now: float) -> Iterator[Payload]:
    if plan.report_s > 0:
        yield WakeAsked(due=now + plan.report_s, key=key("report", found.id, repr(now)))


# --- time -------------------------------------------------------------------------------------------------------------


def _woke(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Rules 5, 7, 8, 11 and 12. What is asked for by rule 9 is answered by the services' own rule."""
    assert isinstance(entry.payload, Woke)
    kind, about, more = split(entry.payload.key)
    plan, found = state.plan, state.activation
    if plan is None:
        return
    if kind in ("told", "review"):
        yield from _waits(state, plan, look, (kind, about, more))
    if found is None or found.id != about:
        return
    if kind == "task" and (task := found.tasks.get(more)) and task.open and not task.overdue:
        yield from _overdue(plan, look, found, task)
    if kind == "hold" and repr(found.held_until) == more:
        yield p.PlanHoldEnded(found.id, found.held_until)
        yield from _ask_lead(plan, look, ("hold", found.id, more), "stand_down", plan.name)
    if kind == "report":
        yield p.ReportAsked(number=state.numbered + 1, by=BY_PLAN)
        yield from _next_report(plan, found, entry.at)


def _overdue(plan: Plan, look: Lookup, found: Activation, task: Task) -> Iterator[Payload]:
    yield p.TaskOverdue(found.id, task.id, task.due)
    known = plan.task(task.id)
    title: Words = known.title if known else dict.fromkeys(("en", "fr"), task.title or task.id)
    whom = [people.holders(plan, look, task.owner), *people.deciders(plan, look, "task")]
    asked = people.notice(
        "overdue", found.id, task.id, whom, people.filled("overdue", look, title), within_s=people.DECIDE_S
    )
    if asked is not None:
        yield asked


def _waits(state: State, plan: Plan, look: Lookup, key_of: tuple[str, str, str]) -> Iterator[Payload]:
    kind, path, change = key_of
    found = state.diversions.get(path)
    if found is None or found.change != change:
        return
    missing = tuple(found.missing()) if kind == "told" else ()
    if kind == "told" and not missing:
        return
    way = plan.pathway(path)
    yield p.DiversionWaits(change, path, kind, missing)
    yield from _ask_lead(plan, look, (kind, change, path), "divert", way.name if way else {"en": path})


def _ask_lead(plan: Plan, look: Lookup, key_of: tuple[str, str, str], act: str, what: Words) -> Iterator[Payload]:
    """Ask whoever leads; where nobody does, those who may decide on this."""
    kind, about, more = key_of
    asked = people.notice(
        kind, about, more, people.deciders(plan, look, act), people.filled(kind, look, what),
        within_s=people.DECIDE_S,
    )  # fmt: skip
    if asked is not None:
        yield asked
