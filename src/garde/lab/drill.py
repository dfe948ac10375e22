"""The drill, as witness: make documents, attack them, and tell the truth about what became of them.

Comes in: a `Plan`. Goes out: one `Result` (or `Skipped`) a mode, and `Step`s for whoever shows how it goes.

For each mode: a new folder `drill-ID` in the share; documents made there, and hashed; a settling time, so that they
count as existing documents; the attackers of `attackers/`, in a session of their own and, as root, under a uid that
nobody has, so that each mode meets fresh suspicion; then watching, until the attack is held or over and the files are
whole again, 15 s of waiting at most.

- *touched*: files that an attacker started on, by the attackers' own stamps.
- *lost*: files, of all that were made, whose path does not hold the original bytes at the end.
- *held*: at the end no attacker could go on, and we had not stopped it: each was stopped, frozen or killed, or stood
  still for 3 s without using the processor while files were due. A hold counts once it outlasts the second in which the
  watch may still let go.
- *seconds_to_hold*: from the first file started to that hold. *restored_s*: from the hold (or the end of an attack that
  was not held) until every file was whole again.

It never asks the watch anything, so it tells the same truth where no watch runs. It ends its processes itself.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from garde.errors import Incomplete
from garde.lab.attack import Assault, Attack, Seen
from garde.lab.attackers.base import Kind, Mode
from garde.lab.attackers.table import MODES, find_reason
from garde.lab.documents import Document, make_some
from garde.lab.identity import unused_uid
from garde.lab.processes import orphans_come_here
from garde.lab.witness import Witness

SLOW_FILES = 12  # the slow mode attacks no more than these, or it would take hours


class Result(msgspec.Struct, frozen=True, tag_field="kind", tag="result"):
    """The truth about one mode. A figure that was not reached is null."""

    mode: str
    files: int
    touched: int
    lost: int
    held: bool
    seconds_to_hold: float | None
    restored_s: float | None

    @property
    def is_good(self) -> bool:
        """Nothing lost; and held, where the mode destroys content."""
        return self.lost == 0 and (self.held or MODES[self.mode].kind is not Kind.CONTENT)


class Skipped(msgspec.Struct, frozen=True, tag_field="kind", tag="skipped"):
    """A mode that cannot run here, with its reason."""

    mode: str
    reason: str


class Remark(msgspec.Struct, frozen=True, tag_field="kind", tag="remark"):
    """Something about a mode that the reader must know beside its figures."""

    mode: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Where a mode stands: making, settling, attacking, held, restoring."""

    mode: str
    stage: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play, and how fast. `rate` is the total of all workers, files a second; 0 is unpaced."""

    share: Path
    modes: tuple[str, ...]
    files: int = 200
    rate: float = 400.0
    workers: int = 4
    slow_interval: float = 5.0
    settle: float = 3.0
    wait: float = 15.0
    keep: bool = False
    seed: int = field(default_factory=lambda: secrets.randbits(32))


Show = Callable[[Step], None]
Outcome = Result | Skipped | Remark


def run(plan: Plan, show: Show = lambda _: None) -> Iterator[Outcome]:
    """Play each mode of the plan; yields what came of it as it ends. Whole folders are removed after the last mode."""
    done: list[_Play] = []
    used: set[int] = set()
    for name in plan.modes:
        reason = find_reason(MODES[name])
        if reason:
            yield Skipped(name, reason)
            continue
        uid = unused_uid(used) if os.geteuid() == 0 else None
        used |= {uid} if uid else set()
        play = _Play(plan, MODES[name], uid, show)
        result = play.run()
        done.append(play)
        yield from (Remark(name, text) for text in play.remarks)
        yield result
    if not plan.keep:
        for play in done:
            play.clean_up()


class _Play:
    """One mode, from its folder to its result."""

    def __init__(self, plan: Plan, mode: Mode, uid: int | None, show: Show) -> None:
        self.plan, self.mode, self.uid = plan, mode, uid
        self.files = min(plan.files, SLOW_FILES) if mode.slow else plan.files
        self.workers = mode.workers or plan.workers
        self.directory = plan.share / f"drill-{secrets.token_hex(4)}"
        self.remarks: list[str] = []
        self._show = show
        self._is_whole = False

    def run(self) -> Result:
        self.witness = Witness(self.directory, self._make())
        self._settle()
        with ExitStack() as stack:
            stack.enter_context(orphans_come_here())
            attack = Attack(self._target(), self.show, stack)
            seen = attack.watch(self.plan.wait)
        if attack.left:
            self.remarks.append(f"processes that would not end: {attack.left}; they die when they are let go")
        result = self._judge(attack, seen)
        self._is_whole = result.lost == 0 and not attack.left
        return result

    def show(self, stage: str, done: int, of: int) -> None:
        self._show(Step(self.mode.name, stage, done, of))

    def clean_up(self) -> None:
        """Remove what was made, where every file is whole: nothing is left to look into."""
        if self._is_whole:
            self.witness.remove(self.mode.endings)

    @property
    def interval(self) -> float:
        if self.mode.slow:
            return self.plan.slow_interval
        return 1 / self.plan.rate if self.plan.rate else 0.0

    def _target(self) -> Assault:
        return Assault(self.mode, self.directory, self.witness, self.uid, self.workers, self.interval)

    def _make(self) -> list[Document]:
        self.directory.mkdir(mode=0o755)
        if self.uid is not None:
            os.chown(self.directory, self.uid, self.uid)
        # Each mode has its own documents: hash(mode) would differ from run to run.
        seed = self.plan.seed + list(MODES).index(self.mode.name)
        return make_some(self.directory, self.files, seed, self.uid, lambda done, of: self.show("making", done, of))

    def _settle(self) -> None:
        until = time.monotonic() + self.plan.settle
        while (left := until - time.monotonic()) > 0:
            self.show("settling", round(self.plan.settle - left), round(self.plan.settle))
            time.sleep(min(left, 0.25))
        if self.witness.lost():
            raise Incomplete(f"{self.directory}: files changed before the attack began", "see who else writes there")

    def _judge(self, attack: Attack, seen: Seen) -> Result:
        touched = [number for number, at in enumerate(attack.started) if at]
        lost = self.witness.lost(afresh=True)
        failed = sum(1 for at in attack.failed if at)
        if failed:
            self.remarks.append(f"{failed} of {len(touched)} attempts failed (the file was gone, moved or refused)")
        first = min((attack.started[number] for number in touched), default=seen.held_at)
        since = seen.held_at or seen.ended_at
        return Result(
            mode=self.mode.name,
            files=self.files,
            touched=len(touched),
            lost=len(lost),
            held=seen.held_at is not None,
            seconds_to_hold=round(max(0.0, seen.held_at - first), 3) if seen.held_at and first else None,
            restored_s=round(max(0.0, seen.whole_at - since), 3) if seen.whole_at and since and not lost else None,
        )
