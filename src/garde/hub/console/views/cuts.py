"""One cut as a page shows it: what it is, what it costs in care, who decides, and whether it holds.

Comes in: the board's cut, its track, the estate, and who looks. Goes out: `Card`. It decides nothing: who may say yes
is the written authority's business, and what the price is was published with the proposal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from garde.contain import authority
from garde.contain.authority import Ruling
from garde.hub.board import Cut, Incident
from garde.hub.console.names import SHORT_ROLES, Names
from garde.hub.console.sentences import by_words, cut_words
from garde.hub.console.views.situation import CAN_RETRY, CAN_UNDO, WAITS, approved_by, rejected_by
from garde.hub.console.views.story import Track
from garde.hub.deps import Caller
from garde.journal.speech import Said, mark

STATES = {
    "proposed": mark("proposed"),
    "asked": mark("ordered"),
    "applied": mark("done, being proven"),
    "proven": mark("proven"),
    "not_proven": mark("NOT proven"),
    "failed": mark("failed"),
    "undoing": mark("being undone"),
    "undone": mark("undone"),
}
PARTS = {
    "asked": mark("ordered, no answer yet"),
    "applied": mark("done, not yet proven"),
    "proven": mark("done and proven"),
    "not_proven": mark("done, but the proof failed"),
    "failed": mark("not done"),
    "undone": mark("undone"),
}
UNDO = {
    "block": mark("the servers take its connections again, at once"),
    "kick": mark("nothing to undo: whoever was sent away may connect again"),
    "account": mark("the account is opened again, at once"),
    "read_only": mark("the shares can be written again, at once"),
    "isolate": mark("the machine has its network again, at once"),
    "outside": mark("the way to the outside is open again, at once"),
    "port": mark("the switch port is opened again, within seconds"),
}
TONES = {"proven": "good", "not_proven": "bad", "failed": "bad", "undone": "plain", "applied": "warn", "asked": "warn"}


@dataclass(frozen=True, slots=True)
class Loss:
    """One service that stops, or goes on with less."""

    name: Said
    instead: str  # what to do without it
    wards: Said  # "" where it serves the whole house


@dataclass(frozen=True, slots=True)
class Step:
    """One of the three facts."""

    name: Said
    count: int
    state: str  # done | part | waiting | bad


@dataclass(frozen=True, slots=True)
class PartShown:
    """One machine's part."""

    machine: Said
    words: Said
    tone: str
    at: float


@dataclass(frozen=True, slots=True)
class Card:
    """See the module."""

    id: str
    incident: str
    title: Said
    state: str
    words: Said
    tone: str
    stops: tuple[Loss, ...]
    less: tuple[Loss, ...]
    works: int
    undo: Said
    why: Said
    who: Said  # who decides
    refused: Said
    steps: tuple[Step, ...]
    machines: int
    parts: tuple[PartShown, ...]
    lacking: Said
    reasons: tuple[Said, ...]  # why it lacks there
    by: Said
    approved: tuple[Said, ...]
    rejected: tuple[Said, ...]
    missing: int  # people who still have to say yes
    may_decide: bool
    may_undo: bool
    may_retry: bool  # a yes now asks again where it lacks
    already: bool  # the reader has said yes
    role_lacks: Said  # why the reader may not decide; "" where that is no matter of roles
    restart_ends: bool  # a restart of a machine ends it there
    seen: str  # of the proposal as it stands: a decision on an older one is refused
    changed: float


def card(
    cut: Cut,
    track: Track | None,
    names: Names,
    caller: Caller,
    incident: Incident | None,
    *,
    reasons: Sequence[Said] = (),
) -> Card:
    """Return the cut in words; `reasons`: why machines lack it."""
    severity, answered = (incident.severity, bool(incident.answered)) if incident else (1, False)
    proposal, say = cut.proposal, names.say
    rule = authority.ruling(names.look, proposal["action"], severity, proposal["price"])
    yes, no = approved_by(cut), rejected_by(cut)
    open_ = cut.state == "proposed" and not proposal["refused"]
    waits = open_ and proposal["needs"] in WAITS
    lacks = _lacks(caller, rule, names)
    can = not lacks
    parts = track.parts if track else {}
    return Card(
        id=cut.id,
        incident=cut.incident,
        title=title(cut, names),
        state=cut.state,
        words=say("said no") if no and open_ else say.word(STATES, cut.state),
        tone=TONES.get(cut.state, "note"),
        stops=tuple(_loss(names, each) for each in proposal["price"]),
        less=tuple(_loss(names, each) for each in proposal["degraded"]),
        works=len(proposal["works"]),
        undo=say.word(UNDO, proposal["action"]),
        why=_why(rule, proposal["why"], names),
        who=_who_decides(proposal, rule, 0 if answered else severity, names) if open_ else Said(""),
        refused=say.known(proposal["refused"]) if proposal["refused"] else Said(""),
        steps=_steps(cut, names),
        machines=max(cut.asked, len(parts)) or len(proposal["where"]),
        parts=tuple(
            PartShown(
                names.machine(machine), say.word(PARTS, part.state), _part_tone(part.state),
                part.proven or part.applied or part.asked,
            )
            for machine, part in parts.items()
        ),
        lacking=names.machines(cut.lacking),
        reasons=tuple(dict.fromkeys(reasons)),
        by=by_words(cut.by, names) if cut.by else Said(""),
        approved=tuple(names.person(login) for login in yes),
        rejected=tuple(names.person(login) for login in no),
        missing=max((2 if proposal["needs"] == "two" else 1) - len(yes), 0) if waits else 0,
        may_decide=waits and can,
        may_undo=cut.state in CAN_UNDO and can and proposal["action"] != "kick",
        may_retry=cut.state in CAN_RETRY and can,
        already=caller.login in yes,
        role_lacks=lacks,
        restart_ends=any(not part.survives and part.state in ("applied", "proven") for part in parts.values()),
        seen=seen(cut),
        changed=cut.changed,
    )  # fmt: skip


def title(cut: Cut, names: Names) -> Said:
    """Return what a cut is, as an order."""
    proposal = cut.proposal
    return cut_words(proposal["action"], proposal["target"], proposal["users"], proposal["where"], names)


def seen(cut: Cut) -> str:
    """Return what stands for the proposal as it is now: target, places and price."""
    return hashlib.sha256(msgspec.json.encode(cut.proposal, order="deterministic")).hexdigest()[:16]


def _why(rule: Ruling, why: str, names: Names) -> Said:
    """The rule in the reader's language, where it is the rule that the proposal was made by."""
    found = next((each for each in names.look.estate.authority if each.id == rule.rule), None)
    if found is None or not why.startswith(rule.words):
        return names.say.known(why)
    return names.say("{why}", why=names.look.say(found.words, names.say.language) or why)


def _who_decides(proposal: dict[str, Any], rule: Ruling, severity: int, names: Names) -> Said:
    say, needs = names.say, proposal["needs"]
    roles = say.list([say.word(SHORT_ROLES, role) for role in rule.roles])
    if needs == authority.NEVER:
        return say("The written authority does not allow it.")
    if needs == authority.TWO:
        text = say("Two people decide: {roles}.", roles=roles) if roles else say("Two people decide.")
    else:
        text = say("One person decides: {roles}.", roles=roles) if roles else say("One person decides.")
    after = _unanswered_after(proposal, severity, names)
    if not after:
        return text
    minutes = say.many("{n} minute", "{n} minutes", max(round(after / 60), 1))
    return say(
        "{text} If nobody answers for {minutes} and it still spreads, it is done by itself.", text=text, minutes=minutes
    )


def _unanswered_after(proposal: dict[str, Any], severity: int, names: Names) -> float:
    """Seconds after which it is done where nobody answers; 0 where no rule says so."""
    for rule in authority.unanswered(names.look, severity):
        if authority.may_when_unanswered(rule, proposal["action"], proposal["price"], by_port=False):
            return rule.after_s
    return 0.0


def _lacks(caller: Caller, rule: Ruling, names: Names) -> Said:
    if authority.may_decide(names.look, rule, caller.login, caller.role):
        return Said("")
    if not rule.roles:
        return names.say("Your account can look, not decide.")
    wanted = names.say.list([names.say.word(SHORT_ROLES, role) for role in rule.roles])
    return names.say("Your role cannot decide this. Who can: {roles}.", roles=wanted)


def _loss(names: Names, service: str) -> Loss:
    found = names.look.services.get(service)
    if found is None:
        return Loss(names.service(service), "", Said(""))
    wards = names.say.list([names.ward(ward.id) for ward in names.look.wards_of(service)]) if found.wards else Said("")
    return Loss(names.service(service), names.look.say(found.instead, names.say.language), wards)


def _steps(cut: Cut, names: Names) -> tuple[Step, ...]:
    """Asked, applied, proven: three facts, each with how many machines it is true of."""
    if cut.state in ("proposed", "undone", "undoing"):
        return ()
    total, say = cut.asked, names.say
    broken = cut.state in ("not_proven", "failed")
    return (
        Step(say("Ordered"), cut.asked, "done"),
        Step(say("Done"), cut.applied, _step(cut.applied, total, broken)),
        Step(say("Proven"), cut.proven, _step(cut.proven, total, broken)),
    )


def _step(count: int, total: int, broken: bool) -> str:
    if total and count >= total:
        return "done"
    return "bad" if broken else "part" if count else "waiting"


def _part_tone(state: str) -> str:
    return {"proven": "good", "not_proven": "bad", "failed": "bad", "undone": "plain"}.get(state, "warn")
