"""What the cuts of Samba's service have in common: kick, account, read_only.

Comes in: a state directory, the never-cut list, the hub. Goes out: `ServedCut`: the checks, the record and the other
half of each proof (that smbd still takes connections). See `cut.py` for the contract."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from garde.contain.actions import flows, probe, proc, smbd
from garde.contain.actions.cut import CutRefused, Why
from garde.contain.actions.nft import NeverCut, own_addresses
from garde.contain.actions.records import Record, Stage, is_cut_id, merged, of_orders
from garde.contain.actions.smbd import Smbd, Tool
from garde.errors import SettingsError
from garde.journal.hub_kinds import Check
from garde.model.order import Order, Verb
from garde.sockets import plain_address

_MOST: Final = 4096  # addresses or users in one order
_SMB: Final = (445, 139)


class ServedCut:
    """A cut that acts on the smbd of this machine."""

    verb: ClassVar[Verb]
    survives_reboot: ClassVar[bool]

    def __init__(
        self,
        state: Path,
        never: NeverCut,
        hub: Sequence[str],
        *,
        run: Tool = smbd.run_tool,
        find: Callable[[], Sequence[Smbd]] = smbd.running,
        spare: Path | None = None,
    ) -> None:
        try:
            self._hub = flows.split(hub)[1]
        except ValueError as error:
            raise SettingsError(f"the hub: {error}", "write addresses: nothing is resolved in a cut") from error
        self._never = never
        self._run = run
        self._servers = find
        self._records = of_orders(state, self.verb, spare=spare, lock="served")

    def active(self) -> tuple[str, ...]:
        return self._records.ids()

    def recover(self) -> tuple[CutRefused, ...]:
        """What these cuts do lasts by itself; each says where it is otherwise."""
        return ()

    def _check_cut_id(self, cut_id: str) -> CutRefused | None:
        return None if is_cut_id(cut_id) else CutRefused(cut_id, Why.ARGUMENTS, "the cut has no usable id")

    def _check_id(self, order: Order) -> CutRefused | None:
        if len(order.addresses) > _MOST or len(order.users) > _MOST:
            return CutRefused(order.cut, Why.ARGUMENTS, f"more than {_MOST} addresses or users")
        return self._check_cut_id(order.cut)

    def _check_served(self, order: Order) -> CutRefused | None:
        if self._servers():
            return None
        return CutRefused(order.cut, Why.UNAVAILABLE, "no smbd runs in this machine's own network")

    def _whys(self, order: Order) -> dict[str, str]:
        """Every address of an order, once, with why it is never cut off."""
        whys = self._never.whys(it for address in order.addresses if (it := plain_or_none(address)))
        return {address: "it is the hub" if flows.holds(self._hub, address) else why for address, why in whys.items()}

    def _begin(self, order: Order) -> Record:
        """The record of a cut that is about to be made, with what stood in it before."""
        known = self._records.load(order.cut)
        fresh = Record(merged(known, order), Stage.APPLYING, proc.boot_id(), time.time())
        if known is None or known.stage is Stage.DAMAGED:
            return fresh
        ended = known.ended if known.boot == fresh.boot else ()
        return replace(known, order=fresh.order, stage=Stage.APPLYING, boot=fresh.boot, ended=ended)

    def _still_serves(self) -> tuple[Check, ...]:
        """The other half of a proof: everybody else is still served."""
        ports = sorted(probe.listening(_SMB))
        if not ports:
            return (Check("smbd listens", True, False),)
        own = own_addresses()
        return tuple(
            Check(f"port {port} still takes other clients", True, probe.takes_connections(port, own)) for port in ports
        )


def plain_or_none(text: str) -> str | None:
    """An address in its one spelling, or None for what is none."""
    try:
        return plain_address(text)
    except ValueError:
        return None
