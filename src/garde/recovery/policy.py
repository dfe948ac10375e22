"""What follows from an entry: retention frozen, ratings, errands, isolations, and every server's next stage.

Comes in: the state as `state.project` has left it with the entry, the entry, the estate in force. Goes out: payloads in
the order in which they are to be written. Pure: no clock (the hub's own entries carry its time), no socket, no chance;
it changes nothing. The rules, one test each:

1. At the first confirmed verdict every store whose retention can be frozen is asked to freeze it, once; one that comes
   later as soon as it is known, and one where it failed when its agent is there again. A person lets it go on, and it
   is frozen anew only by a new alarm.
2. A rating that gets graver is said once (`ratings.py`).
3. Where somebody wants points judged, every agent that holds such a store is asked, with the first hostile write.
4. A point is brought back where somebody who may has chosen one that may be (`restore.py`); once it is in place it is
   said from when on data must be entered again, for the machine and for each service on it.
5. When waves are planned, what must be changed before is listed (`credentials.py`), and each server is rated.
6. Who may begins: the machine is isolated. From when that is proven its sweep and a look from outside are asked, again
   every half hour, after data were put in place, and when somebody begins once more.
7. Where a clinician has to try it at a place that the estate names, and all else is fine, the isolation is opened for
   that place.
8. A server goes on to its next stage where nothing keeps it (`waves.py`), one stage at a time, and each is said once.
9. Watched means: its agent is asked for raised sensitivity; after the time it is swept and looked at once more.
10. Listed flows are an isolation of their own; the one before is over when the new one is proven, so that there is no
    moment without. Open means that none is wanted any more.
11. What is seen on its way back cuts the server and those of its wave again, whatever their stage; everybody on call
    is told. Nothing opens after it in that round.
12. Cut again by a person is that machine alone. Beginning anew is a new round, with its isolation kept.
13. The reinforced watch ends at its time: agents watch as usual again. It is raised for as long as somebody says.
14. The hub is woken when an exception ends: from then on it keeps the server where it is.
15. What a person wants who may not, or what makes no sense as things stand, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.journal import hub_kinds as h
from garde.journal import recovery_kinds as v
from garde.journal.entry import Entry
from garde.journal.notice_kinds import NoticeNeeded
from garde.journal.paper_kinds import ReenterSaid
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.model.restart import OPENED, Item, Stage, Status
from garde.recovery import credentials, errands, may, restore
from garde.recovery import reasons as r
from garde.recovery.flows import listed_flows, trial_flows
from garde.recovery.gates import FIRST_ELEVEN, gate_of, signatures_of
from garde.recovery.keys import EXCEPTION, LISTED, OBSERVED, SWEEP, WATCH, isolation_id, key, split
from garde.recovery.memory import BY_RULE, OBSERVE_S, ON_ITS_WAY, State, Step
from garde.recovery.order import circle_of, needed_by
from garde.recovery.reasons import Reason, because
from garde.recovery.waves import accepted_by, blocked, find_opener

SWEEP_S: Final = 1_800.0  # between two sweeps of a server on its way back
SWEEP_OPEN_S: Final = 6 * 3600.0  # of an open one under the reinforced watch
TOLD_S: Final = 900.0  # within which somebody on call is to know of a relapse
_ON_CALL: Final = ("on_call_it", "it_director")
_TOLD: Final = {
    "en": "{machine} was cut again during its return: {what}.\nWhat returned with it as well. See the hub's page.",
    "fr": "{machine} : recoupé pendant sa remise en service : {what}.\nSa vague aussi. Voir la page du hub.",
}


def decide(state: State, entry: Entry, estate: Lookup) -> list[Payload]:
    """Return what follows."""
    return list(_answer(state, entry, estate)) if state.news.seq == entry.seq else []


def _answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    news = state.news
    for machine, status, why in news.rated:
        yield v.ServerRated(machine, status, BY_RULE, Text(why))
    for machine, why in news.alarms:
        yield from _cut_again(state, entry, look, machine, why)
    if news.freeze:
        yield from errands.freeze(state)
    if news.back:
        yield from errands.freeze(state, news.back)
        yield from _raise_again(state, news.back)
    yield from _said(state, entry, look)
    if news.moved:
        yield from _moved(state, look, state.steps[news.moved])
    if news.proven:
        yield from _proven(state, look, state.steps[news.proven])
    yield from _time(state, look)
    for machine in _touched(state, look):
        yield from _go_on(state, look, state.steps[machine])


def _touched(state: State, look: Lookup) -> list[str]:
    """Return the servers that may go on: those that the entry is about, and those that wait for them."""
    if state.news.all:
        return list(state.steps)
    near = [name for each in state.news.look for name in (each, *circle_of(look, each))]
    if state.news.moved:
        near += needed_by(look, state.news.moved)
    return [each for each in dict.fromkeys(near) if each in state.steps]


# --- what people say --------------------------------------------------------------------------------------------------


def _said(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    match entry.payload:
        case v.RestartPlanned():
            yield from _planned(state, look)
        case v.JudgingWanted(machine, store, by):
            yield from errands.judge(state, machine, store, by)
        case v.PointChosen() as chosen:
            yield from _chosen(state, look, chosen)
        case v.ThawWanted(machine, store, by, role):
            if may.may(look, may.THAW, by, role, machine):
                yield from errands.thaw(state, machine, store, by)
        case v.BaselineWanted(machine, by):
            yield errands.baseline(state, machine, by)
        case v.StepWanted() as wanted:
            yield from _wanted(state, look, wanted)
        case v.GateAnswered(machine, until=until) if until > state.now:
            yield h.WakeAsked(due=until, key=key(EXCEPTION, machine, entry.seq))


def _planned(state: State, look: Lookup) -> Iterator[Payload]:
    """Rule 5."""
    for machine, step in state.steps.items():
        if step.wave:
            yield from _prepared(state, look, machine)


def _prepared(state: State, look: Lookup, machine: str) -> Iterator[Payload]:
    yield from credentials.missing(look, state, machine)
    if machine not in state.ratings:
        yield v.ServerRated(machine, Status.NOT_IMPACTED, BY_RULE, Text(because(r.R_NOTHING).text()))


def _chosen(state: State, look: Lookup, chosen: v.PointChosen) -> Iterator[Payload]:
    """Rule 4."""
    if not may.may(look, may.CHOOSE, chosen.by, chosen.role, chosen.machine):
        return
    if chosen.where not in (restore.SCRATCH, restore.PLACE):
        return
    if restore.why_not(state, chosen.machine, chosen.store, chosen.point, chosen.where) is None:
        found = restore.find_point(state, chosen.machine, chosen.store, chosen.point)
        assert found is not None
        yield errands.restore(state, found.holder, chosen)


def _placed(state: State, look: Lookup, machine: str) -> Iterator[Payload]:
    """Rule 4: what must be entered again."""
    made = state.restored[machine][-1]
    for subject in (machine, *(each.id for each in look.services_of(machine))):
        yield ReenterSaid(subject, made.enter_after, made.by)


def _wanted(state: State, look: Lookup, wanted: v.StepWanted) -> Iterator[Payload]:
    """Rules 6, 12 and 15."""
    step = state.step(wanted.machine)
    act = {"begin": may.BEGIN, "again": may.AGAIN, "back": may.BACK}.get(wanted.want, "")
    if not may.may(look, act, wanted.by, wanted.role, wanted.machine):
        return
    if wanted.want == "begin" and not step.round and _may_begin(look, wanted.machine):
        yield from _prepared(state, look, wanted.machine)
        yield _move(step, Stage.WAITING, because(r.BEGUN, by=wanted.by), wanted.by)
    elif wanted.want == "begin" and step.begun:
        yield from _once_more(state, look, step)
    elif wanted.want == "again" and step.stage == Stage.RECUT:
        yield _move(step, Stage.WAITING, because(r.AGAIN, by=wanted.by), wanted.by)
    elif wanted.want == "back" and step.begun:
        yield _move(step, Stage.RECUT, because(r.BACK, by=wanted.by), wanted.by)


def _may_begin(look: Lookup, machine: str) -> bool:
    found = look.machines.get(machine)
    return found is not None and found.role not in ("hub", "switch")


def _once_more(state: State, look: Lookup, step: Step) -> Iterator[Payload]:
    """Somebody begins what has begun: what was lacking is asked for anew."""
    if step.stage in (Stage.WAITING, Stage.ISOLATED) and _lacks(step):
        yield _isolate(step, (), because(r.RETURNS), BY_RULE)
    if step.stage in (Stage.ISOLATED, Stage.OBSERVING, Stage.LISTED):
        yield from errands.sweep(state, look, step.machine)


def _lacks(step: Step) -> bool:
    """Whether no isolation from everybody is in force or on its way."""
    found = step.isolation
    return found is None or bool(found.allow) or found.lost


# --- stages -----------------------------------------------------------------------------------------------------------


def _move(step: Step, stage: Stage, why: Reason, by: str) -> v.StepMoved:
    number = step.round + (stage == Stage.WAITING)
    return v.StepMoved(step.machine, step.wave, number, step.stage, stage, why.text(), by)


def _isolate(step: Step, allow: tuple[str, ...], why: Reason, by: str) -> v.IsolationWanted:
    return v.IsolationWanted(isolation_id(step.machine, step.numbered + 1), step.machine, allow, by, why.text())


def _go_on(state: State, look: Lookup, step: Step) -> Iterator[Payload]:
    """Rule 8."""
    if not step.round or step.seen:
        return
    if step.stage in (Stage.OPEN, Stage.RECUT) or blocked(state, look, step.machine, state.now):
        if step.stage == Stage.ISOLATED:
            yield from _trial(state, look, step)
        return
    match step.stage:
        case Stage.WAITING:
            yield _move(step, Stage.ISOLATED, _why_isolated(state, look, step), BY_RULE)
        case Stage.ISOLATED:
            yield _move(step, Stage.VERIFIED, because(r.VERIFIED), BY_RULE)
        case Stage.OBSERVING:
            by = {each.side: each.by for each in signatures_of(state, look, step.machine) if each.counts}
            yield _move(step, Stage.LISTED, because(r.LISTED, **by), BY_RULE)
        case Stage.LISTED:
            opener = find_opener(state, look, step)
            why = because(r.OPEN_WANTED, by=opener) if opener else because(r.OPEN)
            yield _move(step, Stage.OPEN, why, opener or BY_RULE)


def _why_isolated(state: State, look: Lookup, step: Step) -> Reason:
    if step.proven:
        return because(r.ISOLATED)
    given = accepted_by(state, look, step.machine, state.now)
    return because(r.ISOLATED_ACCEPTED, by=given.by if given else "")


def _trial(state: State, look: Lookup, step: Step) -> Iterator[Payload]:
    """Rule 7."""
    flows = trial_flows(look, state, step.machine)
    if not flows or not step.proven or list(flows) == step.allow:
        return
    gate = gate_of(state, look, step.machine, state.now)
    others = [item for item in FIRST_ELEVEN if item is not Item.CLINICIAN]
    if gate.fine(*others) and not gate.item(Item.CLINICIAN).fine:
        yield _isolate(step, flows, because(r.TRIAL), BY_RULE)


def _moved(state: State, look: Lookup, step: Step) -> Iterator[Payload]:
    """What belongs to a stage that has just begun. Rules 6, 9, 10 and 12."""
    match step.stage:
        case Stage.WAITING if _lacks(step):
            yield _isolate(step, (), because(r.RETURNS), step.history[-1].by)
        case Stage.ISOLATED:
            yield from errands.sweep(state, look, step.machine)
            yield _wake(state.now + SWEEP_S, SWEEP, step)
        case Stage.VERIFIED if not step.seen:
            seconds = state.plan.observe_s if state.plan else OBSERVE_S
            yield _move(step, Stage.OBSERVING, because(r.OBSERVING, hours=f"{seconds / 3600:g}"), BY_RULE)
        case Stage.OBSERVING:
            yield from errands.raise_watch(state, step.machine)
            yield _wake(step.due, OBSERVED, step)
        case Stage.LISTED:
            yield _isolate(step, listed_flows(look, state, step.machine), because(r.LISTED_FLOWS), BY_RULE)
            yield _wake(step.due, LISTED, step)
        case Stage.OPEN:
            for each in step.isolations:
                yield v.IsolationOver(each.id, step.machine, step.history[-1].by)
        case Stage.RECUT if _lacks(step):
            yield _isolate(step, (), because(r.CUT_AGAIN), BY_RULE)


def _proven(state: State, look: Lookup, step: Step) -> Iterator[Payload]:
    """The isolation wanted last holds: those before it are over, and what it looks like is asked. Rules 6 and 10."""
    if step.stage == Stage.OPEN:
        return
    for each in step.isolations[:-1]:
        yield v.IsolationOver(each.id, step.machine, BY_RULE)
    if step.stage in (Stage.ISOLATED, Stage.OBSERVING, Stage.LISTED):
        yield from errands.sweep(state, look, step.machine)


def _cut_again(state: State, entry: Entry, look: Lookup, machine: str, why: str) -> Iterator[Payload]:
    """Rule 11."""
    wave = state.steps[machine].wave
    for step in state.steps.values():
        if step.seen == entry.seq and (step.machine == machine or (wave and step.wave == wave)):
            yield v.MachineRecut(step.machine, step.wave, machine, why)
            yield _move(step, Stage.RECUT, because(r.SEEN, source=machine, what=why), BY_RULE)
    texts = tuple(
        (language, text.replace("{machine}", look.label(machine, language, "machines")).replace("{what}", why))
        for language, text in _TOLD.items()
    )
    yield NoticeNeeded(key("recut", machine, entry.seq), machine, (), _ON_CALL, texts, False, TOLD_S)


# --- the watch and time -----------------------------------------------------------------------------------------------


def _wake(due: float, kind: str, step: Step) -> h.WakeAsked:
    return h.WakeAsked(due=due, key=key(kind, step.machine, step.round))


def _time(state: State, look: Lookup) -> Iterator[Payload]:
    """Rules 6, 9 and 13."""
    news = state.news
    if news.early:
        yield h.WakeAsked(due=state.steps[split(news.early)[1]].due, key=news.early)
    if news.ended and state.steps[news.ended].stage == Stage.OBSERVING:
        yield from errands.sweep(state, look, news.ended)
    if news.placed:
        yield from _placed(state, look, news.placed)
        if state.step(news.placed).stage in ON_ITS_WAY:
            yield from errands.sweep(state, look, news.placed)
    if news.sweep:
        yield from _sweep_again(state, look, state.steps[news.sweep])
    if news.watch:
        yield from _watch(state)
    if news.watch_over:
        yield v.WatchReinforced(0.0, BY_RULE, "")


def _sweep_again(state: State, look: Lookup, step: Step) -> Iterator[Payload]:
    if step.stage == Stage.OPEN and not state.reinforced:
        return
    yield from errands.sweep(state, look, step.machine)
    yield _wake(state.now + (SWEEP_OPEN_S if step.stage == Stage.OPEN else SWEEP_S), SWEEP, step)


def _watch(state: State) -> Iterator[Payload]:
    """Rule 13."""
    for step in state.steps.values():
        if step.stage in (Stage.OBSERVING, *OPENED):
            yield from errands.raise_watch(state, step.machine)
    if state.watch_until > 0:
        yield h.WakeAsked(due=state.watch_until, key=key(WATCH, "", repr(state.watch_until)))


def _raise_again(state: State, machine: str) -> Iterator[Payload]:
    """An agent that was away is asked for what it missed."""
    step = state.step(machine)
    if step.stage in (Stage.OBSERVING, *OPENED) and state.watch_until != 0 and step.raised <= state.now:
        yield from errands.raise_watch(state, machine)
