"""`kick`: end the Samba sessions of these addresses or users.

Comes in: an order with addresses, users, or both. Goes out: `KickCut`. A kick is over when it is done: there is
nothing to undo, and without a `block` or an `account` beside it a client comes back at once. Sessions are looked for
again until none is found, three times at most. The address of somebody who is never cut off is left out and said."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

from garde.contain.actions import proc, smbd
from garde.contain.actions.cut import Applied, CutRefused, Plan, Proof, Undone, Why
from garde.contain.actions.proc import Identity
from garde.contain.actions.records import Stage
from garde.contain.actions.served import ServedCut, plain_or_none
from garde.contain.actions.smbd import Smbd
from garde.journal.hub_kinds import Check
from garde.model.finding import Skipped
from garde.model.order import Order, Verb

_LOOKS: Final = 3


class KickCut(ServedCut):
    """Kills the smbd children that serve somebody."""

    verb: ClassVar[Verb] = Verb.KICK
    survives_reboot: ClassVar[bool] = True  # a session that was ended does not come back with the machine

    def check(self, order: Order) -> CutRefused | None:
        if refused := self._check_id(order):
            return refused
        for address in order.addresses:
            if plain_or_none(address) is None:
                return CutRefused(order.cut, Why.ARGUMENTS, f"{address!r} is no address")
        if not order.addresses and not any(order.users):
            return CutRefused(order.cut, Why.ARGUMENTS, "no address and no user to end the sessions of")
        if order.addresses and not any(order.users) and not self._targets(order):
            why = "; ".join(skipped.reason for skipped in self._left_out(order))
            return CutRefused(order.cut, Why.NEVER_CUT, why)
        return self._check_served(order)

    def _targets(self, order: Order) -> tuple[str, ...]:
        return tuple(address for address, why in self._whys(order).items() if not why)

    def _left_out(self, order: Order) -> tuple[Skipped, ...]:
        whys = self._whys(order).items()
        return tuple(Skipped(f"kick {address}", f"never cut off: {why}") for address, why in whys if why)

    def _find(self, server: Smbd, order: Order) -> set[Identity]:
        return smbd.children_serving(server, self._targets(order), order.users, self._run)

    def plan(self, order: Order) -> Plan | CutRefused:
        if refused := self.check(order):
            return refused
        try:
            found = [who.pid for server in self._servers() for who in sorted(self._find(server, order))]
        except OSError as error:
            return CutRefused(order.cut, Why.UNAVAILABLE, str(error))
        whom = ", ".join([*self._targets(order), *order.users])
        changes = tuple(f"smbd {pid} is ended" for pid in found)
        undo = "nothing is to be undone: clients come back by themselves"
        words = f"end the sessions of {whom}"
        return Plan(order.cut, self.verb, words, changes, undo, self.survives_reboot, self._left_out(order))

    def apply(self, order: Order) -> Applied | CutRefused:
        if refused := self.check(order):
            return refused
        with self._records.locked():
            record = self._begin(order)
            ended: dict[Identity, None] = dict.fromkeys(Identity(*it) for it in record.ended)
            skipped: dict[Skipped, None] = dict.fromkeys(self._left_out(order))
            before = len(ended)
            for _ in range(_LOOKS):
                try:
                    found = {who for server in self._servers() for who in self._find(server, order)} - set(ended)
                except OSError as error:
                    skipped[Skipped("sessions", str(error))] = None
                    # The addresses need no smbstatus.
                    found = set() if not order.users else self._by_address(order) - set(ended)
                if not found:
                    break
                ended |= dict.fromkeys(sorted(found))
                skipped |= dict.fromkeys(smbd.end(found))
            done = replace(record, stage=Stage.APPLIED, ended=tuple((who.pid, who.start) for who in ended))
            skipped |= dict.fromkeys(self._records.save(done, flush=False))
        count = len(ended) - before
        detail = f"{count} session{'s' if count != 1 else ''} ended" if count else "no session of theirs was open"
        return Applied(order.cut, self.verb, detail, self.survives_reboot, tuple(skipped))

    def _by_address(self, order: Order) -> set[Identity]:
        addresses = self._targets(order)
        return {who for server in self._servers() for who in smbd.children_serving(server, addresses, (), self._run)}

    def prove(self, order: Order) -> Proof:
        record = self._records.load(order.cut) if self._check_id(order) is None else None
        if record is None or record.stage is not Stage.APPLIED:
            return Proof(order.cut, self.verb, (Check("the sessions were ended", True, False),))
        alive = record.boot == proc.boot_id() and any(proc.is_there(Identity(*it)) for it in record.ended)
        checks = [Check("a session that was ended goes on", False, alive)]
        checks += [
            Check(f"{it.what.removeprefix('kick ')} may be cut off", True, False) for it in self._left_out(record.order)
        ]
        return Proof(order.cut, self.verb, (*checks, *self._still_serves()), self._come_back(record.order))

    def _come_back(self, order: Order) -> str:
        try:
            back = sum(len(self._find(server, order)) for server in self._servers())
        except OSError as error:
            return str(error)
        return f"{back} new session{'s' if back != 1 else ''} of theirs since" if back else "none has come back"

    def undo(self, cut_id: str) -> Undone | CutRefused:
        if refused := self._check_cut_id(cut_id):
            return refused
        with self._records.locked():
            known = self._records.load(cut_id)
            self._records.remove(cut_id)
        if known is None:
            return Undone(cut_id, (), "there is nothing left to undo")
        return Undone(cut_id, (self.verb,), "a session that was ended needs no undo: the client comes back by itself")
