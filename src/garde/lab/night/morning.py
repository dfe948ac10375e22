"""The morning: three file servers and the record's server come back, wave by wave, under watch.

Comes in: the hospital, what the attackers did in depth and left behind, what Garde tells. Goes out: `Returned`: the
score's keys by Garde's word and by the witness's, and the last page. In order: restore points are judged; people plan
the waves; each server is isolated, swept, looked at from outside, brought its data, answered for, watched for hours,
signed for by two people, opened for listed flows, opened; on one of them what was left behind wakes while it is
watched: it is cut again with its wave, and all is asked anew; the plan is kept overnight, and lifted on its criteria.

People act by what they have: the commands of the hub's own machine, and the console (`lead.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

import msgspec

from garde.clock import iso
from garde.errors import Incomplete
from garde.lab.hospital.database import PORT as RECORD_PORT
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import RECORD, SERVERS
from garde.lab.night import opened
from garde.lab.night.beside import Beside
from garde.lab.night.care import DEVICES
from garde.lab.night.depth import Depth
from garde.lab.night.doors import Door
from garde.lab.night.final import Final as Page
from garde.lab.night.final import Relapse, final
from garde.lab.night.follow import Follower
from garde.lab.night.lead import Lead
from garde.lab.night.lifted import WATCH_S, Lifting
from garde.lab.night.outside import wait_until
from garde.lab.night.prober import PORT as SMB
from garde.lab.night.score import Restarted, rounded
from garde.lab.night.told import Told
from garde.model.restart import Item, Stage

WAVES: Final = (("files-wards", "files-imaging"), (RECORD,), ("files-admin",))  # the offices last
OBSERVE_S, LISTED_S = 2 * 3600.0, 3600.0
FIND_S: Final = 3600.0  # until people know what was left behind
TRY_S: Final = 1800.0  # for a clinician to try it, and for people to answer
HELD_S: Final = 28 * 3600.0  # the plan: until 07:00 of the next morning, by the story's clock
ASK_S: Final = 0.1  # between two questions at a door
REST_S: Final = 1.0  # what was written a moment before a jump has been judged
JUDGED_S: Final = 90.0
ISOLATED_S: Final = 30.0
DONE_S: Final = 90.0  # errands
MOVED_S: Final = 30.0
RECUT_S: Final = 30.0
WHOLE_S: Final = 30.0
LOOK_S: Final = 0.3


@dataclass(slots=True)
class Returned:
    """What became of it."""

    told: Restarted
    real: Restarted
    final: Page
    waves: Sequence[Sequence[str]] = WAVES
    wrong: list[str] = field(default_factory=list)  # what is lost, some of it by name


class Morning:
    """The stage. `began`: wall seconds of the first hostile write; `times`: the jumps of the lab's clock so far; `lost`
    has the witness count the documents that are lost, afresh where that is asked for."""

    def __init__(
        self,
        hospital: Hospital,
        depth: Depth,
        follower: Follower,
        *,
        spreading: Collection[str],
        began: float,
        times: opened.Times,
        lost: Callable[[bool], int],
        step: Callable[[str], None],
    ) -> None:
        self._hospital, self._plan, self._depth, self._follower = hospital, hospital.plan, depth, follower
        self._spreading, self._began, self._times = spreading, began, times
        self._lost, self._step = lost, step
        self._relapse: Relapse | None = None
        self._doors: list[Door] = []

    # --- the story ---

    def play(self) -> Returned:
        """Play it."""
        refused_at = self._depth.refused_at()
        with ExitStack() as stack:
            self._lead = stack.enter_context(Lead(self._hospital))
            watching = [stack.enter_context(self._before_the_doors(it)) for it in self._clients()]
            self._judge()
            self._prepare()
            for number, wave in enumerate(WAVES, 1):
                self._lead_back(number, wave)
            self._close()
            self._doors = [door for each in watching for door in msgspec.json.decode(each.end()[-1], type=list[Door])]
        return self._sum_up(refused_at)

    def _judge(self) -> None:
        self._step("every restore point is judged, the record's and the file servers'")
        for machine in SERVERS:
            self._lead.judge(machine)
        stores = [note.store for notes in self._told.way.stores.values() for note in notes]
        if not self._follower.wait(lambda told: set(stores) <= told.way.judged, JUDGED_S):
            raise Incomplete("restore points were not judged in time", "look into the agents' logs; play it again")

    def _prepare(self) -> None:
        """Decide the waves, change credentials, say how the record stands: no agent sees what SQL does."""
        self._step("people decide the waves, change credentials, and say that the record's rows are not right")
        self._lead.rate(RECORD, "impacted", "rows were deleted and overwritten")
        self._lead.plan(WAVES, OBSERVE_S, LISTED_S)

    def _lead_back(self, number: int, wave: Sequence[str]) -> None:
        self._step(f"wave {number}: {', '.join(wave)}: cut off from all but the hub, swept, looked at from outside")
        for machine in wave:
            self._lead.want(machine, "begin")
        self._go_on(wave)
        if self._relapse is None and self._depth.deep.sleeper in wave:
            self._sleeper_wakes(wave)
            self._step("people look for it for an hour, find the process, and end it; everything is asked anew")
            self._jump(FIND_S)
            self._depth.sleeper.end()
            for machine in wave:
                self._lead.want(machine, "again")
            self._go_on(wave)
        self._jump(OBSERVE_S)
        self._wait_fine(wave, Item.OBSERVED)  # each was swept and looked at once more
        self._step(f"wave {number}: two people sign for each, {LISTED_S / 3600:g} h with listed flows, then open")
        for machine in wave:
            self._lead.sign(machine)
        self._reach(wave, Stage.LISTED)
        self._wait_fine(wave, Item.NETWORK)  # and once more, with its listed flows
        self._jump(LISTED_S)
        self._reach(wave, Stage.OPEN)

    def _go_on(self, wave: Sequence[str]) -> None:
        """From isolated to watched: data, then the answers of people."""
        self._reach(wave, Stage.ISOLATED, ISOLATED_S)
        for machine in wave:
            self._bring_data(machine)
        self._jump(TRY_S)
        for machine in wave:
            self._lead.change_credentials(self._told.way, machine)
            self._lead.answer(machine)
        self._step(f"{', '.join(wave)}: verified; {OBSERVE_S / 3600:g} hours of watching pass")
        self._reach(wave, Stage.OBSERVING)

    def _bring_data(self, machine: str) -> None:
        """From a restore point, where the attackers reached beyond what an agent keeps."""
        if machine not in (self._depth.deep.archive, RECORD) or self._told.way.placed(machine) is not None:
            return
        for where in ("scratch", "place"):
            store, point = self._lead.choose(self._told.way, machine, where)
            self._step(f"{machine}: {point[:40]} of {store} is brought to {where}, and verified")
            if not self._follower.wait(lambda told, to=where: _is_brought(told, machine, to), DONE_S):  # type: ignore[misc]
                raise Incomplete(f"{point} of {store} was not brought to {where}", "look into the agent's log")

    # --- what was left behind ---

    def _sleeper_wakes(self, wave: Sequence[str]) -> None:
        server, sleeper = self._depth.deep.sleeper, self._depth.sleeper
        self._jump(OBSERVE_S / 2)
        self._step(f"half of it is over: on {server} something that was left behind wakes")
        sleeper.wake()
        recut = self._follower.wait(lambda told: told.way.stage(server) == Stage.RECUT, RECUT_S)
        # A cut keeps nobody from the disk: what goes on there is for the agent to hold, and to put back.
        wait_until(lambda: not self._lost(False), WHOLE_S, LOOK_S)
        files = sleeper.logged()
        at = next((at for at, each in self._told.way.recuts if each.machine == server), None)
        first = files.first
        after = at - self._times.wall(first) if recut and at is not None and first is not None else None
        others = tuple(each.machine for _, each in self._told.way.recuts if each.machine != server)
        self._relapse = Relapse(server, len(files.started), rounded(after), others)
        if not recut:
            raise Incomplete(f"{server} was not cut again", "look into its agent's log; play it again")
        self._reach(wave, Stage.RECUT)

    # --- the end ---

    def _close(self) -> None:
        """The two machines that spread are rebuilt; the plan is kept overnight, and lifted in the morning."""
        self._step("the machines that spread have been rebuilt: their cuts are undone; services are looked at")
        self._lead.undo_cuts(self._told, self._spreading)
        lifting, now = Lifting(self._lead.people), time.time() + self._hospital.clock_offset
        lifting.open_ways_in()
        lifting.finish_tasks()
        self._lead.watch_until(now + WATCH_S)
        until = self._began + HELD_S
        lifting.hold(until)
        self._step("everything works; the plan is kept until the next morning, on purpose")
        self._jump(until - now + 60.0)
        self._step("07:00: every criterion is met, the plan is lifted; the watch goes on")
        lifting.stand_down()
        self._follower.wait(lambda told: "plan_stood_down" in told.first_at, MOVED_S)

    # --- parts ---

    @property
    def _told(self) -> Told:
        return self._follower.told()

    def _reach(self, wave: Sequence[str], stage: Stage, seconds: float = MOVED_S) -> None:
        """Wait until every server of the wave has come so far; raises Incomplete with what holds it up."""
        for machine in wave:
            if not self._follower.wait(lambda told, it=machine: told.way.stage(it) == stage, seconds):  # type: ignore[misc]
                why = self._lead.why_not(machine)
                raise Incomplete(f"{machine} does not come to {stage}: {why}", "look into the entries above")

    def _wait_fine(self, wave: Sequence[str], item: Item) -> None:
        """Wait until nothing speaks against this item of any of them."""
        for machine in wave:
            if not wait_until(lambda it=machine: self._lead.is_fine(it, item), DONE_S, LOOK_S):  # type: ignore[misc]
                raise Incomplete(f"{machine}: {self._lead.why_not(machine)}", "look into the entries above")

    def _errands_done(self) -> None:
        if not self._follower.wait(lambda told: not told.way.errands, DONE_S):
            raise Incomplete("an errand of an agent has no outcome", "look into the agents' logs; play it again")

    def _jump(self, seconds: float) -> None:
        self._errands_done()  # what is under way would expire
        time.sleep(REST_S)
        self._hospital.advance(seconds)
        self._times.jumped(self._hospital.clock_offset)

    def _clients(self) -> list[str]:
        """Devices that nobody cuts: before the doors somebody stands at each."""
        return [each for each in DEVICES if each not in self._spreading]

    def _before_the_doors(self, machine: str) -> Beside:
        plan = self._plan
        targets = [
            f"{server}={address}={RECORD_PORT if server == RECORD else SMB}"
            for server in SERVERS
            for address in (plan.address(server), plan.address6(server))
        ]
        words = [str(ASK_S), plan.address(machine), plan.address6(machine), *targets]
        return Beside(self._hospital, machine, "garde.lab.night.doors", *words)

    def _answers(self, machine: str) -> bool:
        """Whether everybody before its doors was answered to the end."""
        mine = [door.answers for door in self._doors if door.server == machine]
        return bool(mine) and all(mine)

    # --- the sum ---

    def _sum_up(self, refused_at: float | None) -> Returned:
        self._step("the witness looks at every file and row, and at what the doors answered")
        told = self._told
        way, placed = told.way, told.way.placed(RECORD)
        rows = self._depth.record(placed.restored_to if placed else time.time())
        early = opened.too_early(way.steps, way.signed, self._doors, self._times)
        beside = self._depth.lost()
        ours = Restarted(
            retention_frozen_s=self._frozen_after(told, refused_at),
            waves=sum(all(way.stage(machine) == Stage.OPEN for machine in wave) for wave in WAVES),
            opened_before_verified=len(early),
            relapse_files=self._relapse.files if self._relapse else 0,
            record_restored_to=iso(placed.restored_to) if placed else None,
            files_lost=self._lost(True) + len(beside) + len(rows.missing),
        )
        really = sum(all(self._answers(machine) for machine in wave) for wave in WAVES)
        newest = iso(rows.last) if rows.last else None
        page = final(
            told, self._plan.estate, self._began, ours, relapse=self._relapse, rows_again=rows.again,
            too_early=tuple(early),
        )  # fmt: skip
        real = msgspec.structs.replace(ours, waves=really, record_restored_to=newest)
        return Returned(ours, real, page, wrong=[*rows.missing[:5], *beside[:5]])

    def _frozen_after(self, told: Told, refused_at: float | None) -> float | None:
        """How long after the first confirmed verdict nobody could delete a snapshot any more."""
        confirmed = told.first_at.get("hold_confirmed")
        if refused_at is None or confirmed is None:
            return None
        return rounded(self._times.wall(refused_at) - confirmed)


def _is_brought(told: Told, machine: str, where: str) -> bool:
    """Whether a point was brought there whole; raises Incomplete where it was tried and failed."""
    for _, who, each in told.way.restored:
        if who == machine and each.where == where:
            if not each.verified:
                raise Incomplete(f"{each.point} on {machine}: {each.detail}", "look into the agent's log")
            return True
    return False
