"""The night hour by hour: what happened when, in the order of time, each with the entry that says so.

Comes in: a `Teller`. Goes out: `Moment`s. It names what a director asks for and no more: the whole record is the
journal. A moment that is no part of the night's own record (a neighbour's story) is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from garde.hub.board import Cut
from garde.hub.final.night import Noted
from garde.hub.final.parts import BAD, GOOD, NOTE, PLAIN, WARN, Moment
from garde.hub.final.services import outages
from garde.hub.final.teller import Teller
from garde.hub.final.words import COUNTRY_NOT_BLAME, FINDINGS, FORMS, paid
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import legal_kinds as g
from garde.journal import oncall_kinds as o
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.journal import sharing_kinds as s
from garde.journal.notice_kinds import NoticeAcknowledged
from garde.journal.paper_kinds import FactHeard
from garde.journal.speech import Said
from garde.model.restart import Stage
from garde.trust.facts import DOWNTIME

_STOPS: Final = ("block", "isolate", "port", "read_only", "account", "kick")  # cuts that stop somebody inside
_FEW: Final = 3  # neighbours, servers and services that each have a line of their own


def moments(teller: Teller) -> tuple[Moment, ...]:
    """Return all of them, in order."""
    parts = (_attack, _people, _cuts, _plan, _care, _account, _duties, _neighbours, _way_back)
    found = [each for part in parts for each in part(teller)]
    return tuple(sorted(found, key=lambda each: (each.at, each.entry)))


def _of(noted: Noted[Any], text: Said, tone: str = PLAIN, key: str = "", *, drawn: bool = True) -> Moment:
    return Moment(noted.at, text, tone, noted.seq, key, drawn)


# --- the attack and its end -------------------------------------------------------------------------------------------


def _attack(t: Teller) -> Iterator[Moment]:
    opened = next((each for each in t.ours(h.IncidentOpened) if each.said.incident == t.incident.id), None)
    seq = opened.seq if opened else 0
    yield Moment(t.begin, t.say("First hostile write, on {server}", server=t.machine(t.incident.server)), BAD, seq)
    if t.first_hold is not None:
        text = t.say("Garde stops the hand that writes, on {server}", server=t.machine(t.first_hold.who))
        yield Moment(max(t.first_hold.at, t.begin), text, GOOD, t.first_hold.seq, "noticed")
    named = next((each for each in t.ours(h.SpreadFound) if each.said.spreader), None)
    if named is not None:
        yield _of(
            named, t.say("It is known who spreads it: {who}", who=t.machine(named.said.spreader)), NOTE, "understood"
        )
    if t.story.last_harm > t.begin + 1:
        yield Moment(t.story.last_harm, t.say("Last hostile write that was seen"), BAD, t.story.spread, drawn=False)
    for closed in t.ours(h.IncidentClosed):
        yield _of(closed, t.say("{who} declares the incident over", who=t.person(closed.said.by)), GOOD)


def _people(t: Teller) -> Iterator[Moment]:
    page = next((each for each in t.ours(o.PageAsked) if each.said.purpose == "call" and each.said.person), None)
    if page is not None:
        yield _of(page, t.say("{who} is called", who=t.person(page.said.person)), NOTE, "called")
    known = t.first(NoticeAcknowledged)
    if known is not None:
        yield _of(known, t.say("{who} has understood the call", who=t.person(known.said.person)), GOOD)
    answered = t.first(h.IncidentAnswered)
    if answered is not None:
        yield _of(answered, t.say("{who} takes the incident in hand", who=t.person(answered.said.by)), NOTE)


def _cuts(t: Teller) -> Iterator[Moment]:
    """The first cut of each sort that was proven, and what could not be proven."""
    told: set[str] = set()
    stopped = False
    for cut, change in _proven(t):
        action = str(cut.proposal["action"])
        if action in told:
            continue
        told.add(action)
        key = "outside" if action == "outside" else "" if stopped or action not in _STOPS else "cut"
        stopped = stopped or key == "cut"
        yield _of(change, t.say("In force, and proven: {cut}", cut=t.cut(cut)), GOOD, key)


def _proven(t: Teller) -> Iterator[tuple[Cut, Noted[h.CutChanged]]]:
    known = {each.id: each for each in t.cuts}
    for change in t.ours(h.CutChanged):
        if change.said.state == "proven" and change.said.cut in known:
            yield known[change.said.cut], change


# --- the hospital -----------------------------------------------------------------------------------------------------


def _plan(t: Teller) -> Iterator[Moment]:
    for begun in t.ours(p.PlanTriggered):
        text = t.say(
            "Emergency plan: {phase}, by {who}", phase=t.voice.phase(begun.said.phase), who=t.person(begun.said.by)
        )
        yield _of(begun, text, WARN, "plan")
    for changed in _after_begin(t, t.night.all(p.PlanPhaseChanged)):
        yield _of(changed, t.say("Plan: now {phase}", phase=t.voice.phase(changed.said.phase)), WARN, drawn=False)
    for held in _after_begin(t, t.night.all(p.PlanHeld)):
        text = t.say("The plan is kept until {time}, to be sure", time=t.time(held.said.until))
        yield _of(held, text, NOTE, drawn=False)
    for lifted in _after_begin(t, t.night.all(p.PlanStoodDown)):
        yield _of(lifted, t.say("The plan is lifted by {who}", who=t.person(lifted.said.by)), GOOD, "lifted")
    for diverted in _after_begin(t, t.night.all(p.DiversionChanged)):
        text = t.say(
            "{path}: {state}", path=t.voice.path(diverted.said.path), state=t.voice.path_state(diverted.said.state)
        )
        yield _of(diverted, text, GOOD if diverted.said.state == "open" else WARN, drawn=False)


def _after_begin(t: Teller, listed: list[Noted[Any]]) -> list[Noted[Any]]:
    return [each for each in listed if each.at >= t.begin]


def _care(t: Teller) -> Iterator[Moment]:
    spans = outages(t)
    if spans:
        first = min(spans, key=lambda each: each.since)
        text = t.say("{service}: {state}", service=t.service(first.service), state=t.voice.service_state(first.state))
        yield Moment(first.since, text, WARN, first.entry, drawn=False)
        if all(each.until for each in spans):
            last = max(spans, key=lambda each: each.until)
            yield Moment(last.until, t.say("Every service works as usual again"), GOOD, last.ended)
    began = next(
        (each for each in t.ours(FactHeard) if each.said.fact == DOWNTIME and each.said.state == "began"), None
    )
    if began is not None:
        yield Moment(began.said.since, t.say("Paper counts on the wards"), WARN, began.seq)


def _way_back(t: Teller) -> Iterator[Moment]:
    frozen = [each for each in t.ours(r.RetentionFrozen) if each.said.proven]
    if frozen:
        yield _of(frozen[0], t.say("Nobody can shorten the backups any more: proven"), GOOD)
    planned = t.first(r.RestartPlanned)
    if planned is not None:
        yield _of(planned, t.say("The order of restart is decided by {who}", who=t.person(planned.said.by)), NOTE)
    opened = [each for each in t.ours(r.StepMoved) if each.said.stage == Stage.OPEN]
    if opened:
        text = t.say("First server open again: {machine}", machine=t.machine(opened[0].said.machine))
        yield _of(opened[0], text, GOOD, "restart")
        if len(opened) > 1:
            text = t.say("Last server open again: {machine}", machine=t.machine(opened[-1].said.machine))
            yield _of(opened[-1], text, GOOD)
    for recut in t.ours(r.MachineRecut)[:_FEW]:
        yield _of(
            recut, t.say("{machine} is cut again: something was seen", machine=t.machine(recut.said.machine)), BAD
        )


# --- the account ------------------------------------------------------------------------------------------------------


def _account(t: Teller) -> Iterator[Moment]:
    named = next((each for each in t.ours(f.FamilyNamed) if each.said.family), None)
    if named is not None:
        yield _of(named, t.say("It is named: {family}", family=named.said.family), NOTE)
    origin = t.last(f.OriginFound)
    if origin is not None and origin.said.hops:
        outside = origin.said.hops[-1]
        text = t.say("The way it came is known as far as {address}", address=outside.address)
        yield _of(origin, t.say("{text} ({caution})", text=text, caution=t.say(COUNTRY_NOT_BLAME)), NOTE, drawn=False)
    before = ""
    for concluded in t.ours(f.EgressConcluded):
        finding = concluded.said.finding
        if finding != before:
            tone = {"none_seen": GOOD, "seen": BAD}.get(finding, WARN)
            yield _of(concluded, t.say("Did data leave? {answer}", answer=t.say.word(FINDINGS, finding)), tone)
        before = finding
    for bundle in t.ours(f.BundleMade)[-1:]:
        yield _of(
            bundle,
            t.say.many(
                "Evidence handed over in one sealed bundle: {n} item",
                "Evidence handed over in one sealed bundle: {n} items",
                bundle.said.items,
            ),
            GOOD,
        )


def _duties(t: Teller) -> Iterator[Moment]:
    for aware in t.ours(g.AwareSaid):
        text = t.say("{who} says: aware since {time}", who=t.person(aware.said.by), time=t.time(aware.said.since))
        yield _of(aware, text, NOTE)
    forms = {each.said.draft: each.said.form for each in t.ours(g.DraftMade)}
    for submitted in t.ours(g.SubmissionSaid):
        if submitted.said.draft in forms:
            text = t.say("Handed in: {form}", form=t.say.word(FORMS, forms[submitted.said.draft]))
            yield Moment(submitted.said.at, text, GOOD, submitted.seq)
    for warned in t.ours(g.ClockWarned):
        if warned.said.state == "overdue":
            text = t.say("Overdue: {clock}", clock=t.say.word(FORMS, warned.said.clock))
            yield _of(warned, text, BAD)
    for decided in t.ours(g.RansomDecided)[-1:]:
        yield _of(decided, paid(decided.said, t), WARN if decided.said.paid else NOTE, drawn=False)


def _neighbours(t: Teller) -> Iterator[Moment]:
    drawn = t.first(s.WarningDrawn)
    if drawn is not None:
        yield _of(drawn, t.say("A warning for other hospitals lies ready"), NOTE, drawn=False)
    ours = {each.said.warning for each in t.ours(s.WarningDrawn)}
    for approved in [each for each in t.ours(s.WarningApproved) if each.said.warning in ours][:1]:
        yield _of(approved, t.say("{who} releases it", who=t.person(approved.said.by)), NOTE, drawn=False)
    told: set[str] = set()
    for neighbour in t.ours(s.NeighbourTold):
        if neighbour.said.neighbour not in told and neighbour.said.warning in ours:
            told.add(neighbour.said.neighbour)
            yield _of(
                neighbour,
                t.say("{who} is warned", who=t.neighbour(neighbour.said.neighbour)),
                GOOD,
                drawn=len(told) == 1,
            )
