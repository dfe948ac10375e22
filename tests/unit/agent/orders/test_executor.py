"""Orders: tests for each rule of `garde.agent.orders.executor`, with real envelopes, a real book, cuts in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.agent.link.outbox import Outbox
from garde.agent.orders.book import Book, Stage
from garde.agent.orders.executor import Executor
from garde.agent.orders.reports import Reports
from garde.clock import VirtualClock
from garde.contain.actions.cut import Applied, CutRefused, Proof, Undone, Why
from garde.journal.hub_kinds import Check
from garde.journal.store import open_journal
from garde.model.order import Order, Verb
from garde.trust.envelope import HUB, seal
from garde.trust.keys import SigningKey

NOW = 1_900_000_000.0
HUB_KEY = SigningKey.generate()
KNOWN = tuple(verb for verb in Verb if verb is not Verb.UNDO)


class FakeCut:
    """A cut that is a set in memory; what goes wrong with it is said beforehand."""

    survives_reboot = False

    def __init__(self, verb: Verb, world: FakeCuts) -> None:
        self.verb, self.world = verb, world

    def apply(self, order: Order) -> Applied | CutRefused:
        self.world.acts.append(("apply", order.verb.value, order.cut))
        if order.cut in self.world.breaks:
            raise OSError("the firewall is gone")
        if order.addresses == ("10.0.0.1",):
            return CutRefused(order.cut, Why.NEVER_CUT, "10.0.0.1 is the pager's gateway")
        self.world.cuts.setdefault(order.cut, set()).add(self.verb)
        return Applied(order.cut, self.verb, "done", False)

    def prove(self, order: Order) -> Proof:
        self.world.acts.append(("prove", order.verb.value, order.cut))
        return Proof(order.cut, self.verb, (Check("it holds", True, order.cut not in self.world.leaks),))

    def active(self) -> tuple[str, ...]:
        return tuple(cut for cut, verbs in self.world.cuts.items() if self.verb in verbs)


class FakeCuts:
    """What `garde.contain.actions.cuts.Cuts` is to its caller."""

    def __init__(self) -> None:
        self.cuts: dict[str, set[Verb]] = {}
        self.acts: list[tuple[str, str, str]] = []
        self.breaks: set[str] = set()
        self.leaks: set[str] = set()
        self.lost: tuple[CutRefused, ...] = ()
        self.stuck = False

    def __getitem__(self, verb: Verb) -> FakeCut:
        return FakeCut(verb, self)

    def __contains__(self, verb: Verb) -> bool:
        return verb in KNOWN

    def active(self) -> dict[str, tuple[Verb, ...]]:
        return {cut: tuple(verbs) for cut, verbs in self.cuts.items()}

    def undo(self, cut: str) -> Undone | CutRefused:
        self.acts.append(("undo", "", cut))
        if self.stuck:
            return CutRefused(cut, Why.FAILED, "nft does not answer")
        return Undone(cut, tuple(self.cuts.pop(cut, ())), "undone")

    def recover(self) -> tuple[CutRefused, ...]:
        self.acts.append(("recover", "", ""))
        for refused in self.lost:
            self.cuts.pop(refused.cut, None)
        return self.lost


class TickingClock(VirtualClock):
    """No two entries are of the same moment, as in life."""

    def now(self) -> float:
        self.wall += 0.00001
        return self.wall


class Lab:
    """One agent's orders. `reported` is what its hub would hear, in order."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.clock = TickingClock(NOW)
        self.world = FakeCuts()
        self.observing = False
        self.hub_there = True
        self.contacts = 0
        self.seq = 0
        self.words: list[dict[str, Any]] = []
        self.begin()

    def begin(self) -> None:
        """Start the agent (again): what is on the disk is all it has."""
        self.outbox = Outbox(self.state / "outbox.db")
        if not self.outbox.settled:
            self.outbox.settle(0)
        self.change = threading.Condition()
        self.book = Book(self.state / "orders.db")
        self.executor = Executor(
            cuts=self.world,  # type: ignore[arg-type]
            book=self.book,
            reports=Reports(self.outbox, self._spoke, self.state, self.clock, self.words.append),
            machine="files-1",
            hub_key=HUB_KEY.public,
            hub_now=self.clock.now,
            observing=lambda: self.observing,
            contact=self._contact,
        )
        self.threads = self.executor.threads()

    def run(self) -> None:
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        """End in good order. Acting ends first, so that what it hands on is still proven."""
        if self.threads[0].is_alive():
            self.executor._to_do.put(None)
            self.threads[0].join(10)
        self.executor.end()
        for thread in self.threads:
            if thread.ident is not None:
                thread.join(10)
                assert not thread.is_alive()
        self.executor.reports.close()
        self.book.close()
        self.outbox.close()

    def _spoke(self) -> None:
        with self.change:
            self.change.notify_all()

    def _contact(self, seconds: float) -> bool:
        self.contacts += 1
        return self.hub_there

    def sealed(self, order: Any, *, key: SigningKey = HUB_KEY, ttl: float = 60.0, **changed: Any) -> bytes:
        self.seq += 1
        fields: dict[str, Any] = {"sender": HUB, "recipient": "files-1", "kind": "order", "seq": self.seq, **changed}
        return seal(key, body=msgspec.json.encode(order), now=self.clock.now(), ttl=ttl, **fields)

    def give(self, order: Any, **changed: Any) -> None:
        self.executor.take(self.sealed(order, **changed))

    def reported(self) -> list[tuple[str, dict[str, Any]]]:
        leased = self.outbox.lease(most=1000)
        return [(each.item.kind, msgspec.json.decode(each.item.payload)) for each in leased]

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.reported()]

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until it is so. What is marked a moment after it was told rings no bell: it is looked for."""
        deadline = time.monotonic() + 10
        while not until():
            assert time.monotonic() < deadline, self.reported()
            with self.change:
                self.change.wait(0.005)

    def all_done(self) -> None:
        """Wait until every order has its outcome, and let the threads end."""
        deadline = time.monotonic() + 10
        while self.book.unfinished() and time.monotonic() < deadline:
            time.sleep(0.002)  # the outcome is marked a moment after it was told
        self.end()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    found = Lab(tmp_path)
    yield found
    found.end()


def block(number: int = 1, **changed: Any) -> Order:
    fields: dict[str, Any] = {"addresses": ("10.0.0.7",), "expires": NOW + 60, **changed}
    return Order(f"c{number}", f"k{number}", fields.pop("verb", Verb.BLOCK), **fields)


# 1 --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key": SigningKey.generate()}, "FORGED"),
        ({"sender": "files-2"}, "UNKNOWN-SENDER"),
        ({"recipient": "files-2"}, "WRONG-RECIPIENT"),
        ({"kind": "answer"}, "MALFORMED"),
        ({"ttl": 0.0}, "EXPIRED"),
    ],
)
def test_only_the_hubs_own_order_for_this_machine_in_time_counts(lab: Lab, changed: dict[str, Any], code: str) -> None:
    lab.run()
    raw = lab.sealed(block(), **changed)
    lab.clock.advance(31 if code == "EXPIRED" else 0)
    lab.executor.take(raw)
    ((kind, said),) = lab.reported()
    assert (kind, said["code"], lab.world.acts) == ("order_refused", code, [("recover", "", "")] * len(lab.world.acts))
    assert lab.world.cuts == {}


def test_an_old_number_is_refused_also_after_a_restart(lab: Lab) -> None:
    raw = lab.sealed(block())
    lab.run()
    lab.executor.take(raw)
    lab.wait(lambda: "cut_tried" in lab.kinds())
    lab.executor.take(raw)
    lab.all_done()
    lab.begin()
    lab.executor.take(raw)
    assert [said["code"] for kind, said in lab.reported() if kind == "order_refused"] == ["REPLAYED"] * 2
    assert [act for act in lab.world.acts if act[0] == "apply"] == [("apply", "block", "k1")]


def test_an_order_whose_time_is_over_before_it_can_be_done(lab: Lab) -> None:
    lab.give(block())
    lab.clock.advance(61)
    lab.run()
    lab.wait(lambda: lab.kinds() == ["order_refused"])
    assert lab.reported()[0][1]["code"] == "EXPIRED"
    assert lab.world.cuts == {}


@given(st.binary(max_size=300))
def test_noise_changes_nothing(raw: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        lab = Lab(Path(name))
        lab.executor.take(raw)
        assert (lab.kinds(), lab.book.last_seq) == (["order_refused"], 0)
        lab.end()


def test_a_flood_of_noise_is_told_a_few_times_a_second(lab: Lab) -> None:
    for _ in range(50):
        lab.executor.take(b"noise")
    assert len(lab.kinds()) == 5
    lab.clock.advance(1)
    lab.executor.take(b"noise")
    assert len(lab.kinds()) == 6


# 2 --------------------------------------------------------------------------------------------------------------------


def test_an_order_is_safe_before_the_hub_hears_of_it_and_done_after_a_crash_once(lab: Lab) -> None:
    lab.give(block())
    assert lab.book.last_seq == 1  # what the next poll says
    lab.end()  # killed before anything was done
    lab.begin()
    lab.run()
    lab.wait(lambda: lab.kinds() == ["order_applied", "cut_tried"])
    lab.all_done()
    lab.begin()
    lab.run()
    lab.wait(lambda: lab.kinds().count("cut_tried") == 2)  # proven again, not made again (rule 7)
    assert [act for act in lab.world.acts if act[0] == "apply"] == [("apply", "block", "k1")]


def test_killed_in_the_middle_of_it_what_is_in_force_is_said_whatever_the_time(lab: Lab) -> None:
    lab.give(block())
    lab.world.cuts["k1"] = {Verb.BLOCK}  # its record was written, its outcome was not
    lab.end()
    lab.clock.advance(3600)
    lab.begin()
    lab.run()
    lab.wait(lambda: lab.kinds() == ["order_applied", "cut_tried"])
    (_, applied), (_, tried) = lab.reported()
    assert (applied["cut"], tried["cut"], tried["proven"]) == ("k1", "k1", True)


# 3 --------------------------------------------------------------------------------------------------------------------


def test_the_same_command_again_is_told_again_and_not_done_again(lab: Lab) -> None:
    lab.run()
    lab.give(block())
    lab.wait(lambda: "cut_tried" in lab.kinds() and not lab.book.unfinished())
    lab.clock.advance(10)
    lab.give(block())
    assert lab.kinds() == ["order_applied", "cut_tried"] * 2
    assert lab.reported()[0] == lab.reported()[2]
    assert [act[0] for act in lab.world.acts] == ["recover", "apply", "prove"]


# 4 --------------------------------------------------------------------------------------------------------------------


def test_a_verb_that_there_is_not_is_named_with_its_command(lab: Lab) -> None:
    lab.give({"command": "c1", "cut": "k1", "verb": "run\x1b[31m"})
    ((kind, said),) = lab.reported()
    assert (kind, said["command"], said["cut"], said["code"]) == ("order_refused", "c1", "k1", "UNKNOWN-VERB")
    assert "\x1b" not in said["reason"]
    assert lab.book.last_seq == 1


@pytest.mark.parametrize(
    "body",
    [
        {"command": "c1", "cut": "k1", "verb": "block", "addresses": "10.0.0.7"},
        {"command": "c1", "cut": "k1", "verb": "block", "addresses": [7]},
        {"command": "c1", "verb": "block"},
        {"command": "", "cut": "k1", "verb": "block"},
        ["block"],
        7,
    ],
)
def test_arguments_that_can_not_be_read(lab: Lab, body: Any) -> None:
    lab.give(body)
    ((kind, said),) = lab.reported()
    assert (kind, said["code"]) == ("order_refused", "UNKNOWN-VERB" if isinstance(body, int | list) else "MALFORMED")
    assert lab.book.unfinished() == []


def test_a_machine_that_only_watches_cuts_nothing_and_lets_go_of_nothing(lab: Lab) -> None:
    lab.observing = True
    lab.world.cuts["k9"] = {Verb.BLOCK}
    lab.give(block())
    lab.give(Order("c2", "k9", Verb.UNDO, expires=NOW + 60))
    lab.run()
    lab.wait(lambda: lab.kinds().count("order_refused") == 2)
    assert {said["code"] for kind, said in lab.reported() if kind == "order_refused"} == {"OBSERVING"}
    assert [act[0] for act in lab.world.acts if act[0] != "prove"] == []


def test_what_the_never_cut_list_forbids(lab: Lab) -> None:
    lab.run()
    lab.give(block(addresses=("10.0.0.1",)))
    lab.wait(lambda: lab.kinds() == ["order_refused"])
    said = lab.reported()[0][1]
    assert (said["command"], said["cut"], said["code"]) == ("c1", "k1", "NEVER-CUT")
    assert "pager" in said["reason"]


# 5 --------------------------------------------------------------------------------------------------------------------


def test_applied_is_said_before_it_is_proven_and_a_failed_proof_is_never_done(lab: Lab) -> None:
    lab.world.leaks = {"k1"}
    lab.run()
    lab.give(block())
    lab.wait(lambda: lab.kinds() == ["order_applied", "cut_tried"])
    tried = lab.reported()[1][1]
    assert (tried["command"], tried["cut"], tried["proven"]) == ("c1", "k1", False)
    assert tried["checks"] == [{"what": "it holds", "wanted": True, "seen": False}]


def test_the_next_order_does_not_wait_for_a_proof(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    real = FakeCut.prove

    def slow(cut: FakeCut, order: Order) -> Proof:
        assert gate.wait(10)
        return real(cut, order)

    monkeypatch.setattr(FakeCut, "prove", slow)
    lab.run()
    for number in range(1, 9):
        lab.give(block(number))
    lab.wait(lambda: lab.kinds() == ["order_applied"] * 8)
    gate.set()
    lab.wait(lambda: lab.kinds().count("cut_tried") == 8)


def test_an_undo_names_the_cut_alone(lab: Lab) -> None:
    lab.run()
    lab.give(block())
    lab.wait(lambda: "cut_tried" in lab.kinds())
    lab.give(Order("c2", "k1", Verb.UNDO, expires=NOW + 60))
    lab.give(Order("c3", "never made", Verb.UNDO, expires=NOW + 60))
    lab.wait(lambda: lab.kinds().count("cut_undone") == 2)
    undone = [said for kind, said in lab.reported() if kind == "cut_undone"]
    assert undone[0] == {"cut": "k1", "command": "c2", "by": "hub"}
    assert lab.world.cuts == {}


def test_an_undo_that_fails_is_refused(lab: Lab) -> None:
    lab.world.stuck = True
    lab.run()
    lab.give(Order("c2", "k1", Verb.UNDO, expires=NOW + 60))
    lab.wait(lambda: lab.kinds() == ["order_refused"])
    assert lab.reported()[0][1]["code"] == "FAILED"


# 6 --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [Verb.ISOLATE, Verb.OUTSIDE])
def test_a_cut_that_strands_the_machine_is_undone_in_its_window(lab: Lab, verb: Verb) -> None:
    lab.hub_there = False
    lab.run()
    lab.give(block(verb=verb))
    lab.wait(lambda: lab.kinds() == ["order_applied", "cut_undone"])
    assert lab.reported()[1][1] == {"cut": "k1", "command": "c1", "by": "apply window"}
    assert lab.world.cuts == {}


def test_a_hub_that_is_heard_keeps_the_cut_and_one_lost_later_too(lab: Lab) -> None:
    lab.run()
    lab.give(block(verb=Verb.ISOLATE))
    lab.wait(lambda: lab.kinds() == ["order_applied", "cut_tried"])
    lab.all_done()
    lab.hub_there = False
    lab.begin()
    lab.run()
    lab.wait(lambda: lab.kinds().count("cut_tried") == 2)
    assert lab.world.cuts == {"k1": {Verb.ISOLATE}}
    assert lab.contacts == 1


def test_a_block_has_no_window(lab: Lab) -> None:
    lab.hub_there = False
    lab.run()
    lab.give(block())
    lab.wait(lambda: lab.kinds() == ["order_applied", "cut_tried"])
    assert (lab.contacts, lab.world.cuts) == (0, {"k1": {Verb.BLOCK}})


def test_killed_in_the_window_it_is_looked_at_again(lab: Lab) -> None:
    lab.give(block(verb=Verb.ISOLATE))
    lab.world.cuts["k1"] = {Verb.ISOLATE}
    lab.book.stage("c1", Stage.WINDOW)
    lab.end()
    lab.hub_there = False
    lab.begin()
    lab.run()
    lab.wait(lambda: lab.kinds() == ["cut_undone"])
    assert lab.world.cuts == {}


# 7 --------------------------------------------------------------------------------------------------------------------


def test_cuts_in_force_are_made_again_and_proven_again_or_said_to_be_gone(lab: Lab) -> None:
    lab.world.cuts = {"k1": {Verb.BLOCK}, "k2": {Verb.KICK}}
    lab.world.lost = (CutRefused("k2", Why.NEVER_CUT, "the list has grown"),)
    lab.run()
    lab.wait(lambda: sorted(lab.kinds()) == ["cut_tried", "order_refused"])
    said = dict(lab.reported())
    assert (said["order_refused"]["cut"], said["order_refused"]["code"]) == ("k2", "NEVER-CUT")
    assert (said["cut_tried"]["cut"], said["cut_tried"]["proven"]) == ("k1", True)


# 8 --------------------------------------------------------------------------------------------------------------------


def test_an_unforeseen_failure_is_one_orders_own(lab: Lab) -> None:
    lab.world.breaks = {"k1"}
    lab.run()
    lab.give(block(1))
    lab.give(block(2))
    lab.wait(lambda: lab.kinds() == ["order_refused", "order_applied", "cut_tried"])
    said = lab.reported()[0][1]
    assert (said["command"], said["code"]) == ("c1", "FAILED")
    assert "the firewall is gone" in said["reason"]


# --- where it is told -------------------------------------------------------------------------------------------------


def test_it_stands_in_the_agents_own_journal_and_in_its_output(lab: Lab) -> None:
    lab.run()
    lab.give(block())
    lab.wait(lambda: "cut_tried" in lab.kinds())
    lab.all_done()
    journal = open_journal(lab.state, read_only=True)
    entries = list(journal.entries())
    journal.close()
    assert [(entry.kind, entry.who) for entry in entries] == [("order_applied", "agent"), ("cut_tried", "agent")]
    assert [(words["state"], words["cut"]) for words in lab.words] == [("applied", "k1"), ("proven", "k1")]


# what the core is told ------------------------------------------------------------------------------------------------


def test_the_core_is_told_of_clients_that_are_refused_here_and_of_no_others(lab: Lab) -> None:
    told: list[tuple[str, ...]] = []
    lab.executor.blamed = told.append
    lab.run()
    lab.give(block(1))
    lab.give(block(2, verb=Verb.ISOLATE, addresses=("10.0.0.8",)))
    lab.give(block(3, addresses=("10.0.0.9",), expires=NOW - 1))
    lab.all_done()
    assert told == [("10.0.0.7",)]
