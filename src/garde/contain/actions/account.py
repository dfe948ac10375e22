"""`account`: shut these accounts at Samba and end their sessions.

Comes in: an order with users, as sessions name them. Goes out: `AccountCut`. An account in this server's own passdb
is disabled there (`smbpasswd -d`): nobody signs in with it any more, whatever the share. One of a domain can't be
disabled from here: on a member server it is barred from every share (`smbconf.py`), and the directory's own
administrator must do the rest; `Applied.skipped` says so. Sessions that are open go on with a disabled account, so
they are ended (`kick.py`'s way).

An account that was disabled before is none of ours: undo leaves it so. Two cuts may shut one account; it opens with the
second undo. The record is on the disk before the first account is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

from garde.contain.actions import proc, smbconf, smbd
from garde.contain.actions.cut import Applied, CutRefused, Plan, Proof, Undone, Why
from garde.contain.actions.records import Record, Stage, of_orders
from garde.contain.actions.served import ServedCut
from garde.contain.actions.smbconf import Wanted
from garde.contain.actions.smbd import Smbd, Tool
from garde.journal.hub_kinds import Check
from garde.model.finding import Skipped
from garde.model.order import Order, Verb

_MEMBER: Final = frozenset({"ads", "domain"})
_FLAGS: Final = "Account Flags:"


class AccountCut(ServedCut):
    """Disables accounts of the passdb, bars those of a domain."""

    verb: ClassVar[Verb] = Verb.ACCOUNT
    survives_reboot: ClassVar[bool] = True  # passdb and configuration are on the disk

    def __init__(self, state: Path, *arguments: Any, **how: Any) -> None:
        super().__init__(state, *arguments, **how)
        self._shared = of_orders(state, Verb.READ_ONLY, spare=how.get("spare"))

    def check(self, order: Order) -> CutRefused | None:
        if refused := self._check_id(order):
            return refused
        if not order.users:
            return CutRefused(order.cut, Why.ARGUMENTS, "no account to shut")
        for user in order.users:
            if not smbconf.is_plain_user(user):
                return CutRefused(order.cut, Why.ARGUMENTS, f"{user!r} is no name of one account")
        return self._check_served(order)

    def plan(self, order: Order) -> Plan | CutRefused:
        if refused := self.check(order):
            return refused
        try:
            found = [(server, *self._sort(server, order.users)) for server in self._servers()]
        except OSError as error:
            return CutRefused(order.cut, Why.UNAVAILABLE, str(error))
        changes = [f"{user} is disabled by {server.config}" for server, local, _, _ in found for user in local]
        changes += [f"{user} is barred from every share" for _, _, foreign, _ in found for user in foreign]
        skipped = tuple(it for _, _, _, unknown in found for it in unknown)
        if not changes:
            return CutRefused(order.cut, Why.UNAVAILABLE, "; ".join(dict.fromkeys(it.reason for it in skipped)))
        words = f"shut {', '.join(order.users)} on this server and end their sessions"
        undo = "the accounts that this cut disabled are enabled again"
        return Plan(order.cut, self.verb, words, tuple(changes), undo, self.survives_reboot, skipped)

    def _sort(
        self, server: Smbd, users: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Skipped, ...]]:
        """Which users are this server's own, which are a domain's, and whom it does not know at all."""
        local = tuple(user for user in users if flags_of(server.config, user, self._run) is not None)
        rest = tuple(user for user in users if user not in local)
        if rest and _is_member(server.config, self._run):
            return local, rest, ()
        return local, (), tuple(Skipped(f"account {user}", f"{user} has no account on this server") for user in rest)

    def apply(self, order: Order) -> Applied | CutRefused:
        if refused := self.check(order):
            return refused
        with self._records.locked():
            known = self._records.load(order.cut)
            if known is not None and known.stage is Stage.DAMAGED:
                return CutRefused(order.cut, Why.FAILED, "the record of this cut can't be read: use another id")
            try:
                return self._shut(order, known)
            except OSError as error:
                self._put_back(order.cut, known)
                return CutRefused(order.cut, Why.FAILED, str(error))

    def _shut(self, order: Order, known: Record | None) -> Applied | CutRefused:
        servers = self._servers()
        whole = self._begin(order)
        accounts, barred = dict.fromkeys(whole.accounts), dict.fromkeys(whole.barred)
        skipped: dict[Skipped, None] = {}
        claimed = {it for other in self._records.others(order.cut) for it in other.accounts}
        for server in servers:
            local, foreign, unknown = self._sort(server, order.users)
            skipped |= dict.fromkeys(unknown)
            for user in local:
                place = (server.config, user)
                if place in claimed or not _is_disabled(flags_of(*place, self._run)):
                    accounts[place] = None
                elif place not in accounts:
                    skipped[Skipped(f"account {user}", "it was disabled before, and stays so after an undo")] = None
            barred |= dict.fromkeys((server.config, user) for user in foreign)
        if not accounts and not barred and not any("disabled before" in it.reason for it in skipped):
            return CutRefused(order.cut, Why.UNAVAILABLE, "; ".join(it.reason for it in skipped))
        record = replace(whole, accounts=tuple(accounts), barred=tuple(barred))
        skipped |= dict.fromkeys(self._records.save(record))  # on the disk before the first account is touched
        for config, user in accounts:
            _set_disabled(config, user, self._run, disabled=True)
        for config in dict.fromkeys(place for place, _ in barred):
            smbconf.change(config, self._wanted(config), self._run)
            why = "a domain's account can't be disabled here: have it disabled in the directory as well"
            skipped |= dict.fromkeys(Skipped(f"account {user}", why) for place, user in barred if place == config)
        skipped |= dict.fromkeys(self._end_sessions(servers, record.order.users))
        skipped |= dict.fromkeys(self._records.save(replace(record, stage=Stage.APPLIED)))
        names = ", ".join(record.order.users)
        detail = f"{names}: shut on this server, sessions ended"
        return Applied(order.cut, self.verb, detail, self.survives_reboot, tuple(skipped))

    def _put_back(self, cut: str, known: Record | None) -> None:
        """A step failed: open what this call shut, and leave the record as it was before it."""
        record = self._records.load(cut)
        if record is None or record.stage is Stage.DAMAGED:
            return
        old = known or replace(record, accounts=(), barred=())
        try:
            for place in set(record.accounts) - set(old.accounts) - self._claimed(cut):
                _set_disabled(*place, self._run, disabled=False)
            if known is None:
                self._records.remove(cut)
            else:
                self._records.save(known)
            for config in {place for place, _ in record.barred}:
                smbconf.change(config, self._wanted(config), self._run)
        except OSError:
            return  # the record stays as it is: an undo finds all of it

    def _claimed(self, cut: str) -> set[tuple[str, str]]:
        return {it for other in self._records.others(cut) for it in other.accounts}

    def _wanted(self, config: str) -> Wanted:
        return wanted_of(config, self._shared.all(), self._records.all())

    def _end_sessions(self, servers: Any, users: tuple[str, ...]) -> Iterator[Skipped]:
        for server in servers:
            try:
                yield from smbd.end(smbd.children_serving(server, (), users, self._run))
            except OSError as error:
                yield Skipped("sessions", str(error))

    def prove(self, order: Order) -> Proof:
        record = self._records.load(order.cut) if self._check_id(order) is None else None
        if record is None or record.stage is not Stage.APPLIED:
            return Proof(order.cut, self.verb, (Check("the accounts were shut", True, False),))
        checks = []
        try:
            for user in record.order.users:
                for server in self._servers():
                    checks.append(Check(f"{user} is shut on this server", True, self._is_shut(server, user)))
                    users = smbd.sessions(server, self._run).users
                    seen = any(smbd.same_user(user, it) and proc.identity_of(pid) for pid, it in users)
                    checks.append(Check(f"{user} has a session here", False, seen))
        except OSError as error:
            return Proof(order.cut, self.verb, (*checks, Check("Samba can be asked", True, False)), str(error))
        return Proof(order.cut, self.verb, (*checks, *self._still_serves()))

    def _is_shut(self, server: Smbd, user: str) -> bool:
        flags = flags_of(server.config, user, self._run)
        if flags is not None:
            return _is_disabled(flags)
        # Nobody can sign in with an account that is not there, except on a member server.
        if not _is_member(server.config, self._run):
            return True
        return smbconf.holds(server.config, Wanted(barred=(user,)), self._run)

    def undo(self, cut_id: str) -> Undone | CutRefused:
        if refused := self._check_cut_id(cut_id):
            return refused
        with self._records.locked():
            record = self._records.load(cut_id)
            if record is None:
                return Undone(cut_id, (), "there is nothing left to undo")
            if record.stage is Stage.DAMAGED:
                return CutRefused(cut_id, Why.FAILED, "its record can't be read: enable the accounts by `smbpasswd -e`")
            try:
                skipped = tuple(self._open(record))
            except OSError as error:
                return CutRefused(cut_id, Why.FAILED, str(error))
        return Undone(cut_id, (self.verb,), "the accounts are open again", skipped)

    def _open(self, record: Record) -> Iterator[Skipped]:
        """Every step may be done twice: one that fails leaves the record for the next try."""
        claimed = self._claimed(record.order.cut)
        for config, user in record.accounts:
            if (config, user) in claimed:
                yield Skipped(f"account {user}", "another cut keeps it shut")
            elif flags_of(config, user, self._run) is None:
                yield Skipped(f"account {user}", "it is no account any more")
            else:
                _set_disabled(config, user, self._run, disabled=False)
        others = self._records.others(record.order.cut)
        for config in dict.fromkeys(place for place, _ in record.barred):
            smbconf.change(config, wanted_of(config, self._shared.all(), others), self._run)
        self._records.remove(record.order.cut)

    def recover(self) -> tuple[CutRefused, ...]:
        """Finish what an agent killed half-way began, and put back a paragraph that somebody's tool has overwritten."""
        return tuple(filter(None, map(self._take_up, self._records.all())))

    def _take_up(self, record: Record) -> CutRefused | None:
        if record.stage is Stage.DAMAGED:
            return CutRefused(record.order.cut, Why.FAILED, "its record can't be read")
        if record.stage is Stage.APPLYING:
            said = self.apply(record.order)
            return said if isinstance(said, CutRefused) else None
        try:
            with self._records.locked():
                for config in dict.fromkeys(place for place, _ in record.barred):
                    smbconf.change(config, self._wanted(config), self._run)
        except OSError as error:
            return CutRefused(record.order.cut, Why.FAILED, str(error))
        return None


def wanted_of(config: str, read_only: tuple[Record, ...], accounts: tuple[Record, ...]) -> Wanted:
    """What all cuts in force want of one configuration."""
    return smbconf.together(
        (place for record in read_only for place in record.configs),
        (place for record in accounts for place in record.barred),
        config,
    )


def flags_of(config: str, user: str, run: Tool) -> str | None:
    """The flags of an account in the passdb ("DU": disabled, a user), or None where it has none of that name."""
    told = run(["pdbedit", "-s", config, "-L", "-v", "-u", user])
    line = next((line for line in told.out.splitlines() if line.startswith(_FLAGS)), "")
    if line:
        return line.removeprefix(_FLAGS).strip().strip("[] ")
    if told.code == 0 or "not found" in f"{told.out}{told.err}".casefold():
        return None
    raise OSError(f"pdbedit {user}: {told.why}")


def _is_disabled(flags: str | None) -> bool:
    return flags is not None and "D" in flags


def _set_disabled(config: str, user: str, run: Tool, *, disabled: bool) -> None:
    told = run(["smbpasswd", "-c", config, "-d" if disabled else "-e", user])
    if told.code:
        raise OSError(f"smbpasswd {user}: {told.why}")


def _is_member(config: str, run: Tool) -> bool:
    return smbconf.effective(config, run).get("global", {}).get("security", "").casefold() in _MEMBER
