"""What follows from an entry: facts about the incident, proposals, and orders by the written authority.

Comes in: the state as `state.project` has left it with the entry, the entry, the estate in force. Goes out: payloads
in the order in which they are to be written. Pure: no clock (the hub's own entries carry its time), no socket, no
chance; it changes nothing. The rules, one test each:

1. Every report of harm becomes part of one incident, at once; the first of an incident opens it.
2. When all reports of one batch are joined, and not before, the picture is drawn: severity, spread, proposals.
3. A picture that says nothing new is not said again; neither is a proposal that has not changed.
4. Severity only rises.
5. What the authority leaves to nobody is asked for in the same transaction; everything else waits for people.
6. Refusing a client ends its sessions as well, where the authority asks no more for that.
7. Nothing on the never list is ever ordered, and nothing that the authority never allows.
8. What only watching agents have seen is not cut automatically, and no machine is isolated automatically that was hit
   and does not spread: one person decides.
9. A cut in force grows with the harm: further addresses of its target, further servers. It shrinks by an undo only.
10. A person's yes counts where the authority lets them; two are two different persons. What is asked already is asked
    again where it is lacking.
11. A no keeps what is only proposed from being done automatically; a yes said later counts.
12. One person who may approve a cut may undo it. A cut that is undone is over: it is proposed anew under another id,
    and needs a person unless its target did harm since.
13. An automatic cut whose every evidence was read again and proved sound is undone by itself; what was only proposed
    for it is withdrawn.
14. Where a rule speaks of unanswered incidents the hub is woken after its time. If nobody answered and it still
    spreads, what the rule names is cut; what is contained is left alone. An answer counts until harm comes back after
    an hour of quiet.
15. It still spreads where a hand did harm within that time and is neither cut off nor held, or did harm since it was.
16. An agent that comes back is asked for what it missed.
17. Each change of a cut's three facts is said once; so is that a machine is cut off, and that it is free.
18. An agent that falls silent while its machine is part of an incident makes it the gravest; the machine is to be
    refused by its neighbours and shut at its port.
19. In an incident that a person has closed nothing more is proposed or asked for; what is in force can be undone.
20. Where it is said that nobody could be reached about an incident, the rules for the unanswered whose time has passed
    since people were first called for it are applied as if the hub were woken: never earlier than they say, and not
    where somebody has answered.
21. An incident that turns out to be part of an earlier one is joined to it (`joining.py`), and looked at there.

Isolations of machines on their way back are cuts as well, by the rules of `isolation.py`; rules 10, 12, 16 and 17 are
theirs too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from garde.contain import authority, isolation, joining, names, outcomes, spread
from garde.contain.authority import Ruling
from garde.contain.memory import LOCAL, Cut, Incident, Part, State, Trace
from garde.contain.orders import orders_for, undo_orders
from garde.contain.planner import BLOCK, ISOLATE, KICK, OUTSIDE, PORT, UNDO, Crew, Proposal, plan
from garde.contain.reports import AGENT, WAKE, in_short
from garde.contain.spread import Picture
from garde.contain.waiting import Report
from garde.estate.look import Lookup
from garde.estate.nouns import Rule
from garde.journal import hub_kinds as h
from garde.journal import notice_kinds as n
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.journal.payload import Payload

WITHDRAWN: Final = "withdrawn: the evidence was read again, or it no longer helps"
ONLY_WATCHED: Final = "only agents that watch have seen it: one person decides"
ONLY_HIT: Final = "it was hit and does not spread: one person decides"
WAS_UNDONE: Final = "it was undone and nothing has happened since: one person decides"
IS_SOUND: Final = "the evidence was read again and is sound"
REASONS: Final = (WITHDRAWN, authority.NEVER_ALLOWED, ONLY_WATCHED, ONLY_HIT, WAS_UNDONE, IS_SOUND)
BY_AUTHORITY: Final = "authority: "
EVIDENCE: Final = f"{BY_AUTHORITY}{IS_SOUND}"
CLOCK_S: Final = 0.001  # entries keep microseconds: a time-out counts when it has come, not a hair later
GRACE_S: Final = 10.0  # between harm and its report; and harm that was on its way while a cut was applied


def decide(state: State, entry: Entry, estate: Lookup) -> list[Payload]:
    """Return what follows."""
    if state.news.seq != entry.seq:
        return []
    let_go = (payload for name in state.news.let_go for payload in _undo(state.cuts[name], state.cuts[name].over))
    return [*_answer(state, entry, estate), *let_go]


def _answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    news, payload = state.news, entry.payload
    for report in news.reports:
        yield from _join(state, report)
    for name, into, why in (each.split("|") for each in news.joins):
        again = joining.is_recurrence(state.incidents[name], state.incidents[into])
        yield h.IncidentJoined(name, into, why, again)
    joined = {each.split("|")[0] for each in news.joins}
    for name in dict.fromkeys(news.look):
        if name not in joined:
            yield from _look(state, entry, look, state.incidents.get(name))
    for cleared in news.cleared:
        yield from _undo_cleared(state, *cleared.split("|", 1))
    if news.back:
        yield from _ask_again(state, look, news.back)
    cut = state.cuts.get(news.cut)
    match payload:
        case h.CutProposed() if cut is not None and news.ask:
            yield from _ask(state, look, cut, news.ask, cut.by)
        case h.CutDecided() if cut is not None:
            yield from _decided(state, entry, look, cut, payload)
        case r.IsolationWanted() if cut is not None:
            yield from _isolate(state, look, cut)
        case h.Woke():
            yield from _unanswered(state, entry, look, payload.key)
        case n.NoticeUnanswered():
            yield from _not_reached(state, entry, look, state.incidents.get(news.unreached))
        case _ if cut is not None and outcomes.is_outcome(payload):
            yield from _changed(state, look, cut)


# --- reports ----------------------------------------------------------------------------------------------------------


def _join(state: State, report: Report) -> Iterator[Payload]:
    """Rule 1."""
    if report.incident not in state.incidents and state.waiting.opens(report):
        yield h.IncidentOpened(report.incident, report.first, report.server, 1)
    users = tuple(map(names.give, report.users))
    yield h.HarmJoined(
        report.incident, report.server, report.verdict, report.address, users, report.why, report.recurrence
    )


# --- the picture ------------------------------------------------------------------------------------------------------


def _look(state: State, entry: Entry, look: Lookup, incident: Incident | None) -> Iterator[Payload]:
    """Rules 2 to 4."""
    if incident is None or incident.closed:
        return
    found = spread.picture(incident)
    level, reason = spread.severity(found, incident, state.agents)
    if level > incident.severity:
        yield h.IncidentRaised(incident.id, level, reason)
    level = max(level, incident.severity)
    told = spread.said(found, incident)
    if in_short(told) != incident.spread:
        yield told
    yield from _propose(state, look, incident, found, level)
    if not entry.who.startswith(AGENT):  # an agent's entry tells when it happened, not what time it is
        yield from _wakes(entry.at, look, incident, level)


def _propose(state: State, look: Lookup, incident: Incident, found: Picture, level: int) -> Iterator[Payload]:
    """Rules 3, 8, 9, 12, 13."""
    before: dict[str, list[Cut]] = {}  # by what they are, the youngest last
    for each in state.cuts.values():
        if each.incident == incident.id:
            before.setdefault(each.key, []).append(each)
    proposals = plan(found, look, crew_of(state))
    for proposal in proposals:
        old = before.get(proposal.key, [])
        known = old[-1] if old else None
        rule = authority.ruling(look, proposal.action, level, proposal.impact.price)
        payload = _proposed(incident, _cautious(rule, found, proposal, old), proposal, old)
        if known is None or known.undone:
            yield payload
        elif known.by:
            grown = _grown(known, payload)
            if grown is not None:
                yield grown
        elif _differs(known, payload):
            yield payload
    wanted = {each.key for each in proposals}
    for cut in (each[-1] for each in before.values()):
        if not (cut.by or cut.undone or cut.refused or cut.key in wanted):
            yield replace(as_proposed(cut), refused=WITHDRAWN)


def _proposed(incident: Incident, rule: Ruling, proposal: Proposal, old: list[Cut]) -> h.CutProposed:
    last = old[-1] if old else None
    cut = last.id if last and not last.undone else _id(incident.id, proposal.key, len(old) + 1)
    return published(cut, incident.id, proposal, rule)


def published(cut: str, incident: str, proposal: Proposal, rule: Ruling) -> h.CutProposed:
    """Return a proposal with what the authority says of it."""
    return h.CutProposed(
        cut=cut,
        incident=incident,
        action=proposal.action,
        target=proposal.target,
        addresses=proposal.addresses,
        users=tuple(map(names.give, proposal.users)),
        where=proposal.where,
        rank=proposal.rank,
        price=proposal.impact.price,
        degraded=proposal.impact.degraded,
        works=proposal.impact.works,
        undo=UNDO[proposal.action],
        needs=rule.needs,
        why=rule.words,
        refused=proposal.refused or rule.never,
    )


def _cautious(rule: Ruling, found: Picture, proposal: Proposal, old: list[Cut]) -> Ruling:
    """Return the ruling, with a person in it where the ground is thin."""
    parties = [each for each in found.parties if each.name == proposal.target] or found.parties
    if parties and all(each.observed for each in parties):
        rule = authority.cautious(rule, ONLY_WATCHED)
    if proposal.action == ISOLATE and all(each.name != proposal.target for each in found.parties):
        rule = authority.cautious(rule, ONLY_HIT)
    undone = max((each.undone for each in old), default=0)
    about = [each for each in found.traces if each.party == proposal.target] or found.traces
    if undone and all(each.seq < undone for each in about):
        rule = authority.cautious(rule, WAS_UNDONE)
    return rule


def _id(incident: str, key: str, generation: int) -> str:
    return "c-" + hashlib.sha256(f"{incident}\n{key}\n{generation}".encode("utf-8", "replace")).hexdigest()[:10]


def as_proposed(cut: Cut) -> h.CutProposed:
    """Return a cut as it was last proposed."""
    return h.CutProposed(
        cut.id, cut.incident, cut.action, cut.target, tuple(cut.addresses), tuple(map(names.give, cut.users)),
        tuple(cut.where), cut.rank, tuple(cut.price), tuple(cut.degraded), tuple(cut.works), cut.undo, cut.needs,
        cut.why, cut.refused,
    )  # fmt: skip


def _differs(cut: Cut, payload: h.CutProposed) -> bool:
    return as_proposed(cut) != payload


def _grown(cut: Cut, payload: h.CutProposed) -> h.CutProposed | None:
    """Return a cut in force with what is new of its target; None where nothing is, or it may not grow."""
    now = as_proposed(cut)
    if cut.undoing or payload.refused:
        return None
    larger = replace(
        now,
        addresses=tuple(dict.fromkeys([*now.addresses, *payload.addresses])),
        users=tuple(dict.fromkeys([*now.users, *payload.users])),
        where=tuple(dict.fromkeys([*now.where, *payload.where])),
    )
    return larger if larger != now else None


def crew_of(state: State) -> Crew:
    """Return which agents can be asked."""
    return Crew(frozenset(name for name, each in state.agents.items() if each.enrolled), frozenset(state.silent))


# --- asking -----------------------------------------------------------------------------------------------------------


def _ask(state: State, look: Lookup, cut: Cut, machines: Iterable[str], by: str) -> Iterator[Payload]:
    """Rules 5 to 7: say that it is asked for, and order it."""
    asked = list(machines)
    incident = state.incidents.get(cut.incident)
    goes_on = bool(cut.isolation) or (incident is not None and not incident.closed)
    if cut.refused or cut.undone or cut.undoing or not goes_on:
        return
    orders = list(orders_for(cut, asked, look, by, _with_kick(look, cut, incident)))
    if not orders:
        return
    then = outcomes.standing_once_asked(cut, asked)
    yield h.CutChanged(cut.id, then.state, then.asked, then.applied, then.proven, then.lacking, by)
    yield from orders


def _with_kick(look: Lookup, cut: Cut, incident: Incident | None) -> bool:
    if cut.action != BLOCK or incident is None:
        return False
    block = authority.ruling(look, BLOCK, incident.severity, cut.price)
    return not authority.stricter(authority.ruling(look, KICK, incident.severity, cut.price), block)


def _ask_again(state: State, look: Lookup, machine: str) -> Iterator[Payload]:
    """Rule 16."""
    for cut in state.cuts.values():
        missed = [each for each in cut.parts.values() if each.machine == machine and each.late]
        if cut.undoing and not cut.undone and any(each.undo == "failed" for each in missed):
            yield from undo_orders(cut, [machine], cut.by)
        elif any(each in outcomes.main_parts(cut) and each.state == "failed" for each in missed):
            yield from _ask(state, look, cut, [machine], cut.by)


def _isolate(state: State, look: Lookup, cut: Cut) -> Iterator[Payload]:
    told = isolation.priced(cut, as_proposed(cut), look, crew_of(state))
    yield told
    if not told.refused:
        yield from _ask(state, look, cut, cut.where, cut.by)


# --- what people say --------------------------------------------------------------------------------------------------


def _decided(state: State, entry: Entry, look: Lookup, cut: Cut, payload: h.CutDecided) -> Iterator[Payload]:
    """Rules 10 to 12."""
    incident = state.incidents.get(cut.incident)
    if not (incident or cut.isolation) or not cut.said or cut.said[-1].seq != entry.seq:
        return  # not heard: see `outcomes.on_decided`
    severity = incident.severity if incident else isolation.SEVERITY
    rule = authority.ruling(look, cut.action, severity, cut.price)
    rule = replace(rule, needs=authority.ONE) if rule.needs == authority.AUTOMATIC else rule
    if not authority.may_decide(look, rule, payload.by, payload.role):
        return
    # Two words in one batch: what the first brought about is still to be written, and is not brought about twice.
    last = cut.said[-2] if len(cut.said) > 1 and cut.said[-2].seq == entry.seq - 1 else None
    if payload.decision == "undo":
        asked = last is not None and last.decision == "undo" and authority.may_decide(look, rule, last.by, last.role)
        if cut.by and not asked:
            yield from _undo(cut, payload.by)
        return
    if payload.decision != "approve" or cut.refused:
        return
    if cut.by:
        lacking = [each.machine for each in outcomes.main_parts(cut) if each.state in outcomes.LACKING]
        yield from _ask(state, look, cut, dict.fromkeys(lacking), cut.by)
        return
    enough = authority.enough(look, rule, cut.said)
    if enough and not (last and authority.enough(look, rule, cut.said[:-1])):
        yield from _ask(state, look, cut, cut.where, ", ".join(enough))


def _undo(cut: Cut, by: str) -> Iterator[Payload]:
    """Ask every machine that may hold it; one that said already that it does not is left out."""
    if cut.undone:
        return
    parts = [each for each in cut.parts.values() if _may_hold(each)]
    if cut.undoing:
        parts = [each for each in parts if each.undo == "failed"]
        yield from undo_orders(cut, dict.fromkeys(each.machine for each in parts), by)
        return
    now = outcomes.standing(cut)
    state = "undoing" if parts else "undone"
    yield h.CutChanged(cut.id, state, now.asked, now.applied, now.proven, now.lacking, by)
    yield from undo_orders(cut, dict.fromkeys(each.machine for each in parts), by)


def _may_hold(part: Part) -> bool:
    return part.state not in outcomes.NOTHING and part.state != "freed" and part.undo != "done"


def _undo_cleared(state: State, incident: str, party: str) -> Iterator[Payload]:
    """Rule 13."""
    found = state.incidents[incident]
    for cut in state.cuts.values():
        automatic = cut.by.startswith(BY_AUTHORITY) and not any(each.decision == "approve" for each in cut.said)
        if cut.incident == incident and automatic and not cut.undoing and (cut.target == party or not found.live):
            yield from _undo(cut, EVIDENCE)


# --- nobody answers ---------------------------------------------------------------------------------------------------


def _wakes(now: float, look: Lookup, incident: Incident, level: int) -> Iterator[Payload]:
    """Rule 14: ask to be woken, once for each rule."""
    if incident.answered or not incident.live:
        return
    for after in dict.fromkeys(each.after_s for each in authority.unanswered(look, level)):
        key = f"{WAKE}{incident.id}/{after:g}"
        if key not in incident.wakes:
            yield h.WakeAsked(due=now + after, key=key)


def _unanswered(state: State, entry: Entry, look: Lookup, key: str) -> Iterator[Payload]:
    """Rules 14 and 15."""
    if not key.startswith(WAKE):
        return
    name, _, after = key.removeprefix(WAKE).partition("/")
    incident = state.incidents.get(name)
    if incident is None:
        return
    rules = [each for each in authority.unanswered(look, incident.severity) if f"{each.after_s:g}" == after]
    yield from _by_the_unanswered(state, entry, look, incident, rules)


def _not_reached(state: State, entry: Entry, look: Lookup, incident: Incident | None) -> Iterator[Payload]:
    """Rule 20."""
    if incident is None:
        return
    first = min(each.at for each in state.notices.values() if each.incident == incident.id)
    waited = entry.at - first + CLOCK_S
    passed = [each for each in authority.unanswered(look, incident.severity) if each.after_s <= waited]
    for after in dict.fromkeys(each.after_s for each in passed):
        yield from _by_the_unanswered(state, entry, look, incident, [each for each in passed if each.after_s == after])


def _by_the_unanswered(
    state: State, entry: Entry, look: Lookup, incident: Incident, rules: list[Rule]
) -> Iterator[Payload]:
    """Make what rules of one waiting time name."""
    if incident.closed or incident.answered or not rules:
        return
    if not still_spreads(state, incident, entry.at, rules[0].after_s):
        return
    crew = crew_of(state)
    for cut in state.cuts.values():
        if cut.incident != incident.id or cut.by or cut.refused or cut.rejected or cut.undone:
            continue
        by_port = not crew.has(look, cut.target) or cut.target in crew.silent
        rule = next((it for it in rules if authority.may_when_unanswered(it, cut.action, cut.price, by_port)), None)
        if rule is not None:
            yield from _ask(state, look, cut, cut.where, f"{BY_AUTHORITY}{authority.words(look, rule)}")


def still_spreads(state: State, incident: Incident, now: float, within: float) -> bool:
    """Whether a hand did harm in the last so many seconds and is neither cut off nor held."""
    recent = [each for each in incident.live if each.last >= now - within - GRACE_S]
    return any(not _is_contained(state, incident, each) for each in recent)


def _is_contained(state: State, incident: Incident, trace: Trace) -> bool:
    if trace.kind == LOCAL and not trace.source:
        verdicts = [each for each in trace.verdicts.values() if not each.cleared]
        if verdicts and all(each.hold for each in verdicts):
            return True
    against = (each for each in state.cuts.values() if each.target == trace.party)
    return any(
        (each.incident == incident.id or (each.isolation and not each.allow))
        and each.action in (BLOCK, ISOLATE, PORT)
        and outcomes.standing(each).state in ("applied", "proven")
        and trace.last <= each.applied_at + GRACE_S
        for each in against
    )


# --- outcomes ---------------------------------------------------------------------------------------------------------


def _changed(state: State, look: Lookup, cut: Cut) -> Iterator[Payload]:
    """Rule 17."""
    now = outcomes.standing(cut)
    yield h.CutChanged(cut.id, now.state, now.asked, now.applied, now.proven, now.lacking, cut.by)
    if cut.undoing or cut.undone:  # a late word: it holds where it was to hold no more
        late = [each.machine for each in cut.parts.values() if outcomes.is_stray(each)]
        yield from undo_orders(cut, dict.fromkeys(late), cut.by)
    if state.news.came:
        for machine in _cut_off(look, cut):
            yield h.MachineCut(machine, cut.id, cut.action)
    if state.news.gone:
        for machine in cut.announced:
            yield h.MachineFreed(machine, cut.id)


def _cut_off(look: Lookup, cut: Cut) -> tuple[str, ...]:
    """Return the machines that a cut takes from the others."""
    if cut.action == PORT:
        found = look.switch_port(cut.target)
        return found.behind if found else (cut.target,)
    return (cut.target,) if cut.action in (BLOCK, ISOLATE, OUTSIDE) and not cut.allow else ()
