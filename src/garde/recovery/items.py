"""What speaks for and against each item of the gate, before any exception.

Comes in: the state, the estate, a machine, the time. Goes out: `Judged` for each of the items 1 to 12. Pure. The
rules, one test each:

1. Known: the hub itself, from the estate: its owner (or a person's yes), and everything that it needs is verified.
2. Rated: something or somebody has said how it stands.
3. Entry and evidence: a person, and nobody else.
4. Rebuilt: its own sweep against the baseline that the hub believes; where it was hit, a person as well.
5. Data: a point put in place and verified since the last harm on it, not red; where nothing was hit, nothing is to be
   brought back; else a person.
6. Credentials: every one on its list is changed often enough since the last harm.
7. Suppliers: nobody reaches it from outside by the estate, or a person.
8. Watched: the hub hears its agent, it enforces, its clock is right; and its own sweep.
9. Network: its isolation is proven, its own sweep, and the look of another sound machine from outside, made since that
   isolation: no port answers that should not. Its own word alone is never enough.
10. Clinician: somebody who heads a ward or care, where a clinical service runs on it.
11. Observed: the time that was planned is over, and sweep and look were made once more after it.
12. What a sweep or a look says counts for the round and since the agent was last silent. Where no agent runs, a person
    answers what a sweep would; a sweep that says no is never overruled by a yes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from garde.estate.look import Lookup
from garde.estate.nouns import Machine
from garde.journal.entry import AGENT
from garde.model.restart import Answer, Item, Stage
from garde.recovery import credentials, may, needs
from garde.recovery import reasons as r
from garde.recovery.flows import find_looker, is_expected, is_sound
from garde.recovery.memory import BY_RULE, Rating, Restored, Said, State, Step, Swept
from garde.recovery.order import HIT
from garde.recovery.reasons import Reason, because

CLOCK_S: Final = 60.0  # an agent's clock may be off by so much: heartbeats are late by seconds
HUB, LOOK = "hub", "look/"
LONGEST_EXCEPTION_S: Final = 90 * 86_400.0
_STILL_ISOLATED: Final = (Stage.WAITING, Stage.ISOLATED, Stage.VERIFIED, Stage.OBSERVING, Stage.LISTED)


@dataclass(slots=True)
class Judged:
    """One item before any exception."""

    answer: Answer = Answer.YES
    by: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    more: int = 0
    note: str = ""
    fixed: bool = False  # no exception helps

    def against(self, answer: Answer, reason: Reason) -> None:
        """Something speaks against it."""
        if self.answer != Answer.NO:
            self.answer = answer
        self.reasons.append(reason)


@dataclass(frozen=True, slots=True)
class Case:
    """One machine to be judged."""

    state: State
    look: Lookup
    machine: str
    now: float

    @property
    def step(self) -> Step:
        """How far it has come."""
        return self.state.step(self.machine)

    @property
    def known(self) -> Machine | None:
        """The machine in the estate."""
        return self.look.machines.get(self.machine)

    @property
    def has_agent(self) -> bool:
        """Whether an agent runs on it."""
        return self.machine in self.state.agents or (self.known is not None and self.known.agent)

    @property
    def rating(self) -> Rating:
        """How it stands."""
        return self.state.rating(self.machine)

    def said(self, item: Item) -> Said | None:
        """Return the last plain answer of a person who may give it."""
        act = may.act_for(item)
        return next((each for each in self._answers(item) if not each.until and self._may(act, each)), None)

    def exception(self, item: Item) -> Said | None:
        """Return the last exception that somebody gave who may, unless somebody said no after it."""
        for each in self._answers(item):
            if each.until and self._may(may.EXCEPT, each):
                return each
            if not each.until and each.answer == Answer.NO and self._may(may.act_for(item), each):
                return None
        return None

    def in_force(self, exception: Said) -> bool:
        """Whether an exception counts now."""
        return self.now < exception.until <= exception.at + LONGEST_EXCEPTION_S

    def _answers(self, item: Item) -> list[Said]:
        return list(reversed(self.step.answers.get(item, [])))

    def _may(self, act: str, said: Said) -> bool:
        return may.may(self.look, act, said.by, said.role, self.machine)


def judge(case: Case, item: Item) -> Judged:
    """Return how one of the items 1 to 12 stands."""
    return _JUDGES[item](case)


def people_for(look: Lookup, item: Item, machine: str) -> tuple[str, ...]:
    """Return the roles whose plain answer counts; () where no person's does."""
    if item in (Item.RATED, Item.CREDENTIALS, Item.OBSERVED, Item.SIGNED):
        return ()
    return may.roles_for(look, may.act_for(item), machine)


# --- by the hub -------------------------------------------------------------------------------------------------------


def _known(case: Case) -> Judged:
    """Rule 1."""
    made = Judged(by=[HUB])
    if case.known is None:
        made.against(Answer.NO, because(r.G_NOT_IN_ESTATE, machine=case.machine))
        made.fixed = True
        return made
    for reason in needs.against(case.state, case.look, case.machine):
        made.against(Answer.NO, reason)
        made.fixed = True
    if not case.known.owner:
        _person(case, Item.KNOWN, made, because(r.G_NO_OWNER))
    return made


def _rated(case: Case) -> Judged:
    """Rule 2."""
    if case.machine not in case.state.ratings:
        return Judged(Answer.UNKNOWN, reasons=[because(r.G_NOT_RATED)])
    by = case.rating.by
    return Judged(by=[HUB if by == BY_RULE else by])


def _credentials(case: Case) -> Judged:
    """Rule 6."""
    made = Judged(by=[HUB])
    for each in credentials.list_of(case.state, case.look, case.now, case.machine):
        if each.left:
            made.against(Answer.NO, because(r.G_CREDENTIAL, credential=each.credential))
        else:
            made.by += [name for name in each.by if name not in made.by]
    return made


def _suppliers(case: Case) -> Judged:
    """Rule 7."""
    made = Judged(by=[HUB])
    if case.known is not None and case.known.supplier:
        made.by = []
        _person(case, Item.SUPPLIERS, made, because(r.G_SUPPLIER, supplier=case.known.supplier))
    return made


# --- by people --------------------------------------------------------------------------------------------------------


def _by_person(item: Item) -> Callable[[Case], Judged]:
    def judge_it(case: Case) -> Judged:
        made = Judged()
        _person(case, item, made, because(r.G_NOT_ANSWERED))
        return made

    return judge_it


def _person(case: Case, item: Item, made: Judged, otherwise: Reason) -> None:
    """A person's yes is wanted; without one, `otherwise` speaks against it."""
    said = case.said(item)
    if said is None:
        made.against(Answer.UNKNOWN, otherwise)
        return
    made.by.append(said.by)
    made.note = said.note
    if said.answer == Answer.NO:
        made.against(Answer.NO, because(r.G_SAID_NO, by=said.by))
    elif said.answer != Answer.YES:
        made.against(Answer.UNKNOWN, otherwise)


def _denied(case: Case, item: Item, made: Judged) -> None:
    """A person's no counts, whatever machines say."""
    said = case.said(item)
    if said is not None and said.answer == Answer.NO:
        made.note = said.note
        made.against(Answer.NO, because(r.G_SAID_NO, by=said.by))


def _clinician(case: Case) -> Judged:
    """Rule 10."""
    made = Judged()
    if any(each.clinical for each in case.look.services_of(case.machine)):
        _person(case, Item.CLINICIAN, made, because(r.G_NOT_ANSWERED))
    else:
        made.by = [HUB]
        _denied(case, Item.CLINICIAN, made)
    return made


def _data(case: Case) -> Judged:
    """Rule 5."""
    made = Judged()
    placed = last_placed(case.state, case.machine)
    if placed is not None:
        point = case.state.points.get(f"{placed.holder}|{placed.store}|{placed.point}")
        made.by = [f"{AGENT}{placed.holder}"]
        if point is not None and point.colour == "red":
            made.against(Answer.NO, because(r.G_RED_POINT, point=placed.point))
        _denied(case, Item.DATA, made)
    elif case.machine not in case.state.harmed and case.rating.status not in HIT:
        made.by = [HUB]
        _denied(case, Item.DATA, made)
    else:
        _person(case, Item.DATA, made, because(r.G_NO_POINT))
    return made


def last_placed(state: State, machine: str) -> Restored | None:
    """Return the last point that was put in place whole since the last harm on this machine."""
    after = state.harmed.get(machine, 0)
    found = (each for each in reversed(state.restored.get(machine, [])) if each.where == "place")
    return next((each for each in found if each.verified and each.seq > after), None)


# --- by the machine itself, and never by it alone ---------------------------------------------------------------------


def _sweep(case: Case, item: Item, made: Judged) -> None:
    """What the machine says of itself. Rule 12."""
    if not case.has_agent:
        _person(case, item, made, because(r.G_NO_AGENT))
        return
    swept = case.step.swept
    if swept is None or item not in swept.answers:
        made.against(Answer.UNKNOWN, because(r.G_NOT_SWEPT))
        return
    made.by.append(f"{AGENT}{case.machine}")
    found = swept.answers[item]
    made.found, made.more = list(found.found), found.more
    if found.answer == Answer.NO:
        made.against(Answer.NO, because(r.G_SWEEP_NO))
    elif found.answer != Answer.YES:
        made.against(Answer.UNKNOWN, because(r.G_SWEEP_UNKNOWN))


def _rebuilt(case: Case) -> Judged:
    """Rule 4."""
    made = Judged()
    _sweep(case, Item.REBUILT, made)
    if case.has_agent and case.step.swept is not None:
        _baseline(case, case.step.swept, made)
    if case.rating.status in HIT and case.has_agent:
        _person(case, Item.REBUILT, made, because(r.G_NOT_REBUILT, status=case.rating.status))
    else:
        _denied(case, Item.REBUILT, made)
    return made


def _baseline(case: Case, swept: Swept, made: Judged) -> None:
    believed = case.state.baselines.get(case.machine, "")
    if not believed:
        made.against(Answer.UNKNOWN, because(r.G_NO_BASELINE))
    elif swept.baseline != believed:
        made.against(Answer.UNKNOWN, because(r.G_OTHER_BASELINE))


def _watched(case: Case) -> Judged:
    """Rule 8."""
    made = Judged()
    _sweep(case, Item.WATCHED, made)
    if case.has_agent:
        agent = case.state.agents.get(case.machine)
        made.by.append(HUB)
        if agent is None or agent.silent:
            made.against(Answer.NO, because(r.G_SILENT))
        elif agent.weaker:
            made.against(Answer.NO, because(r.G_WEAKER))
        elif abs(agent.clock_off) > CLOCK_S:
            made.against(Answer.NO, because(r.G_CLOCK, seconds=f"{agent.clock_off:.0f}"))
        _denied(case, Item.WATCHED, made)
    return made


def _network(case: Case) -> Judged:
    """Rule 9."""
    made = Judged()
    if case.step.stage in _STILL_ISOLATED and not case.step.proven:
        made.against(Answer.UNKNOWN, because(r.G_NOT_PROVEN))
    _sweep(case, Item.NETWORK, made)
    _from_outside(case, made)
    _denied(case, Item.NETWORK, made)
    return made


def _from_outside(case: Case, made: Judged) -> None:
    looked, allow = case.step.looked, case.step.allow
    if looked is None:
        nobody = not find_looker(case.look, case.state, case.machine, allow)
        made.against(Answer.UNKNOWN, because(r.G_NO_LOOKER if nobody else r.G_NOT_LOOKED))
        return
    made.by.append(f"{LOOK}{looked.looker}")
    if not is_sound(case.state, looked.looker) or looked.looker == case.machine:
        made.against(Answer.UNKNOWN, because(r.G_LOOK_UNSOUND, looker=looked.looker))
    elif not looked.tried or looked.tried < looked.wanted:
        made.against(Answer.UNKNOWN, because(r.G_LOOK_PART))
    elif looked.answering and not is_expected(allow, case.look.addresses_of(looked.looker)):
        ports = ", ".join(map(str, looked.answering[:20]))
        made.against(Answer.NO, because(r.G_ANSWERS, looker=looked.looker, ports=ports))


# --- watched ----------------------------------------------------------------------------------------------------------


def _observed(case: Case) -> Judged:
    """Rule 11."""
    made, step = Judged(by=[HUB], fixed=True), case.step
    if step.stage not in (Stage.OBSERVING, Stage.LISTED, Stage.OPEN):
        made.against(Answer.UNKNOWN, because(r.G_NOT_WATCHED))
    elif not step.observed:
        made.against(Answer.UNKNOWN, because(r.G_WATCHED_ON))
    elif not _made_after(case, step.observed):
        made.against(Answer.UNKNOWN, because(r.G_SWEEP_AFTER))
    return made


def _made_after(case: Case, seq: int) -> bool:
    """Whether what machines are to answer was asked after that entry, as far as there is anybody to answer."""
    step = case.step
    swept = not case.has_agent or (step.swept is not None and step.swept.asked > seq)
    nobody = step.looked is None and not find_looker(case.look, case.state, case.machine, step.allow)
    return swept and (nobody or (step.looked is not None and step.looked.asked > seq))


_JUDGES: Final[dict[Item, Callable[[Case], Judged]]] = {
    Item.KNOWN: _known,
    Item.RATED: _rated,
    Item.ENTRY: _by_person(Item.ENTRY),
    Item.EVIDENCE: _by_person(Item.EVIDENCE),
    Item.REBUILT: _rebuilt,
    Item.DATA: _data,
    Item.CREDENTIALS: _credentials,
    Item.SUPPLIERS: _suppliers,
    Item.WATCHED: _watched,
    Item.NETWORK: _network,
    Item.CLINICIAN: _clinician,
    Item.OBSERVED: _observed,
}
