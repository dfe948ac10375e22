"""Hold one SMB client: stop its smbd child, refuse the client, then end the child or let both go.

Comes in: an smbd child's pid and its client's address. Goes out: `SmbHold`, an `Action`. Samba runs one process a
connection, so that stopping a child stops one client and no other. The order was found by trial, and each step has its
reason:

1. tell the dead man's switch, then SIGSTOP the child and every other child with the same client's address. A stopped
   smbd keeps its locks, and an honest client that waits for its oplock hung 70 s: none stays stopped beyond one second.
2. drop the client in nftables; where that is not allowed (loopback, our own addresses, the hub, the never-cut list) or
   does not work, `skipped` says so, and a confirm still ends the session.
3. `settle`: look for connections that came between 1 and 2 (none can come after), and ask the kernel for the block.
4. `confirm`: SIGKILL all of them, and keep the block. Never SIGCONT: it would write one more file.
   `release`: SIGCONT and lift the block. After a confirm: lift only when every child is gone, for a block
   lifted too early resumed 209 files.

The stop comes before any look at the kernel's socket table, which takes milliseconds on a large server; a child that
then turns out to serve another client (a reused pid) is continued at once. Every address of a child is blocked: one
client may use several channels. A block survives the agent and, by `recover`, the machine's restart.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from garde.contain.actions import proc
from garde.contain.actions.base import (
    Confirmed,
    Held,
    Refused,
    Released,
    Stage,
    Step,
    Target,
    held_at_once,
    holds_directory,
)
from garde.contain.actions.deadman import Deadman
from garde.contain.actions.nft import Blocks
from garde.contain.actions.peers import Listener
from garde.contain.actions.proc import Identity
from garde.contain.actions.store import Store
from garde.model.finding import Skipped
from garde.sockets import plain_address

_SMBD = "smbd"
# A killed smbd ends in some milliseconds; one in an uninterruptible write to a slow disk may take longer.
_END_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SmbRecord:
    """What lies on disk for one hold."""

    hold_id: str
    boot: str
    stage: Stage
    children: tuple[tuple[int, int], ...]  # pid and start time; only those that were stopped
    listener: int  # 0 unknown
    addresses: tuple[str, ...]  # all of the client's
    blocked: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def identities(self) -> tuple[Identity, ...]:
        return tuple(Identity(*child) for child in self.children)


@dataclass(slots=True)
class _Work:
    """One hold while it is being put in force."""

    record: SmbRecord
    began: float
    children: dict[Identity, None] = field(default_factory=dict)
    skipped: dict[Skipped, None] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def done(self, step: str) -> None:
        self.steps.append(Step(step, time.monotonic() - self.began))

    def skip(self, what: str, reason: str) -> None:
        self.skipped[Skipped(what, reason)] = None


class SmbHold:
    """Call `open` before the first hold and `close` at the end: they start and end the dead man's switch."""

    name: ClassVar[str] = "smb"

    def __init__(self, state: Path, blocks: Blocks, *, deadman: Deadman | None = None) -> None:
        self._store = Store(holds_directory(state), self.name, SmbRecord)
        self._blocks = blocks
        self._deadman = deadman or Deadman()
        self._boot = proc.boot_id()

    def open(self) -> Skipped | None:
        """Start the switch now (some 30 ms), so that no hold has to."""
        if self._deadman.open():
            return None
        return Skipped("dead man's switch", "can't be started: smbd children are blocked and ended, not stopped")

    def close(self) -> None:
        """End the switch; smbd children still stopped are settled by it."""
        self._deadman.close()

    @property
    def own_pids(self) -> frozenset[int]:
        """Pids that are Garde's own: neither watched nor held."""
        return frozenset(pid for pid in (self._deadman.pid,) if pid)

    def fileno(self) -> int:
        """Readable when `overdue` has something to say; -1 while no switch runs."""
        return self._deadman.fileno()

    def overdue(self) -> tuple[tuple[str, int], ...]:
        """What the switch had to do because nobody confirmed in time: ("ended" | "continued" | "gone", pid)."""
        return self._deadman.acted()

    def hold(self, hold_id: str, smbd_pid: int, address: str = "") -> Held | Refused:
        """Check, apply and settle in one call. Then `confirm` or `release` within 0.9 s, or the switch acts."""
        target = Target((smbd_pid,), address)
        began = time.monotonic()
        applied = self.check(hold_id, target) or self.apply(hold_id, target)
        if isinstance(applied, Refused):
            return applied
        return held_at_once(applied, self.settle(hold_id), time.monotonic() - began)

    def check(self, hold_id: str, target: Target) -> Refused | None:
        """Whether the target is one client's, and can be told apart."""
        address = target.address and _plain(target.address)
        if address is None:
            return Refused(hold_id, f"{target.address!r} is no address")
        for pid in target.pids:
            if _is_smbd(pid) and not _listener_of(pid):
                return Refused(hold_id, f"smbd {pid} is the listener: it serves every client")
        if not address and not any(_listener_of(pid) for pid in target.pids):
            return Refused(hold_id, "no smbd child and no address to hold")
        return None

    def apply(self, hold_id: str, target: Target) -> Held | Refused:
        """Steps 1 and 2. It stops first and writes after."""
        work = self._begin(hold_id)
        parents = {pid: parent for pid in target.pids if (parent := _listener_of(pid))}
        for pid in parents:
            self._stop(work, pid)
        work.done("stopped")
        address = (target.address and _plain(target.address)) or ""
        listener = Listener(next(iter(parents.values()), work.record.listener))
        addresses = {*work.record.addresses, *([address] if address else [])}
        for pid in parents:
            addresses |= self._check_serves(work, listener, pid, address)
        if not addresses:
            return Refused(hold_id, "it serves no client any more", tuple(work.skipped))
        work.record = replace(work.record, listener=listener.pid, addresses=tuple(sorted(addresses)))
        self._stop_siblings(work, listener)
        work.done("siblings")
        self._save(work)  # before the block: whoever comes after us must know of it
        self._block(work)
        work.done("blocked")
        return _held(self._save(work), work.steps)

    def settle(self, hold_id: str) -> Held | Refused:
        """Step 3."""
        record = self._store.load(hold_id)
        if record is None:
            return Refused(hold_id, "no such hold")
        work = self._begin(hold_id)
        if record.listener and record.stage is Stage.APPLIED:
            self._stop_siblings(work, Listener(record.listener))
        self._prove_blocks(work)
        self._tell_blocked(work)
        work.done("settled")
        return _held(self._save(work), work.steps)

    def confirm(self, hold_id: str) -> Confirmed | Refused:
        """Step 4, the attacker's end: its sessions are killed, its block stays."""
        record = self._store.load(hold_id)
        if record is None:
            return Refused(hold_id, "no such hold")
        record = replace(record, stage=Stage.CONFIRMED)
        self._store.save(record)
        whom = dict.fromkeys(record.identities())
        if record.listener and record.boot == self._boot:
            late = _serving(Listener(record.listener), record.addresses)
            whom |= dict.fromkeys(who for pid in late if (who := proc.identity_of(pid)))
        skipped = list(record.skipped) + self._end(whom)
        self._store.save(replace(record, children=tuple((who.pid, who.start) for who in whom)))
        ended = tuple(who.pid for who in whom if not proc.is_there(who))
        return Confirmed(hold_id, tuple(who.pid for who in whom), ended, record.blocked, tuple(skipped))

    def release(self, hold_id: str) -> Released | Refused:
        """Step 4, letting go; or the end of a block, once every ended child is gone."""
        record = self._store.load(hold_id)
        if record is None:
            return Refused(hold_id, "no such hold")
        living = [who for who in record.identities() if record.boot == self._boot and proc.is_there(who)]
        if record.stage is Stage.CONFIRMED and living:
            names = ", ".join(str(who.pid) for who in living)
            return Refused(hold_id, f"smbd {names} is ended but not gone yet: the block stays until it is")
        for who in living:
            proc.send(who, signal.SIGCONT)
            self._deadman.done(who)
        lifted, skipped = self._lift(record)
        if record.stage is Stage.APPLIED:
            skipped += [
                Skipped(f"smbd {who.pid}", "its session had ended before the release")
                for who in record.identities()
                if who not in living
            ]
        return Released(hold_id, tuple(who.pid for who in living), lifted, tuple(skipped))

    def held(self) -> tuple[Held, ...]:
        """Every hold in force: a confirmed one is its block."""
        return tuple(_held(record) for record in self._store.all())

    def recover(self) -> tuple[Held, ...]:
        """Call once when an agent starts: takes up what one before it left.

        Confirmed blocks that a restart of the machine or of the firewall removed are made again. Children still stopped
        are ended or continued by the switch's own rule; what is returned as APPLIED was never confirmed, and its block
        is the new agent's to confirm or release. Unconfirmed ones of another boot are forgotten.
        """
        for record in list(self._store.all()):
            if record.stage is Stage.CONFIRMED:
                work = self._begin(record.hold_id)
                self._block(work)
                self._end(work.children)
                self._save(work)
            elif record.boot == self._boot:
                self._recover_unconfirmed(record)
            else:
                self._store.remove(record.hold_id)
        return self.held()

    def _recover_unconfirmed(self, record: SmbRecord) -> None:
        """The agent died between the record and its next line: the kernel knows whether the block was made."""
        try:
            blocked = tuple(sorted(self._blocks.listed().intersection(record.addresses)))
        except OSError:
            blocked = ()
        whole = bool(blocked) and set(blocked) == set(record.addresses)
        for who in record.identities():
            proc.send(who, signal.SIGKILL if whole else signal.SIGCONT)
        if blocked:
            self._store.save(replace(record, blocked=blocked))
        else:
            self._store.remove(record.hold_id)

    def _begin(self, hold_id: str) -> _Work:
        began = time.monotonic()
        record = self._store.load(hold_id) or SmbRecord(hold_id, self._boot, Stage.APPLIED, (), 0, ())
        living = [who for who in record.identities() if record.boot == self._boot and proc.is_there(who)]
        return _Work(record, began, dict.fromkeys(living), dict.fromkeys(record.skipped))

    def _save(self, work: _Work) -> SmbRecord:
        known = dict.fromkeys([*work.record.identities(), *work.children])
        children = tuple((who.pid, who.start) for who in known)
        work.record = replace(work.record, boot=self._boot, children=children, skipped=tuple(work.skipped))
        self._store.save(work.record)
        return work.record

    def _check_serves(self, work: _Work, listener: Listener, pid: int, address: str) -> frozenset[str]:
        """All addresses that a stopped child serves; one that is not this client's goes on, and adds none."""
        for look in (listener, None):
            # A second look: the kernel's table is read in pieces, and a row can be missed while others come and go.
            serves = (look or Listener(listener.pid)).clients_of(pid)
            if serves and (not address or address in serves):
                return serves
        for who in [who for who in work.children if who.pid == pid]:
            proc.send(who, signal.SIGCONT)
            self._deadman.done(who)
            del work.children[who]
        work.skip(f"smbd {pid}", f"it does not serve {address or 'a client'} any more")
        return frozenset()

    def _stop_siblings(self, work: _Work, listener: Listener) -> None:
        for pid in _serving(listener, work.record.addresses, apart_from=[who.pid for who in work.children]):
            self._stop(work, pid)

    def _stop(self, work: _Work, pid: int) -> None:
        who = proc.identity_of(pid)
        if who is None or who in work.children:
            return
        work.children[who] = None  # also when it can't be stopped: a confirm ends it all the same
        if not self._deadman.stopping(who):
            work.skip(f"smbd {pid}", "not stopped: without the dead man's switch it might stay so")
            return
        try:
            if proc.send(who, signal.SIGSTOP):
                return
            del work.children[who]
        except PermissionError:
            work.skip(f"smbd {pid}", "not permitted to stop it")
        self._deadman.done(who)

    def _block(self, work: _Work) -> None:
        """Step 2, for each address that may be blocked."""
        allowed: list[str] = []
        for address in work.record.addresses:
            why = self._blocks.never.why(address)
            if why:
                work.skip(f"block {address}", f"never blocked: {why}")
            else:
                allowed.append(address)
        try:
            self._blocks.add(allowed)
        except OSError as error:
            work.skip("block", str(error))
            return
        work.record = replace(work.record, blocked=tuple(allowed))
        if work.record.listener and _other_network(work.record.listener):
            work.skip("block", "smbd is in another network namespace: only what this machine forwards to it is dropped")
        self._tell_blocked(work)

    def _prove_blocks(self, work: _Work) -> None:
        """Ask the kernel, not ourselves: a reload of the firewall may have taken the table away."""
        try:
            listed = self._blocks.listed()
        except OSError as error:
            work.skip("block", f"not proven: {error}")
            return
        if not listed.issuperset(work.record.blocked):
            self._block(work)

    def _tell_blocked(self, work: _Work) -> None:
        """Only a client refused on all of its addresses may be ended unconfirmed."""
        if work.record.blocked and set(work.record.blocked) == set(work.record.addresses):
            for who in work.children:
                self._deadman.blocked(who)

    def _end(self, whom: Iterable[Identity]) -> list[Skipped]:
        whom = list(whom)
        for who in whom:
            proc.send(who, signal.SIGKILL)
            self._deadman.done(who)
        late = proc.wait_gone(whom, _END_SECONDS)
        return [Skipped(f"smbd {who.pid}", "killed, but still in an uninterruptible call") for who in late]

    def _lift(self, record: SmbRecord) -> tuple[tuple[str, ...], list[Skipped]]:
        """Let in again whom no other hold still blocks; returns who that is, and why not for the rest."""
        others = {it for other in self._store.all() if other.hold_id != record.hold_id for it in other.blocked}
        lifted = tuple(address for address in record.blocked if address not in others)
        try:
            self._blocks.remove(lifted)
        except OSError as error:
            return (), [Skipped("block", f"not lifted: {error}")]
        self._store.remove(record.hold_id)
        return lifted, [Skipped(f"block {it}", "another hold keeps it") for it in record.blocked if it in others]


def _serving(listener: Listener, addresses: Iterable[str], apart_from: Iterable[int] = ()) -> list[int]:
    """The smbd children of a client. Asked of the process itself: a listener's pid may have come to mean another."""
    found = listener.children_serving(frozenset(addresses), apart_from=apart_from)
    return [pid for pid in found if _listener_of(pid) == listener.pid]


def _plain(text: str) -> str | None:
    try:
        return plain_address(text)
    except ValueError:
        return None


def _is_smbd(pid: int) -> bool:
    return proc.exe_of(pid).rpartition("/")[2] == _SMBD


def _listener_of(pid: int) -> int:
    """The parent smbd of an smbd child; 0 for the listener itself and for everything else."""
    stat = proc.stat_of(pid) if _is_smbd(pid) else None
    return stat.ppid if stat and _is_smbd(stat.ppid) else 0


def _other_network(pid: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116
    except OSError:
        return False


def _held(record: SmbRecord, steps: Sequence[Step] = ()) -> Held:
    pids = tuple(pid for pid, _ in record.children)
    return Held(
        record.hold_id,
        SmbHold.name,
        record.stage,
        pids[0] if pids else 0,
        pids,
        pids[:1],
        record.blocked,
        record.skipped,
        tuple(steps),
    )
