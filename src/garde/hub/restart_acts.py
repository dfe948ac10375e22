"""What people do on the way back, each as one entry: for the API and the console alike.

Comes in: who asks, and for what. Goes out: the entries that were written, the act's own first. Who may is the rule of
`garde.recovery.may`; what makes no sense as things stand is refused with the reason that keeps it. Raises NotPermitted,
Refused, NotFound and UsageError, OSError where the journal cannot be written: nothing was done then. It decides
nothing itself: whether an answer or a signature counts in the end is for the gate to judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from garde.errors import NotFound, Refused, UsageError
from garde.hub.person_acts import PersonAtWork, note_text
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.model.restart import Answer, Item, Stage, Status
from garde.recovery import credentials, may, order, restore
from garde.recovery.gates import gate_of
from garde.recovery.items import LONGEST_EXCEPTION_S
from garde.recovery.memory import State, Step
from garde.recovery.reasons import Reason

LONGEST_TIME_S: Final = 30 * 86_400.0  # of watching, or with listed flows
LONGEST_WATCH_S: Final = 366 * 86_400.0
MOST_WAVES: Final = 100
WHERE: Final = (restore.SCRATCH, restore.PLACE)
WANTS: Final = {"begin": may.BEGIN, "again": may.AGAIN, "open": may.OPEN, "back": may.BACK}
_LOOK: Final = "look at it as it stands now: garde restart status"


@dataclass(frozen=True, slots=True)
class RestartDesk(PersonAtWork):
    """One person at work on the way back."""

    # --- what stands ---

    def state(self) -> State:
        """Return the state as it stands, apart from what goes on meanwhile."""

        def take(state: State) -> State:
            return deepcopy(state, {id(each): each for each in state.points.values()})  # they never change

        found: State = self.deps.loop.look("recovery", take)
        return found

    def now(self) -> float:
        """Return the hub's time."""
        return self.deps.clock.now()

    def may(self, act: str, machine: str = "") -> bool:
        """Whether this person may do this."""
        return may.may(self.look, act, self.caller.login, self.caller.role, machine)

    def _check(self, act: str, machine: str = "") -> None:
        if not self.may(act, machine):
            raise self._refusal(may.roles_for(self.look, act, machine), named=act in may.NAMED)

    def known(self, name: str) -> str:
        """Return the id of a machine of the estate; raises NotFound."""
        if name not in self.look.machines:
            raise NotFound(f"the estate has no machine {name[:64]!r}", "see `garde estate show`")
        return name

    def _begun(self, state: State, machine: str) -> Step:
        step = state.step(self.known(machine))
        if not step.begun:
            raise Refused("its way back has not begun", f"begin it: garde restart begin {machine}")
        return step

    # --- the plan and its steps ---

    def warnings(self, waves: Sequence[Sequence[str]]) -> tuple[Reason, ...]:
        """Return what the graph says against an order; nothing is written."""
        return order.warn(self.look, self.state(), waves)

    def plan(self, waves: Sequence[Sequence[str]], observe_s: float, listed_s: float) -> list[Entry]:
        """Decide which machines return together, and in which order."""
        self._check(may.PLAN)
        named = [each for wave in waves for each in wave]
        for each in named:
            self.known(each)
        if not named or len(waves) > MOST_WAVES or any(not wave for wave in waves):
            raise UsageError(f"a plan has 1 to {MOST_WAVES} waves, each with a machine")
        if len(set(named)) < len(named):
            raise UsageError("a machine stands in one wave only")
        for seconds in (observe_s, listed_s):
            if not 0 <= seconds <= LONGEST_TIME_S:
                raise UsageError("a server is watched 30 days at most")
        said = tuple(each.text() for each in self.warnings(waves))
        made = tuple(tuple(wave) for wave in waves)
        return self._write(r.RestartPlanned(made, observe_s, listed_s, *self._who, said))

    def step(self, machine: str, want: str) -> list[Entry]:
        """Have a server go on: begin, open (before its time with listed flows is over), back, again."""
        if want not in WANTS:
            raise UsageError(f"a server can {', '.join(WANTS)}")
        self._check(WANTS[want], self.known(machine))
        step = self.state().step(machine)
        if want == "begin" and step.stage == Stage.RECUT:
            raise Refused("it was cut again", f"begin anew: garde restart again {machine}")
        if want == "again" and step.stage != Stage.RECUT:
            raise Refused("it was not cut again", _LOOK)
        if want == "open" and step.stage != Stage.LISTED:
            raise Refused("only a server with listed flows is opened; its gate comes first", _LOOK)
        if want == "back" and not step.begun:
            raise Refused("it is not on its way back", _LOOK)
        return self._write(r.StepWanted(machine, want, *self._who))

    def rate(self, machine: str, status: str, why: str) -> list[Entry]:
        """Say how a server stands."""
        self._check(may.RATE, self.known(machine))
        if status not in set(Status):
            raise UsageError(f"a server is one of {', '.join(Status)}")
        if not why.strip():
            raise UsageError("why? whoever reads it wants to know", "say it in a few words")
        return self._write(r.ServerRated(machine, status, self.caller.login, note_text(why)))

    # --- the gate ---

    def answer(self, machine: str, item: str, answer: str, until: float, note: str) -> list[Entry]:
        """Answer one item of the gate; with `until` (wall seconds): except it for so long, with the reason."""
        if item not in set(Item):
            raise UsageError(f"an item is one of {', '.join(Item)}")
        if answer not in (Answer.YES, Answer.NO):
            raise UsageError("an answer is yes or no")
        self._check(may.EXCEPT if until else may.act_for(item), self.known(machine))
        state = self.state()
        step = self._begun(state, machine)
        now = self.now()
        found = gate_of(state, self.look, machine, now).item(item)
        if until:
            self._check_exception(until, now, note)
            if not found.exceptable:
                raise Refused("this item is never excepted", _LOOK)
        elif not found.people:
            raise Refused("no person's answer counts for this item: the hub and the machines say it", _LOOK)
        return self._write(r.GateAnswered(machine, step.round, item, answer, *self._who, until, note_text(note)))

    @staticmethod
    def _check_exception(until: float, now: float, note: str) -> None:
        if not now < until <= now + LONGEST_EXCEPTION_S:
            raise UsageError("an exception ends, in 90 days at most", "say until when")
        if not note.strip():
            raise UsageError("why is it excepted? whoever signs wants to know", "say it in a few words")

    def sign(self, machine: str, side: str) -> list[Entry]:
        """Sign for IT or for the service: one of two persons."""
        if side not in may.SIDES:
            raise UsageError(f"a signature is for {' or '.join(may.SIDES)}")
        self._check(may.SIDES[side], self.known(machine))
        state = self.state()
        step = self._begun(state, machine)
        if not step.observed:
            raise Refused("it has not been watched long enough: nothing is signed before", _LOOK)
        me = may.person_of(self.look, self.caller.login)
        for each in gate_of(state, self.look, machine, self.now()).signatures:
            if each.counts and may.person_of(self.look, each.by) == me:
                raise Refused("the two signatures are of two persons, and you have signed already", _LOOK)
        return self._write(r.GateSigned(machine, step.round, side, *self._who))

    # --- points ---

    def judge(self, machine: str, store: str) -> list[Entry]:
        """Have the restore points of a machine's data listed and judged."""
        self._check(may.JUDGE, self.known(machine))
        if not any(each.covers == machine and store in ("", each.store) for each in self.state().stores.values()):
            raise NotFound(
                f"no agent knows {f'a store {store[:64]!r}' if store else 'a store'} with data of {machine}",
                "name it in stores.toml on the machine where it lies, and start the agent anew",
            )
        return self._write(r.JudgingWanted(machine, store, self.caller.login))

    def choose(self, machine: str, store: str, point: str, where: str) -> list[Entry]:
        """Choose the point that a machine's data come from: to a scratch place first, then in place."""
        self._check(may.CHOOSE, self.known(machine))
        if where not in WHERE:
            raise UsageError(f"a point goes to {' or '.join(WHERE)}")
        against = restore.why_not(self.state(), machine, store, point, where)
        if against is not None:
            raise Refused(against.text(), f"see the points: garde restart points {machine}")
        return self._write(r.PointChosen(machine, store, point, where, *self._who))

    def thaw(self, machine: str, store: str) -> list[Entry]:
        """Let retention go on at the agent of this machine."""
        self._check(may.THAW, self.known(machine))
        held = (each for each in self.state().stores.values() if each.holder == machine and store in ("", each.store))
        if not any(each.held for each in held):
            raise Refused("no retention is frozen there", "see the stores: garde restart points")
        return self._write(r.ThawWanted(machine, store, *self._who))

    def baseline(self, machine: str) -> list[Entry]:
        """Say that a machine is sound now: what it looks like is written down."""
        self._check(may.BASELINE, self.known(machine))
        state = self.state()
        if machine not in state.agents:
            raise Refused("no agent runs on it: nobody can write it down", "answer its items by hand")
        if state.rating(machine).status in order.HIT:
            raise Refused("it is rated as hit: what it looks like now is nothing to go by", "rate it anew first")
        return self._write(r.BaselineWanted(machine, self.caller.login))

    def harm(self, incident: str, at: float) -> list[Entry]:
        """Say when the first hostile write was, as a person knows it."""
        self._check(may.HARM)
        if incident not in self.state().incidents:
            raise NotFound("there is no such incident", "see `garde hub status`")
        if not 0 < at <= self.now():
            raise UsageError("the first hostile write was in the past", "write 2026-11-24 02:41")
        return self._write(r.FirstHarmSaid(incident, at, self.caller.login))

    # --- credentials and the watch ---

    def credential(self, name: str) -> list[Entry]:
        """Say that a credential was changed, once."""
        self._check(may.CREDENTIAL)
        now = self.now()
        found = credentials.list_of(self.state(), self.look, now)
        known = next((each for each in found if each.credential == name), None)
        if known is None:
            raise NotFound(f"no credential {name[:80]!r} is to be changed", "see them: garde restart credentials")
        if known.next_at > now:
            raise Refused("it was changed a short while ago: a further change counts later", "see when it does")
        return self._write(r.CredentialChanged(name, self.caller.login))

    def watch(self, until: float) -> list[Entry]:
        """Say until when the watch stays reinforced; 0: it is over."""
        self._check(may.WATCH)
        now = self.now()
        if until and not now < until <= now + LONGEST_WATCH_S:
            raise UsageError("the watch goes on until a time to come, a year at most", "say until when, or 0")
        if not until and any(each.begun and each.stage != Stage.OPEN for each in self.state().steps.values()):
            raise Refused("a server is on its way back: it is watched until it is open", _LOOK)
        return self._write(r.WatchReinforced(until, *self._who))
