"""Frozen retention: tests for each rule of `garde.agent.errands.freezer`, with stores in memory and a real disk."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from tests.support.errand_house import NOW, House, MemoryStore

from garde.agent.errands.base import ErrandRefused, Job
from garde.agent.errands.freezer import FILE, Freezer
from garde.agent.errands.wire import Held
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import RetentionFrozen, RetentionThawed
from garde.model.order import Order, Verb


class Barn(House):
    """A machine with stores; `again` is a new process on the same disk."""

    def __init__(self, state: Path, *stores: MemoryStore) -> None:
        super().__init__(state)
        self.stores = list(stores)
        self.again()

    def again(self) -> Barn:
        self.freezer = Freezer(self.state, lambda: self.stores, self.reports(), self.said.append, self.clock)
        return self

    def held(self, hold: str = "h1", at: float = NOW) -> list[dict[str, Any]]:
        """A hold is confirmed; returns what was told of it."""
        before = len(self.told)
        self.freezer.held(Held(hold, at))
        found = self.of("retention_frozen")
        return found[len(found) - (len(self.told) - before) :]

    def errand(self, verb: Verb, store: str = "") -> list[Payload]:
        do = {Verb.FREEZE: self.freezer.freeze, Verb.THAW: self.freezer.thaw}[verb]
        return list(do(Job(Order("c1", "", verb, by="carla", store=store))))


def test_the_first_confirmed_hold_freezes_every_store_that_can_be_frozen(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("r1"), MemoryStore("r2"), MemoryStore("hook", freezes=False))
    barn.clock.advance(2.5)
    told = barn.held(at=NOW)
    assert sorted((each["command"], each["store"], each["proven"], each["seconds"]) for each in told) == [
        ("", "r1", True, 2.5),
        ("", "r2", True, 2.5),
    ]
    assert told[0]["checks"] == [{"what": "forget is refused", "wanted": True, "seen": True}]
    assert [store.frozen for store in barn.stores] == [True, True, False]
    assert barn.journal() == ["retention_frozen"] * 2
    assert {(said.store, said.state) for said in barn.said} == {("r1", "frozen"), ("r2", "frozen")}


def test_no_hold_freezes_twice(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("r1"))
    assert barn.held("h1") and not barn.held("h1") and not barn.held("h2")
    assert not barn.again().held("h1") and not barn.held("h3")
    assert barn.stores[0].acts == ["freeze"]


def test_what_could_not_be_proven_is_tried_again_at_the_next_hold(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("leaks", leaks=True), MemoryStore("stuck", broken=True))
    assert {each["store"]: each["proven"] for each in barn.held("h1")} == {"leaks": False, "stuck": False}
    barn.stores = [MemoryStore("leaks", frozen=True), MemoryStore("stuck")]
    assert {each["store"]: each["proven"] for each in barn.again().held("h2")} == {"leaks": True, "stuck": True}


def test_a_store_that_fails_says_why_in_plain_words(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("r1", broken=True))
    (told,) = barn.held()
    assert told["detail"] == "locked: somebody's lock stands in the way" and told["checks"] == []


@pytest.mark.parametrize("by_hand", [False, True])
def test_after_a_thaw_the_next_hold_freezes_anew_and_an_old_one_does_not(tmp_path: Path, by_hand: bool) -> None:
    barn = Barn(tmp_path, MemoryStore("r1"))
    barn.held("h1")
    if by_hand:
        barn.stores[0].thaw()
    else:
        assert barn.errand(Verb.THAW, "r1") == [RetentionThawed("c1", "r1", "carla", "3 let go")]
    assert not barn.again().held("h1") and not barn.stores[0].frozen
    assert len(barn.held("h2")) == 1 and barn.stores[0].frozen


def test_a_store_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=10)
    stores = [MemoryStore(name, when=lambda act: both.wait() and None) for name in ("r1", "r2")]
    assert len(Barn(tmp_path, *stores).held()) == 2  # each waits in its freeze until the other one is there


def test_an_errand_names_a_store_or_all_of_them(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("r1"), MemoryStore("r2"), MemoryStore("hook", freezes=False))
    (only,) = barn.errand(Verb.FREEZE, "r2")
    assert isinstance(only, RetentionFrozen) and (only.command, only.store, only.proven) == ("c1", "r2", True)
    assert len(barn.errand(Verb.FREEZE)) == 2  # frozen or not: the proof is made anew
    assert not barn.held("h1")
    assert len(barn.errand(Verb.THAW)) == 2


@pytest.mark.parametrize("verb", [Verb.FREEZE, Verb.THAW])
def test_an_unknown_store_is_refused(tmp_path: Path, verb: Verb) -> None:
    for stores, name in (((MemoryStore("r1"),), "r9\x1b"), ((), "")):
        with pytest.raises(ErrandRefused) as refused:
            Barn(tmp_path, *stores).errand(verb, name)
        assert refused.value.code == "UNKNOWN-STORE" and "\x1b" not in refused.value.reason


def test_stores_that_cannot_be_frozen_are_refused(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("hook", freezes=False))
    with pytest.raises(ErrandRefused, match="UNAVAILABLE"):
        barn.errand(Verb.FREEZE)
    assert barn.held() == []


def test_a_thaw_that_fails_is_refused_and_the_store_stays_frozen(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("r1"))
    barn.held()
    barn.stores[0].broken = True
    barn.stores[0].when = lambda act: setattr(barn.stores[0], "frozen", True)
    with pytest.raises(ErrandRefused, match="LOCKED"):
        barn.errand(Verb.THAW, "r1")
    assert [(said.store, said.state) for said in barn.freezer.standing()] == [("r1", "frozen")]


def test_nothing_to_thaw_is_an_outcome_as_well(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("r1"), MemoryStore("r2"))
    assert len(barn.errand(Verb.THAW, "r1")) == 1
    with pytest.raises(ErrandRefused, match="UNAVAILABLE: no store here is frozen"):
        barn.errand(Verb.THAW)


def test_a_note_that_cannot_be_read_freezes_once_more(tmp_path: Path) -> None:
    barn = Barn(tmp_path, MemoryStore("r1"))
    barn.held("h1")
    (tmp_path / FILE).write_bytes(b"\0garbage")
    assert len(barn.again().held("h1")) == 1
