"""What people do about the plan, the diversion, the services: each as one entry, for the API and the console alike.

Comes in: who asks, and for what. Goes out: the entries that were written, the act's own first. Whether this person may
is what the plan in force says (`garde.emergency.may`). Raises NotPermitted, Refused where it makes no sense as things
stand, NotFound and UsageError for words that name nothing, OSError where the journal cannot be written: nothing was
done then. It decides nothing itself.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from garde.emergency import check, diversion, may, standdown
from garde.emergency.canonical import plan_loaded
from garde.emergency.memory import ENDED, FLAGS, OPEN, RUNNING, Activation, State
from garde.emergency.nameless import nameless
from garde.emergency.nouns import Plan
from garde.emergency.policy import activation_id
from garde.emergency.read import PLANS, read_bytes, refusal
from garde.errors import NotFound, NotPermitted, Refused, UsageError
from garde.hub.deps import Deps
from garde.hub.person_acts import PersonAtWork, note_text
from garde.hub.rights import Right
from garde.journal import plan_kinds as p
from garde.journal.entry import Entry

if TYPE_CHECKING:
    from garde.hub.loop import Loop

LONGEST_HOLD_S: Final = 30 * 86_400.0
LONGEST_WORD_S: Final = 7 * 86_400.0  # a person's word on a service
LONGEST_TASK_S: Final = 30 * 86_400.0
HOW: Final = ("phone", "radio", "mail", "message", "visit")
TASK_ACTS: Final = ("take", "done", "strike")
_NO_PLAN: Final = "no emergency plan is loaded"
_LOAD_ONE: Final = "garde plan load belgium, or the hospital's own file"


@dataclass(frozen=True, slots=True)
class Desk(PersonAtWork):
    """One person at work on the plan."""

    # --- what stands ---

    def state(self) -> State:
        """Return the state as it stands, apart from what goes on meanwhile; as far as this person may see it."""
        found = state_of(self.deps)
        return found if self.caller.may(Right.READ) else nameless(found)

    def may(self, state: State, act: str) -> bool:
        """Whether this person may do this."""
        return may.may(state.plan, self.look, act, self.caller.login, self.caller.role)

    def _check(self, act: str) -> State:
        state = self.state()
        if not self.may(state, act):
            roles = ", ".join(may.roles_for(state.plan, act))
            raise NotPermitted("your role cannot decide this", f"who can, by the plan in force: {roles}")
        return state

    # --- the plan ---

    def load(self, content: str, source: str) -> list[Entry]:
        """Take another plan: of those that come with Garde, or the text of a file."""
        state = self._check("load")
        if state.activation is not None:
            raise Refused("the plan is in force: another one is loaded when it is lifted", "lift it first")
        raw, name = (PLANS[content].read_bytes(), content) if content in PLANS else (content.encode(), source or "plan")
        found = read_bytes(raw, name, self.look)
        if found.errors or found.plan is None:
            raise refusal(found.errors, name)
        return self._write(plan_loaded(found.plan, name, self.caller.login))

    def trigger(self, phase: str, note: str) -> list[Entry]:
        """Trigger the plan, or take it to another phase. Without a phase: to the one proposed, else the first."""
        now = self.state()
        state = self._check("trigger" if now.activation is None else "phase")
        plan = _plan(state)
        wanted = phase or _proposed(state, plan)
        if plan.phase(wanted) is None:
            raise NotFound(f"the plan has no phase {wanted!r}", f"choose one of {_ids(plan.phases)}")
        found, by = state.activation, self._who
        if found is None:
            proposal = next((each for each in state.proposals.values() if each.phase == wanted), None)
            return self._write(
                p.PlanTriggered(
                    activation_id(state), plan.id, wanted, *by, proposal.trigger if proposal else "",
                    proposal.incident if proposal else _open_incident(state), note_text(note),
                )
            )  # fmt: skip
        if found.phase == wanted:
            raise Refused("the plan is in this phase already", "look at it as it stands now")
        return self._write(p.PlanPhaseChanged(found.id, wanted, found.phase, *by, note=note_text(note)))

    def reject(self, note: str) -> list[Entry]:
        """Say no to what is proposed."""
        state = self._check("trigger")
        if not state.proposals:
            raise Refused("nothing is proposed", "look at it as it stands now")
        return self._write(p.PlanRejected(list(state.proposals)[-1], *self._who, note_text(note)))

    def hold(self, until: float, note: str) -> list[Entry]:
        """Keep the plan until a set time."""
        found = _active(self._check("hold"))
        now = self.deps.clock.now()
        if not now < until <= now + LONGEST_HOLD_S:
            raise UsageError("a plan is kept until a time to come, 30 days at most")
        return self._write(p.PlanHeld(found.id, until, *self._who, note_text(note)))

    def criterion(self, name: str, met: bool, note: str) -> list[Entry]:
        """Say that a condition for standing down is met, or is not any more."""
        state = self._check("stand_down")
        found, plan = _active(state), _plan(state)
        known = next((each for each in plan.stand_down if each.id == name), None)
        if known is None:
            raise NotFound(f"the plan has no criterion {name!r}", f"choose one of {_ids(plan.stand_down)}")
        if not standdown.said_by_hand(state, known):
            raise Refused("the hub sees this one itself", "say why in the note when the plan is lifted all the same")
        return self._write(p.CriterionSaid(found.id, name, met, *self._who, note_text(note)))

    def stand_down(self, note: str, accept: bool) -> list[Entry]:
        """Lift the plan; with `accept` although something is not met."""
        state = self._check("stand_down")
        found, now = _active(state), self.deps.clock.now()
        if found.held_until > now:
            raise Refused("the plan is kept until a set time", "set another time first: garde plan hold")
        left = standdown.unmet(state, self.look, now)
        if left and not (accept and note.strip()):
            raise Refused(f"not met: {', '.join(left)}", "wait, or accept it and say why")
        return self._write(p.PlanStoodDown(found.id, left, *self._who, note_text(note)))

    # --- tasks ---

    def task(self, name: str, what: str, note: str) -> list[Entry]:
        """Take a task, say that it is done, or strike it off."""
        found = _active(self._check("task"))
        task = found.tasks.get(name)
        if task is None:
            raise NotFound(f"there is no task {name!r}", "see `garde plan show`")
        if not task.open:
            raise Refused("this task is over already", "look at it as it stands now")
        if what not in TASK_ACTS:
            raise UsageError(f"a task is one of {', '.join(TASK_ACTS)}")
        if what == "take":
            return self._write(p.TaskTaken(found.id, name, *self._who))
        return self._write(p.TaskDone(found.id, name, what == "done", *self._who, note_text(note)))

    def give(self, title: str, owner: str, seconds: float) -> list[Entry]:
        """Give a task that is not in the plan."""
        state = self._check("task")
        found, plan = _active(state), _plan(state)
        if plan.role(owner) is None:
            raise NotFound(f"the plan has no role {owner!r}", f"choose one of {_ids(plan.roles)}")
        if not title.strip() or not 0 <= seconds <= LONGEST_TASK_S:
            raise UsageError("a task has a title, and 30 days at most")
        number = 1 + sum(each.startswith("t-") for each in found.tasks)
        due = self.deps.clock.now() + seconds if seconds else 0.0
        return self._write(p.TaskGiven(found.id, f"t-{number}", owner, due, self.caller.login, note_text(title)))

    # --- diversion ---

    def divert(self, path: str, to: str, reason: str, review_s: float | None) -> list[Entry]:
        """Open, limit or divert a way in. `review_s` None: as the plan says; 0: never."""
        state = self._check("divert")
        plan = _plan(state)
        way = plan.pathway(path)
        if way is None:
            raise NotFound(f"the plan has no way in {path!r}", f"choose one of {_ids(plan.paths)}")
        if to not in check.PATH_STATES:
            raise UsageError(f"a way in is one of {', '.join(check.PATH_STATES)}")
        seconds = way.review_s if review_s is None else review_s
        if not 0 <= seconds <= LONGEST_HOLD_S:
            raise UsageError("it is looked at again within 30 days")
        before = state.diversions[path].state if path in state.diversions else OPEN
        review = self.deps.clock.now() + seconds if seconds and to != OPEN else 0.0
        tell = diversion.recipients_of(plan, self.look, path)
        change = f"d-{self.deps.loop.seq + 1}"  # the journal's own count: no two changes are one
        return self._write(p.DiversionChanged(change, path, to, before, *self._who, review, tell, note_text(reason)))

    def told(self, path: str, recipient: str, how: str) -> list[Entry]:
        """Say that a recipient was told."""
        found = self._recipient(path, recipient)
        if how not in HOW:
            raise UsageError(f"told by one of {', '.join(HOW)}")
        return self._write(p.DiversionTold(found, path, recipient, self.caller.login, how))

    def understood(self, path: str, recipient: str, name: str) -> list[Entry]:
        """Say that a recipient has understood, and who spoke there."""
        found = self._recipient(path, recipient)
        return self._write(p.DiversionAcknowledged(found, path, recipient, self.caller.login, note_text(name)))

    def _recipient(self, path: str, recipient: str) -> str:
        state = self._check("divert")
        found = state.diversions.get(path)
        if found is None or recipient not in found.tell:
            raise NotFound(
                f"nobody called {recipient!r} is to be told about {path!r}", "see the diversion as it stands"
            )
        return found.change

    # --- services, flags, reports ---

    def service(self, name: str, to: str, why: str, seconds: float) -> list[Entry]:
        """Say how a service stands, for so long; "" takes that back."""
        state = self._check("service")
        if name not in self.look.services:
            raise NotFound(f"there is no service {name!r}", "see `garde estate show`")
        if not to:
            if name not in state.overrides:
                raise Refused("nobody has said anything of this service", "look at it as it stands now")
            return self._write(p.ServiceOverridden(name, "", *self._who, 0.0, note_text(why)))
        if to not in check.SERVICE_STATES:
            raise UsageError(f"a service is one of {', '.join(check.SERVICE_STATES)}")
        if not why.strip():
            raise UsageError("why? whoever reads the board wants to know", "say it in a few words")
        if not 0 < seconds <= LONGEST_WORD_S:
            raise UsageError("a word on a service counts for 7 days at most", "say until when")
        until = self.deps.clock.now() + seconds
        return self._write(p.ServiceOverridden(name, to, *self._who, until, note_text(why)))

    def flag(self, name: str, to: str, note: str) -> list[Entry]:
        """End one of the four flags, or begin it again."""
        state = self._check("flag")
        if name not in FLAGS:
            raise NotFound(f"there is no flag {name!r}", f"choose one of {', '.join(FLAGS)}")
        if to not in (RUNNING, ENDED):
            raise UsageError("a flag is running or ended")
        now = state.flags[name].state if name in state.flags else ENDED
        if now == to:
            raise Refused("it is so already", "look at it as it stands now")
        return self._write(p.FlagChanged(name, to, *self._who, note_text(note)))

    def report(self) -> list[Entry]:
        """Have a situation report made."""
        self._check("report")
        return self._write(p.ReportWanted(*self._who))


def state_of(deps: Deps) -> State:
    """Return what the capability knows now."""
    return state_in(deps.loop)


def state_in(loop: Loop) -> State:
    """Return the same, of a loop: a copy, apart from what goes on meanwhile."""

    def take(state: State) -> State:
        return deepcopy(state, {id(state.plan): state.plan})  # the plan is frozen, and most of it all

    found: State = loop.look("emergency", take)
    return found


def _plan(state: State) -> Plan:
    if state.plan is None:
        raise Refused(_NO_PLAN, _LOAD_ONE)
    return state.plan


def _active(state: State) -> Activation:
    if state.activation is None:
        raise Refused("the emergency plan is not in force", "look at it as it stands now")
    return state.activation


def _proposed(state: State, plan: Plan) -> str:
    asked = [each.phase for each in state.proposals.values()]
    if asked:
        return max(asked, key=plan.rank)
    return plan.phases[0].id if plan.phases else ""


def _open_incident(state: State) -> str:
    return next((each.id for each in reversed(state.incidents.values()) if not each.closed), "")


def _ids(parts: tuple[object, ...]) -> str:
    return ", ".join(getattr(each, "id", "") for each in parts)
