"""Hold a local process tree: stop it at once, then freeze it so that nothing but us wakes it.

Comes in: the pids that did the damage. Goes out: `ProcessHold`, an `Action`. It kills nobody: a confirmed tree
stays frozen until someone releases it or ends it.

The steps of `apply`, in order:
1. SIGSTOP the damaging processes, leaving out whoever is never held (`protect.py`); a record comes before, so that
   whoever comes after an agent that was killed in between can let them go;
2. find the roots (`family.py`), SIGSTOP them, then their children, theirs and so on: a parent that stands still bears
   no more, so that reading the children after the stop misses none;
3. move each into a frozen cgroup v2 (`cgroup.py`): a same-user watchdog undoes a SIGSTOP with SIGCONT, but not this;
4. look for children again, stop and freeze them, until a round finds none.
Where there is no cgroup v2, step 3 is left out and `skipped` says so.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from garde.contain.actions import cgroup, proc
from garde.contain.actions.base import (
    Confirmed,
    Held,
    ProcessTree,
    Refused,
    Released,
    Stage,
    Step,
    Target,
    held_at_once,
    holds_directory,
)
from garde.contain.actions.cgroup import Freezer
from garde.contain.actions.family import find_roots
from garde.contain.actions.proc import Identity
from garde.contain.actions.protect import Protection, above_us
from garde.contain.actions.store import Store
from garde.model.finding import Skipped

# A round finds only what was born between two reads of a parent that has not stopped yet: two are usual.
_MAX_ROUNDS = 50
_FREEZE_SECONDS = 0.2
_NOBODY = "none"  # the id of a hold that holds nobody
_NO_CGROUP = Skipped("freeze", "no cgroup v2 is mounted: SIGSTOP alone, which a SIGCONT undoes")


@dataclass(frozen=True, slots=True)
class Member:
    """One held process and what it was before."""

    pid: int
    start: int
    comm: str
    origin: str  # cgroup v2 path
    was_stopped: bool  # by its user, before us: it stays so at the release

    @property
    def identity(self) -> Identity:
        return Identity(self.pid, self.start)


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """What lies on disk for one hold."""

    hold_id: str
    boot: str
    stage: Stage
    roots: tuple[int, ...]
    members: tuple[Member, ...] = ()
    frozen: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class _Work:
    """One hold while it is being put in force."""

    hold_id: str
    stage: Stage
    roots: tuple[int, ...]
    freezer: Freezer | None
    protection: Protection
    began: float
    members: dict[int, Member] = field(default_factory=dict)
    fresh: dict[int, proc.Stat] = field(default_factory=dict)  # stopped, and not a member yet
    frozen: set[int] = field(default_factory=set)
    skipped: dict[Skipped, None] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def has(self, pid: int) -> bool:
        return pid in self.members or pid in self.fresh

    def done(self, step: str) -> None:
        self.steps.append(Step(step, time.monotonic() - self.began))


class ProcessHold:
    """`tree` answers who forked whom; `own_pids` may grow while the agent runs (it is read at each hold)."""

    name: ClassVar[str] = "process"

    def __init__(
        self,
        tree: ProcessTree,
        state: Path,
        *,
        never_hold: Iterable[str] = (),
        own_pids: AbstractSet[int] = frozenset(),
        cgroup_root: Path | None = None,
    ) -> None:
        self._tree = tree
        self._store = Store(holds_directory(state), self.name, ProcessRecord)
        self._never_hold = frozenset(never_hold)
        self._own_pids = own_pids
        self._cgroup_root = cgroup_root or cgroup.find_root()
        self._boot = proc.boot_id()
        self._above = above_us()

    def warm(self) -> None:
        """Go through the first steps once, and hold nobody."""
        work = self._begin(_NOBODY, time.monotonic())
        self._stop_writers(work, (os.getpid(),))  # its own process: left out
        self._store.begin(ProcessRecord(_NOBODY, self._boot, work.stage, ()))
        find_roots((os.getpid(),), self._tree, work.protection.why)
        self._store.remove(_NOBODY)

    def hold(self, hold_id: str, damaging_pids: Sequence[int]) -> Held | Refused:
        """Check, apply and settle in one call."""
        target = Target(tuple(damaging_pids))
        began = time.monotonic()
        applied = self.check(hold_id, target) or self.apply(hold_id, target)
        if isinstance(applied, Refused):
            return applied
        return held_at_once(applied, self.settle(hold_id), time.monotonic() - began)

    def check(self, hold_id: str, target: Target) -> Refused | None:
        """Whether anyone is left to hold, and may be held."""
        found = find_roots(target.pids, self._tree, self._protection().why)
        return None if found.pids else _refused(hold_id, found.skipped)

    def apply(self, hold_id: str, target: Target) -> Held | Refused:
        """Stop and freeze. Under an id already in force the new trees are added to it."""
        began = time.monotonic()
        work = self._begin(hold_id, began)
        self._stop_writers(work, target.pids)
        work.done("writers")
        found = find_roots(target.pids, self._tree, work.protection.why)
        if not found.pids:
            if not work.members:
                self._store.remove(hold_id)
            return _refused(hold_id, found.skipped)
        work.roots = tuple(dict.fromkeys([*work.roots, *found.pids]))
        work.skipped |= dict.fromkeys(found.skipped)
        self._stop_and_freeze(work, found.pids)
        if not work.members:
            self._store.remove(hold_id)
            return Refused(hold_id, "the processes have ended, and left none behind", tuple(work.skipped))
        return _held(self._save(work), work.steps)

    def settle(self, hold_id: str) -> Held | Refused:
        """Again for what was born meanwhile, then wait until the kernel says that all stand still."""
        record = self._store.load(hold_id)
        if record is None or record.boot != self._boot:
            return Refused(hold_id, "no such hold")
        work = self._begin(hold_id, time.monotonic())
        self._stop_and_freeze(work)
        if work.freezer and not work.freezer.wait(_FREEZE_SECONDS):
            work.skipped[Skipped("freeze", "not all stand still yet: one is in an uninterruptible call")] = None
        work.done("settled")
        return _held(self._save(work), work.steps)

    def confirm(self, hold_id: str) -> Confirmed | Refused:
        """Keep it frozen; nothing is killed."""
        record = self._store.load(hold_id)
        if record is None:
            return Refused(hold_id, "no such hold")
        self._store.save(replace(record, stage=Stage.CONFIRMED))
        return Confirmed(hold_id, tuple(member.pid for member in record.members), skipped=record.skipped)

    def release(self, hold_id: str) -> Released | Refused:
        """Undo: SIGCONT while still frozen, back to the old cgroup, thaw. It needs no tree and no earlier agent."""
        record = self._store.load(hold_id)
        if record is None:
            return Refused(hold_id, "no such hold")
        if record.boot != self._boot:
            self._store.remove(hold_id)
            return Released(hold_id, (), skipped=(Skipped("processes", "the machine was restarted: they are gone"),))
        released = self._let_go(record)
        self._store.remove(hold_id)
        return released

    def held(self) -> tuple[Held, ...]:
        """Holds in force with a process still alive."""
        return tuple(
            _held(record) for record in self._store.all() if record.boot == self._boot and self._has_living(record)
        )

    def prune(self) -> tuple[str, ...]:
        """Forget holds whose processes have all ended (someone killed them) and remove their cgroups."""
        gone = [record for record in self._store.all() if record.boot != self._boot or not self._has_living(record)]
        for record in gone:
            if record.boot == self._boot and (freezer := self._freezer(record.hold_id, record.frozen)):
                freezer.remove_empty()
            self._store.remove(record.hold_id)
        return tuple(record.hold_id for record in gone)

    def _has_living(self, record: ProcessRecord) -> bool:
        return any(proc.is_there(member.identity) for member in _everyone(record))

    def _protection(self) -> Protection:
        return Protection(self._never_hold, self._own_pids, self._above)

    def _freezer(self, hold_id: str, frozen: tuple[str, ...] = ()) -> Freezer | None:
        return Freezer(self._cgroup_root, hold_id, frozen) if self._cgroup_root else None

    def _begin(self, hold_id: str, began: float) -> _Work:
        """Work on a hold, taking up what is already in force under its id."""
        record = self._store.load(hold_id)
        if record is None or record.boot != self._boot:
            record = ProcessRecord(hold_id, self._boot, Stage.APPLIED, ())
        freezer = self._freezer(hold_id, record.frozen)
        work = _Work(hold_id, record.stage, record.roots, freezer, self._protection(), began)
        work.members = {member.pid: member for member in record.members if proc.is_there(member.identity)}
        work.frozen = set(freezer.members()) if freezer else set()
        work.skipped = dict.fromkeys(record.skipped if freezer else (*record.skipped, _NO_CGROUP))
        return work

    def _save(self, work: _Work) -> ProcessRecord:
        record = self._record(work)
        self._store.save(record)
        return record

    def _record(self, work: _Work) -> ProcessRecord:
        return ProcessRecord(
            work.hold_id,
            self._boot,
            work.stage,
            work.roots,
            tuple(work.members.values()),
            work.freezer.frozen if work.freezer else (),
            tuple(work.skipped),
        )

    def _stop_writers(self, work: _Work, damaging: Sequence[int]) -> None:
        """Stop who writes, at once; a record that can be released is written before."""
        known = {pid: self._tree.process(pid) for pid in damaging}
        may = tuple(pid for pid, process in known.items() if process and not work.protection.why(process))
        if not may:
            return
        write = self._store.save if work.members else self._store.begin
        write(replace(self._record(work), roots=(*work.roots, *may)))
        for pid in may:
            self._stop(work, pid)

    def _stop_and_freeze(self, work: _Work, roots: Sequence[int] = ()) -> None:
        # Written first and again after the stop: an agent killed in between leaves a record that can be released.
        self._save(work)
        for number in range(_MAX_ROUNDS):
            if number == 0:
                for pid in roots:
                    self._stop(work, pid)
            self._stop_below(work, roots)
            for pid in work.freezer.members() if work.freezer else ():
                self._stop(work, pid)  # born inside the frozen cgroup, where the walk may not lead
            found = self._remember(work)
            if number == 0:
                work.done("stopped")
                self._save(work)
            for member in found:
                self._freeze(work, member)
            if number == 0:
                work.done("frozen")
            if not found:
                return
        work.skipped[Skipped("freeze", f"new children still appear after {_MAX_ROUNDS} rounds")] = None

    def _stop_below(self, work: _Work, roots: Sequence[int]) -> None:
        """Stop all below the roots. Children are read once their parent stands still; the dead lead to their orphans.

        A root of an earlier call counts only while it is held or gone: else its pid has come to mean another process.
        """
        dead = [pid for pid in work.roots if pid not in work.members and proc.stat_of(pid) is None]
        waiting = list(dict.fromkeys([*roots, *work.members, *dead]))
        seen = set(waiting)
        for pid in waiting:  # grows while it is walked
            if not work.has(pid) and self._is_protected(work, pid):
                continue
            self._stop(work, pid)
            below = [child for child in (*proc.children_of(pid), *self._tree.children(pid)) if child not in seen]
            seen.update(below)
            waiting += below

    def _is_protected(self, work: _Work, pid: int) -> bool:
        stat = proc.stat_of(pid)
        reason = work.protection.why(proc.as_process(pid, stat)) if stat else ""
        if stat and reason:
            work.skipped[Skipped(f"{stat.comm} ({pid})", reason)] = None
        return bool(reason)

    def _stop(self, work: _Work, pid: int) -> None:
        """Stop one process, unless it is held already, gone, or no more the one the tree meant."""
        if work.has(pid):
            return
        known = self._tree.process(pid)
        try:
            stat = proc.stop(pid, known.start if known else 0)
        except PermissionError:
            work.skipped[Skipped(f"pid {pid}", "not permitted to stop it")] = None
            return
        if stat:
            work.fresh[pid] = stat

    def _remember(self, work: _Work) -> list[Member]:
        """Make members of those just stopped: after all the stops, because it reads a file for each."""
        found = [_member(work, pid, stat) for pid, stat in work.fresh.items()]
        work.members |= {member.pid: member for member in found}
        work.fresh.clear()
        return found

    def _freeze(self, work: _Work, member: Member) -> None:
        # One that another hold froze stays there: that hold's release hands it on (see `_let_go`).
        if work.freezer is None or member.pid in work.frozen or cgroup.is_held(proc.cgroup_of(member.pid)):
            return
        try:
            work.freezer.add(member.pid, member.origin)
            work.frozen.add(member.pid)
        except ProcessLookupError:
            return
        except OSError as error:
            work.skipped[Skipped(f"{member.comm} ({member.pid})", f"stopped, but not frozen: {error.strerror}")] = None

    def _let_go(self, record: ProcessRecord) -> Released:
        """Wake and move home whoever no other hold claims; a lease never ends another."""
        freezer = self._freezer(record.hold_id, record.frozen)
        claimed = self._claimed_by_others(record)
        members = _everyone(record)
        homes = {it.pid: it for it in members if it.pid not in claimed and proc.is_there(it.identity)}
        for member in reversed(homes.values()):  # children first: a parent that wakes finds them running
            if not member.was_stopped:
                proc.send(member.identity, signal.SIGCONT)
        skipped = [Skipped(f"pid {pid}", "another hold has it too") for pid in claimed]
        if freezer:
            skipped += _move_home(freezer, homes, claimed, default=members[0].origin if members else "/")
            if not claimed:
                freezer.thaw()
        return Released(record.hold_id, tuple(homes), skipped=tuple(skipped))

    def _claimed_by_others(self, record: ProcessRecord) -> set[int]:
        """Members that another hold has too; that hold takes over the frozen cgroup they are in."""
        ours = {member.identity for member in record.members}
        claimed: set[int] = set()
        for other in list(self._store.all()):
            shared = ours & {member.identity for member in other.members}
            if other.hold_id == record.hold_id or other.boot != self._boot or not shared:
                continue
            claimed |= {who.pid for who in shared if proc.is_there(who)}
            self._store.save(replace(other, frozen=tuple(dict.fromkeys([*other.frozen, *record.frozen]))))
        return claimed


def _member(work: _Work, pid: int, stat: proc.Stat) -> Member:
    """What is remembered. One born inside a frozen cgroup has its parent's home, and nobody stopped it before us."""
    path = proc.cgroup_of(pid)
    if not cgroup.is_held(path):
        return Member(pid, stat.start, stat.comm, path, stat.state == "T")
    parent = work.members.get(stat.ppid)
    return Member(pid, stat.start, stat.comm, parent.origin if parent else cgroup.home_of(path), False)


def _everyone(record: ProcessRecord) -> tuple[Member, ...]:
    """The members, and who was stopped below the roots by an agent that was killed before its next line.

    A root that was a member and is gone is left out: its pid may have come to mean another process.
    """
    known = {member.pid for member in record.members}
    gone = {member.pid for member in record.members if not proc.is_there(member.identity)}
    left = _left_stopped(root for root in record.roots if root not in gone)
    return (*record.members, *(member for member in left if member.pid not in known))


def _left_stopped(roots: Iterable[int]) -> Iterator[Member]:
    """Who stands still below the roots."""
    for root in roots:
        for pid in (root, *proc.ProcTree().descendants(root)):
            stat = proc.stat_of(pid)
            if stat and stat.state == "T":
                yield Member(pid, stat.start, stat.comm, proc.cgroup_of(pid), False)


def _move_home(freezer: Freezer, homes: dict[int, Member], claimed: set[int], default: str) -> Iterator[Skipped]:
    for pid in dict.fromkeys([*freezer.members(), *homes]):
        if pid in claimed:
            continue
        why = freezer.put_back(pid, homes[pid].origin if pid in homes else default)
        if why:
            yield Skipped(f"pid {pid}", why)


def _held(record: ProcessRecord, steps: Sequence[Step] = ()) -> Held:
    pids = tuple(member.pid for member in record.members)
    root = next((pid for pid in record.roots if pid in pids), pids[0] if pids else 0)
    return Held(
        record.hold_id,
        ProcessHold.name,
        record.stage,
        root,
        pids,
        record.roots,
        skipped=record.skipped,
        steps=tuple(steps),
    )


def _refused(hold_id: str, skipped: tuple[Skipped, ...]) -> Refused:
    reason = skipped[0].reason if len(skipped) == 1 else "none of the damaging processes can be held"
    return Refused(hold_id, reason if skipped else "no process was named", skipped)
