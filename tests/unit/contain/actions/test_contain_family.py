"""Which tree is held: one test for each rule in family.py's words, and the rules as properties over random trees."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.family import find_roots
from garde.model.actor import Process


class Tree:
    """A process tree as data: pid -> (parent, session, gone)."""

    def __init__(self, rows: Mapping[int, tuple[int, int, bool]]) -> None:
        self._rows = rows

    def process(self, pid: int) -> Process | None:
        if pid not in self._rows:
            return None
        parent, session, gone = self._rows[pid]
        return Process(pid, 0 if gone else 100 + pid, parent, session, 1000, f"p{pid}", "", "")

    def children(self, pid: int) -> list[int]:
        return [child for child, (parent, _, _) in self._rows.items() if parent == pid]

    def descendants(self, pid: int) -> list[int]:
        found = self.children(pid)
        for child in found:
            found += self.children(child)
        return found

    def ancestors(self, pid: int) -> list[int]:
        found = []
        while pid in self._rows and (pid := self._rows[pid][0]) and pid not in found:
            found.append(pid)
        return found


def nobody(process: Process) -> str:
    return "pid 1" if process.pid == 1 else ""


# 1 init, 10 sshd of a user, 20 her shell (session 20), 30 and 31 its children, 40 her other shell (session 40).
TREE = Tree(
    {
        1: (0, 1, False),
        10: (1, 10, False),
        20: (10, 20, False),
        30: (20, 20, False),
        31: (20, 20, False),
        32: (30, 20, False),
        40: (10, 40, False),
        41: (40, 40, False),
        50: (20, 0, True),  # a dead child of the shell, seen by nobody but the fork tree
        51: (20, 0, True),
        60: (1, 60, False),  # handed to pid 1
        61: (1, 60, False),
    }
)


def roots(*pids: int) -> tuple[int, ...]:
    return find_roots(pids, TREE, nobody).pids


def test_one_process_is_its_own_root() -> None:
    assert roots(30) == (30,)


def test_a_parent_that_did_it_too_is_the_root() -> None:
    assert roots(32, 30) == (30,)


def test_siblings_meet_at_their_parent() -> None:
    assert roots(30, 31) == (20,)
    assert roots(32, 31) == (20,)


def test_two_sessions_are_two_roots() -> None:
    assert roots(30, 41) == (30, 41)


def test_a_chain_ends_at_its_session() -> None:
    """20 and 40 have a parent in common, but it is of another session."""
    assert roots(20, 40) == (20, 40)


def test_dead_children_point_at_their_shell() -> None:
    assert roots(50, 51) == (20,)


def test_a_lone_dead_process_is_its_own_root() -> None:
    assert roots(50) == (50,)


def test_children_of_pid_1_share_no_root() -> None:
    assert roots(60, 61) == (60, 61)


def test_a_chain_ends_below_whom_nobody_holds() -> None:
    found = find_roots([30, 31], TREE, lambda process: "shared" if process.pid == 20 else nobody(process))
    assert found.pids == (30, 31)


def test_a_damaging_process_that_is_never_held_is_said() -> None:
    found = find_roots([30, 999], TREE, lambda process: "shared" if process.pid == 30 else nobody(process))
    assert found.pids == ()
    assert [(skipped.what, skipped.reason) for skipped in found.skipped] == [
        ("p30 (30)", "shared"),
        ("pid 999", "it is gone and nobody saw it start"),
    ]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    rows = {1: (0, 1, False)}
    for pid in range(2, draw(st.integers(3, 25))):
        parent = draw(st.integers(1, pid - 1))
        session = pid if draw(st.booleans()) else rows[parent][1]
        gone = draw(st.booleans())
        rows[pid] = (parent, 0 if gone and draw(st.booleans()) else session, gone)
    return Tree(rows)


@given(trees(), st.lists(st.integers(1, 25), min_size=1, max_size=6), st.sets(st.integers(2, 25), max_size=4))
def test_every_culprit_is_under_a_root_or_named(tree: Tree, damaging: list[int], protected: set[int]) -> None:
    found = find_roots(damaging, tree, lambda process: "no" if process.pid in protected | {1} else "")

    assert not set(found.pids) & (protected | {1})
    assert len(set(found.pids)) == len(found.pids)
    named = {skipped.what.split()[-1].strip("()") for skipped in found.skipped}
    for pid in damaging:
        assert str(pid) in named or {pid, *tree.ancestors(pid)} & set(found.pids)
    for root in found.pids:
        assert root in damaging or len([pid for pid in set(damaging) if root in tree.ancestors(pid)]) >= 2
