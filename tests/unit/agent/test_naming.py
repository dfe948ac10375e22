"""Names ahead: who is asked for, when, and how often. No thread of its own is waited for: turns are taken by hand."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from dataclasses import replace

import pytest

from garde.agent.naming import AHEAD, BETWEEN, PATIENCE, Ahead, Naming
from garde.clock import VirtualClock
from garde.model.actor import Actor, ActorKind
from garde.model.finding import Skipped


class Samba:
    """A Samba that knows the users of some children, once they have signed in."""

    def __init__(self) -> None:
        self.clients = {61, 62}
        self.signed_in: set[int] = set()
        self.learnt: list[int] = []
        self.asked: list[list[int]] = []

    def name(self, pids: Collection[int]) -> frozenset[int]:
        self.asked.append(sorted(pids))
        return frozenset(pids) - self.signed_in


@pytest.fixture
def samba() -> Samba:
    return Samba()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def ahead(samba: Samba, clock: VirtualClock) -> Iterator[Ahead]:
    made = Ahead(samba.learnt.append, samba.clients.__contains__, samba.name, clock.monotonic)
    made.close()  # its thread ends: the test takes the turns
    made._thread.join()
    yield made


def test_one_question_names_all_that_are_new(ahead: Ahead, samba: Samba, clock: VirtualClock) -> None:
    samba.signed_in = {61, 62}
    for pid in (61, 62, 63):  # 63 is a helper of smbd's own
        ahead.new(pid)
    ahead.turn()
    assert (samba.learnt, samba.asked) == ([61, 62, 63], [])
    clock.advance(AHEAD[0])
    ahead.turn()
    clock.advance(60.0)
    ahead.turn()
    assert samba.asked == [[61, 62]]


def test_a_client_that_signs_in_later_is_asked_for_again(ahead: Ahead, samba: Samba, clock: VirtualClock) -> None:
    ahead.new(61)
    ahead.turn()
    for pause in AHEAD[:2]:
        clock.advance(pause)
        ahead.turn()
    samba.signed_in = {61}
    clock.advance(AHEAD[2])
    ahead.turn()
    clock.advance(60.0)
    ahead.turn()
    assert samba.asked == [[61]] * 3


def test_one_that_never_signs_in_is_left_alone_in_the_end(ahead: Ahead, samba: Samba, clock: VirtualClock) -> None:
    ahead.new(61)
    ahead.turn()
    for _ in range(20):
        clock.advance(max(AHEAD))
        ahead.turn()
    assert len(samba.asked) == len(AHEAD)


def test_a_crowd_is_asked_for_in_few_questions(ahead: Ahead, samba: Samba, clock: VirtualClock) -> None:
    """Two hundred sign in one after the other within two seconds: smbstatus costs 30 ms each time."""
    crowd = range(100, 300)
    samba.clients |= set(crowd)
    samba.signed_in = set(crowd)
    for pid in crowd:
        ahead.new(pid)
        ahead.turn()
        clock.advance(0.01)
    for _ in range(200):
        clock.advance(0.01)
        ahead.turn()
    assert sorted(pid for asked in samba.asked for pid in asked) == list(crowd)
    assert len(samba.asked) <= 4.0 / BETWEEN + 1


# ---- who is held -----------------------------------------------------------------------------------------------------

HELD = Actor(ActorKind.SMB, None, "")
NAMED = replace(HELD, user="carla")


def test_a_question_that_hangs_is_not_waited_for_and_its_answer_is_taken_up_later() -> None:
    go_on, answered = threading.Event(), threading.Event()

    def ask(actor: Actor) -> Actor:
        go_on.wait()
        return NAMED

    naming = Naming(ask)
    question = naming(HELD, 50.0)
    question._asked.add_done_callback(lambda _: answered.set())
    assert question.answer(50.0) is None and question.answer(50.0 + PATIENCE - 0.01) is None
    assert question.answer(50.0 + PATIENCE) is HELD, "waited for no longer"
    go_on.set()
    answered.wait()
    assert question.answer(50.0) is NAMED
    naming.close()


@pytest.mark.parametrize("answer", [Skipped("smbstatus", "not there"), OSError("no thread")])
def test_what_could_not_be_asked_leaves_the_actor_as_it_is(answer: Skipped | OSError) -> None:
    def ask(actor: Actor) -> Skipped:
        if isinstance(answer, OSError):
            raise answer
        return answer

    naming = Naming(ask)
    question = naming(HELD, 0.0)
    naming._threads.shutdown(wait=True)
    assert question.answer(0.0) is HELD


def test_a_question_that_the_end_took_back_leaves_the_actor_as_it_is() -> None:
    go_on = threading.Event()

    def ask(actor: Actor) -> Actor:
        go_on.wait()
        return NAMED

    naming = Naming(ask)
    questions = [naming(HELD, 0.0) for _ in range(3)]  # two threads: the third waits
    naming.close()
    assert questions[2].answer(0.0) is HELD
    go_on.set()
