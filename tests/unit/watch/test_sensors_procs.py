"""The fork tree, fed with events of pids that no machine has (so that /proc knows nothing of them)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

import pytest

from garde.clock import VirtualClock
from garde.watch.sensors import connector, procs
from garde.watch.sensors.connector import Event
from garde.watch.sensors.procs import KEEP_SECONDS, ForkTree

A, B, C, D = 5_000_001, 5_000_002, 5_000_003, 5_000_004


def fork(parent: int, child: int) -> Event:
    return Event(connector.FORK, parent, parent, child, child)


def leave(pid: int) -> Event:
    return Event(connector.EXIT, pid, pid, 0, 17)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def tree(clock: VirtualClock) -> ForkTree:
    made = ForkTree(clock.monotonic)
    made.live = True
    made.apply(fork(0, A))
    made.apply(Event(connector.SID, A, A, 0, 0))
    made.apply(Event(connector.UID, A, A, 1000, 1000))
    made.apply(Event(connector.COMM, A, A, 0, 0, b"shell"))
    made.apply(fork(A, B))
    made.apply(fork(B, C))
    return made


def test_a_child_has_its_parents_session_user_and_command(tree: ForkTree) -> None:
    shown = tree.process(C)
    assert shown is not None
    assert (shown.ppid, shown.sid, shown.uid, shown.comm, shown.gone) == (B, A, 1000, "shell", True)


def test_the_dead_keep_their_links(tree: ForkTree) -> None:
    tree.apply(leave(B))
    assert tree.ancestors(C) == [B, A]
    assert tree.descendants(A) == [C]
    assert not tree.alive(B)
    assert tree.alive(C)
    assert tree.process(B) is not None


def test_another_user_or_session_changes_the_number_and_an_effective_user_does_not(tree: ForkTree) -> None:
    numbers = [tree.born(C)]
    for event in (
        Event(connector.UID, C, C, 1000, 0),
        Event(connector.UID, D, C, 7, 7),  # one thread only
        Event(connector.UID, C, C, -2, -2),  # 4294967294: above 2**31
        Event(connector.SID, C, C, 0, 0),
    ):
        tree.apply(event)
        numbers.append(tree.born(C))
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3] != numbers[4]
    shown = tree.process(C)
    assert shown is not None
    assert (shown.uid, shown.sid) == (4_294_967_294, C)


def test_an_smbd_that_acts_for_a_user_stays_roots(tree: ForkTree) -> None:
    """It sets its real user for each request; its client must be known whenever somebody looks."""
    tree.apply(Event(connector.UID, B, B, 0, 0))
    tree.apply(Event(connector.COMM, B, B, 0, 0, b"smbd"))
    tree.apply(fork(B, D))
    numbers = [tree.born(D)]
    for uid in (60_100, 0, 60_101):
        tree.apply(Event(connector.UID, D, D, uid, uid))
        numbers.append(tree.born(D))
    shown = tree.process(D)
    assert shown is not None and (shown.uid, shown.comm) == (0, "smbd")
    assert len(set(numbers)) == 1
    tree.apply(Event(connector.EXEC, D, D, 0, 0))  # a script that smbd starts for a user is that user's
    tree.apply(Event(connector.UID, D, D, 60_101, 60_101))
    shown = tree.process(D)
    assert shown is not None and shown.uid == 60_101


def test_who_serves_is_left_out_until_it_ends_or_becomes_another_program(
    tree: ForkTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[set[int]] = []
    monkeypatch.setattr(connector.Connector, "leave_out", lambda _, served: told.append(set(served)))
    tree.apply(Event(connector.UID, B, B, 0, 0))
    tree.apply(Event(connector.COMM, B, B, 0, 0, b"smbd"))
    tree.apply(Event(connector.UID, A, A, 7, 7))
    tree.drain()
    assert told == [], "an ordinary process is heard"
    tree.apply(fork(B, C))
    tree.apply(fork(B, D))
    for pid, thread in ((C, C), (D, D + 100), (C, C)):  # a thread acts for a client as well
        tree.apply(Event(connector.UID, thread, pid, 60_100, 60_100))
    tree.drain()
    tree.drain()
    assert told == [{C, D}], "said once"
    tree.apply(Event(connector.EXEC, C, C, 0, 0))
    tree.drain()
    tree.apply(leave(D))
    tree.drain()
    assert told == [{C, D}, {D}, set()]


def test_a_users_own_program_called_smbd_stays_the_users(tree: ForkTree) -> None:
    tree.apply(Event(connector.COMM, C, C, 0, 0, b"smbd"))
    tree.apply(Event(connector.UID, C, C, 1001, 1001))
    shown = tree.process(C)
    assert shown is not None and (shown.uid, shown.comm) == (1001, "smbd")


def test_after_an_exec_the_old_command_is_not_claimed(tree: ForkTree) -> None:
    before = tree.born(C)
    tree.apply(Event(connector.EXEC, C, C, 0, 0))
    tree.apply(leave(C))
    shown = tree.process(C)
    assert shown is not None
    assert (shown.comm, shown.exe, shown.sid, shown.uid) == ("", "", A, 1000)
    assert tree.born(C) != before


def test_a_process_gone_before_anybody_looked_is_what_its_parent_turned_out_to_be(tree: ForkTree) -> None:
    tree.apply(Event(connector.EXEC, B, B, 0, 0))
    tree.apply(fork(B, D))
    tree.apply(leave(D))
    tree.apply(Event(connector.COMM, B, B, 0, 0, b"late"))
    shown = tree.process(D)
    assert shown is not None
    assert shown.comm == "late"


def test_the_dead_are_kept_for_a_minute_at_least_and_then_forgotten(tree: ForkTree, clock: VirtualClock) -> None:
    tree.apply(leave(B))
    clock.advance(61)
    tree.drain()
    assert tree.process(B) is not None
    clock.advance(KEEP_SECONDS)
    tree.drain()
    assert B not in tree._nodes
    assert tree.ancestors(C) == [A]
    assert tree.descendants(A) == [C]


def test_the_dead_are_bounded(tree: ForkTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procs, "KEEP_MOST", 100)
    for pid in range(6_000_000, 6_001_000):
        tree.apply(fork(A, pid))
        tree.apply(leave(pid))
    tree.drain()
    assert len(tree._dead) == 100
    assert len(tree._nodes) == 103


def test_a_pid_that_comes_back_is_another_process(tree: ForkTree) -> None:
    before = tree.born(B)
    tree.apply(leave(B))
    tree.apply(fork(C, B))  # the pid of its own dead parent
    assert tree.born(B) != before
    assert tree.ancestors(B) == [C, B, A]
    assert tree.descendants(A) == [C, B]


def test_threads_are_no_processes(tree: ForkTree) -> None:
    tree.apply(Event(connector.FORK, 1, 1, D, A))
    assert tree.children(A) == [B]
    assert tree._nodes[A].threaded
    tree.apply(Event(connector.EXIT, D, A, 0, 17))
    assert tree.alive(A)


def test_events_of_unknown_processes_do_no_harm(tree: ForkTree) -> None:
    for what in (connector.EXIT, connector.EXEC, connector.UID, connector.SID, connector.COMM):
        tree.apply(Event(what, D, D, 0, 0, b"x"))
    assert tree.process(D) is None
    assert tree.ancestors(D) == []
    assert tree.descendants(D) == []


def test_dropped_events_are_counted_and_proc_is_read_again(tree: ForkTree) -> None:
    class Dropping(connector.Connector):
        def events(self) -> Iterator[Event]:
            yield fork(A, D)
            raise OSError(errno.ENOBUFS, "dropped")

    tree._connector = Dropping()
    tree.drain()
    assert tree.lost == 1
    assert tree.alive(os.getpid())  # found in /proc
    assert D in tree._nodes  # what came before counts
    assert tree._nodes[D].died  # but /proc does not show it any more


def test_without_the_connector_proc_answers() -> None:
    tree = ForkTree()
    tree._rescan()
    me = tree.process(os.getpid())
    assert me is not None
    assert me.ppid == os.getppid()
    assert me.exe == os.path.realpath("/proc/self/exe")
    assert tree.alive(os.getpid())
    assert os.getpid() in tree.children(os.getppid())
    assert tree.ancestors(os.getpid())[0] == os.getppid()
    assert tree.process(A) is None
    assert tree.born(A) == 0
