"""One entry of the emergency plan in one plain sentence: the part of `words.py` for plan, diversion and services.

Comes in: a payload and a speaker. Goes out: the sentence and its tone. Services, phases, tasks and recipients are named
by their ids here; who has the estate and the plan at hand can say them in the wards' words (`garde.emergency.words`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal import plan_kinds as p
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark
from garde.journal.text import Text

SERVICE_STATES = {
    "works": mark("works"),
    "degraded": mark("works with less"),
    "paper": mark("on paper"),
    "closed": mark("closed"),
}
PATH_STATES = {"open": mark("open"), "limited": mark("limited"), "diverted": mark("diverted")}
FLAGS = {
    "emergency_open": mark("emergency department open again"),
    "plan_lifted": mark("plan lifted"),
    "it_normal": mark("IT back to normal"),
    "legal_closed": mark("legal file closed"),
}
HOW = {
    "phone": mark("by phone"),
    "radio": mark("by radio"),
    "mail": mark("by mail"),
    "message": mark("by message"),
    "visit": mark("in person"),
}
_SERVICE_TONES = {"works": GOOD, "degraded": WARN, "paper": BAD, "closed": BAD}
_PATH_TONES = {"open": GOOD, "limited": WARN, "diverted": BAD}
_Spoken = tuple[Said, str]


def by_words(by: str, say: Say) -> Said:
    """Return who did it: a person, or the plan itself."""
    return say("the plan") if by == "plan" else say("{name}", name=by)


def _noted(text: Said, note: Text, say: Say) -> Said:
    return say("{text}: {note}", text=text, note=note) if note else text


def _listed(names: tuple[str, ...], say: Say) -> Said:
    return say.list([say("{name}", name=name) for name in names])


def _loaded(e: p.PlanLoaded, say: Say) -> _Spoken:
    return say("The emergency plan {plan} was read from {source}", plan=e.plan, source=e.source), NOTE


def _proposed(e: p.PlanProposed, say: Say) -> _Spoken:
    if e.services:
        known = {"phase": e.phase, "services": _listed(e.services, say)}
        return say("The plan should be triggered ({phase}): not working: {services}", **known), WARN
    return say(
        "The plan should be triggered ({phase}), by its trigger {trigger}", phase=e.phase, trigger=e.trigger
    ), WARN


def _rejected(e: p.PlanRejected, say: Say) -> _Spoken:
    text = say("{by} ({role}) does not trigger the plan", by=e.by, role=e.role)
    return _noted(text, e.note, say), NOTE


def _triggered(e: p.PlanTriggered, say: Say) -> _Spoken:
    text = say(
        "The emergency plan {plan} is in force ({phase}), by {by}", plan=e.plan, phase=e.phase, by=by_words(e.by, say)
    )
    return _noted(text, e.note, say), BAD


def _phase(e: p.PlanPhaseChanged, say: Say) -> _Spoken:
    text = say(
        "The plan goes from {before} to {phase}, by {by}", before=e.before, phase=e.phase, by=by_words(e.by, say)
    )
    return _noted(text, e.note, say), WARN


def _vacant(e: p.RoleVacant, say: Say) -> _Spoken:
    return say("Nobody holds the role {role} of the plan", role=e.role), BAD


def _held(e: p.PlanHeld, say: Say) -> _Spoken:
    text = say("{by} ({role}) keeps the plan until {until}", by=e.by, role=e.role, until=say.clock(e.until))
    return _noted(text, e.note, say), NOTE


def _hold_ended(e: p.PlanHoldEnded, say: Say) -> _Spoken:
    return say("The plan was to be kept until {until}: lift it or keep it longer", until=say.clock(e.until)), WARN


def _criterion(e: p.CriterionSaid, say: Say) -> _Spoken:
    known = {"by": e.by, "role": e.role, "criterion": e.criterion}
    if e.met:
        return _noted(say("{by} ({role}): {criterion} is met", **known), e.note, say), GOOD
    return _noted(say("{by} ({role}): {criterion} is not met", **known), e.note, say), WARN


def _stood_down(e: p.PlanStoodDown, say: Say) -> _Spoken:
    text = say("{by} ({role}) lifted the plan", by=e.by, role=e.role)
    if e.unmet:
        text = say("{text}, although not met: {unmet}", text=text, unmet=_listed(e.unmet, say))
    return _noted(text, e.note, say), GOOD


def _given(e: p.TaskGiven, say: Say) -> _Spoken:
    what: object = e.title or e.task
    if not e.due:
        return say("Task for {owner}: {what}", owner=e.owner, what=what), NOTE
    return say("Task for {owner}, by {due}: {what}", owner=e.owner, what=what, due=say.clock(e.due)), NOTE


def _taken(e: p.TaskTaken, say: Say) -> _Spoken:
    return say("{by} ({role}) takes task {task}", by=e.by, role=e.role, task=e.task), NOTE


def _done(e: p.TaskDone, say: Say) -> _Spoken:
    known = {"by": by_words(e.by, say), "task": e.task}
    if e.done:
        return _noted(say("Task {task} is done ({by})", **known), e.note, say), GOOD
    return _noted(say("Task {task} is struck off ({by})", **known), e.note, say), NOTE


def _overdue(e: p.TaskOverdue, say: Say) -> _Spoken:
    return say("Task {task} is overdue since {due}", task=e.task, due=say.clock(e.due)), BAD


def _diverted(e: p.DiversionChanged, say: Say) -> _Spoken:
    state = say.word(PATH_STATES, e.state)
    text = say("{path}: {state}, decided by {by} ({role})", path=e.path, state=state, by=e.by, role=e.role)
    return _noted(text, e.reason, say), _PATH_TONES.get(e.state, NOTE)


def _told(e: p.DiversionTold, say: Say) -> _Spoken:
    how = say.word(HOW, e.how)
    return say("{by} told {recipient} about {path} {how}", by=e.by, recipient=e.recipient, path=e.path, how=how), NOTE


def _understood(e: p.DiversionAcknowledged, say: Say) -> _Spoken:
    text = say("{recipient} has understood about {path}", recipient=e.recipient, path=e.path)
    return _noted(text, e.name, say), GOOD


def _waits(e: p.DiversionWaits, say: Say) -> _Spoken:
    if e.what == "review":
        return say("{path}: to be looked at again now", path=e.path), WARN
    return say("{path}: not told yet: {missing}", path=e.path, missing=_listed(e.missing, say)), BAD


def _service(e: p.ServiceState, say: Say) -> _Spoken:
    text = say("{service}: {state}", service=e.service, state=say.word(SERVICE_STATES, e.state))
    if e.by:
        text = say("{text} (says {by})", text=text, by=e.by)
    elif e.because:
        text = say("{text} (because of {because})", text=text, because=_listed(e.because, say))
    return text, _SERVICE_TONES.get(e.state, NOTE)


def _overridden(e: p.ServiceOverridden, say: Say) -> _Spoken:
    known = {"by": e.by, "role": e.role, "service": e.service}
    if not e.state:
        text = say("{by} ({role}) takes back what was said of {service}", **known)
    else:
        state = say.word(SERVICE_STATES, e.state)
        text = say(
            "{by} ({role}) says until {until}: {service}: {state}", until=say.clock(e.until), state=state, **known
        )
    return _noted(text, e.why, say), NOTE


def _flag(e: p.FlagChanged, say: Say) -> _Spoken:
    flag = say.word(FLAGS, e.flag)
    if e.state == "ended":
        return _noted(say("Reached: {flag} ({by})", flag=flag, by=by_words(e.by, say)), e.note, say), GOOD
    return _noted(say("Not yet: {flag} ({by})", flag=flag, by=by_words(e.by, say)), e.note, say), WARN


def _wanted(e: p.ReportWanted, say: Say) -> _Spoken:
    return say("{by} ({role}) wants a situation report", by=e.by, role=e.role), NOTE


def _asked(e: p.ReportAsked, say: Say) -> _Spoken:
    return say("Situation report {number} is being made", number=e.number), NOTE


def _made(e: p.ReportMade, say: Say) -> _Spoken:
    if e.fault:
        return say("Situation report {number} has no PDF: {fault}", number=e.number, fault=say.known(e.fault)), WARN
    return say("Situation report {number} is made", number=e.number), NOTE


PLAN_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    p.PlanLoaded: _loaded,
    p.PlanProposed: _proposed,
    p.PlanRejected: _rejected,
    p.PlanTriggered: _triggered,
    p.PlanPhaseChanged: _phase,
    p.RoleVacant: _vacant,
    p.PlanHeld: _held,
    p.PlanHoldEnded: _hold_ended,
    p.CriterionSaid: _criterion,
    p.PlanStoodDown: _stood_down,
    p.TaskGiven: _given,
    p.TaskTaken: _taken,
    p.TaskDone: _done,
    p.TaskOverdue: _overdue,
    p.DiversionChanged: _diverted,
    p.DiversionTold: _told,
    p.DiversionAcknowledged: _understood,
    p.DiversionWaits: _waits,
    p.ServiceState: _service,
    p.ServiceOverridden: _overridden,
    p.FlagChanged: _flag,
    p.ReportWanted: _wanted,
    p.ReportAsked: _asked,
    p.ReportMade: _made,
}
