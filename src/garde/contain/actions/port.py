"""Shut the switch port behind which a machine is. The hub does it itself: the machine's own agent may be dead or lying.

Comes in: a `PortOrder`, and how to reach a switch. Goes out: `PortCut`, with the contract of `cut.py` (check, plan,
apply, prove, undo, active). Refused: a port that the switch does not have or has twice, and one behind which somebody
is who is never cut off.

Proven by traffic: `ifOperStatus` lags by seconds, so the machine is spoken to, and the octets that come in by the
port are counted (`frames.py`); the switch itself and whoever is named in `keep` must still answer. A switch forgets it
with its own restart (the running configuration is not saved): `survives_reboot` is False, and `recover` shuts the port
again."""

from __future__ import annotations

import contextlib
import ipaddress
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

from garde.contain.actions import probe
from garde.contain.actions.cut import Applied, CutRefused, Plan, Proof, Undone, Why
from garde.contain.actions.flows import Flow
from garde.contain.actions.frames import frames_come_in
from garde.contain.actions.nft import NeverCut
from garde.contain.actions.records import Records, Stage, is_cut_id
from garde.contain.actions.snmp import DOWN, UP, Login, Logins, SnmpSwitch, Switch, load_logins, parse_place
from garde.errors import SettingsError
from garde.journal.hub_kinds import Check
from garde.model.finding import Skipped
from garde.sockets import plain_address

SECRETS: Final = "snmp.toml"
_LISTEN_SECONDS: Final = 0.5  # a machine that is up answers in this time once it is spoken to

Opener = Callable[[str, Login], Switch]  # "ADDRESS:PORT" of the switch, its login


@dataclass(frozen=True, slots=True)
class PortOrder:
    """One port to shut."""

    cut: str
    machine: str  # estate id of the machine behind it
    switch: str  # estate id
    place: str  # "ADDRESS" or "ADDRESS:PORT" of the switch's SNMP agent
    port: str  # ifName
    addresses: tuple[str, ...] = ()  # the machine's own: must not answer afterwards
    keep: tuple[str, ...] = ()  # addresses that must still answer


@dataclass(frozen=True, slots=True)
class PortRecord:
    """What undoes it."""

    order: PortOrder
    stage: Stage
    number: int = 0  # ifIndex
    before: int = 0  # ifAdminStatus as it was
    at: float = 0.0  # wall seconds

    @property
    def cut(self) -> str:
        return self.order.cut

    @property
    def place(self) -> tuple[str, str]:
        return self.order.switch, self.order.port


def _damaged(cut: str) -> PortRecord:
    return PortRecord(PortOrder(cut, "", "", "", ""), Stage.DAMAGED)


class PortCut:
    """Ports of the hospital's switches."""

    verb: ClassVar[str] = "port"
    survives_reboot: ClassVar[bool] = False

    def __init__(
        self, state: Path, never: NeverCut, *, open_switch: Opener = SnmpSwitch, spare: Path | None = None
    ) -> None:
        self._secrets = state / SECRETS
        self._never = never
        self._open_switch = open_switch
        self._records = Records(state, self.verb, PortRecord, _damaged, spare=spare)

    def check(self, order: PortOrder) -> CutRefused | None:
        """What needs no word with the switch."""
        if not is_cut_id(order.cut):
            return CutRefused(order.cut, Why.ARGUMENTS, "the cut has no usable id")
        if not order.port:
            return CutRefused(order.cut, Why.ARGUMENTS, f"no port of {order.switch} is named")
        try:
            parse_place(order.place)
            addresses = [plain_address(it) for it in order.addresses]
            for it in order.keep:
                plain_address(it)
        except ValueError as error:
            return CutRefused(order.cut, Why.ARGUMENTS, str(error))
        for address in addresses:
            if why := self._never.why(address):
                return CutRefused(order.cut, Why.NEVER_CUT, f"{address} is behind this port: {why}")
        return None

    @contextlib.contextmanager
    def _switch(self, order: PortOrder) -> Iterator[Switch]:
        logins: Logins = load_logins(self._secrets)
        login = logins.of(order.switch)
        if login is None:
            raise SettingsError(f"{self._secrets}: no login for {order.switch}")
        switch = self._open_switch(order.place, login)
        try:
            yield switch
        finally:
            switch.close()

    def _find(self, switch: Switch, order: PortOrder) -> tuple[int, int] | CutRefused:
        """The port's number at the switch, and how it is set."""
        try:
            numbers = [number for number, name in switch.ports().items() if name == order.port]
            if len(numbers) != 1:
                said = f"{order.switch} has {len(numbers) or 'no'} ports named {order.port!r}"
                return CutRefused(order.cut, Why.UNAVAILABLE, said)
            return numbers[0], switch.admin(numbers[0])
        except OSError as error:
            return CutRefused(order.cut, Why.UNAVAILABLE, str(error))

    def plan(self, order: PortOrder) -> Plan | CutRefused:
        if refused := self.check(order):
            return refused
        try:
            with self._switch(order) as switch:
                found = self._find(switch, order)
        except SettingsError as error:
            return CutRefused(order.cut, Why.UNAVAILABLE, str(error))
        if isinstance(found, CutRefused):
            return found
        change = f"port {order.port} of {order.switch} is shut; behind it is {order.machine}"
        skipped = (
            () if found[1] == UP else (Skipped(f"port {order.port}", "it is shut already, and stays so after an undo"),)
        )
        return Plan(
            order.cut,
            self.verb,
            f"shut the switch port of {order.machine}",
            (change,),
            "the port is opened again",
            self.survives_reboot,
            skipped,
        )

    def apply(self, order: PortOrder) -> Applied | CutRefused:
        if refused := self.check(order):
            return refused
        with self._records.locked():
            known = self._records.load(order.cut)
            if known is not None and known.stage is Stage.DAMAGED:
                return CutRefused(order.cut, Why.FAILED, "the record of this cut can't be read: use another id")
            if known is not None and known.place != (order.switch, order.port):
                said = f"this cut is of port {known.order.port} of {known.order.switch}"
                return CutRefused(order.cut, Why.ARGUMENTS, said)
            try:
                with self._switch(order) as switch:
                    return self._shut(switch, order, known)
            except SettingsError as error:
                return CutRefused(order.cut, Why.UNAVAILABLE, str(error))

    def _shut(self, switch: Switch, order: PortOrder, known: PortRecord | None) -> Applied | CutRefused:
        found = self._find(switch, order)
        if isinstance(found, CutRefused):
            return found
        number, now = found
        before = known.before if known else self._before(order, now)
        record = PortRecord(order, Stage.APPLYING, number, before, known.at if known else time.time())
        skipped = self._records.save(record)
        try:
            switch.set_admin(number, DOWN)
        except OSError as error:
            return self._not_set(order, known, switch, number, error)
        skipped = self._records.save(replace(record, stage=Stage.APPLIED)) or skipped
        if before != UP:
            skipped = (*skipped, Skipped(f"port {order.port}", "it was shut already, and stays so after an undo"))
        detail = f"port {order.port} of {order.switch} is shut"
        return Applied(order.cut, self.verb, detail, self.survives_reboot, skipped)

    def _before(self, order: PortOrder, now: int) -> int:
        """How the port was before any cut of ours: another one that shut it knows."""
        others = [it.before for it in self._records.others(order.cut) if it.place == (order.switch, order.port)]
        return others[0] if others else now

    def _not_set(
        self, order: PortOrder, known: PortRecord | None, switch: Switch, number: int, error: OSError
    ) -> CutRefused:
        """An answer lost on the way is not a port that stayed open: ask, and keep the record where in doubt."""
        try:
            nothing_done = isinstance(error, PermissionError) or switch.admin(number) == UP
        except OSError:
            nothing_done = False
        if known is None and nothing_done:
            self._records.remove(order.cut)
        return CutRefused(order.cut, Why.FAILED, str(error))

    def prove(self, order: PortOrder) -> Proof:
        record = self._records.load(order.cut) if self.check(order) is None else None
        if record is None or record.stage is Stage.DAMAGED:
            return Proof(order.cut, self.verb, (Check("the port was shut", True, False),))
        checks = []
        try:
            with self._switch(order) as switch:
                reached: dict[str, bool] = {}

                def speak() -> None:
                    began = time.monotonic()
                    found = _reached(order.addresses, seconds=_LISTEN_SECONDS)
                    reached.update({address: seen or reached.get(address, False) for address, seen in found.items()})
                    time.sleep(max(0.0, began + _LISTEN_SECONDS - time.monotonic()))

                frames = frames_come_in(switch.octets, record.number, speak)
                checks += [Check(f"{address} answers", False, seen) for address, seen in reached.items()]
                checks.append(Check("frames come in by the port", False, frames is True))
                if frames is None:
                    checks.append(Check(f"the counters of {order.switch} move", True, False))
                checks.append(Check(f"{order.switch} has the port shut", True, switch.admin(record.number) == DOWN))
        except (OSError, SettingsError) as error:
            return Proof(order.cut, self.verb, (*checks, Check(f"{order.switch} answers", True, False)), str(error))
        checks.append(Check(f"{order.switch} answers", True, True))
        checks += [Check(f"{address} answers", True, seen) for address, seen in _reached(order.keep).items()]
        return Proof(order.cut, self.verb, tuple(checks))

    def undo(self, cut_id: str) -> Undone | CutRefused:
        if not is_cut_id(cut_id):
            return CutRefused(cut_id, Why.ARGUMENTS, "the cut has no usable id")
        with self._records.locked():
            record = self._records.load(cut_id)
            if record is None:
                return Undone(cut_id, (), "there is nothing left to undo")
            if record.stage is Stage.DAMAGED:
                return CutRefused(cut_id, Why.FAILED, "its record can't be read: open the port at the switch")
            if any(it.place == record.place for it in self._records.others(cut_id)):
                self._records.remove(cut_id)
                kept = (Skipped(f"port {record.order.port}", "another cut keeps it shut"),)
                return Undone(cut_id, (self.verb,), "this cut no longer asks for it", kept)
            if record.before == UP:
                try:
                    self._open(record)
                except (OSError, SettingsError) as error:
                    return CutRefused(cut_id, Why.FAILED, str(error))
            self._records.remove(cut_id)
        state = "open again" if record.before == UP else "left shut, as it was before"
        return Undone(cut_id, (self.verb,), f"port {record.order.port} of {record.order.switch} is {state}")

    def _open(self, record: PortRecord) -> None:
        """The number is looked up once more: a switch may count its ports anew when it restarts."""
        with self._switch(record.order) as switch:
            found = self._find(switch, record.order)
            if isinstance(found, CutRefused):
                raise OSError(found.reason)
            number, _ = found
            switch.set_admin(number, UP)
            if switch.admin(number) != UP:
                raise OSError(f"{record.order.switch} does not open port {record.order.port}")

    def active(self) -> tuple[str, ...]:
        return self._records.ids()

    def recover(self) -> tuple[CutRefused, ...]:
        """Call once when the hub starts: shuts again what a switch's restart opened."""
        refused = []
        for record in self._records.all():
            if record.stage is Stage.DAMAGED:
                refused.append(CutRefused(record.cut, Why.FAILED, "its record can't be read"))
                continue
            said = self.apply(record.order)
            refused += [said] if isinstance(said, CutRefused) else []
        return tuple(refused)


def _reached(addresses: tuple[str, ...], **how: float) -> dict[str, bool]:
    flows = {Flow(ipaddress.ip_network(plain_address(it))): it for it in addresses}
    return {flows[flow]: seen for flow, seen in probe.answers(list(flows), **how).items()}
