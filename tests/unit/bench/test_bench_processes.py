"""Reading /proc, and the tree of processes."""

from __future__ import annotations

import os

import pytest
from bench.processes import Stat, cpu_seconds, parse_stat, tree, usage


@pytest.mark.parametrize("comm", ["python3", "a b", "evil) R 1 1", "(", ""])
def test_stat_is_read_whatever_the_command_is_called(comm: str) -> None:
    line = f"42 ({comm}) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 500 1000 10 18446744073709551615"
    assert parse_stat(line) == Stat(42, 7, 11 + 22 + 33 + 44)


def test_tree_takes_grandchildren_and_leaves_neighbours() -> None:
    stats = {pid: Stat(pid, ppid, 0) for pid, ppid in ((1, 0), (10, 1), (11, 10), (12, 11), (20, 1))}
    assert sorted(tree(10, stats)) == [10, 11, 12]


def test_a_tree_whose_root_is_gone_is_empty() -> None:
    assert tree(99, {1: Stat(1, 0, 5)}) == []


def test_this_process_uses_cpu_and_memory() -> None:
    now = usage(os.getpid())
    assert now.rss_mb > 1
    assert cpu_seconds(os.getpid()) > 0
    assert cpu_seconds(os.getpid(), os.getpid()) < 2 * cpu_seconds(os.getpid())
