"""One entry of the way back in one plain sentence: restore points, gates, waves. A part of `words.py`.

Comes in: a payload and a speaker. Goes out: the sentence and its tone. Machines are named by their estate ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal import recovery_kinds as r
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark

COLOURS = {
    "green": mark("good: taken before the harm, readable and verified"),
    "amber": mark("usable with care: a person decides"),
    "red": mark("must not be used"),
    "grey": mark("not judged"),
}
WHEN = {
    "before": mark("taken before the first hostile write"),
    "after": mark("taken AFTER the first hostile write"),
    "unknown": mark("it is not known whether it was taken before the first hostile write"),
}
STATUS = {
    "not_impacted": mark("not impacted"),
    "suspect": mark("suspect"),
    "impacted": mark("impacted"),
    "rebuilt": mark("rebuilt"),
}
STAGES = {
    "waiting": mark("waits"),
    "isolated": mark("is isolated and being checked"),
    "verified": mark("is verified"),
    "observing": mark("is watched, still isolated"),
    "listed": mark("is open for its listed flows"),
    "open": mark("is open"),
    "recut": mark("is CUT AGAIN"),
}
ITEMS = {
    "known": mark("role, owner and dependencies are known, and what it needs is verified"),
    "rated": mark("its status is said"),
    "entry": mark("how and when the attackers came in is known, or accepted as unknown"),
    "evidence": mark("evidence was taken, or waived"),
    "rebuilt": mark("it was rebuilt and patched where it was hit; its programs are as they were"),
    "data": mark("its data come from a judged and verified point"),
    "credentials": mark("its credentials were changed"),
    "suppliers": mark("suppliers’ access is closed"),
    "watched": mark("its agent is alive and enforcing, the sweep is clean, the bait is in place"),
    "network": mark("only listed flows are open, seen from outside as well"),
    "clinician": mark("a clinician tried it on known patients"),
    "observed": mark("it was watched long enough without an alarm"),
    "signed": mark("it has both signatures"),
}
ANSWERS = {"yes": mark("yes"), "no": mark("NO"), "unknown": mark("could not be told")}
WANTS = {
    "begin": mark("begin its way back"),
    "open": mark("open it fully"),
    "back": mark("cut it again"),
    "again": mark("begin its way back anew"),
}
SIDES = {"it": mark("for IT"), "service": mark("for the clinical service")}
SORTS = {
    "local_admin": mark("local administrator"),
    "service": mark("service account"),
    "key": mark("key or certificate"),
    "supplier": mark("supplier’s remote access"),
    "directory": mark("the directory’s own key"),
}
_TONES = {"green": GOOD, "amber": WARN, "red": BAD, "grey": NOTE}
_Spoken = tuple[Said, str]


def _stores(e: r.StoresKnown, say: Say) -> _Spoken:
    named = say.list([say("{store} ({sort})", store=each.store, sort=each.sort) for each in e.stores])
    if not e.stores:
        return say("No store of restore points lies here"), NOTE
    return say("Stores of restore points here: {stores}", stores=named), NOTE


def _frozen(e: r.RetentionFrozen, say: Say) -> _Spoken:
    if not e.proven:
        text = say("Retention of {store} is NOT proven to be frozen: {detail}", store=e.store, detail=e.detail)
        return text, BAD
    return say("Retention of {store} is frozen: nobody can shorten it (proven)", store=e.store), GOOD


def _thawed(e: r.RetentionThawed, say: Say) -> _Spoken:
    return say("Retention of {store} goes on again ({by})", store=e.store, by=e.by), WARN


def _judged(e: r.PointJudged, say: Say) -> _Spoken:
    known = {"point": e.point, "store": e.store, "machine": e.covers, "taken": say.clock(e.taken_at)}
    words = {"verdict": say.word(COLOURS, e.colour), "after": say.clock(e.enter_after), **known}
    if e.colour in ("green", "amber"):
        text = say(
            "Restore point {point} of {machine} in {store}, {taken}: {verdict}; data after {after} must be entered "
            "again",
            **words,
        )
        return text, _TONES[e.colour]
    text = say("Restore point {point} of {machine} in {store}, {taken}: {verdict}", **words)
    return text, _TONES.get(e.colour, NOTE)


def _looked_through(e: r.PointsJudged, say: Say) -> _Spoken:
    points = say.many("{n} restore point", "{n} restore points", e.points)
    return say("{store} was looked through: {points}", store=e.store, points=points), NOTE


def _restored(e: r.PointRestored, say: Say) -> _Spoken:
    known = {"point": e.point, "store": e.store, "files": say.many("{n} file", "{n} files", e.files)}
    if e.failed or not e.verified:
        return say("Restore point {point} of {store} did NOT come back whole: {failed} of {files} failed",
                   failed=e.failed, **known), BAD  # fmt: skip
    if e.where == "place":
        return say("Restore point {point} of {store} is in place and verified: {files}; what it replaced is kept",
                   **known), GOOD  # fmt: skip
    return say("Restore point {point} of {store} was brought to a scratch place and verified: {files}", **known), GOOD


def _baseline(e: r.BaselineTaken, say: Say) -> _Spoken:
    things = say.many("{n} thing", "{n} things", e.items)
    return say("What a sound machine looks like was written down: {things}", things=things), NOTE


def _swept(e: r.MachineSwept, say: Say) -> _Spoken:
    bad = [each for each in e.answers if each.answer != "yes"]
    if not bad:
        return say("The machine’s own checks find nothing against it"), GOOD
    words = say.list([say.word(ITEMS, each.item) for each in bad])
    return say("The machine’s own checks do not confirm: {items}", items=words), BAD


def _looked(e: r.MachineLooked, say: Say) -> _Spoken:
    ports = Said(", ".join(str(port) for port in e.answering)) if e.answering else say("none")
    return say(
        "{machine} was looked at from here; of {tried} ports answer: {ports}",
        machine=e.machine, tried=e.tried, ports=ports,
    ), NOTE  # fmt: skip


def _raised(e: r.WatchRaised, say: Say) -> _Spoken:
    if not e.until:
        return say("The watch is as usual again"), NOTE
    return say("The watch is more sensitive until {until}", until=say.clock(e.until)), NOTE


ERRANDS = {
    "freeze": mark("freeze the retention of its backups"),
    "thaw": mark("let retention go on"),
    "judge": mark("judge restore points"),
    "restore": mark("bring a restore point back"),
    "baseline": mark("write down what a sound machine looks like"),
    "sweep": mark("answer what the gate asks"),
    "look": mark("look at another machine"),
    "raise": mark("watch more sensitively"),
    "gather": mark("gather evidence"),
    "flows": mark("look back at what left"),
}


def _errand(e: r.ErrandAsked, say: Say) -> _Spoken:
    return say("{machine} is asked: {errand}", machine=e.machine, errand=say.word(ERRANDS, e.verb)), NOTE


def _isolation(e: r.IsolationWanted, say: Say) -> _Spoken:
    known = {"machine": e.machine, "why": e.why}
    if e.allow:
        return say("{machine} is to be open for its listed flows only: {why}", **known), NOTE
    return say("{machine} is to talk to the hub only: {why}", **known), WARN


def _isolation_over(e: r.IsolationOver, say: Say) -> _Spoken:
    return say("{machine} need not be isolated any more ({by})", machine=e.machine, by=e.by), NOTE


def _rated(e: r.ServerRated, say: Say) -> _Spoken:
    tone = {"impacted": BAD, "suspect": WARN, "rebuilt": GOOD}.get(e.status, NOTE)
    text = say("{machine} is rated {status} ({by})", machine=e.machine, status=say.word(STATUS, e.status), by=e.by)
    return text, tone


def _moved(e: r.StepMoved, say: Say) -> _Spoken:
    tone = {"recut": BAD, "listed": GOOD, "open": GOOD}.get(e.stage, NOTE)
    return say("{machine} {stage}: {why}", machine=e.machine, stage=say.word(STAGES, e.stage), why=e.why), tone


def _recut(e: r.MachineRecut, say: Say) -> _Spoken:
    known = {"machine": e.machine, "source": e.source, "why": e.why}
    if e.source == e.machine:
        return say("{machine} is CUT AGAIN: {why}", **known), BAD
    return say("{machine} is CUT AGAIN, since it returns together with {source}: {why}", **known), BAD


def _listed(e: r.CredentialListed, say: Say) -> _Spoken:
    sort = say.word(SORTS, e.sort)
    return say("To be changed before {machine} returns: {credential} ({sort})", machine=e.machine,
               credential=e.credential, sort=sort), NOTE  # fmt: skip


def _first_harm(e: r.FirstHarmSaid, say: Say) -> _Spoken:
    return say("The first hostile write was at {at} ({by})", at=say.clock(e.at), by=e.by), NOTE


def _judging(e: r.JudgingWanted, say: Say) -> _Spoken:
    return say("Restore points of {machine} are to be judged ({by})", machine=e.machine, by=e.by), NOTE


def _chosen(e: r.PointChosen, say: Say) -> _Spoken:
    known = {"machine": e.machine, "point": e.point, "store": e.store, "by": e.by}
    if e.where == "place":
        return say("The data of {machine} are to come from {point} in {store} ({by})", **known), WARN
    return say("{point} in {store} is to be tried in a scratch place for {machine} ({by})", **known), NOTE


def _thaw(e: r.ThawWanted, say: Say) -> _Spoken:
    return say("Retention of the backups on {machine} may go on ({by})", machine=e.machine, by=e.by), WARN


def _baseline_wanted(e: r.BaselineWanted, say: Say) -> _Spoken:
    return say("{machine} is said to be sound now ({by})", machine=e.machine, by=e.by), NOTE


def _answered(e: r.GateAnswered, say: Say) -> _Spoken:
    known = {"machine": e.machine, "item": say.word(ITEMS, e.item), "by": e.by}
    if e.until:
        return say("{machine}, excepted until {until}: {item} ({by})", until=say.clock(e.until), **known), WARN
    answer = say.word(ANSWERS, e.answer)
    return say("{machine}: {item}: {answer} ({by})", answer=answer, **known), GOOD if e.answer == "yes" else BAD


def _signed(e: r.GateSigned, say: Say) -> _Spoken:
    side = say.word(SIDES, e.side)
    return say("{by} signed for the return of {machine}, {side}", by=e.by, machine=e.machine, side=side), GOOD


def _planned(e: r.RestartPlanned, say: Say) -> _Spoken:
    waves = say.many("{n} wave", "{n} waves", len(e.waves))
    if e.warnings:
        warned = say.many("{n} warning", "{n} warnings", len(e.warnings))
        return say(
            "The way back is planned in {waves}, with {warned} ({by})", waves=waves, warned=warned, by=e.by
        ), WARN
    return say("The way back is planned in {waves} ({by})", waves=waves, by=e.by), NOTE


def _wanted(e: r.StepWanted, say: Say) -> _Spoken:
    return say("{machine}: {by} wants to {want}", machine=e.machine, by=e.by, want=say.word(WANTS, e.want)), NOTE


def _changed(e: r.CredentialChanged, say: Say) -> _Spoken:
    return say("{credential} was changed ({by})", credential=e.credential, by=e.by), GOOD


def _reinforced(e: r.WatchReinforced, say: Say) -> _Spoken:
    if not e.until:
        return say("The reinforced watch is over ({by})", by=e.by), NOTE
    return say("The watch stays reinforced until {until} ({by})", until=say.clock(e.until), by=e.by), NOTE


RECOVERY_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    r.StoresKnown: _stores,
    r.RetentionFrozen: _frozen,
    r.RetentionThawed: _thawed,
    r.PointJudged: _judged,
    r.PointsJudged: _looked_through,
    r.PointRestored: _restored,
    r.BaselineTaken: _baseline,
    r.MachineSwept: _swept,
    r.MachineLooked: _looked,
    r.WatchRaised: _raised,
    r.ErrandAsked: _errand,
    r.IsolationWanted: _isolation,
    r.IsolationOver: _isolation_over,
    r.ServerRated: _rated,
    r.StepMoved: _moved,
    r.MachineRecut: _recut,
    r.CredentialListed: _listed,
    r.FirstHarmSaid: _first_harm,
    r.JudgingWanted: _judging,
    r.PointChosen: _chosen,
    r.ThawWanted: _thaw,
    r.BaselineWanted: _baseline_wanted,
    r.GateAnswered: _answered,
    r.GateSigned: _signed,
    r.RestartPlanned: _planned,
    r.StepWanted: _wanted,
    r.CredentialChanged: _changed,
    r.WatchReinforced: _reinforced,
}
