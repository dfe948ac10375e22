"""The contract that every act on an actor keeps, and the data it speaks in.

Comes in: nothing. Goes out: `Action` and `ProcessTree` (both Protocols), `Target`, `Held`, `Confirmed`, `Released`,
`Refused`. It does nothing itself.

In words. The agent's loop is the only caller; nothing here is thread-safe. The order is

    check -> apply -> settle -> (confirm | release),  and after a confirm, one day, release

* `check` looks and touches nothing; a `Refused` says why nothing could be done.
* `apply` acts at once and is the step that counts: when it returns, the actor it named does no more harm. It does the
  rest even where a part could not be done, and says so in `Held.skipped`. Called again under the same id, it adds to
  the hold.
* `settle` looks for what slipped past `apply` (a child born meanwhile, a second connection). It may be called as
  often as the agent likes.
* `confirm` makes it last: the evidence was read again and stands. `release` undoes the whole of it.
* All five may be called twice under one id; the second call finds nothing left to do. An id is the caller's, unique,
  and names a file: letters, digits, dot, dash and underscore, 64 at most.
* What an act did lies in `<state>/holds/`, written without waiting for the disk: a later agent, or the command line
  with no agent at all, can `release` it. It holds for one boot; see `store.py`.
* Nobody retries inside: a step that failed is in `skipped`, and the agent decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol

from garde.model.actor import Process
from garde.model.finding import Skipped


class ProcessTree(Protocol):
    """Who forked whom. It may know processes already gone; `Process.gone` tells."""

    def process(self, pid: int) -> Process | None:
        """What is known of a pid, living or lately gone."""
        ...

    def children(self, pid: int) -> Sequence[int]:
        """Direct children."""
        ...

    def descendants(self, pid: int) -> Sequence[int]:
        """Children, their children and so on, without `pid`."""
        ...

    def ancestors(self, pid: int) -> Sequence[int]:
        """The parent first, then its parent, up to pid 1 or as far as it is known."""
        ...


class Stage(StrEnum):
    """How far a hold has come."""

    APPLIED = "applied"  # in force, reversible, its evidence not read again yet
    CONFIRMED = "confirmed"  # meant to last


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to hold: the pids that did the damage and, for an SMB client, its address."""

    pids: tuple[int, ...]
    address: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an act and how long after the act began it was done, in seconds."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Held:
    """What is held now."""

    hold_id: str
    action: str  # key of ACTIONS
    stage: Stage
    root_pid: int  # the process whose tree it is; 0 when only an address is blocked
    pids: tuple[int, ...]  # all held, root first
    roots: tuple[int, ...] = ()  # more than one when the actor had several sessions
    addresses: tuple[str, ...] = ()  # blocked clients
    skipped: tuple[Skipped, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A hold that lasts. `ended` are the processes that it killed."""

    hold_id: str
    pids: tuple[int, ...]
    ended: tuple[int, ...] = ()
    addresses: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """A hold undone. `pids` run again; `addresses` are let in again."""

    hold_id: str
    pids: tuple[int, ...]
    addresses: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done, and why. `skipped` has the reason for each part."""

    hold_id: str
    reason: str
    skipped: tuple[Skipped, ...] = ()


def held_at_once(applied: Held, settled: Held | Refused, seconds: float) -> Held | Refused:
    """The answer to apply and settle in one call: what is held after both, with the steps of both."""
    if isinstance(settled, Refused):
        return settled
    return replace(settled, steps=(*applied.steps, Step("settled", seconds)))


class Action(Protocol):
    """One way to hold an actor. See the module's words for the order and what may be repeated."""

    name: ClassVar[str]

    def check(self, hold_id: str, target: Target) -> Refused | None: ...

    def apply(self, hold_id: str, target: Target) -> Held | Refused: ...

    def settle(self, hold_id: str) -> Held | Refused: ...

    def confirm(self, hold_id: str) -> Confirmed | Refused: ...

    def release(self, hold_id: str) -> Released | Refused: ...

    def held(self) -> tuple[Held, ...]:
        """Everything held now, by this agent or one before it."""
        ...


def holds_directory(state: Path) -> Path:
    """Where all acts keep what they did, below an agent's state directory."""
    return state / "holds"
