"""The one sentence that must be right: big, with its tone and the next step.

Comes in: how an incident stands, or the board in numbers. Goes out: `Headline`. What is most serious is said first.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.hub.board import Incident
from garde.hub.console.names import Names
from garde.hub.console.views.machines import Counts
from garde.hub.console.views.situation import Situation, State
from garde.journal.speech import Said

NAMED = 4  # machines in the one sentence; the cuts have all of them


@dataclass(frozen=True, slots=True)
class Headline:
    """Title, one sentence, and what to do next (may be "")."""

    title: Said
    text: Said
    next: Said
    tone: str


def incident_headline(incident: Incident, how: Situation, names: Names) -> Headline:
    """Say how an incident stands."""
    say, who = names.say, _who(incident, names)
    todo = _next(incident, how, names)
    match how.state:
        case State.OVER if incident.into:
            return Headline(
                say("Part of another incident"), say("It goes on as incident {id}.", id=incident.into), todo, "plain"
            )
        case State.OVER:
            return Headline(
                say("Over"), say("{who} declared it over.", who=names.person(incident.closed)), todo, "plain"
            )
        case State.TROUBLE:
            return Headline(say("A cut does not hold"), _trouble(how, names), todo, "bad")
        case State.HELD:
            return Headline(say("Stopped"), _held(how, who, names), todo, "good")
        case State.CUTTING:
            return Headline(say("Being cut off"), _spreading(incident, who, names), todo, "warn")
    return Headline(say("Files are being destroyed"), _spreading(incident, who, names), todo, "bad")


def quiet_headline(counts: Counts, names: Names) -> Headline:
    """Say how things stand where there is no open incident."""
    say, none = names.say, Said("")
    if counts.silent:
        text = say.many("{n} machine gives no sign of life.", "{n} machines give no sign of life.", counts.silent)
        todo = say("Look whether it runs and has its network. If neither is explained, treat it as an attack.")
        return Headline(say("Somebody is silent"), text, todo, "bad")
    if counts.weaker:
        text = say.many(
            "{n} machine would report harm, but stop nobody.",
            "{n} machines would report harm, but stop nobody.",
            counts.weaker,
        )
        return Headline(say("Watching only"), text, say("Open the machine to see what is missing."), "bad")
    if not counts.agents:
        text = say("No machine is guarded yet.")
        todo = say("Open a machine below and make its enrolment token.")
        return Headline(say("Nobody is guarding"), text, todo, "warn")
    text = say.many("{n} machine is guarded.", "{n} machines are guarded.", counts.alive)
    waiting = counts.awaited + counts.expected
    todo = say.many("{n} machine is still to be enrolled.", "{n} machines are still to be enrolled.", waiting)
    return Headline(say("All quiet"), text, todo if waiting else none, "good")


def _who(incident: Incident, names: Names) -> Said:
    spread = incident.spread
    if not spread or not spread["spreader"]:
        return Said("")
    name, address = names.machine(spread["spreader"]), names.address(spread["spreader"])
    return names.say("{name} ({address})", name=name, address=address) if address else name


def _servers(incident: Incident) -> int:
    spread = incident.spread
    return len({hop["server"] for hop in spread["hops"]}) if spread else 1


def _spreading(incident: Incident, who: Said, names: Names) -> Said:
    say, servers = names.say, _servers(incident)
    if servers > 1:
        if who:
            return say("{who} encrypts or destroys files on {n} servers.", who=who, n=servers)
        return say("Files on {n} servers are hit. Who does it cannot be told yet.", n=servers)
    server = names.machine(incident.spread["first_server"] if incident.spread else incident.server)
    if who:
        return say("{who} encrypts or destroys files on {server}.", who=who, server=server)
    return say("Files on {server} are hit. Who does it cannot be told yet.", server=server)


def _held(how: Situation, who: Said, names: Names) -> Said:
    say = names.say
    proven = max((cut.proven for cut in how.in_force if cut.state == "proven"), default=0)
    if who and proven > 1:
        return say("{who} is cut off: proven on {n} machines. No harm since.", who=who, n=proven)
    if who:
        return say("{who} is cut off: proven. No harm since.", who=who)
    return say("The cut is proven. No harm since.")


def _trouble(how: Situation, names: Names) -> Said:
    lacking = dict.fromkeys(machine for cut in how.trouble for machine in cut.lacking)
    if lacking:
        return names.say("It does not hold on: {machines}.", machines=names.some(map(names.machine, lacking), NAMED))
    return names.say("It could not be proven.")


def _next(incident: Incident, how: Situation, names: Names) -> Said:
    say = names.say
    if how.state is State.OVER:
        return Said("")
    if how.state is State.TROUBLE:
        return say(
            "Press “Try again” at the cut, or go to the machine and pull its network cable. Leave it switched on."
        )
    if how.to_decide:
        return say.many("{n} decision waits for you.", "{n} decisions wait for you.", how.to_decide)
    match how.state:
        case State.HELD:
            return say("Nothing has to be decided now. Leave the machine switched on and the cuts in force.")
        case State.CUTTING:
            return say("Nothing has to be decided now. The proof follows within seconds.")
    return say("Nothing can be decided here. Pull the network cable of whoever spreads; leave it switched on.")
