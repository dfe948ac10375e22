"""A watchman of some lines that starts a worker, and starts it again when it dies.

Comes in: descriptors to keep, and what the worker does. Goes out: the watchman's pid. Both are forked while the agent
has one thread, before it opens anything that a child should not share; what the worker needs it imports itself, so that
neither the core's memory nor its start pays for it. The watchman ends when the worker ends in good order, or by
SIGTERM, which it passes on.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable

AGAIN_FIRST = 0.2  # seconds before a worker that died is started again …
AGAIN_LONGEST = 5.0  # … and at most, where it dies every time
STEADY = 10.0  # seconds that a worker has to live to be counted as sound
_SWITCH_SECONDS = 0.005  # the core's is shorter; here nothing is measured in microseconds

Work = Callable[[], int]  # runs in the worker; returns its exit code, 0: in good order, do not start it again


def start(keep: Iterable[int], work: Work, *, with_children: bool = False) -> int:
    """Fork the watchman; of what was inherited it keeps these descriptors only. Never returns in the child.

    `with_children`: the programs that a worker started end with it, however it ends. A restore that begins again must
    not meet its own past.
    """
    gc.freeze()  # what both know stays one copy in memory: the collector would write into every object of it
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _keep_only(keep)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the core decides when it ends
        sys.setswitchinterval(_SWITCH_SECONDS)
        code = _watch(work, with_children)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def has_ended(pid: int, deadline: float = 0.0) -> bool:
    """Whether a child has ended, waited for until `deadline` (real monotonic seconds)."""
    try:
        while not (ended := os.waitpid(pid, os.WNOHANG)[0] != 0) and time.monotonic() < deadline:
            time.sleep(0.01)
    except ChildProcessError:
        return True
    return ended


def end_by(pid: int, deadline: float) -> None:
    """Let a watchman and its worker end until `deadline` (real monotonic seconds), then end them."""
    if not has_ended(pid, deadline):
        os.kill(pid, signal.SIGTERM)  # the watchman passes it on
        os.waitpid(pid, 0)


def _watch(work: Work, with_children: bool) -> int:
    """Keep one worker alive until it ends by itself."""
    worker = 0
    ending = False

    def stop(*_: object) -> None:
        nonlocal ending
        ending = True
        if worker:
            os.kill(worker, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    pause = AGAIN_FIRST
    while True:
        began = time.monotonic()
        worker = _fork_worker(work, with_children)
        if ending:
            os.kill(worker, signal.SIGTERM)
        _, status = os.waitpid(worker, 0)  # retried by Python after a signal
        if with_children:
            _end_group(worker)
        worker = 0
        if ending or os.waitstatus_to_exitcode(status) == 0:
            return 0
        pause = AGAIN_FIRST if time.monotonic() - began > STEADY else min(pause * 2, AGAIN_LONGEST)
        time.sleep(pause)


def _fork_worker(work: Work, own_group: bool) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        if own_group:
            os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until there is a worker to end in good order
        threading.excepthook = _die
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _die(failure: threading.ExceptHookArgs) -> None:
    """A thread that broke takes the worker along: half of one is worse than one that is started again."""
    sys.__excepthook__(failure.exc_type, failure.exc_value or Exception(), failure.exc_traceback)
    os._exit(1)


def _end_group(leader: int) -> None:
    """End what a dead worker has left behind; its pid is no other group's while a member lives."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _keep_only(keep: Iterable[int]) -> None:
    """Close what was inherited: the state's lock must be free when the core is, the fork tree's queue is its own."""
    at = 3
    for descriptor in sorted(keep):
        os.closerange(at, descriptor)
        at = descriptor + 1
    os.closerange(at, os.sysconf("SC_OPEN_MAX"))
