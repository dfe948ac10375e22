"""Fields that say when: the beginning, awareness, delay, the chronology.

Comes in: `Ask`. Goes out: values with their entries. Times are the hub's, with the offset of its zone.
"""

from __future__ import annotations

from typing import Final

from garde.journal.legal_words import EVENTS
from garde.journal.speech import Said
from garde.legal.clocks import HANDLED
from garde.legal.fill.base import ACTIONS, NOTHING, ROLES_OF_CUT, SERVICE_STATES, Ask, Filler, Value, lines, when
from garde.legal.memory import Thing, running_key

_Moment = tuple[float, Said, list[int]]
LAST: Final = 12  # actions that a complaint names as the last ones


def began(ask: Ask) -> Value:
    """Return when the first hostile write was that is known, and where."""
    incident = ask.incident
    if not incident.first_harm:
        return NOTHING
    words = ask.say(
        "First hostile write known: {at}, on {server}",
        at=when(incident.first_harm),
        server=ask.machine(incident.server),
    )
    return words, [incident.first_harm_seq]


def noticed(ask: Ask) -> Value:
    """Return how it was noticed."""
    incident = ask.incident
    if incident.confirmed:
        words = ask.say(
            "Garde saw files being made unreadable on {server}, stopped the writer, read the evidence again and "
            "reported it at {at}",
            server=ask.machine(incident.server), at=when(incident.opened),
        )  # fmt: skip
        return words, [incident.seq, incident.confirmed[0]]
    words = ask.say("Garde reported damaged files on {server} at {at}", server=ask.machine(incident.server),
                    at=when(incident.opened))  # fmt: skip
    return words, [incident.seq]


def _aware(event: str) -> Filler:
    def fill(ask: Ask) -> Value:
        said = ask.incident.aware_of(event)
        if said is None:
            return NOTHING
        words = ask.say(
            "{since}, as {by} said at {at}", since=when(said.since), by=ask.person(said.by), at=when(said.at)
        )
        return words, [said.seq]

    return fill


def delay(ask: Ask) -> Value:
    """Return that it is not late; where it is, the reasons are a person's to write."""
    running = ask.state.running.get(running_key(ask.incident.id, ask.draft.form))
    if running is None or not running.due or ask.state.now > running.due:
        return NOTHING
    return ask.say("Not late: due by {due}", due=when(running.due)), [running.seq]


def ongoing(ask: Ask) -> Value:
    """Return whether it still goes on, by what people said."""
    said = ask.incident.aware_of(HANDLED)
    if said is not None:
        return ask.say("No: handled since {at}", at=when(said.since)), [said.seq]
    if ask.incident.closed:
        return ask.say("No: declared over at {at}", at=when(ask.incident.closed)), [ask.incident.closed_seq]
    return ask.say("Yes"), [ask.incident.seq]


# --- the chronology ---------------------------------------------------------------------------------------------------


def _moments(ask: Ask) -> list[_Moment]:
    """Return what happened, in order of time."""
    found = [*_harm(ask), *_cuts(ask), *_care(ask), *_found(ask), *_said(ask), *_back(ask)]
    return sorted(found, key=lambda each: (each[0], each[2][:1]))


def _harm(ask: Ask) -> list[_Moment]:
    incident, say = ask.incident, ask.say
    first = say("first hostile write known, on {server}", server=ask.machine(incident.server))
    found: list[_Moment] = [
        (incident.first_harm, first, [incident.first_harm_seq]),
        (incident.opened, say("the incident is reported"), [incident.seq]),
    ]
    if incident.spread is not None and incident.spread.spreader:
        servers = ask.machines(incident.spread.servers)
        words = say(
            "{source} destroys files on {servers}", source=ask.machine(incident.spread.spreader), servers=servers
        )
        found.append((incident.spread.first_at, words, [incident.spread.seq]))
    return found


def cut_words(ask: Ask, cut: Thing) -> Said:
    """Return what a cut did, with whether it is proven."""
    action = ask.say(ACTIONS[cut.what], target=ask.machine(cut.about)) if cut.what in ACTIONS else ask.say(
        "{action}", action=cut.what)  # fmt: skip
    return ask.say("{action} (proven)", action=action) if cut.more == "proven" else action


def _cuts(ask: Ask) -> list[_Moment]:
    cuts = ask.incident.cuts.values()
    return [(cut.at, cut_words(ask, cut), cut.entries) for cut in cuts if cut.more in ROLES_OF_CUT]


def _care(ask: Ask) -> list[_Moment]:
    say = ask.say
    found: list[_Moment] = [
        (each.at, say("{service}: {state}", service=ask.look.label(each.about, ask.language, "services"),
                      state=say.word(SERVICE_STATES, each.what)), each.entries[:1])
        for each in ask.incident.services.values()
    ]  # fmt: skip
    plan = ask.incident.plan
    if plan is not None:
        found.append((plan.at, say("the hospital’s emergency plan is in force"), plan.entries))
    return found


def _found(ask: Ask) -> list[_Moment]:
    found: list[_Moment] = []
    egress = ask.incident.egress
    if egress is not None:
        words = {
            "none_seen": ask.say("no evidence that data left, as of then"),
            "seen": ask.say("data left, as far as was seen by then"),
        }.get(egress.finding, ask.say("whether data left cannot be told as of then"))
        found.append((egress.as_of, words, [egress.seq]))
    return found


def _said(ask: Ask) -> list[_Moment]:
    incident, say = ask.incident, ask.say
    found: list[_Moment] = [
        (each.at, say("{by} says since when: {event}, {since}", by=ask.person(each.by), since=when(each.since),
                      event=say.word(EVENTS, each.event)), [each.seq])
        for said in incident.aware.values()
        for each in said
    ]  # fmt: skip
    for each in incident.ransom:
        words = say("decided: the ransom is paid") if each.paid else say("decided: the ransom is not paid")
        found.append((each.at, words, [each.seq]))
    if incident.closed:
        found.append((incident.closed, say("the incident is declared over"), [incident.closed_seq]))
    return found


def _back(ask: Ask) -> list[_Moment]:
    steps = ask.incident.steps.values()
    return [
        (each.at, ask.say("{machine} is open again", machine=ask.machine(each.about)), each.entries)
        for each in steps
        if each.what == "open"
    ]


def _line(ask: Ask, moment: _Moment) -> tuple[str, list[int]]:
    at, words, entries = moment
    return ask.say("{at}: {what}", at=when(at), what=words), entries


def chronology(ask: Ask) -> Value:
    """Return what happened, a line each."""
    return lines(_line(ask, each) for each in _moments(ask))


def last_actions(ask: Ask) -> Value:
    """Return the last of them."""
    return lines(_line(ask, each) for each in _moments(ask)[-LAST:])


WHEN: Final[dict[str, Filler]] = {
    "began": began,
    "noticed": noticed,
    "aware_personal_data": _aware("aware_personal_data"),
    "aware_significant": _aware("aware_significant"),
    "delay": delay,
    "ongoing": ongoing,
    "chronology": chronology,
    "last_actions": last_actions,
}
