"""What agents see, and how that touches servers on their way back: the first third of the fold.

Comes in: reports of harm, of modes, signs of life; incidents. Goes out: changes of `State`; `alarm`. The rules, one
test each:

1. Whatever is seen on a server or by it while it is on its way back (isolated to open) is an alarm: a damaged file, a
   verdict, a hold, a mass deletion.
2. What happened before its round began is none, however late the agent says so, unless it makes the rating graver. Its
   agent's clock is put right by what the hub knows of it.
3. An agent that falls silent, no longer enforces, is revoked or enrolled anew is an alarm once its server is verified.
   Before that it makes what its machine said of itself, and what was seen of it, void.
4. An open server is watched as long as the watch is reinforced.
5. An alarm concerns the server and everything of its wave that is on its way; what has been cut again already is not
   concerned once more.
6. The first confirmed hold with damage asks for retention to be frozen; so does a person who speaks of a restart or of
   harm. It is asked anew when every incident was closed in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from garde.estate.addresses import same
from garde.estate.canonical import from_json
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import recovery_kinds as v
from garde.journal.entry import Entry, machine_of
from garde.model.restart import Stage, Status
from garde.recovery import ratings
from garde.recovery import reasons as r
from garde.recovery.keys import ISOLATION
from garde.recovery.memory import CHECKED, ON_ITS_WAY, Agent, Incident, Relapse, State
from garde.recovery.reasons import Reason, because

GRACE_S: Final = 2.0  # between the clocks of a hub and its agents: what is learned of them is tenths of seconds
_ORDERS_ONLY: Final = "orders"  # the mode of an agent that guards no folder: it is whole
_SUSPECT_CUTS: Final = frozenset({"block", "isolate", "port"})


@dataclass(frozen=True, slots=True)
class _Harm:
    """What a report makes of a machine."""

    at: float  # when it was done, in hub time
    status: Status
    why: str  # a sentence of `reasons.py`
    server: str = ""  # where, of a machine that did it elsewhere

    @property
    def reason(self) -> Reason:
        return because(self.why, server=self.server) if self.server else because(self.why)


# --- harm -------------------------------------------------------------------------------------------------------------


def on_verdict(state: State, entry: Entry, payload: k.VerdictReached) -> None:
    """An actor is judged."""
    at = max((_hub_time(state, entry, each.at) for each in payload.files), default=entry.at)
    _harm(state, entry, payload.actors, _Harm(at, Status.IMPACTED, r.R_VERDICT))


def on_finding(state: State, entry: Entry, payload: k.FindingMade) -> None:
    """One file is damaged."""
    status, why = (Status.IMPACTED, r.R_VERDICT) if payload.verdict else (Status.SUSPECT, r.R_FINDING)
    _harm(state, entry, (payload.actor,), _Harm(_hub_time(state, entry, payload.file.at), status, why))


def on_held(state: State, entry: Entry, payload: k.ActorHeld) -> None:
    """An actor was stopped."""
    _harm(state, entry, (payload.actor,), _Harm(entry.at, Status.IMPACTED, r.R_VERDICT))


def on_mass_delete(state: State, entry: Entry, payload: k.MassDeleteSeen) -> None:
    """One hand deleted or emptied many documents."""
    _harm(state, entry, (payload.actor,), _Harm(entry.at, Status.IMPACTED, r.R_VERDICT))


def on_confirmed(state: State, entry: Entry, payload: k.HoldConfirmed) -> None:
    """The evidence was read again and stands. Rule 6."""
    if payload.damaged > 0:
        ask_freeze(state, entry)


def _harm(state: State, entry: Entry, actors: Iterable[k.ActorNote], harm: _Harm) -> None:
    server = machine_of(entry)
    hands = dict.fromkeys(state.addresses.get(same(each.address), "") for each in actors if each.address)
    _touched(state, entry, server, harm, because(r.HARM_ON, machine=server))
    for hand in hands:
        if hand and hand != server:
            by = replace(harm, why=r.R_SPREADS, server=server)
            _touched(state, entry, hand, by, because(r.HARM_BY, machine=hand, server=server))


def _hub_time(state: State, entry: Entry, at: float) -> float:
    """Return an agent's own time as the hub's; entries are put right by the hub, what stands in them is not."""
    agent = state.agents.get(machine_of(entry))
    return at - (agent.clock_off if agent is not None and abs(agent.clock_off) > GRACE_S else 0.0)


def _touched(state: State, entry: Entry, machine: str, harm: _Harm, seen: Reason) -> None:
    if machine not in state.machines:
        return
    step = state.step(machine)
    graver = ratings.is_graver(state, machine, harm.status, harm.at)
    ratings.heard(state, machine, harm.status, harm.reason, harm.at)
    late = step.begun and harm.at + GRACE_S < step.began  # rule 2
    if late and not graver:
        return
    state.harmed[machine] = entry.seq
    if late:
        seen = because(r.GRAVER, machine=machine, status=harm.status)
    alarm(state, entry, machine, seen)


def alarm(state: State, entry: Entry, machine: str, what: Reason, stages: frozenset[Stage] = ON_ITS_WAY) -> None:
    """Something was seen at this machine: note it where it is on its way back. Rules 4 and 5."""
    step = state.steps.get(machine)
    if step is None or step.seen or step.stage not in stages:
        return
    if step.stage == Stage.OPEN and not state.reinforced:
        return
    for each in state.steps.values():
        together = each is step or (step.wave > 0 and each.wave == step.wave)
        if together and not each.seen and each.stage in ON_ITS_WAY:
            each.seen = entry.seq
    state.relapse = Relapse(machine, what.text(), entry.at, entry.seq)
    state.news.alarms.append([machine, what.text()])


# --- agents -----------------------------------------------------------------------------------------------------------


def on_enrolled(state: State, entry: Entry, payload: h.AgentEnrolled) -> None:
    """An agent left its key: from here on it is awaited."""
    state.agents[payload.machine] = Agent(silent=True)
    state.news.all = True
    _no_longer(state, entry, payload.machine, because(r.ENROLLED, machine=payload.machine))


def on_alive(state: State, entry: Entry, payload: h.AgentAlive) -> None:
    """It gives signs of life, again or in another mode."""
    agent = state.agents.setdefault(payload.machine, Agent())
    agent.silent, agent.clock_off = False, payload.clock_off
    state.news.back = payload.machine
    _mode(state, entry, payload.machine, payload.asked, payload.mode)


def on_mode(state: State, entry: Entry, payload: k.AgentStarted | k.ModeChanged) -> None:
    """The agent itself says in which mode it is."""
    _mode(state, entry, machine_of(entry), payload.asked, payload.mode)


def _mode(state: State, entry: Entry, machine: str, asked: str, mode: str) -> None:
    agent = state.agents.setdefault(machine, Agent())
    agent.weaker = mode not in (asked, _ORDERS_ONLY)
    state.news.all = True
    if agent.weaker:
        _no_longer(state, entry, machine, because(r.WEAKER, machine=machine))


def on_silent(state: State, entry: Entry, payload: h.AgentSilent) -> None:
    """It gives no sign of life."""
    state.agents.setdefault(payload.machine, Agent()).silent = True
    state.news.all = True
    if not state.step(payload.machine).begun and state.incident_open:
        ratings.heard(state, payload.machine, Status.SUSPECT, because(r.R_SILENT), entry.at)
    _no_longer(state, entry, payload.machine, because(r.SILENT, machine=payload.machine))


def on_revoked(state: State, entry: Entry, payload: h.AgentRevoked) -> None:
    """Its key is no longer believed."""
    state.agents.pop(payload.machine, None)
    state.news.all = True
    _no_longer(state, entry, payload.machine, because(r.REVOKED, machine=payload.machine))


def _no_longer(state: State, entry: Entry, machine: str, why: Reason) -> None:
    """Rule 3."""
    alarm(state, entry, machine, why, CHECKED)
    step = state.steps.get(machine)
    if step is not None and not step.seen:
        step.swept = step.looked = None


# --- the estate, incidents and cuts -----------------------------------------------------------------------------------


def on_estate(state: State, entry: Entry, loaded: h.EstateLoaded) -> None:
    """Another hospital is in force."""
    if loaded.content.value is None:
        return  # erased: the one before stays in force
    machines = from_json(loaded.content.value).machines
    state.machines = [each.id for each in machines]
    state.addresses = {same(address): each.id for each in reversed(machines) for address in each.addresses}
    state.news.all = True


def on_opened(state: State, entry: Entry, payload: h.IncidentOpened) -> None:
    """An incident begins."""
    state.incidents[payload.incident] = Incident(payload.incident, payload.first_harm)


def on_spread(state: State, entry: Entry, payload: h.SpreadFound) -> None:
    """Who spreads, and since when."""
    if (incident := state.incidents.get(payload.incident)) and payload.first_at > 0:
        incident.first_harm = min(incident.first_harm or payload.first_at, payload.first_at)
    for each in payload.suspects:
        ratings.heard(state, each.machine, Status.SUSPECT, because(r.R_SUSPECT), entry.at)
    ratings.heard(state, payload.spreader, Status.IMPACTED, because(r.R_SPREADS, server=payload.first_server), entry.at)


def on_joined_into(state: State, entry: Entry, payload: h.IncidentJoined) -> None:
    """One incident is part of another."""
    part, whole = state.incidents.pop(payload.incident, None), state.incidents.get(payload.into)
    if part is None or whole is None:
        return
    known = [each for each in (part.first_harm, whole.first_harm) if each > 0]
    whole.first_harm = min(known, default=0.0)
    whole.said = whole.said or part.said


def on_closed(state: State, entry: Entry, payload: h.IncidentClosed) -> None:
    """A person declared it over."""
    if incident := state.incidents.get(payload.incident):
        incident.closed = True
    if not state.incident_open:
        state.alarm = 0


def on_first_harm(state: State, entry: Entry, payload: v.FirstHarmSaid) -> None:
    """A person knows when it began."""
    if incident := state.incidents.get(payload.incident):
        incident.said = payload.at
    ask_freeze(state, entry)
    state.news.all = True


def on_judging(state: State, entry: Entry, payload: v.JudgingWanted) -> None:
    """Somebody looks at backups because of harm."""
    ask_freeze(state, entry)


def ask_freeze(state: State, entry: Entry) -> None:
    """Rule 6."""
    if not state.alarm:
        state.alarm, state.news.freeze = entry.seq, True


def on_machine_cut(state: State, entry: Entry, payload: h.MachineCut) -> None:
    """Containment holds a machine. What we wanted ourselves is left out."""
    if payload.cut.startswith(ISOLATION):
        return
    cuts = state.cut_off.setdefault(payload.machine, [])
    if payload.cut not in cuts and payload.how in _SUSPECT_CUTS:
        cuts.append(payload.cut)
    if not cuts:
        del state.cut_off[payload.machine]
    elif state.incident_open:
        ratings.heard(state, payload.machine, Status.SUSPECT, because(r.R_CUT), entry.at)
    state.news.all = True


def on_machine_freed(state: State, entry: Entry, payload: h.MachineFreed) -> None:
    """It holds it no more."""
    cuts = [each for each in state.cut_off.get(payload.machine, []) if each != payload.cut]
    if cuts:
        state.cut_off[payload.machine] = cuts
    else:
        state.cut_off.pop(payload.machine, None)
    state.news.all = True
