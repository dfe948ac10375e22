"""Incidents and errands: where harm was seen, who was asked, what has ended. One half of the fold.

Comes in: entries of the hub and of agents. Goes out: changes of `State`. `state.py` has the rules.
"""

from __future__ import annotations

from garde.forensics import errands
from garde.forensics import place_fold as places
from garde.forensics.memory import Case, Errand, Hand, Spread, State, Suspect
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry, machine_of
from garde.journal.recovery_kinds import ErrandAsked
from garde.model.order import ACCOUNT, Verb

# --- incidents --------------------------------------------------------------------------------------------------------


def on_opened(state: State, entry: Entry, payload: h.IncidentOpened) -> None:
    """An incident begins."""
    case = Case(payload.incident, entry.seq, payload.first_harm)
    state.cases[payload.incident] = case
    state.news.opened = payload.incident
    _harmed(state, entry, case, payload.server)


def on_harm(state: State, entry: Entry, payload: h.HarmJoined) -> None:
    """One more report of harm."""
    case = state.case(payload.incident)
    if case is not None:
        places.joined(state, case, payload)
        _harmed(state, entry, case, payload.server)


def _harmed(state: State, entry: Entry, case: Case, machine: str) -> None:
    if machine not in case.machines:
        case.machines[machine] = entry.seq
        _more(state, case, machine)


def _more(state: State, case: Case, machine: str) -> None:
    """There is more to gather at this machine: now, or once what is under way has ended."""
    state.news.harmed.append([case.id, machine])
    if errands.is_under_way(state, case, Verb.GATHER, machine) and machine not in case.again:
        case.again.append(machine)


def on_joined_into(state: State, entry: Entry, payload: h.IncidentJoined) -> None:
    """One incident is part of another. Rule 2."""
    part, whole = state.case(payload.incident), state.case(payload.into)
    if part is None or whole is None or part is whole:
        return
    state.joined[part.id] = whole.id
    del state.cases[part.id]
    for parts in (state.notes, state.endings, state.egress, state.looks, state.paths, [*state.items.values()]):
        for each in parts:
            if each.incident == part.id:
                each.incident = whole.id
    known = [each for each in (part.first_harm, whole.first_harm) if each > 0]
    whole.first_harm = min(known, default=0.0)
    whole.confirmed = min([each for each in (part.confirmed, whole.confirmed) if each], default=0)
    whole.machines = part.machines | whole.machines
    whole.asked = part.asked | whole.asked
    whole.again += [each for each in part.again if each not in whole.again]
    whole.naming |= part.naming
    whole.shown = part.shown | whole.shown
    whole.bundles = sorted([*part.bundles, *whole.bundles], key=lambda each: each.seq)
    whole.family = part.family if whole.family is None else whole.family
    whole.origin, whole.egress = whole.origin or part.origin, whole.egress or part.egress
    state.news.known.append(whole.id)


def on_closed(state: State, entry: Entry, payload: h.IncidentClosed) -> None:
    """A person declared it over."""
    case = state.case(payload.incident)
    if case is not None:
        case.closed = True


def on_spread(state: State, entry: Entry, payload: h.SpreadFound) -> None:
    """Who spreads, as containment says it now."""
    case = state.case(payload.incident)
    if case is None:
        return
    if payload.first_at > 0:
        case.first_harm = min(case.first_harm or payload.first_at, payload.first_at)
    case.spread = Spread(
        payload.spreader, payload.first_at, [Hand(each.source, each.first) for each in payload.hops],
        [_suspect(each) for each in payload.suspects], entry.seq,
    )  # fmt: skip
    state.news.spread = case.id
    state.news.known.append(case.id)


def _suspect(one: h.Suspect) -> Suspect:
    return Suspect(one.machine, one.address, one.confidence, [each.shown() for each in one.users])


def on_confirmed(state: State, entry: Entry, payload: k.HoldConfirmed) -> None:
    """The evidence was read again and stands."""
    case = state.case_of(machine_of(entry))
    if case is not None and payload.damaged > 0:
        case.confirmed = case.confirmed or entry.seq
        _more(state, case, machine_of(entry))


def on_restored(state: State, entry: Entry, payload: k.RestoreFinished) -> None:
    """Files were put back: what was damaged lies in a place of its own now."""
    case = state.case_of(machine_of(entry))
    if case is not None and machine_of(entry) in case.machines and payload.restored:
        _more(state, case, machine_of(entry))


# --- errands ----------------------------------------------------------------------------------------------------------


def on_asked(state: State, entry: Entry, payload: ErrandAsked) -> None:
    """An errand is on its way. Those of the way back are not ours."""
    if payload.verb not in ACCOUNT:
        return
    state.errands[payload.command] = Errand(payload.machine, payload.verb, payload.about, payload.until)
    case = state.case(payload.about)
    if case is not None and payload.verb == Verb.FLOWS:
        case.asked[payload.machine] = list(payload.addresses)
    elif case is not None:
        case.again = [each for each in case.again if each != payload.machine]


def on_gathered(state: State, entry: Entry, payload: f.EvidenceGathered) -> None:
    """An agent has looked for evidence."""
    end(state, entry, payload.command, Verb.GATHER)


def end(state: State, entry: Entry, command: str, verb: Verb) -> Errand | None:
    """Note that an errand has an outcome; returns it where it is this agent's. Rule 3."""
    found = state.errands.get(command)
    if found is None or found.machine != machine_of(entry) or found.verb != verb:
        return None
    del state.errands[command]
    case = state.case(found.incident)
    if case is not None:
        state.news.ended.append([case.id, found.verb, found.machine, "done"])
        state.news.known.append(case.id)
    return found


def on_failed(state: State, entry: Entry, payload: h.CommandFailed) -> None:
    """It was not done, or nobody fetched it."""
    _failed(state, payload.command)


def on_refused(state: State, entry: Entry, payload: h.OrderRefused) -> None:
    """Its agent does not do it."""
    found = state.errands.get(payload.command)
    if found is not None and found.machine == machine_of(entry):
        _failed(state, payload.command)


def _failed(state: State, command: str) -> None:
    for each in state.cases.values():
        each.naming.pop(command, None)
    found = state.errands.pop(command, None)
    case = state.case(found.incident) if found is not None else None
    if found is not None and case is not None:
        state.news.ended.append([case.id, found.verb, found.machine, "failed"])
