"""One entry of the hub in one plain sentence: the part of `words.py` that speaks of agents, incidents, cuts and people.

Comes in: a payload and a speaker. Goes out: the sentence and its tone. Machines and services are named by their estate
ids here; who has the estate at hand can say them in the wards' words. What somebody typed as a login is never said: it
may be a password in the wrong field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal import hub_kinds as h
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark

ACTIONS = {
    "block": mark("refuse this client at the servers"),
    "kick": mark("end its sessions"),
    "account": mark("shut the account at the file servers"),
    "read_only": mark("make the shares read-only"),
    "isolate": mark("let the machine talk to the hub only"),
    "outside": mark("cut the outside"),
    "port": mark("shut the switch port"),
    "undo": mark("undo the cut"),
}
NEEDS = {
    "automatic": mark("the written authority allows it at once"),
    "one": mark("one person must agree"),
    "two": mark("two persons must agree"),
    "unanswered": mark("it is done where nobody answers in time"),
    "never": mark("nobody may order it"),
    "return": mark("whoever leads the machine back decides"),
}
STATES = {
    "asked": mark("asked"),
    "applied": mark("applied, not proven yet"),
    "proven": mark("proven"),
    "not_proven": mark("NOT proven"),
    "failed": mark("failed"),
    "undoing": mark("being undone"),
    "undone": mark("undone"),
}
UNDOERS = {
    "hub": mark("on the hub's order"),
    "code": mark("with a release code"),
    "apply window": mark("by itself: the hub could not be reached any more"),
}
CHANGES = {
    "made": mark("made"),
    "password": mark("given a new password"),
    "role": mark("given a new role"),
    "shut": mark("shut"),
}
JOINED = (mark("same address"), mark("same account"), mark("same tool"), mark("same hour"))  # translated where said
_TONES = {"proven": GOOD, "not_proven": BAD, "failed": BAD, "undone": GOOD}
_Spoken = tuple[Said, str]


def _started(p: h.HubStarted, say: Say) -> _Spoken:
    entries = say.many("{n} entry", "{n} entries", p.entries)
    return say("The hub serves (version {version}, {entries} in the journal)", version=p.version, entries=entries), NOTE


def _stopped(p: h.HubStopped, say: Say) -> _Spoken:
    return say("The hub ended: {reason}", reason=say.known(p.reason)), WARN


def _estate(p: h.EstateLoaded, say: Say) -> _Spoken:
    machines = say.many("{n} machine", "{n} machines", p.machines)
    services = say.many("{n} service", "{n} services", p.services)
    text = say(
        "The hospital was read from {source}: {machines}, {services}",
        source=p.source, machines=machines, services=services,
    )  # fmt: skip
    return text, NOTE


def _token(p: h.TokenMade, say: Say) -> _Spoken:
    until = say.clock(p.expires)
    return say(
        "{by} made a token to enrol {machine}, good until {until}", by=p.by, machine=p.machine, until=until
    ), NOTE


def _enrolled(p: h.AgentEnrolled, say: Say) -> _Spoken:
    return say("{machine} was enrolled from {address}", machine=p.machine, address=p.address), GOOD


def _not_enrolled(p: h.EnrolmentRefused, say: Say) -> _Spoken:
    text = say(
        "{address} asked to be enrolled as {machine} and was refused: {reason}",
        address=p.address, machine=p.machine, reason=say.known(p.reason),
    )  # fmt: skip
    return text, BAD


def _revoked(p: h.AgentRevoked, say: Say) -> _Spoken:
    text = say("{by} withdrew the key of {machine}: {reason}", by=p.by, machine=p.machine, reason=say.known(p.reason))
    return text, WARN


def _alive(p: h.AgentAlive, say: Say) -> _Spoken:
    text = say("{machine} reports", machine=p.machine)
    if p.after:
        text = say("{machine} reports again after {seconds} s", machine=p.machine, seconds=say.tenths(p.after))
    if p.mode == p.asked:
        return text, GOOD
    return say("{text} — in the mode {mode}, not {asked}", text=text, mode=p.mode, asked=p.asked), BAD


def _silent(p: h.AgentSilent, say: Say) -> _Spoken:
    return say("{machine} has been silent since {since}", machine=p.machine, since=say.clock(p.last_seen)), BAD


def _envelope(p: h.EnvelopeRefused, say: Say) -> _Spoken:
    text = say.many(
        "{n} message that claimed to be from {sender} was refused: {reason} ({code})",
        "{n} messages that claimed to be from {sender} were refused: {reason} ({code})",
        p.count,
        sender=p.machine or say("nobody"),
        reason=say.known(p.reason),
        code=p.code,
    )
    return text, BAD


def _wake(p: h.WakeAsked, say: Say) -> _Spoken:
    return say("To be looked at again at {due}: {key}", due=say.clock(p.due), key=p.key), NOTE


def _woke(p: h.Woke, say: Say) -> _Spoken:
    return say("Looked at again: {key}", key=p.key), NOTE


def _opened(p: h.IncidentOpened, say: Say) -> _Spoken:
    text = say(
        "Incident {incident}, severity {severity}: harm on {server}, the first at {first}",
        incident=p.incident, severity=p.severity, server=p.server, first=say.clock(p.first_harm),
    )  # fmt: skip
    return text, BAD


def _raised(p: h.IncidentRaised, say: Say) -> _Spoken:
    text = say(
        "Incident {incident} rose to severity {severity}: {reason}",
        incident=p.incident, severity=p.severity, reason=say.known(p.reason),
    )  # fmt: skip
    return text, BAD


def _joined_into(p: h.IncidentJoined, say: Say) -> _Spoken:
    known = {"incident": p.incident, "into": p.into, "why": say.known(p.why)}
    if p.recurrence:
        return say("Incident {incident} is incident {into} come back ({why}): it goes on there", **known), BAD
    return say("Incident {incident} is part of incident {into} ({why}): it goes on there", **known), WARN


def _joined(p: h.HarmJoined, say: Say) -> _Spoken:
    source = p.address or say("the server itself")
    known = {"server": p.server, "source": source, "incident": p.incident, "why": say.known(p.why)}
    if p.recurrence:
        return say("It is back: harm on {server} by {source} belongs to incident {incident} ({why})", **known), BAD
    return say("Harm on {server} by {source} belongs to incident {incident} ({why})", **known), WARN


def _spread(p: h.SpreadFound, say: Say) -> _Spoken:
    files = say.many("{n} damaged file", "{n} damaged files", p.files)
    known = {"first": p.first_server, "at": say.clock(p.first_at), "files": files}
    if not p.spreader:
        return say("Who spreads it cannot be told yet: first on {first} at {at}, {files}", **known), BAD
    return say("{spreader} spreads it: first to {first} at {at}, {files}", spreader=p.spreader, **known), BAD


def _proposed(p: h.CutProposed, say: Say) -> _Spoken:
    action = say.word(ACTIONS, p.action)
    if p.refused:
        text = say(
            "Not possible: {action} ({target}) — {reason}",
            action=action, target=p.target, reason=say.known(p.refused),
        )  # fmt: skip
        return text, WARN
    price = say("no clinical service stops")
    if p.price:
        names = say.list([say("{name}", name=name) for name in p.price])
        price = say.many("this service stops: {names}", "these services stop: {names}", len(p.price), names=names)
    text = say(
        "Proposed: {action} ({target}); {price}; {needs}",
        action=action, target=p.target, price=price, needs=say.word(NEEDS, p.needs),
    )  # fmt: skip
    return text, WARN


def _changed(p: h.CutChanged, say: Say) -> _Spoken:
    text = say(
        "Cut {cut} is {state}: asked of {asked}, applied at {applied}, proven at {proven}",
        cut=p.cut, state=say.word(STATES, p.state), asked=p.asked, applied=p.applied, proven=p.proven,
    )  # fmt: skip
    if p.lacking:
        lacking = say.list([say("{name}", name=name) for name in p.lacking])
        text = say("{text}; it does not hold at {lacking}", text=text, lacking=lacking)
    return text, _TONES.get(p.state, NOTE)


def _cut(p: h.MachineCut, say: Say) -> _Spoken:
    return say("{machine} is cut off: {how}", machine=p.machine, how=say.word(ACTIONS, p.how)), WARN


def _freed(p: h.MachineFreed, say: Say) -> _Spoken:
    return say("{machine} is no longer cut off by {cut}", machine=p.machine, cut=p.cut), GOOD


def _decided(p: h.CutDecided, say: Say) -> _Spoken:
    known = {"by": p.by, "role": p.role, "cut": p.cut}
    match p.decision:
        case "approve":
            text = say("{by} ({role}) agreed to cut {cut}", **known)
        case "reject":
            text = say("{by} ({role}) rejected cut {cut}", **known)
        case "undo":
            text = say("{by} ({role}) wants cut {cut} undone", **known)
        case _:
            text = say("{by} ({role}) said {decision} of cut {cut}", decision=p.decision, **known)
    return (say("{text}: {note}", text=text, note=p.note) if p.note else text), NOTE


def _answered(p: h.IncidentAnswered, say: Say) -> _Spoken:
    return say("{by} has taken incident {incident} in hand", by=p.by, incident=p.incident), GOOD


def _closed(p: h.IncidentClosed, say: Say) -> _Spoken:
    text = say("{by} closed incident {incident}", by=p.by, incident=p.incident)
    return (say("{text}: {note}", text=text, note=p.note) if p.note else text), GOOD


def _order(p: h.OrderAsked, say: Say) -> _Spoken:
    whom = say.list([say("{name}", name=name) for name in (*p.addresses, *p.users)])
    known = {"machine": p.machine, "action": say.word(ACTIONS, p.verb), "cut": p.cut}
    if not whom:
        return say("Asked of {machine} for cut {cut}: {action}", **known), NOTE
    return say("Asked of {machine} for cut {cut}: {action} ({whom})", whom=whom, **known), NOTE


def _port(p: h.PortAsked, say: Say) -> _Spoken:
    known = {"switch": p.switch, "port": p.port, "machine": p.machine}
    if p.up:
        return say("Asked of switch {switch}: open port {port} of {machine}", **known), NOTE
    return say("Asked of switch {switch}: shut port {port} of {machine}", **known), NOTE


def _done(p: h.CommandDone, say: Say) -> _Spoken:
    return say("Done: {detail}", detail=say.known(p.detail or p.command)), NOTE


def _failed(p: h.CommandFailed, say: Say) -> _Spoken:
    return say("Could not be done: {reason}", reason=say.known(p.reason)), BAD


def _applied(p: h.OrderApplied, say: Say) -> _Spoken:
    text = say("Cut {cut} is applied: {detail}", cut=p.cut, detail=say.known(p.detail))
    if p.survives_reboot:
        return text, NOTE
    return say("{text} (it ends with a restart of the machine)", text=text), NOTE


def _order_refused(p: h.OrderRefused, say: Say) -> _Spoken:
    text = say(
        "The order for cut {cut} was refused: {reason} ({code})",
        cut=p.cut, reason=say.known(p.reason), code=p.code,
    )  # fmt: skip
    return text, BAD


def _tried(p: h.CutTried, say: Say) -> _Spoken:
    if p.proven:
        checks = say.many("{n} check passed", "{n} checks passed", len(p.checks))
        return say("Cut {cut} holds: {checks}", cut=p.cut, checks=checks), GOOD
    failed = say.list([say.known(check.what) for check in p.checks if check.seen != check.wanted])
    return say("Cut {cut} is NOT proven: {failed}", cut=p.cut, failed=failed or say("nothing could be tried")), BAD


def _undone(p: h.CutUndone, say: Say) -> _Spoken:
    return say("Cut {cut} was undone {by}", cut=p.cut, by=say.word(UNDOERS, p.by)), GOOD


def _account(p: h.AccountChanged, say: Say) -> _Spoken:
    text = say(
        "The account {login} ({role}) was {change} by {by}",
        login=p.login, role=p.role, change=say.word(CHANGES, p.change), by=p.by,
    )  # fmt: skip
    return text, NOTE


def _signed_in(p: h.SignedIn, say: Say) -> _Spoken:
    known = {"login": p.login, "address": p.address}
    if p.how == "break-glass":
        return say("{login} signed in from {address} with a break-glass code", **known), WARN
    return say("{login} signed in from {address}", **known), NOTE


def _not_signed_in(p: h.SignInRefused, say: Say) -> _Spoken:
    return say("A sign-in from {address} was refused: {reason}", address=p.address, reason=say.known(p.reason)), WARN


HUB_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    h.HubStarted: _started,
    h.HubStopped: _stopped,
    h.EstateLoaded: _estate,
    h.TokenMade: _token,
    h.AgentEnrolled: _enrolled,
    h.EnrolmentRefused: _not_enrolled,
    h.AgentRevoked: _revoked,
    h.AgentAlive: _alive,
    h.AgentSilent: _silent,
    h.EnvelopeRefused: _envelope,
    h.WakeAsked: _wake,
    h.Woke: _woke,
    h.IncidentOpened: _opened,
    h.IncidentRaised: _raised,
    h.HarmJoined: _joined,
    h.IncidentJoined: _joined_into,
    h.SpreadFound: _spread,
    h.CutProposed: _proposed,
    h.CutChanged: _changed,
    h.MachineCut: _cut,
    h.MachineFreed: _freed,
    h.CutDecided: _decided,
    h.IncidentAnswered: _answered,
    h.IncidentClosed: _closed,
    h.OrderAsked: _order,
    h.PortAsked: _port,
    h.CommandDone: _done,
    h.CommandFailed: _failed,
    h.OrderApplied: _applied,
    h.OrderRefused: _order_refused,
    h.CutTried: _tried,
    h.CutUndone: _undone,
    h.AccountChanged: _account,
    h.SignedIn: _signed_in,
    h.SignInRefused: _not_signed_in,
}
