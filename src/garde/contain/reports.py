"""What agents report, and into which incident it goes: the first half of the fold.

Comes in: agents' entries; the facts that the hub published of them. Goes out: changes of `State`. A report waits
until `harm_joined` names its incident; the rules by which it is proposed for one, one test each:

1. Harm by an address (or another address of the same machine) that did harm in an open incident, or was hit in it,
   belongs to it.
2. So does harm with an account that did: other spellings of it count, and nobody's accounts (guest) do not.
3. So does harm that bears the marks of the same tool, hours later and from elsewhere.
4. So does any harm within an hour of the incident's own.
5. What fits several incidents goes by the strongest of these, then to the youngest. What fits none opens one.
6. Harm after an hour of quiet is a recurrence.
7. A closed incident takes no more harm: it opens a new one.
8. A mass delete alone opens nothing; it joins by rules 1 to 3, and two by one client on two servers are harm.
9. Findings alone open nothing, unless their client is a machine whose agent fell silent: two such files are harm.
10. A verdict whose evidence was read again and proved sound counts no more.

Times are hub time: where an agent's clock is off, its files keep their distances and are set against the entry's own
time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from garde.contain import names
from garde.contain.memory import HOUR, LOCAL, SMB, Faint, Incident, Judged, State, Trace
from garde.contain.waiting import Group, Report
from garde.estate.addresses import same
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry

AGENT: Final = "agent/"  # what `who` begins with where an agent says it
WAKE: Final = "contain/unanswered/"
FAINT: Final = 500  # weak signs remembered
FAINT_S: Final = 600.0  # how old a finding may be that a silence makes harm
FAINT_FILES: Final = 2  # one file may be a slip
VERDICTS: Final = 200  # kept one by one of a trace; older ones are counted
TRACES: Final = 2_000  # of one incident: beyond it harm is counted to the trace that came last
OFF_S: Final = 2.0  # a clock further off than this is set right
# Why a report belongs to an incident, strongest first (`HarmJoined.why`).
WHYS: Final = ("same address", "same account", "same tool", "same hour")
FIRST: Final = "first"


def open_incidents(state: State) -> list[str]:
    """Return the incidents that a person has not closed."""
    return [name for name, each in state.incidents.items() if not each.closed]


def incident_of_key(key: str) -> str:
    """Return the incident that a wake was asked for."""
    return key.removeprefix(WAKE).partition("/")[0] if key.startswith(WAKE) else ""


def in_short(found: h.SpreadFound) -> str:
    """Return a picture as a hash: whether another one says something new."""
    hops = [(each.source, each.server, each.files, sorted(map(names.keep, each.users))) for each in found.hops]
    accounts = sorted(map(names.keep, found.accounts))
    suspects = [each.machine or each.address for each in found.suspects]
    whole = msgspec.json.encode([found.spreader, found.first_server, hops, suspects, accounts])
    return hashlib.sha256(whole).hexdigest()[:16]


# --- what agents say --------------------------------------------------------------------------------------------------


def on_verdict(state: State, entry: Entry, payload: k.VerdictReached) -> None:
    """An actor is judged: one report for each client, one for whatever ran on the server itself."""
    parties: dict[str, list[k.ActorNote]] = {}
    for actor in payload.actors or (k.ActorNote("unknown"),):
        parties.setdefault(_address(actor), []).append(actor)
    first, last = _times(entry, [each.at for each in payload.files])
    share, rest = divmod(len(payload.files), len(parties))
    for number, (address, actors) in enumerate(parties.items()):
        report = _report(state, entry, payload.verdict, address, actors[0])
        report.users = list(dict.fromkeys(name for each in actors for name in report_users(each)))
        report.marks = list(dict.fromkeys(mark for each in actors for mark in names.marks_of(each, payload.files)))
        report.login = any(map(names.by_remote_login, actors))
        report.files, report.first, report.last = share + (rest if number == 0 else 0), first, last
        _wait(state, entry, report)


def on_finding(state: State, entry: Entry, payload: k.FindingMade) -> None:
    """One damaged file: counted where its hand is known; remembered where it may come from a silenced machine."""
    server, address = _server(entry), _address(payload.actor)
    source = _source(state, server, address)
    first, _ = _times(entry, [payload.file.at])
    known = False
    for incident in state.incidents.values():
        trace = None if incident.closed else incident.traces.get(f"{source}|{server}")
        if trace is not None:
            trace.found, known = trace.found + 1, True
            trace.last = max(trace.last, first)
            incident.last_harm = max(incident.last_harm, first)
    if not known and source in state.agents:
        _remember(state, Faint(source, server, address, report_users(payload.actor), first, first, 1))
        if state.agents[source].silent:
            on_silence(state, entry, source)


def on_mass_delete(state: State, entry: Entry, payload: k.MassDeleteSeen) -> None:
    """Many documents gone at once: honest as often as not."""
    server, address = _server(entry), _address(payload.actor)
    report = _report(state, entry, payload.id, address, payload.actor)
    report.files, report.users = payload.files, report_users(payload.actor)
    report.marks = names.marks_of(payload.actor, ())
    if _home(state, report)[1] in WHYS[:3]:
        _wait(state, entry, report)
        return
    if report.kind != SMB or not report.source:
        return
    lost = Faint(report.source, server, address, report.users, entry.at, entry.at, payload.files, payload.id)
    _remember(state, lost)
    alike = [each for each in state.faint.values() if each.lost and each.source == report.source]
    alike = [each for each in alike if entry.at - each.last <= HOUR]
    if len({each.server for each in alike}) > 1:
        _promote(state, entry, alike)


def on_silence(state: State, entry: Entry, machine: str) -> None:
    """An agent says nothing any more: what its machine did elsewhere is looked at with other eyes."""
    faint = [each for each in state.faint.values() if each.source == machine and not each.lost]
    faint = [each for each in faint if entry.at - each.last <= FAINT_S]
    if sum(each.files for each in faint) >= FAINT_FILES:
        _promote(state, entry, faint)
    state.news.look = [
        each.id
        for each in state.incidents.values()
        if not each.closed and any(machine in (trace.source, trace.server) for trace in each.live)
    ]


def on_held(state: State, entry: Entry, payload: k.ActorHeld) -> None:
    """A hand was stopped: its names are known now, and how much it touched."""
    server, address = _server(entry), _address(payload.actor)
    users = report_users(payload.actor)
    for report in state.waiting.of(server, payload.verdict):
        if report.address == address:
            report.users = list(dict.fromkeys([*report.users, *users]))
            report.files, report.hold = max(report.files, payload.touched), payload.hold
            state.waiting.learn(report)
    source = _source(state, server, address)
    for incident in _open(state):
        trace = incident.traces.get(f"{source}|{server}")
        judged = trace.verdicts.get(payload.verdict) if trace else None
        if trace is None or judged is None:
            continue
        before = (trace.files, tuple(trace.users))
        judged.touched, judged.hold = max(judged.touched, payload.touched), payload.hold
        add_names(trace.users, users)
        if before != (trace.files, tuple(trace.users)):
            state.news.look.append(incident.id)


def on_confirmed(state: State, entry: Entry, payload: k.HoldConfirmed) -> None:
    """The evidence stands."""
    for incident, trace, judged in _judged(state, _server(entry), payload.verdict, payload.hold):
        before = trace.files
        judged.touched, judged.hold = max(judged.touched, payload.damaged), payload.hold
        if trace.files != before:
            state.news.look.append(incident.id)


def on_released(state: State, entry: Entry, payload: k.HoldReleased) -> None:
    """The evidence does not stand; where a person let go, it does, and it is their word that counts there."""
    if not payload.cleared:
        return
    server = _server(entry)
    for report in state.waiting.of(server, payload.verdict):
        report.cleared = report.cleared or report.hold in ("", payload.hold)
    for incident, trace, judged in _judged(state, server, payload.verdict, payload.hold):
        judged.cleared = True
        state.news.look.append(incident.id)
        if trace.cleared and not any(each.party == trace.party for each in incident.live):
            state.news.cleared.append(f"{incident.id}|{trace.party}")


def on_mode(state: State, entry: Entry, payload: k.AgentStarted | k.ModeChanged) -> None:
    """In which mode it is to watch."""
    state.agent(_server(entry)).observing = payload.asked == "observe"


# --- what the hub published of it -------------------------------------------------------------------------------------


def on_opened(state: State, entry: Entry, payload: h.IncidentOpened) -> None:
    """An incident begins."""
    found = Incident(payload.incident, entry.at, payload.first_harm, payload.server, payload.severity)
    found.last_harm = payload.first_harm
    state.incidents.setdefault(payload.incident, found)


def on_joined(state: State, entry: Entry, payload: h.HarmJoined) -> None:
    """A report belongs to this incident: what waited is counted to it."""
    name = (payload.server, payload.verdict, payload.address)
    report = state.waiting.find(*name)
    if report is not None:
        state.waiting.remove(report)
    else:  # words erased since, or another version's rules: the fact alone tells
        source = _source(state, payload.server, payload.address)
        users = [each for each in map(names.keep, payload.users) if each]
        kind = SMB if source else LOCAL
        report = Report(entry.seq, *name, source, kind, users, [], 0, entry.at, entry.at, payload.incident, "")
    incident = state.incidents.get(payload.incident)
    if incident is None:
        incident = Incident(payload.incident, entry.at, report.first, report.server)
        state.incidents[incident.id] = incident
    incident.burst += payload.recurrence
    if payload.recurrence:
        begin_anew(state, incident)
    _count(incident, report)
    if incident.id not in state.waiting.groups:
        state.news.look = [incident.id]


def begin_anew(state: State, incident: Incident) -> None:
    """It came back: nobody has answered it, and people are called for it from now on."""
    incident.answered = False
    state.forget_notices(incident.id)


def _count(incident: Incident, report: Report) -> None:
    incident.first_harm = min(incident.first_harm, report.first)
    incident.last_harm = max(incident.last_harm, report.last)
    add_names(incident.marks, report.marks)
    key = f"{report.source}|{report.server}"
    trace = incident.traces.get(key)
    if trace is None:
        if len(incident.traces) >= TRACES:
            key = next(reversed(incident.traces))
        trace = incident.traces.setdefault(
            key,
            Trace(report.source, report.server, report.kind, [], [], report.first, report.last, incident.burst, 0),
        )
        trace.observed = report.observed
    trace.seq, trace.observed = report.seq, trace.observed and report.observed
    trace.first, trace.last = min(trace.first, report.first), max(trace.last, report.last)
    trace.login = trace.login or report.login
    add_names(trace.addresses, [report.address] if report.address else [])
    add_names(trace.users, report.users)
    judged = trace.verdicts.pop(report.verdict, None)
    if judged is not None and not judged.cleared:  # said twice, or by an agent that began to count anew
        trace.before += max(judged.files, judged.touched)
    trace.verdicts[report.verdict] = Judged(report.files, hold=report.hold, cleared=report.cleared)
    while len(trace.verdicts) > VERDICTS:
        old = trace.verdicts.pop(next(iter(trace.verdicts)))
        trace.before += 0 if old.cleared else max(old.files, old.touched)


# --- where a report belongs -------------------------------------------------------------------------------------------


def _wait(state: State, entry: Entry, report: Report) -> None:
    report.incident, report.why = _home(state, report)
    if report.why == FIRST:
        report.incident = f"i-{entry.hash[:8]}"
    incident = state.incidents.get(report.incident)
    report.recurrence = incident is not None and report.first - incident.last_harm >= HOUR
    left = state.waiting.left(state.written)
    state.waiting.add(report)
    for each in (*left, report):
        state.waiting.take_up(each, entry.seq, state.written)
        state.news.reports.append(each)


def _home(state: State, report: Report) -> tuple[str, str]:
    """Return the incident and why, or ("", "first")."""
    groups = state.waiting.groups
    best, found = len(WHYS), ""
    for name in reversed(groups):  # incidents not opened yet are the youngest
        if name not in state.incidents and (rank := _rank_waiting(report, groups[name])) < best:
            best, found = rank, name
    for incident in reversed([*_open(state)]):
        rank = _rank_known(report, incident)
        if incident.id in groups:
            rank = min(rank, _rank_waiting(report, groups[incident.id]))
        if rank < best:
            best, found = rank, incident.id
    return (found, WHYS[best]) if found else ("", FIRST)


def _rank_known(report: Report, incident: Incident) -> int:
    keys, traces = names.accounts(report.users), incident.live
    return _rank(
        report,
        any(_party(report) in (each.source, each.server) for each in traces),
        bool(keys) and any(keys & names.accounts(each.users) for each in traces),
        not set(report.marks).isdisjoint(incident.marks),
        (incident.first_harm, incident.last_harm),
    )


def _rank_waiting(report: Report, group: Group) -> int:
    return _rank(
        report,
        _party(report) in group.parties,
        not group.accounts.keys().isdisjoint(names.accounts(report.users)),
        not group.marks.keys().isdisjoint(report.marks),
        (group.first, group.last),
    )


def strongest(*fits: bool) -> int:
    """Return the place in `WHYS` of the first that fits; their number where none does."""
    return fits.index(True) if True in fits else len(WHYS)


def _rank(report: Report, hand: bool, account: bool, tool: bool, span: tuple[float, float]) -> int:
    near = report.first <= span[1] + HOUR and report.last >= span[0] - HOUR
    return strongest(hand and bool(_party(report)), account, tool, near)


def _party(report: Report) -> str:
    """Return the machine behind it, which may have done harm before, or have been hit before; "" for nobody's."""
    return report.source or (report.server if report.kind == LOCAL else "")


# --- small parts ------------------------------------------------------------------------------------------------------


def report_users(actor: k.ActorNote) -> list[str]:
    """Return the accounts of a client; who a server's own process runs as says nothing of a person."""
    return names.users_of(actor) if actor.kind == SMB else []


def _report(state: State, entry: Entry, verdict: str, address: str, actor: k.ActorNote) -> Report:
    server = _server(entry)
    source = _source(state, server, address)
    kind = actor.kind
    if kind == SMB and not source:
        kind = LOCAL if address else "unknown"  # a client on the server itself; one whose address nobody saw
    observed = server in state.agents and state.agents[server].observing
    return Report(
        entry.seq, server, verdict, address, source, kind, [], [], 0, entry.at, entry.at, "", "", observed=observed
    )


def _promote(state: State, entry: Entry, faint: Iterable[Faint]) -> None:
    """Make reports of weak signs."""
    for each in list(faint):
        del state.faint[f"{each.source}|{each.server}"]
        observed = each.server in state.agents and state.agents[each.server].observing
        report = Report(
            entry.seq, each.server, each.lost, each.address, each.source, SMB, each.users, [], each.files,
            each.first, each.last, "", "", observed=observed,
        )  # fmt: skip
        _wait(state, entry, report)


def _remember(state: State, sign: Faint) -> None:
    key = f"{sign.source}|{sign.server}"
    known = state.faint.pop(key, None)
    if known is not None:
        sign.first, sign.files, sign.lost = known.first, known.files + sign.files, sign.lost or known.lost
        add_names(sign.users, known.users)
    state.faint[key] = sign
    if len(state.faint) > FAINT:
        del state.faint[next(iter(state.faint))]


def _open(state: State) -> Iterable[Incident]:
    return [each for each in state.incidents.values() if not each.closed]


def _judged(state: State, server: str, verdict: str, hold: str) -> list[tuple[Incident, Trace, Judged]]:
    """Return where a verdict of this server stands; the hold tells apart the hands that it names."""
    found = [
        (incident, trace, trace.verdicts[verdict])
        for incident in _open(state)
        for trace in incident.traces.values()
        if trace.server == server and verdict in trace.verdicts
    ]
    exact = [each for each in found if each[2].hold == hold]
    return exact or [each for each in found if not each[2].hold]


def _server(entry: Entry) -> str:
    return entry.who.removeprefix(AGENT)


def _address(actor: k.ActorNote) -> str:
    return same(actor.address) if actor.kind == SMB and actor.address else ""


def _source(state: State, server: str, address: str) -> str:
    """Return the machine (or address) behind a client; "" for the server itself."""
    if not address or address.startswith("127.") or address == "::1":
        return ""
    found = state.addresses.get(address, address)
    return "" if found == server else found


def _times(entry: Entry, at: Collection[float]) -> tuple[float, float]:
    """Return the first and last of these in hub time."""
    first, last = min(at, default=entry.at), max(at, default=entry.at)
    if abs(entry.at - last) > OFF_S:
        first, last = entry.at - min(last - first, 24 * HOUR), entry.at
    return first, last


def add_names(known: list[str], new: Iterable[str]) -> None:
    """Add what is new, up to so many that a flood of names stays bounded."""
    known += [each for each in dict.fromkeys(new) if each not in known][: max(names.NAMES - len(known), 0)]
