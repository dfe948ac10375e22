"""Holds: from a verdict to a stopped hand, to files put back.

Comes in: verdicts and the hands they name, operators' releases. Goes out: holds applied, confirmed or let go, and
restores asked of the keeper. It judges nothing anew: it reads the same evidence again.

    judged ──> held ──look again──> confirmed ──> restored (again while late events come in)
                     └────────────> released            └──operator──> released

Rules, one test each:

1. Holding comes first: nothing is written, printed or looked up before the hand is stopped.
2. Every hold is looked at again within `confirm_ms`; evidence that no longer stands lets the hand go.
3. Only a confirmed hold puts files back, and only files that this hand touched.
4. A hand that may not be held (never-hold list, kernel, unknown) is reported with the reason.
5. In observe mode verdicts are said and nothing is touched.
6. An operator's release forgets what was held against the hand, and its changes are kept as healthy from then on.
7. A held hand's users are asked for beside the core. The hold is said when they are known, or waited for no longer, as
   it stood when it was made; whatever follows from it (a look, a restore, a release) comes after.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from garde.agent import messages as say
from garde.agent import words
from garde.agent.keeper_link import KeeperLink
from garde.contain.actions.base import Action, Confirmed, Held, Refused, Released, Target
from garde.model.actor import Actor, ActorKind
from garde.model.finding import Finding, Proof, Skipped, Verdict
from garde.watch.lookup import Lookup
from garde.watch.parties import Party
from garde.watch.suspicion import PartyKey
from garde.watch.watcher import Watcher

LOOK_AGAIN = 0.03  # seconds after the hold: writes under way have landed, and an smbd may be stopped for 1 s at most
RESTORE_AFTER = 0.15  # seconds without a further event of the hand
NAMES_EVERY = 0.005  # seconds between two looks for the names that were asked for: as long as the core dozes
EVIDENCE_BEFORE = 30.0  # seconds before the first finding that count as the hand's work


class HoldState(StrEnum):
    """Where a hold stands."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    REFUSED = "refused"


class Emit(Protocol):
    """Say something: to the machine output and to the journal."""

    def __call__(self, kind: str, **facts: Any) -> None: ...


class Asked(Protocol):
    """Names that were asked for (`agent.naming.Question`)."""

    def answer(self, now: float) -> Actor | None: ...


@dataclass(slots=True)
class Hold:
    """One hand, held. Times are monotonic seconds."""

    id: str
    verdict: Verdict
    key: PartyKey
    actor: Actor
    state: HoldState
    at: float
    pids: tuple[int, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    look_at: float | None = None
    restore_at: float | None = None
    restored_upto: float = 0.0
    passes: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Unsaid:
    """A hold that is not said yet."""

    hold: Hold
    stood: Hold  # a copy of it, as it was made
    touched: int
    names: Asked


@dataclass(slots=True)
class Holder:
    """All holds of one agent."""

    processes: Action
    smb: Action
    watcher: Watcher
    lookup: Lookup
    keeper: KeeperLink
    emit: Emit
    wall: Callable[[], float]
    name_users: Callable[[Actor, float], Asked]  # asked after a hold, never before: it costs a processor some 30 ms
    enforce: bool
    restore: bool
    confirm_seconds: float
    holds: dict[str, Hold] = field(default_factory=dict)
    _by_key: dict[PartyKey, str] = field(default_factory=dict)
    spoke: bool = False  # a verdict was said: the program speaks at once
    _made: list[tuple[Hold, float]] = field(default_factory=list)  # since `say` was last called, and when
    _unsaid: deque[_Unsaid] = field(default_factory=deque)
    _names_due: float = math.inf  # when to look for names again

    # ---- judged -> held -------------------------------------------------------------------------------------------

    def judged(self, verdict: Verdict, keys: tuple[PartyKey, ...], now: float) -> None:
        """Hold the hands a verdict names; `say` says so later (rule 1)."""
        for key in keys:
            party = self.watcher.parties.get(key)
            hold = self._hold(verdict, party, now) if party is not None else None
            if hold is not None:
                self._made.append((hold, now))

    def say(self, verdict: Verdict) -> None:
        """Say a verdict, and the holds that it led to, now or as soon as their users are known."""
        self.emit("verdict", about=verdict, holds=self.enforce)
        made, self._made = self._made, []
        self.spoke = True
        for hold, now in made:
            if hold.state is HoldState.REFUSED:
                self._say_refused(hold)
            else:
                names = self.name_users(hold.actor, now)
                self._unsaid.append(_Unsaid(hold, replace(hold), self._touched(hold), names))
                self._say_named(now)

    def _hold(self, verdict: Verdict, party: Party, now: float) -> Hold | None:
        if not self.enforce:
            return None
        known = self._by_key.get(party.key)
        if known is not None and self.holds[known].state in (HoldState.HELD, HoldState.CONFIRMED):
            return self._extend(self.holds[known], verdict, party, now)
        hold = Hold(self._new_id(verdict), verdict, party.key, party.actor, HoldState.HELD, now)
        self.holds[hold.id] = hold
        self._by_key[party.key] = hold.id
        applied = self._apply(hold, self._pids(verdict, party))
        hold.skipped = applied.skipped
        if isinstance(applied, Refused):
            hold.why = applied.reason
        else:
            hold.pids = applied.pids
        self.watcher.held(party.key, frozenset(hold.pids))
        if hold.pids or (isinstance(applied, Held) and applied.addresses):  # blocked, and its sessions are over
            hold.look_at = now + min(LOOK_AGAIN, self.confirm_seconds)
        else:
            hold.state = HoldState.REFUSED
        return hold

    def _new_id(self, verdict: Verdict) -> str:
        """Return h<number of the verdict>, with a letter where one verdict holds several hands."""
        plain = "h" + verdict.id.lstrip("v")
        taken = sum(hold.verdict.id == verdict.id for hold in self.holds.values())
        return plain if not taken else f"{plain}.{taken + 1}"

    def _extend(self, hold: Hold, verdict: Verdict, party: Party, now: float) -> Hold | None:
        """A further process of a held hand did harm: it is stopped as well."""
        applied = self._apply(hold, self._pids(verdict, party))
        pids = applied.pids if isinstance(applied, Held) else ()
        fresh = set(pids) - set(hold.pids)
        hold.pids = tuple(dict.fromkeys((*hold.pids, *pids)))
        self.watcher.held(party.key, frozenset(hold.pids))
        self._put_back_soon(hold, now)
        return hold if fresh else None

    def _apply(self, hold: Hold, pids: list[int]) -> Held | Refused:
        smb = hold.actor.smb
        if hold.actor.kind is ActorKind.SMB and smb is not None:
            return self.smb.apply(hold.id, Target(tuple(pids) or (hold.actor.pid,), smb.address))
        if hold.actor.kind is ActorKind.PROCESS:
            return self.processes.apply(hold.id, Target(tuple(pids)))
        return Refused(hold.id, f"{hold.actor.kind.value} writers can't be held")

    def _action(self, hold: Hold) -> Action:
        return self.smb if hold.actor.kind is ActorKind.SMB else self.processes

    @staticmethod
    def _pids(verdict: Verdict, party: Party) -> list[int]:
        """Return the pids that did the harm; for an SMB client all its connections, known or not to have done any."""
        if party.actor.kind is ActorKind.SMB:
            return [pid for pid in party.pids if pid > 0]
        found: dict[int, None] = {}
        for finding in verdict.findings:
            touched = party.ledger.get(finding.path)
            for pid in sorted(touched.pids) if touched else ():
                found[pid] = None
            if finding.actor.pid in party.pids:
                found[finding.actor.pid] = None
        return [pid for pid in found if pid > 0]

    def _say_refused(self, hold: Hold) -> None:
        reason = "; ".join([hold.why, *(item.reason for item in hold.skipped)]) or "no process left to hold"
        self.emit("error", code="HOLD-REFUSED", message=reason, actor=words.actor(hold.actor), id=hold.id, about=hold)

    def _say_named(self, now: float) -> None:
        """Say the holds whose users are known or waited for no longer, in the order in which they were made."""
        while self._unsaid and (actor := self._unsaid[0].names.answer(now)) is not None:
            self._say_held(self._unsaid.popleft(), actor)
        self._names_due = now + NAMES_EVERY if self._unsaid else math.inf

    def _say_held(self, unsaid: _Unsaid, actor: Actor) -> None:
        hold, stood = unsaid.hold, unsaid.stood
        if actor is not stood.actor:
            hold.actor = actor
        stood.actor = hold.actor
        who = words.actor(stood.actor) | {"pids": list(stood.pids)}
        skipped = [words.unseen(item) for item in stood.skipped]
        facts = {"verdict": stood.verdict.id, "pids": list(stood.pids), "touched": unsaid.touched}
        self.emit("held", id=stood.id, actor=who, **facts, skipped=skipped, about=stood)
        self.spoke = True

    def _is_unsaid(self, hold: Hold) -> bool:
        return any(each.hold is hold for each in self._unsaid)

    def _touched(self, hold: Hold) -> int:
        party = self.watcher.parties.get(hold.key)
        if party is None:
            return 0
        since = self._since(hold, party)
        return sum(item.last >= since and not item.created for item in party.ledger.values())

    # ---- held -> confirmed or released ----------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """Return when `work` has something to do next."""
        said = [hold for hold in self.holds.values() if not self._is_unsaid(hold)]
        times = [when for hold in said for when in (hold.look_at, hold.restore_at) if when is not None]
        return min([*times, self._names_due]) if times or self._unsaid else None

    def work(self, now: float, drained: bool) -> None:
        """Look again at holds that are due, and ask for restores once the hand's last events are in."""
        self._say_named(now)
        for hold in list(self.holds.values()):
            if self._is_unsaid(hold):
                continue
            if hold.look_at is not None and hold.look_at <= now:
                hold.look_at = None
                self._look_again(hold, now)
            if hold.restore_at is not None and hold.restore_at <= now and drained:
                self._restore(hold, now)

    def _look_again(self, hold: Hold, now: float) -> None:
        if hold.state is not HoldState.HELD:
            return
        findings = self._findings(hold)
        standing = [finding for finding in findings if self._stands(finding)]
        if len(standing) * 2 > len(findings):
            self._confirm(hold, len(standing), now)
        else:
            self._release(hold, "agent", "read again, the files are sound")

    def _findings(self, hold: Hold) -> list[Finding]:
        party = self.watcher.parties.get(hold.key)
        pids = set(party.pids) if party else set()
        own = [found for found in hold.verdict.findings if found.actor.pid in pids or not pids]
        return own or list(hold.verdict.findings)

    def _stands(self, finding: Finding) -> bool:
        if finding.proofs & {Proof.VAULT_TOUCHED, Proof.NOTE_SPREAD}:
            return True
        known = self.lookup.find(finding.path, b"")
        if known is None:
            return True  # the index has moved on; the finding was made, and is not taken back for want of a look
        place = finding.path_after
        if Proof.REPLACED in finding.proofs:
            look = self.lookup.look(place)
            if look is not None:
                return look.unreadable or bool(look.pool)
            place = finding.path  # moved on meanwhile: over SMB a rename over a name is a delete and a rename
        again = self.lookup.compare(known, place, still_open=finding.provisional)
        return again is None or bool(again.proofs - {Proof.STILL_RANDOM}) or bool(again.pool)

    def _confirm(self, hold: Hold, standing: int, now: float) -> None:
        action = self._action(hold)
        settled = action.settle(hold.id)
        if isinstance(settled, Held):
            hold.pids = tuple(dict.fromkeys((*hold.pids, *settled.pids)))
        done = action.confirm(hold.id)
        ended = done.ended if isinstance(done, Confirmed) else ()
        self.watcher.held(hold.key, frozenset(hold.pids))
        hold.state = HoldState.CONFIRMED
        what = "session ended, client blocked" if hold.actor.kind is ActorKind.SMB else "frozen"
        self.keeper.forget(hold.key)
        self.emit("confirmed", id=hold.id, verdict=hold.verdict.id, damaged=standing, done=what,
                  pids=list(hold.pids), ended=list(ended), skipped=[words.unseen(item) for item in done.skipped],
                  about=hold)  # fmt: skip
        self._put_back_soon(hold, now)

    def _release(self, hold: Hold, by: str, reason: str) -> None:
        if self._is_unsaid(hold):
            self._say_named(math.inf)
        self._action(hold).release(hold.id)
        hold.state, hold.why = HoldState.RELEASED, reason
        hold.look_at = hold.restore_at = None
        self.watcher.let_go([hold.key])
        self._by_key.pop(hold.key, None)
        self.emit("released", id=hold.id, verdict=hold.verdict.id, by=by, reason=reason, about=hold)

    def release(self, hold_id: str, by: str) -> bool:
        """Let a hand go on an operator's word; False where there is no such hold (rule 6)."""
        hold = self.holds.get(hold_id)
        if hold is None:
            return self._release_older(hold_id)
        if hold.state not in (HoldState.HELD, HoldState.CONFIRMED):
            return False
        self._release(hold, by, "released by hand")
        self.keeper.urgent(say.Accept(tuple(finding.path_after for finding in hold.verdict.findings)))
        return True

    def older(self) -> list[Held]:
        """Return the holds of an agent before this one that are still in force."""
        return [held for held in (*self.processes.held(), *self.smb.held()) if held.hold_id not in self.holds]

    def _release_older(self, hold_id: str) -> bool:
        for held in self.older():
            if held.hold_id == hold_id:
                action = self.smb if held.action == self.smb.name else self.processes
                return isinstance(action.release(hold_id), Released)
        return False

    def leave(self) -> None:
        """The agent ends: holds that were not confirmed yet are let go, confirmed ones stay until released."""
        self._say_named(math.inf)
        for hold in list(self.holds.values()):
            if hold.state is HoldState.HELD:
                self._release(hold, "agent", "the agent ends before the evidence was read again")

    # ---- confirmed -> restored ------------------------------------------------------------------------------------

    def touched_again(self, key: PartyKey, now: float) -> None:
        """A held hand's late events came in: its files are put back once more."""
        hold_id = self._by_key.get(key)
        hold = self.holds.get(hold_id) if hold_id else None
        if hold is not None:
            self._put_back_soon(hold, now)

    def _put_back_soon(self, hold: Hold, now: float) -> None:
        if self.restore and hold.state is HoldState.CONFIRMED:
            hold.restore_at = now + RESTORE_AFTER

    def _restore(self, hold: Hold, now: float) -> None:
        hold.restore_at = None
        party = self.watcher.parties.get(hold.key)
        if party is None:
            return
        since = max(self._since(hold, party), hold.restored_upto)
        items, evidence = self._items(hold, party, since, now)
        hold.restored_upto = now
        if not items:
            return
        hold.passes += 1
        unproven = frozenset(path for path, _, _ in items) - {found.path for found in hold.verdict.findings}
        self.keeper.urgent(say.RestoreFiles(hold.id, tuple(items), tuple(evidence), unproven=unproven))

    def _since(self, hold: Hold, party: Party) -> float:
        firsts = [party.ledger[found.path].first for found in hold.verdict.findings if found.path in party.ledger]
        return min(firsts, default=hold.at) - EVIDENCE_BEFORE

    def _items(
        self, hold: Hold, party: Party, since: float, now: float
    ) -> tuple[list[tuple[bytes, bytes | None, float]], list[bytes]]:
        """Return what to put back (path, where the damage lies, first touch in wall time), and the evidence."""
        damaged_at = {found.path: found.path_after for found in hold.verdict.findings if found.path != found.path_after}
        findings = {found.path for found in hold.verdict.findings}
        offset = self.wall() - now
        items: list[tuple[bytes, bytes | None, float]] = []
        for path, touched in party.ledger.items():
            if touched.created or (touched.last < since and (hold.passes or path not in findings)):
                continue
            elsewhere = damaged_at.get(path) or (touched.now_at if touched.now_at not in (b"", path) else None)
            items.append((path, elsewhere, touched.first + offset))
        known = set(damaged_at.values())
        return items, [path for path in self._copies(party, items) if path not in known]

    def _copies(self, party: Party, items: list[tuple[bytes, bytes | None, float]]) -> list[bytes]:
        """Return unreadable new files of the hand that lie beside what it deleted: its encrypted copies."""
        deleted = any(party.ledger[path].now_at == b"" for path, _, _ in items)
        if not deleted:
            return []
        made = [path for path, touched in party.ledger.items() if touched.created]
        return [path for path in made if (look := self.lookup.look(path)) is not None and look.unreadable]
