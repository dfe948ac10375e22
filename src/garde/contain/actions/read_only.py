"""`read_only`: make every share of this server read-only, at once and for sessions already open.

Comes in: an order; it names nobody. Goes out: `ReadOnlyCut`. Three steps, in this order, each found by trial on Samba
4.17:

1. Garde's paragraph in smbd's configuration (`smbconf.py`), on the disk and taken by Samba, or refused;
2. every open tree connection is closed (`smbcontrol smbd close-share`): until then a client keeps writing, to open
   files and to new ones. Clients connect again by themselves and read on;
3. a child that still has an old connection after a second (a stopped one, say) is killed.

Garde's own restoring goes on: it writes to the file system, not over SMB.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

from garde.contain.actions import proc, smbconf, smbd
from garde.contain.actions.account import wanted_of
from garde.contain.actions.cut import Applied, CutRefused, Plan, Proof, Undone, Why
from garde.contain.actions.records import Record, Stage, of_orders
from garde.contain.actions.served import ServedCut
from garde.contain.actions.smbconf import Wanted
from garde.contain.actions.smbd import Smbd, Tree
from garde.journal.hub_kinds import Check
from garde.model.finding import Skipped
from garde.model.order import Order, Verb

_CLOSE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.05  # a look is a run of smbstatus: 30 ms


class ReadOnlyCut(ServedCut):
    """Shares read-only by the configuration, and every open one closed once."""

    verb: ClassVar[Verb] = Verb.READ_ONLY
    survives_reboot: ClassVar[bool] = True  # the configuration is on the disk

    def __init__(self, state: Path, *arguments: Any, **how: Any) -> None:
        super().__init__(state, *arguments, **how)
        self._shared = of_orders(state, Verb.ACCOUNT, spare=how.get("spare"))

    def check(self, order: Order) -> CutRefused | None:
        return self._check_id(order) or self._check_served(order)

    def plan(self, order: Order) -> Plan | CutRefused:
        if refused := self.check(order):
            return refused
        try:
            shares = [it for server in self._servers() for it in self._shares(server)]
        except OSError as error:
            return CutRefused(order.cut, Why.UNAVAILABLE, str(error))
        return Plan(
            order.cut,
            self.verb,
            "make every share of this server read-only",
            tuple(f"{share} can be read and no longer written" for share in shares),
            "Garde's paragraph is taken out of smbd's configuration",
            self.survives_reboot,
        )

    def _shares(self, server: Smbd) -> tuple[str, ...]:
        return smbconf.shares_of(smbconf.effective(server.config, self._run))

    def apply(self, order: Order) -> Applied | CutRefused:
        if refused := self.check(order):
            return refused
        with self._records.locked():
            known = self._records.load(order.cut)
            servers = self._servers()
            places = dict.fromkeys([*(known.configs if known else ()), *(server.config for server in servers)])
            record = replace(self._begin(order), configs=tuple(places))
            skipped = dict.fromkeys(self._records.save(record))
            try:
                changed = [it for it in servers if smbconf.change(it.config, self._wanted(it.config), self._run)]
            except OSError as error:
                self._put_back(order.cut, known, record)
                return CutRefused(order.cut, Why.FAILED, str(error))
            half_done = known is None or known.stage is not Stage.APPLIED
            for server in servers if half_done else changed:
                skipped |= dict.fromkeys(self._close(server))
            skipped |= dict.fromkeys(self._records.save(replace(record, stage=Stage.APPLIED)))
        detail = "every share is read-only, and open ones were closed once"
        return Applied(order.cut, self.verb, detail, self.survives_reboot, tuple(skipped))

    def _put_back(self, cut: str, known: Record | None, record: Record) -> None:
        if known is None or known.stage is Stage.DAMAGED:
            self._records.remove(cut)
        else:
            self._records.save(known)
        for config in record.configs:
            try:
                smbconf.change(config, self._wanted(config), self._run)
            except OSError:
                self._records.save(record)  # what could not be taken out must be found by an undo
                return

    def _wanted(self, config: str) -> Wanted:
        return wanted_of(config, self._records.all(), self._shared.all())

    def _close(self, server: Smbd) -> tuple[Skipped, ...]:
        """Close what is open under the old configuration; kill who does not."""
        try:
            # The listener answers a ping when it has read the new configuration: children born later have it too.
            smbd.control(server.config, self._run, "ping")
            closed = time.time()
            smbd.control(server.config, self._run, "close-share", "*")
            deadline = time.monotonic() + _CLOSE_SECONDS
            while (old := self._older(server, closed)) and time.monotonic() < deadline:
                time.sleep(_LOOK_SECONDS)
        except OSError as error:
            everybody = (proc.identity_of(pid) for pid in proc.children_of(server.pid) if smbd.serves(server, pid))
            ended = smbd.end(who for who in everybody if who)
            return (Skipped("open shares", f"every session was ended instead: {error}"), *ended)
        return smbd.end(who for pid in {tree.pid for tree in old} if (who := proc.identity_of(pid)))

    def _older(self, server: Smbd, closed: float) -> list[Tree]:
        return [
            tree
            for tree in smbd.sessions(server, self._run).trees
            if tree.since < closed and tree.share.casefold() != "ipc$" and proc.identity_of(tree.pid)
        ]

    def prove(self, order: Order) -> Proof:
        record = self._records.load(order.cut) if self._check_id(order) is None else None
        if record is None or record.stage is not Stage.APPLIED:
            return Proof(order.cut, self.verb, (Check("the shares were made read-only", True, False),))
        checks = []
        try:
            for server in self._servers():
                held = smbconf.holds(server.config, Wanted(read_only=True), self._run)
                checks.append(Check(f"every share of {server.config} is read-only", True, held))
                writing = any(proc.identity_of(pid) for pid in smbd.sessions(server, self._run).writing)
                checks.append(Check("a file is open for writing over SMB", False, writing))
        except OSError as error:
            return Proof(order.cut, self.verb, (*checks, Check("Samba can be asked", True, False)), str(error))
        return Proof(order.cut, self.verb, (*checks, *self._still_serves()))

    def undo(self, cut_id: str) -> Undone | CutRefused:
        if refused := self._check_cut_id(cut_id):
            return refused
        with self._records.locked():
            record = self._records.load(cut_id)
            if record is None:
                return Undone(cut_id, (), "there is nothing left to undo")
            # A damaged record names no configuration: those of the running smbd are the ones it can mean.
            places = record.configs or tuple(server.config for server in self._servers())
            others = self._records.others(cut_id)
            try:
                for config in places:
                    if Path(config).exists():
                        smbconf.change(config, wanted_of(config, others, self._shared.all()), self._run)
            except OSError as error:
                return CutRefused(cut_id, Why.FAILED, str(error))
            self._records.remove(cut_id)
        if any(set(places) & set(other.configs) for other in others):
            kept = (Skipped("shares", "another cut keeps them read-only"),)
            return Undone(cut_id, (self.verb,), "this cut no longer asks for it", kept)
        return Undone(cut_id, (self.verb,), "the shares can be written again, by who connects anew")

    def recover(self) -> tuple[CutRefused, ...]:
        """Finish what an agent killed half-way began, and put back a paragraph that somebody's tool has overwritten."""
        return tuple(filter(None, map(self._take_up, self._records.all())))

    def _take_up(self, record: Record) -> CutRefused | None:
        if record.stage is Stage.DAMAGED:
            return CutRefused(record.order.cut, Why.FAILED, "its record can't be read")
        if record.stage is Stage.APPLYING and self._servers():
            said = self.apply(record.order)
            return said if isinstance(said, CutRefused) else None
        try:
            with self._records.locked():
                lost = [it for it in record.configs if smbconf.change(it, self._wanted(it), self._run)]
                for server in self._servers():
                    if server.config in lost:
                        self._close(server)
        except OSError as error:
            return CutRefused(record.order.cut, Why.FAILED, str(error))
        return None
