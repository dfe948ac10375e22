"""What agents answer to errands: stores, points, what was brought back, sweeps and looks. The second third of the fold.

Comes in: reports of agents, failed commands. Goes out: changes of `State`. The rules, one test each:

1. An answer counts where the agent says it that was asked, and for what it was asked: its command. What an agent says
   of another one's errand, or without having been asked, changes nothing but its own retention and its own stores.
2. A sweep and a look count in the round that they were asked in, and since the isolation that is in force: what comes
   late is of another time.
3. A sweep that says no where it did not before, and a look that sees a port that should not answer, are alarms once
   the server is verified.
4. A point counts as brought back where it was verified whole; what a complete run no longer names is gone.
5. The hub believes the baseline that it asked for, and none that an agent took while an incident was open.
6. An errand that failed is open no more; a freeze that failed is not proven.
"""

from __future__ import annotations

from typing import Final

from garde.journal import hub_kinds as h
from garde.journal import recovery_kinds as v
from garde.journal.entry import Entry, machine_of
from garde.model.order import ACCOUNT, Verb
from garde.model.restart import Answer, Item, Stage
from garde.recovery import reasons as r
from garde.recovery.flows import is_expected
from garde.recovery.harm_fold import alarm
from garde.recovery.memory import (
    CHECKED,
    ON_ITS_WAY,
    Errand,
    Found,
    Looked,
    Point,
    Restored,
    State,
    Step,
    Store,
    Swept,
)
from garde.recovery.reasons import because

MOST_POINTS: Final = 1_000  # remembered of one store: three years of daily ones
MOST_RESTORED: Final = 20  # of one machine


# --- errands ----------------------------------------------------------------------------------------------------------


def on_asked(state: State, entry: Entry, payload: v.ErrandAsked) -> None:
    """An errand is on its way. Those of the account, and watch lists, are none of the way back."""
    if payload.verb in ACCOUNT or payload.verb == Verb.WATCH_FOR:
        return
    state.errands[payload.command] = Errand(
        payload.machine, payload.verb, payload.about, payload.store, payload.point, payload.where,
        state.step(payload.about).round, payload.since, payload.by, entry.seq,
        len(payload.addresses) * len(payload.ports),
    )  # fmt: skip
    store = state.stores.get(f"{payload.machine}|{payload.store}")
    if store is not None and payload.verb in (Verb.FREEZE, Verb.THAW):
        store.frozen = "asked" if payload.verb == Verb.FREEZE else "thawing"
        store.command, store.at = payload.command, entry.at


def _asked(state: State, entry: Entry, command: str, verb: Verb) -> Errand | None:
    """Return the errand of this sort that this agent was asked. Rule 1."""
    found = state.errands.get(command)
    return found if found is not None and found.machine == machine_of(entry) and found.verb == verb else None


def _end(state: State, entry: Entry, command: str, verb: Verb) -> Errand | None:
    found = _asked(state, entry, command, verb)
    if found is not None:
        del state.errands[command]
    return found


def on_failed(state: State, entry: Entry, payload: h.CommandFailed) -> None:
    """It was not done, or nobody fetched it. Rule 6."""
    _failed(state, payload.command, payload.reason)


def on_refused(state: State, entry: Entry, payload: h.OrderRefused) -> None:
    """Its agent does not do it."""
    found = state.errands.get(payload.command)
    if found is not None and found.machine == machine_of(entry):
        _failed(state, payload.command, payload.reason)


def _failed(state: State, command: str, reason: str) -> None:
    found = state.errands.pop(command, None)
    if found is None:
        return
    store = state.stores.get(f"{found.machine}|{found.store}")
    if store is not None and store.command == command:
        store.frozen, store.detail = "not_proven", reason


# --- stores and points ------------------------------------------------------------------------------------------------


def on_stores(state: State, entry: Entry, payload: v.StoresKnown) -> None:
    """An agent says which stores it has: these, and no others."""
    holder = machine_of(entry)
    before = {name: each for name, each in state.stores.items() if each.holder == holder}
    state.stores = {name: each for name, each in state.stores.items() if each.holder != holder}
    for note in payload.stores:
        name = f"{holder}|{note.store}"
        known = before.get(name) or Store(holder, note.store, "", "", False)
        known.sort, known.covers, known.freezes = note.sort, note.covers, note.freezes
        state.stores[name] = known
    state.news.back = holder


def on_frozen(state: State, entry: Entry, payload: v.RetentionFrozen) -> None:
    """It is frozen, or not proven to be."""
    _retention(state, entry, payload.store, "proven" if payload.proven else "not_proven", payload.detail)
    store = state.stores.get(f"{machine_of(entry)}|{payload.store}")
    if store is not None:
        store.seconds = payload.seconds
    _end(state, entry, payload.command, Verb.FREEZE)


def on_thawed(state: State, entry: Entry, payload: v.RetentionThawed) -> None:
    """It goes on again."""
    _retention(state, entry, payload.store, "thawed", payload.detail)
    _end(state, entry, payload.command, Verb.THAW)


def _retention(state: State, entry: Entry, name: str, to: str, detail: str) -> None:
    store = state.stores.get(f"{machine_of(entry)}|{name}")
    if store is not None:
        store.frozen, store.detail, store.at, store.seq = to, detail, entry.at, entry.seq


def on_point(state: State, entry: Entry, payload: v.PointJudged) -> None:
    """One point, judged."""
    errand = _asked(state, entry, payload.command, Verb.JUDGE)
    store = state.stores.get(f"{machine_of(entry)}|{payload.store}")
    if errand is None or store is None or errand.store != payload.store:
        return
    name = f"{store.holder}|{payload.store}|{payload.point}"
    state.points[name] = Point(
        store.holder, payload.store, payload.point, store.covers, payload.taken_at, payload.colour, payload.when,
        payload.files, payload.bytes, payload.looked_at, payload.readable, payload.changed, payload.indicators,
        payload.catalogue, payload.test_restore, payload.enter_after, payload.command, list(payload.reasons),
        errand.since, entry.at,
    )  # fmt: skip
    _bound(state, store)


def _bound(state: State, store: Store) -> None:
    own = [name for name, each in state.points.items() if (each.holder, each.store) == (store.holder, store.store)]
    if len(own) > MOST_POINTS:
        del state.points[min(own, key=lambda name: state.points[name].taken_at)]


def on_points(state: State, entry: Entry, payload: v.PointsJudged) -> None:
    """The end of looking through a store. Rule 4."""
    errand = _end(state, entry, payload.command, Verb.JUDGE)
    if errand is None or errand.store != payload.store:
        return
    own = {name: each for name, each in state.points.items()
           if (each.holder, each.store) == (errand.machine, errand.store)}  # fmt: skip
    seen = [name for name, each in own.items() if each.run == payload.command]
    if not errand.point and len(seen) == payload.points:
        for name in own.keys() - set(seen):
            del state.points[name]


def on_restored(state: State, entry: Entry, payload: v.PointRestored) -> None:
    """A point was brought back, to a scratch place or in place."""
    errand = _end(state, entry, payload.command, Verb.RESTORE)
    if errand is None or (errand.store, errand.point, errand.where) != (payload.store, payload.point, payload.where):
        return
    point = state.points.get(f"{errand.machine}|{errand.store}|{errand.point}")
    enter_after = payload.restored_to or (point.enter_after if point else 0.0)
    made = Restored(
        errand.machine, payload.store, payload.point, payload.where, payload.verified and not payload.failed,
        enter_after, errand.by, entry.seq,
    )  # fmt: skip
    state.restored[errand.about] = [*state.restored.get(errand.about, []), made][-MOST_RESTORED:]
    if made.where == "place" and made.verified:
        state.news.placed = errand.about
    state.news.look = [errand.about]


# --- the machine itself, and the look from outside --------------------------------------------------------------------


def on_baseline(state: State, entry: Entry, payload: v.BaselineTaken) -> None:
    """What a sound machine looks like. Rule 5."""
    errand = _end(state, entry, payload.command, Verb.BASELINE)
    machine = machine_of(entry)
    quiet = not payload.command and not state.incident_open
    untouched = not state.alarm and not state.step(machine).round
    if errand is not None or (quiet and untouched):
        state.baselines[machine] = payload.sha256
        state.news.look = [machine]


def on_swept(state: State, entry: Entry, payload: v.MachineSwept) -> None:
    """A machine's own answers."""
    errand = _end(state, entry, payload.command, Verb.SWEEP)
    step = state.steps.get(errand.machine) if errand is not None else None
    if errand is None or step is None or not _counts(step, errand):
        return
    before = step.swept.answers if step.swept is not None else {}
    answers = {
        each.item: Found(each.answer, [line.shown() for line in each.found], each.more) for each in payload.answers
    }
    step.swept = Swept(payload.baseline, answers, errand.seq, entry.at)
    state.news.look = [step.machine]
    no = [item for item in Item if item in answers and answers[item].answer == Answer.NO]
    turned = [item for item in no if not _was_no(before, item)]
    if turned:
        alarm(state, entry, step.machine, because(r.SWEEP_TURNED, machine=step.machine), CHECKED)


def _was_no(before: dict[str, Found], item: str) -> bool:
    return item in before and before[item].answer == Answer.NO


def on_looked(state: State, entry: Entry, payload: v.MachineLooked) -> None:
    """What another machine saw."""
    errand = _end(state, entry, payload.command, Verb.LOOK)
    step = state.steps.get(errand.about) if errand is not None else None
    if errand is None or step is None or payload.machine != errand.about or not _counts(step, errand):
        return
    before = step.looked.answering if step.looked is not None else []
    answering = sorted(set(payload.answering))
    step.looked = Looked(errand.machine, answering, payload.tried, errand.pairs, errand.seq, entry.at)
    state.news.look = [step.machine]
    addresses = [address for address, name in state.addresses.items() if name == errand.machine]
    if set(answering) - set(before) and not is_expected(step.allow, addresses) and step.stage != Stage.OPEN:
        why = because(r.LOOK_TURNED, looker=errand.machine, machine=step.machine)
        alarm(state, entry, step.machine, why, CHECKED)


def _counts(step: Step, errand: Errand) -> bool:
    """Rule 2."""
    if step.stage not in ON_ITS_WAY or errand.round != step.round or errand.seq < step.began_seq:
        return False
    return step.isolation is None or errand.seq > step.isolation.seq


def on_raised(state: State, entry: Entry, payload: v.WatchRaised) -> None:
    """Its agent watches more sensitively, or as usual again."""
    errand = _end(state, entry, payload.command, Verb.RAISE)
    if errand is not None and errand.machine in state.steps:
        state.steps[errand.machine].raised = payload.until
