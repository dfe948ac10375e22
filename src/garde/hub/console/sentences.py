"""One entry in one plain sentence, with the hospital's own names: machines, people and cuts, not their ids.

Comes in: an entry and the names of the hospital. Goes out: `Line`: when, the sentence, and how it should look. Kinds
that name none of them are said by `garde.journal.words`. Every value from outside is escaped by the speaker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

from garde.contain.isolation import RULE
from garde.hub.console.names import SHORT_ROLES, Names
from garde.journal import hub_kinds as h
from garde.journal.entry import Entry
from garde.journal.legal_words import LEGAL_WRITERS
from garde.journal.payload import Payload
from garde.journal.recovery_words import RECOVERY_WRITERS
from garde.journal.speech import BAD, ERASED, GOOD, NOTE, WARN, Said, mark
from garde.journal.words import Line, line, mode

JOINED = {
    "first": mark("the first one"),
    "same address": mark("from the same address"),
    "same account": mark("with the same account"),
    "same tool": mark("done the same way"),
    "same hour": mark("at the same time"),
}
DECISIONS = {
    "approve": mark("{who} said yes: {cut}"),
    "reject": mark("{who} said no: {cut}"),
    "undo": mark("{who} wants it undone: {cut}"),
}
CHANGES = {
    "asked": (mark("Ordered by {by}: {cut}"), NOTE),
    "applied": (mark("Done, being proven: {cut}"), NOTE),
    "proven": (mark("Proven: {cut}"), GOOD),
    "not_proven": (mark("NOT proven: {cut} — it does not hold on {lacking}"), BAD),
    "failed": (mark("Failed: {cut} — not done on {lacking}"), BAD),
    "undoing": (mark("Being undone: {cut}"), NOTE),
    "undone": (mark("Undone: {cut}"), WARN),
}
ACCOUNT_CHANGES = {
    "made": mark("{by} made the account {login} ({role})"),
    "password": mark("{by} changed the password of {login}"),
    "role": mark("{by} made {login} {role}"),
    "shut": mark("{by} shut the account {login}"),
    "codes": mark("{by} made new codes for the envelope"),
    "app": mark("{by} changed the telephone codes of {login}"),
}
REFUSED_LOGINS = {
    "no such login, or another password": mark("no such login, or another password"),
    "no such code, or used before": mark("no such code, or used before"),
    "another code": mark("another code"),
    "too many tries": mark("too many tries"),
}

TitleOf = Callable[[str], Said]  # id of a cut -> what it is, in words
_Spoken = tuple[Said, str]


def tell(entry: Entry, names: Names, title_of: TitleOf) -> Line:
    """Return the entry in words."""
    writer = _WRITERS.get(type(entry.payload))
    if writer is None:
        return line(_named(entry, names), names.say)
    text, tone = writer(entry.payload, names, title_of)
    return Line(entry.at, text, tone)


def cut_words(  # noqa: PLR0911 - one sentence for each action
    action: str, target: str, users: Sequence[Any], where: Sequence[str], names: Names
) -> Said:
    """Return what a cut is, as an order to oneself: "Refuse ... at 3 servers"."""
    say, machine = names.say, names.machine(target)
    if machine != target:
        machine = say("“{name}”", name=machine)  # a name of several words must not run into the sentence
    match action:
        case "block":
            return say.many(
                "Refuse {target} at {n} server", "Refuse {target} at {n} servers", len(where), target=machine
            )
        case "kick":
            return say("End the open connections of {target}", target=machine)
        case "account":
            accounts = say.list([say("{name}", name=user) for user in users]) if users else say("{name}", name=target)
            return say("Shut the account {accounts} at the file servers", accounts=accounts)
        case "read_only":
            return say("Make the shares read-only on {where}", where=names.machines(where))
        case "isolate":
            return say("Cut {target} off from everything but this hub", target=machine)
        case "outside":
            return say("Close the way to the outside")
        case "port":
            return say("Shut the switch port of {target}", target=machine)
    return say("{action}: {target}", action=action, target=machine)


def by_words(by: str, names: Names) -> Said:
    """Return who authorised something."""
    kind, _, _ = by.partition(": ")
    if kind == "authority":
        return names.say("the written authority")
    if by == RULE:
        return names.say("the rules of the way back")
    return names.person(by)


def spread_words(spread: h.SpreadFound, names: Names) -> Said:
    """Return who spreads to whom."""
    servers = len({hop.server for hop in spread.hops})
    say = names.say
    if not spread.spreader:
        return say.many(
            "Files are destroyed on {n} server; who does it cannot be told yet",
            "Files are destroyed on {n} servers; who does it cannot be told yet",
            servers,
        )
    return say.many(
        "{spreader} destroys files on {n} server; the first was {first}",
        "{spreader} destroys files on {n} servers; the first was {first}",
        servers, spreader=names.machine(spread.spreader), first=names.machine(spread.first_server),
    )  # fmt: skip


def _named(entry: Entry, names: Names) -> Entry:
    """Return an entry of the way back or of the law with the names that people use in place of ids."""
    if type(entry.payload) not in RECOVERY_WRITERS and type(entry.payload) not in LEGAL_WRITERS:
        return entry
    payload: Any = entry.payload
    said = {each.name: getattr(payload, each.name) for each in fields(payload) if each.name in _NAMED}
    known = {name: _NAMED[name](names, value) for name, value in said.items() if value}
    return replace(entry, payload=replace(payload, **known))


_NAMED: dict[str, Callable[[Names, str], Said]] = {
    "machine": Names.machine, "about": Names.machine, "source": Names.machine, "covers": Names.machine,
    "by": lambda names, who: names.say("by the rules") if who == "rule" else names.person(who),
}  # fmt: skip


# --- one small function for each kind ---------------------------------------------------------------------------------


def _token(p: h.TokenMade, n: Names, title: TitleOf) -> _Spoken:
    return n.say("{by} made an enrolment token for {machine}", by=n.person(p.by), machine=n.machine(p.machine)), NOTE


def _enrolled(p: h.AgentEnrolled, n: Names, title: TitleOf) -> _Spoken:
    return n.say("{machine} is enrolled, from {address}", machine=n.machine(p.machine), address=p.address), GOOD


def _not_enrolled(p: h.EnrolmentRefused, n: Names, title: TitleOf) -> _Spoken:
    return n.say(
        "{address} wanted to be enrolled as {machine} and was refused: {reason}",
        machine=n.machine(p.machine), address=p.address, reason=n.say.known(p.reason),
    ), WARN  # fmt: skip


def _revoked(p: h.AgentRevoked, n: Names, title: TitleOf) -> _Spoken:
    return n.say(
        "{by} ended the trust in the agent of {machine}: {reason}",
        machine=n.machine(p.machine), by=n.person(p.by), reason=p.reason,
    ), WARN  # fmt: skip


def _alive(p: h.AgentAlive, n: Names, title: TitleOf) -> _Spoken:
    machine = n.machine(p.machine)
    if p.after:
        return n.say("{machine} gives signs of life again", machine=machine), GOOD
    text = n.say("{machine} is guarded — {mode}", machine=machine, mode=mode(p.mode, n.say))
    return text, NOTE if p.mode == p.asked else BAD


def _silent(p: h.AgentSilent, n: Names, title: TitleOf) -> _Spoken:
    return n.say("{machine} gives no sign of life", machine=n.machine(p.machine)), BAD


def _opened(p: h.IncidentOpened, n: Names, title: TitleOf) -> _Spoken:
    return n.say("Files are being destroyed on {server}: an incident begins", server=n.machine(p.server)), BAD


def _raised(p: h.IncidentRaised, n: Names, title: TitleOf) -> _Spoken:
    return n.say("It is more serious now ({n} of 3): {why}", n=p.severity, why=n.say.known(p.reason)), BAD


def _joined(p: h.HarmJoined, n: Names, title: TitleOf) -> _Spoken:
    server, why = n.machine(p.server), n.say.word(JOINED, p.why)
    if p.recurrence:
        return n.say("It is back: {server} is hit again ({why})", server=server, why=why), BAD
    return n.say("A report of {server} belongs to this incident ({why})", server=server, why=why), NOTE


def _spread(p: h.SpreadFound, n: Names, title: TitleOf) -> _Spoken:
    return spread_words(p, n), BAD


def _proposed(p: h.CutProposed, n: Names, title: TitleOf) -> _Spoken:
    cut = cut_words(p.action, p.target, p.users, p.where, n)
    if p.refused:
        return n.say("Cannot be done: {cut} — {why}", cut=cut, why=n.say.known(p.refused)), NOTE
    return n.say("Proposed: {cut}", cut=cut), NOTE


def _changed(p: h.CutChanged, n: Names, title: TitleOf) -> _Spoken:
    form, tone = CHANGES.get(p.state, (mark("{cut}: {state}"), NOTE))
    values = {"cut": title(p.cut), "lacking": n.machines(p.lacking), "by": by_words(p.by, n), "state": p.state}
    return n.say(form, **values), tone


def _machine_cut(p: h.MachineCut, n: Names, title: TitleOf) -> _Spoken:
    return n.say("{machine} is cut off", machine=n.machine(p.machine)), WARN


def _machine_freed(p: h.MachineFreed, n: Names, title: TitleOf) -> _Spoken:
    return n.say("{machine} is no longer cut off by: {cut}", machine=n.machine(p.machine), cut=title(p.cut)), WARN


def _decided(p: h.CutDecided, n: Names, title: TitleOf) -> _Spoken:
    text = n.say(DECISIONS.get(p.decision, mark("{who} decided: {cut}")), who=n.person(p.by), cut=title(p.cut))
    return (n.say("{text} — “{note}”", text=text, note=p.note) if p.note else text), WARN


def _answered(p: h.IncidentAnswered, n: Names, title: TitleOf) -> _Spoken:
    return n.say("{who} has taken it in hand", who=n.person(p.by)), NOTE


def _joined_into(p: h.IncidentJoined, n: Names, title: TitleOf) -> _Spoken:
    why = n.say.known(p.why)
    if p.recurrence:
        return n.say("It is incident {id} come back ({why}): it goes on there", id=p.into, why=why), BAD
    return n.say("It is part of incident {id} ({why}): it goes on there", id=p.into, why=why), WARN


def _closed(p: h.IncidentClosed, n: Names, title: TitleOf) -> _Spoken:
    text = n.say("{who} declared it over", who=n.person(p.by))
    return (n.say("{text} — “{note}”", text=text, note=p.note) if p.note else text), GOOD


def _order(p: h.OrderAsked, n: Names, title: TitleOf) -> _Spoken:
    if p.verb == "undo":
        return n.say("{machine} is told to undo: {cut}", machine=n.machine(p.machine), cut=title(p.cut)), NOTE
    return n.say("{machine} is told: {cut}", machine=n.machine(p.machine), cut=title(p.cut)), NOTE


def _port(p: h.PortAsked, n: Names, title: TitleOf) -> _Spoken:
    values = {"switch": n.machine(p.switch), "port": p.port, "machine": n.machine(p.machine)}
    if p.up:
        return n.say("{switch} is told to open port {port} again ({machine})", **values), NOTE
    return n.say("{switch} is told to shut port {port} ({machine})", **values), NOTE


def _applied(p: h.OrderApplied, n: Names, title: TitleOf) -> _Spoken:
    text = n.say("Done: {cut}", cut=title(p.cut))
    return (text if p.survives_reboot else n.say("{text} (a restart of the machine ends it)", text=text)), NOTE


def _order_refused(p: h.OrderRefused, n: Names, title: TitleOf) -> _Spoken:
    return n.say("Refused to do it: {cut} — {reason}", cut=title(p.cut), reason=n.say.known(p.reason)), BAD


def _tried(p: h.CutTried, n: Names, title: TitleOf) -> _Spoken:
    if p.proven:
        return n.say("Tried and proven: {cut}", cut=title(p.cut)), GOOD
    wrong = n.say.list([n.say("{what}", what=check.what) for check in p.checks if check.wanted != check.seen])
    return n.say("Tried and NOT proven: {cut} — {wrong}", cut=title(p.cut), wrong=wrong), BAD


def _undone(p: h.CutUndone, n: Names, title: TitleOf) -> _Spoken:
    match p.by:
        case "code":
            return n.say("Undone with a printed release code: {cut}", cut=title(p.cut)), WARN
        case "apply window":
            return n.say("Undone by itself, because the hub could no longer be reached: {cut}", cut=title(p.cut)), BAD
    return n.say("Undone here: {cut}", cut=title(p.cut)), WARN


def _account(p: h.AccountChanged, n: Names, title: TitleOf) -> _Spoken:
    form = ACCOUNT_CHANGES.get(p.change, mark("{by} changed the account {login}"))
    return n.say(form, by=n.person(p.by), login=p.login, role=n.say.word(SHORT_ROLES, p.role)), NOTE


def _signed_in(p: h.SignedIn, n: Names, title: TitleOf) -> _Spoken:
    if p.how == "break-glass":
        return n.say("Somebody signed in with a code of the envelope, from {address}", address=p.address), WARN
    return n.say("{who} signed in, from {address}", who=n.person(p.login), address=p.address), NOTE


def _not_signed_in(p: h.SignInRefused, n: Names, title: TitleOf) -> _Spoken:
    values = {"address": p.address, "reason": n.say.word(REFUSED_LOGINS, p.reason)}
    login = p.login.shown(n.say(ERASED)).strip().lower()
    if login in n.logins:
        return n.say("A sign-in as {who} from {address} was refused: {reason}", who=n.person(login), **values), WARN
    # What is no login of ours may be a password, typed into the wrong field: it is not shown.
    return n.say("A sign-in from {address} was refused: {reason}", **values), WARN


_WRITERS: dict[type[Payload], Callable[[Any, Names, TitleOf], _Spoken]] = {
    h.TokenMade: _token,
    h.AgentEnrolled: _enrolled,
    h.EnrolmentRefused: _not_enrolled,
    h.AgentRevoked: _revoked,
    h.AgentAlive: _alive,
    h.AgentSilent: _silent,
    h.IncidentOpened: _opened,
    h.IncidentRaised: _raised,
    h.HarmJoined: _joined,
    h.SpreadFound: _spread,
    h.CutProposed: _proposed,
    h.CutChanged: _changed,
    h.MachineCut: _machine_cut,
    h.MachineFreed: _machine_freed,
    h.CutDecided: _decided,
    h.IncidentAnswered: _answered,
    h.IncidentClosed: _closed,
    h.IncidentJoined: _joined_into,
    h.OrderAsked: _order,
    h.PortAsked: _port,
    h.OrderApplied: _applied,
    h.OrderRefused: _order_refused,
    h.CutTried: _tried,
    h.CutUndone: _undone,
    h.AccountChanged: _account,
    h.SignedIn: _signed_in,
    h.SignInRefused: _not_signed_in,
}
