"""/proc/PID/stat, with commands that try to look like its other fields."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from garde.watch.sensors import proc

TAIL = b" S 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 3 0 12345 100 200"


def test_a_command_with_brackets_and_newlines_cannot_move_the_fields() -> None:
    shown = proc.parse_stat(b"42 (a) R 1 1 1 (\n\xff)" + TAIL)
    assert shown == (42, 7, 9, 12345, "a) R 1 1 1 (\n\udcff", "S", 3, False)


def test_kernel_threads_are_told_by_their_flag() -> None:
    assert proc.parse_stat(b"42 (kworker/0:1)" + TAIL.replace(b"4194304", b"69238880"))[7]  # type: ignore[index]


@given(st.binary())
def test_any_bytes_are_read_without_an_error(text: bytes) -> None:
    assert proc.parse_stat(text) is None or text.count(b"(") >= 1


@given(st.binary(max_size=60))
def test_any_command_leaves_the_numbers_right(comm: bytes) -> None:
    shown = proc.parse_stat(b"42 (" + comm + b")" + TAIL)
    assert shown is not None
    assert (shown[0], shown[1], shown[2], shown[3], os.fsencode(shown[4])) == (42, 7, 9, 12345, comm)


def test_this_process_is_shown_as_it_is() -> None:
    shown = proc.read(os.getpid())
    assert shown is not None
    assert (shown.ppid, shown.sid, shown.uid, shown.kernel) == (os.getppid(), os.getsid(0), os.getuid(), False)
    assert proc.exe_of(os.getpid()) == os.path.realpath("/proc/self/exe")
    assert os.getpid() in proc.pids()
    assert proc.stat_of(os.getpid()) is not None


def test_no_such_process() -> None:
    assert proc.read(5_000_001) is None
    assert proc.exe_of(5_000_001) == proc.cgroup_of(5_000_001) == ""
