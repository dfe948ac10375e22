"""Hands: who is the same, and who is dropped."""

from __future__ import annotations

from garde.model.actor import Actor, ActorKind, Process
from garde.watch.parties import Parties


def process(pid: int, sid: int) -> Actor:
    return Actor(ActorKind.PROCESS, Process(pid, pid, 1, sid, 1000, "tool", "/usr/bin/tool", "/"), "u1000")


def test_a_hand_stays_the_same_when_its_actor_is_looked_up_again() -> None:
    parties, who = Parties(limit=40), process(7, 50)
    assert parties.known(who) is None
    hand = parties.of(who, "/srv")
    assert parties.known(who) is hand
    assert parties.known(process(7, 50)) is None, "another object is asked for once more"
    assert parties.of(process(7, 50), "/srv") is hand
    for sid in range(5000, 5050):
        parties.of(process(sid, sid), "/srv")
    assert parties.known(who) is None, "hands that were dropped are not handed out"
    assert parties.of(who, "/srv") is not hand
