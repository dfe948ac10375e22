"""From a verdict to a stopped hand, to files put back: the holder's rules with acts that are only written down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from garde.agent import messages as say
from garde.agent.holds import NAMES_EVERY, RESTORE_AFTER, Holder, HoldState
from garde.agent.keeper_link import KeeperLink
from garde.contain.actions.base import Confirmed, Held, Refused, Released, Stage, Target
from garde.content import Comparison, NewFile, Structure
from garde.model.actor import Actor, ActorKind, Process, SmbClient
from garde.model.finding import Finding, Proof, Verdict
from garde.settings import WatchSettings
from garde.vault import Known
from garde.vault.records import How
from garde.watch.suspicion import PartyKey
from garde.watch.watcher import Watcher
from garde.watch.weights import load

HAND: PartyKey = ("session", 50, 1000)
WRITER = Actor(ActorKind.PROCESS, Process(7, 7, 1, 50, 1000, "tool", "/usr/bin/tool", "/"), "anna")
CLIENT = Actor(ActorKind.SMB, Process(9, 9, 1, 1, 0, "smbd", "", "/"), "", (), SmbClient("10.0.0.9", 50000))


class Acts:
    """An `Action` that writes down what was asked of it."""

    name = "acts"

    def __init__(self, refuse: str = "") -> None:
        self.asked: list[tuple[str, Any]] = []
        self.refuse = refuse
        self.before: tuple[Held, ...] = ()
        self.over = False  # no process of the hand is left
        self.blocked: tuple[str, ...] = ()

    def check(self, hold_id: str, target: Target) -> Refused | None:
        return None

    def apply(self, hold_id: str, target: Target) -> Held | Refused:
        self.asked.append(("apply", target))
        if self.refuse:
            return Refused(hold_id, self.refuse)
        pids = () if self.over else target.pids
        return Held(hold_id, self.name, Stage.APPLIED, next(iter(pids), 0), pids, addresses=self.blocked)

    def settle(self, hold_id: str) -> Held | Refused:
        self.asked.append(("settle", hold_id))
        return Held(hold_id, self.name, Stage.APPLIED, 7, (7, 8))

    def confirm(self, hold_id: str) -> Confirmed | Refused:
        self.asked.append(("confirm", hold_id))
        return Confirmed(hold_id, (7, 8))

    def release(self, hold_id: str) -> Released | Refused:
        self.asked.append(("release", hold_id))
        return Released(hold_id, (7, 8))

    def held(self) -> tuple[Held, ...]:
        return self.before

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.asked]


class Disk:
    """Every file is known; `sound` ones compare as healthy."""

    def __init__(self) -> None:
        self.sound: set[bytes] = set()
        self.unreadable: set[bytes] = set()
        self.moved_on: set[bytes] = set()

    def find(self, path: bytes, fid: bytes) -> Known | None:
        return Known(
            path=path, kind="pdf", size=1, mtime_ns=0, mode=0, uid=0, gid=0, fid=b"", captured_at=0.0, version=1,
            object=None, sha256=None, structure=Structure.WHOLE, how=How.NONE, store=1, gone=None,
        )  # fmt: skip

    def compare(self, known: Known, path: bytes, *, still_open: bool) -> Comparison | None:
        proofs = frozenset() if path in self.sound else frozenset({Proof.TYPE_LOST, Proof.RANDOM_CHANGE})
        return Comparison(
            proofs=proofs, kind_before="pdf", kind_after="unknown", size_before=1, size_after=1, changed=1,
            sampled=False, pool=b"", structure_after=Structure.UNCHECKED, detail="",
        )  # fmt: skip

    def is_at(self, path: bytes, fid: bytes) -> bool:
        return True

    def look(self, path: bytes) -> NewFile | None:
        return (
            None
            if path in self.moved_on
            else NewFile("unknown", 1, Structure.UNCHECKED, path in self.unreadable, frozenset(), b"", "")
        )


class Names:
    """Users that are known at once, or (`late`) once the test says so; waited for until `patience` is over."""

    def __init__(self) -> None:
        self.late = False
        self.asked: list[Actor] = []
        self.found: Actor | None = None
        self.until = 0.0

    def __call__(self, actor: Actor, now: float) -> Names:
        self.asked.append(actor)
        self.until = now + 0.25
        return self

    def answer(self, now: float) -> Actor | None:
        return self.found or (None if self.late and now < self.until else self.asked[-1])


class Night:
    """A holder with everything around it written down."""

    def __init__(self, enforce: bool = True, refuse: str = "", restore: bool = True) -> None:
        self.disk = Disk()
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.processes, self.smb, self.names = Acts(refuse), Acts(refuse), Names()
        self.keeper = KeeperLink(None, busy=False)  # type: ignore[arg-type]
        self.watcher = Watcher(
            self.disk, WatchSettings(), load(), [b"/srv"], wall=lambda: 1000.0, alive=lambda pid: True
        )
        self.holder = Holder(
            self.processes, self.smb, self.watcher, self.disk, self.keeper, self.say, lambda: 5000.0,
            self.names, enforce, enforce and restore, 0.6,
        )  # fmt: skip

    def say(self, kind: str, about: Any = None, **facts: Any) -> None:
        self.said.append((kind, facts))

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.said]

    def judged(
        self,
        *paths: bytes,
        who: Actor = WRITER,
        pids: tuple[int, ...] = (7,),
        after: bytes = b"",
        proof: Proof = Proof.TYPE_LOST,
    ) -> Verdict:
        party = self.watcher.parties.of(who, "/srv")
        for path in paths:
            for pid in pids:
                party.touch(path, 100.0, pid)
        findings = tuple(
            Finding(1000.0, path, path + after, frozenset({proof}), who, "pdf", "unknown", 1, False) for path in paths
        )
        verdict = Verdict("v1-1", 1000.0, "tree", "50:1000", 15.0, 13.8, findings, (who,))
        self.holder.judged(verdict, (party.key,), 100.0)
        self.holder.say(verdict)
        return verdict

    def hold(self) -> Any:
        return next(iter(self.holder.holds.values()))

    def restores(self) -> list[say.RestoreFiles]:
        return [message for message in self.keeper._urgent if isinstance(message, say.RestoreFiles)]


@pytest.fixture
def night() -> Night:
    return Night()


def test_holding_comes_before_saying(night: Night) -> None:
    party = night.watcher.parties.of(WRITER, "/srv")
    party.touch(b"/srv/a", 100.0, 7)
    finding = Finding(1000.0, b"/srv/a", b"/srv/a", frozenset({Proof.TYPE_LOST}), WRITER, "pdf", "unknown", 1, False)
    verdict = Verdict("v1-1", 1000.0, "tree", "50:1000", 15.0, 13.8, (finding,), (WRITER,))
    night.holder.judged(verdict, (party.key,), 100.0)
    assert night.processes.verbs() == ["apply"] and night.said == []
    night.holder.say(verdict)
    assert night.kinds() == ["verdict", "held"]


def test_only_the_pids_that_did_harm_are_named(night: Night) -> None:
    night.watcher.parties.of(WRITER, "/srv").touch(b"/srv/honest", 99.0, 123)
    night.judged(b"/srv/a", b"/srv/b", pids=(7, 8))
    assert night.processes.asked[0] == ("apply", Target((7, 8)))


def test_evidence_that_stands_is_confirmed_and_its_files_are_put_back(night: Night) -> None:
    night.judged(b"/srv/a", b"/srv/b")
    night.holder.work(100.5, drained=True)
    assert night.kinds()[-1] == "confirmed" and night.hold().state is HoldState.CONFIRMED
    assert night.processes.verbs() == ["apply", "settle", "confirm"]
    night.holder.work(101.0, drained=False)
    assert night.restores() == [], "events of the hand may still be in the queue"
    night.holder.work(101.0, drained=True)
    (message,) = night.restores()
    assert [path for path, _, _ in message.items] == [b"/srv/a", b"/srv/b"]
    assert message.items[0][2] == pytest.approx(5000.0 - 1.0), "wall time of the first touch"


def test_evidence_that_no_longer_stands_lets_the_hand_go(night: Night) -> None:
    night.judged(b"/srv/a", b"/srv/b", b"/srv/c")
    night.disk.sound = {b"/srv/a", b"/srv/b", b"/srv/c"}
    night.holder.work(100.5, drained=True)
    assert night.kinds()[-1] == "released" and night.processes.verbs() == ["apply", "release"]
    night.holder.work(110.0, drained=True)
    assert night.restores() == []


def test_a_new_file_that_took_the_name_of_what_it_replaced_is_looked_for_under_that_name(night: Night) -> None:
    night.disk.moved_on = {b"/srv/a.tmp~", b"/srv/b.tmp~"}
    night.judged(b"/srv/a", b"/srv/b", after=b".tmp~", proof=Proof.REPLACED)
    night.holder.work(100.5, drained=True)
    assert night.kinds()[-1] == "confirmed", "the temporary name is gone, the damage is not"


def test_a_new_file_that_gave_the_name_back_to_a_sound_one_lets_the_hand_go(night: Night) -> None:
    night.disk.moved_on, night.disk.sound = {b"/srv/a.tmp~"}, {b"/srv/a"}
    night.judged(b"/srv/a", after=b".tmp~", proof=Proof.REPLACED)
    night.holder.work(100.5, drained=True)
    assert night.kinds()[-1] == "released"


def test_a_confirmed_smb_client_is_ended_by_its_own_act(night: Night) -> None:
    night.judged(b"/srv/a", b"/srv/b", who=CLIENT, pids=(9,))
    assert night.smb.asked[0] == ("apply", Target((9,), "10.0.0.9"))
    night.holder.work(100.5, drained=True)
    assert night.smb.verbs() == ["apply", "settle", "confirm"] and night.processes.asked == []


def test_a_client_whose_sessions_are_over_is_held_by_its_block_and_its_files_are_put_back(night: Night) -> None:
    night.smb.over, night.smb.blocked = True, ("10.0.0.9",)
    night.judged(b"/srv/a", who=CLIENT, pids=(9,))
    night.holder.work(100.5, drained=True)
    night.holder.work(101.0, drained=True)
    (restore,) = night.restores()
    assert [path for path, _, _ in restore.items] == [b"/srv/a"]


def test_a_client_that_is_neither_there_nor_blocked_is_not_held(night: Night) -> None:
    night.smb.over = True
    night.judged(b"/srv/a", who=CLIENT, pids=(9,))
    night.holder.work(100.5, drained=True)
    assert "confirm" not in night.smb.verbs() and night.restores() == []


def test_what_the_hand_made_is_not_put_back_but_its_copies_become_evidence(night: Night) -> None:
    party = night.watcher.parties.of(WRITER, "/srv")
    party.touch(b"/srv/a.locked", 100.0, 7, created=True)
    party.touch(b"/srv/note.txt", 100.0, 7, created=True)
    party.touch(b"/srv/a", 100.0, 7).now_at = b""
    night.disk.unreadable = {b"/srv/a.locked"}
    night.judged(b"/srv/b")
    night.holder.work(100.5, drained=True)
    night.holder.work(101.0, drained=True)
    (message,) = night.restores()
    assert {path for path, _, _ in message.items} == {b"/srv/a", b"/srv/b"}
    assert message.evidence == (b"/srv/a.locked",)


def test_damage_under_another_name_is_told_to_the_keeper(night: Night) -> None:
    night.judged(b"/srv/a", after=b".enc")
    night.holder.work(100.5, drained=True)
    night.holder.work(101.0, drained=True)
    assert night.restores()[0].items[0][:2] == (b"/srv/a", b"/srv/a.enc")


def test_late_events_lead_to_another_restore_of_what_is_new(night: Night) -> None:
    night.judged(b"/srv/a")
    night.holder.work(100.5, drained=True)
    night.holder.work(101.0, drained=True)
    party = night.watcher.parties.get(HAND)
    assert party is not None
    party.touch(b"/srv/late", 102.0, 7)
    night.holder.touched_again(HAND, 102.0)
    night.holder.work(103.0, drained=True)
    assert {path for path, _, _ in night.restores()[-1].items} == {b"/srv/late"}, (
        "what was put back stays as people want it"
    )


def test_who_may_not_be_held_is_reported_with_the_reason() -> None:
    night = Night(refuse="postgres is on the never-hold list")
    night.judged(b"/srv/a")
    (kind, facts) = night.said[-1]
    assert kind == "error" and "never-hold list" in facts["message"]
    night.holder.work(110.0, drained=True)
    assert night.restores() == [] and "confirm" not in night.processes.verbs()


def test_kernel_and_unknown_writers_are_not_guessed_at(night: Night) -> None:
    night.judged(b"/srv/a", who=Actor(ActorKind.KERNEL, Process(44, 1, 2, 0, 0, "nfsd", "", ""), ""), pids=(44,))
    assert "can't be held" in night.said[-1][1]["message"] and night.processes.asked == []


def test_in_observe_mode_nothing_is_touched() -> None:
    night = Night(enforce=False)
    night.judged(b"/srv/a")
    night.holder.work(110.0, drained=True)
    assert night.kinds() == ["verdict"] and night.processes.asked == [] and night.restores() == []


def test_a_further_process_of_a_held_hand_is_stopped_as_well(night: Night) -> None:
    night.judged(b"/srv/a")
    night.holder.work(100.5, drained=True)
    night.judged(b"/srv/b", pids=(99,))
    assert night.processes.asked[-1][0] == "apply" and 99 in night.processes.asked[-1][1].pids
    assert len(night.holder.holds) == 1


def test_without_restore_a_held_hand_stops_and_nothing_is_put_back_however_it_goes_on() -> None:
    night = Night(restore=False)
    night.judged(b"/srv/a")
    night.holder.work(100.5, drained=True)
    assert night.hold().state is HoldState.CONFIRMED
    night.judged(b"/srv/b", pids=(99,))  # a further process of the same hand …
    night.holder.touched_again(HAND, 101.0)  # … and late events
    night.holder.work(110.0, drained=True)
    assert 99 in night.hold().pids and night.restores() == []


def test_an_operators_release_is_said_and_forgets(night: Night) -> None:
    night.judged(b"/srv/a")
    night.holder.work(100.5, drained=True)
    assert night.holder.release(night.hold().id, "operator")
    assert night.said[-1][0] == "released" and night.said[-1][1]["by"] == "operator"
    assert not night.holder.release(night.hold().id, "operator"), "a second time there is nothing to release"
    assert not night.holder.release("h-none", "operator")


def test_a_hold_of_an_agent_before_this_one_can_be_released(night: Night) -> None:
    night.processes.before = (Held("h-before-1", "acts", Stage.CONFIRMED, 7, (7, 8)),)
    night.smb.name = "smb"
    assert [held.hold_id for held in night.holder.older()] == ["h-before-1"]
    assert night.holder.release("h-before-1", "operator")
    assert night.processes.asked == [("release", "h-before-1")] and night.smb.asked == []


def test_at_the_end_unconfirmed_holds_are_let_go_and_confirmed_ones_stay(night: Night) -> None:
    night.judged(b"/srv/a")
    night.holder.leave()
    assert night.processes.verbs()[-1] == "release"
    other = Night()
    other.judged(b"/srv/a")
    other.holder.work(100.5, drained=True)
    other.holder.leave()
    assert "release" not in other.processes.verbs()


# ---- rule 7: the users are asked for beside the core -----------------------------------------------------------------


def late_client(night: Night) -> Any:
    """Hold a client whose users are not known yet; returns what `held` will be said of."""
    night.names.late = True
    night.judged(b"/srv/a", b"/srv/b", who=CLIENT, pids=(9,))
    return night.hold()


def test_a_hold_is_said_when_its_users_are_known_and_looked_at_only_then(night: Night) -> None:
    hold = late_client(night)
    assert night.smb.verbs() == ["apply"] and night.kinds() == ["verdict"], "the hand is stopped, the verdict is said"
    night.holder.spoke = False
    night.holder.work(100.1, drained=True)
    assert night.kinds() == ["verdict"] and night.smb.verbs() == ["apply"] and not night.holder.spoke
    night.names.found = replace(CLIENT, user="carla")
    night.holder.work(100.12, drained=True)
    assert night.kinds() == ["verdict", "held", "confirmed"] and night.holder.spoke
    assert night.said[1][1]["actor"]["user"] == "carla" and hold.actor.user == "carla"


def test_users_are_waited_for_no_longer_than_patience(night: Night) -> None:
    hold = late_client(night)
    night.holder.work(100.26, drained=True)
    assert night.kinds() == ["verdict", "held", "confirmed"] and hold.actor == CLIENT


def test_what_is_said_late_is_what_was_held(night: Night) -> None:
    hold = late_client(night)
    party = night.watcher.parties.get(hold.key)
    assert party is not None
    party.touch(b"/srv/c", 100.01, 9)  # the core goes on meanwhile
    hold.pids = (9, 10)
    night.holder.work(100.26, drained=True)
    assert night.said[1][1] | {"touched": 2, "pids": [9]} == night.said[1][1]


def test_the_core_is_woken_for_names_and_not_for_a_look_that_waits_for_them(night: Night) -> None:
    assert night.holder.next_due() is None
    late_client(night)
    night.holder.work(100.2, drained=True)
    assert night.holder.next_due() == pytest.approx(100.2 + NAMES_EVERY)
    night.names.found = CLIENT
    night.holder.work(100.21, drained=False)
    assert night.holder.next_due() == pytest.approx(100.21 + RESTORE_AFTER)


def test_a_release_comes_after_what_it_releases_was_said(night: Night) -> None:
    assert night.holder.release(late_client(night).id, "operator")
    assert night.kinds() == ["verdict", "held", "released"]
    other = Night()
    late_client(other)
    other.holder.leave()
    assert other.kinds() == ["verdict", "held", "released"]
    other.holder.work(110.0, drained=True)
    assert other.kinds() == ["verdict", "held", "released"] and other.holder.next_due() is None
