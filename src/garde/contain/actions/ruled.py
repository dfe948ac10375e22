"""What the cuts made of firewall rules have in common: block, isolate, outside.

Comes in: from each of them, the chains for an order and what to try. Goes out: `RuleCut`, all but the rules. See
`cut.py` for the contract and `rules.py` for the tables.

The record is written before the table and not flushed to the disk until after: the table is gone with the machine, so
that what must be known after a power cut is only that a cut was in force, and a disk that an attacker keeps busy
must not delay the act. A table is named by its cut's id: it is undone even where its record is lost or damaged.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from garde.contain.actions import flows, proc
from garde.contain.actions.cut import Applied, CutRefused, Plan, Proof, Undone, Why
from garde.contain.actions.flows import Flow
from garde.contain.actions.nft import NeverCut, Runner, run_nft
from garde.contain.actions.records import Record, Stage, is_cut_id, merged, of_orders
from garde.contain.actions.rules import Chain, Loaded, Tables
from garde.errors import SettingsError
from garde.journal.hub_kinds import Check
from garde.model.finding import Skipped
from garde.model.order import Order, Verb

_MOST: Final = 4096  # addresses or flows in one order; beyond it is no order that a person could have meant


class RuleCut(ABC):
    """A cut that is one nftables table."""

    verb: ClassVar[Verb]
    survives_reboot: ClassVar[bool] = False

    def __init__(
        self,
        state: Path,
        never: NeverCut,
        hub: Sequence[str],
        *,
        run: Runner = run_nft,
        spare: Path | None = None,
    ) -> None:
        try:
            self._hub = flows.split(hub)[1]
        except ValueError as error:
            raise SettingsError(f"the hub: {error}", "write addresses: nothing is resolved in a cut") from error
        self._never = never
        self._run = run
        self._tables = Tables(self.verb, run=run)
        self._records = of_orders(state, self.verb, spare=spare)

    # What each cut says for itself.

    @abstractmethod
    def _refuse(self, order: Order, allow: tuple[Flow, ...]) -> CutRefused | None:
        """Why this order can't be carried out here."""

    @abstractmethod
    def _chains(self, order: Order) -> tuple[Chain, ...]:
        """The table of an order that was not refused."""

    @abstractmethod
    def _words(self, order: Order) -> tuple[str, tuple[str, ...], str]:
        """One sentence what it does, what it changes, and one sentence how it is undone."""

    @abstractmethod
    def _try(self, order: Order, record: Record | None, loaded: Loaded | None) -> tuple[Check, ...]:
        """The proof, both ways."""

    def _left_out(self, order: Order) -> tuple[Skipped, ...]:
        """What of the order is not done, and why."""
        return ()

    def _peers(self) -> tuple[str, ...]:
        """Whom the machine knew before the cut, where the proof needs it."""
        return ()

    # The contract.

    def check(self, order: Order) -> CutRefused | None:
        if not is_cut_id(order.cut):
            return CutRefused(order.cut, Why.ARGUMENTS, "the cut has no usable id")
        if len(order.addresses) > _MOST or len(order.allow) > _MOST:
            return CutRefused(order.cut, Why.ARGUMENTS, f"more than {_MOST} addresses")
        try:
            allow = flows.split(order.allow)[1]
        except ValueError as error:
            return CutRefused(order.cut, Why.ARGUMENTS, f"a flow to leave open: {error}")
        return self._refuse(order, allow)

    def plan(self, order: Order) -> Plan | CutRefused:
        if refused := self.check(order):
            return refused
        whole = merged(self._records.load(order.cut), order)
        words, changes, undo = self._words(whole)
        return Plan(order.cut, self.verb, words, changes, undo, self.survives_reboot, self._left_out(whole))

    def apply(self, order: Order) -> Applied | CutRefused:
        if refused := self.check(order):
            return refused
        with self._records.locked():
            known = self._records.load(order.cut)
            whole = merged(known, order)
            peers = known.peers if known and known.peers else self._peers()
            began = known.at if known and known.at else time.time()
            record = Record(whole, Stage.APPLYING, proc.boot_id(), began, peers=peers)
            lost = self._records.save(record, flush=False)
            try:
                self._tables.load(order.cut, self._chains(whole))
            except OSError as error:
                self._put_back(order.cut, known)
                return CutRefused(order.cut, Why.FAILED, str(error))
            lost = self._records.save(replace(record, stage=Stage.APPLIED)) or lost
        return Applied(
            order.cut, self.verb, self._words(whole)[0], self.survives_reboot, (*self._left_out(whole), *lost)
        )

    def _put_back(self, cut: str, known: Record | None) -> None:
        """The transaction failed as a whole: what was in force before it still is."""
        if known is None:
            self._records.remove(cut)
        else:
            self._records.save(known)

    def prove(self, order: Order) -> Proof:
        record = self._records.load(order.cut) if is_cut_id(order.cut) else None
        if self.check(order) is not None:
            return Proof(order.cut, self.verb, (Check("the order can be carried out here", True, False),))
        whole = merged(record, order)
        try:
            before = self._tables.read(order.cut)
        except OSError as error:
            return Proof(order.cut, self.verb, (Check("the firewall can be read", True, False),), str(error))
        stands = before is not None and before.fits(self._chains(whole))
        checks = [Check("the rules are in the kernel as they were made", True, stands)]
        try:
            checks += self._try(whole, record, before)
        except OSError as error:
            return Proof(order.cut, self.verb, (*checks, Check("the cut can be tried", True, False)), str(error))
        dropped = before.dropped if before else 0
        return Proof(order.cut, self.verb, tuple(checks), f"{dropped} packets refused so far")

    def undo(self, cut_id: str) -> Undone | CutRefused:
        if not is_cut_id(cut_id):
            return CutRefused(cut_id, Why.ARGUMENTS, "the cut has no usable id")
        with self._records.locked():
            known = self._records.load(cut_id)
            try:
                removed = self._tables.remove(cut_id)
            except OSError as error:
                return CutRefused(cut_id, Why.FAILED, str(error))
            self._records.remove(cut_id)
        if known is None and not removed:
            return Undone(cut_id, (), "there is nothing left to undo")
        detail = "its rules are removed" if removed else "its rules were gone already"
        return Undone(cut_id, (self.verb,), detail)

    def active(self) -> tuple[str, ...]:
        return self._records.ids()

    def recover(self) -> tuple[CutRefused, ...]:
        """Load the table of every record again. One that may be no longer (the never-cut list has grown) is undone."""
        refused: list[CutRefused] = []
        for cut in self._records.ids():
            record = self._records.load(cut)
            if record is None:
                continue
            if record.stage is Stage.DAMAGED:
                refused.append(
                    CutRefused(cut, Why.FAILED, "its record can't be read: it can be undone, not made again")
                )
                continue
            said = self.apply(record.order)
            if isinstance(said, CutRefused):
                refused.append(said)
                if said.code in (Why.NEVER_CUT, Why.STRANDED):
                    self.undo(cut)
        return tuple(refused)

    def sweep(self) -> int:
        """Remove the tables of this verb that no record names; returns how many."""
        with self._records.locked():
            return self._tables.sweep(self._records.ids())
