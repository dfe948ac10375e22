"""The contract that every cut keeps, and the data it speaks in.

Comes in: nothing. Goes out: `Cut` (a Protocol), `Plan`, `Applied`, `Proof`, `Undone`, `CutRefused`, `Factory`. It
does nothing itself. A hold (`base.py`) is the agent's own, for the second in which evidence is read again; a cut is
an order: it has an id, an owner, a stored undo and three separate facts: asked, applied, proven.

In words. One process at a time calls a cut of one state directory (a lock sees to it that a second waits). The order is

    check -> plan -> apply -> prove -> ... -> prove -> undo

* `check` looks and touches nothing. `apply` checks again: whoever calls it need not have asked.
* `plan` says what would change, in words and as data, and touches nothing.
* `apply` writes the undo to the disk first, then acts in one step as far as the world has one (one nft transaction,
  one rename). It may be called twice; under an id that is in force already it adds what is new. What could not be
  done is in `Applied.skipped`; where nothing could be done at all it is refused, and nothing is left behind.
* `prove` tries both ways: what must be refused is, and what must go on does. It may be called at any time.
* `undo` needs the id alone, no network and no agent: the record holds all it needs. Called twice, it finds nothing
  left to do and says so; another cut's hold on the same address, account or share stays.
* `recover` is called once when an agent starts: it makes again what a restart of the machine or of the firewall took
  away, and returns the ids of the cuts for which that could not be done, with the reason.
* Nobody retries inside. Names are never resolved: addresses and numbers only.
* A cut id names a file: letters, digits, dot, dash and underscore, 64 at most, no dot first. Two verbs may share one
  cut id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol

from garde.contain.actions.nft import NeverCut
from garde.journal.hub_kinds import Check
from garde.model.finding import Skipped
from garde.model.order import Order, Verb


class Why(StrEnum):
    """Why a cut was refused: the stable code of it."""

    ARGUMENTS = "ARGUMENTS"  # the order can't be understood; another try of the same order fails too
    NEVER_CUT = "NEVER-CUT"  # it names somebody who is never cut off
    STRANDED = "STRANDED"  # the machine would lose its hub
    UNAVAILABLE = "UNAVAILABLE"  # this machine has nothing to do it to, or not the means
    FAILED = "FAILED"  # it was tried and did not work; the reason is in the words


@dataclass(frozen=True, slots=True)
class CutRefused:
    """Nothing was changed, and why."""

    cut: str
    code: Why
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an order would change here."""

    cut: str
    verb: str  # key of CUTS, or "port"
    words: str  # one sentence
    changes: tuple[str, ...]  # one a thing that would be changed
    undo: str  # one sentence
    survives_reboot: bool
    skipped: tuple[Skipped, ...] = ()  # what would be left out, and why


@dataclass(frozen=True, slots=True)
class Applied:
    """A cut in force."""

    cut: str
    verb: str  # key of CUTS, or "port"
    detail: str  # one sentence, for people
    survives_reboot: bool
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """What was tried to prove a cut. No checks at all prove nothing."""

    cut: str
    verb: str  # key of CUTS, or "port"
    checks: tuple[Check, ...]
    detail: str = ""

    @property
    def proven(self) -> bool:
        return bool(self.checks) and all(check.wanted == check.seen for check in self.checks)


@dataclass(frozen=True, slots=True)
class Undone:
    """A cut that is no more. `verbs` is empty where there was nothing left to undo."""

    cut: str
    verbs: tuple[str, ...]
    detail: str
    skipped: tuple[Skipped, ...] = ()


class Cut(Protocol):
    """One thing a hub may ask for. See the module's words for the order and what may be repeated."""

    verb: ClassVar[Verb]
    # Whether it holds through a restart of the machine by itself. Where it does not, `recover` makes it again when the
    # agent starts, and until then it does not hold.
    survives_reboot: ClassVar[bool]

    def check(self, order: Order) -> CutRefused | None: ...

    def plan(self, order: Order) -> Plan | CutRefused: ...

    def apply(self, order: Order) -> Applied | CutRefused: ...

    def prove(self, order: Order) -> Proof: ...

    def undo(self, cut_id: str) -> Undone | CutRefused: ...

    def active(self) -> tuple[str, ...]:
        """Ids of the cuts in force by their records, made by this agent or one before it."""
        ...

    def recover(self) -> tuple[CutRefused, ...]: ...


Factory = Callable[[Path, NeverCut, Sequence[str]], Cut]  # state directory, never-cut list, flows to the hub


def cuts_directory(state: Path) -> Path:
    """Where all cuts keep what undoes them, below an agent's state directory."""
    return state / "cuts"
